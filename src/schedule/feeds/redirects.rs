//! When a permanent redirect is believed.
//!
//! Captive portals and expired domains answer with 301 too, so one sighting is not enough.

use jiff::{SignedDuration, Timestamp};

use crate::model::Moved;

const SIGHTINGS: u32 = 3;
const TIME: SignedDuration = SignedDuration::from_hours(24);

/// What is known of permanent redirects after a poll that ended in a feed or a 304; other polls change nothing.
///
/// `target` is where the chain of the poll led, if it was permanent all the way.
pub fn moved(before: Option<&Moved>, target: Option<&str>, now: Timestamp) -> Option<Moved> {
    let target = target?;
    Some(match before {
        Some(before) if before.to == target => Moved {
            count: before.count.saturating_add(1),
            ..before.clone()
        },
        _ => Moved {
            to: target.to_owned(),
            count: 1,
            since: now,
            adopted_at: None,
        },
    })
}

/// What is known of an adopted address after a poll of it: that it leads on for good is counted as before; if it answers by
/// itself, the count begins anew.
pub fn led_on(adopted: &Moved, leads_on: bool, now: Timestamp) -> Moved {
    let goes_on = leads_on && adopted.count > 0;
    Moved {
        count: if leads_on {
            adopted.count.saturating_add(1)
        } else {
            0
        },
        since: if goes_on { adopted.since } else { now },
        ..adopted.clone()
    }
}

/// Whether what a poll has just seen again is to be adopted (unless the target belongs to another feed): seen 3 times over
/// 24 h.
pub fn adopts(moved: &Moved, now: Timestamp) -> bool {
    moved.count >= SIGHTINGS && now.duration_since(moved.since) >= TIME
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Polls at these hours, each with the target it saw; returns the hour at which the target is adopted.
    fn adopted_at(polls: &[(i64, Option<&str>)]) -> Option<i64> {
        let mut known = None;
        for &(hour, target) in polls {
            let now = Timestamp::from_second(1_800_000_000 + hour * 3600).expect("in range");
            known = moved(known.as_ref(), target, now);
            if known.as_ref().is_some_and(|moved| adopts(moved, now)) {
                return Some(hour);
            }
        }
        None
    }

    #[test]
    fn a_target_is_adopted_when_seen_three_times_over_a_day() {
        let to = Some("http://a/");
        assert_eq!(adopted_at(&[(0, to), (12, to), (24, to)]), Some(24));
        assert_eq!(adopted_at(&[(0, to), (24, to), (25, to)]), Some(25));
    }

    #[test]
    fn many_sightings_within_a_day_are_not_enough() {
        let to = Some("http://a/");
        assert_eq!(adopted_at(&[(0, to), (1, to), (2, to), (23, to)]), None);
    }

    #[test]
    fn another_target_or_none_begins_anew() {
        let to = Some("http://a/");
        assert_eq!(
            adopted_at(&[(0, to), (12, Some("http://b/")), (24, to), (36, to)]),
            None
        );
        assert_eq!(
            adopted_at(&[(0, to), (12, None), (24, to), (36, to), (48, to)]),
            Some(48)
        );
    }
}
