//! What a mail server answers, and what becomes of the row in the outbox.

use std::time::Duration;

use crate::http_server::{Reply, Server};
use crate::smtp_server::{Act, Moment, Point, Setup, SmtpServer};
use crate::wirewatch::{Home, Ran};

const FEED: &str = r#"<rss version="2.0"><channel><title>Harrow Times</title><link>https://harrow.example/</link>
<item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>h1</guid>
<pubDate>Mon, 23 Nov 2026 05:00:00 GMT</pubDate></item></channel></rss>"#;

/// A digest that has one story for each of these recipients, polled at 06:00.
pub(crate) struct Case {
    feeds: Server,
    pub(crate) mail: SmtpServer,
    pub(crate) home: Home,
}

impl Case {
    pub(crate) fn new(
        recipients: &[&str],
        play: impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static,
    ) -> Case {
        let feeds = Server::start();
        feeds.on("/feed", Reply::ok(FEED));
        let mail = SmtpServer::start(Setup::default(), play);
        let to: Vec<String> = recipients.iter().map(|to| format!("{to:?}")).collect();
        let home = Home::new(&format!(
            "[mail]\nto = [{}]\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             [poll]\nallow_private = [\"127.0.0.0/8\"]\n\
             [[digest]]\nname = \"Morning\"\ntimezone = \"UTC\"\n\
             [[feed]]\nurl = {:?}\nbackfill = \"all\"\n\
             [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
            to.join(", "),
            mail.address.port(),
            feeds.url("/feed")
        ));
        home.done(&["poll", "--now", "2026-11-23T06:00:00Z"]);
        Case { feeds, mail, home }
    }

    /// Sends what is due at this time of the first day.
    pub(crate) fn send(&self, time: &str) -> Ran {
        self.send_at(&format!("2026-11-23T{time}Z"))
    }

    /// Sends what is due at this moment.
    pub(crate) fn send_at(&self, moment: &str) -> Ran {
        self.home.run(&["digest", "--send", "--now", moment])
    }

    pub(crate) fn states(&self) -> Vec<String> {
        let database = self.home.database();
        let mut statement = database
            .prepare("SELECT state FROM delivery WHERE digest = 'Morning' ORDER BY id")
            .expect("a table");
        let states = statement.query_map([], |row| row.get(0)).expect("rows");
        states.map(|state| state.expect("a state")).collect()
    }

    fn message_ids(&self) -> Vec<String> {
        let line = |message: &[u8]| {
            let text = String::from_utf8(message.to_vec()).expect("ASCII");
            text.lines()
                .find(|line| line.starts_with("Message-ID:"))
                .expect("a Message-ID")
                .to_owned()
        };
        self.mail
            .accepted()
            .iter()
            .map(|message| line(&message.data))
            .collect()
    }
}

pub(crate) fn at(
    point: Point,
    times: usize,
    act: Act,
) -> impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static {
    move |moment| {
        if moment.point == point && moment.nth < times {
            act.clone()
        } else {
            Act::Normal
        }
    }
}

#[test]
fn what_the_server_takes_is_settled_and_never_sent_again() {
    let case = Case::new(&["a@mail.example"], |_| Act::Normal);
    assert_eq!(case.send("07:00:00").code, 0);
    assert_eq!(case.states(), ["sent"]);
    assert_eq!(case.send("09:00:00").code, 0);
    assert_eq!(case.mail.accepted().len(), 1);
}

#[test]
fn a_4xx_is_tried_again_on_the_stored_schedule() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Rcpt, 2, Act::Say("451 4.7.1 greylisted, come back")),
    );
    let refused = case.send("07:00:00");
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert!(refused.stderr.contains("greylisted"), "{refused:#?}");
    assert_eq!(case.states(), ["queued"]);
    case.send("07:00:30");
    assert_eq!(case.mail.sessions().len(), 1, "not before its minute");
    case.send("07:01:10");
    assert_eq!(case.mail.sessions().len(), 2);
    case.send("07:07:00");
    assert_eq!(case.states(), ["sent"]);
    assert_eq!(case.mail.accepted().len(), 1);
}

#[test]
fn a_server_that_is_away_costs_nothing_but_time() {
    let case = Case::new(&["a@mail.example"], |_| Act::Normal);
    let port = case.mail.address.port();
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let watchlist = std::fs::read_to_string(case.home.watchlist()).expect("readable");
    case.home
        .edit(&watchlist.replace(&port.to_string(), &closed.to_string()));
    assert_eq!(case.send("07:00:00").code, 1);
    assert_eq!(case.states(), ["queued"]);
    case.home.edit(&watchlist);
    assert_eq!(case.send("07:02:00").code, 0);
    assert_eq!(case.states(), ["sent"]);
}

