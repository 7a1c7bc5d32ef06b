//! One round of polling.
