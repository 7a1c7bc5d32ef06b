//! What a mail server does wrong, fault by fault.

use std::sync::Arc;
use std::time::Duration;

use crate::certificates::Authority;
use crate::smtp_server::{Act, Moment, Point, Protection, Setup};

/// What a server does wrong, and how often we try before we look.
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) readers: usize,
    pub(super) sends: usize,
    pub(super) tls: &'static str,
    pub(super) timeout: &'static str,
    pub(super) logs_in: bool,
    /// Whether the step depends on who is quicker.
    pub(super) step_varies: bool,
    pub(super) setup: Box<dyn Fn(&Authority) -> Setup + Send + Sync>,
    pub(super) play: Arc<dyn Fn(&Moment<'_>) -> Act + Send + Sync>,
}

impl Fault {
    fn new(name: &'static str, play: impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static) -> Fault {
        Fault {
            name,
            readers: 1,
            sends: 1,
            tls: "none",
            timeout: "30s",
            logs_in: false,
            step_varies: false,
            setup: Box::new(|_| Setup::default()),
            play: Arc::new(play),
        }
    }

    /// Reached in time only, where the server does not answer at once.
    fn slow(mut self) -> Fault {
        self.timeout = "2s";
        self
    }

    fn readers(mut self, readers: usize) -> Fault {
        self.readers = readers;
        self
    }

    /// Tries so often, each time when the message is due again.
    fn sends(mut self, sends: usize) -> Fault {
        self.sends = sends;
        self
    }

    fn offering(mut self, extension: &'static str) -> Fault {
        self.setup = Box::new(move |_| Setup {
            extensions: vec![extension],
            ..Setup::default()
        });
        self
    }

    /// With a login, over STARTTLS.
    fn with_login(self) -> Fault {
        self.with_login_by("AUTH PLAIN LOGIN")
    }

    /// With a login over STARTTLS by one of these mechanisms.
    fn with_login_by(self, mechanisms: &'static str) -> Fault {
        let mut fault = self.protected("starttls", |ca| {
            Protection::StartTls(ca.identity("localhost"))
        });
        let protected = fault.setup;
        fault.setup = Box::new(move |ca| Setup {
            login: Some(("me", "hunter2")),
            extensions: vec![mechanisms],
            ..protected(ca)
        });
        fault.logs_in = true;
        fault
    }

    fn protected(
        mut self,
        tls: &'static str,
        protection: impl Fn(&Authority) -> Protection + Send + Sync + 'static,
    ) -> Fault {
        self.tls = tls;
        self.setup = Box::new(move |ca| Setup {
            protection: protection(ca),
            ..Setup::default()
        });
        self
    }

    fn starttls(self) -> Fault {
        self.protected("starttls", |ca| {
            Protection::StartTls(ca.identity("localhost"))
        })
    }
}

/// All of them, in the order of the table.
pub(super) fn faults() -> Vec<Fault> {
    [answers(), several(), broken_lines(), secured()]
        .into_iter()
        .flatten()
        .collect()
}

/// `act` whenever `point` is reached.
fn at(point: Point, act: Act) -> impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static {
    at_first(point, usize::MAX, act)
}

/// `act` the first so many times that `point` is reached.
fn at_first(
    point: Point,
    times: usize,
    act: Act,
) -> impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static {
    move |moment| match moment.point == point && moment.nth < times {
        true => act.clone(),
        false => Act::Normal,
    }
}

/// Says this to `RCPT` for the second reader.
fn to_second(said: &'static str) -> impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static {
    move |moment| match moment.point == Point::Rcpt && moment.line.contains("b@") {
        true => Act::Say(said),
        false => Act::Normal,
    }
}

/// `act` at the second message of the first session.
fn at_second_message(act: Act) -> impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static {
    move |moment| match (moment.session, moment.point, moment.nth) {
        (0, Point::Mail, 1) => act.clone(),
        _ => Act::Normal,
    }
}

fn normal(_: &Moment<'_>) -> Act {
    Act::Normal
}

