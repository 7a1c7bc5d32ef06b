//! The members of open stories, and how to find those that are like an item.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::{ItemId, StoryId};
use crate::story::Telling;
use crate::story::facts::facts;
use crate::story::form::Form;
use crate::story::member::{Fresh, Member, ONE};
use crate::story::middle::{Sums, add_sums, cosine, own};
use crate::story::tokens;
use crate::story::vector::{Features, RARITY_POWER, hash};

/// Candidates are found by so many of an item's weightiest words.
const WEIGHTIEST: usize = 14;
/// Of a word that more of the recent members hold, only so many of the latest are looked at.
const LATEST: usize = 4_000;
/// How alike an item and a candidate must be by those words alone to be compared in full.
const CANDIDATE: f32 = 0.1;

/// After so many seconds without a new member a story is over; and members that came within them are recent.
pub(super) const OPEN_AFTER_LAST: i64 = 72 * 3600;

/// A word that a larger share of the recent members holds tells less than it weighs.
const COMMON: f32 = 0.05;
/// So many stories with a word show nothing: they may be one event.
const FEW_STORIES: f32 = 2.0;
/// Shares of few stories are chance: each is taken of so many more.
const MORE_STORIES: f32 = 15.0;
/// So many holders of a word show in how many stories all of them are.
const SAMPLE: usize = 32;

/// An open story.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// When its first member came, in seconds since 1970.
    pub(super) opened: i64,
    /// When its last member came.
    pub(super) last: i64,
    /// Hash of the language its members are in; 0: unknown.
    language: u32,
    /// Whether it is an item of a column: nothing joins it.
    is_column: bool,
    /// The identifiers in its members, sorted.
    identifiers: Vec<(u32, u32)>,
    /// Slots of its members, in the order in which they came.
    pub(super) members: Vec<u32>,
    /// Numbers of the words of all members, ascending, with the sums of their weights: its middle, times its size.
    /// Not kept of a story with one member, as it is that member.
    sums: Vec<(u32, u32)>,
}

impl Story {
    /// A column's item stands alone. Two known languages never mix; an unknown one may be any.
    pub(super) fn may_take(&self, member: &Member) -> bool {
        !self.is_column
            && may_mix(self.language, member.language)
            && !contradict(&self.identifiers, &member.identifiers)
    }

    fn take_identifiers(&mut self, identifiers: &[(u32, u32)]) {
        self.identifiers.extend_from_slice(identifiers);
        self.identifiers.sort_unstable();
        self.identifiers.dedup();
    }

    fn take_language(&mut self, language: u32) {
        if self.language == 0 {
            self.language = language;
        }
    }
}

/// Whether two texts identify something of a kind, but not the same.
fn contradict(one: &[(u32, u32)], other: &[(u32, u32)]) -> bool {
    let is_same = |kind: u32| {
        one.iter()
            .any(|known| known.0 == kind && other.contains(known))
    };
    let is_both = |kind: u32| one.iter().any(|known| known.0 == kind);
    other
        .iter()
        .any(|&(kind, _)| is_both(kind) && !is_same(kind))
}

fn may_mix(one: u32, other: u32) -> bool {
    one == 0 || other == 0 || one == other
}

/// A word that a member of the window holds.
#[derive(Clone, Debug)]
struct Known {
    hash: u64,
    /// Slots of the members that hold it, ascending, and its weight in each.
    holders: Vec<(u32, u16)>,
}

impl Known {
    /// Grows in smaller steps than a vector by itself does: most words have few holders, and there are many words.
    fn hold(&mut self, slot: u32, weight: u16) {
        if self.holders.len() == self.holders.capacity() {
            self.holders.reserve_exact(self.holders.len() / 4 + 2);
        }
        self.holders.push((slot, weight));
    }

    /// How many members hold it from a slot on.
    fn recent_holders(&self, recent: u32) -> usize {
        self.holders.len() - self.holders.partition_point(|&(slot, _)| slot < recent)
    }
}

