//! Four weeks in minutes: 300 feeds on loopback, the daemon with a fast clock. Memory must stop growing, and the database
//! grow only by what is new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, tell};

const FEEDS: u32 = 300;
/// Virtual seconds a second: a week takes three minutes.
const PACE: u64 = 3_600;
const DAYS: u64 = 28;
const DAY: u64 = 86_400;
/// Each feed publishes once in this time.
const RHYTHM: u64 = 3 * 3600;
/// So many items stand in a document.
const SHOWN: u64 = 20;

/// The document of a feed when so many virtual seconds have passed; its number of items is its ETag.
fn document(feed: u32, passed: u64) -> (String, String) {
    // Each feed has its own minute.
    let last = SHOWN + (passed + u64::from(feed) * 36) / RHYTHM;
    let items: String = (last - SHOWN..last)
        .rev()
        .map(|number| {
            format!(
                "<item><title>Report {number} of paper {feed} about {}</title>\
                 <link>https://paper{feed}.example/{number}</link><guid>{feed}-{number}</guid>\
                 <description>{}</description></item>",
                if number % 10 == 0 {
                    "Mosul"
                } else {
                    "the weather"
                },
                format!("Sentence {number} of what paper {feed} has to say. ").repeat(8)
            )
        })
        .collect();
    let text = format!(
        "<rss version=\"2.0\"><channel><title>Paper {feed}</title><link>https://paper{feed}.example/</link>{items}</channel></rss>"
    );
    (text, format!("\"{feed}-{last}\""))
}

/// Run it alone: `cargo test --release --test it week -- --ignored --nocapture`.
#[test]
#[ignore = "takes twelve minutes"]
fn weeks_leave_memory_flat_and_the_database_as_large_as_its_news() {
    let began = Arc::new(Instant::now());
    let passed = |began: &Instant| began.elapsed().as_secs() * PACE;
    let servers: Vec<Server> = (0..FEEDS)
        .map(|feed| {
            let server = Server::start_at(&format!("127.1.{}.{}:0", feed / 200, feed % 200 + 1));
            let began = Arc::clone(&began);
            server.answer("/feed", move |request, _| {
                let (text, etag) = document(feed, passed(&began));
                Reply::validated(request, &etag, text)
            });
            server
        })
        .collect();
    let feeds: String = servers
        .iter()
        .map(|server| format!("[[feed]]\nurl = {:?}\n", server.url("/feed")))
        .collect();
    let home = Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n"
    ));
    let daemon = home.daemon(&["--now", "2026-11-23T00:00:00Z", "--pace", &PACE.to_string()]);
    let mut resident_on = Vec::new();
    tell("day  memory MiB  database MB  items  polls  mails");
    for day in 1..=DAYS {
        while passed(&began) < day * DAY {
            std::thread::sleep(Duration::from_millis(500));
        }
        let size = std::fs::metadata(home.path("state/wirewatch.db"))
            .expect("there")
            .len();
        let memory = daemon.memory().resident;
        tell(format_args!(
            "{day:3}  {memory:10}  {:11.1}  {:5}  {:5}  {:5}",
            size as f64 / 1e6,
            home.count("SELECT COUNT(*) FROM item"),
            home.count("SELECT SUM(polls) FROM hour"),
            home.count("SELECT COUNT(*) FROM delivery"),
        ));
        resident_on.push(memory);
    }
    assert_eq!(daemon.terminate(), 0);
    // In the first weeks the database's cache fills, and the stories of 17 days come to their number.
    let most_in = |week: usize| resident_on[7 * (week - 1)..7 * week].iter().max().copied();
    let (third, fourth) = (most_in(3).unwrap_or(0), most_in(4).unwrap_or(0));
    assert!(
        fourth <= third + third / 20 + 1,
        "memory grew: {resident_on:?}"
    );
    let items = home.count("SELECT COUNT(*) FROM item");
    let published = i64::from(FEEDS) * i64::try_from(SHOWN + DAYS * DAY / RHYTHM).expect("small");
    assert!(
        items >= published * 9 / 10,
        "{items} of {published} items were seen"
    );
}
