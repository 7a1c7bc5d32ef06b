//! One round of polling: asks the feeds that are due, side by side, and hands what came to the store's thread.
//!
//! A feed waits only for its own domain's turn, and while our own network is down for one that is asked as a probe. What
//! one feed does, a panic included, ends in its own line.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;
use url::Url;

use crate::clock::Clock;
use crate::config::Access;
use crate::config::secrets::Credentials;
use crate::desk::intake::{Arrival, Came, Line};
use crate::desk::{DeskError, Handle, panic_words};
use crate::feed::{self, Context};
use crate::http::client::Client;
use crate::http::fetch::{Outcome, Request, Response};
use crate::http::gate;
use crate::model::{FeedId, FeedState, Validators};
use crate::schedule::feeds::{Scope, adopts, send_validators};

mod network;
mod round;

use self::network::{Errand, Network};

pub use self::round::{Choice, Round};

/// How many feeds are asked at the same moment; the others wait for a place or for their domain's turn.
const PLACES: usize = 96;

/// How many more of those that failed last time, which have places of their own: hundreds of servers that hang for half
/// a minute each must not keep the others waiting.
const PLACES_OF_FAILING: usize = 32;

/// How long a feed that was taken is left alone if we crash before its answer is stored.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// How many documents are in memory at once, from their last byte until they are stored. The store takes one after the
/// other, and what the network brings faster waits at the servers.
const DOCUMENTS: usize = 24;

/// Asks feeds. Cheap to clone; clones share places, gates and connections.
#[derive(Clone)]
pub struct Poller {
    desk: Handle,
    client: Client,
    clock: Clock,
    places: Arc<Semaphore>,
    places_of_failing: Arc<Semaphore>,
    documents: Arc<Semaphore>,
    network: Arc<Network>,
}

/// A feed that is to be asked now.
#[derive(Debug)]
struct Job {
    state: FeedState,
    access: Access,
    errand: Errand,
}

/// What came, the address that answered, and the right to hold a document.
type Answered = (Came, String, Option<OwnedSemaphorePermit>);

impl Poller {
    /// A poller that asks with `client` and stores through `desk`.
    pub fn new(desk: Handle, client: Client, clock: Clock) -> Poller {
        Poller {
            desk,
            client,
            clock,
            places: Arc::new(Semaphore::new(PLACES)),
            places_of_failing: Arc::new(Semaphore::new(PLACES_OF_FAILING)),
            documents: Arc::new(Semaphore::new(DOCUMENTS)),
            network: Arc::default(),
        }
    }

    /// Asks one feed and stores what came of it.
    async fn ask(&self, job: Job) -> Result<Line, DeskError> {
        let id = job.state.id;
        let (mut came, answered_by, held) = self.fetch(job).await;
        if let Arrival::Throttled {
            scope: Scope::Domain,
            ..
        } = came.arrival
        {
            came.also_held = self.of_same_domain(id, gate::domain(&answered_by)).await?;
        }
        let now = self.clock.now();
        self.desk
            .batched(move |desk| {
                let line = desk.take(id, came, now);
                drop(held);
                line
            })
            .await
    }

    /// Other feeds of a domain.
    async fn of_same_domain(&self, id: FeedId, domain: String) -> Result<Vec<FeedId>, DeskError> {
        self.desk
            .at_once(move |desk| {
                let feeds = desk.store.feeds()?;
                Ok(feeds
                    .iter()
                    .filter(|feed| feed.id != id && gate::domain(&feed.url) == domain)
                    .map(|feed| feed.id)
                    .collect())
            })
            .await
    }

    /// Asks a feed; gives what came, the address that answered, and the right to hold a document until it is stored.
    async fn fetch(&self, job: Job) -> Answered {
        let state = &job.state;
        let credentials = match job.access.open() {
            Ok(credentials) => credentials,
            Err(error) => {
                let cause = error.to_string();
                return (Came::of(Arrival::Failed { cause }), state.url.clone(), None);
            }
        };
        let validators = state
            .validators
            .as_ref()
            .filter(|_| send_validators(state, self.clock.now()));
        // A permanent redirect that held for a day is believed; the declared address is asked again once it fails.
        let moved = state
            .moved
            .as_ref()
            .filter(|moved| state.failures == 0 && adopts(moved, self.clock.now()));
        let url = moved.map_or(state.url.as_str(), |moved| moved.to.as_str());
        // What opens the declared server is no other server's business.
        let credentials = if same_origin(url, &state.url) {
            credentials
        } else {
            Credentials::default()
        };
        let request = Request {
            url,
            validators,
            headers: &credentials.headers,
            basic_auth: credentials
                .basic_auth
                .as_ref()
                .map(|(user, password)| (user.as_str(), password.as_str())),
            typed_by_hand: false,
        };
        self.send(job.errand, &request, state).await
    }

