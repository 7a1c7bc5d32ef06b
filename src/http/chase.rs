//! The way of one fetch: a request, and what its redirects lead to.
//!
//! Redirects are followed here, hop by hop, because each hop must pass the address guard and the gate of its domain,
//! and must not be told what is meant for another.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use url::Url;

use super::client::{Agent, Client, ClientError};
use super::fetch::{HoldOf, Outcome, Request, Scope, Stage};
use super::gate::Permit;
use super::patience::Patience;
use super::room::Room;
use super::{answer, cause, document};
use crate::model::Validators;

/// What we ask for; the rest of the world is welcome, too.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, \
                      application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1";
/// What we can decompress.
const ACCEPT_ENCODING: &str = "gzip, br";
const MOST_HOPS: usize = 10;

/// One fetch on its way through redirects.
pub(super) struct Chase<'a> {
    client: &'a Client,
    request: &'a Request<'a>,
    hold_of: HoldOf<'a>,
    origin: Url,
    url: Url,
    /// The addresses that redirected us.
    seen: Vec<Url>,
    /// Whether all of them did so for good.
    permanent: bool,
    patience: Patience,
}

/// What the last answer came to.
pub(super) struct Reply {
    pub(super) outcome: Outcome,
    /// The right to hold its document, if that is not small.
    pub(super) room: Option<Room>,
    pub(super) freshness: Option<SignedDuration>,
    pub(super) server_date: Option<Timestamp>,
}

/// Stage and cause.
pub(super) type Failure = (Stage, String);

