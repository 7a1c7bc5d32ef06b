//! Drives the real binary against real parts on loopback.

mod certificates;
mod smtp;
mod smtp_secured;
mod smtp_server;
