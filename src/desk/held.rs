//! Feeds that are not asked for the sake of a domain that wants to be left alone.

use jiff::SignedDuration;

use super::Desk;
use crate::health;
use crate::model::{FeedState, Timestamp};
use crate::schedule::feeds as schedule;
use crate::store::StoreError;
use crate::url::domain as domain_of;

impl Desk {
    /// Lets a feed wait that was not asked for the sake of a domain, which is no failure of its own; gives the reason.
    pub(super) fn put_off(
        &mut self,
        state: &mut FeedState,
        domain: &str,
        wait: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let hold = self.store.hold_of(domain, now)?;
        let until = schedule::held_until(wait, now);
        let until = hold.as_ref().map_or(until, |hold| hold.until);
        let refused = hold.map(|hold| self.store.feed(hold.feed)).transpose()?;
        let leads_elsewhere = domain_of(&state.url) != domain;
        let words = health::held_words(
            leads_elsewhere.then_some(domain),
            refused.as_ref().map(|feed| feed.name.as_str()),
        );
        let next = schedule::put_off(state, until);
        state.next_at = next.next_at;
        state.hold_until = next.hold_until;
        state.failing_since.get_or_insert(now);
        // The schedule knows by its words that a feed is gone.
        if state.error.as_deref() != Some(schedule::GONE) {
            state.error = Some(words.clone());
        }
        Ok(words)
    }
}
