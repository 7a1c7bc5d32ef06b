//! Digests over days of virtual time: when they go, what they tell once, and what was sent.

mod once;
mod schedule;
mod sent;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, Ran};

/// Feeds on loopback, and a watchlist whose mail goes into a folder.
struct World {
    server: Server,
    home: Home,
    /// The articles of each feed, newest first.
    papers: BTreeMap<String, Vec<Article>>,
    mails_seen: i64,
}

#[derive(Clone)]
struct Article {
    title: String,
    text: String,
    at: Timestamp,
}

/// A message as its recipient reads it.
#[derive(Debug)]
struct Mail {
    headers: String,
    text: String,
    html: String,
}

impl Mail {
    fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.headers
            .lines()
            .find_map(|line| line.strip_prefix(start.as_str()))
    }

    #[track_caller]
    fn says(&self, words: &str) {
        assert!(
            flat(&self.text).contains(words),
            "no `{words}` in\n{}",
            self.text
        );
    }

    #[track_caller]
    fn says_not(&self, words: &str) {
        assert!(
            !flat(&self.text).contains(words),
            "`{words}` in\n{}",
            self.text
        );
    }
}

/// A text with its lines joined, so that a claim does not depend on where they break.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const MOSUL: &str = "[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n";
const RAQQA: &str = "[[topic]]\nname = \"Raqqa\"\nany = [\"Raqqa\"]\n";
const MORNING: &str = "[[digest]]\nname = \"Morning\"\nsend = [\"07:00\"]\n";
const ALERTS: &str = "[[digest]]\nname = \"Alerts\"\nsend = \"at once\"\ntopics = [\"Mosul\"]\n";
const EVENING: &str = "[[digest]]\nname = \"Evening\"\nsend = [\"18:00\"]\n";

impl World {
    /// Two feeds, `Courier` and `Herald`, that were first read at 06:00 on 23 November 2026 and showed nothing that any
    /// topic wants.
    fn new(digests: &str, topics: &str) -> World {
        let server = Server::start();
        let mut world = World {
            home: Home::new(""),
            papers: BTreeMap::new(),
            mails_seen: 0,
            server,
        };
        for name in ["Courier", "Herald"] {
            let old = (0..5).map(|number| Article {
                title: format!("{name} reports on the weather of day {number}"),
                text: String::new(),
                at: time(&format!("2026-11-2{}T05:00:00Z", 2 - number / 3))
                    - jiff::SignedDuration::from_mins(number),
            });
            world.papers.insert(name.to_owned(), old.collect());
            world.serve(name);
        }
        world.watch(digests, topics);
        world.poll("2026-11-23T06:00:00Z");
        world
    }

    fn watch(&self, digests: &str, topics: &str) {
        let feeds: String = self
            .papers
            .keys()
            .map(|name| {
                format!(
                    "[[feed]]\nname = \"{name}\"\nurl = \"{}\"\n",
                    self.server.url(&format!("/{name}"))
                )
            })
            .collect();
        self.home.edit(&format!(
            "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{digests}{feeds}{topics}"
        ));
    }

    fn serve(&self, paper: &str) {
        let items: String = self.papers[paper]
            .iter()
            .map(|article| {
                let slug = article.at.as_second();
                format!(
                    "<item><title>{}</title><link>https://{}.example/{slug}</link><description>{}</description>\
                     <pubDate>{}</pubDate></item>",
                    article.title,
                    paper.to_lowercase(),
                    article.text,
                    article.at.strftime("%a, %d %b %Y %H:%M:%S GMT")
                )
            })
            .collect();
        let body =
            format!("<rss version=\"2.0\"><channel><title>{paper}</title>{items}</channel></rss>");
        self.server.on(&format!("/{paper}"), Reply::ok(body));
    }

    /// Publishes an article and polls a minute later.
    fn publish(&mut self, paper: &str, at: &str, title: &str, text: &str) {
        let article = Article {
            title: title.to_owned(),
            text: text.to_owned(),
            at: time(at),
        };
        self.papers
            .get_mut(paper)
            .expect("a paper")
            .insert(0, article);
        self.serve(paper);
        self.poll(&(time(at) + jiff::SignedDuration::from_mins(1)).to_string());
    }

    /// Changes what a paper shows, and polls.
    fn change(&mut self, paper: &str, at: &str, change: impl FnOnce(&mut Vec<Article>)) {
        change(self.papers.get_mut(paper).expect("a paper"));
        self.serve(paper);
        self.poll(at);
    }

    fn poll(&self, at: &str) {
        self.home.done(&["poll", "--force", "--now", at]);
    }

    /// Sends what is due, and gives the new mails.
    fn send(&mut self, at: &str) -> Vec<Mail> {
        self.home.done(&["digest", "--send", "--now", at]);
        self.new_mails()
    }

    /// Sends what is due: one mail.
    #[track_caller]
    fn one(&mut self, at: &str) -> Mail {
        let mut mails = self.send(at);
        assert_eq!(mails.len(), 1, "{mails:#?}");
        mails.remove(0)
    }

    #[track_caller]
    fn none(&mut self, at: &str) {
        let mails = self.send(at);
        assert!(mails.is_empty(), "{mails:#?}");
    }

    fn new_mails(&mut self) -> Vec<Mail> {
        let database = self.home.database();
        let mut statement = database
            .prepare("SELECT bytes FROM delivery ORDER BY id LIMIT -1 OFFSET ?1")
            .expect("a query");
        let mails: Vec<Mail> = statement
            .query_map([self.mails_seen], |row| row.get::<_, Vec<u8>>(0))
            .expect("rows")
            .map(|bytes| read(&String::from_utf8(bytes.expect("bytes")).expect("ASCII")))
            .collect();
        self.mails_seen += i64::try_from(mails.len()).expect("few");
        mails
    }

    fn sent(&self, arguments: &[&str]) -> Ran {
        let now = ["--now", "2026-12-30T00:00:00Z"];
        self.home.run(&[&["digest"], arguments, &now].concat())
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Takes a message apart; its headers are unfolded, and may have encoded words.
fn read(message: &str) -> Mail {
    let message = message.replace("\r\n", "\n");
    let (headers, body) = message.split_once("\n\n").expect("a body");
    let headers = headers.replace("\n ", " ");
    let boundary = headers
        .split_once("boundary=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .expect("a boundary")
        .0;
    let parts: Vec<String> = body
        .split(&format!("--{boundary}"))
        .filter_map(|part| part.split_once("\n\n"))
        .map(|(_, part)| decoded(part.strip_suffix('\n').unwrap_or(part)))
        .collect();
    let [text, html] = parts.try_into().expect("two parts");
    Mail {
        headers,
        text,
        html,
    }
}

/// Undoes quoted-printable (RFC 2045, section 6.7).
fn decoded(part: &str) -> String {
    let joined = part.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'=' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.expect("two digits"));
                let digits = std::str::from_utf8(&digits).expect("ASCII").to_owned();
                u8::from_str_radix(&digits, 16).expect("two hex digits")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("UTF-8")
}
