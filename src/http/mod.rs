//! Asking servers.

pub mod client;
pub mod fetch;
pub mod gate;
