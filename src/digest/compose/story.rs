//! One story: who speaks for it, who else tells it, and in which form.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::articles::{Article, Topics};
use super::pile::settle;
use super::{Choice, How, Story};
use crate::digest::excerpt::excerpt;
use crate::digest::material::{Candidate, ToldBefore, Topic};
use crate::model::{Field, ItemId};

impl<'m> Story<'m> {
    pub(super) fn new(
        articles: Vec<Article<'m>>,
        rank: usize,
        told: Option<&'m ToldBefore>,
        topics: &Topics<'m>,
    ) -> Story<'m> {
        let topic = topics.ranked[rank].topic;
        let of_topic = |candidate: &&'m Candidate| candidate.topic == topic.id;
        let matched = articles
            .iter()
            .filter_map(|article| article.active.iter().copied().find(of_topic));
        let lead = matched
            .min_by(|one, other| {
                other
                    .score
                    .total_cmp(&one.score)
                    .then(one.date.cmp(&other.date))
                    .then(one.item.cmp(&other.item))
            })
            .unwrap_or(articles[0].active[0]);
        let mut others: Vec<&Candidate> =
            articles.iter().map(|article| article.active[0]).collect();
        others.sort_by_key(|candidate| (candidate.date, candidate.item));
        let mut publishers = BTreeSet::from([lead.publisher.as_str()]);
        others.retain(|candidate| publishers.insert(&candidate.publisher));
        let tags: BTreeSet<usize> = articles
            .iter()
            .flat_map(|article| article.tags.iter().copied())
            .collect();
        let mut tags: Vec<&Topic> = tags
            .into_iter()
            .map(|rank| topics.ranked[rank].topic)
            .collect();
        let sensitive = tags.iter().any(|tag| tag.sensitive);
        tags.retain(|tag| tag.id != topic.id);
        Story {
            lead,
            also: others,
            headlines: Vec::new(),
            further: Vec::new(),
            more_further: 0,
            tags,
            sensitive,
            told,
            excerpt: None,
            articles,
            topic,
        }
    }

    /// How many articles tell it.
    pub(super) fn articles(&self) -> usize {
        self.articles.len()
    }

    /// Many outlets first, then a match in the title before one in the text, then the newest.
    pub(super) fn order(&self) -> (Reverse<usize>, bool, Reverse<Timestamp>, ItemId) {
        let matches = || self.articles.iter().flat_map(|article| &article.active);
        let in_title = matches()
            .filter(|candidate| candidate.topic == self.topic.id)
            .any(|candidate| candidate.hits.iter().any(|hit| hit.field == Field::Title));
        let newest = matches()
            .map(|candidate| candidate.date)
            .max()
            .unwrap_or(self.lead.date);
        (
            Reverse(self.also.len()),
            !in_title,
            Reverse(newest),
            self.lead.item,
        )
    }

    /// Whether it stands under this topic or is tagged with it.
    pub(super) fn is_on(&self, topic: &Topic) -> bool {
        self.topic.id == topic.id || self.tags.iter().any(|tag| tag.id == topic.id)
    }

    pub(super) fn shown(
        mut self,
        with_excerpt: bool,
        headlines: usize,
        choice: &mut Choice<'m>,
    ) -> Story<'m> {
        // Where a story is no more than its headline, one of another outlet is enough beside it.
        self.headlines = self.differing(if with_excerpt {
            headlines
        } else {
            headlines.min(1)
        });
        if with_excerpt && !self.sensitive {
            self.excerpt = excerpt(self.lead);
        }
        for article in &self.articles {
            let how = match article.item == self.lead.item {
                true if self.excerpt.is_some() => How::Full,
                true => How::Compact,
                false => How::Also,
            };
            settle(
                &mut choice.settled,
                std::slice::from_ref(article),
                self.topic.id,
                how,
            );
        }
        self
    }

    /// Settles how many headlines of other outlets there is room for, and which later articles tell something beside
    /// them.
    pub(super) fn complete(&mut self, headlines: usize, further: usize) {
        self.headlines.truncate(headlines);
        self.further = self.later();
        self.more_further = self.further.len().saturating_sub(further);
        self.further.truncate(further);
    }

    pub(super) fn counted(self, choice: &mut Choice<'m>) {
        settle(
            &mut choice.settled,
            &self.articles,
            self.topic.id,
            How::Counted,
        );
    }
}
