//! What `status` tells, and when it calls for a person.

use std::fs;

use serde_json::Value;

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, tell};

const FEED: &str = "<rss version=\"2.0\"><channel><title>Harrow Times</title><link>https://harrow.example/</link>\
    <item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>h1</guid></item></channel></rss>";

fn watchlist(urls: &[String]) -> String {
    let feeds: String = urls
        .iter()
        .map(|url| format!("[[feed]]\nurl = {url:?}\nbackfill = \"all\"\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n"
    )
}

#[track_caller]
fn json(home: &Home, now: &str) -> (i32, Value) {
    let ran = home.run(&["status", "--json", "--now", now]);
    let value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:#?}"));
    (ran.code, value)
}

fn needs(status: &Value) -> Vec<&str> {
    let needs = status["needs"].as_array().expect("an array");
    needs
        .iter()
        .map(|need| need["what"].as_str().expect("words"))
        .collect()
}

#[test]
fn it_tells_of_the_running_daemon_and_of_the_one_that_is_gone() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    let daemon = home.daemon(&[]);
    daemon.wait_until("a round is over", || daemon.log().contains("Polled"));
    let ran = home.done(&["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(status["daemon"]["running"], true);
    assert_eq!(status["daemon"]["process"], daemon.id());
    assert_eq!(
        status["watchlist"]["version"],
        status["watchlist"]["version_in_force"]
    );
    assert_eq!(status["watchlist"]["found_by"], "--config");
    assert_eq!(status["last"]["mailed"], Value::Null);
    assert!(status["last"]["stored"].is_string() && status["last"]["matched"].is_string());
    assert_eq!(daemon.terminate(), 0);

    let (code, status) = json(&home, "2099-01-01T00:00:00Z");
    assert_eq!(code, 1);
    assert_eq!(status["daemon"]["running"], false);
    assert!(
        needs(&status)
            .iter()
            .any(|need| need.starts_with("the daemon does not run, and the digest")),
        "{status:#}"
    );
}

#[test]
fn feeds_are_listed_by_state_the_worst_first() {
    let server = Server::start();
    server.on("/ok", Reply::ok(FEED));
    server.on("/gone", Reply::status(410));
    // Of another host, since the feeds of one wait together.
    let busy = Server::start_at("127.0.0.2:0");
    busy.on("/busy", Reply::status(429).header("Retry-After", "7200"));
    let urls = [
        server.url("/ok"),
        server.url("/none"),
        busy.url("/busy"),
        server.url("/gone"),
    ];
    let home = Home::new(&watchlist(&urls));
    let now = "2026-11-23T12:00:00Z";
    home.done(&["poll", "--now", now]);
    let (code, status) = json(&home, now);
    assert_eq!(code, 1);
    let states: Vec<&str> = status["feeds"]["not_ok"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|feed| feed["state"].as_str().expect("a word"))
        .collect();
    assert_eq!(states.first(), Some(&"gone"), "{status:#}");
    assert!(
        states.contains(&"failing") && states.contains(&"throttled"),
        "{states:?}"
    );
    let rank = |state: &&str| {
        ["gone", "failing", "throttled"]
            .iter()
            .position(|known| known == state)
    };
    assert!(states.is_sorted_by_key(rank), "{states:?}");
    assert_eq!(status["polls"]["hours"][0]["polls"], 4);
    assert!(
        needs(&status)
            .iter()
            .any(|need| need.contains("is gone: HTTP 410")),
        "{status:#}"
    );

    let people = home.run(&["status", "--now", now]);
    for part in ["1 gone", "Needs you:", "wirewatch feeds add", "version "] {
        assert!(
            people.stdout.contains(part),
            "no `{part}` in {}",
            people.stdout
        );
    }
}

#[test]
fn a_failure_calls_for_a_person_only_after_a_day() {
    let server = Server::start();
    server.on("/ok", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/ok"), server.url("/none")]));
    home.done(&["poll", "--force", "--now", "2026-11-23T12:00:00Z"]);
    assert_eq!(json(&home, "2026-11-23T12:00:00Z").0, 0);
    home.done(&["poll", "--force", "--now", "2026-11-24T13:00:00Z"]);
    let (code, status) = json(&home, "2026-11-24T13:00:00Z");
    assert_eq!(code, 1);
    assert!(needs(&status)[0].contains("fails: HTTP 404"), "{status:#}");
}

#[test]
fn where_all_feeds_fail_for_one_reason_the_advice_is_for_that() {
    let server = Server::start();
    let urls = ["/a", "/b"].map(|path| server.url(path));
    let allowed = watchlist(&urls);
    let refused = allowed.replace("[\"127.0.0.0/8\"]", "[]");
    for (watchlist, advice) in [
        (&refused, "[poll] allow_private"),
        (&allowed, "what each server answers"),
    ] {
        let home = Home::new(watchlist);
        home.run(&["poll", "--now", "2026-11-23T12:00:00Z"]);
        let told = home
            .run(&["status", "--now", "2026-11-23T12:01:00Z"])
            .stdout;
        assert!(
            told.contains("all 2 feeds fail") && told.contains(advice),
            "{told}"
        );
    }
}

#[test]
fn a_refused_watchlist_calls_for_a_person_and_says_what_runs() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    home.done(&["poll", "--now", "2026-11-23T12:00:00Z"]);
    let (_, before) = json(&home, "2026-11-23T12:00:00Z");
    home.edit(&format!(
        "{}colour = 1\n",
        watchlist(&[server.url("/feed")])
    ));
    let (code, status) = json(&home, "2026-11-23T12:00:00Z");
    assert_eq!(code, 1);
    assert_eq!(status["watchlist"]["problems"], 1);
    assert_eq!(
        status["watchlist"]["version"],
        before["watchlist"]["version"]
    );
    let people = home.run(&["status", "--now", "2026-11-23T12:00:00Z"]);
    assert!(
        people.stdout.contains("refused, it has 1 problem"),
        "{people:#?}"
    );
}

#[test]
fn an_edit_that_nobody_has_taken_up_is_seen() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    home.done(&["poll", "--now", "2026-11-23T12:00:00Z"]);
    home.edit(&format!(
        "{}# a remark\n",
        watchlist(&[server.url("/feed")])
    ));
    let ran = home.done(&["status", "--now", "2026-11-23T12:00:00Z"]);
    assert!(ran.stdout.contains("is still in force"), "{ran:#?}");
}

#[test]
fn nobody_who_polls_for_days_is_noticed() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    home.done(&["poll", "--now", "2026-11-23T12:00:00Z"]);
    assert_eq!(json(&home, "2026-11-24T08:00:00Z").0, 0, "cron may be slow");
    let (code, status) = json(&home, "2026-11-28T12:00:00Z");
    assert_eq!(code, 1);
    assert!(needs(&status)[0].starts_with("nobody polls"), "{status:#}");
}

