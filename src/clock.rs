//! What time it is: the real clock, or one that a person set.
//!
//! `--now` starts the clock elsewhere and `--pace` lets it run faster, so that schedules can be tried. Network
//! timeouts, spacing and commits use the monotonic clock and do not ask here.

use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::model::Timestamp;

/// The clock of one run of the program.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock, asked each time: it may be set while we run.
    Real,
    /// A clock that showed `start` at `since` and runs `pace` seconds a second.
    Set {
        /// What it showed first.
        start: Timestamp,
        /// When that was.
        since: Instant,
        /// Seconds a second.
        pace: u32,
    },
}

impl Clock {
    /// A clock that shows `start` now and runs at `pace` seconds a second.
    pub fn starting_at(start: Timestamp, pace: u32) -> Clock {
        Clock::Set {
            start,
            since: Instant::now(),
            pace,
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match *self {
            Clock::Real => Timestamp::now(),
            Clock::Set { start, since, pace } => {
                let elapsed = since.elapsed().saturating_mul(pace);
                start
                    .saturating_add(
                        SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX),
                    )
                    .unwrap_or(start)
            }
        }
    }

    /// How long to really wait until the clock shows `moment`; nothing if it has passed.
    pub fn until(&self, moment: Timestamp) -> Duration {
        let wait = Duration::try_from(self.now().duration_until(moment)).unwrap_or(Duration::ZERO);
        match *self {
            Clock::Real => wait,
            Clock::Set { pace, .. } => wait / pace.max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_starts_where_it_was_told_and_runs_on() {
        let start: Timestamp = "2026-11-23T06:00:00Z".parse().expect("a moment");
        let clock = Clock::starting_at(start, 1000);
        let first = clock.now();
        assert!(first >= start);
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock.now() > first);
        assert!(clock.until(start + SignedDuration::from_hours(1)) <= Duration::from_millis(3600));
    }
}