/// The members of all open stories.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    members: Vec<Member>,
    /// For each member, the latest time of any up to it: when it was placed, in seconds since 1970. An item may come
    /// late, and must not unsort them.
    clocks: Vec<i64>,
    /// For each member, how many stories opened with it or before it.
    opened: Vec<u32>,
    stories: HashMap<StoryId, Story>,
    /// The number of a word, its place in `known`, by its hash.
    numbers: HashMap<u64, u32>,
    known: Vec<Known>,
    /// Room to add up likenesses; all zero between calls.
    sums: Vec<u32>,
    /// Room for what each word of an item tells; all zero between calls.
    told: Vec<u32>,
}

impl Window {
    /// An item that has just come, as a member that belongs to no story yet. Its words get numbers.
    pub(super) fn fresh(&mut self, telling: &Telling, features: &Features) -> Fresh {
        let member = self.member(telling, features);
        Fresh {
            epithets: self.epithets(&member, features),
            tells: self.tells(&member),
            member,
        }
    }

    /// An item as a member that belongs to no story yet. Its words get numbers.
    pub(super) fn member(&mut self, telling: &Telling, features: &Features) -> Member {
        // In the order of their hashes, not of their numbers: a restart may number them differently.
        let squares = features.words.iter().map(|word| word.weight * word.weight);
        let length = squares.sum::<f32>().sqrt();
        let scale = if length > 0.0 { ONE / length } else { 0.0 };
        let words = features.words.iter().filter(|word| word.weight > 0.0);
        let mut words: Vec<(u32, u16)> = words
            .map(|word| {
                let weight = (word.weight * scale).round() as u16;
                (self.number(word.hash), weight.max(1))
            })
            .collect();
        words.sort_unstable();
        let language = tokens::primary(telling.lang.as_deref());
        Member {
            item: telling.item,
            at: telling.at.as_second(),
            story: StoryId(0),
            publisher: hash(&telling.publisher) as u32,
            title_hash: features.title_hash,
            title: features.title.clone(),
            form: if telling.publisher.is_empty() {
                Form::default()
            } else {
                features.form.clone()
            },
            facts: hash(&facts(&telling.title)),
            pairs: features.pairs.clone(),
            identifiers: features.identifiers.clone(),
            language: language.map_or(0, |language| {
                hash(&language.to_ascii_lowercase()) as u32 | 1
            }),
            words: words.iter().map(|(number, _)| *number).collect(),
            weights: words.iter().map(|(_, weight)| *weight).collect(),
        }
    }

    /// For each word of an item those beside it that may say no more than what it is, or go on with its name.
    fn epithets(&self, member: &Member, features: &Features) -> Vec<Vec<u32>> {
        let mut epithets = vec![Vec::new(); member.words.len()];
        for text in &features.texts {
            let numbers = text.iter().map(|(hash, _)| self.numbers.get(hash).copied());
            let numbers: Vec<Option<u32>> = numbers.collect();
            for (at, (number, (_, [before, behind]))) in numbers.iter().zip(text).enumerate() {
                let place = number.and_then(|number| member.words.binary_search(&number).ok());
                if let Some(epithets) = place.and_then(|place| epithets.get_mut(place)) {
                    let around = numbers.get(at.saturating_sub(*before)..=at + behind);
                    epithets.extend(around.unwrap_or_default().iter().flatten());
                }
            }
        }
        for epithets in &mut epithets {
            epithets.sort_unstable();
            epithets.dedup();
        }
        epithets
    }

    /// How much each word of an item tells among the recent members, up to `ONE`. What a topic asks for stands in all of
    /// its items, however rare it is elsewhere.
    fn tells(&self, member: &Member) -> Vec<u32> {
        let recent = self.recent(member);
        let before = recent
            .checked_sub(1)
            .and_then(|slot| self.opened.get(slot as usize));
        let opened = self.opened.last().copied().unwrap_or(0) - before.copied().unwrap_or(0);
        let stories = opened as f32 + MORE_STORIES;
        let words = member.words.iter().map(|&word| {
            let share = (self.stories_with(word, recent) - FEW_STORIES).max(0.0) / stories;
            if share <= COMMON {
                return ONE as u32;
            }
            // As the weights hold the rarity of a word, on both sides.
            let rarity = (share.min(1.0).ln() / COMMON.ln()).powf(2.0 * RARITY_POWER);
            (rarity * ONE) as u32
        });
        words.collect()
    }

