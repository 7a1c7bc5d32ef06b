//! When feeds, digests and deliveries are next due.

pub mod digests;
pub mod feeds;
pub mod retry;
