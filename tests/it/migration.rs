//! Databases of earlier versions keep their promises; those of later ones are left alone.

use std::fs;

use rusqlite::Connection;

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, data};

/// What the feed of the fixture showed last, and one item more.
const FEED: &str = "<rss version=\"2.0\"><channel><title>Harrow Times</title><link>https://harrow.example/</link>\
    <item><title>Aid reaches Mosul</title><link>https://harrow.example/6</link><guid>https://harrow.example/?p=6</guid>\
    <pubDate>Mon, 23 Nov 2026 08:30:00 GMT</pubDate></item>\
    <item><title>A quiet day on the river</title><link>https://harrow.example/5</link><guid>https://harrow.example/?p=5</guid>\
    <description>Nothing moved.</description><pubDate>Mon, 23 Nov 2026 07:05:00 GMT</pubDate></item>\
    <item><title>Bridge over the Tigris reopens</title><link>https://harrow.example/4</link>\
    <guid>https://harrow.example/?p=4</guid><description>The first in Mosul to do so.</description>\
    <pubDate>Mon, 23 Nov 2026 07:04:00 GMT</pubDate></item>\
    <item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>https://harrow.example/?p=1</guid>\
    <description>Fighting in the east of the city.</description><pubDate>Mon, 23 Nov 2026 06:01:00 GMT</pubDate></item>\
    </channel></rss>";

/// A home with the database of a fixture, whose feed is asked through a proxy, so that its address never changes.
fn home(server: &Server, fixture: &str) -> Home {
    let home = Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nproxy = {:?}\n[[feed]]\nurl = \"http://harrow.example/feed\"\n\
         backfill = \"all\"\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        format!("http://{}", server.address())
    ));
    fs::create_dir(home.path("state")).expect("a folder");
    let text = fs::read_to_string(data("store").join(fixture)).expect("a fixture");
    let database = Connection::open(home.path("state/wirewatch.db")).expect("a database");
    database.execute_batch(&text).expect("the fixture is SQL");
    home
}

#[test]
fn a_database_of_each_schema_since_the_first_opens_and_repeats_nothing() {
    let mut fixtures: Vec<String> = fs::read_dir(data("store"))
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    fixtures.sort();
    assert!(
        fixtures.contains(&"schema-1.sql".to_owned()),
        "{fixtures:?}"
    );
    for fixture in fixtures {
        let server = Server::start();
        server.on("http://harrow.example/feed", Reply::ok(FEED));
        let home = home(&server, &fixture);
        let polled = home.done(&["poll", "--force", "--now", "2026-11-23T09:00:00Z"]);
        assert!(
            polled.stdout.contains("1 new, 3 known"),
            "{fixture}: {polled:#?}"
        );
        home.done(&[
            "digest",
            "wirewatch",
            "--send",
            "--now",
            "2026-11-23T09:05:00Z",
        ]);

        let mail: Vec<String> = home
            .files("outbox")
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "eml"))
            .map(|file| fs::read_to_string(file).expect("a message"))
            .collect();
        assert_eq!(mail.len(), 1, "{fixture}");
        assert!(
            mail[0].contains("Bridge over the Tigris reopens"),
            "waited since before"
        );
        assert!(mail[0].contains("Aid reaches Mosul"), "new");
        assert!(!mail[0].contains("Troops enter Mosul"), "told before");
        assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 0, "{fixture}");
        home.done(&["status", "--now", "2026-11-23T09:06:00Z"]);
    }
}

#[test]
fn the_fixtures_end_with_the_present_schema() {
    let home = Home::new(
        "[mail]\nto = [\"reader@mail.example\"]\n[[feed]]\nurl = \"https://127.0.0.1:1/feed\"\n\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
    );
    home.run(&["poll"]);
    let present = home.count("PRAGMA user_version");
    for schema in 1..=present {
        let fixture = data("store").join(format!("schema-{schema}.sql"));
        assert!(
            fixture.exists(),
            "dump a database of schema {schema} into `{}`",
            fixture.display()
        );
    }
}

#[test]
fn a_database_of_a_later_version_is_refused_and_not_touched() {
    let server = Server::start();
    let home = home(&server, "schema-1.sql");
    home.database()
        .execute_batch("PRAGMA user_version = 99")
        .expect("set");
    for command in [&["poll"][..], &["run"], &["status"], &["backup", "copy.db"]] {
        let ran = home.run(command);
        assert_eq!(ran.code, 2, "{command:?}: {ran:#?}");
        for part in [
            "has schema 99, and this program knows only",
            "hint: use the newer wirewatch",
        ] {
            assert!(ran.stderr.contains(part), "no `{part}` in {}", ran.stderr);
        }
    }
    assert_eq!(home.count("PRAGMA user_version"), 99);
}
