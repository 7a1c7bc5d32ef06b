//! Time that the processor gave to this thread, so that what else the machine does counts little.
//!
//! The one place where tests, benchmarks and the fuzz targets read it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long this thread has computed, the system's part included.
pub(crate) fn processor() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("no thread ran before it was")
}
