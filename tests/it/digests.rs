//! Digests over days of virtual time: when they go, what they tell once, and what was sent.

use std::collections::BTreeMap;
use std::fs;

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

#[test]
fn the_first_digest_goes_even_if_empty_and_an_empty_one_does_not() {
    let mut world = World::new(MORNING, MOSUL);
    world.none("2026-11-23T06:59:00Z");
    let first = world.one("2026-11-23T07:00:00Z");
    assert_eq!(first.header("Subject"), Some("2 feeds, 1 topic, all well"));
    first.says("2 feeds added (Courier, Herald). 10 items stored.");
    world.none("2026-11-24T07:00:00Z");
    let idle = world
        .home
        .done(&["digest", "--send", "--now", "2026-11-24T07:30:00Z"]);
    assert!(
        idle.stderr.contains(
            "No digest is due. The next is `Morning`, on Wednesday 25 November at 07:00."
        ),
        "{idle:#?}"
    );
}

#[test]
fn a_digest_missed_for_a_month_goes_once() {
    let mut world = World::new(MORNING, MOSUL);
    world.one("2026-11-23T07:00:00Z");
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    let mail = world.one("2026-12-24T10:00:00Z");
    mail.says("1 new story in 1 topic since 23 November, 07:00.");
    world.none("2026-12-24T10:01:00Z");
    world.none("2026-12-25T07:00:00Z");
}

#[test]
fn what_went_at_once_is_counted_in_the_evening_and_not_repeated() {
    let mut world = World::new(&format!("{ALERTS}{EVENING}"), &format!("{MOSUL}{RAQQA}"));
    world.one("2026-11-23T06:03:00Z");
    world.publish(
        "Courier",
        "2026-11-23T08:09:00Z",
        "Troops enter Mosul",
        "They came from the east.",
    );
    world.none("2026-11-23T08:11:00Z");
    let alert = world.one("2026-11-23T08:13:00Z");
    assert_eq!(alert.header("Subject"), Some("Troops enter Mosul"));
    world.publish(
        "Courier",
        "2026-11-23T08:14:00Z",
        "Bridges of Mosul closed to traffic",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T08:15:00Z",
        "Raqqa opens a school",
        "",
    );
    // At most one mail in 15 minutes, whatever is edited; what waits is sent then.
    world.watch(
        &format!("{ALERTS}quiet = \"22:00-06:00\"\n{EVENING}"),
        &format!("{MOSUL}{RAQQA}"),
    );
    world.none("2026-11-23T08:27:59Z");
    let second = world.one("2026-11-23T08:29:00Z");
    second.says("Bridges of Mosul closed to traffic");
    second.says_not("Troops enter Mosul");
    let evening = world.one("2026-11-23T18:00:00Z");
    evening.says("RAQQA 1 today");
    evening.says("2 feeds added (Courier, Herald). 10 items stored.");
    evening.says("Raqqa opens a school");
    evening.says_not("Bridges of Mosul");
    evening.says("Sent before and not repeated here: 2 stories by Alerts (08:13, 08:29).");
    world.none("2026-11-24T18:00:00Z");
}

#[test]
fn each_recipient_gets_his_own_and_each_story_once() {
    let both = "to = [\"reader@mail.example\", \"desk@mail.example\"]\n";
    let alerts = format!("{ALERTS}to = [\"desk@mail.example\"]\n");
    let mut world = World::new(
        &format!("{MORNING}{both}{alerts}"),
        &format!("{MOSUL}{RAQQA}"),
    );
    assert_eq!(
        world.send("2026-11-23T07:00:00Z").len(),
        2,
        "the first to each"
    );
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T08:01:00Z",
        "Raqqa opens a school",
        "",
    );
    let alert = world.one("2026-11-23T08:30:00Z");
    assert_eq!(alert.header("To"), Some("desk@mail.example"));
    let mails = world.send("2026-11-24T07:00:00Z");
    assert_eq!(mails.len(), 2);
    for mail in mails {
        mail.says("Raqqa opens a school");
        let is_new = mail.header("To") == Some("reader@mail.example");
        assert_eq!(
            mail.text.contains("Troops enter Mosul"),
            is_new,
            "{}",
            mail.text
        );
    }
}

