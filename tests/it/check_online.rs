//! `check --online` and `--mail-to`: the step that fails is named in one line, and nothing is promised or left behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::certificates::Authority;
use crate::http_server::{Reply, Server};
use crate::smtp_server::{Act, Moment, Point, Protection, Setup, SmtpServer};
use crate::wirewatch::{Home, Ran};

const FEED: &str = r#"<rss version="2.0"><channel><title>Harrow Times</title><link>https://harrow.example/</link>
<item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>h1</guid></item></channel></rss>"#;

/// A watchlist for these feeds and this way of the mail.
fn watchlist(feeds: &[(&str, String)], transport: &str) -> String {
    let feeds: String = feeds
        .iter()
        .map(|(name, url)| format!("[[feed]]\nname = {name:?}\nurl = {url:?}\n"))
        .collect();
    format!(
        "[mail]\nto = [\"a@mail.example\", \"b@mail.example\"]\n{transport}\n\
         [poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n"
    )
}

fn smtp(server: &SmtpServer) -> String {
    format!(
        "[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        server.address.port()
    )
}

/// What a home with one good feed says to `check --online` with this way of the mail.
fn with_mail(transport: &str, prepare: impl Fn(&Home)) -> Ran {
    let feeds = Server::start();
    feeds.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[("Harrow", feeds.url("/feed"))], transport));
    prepare(&home);
    home.run(&["check", "--online"])
}

#[track_caller]
fn assert_line(ran: &Ran, wanted: &str) {
    let has = ran.stdout.lines().any(|line| line.starts_with(wanted));
    assert!(has, "no line `{wanted}`: {ran:#?}");
}

#[test]
fn all_that_is_well_is_said_and_nothing_is_sent_or_left_behind() {
    let feeds = Server::start();
    feeds.on("/feed", Reply::ok(FEED));
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&[("Harrow", feeds.url("/feed"))], &smtp(&mail)));
    let ran = home.done(&["check", "--online"]);
    assert_line(&ran, "ok       feeds: 1 of 1 feed can be read");
    let server = format!(
        "ok       mail server 127.0.0.1:{}: connected",
        mail.address.port()
    );
    assert_line(&ran, &server);
    assert_line(
        &ran,
        "ok       recipient b@mail.example: the server would take it",
    );
    assert_line(&ran, "note     database");
    assert_eq!(feeds.requests().len(), 1);
    assert!(mail.messages().is_empty());
    let said = mail.sessions().concat();
    assert_eq!(
        said.iter().filter(|line| line.starts_with("RCPT")).count(),
        2
    );
    assert_eq!(said.last().map(String::as_str), Some("QUIT"));
    assert!(
        !home.path("state").exists(),
        "a check leaves nothing behind"
    );
}

