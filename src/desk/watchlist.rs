//! A watchlist that was read and compiled, and who wants which topic.

use crate::config::{self, Config, FeedConfig};
use crate::digest::DigestSettings;
use crate::topic::{self, Watch};

/// The watchlist in force: what was declared, compiled, with its version.
#[derive(Debug)]
pub struct Watchlist {
    /// What was declared.
    pub config: Config,
    /// Its topics, compiled.
    pub watch: Watch,
    /// Which state of the file this is.
    pub version: config::Version,
    /// For each topic, in file order, who gets it.
    readers: Vec<Vec<Reader>>,
}

/// A recipient of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// In lower case.
    pub address: String,
}

impl Watchlist {
    /// Compiles what was loaded.
    pub fn new(loaded: config::Loaded) -> Watchlist {
        todo!()
    }

    /// The topics' names and the hashes of what they ask, in file order.
    pub fn topic_hashes(&self) -> Vec<(&str, i64)> {
        self.config
            .topics
            .iter()
            .map(|topic| (topic.name.as_str(), topic::query_hash(topic, &self.config.lists)))
            .collect()
    }
}