#[test]
fn a_follow_up_answers_the_alert_under_its_subject() {
    let mut world = World::new(ALERTS, MOSUL);
    world.publish(
        "Courier",
        "2026-11-23T08:00:00Z",
        "Troops enter Mosul from the east at dawn",
        "",
    );
    let first = world.one("2026-11-23T08:04:30Z");
    world.publish(
        "Herald",
        "2026-11-23T15:00:00Z",
        "UPDATE 1-Troops enter Mosul from the east at dawn",
        "",
    );
    let second = world.one("2026-11-23T15:05:00Z");
    let id = first.header("Message-ID");
    assert!(id.is_some());
    assert_eq!(second.header("In-Reply-To"), id);
    assert_eq!(second.header("References"), id);
    assert_eq!(second.header("Subject"), first.header("Subject"));
    second.says("Marked as an update; you had this story 08:04");
    world.publish(
        "Courier",
        "2026-11-24T01:00:00Z",
        "UPDATE 2-Troops enter Mosul from the east at dawn, ministry says",
        "",
    );
    let third = world.one("2026-11-24T01:05:00Z");
    assert_eq!(third.header("In-Reply-To"), second.header("Message-ID"));
    let both = [id, second.header("Message-ID")]
        .map(Option::unwrap_or_default)
        .join(" ");
    assert_eq!(third.header("References"), Some(both.as_str()));
}

#[test]
fn a_story_that_was_tagged_with_a_topic_does_not_come_back_for_it() {
    let mut world = World::new(MORNING, &format!("{MOSUL}{RAQQA}"));
    world.publish(
        "Courier",
        "2026-11-23T06:30:00Z",
        "Troops leave Mosul for Raqqa",
        "",
    );
    let mail = world.one("2026-11-23T07:00:00Z");
    mail.says("Also in Raqqa");
    world.publish(
        "Herald",
        "2026-11-23T15:00:00Z",
        "Troops leave Mosul for Raqqa",
        "",
    );
    world.none("2026-11-24T07:00:00Z");
    world.publish("Herald", "2026-11-24T15:00:00Z", "Raqqa opens a school", "");
    let mail = world.one("2026-11-25T07:00:00Z");
    mail.says("1 more article on a story you had before, with nothing new.");
    mail.says_not("Troops leave");
}

#[test]
fn what_rests_does_not_hold_up_an_alert() {
    let topics = format!("{MOSUL}min_outlets = 2\n{RAQQA}");
    let alerts = ALERTS.replace("\"Mosul\"", "\"*\"");
    let mut world = World::new(&alerts, &topics);
    world.one("2026-11-23T06:03:00Z");
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.none("2026-11-23T08:04:00Z");
    world.publish(
        "Courier",
        "2026-11-23T08:04:30Z",
        "Raqqa opens a school",
        "",
    );
    world.none("2026-11-23T08:06:00Z");
    let alert = world.one("2026-11-23T08:08:00Z");
    alert.says("Raqqa opens a school");
    alert.says_not("Troops enter Mosul");
}

