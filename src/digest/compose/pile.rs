//! What is told, sorted into sections, ordered, capped and settled.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::articles::{Article, Topics, articles};
use super::headline::Headline;
use super::{Caps, Choice, How, Section, Settled, Story, Told};
use crate::digest::material::{Candidate, Followup, Material, StoryFacts, ToldBefore, Topic};
use crate::model::{ItemId, Origin, StoryId, TopicId};

/// A story, or an item that stands by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Story(StoryId),
    Single(ItemId),
}

/// What is told, by rank of topic, before it is ordered and capped.
#[derive(Default)]
pub(super) struct Pile<'m> {
    stories: BTreeMap<usize, Vec<Story<'m>>>,
    updates: Vec<(usize, Story<'m>)>,
    again: Vec<(usize, &'m ToldBefore, Vec<Article<'m>>)>,
    late: BTreeMap<usize, Vec<Article<'m>>>,
    replaced: BTreeMap<(usize, String), Vec<Article<'m>>>,
    /// Stories with something new that were told too short a time ago.
    resting: BTreeMap<usize, usize>,
}

impl<'m> Pile<'m> {
    pub(super) fn sort(
        material: &'m Material<'_>,
        topics: &Topics<'m>,
        choice: &mut Choice<'m>,
    ) -> Pile<'m> {
        let facts: HashMap<StoryId, &StoryFacts> = material
            .stories
            .iter()
            .map(|facts| (facts.id, facts))
            .collect();
        let mut groups: BTreeMap<Group, Vec<Article<'m>>> = BTreeMap::new();
        for article in articles(material, topics, choice) {
            let group = article.active[0]
                .story
                .map_or(Group::Single(article.item), Group::Story);
            groups.entry(group).or_default().push(article);
        }
        let mut pile = Pile::default();
        let mut below: BTreeMap<usize, usize> = BTreeMap::new();
        for (group, articles) in groups {
            let facts = match group {
                Group::Story(id) => facts.get(&id).copied(),
                Group::Single(_) => None,
            };
            let closed = facts.map_or(matches!(group, Group::Single(_)), |facts| facts.closed);
            match section_of(&articles, facts, topics) {
                Some(rank) => pile.put(articles, rank, facts, topics),
                None if closed => {
                    let rank = topics.rank(articles[0].active[0]);
                    *below.entry(rank).or_default() += 1;
                    settle(
                        &mut choice.settled,
                        &articles,
                        articles[0].active[0].topic,
                        How::Counted,
                    );
                }
                None => {} // Until the story closes, other outlets may still tell it.
            }
        }
        choice.below = below
            .into_iter()
            .map(|(rank, stories)| (topics.ranked[rank].topic, stories))
            .collect();
        pile
    }

    /// Puts the articles of one story where they are told.
    fn put(
        &mut self,
        articles: Vec<Article<'m>>,
        rank: usize,
        facts: Option<&'m StoryFacts>,
        topics: &Topics<'m>,
    ) {
        let mut fresh = Vec::new();
        for article in articles {
            let origin = |wanted: &[Origin]| {
                article
                    .active
                    .iter()
                    .any(|candidate| wanted.contains(&candidate.origin))
            };
            let own = topics.rank(article.active[0]);
            if origin(&[Origin::New, Origin::Backfill]) {
                fresh.push(article);
            } else if origin(&[Origin::Late]) {
                self.late.entry(own).or_default().push(article);
            } else {
                let outlet = article.active[0].outlet.clone();
                self.replaced
                    .entry((own, outlet))
                    .or_default()
                    .push(article);
            }
        }
        if fresh.is_empty() {
            return;
        }
        let told = facts.and_then(|facts| facts.told.as_ref());
        match told.map(|told| (told, &told.followup)) {
            Some((_, Followup::TooSoon)) => *self.resting.entry(rank).or_default() += 1,
            Some((told, Followup::Nothing)) => self.again.push((rank, told, fresh)),
            Some(_) => self
                .updates
                .push((rank, Story::new(fresh, rank, told, topics))),
            None => self
                .stories
                .entry(rank)
                .or_default()
                .push(Story::new(fresh, rank, None, topics)),
        }
    }

    /// Orders and caps what is told, and settles it.
    pub(super) fn lay_out(mut self, topics: &Topics<'m>, caps: Caps, choice: &mut Choice<'m>) {
        for stories in self.stories.values_mut() {
            stories.sort_by_key(Story::order);
        }
        self.updates
            .sort_by_key(|(rank, story)| (*rank, story.order()));
        // Updates come last: a reader has their stories already.
        let sizes: Vec<usize> = self
            .stories
            .values()
            .map(Vec::len)
            .chain([self.updates.len()])
            .collect();
        let mut room = allot(&sizes, caps.per_topic, caps.stories).into_iter();
        let mut shown: BTreeMap<usize, (Vec<Story<'m>>, usize)> = BTreeMap::new();
        for (rank, stories) in std::mem::take(&mut self.stories) {
            choice.stories += stories.len();
            choice.articles += stories.iter().map(Story::articles).sum::<usize>();
            let kept = room.next().unwrap_or(0);
            shown.insert(rank, show(stories, kept, caps, choice));
        }
        let updates = std::mem::take(&mut self.updates);
        let updates = updates.into_iter().map(|(_, story)| story).collect();
        let kept = room.next().unwrap_or(0);
        (choice.updates, choice.more_updates) = show(updates, kept, caps, choice);
        let stories = shown.values_mut().flat_map(|(stories, _)| stories);
        complete(stories.chain(&mut choice.updates).collect(), caps);
        for (rank, told, articles) in std::mem::take(&mut self.again) {
            again(articles, told, topics.ranked[rank].topic.id, caps, choice);
        }
        choice.resting = self
            .resting
            .iter()
            .map(|(rank, stories)| (topics.ranked[*rank].topic, *stories))
            .collect();
        for (rank, ranked) in topics.ranked.iter().enumerate() {
            let (stories, more) = shown.remove(&rank).unwrap_or_default();
            let (late, more_late) = self.late_of(rank, ranked.topic, caps, choice);
            let (replaced, more_replaced) = self.replaced_of(rank, ranked.topic, caps, choice);
            let section = Section {
                topic: ranked.topic,
                stories,
                more,
                late,
                replaced,
                more_late: more_late + more_replaced,
            };
            if section.has_lines() || section.more + section.more_late > 0 {
                choice.sections.push(section);
            } else if ranked.topic.wanted
                && !ranked.asleep
                && !self.resting.contains_key(&rank)
                && !choice.mentions(ranked.topic)
            {
                choice.quiet.push(ranked.topic);
            }
        }
    }

    fn late_of(
        &mut self,
        rank: usize,
        topic: &Topic,
        caps: Caps,
        choice: &mut Choice<'m>,
    ) -> (Vec<&'m Candidate>, usize) {
        let mut late = self.late.remove(&rank).unwrap_or_default();
        late.sort_by_key(|article| (Reverse(article.active[0].date), article.item));
        let hidden = late.split_off(caps.late.min(late.len()));
        settle(&mut choice.settled, &late, topic.id, How::Late);
        settle(&mut choice.settled, &hidden, topic.id, How::Counted);
        (
            late.iter().map(|article| article.active[0]).collect(),
            hidden.len(),
        )
    }

    fn replaced_of(
        &mut self,
        rank: usize,
        topic: &Topic,
        caps: Caps,
        choice: &mut Choice<'m>,
    ) -> (Vec<Vec<&'m Candidate>>, usize) {
        let outlets = self.replaced.keys().filter(|(of, _)| *of == rank);
        let outlets: Vec<(usize, String)> = outlets.cloned().collect();
        let (mut replaced, mut hidden) = (Vec::new(), 0);
        for outlet in outlets {
            let articles = self.replaced.remove(&outlet).unwrap_or_default();
            if replaced.len() < caps.late {
                settle(&mut choice.settled, &articles, topic.id, How::Replaced);
                replaced.push(articles.iter().map(|article| article.active[0]).collect());
            } else {
                settle(&mut choice.settled, &articles, topic.id, How::Counted);
                hidden += articles.len();
            }
        }
        (replaced, hidden)
    }
}

