//! What one schedule sends: composed from pending matches, rendered as text and HTML.

pub mod compose;
pub mod render;
