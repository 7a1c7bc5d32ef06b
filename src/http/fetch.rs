//! One conditional GET to an outcome.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use url::Url;

use super::answer;
use super::chase::{Chase, Failure, Reply};
use super::client::Client;
use super::gate::Permit;
use super::room::Room;
use crate::model::Validators;
pub use crate::schedule::feeds::Scope;

/// What to ask.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// An absolute `http` or `https` address.
    pub url: &'a str,
    /// Sent only to the address they came from; `None` asks for the whole document.
    pub validators: Option<&'a Validators>,
    /// Further headers of the watchlist; all but `User-Agent`, `Accept` and `Accept-Language` stay with the origin of `url`.
    pub headers: &'a [(String, String)],
    /// User name and password, for the origin of `url` only.
    pub basic_auth: Option<(&'a str, &'a str)>,
    /// An address a person has just typed may be private; its redirects may not.
    pub typed_by_hand: bool,
}

/// How much longer a domain, by the name that [`domain`](crate::url::domain) gives it, wants to be left alone; `None`: it may
/// be asked.
pub type HoldOf<'a> = &'a (dyn Fn(&str) -> Option<SignedDuration> + Sync);

/// What came of it.
#[derive(Clone, Debug)]
pub struct Response {
    /// The answer of the last hop.
    pub outcome: Outcome,
    /// The right to hold the document, if that is not small; keep it as long as the document and what is made of it.
    pub room: Option<Room>,
    /// The address that gave it.
    pub final_url: String,
    /// `final_url`, if there were redirects and each was a 301 or 308.
    pub permanent_target: Option<String>,
    /// How long the server says its answer stays fresh: the longest of `max-age - Age` and `Expires - Date`; zero
    /// where it is stale at once, `None` where nothing is said.
    pub freshness: Option<SignedDuration>,
    /// From the first request to the last byte, without the time spent waiting at the gate.
    pub took: Duration,
    /// `Date` of the last answer.
    pub server_date: Option<Timestamp>,
}

/// The world's answers to one fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 304: what we hold is current.
    NotModified {
        /// The validators we sent, with those that the 304 carried in their place.
        freshened: Validators,
    },
    /// 200 with a document. Whether it is a feed is not decided here: keep `validators` only if it is one.
    Body {
        /// The document, decompressed.
        bytes: Bytes,
        /// Both `None` where the server sent none, and for a torn body.
        validators: Validators,
        /// `Content-Type` as sent.
        content_type: Option<String>,
        /// Of `bytes`; equal for equal documents, also in later versions.
        hash: i64,
        /// Why the document is not whole, if it is not.
        torn: Option<String>,
    },
    /// The server asked us to stay away.
    Throttled {
        /// For how long from now, at most 7 days; `None`: it did not say.
        wait: Option<SignedDuration>,
        /// Whom it meant.
        scope: Scope,
        /// In words: "HTTP 429 (too many requests)".
        said: String,
    },
    /// The domain of an address on our way has asked another feed to leave it alone: nothing was sent to it.
    Held {
        /// Which, as [`domain`](crate::url::domain) has it.
        domain: String,
        /// What is left of the time that it named, if it named one.
        wait: Option<SignedDuration>,
    },
    /// 410.
    Gone,
    /// No document, for whatever reason.
    Failed {
        /// How far we came.
        stage: Stage,
        /// In words: "connection refused", "HTTP 404 (not found)".
        cause: String,
    },
}

/// How far a fetch came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The address guard, the address or a header refused it before anything was sent.
    Refused,
    /// The world says that there is no such name.
    NoSuchHost,
    /// The world does not answer what the name's address is.
    Resolve,
    /// No connection.
    Connect,
    /// This machine has no file left to open a connection with, which says nothing of server or network.
    Exhausted,
    /// No common ground, or a certificate that does not hold.
    Tls,
    /// Connected, but no answer.
    Answer,
    /// An answer with a status that is none of the others.
    Status,
    /// Redirects that lead nowhere.
    Redirect,
    /// The document broke off at once, or is larger than we take.
    Body,
}

impl Outcome {
    /// How far the fetch came, if it failed.
    pub fn stage(&self) -> Option<Stage> {
        match self {
            Outcome::Failed { stage, .. } => Some(*stage),
            _ => None,
        }
    }

    /// Whether the world answered at all, be it that there is no such host. Where many are not reached at once, the
    /// trouble is our own network.
    pub fn reached(&self) -> bool {
        !matches!(self.stage(), Some(Stage::Resolve | Stage::Connect))
    }
}

impl Client {
    /// Waits for its turn at the gate and asks whoever it is led to; never call it while holding a permit.
    pub async fn fetch(&self, request: &Request<'_>) -> Response {
        let permit = self.enter(request.url).await;
        self.fetch_entered(permit, request, &|_| None).await
    }

    /// Asks with the permit that `enter` gave for `request.url`. Each redirect gives it back and waits for its own.
    ///
    /// Nothing is sent to a domain that `hold_of` knows or that answered another feed with 429 while this one waited for it: then
    /// the outcome is `Held`.
    pub async fn fetch_entered(
        &self,
        permit: Permit,
        request: &Request<'_>,
        hold_of: HoldOf<'_>,
    ) -> Response {
        let started = Instant::now();
        let origin = match address(request.url) {
            Ok(origin) => origin,
            Err(failed) => return Response::without_answer(failed, request.url),
        };
        let mut chase = Chase::new(self, request, hold_of, origin, started);
        let reply = chase.run(permit).await;
        Response {
            outcome: reply.outcome,
            room: reply.room,
            final_url: chase.url().to_string(),
            permanent_target: chase.permanent_target().map(Url::to_string),
            freshness: reply.freshness,
            took: started.elapsed().saturating_sub(chase.waited()),
            server_date: reply.server_date,
        }
    }
}

impl Response {
    fn without_answer(failure: Failure, url: &str) -> Response {
        let reply = Reply::failed(failure);
        Response {
            outcome: reply.outcome,
            room: reply.room,
            final_url: url.to_owned(),
            permanent_target: None,
            freshness: None,
            took: Duration::ZERO,
            server_date: None,
        }
    }
}

fn address(url: &str) -> Result<Url, Failure> {
    let refused = |words: String| (Stage::Refused, words);
    let parsed = Url::parse(url).map_err(|error| format!("the address cannot be used: {error}"));
    let mut parsed = parsed.map_err(refused)?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(refused("the address is not http or https".to_owned()));
    }
    answer::strip(&mut parsed);
    Ok(parsed)
}
