//! Reads what servers answered, on threads of their own.
//!
//! There is one thread for small documents and one for large ones, which take seconds at their worst. More would gain
//! nothing, as the store takes one document after the other; and each keeps for good about as much memory as the greediest
//! document took that it has read.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use bytes::Bytes;
use tokio::sync::oneshot;
use tracing::warn;

use crate::desk::intake::{Arrival, Came};
use crate::desk::panic_words;
use crate::feed::{self, Context, FeedDocument, NotAFeed};
use crate::http::fetch::{Outcome, Response};
use crate::http::room::SMALL;
use crate::model::Validators;

/// The two threads. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Readers {
    small: Sender<Task>,
    large: Sender<Task>,
}

/// A document to read, and who waits for what is in it.
struct Task {
    bytes: Bytes,
    url: String,
    content_type: Option<String>,
    answer: oneshot::Sender<Read>,
}

/// What is in a document, or what the panic said that ended its reading.
type Read = Result<Result<FeedDocument, NotAFeed>, String>;

impl Readers {
    /// Starts the threads.
    pub(super) fn start() -> io::Result<Readers> {
        Ok(Readers {
            small: start("reader")?,
            large: start("large reader")?,
        })
    }

    /// Reads what a server answered. `known_body` is the hash of the last document.
    pub(super) async fn read(&self, response: Response, known_body: Option<i64>) -> Came {
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
            } => match self.parse(bytes, final_url, content_type).await {
                Ok(Ok(mut document)) => {
                    document.torn = torn.or(document.torn);
                    // A torn document is asked for again as a whole.
                    let is_whole = document.torn.is_none();
                    Arrival::Document {
                        document: Box::new(document),
                        validators: some_validators(validators).filter(|_| is_whole),
                        hash: is_whole.then_some(hash),
                    }
                }
                Ok(Err(not_a_feed)) => Arrival::Failed {
                    cause: not_a_feed.words(torn.as_deref()),
                },
                Err(cause) => Arrival::Failed { cause },
            },
            Outcome::Throttled { wait, scope, said } => Arrival::Throttled { wait, scope, said },
            Outcome::Held { domain, wait } => Arrival::Held { domain, wait },
            Outcome::Gone => Arrival::Gone,
            Outcome::Failed { cause, .. } => Arrival::Failed { cause },
        };
        let is_torn = |arrival: &Arrival| matches!(arrival, Arrival::Document { document, .. } if document.torn.is_some());
        Came {
            permanent_target,
            // What is missing is to be asked for soon.
            freshness: freshness.filter(|_| !is_torn(&arrival)),
            arrival,
            refused_by: None,
        }
    }

    async fn parse(&self, bytes: Bytes, url: String, content_type: Option<String>) -> Read {
        let reader = match bytes.len() {
            ..=SMALL => &self.small,
            _ => &self.large,
        };
        let (answer, answered) = oneshot::channel();
        // If the thread is gone, so is its end of the channel that is waited for.
        let _ = reader.send(Task {
            bytes,
            url,
            content_type,
            answer,
        });
        let stopping = || Err("wirewatch is stopping".to_owned());
        answered.await.unwrap_or_else(|_| stopping())
    }
}

fn start(name: &str) -> io::Result<Sender<Task>> {
    let (tasks, waiting) = channel::<Task>();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || waiting.into_iter().for_each(Task::run))?;
    Ok(tasks)
}

impl Task {
    fn run(self) {
        let context = Context {
            url: &self.url,
            content_type: self.content_type.as_deref(),
        };
        let read = catch_unwind(AssertUnwindSafe(|| feed::read(&self.bytes, &context)));
        let read = read.map_err(|panic| {
            let words = panic_words(panic.as_ref());
            warn!("The parser panicked: {words}");
            format!("a fault in wirewatch stopped its parser: {words}")
        });
        // Who waited may have been cancelled.
        let _ = self.answer.send(read);
    }
}

fn some_validators(validators: Validators) -> Option<Validators> {
    (validators.etag.is_some() || validators.last_modified.is_some()).then_some(validators)
}
