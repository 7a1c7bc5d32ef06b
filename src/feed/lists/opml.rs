//! OPML 1.0 and 2.0.

use jiff::SignedDuration;

use super::{List, add_tag, web_address};
use crate::feed::dialect::escape;
use crate::feed::markup::{Missing, Piece, Scanner, Tag};
use crate::model::{Backfill, Feed};

/// The name of our own attributes: what OPML has no word for, so that a list comes back as it went.
const NAMESPACE: &str = "urn:wirewatch:opml";

/// The feeds of an OPML document, well formed or not. Folders and categories become tags.
pub(super) fn import(text: &str) -> List {
    let mut list = List::default();
    // What each open outline is called, if it is a folder.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut is_closed = false;
    for found in Scanner::new(text, 0, Missing::default()) {
        match found.piece {
            Piece::Start(tag) if tag.name.eq_ignore_ascii_case("outline") => {
                let folder = match address(&tag) {
                    Some(Ok(url)) => {
                        list.add(outline(url, &tag, &open));
                        None
                    }
                    Some(Err((address, why))) => {
                        list.leave_out(&address, why);
                        None
                    }
                    None => folder(&tag, &mut list),
                };
                if !tag.is_empty {
                    open.push(folder);
                }
            }
            Piece::End(name) if name.eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            Piece::End(name) if name.eq_ignore_ascii_case("opml") => is_closed = true,
            _ => {}
        }
    }
    if !is_closed {
        let note = "The list is cut off: it has no `</opml>` at its end, so feeds may be missing.";
        list.notes.push(note.to_owned());
    }
    list
}

/// An OPML 2.0 document of these feeds: each in the folder of its first tag, all its tags as categories. Tags that a
/// category cannot hold are folders within each other.
pub fn export(feeds: &[Feed], title: &str) -> String {
    let mut folders: Vec<&[String]> = Vec::new();
    for feed in feeds {
        if !folders.contains(&folders_of(feed)) {
            folders.push(folders_of(feed));
        }
    }
    let mut opml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\" xmlns:wirewatch=\"{NAMESPACE}\">\n  \
         <head><title>{}</title></head>\n  <body>\n",
        escape(title)
    );
    for names in folders {
        let indent = |depth: usize| "  ".repeat(depth + 2);
        for (depth, name) in names.iter().enumerate() {
            opml.push_str(&format!(
                "{}<outline text=\"{}\">\n",
                indent(depth),
                escape(name)
            ));
        }
        for feed in feeds.iter().filter(|feed| folders_of(feed) == names) {
            opml.push_str(&format!(
                "{}{}\n",
                indent(names.len()),
                exported(feed, names)
            ));
        }
        for depth in (0..names.len()).rev() {
            opml.push_str(&format!("{}</outline>\n", indent(depth)));
        }
    }
    opml.push_str("  </body>\n</opml>\n");
    opml
}

fn folders_of(feed: &Feed) -> &[String] {
    let is_category = |tag: &String| !tag.contains(',') && tag.trim_matches('/') == tag;
    let depth = match feed.tags.iter().all(is_category) {
        true => feed.tags.len().min(1),
        false => feed.tags.len(),
    };
    feed.tags.get(..depth).unwrap_or_default()
}

fn exported(feed: &Feed, folders: &[String]) -> String {
    let name = feed.name.as_deref().unwrap_or(&feed.url);
    let mut outline = format!(
        "<outline type=\"rss\" text=\"{}\" xmlUrl=\"{}\"",
        escape(name),
        escape(&feed.url)
    );
    if feed.tags.len() > folders.len() {
        outline.push_str(&format!(" category=\"{}\"", escape(&feed.tags.join(","))));
    }
    if let Some(every) = feed.every {
        outline.push_str(&format!(" wirewatch:every=\"{every}\""));
    }
    match feed.backfill {
        Backfill::None => {}
        Backfill::Since(days) => outline.push_str(&format!(" wirewatch:backfill=\"{days}\"")),
        Backfill::All => outline.push_str(" wirewatch:backfill=\"all\""),
    }
    if feed.paused {
        outline.push_str(" wirewatch:paused=\"true\"");
    }
    outline.push_str("/>");
    outline
}

