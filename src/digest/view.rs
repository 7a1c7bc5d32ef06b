//! A message put into words: what both of its parts show, ready for the templates.
//!
//! Every string here is clean; what came from a feed has been through [`super::clean`].

use serde::Serialize;

use super::excerpt::Run;
use super::material::Thread;

/// One message, as text and HTML both show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digest {
    /// Which of the two layouts.
    pub layout: Layout,
    /// The subject.
    pub subject: String,
    /// The name it comes from: the digest's.
    pub from_name: String,
    /// What an inbox shows beside the subject.
    pub preheader: String,
    /// The message it answers.
    #[serde(skip)]
    pub thread: Option<Thread>,
    /// What it is called at its head.
    pub name: String,
    /// The local time it speaks of.
    pub when: String,
    /// What it holds, in a sentence or two.
    pub intro: String,
    /// The table at its head.
    pub glance: Vec<Glance>,
    /// What the table shows, and what it does not.
    pub legend: String,
    /// Lines of lesser weight.
    pub notes: Vec<Note>,
    /// The stories.
    pub sections: Vec<Section>,
    /// Headlines that changed after they were told.
    pub edits: Vec<Edit>,
    /// That more changed than is listed.
    pub more_edits: Option<String>,
    /// What needs a look.
    pub trouble: Option<Trouble>,
    /// Why the reader gets this, and how well the watch was kept.
    pub footer: Vec<String>,
}

/// The two layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// With a table at its head.
    Digest,
    /// Straight to the story.
    Alert,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Glance {
    /// The topic.
    pub topic: String,
    /// Heights in pixels, today last.
    pub bars: Vec<u32>,
    /// Days before the first bar, of which nothing is known.
    pub blank: usize,
    /// The same bars as letters, of all 14 days.
    pub blocks: String,
    /// New stories.
    pub count: usize,
    /// `usually 4`, where today is unusual.
    pub unusual: Option<String>,
}

/// A line, and a command or an address that stands alone on the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The line.
    pub text: String,
    /// What shows more.
    pub command: Option<String>,
}

/// A part with stories.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Section {
    /// Its heading: a topic's name.
    pub title: String,
    /// How much is in it, for the text part.
    pub amount: String,
    /// What is unusual about it.
    pub remark: Option<String>,
    /// Its stories.
    pub stories: Vec<Story>,
    /// The stories that the caps hid.
    pub more: Option<Note>,
    /// Articles of which the headline is enough.
    pub listed: Vec<Listed>,
    /// Old articles that came up again.
    pub late: Vec<Listed>,
    /// Those that the caps hid.
    pub more_late: Option<Note>,
    /// Feeds whose content was replaced, with what of it matches.
    pub replaced: Vec<String>,
}

/// One story.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Story {
    /// Counted through the message.
    pub number: usize,
    /// How much room it gets.
    pub tier: Tier,
    /// Whether a line sets it apart from what stands before it.
    pub divided: bool,
    /// The lead's headline.
    pub title: Fragment,
    /// The lead's page.
    pub link: Option<String>,
    /// The lead's outlet.
    pub outlet: Fragment,
    /// When it was published.
    pub when: String,
    /// How many outlets tell it, where more than one, and in how many texts, where fewer.
    pub outlets: Option<String>,
    /// Others whose headlines tell something else.
    pub headlines: Vec<Headline>,
    /// The others, by name.
    pub also: Vec<Also>,
    /// Others that are not named.
    pub unnamed: usize,
    /// Later articles of outlets that are named, with headlines of their own.
    pub further: Vec<Further>,
    /// How many of them are not shown.
    pub more_further: Option<String>,
    /// What is new in a story told before.
    pub update: Option<String>,
    /// The lead's text.
    pub excerpt: Option<Excerpt>,
    /// Why it is here.
    pub why: Vec<Reason>,
    /// Further reasons.
    pub more_why: usize,
    /// The reader's other topics that it matches.
    pub tags: String,
}

/// How much room a story gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The first of its section.
    Lead,
    /// With an excerpt.
    Full,
    /// Title, outlet and reason.
    Compact,
}

/// A piece of text with its own language and direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fragment {
    /// The text.
    pub text: String,
    /// Its language, where it differs from the message's.
    pub lang: Option<String>,
    /// Whether it runs from right to left.
    pub rtl: bool,
}

/// Another outlet of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Also {
    /// Its name.
    pub outlet: Fragment,
    /// Its article.
    pub link: Option<String>,
}

/// What another outlet of a story says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// Its name.
    pub outlet: Fragment,
    /// Its headline.
    pub title: Fragment,
    /// Its article.
    pub link: Option<String>,
}

/// A later article of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Further {
    /// Its headline.
    pub title: Fragment,
    /// Its page.
    pub link: Option<String>,
}

/// A stretch of an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// Its text.
    pub runs: Vec<Run>,
    /// The same without emphasis; with its language and direction.
    pub plain: Fragment,
}

/// A term that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The term.
    pub term: Fragment,
    /// Where, if not in the title: ` in text`.
    pub place: String,
}

/// An article in a list of titles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its headline.
    pub title: Fragment,
    /// Its page.
    pub link: Option<String>,
    /// Its outlet.
    pub outlet: Fragment,
    /// When it was published.
    pub when: String,
}

/// A headline that changed after it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// Whose.
    pub outlet: Fragment,
    /// As it was told.
    pub old: Fragment,
    /// As it reads now; `None`: withdrawn.
    pub new: Option<Fragment>,
    /// The page.
    pub link: Option<String>,
}

/// The box of what needs a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// What needs it, with the number of feeds.
    pub heading: String,
    /// What is wrong with the watchlist.
    pub watchlist: Option<String>,
    /// Which feeds, and what is wrong.
    pub feeds: Vec<TroubledFeed>,
    /// Those that are not named.
    pub more: Option<Note>,
}

/// A feed that needs a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TroubledFeed {
    /// Its name.
    pub name: String,
    /// What is wrong, in a sentence.
    pub text: String,
}
