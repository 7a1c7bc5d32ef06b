//! When a feed is next due.
