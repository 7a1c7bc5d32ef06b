//! The main job on real input: captured feeds over HTTP, stored once, told once by a real SMTP conversation.

use std::fs;

use crate::http_server::{Reply, Server};
use crate::smtp_server::SmtpServer;
use crate::wirewatch::{Home, data};

const MORNING: &str = "2026-11-23T06:00:00Z";
const LATER: &str = "2026-11-23T08:00:00Z";

/// Serves each captured feed of `tests/data/feeds/captures`, with an ETag.
fn captured() -> (Server, Vec<String>) {
    let server = Server::start();
    let mut names: Vec<_> = fs::read_dir(data("feeds/captures"))
        .expect("the captured feeds")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "xml" || end == "json")
        })
        .collect();
    names.sort();
    let mut urls = Vec::new();
    for (number, path) in names.iter().enumerate() {
        let body = fs::read(path).expect("a captured feed");
        let etag = format!("\"capture-{number}\"");
        server.answer(&format!("/{number}"), move |request, _| {
            Reply::validated(request, &etag, body.clone())
        });
        urls.push(server.url(&format!("/{number}")));
    }
    assert!(urls.len() >= 10, "only {} captured feeds", urls.len());
    (server, urls)
}

fn watchlist(urls: &[String], mail: &SmtpServer) -> String {
    let feeds: String = urls
        .iter()
        .map(|url| format!("[[feed]]\nurl = {url:?}\ntags = [\"captured\"]\nbackfill = \"all\"\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         [poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[digest]]\nname = \"Morning\"\nsend = [\"07:00\"]\ntimezone = \"UTC\"\n{feeds}\
         [[topic]]\nname = \"Everything\"\nquery = \"feed:captured\"\n",
        mail.address.port()
    )
}

#[test]
fn captured_feeds_are_stored_once_and_told_once() {
    let (server, urls) = captured();
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&urls, &mail));

    home.done(&["poll", "--now", MORNING]);
    let items = home.count("SELECT COUNT(*) FROM item");
    assert!(items > 100, "only {items} items");
    assert_eq!(home.count("SELECT COUNT(*) FROM match"), items);

    let second = home.done(&["poll", "--force", "--now", LATER]);
    assert_eq!(second.stdout.lines().count(), urls.len());
    assert_eq!(
        home.count("SELECT COUNT(*) FROM item"),
        items,
        "the second poll adds nothing"
    );
    let conditional = server
        .requests()
        .iter()
        .filter(|request| request.header("if-none-match").is_some())
        .count();
    assert_eq!(
        conditional,
        urls.len(),
        "each feed is asked with its validator the second time"
    );

    home.done(&["digest", "Morning", "--send", "--now", LATER]);
    assert_eq!(mail.accepted().len(), 1);
    assert_eq!(
        home.count("SELECT COUNT(*) FROM told"),
        items,
        "everything is told, shown or counted"
    );
    assert_eq!(home.count("SELECT COUNT(*) FROM pending"), 0);

    let again = home.done(&["digest", "Morning", "--send", "--now", LATER]);
    assert!(again.stderr.contains("Nothing new to tell"), "{again:#?}");
    assert_eq!(mail.accepted().len(), 1);
}

#[test]
fn the_message_is_whole_at_the_server() {
    let (_server, urls) = captured();
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&urls, &mail));
    home.done(&["poll", "--now", MORNING]);
    home.done(&["digest", "Morning", "--send", "--now", MORNING]);

    let message = mail.accepted().remove(0);
    let text = String::from_utf8(message.data.clone()).expect("ASCII");
    assert_eq!(message.to, ["reader@mail.example"]);
    for header in [
        "From: ",
        "To: ",
        "Subject: ",
        "Date: ",
        "Message-ID: <digest.morning.",
        "List-Id: ",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(header)),
            "no `{header}` in\n{text}"
        );
    }
    let stored: Vec<u8> = home
        .database()
        .query_row("SELECT bytes FROM delivery", [], |row| row.get(0))
        .expect("a delivery");
    assert_eq!(
        message.data, stored,
        "the bytes that were stored are the bytes that were sent"
    );
}

#[test]
fn the_preview_is_what_is_sent_but_for_identifier_and_date() {
    let (_server, urls) = captured();
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&urls, &mail));
    home.done(&["poll", "--now", MORNING]);
    let html = home.path("preview.html");
    home.done(&[
        "digest",
        "Morning",
        "--now",
        LATER,
        "--html",
        html.to_str().expect("UTF-8"),
    ]);
    home.done(&["digest", "Morning", "--send", "--now", LATER]);
    let sent: String = home
        .database()
        .query_row("SELECT CAST(html AS TEXT) FROM delivery", [], |row| {
            row.get(0)
        })
        .expect("a delivery");
    assert_eq!(fs::read_to_string(html).expect("a preview"), sent);
}

#[test]
fn a_digest_that_was_sent_can_be_read_in_full() {
    let (_server, urls) = captured();
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&urls, &mail));
    home.done(&["poll", "--now", MORNING]);
    let items = home.count("SELECT COUNT(*) FROM item");
    home.done(&["digest", "Morning", "--send", "--now", MORNING]);
    let full = home.done(&[
        "digest",
        "Morning",
        "--sent",
        "2026-11-23",
        "--topic",
        "Everything",
        "--now",
        LATER,
    ]);
    let is_story = |line: &&str| {
        line.trim_start()
            .split_once(". ")
            .is_some_and(|(number, _)| number.parse::<u32>().is_ok())
    };
    let stories = full.stdout.lines().filter(is_story).count();
    assert!(stories as i64 > items / 2, "{stories} of {items}");
    assert!(!full.stdout.contains("kept but not shown"));
}

#[test]
fn mail_goes_into_a_folder_where_there_is_no_server() {
    let (_server, urls) = captured();
    let mail = SmtpServer::good();
    let home = Home::new(
        &watchlist(&urls, &mail)
            .replace("[mail.smtp]", "[unused]")
            .replace(
                &format!(
                    "[unused]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
                    mail.address.port()
                ),
                "",
            ),
    );
    home.done(&["poll", "--now", MORNING]);
    let sent = home.done(&["digest", "--send", "Morning", "--now", MORNING]);
    let files = home.files("outbox");
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        assert!(
            sent.stdout.contains(&file.display().to_string()),
            "{sent:#?}"
        );
    }
}

#[test]
fn the_daemon_polls_mails_and_stops() {
    let (_server, urls) = captured();
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&urls, &mail));
    let daemon = home.daemon(&["--now", "2026-11-23T06:30:00Z", "--pace", "120"]);
    daemon.wait_until("the digest of seven o'clock has come", || {
        !mail.accepted().is_empty()
    });
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn two_daemons_do_not_share_a_database() {
    let (_server, urls) = captured();
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&urls, &mail));
    let daemon = home.daemon(&[]);
    daemon.wait_until("it runs", || daemon.log().contains("Watching"));
    let second = home.run(&["poll"]);
    assert_eq!(second.code, 2, "{second:#?}");
    assert!(
        second.stderr.contains(&format!("process {}", daemon.id())),
        "{second:#?}"
    );
}