    /// Waits for the domain's turn, for a place and for our own network, and asks.
    async fn send(&self, mut errand: Errand, request: &Request<'_>, state: &FeedState) -> Answered {
        let not_asked = |arrival| (Came::of(arrival), state.url.clone(), None);
        let host = gate::domain(request.url);
        let permit = self.client.enter_domain(host.clone()).await;
        let places = match state.failures {
            0 => &self.places,
            _ => &self.places_of_failing,
        };
        let Ok(place) = places.acquire().await else {
            let cause = "wirewatch is stopping".to_owned();
            return not_asked(Arrival::Failed { cause });
        };
        if !errand.leave(self.clock.now()).await {
            let cause = "not asked".to_owned();
            return not_asked(Arrival::Offline { cause });
        }
        // Apart, since thousands wait for their turn and need no room for an answer yet.
        let response = Box::pin(self.client.fetch_entered(permit, request)).await;
        let reached = response.outcome.reached();
        let answered_by = response.final_url.clone();
        let held = match &response.outcome {
            Outcome::Body { .. } => Arc::clone(&self.documents).acquire_owned().await.ok(),
            _ => None,
        };
        // Others may go while we wait for what they tell, and while what came is read.
        drop(place);
        let offline = errand.end(host, reached, self.clock.now()).await;
        let mut came = read(response, state.body_hash).await;
        if offline {
            came.arrival = match came.arrival {
                Arrival::Failed { cause } => Arrival::Offline { cause },
                other => other,
            };
        }
        (came, answered_by, held)
    }
}

/// Whether two addresses have scheme, host and port in common (RFC 6454).
fn same_origin(one: &str, other: &str) -> bool {
    let origin = |address: &str| Url::parse(address).map(|url| url.origin());
    one == other || matches!((origin(one), origin(other)), (Ok(one), Ok(other)) if one == other)
}

/// Reads what a server answered; a body is parsed away from the threads that wait for the network.
async fn read(response: Response, known_body: Option<i64>) -> Came {
    let Response {
        outcome,
        final_url,
        permanent_target,
        freshness,
        ..
    } = response;
    let arrival = match outcome {
        Outcome::NotModified { freshened } => Arrival::NotModified {
            validators: freshened,
        },
        Outcome::Body {
            hash,
            validators,
            torn: None,
            ..
        } if known_body == Some(hash) => Arrival::SameBody {
            validators: some_validators(validators),
        },
        Outcome::Body {
            bytes,
            validators,
            content_type,
            hash,
            torn,
        } => {
            let url = final_url.clone();
            let parsed = tokio::task::spawn_blocking(move || {
                feed::read(
                    &bytes,
                    &Context {
                        url: &url,
                        content_type: content_type.as_deref(),
                    },
                )
            })
            .await;
            match parsed {
                Ok(Ok(document)) => Arrival::Document {
                    document: Box::new(document),
                    // A torn body is asked for again as a whole.
                    validators: if torn.is_some() {
                        None
                    } else {
                        some_validators(validators)
                    },
                    hash: torn.is_none().then_some(hash),
                    torn,
                },
                Ok(Err(not_a_feed)) => Arrival::Failed {
                    cause: match torn {
                        Some(torn) => format!("{not_a_feed} ({torn})"),
                        None => not_a_feed.to_string(),
                    },
                },
                Err(fault) => Arrival::Failed {
                    cause: fault_words(fault),
                },
            }
        }
        Outcome::Throttled { wait, scope, said } => Arrival::Throttled { wait, scope, said },
        Outcome::Gone => Arrival::Gone,
        Outcome::Failed { cause, .. } => Arrival::Failed { cause },
    };
    Came {
        arrival,
        permanent_target,
        freshness,
        also_held: Vec::new(),
    }
}

fn some_validators(validators: Validators) -> Option<Validators> {
    (validators.etag.is_some() || validators.last_modified.is_some()).then_some(validators)
}

fn fault_words(fault: tokio::task::JoinError) -> String {
    if fault.is_panic() {
        let words = panic_words(fault.into_panic().as_ref());
        warn!("The parser panicked: {words}");
        format!("a fault in wirewatch stopped its parser: {words}")
    } else {
        "wirewatch is stopping".to_owned()
    }
}
