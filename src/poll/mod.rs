//! One round of polling: asks the feeds that are due, side by side, and hands what came to the store's thread.
//!
//! A feed waits only for its own domain's turn, and while our own network is down for one that is asked as a probe. What
//! one feed does, a panic included, ends in its own line.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::timeout;
use url::Url;

use crate::clock::Clock;
use crate::config::Access;
use crate::config::secrets::Credentials;
use crate::desk::intake::{Arrival, Came, Line};
use crate::desk::{DeskError, Handle};
use crate::http::client::Client;
use crate::http::fetch::{Outcome, Request, Stage};
use crate::http::room::Room;
use crate::model::FeedState;
use crate::schedule::feeds::{Scope, held_until, send_validators};
use crate::url::domain as domain_of;

mod holds;
mod network;
mod readers;
mod round;

use self::holds::Holds;
use self::network::{Ended, Errand, Network};
use self::readers::Readers;

pub use self::round::{Choice, Round};

/// How many feeds are asked at the same moment; the others wait for a place or for their domain's turn.
const PLACES: usize = 96;

/// How many more of those that failed last time, which have places of their own: hundreds of servers that hang for half
/// a minute each must not keep the others waiting.
const PLACES_OF_FAILING: usize = 32;

/// After this time without a document a request gives its place to another and goes on in one of those for the slow, while
/// there are any: what hundreds of servers that hang have to say in their first round nobody should have to wait for.
const SLOW: Duration = Duration::from_secs(3);
const PLACES_OF_SLOW: usize = 300;

/// How long a feed that was taken is left alone if we crash before its answer is stored.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// Documents wait to be read until there is room for what is made of them, up to forty times their size, from their last
/// byte until they are stored. The store takes one after the other, and what the network brings faster waits at the
/// servers.
const SMALL: Shelf = Shelf {
    places: 24,
    bytes_of_one: 64 << 10,
};

/// Those that are not small have a shelf of their own, on which one of two mebibytes is alone.
const LARGE: Shelf = Shelf {
    places: 8,
    bytes_of_one: 256 << 10,
};

/// Room for some documents, or for fewer that are larger.
struct Shelf {
    places: u32,
    bytes_of_one: usize,
}

impl Shelf {
    fn open(&self) -> Arc<Semaphore> {
        let places = usize::try_from(self.places).expect("there are few");
        Arc::new(Semaphore::new(places))
    }

    /// How many places a document of so many bytes takes.
    fn places_of(&self, bytes: usize) -> u32 {
        let places = u32::try_from(bytes / self.bytes_of_one).unwrap_or(u32::MAX);
        places.saturating_add(1).min(self.places)
    }
}

/// Asks feeds. Cheap to clone; clones share places, gates and connections.
#[derive(Clone)]
pub struct Poller {
    desk: Handle,
    client: Client,
    clock: Clock,
    places: Arc<Semaphore>,
    places_of_failing: Arc<Semaphore>,
    places_of_slow: Arc<Semaphore>,
    documents: Arc<Semaphore>,
    large_documents: Arc<Semaphore>,
    network: Arc<Network>,
    holds: Arc<Holds>,
    readers: Arc<Readers>,
}

/// A feed that is to be asked now.
#[derive(Debug)]
struct Job {
    state: FeedState,
    access: Access,
    errand: Errand,
}

/// The right to hold a document, from its last byte until it is stored.
#[derive(Debug, Default)]
struct Held {
    _document: Option<OwnedSemaphorePermit>,
    _room: Option<Room>,
}

/// What came, the address that answered, and the right to hold a document.
type Answered = (Came, String, Held);

impl Poller {
    /// A poller that asks with `client` and stores through `desk`; an error if the system gives it no threads.
    pub fn new(desk: Handle, client: Client, clock: Clock) -> io::Result<Poller> {
        Ok(Poller {
            desk,
            client,
            clock,
            places: Arc::new(Semaphore::new(PLACES)),
            places_of_failing: Arc::new(Semaphore::new(PLACES_OF_FAILING)),
            places_of_slow: Arc::new(Semaphore::new(PLACES_OF_SLOW)),
            documents: SMALL.open(),
            large_documents: LARGE.open(),
            network: Arc::default(),
            holds: Arc::default(),
            readers: Arc::new(Readers::start()?),
        })
    }