#[test]
fn a_sent_digest_shows_what_its_caps_hid_whatever_became_of_its_topics() {
    let digest = format!("{MORNING}max_stories = 1\n");
    let mut world = World::new(&digest, &format!("{MOSUL}{RAQQA}"));
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T06:30:00Z",
        "Raqqa opens a school",
        "",
    );
    let mail = world.one("2026-11-23T07:00:00Z");
    let command = "wirewatch digest \"Morning\" --sent 2026-11-23 --topic \"Mosul\"";
    assert!(mail.text.contains(command), "{}", mail.text);
    mail.says_not("Raqqa opens a school");

    let check = |world: &World| {
        let all = world.sent(&["Morning", "--sent", "2026-11-23"]);
        assert_eq!(all.code, 0, "{all:#?}");
        for title in [
            "Troops enter Mosul",
            "Museum of Mosul",
            "Raqqa opens a school",
        ] {
            assert_eq!(all.stdout.matches(title).count(), 1, "{title}: {all:#?}");
        }
        let mosul = world.sent(&["Morning", "--sent", "2026-11-23", "--topic", "Mosul"]);
        assert!(mosul.stdout.contains("Museum of Mosul"), "{mosul:#?}");
        assert!(!mosul.stdout.contains("Raqqa opens"), "{mosul:#?}");
    };
    check(&world);
    let later = [
        "max_stories = 1\n",
        "max_stories = 1\ntopics = [\"Raqqa\"]\n",
    ];
    for digest in later.map(|keys| format!("{MORNING}{keys}")) {
        let edited = "[[topic]]\nname = \"Mosul\"\nany = [\"Tikrit\"]\nsnooze = \"2027-01-01\"\nmin_outlets = 3\n";
        world.watch(&digest, &format!("{edited}{RAQQA}"));
        check(&world);
    }
    world.watch(&digest, RAQQA);
    check(&world);

    let list = world.sent(&["Morning", "--sent"]);
    assert_eq!(
        list.stdout.trim_end(),
        format!(
            "2026-11-23T07:00    3 stories  reader@mail.example  {}",
            mail.header("Subject").expect("one")
        )
    );
    let minute = world.sent(&["Morning", "--sent", "2026-11-23T07:00"]);
    assert_eq!(minute.code, 0, "{minute:#?}");
    for (arguments, problem) in [
        (
            ["--sent", "2026-11-24"].as_slice(),
            "was not sent on 2026-11-24",
        ),
        (
            &["--sent", "2026-11-23T07:01"],
            "was not sent at 2026-11-23T07:01",
        ),
        (
            &["--sent", "2026-11-23", "--topic", "Tikrit"],
            "nothing was told of a topic `Tikrit` then",
        ),
        (&["--sent", "--topic", "Mosul"], "which message?"),
    ] {
        let refused = world.sent(&[&["Morning"], arguments].concat());
        assert_eq!(refused.code, 2, "{refused:#?}");
        assert!(refused.stderr.contains(problem), "{refused:#?}");
    }
}

#[test]
fn of_several_mails_a_day_the_command_names_the_minute() {
    let digest = "[[digest]]\nname = \"Desk\"\nsend = [\"07:00\", \"18:00\"]\nmax_stories = 1\n";
    let mut world = World::new(digest, MOSUL);
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    world.one("2026-11-23T07:00:00Z");
    world.publish(
        "Courier",
        "2026-11-23T12:00:00Z",
        "Rail link to Mosul is planned",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T12:10:00Z",
        "Wheat harvest around Mosul fails",
        "",
    );
    let evening = world.one("2026-11-23T18:00:00Z");
    let command = "--sent 2026-11-23T18:00 --topic \"Mosul\"";
    assert!(evening.text.contains(command), "{}", evening.text);
    let one = world
        .sent(&["Desk", "--sent", "2026-11-23T18:00", "--topic", "Mosul"])
        .stdout;
    assert!(
        one.contains("Rail link") && one.contains("Wheat harvest") && !one.contains("Museum"),
        "{one}"
    );
    let day = world.sent(&["Desk", "--sent", "2026-11-23"]).stdout;
    assert!(day.contains("Rail link") && day.contains("Museum"), "{day}");
}

#[test]
fn a_snooze_says_once_how_much_it_hid_and_its_command_lists_it() {
    let snoozed = format!("{MOSUL}snooze = \"2026-11-25\"\n");
    let mut world = World::new(MORNING, &format!("{snoozed}{RAQQA}"));
    world.one("2026-11-23T07:00:00Z");
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.none("2026-11-24T07:00:00Z");
    let end = world.one("2026-11-25T07:00:00Z");
    end.says("Mosul was snoozed until 25 November, which hid 1 article. To see it:");
    end.says_not("Troops enter Mosul");
    let listed = world
        .sent(&["Morning", "--sent", "2026-11-25", "--topic", "Mosul"])
        .stdout;
    assert!(listed.contains("Troops enter Mosul"), "{listed}");
    world.none("2026-11-26T07:00:00Z");
}

