//! Drives the real binary against real parts on loopback.
