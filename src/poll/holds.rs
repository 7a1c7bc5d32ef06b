//! Domains that asked to be left alone, as all who ask know them.
//!
//! The store keeps them from one process to the next; here they are known as soon as the answer is there, also to those who
//! are led to such a domain by a redirect.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use crate::model::Timestamp;
use crate::schedule::feeds::hints::LONGEST_HOLD;

/// Until when each is not to be asked.
#[derive(Debug, Default)]
pub(super) struct Holds {
    until: Mutex<HashMap<String, Timestamp>>,
}

impl Holds {
    /// Leaves a domain alone until then; never shortens a longer wait.
    pub(super) fn note(&self, domain: String, until: Timestamp) {
        let mut known = self.lock();
        let known = known.entry(domain).or_insert(until);
        *known = until.max(*known);
    }

    /// How much longer a domain wants to be left alone; `None`: it may be asked.
    pub(super) fn of(&self, domain: &str, now: Timestamp) -> Option<SignedDuration> {
        let mut known = self.lock();
        let left = known.get(domain)?.duration_since(now);
        if left <= SignedDuration::ZERO || left > LONGEST_HOLD {
            known.remove(domain);
            return None;
        }
        Some(left)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3600).expect("in range")
    }

    #[test]
    fn a_domain_is_left_alone_until_its_longest_wait_is_over() {
        let holds = Holds::default();
        holds.note("example.org".to_owned(), at(4));
        holds.note("example.org".to_owned(), at(2));
        assert_eq!(
            holds.of("example.org", at(1)),
            Some(SignedDuration::from_hours(3))
        );
        assert_eq!(holds.of("example.com", at(1)), None);
        assert_eq!(holds.of("example.org", at(4)), None);
    }

    #[test]
    fn a_wait_that_no_server_can_have_named_is_of_a_wrong_clock() {
        let holds = Holds::default();
        holds.note("example.org".to_owned(), at(9 * 24));
        assert_eq!(holds.of("example.org", at(0)), None);
    }
}
