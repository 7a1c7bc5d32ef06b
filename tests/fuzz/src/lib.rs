//! What the fuzz targets share.

use std::time::Duration;

/// What this thread has cost so far. A stall is judged by this and not by the clock on the wall, since a busy machine makes
/// everything late.
fn cpu_time() -> Duration {
    let figures =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("the targets run on Linux");
    let nanoseconds = figures
        .split(' ')
        .next()
        .and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first figure is the time on a CPU"))
}

/// Runs something, and says whether it stalls: over a second, twice. A busy virtual machine now and then counts another's time
/// as ours.
pub fn timed<T>(run: impl Fn() -> T) -> (T, bool) {
    let once = || {
        let started = cpu_time();
        let result = run();
        (result, cpu_time() - started > Duration::from_secs(1))
    };
    let (result, is_slow) = once();
    (result, is_slow && once().1)
}