#[test]
fn it_works_beside_the_daemon() {
    let feeds = Server::start();
    feeds.on("/feed", Reply::ok(FEED));
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(&[("Harrow", feeds.url("/feed"))], &smtp(&mail)));
    let daemon = home.daemon(&[]);
    daemon.wait_until("it has polled", || {
        home.path("state/wirewatch.db").exists() && daemon.log().contains("Polled")
    });
    let ran = home.done(&["check", "--online", "--mail-to", "me@mail.example"]);
    assert_line(&ran, "ok       database");
    assert_line(&ran, "ok       sample me@mail.example: message: 250");
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn bad_feeds_are_listed_by_name_with_the_step_and_the_remedy() {
    let feeds = Server::start();
    feeds.on("/feed", Reply::ok(FEED));
    feeds.on("/missing", Reply::status(404));
    feeds.on("/gone", Reply::status(410));
    feeds.on(
        "/page",
        Reply::ok("<!doctype html><html><body><h1>News</h1></body></html>"),
    );
    // What a server refuses counts for its whole domain.
    let busy = Server::start_at("127.0.0.2:0");
    busy.on("/busy", Reply::status(429));
    let moved = Reply::status(301).header("Location", feeds.url("/feed"));
    feeds.on("/moved", moved);
    let list = watchlist(
        &[
            ("Good", feeds.url("/feed")),
            ("Missing", feeds.url("/missing")),
            ("Gone", feeds.url("/gone")),
            ("Page", feeds.url("/page")),
            ("Busy", busy.url("/busy")),
            ("Moved", feeds.url("/moved")),
            ("Inside", "http://10.0.0.1/feed".to_owned()),
        ],
        "folder = \"out\"",
    );
    let home = Home::new(&format!(
        "{list}[[feed]]\nname = \"Away\"\nurl = \"http://127.0.0.1:{}/\"\n",
        free_port()
    ));
    let ran = home.run(&["check", "--online"]);
    assert_eq!(ran.code, 1);
    assert_line(
        &ran,
        "problem  feed Missing: HTTP 404 (not found) (`wirewatch feeds add SITE`",
    );
    assert_line(&ran, "problem  feed Gone: HTTP 410 (gone)");
    assert_line(&ran, "problem  feed Page: ");
    assert_line(&ran, "problem  feed Away: TCP: connection refused");
    assert_line(&ran, "problem  feed Inside: not asked: ");
    assert_line(&ran, "note     feed Busy: its server wants us to wait");
    assert_line(&ran, "note     feed Moved: moved for good to ");
    assert!(!ran.stdout.contains("feed Good:"), "{ran:#?}");
    assert_line(&ran, "note     feeds: 3 of 8 feeds can be read");
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// What is said of a mail server that does `act` at `point`.
#[track_caller]
fn check_mail(point: Point, act: Act, wanted: &str) {
    let mail = SmtpServer::start(Setup::default(), move |moment: &Moment<'_>| {
        match moment.point == point {
            true => act.clone(),
            false => Act::Normal,
        }
    });
    let ran = with_mail(&smtp(&mail), |_| ());
    let server = format!("mail server 127.0.0.1:{}", mail.address.port());
    assert_line(&ran, &wanted.replace("SERVER", &server));
    assert!(mail.messages().is_empty());
    assert_eq!(
        ran.code,
        i32::from(wanted.starts_with("problem")),
        "{ran:#?}"
    );
}

#[test]
fn the_step_at_which_the_mail_server_fails_is_named() {
    check_mail(
        Point::Greeting,
        Act::Say("554 5.7.1 no service"),
        "problem  SERVER: greeting: 554 5.7.1 no service",
    );
    check_mail(
        Point::Mail,
        Act::Say("550 5.7.1 not you"),
        "problem  SERVER: MAIL: 550 5.7.1 not you (check `from`",
    );
    check_mail(
        Point::Rcpt,
        Act::Say("550 5.1.1 no such user"),
        "problem  recipient a@mail.example: RCPT: 550 5.1.1 no such user (check the address",
    );
    check_mail(
        Point::Rcpt,
        Act::Say("451 4.7.1 greylisted"),
        "note     recipient b@mail.example: RCPT: 451 4.7.1 greylisted",
    );
    let nobody = format!(
        "[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        free_port()
    );
    let ran = with_mail(&nobody, |_| ());
    assert_line(&ran, "problem  mail server 127.0.0.1");
    assert!(ran.stdout.contains(": TCP: cannot connect to"), "{ran:#?}");
    assert!(ran.stdout.contains("(check `host` and `port`"), "{ran:#?}");
}

#[test]
fn a_login_and_a_certificate_that_fail_are_told_as_such() {
    let ca = Authority::new("our own");
    for (name, password, wanted) in [
        ("localhost", "hunter2", "ok       mail server localhost"),
        (
            "localhost",
            "other",
            ": AUTH: 535 5.7.8 wrong name or password (check `username`",
        ),
        (
            "mx.other.example",
            "hunter2",
            ": TLS: the certificate of `localhost` is not for this name",
        ),
        ("localhost", "", ": AUTH: the secret `"),
    ] {
        let setup = Setup {
            protection: Protection::StartTls(ca.identity(name)),
            login: Some(("me", "hunter2")),
            ..Setup::default()
        };
        let mail = SmtpServer::start(setup, |_| Act::Normal);
        let transport = format!(
            "[mail.smtp]\nhost = \"localhost\"\nport = {}\nusername = \"me\"\npassword_file = \"password\"\nca_file = \"ca.pem\"\n",
            mail.address.port()
        );
        let ran = with_mail(&transport, |home| {
            fs::write(home.path("ca.pem"), &ca.pem).expect("written");
            fs::write(home.path("password"), password).expect("written");
        });
        assert!(ran.stdout.contains(wanted), "no `{wanted}`: {ran:#?}");
        assert!(!format!("{ran:?}").contains("hunter2"));
    }
}

