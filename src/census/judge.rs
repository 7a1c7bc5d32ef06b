//! From counts to doubts: when there is enough evidence, and the words for it.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Census, Circumstances, Doubt, PartTally, Reach, Spot, TopicTally};
use crate::digest::phrases::{count, grouped, list};
use crate::model::Timestamp;
use crate::query::Place;
use crate::topic::Topic;

/// A term that has not hit in this time is doubtful; with a day or two to spare, since nothing starts on the hour.
const LONG_ENOUGH: SignedDuration = SignedDuration::from_hours(28 * 24);
/// Of fewer items it is no wonder that a name is in none.
const ENOUGH_ITEMS: u32 = 100;
/// One in so many items is more than anyone wants to read of one topic,
const BROAD_SHARE: u32 = 10;
/// unless that is next to nothing.
const BROAD_LEAST: u32 = 20;
/// One item that is excluded is what exclusions are for.
const SWALLOWED_LEAST: u32 = 2;
/// Two topics share a few items by chance.
const INSIDE_LEAST: u32 = 10;
/// Items in which a term hits what it does not mean, before that is said;
const STRAY_LEAST: u32 = 3;
/// and of how many of its hits that must be one.
const STRAY_SHARE: u32 = 10;
/// Terms that one message names.
const NAMED: usize = 6;

pub(super) fn doubts(census: &Census<'_>, circumstances: &Circumstances<'_>) -> Vec<Doubt> {
    let judge = Judge {
        census,
        circumstances,
    };
    let mut doubts = Vec::new();
    for (index, (topic, tally)) in judge.topics().enumerate() {
        doubts.extend(judge.too_broad(index, topic, tally));
        doubts.extend(judge.swallowed(index, topic, tally));
        doubts.extend(judge.inside(index, topic, tally));
    }
    for part in &census.parts {
        doubts.extend(common_word(part));
        doubts.extend(longer_word(part));
    }
    doubts.extend(judge.never_hit());
    doubts
}

struct Judge<'a> {
    census: &'a Census<'a>,
    circumstances: &'a Circumstances<'a>,
}

impl<'a> Judge<'a> {
    fn topics(&self) -> impl Iterator<Item = (&'a Topic, &'a TopicTally)> {
        self.census.watch.topics().iter().zip(&self.census.topics)
    }

