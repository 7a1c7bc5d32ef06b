//! Many feeds at once: when all become due together, and when all fail together.

use jiff::{SignedDuration, Timestamp};

use super::{Settings, later, share};
use crate::model::FeedId;

/// How the last contact with a host went, as far as the network between us is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact<'a> {
    /// Host name or address.
    pub host: &'a str,
    /// Whether it answered at all, be it with an error.
    pub reached: bool,
}

/// Of how many hosts the last contact tells how our own network is.
pub const HOSTS: usize = 20;

/// When to ask a feed that became overdue together with others (a start, a suspend): a few each second, no burst.
///
/// `overdue` is how many there are in all. Feeds never read are not meant: they go at once.
pub fn spread(feed: FeedId, overdue: usize, settings: &Settings, now: Timestamp) -> Timestamp {
    const APART: SignedDuration = SignedDuration::from_millis(100);

    let feeds = i32::try_from(overdue).unwrap_or(i32::MAX);
    let window = APART.saturating_mul(feeds).min(settings.fastest);
    later(now, window.mul_f64(share(feed, now)))
}

/// Whether failures mean our own network: of the last 20 hosts the newest, more than half of them, or all where there are
/// fewer (at least 2).
///
/// `contacts` are those of the last minutes, oldest first. If so, one host is probed and nothing is counted. A host that
/// was reached between those that were not shows that they are dead, as most may be in an old list of feeds.
pub fn own_network_down(contacts: &[Contact<'_>]) -> bool {
    let mut last: Vec<Contact<'_>> = Vec::with_capacity(HOSTS);
    for &contact in contacts.iter().rev() {
        if last.len() < HOSTS && last.iter().all(|known| known.host != contact.host) {
            last.push(contact);
        }
    }
    let unreached = last.iter().take_while(|contact| !contact.reached).count();
    if last.len() < HOSTS {
        unreached >= 2 && unreached == last.len()
    } else {
        unreached > HOSTS / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(reached: &[(usize, bool)]) -> bool {
        let hosts: Vec<String> = reached
            .iter()
            .map(|(host, _)| format!("host{host}"))
            .collect();
        let contacts: Vec<Contact<'_>> = reached
            .iter()
            .zip(&hosts)
            .map(|(&(_, reached), host)| Contact { host, reached })
            .collect();
        own_network_down(&contacts)
    }

    #[test]
    fn one_host_alone_proves_nothing() {
        assert!(!down(&[]));
        assert!(!down(&[(1, false)]));
        assert!(!down(&[(1, false), (1, false), (1, false)]));
    }

    #[test]
    fn few_hosts_must_all_fail() {
        assert!(down(&[(1, false), (2, false)]));
        assert!(!down(&[(1, false), (2, false), (3, true)]));
    }

    #[test]
    fn of_twenty_hosts_more_than_half_must_fail() {
        let contacts = |failing: usize| -> Vec<(usize, bool)> {
            (0..30).map(|host| (host, host < 30 - failing)).collect()
        };
        assert!(!down(&contacts(10)));
        assert!(down(&contacts(11)));
    }

    #[test]
    fn a_host_that_is_reached_between_dead_ones_shows_that_they_are_dead() {
        let contacts: Vec<(usize, bool)> = (0..40).map(|host| (host, host % 5 == 0)).collect();
        assert!(!down(&contacts));
    }

    #[test]
    fn the_newest_contact_with_a_host_counts() {
        assert!(down(&[(1, true), (2, true), (1, false), (2, false)]));
        assert!(!down(&[(1, false), (2, false), (1, true)]));
    }

    #[test]
    fn overdue_feeds_are_spread_in_proportion_and_within_the_fastest_interval() {
        let settings = Settings {
            fastest: SignedDuration::from_mins(30),
            slowest: SignedDuration::from_hours(24),
        };
        let now = Timestamp::from_second(1_800_000_000).expect("in range");
        for (overdue, window) in [(1, 1), (100, 10), (5_000, 500), (1_000_000, 1800)] {
            let mut busiest = std::collections::BTreeMap::<Timestamp, usize>::new();
            for feed in 0..overdue.min(5_000) {
                let at = spread(FeedId(feed as i64), overdue, &settings, now);
                assert!(at >= now && at <= later(now, SignedDuration::from_secs(window)));
                *busiest.entry(at).or_default() += 1;
            }
            assert!(busiest.values().all(|&feeds| feeds <= 40), "{busiest:?}");
        }
    }
}
