//! When a told story has something new.

use std::collections::{BTreeSet, HashSet};

use jiff::SignedDuration;

use crate::model::Timestamp;
use crate::story::Telling;
use crate::story::facts;
use crate::story::marks::Mark;
use crate::story::vector::{Features, Frequencies, features, jaccard};

/// A story does not come back sooner than this after it was told; what is new of it waits until then.
pub const REST: SignedDuration = SignedDuration::from_hours(6);

/// From this share of words not told before, by weight, an item has something new;
pub const NEW_WORDS: f32 = 0.4;
/// and from this one, if the story was last told so long ago: an event that is over is not written about again for
/// nothing, and `Helix completes Corvane takeover` says little in new words.
pub const NEW_WORDS_LATER: f32 = 0.2;
const LATER: SignedDuration = SignedDuration::from_hours(24);

/// Headlines that share this much of their words differ in little but their facts.
const SAME_BUT_FOR_FACTS: f32 = 0.5;

/// So many new words show what is new.
const SHOWN_WORDS: usize = 3;

/// Why a story that a recipient has been told comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An agency marks the item as an update.
    Marked,
    /// From [`NEW_WORDS`] of its words, by weight, stood in nothing told before: the most telling of these as it writes
    /// them, the most telling first, at most three.
    Words(Vec<String>),
}

/// Whether `telling` has something new for a reader whom `told`, items of the same story, were told, the last of them at
/// `told_at`. A topic that had not matched before is the caller's to see, and whether the story may come back yet
/// ([`REST`]).
pub fn news<'t>(
    telling: &Telling,
    told: impl IntoIterator<Item = &'t Telling>,
    told_at: Timestamp,
    now: Timestamp,
    frequencies: &Frequencies,
) -> Option<News> {
    let item = features(telling, frequencies);
    if item.mark == Mark::Update {
        return Some(News::Marked);
    }
    let told: Vec<(&Telling, Features)> = told
        .into_iter()
        .map(|told| (told, features(told, frequencies)))
        .collect();
    // A headline that was told with another figure is no repetition, however few its new words are.
    let is_other_fact = |(told, before): &(&Telling, Features)| {
        jaccard(&item.title, &before.title) >= SAME_BUT_FOR_FACTS
            && facts::differ(&telling.title, &told.title)
    };
    if told.iter().any(is_other_fact) {
        let known: BTreeSet<String> = told
            .iter()
            .flat_map(|(told, _)| facts::facts(&told.title))
            .collect();
        let new: Vec<String> = facts::facts(&telling.title)
            .difference(&known)
            .take(SHOWN_WORDS)
            .cloned()
            .collect();
        if !new.is_empty() {
            return Some(News::Words(new));
        }
    }
    let told: HashSet<&str> = told
        .iter()
        .flat_map(|(_, told)| &told.words)
        .map(|word| word.word.as_str())
        .collect();
    let all: f32 = item.words.iter().map(|word| word.weight).sum();
    let unseen = item.words.iter();
    let mut unseen: Vec<_> = unseen
        .filter(|word| !told.contains(word.word.as_str()))
        .collect();
    let new: f32 = unseen.iter().map(|word| word.weight).sum();
    let is_later = now.duration_since(told_at) >= LATER;
    let enough = if is_later { NEW_WORDS_LATER } else { NEW_WORDS };
    if all <= 0.0 || new / all < enough {
        return None;
    }
    unseen.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    let words = unseen.iter().take(SHOWN_WORDS);
    Some(News::Words(
        words.map(|word| word.written.clone()).collect(),
    ))
}

/// From when a story that was told at these moments, in order, may come back with news that waits since `since`.
///
/// It rests after the first telling that the news missed, and not after each: where several digests tell one reader a
/// story that goes on, news in the one that is always second would never come.
pub fn comes_back(tellings: impl IntoIterator<Item = Timestamp>, since: Timestamp) -> Timestamp {
    let mut last = Timestamp::MIN;
    for told_at in tellings {
        last = told_at;
        if told_at >= since {
            break;
        }
    }
    last.saturating_add(REST).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::tests::telling;

    #[test]
    fn news_rests_after_the_first_telling_that_it_missed() {
        let hour = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let check = |tellings: &[i64], since: i64| {
            comes_back(tellings.iter().map(|told| hour(*told)), hour(since))
        };
        assert_eq!(check(&[10], 11), hour(16), "news after the only telling");
        assert_eq!(check(&[1, 10], 11), hour(16), "news after the last of two");
        assert_eq!(check(&[1, 10, 34], 9), hour(16), "news before two tellings");
        assert_eq!(check(&[10, 34], 10), hour(16), "news of the same moment");
    }

    #[track_caller]
    fn check(hours: i64, title: &str, summary: &str) -> Option<News> {
        let first = telling(
            1,
            0,
            "Magnitude 7.0 earthquake strikes Batura range, villages cut off",
            "The quake struck the Batura mountains on Sunday.",
        );
        let next = telling(2, hours * 60, title, summary);
        news(&next, [&first], first.at, next.at, &Frequencies::default())
    }

    #[test]
    fn another_figure_in_the_same_headline_is_news() {
        let next = "Magnitude 5.1 earthquake strikes Batura range, villages cut off";
        assert_eq!(
            check(7, next, ""),
            Some(News::Words(vec!["5.1".to_owned()]))
        );
    }

    #[test]
    fn what_is_told_in_the_same_words_is_no_news() {
        assert_eq!(
            check(
                8,
                "Earthquake strikes Batura range",
                "Villages are cut off, quake in mountains"
            ),
            None
        );
    }

    #[test]
    fn other_words_are_news_after_some_hours() {
        let title = "Batura earthquake death toll passes 200";
        let summary = "More than 200 people are known to have died, and aid is on its way.";
        let words = ["death", "200", "passes"].map(str::to_string).to_vec();
        assert_eq!(check(8, title, summary), Some(News::Words(words)));
    }

    #[test]
    fn fewer_words_are_news_of_an_event_that_was_over() {
        let title = "Earthquake in Batura range: inquiry into houses opened";
        let summary = "Villages of the Batura mountains were cut off by the quake.";
        assert_eq!(check(8, title, summary), None);
        assert!(check(48, title, summary).is_some());
    }

    #[test]
    fn an_update_mark_is_news() {
        assert_eq!(
            check(7, "UPDATE 1-Earthquake strikes Batura range", ""),
            Some(News::Marked)
        );
    }
}
