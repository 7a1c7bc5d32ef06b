//! What the fuzz targets share.

use std::time::Duration;

/// What this thread has cost so far. A stall is judged by this and not by the clock on the wall, since a busy machine makes
/// everything late.
pub fn cpu_time() -> Duration {
    let figures =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("the targets run on Linux");
    let nanoseconds = figures
        .split(' ')
        .next()
        .and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first figure is the time on a CPU"))
}
