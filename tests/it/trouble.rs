//! What goes wrong on a machine: each is said with the remedy, loses nothing, and heals by itself where it can.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, Ran, tell};

/// A feed with these items; each title has a word of its own and some weight.
fn feed(numbers: std::ops::Range<u32>) -> String {
    let items: String = numbers
        .rev()
        .map(|number| {
            format!(
                "<item><title>Mosul report number{number}x</title><link>https://source.example/{number}</link>\
                 <guid>g{number}</guid><description>{}</description></item>",
                format!("Word {number} of the day. ").repeat(60)
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Feed</title><link>https://source.example/</link>{items}</channel></rss>"
    )
}

fn watchlist(urls: &[String]) -> String {
    let feeds: String = urls
        .iter()
        .map(|url| format!("[[feed]]\nurl = {url:?}\nbackfill = \"all\"\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\ngroup = false\n"
    )
}

fn with_one_feed() -> (Server, Home) {
    let server = Server::start();
    server.on("/feed", Reply::ok(feed(1..9)));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    (server, home)
}

/// Whether a file system can be mounted where only one command sees it. Without that a test has nothing to try.
fn can_mount() -> bool {
    let tried = Command::new("unshare")
        .args([
            "--mount",
            "--map-root-user",
            "sh",
            "-c",
            "mount -t tmpfs -o size=100k tmpfs /mnt",
        ])
        .output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        tell("SKIPPED: no file system can be mounted here");
    }
    can
}

/// A line of shell in a name space of its own, where the state directory is a disk of this size.
fn on_a_disk_of(size: &str, then: &str) -> String {
    format!(
        "export then='{then}'; exec unshare --mount --map-root-user sh -c '\
         mount -t tmpfs -o {size} tmpfs \"$STATE_DIRECTORY\" && eval \"$then\"' sh \"$@\""
    )
}

#[test]
fn a_full_disk_is_said_and_heals_when_there_is_room_again() {
    if !can_mount() {
        return;
    }
    let server = Server::start();
    server.on("/feed", Reply::ok(feed(1..400)));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    fs::create_dir(home.path("state")).expect("a folder");
    let then = "\"$@\" & daemon=$!; trap \"kill $daemon\" TERM; \
                until [ -e \"$HOME/grow\" ]; do sleep 0.1; done; \
                mount -o remount,size=64m \"$STATE_DIRECTORY\"; \
                until [ -e \"$HOME/end\" ]; do sleep 0.1; done; kill $daemon; wait $daemon";
    let line = on_a_disk_of("size=700k", then);
    let arguments = ["run", "--now", "2026-11-23T12:00:00Z", "--pace", "600"];
    let daemon = home.start(home.command_behind(&line, &arguments));
    daemon.wait_until("the disk is full", || {
        daemon.log().contains("database or disk is full")
    });
    assert!(
        daemon
            .log()
            .contains("free some space on the disk of the database"),
        "{}",
        daemon.log()
    );
    fs::write(home.path("grow"), "").expect("written");
    daemon.wait_until("all is stored", || {
        daemon.log().contains("399 new items") || daemon.log().contains("399 matches")
    });
    fs::write(home.path("end"), "").expect("written");
    daemon.wait();
}

#[test]
fn a_start_on_a_full_disk_ends_so_that_the_service_is_started_again() {
    if !can_mount() {
        return;
    }
    let (_server, home) = with_one_feed();
    fs::create_dir(home.path("state")).expect("a folder");
    let then = "\"$@\" & daemon=$!; until [ -e \"$STATE_DIRECTORY/last-good.toml\" ]; do sleep 0.1; done; sleep 1; \
                kill -9 $daemon; wait $daemon; dd if=/dev/zero of=\"$STATE_DIRECTORY/fill\" bs=1k 2>/dev/null; \
                echo \"# edited\" >> \"$HOME/wirewatch.toml\"; exec \"$@\"";
    let line = on_a_disk_of("size=1m", then);
    let output = home.command_behind(&line, &["run"]).output();
    let ran = Ran::of(output.expect("a shell"));
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(
        ran.stderr.contains("database or disk is full") && ran.stderr.contains("free some space"),
        "{ran:#?}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_remedy() {
    if !can_mount() {
        return;
    }
    let (_server, home) = with_one_feed();
    fs::create_dir(home.path("state")).expect("a folder");
    let line = on_a_disk_of("ro", "\"$@\"");
    for command in ["poll", "run"] {
        let output = home.command_behind(&line, &[command]).output();
        let ran = Ran::of(output.expect("a shell"));
        assert_eq!(ran.code, 2, "{ran:#?}");
        for part in [
            "cannot open the database",
            "Read-only file system",
            "hint: set `[store] path`",
        ] {
            assert!(ran.stderr.contains(part), "no `{part}` in {}", ran.stderr);
        }
    }
}

#[test]
fn a_damaged_database_is_named_with_the_remedy_and_a_backup_mends_it() {
    let (_server, home) = with_one_feed();
    home.done(&["poll"]);
    let copy = home.path("copy.db");
    home.done(&["backup", copy.to_str().expect("UTF-8")]);
    let database = home.path("state/wirewatch.db");
    let sound = fs::read(&copy).expect("there");

    fs::write(&database, &sound[..sound.len() / 2]).expect("cut");
    assert_damaged(&home, "cut in half");
    fs::write(&database, &sound).expect("put back");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .open(&database)
        .expect("there");
    file.seek(SeekFrom::Start(4096)).expect("sought");
    file.write_all(&vec![0xaa; sound.len() - 4096])
        .expect("overwritten");
    drop(file);
    assert_damaged(&home, "overwritten behind its first page");

    fs::write(
        &database,
        b"no database at all, but some text that is long enough",
    )
    .expect("replaced");
    let ran = home.run(&["poll"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    assert!(
        ran.stderr.contains("is not a wirewatch database"),
        "{ran:#?}"
    );

    fs::copy(&copy, &database).expect("put back");
    let ran = home.done(&["poll", "--force"]);
    assert!(
        ran.stdout.contains("8 known") || ran.stdout.contains("unchanged"),
        "{ran:#?}"
    );
}

#[track_caller]
fn assert_damaged(home: &Home, how: &str) {
    for command in ["poll", "run", "status"] {
        let ran = home.run(&[command]);
        assert_eq!(ran.code, 2, "{how}, {command}: {ran:#?}");
        for part in ["malformed", "put a backup in its place"] {
            assert!(
                ran.stderr.contains(part),
                "{how}, {command}: no `{part}` in {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn a_machine_without_a_time_zone_is_said() {
    let (_server, home) = with_one_feed();
    let mut command = home.command(&["run"]);
    command.env("TZ", "Nowhere/Land");
    let daemon = home.start(command);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    let log = daemon.log();
    assert!(
        log.contains("time zone of this machine is not known")
            && log.contains("timedatectl set-timezone"),
        "{log}"
    );
    assert_eq!(daemon.terminate(), 0);
}

/// Polls and mails at a moment.
fn round(home: &Home, now: &str) {
    home.done(&["poll", "--force", "--now", now]);
    home.done(&["digest", "wirewatch", "--send", "--now", now]);
}

fn mentions(home: &Home, number: u32) -> usize {
    let name = format!("number{number}x");
    let files = home.files("outbox");
    let mails = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "eml"))
        .map(|file| fs::read_to_string(file).expect("a message"));
    mails.filter(|mail| mail.contains(&name)).count()
}

#[test]
fn a_clock_that_steps_loses_nothing_and_repeats_nothing() {
    // The clock at each round: set back a day, forward a year, and right again.
    let steps = [
        [
            "2026-11-23T12:00:00Z",
            "2026-11-22T12:00:00Z",
            "2026-11-23T13:00:00Z",
        ],
        [
            "2026-11-23T12:00:00Z",
            "2027-11-23T12:00:00Z",
            "2026-11-23T13:00:00Z",
        ],
    ];
    for times in steps {
        let server = Server::start();
        server.script("/feed", [3, 5, 7].map(|end| Reply::ok(feed(1..end))));
        let home = Home::new(&watchlist(&[server.url("/feed")]));
        for now in times {
            round(&home, now);
        }
        for number in 1..7 {
            assert_eq!(mentions(&home, number), 1, "{times:?}: report {number}");
        }
    }
}

#[test]
fn a_daemon_whose_clock_is_behind_its_database_says_so_and_polls() {
    let (server, home) = with_one_feed();
    home.done(&["poll", "--now", "2027-11-23T12:00:00Z"]);
    let asked = server.requests().len();
    let daemon = home.daemon(&["--now", "2026-11-23T12:00:00Z", "--pace", "600"]);
    daemon.wait_until("the feed is asked again", || {
        server.requests().len() > asked
    });
    assert!(
        daemon.log().contains("has yet to reach"),
        "{}",
        daemon.log()
    );
    assert!(
        daemon.log().contains("timedatectl set-ntp true"),
        "{}",
        daemon.log()
    );
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn too_few_open_files_are_said_and_lose_nothing() {
    let servers: Vec<Server> = (1..=40)
        .map(|number| {
            let server = Server::start_at(&format!("127.0.1.{number}:0"));
            server.on("/feed", Reply::ok(feed(number * 10..number * 10 + 2)));
            server
        })
        .collect();
    let urls: Vec<String> = servers.iter().map(|server| server.url("/feed")).collect();
    let home = Home::new(&watchlist(&urls));
    let arguments = ["run", "--now", "2026-11-23T12:00:00Z", "--pace", "600"];
    let daemon = home.start(home.command_behind("ulimit -n 22; exec \"$@\"", &arguments));
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    assert!(
        daemon.log().contains("may open only 22 files"),
        "{}",
        daemon.log()
    );
    daemon.wait_until("every feed was stored", || {
        home.count("SELECT COUNT(*) FROM item") == 80
    });
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn a_start_without_network_heals_by_itself() {
    let reserved = Server::start();
    let address = reserved.address().to_string();
    let url = reserved.url("/feed");
    drop(reserved);
    let home = Home::new(&watchlist(&[url]));
    let daemon = home.daemon(&["--now", "2026-11-23T12:00:00Z", "--pace", "600"]);
    daemon.wait_until("the failure is said", || {
        daemon.log().contains("connection refused")
    });
    let server = Server::start_at(&address);
    server.on("/feed", Reply::ok(feed(1..4)));
    daemon.wait_until("the items are stored", || {
        home.count("SELECT COUNT(*) FROM item") == 3
    });
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn a_stop_in_the_middle_of_a_round_is_quick_and_loses_nothing() {
    let server = Server::start();
    let hanging = Server::start_at("127.0.0.2:0");
    server.on("/feed", Reply::ok(feed(1..4)));
    hanging.script("/feed", [Reply::silent(), Reply::ok(feed(10..14))]);
    let home = Home::new(&watchlist(&[server.url("/feed"), hanging.url("/feed")]));
    let daemon = home.daemon(&["--now", "2026-11-23T12:00:00Z"]);
    daemon.wait_until("one is stored and one hangs", || {
        !hanging.requests().is_empty() && home.count("SELECT COUNT(*) FROM item") == 3
    });
    let asked_to_stop = Instant::now();
    assert_eq!(daemon.terminate(), 0);
    assert!(asked_to_stop.elapsed() < Duration::from_secs(10));

    let daemon = home.daemon(&["--now", "2026-11-23T13:00:00Z", "--pace", "60"]);
    daemon.wait_until("the other is stored, too", || {
        home.count("SELECT COUNT(*) FROM item") == 7
    });
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn a_second_daemon_is_refused_and_the_first_one_works_on() {
    let (_server, home) = with_one_feed();
    let daemon = home.daemon(&[]);
    daemon.wait_until("it works", || daemon.log().contains("Polled"));
    let ran = home.run(&["run"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    let holder = format!("is in use by process {}", daemon.id());
    assert!(ran.stderr.contains(&holder), "{ran:#?}");
    assert!(
        ran.stderr.contains("hint: stop that process first"),
        "{ran:#?}"
    );
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn a_database_that_is_removed_under_the_daemon_is_put_back() {
    let (_server, home) = with_one_feed();
    let daemon = home.daemon(&[]);
    daemon.wait_until("the items are stored", || daemon.log().contains("Polled"));
    fs::remove_file(home.path("state/wirewatch.db")).expect("removed");
    daemon.wait_until("it is put back", || {
        daemon.log().contains("had been removed and was put back")
    });
    daemon.wait_until("it works on", || {
        daemon.log().matches("Watching").count() == 2
    });
    daemon.wait_until("the operator is told", || {
        home.count("SELECT COUNT(*) FROM delivery WHERE subject LIKE '%restored from a copy'") == 1
    });
    assert_eq!(daemon.terminate(), 0);
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 8);
}

#[test]
fn a_database_that_is_replaced_under_the_daemon_is_opened_in_its_place() {
    let (_server, home) = with_one_feed();
    let daemon = home.daemon(&[]);
    daemon.wait_until("the items are stored", || daemon.log().contains("Polled"));
    let copy = home.path("copy.db");
    home.done(&["backup", copy.to_str().expect("UTF-8")]);
    fs::rename(copy, home.path("state/wirewatch.db")).expect("replaced");
    daemon.wait_until("the copy is opened", || {
        daemon.log().matches("Watching").count() == 2
    });
    assert!(daemon.log().contains("was removed or replaced"));
    daemon.wait_until("the operator is told", || {
        home.count("SELECT COUNT(*) FROM delivery WHERE subject LIKE '%restored from a copy'") == 1
    });
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn a_database_that_was_emptied_is_not_taken_for_a_first_start() {
    let (_server, home) = with_one_feed();
    home.done(&["poll"]);
    fs::write(home.path("state/wirewatch.db"), "").expect("emptied");
    let ran = home.run(&["poll"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    assert!(
        ran.stderr.contains("is damaged: the file is empty")
            && ran.stderr.contains("put a backup in its place"),
        "{ran:#?}"
    );
    fs::remove_file(home.path("state/wirewatch.db")).expect("removed");
    let ran = home.done(&["poll"]);
    assert!(ran.stderr.contains("a new one begins"), "{ran:#?}");
}
