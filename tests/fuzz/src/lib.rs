//! What the fuzz targets share.

use std::time::Duration;

#[path = "../../bench/processor.rs"]
mod processor;

use processor::processor;

/// Runs something, and says whether it stalls: over a second, twice. This thread's own time counts, since a busy machine makes
/// everything late; a virtual one now and then counts another's time as ours.
pub fn timed<T>(run: impl Fn() -> T) -> (T, bool) {
    let once = || {
        let started = processor();
        let result = run();
        (result, processor() - started > Duration::from_secs(1))
    };
    let (result, is_slow) = once();
    (result, is_slow && once().1)
}
