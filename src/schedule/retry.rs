//! When a message is tried again.
//!
//! Only a refusal that more tries cannot change stops them: the recipient does not exist, the message is too big, or
//! its content was refused. Everything else is tried again for ever, ever more seldom, because a mail server that
//! was away for a weekend must not cost a digest. An unknown outcome is the one case where a second copy is possible,
//! so it is tried twice only, with the same bytes and Message-ID, and then a person decides.

use std::hash::Hasher;

use jiff::SignedDuration;
use siphasher::sip::SipHasher13;

use crate::model::{DeliveryId, Timestamp};

/// What one attempt came to, as far as it decides the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The server took charge of the message.
    Accepted,
    /// Not now: a 4xx, or any failure before the message itself was sent.
    Transient,
    /// This recipient does not exist or may not be written to.
    Permanent,
    /// The message is larger than the server takes.
    TooBig,
    /// The server read the message and does not want it.
    Refused,
    /// Our own settings or the server's are wrong: login, certificate, TLS.
    Config,
    /// The message was sent, but no answer came; it may have arrived.
    Unknown,
}

impl Outcome {
    const ALL: [Outcome; 7] = [
        Outcome::Accepted,
        Outcome::Transient,
        Outcome::Permanent,
        Outcome::TooBig,
        Outcome::Refused,
        Outcome::Config,
        Outcome::Unknown,
    ];

    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Transient => "transient",
            Outcome::Permanent => "permanent",
            Outcome::TooBig => "too_big",
            Outcome::Refused => "refused",
            Outcome::Config => "config",
            Outcome::Unknown => "unknown",
        }
    }

    /// The outcome of this word, if it is one.
    pub fn from_word(word: &str) -> Option<Outcome> {
        Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// What has been tried with one message. All counts include the attempt that has just ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Attempts of any outcome.
    pub attempts: u32,
    /// Attempts whose outcome was unknown, among them each start that found the message being sent.
    pub unknowns: u32,
    /// Whether the message already is the one rendered at half the caps.
    pub halved: bool,
}

/// What to do with a message after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is delivered.
    Settle,
    /// Try again then; it certainly has not arrived.
    Retry(Timestamp),
    /// Send the same bytes again then; it may have arrived.
    Resend(Timestamp),
    /// Render it once more at half the caps, under a new Message-ID.
    Halve,
    /// Pause this recipient, keep the message, tell the operator.
    PauseRecipient,
    /// Keep the message until a person releases or drops it, tell the operator.
    Hold,
}

/// Delays after the first, second, ... failed attempt, in minutes; after the last of them `SLOWEST` each time.
const DELAYS: [i64; 5] = [1, 5, 15, 30, 60];
const SLOWEST: i64 = 120;

/// A fault of configuration needs a person, so hammering is pointless, but the cure should not need a restart.
const AFTER_CONFIG: i64 = 60;

/// How long a message of unknown fate waits, and how often it is sent again.
const AFTER_UNKNOWN: i64 = 15;
const RESENDS: u32 = 2;

/// Delays grow by up to this many thousandths, so that messages that failed together do not return together.
const JITTER: i64 = 100;

/// Decides what happens to `delivery` after an attempt that came to `outcome` and ended at `now`.
pub fn next(delivery: DeliveryId, outcome: Outcome, tries: Tries, now: Timestamp) -> Next {
    match outcome {
        Outcome::Accepted => Next::Settle,
        Outcome::Transient => Next::Retry(after(delay(delivery, tries.attempts), now)),
        Outcome::Config => Next::Retry(after(SignedDuration::from_mins(AFTER_CONFIG), now)),
        Outcome::Unknown if tries.unknowns <= RESENDS => {
            Next::Resend(after(SignedDuration::from_mins(AFTER_UNKNOWN), now))
        }
        Outcome::TooBig if !tries.halved => Next::Halve,
        Outcome::Permanent => Next::PauseRecipient,
        Outcome::Unknown | Outcome::TooBig | Outcome::Refused => Next::Hold,
    }
}

/// The wait after the `attempts`-th attempt, with the jitter of this delivery and attempt.
fn delay(delivery: DeliveryId, attempts: u32) -> SignedDuration {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let minutes = DELAYS.get(index).copied().unwrap_or(SLOWEST);
    let mut hasher = SipHasher13::new();
    hasher.write_i64(delivery.0);
    hasher.write_u32(attempts);
    let thousandths = i64::try_from(hasher.finish() % (JITTER.unsigned_abs() + 1)).unwrap_or(0);
    SignedDuration::from_secs(minutes * 60 + minutes * 60 * thousandths / 1000)
}

