//! A watchlist that was read and compiled, and who wants which topic.

use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::config::{Access, Config, FeedConfig, Loaded, Version};
use crate::digest::DigestSettings;
use crate::model::Backfill;
use crate::schedule::feeds::Settings as Pace;
use crate::text::fold::fold;
use crate::topic::{self, Topic};

/// The watchlist in force: what was declared, with its version.
#[derive(Debug)]
pub struct Watchlist {
    /// What was declared.
    pub config: Config,
    /// Which state of the file this is.
    pub version: Version,
    /// Its text, kept as the last good one.
    pub text: String,
    file: PathBuf,
    /// For each topic, in file order, the addresses that get it.
    readers: Vec<Vec<String>>,
    /// What each topic asks, in file order.
    hashes: Vec<i64>,
    /// Where each feed stands in `config`, in the order of their addresses.
    by_url: Vec<usize>,
}

impl Watchlist {
    /// What was loaded from `file`.
    pub fn new(loaded: Loaded, file: &Path) -> Watchlist {
        let Loaded {
            config,
            version,
            text,
            ..
        } = loaded;
        let readers = config
            .topics()
            .iter()
            .map(|topic| readers_of(&config, topic))
            .collect();
        let hashes = config
            .topics()
            .iter()
            .map(|topic| topic::query_hash(topic, &config.lists))
            .collect();
        let mut by_url: Vec<usize> = (0..config.feeds.len()).collect();
        by_url.sort_unstable_by_key(|&index| config.feeds[index].feed.url.as_str());
        Watchlist {
            config,
            version,
            text,
            file: file.to_owned(),
            readers,
            hashes,
            by_url,
        }
    }

    /// The topics' names and the hashes of what they ask, in file order.
    pub fn topic_hashes(&self) -> Vec<(&str, i64)> {
        let topics = self.config.topics().iter().zip(&self.hashes);
        topics
            .map(|(topic, hash)| (topic.name.as_str(), *hash))
            .collect()
    }

    /// The hash of what the topic of this index asks.
    pub fn query_hash(&self, topic: usize) -> i64 {
        self.hashes.get(topic).copied().unwrap_or_default()
    }

    /// The addresses, in lower case, that get the topic of this index in some digest.
    pub fn readers(&self, topic: usize) -> &[String] {
        self.readers.get(topic).map_or(&[], Vec::as_slice)
    }

    /// Whether the digest has the topic.
    pub fn wants(&self, digest: &DigestSettings, topic: &Topic) -> bool {
        wants(digest, topic)
    }

    /// Those of the topics that look at the feed of this address.
    pub fn reading<'t>(&self, topics: &[&'t Topic], url: &str) -> Vec<&'t Topic> {
        let Some(declared) = self.feed(url) else {
            return Vec::new();
        };
        let names = declared.feed.name.iter().chain(&declared.feed.tags);
        let names: Vec<String> = names.map(|name| fold(name)).collect();
        let reads = |topic: &Topic| {
            let wanted = &topic.rule.feeds;
            wanted.is_empty() || wanted.iter().any(|wanted| names.contains(&fold(wanted)))
        };
        topics
            .iter()
            .copied()
            .filter(|topic| reads(topic))
            .collect()
    }

    /// The declared feed of this address.
    pub fn feed(&self, url: &str) -> Option<&FeedConfig> {
        let address = |&index: &usize| self.config.feeds[index].feed.url.as_str();
        let found = self.by_url.binary_search_by_key(&url, address).ok()?;
        self.config.feeds.get(self.by_url[found])
    }

    /// The tags of the feed of this address; none if it is no longer declared.
    pub fn tags(&self, url: &str) -> &[String] {
        self.feed(url).map_or(&[], |declared| &declared.feed.tags)
    }

    /// Whether anything of the feed's first document is mailed.
    pub fn mails_backfill(&self, url: &str) -> bool {
        self.feed(url)
            .is_some_and(|declared| declared.feed.backfill != Backfill::None)
    }

    /// How the feed of this address is asked: what it is shown, through which proxy, and where it may be.
    pub fn way_to(&self, url: &str) -> Option<(&Access, Option<&str>, &[IpNet])> {
        let poll = &self.config.poll;
        let declared = self.feed(url)?;
        Some((&declared.access, poll.proxy.as_deref(), &poll.allow_private))
    }

    /// How fast feeds may be asked.
    pub fn pace(&self) -> Pace {
        Pace {
            fastest: self.config.poll.fastest,
            slowest: self.config.poll.slowest,
        }
    }

    /// The file it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

fn wants(digest: &DigestSettings, topic: &Topic) -> bool {
    digest.topics.iter().any(|wanted| {
        let folded = fold(wanted);
        wanted == "*"
            || topic
                .tags
                .iter()
                .chain([&topic.name])
                .any(|name| fold(name) == folded)
    })
}

fn readers_of(config: &Config, topic: &Topic) -> Vec<String> {
    let mut readers: Vec<String> = config
        .digests
        .iter()
        .filter(|digest| wants(digest, topic))
        .flat_map(|digest| digest.to.iter().cloned())
        .collect();
    readers.sort_unstable();
    readers.dedup();
    readers
}
