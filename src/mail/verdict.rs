//! What a server's answer at one step means for the message (RFC 5321 section 4.2).

use super::{Outcome, Report, Step};

/// One whole answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// The three digits.
    pub(super) code: u16,
    /// Its lines as they came, codes included, without line ends and controls.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Whether it says that a mailbox is full (RFC 3463 section 3.3).
    fn is_full(&self) -> bool {
        matches!(self.enhanced(), Some("4.2.2" | "5.2.2"))
    }

    /// Whether one of its lines has this word, given in capitals.
    fn mentions(&self, word: &str) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.to_ascii_uppercase().contains(word))
    }

    /// The enhanced status code of the first line that has one, such as `5.2.2` (RFC 2034).
    fn enhanced(&self) -> Option<&str> {
        let words = self
            .lines
            .iter()
            .filter_map(|line| line.get(4..)?.split_whitespace().next());
        words.into_iter().find(|word| {
            let mut parts = word.split('.');
            let is_number = |part: &str| {
                (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
            };
            matches!(parts.next(), Some("2" | "4" | "5"))
                && parts.next().is_some_and(is_number)
                && parts.next().is_some_and(is_number)
                && parts.next().is_none()
        })
    }
}

/// Whether this answer lets us go on to the next step.
pub(super) fn goes_on(step: Step, code: u16) -> bool {
    match step {
        Step::Data => code == 354,
        // 334 asks for the next part of the login.
        Step::Auth => code == 334 || code / 100 == 2,
        // A second greeting, 220, is none to it (RFC 5321 section 4.3.2).
        Step::Ehlo => code == 250,
        _ => code / 100 == 2,
    }
}

/// What an answer that ends the attempt means. An answer that the step does not foresee is a failure like any other:
/// before the message it loses nothing, after it we cannot know.
pub(super) fn judge(step: Step, reply: &Reply) -> Outcome {
    match (step, reply.code) {
        (Step::Message, 200..=299) => Outcome::Accepted,
        (_, 400..=499) => Outcome::Transient,
        (_, 530 | 534 | 535 | 538) => Outcome::Config,
        (Step::Auth | Step::StartTls, 500..=599) => Outcome::Config,
        (Step::Rcpt, 550 | 551 | 553) => Outcome::Permanent,
        // A full mailbox has the same code, but no smaller message helps, and it may be emptied.
        (Step::Mail | Step::Data | Step::Message, 552) if reply.is_full() => Outcome::Transient,
        (Step::Mail | Step::Data | Step::Message, 552) => Outcome::TooBig,
        (Step::Message, 500..=599) => Outcome::Refused,
        _ => judge_silence(step),
    }
}

/// What it means that no answer came, or none that can be understood.
fn judge_silence(step: Step) -> Outcome {
    match step {
        Step::Message => Outcome::Unknown,
        _ => Outcome::Transient,
    }
}

/// The report on an answer that ends the attempt.
pub(super) fn report(step: Step, reply: &Reply) -> Report {
    let outcome = judge(step, reply);
    let hint = hint(step, outcome, reply).map(str::to_owned);
    Report {
        outcome,
        step,
        reply: reply.lines.join("\n"),
        hint,
    }
}

/// What a person can do where the server does not keep to the order of question and answer.
const OUT_OF_TURN: &str = "the server answers out of turn, which is a fault of it or of a proxy before it: tell whoever runs it";

/// The report on what the server said before we had written what it could answer. Nothing was accepted, since nothing
/// was asked: neither the command nor, at `Message`, the final dot was sent.
pub(super) fn report_early(step: Step, said: Option<&Reply>, cause: String) -> Report {
    match said {
        // It may take leave at any time (RFC 5321 section 3.8), and refuse a message before its end.
        Some(reply) if reply.code == 421 => report(step, reply),
        Some(reply) if step == Step::Message && reply.code >= 400 => report(step, reply),
        _ => Report {
            outcome: Outcome::Transient,
            step,
            reply: cause,
            hint: Some(OUT_OF_TURN.to_owned()),
        },
    }
}

/// The report on a step to which no answer came.
pub(super) fn silence(step: Step, cause: String) -> Report {
    Report {
        outcome: judge_silence(step),
        step,
        reply: cause,
        hint: hint_on_silence(step).map(str::to_owned),
    }
}

fn hint_on_silence(step: Step) -> Option<&'static str> {
    match step {
        Step::Dns => {
            Some("check `host` of `[mail.smtp]`, and whether this machine can look up names")
        }
        Step::Tcp => Some("check `host` and `port` of `[mail.smtp]`, and the firewalls in between"),
        Step::Greeting => Some("check `port` of `[mail.smtp]`; 465 wants `tls = \"implicit\"`"),
        _ => None,
    }
}

