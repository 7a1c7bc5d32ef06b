//! One round of composing and sending.
