//! The recipient's topics and items, and how each match counts for this digest.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Time;

use super::{Choice, How, Told};
use crate::digest::material::{Candidate, Material, Topic};
use crate::model::{ItemId, MatchId, TopicId};
use crate::schedule::digests::moment;

/// The recipient's topics by rank: high priority first, then in file order.
pub(super) struct Topics<'m> {
    pub(super) ranked: Vec<Ranked<'m>>,
    rank: HashMap<TopicId, usize>,
}

pub(super) struct Ranked<'m> {
    pub(super) topic: &'m Topic,
    /// Whether it is wanted here, and silent now.
    pub(super) asleep: bool,
    /// The end of a snooze that is over.
    woke: Option<Timestamp>,
}

/// How one match counts for this digest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It speaks for its item.
    Active,
    /// Its topic is another digest's: it only tags the item.
    Elsewhere,
    /// Its topic is silent: it waits.
    Asleep,
    /// It came while its topic was silent, which it no longer is.
    Hidden,
}

impl<'m> Topics<'m> {
    pub(super) fn of(material: &'m Material<'_>) -> Topics<'m> {
        let zone = &material.digest.plan.timezone;
        let mut ranked: Vec<Ranked<'m>> = material
            .topics
            .iter()
            .map(|topic| {
                let end = topic
                    .snooze
                    .and_then(|day| moment(zone, day.to_datetime(Time::midnight())));
                Ranked {
                    topic,
                    asleep: topic.wanted && end.is_some_and(|end| end > material.now),
                    woke: end.filter(|end| *end <= material.now),
                }
            })
            .collect();
        ranked.sort_by_key(|ranked| !ranked.topic.high_priority);
        let rank = ranked
            .iter()
            .enumerate()
            .map(|(rank, ranked)| (ranked.topic.id, rank))
            .collect();
        Topics { ranked, rank }
    }

    fn standing(&self, candidate: &Candidate) -> Option<Standing> {
        let ranked = &self.ranked[*self.rank.get(&candidate.topic)?];
        Some(match ranked {
            _ if !ranked.topic.wanted => Standing::Elsewhere,
            _ if ranked.asleep => Standing::Asleep,
            Ranked {
                woke: Some(end), ..
            } if candidate.matched_at < *end => Standing::Hidden,
            _ => Standing::Active,
        })
    }

    pub(super) fn rank(&self, candidate: &Candidate) -> usize {
        self.rank
            .get(&candidate.topic)
            .copied()
            .unwrap_or(usize::MAX)
    }
}

/// All matches of one item.
#[derive(Debug)]
pub(super) struct Article<'m> {
    pub(super) item: ItemId,
    /// Those that speak for it, by rank of topic; never empty.
    pub(super) active: Vec<&'m Candidate>,
    /// All of them: they leave together.
    pub(super) all: Vec<MatchId>,
    /// Topics it is tagged with.
    pub(super) tags: BTreeSet<usize>,
}

/// The items that have a match which speaks for them. Those that only a snooze hid are counted at once.
pub(super) fn articles<'m>(
    material: &'m Material<'_>,
    topics: &Topics<'m>,
    choice: &mut Choice<'m>,
) -> Vec<Article<'m>> {
    let mut items: BTreeMap<ItemId, Vec<(Standing, &'m Candidate)>> = BTreeMap::new();
    for candidate in &material.candidates {
        if let Some(standing) = topics.standing(candidate) {
            items
                .entry(candidate.item)
                .or_default()
                .push((standing, candidate));
        }
    }
    let mut hidden: BTreeMap<usize, usize> = BTreeMap::new();
    let mut articles = Vec::new();
    for (item, mut matches) in items {
        matches.sort_by_key(|(_, candidate)| (topics.rank(candidate), candidate.id));
        let of = |wanted: Standing| {
            matches
                .iter()
                .filter(move |(standing, _)| *standing == wanted)
                .map(|(_, of)| *of)
        };
        let active: Vec<&Candidate> = of(Standing::Active).collect();
        if !active.is_empty() {
            let tags = of(Standing::Active)
                .chain(of(Standing::Elsewhere))
                .map(|candidate| topics.rank(candidate));
            let tags = tags.collect();
            articles.push(Article {
                item,
                active,
                all: matches.iter().map(|(_, of)| of.id).collect(),
                tags,
            });
            continue;
        }
        let Some(first) = of(Standing::Hidden).next() else {
            continue;
        };
        *hidden.entry(topics.rank(first)).or_default() += 1;
        choice
            .settled
            .leaving
            .extend(of(Standing::Hidden).map(|candidate| candidate.id));
        // Another topic may still tell it.
        if matches
            .iter()
            .all(|(standing, _)| *standing == Standing::Hidden)
        {
            let told = Told {
                item,
                story: first.story,
                topic: first.topic,
                how: How::Snoozed,
            };
            choice.settled.told.push(told);
        }
    }
    choice.hidden = hidden
        .into_iter()
        .map(|(rank, articles)| (topics.ranked[rank].topic, articles))
        .collect();
    articles
}
