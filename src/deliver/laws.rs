//! A law of the whole way from an entry to a message: the same news, read by random watchlists.
//!
//! What a watchlist wants is decided here anew, by words of a title alone, so that matching is on trial as well.
//! `WATCHLISTS=10000 cargo test deliver::laws` tries so many.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{RngSeed, TestCaseError};

use super::compose::sent_in_full;
use super::{Which, compose_all};
use crate::config::find::Places;
use crate::config::load_text;
use crate::desk::intake::{Arrival, Came};
use crate::desk::{Desk, Watchlist};
use crate::feed::FeedDocument;
use crate::model::{DeliveryId, Entry, FeedId, Timestamp};
use crate::schedule::retry;
use crate::store::Store;
use crate::store::outbox::{Attempt, Delivery, State};

const HOST: &str = "atlas.home.example";
const FEEDS: [&str; 4] = ["wire", "courier", "herald", "record"];
const WORDS: [&str; 10] = [
    "strike", "harbour", "crane", "union", "barge", "lock", "pilot", "grain", "flood", "ferry",
];
const READERS: [&str; 2] = ["reader@mail.example", "desk@mail.example"];

/// Hours of news, and of the time after it, in which the last stories close, and each digest falls due once more after
/// the last of them has rested.
const NEWS: i64 = 40;
const AFTER: i64 = 104;

const ARTICLES: usize = 36;

fn start() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().expect("a timestamp")
}

