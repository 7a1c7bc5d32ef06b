//! The daemon: tasks, signals, reload, drain on stop.