#[test]
fn one_refused_recipient_is_paused_and_the_others_get_their_mail_once() {
    let case = Case::new(
        &["a@mail.example", "b@mail.example", "c@mail.example"],
        |moment| {
            let refused = moment.point == Point::Rcpt && moment.line.contains("b@mail.example");
            if refused {
                Act::Say("550 5.1.1 no such user")
            } else {
                Act::Normal
            }
        },
    );
    assert_eq!(case.send("07:00:00").code, 1);
    let mut to: Vec<_> = case
        .mail
        .accepted()
        .into_iter()
        .flat_map(|message| message.to)
        .collect();
    to.sort();
    assert_eq!(to, ["a@mail.example", "c@mail.example"]);
    case.send("12:00:00");
    case.send("12:10:00");
    let notices: Vec<_> = case.mail.accepted().into_iter().skip(2).collect();
    assert_eq!(
        notices.len(),
        1,
        "nobody gets it twice, the paused one is left alone, and the operator hears of it once"
    );
    assert_eq!(notices[0].to, ["a@mail.example"]);
    let notice = String::from_utf8(notices[0].data.clone()).expect("ASCII");
    assert!(
        notice.contains("Subject: wirewatch: Mail to b@mail.example is paused"),
        "{notice}"
    );
    assert!(
        notice.contains("wirewatch outbox resume b@mail.example"),
        "{notice}"
    );

    let outbox = case.home.run(&["outbox"]);
    assert_eq!(outbox.code, 1);
    assert!(
        outbox.stdout.contains("b@mail.example is paused")
            && outbox.stdout.contains("no such user"),
        "{outbox:#?}"
    );
    assert!(
        outbox
            .stdout
            .contains("wirewatch outbox resume b@mail.example"),
        "{outbox:#?}"
    );
    assert_eq!(case.home.run(&["status"]).code, 1);
}

#[test]
fn a_paused_recipient_gets_what_waited_once_he_is_resumed() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Rcpt, 1, Act::Say("550 5.1.1 no such user")),
    );
    case.send("07:00:00");
    case.home.done(&["outbox", "resume", "a@mail.example"]);
    assert_eq!(case.send("08:00:00").code, 0);
    assert_eq!(case.states(), ["sent"]);
}

#[test]
fn who_was_taken_out_of_the_watchlist_gets_nothing_until_he_is_put_back() {
    let case = Case::new(&["a@mail.example", "b@mail.example"], |moment| {
        match moment.point == Point::Rcpt && moment.line.contains("b@") && moment.nth < 2 {
            true => Act::Say("451 4.3.0 later"),
            false => Act::Normal,
        }
    });
    case.send("07:00:00");
    assert_eq!(case.states(), ["sent", "queued"]);
    let asked = case.mail.sessions().len();
    let watchlist = std::fs::read_to_string(case.home.watchlist()).expect("readable");
    case.home
        .edit(&watchlist.replace(", \"b@mail.example\"", ""));
    assert_eq!(case.send("08:00:00").code, 1, "a person has to decide");
    assert_eq!(case.states(), ["sent", "queued"]);
    assert_eq!(case.mail.sessions().len(), asked, "nobody is asked");
    for command in ["outbox", "status"] {
        let told = case.home.run(&[command]);
        assert_eq!(told.code, 1, "{told:#?}");
        assert!(
            told.stdout.contains("no longer in the watchlist"),
            "{told:#?}"
        );
        assert!(told.stdout.contains("outbox drop 2"), "{told:#?}");
    }
    case.home.edit(&watchlist);
    assert_eq!(case.send("09:00:00").code, 0);
    assert_eq!(case.states(), ["sent", "sent"]);
}

#[test]
fn a_paused_recipient_who_was_taken_out_needs_nobody() {
    let case = Case::new(&["a@mail.example", "b@mail.example"], |moment| {
        match moment.point == Point::Rcpt && moment.line.contains("b@") {
            true => Act::Say("550 5.1.1 no such user"),
            false => Act::Normal,
        }
    });
    assert_eq!(case.send("07:00:00").code, 1);
    let watchlist = std::fs::read_to_string(case.home.watchlist()).expect("readable");
    case.home
        .edit(&watchlist.replace(", \"b@mail.example\"", ""));
    assert_eq!(case.home.run(&["outbox"]).code, 1, "its message waits");
    case.home.done(&["outbox", "drop", "2"]);
    let outbox = case.home.done(&["outbox"]);
    assert!(
        outbox.stdout.contains("nothing needs to be done"),
        "{outbox:#?}"
    );
    assert_eq!(case.send("08:00:00").code, 0);
}

