//! CPU time and memory of this process.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::processor::processor;

/// What a stretch of work took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lap {
    /// CPU of all threads, the system's part included.
    pub(crate) cpu: Duration,
    /// The most memory that was ever in use so far, in KiB.
    pub(crate) peak: u64,
    /// Memory in use now, in KiB.
    pub(crate) present: u64,
}

/// Measures one stretch after the other.
pub(crate) struct Meter(Duration);

impl Meter {
    pub(crate) fn start() -> Meter {
        Meter(of_all_threads())
    }

    /// What the work since the last call took.
    pub(crate) fn lap(&mut self) -> Lap {
        let now = of_all_threads();
        let spent = now.saturating_sub(std::mem::replace(&mut self.0, now));
        Lap {
            cpu: spent,
            peak: memory("VmHWM:"),
            present: memory("VmRSS:"),
        }
    }
}

/// CPU that `work` took on this thread.
pub(crate) fn on_this_thread<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let before = processor();
    let value = work();
    *spent += processor().saturating_sub(before);
    value
}

fn of_all_threads() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// 0 where the system does not tell.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|found| found.strip_prefix(line));
    found
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok())
        .unwrap_or(0)
}

impl fmt::Display for Lap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.cpu.as_micros(), self.peak, self.present)
    }
}

impl FromStr for Lap {
    type Err = Box<dyn std::error::Error>;

    fn from_str(text: &str) -> Result<Lap, Self::Err> {
        let mut numbers = text.split(' ').map(str::parse::<u64>);
        let mut next = || numbers.next().ok_or("a lap has three numbers");
        Ok(Lap {
            cpu: Duration::from_micros(next()??),
            peak: next()??,
            present: next()??,
        })
    }
}
