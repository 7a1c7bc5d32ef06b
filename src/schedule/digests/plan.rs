//! When a digest is sent, as the watchlist says it.

use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// When one digest is sent: the `send`, `days`, `timezone` and `quiet` keys of `[[digest]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// At which moments.
    pub send: Send,
    /// On which local days it may be sent.
    pub days: Days,
    /// The zone that all local times count in.
    pub timezone: TimeZone,
    /// From and to, local: nothing is sent from the first until the second, which may lie on the next day.
    pub quiet: Option<(Time, Time)>,
}

/// The moments a plan names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    /// At these local times.
    At(Vec<Time>),
    /// At local midnight and every so long after it, between a minute and a day.
    Every(SignedDuration),
    /// As soon as something matches: gathered for [`GATHERING`](super::GATHERING), at most one mail in
    /// [`SPACING`](super::SPACING).
    AtOnce,
}

/// A set of days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

impl Default for Plan {
    /// Daily at 07:00 UTC. The shell puts the system's zone in.
    fn default() -> Plan {
        Plan {
            send: Send::At(vec![Time::constant(7, 0, 0, 0)]),
            days: Days::ALL,
            timezone: TimeZone::UTC,
            quiet: None,
        }
    }
}

impl Days {
    /// Every day of the week.
    pub const ALL: Days = Days(0b111_1111);

    /// Whether `day` is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// The days of the set, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::Monday
            .cycle_forward()
            .take(7)
            .filter(move |day| self.contains(*day))
    }
}

impl FromIterator<Weekday> for Days {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Days {
        Days(days.into_iter().fold(0, |set, day| set | bit(day)))
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}
