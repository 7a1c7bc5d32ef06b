//! `stories`: which items tell the same event, and the words that decided.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::setup::{self, counted};
use super::terminal::{colours, width};
use super::{Context, End, rfc3339, say};
use crate::desk::Watchlist;
use crate::digest::clean::{columns, cut, line};
use crate::model::{FeedId, ItemId, Timestamp};
use crate::store::Store;
use crate::store::stories::{Member, Story};
use crate::topic::publisher;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only stories that an item joined in this time
    #[arg(long, value_name = "SPAN", value_parser = crate::config::span, default_value = "7d")]
    since: SignedDuration,
    /// One JSON object a story
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let watchlist = setup::watchlist(context)?;
    let store = setup::store_to_read(&watchlist)?;
    let since = context
        .clock
        .now()
        .checked_sub(arguments.since)
        .unwrap_or(Timestamp::MIN);
    let feeds = store.feed_names()?;
    let room = width().unwrap_or(usize::MAX);
    let mut output = io::BufWriter::new(io::stdout().lock());
    let (mut stories, mut articles) = (0, 0);
    for story in store.stories_since(since)? {
        let telling = Group::read(&store, story, &feeds)?;
        if arguments.json {
            writeln!(output, "{}", telling.json())?;
        } else {
            telling.write(&mut output, room, &TimeZone::system(), colours())?;
        }
        stories += 1;
        articles += telling.items.len();
    }
    output.flush()?;
    drop(output);
    if !arguments.json {
        say(if stories == 0 {
            none(&watchlist, arguments.since)
        } else {
            format!(
                "{} of {}. An item keeps the reason for which it joined; its story's first item needs none.",
                counted(stories, "story", "stories"),
                counted(articles, "article", "articles")
            )
        });
    }
    Ok(End::Done)
}

/// Why nothing is listed, and where to look.
fn none(watchlist: &Watchlist, since: SignedDuration) -> String {
    const FURTHER: SignedDuration = SignedDuration::from_hours(30 * 24);
    let mut text = "No stories in this time.".to_owned();
    if since < FURTHER {
        text.push_str(" `--since 30d` looks further back.");
    }
    if watchlist.config.topics().iter().any(|topic| !topic.group) {
        text.push_str(
            " Topics with `group = false` have none; `wirewatch search` lists their articles.",
        );
    }
    text
}

/// A story, its items as they came, and who tells it.
struct Group {
    story: Story,
    items: Vec<Told>,
}

/// An item of a story.
struct Told {
    member: Member,
    feed: String,
    publisher: String,
    topics: Vec<String>,
    /// The item whose text it carries; itself if it has its own.
    text: ItemId,
}

impl Group {
    fn read(store: &Store, story: Story, feeds: &HashMap<FeedId, String>) -> anyhow::Result<Group> {
        let members = store.members(story.id)?.into_iter();
        let told = |member: Member| {
            let feed = feeds.get(&member.told.feed).cloned().unwrap_or_default();
            anyhow::Ok(Told {
                publisher: publisher(member.told.link.as_deref(), &feed),
                topics: store.topics_of(member.told.item)?,
                text: store.carried(member.told.item)?,
                feed,
                member,
            })
        };
        Ok(Group {
            story,
            items: members.map(told).collect::<Result<_, _>>()?,
        })
    }

    /// The headline of the item that matched best, of equal ones the earliest.
    fn title(&self) -> &str {
        let lead = self.items.iter().rev().max_by(|one, other| {
            let (one, other) = (one.member.score, other.member.score);
            one.total_cmp(&other)
        });
        lead.map_or("", |lead| lead.member.told.title.as_str())
    }

    /// How many outlets tell it, and how many texts the first items of each are.
    fn outlets(&self) -> (usize, usize) {
        let mut firsts: BTreeMap<&str, ItemId> = BTreeMap::new();
        for item in &self.items {
            firsts.entry(&item.publisher).or_insert(item.text);
        }
        let mut texts: Vec<&ItemId> = firsts.values().collect();
        texts.sort_unstable();
        texts.dedup();
        (firsts.len(), texts.len())
    }

    /// The topics that any of its items matched, each once, in the order of the matches.
    fn topics(&self) -> Vec<&str> {
        let mut topics: Vec<&str> = Vec::new();
        for topic in self.items.iter().flat_map(|item| &item.topics) {
            if !topics.contains(&topic.as_str()) {
                topics.push(topic);
            }
        }
        topics
    }

    fn json(&self) -> serde_json::Value {
        let items: Vec<_> = self
            .items
            .iter()
            .map(|item| {
                let told = &item.member.told;
                serde_json::json!({
                    "id": told.item.0,
                    "feed": item.feed,
                    "outlet": item.publisher,
                    "title": told.title,
                    "link": told.link,
                    "first_seen": rfc3339(told.at),
                    "topics": item.topics,
                    "copy_of": item.member.copy_of.map(|original| original.0),
                    "why": item.member.why,
                })
            })
            .collect();
        let (outlets, texts) = self.outlets();
        serde_json::json!({
            "id": self.story.id.0,
            "title": self.title(),
            "opened": rfc3339(self.story.opened),
            "last": rfc3339(self.story.last),
            "outlets": outlets,
            "texts": texts,
            "topics": self.topics(),
            "items": items,
        })
    }

