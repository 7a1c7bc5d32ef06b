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
        let day = local
            .checked_sub(SignedDuration::from_hours(24 * distance))
            .ok()?;
        moment(zone, day)
    });
    before.chain([now]).collect()
}

/// Those of the windows that a topic has been known for, or today's alone: a window that began before the topic was known
/// says nothing about how much it usually brings.
pub fn windows_since(bounds: &[Timestamp], since: Timestamp) -> Vec<Timestamp> {
    let whole = bounds.iter().position(|start| *start >= since);
    let today = bounds.len().saturating_sub(2);
    let first = whole.unwrap_or(today).min(today);
    bounds.get(first..).unwrap_or_default().to_vec()
}

/// What is usual for a topic and what it brings today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Stories in the window that ends now.
    pub today: u32,
    /// The median of the 14 days before, rounded to the nearest; half a story counts as one.
    pub usual: u32,
}

/// Today's volume if it is unusual: at least 5 stories and 3 times the median of the 14 days before; never from
/// fewer days of history.
pub fn unusual(history: &[u32]) -> Option<Volume> {
    let (today, days) = history.split_last()?;
    if days.len() < DAYS {
        return None;
    }
    let mut sorted: Vec<u64> = days
        .iter()
        .rev()
        .take(DAYS)
        .map(|count| u64::from(*count))
        .collect();
    sorted.sort_unstable();
    let twice_median = sorted[DAYS / 2 - 1] + sorted[DAYS / 2];
    let usual = u32::try_from(twice_median.div_ceil(2)).unwrap_or(u32::MAX);
    (*today >= 5 && u64::from(*today) * 2 >= 3 * twice_median).then_some(Volume {
        today: *today,
        usual,
    })
}

/// The last [`DAYS`] windows as shares of the highest, in steps of `steps`: 0 for none, at least 1 for any.
pub fn bars(history: &[u32], steps: u32) -> Vec<u32> {
    let shown = history
        .get(history.len().saturating_sub(DAYS)..)
        .unwrap_or_default();
    let highest = u64::from(shown.iter().copied().max().unwrap_or(0).max(1));
    let scale = |count: &u32| {
        let scaled = (u64::from(*count) * u64::from(steps) * 2 + highest) / (2 * highest);
        u32::try_from(scaled)
            .unwrap_or(steps)
            .max(u32::from(*count > 0))
    };
    shown.iter().map(scale).collect()
}

/// The last [`DAYS`] windows as letters, the highest a full block.
pub fn blocks(history: &[u32]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    bars(history, 7)
        .into_iter()
        .filter_map(|step| BLOCKS.get(step as usize))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(usual: u32, today: u32) -> Vec<u32> {
        [vec![usual; DAYS], vec![today]].concat()
    }

    #[test]
    fn volume_is_unusual_from_five_stories_and_three_times_the_median() {
        assert_eq!(
            unusual(&days(4, 14)),
            Some(Volume {
                today: 14,
                usual: 4
            })
        );
        assert_eq!(
            unusual(&days(4, 12)),
            Some(Volume {
                today: 12,
                usual: 4
            })
        );
        assert_eq!(unusual(&days(4, 11)), None);
        assert_eq!(unusual(&days(0, 5)), Some(Volume { today: 5, usual: 0 }));
        assert_eq!(unusual(&days(0, 4)), None);
    }

    #[test]
    fn volume_is_never_unusual_from_a_short_history() {
        assert_eq!(unusual(&[0, 0, 0, 100]), None);
        assert_eq!(unusual(&[]), None);
        assert_eq!(unusual(&days(0, 100)[1..]), None);
    }

    #[test]
    fn one_busy_day_does_not_make_the_usual() {
        let mut history = days(1, 5);
        history[3] = 900;
        assert_eq!(unusual(&history), Some(Volume { today: 5, usual: 1 }));
    }

    #[test]
    fn bars_are_shares_of_the_highest() {
        assert_eq!(bars(&days(4, 14), 20).last(), Some(&20));
        assert_eq!(bars(&[0, 1, 7, 14], 20), [0, 1, 10, 20]);
        assert_eq!(bars(&[0, 0], 7), [0, 0]);
        assert_eq!(bars(&[], 7), Vec::<u32>::new());
        assert_eq!(bars(&days(1, 1), 7).len(), DAYS);
    }

    #[test]
    fn blocks_are_bars_as_letters() {
        assert_eq!(blocks(&[0, 1, 7, 14]), "▁▂▅█");
        assert_eq!(blocks(&[]), "");
    }

    #[test]
    fn only_windows_in_which_a_topic_was_known_count_and_today_always() {
        let at = |second| Timestamp::from_second(second).expect("a timestamp");
        let bounds: Vec<Timestamp> = [0, 10, 20, 30].map(at).to_vec();
        for (since, first) in [(0, 0), (5, 1), (10, 1), (15, 2), (25, 2), (99, 2)] {
            assert_eq!(
                windows_since(&bounds, at(since)),
                bounds[first..],
                "{since}"
            );
        }
        assert_eq!(windows_since(&[], at(0)), []);
    }

    #[test]
    fn windows_end_at_the_same_local_time_across_a_change_of_clocks() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let bounds = windows(&zone, "2026-10-28T06:00:00Z".parse().expect("a timestamp"));
        assert_eq!(bounds.len(), DAYS + 2);
        assert!(
            bounds
                .iter()
                .all(|bound| zone.to_datetime(*bound).hour() == 7)
        );
        let hours: Vec<i64> = bounds
            .windows(2)
            .map(|pair| pair[1].duration_since(pair[0]).as_hours())
            .collect();
        assert_eq!(hours.iter().filter(|hours| **hours == 25).count(), 1);
        assert_eq!(hours.iter().filter(|hours| **hours == 24).count(), DAYS);
    }
}
