//! What one fetch changes in the store: the feed's state, its items, their matches and stories, all together.

use std::sync::Arc;

use jiff::SignedDuration;

use super::Desk;
use crate::config::FeedConfig;
use crate::feed::FeedDocument;
use crate::health;
use crate::model::{Backfill, FeedId, FeedState, ItemId, Origin, Timestamp, Validators};
use crate::schedule::feeds::{self as schedule, Polled, Scope};
use crate::store::StoreError;
use crate::store::events::PollOutcome;
use crate::store::holds::Hold;
use crate::store::intake::{Counts, Taken, TakenEntry, TakenKind};

/// What came of asking one feed.
#[derive(Clone, Debug)]
pub struct Came {
    /// The answer.
    pub arrival: Arrival,
    /// Where a chain of permanent redirects ended.
    pub permanent_target: Option<String>,
    /// How long the server says its answer stays fresh; zero where it is stale at once, `None` where nothing is said.
    pub freshness: Option<SignedDuration>,
    /// The domain that the answer's wish to be left alone covers, if it covers more than the feed.
    pub refused_by: Option<String>,
}

/// A server's answer, read.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A feed.
    Document {
        /// What it says.
        document: Box<FeedDocument>,
        /// For the next time, if there are any.
        validators: Option<Validators>,
        /// Of the decoded body; `None`: it is torn, and even the same bytes are to be read once more.
        hash: Option<i64>,
    },
    /// The body that we know already.
    SameBody {
        /// For the next time, if there are any.
        validators: Option<Validators>,
    },
    /// 304.
    NotModified {
        /// For the next time.
        validators: Validators,
    },
    /// The server asked us to stay away.
    Throttled {
        /// For how long.
        wait: Option<SignedDuration>,
        /// Whom it meant.
        scope: Scope,
        /// In words.
        said: String,
    },
    /// Not asked: the feed's domain, or one that it led to, has asked another feed to leave it alone.
    Held {
        /// Which domain.
        domain: String,
        /// What is left of the time that it named, if it named one.
        wait: Option<SignedDuration>,
    },
    /// 410.
    Gone,
    /// Nothing that can be read.
    Failed {
        /// In words.
        cause: String,
    },
    /// Our own network seems to be down: nothing is counted against the feed.
    Offline {
        /// In words.
        cause: String,
    },
}

impl Came {
    /// Something that no server had a part in.
    pub fn of(arrival: Arrival) -> Came {
        Came {
            arrival,
            permanent_target: None,
            freshness: None,
            refused_by: None,
        }
    }

    /// The answer of one of the addresses of a feed that has moved. That one is gone is a failure like any other, so that the
    /// other has its turn; and that the one it `left` wants to be left alone says nothing of where the feed is now.
    fn of_a_feed_that_moved(self, left: bool) -> Came {
        let which = if left { "left" } else { "moved to" };
        let said = match &self.arrival {
            Arrival::Gone => schedule::GONE,
            Arrival::Throttled { said, .. } if left => said,
            Arrival::Held { domain, .. } if left => domain,
            _ => return self,
        };
        let cause = format!("the address that it {which}: {said}");
        Came {
            arrival: Arrival::Failed { cause },
            ..self
        }
    }
}

/// What a poll of one feed came to, for a person.
#[derive(Clone, Debug)]
pub struct Line {
    /// The feed.
    pub feed: FeedId,
    /// What it is called.
    pub name: String,
    /// Its address.
    pub url: String,
    /// What happened.
    pub result: PollResult,
    /// When it is asked next.
    pub next_at: Timestamp,
}

/// The kinds of [`Line`].
#[derive(Clone, Debug)]
pub enum PollResult {
    /// A document was read.
    Read {
        /// Its entries by what they were.
        counts: Counts,
        /// Those that are new, or newly shown or changed here, in document order.
        named: Vec<Named>,
        /// Matches made.
        matches: u32,
        /// Faults that were mended.
        oddities: u32,
        /// Whether items may have been missed before it.
        gap: bool,
        /// Why it was not whole.
        torn: Option<String>,
    },
    /// Nothing changed.
    Unchanged,
    /// The server asked us to wait, in words.
    Throttled(String),
    /// Not asked, since its domain asked another feed to wait, in words.
    Held(String),
    /// It failed, in words.
    Failed(String),
}

/// An entry of a document that is worth naming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its item.
    pub item: ItemId,
    /// `new`, `backfill`, `late`, `replaced`, `changed`, or `sighting` for an item that another feed showed first.
    pub what: &'static str,
    /// What it shows.
    pub title: String,
    /// As written, absolute.
    pub link: Option<String>,
}

impl Named {
    fn of(entry: &TakenEntry) -> Named {
        Named {
            item: entry.item,
            what: match entry.kind {
                TakenKind::First => entry.origin.as_str(),
                TakenKind::Sighting => "sighting",
                TakenKind::Changed { .. } => "changed",
            },
            title: entry.shown.title.clone(),
            link: entry.link.clone(),
        }
    }
}

/// How soon a feed is asked again after our own network was down.
const OFFLINE_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// How many dates a feed's rhythm is taken from.
const RHYTHM_DATES: u32 = 20;