#[test]
fn a_changed_headline_and_a_withdrawn_article_are_told_once() {
    let mut world = World::new(&format!("{MORNING}{EVENING}"), MOSUL);
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Mayor of Mosul resigns",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T06:30:00Z",
        "Mosul dam holds, says ministry",
        "",
    );
    world.one("2026-11-23T07:00:00Z");
    world.change("Courier", "2026-11-23T09:00:00Z", |articles| {
        articles[0].title = "Mosul Dam holds, says Ministry".to_owned();
        articles.remove(1);
        articles[1].title = "Troops halt before Mosul".to_owned();
    });
    world.none("2026-11-23T18:00:00Z");
    world.publish(
        "Courier",
        "2026-11-24T06:00:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    let next = world.one("2026-11-24T07:00:00Z");
    next.says("CHANGED SINCE YOU HAD IT");
    next.says("Courier: “Troops enter Mosul” now reads “Troops halt before Mosul”");
    next.says("Courier: “Mayor of Mosul resigns” was withdrawn");
    next.says_not("dam holds");
    world.publish(
        "Courier",
        "2026-11-24T12:00:00Z",
        "Rail link to Mosul is planned",
        "",
    );
    let last = world.one("2026-11-24T18:00:00Z");
    last.says_not("CHANGED SINCE");
}

#[test]
fn articles_that_had_their_time_were_not_withdrawn() {
    let mut world = World::new(MORNING, MOSUL);
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Mayor of Mosul resigns",
        "",
    );
    world.one("2026-11-23T07:00:00Z");
    world.publish(
        "Courier",
        "2026-11-24T06:00:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    // The end of the feed goes, as it does every day; and another feed still shows what its rival dropped.
    world.change("Courier", "2026-11-24T06:10:00Z", |articles| {
        articles.truncate(2)
    });
    let mail = world.one("2026-11-24T07:00:00Z");
    mail.says("Museum of Mosul");
    mail.says_not("withdrawn");
}

#[test]
fn the_preview_is_the_message_but_for_identifier_and_date() {
    let mut world = World::new(&format!("{ALERTS}{MORNING}"), &format!("{MOSUL}{RAQQA}"));
    world.publish(
        "Courier",
        "2026-11-23T06:10:00Z",
        "Troops enter Mosul",
        "They came from the east at dawn.",
    );
    world.one("2026-11-23T06:14:00Z");
    world.publish(
        "Herald",
        "2026-11-23T06:20:00Z",
        "Raqqa opens a school",
        "The first in years.",
    );
    world.change("Courier", "2026-11-23T06:30:00Z", |articles| {
        articles[0].title = "Troops halt before Mosul".to_owned();
    });
    let file = world.home.path("preview.html");
    let preview = world.home.done(&[
        "digest",
        "Morning",
        "--now",
        "2026-11-23T07:00:00Z",
        "--html",
        file.to_str().expect("UTF-8"),
    ]);
    let pending = world.home.count("SELECT COUNT(*) FROM pending");
    assert_eq!(pending, 1, "a preview writes nothing");
    let mail = world.one("2026-11-23T07:00:00Z");
    assert_eq!(preview.stdout.trim_end(), mail.text.trim_end());
    assert_eq!(
        fs::read_to_string(file).expect("a preview").trim_end(),
        mail.html.trim_end()
    );
    assert_eq!(
        preview.stderr.lines().next(),
        mail.header("Subject")
            .map(|subject| format!("Subject: {subject}"))
            .as_deref()
    );
    mail.says("now reads “Troops halt before Mosul”");
    mail.says("Sent before and not repeated here: 1 story by Alerts (06:14).");
}