impl<'a> Chase<'a> {
    pub(super) fn new(
        client: &'a Client,
        request: &'a Request<'a>,
        hold_of: HoldOf<'a>,
        origin: Url,
        started: Instant,
    ) -> Chase<'a> {
        Chase {
            client,
            request,
            hold_of,
            url: origin.clone(),
            origin,
            seen: Vec::new(),
            permanent: true,
            patience: Patience::new(client.settings().total_timeout, started),
        }
    }

    /// Asks, and follows redirects to the answer that is none. The permit is for the first address.
    pub(super) async fn run(&mut self, mut permit: Permit) -> Reply {
        if let Err(failure) = self.pass_guard() {
            return Reply::failed(failure);
        }
        loop {
            let refused = permit.refused_meanwhile();
            if let Some(wait) = refused.or_else(|| (self.hold_of)(permit.domain()).map(Some)) {
                let domain = permit.domain().to_owned();
                return Reply::of(Outcome::Held { domain, wait });
            }
            permit.begin();
            let found = match self.ask().await {
                Ok(found) => found,
                Err(failure) => return Reply::failed(failure),
            };
            let target = answer::redirect(found.status(), found.headers(), &self.url);
            let Some(target) = target else {
                // The permit is held until the last byte has come.
                let reply = self.read(found).await;
                if let Outcome::Throttled {
                    wait,
                    scope: Scope::Domain,
                    ..
                } = reply.outcome
                {
                    permit.refuse(wait);
                }
                return reply;
            };
            let permanent = answer::is_permanent(found.status());
            // An unread body would keep the connection busy.
            drop((found, permit));
            if let Err(failure) = self.turn_to(target, permanent) {
                return Reply::failed(failure);
            }
            let waiting = self.client.enter(self.url.as_str());
            permit = self.patience.excuse(waiting).await;
        }
    }

    /// The address asked last.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The address asked last, if redirects led there and each was for good.
    pub(super) fn permanent_target(&self) -> Option<&Url> {
        (self.permanent && !self.seen.is_empty()).then_some(&self.url)
    }

    /// How long we waited for reasons of our own.
    pub(super) fn waited(&self) -> Duration {
        self.patience.waited()
    }

    fn turn_to(&mut self, target: Result<Url, String>, permanent: bool) -> Result<(), Failure> {
        let target = target.map_err(|cause| (Stage::Redirect, cause))?;
        let left = std::mem::replace(&mut self.url, target);
        self.seen.push(left);
        self.permanent &= permanent;
        if self.seen.contains(&self.url) {
            return Err((Stage::Redirect, "redirects lead in a circle".to_owned()));
        }
        if self.seen.len() > MOST_HOPS {
            return Err((Stage::Redirect, format!("more than {MOST_HOPS} redirects")));
        }
        self.pass_guard()
    }

    /// Before the gate, so that nobody waits for an address that is refused.
    fn pass_guard(&self) -> Result<(), Failure> {
        if !self.is_guarded() {
            return Ok(());
        }
        let refused = self.client.guard().check(&self.url);
        refused.map_err(|refusal| (Stage::Refused, refusal.to_string()))
    }

    fn is_guarded(&self) -> bool {
        !(self.request.typed_by_hand && self.seen.is_empty())
    }

    /// One request to `self.url`, up to the head of the answer.
    async fn ask(&self) -> Result<reqwest::Response, Failure> {
        let guarded = self.is_guarded();
        let tls = self.url.scheme() == "https";
        let agent = self.client.agent(Agent { tls, guarded });
        let agent = agent.map_err(|error| match error {
            ClientError::NoCertificates => (Stage::Tls, error.to_string()),
            _ => (Stage::Refused, error.to_string()),
        })?;
        let mut builder = agent.get(self.url.clone()).headers(self.headers()?);
        if self.at_origin()
            && let Some((user, password)) = self.request.basic_auth
        {
            builder = builder.basic_auth(user, Some(password));
        }
        let settings = self.client.settings();
        // The engine does not say when it is connected.
        let most = settings.connect_timeout.max(settings.read_timeout);
        match self.patience.within(most, builder.send()).await {
            Some(sent) => sent.map_err(|error| self.explain(&error)),
            None => Err((Stage::Answer, "no answer in time".to_owned())),
        }
    }

    fn headers(&self) -> Result<HeaderMap, Failure> {
        const HARMLESS: [HeaderName; 3] =
            [header::USER_AGENT, header::ACCEPT, header::ACCEPT_LANGUAGE];

        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static(ACCEPT_ENCODING),
        );
        for (name, value) in self.request.headers {
            let words = || format!("the header `{name}` cannot be sent");
            let known: HeaderName = name.parse().map_err(|_| (Stage::Refused, words()))?;
            let value = HeaderValue::from_bytes(value.as_bytes());
            let mut value = value.map_err(|_| (Stage::Refused, words()))?;
            value.set_sensitive(true);
            if self.at_origin() || HARMLESS.contains(&known) {
                headers.insert(known, value);
            }
        }
        if let Some(validators) = self.validators() {
            let mut add = |name, bytes: &Option<Vec<u8>>| {
                // What came in a header can go out in one; other bytes can only stem from a damaged store.
                let value = bytes.as_deref().map(HeaderValue::from_bytes);
                if let Some(Ok(value)) = value {
                    headers.insert(name, value);
                }
            };
            add(header::IF_NONE_MATCH, &validators.etag);
            add(header::IF_MODIFIED_SINCE, &validators.last_modified);
        }
        Ok(headers)
    }

    /// Those that came from this very address.
    fn validators(&self) -> Option<&Validators> {
        let validators = self.request.validators?;
        let has_any = validators.etag.is_some() || validators.last_modified.is_some();
        (has_any && validators.url == self.url.as_str()).then_some(validators)
    }

    fn at_origin(&self) -> bool {
        self.url.origin() == self.origin.origin()
    }

    fn explain(&self, error: &reqwest::Error) -> Failure {
        let (stage, cause) = cause::explain(error);
        let by_proxy = self.client.has_proxy() && stage == Stage::Connect;
        match by_proxy {
            true => (stage, format!("through the proxy: {cause}")),
            false => (stage, cause),
        }
    }

    /// An answer that is no redirect.
    async fn read(&mut self, found: reqwest::Response) -> Reply {
        let server_date = answer::server_date(found.headers());
        let date = server_date.unwrap_or_else(Timestamp::now);
        let fresh = answer::freshness(found.headers(), date);
        let mut room = None;
        let (outcome, freshness) = match (found.status(), self.validators()) {
            (StatusCode::NOT_MODIFIED, Some(sent)) => {
                let freshened = answer::freshened(sent, found.headers(), &self.url);
                (Outcome::NotModified { freshened }, fresh)
            }
            (StatusCode::NOT_MODIFIED, None) => {
                let cause = "HTTP 304 (not modified), though we hold no document".to_owned();
                let stage = Stage::Status;
                (Outcome::Failed { stage, cause }, None)
            }
            (StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION, _) => {
                let validators = answer::validators(found.headers(), &self.url);
                let read = document::read(self.client, &mut self.patience, found, validators);
                let outcome;
                (outcome, room) = read.await;
                // Half a document is to be asked for again soon, however fresh it is.
                let whole = matches!(outcome, Outcome::Body { torn: None, .. });
                (outcome, fresh.filter(|_| whole))
            }
            _ => (self.refusal(found, date).await, None),
        };
        Reply {
            outcome,
            room,
            freshness,
            server_date,
        }
    }

    /// An error; of some the first bytes say who sends it.
    async fn refusal(&mut self, mut found: reqwest::Response, date: Timestamp) -> Outcome {
        const MOST: usize = 16 << 10;
        const TIME: Duration = Duration::from_secs(3);

        let mut first_bytes = Vec::new();
        let by_cloudflare = found
            .headers()
            .get(header::SERVER)
            .is_some_and(|server| server == "cloudflare");
        while by_cloudflare && first_bytes.len() < MOST {
            match self.patience.within(TIME, found.chunk()).await {
                Some(Ok(Some(chunk))) => first_bytes.extend_from_slice(&chunk),
                _ => break,
            }
        }
        let with_password = self.at_origin()
            && (self.request.basic_auth.is_some() || has_authorization(self.request.headers));
        let refusal = answer::refusal(
            found.status(),
            found.headers(),
            &first_bytes,
            with_password,
            date,
        );
        match refusal {
            // Where we were led for the time being is gone, and not the feed.
            Outcome::Gone if !self.permanent => Outcome::Failed {
                stage: Stage::Status,
                cause: answer::named(found.status()),
            },
            refusal => refusal,
        }
    }
}

impl Reply {
    pub(super) fn failed((stage, cause): Failure) -> Reply {
        Reply::of(Outcome::Failed { stage, cause })
    }

    /// An outcome without an answer.
    fn of(outcome: Outcome) -> Reply {
        Reply {
            outcome,
            room: None,
            freshness: None,
            server_date: None,
        }
    }
}

fn has_authorization(headers: &[(String, String)]) -> bool {
    headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
}
