//! What one schedule sends: composed from pending matches, rendered as text and HTML.
//!
//! [`material`] is what goes in. [`compose`] decides what is told; `words`, `stories` and `notices` put it into words,
//! as a [`view`] that [`render`] makes both parts of a message of. [`message`] does all of it.

pub mod clean;
pub mod compose;
pub mod excerpt;
pub mod material;
pub mod naming;
mod notices;
pub mod phrases;
pub mod render;
mod stories;
pub mod view;
pub mod volume;
mod words;
pub mod wrap;

pub use stories::quoted;

use self::compose::{Caps, Choice, Section, Settled};
use self::material::Material;
use self::render::Rendered;
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

/// A finished message, and what it settles.
#[derive(Clone, Debug)]
pub struct Message {
    /// Subject and both parts.
    pub rendered: Rendered,
    /// What the recipient has been told once it is sent.
    pub settled: Settled,
}

// Some clients cut a message at 102 KB and hide the rest; headers and encoding need their share of it.
const LARGEST_HTML: usize = 80 * 1024;

/// The message that this material makes, within `caps` and 80 KiB of HTML (no such limit under [`Caps::NONE`]).
/// `None`: there is nothing to tell, and the digest is skipped then; everything stays pending.
pub fn message(material: &Material<'_>, mut caps: Caps) -> Option<Message> {
    let limit = if caps == Caps::NONE {
        usize::MAX
    } else {
        LARGEST_HTML
    };
    loop {
        let choice = compose::choose(material, caps);
        let digest = words::digest(material, &choice, caps)?;
        let rendered = render::render(&digest);
        let fits = rendered.html.len() <= limit;
        match smaller(caps, &choice) {
            Some(next) if !fits => caps = next,
            _ => {
                return Some(Message {
                    rendered,
                    settled: choice.settled,
                });
            }
        }
    }
}

/// The next caps to try for a message that is too large: bars go first, then excerpts, old articles, headlines of other
/// outlets (whose names stay), later articles of a story, and stories last.
/// `None`: it cannot be smaller.
fn smaller(caps: Caps, choice: &Choice<'_>) -> Option<Caps> {
    let lists = |section: &Section<'_>| section.late.len() + section.replaced.len() > 0;
    Some(match caps {
        Caps { glance: 9.., .. } => Caps { glance: 8, ..caps },
        Caps { excerpts: 2.., .. } => Caps {
            excerpts: 1,
            ..caps
        },
        _ if choice.sections.iter().any(lists) => Caps {
            late: caps.late.min(12) / 2,
            ..caps
        },
        _ if choice.has_headlines() => Caps {
            headlines: caps.headlines / 2,
            ..caps
        },
        _ if choice.has_further() => Caps {
            further: caps.further / 2,
            ..caps
        },
        _ if choice.shown() > 1 => Caps {
            stories: choice.shown() * 4 / 5,
            ..caps
        },
        Caps { glance: 1.., .. } => Caps { glance: 0, ..caps },
        _ => return None,
    })
}

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod lint;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
