//! What an edit of the watchlist means, on the running daemon: feeds that go and come back, topics that change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::http_server::{Reply, Server};
use crate::smtp_server::{Act, Point, Setup, SmtpServer};
use crate::wirewatch::{Daemon, Home};

const START: &str = "2026-11-23T08:00:00Z";

/// A feed of these items: a number and a title each.
fn feed(items: &[(u32, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(number, title)| {
            format!(
                "<item><title>{title}</title><link>https://source.example/{number}</link><guid>g{number}</guid>\
                 <description>Told in full at the source, number {number}.</description></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Feed</title><link>https://source.example/</link>{items}</channel></rss>"
    )
}

const WEATHER: (u32, &str) = (1, "Rain in the evening");
const MOSUL: (u32, &str) = (2, "Troops enter Mosul");
const AGAIN: (u32, &str) = (3, "Mosul after the troops");

/// A watchlist whose feeds are asked every ten minutes and whose digest goes every hour.
fn watchlist(feeds: &[String], topics: &str) -> String {
    let feeds: String = feeds
        .iter()
        .map(|feed| format!("[[feed]]\n{feed}\nevery = \"10m\"\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[digest]]\nname = \"Hourly\"\nsend = \"1h\"\n{feeds}{topics}"
    )
}

const TOPIC: &str = "[[topic]]\nname = \"City\"\nany = [\"Mosul\"]\n";

/// A daemon for which ten minutes are a second.
fn started(home: &Home) -> Daemon {
    let daemon = home.daemon(&["--now", START, "--pace", "600"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    daemon
}

fn url(server: &Server, path: &str) -> String {
    format!("url = {:?}", server.url(path))
}

/// Saves an edit and waits until it is in force.
#[track_caller]
fn edit(home: &Home, daemon: &Daemon, watchlist: &str) {
    let taken = || daemon.log().matches("Took up").count();
    let before = taken();
    home.edit(watchlist);
    daemon.wait_until("the edit is taken up", || taken() > before);
}

/// The text parts of all messages so far.
fn mails(home: &Home) -> String {
    let database = home.database();
    let mut statement = database
        .prepare("SELECT CAST(bytes AS TEXT) FROM delivery ORDER BY id")
        .expect("a table");
    let mails = statement
        .query_map([], |row| row.get::<_, String>(0))
        .expect("rows");
    mails.map(|mail| mail.expect("a message")).collect()
}

#[test]
fn a_removed_feed_is_no_longer_asked_and_its_items_stay() {
    let server = Server::start();
    server.on("/stays", Reply::ok(feed(&[WEATHER])));
    server.on("/goes", Reply::ok(feed(&[MOSUL])));
    let (stays, goes) = (url(&server, "/stays"), url(&server, "/goes"));
    let home = Home::new(&watchlist(&[stays.clone(), goes], TOPIC));
    let daemon = started(&home);
    daemon.wait_until("both were read", || {
        home.count("SELECT COUNT(*) FROM item") == 2
    });
    edit(&home, &daemon, &watchlist(&[stays], TOPIC));
    let (asked, others) = (
        server.requests_to("/goes").len(),
        server.requests_to("/stays").len(),
    );
    daemon.wait_until("the other was asked three times more", || {
        server.requests_to("/stays").len() >= others + 3
    });
    // One request may have been on its way when the edit was taken up.
    assert!(server.requests_to("/goes").len() <= asked + 1);
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 2);
    assert_eq!(home.count("SELECT COUNT(*) FROM match"), 1);
}

#[test]
fn a_feed_that_comes_back_goes_on_where_it_was_and_a_line_says_so() {
    let server = Server::start();
    server.on("/stays", Reply::ok(feed(&[WEATHER])));
    server.on("/returns", Reply::ok(feed(&[MOSUL])));
    let (stays, returns) = (url(&server, "/stays"), url(&server, "/returns"));
    let both = watchlist(&[stays.clone(), returns], TOPIC);
    let home = Home::new(&both);
    let daemon = started(&home);
    daemon.wait_until("both were read", || {
        home.count("SELECT COUNT(*) FROM item") == 2
    });
    edit(&home, &daemon, &watchlist(&[stays], TOPIC));
    server.on("/returns", Reply::ok(feed(&[AGAIN, MOSUL])));
    edit(&home, &daemon, &both);
    daemon.wait_until("what is new there was told", || {
        home.count("SELECT COUNT(*) FROM told") == 1
    });
    let mails = mails(&home);
    assert!(mails.contains("Mosul after the troops"), "{mails}");
    assert!(!mails.contains("Troops enter Mosul"), "{mails}");
    assert!(
        mails.contains("is polled again, from where it was"),
        "{mails}"
    );
}

#[test]
fn a_feed_that_was_paused_goes_on_where_it_was_and_a_line_says_so() {
    let server = Server::start();
    server.on("/stays", Reply::ok(feed(&[WEATHER])));
    server.on("/returns", Reply::ok(feed(&[MOSUL])));
    let (stays, returns) = (url(&server, "/stays"), url(&server, "/returns"));
    let both = watchlist(&[stays.clone(), returns.clone()], TOPIC);
    let home = Home::new(&both);
    let daemon = started(&home);
    daemon.wait_until("both were read", || {
        home.count("SELECT COUNT(*) FROM item") == 2
    });
    let paused = format!("{returns}\npaused = true");
    edit(&home, &daemon, &watchlist(&[stays, paused], TOPIC));
    let (asked, others) = (
        server.requests_to("/returns").len(),
        server.requests_to("/stays").len(),
    );
    daemon.wait_until("the other was asked three times more", || {
        server.requests_to("/stays").len() >= others + 3
    });
    assert!(server.requests_to("/returns").len() <= asked + 1);
    server.on("/returns", Reply::ok(feed(&[AGAIN, MOSUL])));
    edit(&home, &daemon, &both);
    daemon.wait_until("what is new there was told", || {
        home.count("SELECT COUNT(*) FROM told") == 1
    });
    let mails = mails(&home);
    assert!(mails.contains("Mosul after the troops"), "{mails}");
    assert!(
        mails.contains("is polled again, from where it was"),
        "{mails}"
    );
}

#[test]
fn a_feed_listed_twice_is_asked_once_with_the_tags_of_both() {
    let server = Server::start();
    server.on("/twice", Reply::ok(feed(&[MOSUL])));
    let one = format!("{}\ntags = [\"one\"]", url(&server, "/twice"));
    let other = format!("{}\ntags = [\"other\"]", url(&server, "/twice#again"));
    let topics = format!(
        "{TOPIC}feeds = [\"one\"]\n{}feeds = [\"other\"]\n",
        TOPIC.replace("City", "Town")
    );
    let home = Home::new(&watchlist(&[one, other], &topics));
    home.done(&["poll", "--now", START]);
    assert_eq!(server.requests_to("/twice").len(), 1);
    assert_eq!(home.count("SELECT COUNT(*) FROM feed"), 1);
    assert_eq!(home.count("SELECT COUNT(*) FROM match"), 2);
}

#[test]
fn a_new_topic_leaves_what_was_seen_before_it_alone() {
    let server = Server::start();
    server.on("/a", Reply::ok(feed(&[MOSUL])));
    let feeds = [url(&server, "/a")];
    let home = Home::new(&watchlist(&feeds, &TOPIC.replace("Mosul", "Raqqa")));
    let daemon = started(&home);
    daemon.wait_until("the item is stored", || {
        home.count("SELECT COUNT(*) FROM item") == 1
    });
    edit(
        &home,
        &daemon,
        &watchlist(
            &feeds,
            &format!(
                "{}{}",
                TOPIC.replace("Mosul", "Raqqa"),
                TOPIC.replace("City", "New")
            ),
        ),
    );
    server.on("/a", Reply::ok(feed(&[AGAIN, MOSUL])));
    daemon.wait_until("what came after it was told", || {
        home.count("SELECT COUNT(*) FROM told") == 1
    });
    assert_eq!(home.count("SELECT COUNT(*) FROM match"), 1);
    assert!(mails(&home).contains("Mosul after the troops"));
}

#[test]
fn an_edited_topic_keeps_its_history_and_so_does_a_renamed_one() {
    let server = Server::start();
    server.on("/a", Reply::ok(feed(&[MOSUL])));
    let feeds = [url(&server, "/a")];
    let home = Home::new(&watchlist(&feeds, TOPIC));
    let daemon = started(&home);
    daemon.wait_until("it matched", || {
        home.count("SELECT COUNT(*) FROM match") == 1
    });
    let row = |name: &str| {
        home.count(&format!(
            "SELECT topic.id FROM topic JOIN match ON match.topic = topic.id WHERE name = '{name}' AND declared = 1"
        ))
    };
    let before = row("City");
    let edited = TOPIC.replace("[\"Mosul\"]", "[\"Mosul\", \"Nineveh\"]");
    edit(&home, &daemon, &watchlist(&feeds, &edited));
    assert_eq!(row("City"), before);
    edit(
        &home,
        &daemon,
        &watchlist(&feeds, &edited.replace("City", "Town")),
    );
    assert_eq!(row("Town"), before);
}

#[test]
fn what_an_edited_topic_no_longer_makes_is_dropped_when_a_digest_is_composed() {
    let server = Server::start();
    server.on("/a", Reply::ok(feed(&[WEATHER])));
    let feeds = [url(&server, "/a")];
    let home = Home::new(&watchlist(&feeds, TOPIC));
    let daemon = home.daemon(&["--now", "2026-11-23T08:00:10Z", "--pace", "60"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    daemon.wait_until("the first poll is stored", || {
        home.count("SELECT COUNT(*) FROM item") == 1
    });
    server.on("/a", Reply::ok(feed(&[AGAIN, MOSUL, WEATHER])));
    daemon.wait_until("both wait to be told", || {
        home.count("SELECT COUNT(*) FROM pending") == 2
    });
    edit(
        &home,
        &daemon,
        &watchlist(&feeds, &TOPIC.replace("\"Mosul\"", "\"enter Mosul\"")),
    );
    daemon.wait_until("a digest was composed", || {
        home.count("SELECT COUNT(*) FROM told") == 1
    });
    assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 0);
    assert!(!mails(&home).contains("Mosul after the troops"));
}

#[test]
fn priority_sensitive_and_snooze_act_on_what_waits() {
    let server = Server::start();
    let first = (4, "A storm is coming");
    server.script(
        "/a",
        [
            Reply::ok(feed(&[WEATHER])),
            Reply::ok(feed(&[MOSUL, first, WEATHER])),
        ],
    );
    let feeds = [url(&server, "/a")];
    let storm = "[[topic]]\nname = \"Storm\"\nany = [\"storm\"]\n";
    let home = Home::new(&watchlist(&feeds, &format!("{storm}{TOPIC}")));
    for hour in 8..10 {
        home.done(&[
            "poll",
            "--force",
            "--now",
            &format!("2026-11-23T{hour:02}:00:00Z"),
        ]);
    }
    let preview = |topics: String| {
        home.edit(&watchlist(&feeds, &topics));
        home.done(&["digest", "--now", "2026-11-23T10:00:00Z"])
            .stdout
    };
    let place = |text: &str, words: &str| text.find(words).unwrap_or(usize::MAX);

    let plain = preview(format!("{storm}{TOPIC}"));
    assert!(place(&plain, "A storm is coming") < place(&plain, "Troops enter Mosul"));
    assert!(
        plain.contains("Told in full at the source, number 2"),
        "{plain}"
    );

    let urgent = preview(format!("{storm}{TOPIC}priority = \"high\"\n"));
    assert!(place(&urgent, "Troops enter Mosul") < place(&urgent, "A storm is coming"));

    let quiet = preview(format!("{storm}{TOPIC}sensitive = true\n"));
    assert!(quiet.contains("Troops enter Mosul"), "{quiet}");
    assert!(!quiet.contains("number 2"), "{quiet}");

    let asleep = preview(format!("{storm}{TOPIC}snooze = \"2026-12-24\"\n"));
    assert!(!asleep.contains("Troops enter Mosul"), "{asleep}");
    let in_one_line = asleep.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(in_one_line.contains("City until 24 December"), "{asleep}");
}

#[test]
fn a_mail_in_flight_is_settled_under_the_new_watchlist() {
    let feeds = Server::start();
    feeds.on("/a", Reply::ok(feed(&[MOSUL])));
    let (reached, release) = (Arc::default(), Arc::default());
    let mail = {
        let (reached, release): (Arc<AtomicBool>, Arc<AtomicBool>) =
            (Arc::clone(&reached), Arc::clone(&release));
        SmtpServer::start(Setup::default(), move |moment| {
            if moment.point == Point::Dot {
                reached.store(true, Ordering::SeqCst);
                let start = Instant::now();
                while !release.load(Ordering::SeqCst) && start.elapsed() < Duration::from_secs(50) {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            Act::Normal
        })
    };
    let server = format!(
        "[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        mail.address.port()
    );
    let feeds = [format!("{}\nbackfill = \"all\"", url(&feeds, "/a"))];
    let home = Home::new(&watchlist(&feeds, &format!("{server}{TOPIC}")));
    // Slow enough that the next digest is not due before this one is settled.
    let daemon = home.daemon(&["--now", "2026-11-23T08:59:30Z", "--pace", "5"]);
    daemon.wait_until("the message waits for its answer", || {
        reached.load(Ordering::SeqCst)
    });
    let other = TOPIC.replace("Mosul", "Raqqa");
    edit(
        &home,
        &daemon,
        &watchlist(&feeds, &format!("{server}{other}")),
    );
    release.store(true, Ordering::SeqCst);
    daemon.wait_until("the message is settled", || {
        home.count("SELECT COUNT(*) FROM delivery WHERE state = 'sent'") == 1
    });
    assert_eq!(daemon.terminate(), 0);
    assert_eq!(mail.accepted().len(), 1);
    assert_eq!(home.count("SELECT COUNT(*) FROM told"), 1);
}

#[test]
fn three_hundred_new_feeds_are_one_line_of_the_next_digest() {
    // A host is asked one thing at a time, so the new feeds are on many.
    let servers: Vec<Server> = (1..=30)
        .map(|host| Server::start_at(&format!("127.0.0.{host}:0")))
        .collect();
    servers[0].script(
        "/old",
        [
            Reply::ok(feed(&[WEATHER])),
            Reply::ok(feed(&[AGAIN, WEATHER])),
        ],
    );
    let old = url(&servers[0], "/old");
    let home = Home::new(&watchlist(std::slice::from_ref(&old), TOPIC));
    home.done(&["poll", "--now", START]);
    home.done(&[
        "digest",
        "Hourly",
        "--send",
        "--now",
        "2026-11-23T08:30:00Z",
    ]);

    let mut feeds = vec![old];
    for number in 0..300 {
        let server = &servers[number as usize % servers.len()];
        let path = format!("/new/{number}");
        let title = format!("Mosul, seen from place {number}");
        server.on(&path, Reply::ok(feed(&[(1000 + number, &title)])));
        feeds.push(format!("{}\nname = \"Paper {number}\"", url(server, &path)));
    }
    home.edit(&watchlist(&feeds, TOPIC));
    home.done(&["poll", "--now", "2026-11-23T09:00:00Z"]);
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 302);
    let preview = home
        .done(&["digest", "--now", "2026-11-23T10:00:00Z"])
        .stdout;
    assert!(preview.contains("300 feeds added"), "{preview}");
    assert!(preview.contains("300 would match"), "{preview}");
    assert!(preview.matches("Paper ").count() <= 5, "{preview}");
    assert!(preview.lines().count() < 50, "{preview}");
}

const STORM: (u32, &str) = (4, "A storm is coming");
const STORMS: &str = "[[topic]]\nname = \"Weather\"\nany = [\"storm\"]\n";

/// What a daemon mails of items that waited for one topic when these edits had put another into its place.
fn mailed_after(edits: &[&str]) -> String {
    let server = Server::start();
    server.on("/a", Reply::ok(feed(&[WEATHER])));
    let feeds = [url(&server, "/a")];
    let home = Home::new(&watchlist(&feeds, TOPIC));
    let daemon = home.daemon(&["--now", "2026-11-23T08:35:10Z", "--pace", "60"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    daemon.wait_until("the first poll is stored", || {
        home.count("SELECT COUNT(*) FROM item") == 1
    });
    server.on("/a", Reply::ok(feed(&[STORM, AGAIN, MOSUL, WEATHER])));
    daemon.wait_until("both wait to be told", || {
        home.count("SELECT COUNT(*) FROM pending") == 2
    });
    for topics in edits {
        edit(&home, &daemon, &watchlist(&feeds, topics));
    }
    daemon.wait_until("a digest was composed", || {
        home.count("SELECT COUNT(*) FROM told") > 0
    });
    assert_eq!(daemon.terminate(), 0);
    mails(&home)
}

const TOWN: &str = "[[topic]]\nname = \"Town\"\nany = [\"enter Mosul\", \"storm\"]\n";

#[test]
fn a_topic_that_is_renamed_and_edited_in_one_save_keeps_what_waits() {
    let mails = mailed_after(&[TOWN]);
    assert!(mails.contains("Troops enter Mosul"), "{mails}");
    assert!(!mails.contains("Mosul after the troops"), "{mails}");
    // It was seen before that term was in the watchlist, and waited for nobody.
    assert!(!mails.contains("A storm is coming"), "{mails}");
}

#[test]
fn a_topic_that_is_renamed_and_edited_keeps_what_waits_though_half_a_save_was_read() {
    let other = "[[topic]]\nname = \"Other\"\nany = [\"Raqqa\"]\n";
    let mails = mailed_after(&[other, &format!("{other}{TOWN}")]);
    assert!(mails.contains("Troops enter Mosul"), "{mails}");
}

#[test]
fn topics_that_change_their_names_neither_drop_nor_repeat_anything() {
    let server = Server::start();
    let bridge = (5, "A bridge for the boats of Mosul");
    server.script(
        "/a",
        [
            Reply::ok(feed(&[WEATHER])),
            Reply::ok(feed(&[MOSUL, WEATHER])),
            Reply::ok(feed(&[STORM, bridge, MOSUL, WEATHER])),
        ],
    );
    let feeds = [url(&server, "/a")];
    // By itself each item is told at once, whatever was told of its story.
    let topics = format!("{TOPIC}group = false\n{STORMS}group = false\n");
    let home = Home::new(&watchlist(&feeds, &topics));
    let at = |time: &str, arguments: &[&str]| {
        let now = format!("2026-11-23T{time}:00Z");
        home.done(&[arguments, &["--now", &now]].concat())
    };
    at("08:00", &["poll", "--force"]);
    at("08:20", &["poll", "--force"]);
    at("09:00", &["digest", "--send"]);
    assert!(mails(&home).contains("Troops enter Mosul"));
    at("09:10", &["poll", "--force"]);
    assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 2);

    let swapped = topics
        .replace("\"City\"", "\"x\"")
        .replace("\"Weather\"", "\"City\"")
        .replace("\"x\"", "\"Weather\"");
    home.edit(&watchlist(&feeds, &swapped));
    at("10:00", &["digest", "--send"]);
    let under = |name: &str| {
        home.count(&format!(
            "SELECT COUNT(*) FROM told JOIN topic ON topic.id = told.topic
             JOIN delivery ON delivery.id = told.delivery
             WHERE topic.name = '{name}' AND told.at >= unixepoch('2026-11-23 10:00')"
        ))
    };
    assert_eq!((under("Weather"), under("City")), (1, 1));
    // What a topic found goes with what it asks.
    let found =
        "SELECT COUNT(*) FROM match JOIN topic ON topic.id = match.topic WHERE topic.name = ";
    assert_eq!(home.count(&format!("{found} 'Weather'")), 2);
    assert_eq!(home.count(&format!("{found} 'City'")), 1);
    assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 0);
    assert_eq!(
        home.count("SELECT COUNT(*) - COUNT(DISTINCT item) FROM told"),
        0
    );
    assert_eq!(home.count("SELECT COUNT(*) FROM told"), 3);
}

#[test]
fn a_term_that_moves_to_another_topic_takes_along_what_waits() {
    let server = Server::start();
    server.script(
        "/a",
        [
            Reply::ok(feed(&[WEATHER])),
            Reply::ok(feed(&[STORM, MOSUL, WEATHER])),
        ],
    );
    let feeds = [url(&server, "/a")];
    let both = TOPIC.replace("[\"Mosul\"]", "[\"Mosul\", \"storm\"]");
    let other = TOPIC.replace("City", "Other").replace("Mosul", "hail");
    let home = Home::new(&watchlist(&feeds, &format!("{both}{other}")));
    for time in ["08:00", "08:20"] {
        let now = format!("2026-11-23T{time}:00Z");
        home.done(&["poll", "--force", "--now", &now]);
    }
    assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 2);
    let moved = other.replace("[\"hail\"]", "[\"hail\", \"storm\"]");
    home.edit(&watchlist(&feeds, &format!("{TOPIC}{moved}")));
    home.done(&["digest", "--send", "--now", "2026-11-23T09:00:00Z"]);
    let under = |name: &str| {
        home.count(&format!(
            "SELECT COUNT(*) FROM told JOIN topic ON topic.id = told.topic WHERE topic.name = '{name}'"
        ))
    };
    assert_eq!((under("City"), under("Other")), (1, 1));
    assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 0);
}

#[test]
fn what_waits_is_handed_on_only_to_those_it_waits_for() {
    let server = Server::start();
    server.script(
        "/a",
        [
            Reply::ok(feed(&[WEATHER])),
            Reply::ok(feed(&[MOSUL, WEATHER])),
        ],
    );
    let feeds = [url(&server, "/a")];
    let other = "[[digest]]\nname = \"Other\"\nto = [\"other@mail.example\"]\nsend = \"1h\"\n";
    let before = format!("{TOPIC}{STORMS}{other}topics = [\"Weather\"]\n");
    let home = Home::new(&watchlist(&feeds, &before));
    for time in ["08:00", "08:20"] {
        let now = format!("2026-11-23T{time}:00Z");
        home.done(&["poll", "--force", "--now", &now]);
    }
    let town = "[[topic]]\nname = \"Town\"\nany = [\"Mosul\", \"Nineveh\"]\n";
    let after = format!("{town}{STORMS}{other}topics = [\"*\"]\n");
    home.edit(&watchlist(&feeds, &after));
    home.done(&["digest", "--send", "--now", "2026-11-23T09:00:00Z"]);
    let told = home.count("SELECT COUNT(*) FROM told WHERE recipient = 'reader@mail.example'");
    assert_eq!(told, 1);
    assert_eq!(home.count("SELECT COUNT(*) FROM told"), 1);
}