#[test]
fn a_clock_that_was_a_day_ahead_silences_nothing_and_repeats_nothing() {
    let mut world = World::new(&format!("{MORNING}{ALERTS}"), &format!("{MOSUL}{RAQQA}"));
    world.publish(
        "Courier",
        "2026-11-23T06:10:00Z",
        "Troops enter Mosul from the east at dawn",
        "",
    );
    assert_eq!(
        world.send("2026-11-24T12:00:00Z").len(),
        1,
        "the clock is a day ahead"
    );
    world.publish(
        "Courier",
        "2026-11-23T12:10:00Z",
        "Raqqa opens a school",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T12:20:00Z",
        "Bridges of Mosul closed to traffic",
        "",
    );
    let alert = world.one("2026-11-23T12:40:00Z");
    alert.says("Bridges of Mosul");
    world.publish(
        "Herald",
        "2026-11-24T01:00:00Z",
        "UPDATE 1-Troops enter Mosul from the east at dawn",
        "",
    );
    let update = world.one("2026-11-24T01:10:00Z");
    update.says("Marked as an update");
    let morning = world.one("2026-11-24T07:00:00Z");
    morning.says("Raqqa opens a school");
    morning.says_not("Mosul from the east");
}

#[test]
fn a_digest_named_by_hand_goes_whatever_its_quiet_hours_and_days_say() {
    let keys = "quiet = \"22:00-06:30\"\ndays = [\"mon\"]\nwhen_empty = \"send\"\n";
    let mut world = World::new(&format!("{MORNING}{keys}"), MOSUL);
    world.one("2026-11-23T07:00:00Z");
    world.publish("Courier", "2026-11-24T12:00:00Z", "Troops enter Mosul", "");
    world.none("2026-11-24T23:00:00Z");
    world.home.done(&[
        "digest",
        "Morning",
        "--send",
        "--now",
        "2026-11-24T23:00:00Z",
    ]);
    world.new_mails()[0].says("Troops enter Mosul");
    let monday = world.one("2026-11-30T07:00:00Z");
    assert_eq!(monday.header("Subject"), Some("Nothing new"));
    monday.says("Nothing new in 1 topic since Tuesday 23:00.");
}

#[test]
fn an_alert_leaves_what_can_wait_to_a_digest() {
    let mut world = World::new(&format!("{ALERTS}{EVENING}"), MOSUL);
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.one("2026-11-23T08:04:30Z").says_not("feeds added");
    world.change("Courier", "2026-11-23T09:00:00Z", |articles| {
        articles[0].title = "Troops halt before Mosul".to_owned();
    });
    world.publish(
        "Herald",
        "2026-11-23T10:00:00Z",
        "Rail link to Mosul is planned",
        "",
    );
    let alert = world.one("2026-11-23T10:04:00Z");
    alert.says("Rail link");
    alert.says_not("Troops halt");
    // It has nothing new of its own, and numbers alone send no mail.
    world.none("2026-11-23T18:00:00Z");
    world.watch(&format!("{ALERTS}{EVENING}"), &format!("{MOSUL}{RAQQA}"));
    world.publish("Herald", "2026-11-25T10:00:00Z", "Raqqa opens a school", "");
    let evening = world.one("2026-11-25T18:00:00Z");
    evening.says("2 feeds added");
    evening.says("“Troops enter Mosul” now reads “Troops halt before Mosul”");
}

#[test]
fn quiet_hours_and_days_hold_a_mail_until_both_allow_it() {
    let keys = "quiet = \"22:00-06:30\"\ndays = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]\ntimezone = \"Europe/Berlin\"\n";
    let mut world = World::new(&format!("{ALERTS}{keys}"), MOSUL);
    world.one("2026-11-23T06:03:00Z");
    // Friday 22:30 in Berlin.
    world.publish("Courier", "2026-11-27T21:30:00Z", "Troops enter Mosul", "");
    world.none("2026-11-27T21:40:00Z");
    world.none("2026-11-28T12:00:00Z");
    let idle = world
        .home
        .done(&["digest", "--send", "--now", "2026-11-29T12:00:00Z"]);
    assert!(
        idle.stderr
            .contains("The next is `Alerts`, on Monday 30 November at 06:30."),
        "{idle:#?}"
    );
    world.none("2026-11-30T05:29:00Z");
    world.one("2026-11-30T05:30:00Z").says("Troops enter Mosul");
}
