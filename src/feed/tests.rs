//! The short way past the mender leads to the same place.

use super::*;

/// Otherwise a stray ampersand in one entry would change all others.
#[track_caller]
fn check(document: &str) {
    let context = Context {
        url: "https://feed.example/dir/feed.xml",
        content_type: None,
    };
    assert_eq!(survey::survey(document), Kind::Plain);
    let plain = read::parse(without_declaration(document).as_bytes(), context.url);
    let mended = mended(document, &context).expect("the mender reads everything");
    assert_eq!(plain, Ok(mended));
}

#[test]
fn an_atom_feed_is_the_same_mended() {
    check(include_str!(
        "../../tests/data/feeds/captures/google-alerts.xml"
    ));
}

#[test]
fn an_rss_feed_is_the_same_mended() {
    let document = include_str!("../../tests/data/feeds/captures/hacker-news.xml");
    assert_eq!(
        survey::survey(document),
        Kind::Mend,
        "feed-rs adds a slash to an address in it"
    );
    check(&document.replace("https://tilepieces.net<", "https://tilepieces.net/<"));
}

#[test]
fn what_feed_rs_would_lose_is_mended() {
    for lost in [
        "<guid isPermaLink='false'>1</guid>",
        "<author>me@example.org (Jo)</author>",
        "<source url='https://a.example/'>A</source>",
        "<dc:date>2016-10-17</dc:date>",
        "<title>A <b>bold</b> one</title>",
        "<title>1 &#150; 2</title>",
        "<description xml:base='/x'>y</description>",
    ] {
        let document = format!(
            "<rss version='2.0'><channel><item><link>https://a.example/1</link>{lost}</item></channel></rss>"
        );
        assert_eq!(survey::survey(&document), Kind::Mend, "{lost}");
    }
}