/// Replaces what repeats a secret: some servers quote the command that they refuse.
pub(super) fn redact(mut report: Report, secrets: &[String]) -> Report {
    let repeats = |line: &str| {
        secrets
            .iter()
            .any(|secret| !secret.is_empty() && line.contains(secret.as_str()))
    };
    let lines = report.reply.lines().map(|line| match repeats(line) {
        true => format!(
            "{} (not shown: it repeats the login)",
            line.get(..3).unwrap_or_default()
        ),
        false => line.to_owned(),
    });
    report.reply = lines.collect::<Vec<_>>().join("\n");
    report
}

fn hint(step: Step, outcome: Outcome, reply: &Reply) -> Option<&'static str> {
    match (step, outcome, reply.code) {
        (_, Outcome::Accepted, _) => None,
        (_, _, ..400) if !goes_on(step, reply.code) => Some(OUT_OF_TURN),
        (Step::Auth, Outcome::Config, _) => {
            Some("check `username` and `password_file` of `[mail.smtp]`")
        }
        (Step::StartTls, Outcome::Config, _) => Some(
            "the server offers STARTTLS but refuses it: try `tls = \"implicit\"` on its port for that, often 465",
        ),
        (_, Outcome::Config, _) if reply.mentions("STARTTLS") => Some("set `tls = \"starttls\"`"),
        (_, Outcome::Config, _) => {
            Some("the server wants a login: set `username` and `password_file` of `[mail.smtp]`")
        }
        (Step::Greeting | Step::Ehlo, _, 500..) => Some(
            "the server takes no mail from this machine: check `host` and `port` of `[mail.smtp]`",
        ),
        (Step::Mail, _, 503) => Some(
            "the server expects something before this, usually a login: set `username` and `password_file` of `[mail.smtp]`",
        ),
        (Step::Mail, _, 500..) if outcome != Outcome::TooBig => {
            Some("check `from` of `[mail]`: the server refuses this sender")
        }
        (Step::Rcpt, ..) => hint_at_rcpt(outcome, reply),
        (Step::Message, Outcome::Transient, _) if reply.is_full() => Some(FULL),
        _ => None,
    }
}

const FULL: &str = "the recipient's mailbox is full: it has to be emptied";

