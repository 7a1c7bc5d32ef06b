//! What must not leak: passwords anywhere, addresses into logs.

use std::fs;

use crate::certificates::Authority;
use crate::http_server::{Reply, Server};
use crate::smtp_server::{Act, Point, Protection, Setup, SmtpServer};
use crate::wirewatch::{Home, Ran, tell};

const FEED: &str = r#"<rss version="2.0"><channel><title>Harrow Times</title><link>https://harrow.example/</link>
<item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>h1</guid>
<pubDate>Mon, 23 Nov 2026 05:00:00 GMT</pubDate></item></channel></rss>"#;

const PASSWORD: &str = "hunter2-correct-horse";

/// The password as AUTH LOGIN sends it, and with the user name as AUTH PLAIN does.
const IN_BASE64: [&str; 2] = [
    "aHVudGVyMi1jb3JyZWN0LWhvcnNl",
    "AHNlbmRlckBtYWlsLmV4YW1wbGUAaHVudGVyMi1jb3JyZWN0LWhvcnNl",
];

/// A home whose mail goes by STARTTLS and AUTH; the server does `act` at AUTH.
fn home(act: Act) -> (Server, SmtpServer, Home) {
    let ca = Authority::new("our own");
    let feeds = Server::start();
    feeds.on("/feed", Reply::ok(FEED));
    let setup = Setup {
        protection: Protection::StartTls(ca.identity("localhost")),
        login: Some(("sender@mail.example", PASSWORD)),
        ..Setup::default()
    };
    let mail = SmtpServer::start(setup, move |moment| match moment.point {
        Point::Auth => act.clone(),
        Point::Rcpt if moment.line.contains("second@") => {
            Act::Say("550 5.1.1 <second@mail.example> is unknown")
        }
        _ => Act::Normal,
    });
    let home = Home::new(&format!(
        "[mail]\nto = [\"first@mail.example\", \"second@mail.example\"]\n\
         [mail.smtp]\nhost = \"localhost\"\nport = {}\nusername = \"sender@mail.example\"\n\
         password_file = \"password\"\nca_file = \"ca.pem\"\n\
         [poll]\nallow_private = [\"127.0.0.0/8\"]\n[[digest]]\nname = \"Alerts\"\nsend = \"at once\"\n\
         [[feed]]\nurl = {:?}\nbackfill = \"all\"\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        mail.address.port(),
        feeds.url("/feed")
    ));
    fs::write(home.path("password"), format!("{PASSWORD}\n")).expect("written");
    fs::write(home.path("ca.pem"), &ca.pem).expect("written");
    (feeds, mail, home)
}

#[track_caller]
fn assert_free_of_secrets(place: &str, bytes: &[u8]) {
    for secret in [PASSWORD].iter().chain(&IN_BASE64) {
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "`{secret}` stands in {place}");
    }
}

#[track_caller]
fn assert_free_of_addresses(log: &str) {
    for address in ["first@", "second@", "sender@"] {
        assert!(
            !log.contains(address),
            "`{address}` stands in the log:\n{log}"
        );
    }
}

/// Looks through all that a home keeps and tells, the password's own file aside.
fn search(home: &Home, log: &str) {
    assert_free_of_secrets("the log", log.as_bytes());
    assert_free_of_addresses(log);
    let backup = home.path("backup.db");
    home.database()
        .execute("VACUUM INTO ?1", [backup.to_str().expect("UTF-8")])
        .expect("a backup");
    assert_free_of_secrets("a backup", &fs::read(backup).expect("readable"));
    for file in home.files("").iter().filter(|file| file.is_file()) {
        assert_free_of_secrets(
            &file.display().to_string(),
            &fs::read(file).expect("readable"),
        );
    }
    for command in [
        &["status"][..],
        &["status", "--json"],
        &["outbox"],
        &["outbox", "--json"],
        &["check", "--online"],
        &[
            "check",
            "--online",
            "--json",
            "--mail-to",
            "first@mail.example",
        ],
        &["export"],
    ] {
        let Ran { stdout, stderr, .. } = home.run(command);
        assert_free_of_secrets(&command.join(" "), (stdout + &stderr).as_bytes());
    }
}

/// The log of a daemon at its most talkative, until a message could not be sent.
fn log_of_a_run(home: &Home, form: &str) -> String {
    let daemon = home.talkative_daemon(&[
        "--log",
        form,
        "--now",
        "2026-11-23T06:00:00Z",
        "--pace",
        "60",
    ]);
    daemon.wait_until("it has tried to send", || {
        daemon.log().contains("Cannot send digest `Alerts`")
    });
    let log = daemon.log();
    assert_eq!(daemon.terminate(), 0);
    log
}

#[test]
fn a_login_that_works_leaks_neither_password_nor_address() {
    let (_feeds, mail, home) = home(Act::Normal);
    let log = log_of_a_run(&home, "text");
    assert!(!mail.accepted().is_empty());
    search(&home, &log);
}

#[test]
fn a_login_that_a_server_quotes_leaks_nothing_either() {
    let quoted = "535-5.7.8 no: AUTH PLAIN AHNlbmRlckBtYWlsLmV4YW1wbGUAaHVudGVyMi1jb3JyZWN0LWhvcnNl\n535 5.7.8 hunter2-correct-horse";
    let (_feeds, _mail, home) = home(Act::Say(quoted));
    let log = log_of_a_run(&home, "json");
    search(&home, &log);
}

#[test]
fn what_root_writes_belongs_to_the_owner_of_the_state_folder() {
    use std::os::unix::fs::{MetadataExt, chown};
    const SERVICE: u32 = 12_345;
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&format!(
        "[mail]\nto = [\"me@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n[[feed]]\nurl = {:?}\n\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        server.url("/feed")
    ));
    let state = home.path("state");
    fs::create_dir(&state).expect("a folder");
    if chown(&state, Some(SERVICE), Some(SERVICE)).is_err() {
        tell("SKIPPED: only root can give files away");
        return;
    }
    home.done(&["poll"]);
    home.run(&["check", "--mail-to", "me@mail.example"]);
    let mut folders = vec![state];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let owner = fs::metadata(&path).expect("there").uid();
            assert_eq!(owner, SERVICE, "{}", path.display());
            seen += 1;
            folders.extend(path.is_dir().then_some(path));
        }
    }
    assert!(
        seen >= 6,
        "a database, a lock, a kept watchlist, a folder and two files"
    );
}
