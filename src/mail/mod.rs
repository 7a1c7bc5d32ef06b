//! One message to one recipient.

pub mod folder;
pub mod message;
pub mod smtp;
