//! Text to entries, by feed-rs.
