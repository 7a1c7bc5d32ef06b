//! The daemon under systemd: what it is started by, and what it says.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, tell};

fn watchlist(server: &Server, topic: &str) -> String {
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[feed]]\nurl = {:?}\n[[topic]]\nname = {topic:?}\nany = [{topic:?}]\n",
        server.url("/feed")
    )
}

/// systemd's end of the conversation.
struct Listener {
    socket: UnixDatagram,
}

impl Listener {
    fn bind(home: &Home) -> Listener {
        let socket = UnixDatagram::bind(home.path("notify")).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        Listener { socket }
    }

    /// The next message that does not only feed the watchdog, and how many of those came before it.
    fn next(&self) -> (String, usize) {
        let mut beats = 0;
        let mut buffer = [0; 4096];
        loop {
            let length = self.socket.recv(&mut buffer).expect("a message in time");
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.trim() != "WATCHDOG=1" {
                return (message, beats);
            }
            beats += 1;
        }
    }
}

#[test]
fn systemd_hears_of_the_start_of_reloads_of_refusals_and_of_the_stop() {
    let server = Server::start();
    server.on(
        "/feed",
        Reply::ok("<rss version=\"2.0\"><channel><title>F</title></channel></rss>"),
    );
    let home = Home::new(&watchlist(&server, "Mosul"));
    let listener = Listener::bind(&home);
    let mut command = home.command(&["run"]);
    command.env("NOTIFY_SOCKET", home.path("notify"));
    let daemon = home.start(command);
    let (ready, _) = listener.next();
    assert!(
        ready.contains("READY=1") && ready.contains("STATUS=Watching 1 feed for 1 topic"),
        "{ready}"
    );

    home.edit(&watchlist(&server, "Raqqa"));
    daemon.signal("-HUP");
    let (reloading, _) = listener.next();
    assert!(
        reloading.contains("RELOADING=1") && reloading.contains("MONOTONIC_USEC="),
        "{reloading}"
    );
    assert!(listener.next().0.contains("READY=1"));

    home.edit("[mail]\nto = 7\n");
    loop {
        let (message, _) = listener.next();
        if message.contains("READY=1") && message.contains("not taken up") {
            break;
        }
    }
    daemon.signal("-TERM");
    while !listener.next().0.contains("STOPPING=1") {}
    daemon.wait();
}