#[test]
fn a_refused_message_is_held_until_a_person_releases_it() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Dot, 1, Act::Say("554 5.7.1 looks like spam")),
    );
    assert_eq!(case.send("07:00:00").code, 1);
    assert_eq!(case.states(), ["held"]);
    case.send("20:00:00");
    assert_eq!(case.states(), ["held"]);
    let outbox = case.home.run(&["outbox"]);
    assert!(
        outbox.stdout.contains("looks like spam") && outbox.stdout.contains("outbox release 1"),
        "{outbox:#?}"
    );
    case.home
        .done(&["outbox", "release", "1", "--now", "2026-11-23T21:00:00Z"]);
    case.send("21:00:10");
    assert_eq!(case.states(), ["sent"]);
}

#[test]
fn a_dropped_message_is_gone_for_good() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Dot, 1, Act::Say("554 5.7.1 looks like spam")),
    );
    case.send("07:00:00");
    let dropped = case.home.done(&["outbox", "drop", "1"]);
    let command = "digest \"Morning\" --sent 2026-11-23T07:00";
    assert_eq!(
        dropped.stderr,
        format!(
            "Message 1 will not be sent.\n\
             It had 1 story, which a@mail.example is not told in another message:\n  Troops enter Mosul\n\
             To read them: wirewatch {command}\n"
        )
    );
    let shown = case
        .home
        .done(&["digest", "Morning", "--sent", "2026-11-23T07:00"]);
    assert!(shown.stdout.contains("Troops enter Mosul"), "{shown:#?}");
    assert!(shown.stderr.contains("dropped by hand"), "{shown:#?}");
    let listed = case.home.done(&["digest", "Morning", "--sent"]);
    assert!(listed.stdout.contains("(dropped)"), "{listed:#?}");
    case.send("21:00:00");
    assert_eq!(case.states(), ["dropped"]);
    assert_eq!(case.home.run(&["outbox", "release", "1"]).code, 2);
}

#[test]
fn a_message_too_big_goes_again_smaller_under_a_new_identifier() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Dot, 1, Act::Say("552 5.3.4 message too big")),
    );
    let sent = case.send("07:00:00");
    assert_eq!(sent.code, 0, "{sent:#?}");
    assert_eq!(case.states(), ["sent"]);
    let all: Vec<_> = case
        .mail
        .messages()
        .into_iter()
        .map(|message| message.data)
        .collect();
    assert_eq!(all.len(), 2);
    assert_ne!(all[0], all[1]);
    for message in all {
        let text = String::from_utf8(message).expect("ASCII");
        assert!(text.contains("Feed added: Harrow Times"), "{text}");
    }
}

#[test]
fn a_message_that_is_too_big_twice_is_held() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Dot, 9, Act::Say("552 5.3.4 message too big")),
    );
    assert_eq!(case.send("07:00:00").code, 1);
    assert_eq!(case.states(), ["held"]);
}

#[test]
fn an_unknown_outcome_sends_the_same_bytes_twice_more_then_holds() {
    let case = Case::new(&["a@mail.example"], at(Point::Dot, 9, Act::Close));
    case.send("07:00:00");
    assert_eq!(case.states(), ["unknown"]);
    case.send("07:10:00");
    assert_eq!(
        case.mail.messages().len(),
        1,
        "not before a quarter of an hour"
    );
    case.send("07:15:10");
    case.send("07:30:20");
    assert_eq!(case.states(), ["held"]);
    let all = case.mail.messages();
    let (digests, notices) = all.split_at(3);
    assert!(
        digests.iter().all(|digest| digest.data == digests[0].data),
        "the same bytes"
    );
    assert_eq!(notices.len(), 1, "the operator hears of it at once");
}

#[test]
fn a_close_after_the_answer_is_no_reason_to_send_again() {
    let case = Case::new(&["a@mail.example"], at(Point::Quit, 1, Act::Reset));
    assert_eq!(case.send("07:00:00").code, 0);
    case.send("09:00:00");
    assert_eq!(case.message_ids().len(), 1);
}

#[test]
fn while_a_message_waits_the_next_is_not_composed_and_its_window_grows() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Rcpt, 3, Act::Say("451 4.3.0 later")),
    );
    case.send("07:00:00");
    let next = case.home.run(&[
        "digest",
        "Morning",
        "--send",
        "--now",
        "2026-11-23T07:00:20Z",
    ]);
    assert!(next.stderr.contains("still waits"), "{next:#?}");
    assert_eq!(case.states(), ["queued"]);
}

