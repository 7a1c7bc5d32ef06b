//! Edits of the watchlist under the running daemon: a whole file, or nothing.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Daemon, Home, Ran};

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
fn a_pipe_in_the_place_of_the_watchlist_is_refused_and_not_waited_for() {
    let server = server();
    let sound = watchlist(&[server.url("/one")], "Mosul");
    let home = Home::new(&sound);
    let daemon = started(&home);
    let pipe = home.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("`mkfifo` starts").success());
    fs::rename(&pipe, home.watchlist()).expect("renamed");
    let said = |text: &str| text.contains("it is a pipe, not a file");
    daemon.wait_until("the pipe is refused", || said(&daemon.log()));
    for command in ["check", "poll"] {
        let mut command = home.command_behind("exec timeout 30 \"$@\"", &[command]);
        let ran = Ran::of(command.output().expect("it starts"));
        assert_eq!(ran.code, 2, "{ran:#?}");
        assert!(said(&ran.stderr), "{ran:#?}");
    }
    home.edit(&sound.replace("Mosul", "Raqqa"));
    daemon.wait_until("a file is taken up", || topics(&home) == ["Raqqa"]);
    assert_eq!(daemon.terminate(), 0);
}

/// Runs a command by the watchlist at a path that is written like this, beside the state of this home.
fn by(home: &Home, watchlist: &str, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_wirewatch"))
        .env_clear()
        .env("HOME", home.path(""))
        .env("STATE_DIRECTORY", home.path("state"))
        .current_dir(home.path(""))
        .args(["--config", watchlist])
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    Ran::of(output.expect("the binary starts"))
}

#[test]
fn a_broken_watchlist_never_runs_by_the_last_good_version_of_another() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    home.done(&["poll"]);
    let broken = "[mail]\nto = 7\n";
    fs::write(home.path("other.toml"), broken).expect("written");
    for file in ["other.toml", "no-such-file.toml"] {
        let ran = by(&home, file, &["run"]);
        assert_eq!(ran.code, 2, "{ran:#?}");
        let of = format!("is of another file, `{}`", home.watchlist().display());
        assert!(ran.stderr.contains(&of), "{ran:#?}");
        assert!(
            ran.stderr.contains("needs a database of its own"),
            "{ran:#?}"
        );
    }
    // The watchlist itself is known by whatever way leads to it.
    symlink(home.path(""), home.path("link")).expect("a link");
    home.edit(broken);
    for same in [
        "wirewatch.toml",
        "./state/../wirewatch.toml",
        "link/wirewatch.toml",
    ] {
        let ran = by(&home, same, &["status"]);
        assert_eq!(ran.code, 1, "{ran:#?}");
        assert!(ran.stdout.contains("the last good version"), "{ran:#?}");
    }
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

/// What the operator is mailed, once, after something befell the file.
#[track_caller]
fn check_told(befalls: impl FnOnce(&Home), expected: &str) {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = home.daemon(&["--now", "2026-11-23T12:00:00Z", "--pace", "600"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    befalls(&home);
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
    let text = text.replace("=\r\n", "");
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_file_that_stays_broken_reaches_the_operator_once() {
    check_told(|home| home.edit("[mail]\nto = 7\n"), "wirewatch.toml:2:6");
}

#[test]
fn a_file_that_stays_away_reaches_the_operator_once() {
    let removed = |home: &Home| fs::remove_file(home.watchlist()).expect("removed");
    check_told(removed, "there is no such file");
}

#[test]
fn a_file_that_is_rewritten_in_steps_is_taken_up_once_when_it_is_whole() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    // Each step but the first leaves a watchlist without problems, only not the whole one.
    let mut file = File::create(home.watchlist()).expect("truncated");
    file.write_all(watchlist(&[server.url("/one")], "Raqqa").as_bytes())
        .expect("written");
    for number in 0..150 {
        // Slower than one look of the daemon in all, quicker than two looks at every step.
        std::thread::sleep(Duration::from_millis(20));
        writeln!(
            file,
            "[[topic]]\nname = \"t{number}\"\nany = [\"t{number}\"]"
        )
        .expect("written");
    }
    drop(file);
    daemon.wait_until("it is taken up", || topics(&home).len() == 151);
    assert_eq!(
        daemon.log().matches("Took up").count(),
        1,
        "{}",
        daemon.log()
    );
}

#[test]
fn a_file_that_is_emptied_is_refused_and_taken_up_when_it_is_back() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    File::create(home.watchlist()).expect("truncated");
    daemon.wait_until("the empty file is refused", || {
        daemon.log().contains("was not taken up")
    });
    assert_eq!(topics(&home), ["Mosul"]);
    let mut file = OpenOptions::new()
        .append(true)
        .open(home.watchlist())
        .expect("there");
    file.write_all(watchlist(&[server.url("/one")], "Raqqa").as_bytes())
        .expect("written");
    daemon.wait_until("what was written into it is taken up", || {
        topics(&home) == ["Raqqa"]
    });
}

#[test]
fn a_file_without_feeds_or_topics_is_refused_as_a_whole() {
    let server = server();
    let whole = watchlist(&[server.url("/one")], "Mosul");
    let home = Home::new(&whole);
    let daemon = started(&home);
    for (without, said) in [
        (watchlist(&[], "Raqqa"), "there is nothing to read"),
        (
            whole
                .split("[[topic]]")
                .next()
                .unwrap_or_default()
                .to_owned(),
            "there is nothing to look for",
        ),
    ] {
        home.edit(&without);
        daemon.wait_until("it is refused", || daemon.log().contains(said));
    }
    assert_eq!(topics(&home), ["Mosul"]);
    assert_eq!(
        home.count("SELECT COUNT(*) FROM feed WHERE declared = 1"),
        1
    );
}

#[test]
fn a_file_that_is_gone_is_refused_until_it_is_back() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    let text = fs::read(home.watchlist()).expect("read");
    fs::remove_file(home.watchlist()).expect("removed");
    daemon.wait_until("its absence is said", || {
        daemon.log().contains("there is no such file")
    });
    assert_eq!(topics(&home), ["Mosul"]);
    assert_eq!(home.run(&["status"]).code, 1);
    fs::write(home.watchlist(), text).expect("written");
    daemon.wait_until("the same one is taken up again", || {
        daemon.log().contains("Took up the watchlist")
    });
    assert_eq!(daemon.log().matches("was not taken up").count(), 1);
    assert_eq!(home.run(&["status"]).code, 0);
}

