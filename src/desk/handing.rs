//! What waits under a topic that an edit takes away or changes, and which other topic has it from then on.
//!
//! To the store a topic is what it asks, or its name. Whoever gives a topic another name and another term in one save, or
//! moves a term from one topic to another, still wants what was found by the watchlist before and not yet told. The same
//! save may be read in two halves, so a topic that was taken away lately counts too.

use super::Desk;
use super::matching::Found;
use crate::model::{Timestamp, TopicId};
use crate::store::StoreError;
use crate::store::matches::Match;
use crate::topic::TopicMatch;

impl Desk {
    /// Matches what waits under `changed` topics anew, by all topics of the present watchlist, for those it waits for.
    ///
    /// Where the changed topic itself still wants an item, that is enough: a new topic beside it begins with what is
    /// first seen after it.
    pub(super) fn hand_on(
        &mut self,
        changed: &[TopicId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        for (found, recipients) in self.store.waiting_under(changed)? {
            self.hand_on_match(&found, recipients, now)?;
        }
        Ok(())
    }

    fn hand_on_match(
        &mut self,
        waiting: &Match,
        mut recipients: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some((item, shown)) = self.item_of(waiting)? else {
            return Ok(());
        };
        let feed = self.store.feed(waiting.feed)?;
        let prepared = self.prepare(&item, &feed, &shown);
        let wanting = self.watchlist.config.watch.judge(&prepared);
        let is_same = |found: &&TopicMatch| self.topics.get(found.topic) == Some(&waiting.topic);
        if let Some(same) = wanting.iter().find(is_same) {
            let readers = self.watchlist.readers(same.topic);
            recipients.retain(|recipient| !readers.contains(recipient));
        }
        for TopicMatch { topic, verdict } in wanting {
            let readers = self.watchlist.readers(topic);
            let mut owed = recipients.clone();
            owed.retain(|recipient| readers.contains(recipient));
            let Some(id) = self.topics.get(topic).copied().filter(|_| !owed.is_empty()) else {
                continue;
            };
            let found = Found {
                item: waiting.item,
                feed: waiting.feed,
                origin: waiting.origin,
                link: waiting.link.clone(),
                lang: waiting.lang.clone(),
                topic,
                verdict,
            };
            // Only those who waited have it: to others the topic begins now.
            self.keep_match(found, false, now)?;
            self.store.let_wait(id, waiting.item, &owed)?;
        }
        Ok(())
    }
}
