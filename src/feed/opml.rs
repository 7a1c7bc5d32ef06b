//! Lists of feeds in OPML and in the `urls` file of newsboat.

use super::dialect::escape;
use super::markup::{Missing, Piece, Scanner, Tag};
use crate::model::{Backfill, Feed};

/// The feeds of a list, which is OPML if it begins with a tag and newsboat's `urls` otherwise; each address once, in order.
pub fn import(text: &str) -> Vec<Feed> {
    let is_opml = text
        .trim_start_matches('\u{FEFF}')
        .trim_start()
        .starts_with('<');
    if is_opml {
        import_opml(text)
    } else {
        import_urls(text)
    }
}

/// The feeds of an OPML 1.0 or 2.0 document, well formed or not. Folders and categories become tags.
pub fn import_opml(text: &str) -> Vec<Feed> {
    let mut feeds = Vec::new();
    // What each open outline is called, if it is a folder.
    let mut open: Vec<Option<String>> = Vec::new();
    for found in Scanner::new(text, 0, Missing::default()) {
        match found.piece {
            Piece::Start(tag) if tag.name.eq_ignore_ascii_case("outline") => {
                let folder = match address(&tag) {
                    Some(url) => {
                        add(&mut feeds, outline(url, &tag, &open));
                        None
                    }
                    None => name(&tag),
                };
                if !tag.is_empty {
                    open.push(folder);
                }
            }
            Piece::End(name) if name.eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            _ => {}
        }
    }
    feeds
}

/// The feeds of newsboat's `urls`: an address a line, then tags, of which `"~…"` is the name and `"!…"` a mark for newsboat itself.
/// Programs (`exec:`) and searches (`query:`) are no feeds; of a `filter:` the feed behind it is taken.
pub fn import_urls(text: &str) -> Vec<Feed> {
    let mut feeds = Vec::new();
    for line in text.trim_start_matches('\u{FEFF}').lines() {
        let mut words = words(line).into_iter();
        let Some(first) = words.next().filter(|first| !first.starts_with('#')) else {
            continue;
        };
        let address = match first.strip_prefix("filter:") {
            Some(filter) => filter
                .find("http")
                .and_then(|at| filter.get(at..))
                .unwrap_or_default(),
            None => first.as_str(),
        };
        let Some(url) = web_address(address) else {
            continue;
        };
        let mut feed = declared(url);
        for word in words.filter(|word| !word.starts_with('!')) {
            match word.strip_prefix('~') {
                Some(name) => feed.name = Some(name.to_owned()),
                None => add_tag(&mut feed.tags, &word),
            }
        }
        add(&mut feeds, feed);
    }
    feeds
}

/// An OPML 2.0 document of these feeds: each in the folder of its first tag, all its tags as categories.
pub fn export(feeds: &[Feed], title: &str) -> String {
    let mut folders: Vec<Option<&str>> = Vec::new();
    for feed in feeds {
        let folder = feed.tags.first().map(String::as_str);
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    let mut opml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head><title>{}</title></head>\n  <body>\n",
        escape(title)
    );
    for folder in folders {
        let inside = feeds
            .iter()
            .filter(|feed| feed.tags.first().map(String::as_str) == folder);
        let indent = if folder.is_some() { "      " } else { "    " };
        if let Some(name) = folder {
            opml.push_str(&format!("    <outline text=\"{}\">\n", escape(name)));
        }
        for feed in inside {
            opml.push_str(&format!("{indent}{}\n", exported(feed)));
        }
        if folder.is_some() {
            opml.push_str("    </outline>\n");
        }
    }
    opml.push_str("  </body>\n</opml>\n");
    opml
}

fn exported(feed: &Feed) -> String {
    let name = feed.name.as_deref().unwrap_or(&feed.url);
    let mut outline = format!(
        "<outline type=\"rss\" text=\"{}\" xmlUrl=\"{}\"",
        escape(name),
        escape(&feed.url)
    );
    if feed.tags.len() > 1 {
        outline.push_str(&format!(" category=\"{}\"", escape(&feed.tags.join(","))));
    }
    outline.push_str("/>");
    outline
}

fn outline(url: String, tag: &Tag<'_>, open: &[Option<String>]) -> Feed {
    let mut feed = declared(url);
    feed.name = name(tag).filter(|name| *name != feed.url);
    for folder in open.iter().flatten() {
        add_tag(&mut feed.tags, folder);
    }
    // OPML 2.0: categories are separated by commas, and their levels by slashes.
    for category in tag.attribute("category").unwrap_or_default().split(',') {
        add_tag(&mut feed.tags, category.trim().trim_matches('/'));
    }
    feed
}

