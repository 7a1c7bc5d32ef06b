//! TLS and logins that go wrong, and that nothing goes in the clear for it.

use wirewatch::mail::smtp::{SmtpSettings, Tls};
use wirewatch::mail::{Outcome, Report, Step};

use crate::certificates::Authority;
use crate::smtp::{MESSAGE, SHORT, raw, send_one, settings};
use crate::smtp_server::{Act, Point, Protection, Setup, SmtpServer};

fn secured(server: &SmtpServer, tls: Tls, ca: &Authority) -> SmtpSettings {
    // The certificates are for `localhost`.
    let host = "localhost".to_owned();
    SmtpSettings {
        host,
        tls,
        ca: Some(ca.pem.clone().into_bytes()),
        ..settings(server)
    }
}

#[tokio::test]
async fn a_message_goes_by_starttls_and_by_implicit_tls() {
    let ca = Authority::new("our own");
    for (protection, tls) in [
        (
            Protection::StartTls(ca.identity("localhost")),
            Tls::StartTls,
        ),
        (
            Protection::Implicit(ca.identity("localhost")),
            Tls::Implicit,
        ),
    ] {
        let setup = Setup {
            protection,
            login: Some(("me", "hunter2")),
            ..Setup::default()
        };
        let server = SmtpServer::start(setup, |_| Act::Normal);
        let mut settings = secured(&server, tls, &ca);
        settings.credentials = Some(("me".to_owned(), "hunter2".to_owned()));
        let report = send_one(&settings, "reader@example.org", MESSAGE).await;
        assert_eq!(report.outcome, Outcome::Accepted, "{report}");
        assert_eq!(server.accepted()[0].data, MESSAGE);
    }
}

#[tokio::test]
async fn a_wrong_certificate_is_told_as_such() {
    let ca = Authority::new("our own");
    for (identity, told) in [
        (
            ca.identity("mx.other.example"),
            "TLS: the certificate of `localhost` is not for this name but for `mx.other.example`",
        ),
        (
            ca.expired_identity("localhost"),
            "TLS: the certificate of `localhost` has expired",
        ),
        (
            Authority::new("someone else").identity("localhost"),
            "TLS: the certificate of `localhost` is signed by an authority that this machine does not know",
        ),
    ] {
        let setup = Setup {
            protection: Protection::StartTls(identity),
            ..Setup::default()
        };
        let server = SmtpServer::start(setup, |_| Act::Normal);
        let report = send_one(
            &secured(&server, Tls::StartTls, &ca),
            "reader@example.org",
            MESSAGE,
        )
        .await;
        assert_eq!(report.outcome, Outcome::Config);
        assert!(report.to_string().starts_with(told), "{report}");
    }
}