impl Desk {
    /// Stores what came of asking a feed; all of it or, on an error, nothing.
    pub fn take(&mut self, id: FeedId, came: Came, now: Timestamp) -> Result<Line, StoreError> {
        self.step(|desk| desk.take_all(id, came, now))
    }

    fn take_all(&mut self, id: FeedId, came: Came, now: Timestamp) -> Result<Line, StoreError> {
        let mut before = self.store.feed(id)?;
        let watchlist = Arc::clone(&self.watchlist);
        let Some(declared) = watchlist.feed(&before.url) else {
            // The watchlist dropped the feed while it was being asked.
            return Ok(Line {
                feed: id,
                name: before.name,
                url: before.url,
                result: PollResult::Failed("no longer in the watchlist".to_owned()),
                next_at: before.next_at,
            });
        };
        let came = match before.has_moved() {
            true => came.of_a_feed_that_moved(before.is_asked_where_it_was()),
            false => came,
        };
        let mut state = before.clone();
        let (polled, result) = self.read_arrival(&mut state, declared, &came, now)?;
        let answered = matches!(
            result,
            PollResult::Read { .. } | PollResult::Unchanged | PollResult::Throttled(_)
        );
        if answered && std::mem::take(&mut self.may_be_offline) {
            self.store.note_online()?;
        }
        if let Some(polled) = &polled {
            self.schedule(&mut before, &mut state, polled, declared, &came, now)?;
            if matches!(polled, Polled::Read { .. } | Polled::Unchanged { .. }) {
                let target = came.permanent_target.as_deref();
                let has_news = matches!(&result, PollResult::Read { counts, .. } if counts.new > 0);
                self.note_move(&mut state, before.asked_at(), target, has_news, now)?;
            }
        }
        // While our own network is down, the silence of a feed says nothing.
        let counts = polled.is_some() || matches!(result, PollResult::Held(_));
        if counts && health::may_be_news(&before, &state, now) {
            self.note_news(&state, before.failing_since, now)?;
        }
        self.store.record_feed(&state)?;
        if polled.is_some() {
            self.count(&result, now)?;
        }
        Ok(Line {
            feed: id,
            name: state.name,
            url: state.url,
            result,
            next_at: state.next_at,
        })
    }

    /// Puts an answer into the feed's state, and its items into the store; `None` where nothing counts.
    fn read_arrival(
        &mut self,
        state: &mut FeedState,
        declared: &FeedConfig,
        came: &Came,
        now: Timestamp,
    ) -> Result<(Option<Polled>, PollResult), StoreError> {
        Ok(match &came.arrival {
            Arrival::Document {
                document,
                validators,
                hash,
            } => {
                let (taken, named, matches) = self.take_document(state, declared, document, now)?;
                let last_ok_at = state.last_ok_at;
                let never_read = state.first_read_at.is_none() && last_ok_at.is_none();
                *state = taken.feed;
                if never_read && document.torn.is_some() {
                    // The rest of what it shows already is no news either, so the first poll is still to come; but only
                    // the next one, since some feeds never come whole.
                    state.first_read_at = None;
                }
                let torn = document.torn.as_ref();
                if let (Some(torn), []) = (torn, document.entries.as_slice()) {
                    let cause = format!("the document broke off before its first entry: {torn}");
                    state.last_ok_at = last_ok_at;
                    ill(state, &cause, now);
                    return Ok((Some(Polled::Failed), PollResult::Failed(cause)));
                }
                well(state, now);
                state.error = torn.map(|torn| format!("its document is not whole: {torn}"));
                state.validators.clone_from(validators);
                state.body_hash = *hash;
                state.full_at = Some(now);
                state.rhythm = schedule::rhythm(&self.store.recent_dates(state.id, RHYTHM_DATES)?);
                // What a torn document says of itself must not hold up the rest.
                let ttl = document.ttl.filter(|_| document.torn.is_none());
                state.ttl = ttl;
                state.hint = longest(came.freshness, ttl);
                let gap = taken.gap.is_some();
                let result = PollResult::Read {
                    counts: taken.counts,
                    named,
                    matches,
                    oddities: state.oddities,
                    gap,
                    torn: document.torn.clone(),
                };
                (
                    Some(Polled::Read {
                        hint: state.hint,
                        gap,
                    }),
                    result,
                )
            }
            Arrival::SameBody { validators } => {
                well(state, now);
                state.validators.clone_from(validators);
                state.full_at = Some(now);
                state.hint = longest(came.freshness, state.ttl);
                (
                    Some(Polled::Unchanged { hint: state.hint }),
                    PollResult::Unchanged,
                )
            }
            Arrival::NotModified { validators } => {
                well(state, now);
                state.validators = Some(validators.clone());
                // A 304 that says nothing of it leaves the freshness as it was (RFC 9111 section 3.2).
                if came.freshness.is_some() {
                    state.hint = longest(came.freshness, state.ttl);
                }
                (
                    Some(Polled::Unchanged { hint: state.hint }),
                    PollResult::Unchanged,
                )
            }
            Arrival::Throttled { wait, scope, said } => {
                ill(state, said, now);
                let polled = Polled::Throttled {
                    wait: *wait,
                    scope: *scope,
                };
                (Some(polled), PollResult::Throttled(said.clone()))
            }
            Arrival::Held { domain, wait } => {
                let held = self.put_off(state, domain, *wait, now)?;
                (None, PollResult::Held(held))
            }
            Arrival::Gone => {
                ill(state, schedule::GONE, now);
                (
                    Some(Polled::Gone),
                    PollResult::Failed(schedule::GONE.to_owned()),
                )
            }
            Arrival::Failed { cause } => {
                ill(state, cause, now);
                (Some(Polled::Failed), PollResult::Failed(cause.clone()))
            }
            Arrival::Offline { cause } => {
                let since = self.store.note_offline(now)?;
                self.may_be_offline = true;
                let last = state.last_ok_at.unwrap_or(state.added_at);
                if self.is_dead_to_us(last, since, now)? {
                    state.failing_since.get_or_insert(last.max(since));
                    ill(state, cause, now);
                    (Some(Polled::Failed), PollResult::Failed(cause.clone()))
                } else {
                    state.next_at = now + OFFLINE_PAUSE;
                    let words = format!("{cause} (our own network seems to be down)");
                    (None, PollResult::Failed(words))
                }
            }
        })
    }