/// A refusal of the recipient can also be one of us: a server that relays for those only who have logged in.
fn hint_at_rcpt(outcome: Outcome, reply: &Reply) -> Option<&'static str> {
    let is_of_us = reply.mentions("RELAY") || matches!(reply.enhanced(), Some("5.7.0" | "5.7.1"));
    match (outcome, reply.code) {
        (Outcome::Transient, code) if reply.is_full() || code == 552 => Some(FULL),
        (Outcome::Transient, 521 | 556) => Some(
            "the server or the recipient's domain takes no mail: check the address in `to` and `host` of `[mail.smtp]`",
        ),
        (_, 500..) if is_of_us => Some(
            "the server does not take mail for this address from us: check `username` and `port` of `[mail.smtp]`",
        ),
        (Outcome::Transient, 554) => Some(
            "the server or the recipient's domain takes no mail for this address: check it in `to`",
        ),
        (_, 500..) => Some("check the address in `to`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(step: Step, answer: &str, expected: Outcome) {
        let lines: Vec<String> = answer.lines().map(str::to_owned).collect();
        let code = answer
            .get(..3)
            .and_then(|code| code.parse().ok())
            .expect("a code");
        assert_eq!(
            judge(step, &Reply { code, lines }),
            expected,
            "{step}: {answer}"
        );
    }

    #[test]
    fn only_a_2xx_to_the_dot_is_accepted() {
        check(Step::Message, "250 2.0.0 queued", Outcome::Accepted);
        check(Step::Message, "251 forwarded", Outcome::Accepted);
        check(Step::Message, "354 go on", Outcome::Unknown);
        check(Step::Message, "190 what", Outcome::Unknown);
    }

    #[test]
    fn what_is_said_before_it_is_asked_is_no_answer() {
        let early = |step, said: &str| {
            let code = said.get(..3).and_then(|code| code.parse().ok());
            let lines = vec![said.to_owned()];
            let reply = code.map(|code| Reply { code, lines });
            report_early(step, reply.as_ref(), said.to_owned()).outcome
        };
        assert_eq!(early(Step::Message, "250 ok"), Outcome::Transient);
        assert_eq!(early(Step::Message, "what"), Outcome::Transient);
        assert_eq!(early(Step::Message, "554 5.7.1 spam"), Outcome::Refused);
        assert_eq!(early(Step::Message, "552 5.3.4 size"), Outcome::TooBig);
        assert_eq!(early(Step::Rcpt, "550 5.1.1 who"), Outcome::Transient);
        assert_eq!(early(Step::Mail, "421 4.4.2 idle"), Outcome::Transient);
        assert!(!goes_on(Step::Ehlo, 220), "a second greeting");
    }

    #[test]
    fn four_hundreds_are_transient_at_every_step() {
        for step in [
            Step::Greeting,
            Step::Ehlo,
            Step::StartTls,
            Step::Auth,
            Step::Mail,
            Step::Rcpt,
            Step::Message,
        ] {
            check(step, "421 4.3.2 closing", Outcome::Transient);
            check(step, "452 4.2.2 mailbox full", Outcome::Transient);
        }
    }

    #[test]
    fn only_three_codes_at_rcpt_are_the_recipients_fault() {
        for code in ["550 5.1.1 no such user", "551 moved", "553 5.1.3 bad name"] {
            check(Step::Rcpt, code, Outcome::Permanent);
        }
        for code in [
            "554 5.7.1 relay denied",
            "501 syntax",
            "552 5.2.2 quota",
            "571 blocked",
        ] {
            check(Step::Rcpt, code, Outcome::Transient);
        }
        check(Step::Mail, "550 5.7.1 sender refused", Outcome::Transient);
        check(Step::Message, "550 5.7.1 spam", Outcome::Refused);
    }

    #[test]
    fn logins_and_refused_tls_are_configuration() {
        for code in ["530 5.7.0", "534 5.7.9", "535 5.7.8", "538 5.7.11"] {
            check(Step::Auth, code, Outcome::Config);
            check(Step::Mail, code, Outcome::Config);
        }
        check(
            Step::Auth,
            "504 5.5.4 unrecognized mechanism",
            Outcome::Config,
        );
        check(Step::Auth, "454 4.7.0 later", Outcome::Transient);
        check(Step::StartTls, "502 no", Outcome::Config);
    }

    #[test]
    fn a_552_is_too_big_unless_the_mailbox_is_full() {
        check(Step::Mail, "552 5.3.4 too big", Outcome::TooBig);
        check(Step::Message, "552 message too big", Outcome::TooBig);
        check(
            Step::Message,
            "552-Sorry\n552 5.2.2 over quota",
            Outcome::Transient,
        );
        check(
            Step::Message,
            "552-5.2.2 over\n552 5.2.2 quota",
            Outcome::Transient,
        );
    }

    #[test]
    fn a_refusal_before_the_message_loses_nothing() {
        check(Step::Greeting, "554 no service", Outcome::Transient);
        check(Step::Ehlo, "502 what", Outcome::Transient);
        check(Step::Data, "554 no valid recipients", Outcome::Transient);
        check(Step::Data, "250 ok", Outcome::Transient);
        check(Step::Message, "554 5.7.1 spam", Outcome::Refused);
    }

    #[test]
    fn the_advice_is_about_what_the_answer_is_about() {
        let advice = |step, answer: &str| {
            let lines = vec![answer.to_owned()];
            let code = answer.get(..3).and_then(|code| code.parse().ok());
            let code = code.expect("a code");
            report(step, &Reply { code, lines })
                .hint
                .unwrap_or_default()
        };
        for (step, answer, about) in [
            (Step::Rcpt, "552 5.2.2 mailbox full", "mailbox is full"),
            (Step::Rcpt, "552 over quota", "mailbox is full"),
            (Step::Rcpt, "452 4.2.2 mailbox full", "mailbox is full"),
            (Step::Message, "552 5.2.2 quota", "mailbox is full"),
            (Step::Rcpt, "521 5.3.2 no mail", "takes no mail"),
            (Step::Rcpt, "556 5.1.10 null MX", "takes no mail"),
            (Step::Rcpt, "554 no", "takes no mail"),
            (Step::Rcpt, "554 5.7.1 relay denied", "`username`"),
            (Step::Rcpt, "550 relay not permitted", "`username`"),
            (Step::Rcpt, "550 5.1.1 no such user", "address in `to`"),
            (Step::Mail, "503 5.5.1 bad sequence", "usually a login"),
            (Step::Mail, "550 5.7.1 no", "`from`"),
            (Step::Greeting, "554 no service", "`host` and `port`"),
            (Step::Data, "250 ok", "out of turn"),
            (Step::Ehlo, "220 welcome", "out of turn"),
        ] {
            let advice = advice(step, answer);
            assert!(advice.contains(about), "{step}: {answer}: {advice}");
        }
        assert_eq!(advice(Step::Rcpt, "451 4.7.1 greylisted"), "");
        assert_eq!(advice(Step::Message, "250 ok"), "");
        assert_eq!(advice(Step::Mail, "552 5.3.4 too big"), "");
    }

    #[test]
    fn a_reply_that_repeats_the_login_is_hidden() {
        let reply = "535-5.7.8 bad command AUTH PLAIN AGhpAHdvcmQ=\n535 5.7.8 try again".to_owned();
        let report = Report {
            outcome: Outcome::Config,
            step: Step::Auth,
            reply,
            hint: None,
        };
        let shown = redact(report, &["word".to_owned(), "AGhpAHdvcmQ=".to_owned()]).reply;
        assert_eq!(
            shown,
            "535 (not shown: it repeats the login)\n535 5.7.8 try again"
        );
    }
}
