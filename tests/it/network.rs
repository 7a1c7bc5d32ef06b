//! Our own network is down: nothing is held against a feed, and one is asked to see whether it is back.
//!
//! All is asked through a proxy that comes and goes, so nothing leaves the machine.

use std::net::SocketAddr;

use crate::http_server::{Reply, Server};
use crate::wirewatch::Home;

const FEEDS: usize = 24;

fn watchlist(proxy: SocketAddr) -> String {
    let feeds: String = (0..FEEDS)
        .map(|feed| format!("[[feed]]\nurl = \"{}\"\n", url(feed)))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nproxy = \"http://{proxy}\"\n{feeds}\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n"
    )
}

fn url(feed: usize) -> String {
    format!("http://outlet{feed}.example/feed")
}

/// A proxy that knows all feeds.
fn proxy(address: &str) -> Server {
    let server = Server::start_at(address);
    for feed in 0..FEEDS {
        server.on(
            &url(feed),
            Reply::ok(format!(
                "<rss version=\"2.0\"><channel><title>Outlet {feed}</title><item><title>Story {feed}</title>\
                 <link>http://outlet{feed}.example/{feed}</link></item></channel></rss>"
            )),
        );
    }
    server
}

#[test]
fn a_round_in_which_nobody_is_reached_counts_nothing() {
    let address = Server::start().address();
    let home = Home::new(&watchlist(address));
    let ran = home.run(&["poll", "--now", "2026-11-23T06:00:00Z"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(
        ran.stderr.contains("Our own network seems to be down"),
        "{ran:#?}"
    );
    assert_eq!(home.count("SELECT max(failures) FROM feed"), 0);
    assert_eq!(home.count("SELECT count(*) FROM hour"), 0);

    // All are due again at once, or in a minute.
    let _proxy = proxy(&address.to_string());
    home.done(&["poll", "--now", "2026-11-23T06:02:00Z"]);
    assert_eq!(home.count("SELECT count(*) FROM item"), FEEDS as i64);
}

#[test]
fn one_dead_host_among_others_is_that_feeds_own_failure() {
    let living = proxy("127.0.0.1:0");
    let home = Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[feed]]\nurl = \"http://127.0.0.2:1/dead\"\n[[feed]]\nurl = \"http://127.0.0.3:1/dead\"\n\
         [[feed]]\nurl = {:?}\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        living.url("/slow")
    ));
    // Both are refused long before the third answers; that one will be the proof.
    let slow = std::time::Duration::from_millis(2);
    living.on("/slow", Reply::status(404).head_dripped(slow));
    home.run(&["poll", "--now", "2026-11-23T06:00:00Z"]);
    assert_eq!(home.count("SELECT sum(failures) FROM feed"), 3);
}

#[test]
fn the_daemon_asks_one_as_a_probe_and_goes_on_when_it_answers() {
    let up = proxy("127.0.0.1:0");
    let address = up.address();
    let home = Home::new(&watchlist(address));
    let daemon = home.daemon(&["--now", "2026-11-23T06:00:00Z", "--pace", "60"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    daemon.wait_until("all were read", || {
        home.count("SELECT count(*) FROM feed WHERE first_read_at IS NOT NULL") == FEEDS as i64
    });
    drop(up);
    // Not all that is due: the first of them, then one at a time.
    home.database()
        .execute("UPDATE feed SET next_at = 0", ())
        .expect("written");
    let failures = || daemon.log().matches("own network").count();
    daemon.wait_until("some probes have failed", || failures() > FEEDS + 1);
    let untouched = home.count("SELECT count(*) FROM feed WHERE failures = 0");
    assert!(untouched >= FEEDS as i64 - 10, "{untouched}");

    let back = proxy(&address.to_string());
    daemon.wait_until("all are asked again", || {
        (0..FEEDS).all(|feed| !back.requests_to(&url(feed)).is_empty())
    });
    daemon.wait_until("nothing is held against them", || {
        home.count("SELECT max(failures) FROM feed") == 0
    });
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn a_network_that_is_down_for_a_day_is_news_then_and_not_a_day_later() {
    let up = proxy("127.0.0.1:0");
    let home = Home::new(&watchlist(up.address()));
    let daemon = home.daemon(&["--now", "2026-11-23T06:00:00Z", "--pace", "3600"]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    daemon.wait_until("all were read", || {
        home.count("SELECT count(*) FROM feed WHERE first_read_at IS NOT NULL") == FEEDS as i64
    });
    drop(up);
    daemon.wait_until("the first is said to fail", || {
        home.count("SELECT count(*) FROM event WHERE kind = 'failing'") > 0
    });
    let hours = home.count(
        "SELECT max(event.at - feed.last_ok_at) / 3600 FROM event JOIN feed ON feed.id = event.feed
         WHERE event.kind = 'failing'",
    );
    assert!((24..36).contains(&hours), "{hours}");
    assert_eq!(daemon.terminate(), 0);
}

/// So many hours after midnight.
fn at(hours: u32) -> String {
    format!("2026-11-{:02}T{:02}:00:00Z", 23 + hours / 24, hours % 24)
}

#[test]
fn a_network_that_is_down_for_a_day_is_news_also_to_who_polls_by_cron() {
    let up = proxy("127.0.0.1:0");
    let address = up.address();
    let home = Home::new(&watchlist(address));
    let poll = |hours: u32| home.run(&["poll", "--now", &at(hours)]);
    let notices = || home.count("SELECT count(*) FROM delivery WHERE digest = '(operator)'");
    poll(6);
    drop(up);
    for hours in 8..36 {
        poll(hours);
        let said = home.count("SELECT count(*) FROM event WHERE kind = 'failing'");
        assert!(said == 0 || hours >= 32, "after {hours} hours");
        home.run(&["digest", "--send", "--now", &at(hours)]);
        assert_eq!(notices(), i64::from(hours >= 14), "after {hours} hours");
        if (9..32).contains(&hours) {
            let status = home.run(&["status", "--now", &at(hours)]);
            assert_eq!(status.code, 1);
            let words = "no feed could be reached since 2026-11-23 08:00";
            assert!(status.stdout.contains(words), "{status:#?}");
        }
    }
    let since = "SELECT count(*) FROM feed WHERE failing_since = unixepoch('2026-11-23 08:00')";
    assert_eq!(home.count(since), FEEDS as i64);
    let said = home.count("SELECT count(DISTINCT feed) FROM event WHERE kind = 'failing'");
    assert_eq!(said, FEEDS as i64);

    let _back = proxy(&address.to_string());
    poll(60);
    assert_eq!(home.run(&["status", "--now", &at(60)]).code, 0);
}

#[test]
fn a_machine_that_wakes_before_its_network_blames_no_feed() {
    let up = proxy("127.0.0.1:0");
    let address = up.address();
    let home = Home::new(&watchlist(address));
    home.run(&["poll", "--now", &at(6)]);
    drop(up);
    home.run(&["poll", "--now", &at(8)]);
    home.run(&["poll", "--now", &at(56)]);
    assert_eq!(home.count("SELECT max(failures) FROM feed"), 0);
    let back = proxy(&address.to_string());
    home.run(&["poll", "--now", "2026-11-25T08:02:00Z"]);
    assert_eq!(back.requests().len(), FEEDS);
}
