//! What a mail server does wrong, and what that makes of a message.

use std::time::Duration;

use tokio::task::JoinSet;

use wirewatch::mail::smtp::{Session, SmtpSettings, Tls};
use wirewatch::mail::{Outcome, Report, Step};

use crate::smtp_server::{Act, Moment, Point, Setup, SmtpServer};

/// Long enough for a busy machine, where nothing waits for it to pass.
const PATIENT: Duration = Duration::from_secs(20);

/// Where the server does not answer in time; the answer to the dot gets five times that.
pub(crate) const SHORT: Duration = Duration::from_secs(1);

/// In between, so that it counts as late and not as lost.
const LATE: Duration = Duration::from_secs(2);

pub(crate) const MESSAGE: &[u8] = b"Subject: news\r\n\r\n.A dot\r\n..Two\r\n.\r\nThe end.\r\n";

pub(crate) fn settings(server: &SmtpServer) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: server.address.port(),
        tls: Tls::None,
        credentials: None,
        ca: None,
        timeout: PATIENT,
        hello: "client.example".to_owned(),
    }
}

async fn send(session: &mut Session, to: &str, message: &[u8]) -> Report {
    match session
        .prepare("wirewatch@client.example", to, message.len())
        .await
    {
        Ok(()) => session.data(message).await,
        Err(report) => report,
    }
}

/// Sends one message over a connection of its own.
pub(crate) async fn send_one(settings: &SmtpSettings, to: &str, message: &[u8]) -> Report {
    match Session::open(settings).await {
        Ok(mut session) => {
            let report = send(&mut session, to, message).await;
            session.quit().await;
            report
        }
        Err(report) => report,
    }
}

/// Sends to each recipient as the daemon does: one session until something goes wrong, then a new one.
async fn send_all(settings: &SmtpSettings, recipients: &[&str]) -> Vec<Outcome> {
    let mut session = None;
    let mut outcomes = Vec::new();
    for to in recipients {
        if !session.as_ref().is_some_and(Session::is_ready) {
            session = match Session::open(settings).await {
                Ok(session) => Some(session),
                Err(report) => {
                    outcomes.push(report.outcome);
                    continue;
                }
            };
        }
        if let Some(session) = &mut session {
            outcomes.push(send(session, to, MESSAGE).await.outcome);
        }
    }
    outcomes
}

/// A server on which `act` happens the first time that `point` is reached.
fn server_with(point: Point, act: Act) -> SmtpServer {
    SmtpServer::start(Setup::default(), move |moment| match moment {
        Moment { nth: 0, .. } if moment.point == point => act.clone(),
        _ => Act::Normal,
    })
}

pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Act {
    Act::Raw(bytes.into())
}

/// One fault: where it happens, what happens, and what must come of it: the outcome, the step that is named, and how
/// many messages the server has taken charge of.
type Row = (Point, Act, Outcome, Step, usize);