/// What the server says in place of the usual; it closes after a 421.
const ANSWERS: &[(&str, Point, &str)] = &[
    ("421 at the greeting", Point::Greeting, "421 4.3.2 too busy"),
    (
        "554 at the greeting",
        Point::Greeting,
        "554 5.7.1 no service",
    ),
    ("421 at EHLO", Point::Ehlo, "421 4.3.2 closing"),
    ("450 at EHLO", Point::Ehlo, "450 4.3.2 not now"),
    ("502 at EHLO", Point::Ehlo, "502 5.5.1 what"),
    ("421 at MAIL", Point::Mail, "421 4.3.2 closing"),
    ("451 at MAIL", Point::Mail, "451 4.3.0 later"),
    ("530 at MAIL", Point::Mail, "530 5.7.0 log in first"),
    ("550 at MAIL", Point::Mail, "550 5.7.1 sender refused"),
    ("552 at MAIL", Point::Mail, "552 5.3.4 too big"),
    ("421 at RCPT", Point::Rcpt, "421 4.3.2 closing"),
    ("450 at RCPT", Point::Rcpt, "450 4.2.1 mailbox busy"),
    ("452 at RCPT", Point::Rcpt, "452 4.2.2 mailbox full"),
    ("550 at RCPT", Point::Rcpt, "550 5.1.1 no such user"),
    ("551 at RCPT", Point::Rcpt, "551 5.1.6 moved"),
    ("552 at RCPT", Point::Rcpt, "552 5.2.2 over quota"),
    ("553 at RCPT", Point::Rcpt, "553 5.1.3 bad name"),
    ("554 at RCPT", Point::Rcpt, "554 5.7.1 relay denied"),
    ("421 at DATA", Point::Data, "421 4.3.2 closing"),
    ("451 at DATA", Point::Data, "451 4.3.0 later"),
    ("554 at DATA", Point::Data, "554 5.5.1 no recipients"),
    ("250 at DATA", Point::Data, "250 2.0.0 ok"),
    ("421 at the dot", Point::Dot, "421 4.3.2 closing"),
    ("451 at the dot", Point::Dot, "451 4.3.0 disk full"),
    ("550 at the dot", Point::Dot, "550 5.7.1 policy"),
    ("552 at the dot", Point::Dot, "552 5.3.4 too big"),
    ("552 at the dot, mailbox full", Point::Dot, "552 5.2.2 full"),
    ("554 as spam", Point::Dot, "554 5.7.1 spam"),
    (
        "554 on two lines",
        Point::Dot,
        "554-5.7.1 is\n554 5.7.1 spam",
    ),
    ("250 on three lines", Point::Dot, "250-a\n250-b\n250 c"),
    ("251 at the dot", Point::Dot, "251 2.1.5 forwarded"),
    (
        "garbage at the greeting",
        Point::Greeting,
        "SSH-2.0-OpenSSH_9.2",
    ),
    ("garbage at the dot", Point::Dot, "HTTP/1.1 200 OK"),
    ("500 at QUIT", Point::Quit, "500 5.5.1 what"),
    ("421 at QUIT", Point::Quit, "421 4.3.2 closing"),
    ("tiny lines at EHLO", Point::Ehlo, "250-a\n250-b\n250"),
];

fn answers() -> Vec<Fault> {
    let fault = |&(name, point, said): &(&'static str, Point, &'static str)| {
        let act = match said.starts_with("421") {
            true => Act::Bye(said),
            false => Act::Say(said),
        };
        Fault::new(name, at(point, act))
    };
    let once = |point| at_first(point, 1, Act::Say("552 5.3.4 too big"));
    let mut faults = vec![Fault::new("none", normal)];
    faults.extend(ANSWERS.iter().map(fault));
    faults.push(Fault::new("552 at MAIL once", once(Point::Mail)));
    faults.push(Fault::new("552 at the dot once", once(Point::Dot)));
    faults.push(Fault::new("a SIZE too small for any digest", normal).offering("SIZE 40"));
    let in_body = at(Point::Body, Act::Bye("552 5.3.4 too big"));
    faults.push(Fault::new("552 in the body", in_body));
    faults
}