#[test]
fn a_sample_goes_the_real_way_and_stands_in_no_outbox() {
    let mail = SmtpServer::good();
    let home = Home::new(&watchlist(
        &[("Harrow", "https://harrow.example/feed".to_owned())],
        &smtp(&mail),
    ));
    let ran = home.done(&["check", "--mail-to", "me@mail.example"]);
    assert_line(
        &ran,
        "ok       sample me@mail.example: message: 250 2.0.0 queued",
    );
    let arrived = mail.accepted();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].to, ["me@mail.example"]);
    assert!(!home.path("state").exists());

    home.edit(&watchlist(
        &[("Harrow", "https://harrow.example/feed".to_owned())],
        "folder = \"out\"",
    ));
    let ran = home.done(&["check", "--mail-to", "me@mail.example"]);
    assert_line(
        &ran,
        "ok       sample me@mail.example: folder: written to `",
    );
    assert_eq!(home.files("out").len(), 2);
    assert_eq!(home.run(&["check", "--mail-to", "nobody"]).code, 1);
}

#[test]
fn a_sample_that_is_refused_is_told_and_not_kept() {
    let mail = SmtpServer::start(Setup::default(), |moment| match moment.point {
        Point::Dot => Act::Say("554 5.7.1 spam"),
        _ => Act::Normal,
    });
    let home = Home::new(&watchlist(
        &[("Harrow", "https://harrow.example/feed".to_owned())],
        &smtp(&mail),
    ));
    let ran = home.run(&["check", "--mail-to", "me@mail.example", "--json"]);
    assert_eq!(ran.code, 1);
    let object: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one object");
    assert_eq!(object["tried"][0]["what"], "sample");
    assert_eq!(object["tried"][0]["state"], "problem");
    assert_eq!(object["tried"][0]["words"], "message: 554 5.7.1 spam");
    assert!(!home.path("state").exists());
}

#[test]
fn a_clock_that_differs_from_all_servers_is_told() {
    let feeds = Server::start();
    feeds.on(
        "/feed",
        Reply::ok(FEED).header("Date", "Mon, 23 Nov 2026 12:30:00 GMT"),
    );
    let home = Home::new(&watchlist(
        &[("Harrow", feeds.url("/feed"))],
        "folder = \"out\"",
    ));
    let ran = home.run(&["check", "--online", "--now", "2026-11-23T12:00:00Z"]);
    assert_eq!(ran.code, 1);
    assert_line(&ran, "problem  clock: ");
    assert!(
        ran.stdout
            .contains("minutes behind the servers' clocks (set this machine's clock"),
        "{ran:#?}"
    );
}

#[test]
fn folders_and_databases_that_cannot_be_used_are_told() {
    let feeds = Server::start();
    feeds.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(
        &[("Harrow", feeds.url("/feed"))],
        "folder = \"blocked/out\"",
    ));
    fs::create_dir(home.path("state")).expect("a folder");
    fs::write(home.path("state/blocked"), "a file").expect("written");
    let database = home.path("state/wirewatch.db");
    fs::write(&database, "no database").expect("written");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).expect("its owner");
    let ran = home.run(&["check", "--online"]);
    assert_eq!(ran.code, 1);
    assert_line(&ran, "ok       state folder");
    assert_line(&ran, "problem  mail folder");
    assert!(
        ran.stdout
            .contains("everybody on this machine may look into it (chmod o="),
        "{ran:#?}"
    );
    assert!(
        ran.stdout
            .contains("is not a wirewatch database (set `[store] path`"),
        "{ran:#?}"
    );
}

#[test]
fn a_server_that_asked_us_to_wait_is_not_asked_again() {
    let feeds = Server::start();
    feeds.on("/feed", Reply::status(429).header("Retry-After", "7200"));
    let home = Home::new(&watchlist(
        &[("Harrow", feeds.url("/feed"))],
        "folder = \"out\"",
    ));
    home.run(&["poll", "--now", "2026-11-23T12:00:00Z"]);
    let before = feeds.requests().len();
    let ran = home.run(&["check", "--online", "--now", "2026-11-23T12:30:00Z"]);
    assert_line(
        &ran,
        "note     feed Harrow: not asked: its server wants us to wait until 2026-11-23T14:00:0",
    );
    assert_eq!(feeds.requests().len(), before);
}