fn address(tag: &Tag<'_>) -> Option<String> {
    let is_feed =
        |kind: &str| matches!(kind.to_ascii_lowercase().as_str(), "rss" | "atom" | "feed");
    let own = tag.attribute("xmlUrl");
    let other = || {
        tag.attribute("url")
            .filter(|_| tag.attribute("type").is_some_and(|kind| is_feed(&kind)))
    };
    own.or_else(other).and_then(|address| web_address(&address))
}

fn web_address(address: &str) -> Option<String> {
    let address = address.trim();
    let address = match address.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => address.to_owned(),
    };
    let url = url::Url::parse(&address).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(address)
}

fn name(tag: &Tag<'_>) -> Option<String> {
    let filled = |key| {
        tag.attribute(key)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    filled("title").or_else(|| filled("text"))
}

fn declared(url: String) -> Feed {
    Feed {
        url,
        name: None,
        tags: Vec::new(),
        every: None,
        backfill: Backfill::None,
        paused: false,
    }
}

fn add_tag(tags: &mut Vec<String>, tag: &str) {
    if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
        tags.push(tag.to_owned());
    }
}

/// A feed that stands in several folders is one feed with the tags of all.
fn add(feeds: &mut Vec<Feed>, feed: Feed) {
    match feeds.iter_mut().find(|known| known.url == feed.url) {
        Some(known) => {
            for tag in &feed.tags {
                add_tag(&mut known.tags, tag);
            }
        }
        None => feeds.push(feed),
    }
}

/// Words between blanks; quotes hold blanks together, a backslash takes the next sign as it is.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '\\' if is_quoted => word.get_or_insert_default().extend(characters.next()),
            blank if blank.is_whitespace() && !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(feeds: &[Feed]) -> Vec<(&str, Option<&str>, Vec<&str>)> {
        feeds
            .iter()
            .map(|feed| {
                (
                    feed.url.as_str(),
                    feed.name.as_deref(),
                    feed.tags.iter().map(String::as_str).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn folders_and_categories_of_opml_become_tags() {
        let opml = r#"<opml version="1.0"><body>
            <outline text="World"><outline title="Middle East">
              <outline text="A &amp; B" type="rss" xmlUrl="https://a.example/rss" category="/Iraq,wire"/></outline>
              <outline text="B" xmlurl='feed://b.example/feed'></outline>
            </outline>
            <outline text="A" xmlUrl="https://a.example/rss" category="again"/>
            <outline type="link" text="no feed" url="https://c.example/"/></body></opml>"#;
        assert_eq!(
            shown(&import(opml)),
            [
                (
                    "https://a.example/rss",
                    Some("A & B"),
                    vec!["World", "Middle East", "Iraq", "wire", "again"]
                ),
                ("http://b.example/feed", Some("B"), vec!["World"]),
            ]
        );
    }

    #[test]
    fn the_urls_of_newsboat_are_read_with_names_and_tags() {
        let urls = "# my feeds\nhttps://a.example/rss world \"middle east\" \"~The A\" \"!\"\n\"filter:~/bin/f:https://b.example/x\"\n\
                    exec:~/bin/gen\n\"query:unread:unread = \\\"yes\\\"\"\n";
        assert_eq!(
            shown(&import(urls)),
            [
                (
                    "https://a.example/rss",
                    Some("The A"),
                    vec!["world", "middle east"]
                ),
                ("https://b.example/x", None, vec![]),
            ]
        );
    }

    proptest! {
        #[test]
        fn what_was_exported_is_imported_again(rows in proptest::collection::vec(
            ("[a-z]{1,8}", proptest::option::of("[^\\p{C}\\s]{1,9}"), proptest::collection::btree_set("[a-zé &<\"]{0,3}[a-z]", 0..4)), 0..6)) {
            let mut feeds: Vec<Feed> = Vec::new();
            for (host, name, tags) in rows {
                let url = format!("https://{host}.example/?a=1&b=\"2\"");
                let tags = tags.into_iter().map(|tag| tag.trim().to_owned()).collect::<std::collections::BTreeSet<_>>();
                if feeds.iter().all(|known| known.url != url) {
                    feeds.push(Feed { name, tags: tags.into_iter().collect(), ..declared(url) });
                }
            }
            let mut again = import(&export(&feeds, "mine"));
            again.sort_by(|one, other| one.url.cmp(&other.url));
            feeds.sort_by(|one, other| one.url.cmp(&other.url));
            prop_assert_eq!(again, feeds);
        }
    }
}
