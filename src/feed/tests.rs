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

/// Why a document is torn, if it is.
#[track_caller]
fn torn(document: impl AsRef<[u8]>) -> Option<String> {
    let document = document.as_ref();
    let shown = String::from_utf8_lossy(document);
    read(document, &Context::default()).expect(&shown).torn
}

const RSS: &str = "<rss version='2.0'><channel><title>Wire</title>\
    <item><title>One</title><link>https://a.example/1</link></item>\
    <item><title>Two</title><link>https://a.example/2</link></item></channel></rss>";

const ATOM: &str = "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>Wire</a:title>\
    <a:entry><a:id>urn:1</a:id><a:title>One</a:title></a:entry></a:feed>";

const RDF: &str = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
    <channel rdf:about='https://a.example/'><title>Wire</title></channel>\
    <item rdf:about='https://a.example/1'><title>One</title></item></rdf:RDF>";

const JSON: &str = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "Wire",
    "items": [{"id": "1", "content_text": "One"}, {"id": "2", "content_text": "Two"}]}"#;

#[test]
fn a_feed_is_torn_wherever_it_is_cut_before_its_end() {
    for (document, first_end) in [
        (RSS, "</item>"),
        (ATOM, "</a:entry>"),
        (RDF, "</item>"),
        (JSON, "One\"}"),
    ] {
        assert_eq!(torn(document), None);
        let from = document.find(first_end).expect("an end") + first_end.len();
        for cut in from..document.len() {
            assert!(torn(&document.as_bytes()[..cut]).is_some(), "{cut}");
        }
    }
    assert_eq!(
        torn(&RDF.as_bytes()[..RDF.len() - 1]),
        Some("it ends inside `rdf`".to_owned())
    );
    assert_eq!(
        torn(&JSON.as_bytes()[..JSON.len() - 1]),
        Some("its JSON ends too soon".to_owned())
    );
}

#[test]
fn the_end_of_a_feed_is_its_own() {
    for inside in [
        "<![CDATA[</rss>]]>",
        "&lt;/rss>",
        "<!-- </channel></rss> -->",
        "<p title='</rss>'>markup</p>",
    ] {
        let document = RSS.replace(">Two<", &format!(">Two {inside}<"));
        assert_eq!(torn(&document), None, "{document}");
        let cut = document.find("</channel></rss>").expect("an end");
        let cut = document
            .get(..document.rfind("</channel>").unwrap_or(cut))
            .expect("a cut");
        assert!(torn(cut).is_some(), "{cut}");
    }
}

#[test]
fn what_stands_behind_the_end_does_not_tear_a_feed() {
    for behind in [
        "\n \t",
        "<!-- took 0.3 s -->",
        "<!-- took",
        "<script src='https://stat.example/x.js'></script>",
        "<script>if (a < b) { track() }",
        "</body></html>",
        "Warning: mysql_close() expects 1 parameter",
        "<rss version='2.0'><channel>",
        "<",
    ] {
        for document in [RSS, ATOM, RDF] {
            let document = format!("{document}{behind}");
            assert_eq!(torn(&document), None, "{document}");
        }
    }
    assert_eq!(torn(format!("{JSON}\n<!-- took 0.3 s")), None);
}

#[test]
fn a_feed_without_entries_is_whole_if_it_ends() {
    for document in [
        "<rss version='2.0'/>",
        "<rss version='2.0'><channel/></rss>",
        "<rss version='2.0'><channel><title>Wire</title></channel></rss >",
        "<feed xmlns='http://www.w3.org/2005/Atom' />",
        "<RSS><CHANNEL><TITLE>Wire</TITLE></CHANNEL></rss>",
    ] {
        assert_eq!(torn(document), None, "{document}");
    }
    assert!(torn("<rss version='2.0'><channel><title>Wire</title>").is_some());
}

#[test]
fn items_without_a_feed_round_them_are_torn_inside_an_item_only() {
    let items = "<item><title>One</title><link>https://a.example/1</link></item>\n";
    for behind in ["", "<!-- x -->", "<b>text</b>", "text"] {
        assert_eq!(torn(format!("{items}{behind}")), None, "{behind}");
    }
    for cut in [
        "<item><title>Tw",
        "<item><title>Two</title><link>x</link>",
        "<ite",
    ] {
        let torn = torn(format!("{items}{cut}"));
        assert_eq!(torn, Some("it ends inside an item".to_owned()), "{cut}");
    }
}

#[test]
fn broken_json_that_goes_on_to_its_end_is_not_torn() {
    assert_eq!(torn(JSON.replace("}]}", "},]}")), None);
    assert_eq!(torn(JSON.replace("\"Two\"", "Two")), None);
}

#[test]
fn a_feed_in_utf_16_is_torn_like_any_other() {
    let utf_16 = |text: &str| -> Vec<u8> {
        let mark = [0xFE, 0xFF];
        mark.into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
            .collect()
    };
    let whole = utf_16(RSS);
    assert_eq!(torn(&whole), None);
    for cut in 1..20 {
        assert!(torn(&whole[..whole.len() - cut]).is_some(), "{cut}");
    }
}

#[test]
fn an_entry_is_complete_once_its_end_tag_begins() {
    let cut = |end: &str| {
        let document = RSS.replace(">https://a.example/2</link></item></channel></rss>", end);
        let read = read(document.as_bytes(), &Context::default()).expect(end);
        assert!(read.torn.is_some(), "{end}");
        (read.entries.len(), read.ends_in_entry)
    };
    assert_eq!(cut(">https://a.example/2</link></item"), (2, false));
    assert_eq!(cut(">https://a.example/2</link></"), (2, false));
    assert_eq!(cut(">https://a.example/2</link><"), (1, false));
    assert_eq!(cut(">https://a.example/2</link>"), (2, true));
    assert_eq!(cut(">https://a.example/2</link"), (1, false));
    assert_eq!(cut(">https://a.example/2</link></item><item>"), (2, false));
}
