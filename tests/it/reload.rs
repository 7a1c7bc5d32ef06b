//! Edits of the watchlist under the running daemon: a whole file, or nothing.

use std::fs;
use std::os::unix::fs::symlink;

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Daemon, Home};

fn watchlist(feeds: &[String], topic: &str) -> String {
    let feeds: String = feeds
        .iter()
        .map(|url| format!("[[feed]]\nurl = {url:?}\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}\
         [[topic]]\nname = {topic:?}\nany = [{topic:?}]\n"
    )
}

fn server() -> Server {
    let server = Server::start();
    for path in ["/one", "/two"] {
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>Feed {path}</title><item><title>Mosul</title>\
             <link>https://a.example{path}</link></item></channel></rss>"
        );
        server.on(path, Reply::ok(feed));
    }
    server
}

fn started(home: &Home) -> Daemon {
    let daemon = home.daemon(&[]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    daemon
}

fn topics(home: &Home) -> Vec<String> {
    let database = home.database();
    let mut statement = database
        .prepare("SELECT name FROM topic WHERE declared = 1 ORDER BY name")
        .expect("a table");
    let names = statement.query_map([], |row| row.get(0)).expect("rows");
    names.map(|name| name.expect("a name")).collect()
}

#[test]
fn a_saved_edit_is_taken_up_and_its_new_feed_is_asked() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    daemon.wait_until("the first feed was asked", || {
        !server.requests_to("/one").is_empty()
    });
    home.edit(&watchlist(
        &[server.url("/one"), server.url("/two")],
        "Raqqa",
    ));
    daemon.wait_until("the second feed was asked", || {
        !server.requests_to("/two").is_empty()
    });
    daemon.wait_until("the topic is known", || topics(&home) == ["Raqqa"]);
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn a_broken_edit_changes_nothing_and_is_said() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    home.edit("[mail]\nto = 7\n");
    daemon.wait_until("the report is in the log", || {
        daemon.log().contains("was not taken up")
    });
    assert!(
        daemon.log().contains("wirewatch.toml:2:6"),
        "{}",
        daemon.log()
    );
    assert_eq!(topics(&home), ["Mosul"]);
    home.edit(&watchlist(&[server.url("/one")], "Raqqa"));
    daemon.wait_until("the mended one is taken up", || topics(&home) == ["Raqqa"]);
}

#[test]
fn a_daemon_that_starts_on_a_broken_file_goes_on_with_the_last_good_one() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    daemon.wait_until("the feed was asked", || {
        !server.requests_to("/one").is_empty()
    });
    assert_eq!(daemon.terminate(), 0);

    home.edit("[mail]\nto = 7\n");
    let daemon = started(&home);
    assert!(
        daemon.log().contains("the last good one runs"),
        "{}",
        daemon.log()
    );
    assert_eq!(topics(&home), ["Mosul"]);
}

#[test]
fn a_daemon_without_any_good_watchlist_does_not_start() {
    let home = Home::new("[mail]\nto = 7\n");
    let ran = home.run(&["run"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    assert!(ran.stderr.contains("wirewatch.toml:2:6"), "{ran:#?}");
}

#[test]
fn a_folder_that_is_swapped_by_a_link_is_noticed() {
    let server = server();
    let home = Home::new("");
    for (folder, topic) in [("a", "Mosul"), ("b", "Raqqa")] {
        fs::create_dir(home.path(folder)).expect("a folder");
        let file = home.path(folder).join("wirewatch.toml");
        fs::write(file, watchlist(&[server.url("/one")], topic)).expect("written");
    }
    symlink(home.path("a"), home.path("current")).expect("a link");
    fs::remove_file(home.watchlist()).expect("removed");
    symlink(home.path("current/wirewatch.toml"), home.watchlist()).expect("a link");
    let daemon = started(&home);
    symlink(home.path("b"), home.path("next")).expect("a link");
    fs::rename(home.path("next"), home.path("current")).expect("swapped");
    daemon.wait_until("the other folder is taken up", || {
        topics(&home) == ["Raqqa"]
    });
}

#[test]
fn sighup_reads_the_file_at_once() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    home.edit(&watchlist(&[server.url("/one")], "Raqqa"));
    daemon.signal("-HUP");
    daemon.wait_until("it is taken up", || topics(&home) == ["Raqqa"]);
}

#[test]
fn a_file_that_stays_broken_reaches_the_operator_once() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = home.daemon(&["--now", "2026-11-23T12:00:00Z", "--pace", "600"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    home.edit("[mail]\nto = 7\n");
    let told = || {
        home.count(
            "SELECT COUNT(*) FROM delivery WHERE subject = 'wirewatch: The watchlist is refused'",
        )
    };
    daemon.wait_until("the operator is told", || told() == 1);
    let text: String = home
        .database()
        .query_row(
            "SELECT CAST(bytes AS TEXT) FROM delivery WHERE subject LIKE 'wirewatch:%'",
            [],
            |row| row.get(0),
        )
        .expect("a message");
    assert!(text.contains("wirewatch.toml:2:6"), "{text}");
}
