//! One conditional GET to an outcome.
//!
//! Redirects are followed here, hop by hop, because each hop must pass the address guard and the gate of its domain,
//! and must not be told what is meant for another.

use std::future::Future;
use std::hash::Hasher;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use siphasher::sip::SipHasher13;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::body::{Body, Fault};
use super::client::{Agent, Client, ClientError};
use super::gate::Permit;
use super::{answer, cause};
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

/// What came of it.
#[derive(Clone, Debug)]
pub struct Response {
    /// The answer of the last hop.
    pub outcome: Outcome,
    /// The address that gave it.
    pub final_url: String,
    /// `final_url`, if there were redirects and each was a 301 or 308.
    pub permanent_target: Option<String>,
    /// How long the server says its answer stays fresh: the longest of `max-age - Age` and `Expires - Date`.
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
    /// Whether the world answered at all, be it that there is no such host. Where many are not reached at once, the
    /// trouble is our own network.
    pub fn reached(&self) -> bool {
        let unreached = [Stage::Resolve, Stage::Connect];
        !matches!(self, Outcome::Failed { stage, .. } if unreached.contains(stage))
    }
}

/// What we ask for; the rest of the world is welcome, too.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, \
                      application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1";
/// What we can decompress.
const ACCEPT_ENCODING: &str = "gzip, br";
const MOST_HOPS: usize = 10;

impl Client {
    /// Waits for its turn at the gate and asks; never call it while holding a permit.
    pub async fn fetch(&self, request: &Request<'_>) -> Response {
        let permit = self.enter(request.url).await;
        self.fetch_entered(permit, request).await
    }

    /// Asks with the permit that `enter` gave for `request.url`. Each redirect gives it back and waits for its own.
    pub async fn fetch_entered(&self, permit: Permit, request: &Request<'_>) -> Response {
        let started = Instant::now();
        let origin = match address(request.url) {
            Ok(origin) => origin,
            Err(failed) => return Response::without_answer(failed, request.url),
        };
        let mut chase = Chase {
            client: self,
            request,
            url: origin.clone(),
            origin,
            seen: Vec::new(),
            permanent: true,
            patience: Patience::new(self, started),
        };
        let reply = chase.run(permit).await;
        let redirected = !chase.seen.is_empty();
        let final_url = chase.url.to_string();
        Response {
            outcome: reply.outcome,
            permanent_target: (redirected && chase.permanent).then(|| final_url.clone()),
            final_url,
            freshness: reply.freshness,
            took: started.elapsed().saturating_sub(chase.patience.waited),
            server_date: reply.server_date,
        }
    }
}

/// One fetch on its way through redirects.
struct Chase<'a> {
    client: &'a Client,
    request: &'a Request<'a>,
    origin: Url,
    url: Url,
    /// The addresses that redirected us.
    seen: Vec<Url>,
    /// Whether all of them did so for good.
    permanent: bool,
    patience: Patience,
}

/// What the last answer came to.
struct Reply {
    outcome: Outcome,
    freshness: Option<SignedDuration>,
    server_date: Option<Timestamp>,
}

/// Stage and cause.
type Failure = (Stage, String);