    /// Whether the silence of a feed that answered `last` is news, whoever's fault it is: for a day it did not answer, and
    /// others did, or nobody was to be reached since `offline`. A machine that slept has asked nobody.
    fn is_dead_to_us(
        &self,
        last: Timestamp,
        offline: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let is_long = |since: Timestamp| now.duration_since(since) >= health::DEATH;
        Ok(is_long(last) && (is_long(offline) || self.store.was_online(now - health::DEATH)?))
    }

    fn take_document(
        &mut self,
        state: &FeedState,
        declared: &FeedConfig,
        document: &FeedDocument,
        now: Timestamp,
    ) -> Result<(Taken, Vec<Named>, u32), StoreError> {
        let mut taken = self.store.take_in(state, document, now)?;
        let mailed_from = match declared.feed.backfill {
            Backfill::None => None,
            Backfill::All => Some(Timestamp::MIN),
            Backfill::Since(span) => Some(now.checked_sub(span).unwrap_or(Timestamp::MIN)),
        };
        let mut matches = 0;
        let mut named = Vec::with_capacity(taken.entries.len());
        for entry in std::mem::take(&mut taken.entries) {
            let is_mailed = entry.origin != Origin::Backfill
                || mailed_from.is_some_and(|from| entry.date >= from);
            let feed = (&taken.feed, declared.feed.tags.as_slice());
            matches += self.match_entry(feed, &entry, is_mailed, now)?;
            named.push(Named::of(&entry));
        }
        Ok((taken, named, matches))
    }

    /// When to ask next. The schedule wants the feed as it was before this poll, with what a document just taught, which
    /// `before` gets.
    fn schedule(
        &mut self,
        before: &mut FeedState,
        state: &mut FeedState,
        polled: &Polled,
        declared: &FeedConfig,
        came: &Came,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        before.rhythm = state.rhythm;
        before.last_new_at = state.last_new_at;
        before.skip_hours = state.skip_hours;
        before.skip_days = state.skip_days;
        let next = schedule::next_after(
            polled,
            before,
            &self.watchlist.pace(),
            declared.feed.every,
            now,
        );
        state.next_at = next.next_at;
        state.hold_until = next.hold_until;
        if let (Polled::Throttled { wait, .. }, Some(domain)) = (polled, &came.refused_by) {
            let hold = Hold {
                domain: domain.clone(),
                until: schedule::held_until(*wait, now),
                feed: state.id,
            };
            self.store.hold_domain(&hold, now)?;
        }
        Ok(())
    }

    fn count(&mut self, result: &PollResult, now: Timestamp) -> Result<(), StoreError> {
        let (outcome, new) = match result {
            PollResult::Read { counts, .. } => (PollOutcome::Changed, counts.new),
            PollResult::Unchanged => (PollOutcome::Unchanged, 0),
            PollResult::Throttled(_) | PollResult::Held(_) | PollResult::Failed(_) => {
                (PollOutcome::Failed, 0)
            }
        };
        self.store.count_hour(now, outcome, new)
    }
}

/// How long to believe that nothing changes: by the answer's headers or by the feed itself.
fn longest(
    freshness: Option<SignedDuration>,
    ttl: Option<SignedDuration>,
) -> Option<SignedDuration> {
    freshness.max(ttl).filter(|hint| hint.is_positive())
}

/// A poll that reached the feed.
fn well(state: &mut FeedState, now: Timestamp) {
    state.last_ok_at = Some(now);
    state.failing_since = None;
    state.failures = 0;
    state.error = None;
}

/// A poll that did not.
fn ill(state: &mut FeedState, cause: &str, now: Timestamp) {
    state.failing_since.get_or_insert(now);
    state.failures = state.failures.saturating_add(1);
    state.error = Some(cause.to_owned());
}
