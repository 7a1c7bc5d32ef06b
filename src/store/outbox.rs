//! Messages and what became of them.