impl Chase<'_> {
    async fn run(&mut self, permit: Permit) -> Reply {
        let mut permit = permit;
        loop {
            let found = match self.ask().await {
                Ok(found) => found,
                Err(failure) => return Reply::failed(failure),
            };
            let target = answer::redirect(found.status(), found.headers(), &self.url);
            let Some(target) = target else {
                // The permit is held until the last byte has come.
                return self.read(found).await;
            };
            let permanent = answer::is_permanent(found.status());
            // An unread body would keep the connection busy.
            drop((found, permit));
            if let Err(cause) = target.and_then(|target| self.turn_to(target, permanent)) {
                return Reply::failed((Stage::Redirect, cause));
            }
            let waiting = self.client.enter(self.url.as_str());
            permit = self.patience.excuse(waiting).await;
        }
    }

    fn turn_to(&mut self, target: Url, permanent: bool) -> Result<(), String> {
        let left = std::mem::replace(&mut self.url, target);
        self.seen.push(left);
        self.permanent &= permanent;
        if self.seen.contains(&self.url) {
            return Err("redirects lead in a circle".to_owned());
        }
        if self.seen.len() > MOST_HOPS {
            return Err(format!("more than {MOST_HOPS} redirects"));
        }
        Ok(())
    }

    /// One request to `self.url`, up to the head of the answer.
    async fn ask(&self) -> Result<reqwest::Response, Failure> {
        let guarded = !(self.request.typed_by_hand && self.seen.is_empty());
        if guarded && let Err(refusal) = self.client.guard().check(&self.url) {
            return Err((Stage::Refused, refusal.to_string()));
        }
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
        let most = settings.connect_timeout + settings.read_timeout;
        match self.patience.within(most, builder.send()).await {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(self.explain(&error)),
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
            let unusable = |_| {
                (
                    Stage::Refused,
                    format!("the header `{name}` cannot be sent"),
                )
            };
            let known: HeaderName = name.parse().map_err(|_| unusable(()))?;
            let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unusable(()))?;
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
        let (outcome, freshness) = match found.status() {
            StatusCode::NOT_MODIFIED => match self.validators() {
                Some(sent) => {
                    let freshened = answer::freshened(sent, found.headers(), &self.url);
                    (
                        Outcome::NotModified { freshened },
                        answer::freshness(found.headers(), date),
                    )
                }
                None => {
                    let cause = "HTTP 304 (not modified), though we hold no document".to_owned();
                    (
                        Outcome::Failed {
                            stage: Stage::Status,
                            cause,
                        },
                        None,
                    )
                }
            },
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => {
                let freshness = answer::freshness(found.headers(), date);
                (self.document(found).await, freshness)
            }
            _ => (self.refusal(found, date).await, None),
        };
        Reply {
            outcome,
            freshness,
            server_date,
        }
    }

    async fn document(&mut self, found: reqwest::Response) -> Outcome {
        let validators = answer::validators(found.headers(), &self.url);
        let content_type = answer::content_type(found.headers());
        let (bytes, fault) = self.pieces(found).await;
        let torn = match fault {
            Some(Fault::Refused(cause)) => {
                return Outcome::Failed {
                    stage: Stage::Body,
                    cause,
                };
            }
            Some(Fault::Torn(cause)) if bytes.is_empty() => {
                return Outcome::Failed {
                    stage: Stage::Body,
                    cause,
                };
            }
            Some(Fault::Torn(cause)) => Some(cause),
            None if bytes.is_empty() => {
                let cause = "the document is empty".to_owned();
                return Outcome::Failed {
                    stage: Stage::Body,
                    cause,
                };
            }
            None => None,
        };
        let validators = match torn {
            None => validators,
            Some(_) => Validators {
                url: validators.url,
                ..Validators::default()
            },
        };
        Outcome::Body {
            hash: hash(&bytes),
            bytes: Bytes::from(bytes),
            validators,
            content_type,
            torn,
        }
    }

    /// Reads the document piece by piece, within the limits of size and time.
    async fn pieces(&mut self, mut found: reqwest::Response) -> (Vec<u8>, Option<Fault>) {
        // A bomb expands a thousandfold: between pieces of this size we look at how much there is.
        const PIECE: usize = 1 << 10;
        const LARGE: usize = 1 << 20;

        let announced = found.headers().get(header::CONTENT_ENCODING);
        let announced =
            announced.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut body = Body::new(announced.as_deref().unwrap_or_default());
        let mut room = None;
        let most = self.client.settings().read_timeout;
        let fault = loop {
            let chunk = match self.patience.within(most, found.chunk()).await {
                Some(Ok(Some(chunk))) => chunk,
                Some(Ok(None)) => break None,
                Some(Err(error)) => break Some(Fault::Torn(cause::explain_body(&error))),
                None => {
                    break Some(Fault::Torn(
                        "the document did not come to its end in time".to_owned(),
                    ));
                }
            };
            let mut fault = None;
            for piece in chunk.chunks(PIECE) {
                fault = body.push(piece).err();
                if fault.is_some() {
                    break;
                }
                if room.is_none() && body.len() > LARGE {
                    room = Some(self.patience.excuse(self.client.room()).await);
                }
            }
            if fault.is_some() {
                break fault;
            }
        };
        if let Some(Fault::Refused(_)) = fault {
            return (Vec::new(), fault);
        }
        let (bytes, at_end) = body.finish();
        (bytes, fault.or(at_end))
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
        answer::refusal(
            found.status(),
            found.headers(),
            &first_bytes,
            with_password,
            date,
        )
    }
}

impl Response {
    fn without_answer(failure: Failure, url: &str) -> Response {
        let reply = Reply::failed(failure);
        Response {
            outcome: reply.outcome,
            final_url: url.to_owned(),
            permanent_target: None,
            freshness: None,
            took: Duration::ZERO,
            server_date: None,
        }
    }
}

impl Reply {
    fn failed((stage, cause): Failure) -> Reply {
        Reply {
            outcome: Outcome::Failed { stage, cause },
            freshness: None,
            server_date: None,
        }
    }
}

/// The time a fetch may still take. Waiting that is our own doing is not counted.
struct Patience {
    ends: Instant,
    waited: Duration,
}

impl Patience {
    fn new(client: &Client, started: Instant) -> Patience {
        Patience {
            ends: started + client.settings().total_timeout,
            waited: Duration::ZERO,
        }
    }

    /// What `future` yields within `most` and within all that is left, or `None`.
    async fn within<T>(&self, most: Duration, future: impl Future<Output = T>) -> Option<T> {
        let until = self.ends.min(Instant::now() + most);
        timeout_at(until, future).await.ok()
    }

    async fn excuse<T>(&mut self, future: impl Future<Output = T>) -> T {
        let before = Instant::now();
        let done = future.await;
        let waited = before.elapsed();
        self.ends += waited;
        self.waited += waited;
        done
    }
}

fn address(url: &str) -> Result<Url, Failure> {
    let mut parsed = Url::parse(url).map_err(|error| {
        (
            Stage::Refused,
            format!("the address cannot be used: {error}"),
        )
    })?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err((
            Stage::Refused,
            "the address is not http or https".to_owned(),
        ));
    }
    answer::strip(&mut parsed);
    Ok(parsed)
}

fn has_authorization(headers: &[(String, String)]) -> bool {
    headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
}

/// With a fixed key, since it is stored and compared later.
fn hash(bytes: &[u8]) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish().cast_signed()
}
