//! The query language (`SPEC.md`): text to query, query to verdict, many queries against one item.

use std::collections::BTreeMap;

pub mod error;
pub mod index;
pub mod meaning;
pub mod syntax;

pub use error::{Code, Place, QueryError};

/// The table `[lists]`: a name and its plain terms.
pub type Lists = BTreeMap<String, Vec<String>>;

/// What a topic asks for (SPEC 1.1); all parts that are present must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// At least one of these plain terms hits.
    pub any: Vec<String>,
    /// Every one of these hits.
    pub all: Vec<String>,
    /// Not one of these hits.
    pub none: Vec<String>,
    /// An expression that is true.
    pub query: Option<String>,
    /// Default fields for the four above; `None`: title, summary, content.
    pub fields: Option<Vec<String>>,
    /// Names or tags of feeds; empty: all.
    pub feeds: Vec<String>,
    /// Language tags; empty: all.
    pub languages: Vec<String>,
    /// Publishers that must tell the story; judged when a digest is composed.
    pub min_outlets: u32,
    /// The least score.
    pub min_score: f64,
}
