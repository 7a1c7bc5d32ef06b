//! Permanent redirects: whose target is asked in place of the declared address from now on.

use super::Desk;
use super::news::EVENTS_LOOKED_AT;
use crate::model::{FeedState, Timestamp};
use crate::schedule::feeds as schedule;
use crate::store::StoreError;
use crate::store::events::{Event, EventKind};

impl Desk {
    /// Follows a permanent redirect for good once it has been seen often enough. `asked` is the address that was asked.
    pub(super) fn note_move(
        &mut self,
        state: &mut FeedState,
        target: Option<&str>,
        asked: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // One that was asked at its new address needs no redirect any more, and where that leads on it is followed: the
        // declared one may be dead. If the declared one was asked, and answers by itself, the move is over.
        let moved = state.moved.as_ref().map(|moved| moved.to.as_str());
        let target = match moved {
            Some(new) if new == asked && asked != state.url => moved,
            _ => target,
        };
        state.moved = schedule::moved(state.moved.as_ref(), target, now);
        let Some(moved) = &mut state.moved else {
            return Ok(());
        };
        // Two feeds at one address would ask it twice as often, and each show what the other does.
        let other = self.store.other_at(&moved.to, state.id)?;
        if other.is_some() {
            moved.adopted_at = None;
        }
        if moved.adopted_at.is_some() || !schedule::adopts(moved, now) {
            return Ok(());
        }
        let words = match &other {
            None => {
                moved.adopted_at = Some(now);
                moved.to.clone()
            }
            Some(other) => format!("{}, where `{}` is", moved.to, other.name),
        };
        let said = self.store.events_of(state.id, EVENTS_LOOKED_AT)?;
        let is_said = |event: &Event| {
            event.kind == EventKind::Moved && event.at >= moved.since && event.detail == words
        };
        if !said.iter().any(is_said) {
            self.store.event(state.id, now, EventKind::Moved, &words)?;
        }
        Ok(())
    }
}
