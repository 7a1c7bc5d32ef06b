//! kill -9 at random moments of a delivery, again and again: nothing is lost, and a kill costs one more copy at most.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::http_server::{Reply, Server};
use crate::smtp_server::{Act, Setup, SmtpServer};
use crate::wirewatch::{Home, Killer};

const FEED: &str = r#"<rss version="2.0"><channel><title>Harrow Times</title><link>https://harrow.example/</link>
<item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>h1</guid>
<pubDate>Mon, 23 Nov 2026 05:00:00 GMT</pubDate></item></channel></rss>"#;

#[test]
fn eight_kills_at_random_lose_nothing() {
    survive(8);
}

#[test]
#[ignore = "takes minutes; run by hand"]
fn a_hundred_kills_at_random_lose_nothing() {
    survive(100);
}

/// Delivers while the daemon is killed so many times.
#[expect(
    clippy::print_stdout,
    reason = "the figures are what a run by hand is for"
)]
fn survive(kills: usize) {
    // No daemon lives for more than three messages, so that each has something to do.
    let readers = 3 * kills + 1;
    let seed = std::process::id().into();
    let dice = Arc::new(Dice(AtomicU64::new(seed)));
    let feeds = Server::start();
    feeds.on("/feed", Reply::ok(FEED));
    let killer = Killer::default();
    // Counts down at each point of each session; at 0 the daemon dies.
    let fuse = Arc::new(AtomicI64::new(i64::MAX));
    let mail = {
        let (killer, fuse, dice) = (killer.clone(), Arc::clone(&fuse), Arc::clone(&dice));
        SmtpServer::start(Setup::default(), move |_| {
            let left = fuse.fetch_sub(1, Ordering::SeqCst);
            if left == 0 {
                let killer = killer.clone();
                let wait = Duration::from_micros(dice.below(3000));
                let blow = std::thread::spawn(move || {
                    std::thread::sleep(wait);
                    killer.kill();
                });
                // Some die before we answer, and some afterwards.
                if dice.below(2) == 0 {
                    blow.join().expect("no panic");
                }
            }
            // However late the blow comes, nothing more happens until then.
            match left < 0 {
                true => Act::Stall,
                false => Act::Normal,
            }
        })
    };
    let to: Vec<String> = (0..readers)
        .map(|reader| format!("r{reader:03}@mail.example"))
        .collect();
    let home = Home::new(&format!(
        "[mail]\nto = {to:?}\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         [poll]\nallow_private = [\"127.0.0.0/8\"]\n[[digest]]\nname = \"Morning\"\ntimezone = \"UTC\"\n\
         [[feed]]\nurl = {:?}\nbackfill = \"all\"\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        mail.address.port(),
        feeds.url("/feed"),
    ));
    home.done(&["poll", "--now", "2026-11-23T06:00:00Z"]);

    // Each start is past the wait of what the last one left unknown.
    let mut now: Timestamp = "2026-11-23T07:00:00Z".parse().expect("an instant");
    for _ in 0..kills {
        // A session makes three points, and each of its messages seven.
        fuse.store(dice.below(24).cast_signed(), Ordering::SeqCst);
        let daemon = home.daemon(&["--now", &now.to_string()]);
        killer.aim(&daemon);
        daemon.wait();
        now += SignedDuration::from_mins(20);
    }
    assert!(waiting(&home) > 0, "seed {seed}: the kills came too late");

    fuse.store(i64::MAX, Ordering::SeqCst);
    let database = home.database();
    let mut held = database
        .prepare("SELECT id FROM delivery WHERE state = 'held'")
        .expect("a table");
    let held: Vec<i64> = held
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .expect("rows");
    // A message that was cut short three times waits for a person.
    for id in held {
        home.done(&[
            "outbox",
            "release",
            &id.to_string(),
            "--now",
            &now.to_string(),
        ]);
    }
    let daemon = home.daemon(&["--now", &now.to_string()]);
    daemon.wait_until("the outbox is empty", || waiting(&home) == 0);
    assert_eq!(daemon.terminate(), 0);

    let mut bodies: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for message in mail.accepted() {
        // What the operator hears of held messages is another matter.
        if String::from_utf8_lossy(&message.data).contains("Message-ID: <digest.morning.") {
            bodies
                .entry(message.to.concat())
                .or_default()
                .push(message.data);
        }
    }
    assert_eq!(
        bodies.keys().cloned().collect::<Vec<_>>(),
        to,
        "seed {seed}: lost"
    );
    let differing = bodies
        .values()
        .filter(|copies| copies.iter().any(|copy| *copy != copies[0]));
    assert_eq!(
        differing.count(),
        0,
        "seed {seed}: the copies of a message differ"
    );
    let copies: usize = bodies.values().map(|copies| copies.len() - 1).sum();
    assert!(
        copies <= kills,
        "seed {seed}: {copies} extra copies after {kills} kills"
    );
    println!("{kills} kills, {readers} messages: 0 lost, {copies} extra copies");
}

fn waiting(home: &Home) -> i64 {
    home.count("SELECT COUNT(*) FROM delivery WHERE state <> 'sent'")
}

/// Numbers by chance that the seed tells again (xorshift64).
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, end: u64) -> u64 {
        let next = |mut state: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let last = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| {
                Some(next(state))
            });
        next(last.expect("it always goes on")) % end
    }
}