/// The first `kept` stories as shown, and how many are only counted.
fn show<'m>(
    mut stories: Vec<Story<'m>>,
    kept: usize,
    caps: Caps,
    choice: &mut Choice<'m>,
) -> (Vec<Story<'m>>, usize) {
    let hidden = stories.split_off(kept.min(stories.len()));
    let more = hidden.len();
    for story in hidden {
        story.counted(choice);
    }
    let shown = stories.into_iter().enumerate();
    let shown = shown.map(|(at, story)| story.shown(at < caps.excerpts, caps.headlines, choice));
    (shown.collect(), more)
}

/// Puts below the stories what else is said of them: no more headlines of other outlets in all than the message may
/// have stories, so that a mail which is to be short, or is full of stories, has few of them for each.
fn complete(stories: Vec<&mut Story<'_>>, caps: Caps) {
    let sizes: Vec<usize> = stories.iter().map(|story| story.headlines.len()).collect();
    let rooms = allot(&sizes, caps.headlines, caps.stories);
    for (story, room) in stories.into_iter().zip(rooms) {
        story.complete(room, caps.further);
    }
}

/// Lists the headlines of a story told before that say it in other words, as far as there is room, and counts the rest.
fn again<'m>(
    mut articles: Vec<Article<'m>>,
    told: &ToldBefore,
    topic: TopicId,
    caps: Caps,
    choice: &mut Choice<'m>,
) {
    let texts = told.headlines.iter();
    let mut known: Vec<Headline> = texts.filter_map(|text| Headline::of_text(text)).collect();
    let (mut listed, mut counted) = (Vec::new(), Vec::new());
    articles.sort_by_key(|article| (Reverse(article.active[0].date), article.item));
    for article in articles {
        let headline = Headline::of(article.active[0]);
        let own = headline.filter(|own| !known.iter().any(|known| known.covers(own)));
        let Some(headline) = own else {
            counted.push(article);
            continue;
        };
        let matched_at = article.active[0].matched_at;
        let since = choice.again.waits_since.get_or_insert(matched_at);
        *since = matched_at.min(*since);
        if listed.len() < caps.further {
            known.push(headline);
            listed.push(article);
        } else {
            counted.push(article);
        }
    }
    settle(&mut choice.settled, &listed, topic, How::Also);
    settle(&mut choice.settled, &counted, topic, How::Counted);
    let listed = listed.iter().map(|article| article.active[0]);
    choice.again.listed.extend(listed);
    choice.again.articles += counted.len();
    choice.again.stories += usize::from(!counted.is_empty());
}

