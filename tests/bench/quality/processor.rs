//! Time that the processor gave to this thread, so that what else the machine does counts little.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long this thread has run.
pub(crate) fn processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = Duration::from_secs(time.tv_sec.unsigned_abs());
    seconds + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}
