//! Every fault that we know of a mail server, played against the binary: what it makes of the message, of its row in the
//! outbox and of the next attempt, and that nothing is lost or doubled once the server is well again.
//!
//! The faults are in `script`; what comes of each is a line of `tests/data/mail/faults.txt`.

mod script;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use expect_test::expect_file;
use jiff::Timestamp;

use self::script::{Fault, faults};
use crate::certificates::Authority;
use crate::http_server::{Reply, Server};
use crate::smtp_server::{Received, SmtpServer};
use crate::wirewatch::Home;

const FEED: &str = r#"<rss version="2.0"><channel><title>Harrow Times</title><link>https://harrow.example/</link>
<item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>h1</guid>
<pubDate>Mon, 23 Nov 2026 05:00:00 GMT</pubDate></item></channel></rss>"#;

/// Who the digest goes to, as many of them as a fault needs.
const READERS: [&str; 3] = ["a@mail.example", "b@mail.example", "c@mail.example"];

#[test]
fn each_fault_of_a_mail_server_has_the_outcome_of_the_table() {
    let faults = faults();
    let stage = Stage::new();
    let next = Mutex::new(0..faults.len());
    let told: Mutex<BTreeMap<usize, String>> = Mutex::default();
    let take = || next.lock().expect("no panic under the lock").next();
    // Most of them wait, and not for the processor.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(number) = take() {
                    let lines = stage.play(&faults[number]);
                    let mut told = told.lock().expect("no panic under the lock");
                    told.insert(number, lines);
                }
            });
        }
    });
    let mut table = line([
        "fault", "to", "outcome", "step", "row", "next", "mails", "mended",
    ]);
    table.extend(
        told.into_inner()
            .expect("no panic under the lock")
            .into_values(),
    );
    expect_file!["../../data/mail/faults.txt"].assert_eq(&table);
}

fn line(cells: [&str; 8]) -> String {
    let widths = [34, 2, 9, 10, 7, 6, 5, 0];
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        write!(line, "{cell:<width$}  ").expect("strings take all");
    }
    format!("{}\n", line.trim_end())
}

/// A home that was polled at 06:00 for all readers, and what servers need.
struct Stage {
    _feeds: Server,
    feed: String,
    polled: Home,
    authority: Authority,
}

impl Stage {
    fn new() -> Stage {
        let feeds = Server::start();
        feeds.on("/feed", Reply::ok(FEED));
        let feed = feeds.url("/feed");
        let polled = Home::new(&watchlist(&feed, READERS.len(), "folder = \"out\""));
        polled.done(&["poll", "--now", "2026-11-23T06:00:00Z"]);
        Stage {
            _feeds: feeds,
            feed,
            polled,
            authority: Authority::new("our own"),
        }
    }

    /// Plays a fault, then mends everything; gives the fault's lines of the table.
    fn play(&self, fault: &Fault) -> String {
        let play = Arc::clone(&fault.play);
        let server = SmtpServer::start((fault.setup)(&self.authority), move |moment| play(moment));
        let home = self
            .polled
            .copy(&self.watchlist(fault.readers, &smtp(&server, fault)));
        std::fs::write(home.path("ca.pem"), &self.authority.pem).expect("written");
        std::fs::write(home.path("password"), "hunter2\n").expect("written");

        let mut now = seven();
        for _ in 1..fault.sends {
            send(&home, now);
            now = latest(&rows(&home)).expect("it waits");
        }
        send(&home, now);
        let found = rows(&home);
        let arrived = digests(&server);

        let well = SmtpServer::good();
        let mended = format!(
            "[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"",
            well.address.port()
        );
        home.edit(&self.watchlist(fault.readers, &mended));
        mend(&home, &found, now);
        // What was said too late was accepted all the same.
        let all = [digests(&server), digests(&well)].concat();

        let lines = found.iter().zip(rows(&home)).map(|(row, last)| {
            let mails = to(&arrived, &row.recipient).len();
            let copies = to(&all, &row.recipient);
            let step = match fault.step_varies {
                true => "varies",
                false => row.reply.split(':').next().unwrap_or_default(),
            };
            assert_kept(fault.name, &copies, &last);
            line([
                fault.name,
                row.recipient.get(..1).unwrap_or_default(),
                &row.outcome,
                step,
                &row.state,
                &row.next(now),
                &mails.to_string(),
                &match copies.len() {
                    1 => last.state,
                    copies => format!("{}, {copies} copies", last.state),
                },
            ])
        });
        lines.collect()
    }

    fn watchlist(&self, readers: usize, transport: &str) -> String {
        watchlist(&self.feed, readers, transport)
    }
}