#[test]
fn the_watchdog_is_fed_by_an_idle_daemon() {
    let server = Server::start();
    let home = Home::new(&watchlist(&server, "Mosul"));
    let listener = Listener::bind(&home);
    let mut command = home.command(&["run"]);
    command.env("NOTIFY_SOCKET", home.path("notify"));
    let daemon = home.start(command);
    assert!(listener.next().0.contains("READY=1"));
    let mut buffer = [0; 4096];
    for _ in 0..3 {
        let length = listener.socket.recv(&mut buffer).expect("a beat in time");
        assert_eq!(
            String::from_utf8_lossy(&buffer[..length]).trim(),
            "WATCHDOG=1"
        );
    }
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn the_unit_is_hardened_and_starts_this_program() {
    let home = Home::new("");
    let unit = home
        .done(&["print", "unit", "--binary", "/usr/bin/wirewatch"])
        .stdout;
    for line in [
        "Type=notify",
        "ExecStart=/usr/bin/wirewatch run",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "User=wirewatch",
        "StateDirectory=wirewatch",
        "ConfigurationDirectory=wirewatch",
        "ConfigurationDirectoryMode=2750",
        "LoadCredential=smtp-password:/etc/wirewatch/smtp-password",
        "RestartPreventExitStatus=2",
        "WatchdogSec=3min",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
    ] {
        assert!(
            unit.lines().any(|found| found == line),
            "no `{line}` in {unit}"
        );
    }
    let file = home.path("wirewatch.service");
    fs::write(&file, unit).expect("written");
    let judged = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=15"])
        .arg(&file)
        .output();
    match judged {
        // Exit code 1: more exposed than the threshold, which is in tenths.
        Ok(judged) => assert!(
            judged.status.success(),
            "{}{}",
            String::from_utf8_lossy(&judged.stdout),
            String::from_utf8_lossy(&judged.stderr)
        ),
        Err(cause) => tell(format_args!(
            "SKIPPED: the exposure of the unit was not measured: systemd-analyze: {cause}"
        )),
    }
}

#[test]
fn the_unit_of_a_session_needs_no_user_and_no_folders() {
    let home = Home::new("");
    let unit = home.done(&["print", "unit", "--user"]).stdout;
    let start = format!("ExecStart={} run", env!("CARGO_BIN_EXE_wirewatch"));
    assert!(unit.lines().any(|line| line == start), "{unit}");
    assert!(unit.contains("WantedBy=default.target"), "{unit}");
    for key in ["User=", "StateDirectory=", "LoadCredential="] {
        assert!(
            !unit.lines().any(|line| line.starts_with(key)),
            "{key} in {unit}"
        );
    }
}

#[test]
fn the_log_is_one_line_a_round_also_as_json() {
    let server = Server::start();
    server.on(
        "/feed",
        Reply::ok("<rss version=\"2.0\"><channel><title>F</title></channel></rss>"),
    );
    let home = Home::new(&watchlist(&server, "Mosul"));
    let daemon = home.daemon(&["--log", "json"]);
    daemon.wait_until("a round is over", || daemon.log().contains("Polled 1 feed"));
    let log = daemon.log();
    assert_eq!(daemon.terminate(), 0);
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let rounds = lines.iter().filter(|line| {
        line["fields"]["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("Polled"))
    });
    assert_eq!(rounds.count(), 1, "{log}");
}

/// Makes standard error look like the journal to the program, as systemd does.
const IN_THE_JOURNAL: &str =
    "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); export JOURNAL_STREAM; exec \"$@\"";

#[test]
fn the_journal_gets_a_level_on_every_line_and_no_second_time() {
    let server = Server::start();
    server.on("/feed", Reply::status(404));
    let home = Home::new(&watchlist(&server, "Mosul"));
    let daemon = home.start(home.command_behind(IN_THE_JOURNAL, &["run"]));
    daemon.wait_until("a round is over", || daemon.log().contains("Polled"));
    home.edit("[mail]\nto = 7\n");
    daemon.wait_until("a refusal", || daemon.log().contains("`to`"));
    let log = daemon.log();
    assert_eq!(daemon.terminate(), 0);
    for (level, start) in [
        ("<6>", "Watching 1 feed for 1 topic by `"),
        ("<4>", "Feed `"),
        (
            "<6>",
            "Polled 1 feed: 0 new items stored, 0 matches, 0 unchanged, 1 failed",
        ),
        ("<3>", "The watchlist `"),
        ("<3>", "error: "),
    ] {
        let line = format!("{level}{start}");
        assert!(
            log.lines().any(|found| found.starts_with(&line)),
            "no `{line}` in\n{log}"
        );
    }
    assert!(
        log.lines().all(|line| line.starts_with('<')),
        "a line without a level in\n{log}"
    );
    assert!(
        !log.contains(" feed="),
        "the name of the feed twice in\n{log}"
    );
}

#[test]
fn an_error_at_the_start_is_an_error_in_the_journal() {
    let home = Home::new("[mail]\nto = 7\n");
    let ran = home.command_behind(IN_THE_JOURNAL, &["run"]);
    let daemon = home.start(ran);
    daemon.wait_until("it has said why", || daemon.log().contains("hint"));
    let log = daemon.log();
    daemon.wait();
    // The journal passes over empty lines.
    let mut lines = log.lines().filter(|line| !line.is_empty());
    assert!(lines.all(|line| line.starts_with("<3>")), "{log}");
}

#[test]
fn a_start_on_the_last_good_watchlist_is_told_to_systemd() {
    let server = Server::start();
    server.on(
        "/feed",
        Reply::ok("<rss version=\"2.0\"><channel><title>F</title></channel></rss>"),
    );
    let home = Home::new(&watchlist(&server, "Mosul"));
    let listener = Listener::bind(&home);
    let notified = || {
        let mut command = home.command(&["run"]);
        command.env("NOTIFY_SOCKET", home.path("notify"));
        home.start(command)
    };
    let daemon = notified();
    assert!(listener.next().0.contains("READY=1"));
    daemon.signal("-TERM");
    while !listener.next().0.contains("STOPPING=1") {}
    daemon.wait();

    home.edit("[mail]\nto = 7\n");
    let daemon = notified();
    let (ready, _) = listener.next();
    assert!(
        ready.contains("READY=1") && ready.contains("the last good one runs"),
        "{ready}"
    );
    let log = daemon.log();
    assert!(
        log.contains("Watching 1 feed for 1 topic by the last good version of `"),
        "{log}"
    );
    assert_eq!(daemon.terminate(), 0);
}