#[test]
fn a_message_cut_short_goes_again_a_quarter_of_an_hour_after_it_was_handed_over() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Rcpt, 1, Act::Say("451 4.3.0 later")),
    );
    case.send("07:00:00");
    // As a crash leaves it that came at 07:10 between the handing over and the answer.
    let cut_short =
        "UPDATE delivery SET state = 'sending', next_at = unixepoch('2026-11-23T07:10:00Z')";
    case.home
        .database()
        .execute(cut_short, [])
        .expect("a table");
    assert_eq!(case.send("07:12:00").code, 1);
    assert_eq!(case.states(), ["unknown"]);
    case.send("07:24:00");
    assert_eq!(case.mail.messages().len(), 0);
    assert_eq!(case.send("07:25:10").code, 0);
    assert_eq!(case.mail.messages().len(), 1);
}

#[test]
fn a_nightly_job_that_failed_once_skips_no_day() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Rcpt, 1, Act::Say("451 4.3.0 later")),
    );
    assert_eq!(case.send("07:00:00").code, 1);
    let second = FEED.replace("harrow.example/1", "harrow.example/2");
    let second = second
        .replace("h1", "h2")
        .replace("Troops enter", "A quiet day in");
    case.feeds
        .on("/feed", Reply::ok(second.replace("23 Nov", "24 Nov")));
    case.home.done(&["poll", "--now", "2026-11-24T06:00:00Z"]);
    assert_eq!(case.send_at("2026-11-24T07:00:00Z").code, 0);
    assert_eq!(case.states(), ["sent", "sent"]);
    assert_eq!(case.mail.accepted().len(), 2);
}

#[test]
fn a_stop_waits_for_the_message_under_way_and_for_no_other() {
    let (reached, at_the_dot) = std::sync::mpsc::channel();
    let case = Case::new(
        &["a@mail.example", "b@mail.example", "c@mail.example"],
        move |moment| match moment.point {
            Point::Dot => {
                // Nobody listens any more if the test has failed.
                let _ = reached.send(());
                Act::Late(Duration::from_secs(1), "250 2.0.0 queued")
            }
            _ => Act::Normal,
        },
    );
    let daemon = case.home.daemon(&["--now", "2026-11-23T07:00:00Z"]);
    let deadline = Duration::from_secs(60);
    at_the_dot.recv_timeout(deadline).expect("a message");
    assert_eq!(daemon.terminate(), 0);
    assert_eq!(case.states(), ["sent", "queued", "queued"]);
    assert_eq!(case.mail.messages().len(), 1);
}

#[test]
fn a_recipient_of_two_digests_is_refused_once() {
    let case = Case::new(
        &["a@mail.example"],
        at(Point::Rcpt, 9, Act::Say("550 5.1.1 no such user")),
    );
    let watchlist = std::fs::read_to_string(case.home.watchlist()).expect("readable");
    let evening =
        "[[digest]]\nname = \"Evening\"\ntimezone = \"UTC\"\nwhen_empty = \"send\"\n[[feed]]";
    case.home.edit(&watchlist.replace("[[feed]]", evening));
    case.home.done(&["poll", "--now", "2026-11-23T06:10:00Z"]);
    assert_eq!(case.send("07:00:00").code, 1);
    assert_eq!(case.home.count("SELECT COUNT(*) FROM delivery"), 2);
    let asked = case.mail.sessions().concat();
    assert_eq!(
        asked.iter().filter(|line| line.starts_with("RCPT")).count(),
        1
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_a_fault_of_configuration_and_loses_nothing() {
    let case = Case::new(&["a@mail.example"], |_| Act::Normal);
    let watchlist = std::fs::read_to_string(case.home.watchlist()).expect("readable");
    let (before, after) = watchlist.split_once("[mail.smtp]").expect("a mail server");
    let (_, after) = after.split_once("[poll]").expect("a section");
    case.home
        .edit(&format!("{before}folder = \"mail/out\"\n[poll]{after}"));
    std::fs::write(case.home.path("state/mail"), "in the way").expect("written");
    let blocked = case.send("07:00:00");
    assert_eq!(blocked.code, 1);
    assert!(
        blocked.stderr.contains("check `folder` of `[mail]`"),
        "{blocked:#?}"
    );
    assert_eq!(case.states(), ["queued"]);

    std::fs::remove_file(case.home.path("state/mail")).expect("it is there");
    case.send("07:30:00");
    assert_eq!(case.states(), ["queued"], "wrong settings are tried hourly");
    assert_eq!(case.send("08:00:10").code, 0);
    assert_eq!(case.states(), ["sent"]);
    assert_eq!(case.home.files("mail/out").len(), 2);
}