/// What a fault may never do: lose a message, double one whose fate was known, or change one.
#[track_caller]
fn assert_kept(fault: &str, copies: &[Received], row: &Row) {
    assert_eq!(row.state, "sent", "{fault}: {}", row.reply);
    assert!(!copies.is_empty(), "{fault}: lost");
    assert!(
        copies.len() <= 1 + row.unknowns as usize,
        "{fault}: {} copies after {} unknown outcomes",
        copies.len(),
        row.unknowns
    );
    let differs = copies.iter().any(|copy| copy.data != copies[0].data);
    assert!(!differs, "{fault}: the copies differ");
}

/// Does what a person does once the server is well: lets go what is held or paused, and waits for the rest.
fn mend(home: &Home, found: &[Row], now: Timestamp) {
    for row in found {
        if row.is_paused {
            home.done(&["outbox", "resume", &row.recipient]);
        }
        if row.state == "held" {
            home.done(&[
                "outbox",
                "release",
                &row.id.to_string(),
                "--now",
                &now.to_string(),
            ]);
        }
    }
    while let Some(now) = latest(&rows(home)) {
        assert_eq!(send(home, now), 0);
    }
}

fn seven() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().expect("an instant")
}

/// Runs `digest --send` at this time; gives its exit code.
fn send(home: &Home, now: Timestamp) -> i32 {
    home.run(&["digest", "--send", "--now", &now.to_string()])
        .code
}

/// When all that waits is due.
fn latest(rows: &[Row]) -> Option<Timestamp> {
    let waiting = rows.iter().filter(|row| row.waits());
    let latest = waiting.map(|row| row.next_at).max()?;
    Some(Timestamp::from_second(latest + 1).expect("an instant"))
}

/// A row of the outbox.
struct Row {
    id: i64,
    recipient: String,
    is_paused: bool,
    state: String,
    outcome: String,
    reply: String,
    next_at: i64,
    unknowns: u32,
}

impl Row {
    fn waits(&self) -> bool {
        !self.is_paused && ["queued", "unknown"].contains(&self.state.as_str())
    }

    /// How long it waits after an attempt at `now`, without the jitter and what the attempt took.
    fn next(&self, now: Timestamp) -> String {
        if self.is_paused {
            return "paused".to_owned();
        }
        if !self.waits() {
            return "-".to_owned();
        }
        let wait = self.next_at - now.as_second();
        let planned = [120, 60, 30, 15, 5, 1]
            .into_iter()
            .find(|planned| wait >= planned * 60);
        let planned = planned.unwrap_or_else(|| panic!("{wait} s is too soon"));
        // An attempt that waits in vain takes its time.
        assert!(
            wait <= planned * 66 + 45,
            "{wait} s is not about {planned} min"
        );
        format!("{planned} min")
    }
}

/// The digests in the outbox, in the order of the readers.
fn rows(home: &Home) -> Vec<Row> {
    let database = home.database();
    let query = "SELECT id, recipient, paused_at IS NOT NULL, state, COALESCE(outcome, ''), COALESCE(reply, ''), next_at, unknowns
                 FROM delivery JOIN recipient ON address = recipient WHERE digest = 'Morning' ORDER BY recipient";
    let mut statement = database.prepare(query).expect("a table");
    let rows = statement.query_map([], |row| {
        Ok(Row {
            id: row.get(0)?,
            recipient: row.get(1)?,
            is_paused: row.get(2)?,
            state: row.get(3)?,
            outcome: row.get(4)?,
            reply: row.get(5)?,
            next_at: row.get(6)?,
            unknowns: row.get(7)?,
        })
    });
    rows.and_then(Iterator::collect).expect("rows")
}

/// The digests that a server took charge of; not what it told the operator.
fn digests(server: &SmtpServer) -> Vec<Received> {
    let is_digest = |message: &Received| {
        let text = String::from_utf8_lossy(&message.data);
        text.contains("Message-ID: <digest.morning.")
    };
    server.accepted().into_iter().filter(is_digest).collect()
}

fn to(messages: &[Received], reader: &str) -> Vec<Received> {
    let is_to = |message: &&Received| message.to == [reader];
    messages.iter().filter(is_to).cloned().collect()
}

fn smtp(server: &SmtpServer, fault: &Fault) -> String {
    let login = match fault.logs_in {
        true => "username = \"me\"\npassword_file = \"password\"\n",
        false => "",
    };
    // The certificates are for `localhost`.
    format!(
        "[mail.smtp]\nhost = \"localhost\"\nport = {}\ntls = {:?}\ntimeout = {:?}\nca_file = \"ca.pem\"\n{login}",
        server.address.port(),
        fault.tls,
        fault.timeout,
    )
}

fn watchlist(feed: &str, readers: usize, transport: &str) -> String {
    let to = &READERS[..readers];
    format!(
        "[mail]\nto = {to:?}\n{transport}\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[digest]]\nname = \"Morning\"\ntimezone = \"UTC\"\n[[feed]]\nurl = {feed:?}\nbackfill = \"all\"\n\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n"
    )
}
