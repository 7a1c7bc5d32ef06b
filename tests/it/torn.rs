//! Documents that end before they should, without a fault of the transport: an answer of HTTP/1.0 without a length, a
//! length that counts characters, a generator that died.

use std::fmt::Write;

use crate::http_server::{Reply, Request, Server};
use crate::wirewatch::Home;

/// A feed of these items, the first on top, each published at this minute after six.
fn feed(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut text =
        "<rss version=\"2.0\"><channel><title>Wire</title><link>https://wire.example/</link>"
            .to_owned();
    for number in numbers {
        write!(
            text,
            "<item><title>Report {number} of Mosul</title><link>https://wire.example/{number}</link>\
             <description>What was seen at the bridge number {number}</description>\
             <pubDate>Mon, 23 Nov 2026 06:{number:02}:00 GMT</pubDate></item>"
        )
        .expect("a string takes everything");
    }
    text + "</channel></rss>"
}

/// The beginning of a text, up to and with the first occurrence of `mark`.
fn up_to<'a>(text: &'a str, mark: &str) -> &'a str {
    let at = text.find(mark).expect("the mark is there");
    text.get(..at + mark.len()).expect("behind the mark")
}

fn home(server: &Server) -> Home {
    home_with(server, "")
}

/// With more said of the feed.
fn home_with(server: &Server, more: &str) -> Home {
    Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[feed]]\nname = \"Wire\"\nurl = {:?}\n{more}\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        server.url("/")
    ))
}

/// Polls at this time of the day; gives the line of the feed.
fn poll(home: &Home, time: &str) -> String {
    let now = format!("2026-11-23T{time}:00Z");
    home.run(&["poll", "--force", "--now", &now]).stdout
}

const ITEMS: &str = "SELECT COUNT(*) FROM item";
const WAITING: &str = "SELECT COUNT(*) FROM pending";

#[test]
fn the_rest_of_a_document_that_ends_inside_its_root_is_asked_for() {
    let server = Server::start();
    let whole = feed((1..6).rev());
    let cut = up_to(&whole, "at the bridge number 3").to_owned();
    server.answer("/", move |request: &Request, nth| match nth {
        0 => Reply::ok(cut.clone()).header("ETag", "\"1\"").until_close(),
        _ => Reply::validated(request, "\"1\"", whole.clone()),
    });
    let home = home(&server);
    let line = poll(&home, "07:00");
    assert_eq!(
        line,
        "Wire: 2 from before; 2 matches; 1 oddity, see `wirewatch feeds show`; the document was not whole: it ends inside `rss`\n"
    );
    assert_eq!(
        poll(&home, "08:00"),
        "Wire: 3 from before, 2 known; 3 matches\n"
    );
    assert_eq!(poll(&home, "09:00"), "Wire: unchanged\n");
    let shown: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("if-none-match"))
        .collect();
    assert_eq!(shown, [None, None, Some("\"1\"".to_owned())]);
    assert_eq!((home.count(ITEMS), home.count(WAITING)), (5, 0));
}

#[test]
fn the_validators_from_before_a_torn_document_are_not_shown_again() {
    let server = Server::start();
    let (first, second) = (feed((1..6).rev()), feed((1..8).rev()));
    server.answer("/", move |request, nth| match nth {
        0 => Reply::ok(first.clone()).header("ETag", "\"1\""),
        1 => Reply::ok(up_to(&second, "</item>")).header("ETag", "\"2\""),
        _ => Reply::validated(request, "\"2\"", second.clone()),
    });
    let home = home(&server);
    poll(&home, "06:06");
    assert!(poll(&home, "07:00").starts_with("Wire: 1 new; 1 match"));
    assert_eq!(poll(&home, "08:00"), "Wire: 1 new, 6 known; 1 match\n");
    let shown: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("if-none-match"))
        .collect();
    assert_eq!(shown, [None, Some("\"1\"".to_owned()), None]);
    assert_eq!(home.count(WAITING), 2);
}

#[test]
fn a_feed_that_is_always_written_without_its_end_is_well_and_fetched_whole() {
    let server = Server::start();
    server.answer("/", |request, nth| {
        let nth = u32::try_from(nth / 2).expect("a few polls");
        let text = feed((1..6 + nth).rev());
        let open = text.strip_suffix("</channel></rss>").expect("its end");
        Reply::validated(request, &format!("\"{nth}\""), open)
    });
    let home = home(&server);
    for (time, counted) in [
        ("06:06", "5 from before"),
        ("06:07", "5 known"),
        ("06:10", "1 new, 5 known"),
        ("07:00", "6 known"),
        ("08:00", "1 new, 6 known"),
    ] {
        let line = poll(&home, time);
        assert!(
            line.starts_with(&format!("Wire: {counted};")),
            "{time}: {line}"
        );
        assert!(line.contains("it ends inside `rss`"), "{line}");
    }
    let conditional = |request: &Request| request.header("if-none-match").is_some();
    assert!(!server.requests().iter().any(conditional));
    assert_eq!(home.count(WAITING), 2);
    assert_eq!(
        home.count("SELECT COUNT(*) FROM event WHERE kind <> 'added'"),
        0
    );
    let list = home.done(&["feeds", "list", "--now", "2026-11-23T08:01:00Z"]);
    assert!(list.stdout.starts_with("ok "), "{}", list.stdout);
    let words = "its document is not whole: it ends inside `rss`";
    assert!(list.stdout.contains(words), "{}", list.stdout);
}

