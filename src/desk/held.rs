//! Feeds that are not asked for the sake of a domain that wants to be left alone.

use std::collections::HashMap;

use jiff::SignedDuration;

use super::Desk;
use crate::health;
use crate::model::{FeedState, Timestamp};
use crate::schedule::feeds as schedule;
use crate::store::StoreError;
use crate::url::domain as domain_of;

/// Domains that are held, for whoever looks at feeds that have not been due since.
pub struct HeldDomains {
    /// Until when, and the name of the feed that was refused.
    by_domain: HashMap<String, (Timestamp, String)>,
}

impl HeldDomains {
    /// The feed as it will be once it is due: not asked before the hold of its domain is over.
    pub fn foresee(&self, state: &mut FeedState) {
        if self.by_domain.is_empty() {
            return;
        }
        let domain = domain_of(state.asked_at());
        let hold = self.by_domain.get(&domain);
        let longer = hold.filter(|(until, _)| state.hold_until.is_none_or(|own| own < *until));
        if let Some((until, refused)) = longer {
            let leads_there = domain_of(&state.url) != domain;
            wait_for(
                state,
                *until,
                health::held_words(&domain, leads_there, Some(refused)),
            );
        }
    }
}

impl Desk {
    /// The domains that want to be left alone now.
    pub fn held_domains(&self, now: Timestamp) -> Result<HeldDomains, StoreError> {
        let mut by_domain = HashMap::new();
        for hold in self.store.holds(now)? {
            let refused = self.store.feed(hold.feed)?;
            by_domain.insert(hold.domain, (hold.until, refused.name));
        }
        Ok(HeldDomains { by_domain })
    }

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
        let refused = refused.as_ref().map(|feed| feed.name.as_str());
        let words = health::held_words(domain, domain_of(&state.url) != domain, refused);
        wait_for(state, until, words.clone());
        state.failing_since.get_or_insert(now);
        Ok(words)
    }
}

fn wait_for(state: &mut FeedState, until: Timestamp, words: String) {
    let next = schedule::put_off(state, until);
    state.next_at = next.next_at;
    state.hold_until = next.hold_until;
    // The schedule knows by its words that a feed is gone.
    if state.error.as_deref() != Some(schedule::GONE) {
        state.error = Some(words);
    }
}
