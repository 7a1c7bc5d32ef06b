//! What has become news of a feed: by a poll, or because it has not been asked for so long.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::Desk;
use crate::health;
use crate::model::{FeedState, Timestamp};
use crate::store::StoreError;
use crate::store::events::{Event, EventKind};

/// How often what fails is looked through for what has become news.
const LOOK_FOR_DEATHS: SignedDuration = SignedDuration::from_mins(5);

/// How many events tell what was said of a feed already.
pub(super) const EVENTS_LOOKED_AT: usize = 20;

impl Desk {
    /// Notes what a person may want to know, each once: a death, a recovery, a silence. `failing_since` is that of before.
    pub(super) fn note_news(
        &mut self,
        state: &FeedState,
        failing_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let events = self.store.events_of(state.id, EVENTS_LOOKED_AT)?;
        let events: Vec<_> = events.iter().map(Event::seen).collect();
        for news in health::news(state, failing_since, &events, &TimeZone::system(), now) {
            if let Some(kind) = EventKind::from_word(news.kind) {
                self.store.event(state.id, now, kind, &news.detail)?;
            }
        }
        Ok(())
    }

    /// Notes the feeds whose death has become news since they were last asked: one that is to be left alone for days is not
    /// asked meanwhile. Those that fail are looked at, and that not at each call.
    pub fn note_deaths(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if let Some(looked) = self.looked_for_deaths
            && (SignedDuration::ZERO..LOOK_FOR_DEATHS).contains(&now.duration_since(looked))
        {
            return Ok(());
        }
        self.looked_for_deaths = Some(now);
        // Whoever has just begun, or was asleep, is about to ask what is due.
        let is_awake = now.duration_since(self.awake_since) >= LOOK_FOR_DEATHS;
        let asked_from = if is_awake { Timestamp::MIN } else { now };
        let unsaid = self
            .store
            .unsaid_failures(now - health::DEATH, asked_from)?;
        if unsaid.is_empty() {
            return Ok(());
        }
        self.step(|desk| {
            unsaid
                .iter()
                .try_for_each(|state| desk.note_news(state, state.failing_since, now))
        })
    }
}