#[test]
fn a_document_that_always_breaks_off_before_its_first_entry_is_a_failure_and_mailed() {
    let server = Server::start();
    server.on("/", Reply::ok(up_to(&feed(1..4), "Wire</title>")));
    let home = home(&server);
    let mut line = String::new();
    for hour in (0..30).step_by(3) {
        let now = format!("2026-11-{}T{:02}:00:00Z", 23 + hour / 24, hour % 24);
        line = home.run(&["poll", "--force", "--now", &now]).stdout;
    }
    let cause = "failed: the document broke off before its first entry: it ends inside `rss`";
    assert!(line.contains(cause), "{line}");
    let said = "SELECT COUNT(*) FROM event WHERE kind = 'failing'";
    assert_eq!(home.count(said), 1);
    server.on("/", Reply::ok(feed(1..4)));
    // Published since it was first asked.
    let told = home.done(&["poll", "--force", "--now", "2026-11-24T12:00:00Z"]);
    assert!(told.stdout.contains("3 new"), "{told:#?}");
}

#[test]
fn what_was_published_since_a_torn_first_poll_is_told() {
    let server = Server::start();
    let whole = feed((1..9).rev());
    server.script(
        "/",
        [
            Reply::ok(up_to(&feed((1..6).rev()), "</item>")),
            Reply::ok(whole),
        ],
    );
    let home = home(&server);
    poll(&home, "06:06");
    assert_eq!(
        poll(&home, "07:00"),
        "Wire: 3 new, 4 from before, 1 known; 7 matches\n",
        "the sixth may have come in the minute of the first poll"
    );
    assert_eq!(home.count(WAITING), 3);
}

#[test]
fn the_rest_of_a_feed_that_is_torn_again_and_again_is_from_before() {
    let server = Server::start();
    let whole = feed((1..9).rev());
    let head = up_to(&whole, "<link>").to_owned();
    let one = up_to(&feed((1..7).rev()), "</item>").to_owned();
    let texts = [head.clone(), head, one, whole];
    server.script("/", texts.map(Reply::ok));
    let home = home(&server);
    for time in ["06:05", "06:06", "06:07", "07:00"] {
        poll(&home, time);
    }
    assert_eq!((home.count(ITEMS), home.count(WAITING)), (8, 4));
}

#[test]
fn backfill_tells_what_torn_documents_held_back() {
    let server = Server::start();
    let whole = feed((1..9).rev());
    let cuts = ["<link>", "</item>"].map(|mark| up_to(&whole, mark).to_owned());
    let [head, one] = cuts;
    server.script("/", [head, one, whole].map(Reply::ok));
    let home = home_with(&server, "backfill = \"58m\"");
    for time in ["06:58", "06:59", "07:00"] {
        poll(&home, time);
    }
    assert_eq!((home.count(ITEMS), home.count(WAITING)), (8, 6));
}

#[test]
fn a_torn_document_is_not_held_for_fresh() {
    let server = Server::start();
    let whole = feed((1..6).rev());
    let fresh = |text: &str| Reply::ok(text).header("Cache-Control", "max-age=43200");
    server.script("/", [fresh(up_to(&whole, "</item>")), fresh(&whole)]);
    let home = home(&server);
    for (now, asked) in [("07:00", 1), ("08:30", 2), ("12:00", 2)] {
        home.run(&["poll", "--now", &format!("2026-11-23T{now}:00Z")]);
        assert_eq!(server.requests().len(), asked, "{now}");
    }
}

#[test]
fn an_entry_that_was_cut_is_stored_once_it_comes_whole() {
    let whole = feed((1..6).rev());
    let cuts = [
        "<title>Report 4",
        "<title>Report 4 of Mosul</title>",
        "https://wire.example/4",
        "https://wire.example/4</link>",
        "<description>What was seen at the bridge number 4",
        "number 4</description>",
        "<pubDate>Mon, 23 Nov 2026 06:04:00 GMT</pubDate>",
    ];
    for cut in cuts {
        let server = Server::start();
        let home = home(&server);
        server.script(
            "/",
            [
                Reply::ok(feed([1])),
                Reply::ok(up_to(&whole, cut)),
                Reply::ok(whole.clone()),
            ],
        );
        for time in ["06:02", "07:00", "08:00", "09:00"] {
            poll(&home, time);
        }
        assert_eq!((home.count(ITEMS), home.count(WAITING)), (5, 4), "{cut}");
        let wholly = "SELECT COUNT(*) FROM sighting WHERE summary LIKE 'What was seen at the bridge number _'";
        assert_eq!(home.count(wholly), 5, "{cut}");
        assert_eq!(
            home.count("SELECT COUNT(*) FROM item WHERE dated = 'published'"),
            5,
            "{cut}"
        );
    }
}
