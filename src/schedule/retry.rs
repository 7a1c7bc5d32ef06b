//! When a message is tried again.
