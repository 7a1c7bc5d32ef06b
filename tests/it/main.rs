//! Drives the real binary against real parts on loopback.

mod certificates;
mod http;
mod http_server;
