//! The promise as a law: whatever a publisher does to a feed, every distinct entry that it shows is stored, none is
//! announced twice, and a second poll of the same bytes announces nothing.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::model::Feed;

/// What happens between two polls.
#[derive(Clone, Debug)]
enum Act {
    /// So many new articles, the newest on top; more than a document holds make a gap.
    Publish(u8),
    /// Another word at the end of a headline.
    Retitle(Index),
    /// Another headline, and a slug that follows it.
    Rewrite(Index),
    /// A summary that goes on.
    Continue(Index),
    Withdraw(Index),
    /// The last withdrawn article comes back.
    Restore,
    Reorder,
    /// All guids are drawn afresh.
    NewGuids,
    /// All links and guids change, as with another publishing system.
    Move,
    /// The host changes.
    NewHost,
    Track,
    /// All dates become those of some minutes later.
    Redate,
    /// The first entry stands in the document once more.
    Double,
    /// The document breaks off behind so many entries.
    Tear(Index),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0u8..12).prop_map(Act::Publish),
        2 => any::<Index>().prop_map(Act::Retitle),
        2 => any::<Index>().prop_map(Act::Rewrite),
        1 => any::<Index>().prop_map(Act::Continue),
        2 => any::<Index>().prop_map(Act::Withdraw),
        2 => Just(Act::Restore),
        1 => Just(Act::Reorder),
        1 => Just(Act::NewGuids),
        1 => Just(Act::Move),
        1 => Just(Act::NewHost),
        1 => Just(Act::Track),
        1 => Just(Act::Redate),
        1 => Just(Act::Double),
        2 => any::<Index>().prop_map(Act::Tear),
    ]
}

/// How many entries the feed shows.
const WINDOW: usize = 8;

#[derive(Clone, Debug)]
struct Article {
    number: usize,
    entry: Entry,
    redated: bool,
}

struct Publisher {
    articles: Vec<Article>,
    withdrawn: Vec<Article>,
    published: usize,
    moves: usize,
    doubles: bool,
    torn: Option<Index>,
}

impl Publisher {
    fn act(&mut self, act: &Act, now: Timestamp) {
        self.doubles = false;
        self.torn = None;
        let shown = self.articles.len().min(WINDOW);
        match act {
            Act::Publish(count) => (0..*count).for_each(|_| self.publish(now)),
            Act::Retitle(index) => self.edit(index.index(shown), |entry, _| {
                append(&mut entry.title, "corrected");
            }),
            Act::Rewrite(index) => self.edit(index.index(shown), |entry, moves| {
                append(&mut entry.title, &format!("otherwise{moves}"));
                entry.link = entry.link.take().map(|link| format!("{link}-{moves}"));
                entry.guid.clone_from(&entry.link);
            }),
            Act::Continue(index) => self.edit(index.index(shown), |entry, moves| {
                append(
                    &mut entry.summary,
                    &format!("It went on for {moves} hours."),
                );
            }),
            Act::Withdraw(index) => {
                let index = index.index(shown);
                // A feed keeps some entries, and a date that was rewritten is forgotten with the entry.
                if shown > 5 && !self.articles[index].redated {
                    self.withdrawn.push(self.articles.remove(index));
                }
            }
            Act::Restore => self
                .articles
                .splice(0..0, self.withdrawn.pop())
                .for_each(drop),
            Act::Reorder => self.articles[..shown].reverse(),
            Act::NewGuids => self.all(|entry, moves| {
                entry.guid = entry.link.as_ref().map(|link| format!("{moves}:{link}"));
                entry.permalink = Some(false);
            }),
            Act::Move => self.all(|entry, moves| {
                let slug = entry.title.as_deref().unwrap_or_default().replace(' ', "-");
                entry.link = Some(format!("https://www.paper.example/{moves}/{slug}"));
                entry.guid.clone_from(&entry.link);
            }),
            Act::NewHost => self.all(|entry, moves| {
                let path = entry
                    .link
                    .as_deref()
                    .and_then(|link| link.splitn(4, '/').nth(3));
                entry.link = path.map(|path| format!("https://paper{moves}.example/{path}"));
            }),
            Act::Track => self.all(|entry, moves| {
                entry.link = entry.link.take().map(|link| {
                    let link = link.split('?').next().unwrap_or_default();
                    format!("{link}?utm_campaign={moves}")
                });
            }),
            Act::Redate => {
                for article in self.articles.iter_mut().take(WINDOW) {
                    article.redated = true;
                    article.entry.published = article
                        .entry
                        .published
                        .map(|date| date + SignedDuration::from_mins(7));
                }
            }
            Act::Double => self.doubles = true,
            Act::Tear(index) => self.torn = Some(*index),
        }
        self.moves += 1;
    }

