//! Dates as feeds write them.
