//! Feeds and what was observed of them.
