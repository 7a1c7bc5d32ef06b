//! Whether a query matches a text, and the evidence.