    /// In about how many stories the recent members are that hold a word: what one event says again and again is no more
    /// common for that.
    fn stories_with(&self, word: u32, recent: u32) -> f32 {
        let known = &self.known[word as usize];
        let holders = known.recent_holders(recent);
        let latest = known.holders.iter().rev().take(holders.min(SAMPLE));
        let mut stories: Vec<StoryId> = latest.map(|&(slot, _)| self.slot(slot).story).collect();
        let looked_at = stories.len().max(1);
        stories.sort_unstable();
        stories.dedup();
        holders as f32 * stories.len() as f32 / looked_at as f32
    }

    /// The first slot of the members that came recently when an item comes.
    fn recent(&self, member: &Member) -> u32 {
        let last = self.clocks.last();
        let now = last.map_or(member.at, |&clock| clock.max(member.at));
        place(
            self.clocks
                .partition_point(|&clock| now - clock > OPEN_AFTER_LAST),
        )
    }

    fn number(&mut self, hash: u64) -> u32 {
        let next = place(self.known.len());
        let number = *self.numbers.entry(hash).or_insert(next);
        if number == next {
            self.known.push(Known {
                hash,
                holders: Vec::new(),
            });
        }
        number
    }

    /// Makes an item a member of a story, which opens with it if it is unknown.
    pub(super) fn add(&mut self, mut member: Member, story: StoryId) {
        let slot = place(self.members.len());
        member.story = story;
        for (&word, &weight) in member.words.iter().zip(&member.weights) {
            self.known[word as usize].hold(slot, weight);
        }
        let place = self.stories.entry(story).or_insert_with(|| Story {
            opened: member.at,
            last: member.at,
            language: member.language,
            is_column: false,
            identifiers: Vec::new(),
            members: Vec::new(),
            sums: Vec::new(),
        });
        place.opened = place.opened.min(member.at);
        place.last = place.last.max(member.at);
        place.take_language(member.language);
        place.take_identifiers(&member.identifiers);
        if let [only] = place.members.as_slice() {
            place.sums = self.members[*only as usize].sums().collect();
        }
        if !place.members.is_empty() {
            add_sums(&mut place.sums, member.sums());
        }
        let opens = u32::from(place.members.is_empty());
        place.members.push(slot);
        self.opened
            .push(self.opened.last().copied().unwrap_or(0) + opens);
        let before = self.clocks.last().copied();
        self.clocks
            .push(before.map_or(member.at, |clock| clock.max(member.at)));
        self.members.push(member);
    }

    /// Lets nothing join a story of one item.
    pub(super) fn set_apart(&mut self, story: StoryId) {
        if let Some(story) = self.stories.get_mut(&story) {
            story.is_column = true;
        }
    }

    pub(super) fn slot(&self, slot: u32) -> &Member {
        &self.members[slot as usize]
    }

    pub(super) fn item(&self, slot: u32) -> ItemId {
        self.slot(slot).item
    }

    pub(super) fn story(&self, story: StoryId) -> Option<&Story> {
        self.stories.get(&story)
    }

    /// Slots of the members that are somewhat like an item by its weightiest words, and at least so much by all, ascending.
    pub(super) fn candidates(&mut self, fresh: &Fresh, least: f32) -> Vec<u32> {
        let mut candidates = self.candidates_by_weightiest(&fresh.member);
        // Most are not like it when all is told, and with thousands of members it is worth to find that out in one sweep.
        self.told.resize(self.known.len(), 0);
        for (at, &word) in fresh.member.words.iter().enumerate() {
            self.told[word as usize] = fresh.told(at) as u32;
        }
        candidates.retain(|&slot| {
            let member = self.slot(slot);
            let words = member.words.iter().zip(&member.weights);
            let products = words
                .map(|(&word, &weight)| u64::from(self.told[word as usize] * u32::from(weight)));
            products.sum::<u64>() as f32 / (ONE * ONE) >= least
        });
        for &word in &fresh.member.words {
            self.told[word as usize] = 0;
        }
        candidates
    }