    fn name(&self, topic: usize) -> &'a str {
        let topic = self.census.watch.topics().get(topic);
        topic.map_or("", |topic| topic.name.as_str())
    }

    /// `12,345 items of 30 days`.
    fn evidence(&self, items: u32) -> String {
        format!(
            "{} of {}",
            count(u64::from(items), "item", "items"),
            days(self.circumstances.since, self.circumstances.now)
        )
    }

    fn too_broad(&self, index: usize, topic: &Topic, tally: &TopicTally) -> Option<Doubt> {
        let items = self.census.items;
        let is_broad = tally.matched >= BROAD_LEAST && tally.matched > items / BROAD_SHARE;
        let compiled = self.census.watch.compiled(index)?;
        if !is_broad || !compiled.looks_for_words() {
            return None;
        }
        let own = self.census.parts.iter();
        let own = own.filter(|part| part.topic == Some(index) && !part.part.excludes);
        let most = own.max_by_key(|part| part.items);
        let most = most.filter(|part| part.items > tally.matched / 2);
        let narrow =
            "ask for more with AND or NEAR, or look only into titles: `fields = [\"title\"]`";
        let hint = match most {
            Some(part) => format!(
                "`{}` is in {} of all items; {narrow}",
                part.part.written,
                grouped(u64::from(part.items))
            ),
            None => narrow.to_owned(),
        };
        Some(Doubt {
            code: "too-broad",
            spot: most.map_or(whole(index), PartTally::spot),
            message: format!(
                "`{}` takes {} of the {}, {} %",
                topic.name,
                grouped(u64::from(tally.matched)),
                self.evidence(items),
                u64::from(tally.matched) * 100 / u64::from(items.max(1)),
            ),
            hint,
            more: Vec::new(),
            other: None,
        })
    }

    fn swallowed(&self, index: usize, topic: &Topic, tally: &TopicTally) -> Option<Doubt> {
        if tally.matched > 0 || tally.swallowed < SWALLOWED_LEAST {
            return None;
        }
        // Of several that share it, the first in the file.
        let most = tally.exclusions.iter().rev();
        let (exclusion, _) = most.max_by_key(|(_, count)| *count)?;
        Some(Doubt {
            code: "swallowed",
            spot: Spot {
                topic: Some(index),
                place: exclusion.place.clone(),
                at: exclusion.at,
            },
            message: format!(
                "what `{}` excludes leaves nothing of it: all {} hits in the {} are dropped, such as “{}”",
                topic.name,
                grouped(u64::from(tally.swallowed)),
                self.evidence(self.census.items),
                cut(&tally.example),
            ),
            hint: format!(
                "exclude less than {}: a phrase, a longer name behind UNLESS, or only `title:`",
                exclusion.written
            ),
            more: Vec::new(),
            other: None,
        })
    }

    fn inside(&self, index: usize, topic: &Topic, tally: &TopicTally) -> Option<Doubt> {
        if tally.matched < INSIDE_LEAST {
            return None;
        }
        let same = |other: &usize| {
            self.census
                .topics
                .get(*other)
                .is_some_and(|other| other.matched == tally.matched)
        };
        // Of two that find the same, the later one is told.
        let outer = tally.inside.iter().flatten().copied();
        let outer = outer.filter(|other| !same(other) || *other < index);
        let mut outer = outer.filter(|other| self.makes_no_difference(index, topic, *other));
        let other = outer.next()?;
        let name = self.name(other);
        let items = grouped(u64::from(tally.matched));
        Some(Doubt {
            code: "inside",
            spot: whole(index),
            message: match same(&other) {
                true => format!("`{}` and `{name}` find the same {items} items", topic.name),
                false => format!("all {items} items of `{}` are in `{name}` too", topic.name),
            },
            hint: format!(
                "keep both if you want two headings; else take `{}` out, or make it `priority = \"high\"`",
                topic.name
            ),
            more: Vec::new(),
            other: Some((whole(other), "this one has them".to_owned())),
        })
    }

    /// Whether everybody would hear of the inner topic's items in the same way through the outer one.
    fn makes_no_difference(&self, inner: usize, topic: &Topic, outer: usize) -> bool {
        let readers = |topic: usize| {
            let readers = self.circumstances.readers.get(topic);
            readers.copied().unwrap_or_default()
        };
        let Some(other) = self.census.watch.topics().get(outer) else {
            return false;
        };
        let is_set_apart = (topic.high_priority && !other.high_priority)
            || topic.sensitive != other.sensitive
            || other.snooze.is_some();
        !is_set_apart
            && readers(inner)
                .iter()
                .all(|reader| readers(outer).contains(reader))
    }

    /// One doubt for each topic and list that has such terms.
    fn never_hit(&self) -> Vec<Doubt> {
        let mut holders: BTreeMap<(Option<usize>, &str), Vec<&PartTally>> = BTreeMap::new();
        let wanted = self.census.parts.iter().filter(|part| !part.part.excludes);
        for part in wanted {
            let list = match &part.part.place {
                Place::List(name, _) => name,
                _ => "",
            };
            holders.entry((part.topic, list)).or_default().push(part);
        }
        let doubts = holders.into_iter().filter_map(|((topic, list), parts)| {
            let whole = &self.circumstances.whole;
            let reach = topic.map_or(Some(whole), |topic| self.circumstances.reach.get(topic))?;
            if !self.is_enough(reach) {
                return None;
            }
            let holder = match topic {
                Some(topic) => format!("`{}`", self.name(topic)),
                None => format!("the list `{list}`"),
            };
            self.never_hit_in(&holder, &parts, reach)
        });
        doubts.collect()
    }

    fn is_enough(&self, reach: &Reach) -> bool {
        let long_ago =
            |since: Timestamp| self.circumstances.now.duration_since(since) >= LONG_ENOUGH;
        reach.items >= ENOUGH_ITEMS
            && reach.since.is_some_and(long_ago)
            && long_ago(self.circumstances.since)
    }

    fn never_hit_in(&self, holder: &str, parts: &[&PartTally], reach: &Reach) -> Option<Doubt> {
        let never: Vec<&PartTally> = parts
            .iter()
            .copied()
            .filter(|part| part.items == 0)
            .collect();
        let (first, rest) = never.split_first()?;
        let terms: Vec<String> = never
            .iter()
            .map(|part| format!("`{}`", part.part.written))
            .collect();
        let nothing = format!("nothing in the {}", self.evidence(reach.items));
        let message = match (never.len(), never.len() == parts.len()) {
            (1, _) => format!("{} of {holder} hit {nothing}", terms[0]),
            (all, true) => format!(
                "all {all} terms of {holder} hit {nothing}: {}",
                named(&terms)
            ),
            (some, false) => format!(
                "{some} of the {} terms of {holder} hit {nothing}: {}",
                parts.len(),
                named(&terms)
            ),
        };
        Some(Doubt {
            code: "never-hit",
            spot: first.spot(),
            message,
            hint: format!(
                "is it spelt as outlets spell it? `wirewatch search '{}' --since 90d` looks further back",
                first.part.written.replace('\'', " ")
            ),
            more: rest.iter().map(|part| part.spot()).collect(),
            other: None,
        })
    }
}

