//! One conditional GET to an outcome.