async fn check(rows: Vec<Row>) {
    let mut tasks = JoinSet::new();
    for row in rows {
        tasks.spawn(try_row(row));
    }
    let wrong: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with what came of a fault, if anything.
async fn try_row((point, act, outcome, step, accepted): Row) -> Option<String> {
    let server = server_with(point, act.clone());
    let mut settings = settings(&server);
    let is_slow = match &act {
        Act::Raw(bytes) => !bytes.ends_with(b"\n"),
        act => matches!(act, Act::Stall | Act::Late(..) | Act::Drip(..)),
    };
    if is_slow {
        settings.timeout = SHORT;
    }
    let report = send_one(&settings, "reader@example.org", MESSAGE).await;
    let found = (report.outcome, report.step, server.accepted().len());
    let act: String = format!("{act:?}").chars().take(80).collect();
    let is_right = found == (outcome, step, accepted);
    (!is_right).then(|| format!("{act} at {point:?}: {found:?}, {report}"))
}

#[tokio::test]
async fn a_good_server_gets_the_very_bytes() {
    let server = SmtpServer::good();
    let report = send_one(&settings(&server), "reader@example.org", MESSAGE).await;
    assert_eq!(
        (report.outcome, report.reply.as_str()),
        (Outcome::Accepted, "250 2.0.0 queued")
    );
    let received = server.accepted();
    assert_eq!(received[0].data, MESSAGE);
    assert_eq!(received[0].from, "wirewatch@client.example");
    assert_eq!(received[0].to, ["reader@example.org"]);
    assert_eq!(
        server.sessions(),
        [[
            "EHLO client.example",
            "MAIL FROM:<wirewatch@client.example>",
            "RCPT TO:<reader@example.org>",
            "DATA",
            "QUIT",
        ]]
    );
}

#[tokio::test]
async fn answers_before_the_message_lose_nothing() {
    use Outcome::{Config, Permanent, TooBig, Transient};
    let row = |point, said, outcome, step| (point, Act::Say(said), outcome, step, 0);
    check(vec![
        row(
            Point::Greeting,
            "421 4.3.2 too busy",
            Transient,
            Step::Greeting,
        ),
        row(
            Point::Greeting,
            "554 5.7.1 no service for you",
            Transient,
            Step::Greeting,
        ),
        row(Point::Ehlo, "421 4.3.2 closing", Transient, Step::Ehlo),
        row(Point::Ehlo, "502 5.5.1 what", Transient, Step::Ehlo),
        row(Point::Mail, "421 4.3.2 closing", Transient, Step::Mail),
        row(Point::Mail, "451 4.3.0 later", Transient, Step::Mail),
        row(Point::Mail, "552 5.3.4 message too big", TooBig, Step::Mail),
        row(
            Point::Mail,
            "550 5.7.1 sender refused",
            Transient,
            Step::Mail,
        ),
        row(
            Point::Mail,
            "530 5.7.0 authentication required",
            Config,
            Step::Mail,
        ),
        row(Point::Rcpt, "450 4.2.0 greylisted", Transient, Step::Rcpt),
        row(Point::Rcpt, "550 5.1.1 no such user", Permanent, Step::Rcpt),
        row(Point::Rcpt, "551 5.1.6 moved", Permanent, Step::Rcpt),
        row(Point::Rcpt, "553 5.1.3 bad name", Permanent, Step::Rcpt),
        row(Point::Rcpt, "554 5.7.1 relay denied", Transient, Step::Rcpt),
        row(Point::Rcpt, "571 5.7.1 blocked", Transient, Step::Rcpt),
        row(Point::Data, "421 4.3.2 closing", Transient, Step::Data),
        row(
            Point::Data,
            "554 5.5.1 no valid recipients",
            Transient,
            Step::Data,
        ),
        row(Point::Data, "250 2.0.0 ok", Transient, Step::Data),
    ])
    .await;
}

#[tokio::test]
async fn answers_to_the_dot_decide() {
    use Outcome::{Accepted, Refused, TooBig, Transient, Unknown};
    let row = |act, outcome, accepted| (Point::Dot, act, outcome, Step::Message, accepted);
    check(vec![
        row(Act::Say("421 4.3.2 closing"), Transient, 0),
        row(Act::Bye("421 4.3.2 closing"), Transient, 0),
        row(Act::Say("451 4.3.0 disk full"), Transient, 0),
        row(Act::Say("552 5.3.4 message too big"), TooBig, 0),
        row(Act::Say("552 5.2.2 mailbox full"), Transient, 0),
        row(Act::Say("554 5.7.1 spam"), Refused, 0),
        row(Act::Say("550-5.7.1 looks like\n550 5.7.1 spam"), Refused, 0),
        row(Act::Late(LATE, "250 2.0.0 queued"), Accepted, 1),
        row(Act::Late(LATE, "552 5.3.4 message too big"), TooBig, 0),
        row(Act::Bye("250 2.0.0 queued"), Accepted, 1),
        row(Act::Say("250"), Accepted, 1),
        row(raw(b"250 2.0.0 f\xfcr Sie\n"), Accepted, 1),
        row(
            Act::Say("250-2.0.0 a\n250-2.0.0 b\n250 2.0.0 c"),
            Accepted,
            1,
        ),
        row(Act::Close, Unknown, 0),
        row(Act::Reset, Unknown, 0),
        row(Act::Stall, Unknown, 0),
        row(Act::Endless, Unknown, 0),
        row(Act::Say("HTTP/1.1 200 OK"), Unknown, 0),
        row(raw(b"250-half an answer"), Unknown, 1),
    ])
    .await;
}

#[tokio::test]
async fn a_broken_line_is_unknown_only_once_the_message_is_on_its_way() {
    use Outcome::{Transient, Unknown};
    let mut rows = Vec::new();
    for act in [Act::Close, Act::Reset, Act::Stall] {
        for (point, step) in [
            (Point::Ehlo, Step::Ehlo),
            (Point::Mail, Step::Mail),
            (Point::Rcpt, Step::Rcpt),
            (Point::Data, Step::Data),
        ] {
            rows.push((point, act.clone(), Transient, step, 0));
        }
        for point in [Point::Body, Point::BeforeDot] {
            rows.push((point, act.clone(), Unknown, Step::Message, 0));
        }
        rows.push((
            Point::Quit,
            act.clone(),
            Outcome::Accepted,
            Step::Message,
            1,
        ));
        rows.push((Point::Accepted, act, Outcome::Accepted, Step::Message, 1));
    }
    rows.push((Point::Connect, Act::Close, Transient, Step::Greeting, 0));
    rows.push((Point::Greeting, Act::Stall, Transient, Step::Greeting, 0));
    check(rows).await;
}

#[tokio::test]
async fn a_reset_at_connect_is_transient_whenever_it_is_noticed() {
    let server = server_with(Point::Connect, Act::Reset);
    let report = send_one(&settings(&server), "reader@example.org", MESSAGE).await;
    assert_eq!(report.outcome, Outcome::Transient, "{report}");
}

#[tokio::test]
async fn nonsense_is_bounded_in_bytes_and_in_time() {
    let slow = Act::Drip(
        Duration::from_millis(60),
        "250 2.1.0 one byte at a time is too slow to wait for",
    );
    let quick = Act::Drip(Duration::from_millis(2), "250-2.1.0 a\n250 2.1.0 b");
    let many = raw("250-2.1.0 on and on\r\n".repeat(10_000));
    let long = raw(format!("250 {}\r\n", "x".repeat(5000)));
    check(vec![
        (
            Point::Greeting,
            Act::Endless,
            Outcome::Transient,
            Step::Greeting,
            0,
        ),
        (
            Point::Greeting,
            Act::Say("SSH-2.0-OpenSSH_9.2"),
            Outcome::Transient,
            Step::Greeting,
            0,
        ),
        (Point::Ehlo, Act::Endless, Outcome::Transient, Step::Ehlo, 0),
        (Point::Mail, slow, Outcome::Transient, Step::Mail, 0),
        (Point::Mail, quick, Outcome::Accepted, Step::Message, 1),
        (Point::Mail, many, Outcome::Transient, Step::Mail, 0),
        (Point::Mail, long, Outcome::Accepted, Step::Message, 1),
        (
            Point::Mail,
            raw(b"\r\n\r\n"),
            Outcome::Transient,
            Step::Mail,
            0,
        ),
        (
            Point::Mail,
            raw(b"250-a\r\n550 b\r\n"),
            Outcome::Transient,
            Step::Mail,
            0,
        ),
        // Else the second answer would pass for that to RCPT, and so on, until a late 250 passes for that to the dot.
        (
            Point::Mail,
            Act::Say("250 ok\n250 ok"),
            Outcome::Transient,
            Step::Rcpt,
            0,
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_server_that_refuses_in_mid_message_is_heard() {
    let server = server_with(Point::Body, Act::Bye("552 5.3.4 message too big"));
    let report = send_one(&settings(&server), "reader@example.org", MESSAGE).await;
    assert_eq!(report.outcome, Outcome::TooBig, "{report}");
}

#[tokio::test]
async fn a_large_message_cut_off_or_not_taken_is_unknown() {
    let large = b"Subject: large\r\n\r\n"
        .iter()
        .chain(b"line\r\n".iter().cycle().take(12 << 20));
    let large: Vec<u8> = large.copied().collect();
    for act in [Act::Reset, Act::Close, Act::Stall] {
        let server = server_with(Point::Body, act);
        let short = SmtpSettings {
            timeout: SHORT,
            ..settings(&server)
        };
        let report = send_one(&short, "reader@example.org", &large).await;
        let found = (report.outcome, report.step);
        assert_eq!(found, (Outcome::Unknown, Step::Message), "{report}");
    }
}

#[tokio::test]
async fn every_line_and_code_of_an_answer_is_kept() {
    let server = server_with(
        Point::Rcpt,
        Act::Say("550-5.1.1 no such user\n550 5.1.1 see https://mx.example/help"),
    );
    let report = send_one(&settings(&server), "reader@example.org", MESSAGE).await;
    assert_eq!(
        report.reply,
        "550-5.1.1 no such user\n550 5.1.1 see https://mx.example/help"
    );
}

#[tokio::test]
async fn several_messages_share_a_connection_until_something_goes_wrong() {
    let server = SmtpServer::good();
    let outcomes = send_all(
        &settings(&server),
        &["a@example.org", "b@example.org", "c@example.org"],
    )
    .await;
    assert_eq!(outcomes, [Outcome::Accepted; 3]);
    assert_eq!(server.sessions().len(), 1);
}

#[tokio::test]
async fn one_bad_recipient_of_three_harms_no_other() {
    for (said, outcome) in [
        ("550 5.1.1 no such user", Outcome::Permanent),
        ("450 4.2.1 later", Outcome::Transient),
    ] {
        let server = SmtpServer::start(Setup::default(), move |moment| match moment.point {
            Point::Rcpt if moment.line.contains("b@") => Act::Say(said),
            _ => Act::Normal,
        });
        let outcomes = send_all(
            &settings(&server),
            &["a@example.org", "b@example.org", "c@example.org"],
        )
        .await;
        assert_eq!(outcomes, [Outcome::Accepted, outcome, Outcome::Accepted]);
        let arrived: Vec<_> = server
            .accepted()
            .into_iter()
            .flat_map(|message| message.to)
            .collect();
        assert_eq!(arrived, ["a@example.org", "c@example.org"]);
    }
}

#[tokio::test]
async fn a_server_that_leaves_at_the_second_message_gets_it_over_a_new_connection() {
    for act in [Act::Bye("421 4.4.2 idle"), Act::Close, Act::Reset] {
        let server = SmtpServer::start(Setup::default(), move |moment| {
            match (moment.session, moment.point, moment.nth) {
                (0, Point::Mail, 1) => act.clone(),
                _ => Act::Normal,
            }
        });
        let outcomes = send_all(
            &settings(&server),
            &["a@example.org", "b@example.org", "c@example.org"],
        )
        .await;
        assert_eq!(
            outcomes,
            [Outcome::Accepted, Outcome::Transient, Outcome::Accepted]
        );
        assert_eq!((server.accepted().len(), server.sessions().len()), (2, 2));
    }
}

#[tokio::test]
async fn greylisting_ends_with_one_copy() {
    let server = SmtpServer::start(Setup::default(), |moment| {
        match (moment.point, moment.nth) {
            (Point::Rcpt, 0..3) => Act::Say("451 4.7.1 greylisted, come back"),
            _ => Act::Normal,
        }
    });
    let outcomes = send_all(&settings(&server), &["a@example.org"; 4]).await;
    assert_eq!(
        outcomes,
        [
            Outcome::Transient,
            Outcome::Transient,
            Outcome::Transient,
            Outcome::Accepted
        ]
    );
    assert_eq!(server.accepted().len(), 1);
}

#[tokio::test]
async fn a_message_over_the_announced_limit_is_not_even_offered() {
    let setup = Setup {
        extensions: vec!["SIZE 40"],
        ..Setup::default()
    };
    let server = SmtpServer::start(setup, |_| Act::Normal);
    let report = send_one(&settings(&server), "reader@example.org", MESSAGE).await;
    assert_eq!((report.outcome, report.step), (Outcome::TooBig, Step::Mail));
    let report = send_one(
        &settings(&server),
        "reader@example.org",
        b"Subject: short\r\n\r\nx\r\n",
    )
    .await;
    assert_eq!(report.outcome, Outcome::Accepted);
    assert!(
        server.sessions()[1].contains(&"MAIL FROM:<wirewatch@client.example> SIZE=21".to_owned())
    );
}

#[tokio::test]
async fn nobody_at_the_port_is_transient() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    let mut settings = settings(&SmtpServer::good());
    settings.port = free.port();
    let report = send_one(&settings, "reader@example.org", MESSAGE).await;
    assert_eq!(
        (report.outcome, report.step),
        (Outcome::Transient, Step::Tcp),
        "{report}"
    );
}

#[tokio::test]
async fn no_tls_is_for_loopback_only() {
    let mut settings = settings(&SmtpServer::good());
    settings.host = "192.0.2.1".to_owned();
    let report = send_one(&settings, "reader@example.org", MESSAGE).await;
    assert_eq!(
        (report.outcome, report.step),
        (Outcome::Config, Step::Tcp),
        "{report}"
    );
}