#[test]
fn a_bad_file_stays_refused_across_a_restart_until_it_is_mended() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    home.edit("[mail]\nto = 7\n");
    daemon.wait_until("it is refused", || {
        daemon.log().contains("was not taken up")
    });
    assert_eq!(daemon.terminate(), 0);

    let daemon = started(&home);
    assert!(
        daemon.log().contains("the last good one runs"),
        "{}",
        daemon.log()
    );
    let status = home.run(&["status"]);
    assert_eq!(status.code, 1, "{status:#?}");
    assert_eq!(home.run(&["poll"]).code, 2, "other commands refuse it");
    home.edit(&watchlist(&[server.url("/one")], "Raqqa"));
    daemon.wait_until("the mended one is taken up", || topics(&home) == ["Raqqa"]);
    assert_eq!(daemon.terminate(), 0);

    // What was taken up last is what is kept.
    home.edit("[mail]\nto = 7\n");
    let _daemon = started(&home);
    assert_eq!(topics(&home), ["Raqqa"]);
}

#[test]
fn the_last_good_one_is_kept_beside_the_database_and_not_in_it() {
    let server = server();
    let home = Home::new(&format!(
        "# a remark that only the watchlist has\n{}",
        watchlist(&[server.url("/one")], "Mosul")
    ));
    let daemon = started(&home);
    daemon.wait_until("it polled", || !server.requests_to("/one").is_empty());
    assert_eq!(daemon.terminate(), 0);
    let kept = fs::read_to_string(home.path("state/last-good.toml")).expect("kept");
    let (whose, kept) = kept.split_once('\n').expect("lines");
    assert_eq!(
        whose,
        format!("# The last good version of {:?}", home.watchlist())
    );
    assert_eq!(kept, fs::read_to_string(home.watchlist()).expect("there"));
    let remark = b"a remark that only";
    for name in ["wirewatch.db", "wirewatch.db-wal"] {
        let bytes = fs::read(home.path("state").join(name)).unwrap_or_default();
        assert!(
            !bytes.windows(remark.len()).any(|window| window == remark),
            "{name}"
        );
    }
}