fn several() -> Vec<Fault> {
    let grey = |name, times| {
        let act = Act::Say("451 4.7.1 greylisted, come back");
        Fault::new(name, at_first(Point::Rcpt, times, act))
    };
    vec![
        grey("greylisted once", 1).sends(2),
        grey("greylisted thrice", 3).sends(4),
        grey("greylisted for ever", usize::MAX).sends(16),
        Fault::new("one of three 4xx", to_second("450 4.2.1 mailbox busy")).readers(3),
        Fault::new("one of three 5xx", to_second("550 5.1.1 no such user")).readers(3),
        Fault::new(
            "550 for all",
            at(Point::Rcpt, Act::Say("550 5.1.1 no such user")),
        )
        .readers(3),
        Fault::new(
            "421 at the second message",
            at_second_message(Act::Bye("421 4.4.2 idle")),
        )
        .readers(3),
        Fault::new("close at the second message", at_second_message(Act::Close)).readers(3),
        Fault::new("reset at the second message", at_second_message(Act::Reset)).readers(3),
        Fault::new("421 in mid-session", |moment| {
            match (moment.session, moment.point, moment.nth) {
                (0, Point::Accepted, 0) => Act::Bye("421 4.4.2 idle"),
                _ => Act::Normal,
            }
        })
        .readers(2),
    ]
}

const BROKEN: &[(&str, Point, Act)] = &[
    ("reset at connect", Point::Connect, Act::Reset),
    ("close at connect", Point::Connect, Act::Close),
    ("reset at MAIL", Point::Mail, Act::Reset),
    ("reset at RCPT", Point::Rcpt, Act::Reset),
    ("reset at DATA", Point::Data, Act::Reset),
    ("reset in the body", Point::Body, Act::Reset),
    ("reset before the dot", Point::BeforeDot, Act::Reset),
    ("reset after the dot", Point::Dot, Act::Reset),
    ("close after the dot", Point::Dot, Act::Close),
    (
        "reset after the answer to the dot",
        Point::Accepted,
        Act::Reset,
    ),
    (
        "close after the answer to the dot",
        Point::Accepted,
        Act::Close,
    ),
    ("reset at QUIT", Point::Quit, Act::Reset),
    (
        "endless line at the greeting",
        Point::Greeting,
        Act::Endless,
    ),
    ("endless line at the dot", Point::Dot, Act::Endless),
];

const STALLS: &[(&str, Point)] = &[
    ("stall at connect", Point::Connect),
    ("stall at the greeting", Point::Greeting),
    ("stall at EHLO", Point::Ehlo),
    ("stall at MAIL", Point::Mail),
    ("stall at RCPT", Point::Rcpt),
    ("stall at DATA", Point::Data),
    ("stall in the body", Point::Body),
    ("stall before the dot", Point::BeforeDot),
    ("stall after the dot", Point::Dot),
    ("stall at QUIT", Point::Quit),
];

fn broken_lines() -> Vec<Fault> {
    let mut faults: Vec<Fault> = BROKEN
        .iter()
        .map(|(name, point, act)| Fault {
            step_varies: *point == Point::Connect,
            ..Fault::new(name, at(*point, act.clone()))
        })
        .collect();
    let stall = |name, point| Fault::new(name, at(point, Act::Stall)).slow();
    faults.extend(STALLS.iter().map(|(name, point)| stall(name, *point)));
    faults.push(stall("stall at STARTTLS", Point::StartTls).starttls());
    faults.push(stall("stall in the handshake", Point::Handshake).starttls());
    faults.push(stall("stall at AUTH", Point::Auth).with_login());

    // The answer to the dot has ten seconds.
    let (late, too_late) = (Duration::from_secs(3), Duration::from_secs(12));
    for (name, wait, said) in [
        ("late 250", late, "250 2.0.0 queued"),
        ("late 552", late, "552 5.3.4 too big"),
        ("250 after we gave up", too_late, "250 2.0.0 queued"),
        ("552 after we gave up", too_late, "552 5.3.4 too big"),
    ] {
        faults.push(Fault::new(name, at(Point::Dot, Act::Late(wait, said))).slow());
    }

    let drip = |pause, said| at(Point::Mail, Act::Drip(Duration::from_millis(pause), said));
    faults.push(Fault::new(
        "a byte at a time, quick",
        drip(2, "250-a\n250 b"),
    ));
    faults.push(Fault::new("a byte at a time, slow", drip(200, "250 2.1.0 sender ok")).slow());
    let raw = |point, bytes: Vec<u8>| at(point, Act::Raw(bytes));
    let binary = vec![0, 0xff, b'\r', b'\n'];
    faults.push(Fault::new(
        "binary garbage at MAIL",
        raw(Point::Mail, binary),
    ));
    let lines = "250-on\r\n".repeat(50_000).into_bytes();
    faults.push(Fault::new("endless lines at EHLO", raw(Point::Ehlo, lines)));
    faults.extend(early());
    faults
}