fn hour(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

/// One article of the news.
struct News {
    number: usize,
    feed: usize,
    hour: i64,
    title: String,
}

impl News {
    fn link(&self) -> String {
        format!("https://{}.example/{}", FEEDS[self.feed], self.number)
    }

    fn words(&self) -> BTreeSet<&str> {
        self.title.split(' ').collect()
    }
}

/// The news that all watchlists read: some stand alone, some are told by several outlets, some come back as updates.
fn news() -> Vec<News> {
    let mut news: Vec<News> = Vec::new();
    for number in 0..ARTICLES {
        let word = |step: usize| WORDS[(number * number + step * 3) % WORDS.len()];
        let title = match number % 5 {
            3 => news[number - 2].title.clone(),
            4 if number > 14 => format!("UPDATE 1-{}", news[number - 14].title),
            _ => format!(
                "Report {number} tells of {} and {} near town{number} by witness{number}",
                word(1),
                word(2)
            ),
        };
        news.push(News {
            number,
            feed: (number * 7 / 3) % FEEDS.len(),
            hour: 2 + (number as i64 * (NEWS - 8)) / ARTICLES as i64,
            title,
        });
    }
    news
}

/// A topic of a random watchlist.
#[derive(Clone, Debug)]
struct Wanted {
    any: Vec<&'static str>,
    none: Option<&'static str>,
    feeds: Vec<&'static str>,
    keys: String,
    waits: bool,
}

impl Wanted {
    fn wants(&self, news: &News) -> bool {
        let words = news.words();
        let is_read = self.feeds.is_empty() || self.feeds.contains(&FEEDS[news.feed]);
        is_read
            && self.any.iter().any(|word| words.contains(word))
            && self.none.is_none_or(|word| !words.contains(word))
    }
}

/// A digest of a random watchlist.
#[derive(Clone, Debug)]
struct Sent {
    keys: String,
    to: Vec<&'static str>,
    topics: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Random {
    topics: Vec<Wanted>,
    digests: Vec<Sent>,
}

fn topics() -> impl Strategy<Value = Vec<Wanted>> {
    let topic = (
        subsequence(&WORDS[..], 1..4),
        prop::option::weighted(0.3, select(&WORDS[..])),
        prop_oneof![3 => Just(Vec::new()), 1 => subsequence(&FEEDS[..], 1..3)],
        prop_oneof![3 => Just(1), 1 => 2..4u32],
        any::<[bool; 2]>(),
        prop::bool::weighted(0.8),
        prop::option::weighted(0.2, select(&["2026-11-22", "2026-11-24", "2026-11-26"][..])),
    );
    let topic = topic.prop_map(
        |(any, none, feeds, outlets, [high, sensitive], group, snooze)| {
            let mut keys =
                format!("group = {group}\nsensitive = {sensitive}\nmin_outlets = {outlets}\n");
            if high {
                keys += "priority = \"high\"\n";
            }
            if let Some(day) = snooze {
                keys += &format!("snooze = \"{day}\"\n");
            }
            Wanted {
                none: none.filter(|word| !any.contains(word)),
                any,
                feeds,
                keys,
                waits: outlets > 1,
            }
        },
    );
    prop::collection::vec(topic, 1..6)
}

const PLANS: [&str; 6] = [
    "send = [\"07:00\"]",
    "send = [\"07:00\", \"18:00\"]",
    "send = \"5h\"",
    "send = \"at once\"",
    "send = \"at once\"\nquiet = \"22:00-06:30\"",
    "send = [\"12:00\"]\ndays = [\"tue\", \"thu\", \"sat\"]",
];

fn watchlist() -> impl Strategy<Value = Random> {
    topics().prop_flat_map(move |topics| {
        let all: Vec<usize> = (0..topics.len()).collect();
        let digest = (
            select(&PLANS[..]),
            1..9usize,
            subsequence(&READERS[..], 1..=READERS.len()),
            subsequence(all.clone(), 1..=all.len()),
            select(&["UTC", "Australia/Lord_Howe", "America/New_York"][..]),
        );
        let digest = digest.prop_map(|(plan, stories, to, topics, zone)| Sent {
            keys: format!("{plan}\nmax_stories = {stories}\ntimezone = \"{zone}\"\n"),
            to,
            topics,
        });
        let digests = prop::collection::vec(digest, 1..4);
        digests.prop_map(move |digests| Random {
            topics: topics.clone(),
            digests,
        })
    })
}

impl Random {
    fn toml(&self) -> String {
        let mut text = String::from("[mail]\nto = [\"reader@mail.example\"]\n");
        for (number, digest) in self.digests.iter().enumerate() {
            let topics: Vec<String> = digest.topics.iter().map(|at| format!("T{at}")).collect();
            text += &format!(
                "[[digest]]\nname = \"D{number}\"\n{}to = {:?}\ntopics = {topics:?}\n",
                digest.keys, digest.to
            );
        }
        for feed in FEEDS {
            text += &format!("[[feed]]\nname = {feed:?}\nurl = \"https://{feed}.example/feed\"\n");
        }
        for (number, topic) in self.topics.iter().enumerate() {
            let none: Vec<_> = topic.none.iter().collect();
            text += &format!(
                "[[topic]]\nname = \"T{number}\"\nany = {:?}\n{}",
                topic.any, topic.keys
            );
            if !none.is_empty() {
                text += &format!("none = {none:?}\n");
            }
            if !topic.feeds.is_empty() {
                text += &format!("feeds = {:?}\n", topic.feeds);
            }
        }
        text
    }

    /// The topics that the reader gets in any digest.
    fn topics_of(&self, reader: &str) -> BTreeSet<usize> {
        let digests = self
            .digests
            .iter()
            .filter(|digest| digest.to.contains(&reader));
        digests
            .flat_map(|digest| digest.topics.iter().copied())
            .collect()
    }

    fn desk(&self) -> Desk {
        let file = Path::new("/watch/wirewatch.toml");
        let places = Places {
            config: "/watch".into(),
            state: Some("/state".into()),
            credentials: None,
        };
        let loaded = load_text(self.toml(), None, file, &places).expect("a sound watchlist");
        let store = Store::open_in_memory(start()).expect("a store");
        Desk::open(store, Arc::new(Watchlist::new(loaded, file)), start()).expect("a desk")
    }
}

/// What one feed shows at an hour: the news up to then, the newest first, and a few articles that nobody wants.
fn document(feed: usize, now: i64, news: &[News]) -> Came {
    let entry = |link: String, title: String, at: Timestamp| Entry {
        guid: Some(link.clone()),
        link: Some(link),
        title: Some(title),
        published: Some(at),
        ..Entry::default()
    };
    let shown = news
        .iter()
        .filter(|news| news.feed == feed && news.hour <= now);
    let shown = shown.map(|news| entry(news.link(), news.title.clone(), hour(news.hour)));
    let old = (0..3).map(|number| {
        let link = format!("https://{}.example/old/{number}", FEEDS[feed]);
        entry(
            link,
            format!("Weather of {} {number}", FEEDS[feed]),
            hour(-10 * (number + 1)),
        )
    });
    let entries: Vec<Entry> = shown.rev().chain(old).collect();
    Came {
        arrival: Arrival::Document {
            document: Box::new(FeedDocument {
                entries,
                ..FeedDocument::default()
            }),
            validators: None,
            hash: None,
        },
        permanent_target: None,
        freshness: None,
        refused_by: None,
    }
}

/// Polls and mails through all hours; gives the messages with their HTML, oldest first.
fn run(desk: &mut Desk, news: &[News]) -> Vec<(Delivery, String)> {
    let mut sent = Vec::new();
    // Once the news has ended, only stories close and rest.
    for now in (0..NEWS).step_by(2).chain((NEWS..NEWS + AFTER).step_by(4)) {
        if now <= NEWS && now % 8 == 0 {
            for feed in 0..FEEDS.len() {
                let came = document(feed, now, news);
                let id = FeedId(feed as i64 + 1);
                desk.take(id, came, hour(now)).expect("taken");
            }
        }
        let at = hour(now) + SignedDuration::from_mins(3);
        compose_all(desk, &Which::Due, HOST, at).expect("composed");
        for delivery in desk.store.due_deliveries(at).expect("rows") {
            let content = desk.store.delivery_content(delivery.id).expect("a row");
            let html = String::from_utf8(content.expect("bytes").html).expect("UTF-8");
            let attempt = Attempt {
                outcome: retry::Outcome::Accepted,
                state: State::Sent,
                next_at: at,
                tries: delivery.tries,
                reply: "250 OK",
            };
            desk.store
                .settle(delivery.id, &attempt, at)
                .expect("settled");
            sent.push((delivery, html));
        }
    }
    sent
}

fn mentions(html: &str, article: &News) -> usize {
    html.matches(&format!("href=\"{}\"", article.link()))
        .count()
}

/// What a watchlist made of the news.
struct Outcome<'a> {
    random: &'a Random,
    desk: Desk,
    news: Vec<News>,
    sent: Vec<(Delivery, String)>,
}

fn check(random: &Random) -> Result<(), TestCaseError> {
    let news = news();
    let mut desk = random.desk();
    let sent = run(&mut desk, &news);
    let outcome = Outcome {
        random,
        desk,
        news,
        sent,
    };
    for reader in READERS {
        let topics = random.topics_of(reader);
        for article in &outcome.news {
            outcome.check_article(reader, &topics, article)?;
        }
    }
    Ok(())
}

impl Outcome<'_> {
    fn check_article(
        &self,
        reader: &str,
        topics: &BTreeSet<usize>,
        article: &News,
    ) -> Result<(), TestCaseError> {
        let topics = topics.iter().map(|at| &self.random.topics[*at]);
        let wanting: Vec<&Wanted> = topics.filter(|topic| topic.wants(article)).collect();
        let store = &self.desk.store;
        let (told, waits) = store
            .told_and_pending(reader, &article.link())
            .expect("rows");
        let what = format!("{reader}: {:?} told {told:?}, waits {waits}", article.title);
        let is_wanted = !wanting.is_empty();
        prop_assert!(
            is_wanted || told.is_empty() && !waits,
            "{what}, which nobody wants"
        );
        prop_assert!(!is_wanted || told.len() + usize::from(waits) == 1, "{what}");
        if let Some((delivery, how)) = told.first() {
            return self.check_told(reader, article, (*delivery, how), &what);
        }
        prop_assert_eq!(self.shown(reader, article), 0, "{}", what);
        // A number alone sends no mail, so what is only to be counted may wait for good where nothing follows.
        let is_counted = wanting.iter().any(|topic| topic.waits)
            || self
                .news
                .iter()
                .filter(|other| other.title.ends_with(&article.title))
                .count()
                > 1
            || article.title.starts_with("UPDATE");
        prop_assert!(!waits || is_counted, "{what} for nothing");
        Ok(())
    }

    fn check_told(
        &self,
        reader: &str,
        article: &News,
        (delivery, how): (DeliveryId, &str),
        what: &str,
    ) -> Result<(), TestCaseError> {
        let shown = self.shown(reader, article);
        match how {
            "full" | "compact" | "late" => prop_assert_eq!(shown, 1, "{}", what),
            "also" => prop_assert!(shown <= 1, "{what}: shown {shown} times"),
            _ => prop_assert_eq!(shown, 0, "{}", what),
        }
        let mail = self.sent.iter().find(|(mail, _)| mail.id == delivery);
        let (mail, html) = mail.expect("the message that told it");
        prop_assert_eq!(
            mentions(html, article),
            shown,
            "{}: in another message",
            what
        );
        if !matches!(how, "counted" | "snoozed") {
            return Ok(());
        }
        prop_assert!(
            html.contains("wirewatch digest "),
            "{what}: counted without a command"
        );
        let digests = &self.desk.watchlist.config.digests;
        let digest = digests.iter().find(|digest| digest.name == mail.digest);
        let full = sent_in_full(&self.desk, digest.expect("its digest"), mail, None, HOST);
        let full = full.expect("read").expect("a message");
        // An outlet that repeats a headline is named once.
        let same = self
            .news
            .iter()
            .filter(|other| other.title == article.title);
        let listed = same.map(|other| mentions(&full.html, other)).max();
        prop_assert_eq!(listed, Some(1), "{}: not listed by its command", what);
        Ok(())
    }

    /// How often the reader's messages show an article.
    fn shown(&self, reader: &str, article: &News) -> usize {
        let mails = self
            .sent
            .iter()
            .filter(|(mail, _)| mail.recipient == reader);
        mails.map(|(_, html)| mentions(html, article)).sum()
    }
}

/// Few and always the same, since each runs for days; by hand so many as are asked for, each time others.
fn configuration() -> ProptestConfig {
    let asked = std::env::var("WATCHLISTS").ok();
    let asked: Option<u32> = asked.and_then(|number| number.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        rng_seed: asked.map_or(RngSeed::Fixed(2026), |_| RngSeed::Random),
        ..ProptestConfig::with_cases(asked.unwrap_or(24))
    }
}

proptest! {
    #![proptest_config(configuration())]

    /// Every article that a topic wants is told to each of its readers exactly once, shown or counted with a command
    /// that lists it, or still waits; and no other is told.
    #[test]
    fn each_reader_is_told_what_his_topics_want_once(random in watchlist()) {
        check(&random)?;
    }
}
