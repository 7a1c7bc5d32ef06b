//! When a digest is next due.