    /// A heading, and two lines an item: what it is, and why it is here.
    fn write(
        &self,
        output: &mut impl Write,
        width: usize,
        zone: &TimeZone,
        colours: bool,
    ) -> io::Result<()> {
        let (on, off) = if colours {
            ("\u{1b}[1m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        writeln!(output, "{on}{}{off}", cut(&self.heading(), width))?;
        let numbers = self.widest(|item| item.member.told.item.to_string());
        let outlets = self.widest(Told::outlet);
        let indent = WHEN + numbers + outlets + 8;
        let room = width.saturating_sub(indent).max(NARROWEST);
        for (place, item) in self.items.iter().enumerate() {
            let told = &item.member.told;
            let when = told.at.to_zoned_datetime(zone.clone());
            let outlet = item.outlet();
            writeln!(
                output,
                "  {}  {:>numbers$}  {outlet}{}  {}",
                when.strftime("%Y-%m-%d %H:%M"),
                told.item.to_string(),
                " ".repeat(outlets.saturating_sub(columns(&outlet))),
                cut(&item.headline(), room)
            )?;
            // The first one opened the story: there was nothing to share.
            if place > 0 {
                let why = cut(&line(&item.member.why), room);
                writeln!(output, "{}{why}", " ".repeat(indent))?;
            }
        }
        writeln!(output)
    }

    fn heading(&self) -> String {
        let (outlets, texts) = self.outlets();
        let mut heading = format!(
            "Story {} · {}",
            self.story.id,
            counted(outlets, "outlet", "outlets")
        );
        if texts < outlets {
            heading.push_str(&format!(", {}", counted(texts, "text", "texts")));
        }
        if self.items.len() > outlets {
            let articles = counted(self.items.len(), "article", "articles");
            heading.push_str(&format!(" · {articles}"));
        }
        format!("{heading} · {}", line(&self.topics().join(", ")))
    }

    fn widest(&self, text: impl Fn(&Told) -> String) -> usize {
        let widths = self.items.iter().map(|item| columns(&text(item)));
        widths.max().unwrap_or(0)
    }
}

impl Told {
    fn outlet(&self) -> String {
        cut(&line(&self.feed), WIDEST_OUTLET)
    }

    fn headline(&self) -> String {
        let title = line(&self.member.told.title);
        if title.is_empty() {
            return "(no title)".to_owned();
        }
        title
    }
}

/// Columns of `2026-11-23 09:12`, and of an outlet's name.
const WHEN: usize = 16;
const WIDEST_OUTLET: usize = 20;
/// On a narrower terminal lines break rather than say nothing.
const NARROWEST: usize = 24;

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::model::StoryId;
    use crate::store::stories;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_424_400 + minute * 60).expect("a time of this century")
    }

    fn told(item: i64, feed: &str, title: &str, copy_of: Option<i64>, why: &str) -> Told {
        Told {
            member: Member {
                told: stories::Told {
                    item: ItemId(item),
                    feed: FeedId(1),
                    at: at(item),
                    lang: None,
                    link: None,
                    title: title.to_owned(),
                    summary: String::new(),
                },
                copy_of: copy_of.map(ItemId),
                why: why.to_owned(),
                score: if item == 9 { 2.0 } else { 1.0 },
            },
            feed: feed.to_owned(),
            publisher: feed.to_owned(),
            topics: vec!["Mosul".to_owned()],
            text: ItemId(copy_of.unwrap_or(item)),
        }
    }

    fn group() -> Group {
        Group {
            story: Story {
                id: StoryId(4),
                opened: at(7),
                last: at(10),
            },
            items: vec![
                told(
                    7,
                    "Harrow Times",
                    "Troops enter Mosul",
                    None,
                    "shares too little",
                ),
                told(
                    9,
                    "An Outlet With a Very Long Name",
                    "摩苏尔 Government troops enter the city of Mosul for the first time in years",
                    None,
                    "shares `Mosul`, `troops` with item 7",
                ),
                told(
                    10,
                    "Post",
                    "",
                    Some(7),
                    "tells what item 7 tells, nearly word for word",
                ),
            ],
        }
    }

    #[test]
    fn a_table_keeps_within_the_terminal() {
        let mut table = Vec::new();
        group()
            .write(&mut table, 80, &TimeZone::UTC, false)
            .expect("written to memory");
        let table = String::from_utf8(table).expect("UTF-8");
        assert!(table.lines().all(|line| columns(line) <= 80), "{table}");
        expect![[r#"
            Story 4 · 3 outlets, 2 texts · Mosul
              2026-11-23 09:07   7  Harrow Times       Troops enter Mosul
              2026-11-23 09:09   9  An Outlet With a…  摩苏尔 Government troops enter the…
                                                       shares `Mosul`, `troops` with item 7
              2026-11-23 09:10  10  Post               (no title)
                                                       tells what item 7 tells, nearly word…

        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn the_item_that_matched_best_speaks_for_its_story() {
        assert!(group().title().starts_with("摩苏尔"));
    }

    #[test]
    fn outlets_that_carry_one_text_are_counted_with_it() {
        assert_eq!(group().outlets(), (3, 2));
    }
}