fn common_word(tally: &PartTally) -> Option<Doubt> {
    if !tally.is_acronym || !is_astray(tally.small, tally.items) {
        return None;
    }
    let term = &tally.part.written;
    let exact: String = term.to_uppercase().chars().filter(|c| *c != '.').collect();
    Some(Doubt {
        code: "common-word",
        spot: tally.spot(),
        message: format!(
            "`{term}` hits the word “{}”, in {} of the {} it is in",
            tally.small_word,
            grouped(u64::from(tally.small)),
            count(u64::from(tally.items), "item", "items"),
        ),
        hint: format!(
            "write `={exact}`: it takes {exact} and its form with dots, in capitals only"
        ),
        more: Vec::new(),
        other: None,
    })
}

fn longer_word(tally: &PartTally) -> Option<Doubt> {
    // Of several as frequent ones the shortest is the plainest.
    let (longer, hits) = tally
        .longer
        .iter()
        .max_by_key(|(word, items)| (**items, std::cmp::Reverse(word.len())))?;
    if !is_astray(*hits, tally.items) {
        return None;
    }
    let term = &tally.part.written;
    Some(Doubt {
        code: "longer-word",
        spot: tally.spot(),
        message: format!(
            "`{term}` hits inside the longer word `{longer}`, in {} of the {} it is in",
            grouped(u64::from(*hits)),
            count(u64::from(tally.items), "item", "items"),
        ),
        hint: match tally.part.place {
            Place::Query => format!("if that is not meant, write ({term} UNLESS {longer})"),
            _ => format!(
                "if that is not meant, write `query = '{term} UNLESS {longer}'` in its place; other terms go there too, joined by OR"
            ),
        },
        more: Vec::new(),
        other: None,
    })
}

fn is_astray(items: u32, of: u32) -> bool {
    items >= STRAY_LEAST && items >= of / STRAY_SHARE
}

/// The topic as a whole.
fn whole(topic: usize) -> Spot {
    Spot {
        topic: Some(topic),
        place: Place::Topic,
        at: None,
    }
}

/// `30 days`, and a part of one as a day.
fn days(since: Timestamp, now: Timestamp) -> String {
    const DAY: i64 = 86_400;
    let days = (now.as_second() - since.as_second() + DAY / 2).div_euclid(DAY);
    count(u64::try_from(days.max(1)).unwrap_or(1), "day", "days")
}

/// The first terms, and how many more there are.
fn named(terms: &[String]) -> String {
    match terms.get(..NAMED) {
        Some(first) if terms.len() > NAMED => {
            format!("{} and {} more", first.join(", "), terms.len() - NAMED)
        }
        _ => list(terms),
    }
}

/// A headline that fits into a message.
fn cut(headline: &str) -> String {
    const LONGEST: usize = 80;
    let headline = headline.replace('\n', " ");
    match headline.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", headline.get(..at).unwrap_or_default().trim_end()),
        None => headline,
    }
}