#[test]
fn the_operator_hears_of_each_bad_version_once() {
    let server = server();
    let good = watchlist(&[server.url("/one")], "Mosul");
    let home = Home::new(&good);
    let bad = "[mail]\nto = 7\n";
    let told = || {
        home.count(
            "SELECT COUNT(*) FROM delivery WHERE subject = 'wirewatch: The watchlist is refused'",
        )
    };
    let daemon = home.daemon(&["--now", "2026-11-23T12:00:00Z", "--pace", "600"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    home.edit(bad);
    daemon.wait_until("the operator is told", || told() == 1);
    assert_eq!(daemon.terminate(), 0);

    // The same file is the same version, whoever reads it and however often.
    let daemon = home.daemon(&["--now", "2026-11-23T16:00:00Z", "--pace", "600"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    home.edit(&format!("{bad}[mial]\n"));
    daemon.wait_until("another bad version is told", || told() == 2);
    home.edit(bad);
    let refused = || daemon.log().matches("was not taken up").count();
    daemon.wait_until("the first is refused again", || refused() == 2);
    home.edit(&good);
    daemon.wait_until("the good one is taken up", || {
        daemon.log().contains("Took up")
    });
    assert_eq!(told(), 2);
}

#[test]
fn a_poll_in_flight_goes_on_under_the_new_watchlist() {
    let (server, other) = (server(), Server::start_at("127.0.0.2:0"));
    other.on(
        "/two",
        Reply::ok("<rss version=\"2.0\"><channel><title>Two</title></channel></rss>"),
    );
    let release = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&release);
    let slow = "<rss version=\"2.0\"><channel><title>Slow</title><item><title>Mosul, slowly</title>\
                <link>https://a.example/slow</link></item></channel></rss>";
    server.on(
        "/slow",
        Reply::ok(slow).in_mid_body(move || {
            let start = Instant::now();
            while !held.load(Ordering::SeqCst) && start.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }),
    );
    let home = Home::new(&watchlist(&[server.url("/slow")], "Mosul"));
    let daemon = started(&home);
    daemon.wait_until("the feed was asked", || {
        !server.requests_to("/slow").is_empty()
    });
    home.edit(&watchlist(
        &[server.url("/slow"), other.url("/two")],
        "Raqqa",
    ));
    daemon.wait_until("the edit is in force and its feed asked", || {
        !other.requests_to("/two").is_empty()
    });
    release.store(true, Ordering::SeqCst);
    daemon.wait_until("the answer is stored", || {
        home.count("SELECT COUNT(*) FROM sighting WHERE title = 'Mosul, slowly'") == 1
    });
    assert_eq!(server.requests_to("/slow").len(), 1);
}

/// Run it by hand: `cargo test --release --test it reload::ten_thousand -- --ignored --nocapture`.
#[test]
#[ignore = "prints how long a reload of 10,000 topics and 10,000 feeds takes; of interest in a release build"]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn ten_thousand_topics_and_feeds_are_taken_up_in_two_seconds() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    let large = |word: &str| {
        let mut text = watchlist(&[server.url("/one")], "Mosul");
        for number in 0..10_000 {
            text.push_str(&format!(
                "[[feed]]\nurl = \"http://127.0.0.1:9/{word}/{number}\"\nname = \"f{number}\"\ntags = [\"tag{}\"]\npaused = true\n\
                 [[topic]]\nname = \"t{number}\"\nquery = '{word}{number} AND (Mosul OR \"city {number}\") NOT sport'\nfeeds = [\"tag{}\"]\n",
                number % 100,
                number % 100
            ));
        }
        text
    };
    let second = large("word").replace("NOT sport", "NOT football");
    for (what, text) in [
        ("10,000 new feeds and topics", large("word")),
        ("every topic edited", second.clone()),
        (
            "every feed and topic replaced",
            large("other").replace("\"t", "\"u"),
        ),
        (
            "one line changed",
            large("other")
                .replace("\"t", "\"u")
                .replace("u77\"", "x77\""),
        ),
    ] {
        let took = || daemon.log().matches("Took up").count();
        let before = took();
        home.edit(&text);
        let start = Instant::now();
        daemon.signal("-HUP");
        daemon.wait_until(what, || took() > before);
        println!("{what}: {:?}", start.elapsed());
    }
}

#[test]
fn a_network_that_is_allowed_lets_a_refused_feed_be_asked_at_once() {
    let server = server();
    let allowed = watchlist(&[server.url("/one")], "Mosul");
    let home = Home::new(&allowed.replace("allow_private = [\"127.0.0.0/8\"]", ""));
    let daemon = started(&home);
    daemon.wait_until("the feed is refused", || {
        daemon.log().contains("allow_private")
    });
    home.edit(&allowed);
    daemon.wait_until("the feed is read", || daemon.log().contains("1 match,"));
}

#[test]
fn another_database_is_not_taken_up_on_the_way() {
    let server = server();
    let home = Home::new(&watchlist(&[server.url("/one")], "Mosul"));
    let daemon = started(&home);
    let elsewhere = format!(
        "[store]\npath = \"other.db\"\n{}",
        watchlist(&[server.url("/one")], "Raqqa")
    );
    home.edit(&elsewhere);
    daemon.wait_until("it is refused", || {
        daemon.log().contains("stop wirewatch, move")
    });
    assert_eq!(topics(&home), ["Mosul"]);
    home.edit(&watchlist(&[server.url("/one")], "Raqqa"));
    daemon.wait_until("the next is taken up", || topics(&home) == ["Raqqa"]);
}

#[test]
fn a_topic_that_is_back_has_what_came_while_it_was_away() {
    let server = server();
    let urls = [server.url("/one")];
    let home = Home::new(&watchlist(&urls, "Raqqa"));
    let daemon = started(&home);
    daemon.wait_until("the feed is read", || daemon.log().contains("Polled"));
    let both = format!(
        "{}[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        watchlist(&urls, "Raqqa")
    );
    home.edit(&both);
    daemon.wait_until("the topic is known", || topics(&home).len() == 2);
    // Valid as it is, but only the first half of what is being written.
    let other = format!(
        "[[feed]]\nurl = {:?}\nbackfill = \"all\"\n",
        server.url("/two")
    );
    home.edit(&format!("{}{other}", watchlist(&urls, "Raqqa")));
    daemon.wait_until("the other feed is read", || {
        home.count("SELECT COUNT(*) FROM item") == 2
    });
    home.edit(&format!("{both}{other}"));
    daemon.wait_until("what came meanwhile is matched", || {
        home.count("SELECT COUNT(*) FROM match") == 1
    });
    assert_eq!(daemon.terminate(), 0);
}