/// The first topic under which a story may stand: one whose `min_outlets` it reaches.
fn section_of(
    articles: &[Article<'_>],
    facts: Option<&StoryFacts>,
    topics: &Topics<'_>,
) -> Option<usize> {
    let candidates = || {
        articles
            .iter()
            .flat_map(|article| article.active.iter().copied())
    };
    let publishers: BTreeSet<&str> = candidates()
        .map(|candidate| candidate.publisher.as_str())
        .collect();
    let outlets = facts
        .map_or(0, |facts| facts.outlets as usize)
        .max(publishers.len());
    candidates()
        .map(|candidate| topics.rank(candidate))
        .filter(|rank| topics.ranked[*rank].topic.min_outlets as usize <= outlets)
        .min()
}

pub(super) fn settle(settled: &mut Settled, articles: &[Article<'_>], topic: TopicId, how: How) {
    for article in articles {
        settled.leaving.extend(&article.all);
        settled.told.push(Told {
            item: article.item,
            story: article.active[0].story,
            topic,
            how,
        });
    }
}

/// How many of each list are shown, at most so many of each and in all: in turn one of each, so that every topic shows
/// its best story before any shows its second.
fn allot(sizes: &[usize], of_each: usize, mut room: usize) -> Vec<usize> {
    let mut shown = vec![0; sizes.len()];
    loop {
        let before = room;
        for (shown, size) in shown.iter_mut().zip(sizes) {
            if room > 0 && *shown < of_each.min(*size) {
                *shown += 1;
                room -= 1;
            }
        }
        if room == before {
            return shown;
        }
    }
}
