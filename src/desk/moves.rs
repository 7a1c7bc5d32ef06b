//! Permanent redirects: whose target is asked in place of the declared address from now on.

use super::Desk;
use super::news::EVENTS_LOOKED_AT;
use crate::model::{FeedState, Moved, Timestamp};
use crate::schedule::feeds as schedule;
use crate::store::StoreError;
use crate::store::events::{Event, EventKind};

impl Desk {
    /// Follows a permanent redirect for good once it has been seen often enough. `asked` is the address that was asked,
    /// `target` where it led, `has_news` whether anything new was there.
    pub(super) fn note_move(
        &mut self,
        state: &mut FeedState,
        asked: &str,
        target: Option<&str>,
        has_news: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let adopted = state.moved.take_if(|moved| moved.adopted_at.is_some());
        let (seen, target) = match adopted {
            Some(adopted) if asked == adopted.to => {
                let target = target.filter(|target| *target != adopted.to);
                let mut seen = schedule::led_on(&adopted, target.is_some(), now);
                if self.store.other_at(&seen.to, state.id)?.is_some() {
                    // Two feeds at one address would ask it twice as often, and each show what the other does.
                    seen.adopted_at = None;
                }
                (Some(seen), target)
            }
            // The address that was left is believed to be alive again by its news: it may show an old copy for ever.
            Some(adopted) if target.map_or(!has_news, |target| target == adopted.to) => {
                state.moved = Some(adopted);
                return Ok(());
            }
            _ => (schedule::moved(state.moved.as_ref(), target, now), target),
        };
        state.moved = seen;
        match (state.moved.clone(), target) {
            (Some(seen), Some(target)) if schedule::adopts(&seen, now) => {
                self.settle_at(state, target, seen.since, now)
            }
            _ => Ok(()),
        }
    }

    /// Asks the feed at `target` from now on, unless another one is there. `since`: when it was first seen to lead there.
    fn settle_at(
        &mut self,
        state: &mut FeedState,
        target: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let words = match self.store.other_at(target, state.id)? {
            Some(other) => format!("{target}, where `{}` is", other.name),
            None => {
                let adopted = Moved {
                    to: target.to_owned(),
                    count: 0,
                    since: now,
                    adopted_at: Some(now),
                };
                state.moved = Some(adopted).filter(|adopted| adopted.to != state.url);
                target.to_owned()
            }
        };
        let said = self.store.events_of(state.id, EVENTS_LOOKED_AT)?;
        let is_said = |event: &Event| {
            event.kind == EventKind::Moved && event.at >= since && event.detail == words
        };
        if !said.iter().any(is_said) {
            self.store.event(state.id, now, EventKind::Moved, &words)?;
        }
        Ok(())
    }
}
