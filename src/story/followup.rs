//! When a told story has something new.
