//! Copies of the database: made while the daemon works, put back without loss, said in the mail.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use crate::http_server::{Reply, Server};
use crate::wirewatch::Home;

fn feed(numbers: std::ops::Range<u32>) -> String {
    let items: String = numbers
        .rev()
        .map(|number| {
            format!(
                "<item><title>Mosul report number{number}x</title><link>https://source.example/{number}</link>\
                 <guid>g{number}</guid><pubDate>Mon, 23 Nov 2026 06:{number:02}:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Feed</title><link>https://source.example/</link>{items}</channel></rss>"
    )
}

fn watchlist(server: &Server) -> String {
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[feed]]\nurl = {:?}\nbackfill = \"all\"\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\ngroup = false\n",
        server.url("/feed")
    )
}

/// Polls and mails at an hour of the day.
fn round(home: &Home, hour: u32) {
    let now = format!("2026-11-23T{hour:02}:00:00Z");
    home.done(&["poll", "--force", "--now", &now]);
    home.done(&["digest", "wirewatch", "--send", "--now", &now]);
}

/// The texts of all messages in the folder, oldest first.
fn mails(home: &Home) -> Vec<String> {
    let files = home.files("outbox");
    let messages = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "eml"));
    messages
        .map(|file| fs::read_to_string(file).expect("a message"))
        .collect()
}

fn mentions(mails: &[String], number: u32) -> usize {
    let name = format!("number{number}x");
    mails.iter().filter(|mail| mail.contains(&name)).count()
}

#[test]
fn a_backup_is_made_under_the_running_daemon_and_is_whole() {
    let server = Server::start();
    server.on("/feed", Reply::ok(feed(1..9)));
    let home = Home::new(&watchlist(&server));
    let daemon = home.daemon(&[]);
    daemon.wait_until("the items are stored", || {
        daemon.log().contains("8 matches")
    });
    let copy = home.path("copy.db");
    let ran = home.done(&["backup", copy.to_str().expect("UTF-8")]);
    assert!(ran.stderr.contains("the copy is sound"), "{ran:#?}");
    assert_eq!(daemon.terminate(), 0);

    let mode = fs::metadata(&copy).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let beside = ["copy.db-wal", "copy.db-shm", "copy.db.partial"];
    assert!(
        beside.iter().all(|name| !home.path(name).exists()),
        "one file"
    );
    let copied: i64 = Connection::open(&copy)
        .expect("a database")
        .query_row("SELECT COUNT(*) FROM item", (), |row| row.get(0))
        .expect("a table");
    assert_eq!(copied, 8);
}

#[test]
fn a_backup_never_replaces_a_file() {
    let server = Server::start();
    server.on("/feed", Reply::ok(feed(1..3)));
    let home = Home::new(&watchlist(&server));
    home.done(&["poll"]);
    let copy = home.path("copy.db");
    fs::write(&copy, "mine").expect("written");
    let ran = home.run(&["backup", copy.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    assert!(
        ran.stderr.contains("exists already and was not touched"),
        "{ran:#?}"
    );
    assert_eq!(fs::read_to_string(&copy).expect("there"), "mine");
}

#[test]
fn a_copy_that_was_put_back_repeats_only_what_was_mailed_after_it_and_says_so() {
    let server = Server::start();
    server.script(
        "/feed",
        [
            Reply::ok(feed(1..4)),
            Reply::ok(feed(1..6)),
            Reply::ok(feed(1..8)),
        ],
    );
    let home = Home::new(&watchlist(&server));
    round(&home, 7);
    let copy = home.path("copy.db");
    home.done(&[
        "backup",
        copy.to_str().expect("UTF-8"),
        "--now",
        "2026-11-23T07:30:00Z",
    ]);
    round(&home, 8);
    assert_eq!(mentions(&mails(&home), 5), 1);

    for name in ["wirewatch.db-wal", "wirewatch.db-shm"] {
        let _ = fs::remove_file(home.path("state").join(name));
    }
    fs::copy(&copy, home.path("state/wirewatch.db")).expect("put back");
    round(&home, 9);
    home.done(&["digest", "--send", "--now", "2026-11-23T09:05:00Z"]);
    let mails = mails(&home);
    for (number, times) in [(1, 1), (3, 1), (4, 2), (5, 2), (6, 1), (7, 1)] {
        assert_eq!(mentions(&mails, number), times, "report {number}");
    }
    let said = |mail: &&String| mail.contains("Subject: wirewatch: The database was restored");
    let said: Vec<_> = mails.iter().filter(said).collect();
    assert_eq!(said.len(), 1, "said once: {mails:#?}");
    assert!(
        said.iter()
            .all(|mail| mail.contains("Monday 23 November 2026, 07:30")),
        "{said:#?}"
    );
    let status = home.done(&["status", "--json", "--now", "2026-11-23T09:10:00Z"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["database"]["restored_from"], "2026-11-23T07:30:00Z");
}

#[test]
fn a_backup_holds_no_password() {
    let server = Server::start();
    server.on("/feed", Reply::ok(feed(1..3)));
    let home = Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\n\
         username = \"me\"\npassword_file = \"smtp-password\"\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[feed]]\nurl = {:?}\nbackfill = \"all\"\nusername = \"me\"\npassword_file = \"feed-password\"\n\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        server.url("/feed")
    ));
    for name in ["smtp-password", "feed-password"] {
        fs::write(home.path(name), "correct-horse-battery\n").expect("written");
    }
    home.done(&["poll"]);
    let copy = home.path("copy.db");
    home.done(&["backup", copy.to_str().expect("UTF-8")]);
    let bytes = fs::read(&copy).expect("there");
    assert!(
        !bytes
            .windows(b"correct-horse".len())
            .any(|window| window == b"correct-horse")
    );
}
