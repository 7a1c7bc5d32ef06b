//! Words of an item and their weights.
