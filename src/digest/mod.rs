//! What one schedule sends: composed from pending matches, rendered as text and HTML.

pub mod compose;
pub mod render;

use crate::schedule::digests::Plan;

/// A digest as the watchlist declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct DigestSettings {
    /// Its name, unique in the watchlist; also the name its mails come from.
    pub name: String,
    /// The addresses it goes to.
    pub to: Vec<String>,
    /// When it goes.
    pub plan: Plan,
    /// Names or tags of topics, or `*`.
    pub topics: Vec<String>,
    /// How many stories one mail shows; the rest is counted.
    pub max_stories: usize,
    /// What happens when there is nothing to tell.
    pub when_empty: WhenEmpty,
    /// Whether the watchlist has a `[[digest]]` for it. `false`: it is the one digest that a watchlist without any
    /// implies, and stopping it means editing `[mail]`.
    pub declared: bool,
}

/// What happens when a digest has nothing to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenEmpty {
    /// Nothing is sent. Trouble with a feed is something to tell.
    #[default]
    Skip,
    /// It goes all the same.
    Send,
}
