//! The `urls` file of newsboat.

use super::{List, add_tag, web_address};
use crate::model::Feed;

/// The feeds of newsboat's `urls`: an address a line, then tags, of which `"~…"` is the name and `"!…"` a mark for newsboat
/// itself. Programs (`exec:`) and searches (`query:`) are no feeds; of a `filter:` the feed behind it is taken.
pub(super) fn import(text: &str) -> List {
    let mut list = List::default();
    for line in text.lines() {
        let mut words = words(line).into_iter();
        let Some(first) = words.next().filter(|first| !first.starts_with('#')) else {
            continue;
        };
        let address = match first.strip_prefix("filter:") {
            Some(filter) => {
                let note = format!("`{first}`: the feed is taken without its filter.");
                list.notes.push(note);
                let begins = filter.find("http");
                begins.and_then(|at| filter.get(at..)).unwrap_or_default()
            }
            None => first.as_str(),
        };
        let url = match web_address(address) {
            Ok(url) => url,
            Err(why) => {
                let why = match address.split(':').next() {
                    Some("exec") => "a program of newsboat is no feed",
                    Some("query") => "a search of newsboat is no feed; a topic can do it",
                    _ => why,
                };
                list.leave_out(&first, why);
                continue;
            }
        };
        let mut feed = Feed::at(url);
        for word in words.filter(|word| !word.starts_with('!')) {
            match word.strip_prefix('~') {
                Some(name) => feed.name = Some(name.to_owned()),
                None => add_tag(&mut feed.tags, &word),
            }
        }
        list.add(feed);
    }
    list
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
    use super::*;

    #[test]
    fn the_urls_of_newsboat_are_read_with_names_and_tags() {
        let urls = "# my feeds\nhttps://a.example/rss world \"middle east\" \"~The A\" \"!\"\n\"filter:~/bin/f:https://b.example/x\"\n\
                    exec:~/bin/gen\n\"query:unread:unread = \\\"yes\\\"\"\n";
        let list = import(urls);
        let shown: Vec<_> = list
            .feeds
            .iter()
            .map(|feed| {
                (
                    feed.url.as_str(),
                    feed.name.as_deref(),
                    feed.tags.join(", "),
                )
            })
            .collect();
        let first = (
            "https://a.example/rss",
            Some("The A"),
            "world, middle east".to_owned(),
        );
        assert_eq!(shown, [first, ("https://b.example/x", None, String::new())]);
        expect_test::expect![[r#"
            [
                "`filter:~/bin/f:https://b.example/x`: the feed is taken without its filter.",
                "Left out `exec:~/bin/gen`: a program of newsboat is no feed.",
                "Left out `query:unread:unread = \"yes\"`: a search of newsboat is no feed; a topic can do it.",
            ]
        "#]]
        .assert_debug_eq(&list.notes);
    }
}
