//! The query language (`SPEC.md` beside this file): text to query, query to verdict, many queries against one item.
//!
//! In reading order: `syntax` reads an expression or a plain term into a tree. `term` cuts one term into the words that a
//! text must have; `lists` makes terms, regexes and filters ready and puts lists in; `compile` makes a whole rule ready, or
//! names its mistakes (`error`). `prepared` cuts an item into words once. `meaning` judges it, with `proximity` for hits
//! near each other, and gives the evidence; `miss` explains why there is none; `parts` takes a rule apart. `index` finds the few topics of many that
//! are worth judging. `cases` answers the runner's contract.

use std::collections::BTreeMap;

pub mod cases;
mod compile;
pub mod error;
mod glob;
pub mod index;
mod lists;
pub mod meaning;
mod miss;
pub mod parts;
mod prepared;
mod proximity;
pub mod syntax;
mod term;
#[cfg(test)]
mod tests;

pub use compile::{Compiled, compile};
pub use error::{Code, Place, QueryError};
pub use lists::check_lists;
pub use meaning::Verdict;
pub use prepared::{Document, Prepared};

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
