//! Material for the tests: a small way to write it down.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::compose::Caps;
use super::material::*;
use super::{DigestSettings, Message, WhenEmpty, message};
use crate::model::{Field, Hit, ItemId, MatchId, Origin, Shown, StoryId, TopicId};
use crate::schedule::digests::{Plan, Send};

/// A material that owns its settings.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) digest: DigestSettings,
    pub(super) material: Material<'static>,
}

/// Monday 23 November 2026, 07:00 in Berlin.
pub(super) fn now() -> Timestamp {
    "2026-11-23T06:00:00Z".parse().expect("a timestamp")
}

/// So many minutes before [`now`].
pub(super) fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// A daily digest at 07:00 in Berlin, with nothing in it.
pub(super) fn sample() -> Sample {
    let digest = DigestSettings {
        name: "Morning digest".to_owned(),
        to: vec!["reader@mail.example".to_owned()],
        plan: Plan {
            timezone: TimeZone::get("Europe/Berlin").expect("a zone"),
            ..Plan::default()
        },
        topics: vec!["*".to_owned()],
        max_stories: 40,
        when_empty: WhenEmpty::Skip,
        declared: true,
    };
    let material = Material {
        digest: Box::leak(Box::new(digest.clone())),
        recipient: "reader@mail.example",
        now: now(),
        since: Some(ago(24 * 60)),
        first: false,
        lists_stored: false,
        topics: Vec::new(),
        candidates: Vec::new(),
        stories: Vec::new(),
        edits: Vec::new(),
        elsewhere: Vec::new(),
        feed_news: Vec::new(),
        known_troubles: 0,
        feeds: FeedFigures {
            feeds: 41,
            failing: 0,
            polls: 1_213,
            failed: 6,
            gaps: 0,
        },
        watchlist: Watchlist {
            file: "wirewatch.toml".to_owned(),
            saved_at: ago(776),
            problems: 0,
        },
        host: "atlas.home.example",
    };
    Sample { digest, material }
}

/// The same, going at once.
pub(super) fn alert() -> Sample {
    let mut alert = sample();
    alert.digest.name = "Alerts".to_owned();
    alert.digest.plan.send = Send::AtOnce;
    alert
}

impl Sample {
    /// The material, with the settings as they are now.
    pub(super) fn material(&self) -> Material<'_> {
        Material {
            digest: &self.digest,
            ..self.material.clone()
        }
    }

    /// The message within the usual caps.
    pub(super) fn message(&self) -> Option<Message> {
        message(&self.material(), Caps::standard(self.digest.max_stories))
    }

    /// Adds a topic; `history` may be shorter than 15 days.
    pub(super) fn topic(&mut self, name: &str, history: &[u32]) -> &mut Topic {
        let id = TopicId(self.material.topics.len() as i64 + 1);
        self.material.topics.push(Topic {
            id,
            name: name.to_owned(),
            wanted: true,
            high_priority: false,
            sensitive: false,
            snooze: None,
            min_outlets: 1,
            history: history.to_vec(),
        });
        self.material.topics.last_mut().expect("just pushed")
    }

    /// Adds a match of the last topic: a story by itself, published so many minutes ago. Terms are hit wherever they
    /// first stand in the title, else in the text.
    pub(super) fn article(
        &mut self,
        outlet: &str,
        minutes: i64,
        title: &str,
        text: &str,
        terms: &[&str],
    ) -> &mut Candidate {
        let number = self.material.candidates.len() as i64 + 1;
        let domain = outlet.to_lowercase().replace([' ', '&', ','], "");
        let candidate = Candidate {
            id: MatchId(number),
            item: ItemId(number),
            text: ItemId(number),
            story: Some(StoryId(number)),
            topic: self.material.topics.last().expect("a topic").id,
            matched_at: ago(minutes.min(20)),
            origin: Origin::New,
            score: 1.0,
            hits: hits(title, text, terms),
            shown: Shown {
                title: title.to_owned(),
                summary: text.to_owned(),
                ..Shown::default()
            },
            link: Some(format!(
                "https://{}.example/{number}",
                if domain.is_ascii() { &domain } else { "outlet" }
            )),
            date: ago(minutes),
            outlet: outlet.to_owned(),
            publisher: domain,
            lang: Some("en".to_owned()),
        };
        self.material.candidates.push(candidate);
        self.material.stories.push(StoryFacts {
            id: StoryId(number),
            outlets: 1,
            closed: false,
            told: None,
        });
        self.material.candidates.last_mut().expect("just pushed")
    }

    /// Adds a match of another outlet to the story of the last article.
    pub(super) fn also(&mut self, outlet: &str, minutes: i64, title: &str) -> &mut Candidate {
        let story = self
            .material
            .candidates
            .last()
            .and_then(|last| last.story)
            .expect("a story");
        let terms: Vec<String> = Vec::new();
        let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
        let added = self.article(outlet, minutes, title, "", &terms);
        added.story = Some(story);
        added.score = 0.5;
        let facts = self
            .material
            .stories
            .iter_mut()
            .find(|facts| facts.id == story)
            .expect("its facts");
        facts.outlets += 1;
        self.material.candidates.last_mut().expect("just pushed")
    }

    /// Lets the last article's item match another topic too.
    pub(super) fn also_in(&mut self, topic: TopicId) {
        let last = self.material.candidates.last().expect("an article").clone();
        let id = MatchId(1_000 + self.material.candidates.len() as i64);
        self.material
            .candidates
            .push(Candidate { id, topic, ..last });
    }

    /// Says that the story of the last article was told before.
    pub(super) fn told(&mut self, minutes: i64, followup: Followup) -> &mut ToldBefore {
        let facts = self.material.stories.last_mut().expect("a story");
        facts.told.insert(ToldBefore {
            at: ago(minutes),
            followup,
            headlines: Vec::new(),
            thread: None,
        })
    }

    /// Adds news of a feed.
    pub(super) fn news(&mut self, feed: &str, what: FeedEvent, topics: &[&str]) {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        self.material.feed_news.push(FeedNews {
            feed: feed.to_owned(),
            what,
            topics,
        });
    }
}

fn hits(title: &str, text: &str, terms: &[&str]) -> Vec<Hit> {
    let hit = |term: &&str| {
        let (field, start) = match title.find(term) {
            Some(start) => (Field::Title, start),
            None => (
                Field::Summary,
                text.find(term).expect("the term stands somewhere"),
            ),
        };
        let (term, form) = ((*term).to_owned(), (*term).to_owned());
        Hit {
            field,
            start,
            end: start + term.len(),
            term,
            form,
            list: None,
        }
    };
    terms.iter().map(hit).collect()
}
