//! When two items tell the same event.

pub mod followup;
pub mod group;
pub mod vector;