#[test]
fn it_leaves_the_database_as_it_is() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    home.done(&["poll", "--now", "2026-11-23T12:00:00Z"]);
    let before = fs::metadata(home.path("state/wirewatch.db"))
        .expect("there")
        .modified()
        .expect("a time");
    home.done(&["status", "--now", "2026-11-23T12:00:00Z"]);
    let after = fs::metadata(home.path("state/wirewatch.db"))
        .expect("there")
        .modified()
        .expect("a time");
    assert_eq!(before, after);
}

#[test]
fn lines_fit_a_terminal_and_are_whole_in_a_pipe() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    server.on("/gone", Reply::status(410));
    // A long name is cut in a column, but that of a feed that is well stands in none.
    let (long, short) = ("Harrow Times, Evening Advertiser and Post", "Post");
    let watchlist = watchlist(&[server.url("/feed"), server.url("/gone")])
        .replace("/feed\"", &format!("/feed\"\nname = {long:?}"))
        .replace("/gone\"", &format!("/gone\"\nname = {short:?}"));
    let home = Home::new(&watchlist);
    let now = "2026-11-23T12:00:00Z";
    home.done(&["poll", "--now", now]);
    for command in [
        &["status"][..],
        &["feeds", "list"],
        &["search", "Mosul OR Troops"],
    ] {
        let arguments = [command, &["--now", now]].concat();
        let whole = home.run(&arguments).stdout;
        // Of a terminal, but in a pipe: `script` lends one to the command.
        let line = "exec script -qec \"stty cols 60; $(printf \"'%s' \" \"$@\")\" /dev/null";
        let shown = home.command_behind(line, &arguments).output();
        let shown = String::from_utf8(shown.expect("a shell").stdout).expect("UTF-8");
        if !shown.contains('\r') {
            return tell("SKIPPED: only `script` lends a terminal");
        }
        let mut unmarked = shown.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        unmarked.retain(|c| c != '\r');
        for line in unmarked.lines().filter(|line| !line.contains("http")) {
            assert!(line.chars().count() <= 60, "{command:?}: {line}");
        }
        let longest = whole.lines().map(|line| line.chars().count()).max();
        assert!(longest > Some(60), "{command:?}: {whole}");
        let words = |text: &str| -> Vec<String> {
            let text = text.replace('*', "");
            text.split_whitespace().map(str::to_owned).collect()
        };
        // Nothing is cut, and what is said to a person is on standard error.
        let (shown, whole) = (words(&unmarked).join(" "), words(&whole).join(" "));
        assert!(shown.contains(&whole), "{command:?}: {shown}\n{whole}");
    }
}
