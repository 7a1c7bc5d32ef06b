//! Notices that this machine slept, was stopped, or got another time.

use std::time::Instant;

use jiff::SignedDuration;

use crate::clock::Clock;
use crate::model::Timestamp;

/// A difference that is no mere correction of the clock, and a pause that is no mere load.
const WORTH_NOTING: SignedDuration = SignedDuration::from_mins(1);

/// What the two clocks showed at the last look. Looks are a second apart.
pub(super) struct Leap {
    clock: Clock,
    shown: Timestamp,
    at: Instant,
}

impl Leap {
    pub(super) fn new(clock: Clock) -> Leap {
        Leap {
            clock,
            shown: clock.now(),
            at: Instant::now(),
        }
    }

    /// Whether it has happened since the last look. A clock that a person set runs as it was told.
    pub(super) fn happened(&mut self) -> bool {
        self.look(self.clock.now(), Instant::now()) && matches!(self.clock, Clock::Real)
    }

    fn look(&mut self, shown: Timestamp, at: Instant) -> bool {
        let passed = at.duration_since(self.at);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        let leapt = shown.duration_since(self.shown).saturating_sub(passed);
        (self.shown, self.at) = (shown, at);
        // The monotonic clock stands while a machine sleeps, and runs while a process or a guest is stopped.
        leapt.abs() >= WORTH_NOTING || passed >= WORTH_NOTING
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Whether so many seconds by the one clock and by the other since the last look are a leap.
    fn leaps(shown: i64, passed: u64) -> bool {
        let mut leap = Leap::new(Clock::Real);
        let (first, at) = (leap.shown, leap.at);
        let shown = first + SignedDuration::from_secs(shown);
        let leapt = leap.look(shown, at + Duration::from_secs(passed));
        let again = leap.look(
            shown + SignedDuration::from_secs(1),
            leap.at + Duration::from_secs(1),
        );
        assert!(!again, "a leap is told once");
        leapt
    }

    #[test]
    fn a_sleep_a_stop_and_a_step_are_leaps_and_a_correction_is_none() {
        for (what, shown, passed, expected) in [
            ("a second", 1, 1, false),
            ("a correction", 3, 1, false),
            ("a correction back", -2, 1, false),
            ("a sleep", 8 * 3600, 1, true),
            ("a step forward", 90, 1, true),
            ("a step back", -3600, 1, true),
            ("a stop", 600, 600, true),
        ] {
            assert_eq!(leaps(shown, passed), expected, "{what}");
        }
    }

    #[test]
    fn a_clock_that_runs_fast_does_not_leap() {
        let start = Timestamp::from_second(1_800_000_000).expect("in range");
        let mut leap = Leap::new(Clock::starting_at(start, 1_000_000));
        std::thread::sleep(Duration::from_millis(2));
        assert!(!leap.happened());
    }
}
