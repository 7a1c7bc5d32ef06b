//! TLS, the address guard, and limits.