    fn candidates_by_weightiest(&mut self, member: &Member) -> Vec<u32> {
        let mut weightiest: Vec<(u16, &Known)> = member
            .words
            .iter()
            .zip(&member.weights)
            .map(|(&word, &weight)| (weight, &self.known[word as usize]))
            .collect();
        weightiest.sort_unstable_by(|(one, left), (other, right)| {
            other.cmp(one).then(left.hash.cmp(&right.hash))
        });
        let recent = self.recent(member);
        self.sums.resize(self.members.len(), 0);
        let mut touched = Vec::new();
        for (weight, known) in weightiest.into_iter().take(WEIGHTIEST) {
            // Counted among the recent, since members of stories that are over may be forgotten or not yet.
            let looked_at = match known.recent_holders(recent) {
                many if many > LATEST => LATEST,
                _ => known.holders.len(),
            };
            for &(slot, theirs) in known.holders.iter().rev().take(looked_at) {
                let sum = &mut self.sums[slot as usize];
                if *sum == 0 {
                    touched.push(slot);
                }
                *sum += u32::from(weight) * u32::from(theirs);
            }
        }
        let enough = (CANDIDATE * ONE * ONE) as u32;
        let mut candidates: Vec<u32> = touched
            .iter()
            .copied()
            .filter(|&slot| self.sums[slot as usize] >= enough)
            .collect();
        for slot in touched {
            self.sums[slot as usize] = 0;
        }
        candidates.sort_unstable();
        candidates
    }

    fn sums_of<'w>(&'w self, story: &'w Story) -> Cow<'w, Sums> {
        match story.members.as_slice() {
            [only] => self.slot(*only).sums().collect(),
            _ => Cow::Borrowed(&story.sums),
        }
    }

    /// The cosine of an item and the middle of a story.
    pub(super) fn likeness_with_middle(&self, fresh: &Fresh, story: StoryId) -> f32 {
        let Some(story) = self.stories.get(&story) else {
            return 0.0;
        };
        let sums: Vec<(u32, u32)> = fresh.member.sums().collect();
        cosine(&sums, &self.sums_of(story), |at| fresh.tells[at])
    }

    /// How alike the middles of two stories are, and how many members the smaller has; `None` if they are in two
    /// languages.
    pub(super) fn alike(&self, one: StoryId, other: StoryId) -> Option<(f32, usize)> {
        let (one, other) = (self.stories.get(&one)?, self.stories.get(&other)?);
        if !may_mix(one.language, other.language)
            || contradict(&one.identifiers, &other.identifiers)
        {
            return None;
        }
        let alike = cosine(&self.sums_of(one), &self.sums_of(other), |_| ONE as u32);
        Some((alike, one.members.len().min(other.members.len())))
    }

    /// How much of the middles of two stories, from 0 to 1, is said again and again in one and never in the other; of the
    /// story with less of that.
    pub(super) fn own(&self, one: StoryId, other: StoryId) -> f32 {
        let (Some(one), Some(other)) = (self.stories.get(&one), self.stories.get(&other)) else {
            return 0.0;
        };
        let part = |story: &Story, beside: &Story| {
            own(&self.sums_of(story), &self.sums_of(beside), |word| {
                self.holders_in(story, word) * 2 >= story.members.len()
            })
        };
        part(one, other).min(part(other, one))
    }

    /// Whether at least half of the smaller of two stories are bulletins beside members of the larger.
    pub(super) fn are_bulletins(&self, one: StoryId, other: StoryId) -> bool {
        let members = |story: StoryId| {
            let story = self.stories.get(&story);
            story.map_or(&[][..], |story| &story.members)
        };
        let (one, other) = (members(one), members(other));
        let (smaller, larger) = match one.len() <= other.len() {
            true => (one, other),
            false => (other, one),
        };
        let is_bulletin = |slot: &&u32| {
            let member = self.slot(**slot);
            let mut larger = larger.iter().map(|&slot| self.slot(slot));
            larger.any(|other| member.is_bulletin_beside(other))
        };
        smaller.iter().filter(is_bulletin).count() * 2 >= smaller.len()
    }

