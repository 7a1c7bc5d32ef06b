//! Items with their texts, as topics judge them.

use super::Desk;
use crate::model::{FeedId, FeedState, Item, ItemId, Shown};
use crate::query::{Document, Prepared, Verdict};
use crate::store::StoreError;
use crate::store::matches::Match;

impl Desk {
    /// An item with the text that a feed showed of it; `None` once the text is gone.
    pub fn item_in(&self, item: ItemId, feed: FeedId) -> Result<Option<(Item, Shown)>, StoreError> {
        let Some(found) = self.store.item(item)? else {
            return Ok(None);
        };
        let shown = self.store.shown(item, feed)?;
        Ok(shown.map(|shown| (found, shown)))
    }

    /// The item of a match with the text that its feed shows now; `None` once the text is gone.
    pub fn item_of(&self, found: &Match) -> Result<Option<(Item, Shown)>, StoreError> {
        let Some((mut item, shown)) = self.item_in(found.item, found.feed)? else {
            return Ok(None);
        };
        // Address and language are those of the feed that matched, not of the one that was first.
        item.link = found.link.clone().or(item.link);
        item.lang = found.lang.clone().or(item.lang);
        Ok(Some((item, shown)))
    }

    /// An item cut into words, as this feed showed it.
    pub fn prepare(&self, item: &Item, feed: &FeedState, shown: &Shown) -> Prepared {
        let tags = self.watchlist.tags(&feed.url);
        prepare_text(
            shown,
            item.link.as_deref(),
            item.lang.as_deref(),
            feed,
            tags,
        )
    }

    /// Judges an item by the topic of this index.
    pub fn judge(&self, topic: usize, prepared: &Prepared) -> Verdict {
        let compiled = self.watchlist.config.watch.compiled(topic);
        compiled
            .map(|compiled| compiled.judge(prepared))
            .unwrap_or_default()
    }
}

/// A text cut into words, with this address and language, as one of this feed, which has these tags.
pub(super) fn prepare_text(
    shown: &Shown,
    link: Option<&str>,
    lang: Option<&str>,
    feed: &FeedState,
    tags: &[String],
) -> Prepared {
    Prepared::new(&Document {
        title: &shown.title,
        summary: &shown.summary,
        content: &shown.content,
        author: &shown.author,
        category: &shown.category,
        link,
        feed: &feed.name,
        tags,
        lang,
    })
}
