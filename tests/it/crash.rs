//! kill -9 at the worst moments: every item stored once, every match mailed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::http_server::{Reply, Server};
use crate::smtp_server::{Act, Point, Setup, SmtpServer};
use crate::wirewatch::{Home, Killer};

const ITEMS: usize = 12;

/// A moment at which the servers kill the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    /// The request has arrived, nothing was answered.
    Arrival,
    /// Half of the body was sent.
    MidBody,
    /// All of the body was sent.
    LastByte,
    /// At this point of the conversation with the mail server.
    Mail(Point),
}

#[test]
fn a_crash_when_the_request_arrives_loses_nothing() {
    survive(Blow::Arrival);
}

#[test]
fn a_crash_in_the_middle_of_a_body_loses_nothing() {
    survive(Blow::MidBody);
}

#[test]
fn a_crash_after_the_last_byte_of_a_feed_loses_nothing() {
    survive(Blow::LastByte);
}

#[test]
fn a_crash_at_the_greeting_of_the_mail_server_loses_nothing() {
    survive(Blow::Mail(Point::Greeting));
}

#[test]
fn a_crash_at_ehlo_loses_nothing() {
    survive(Blow::Mail(Point::Ehlo));
}

#[test]
fn a_crash_at_mail_from_loses_nothing() {
    survive(Blow::Mail(Point::Mail));
}

#[test]
fn a_crash_at_rcpt_to_loses_nothing() {
    survive(Blow::Mail(Point::Rcpt));
}

#[test]
fn a_crash_at_data_loses_nothing() {
    survive(Blow::Mail(Point::Data));
}

#[test]
fn a_crash_in_the_middle_of_the_message_loses_nothing() {
    survive(Blow::Mail(Point::Body));
}

#[test]
fn a_crash_before_the_final_dot_loses_nothing() {
    survive(Blow::Mail(Point::BeforeDot));
}

#[test]
fn a_crash_before_the_answer_to_the_dot_loses_nothing() {
    survive(Blow::Mail(Point::Dot));
}

#[test]
fn a_crash_after_the_answer_to_the_dot_loses_nothing() {
    survive(Blow::Mail(Point::Accepted));
}

#[test]
fn a_crash_at_quit_loses_nothing() {
    survive(Blow::Mail(Point::Quit));
}

fn survive(blow: Blow) {
    let killer = Killer::default();
    let struck = Arc::new(AtomicBool::new(false));
    let feeds = Server::start();
    serve(&feeds, blow, &killer);
    let mail = {
        let (killer, struck) = (killer.clone(), Arc::clone(&struck));
        SmtpServer::start(Setup::default(), move |moment| {
            if Blow::Mail(moment.point) == blow && !struck.swap(true, Ordering::SeqCst) {
                killer.kill();
            }
            Act::Normal
        })
    };
    let home = Home::new(&watchlist(&feeds, &mail));

    let daemon = home.daemon(&["--now", "2026-11-23T06:00:00Z", "--pace", "60"]);
    killer.aim(&daemon);
    daemon.wait();
    let before = mail.messages().len();
    // The clock of the second run is past the lease of a feed and past the pause after an unknown outcome.
    let daemon = home.daemon(&["--now", "2026-11-23T07:00:00Z", "--pace", "60"]);
    daemon.wait_until("all items were mailed", || told(&mail).len() == ITEMS);
    daemon.wait_until("the outbox is settled", || {
        home.count("SELECT COUNT(*) FROM delivery WHERE state <> 'sent'") == 0
            && home.count("SELECT COUNT(*) FROM delivery") > 0
    });
    assert_eq!(daemon.terminate(), 0);

    assert_eq!(
        home.count("SELECT COUNT(*) FROM item"),
        ITEMS as i64,
        "{blow:?}"
    );
    assert_eq!(
        home.count("SELECT COUNT(*) FROM match"),
        ITEMS as i64,
        "{blow:?}"
    );
    assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 0, "{blow:?}");
    let again = told(&mail).values().filter(|ids| ids.len() > 1).count();
    assert_eq!(again, 0, "{blow:?}: told in two different messages");
    let copies = mail.accepted().len() - message_ids(&mail).len();
    // Once the message is on its way, the server may take it though nobody hears of that.
    let may_repeat = matches!(
        blow,
        Blow::Mail(Point::Body | Point::BeforeDot | Point::Dot | Point::Accepted | Point::Quit)
    );
    assert!(
        copies <= usize::from(may_repeat),
        "{blow:?}: {copies} copies, {before} before the crash"
    );
}

/// The Message-IDs in which each title was accepted.
fn told(mail: &SmtpServer) -> BTreeMap<usize, Vec<String>> {
    let mut told: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for message in mail.accepted() {
        let text = String::from_utf8(message.data).expect("ASCII");
        for item in 0..ITEMS {
            let ids = told.entry(item).or_default();
            if text.contains(&title(item)) && !ids.contains(&message_id(&text)) {
                ids.push(message_id(&text));
            }
        }
    }
    told.retain(|_, ids| !ids.is_empty());
    told
}

fn message_ids(mail: &SmtpServer) -> Vec<String> {
    let mut ids: Vec<_> = mail
        .accepted()
        .into_iter()
        .map(|message| message_id(&String::from_utf8(message.data).expect("ASCII")))
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

fn message_id(text: &str) -> String {
    let mut headers = text.lines().filter_map(|line| line.split_once(':'));
    let (_, id) = headers
        .find(|(name, _)| *name == "Message-ID")
        .expect("a Message-ID");
    id.trim().to_owned()
}

fn serve(feeds: &Server, blow: Blow, killer: &Killer) {
    for number in 0..2 {
        let body = feed(number * ITEMS / 2..(number + 1) * ITEMS / 2);
        let killer = killer.clone();
        feeds.answer(&format!("/{number}"), move |_, nth| {
            let reply = Reply::ok(body.clone());
            let killer = killer.clone();
            match blow {
                _ if number == 1 || nth > 0 => reply,
                Blow::Arrival => reply.on_arrival(move || killer.kill()),
                Blow::MidBody => reply.in_mid_body(move || killer.kill()),
                Blow::LastByte => reply.after_last_byte(move || killer.kill()),
                Blow::Mail(_) => reply,
            }
        });
    }
}

fn title(item: usize) -> String {
    // One word that nothing else in a message holds, short enough to stand on one line.
    format!("Observatory{item:02}x")
}

fn feed(items: std::ops::Range<usize>) -> String {
    let items: String = items
        .map(|item| {
            format!(
                "<item><title>{} reports</title><link>https://outlet{item}.example/{item}</link><guid>g{item}</guid>\
                 <pubDate>Mon, 23 Nov 2026 05:{item:02}:00 GMT</pubDate></item>",
                title(item)
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Feed</title><link>https://news.example/</link>{items}</channel></rss>"
    )
}

fn watchlist(feeds: &Server, mail: &SmtpServer) -> String {
    let feed = |path| {
        format!(
            "[[feed]]\nurl = {:?}\nbackfill = \"all\"\n",
            feeds.url(path)
        )
    };
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         [poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[digest]]\nname = \"Alerts\"\nsend = \"at once\"\n\
         {}{}[[topic]]\nname = \"Reports\"\nany = [\"reports\"]\ngroup = false\n",
        mail.address.port(),
        feed("/0"),
        feed("/1"),
    )
}