    /// How many members of a story hold a word.
    fn holders_in(&self, story: &Story, word: u32) -> usize {
        let holders = &self.known[word as usize].holders;
        let is_held = |slot: &u32| {
            holders
                .binary_search_by_key(slot, |(slot, _)| *slot)
                .is_ok()
        };
        let is_member = |slot: &u32| story.members.binary_search(slot).is_ok();
        match holders.len() < story.members.len() {
            true => holders.iter().filter(|(slot, _)| is_member(slot)).count(),
            false => story.members.iter().filter(|slot| is_held(slot)).count(),
        }
    }

    /// The two stories, the older first.
    pub(super) fn by_age(&self, one: StoryId, other: StoryId) -> (StoryId, StoryId) {
        let age = |story: StoryId| {
            (
                self.stories
                    .get(&story)
                    .map_or(i64::MAX, |story| story.opened),
                story,
            )
        };
        if age(one) <= age(other) {
            (one, other)
        } else {
            (other, one)
        }
    }

    /// Moves all members of one story into another.
    pub(super) fn merge(&mut self, younger: StoryId, older: StoryId) {
        let Some(moved) = self.stories.remove(&younger) else {
            return;
        };
        let sums = self.sums_of(&moved).into_owned();
        for &slot in &moved.members {
            self.members[slot as usize].story = older;
        }
        let Some(mut place) = self.stories.remove(&older) else {
            return;
        };
        place.sums = self.sums_of(&place).into_owned();
        add_sums(&mut place.sums, sums.into_iter());
        place.opened = place.opened.min(moved.opened);
        place.last = place.last.max(moved.last);
        place.take_language(moved.language);
        place.take_identifiers(&moved.identifiers);
        if let (Some(&one), Some(&other)) = (place.members.first(), moved.members.first()) {
            for opened in self.opened.iter_mut().skip(one.max(other) as usize) {
                *opened -= 1;
            }
        }
        place.members.extend(moved.members);
        place.members.sort_unstable();
        self.stories.insert(older, place);
    }

    /// The three words that an item most shares with a member, as the item writes them.
    pub(super) fn shared_words(&self, fresh: &Fresh, features: &Features, slot: u32) -> String {
        let member = self.slot(slot);
        let shared = features.words.iter().filter_map(|word| {
            let number = self.numbers.get(&word.hash)?;
            let theirs = fresh.member.words.binary_search(number).ok()?;
            let mine = member.words.binary_search(number).ok()?;
            let product = fresh.told(theirs) * u64::from(member.weights[mine]);
            Some((product, word.written.as_str()))
        });
        let mut shared: Vec<(u64, &str)> = shared.collect();
        shared.sort_by_key(|&(product, word)| (std::cmp::Reverse(product), word));
        let words = shared.iter().take(3).map(|(_, word)| format!("`{word}`"));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Forgets stories with all their members, once they are many enough to be worth it.
    pub(super) fn forget(&mut self, is_over: impl Fn(&Story) -> bool) {
        let over = self
            .stories
            .values()
            .filter(|story| is_over(story))
            .map(|story| story.members.len())
            .sum::<usize>();
        if over * 4 < self.members.len() {
            return;
        }
        let before = std::mem::take(self);
        for mut member in before.members {
            let kept = &before.stories[&member.story];
            if is_over(kept) {
                continue;
            }
            let mut words: Vec<(u32, u16)> = member
                .words
                .iter()
                .zip(&member.weights)
                .map(|(&word, &weight)| (self.number(before.known[word as usize].hash), weight))
                .collect();
            words.sort_unstable_by_key(|(number, _)| *number);
            member.words = words.iter().map(|(number, _)| *number).collect();
            member.weights = words.iter().map(|(_, weight)| *weight).collect();
            let story = member.story;
            self.add(member, story);
            if kept.is_column {
                self.set_apart(story);
            }
        }
    }
}

/// There are never so many members or words.
fn place(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