/// Answers that stand there before we ask.
fn early() -> Vec<Fault> {
    // What it means is said at the dot.
    let fault = |name, point, said: &'static str| {
        Fault::new(name, move |moment| match moment.point {
            Point::Dot => Act::Say("451 4.3.0 disk full"),
            at if at == point => Act::Say(said),
            _ => Act::Normal,
        })
    };
    let twice = at(Point::Dot, Act::Say("250 2.0.0 queued\n250 2.0.0 queued"));
    vec![
        fault("a second greeting", Point::Greeting, "220 a\n220 b"),
        fault("220 at EHLO", Point::Ehlo, "220 a"),
        fault("two answers at MAIL", Point::Mail, "250 a\n250 b"),
        fault("a refusal after that to MAIL", Point::Mail, "250 a\n550 b"),
        fault("250 right after the 354", Point::Data, "354 go\n250 a"),
        fault("554 right after the 354", Point::Data, "354 go\n554 a"),
        Fault::new("two answers at the dot", twice).readers(2),
    ]
}

fn secured() -> Vec<Fault> {
    let mut faults = vec![Fault::new("none, with STARTTLS and AUTH", normal).with_login()];
    for (name, said) in [
        ("535 at AUTH", "535 5.7.8 wrong name or password"),
        ("534 at AUTH", "534 5.7.9 mechanism too weak"),
        ("538 at AUTH", "538 5.7.11 encrypt first"),
        ("454 at AUTH", "454 4.7.0 directory is away"),
    ] {
        faults.push(Fault::new(name, at(Point::Auth, Act::Say(said))).with_login());
    }
    for (name, mechanisms) in [
        ("AUTH LOGIN only", "AUTH LOGIN"),
        ("no common mechanism for AUTH", "AUTH CRAM-MD5 XOAUTH2"),
    ] {
        faults.push(Fault::new(name, normal).with_login_by(mechanisms));
    }
    let in_the_clear = Act::Raw(b"220 welcome\r\n".to_vec());
    for (name, point, act) in [
        (
            "STARTTLS put off",
            Point::StartTls,
            Act::Say("454 4.7.0 later"),
        ),
        (
            "STARTTLS refused",
            Point::StartTls,
            Act::Say("502 5.5.1 no"),
        ),
        ("STARTTLS closed", Point::Handshake, Act::Close),
        ("STARTTLS reset", Point::Handshake, Act::Reset),
        ("STARTTLS in the clear", Point::Handshake, in_the_clear),
    ] {
        faults.push(Fault::new(name, at(point, act)).starttls());
    }
    let fault = |name, tls, protection: fn(&Authority) -> Protection| {
        Fault::new(name, normal).protected(tls, protection)
    };
    faults.push(fault("STARTTLS stripped", "starttls", |_| Protection::None));
    faults.push(fault("wrong name", "starttls", |ca| {
        Protection::StartTls(ca.identity("mx.other.example"))
    }));
    faults.push(fault("unknown CA", "starttls", |_| {
        Protection::StartTls(Authority::new("someone else").identity("localhost"))
    }));
    faults.push(fault("expired", "starttls", |ca| {
        Protection::StartTls(ca.expired_identity("localhost"))
    }));
    faults.push(fault("expired, implicit TLS", "implicit", |ca| {
        Protection::Implicit(ca.expired_identity("localhost"))
    }));
    faults.push(fault("implicit TLS at a plain port", "implicit", |_| {
        Protection::None
    }));
    let crossed = fault("STARTTLS at an implicit port", "starttls", |ca| {
        Protection::Implicit(ca.identity("localhost"))
    });
    faults.push(crossed.slow());
    faults
}
