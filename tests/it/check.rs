//! What `check` says of a sound watchlist: what past news make doubtful, and where its files are.

use std::fs;

use serde_json::Value;

use crate::http_server::{Reply, Server};
use crate::wirewatch::Home;

/// A feed of these headlines.
fn feed(headlines: &[String]) -> String {
    let items: String = headlines
        .iter()
        .enumerate()
        .map(|(number, title)| {
            format!(
                "<item><title>{title}</title><link>https://source.example/{title}/{number}</link>\
                 <guid>{title}-{number}</guid></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Feed</title><link>https://source.example/</link>{items}</channel></rss>"
    )
}

fn named(count: usize, title: &str) -> Vec<String> {
    (0..count)
        .map(|number| format!("{title} {number}"))
        .collect()
}

const TOPICS: &str = r#"[[topic]]
name = "City"
any = [
  "Mosul",
  "Ninawa",
  "WHO",
]

[[topic]]
name = "Talks"
query = 'talks OR summit'

[[topic]]
name = "Jordan"
any = ["Jordan"]
none = ["king"]

[[topic]]
name = "Peace"
all = ["talks", "peace"]
"#;

/// A home whose feed has been read for a month, with 120 items of the last days.
fn a_month_old() -> Home {
    let server = Server::start();
    let news = [
        named(60, "Rain in the evening"),
        named(12, "peace talks go on"),
        named(20, "talks about talks"),
        named(20, "He who came"),
        named(5, "The king of Jordan"),
        named(3, "Mosul"),
    ]
    .concat();
    server.script(
        "/feed",
        [Reply::ok(feed(&named(1, "First"))), Reply::ok(feed(&news))],
    );
    let home = Home::new(&format!(
        "[mail]\nto = [\"me@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n[[feed]]\nurl = {:?}\n{TOPICS}",
        server.url("/feed")
    ));
    home.done(&["poll", "--now", "2026-10-20T12:00:00Z"]);
    home.done(&["poll", "--force", "--now", "2026-11-21T12:00:00Z"]);
    home
}

#[test]
fn past_news_make_terms_and_topics_doubtful_at_their_line() {
    let home = a_month_old();
    let ran = home.done(&["check", "--now", "2026-11-23T12:00:00Z"]);
    for part in [
        "warning[never-hit]: `Ninawa` of `City` hit nothing in the 120 items of 30 days",
        "wirewatch.toml:11:3",
        "warning[common-word]: `WHO` hits the word “who”, in 20 of the 20 items it is in",
        "wirewatch.toml:12:3",
        "write `=WHO`",
        "warning[too-broad]: `Talks` takes 32 of the 120 items of 30 days, 26 %",
        "warning[swallowed]: what `Jordan` excludes leaves nothing of it: all 5 hits",
        "such as “The king of Jordan",
        "warning[inside]: all 12 items of `Peace` are in `Talks` too",
        "Asked 120 stored items of 30 days about the topics.",
    ] {
        assert!(ran.stderr.contains(part), "no `{part}` in {}", ran.stderr);
    }
}

#[test]
fn an_editor_gets_the_same_warnings_as_json() {
    let home = a_month_old();
    let ran = home.done(&["check", "--json", "--now", "2026-11-23T12:00:00Z"]);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json["problems"], 0);
    assert_eq!(json["stored"]["items"], 120);
    let findings = json["findings"].as_array().expect("a list");
    let never = findings
        .iter()
        .find(|finding| finding["code"] == "never-hit")
        .expect("a term that never hit");
    assert_eq!(
        (&never["line"], &never["severity"]),
        (&11.into(), &"warning".into())
    );
    assert!(
        json["places"]
            .as_array()
            .is_some_and(|places| places.len() >= 4)
    );
}

#[test]
fn without_a_database_only_the_file_is_checked() {
    let home = Home::new(&format!(
        "[mail]\nto = [\"me@mail.example\"]\n[[feed]]\nurl = \"https://a.example/rss\"\n{TOPICS}"
    ));
    let ran = home.done(&["check"]);
    for part in [
        "could not be asked about the topics: there is no database yet",
        "watchlist",
        "(--config)",
        "($STATE_DIRECTORY): not there yet",
    ] {
        assert!(ran.stderr.contains(part), "no `{part}` in {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert!(!home.path("state/wirewatch.db").exists());
}

#[test]
fn a_database_that_cannot_be_read_is_said_and_refuses_nothing() {
    let home = a_month_old();
    fs::write(home.path("state/wirewatch.db"), "no database, only text").expect("written");
    let _ = fs::remove_file(home.path("state/wirewatch.db-wal"));
    let ran = home.done(&["check"]);
    assert!(
        ran.stderr
            .contains("is not a wirewatch database; set `[store] path` to a file of its own"),
        "{}",
        ran.stderr
    );
}

#[test]
fn check_reads_beside_a_daemon() {
    let server = Server::start();
    server.on("/feed", Reply::ok(feed(&named(3, "Mosul"))));
    let home = Home::new(&format!(
        "[mail]\nto = [\"me@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n[[feed]]\nurl = {:?}\n{TOPICS}",
        server.url("/feed")
    ));
    let daemon = home.daemon(&[]);
    daemon.wait_until("the feed was read", || daemon.log().contains("3 matches"));
    let ran = home.done(&["check"]);
    assert!(
        ran.stderr.contains("Asked 3 stored items"),
        "{}",
        ran.stderr
    );
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn the_daemon_logs_what_is_doubtful_when_it_takes_up_an_edit() {
    let home = a_month_old();
    let daemon = home.daemon(&["--now", "2026-11-23T12:00:00Z"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    let edited = fs::read_to_string(home.watchlist()).expect("there");
    home.edit(&format!("{edited}# saved again\n"));
    daemon.wait_until("the doubts are in the log", || {
        daemon.log().contains("`wirewatch check` doubts")
    });
}
