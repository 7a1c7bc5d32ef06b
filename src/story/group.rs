//! Which items tell the same event.