fn after(delay: SignedDuration, now: Timestamp) -> Timestamp {
    now.checked_add(delay).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T06:00:00Z".parse().expect("valid instant")
    }

    /// What follows the given outcomes of delivery 7, each met at 06:00.
    fn follow(outcomes: &[Outcome]) -> Vec<Next> {
        let mut tries = Tries::default();
        let step = |outcome: &Outcome| {
            tries.attempts += 1;
            tries.unknowns += u32::from(*outcome == Outcome::Unknown);
            next(DeliveryId(7), *outcome, tries, now())
        };
        outcomes.iter().map(step).collect()
    }

    fn minutes(next: Next) -> f64 {
        match next {
            Next::Retry(at) | Next::Resend(at) => at.duration_since(now()).as_secs_f64() / 60.0,
            other => panic!("no further attempt: {other:?}"),
        }
    }

    #[test]
    fn a_transient_failure_is_tried_again_for_ever_ever_more_seldom() {
        let waits = follow(&[Outcome::Transient; 40]).into_iter().map(minutes);
        let planned = [1.0, 5.0, 15.0, 30.0, 60.0]
            .into_iter()
            .chain(std::iter::repeat(120.0));
        for (wait, planned) in waits.zip(planned) {
            assert!(
                (planned..=planned * 1.1).contains(&wait),
                "{wait} is not about {planned}"
            );
        }
    }

    #[test]
    fn deliveries_that_failed_together_do_not_return_together() {
        let tries = Tries {
            attempts: 6,
            ..Tries::default()
        };
        let at = |id| minutes(next(DeliveryId(id), Outcome::Transient, tries, now()));
        let mut waits: Vec<_> = (0..20).map(at).collect();
        waits.sort_by(f64::total_cmp);
        waits.dedup();
        assert!(waits.len() > 15, "{waits:?}");
    }

    #[test]
    fn the_same_attempt_waits_the_same_time_after_a_restart() {
        assert_eq!(
            follow(&[Outcome::Transient; 8]),
            follow(&[Outcome::Transient; 8])
        );
    }

    #[test]
    fn wrong_settings_are_tried_hourly() {
        assert!(
            follow(&[Outcome::Config; 30])
                .into_iter()
                .all(|next| minutes(next) == 60.0)
        );
    }

    #[test]
    fn an_unknown_outcome_is_resent_twice_then_held() {
        let nexts = follow(&[Outcome::Unknown; 3]);
        assert!(matches!(nexts[0], Next::Resend(_)) && minutes(nexts[0]) == 15.0);
        assert!(matches!(nexts[1], Next::Resend(_)) && minutes(nexts[1]) == 15.0);
        assert_eq!(nexts[2], Next::Hold);
    }

    #[test]
    fn failures_between_unknown_outcomes_do_not_buy_more_resends() {
        use Outcome::{Transient, Unknown};
        let nexts = follow(&[Unknown, Transient, Transient, Unknown, Transient, Unknown]);
        assert_eq!(nexts.last(), Some(&Next::Hold));
    }

    #[test]
    fn a_message_too_big_is_halved_once() {
        assert_eq!(follow(&[Outcome::TooBig]), [Next::Halve]);
        let tries = Tries {
            attempts: 1,
            halved: true,
            ..Tries::default()
        };
        assert_eq!(
            next(DeliveryId(7), Outcome::TooBig, tries, now()),
            Next::Hold
        );
    }

    #[test]
    fn what_more_tries_cannot_change_stops() {
        assert_eq!(follow(&[Outcome::Permanent]), [Next::PauseRecipient]);
        assert_eq!(follow(&[Outcome::Refused]), [Next::Hold]);
        assert_eq!(follow(&[Outcome::Accepted]), [Next::Settle]);
    }

    #[test]
    fn every_outcome_has_a_word_of_its_own() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_word(outcome.as_str()), Some(outcome));
        }
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let tries = Tries {
            attempts: u32::MAX,
            ..Tries::default()
        };
        assert_eq!(
            next(
                DeliveryId(i64::MIN),
                Outcome::Transient,
                tries,
                Timestamp::MAX
            ),
            Next::Retry(Timestamp::MAX)
        );
    }
}