#[tokio::test]
async fn nothing_goes_in_the_clear_where_starttls_fails() {
    let ca = Authority::new("our own");
    let identity = || Protection::StartTls(ca.identity("localhost"));
    let garbage = raw(b"220 welcome to the wrong place\r\n");
    // What came in the clear behind the 220 must not be read as if it had come by TLS.
    let injected = raw(b"220 go on\r\n250 ok\r\n");
    for (protection, point, act, outcome, step) in [
        (
            Protection::None,
            Point::Connect,
            Act::Normal,
            Outcome::Config,
            Step::StartTls,
        ),
        (
            identity(),
            Point::StartTls,
            Act::Say("454 4.7.0 not now"),
            Outcome::Transient,
            Step::StartTls,
        ),
        (
            identity(),
            Point::StartTls,
            Act::Say("502 5.5.1 no"),
            Outcome::Config,
            Step::StartTls,
        ),
        (
            identity(),
            Point::Handshake,
            Act::Close,
            Outcome::Transient,
            Step::Tls,
        ),
        (
            identity(),
            Point::Handshake,
            Act::Reset,
            Outcome::Transient,
            Step::Tls,
        ),
        (
            identity(),
            Point::Handshake,
            Act::Stall,
            Outcome::Transient,
            Step::Tls,
        ),
        (
            identity(),
            Point::Handshake,
            garbage,
            Outcome::Config,
            Step::Tls,
        ),
        (
            identity(),
            Point::StartTls,
            injected,
            Outcome::Transient,
            Step::Tls,
        ),
    ] {
        let setup = Setup {
            protection,
            login: Some(("me", "hunter2")),
            ..Setup::default()
        };
        let is_silent = matches!(act, Act::Stall);
        let server = SmtpServer::start(setup, move |moment| match moment.point {
            at if at == point => act.clone(),
            _ => Act::Normal,
        });
        let mut settings = secured(&server, Tls::StartTls, &ca);
        settings.credentials = Some(("me".to_owned(), "hunter2".to_owned()));
        if is_silent {
            settings.timeout = SHORT;
        }
        let report = send_one(&settings, "reader@example.org", MESSAGE).await;
        assert_eq!((report.outcome, report.step), (outcome, step), "{report}");
        let said = server.sessions().concat();
        assert!(
            said.iter()
                .all(|line| line.starts_with("EHLO") || line == "STARTTLS" || line == "QUIT"),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn tls_on_the_wrong_port_is_told_as_such() {
    let ca = Authority::new("our own");
    let server = SmtpServer::good();
    let report = send_one(
        &secured(&server, Tls::Implicit, &ca),
        "reader@example.org",
        MESSAGE,
    )
    .await;
    assert_eq!(
        (report.outcome, report.step),
        (Outcome::Config, Step::Tls),
        "{report}"
    );
    let setup = Setup {
        protection: Protection::Implicit(ca.identity("localhost")),
        ..Setup::default()
    };
    let server = SmtpServer::start(setup, |_| Act::Normal);
    // Each side waits for the other to begin.
    let settings = SmtpSettings {
        timeout: SHORT,
        ..secured(&server, Tls::StartTls, &ca)
    };
    let report = send_one(&settings, "reader@example.org", MESSAGE).await;
    assert_eq!(
        (report.outcome, report.step),
        (Outcome::Transient, Step::Greeting),
        "{report}"
    );
}

async fn log_in(extensions: Vec<&'static str>, password: &str, act: Act) -> (Report, SmtpServer) {
    let setup = Setup {
        login: Some(("me", "hunter2")),
        extensions,
        ..Setup::default()
    };
    let server = SmtpServer::start(setup, move |moment| match moment.point {
        Point::Auth => act.clone(),
        _ => Act::Normal,
    });
    let credentials = Some(("me".to_owned(), password.to_owned()));
    let report = send_one(
        &SmtpSettings {
            credentials,
            ..settings(&server)
        },
        "reader@example.org",
        MESSAGE,
    )
    .await;
    (report, server)
}

#[tokio::test]
async fn plain_and_login_both_log_in() {
    for mechanisms in ["AUTH PLAIN LOGIN", "AUTH LOGIN", "AUTH PLAIN CRAM-MD5"] {
        let (report, _) = log_in(vec![mechanisms], "hunter2", Act::Normal).await;
        assert_eq!(report.outcome, Outcome::Accepted, "{mechanisms}: {report}");
        let (report, server) = log_in(vec![mechanisms], "wrong", Act::Normal).await;
        assert_eq!(
            (report.outcome, report.step),
            (Outcome::Config, Step::Auth),
            "{mechanisms}: {report}"
        );
        assert!(server.messages().is_empty());
    }
}

#[tokio::test]
async fn refused_logins_wait_for_a_person_and_others_for_the_server() {
    for (said, outcome) in [
        ("535 5.7.8 wrong", Outcome::Config),
        ("534 5.7.9 too weak", Outcome::Config),
        ("538 5.7.11 encrypt first", Outcome::Config),
        ("454 4.7.0 directory is away", Outcome::Transient),
    ] {
        let (report, _) = log_in(Vec::new(), "hunter2", Act::Say(said)).await;
        assert_eq!(
            (report.outcome, report.step),
            (outcome, Step::Auth),
            "{report}"
        );
    }
    let (report, _) = log_in(vec!["AUTH CRAM-MD5 SCRAM-SHA-256"], "hunter2", Act::Normal).await;
    assert_eq!(
        (report.outcome, report.step),
        (Outcome::Config, Step::Auth),
        "{report}"
    );
}

#[tokio::test]
async fn no_report_repeats_the_login() {
    // AGhpAGh1bnRlcjI= and the like: the server quotes what it refuses.
    for said in [
        "535 5.7.8 bad: AG1lAGh1bnRlcjI=",
        "535-hunter2 is no password\n535 5.7.8 see above",
    ] {
        let (report, _) = log_in(Vec::new(), "hunter2", Act::Say(said)).await;
        let told = format!("{report} {report:?}");
        assert!(
            !told.contains("hunter2") && !told.contains("AG1lAGh1bnRlcjI="),
            "{told}"
        );
    }
}