    fn publish(&mut self, now: Timestamp) {
        self.published += 1;
        let number = self.published;
        let word = |stem: &str| {
            (0..9)
                .map(|at| format!("{stem}{number}x{at} "))
                .collect::<String>()
        };
        let link = format!("https://www.paper.example/world/{number}");
        let entry = Entry {
            guid: Some(link.clone()),
            link: Some(link),
            title: Some(word("title").trim().to_owned()),
            summary: Some(word("summary").trim().to_owned()),
            published: Some(now - SignedDuration::from_secs(1_800 - number as i64)),
            ..Entry::default()
        };
        let article = Article {
            number,
            entry,
            redated: false,
        };
        self.articles.insert(0, article);
    }

    fn edit(&mut self, index: usize, change: impl Fn(&mut Entry, usize)) {
        change(&mut self.articles[index].entry, self.moves);
    }

    fn all(&mut self, change: impl Fn(&mut Entry, usize)) {
        for article in self.articles.iter_mut().chain(&mut self.withdrawn) {
            change(&mut article.entry, self.moves);
        }
    }

    fn shown(&self) -> Vec<&Article> {
        let mut shown: Vec<&Article> = self.articles.iter().take(WINDOW).collect();
        if self.doubles {
            shown.push(shown[0]);
        }
        if let Some(index) = self.torn {
            shown.truncate(index.index(shown.len()));
        }
        shown
    }
}

fn append(text: &mut Option<String>, words: &str) {
    *text = text.take().map(|text| format!("{text} {words}"));
}

fn check(acts: &[Act]) -> Result<(), TestCaseError> {
    let mut now: Timestamp = "2026-03-03T12:00:00Z".parse().expect("a time");
    let mut store = Store::open_in_memory(now).expect("a database in memory");
    let url = "https://www.paper.example/rss.xml";
    let feed = Feed::at(url.to_owned());
    store.declare_feeds(&[feed], now).expect("declared");
    let mut publisher = Publisher {
        articles: Vec::new(),
        withdrawn: Vec::new(),
        published: 0,
        moves: 0,
        doubles: false,
        torn: None,
    };
    (0..6).for_each(|_| publisher.publish(now));
    let mut stored = BTreeSet::new();
    for act in [Act::Publish(0)].iter().chain(acts) {
        now += SignedDuration::from_hours(1);
        publisher.act(act, now);
        let shown = publisher.shown();
        let document = FeedDocument {
            entries: shown.iter().map(|article| article.entry.clone()).collect(),
            torn: publisher.torn.map(|_| "it ends inside `rss`".to_owned()),
            ..FeedDocument::default()
        };
        let state = store.feed_by_url(url).expect("readable").expect("declared");
        let taken = store.take_in(&state, &document, now).expect("taken in");
        let mut first = BTreeSet::new();
        for entry in taken
            .entries
            .iter()
            .filter(|entry| entry.kind == TakenKind::First)
        {
            let number = shown[entry.index].number;
            prop_assert!(first.insert(number), "{number} twice at once after {act:?}");
        }
        let expected: BTreeSet<usize> = shown
            .iter()
            .map(|article| article.number)
            .filter(|number| !stored.contains(number))
            .collect();
        prop_assert_eq!(&first, &expected, "first seen after {:?}", act);
        stored.extend(first);
        let again = store
            .take_in(&taken.feed, &document, now)
            .expect("taken in");
        prop_assert!(again.entries.is_empty(), "the same bytes after {act:?}");
    }
    let items = store.counts().expect("counted").items;
    prop_assert_eq!(items, stored.len() as u64);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_is_stored_and_none_is_announced_twice(acts in prop::collection::vec(act(), 1..24)) {
        check(&acts)?;
    }
}