    /// Asks one feed and stores what came of it.
    async fn ask(&self, job: Job) -> Result<Line, DeskError> {
        let id = job.state.id;
        let (mut came, answered_by, held) = self.fetch(job).await;
        let now = self.clock.now();
        if let Arrival::Throttled {
            scope: Scope::Domain,
            wait,
            ..
        } = came.arrival
        {
            let domain = domain_of(&answered_by);
            // Before anything is stored, since others may be on their way there.
            self.holds.note(domain.clone(), held_until(wait, now));
            came.refused_by = Some(domain);
        }
        self.desk
            .batched(move |desk| {
                let line = desk.take(id, came, now);
                drop(held);
                line
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
                let came = Came::of(Arrival::Failed { cause });
                return (came, state.url.clone(), Held::default());
            }
        };
        let validators = state
            .validators
            .as_ref()
            .filter(|_| send_validators(state, self.clock.now()));
        let url = state.asked_at();
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

    /// Waits until a document of so many bytes may be read and stored, and gives the place back.
    async fn hold(&self, bytes: usize, room: Option<Room>, place: SemaphorePermit<'_>) -> Held {
        let document = match &room {
            None => {
                let documents = Arc::clone(&self.documents);
                let document = documents.acquire_many_owned(SMALL.places_of(bytes)).await;
                drop(place);
                document
            }
            // So few have a room that they need not keep others from asking meanwhile.
            Some(_) => {
                drop(place);
                let documents = Arc::clone(&self.large_documents);
                documents.acquire_many_owned(LARGE.places_of(bytes)).await
            }
        };
        Held {
            _document: document.ok(),
            _room: room,
        }
    }

    /// Waits for the domain's turn, for a place and for our own network, and asks.
    async fn send(&self, mut errand: Errand, request: &Request<'_>, state: &FeedState) -> Answered {
        let not_asked = |arrival| (Came::of(arrival), state.url.clone(), Held::default());
        let host = domain_of(request.url);
        let hold_of = |domain: &str| self.holds.of(domain, self.clock.now());
        if let Some(wait) = hold_of(&host) {
            return not_asked(Arrival::Held {
                domain: host,
                wait: Some(wait),
            });
        }
        let permit = self.client.enter_domain(host.clone()).await;
        let places = match state.failures {
            0 => &self.places,
            _ => &self.places_of_failing,
        };
        let Ok(mut place) = places.acquire().await else {
            let cause = "wirewatch is stopping".to_owned();
            return not_asked(Arrival::Failed { cause });
        };
        if !errand.leave(self.clock.now()).await {
            let cause = "not asked".to_owned();
            return not_asked(Arrival::Offline { cause });
        }
        // Apart, since a request takes much more memory than those thousands need that wait for their turn.
        let mut fetching = Box::pin(self.client.fetch_entered(permit, request, &hold_of));
        let mut response = match timeout(SLOW, &mut fetching).await {
            Ok(response) => response,
            Err(_) => {
                if let Ok(slow) = self.places_of_slow.try_acquire() {
                    place = slow;
                }
                fetching.await
            }
        };
        let ended = match (response.outcome.reached(), state.failures) {
            (true, _) => Ended::Reached,
            (false, 0) => Ended::Failed,
            (false, _) => Ended::FailedAgain,
        };
        let answered_by = response.final_url.clone();
        let held = match &response.outcome {
            Outcome::Body { bytes, .. } => {
                let room = response.room.take();
                self.hold(bytes.len(), room, place).await
            }
            // Others may go while we wait for what they tell.
            _ => {
                drop(place);
                Held::default()
            }
        };
        let is_exhausted = response.outcome.stage() == Some(Stage::Exhausted);
        let offline = match is_exhausted {
            true => {
                drop(errand);
                true
            }
            false => errand.end(host, ended, self.clock.now()).await,
        };
        let mut came = self.readers.read(response, state.body_hash).await;
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
