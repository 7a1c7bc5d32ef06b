//! When two entries are the same item.
