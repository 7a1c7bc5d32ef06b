//! `[[feed]]` blocks to append to a watchlist, such as `check` will accept.

use std::collections::HashSet;
use std::path::Path;

use crate::cli::terminal::plain;
use crate::cli::{Context, print_line, say, setup};
use crate::config::find::Places;
use crate::config::load_text;
use crate::model::{Backfill, Feed};
use crate::text::fold::fold;
use crate::url::key;

/// What a watchlist has already, and what was printed to be added.
#[derive(Default)]
pub(super) struct Blocks {
    keys: HashSet<String>,
    names: HashSet<String>,
    tags: HashSet<String>,
}

impl Blocks {
    /// For the watchlist at hand; for an empty one if there is none yet, or it is broken.
    pub(super) fn of(context: &Context) -> Blocks {
        let loaded = setup::load(context)
            .ok()
            .and_then(|(_, loaded)| loaded.ok());
        let mut blocks = Blocks::default();
        for declared in loaded.iter().flat_map(|loaded| &loaded.config.feeds) {
            blocks.keys.insert(key(&declared.feed.url));
            blocks.names.extend(declared.feed.name.as_deref().map(fold));
            blocks
                .tags
                .extend(declared.feed.tags.iter().map(|tag| fold(tag)));
        }
        blocks
    }

    /// Prints the blocks of these feeds, and says of each that is left out, or goes by another name, why.
    pub(super) fn print(&mut self, feeds: &[Feed]) -> anyhow::Result<()> {
        let tags = feeds.iter().flat_map(|feed| &feed.tags);
        let tags: HashSet<String> = tags
            .map(|tag| fold(tag))
            .filter(|tag| !self.names.contains(tag))
            .collect();
        self.tags.extend(tags);
        let mut printed = 0;
        for feed in feeds {
            let address = without_user(&feed.url);
            if self.keys.contains(&key(&feed.url)) {
                say(format_args!(
                    "Skipped `{address}`: the watchlist has it already."
                ));
                continue;
            }
            match self.accepted(feed) {
                Ok(block) => {
                    self.keys.insert(key(&feed.url));
                    printed += 1;
                    print_line(block)?;
                }
                Err(why) => say(format_args!("Skipped `{address}`: {}.", plain(&why))),
            }
        }
        if printed > 0 {
            say("Append this to the watchlist; a running daemon takes it up within seconds.");
        }
        Ok(())
    }

    /// The block of a feed, without a name or tags that no watchlist may have; or why no watchlist may have the feed.
    fn accepted(&mut self, feed: &Feed) -> Result<String, String> {
        let mut feed = self.unambiguous(feed);
        if checked(&block(&feed)).is_err() {
            feed = without_what_is_refused(feed)?;
        }
        self.names.extend(feed.name.as_deref().map(fold));
        Ok(block(&feed))
    }

    /// The feed under a name that no other feed and no tag has, and with tags that are no names.
    fn unambiguous(&self, feed: &Feed) -> Feed {
        let mut feed = feed.clone();
        for tag in &mut feed.tags {
            if self.names.contains(&fold(tag)) {
                say(format_args!(
                    "The tag `{0}` is written `{0} feeds`: a feed is called so.",
                    plain(tag)
                ));
                tag.push_str(" feeds");
            }
        }
        let is_free = |name: &str| {
            let name = fold(name);
            !self.names.contains(&name) && !self.tags.contains(&name)
        };
        let Some(name) = feed.name.clone().filter(|name| !is_free(name)) else {
            return feed;
        };
        let host = url::Url::parse(&feed.url).ok();
        let host = host.and_then(|url| url.host_str().map(str::to_owned));
        let longer = format!("{name} ({})", host.unwrap_or_default());
        let numbered = (2..).map(|number| format!("{longer} {number}"));
        let other = std::iter::once(longer.clone())
            .chain(numbered)
            .find(|other| is_free(other));
        if let Some(other) = &other {
            say(format_args!(
                "`{}` is called `{}`: another feed or a tag has its name.",
                plain(&name),
                plain(other)
            ));
        }
        feed.name = other;
        feed
    }
}

/// A feed without the name or the tags for which a watchlist would be refused; an error if it is refused for its address.
fn without_what_is_refused(mut feed: Feed) -> Result<Feed, String> {
    let (name, tags) = (feed.name.take(), std::mem::take(&mut feed.tags));
    checked(&block(&feed))?;
    let address = without_user(&feed.url);
    let without = |what: &str, fault: &str| {
        say(format_args!(
            "`{address}` goes without {what}: {}.",
            plain(fault)
        ));
    };
    feed.name = name;
    if let Err(fault) = checked(&block(&feed)) {
        without("its name", &fault);
        feed.name = None;
    }
    for tag in tags {
        feed.tags.push(tag);
        if let Err(fault) = checked(&block(&feed)) {
            without("a tag", &fault);
            feed.tags.pop();
        }
    }
    Ok(feed)
}

/// Whether a watchlist with this block is sound; else what is wrong with it.
fn checked(block: &str) -> Result<(), String> {
    let text = format!(
        "[mail]\nto = [\"me@example.org\"]\n{block}\n[[topic]]\nname = \"topic\"\nany = [\"term\"]\n"
    );
    let places = Places {
        config: "/".into(),
        state: Some("/".into()),
        credentials: None,
    };
    let report = match load_text(text, None, Path::new("/watchlist"), &places) {
        Ok(_) => return Ok(()),
        Err(report) => report,
    };
    let first = report.findings().first();
    Err(first.map_or_else(String::new, |finding| finding.message.clone()))
}

/// A `[[feed]]` table.
fn block(feed: &Feed) -> String {
    let mut block = format!("[[feed]]\nurl = {}\n", quoted(&feed.url));
    if let Some(name) = &feed.name {
        block.push_str(&format!("name = {}\n", quoted(name)));
    }
    if !feed.tags.is_empty() {
        let tags: Vec<_> = feed.tags.iter().map(|tag| quoted(tag)).collect();
        block.push_str(&format!("tags = [{}]\n", tags.join(", ")));
    }
    if let Some(every) = feed.every {
        block.push_str(&format!("every = \"{}\"\n", duration(every.as_secs())));
    }
    match feed.backfill {
        Backfill::None => {}
        Backfill::Since(days) => {
            block.push_str(&format!("backfill = \"{}\"\n", duration(days.as_secs())));
        }
        Backfill::All => block.push_str("backfill = \"all\"\n"),
    }
    if feed.paused {
        block.push_str("paused = true\n");
    }
    block
}

/// A duration as a watchlist writes it, in the largest unit that fits.
fn duration(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let fits = |(size, _): &&(i64, &str)| seconds % size == 0;
    let (size, unit) = units.iter().find(fits).copied().unwrap_or((1, "s"));
    format!("{}{unit}", seconds / size)
}

/// A TOML string; JSON writes one the same way. Control characters of a feed's title go.
fn quoted(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    serde_json::Value::from(plain.trim()).to_string()
}

/// An address for the terminal, without a user and password that it may have.
fn without_user(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else {
        return plain(address);
    };
    let had_user = !url.username().is_empty() || url.password().is_some();
    if had_user && url.set_username("").is_ok() && url.set_password(None).is_ok() {
        return plain(url.as_str());
    }
    plain(address)
}
