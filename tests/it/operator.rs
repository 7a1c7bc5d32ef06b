//! What a person is told of mail that does not go: by mail where mail works, else by `status`, the log and the exit code.

use expect_test::expect;

use crate::outbox::{Case, at};
use crate::smtp_server::{Act, Moment, Point, Received};

const TWO: [&str; 2] = ["a@mail.example", "b@mail.example"];

/// `act` at the dot of the second message of all.
fn at_second_dot(act: Act) -> impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static {
    move |moment| match (moment.point, moment.nth) {
        (Point::Dot, 1) => act.clone(),
        _ => Act::Normal,
    }
}

/// The letters to the operator, as text.
fn letters(case: &Case) -> Vec<String> {
    let text = |message: Received| String::from_utf8(message.data).expect("ASCII");
    let all = case.mail.accepted().into_iter().map(text);
    all.filter(|text| text.contains("Message-ID: <digest.operator."))
        .collect()
}

/// The text part of a letter.
fn text_of(letter: &str) -> String {
    let part = letter
        .split("quoted-printable\r\n\r\n")
        .nth(1)
        .expect("a part");
    let text = part.split("\r\n\r\n--=_").next().expect("its end");
    text.replace("=\r\n", "").replace("\r\n", "\n")
}

#[test]
fn of_a_held_message_the_operator_hears_once_with_both_remedies() {
    let case = Case::new(&TWO, at_second_dot(Act::Say("554 5.7.1 looks like spam")));
    assert_eq!(case.send("07:00:00").code, 1);
    case.send("09:00:00");
    let letters = letters(&case);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("Subject: wirewatch: A message of Morning is held"));
    expect![[r#"
        Message 2, the digest Morning to b@mail.example, is not sent again until you decide:

          message: 554 5.7.1 looks like spam

        To send it again, run

          wirewatch outbox release 2

        To give it up

          wirewatch outbox drop 2

        Until then the next message of this digest is not composed; its stories wait."#]]
    .assert_eq(&text_of(&letters[0]));
}

#[test]
fn of_a_message_that_does_not_get_through_for_a_day_the_operator_hears_once() {
    let case = Case::new(&TWO, puts_off_b);
    assert_eq!(case.send("07:00:00").code, 1);
    case.send("20:00:00");
    assert_eq!(
        letters(&case),
        Vec::<String>::new(),
        "a server may be away for a night"
    );
    case.send_at("2026-11-24T07:00:05Z");
    case.send_at("2026-11-25T12:00:00Z");
    let letters = letters(&case);
    assert_eq!(letters.len(), 1);
    let text = text_of(&letters[0]);
    assert!(
        text.contains("greylisted") && text.contains("wirewatch outbox drop 2"),
        "{text}"
    );
    assert_eq!(case.states()[1], "queued", "it is tried on");
}

/// Greylists the second reader for ever.
fn puts_off_b(moment: &Moment<'_>) -> Act {
    match moment.point == Point::Rcpt && moment.line.contains("b@") {
        true => Act::Say("451 4.7.1 greylisted, come back"),
        false => Act::Normal,
    }
}

/// Somebody who reads no digest becomes the operator.
fn with_another_operator(case: &Case) {
    let watchlist = std::fs::read_to_string(case.home.watchlist()).expect("readable");
    let mail = "[mail]\noperator = \"op@mail.example\"";
    case.home.edit(&watchlist.replace("[mail]", mail));
}

#[test]
fn an_operator_who_reads_no_digest_hears_of_a_message_that_does_not_get_through() {
    for readers in [&TWO[..], &TWO[1..]] {
        let case = Case::new(readers, puts_off_b);
        with_another_operator(&case);
        case.send("07:00:00");
        case.send("20:00:00");
        assert_eq!(letters(&case), Vec::<String>::new(), "{readers:?}");
        case.send_at("2026-11-24T07:00:05Z");
        case.send_at("2026-11-25T12:00:00Z");
        let letters = letters(&case);
        assert_eq!(letters.len(), 1, "{readers:?}");
        assert!(text_of(&letters[0]).contains("greylisted"), "{letters:?}");
        assert!(letters[0].contains("To: op@mail.example"), "{letters:?}");
    }
}

#[test]
fn after_an_outage_a_message_that_is_yet_to_be_tried_again_is_no_news() {
    let case = Case::new(&TWO, at(Point::Greeting, 3, Act::Say("421 4.3.2 away")));
    for time in ["23T07:00:00", "23T12:00:00", "24T08:00:00"] {
        case.send_at(&format!("2026-11-{time}Z"));
    }
    // The server is well again at ten, when only the first of them is due.
    let later = "UPDATE delivery SET next_at = unixepoch('2026-11-24T11:00:00Z') WHERE id = 2";
    case.home.database().execute(later, []).expect("a table");
    case.send_at("2026-11-24T10:10:00Z");
    assert_eq!(case.states(), ["sent", "queued"]);
    case.send_at("2026-11-24T10:30:00Z");
    case.send_at("2026-11-24T11:00:05Z");
    assert_eq!(case.states(), ["sent", "sent"]);
    assert_eq!(letters(&case), Vec::<String>::new());
}

#[test]
fn where_no_mail_gets_through_it_does_not_pile_up() {
    let case = Case::new(&TWO, at(Point::Greeting, 99, Act::Say("421 4.3.2 away")));
    for day in 23..27 {
        case.send_at(&format!("2026-11-{day}T07:00:00Z"));
    }
    let letters = "SELECT COUNT(*) FROM delivery WHERE digest = '(operator)'";
    assert_eq!(case.home.count(letters), 0);
    assert_eq!(case.home.run(&["status"]).code, 1);
}

#[test]
fn an_operator_whom_mail_cannot_reach_is_told_by_status_the_log_and_the_exit_code() {
    let case = Case::new(
        &TWO[..1],
        at(Point::Rcpt, 9, Act::Say("550 5.1.1 no such user")),
    );
    let sent = case.send("07:00:00");
    assert_eq!(sent.code, 1);
    let log = sent.stderr.lines().find(|line| line.contains(" ERROR "));
    let log = log.expect("an error in the log");
    assert!(log.contains("Cannot send digest `Morning`"), "{log}");
    assert!(!log.contains("a@mail.example"), "{log}");
    assert_eq!(
        case.send("09:00:00").code,
        1,
        "as long as it needs a person"
    );
    let status = case.home.run(&["status"]);
    assert_eq!(status.code, 1);
    assert!(
        status.stdout.contains("a@mail.example is paused"),
        "{status:#?}"
    );
    assert!(letters(&case).is_empty());
}

#[test]
fn a_sender_that_the_server_cannot_take_is_nobodys_fault_but_ours() {
    let case = Case::new(&TWO, |_| Act::Normal);
    let watchlist = std::fs::read_to_string(case.home.watchlist()).expect("readable");
    let from = "[mail]\nfrom = \"wü@mail.example\"";
    case.home.edit(&watchlist.replace("[mail]", from));
    assert_eq!(case.send("07:00:00").code, 1);
    let outbox = case.home.run(&["outbox"]);
    assert!(outbox.stdout.contains("check `from`"), "{outbox:#?}");
    assert!(!outbox.stdout.contains("is paused"), "{outbox:#?}");
    let check = case.home.run(&["check", "--online"]);
    assert!(check.stdout.contains("check `from`"), "{check:#?}");
    case.home.edit(&watchlist);
    assert_eq!(case.send("08:00:10").code, 0);
    assert_eq!(case.states(), ["sent", "sent"]);
}

#[test]
fn wrong_settings_need_a_person_at_once() {
    let case = Case::new(
        &TWO[..1],
        at(Point::Mail, 1, Act::Say("530 5.7.0 log in first")),
    );
    assert_eq!(case.send("07:00:00").code, 1);
    let outbox = case.home.run(&["outbox"]);
    assert_eq!(outbox.code, 1);
    assert!(
        outbox
            .stdout
            .contains("once it is mended: wirewatch outbox release 1"),
        "{outbox:#?}"
    );
    case.home
        .done(&["outbox", "release", "1", "--now", "2026-11-23T07:10:00Z"]);
    assert_eq!(case.send("07:10:05").code, 0);
    assert_eq!(case.states(), ["sent"]);
}

#[test]
fn the_outbox_tells_a_stranger_what_waits_why_and_what_to_do() {
    let case = Case::new(
        &[
            "a@mail.example",
            "b@mail.example",
            "c@mail.example",
            "d@mail.example",
        ],
        |moment| {
            let line = moment.line;
            match (moment.point, moment.nth) {
                (Point::Rcpt, _) if line.contains("a@") => Act::Say("550 5.1.1 no such user"),
                (Point::Rcpt, _) if line.contains("b@") => Act::Say("451 4.3.0 later"),
                (Point::Dot, 0) => Act::Say("554-5.7.1 looks like\n554 5.7.1 spam"),
                (Point::Dot, 1) => Act::Close,
                _ => Act::Normal,
            }
        },
    );
    case.send("07:00:00");
    let outbox = case.home.run(&["outbox"]);
    assert_eq!(outbox.code, 1);
    // The seconds that the attempts took, and the jitter.
    let shown: String = outbox
        .stdout
        .split("2026-11-23T")
        .enumerate()
        .map(|(at, text)| match at {
            0 => text.to_owned(),
            _ => format!(
                "{}:..Z{}",
                text.get(..5).unwrap_or_default(),
                text.get(9..).unwrap_or_default()
            ),
        })
        .collect();
    expect![[r#"
            1  queued   Morning to a@mail.example: Troops enter Mosul
               1 attempt; the recipient is paused
            2  queued   Morning to b@mail.example: Troops enter Mosul
               1 attempt; RCPT: 451 4.3.0 later
               next attempt at 2026-11-23 07:01
            3  held     Morning to c@mail.example: Troops enter Mosul
               1 attempt; message: 554-5.7.1 looks like / 554 5.7.1 spam
               send it again: wirewatch outbox release 3; give it up: wirewatch outbox drop 3
            4  unknown  Morning to d@mail.example: Troops enter Mosul
               1 attempt; message: the server closed the connection
               it may have arrived; the same message goes again at 2026-11-23 07:15; give it up: wirewatch outbox drop 4
        a@mail.example is paused since 07:00:..Z: RCPT: 550 5.1.1 no such user (check the address in `to`)
               once it is mended: wirewatch outbox resume a@mail.example
    "#]].assert_eq(&shown);
}

#[test]
fn a_person_cannot_decide_what_is_settled_or_does_not_exist() {
    let case = Case::new(&TWO[..1], |_| Act::Normal);
    case.send("07:00:00");
    for action in [["release", "1"], ["drop", "1"], ["drop", "9"]] {
        let ran = case.home.run(&["outbox", action[0], action[1]]);
        assert_eq!(ran.code, 2, "{ran:#?}");
        assert!(
            ran.stderr.contains("hint: see `wirewatch outbox`"),
            "{ran:#?}"
        );
    }
    let resumed = case.home.run(&["outbox", "resume", "a@mail.example"]);
    assert_eq!(resumed.code, 2);
    assert!(
        resumed.stderr.contains("`a@mail.example` is not paused"),
        "{resumed:#?}"
    );
    let mistyped = case.home.run(&["outbox", "release", "abc"]);
    assert_eq!(mistyped.code, 2);
    assert!(
        mistyped.stderr.contains("the number before a message"),
        "{mistyped:#?}"
    );
    let outbox = case.home.done(&["outbox"]);
    assert_eq!(outbox.stderr, "The outbox is empty.\n");
}
