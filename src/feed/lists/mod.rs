//! Lists of feeds that other readers keep: OPML, and the `urls` file of newsboat.

use std::collections::HashMap;

use super::decode::decode;
use crate::model::Feed;
use crate::url::key;

mod newsboat;
mod opml;

pub use opml::export;

/// What a list holds.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Its feeds in order, each address once.
    pub feeds: Vec<Feed>,
    /// What was not taken over as it stands there, for a person.
    pub notes: Vec<String>,
    /// Where each address stands among the feeds.
    places: HashMap<String, usize>,
}

/// Reads a list, which is OPML if it begins with a tag and newsboat's `urls` otherwise, in whatever charset.
pub fn import(bytes: &[u8]) -> List {
    let decoded = decode(bytes, None);
    let text = decoded.text.trim_start_matches('\u{FEFF}');
    if text.trim_start().starts_with('<') {
        opml::import(text)
    } else {
        newsboat::import(text)
    }
}

impl List {
    /// A feed that stands in several folders is one feed with the tags of all.
    fn add(&mut self, feed: Feed) {
        let place = self.places.get(&key(&feed.url));
        match place.and_then(|place| self.feeds.get_mut(*place)) {
            Some(known) => {
                for tag in &feed.tags {
                    add_tag(&mut known.tags, tag);
                }
                self.notes.push(format!(
                    "`{}` stands there twice: it is one feed, with the tags of both.",
                    feed.url
                ));
            }
            None => {
                self.places.insert(key(&feed.url), self.feeds.len());
                self.feeds.push(feed);
            }
        }
    }

    fn leave_out(&mut self, what: &str, why: &str) {
        self.notes.push(format!("Left out `{what}`: {why}."));
    }
}

/// An address that can be polled, or why it cannot. `feed:` stands in front of an address, or for `http:`.
fn web_address(address: &str) -> Result<String, &'static str> {
    let address = address.trim();
    let address = match address.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => address.to_owned(),
    };
    let Ok(url) = url::Url::parse(&address) else {
        return Err("this is no address");
    };
    match url.scheme() {
        "http" | "https" => Ok(address),
        _ => Err("only http and https can be polled"),
    }
}

fn add_tag(tags: &mut Vec<String>, tag: &str) {
    if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
        tags.push(tag.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_its_charset() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><opml><body>\
            <outline text=\"Z\xfcrich\" xmlUrl=\"https://z.example/\"/></body></opml>";
        assert_eq!(import(latin).feeds[0].name.as_deref(), Some("Zürich"));
        let wide: Vec<u8> = "\u{feff}https://a.example/ \"~A\"\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(import(&wide).feeds[0].name.as_deref(), Some("A"));
    }
}
