//! How much a topic brings a day: bars, and when today is unusual.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::schedule::digests::moment;

/// Days that the bars show, today included; as many days before today are what is usual.
pub const DAYS: usize = 14;

/// The bounds of the 24-hour windows that end at `now` and at the same local time of the days before, oldest first:
/// [`DAYS`] whole days before today, and today. A window where the clocks change is an hour longer or shorter.
pub fn windows(zone: &TimeZone, now: Timestamp) -> Vec<Timestamp> {
    let local = zone.to_datetime(now);
    let before = (1..=DAYS as i64 + 1).rev().filter_map(|distance| {
        let day = local.checked_sub(SignedDuration::from_hours(24 * distance)).ok()?;
        moment(zone, day)
    });
    before.chain([now]).collect()
}