fn outline(url: String, tag: &Tag<'_>, open: &[Option<String>]) -> Feed {
    let mut feed = Feed::at(url);
    feed.name = name(tag).filter(|name| *name != feed.url);
    for folder in open.iter().flatten() {
        add_tag(&mut feed.tags, folder);
    }
    // OPML 2.0: categories are separated by commas, and their levels by slashes.
    for category in tag.attribute("category").unwrap_or_default().split(',') {
        add_tag(&mut feed.tags, category.trim().trim_matches('/'));
    }
    let time = |text: &str| text.parse::<SignedDuration>().ok();
    feed.every = tag
        .attribute("wirewatch:every")
        .and_then(|every| time(&every));
    feed.backfill = match tag.attribute("wirewatch:backfill").as_deref() {
        Some("all") => Backfill::All,
        Some(days) => time(days).map_or(Backfill::None, Backfill::Since),
        None => Backfill::None,
    };
    feed.paused = tag.attribute("wirewatch:paused").as_deref() == Some("true");
    feed
}

/// The name of an outline without an address, which is a folder; one that holds nothing is left out.
fn folder(tag: &Tag<'_>, list: &mut List) -> Option<String> {
    let name = name(tag);
    if tag.is_empty {
        list.leave_out(name.as_deref().unwrap_or("outline"), "it has no `xmlUrl`");
    }
    name
}

/// The address of the feed, or what stands in its place and why that is none; `None`: the outline is no feed.
fn address(tag: &Tag<'_>) -> Option<Result<String, (String, &'static str)>> {
    let is_feed =
        |kind: &str| matches!(kind.to_ascii_lowercase().as_str(), "rss" | "atom" | "feed");
    let own = tag.attribute("xmlUrl");
    let other = || {
        tag.attribute("url")
            .filter(|_| tag.attribute("type").is_some_and(|kind| is_feed(&kind)))
    };
    let address = own.or_else(other)?.trim().to_owned();
    if address.is_empty() {
        let name = name(tag).unwrap_or_default();
        return Some(Err((name, "its `xmlUrl` is empty")));
    }
    Some(web_address(&address).map_err(|why| (address, why)))
}

fn name(tag: &Tag<'_>) -> Option<String> {
    let filled = |key| {
        tag.attribute(key)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    filled("title").or_else(|| filled("text"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::import as import_bytes;
    use super::*;

    fn import(text: &str) -> Vec<Feed> {
        import_bytes(text.as_bytes()).feeds
    }

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
    fn what_is_left_out_is_said() {
        let list = import_bytes(
            br#"<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/"/><outline text="no address"/>
                <outline text="empty" xmlUrl=" "/><outline xmlUrl="javascript:alert(1)"/><outline xmlUrl="rss"/>
                <outline text="again" xmlUrl="https://a.example/""#,
        );
        assert_eq!(list.feeds.len(), 1);
        expect_test::expect![[r#"
            [
                "Left out `no address`: it has no `xmlUrl`.",
                "Left out `empty`: its `xmlUrl` is empty.",
                "Left out `javascript:alert(1)`: only http and https can be polled.",
                "Left out `rss`: this is no address.",
                "The list is cut off: it has no `</opml>` at its end, so feeds may be missing.",
            ]
        "#]]
        .assert_debug_eq(&list.notes);
    }

    proptest! {
        #[test]
        fn what_was_exported_is_imported_again(rows in proptest::collection::vec(
            ("[a-z]{1,8}", proptest::option::of("[^\\p{C}\\s]{1,9}"), proptest::collection::btree_set("[a-zé &<\",/]{0,3}[a-z]", 0..4),
            proptest::option::of(60..1_000_000i64), 0..3i64, any::<bool>()), 0..6)) {
            let mut feeds: Vec<Feed> = Vec::new();
            for (host, name, tags, every, backfill, paused) in rows {
                let url = format!("https://{host}.example/?a=1&b=\"2\"");
                let tags = tags.into_iter().map(|tag| tag.trim().to_owned()).collect::<std::collections::BTreeSet<_>>();
                if feeds.iter().all(|known| known.url != url) {
                    feeds.push(Feed { name, tags: tags.into_iter().collect(), every: every.map(SignedDuration::from_secs), backfill: match backfill {
                        0 => Backfill::None,
                        1 => Backfill::All,
                        days => Backfill::Since(SignedDuration::from_hours(24 * days)),
                    }, paused, ..Feed::at(url) });
                }
            }
            let mut again = import(&export(&feeds, "mine"));
            again.sort_by(|one, other| one.url.cmp(&other.url));
            feeds.sort_by(|one, other| one.url.cmp(&other.url));
            prop_assert_eq!(again, feeds);
        }
    }
}
