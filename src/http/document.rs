//! Reads a document to its end, within the limits of size, time and memory.

use std::hash::Hasher;

use bytes::Bytes;
use reqwest::header::{self, HeaderMap};
use siphasher::sip::SipHasher13;
use tokio::sync::OwnedSemaphorePermit;

use super::body::{Body, Effort, Fault};
use super::client::Client;
use super::fetch::{Outcome, Stage};
use super::patience::Patience;
use super::room::{Room, Size};
use super::{answer, cause};
use crate::model::Validators;

/// Reads the body of a 200, with the right to hold it if it is not small. `validators` are those of its head; a torn
/// document loses them.
pub(super) async fn read(
    client: &Client,
    patience: &mut Patience,
    found: reqwest::Response,
    validators: Validators,
) -> (Outcome, Option<Room>) {
    let content_type = answer::content_type(found.headers());
    let mut reading = Reading::new(client, patience, &found);
    let (bytes, fault) = reading.all(found).await;
    let room = reading.room;
    let stage = Stage::Body;
    let torn = match fault {
        Some(Fault::Refused(cause)) => return (Outcome::Failed { stage, cause }, None),
        Some(Fault::Torn(cause)) => Some(cause),
        None => None,
    };
    if bytes.is_empty() {
        let cause = torn.unwrap_or_else(|| "the document is empty".to_owned());
        return (Outcome::Failed { stage, cause }, None);
    }
    let validators = match torn {
        None => validators,
        Some(_) => Validators {
            url: validators.url,
            ..Validators::default()
        },
    };
    let outcome = Outcome::Body {
        hash: hash(&bytes),
        bytes: Bytes::from(bytes),
        validators,
        content_type,
        torn,
    };
    (outcome, room)
}

/// How often a document may be compressed.
const MOST_LAYERS: usize = 3;

/// The parts of all `Content-Encoding` lines in the order in which they were applied (RFC 9110 section 8.4).
fn encodings(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(header::CONTENT_ENCODING).iter();
    let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase());
    let parts = lines.flat_map(|line| {
        line.split(',')
            .map(|part| part.trim().to_owned())
            .collect::<Vec<_>>()
    });
    parts
        .filter(|part| !part.is_empty() && part != "identity")
        .collect()
}

struct Reading<'a> {
    client: &'a Client,
    patience: &'a mut Patience,
    body: Body,
    /// What was applied before what `body` undoes, the last of it last.
    encodings: Vec<String>,
    /// The right to hold a document of this size, once it is no longer small.
    room: Option<Room>,
    /// The right to decode brotli, while that is done.
    decoder: Option<OwnedSemaphorePermit>,
}

impl<'a> Reading<'a> {
    fn new(
        client: &'a Client,
        patience: &'a mut Patience,
        found: &reqwest::Response,
    ) -> Reading<'a> {
        let mut encodings = encodings(found.headers());
        Reading {
            client,
            patience,
            body: Body::new(&encodings.pop().unwrap_or_default()),
            encodings,
            room: None,
            decoder: None,
        }
    }

    /// Takes all that comes, and gives the document and what is wrong with it. After a tear what has come is decoded as
    /// far as it goes.
    async fn all(&mut self, found: reqwest::Response) -> (Vec<u8>, Option<Fault>) {
        let came = self.pieces(found).await;
        let (mut bytes, mut fault) = self.decoded(came).await;
        // Compressed by the application, and again by the servers before it, whether they say so or not.
        for _ in 1..MOST_LAYERS {
            let announced = self.encodings.pop().unwrap_or_default();
            let is_compressed = Body::is_compressed(&bytes, &announced);
            if !is_compressed || matches!(fault, Some(Fault::Refused(_))) {
                break;
            }
            self.body = Body::new(&announced);
            let came = self.take(&bytes).await;
            let (inner, inner_fault) = self.decoded(came).await;
            (bytes, fault) = (inner, fault.or(inner_fault));
        }
        (bytes, fault)
    }

    /// What all that came amounts to, when it has come; leaves an empty body.
    async fn decoded(&mut self, came: Result<(), Fault>) -> (Vec<u8>, Option<Fault>) {
        let came = match came {
            Err(Fault::Refused(_)) => came,
            _ => match self.drained().await {
                refused @ Err(Fault::Refused(_)) => refused,
                drained => came.and(drained),
            },
        };
        self.decoder = None;
        let body = std::mem::replace(&mut self.body, Body::new(""));
        match came {
            Ok(()) => body.finish(),
            Err(Fault::Refused(cause)) => (Vec::new(), Some(Fault::Refused(cause))),
            Err(torn) => (body.finish().0, Some(torn)),
        }
    }

    async fn drained(&mut self) -> Result<(), Fault> {
        if self.body.close()? == Effort::Large {
            self.decoder = Some(self.patience.excuse(self.client.decoder()).await);
        }
        self.take(&[]).await
    }

    async fn pieces(&mut self, mut found: reqwest::Response) -> Result<(), Fault> {
        let most = self.client.settings().read_timeout;
        loop {
            let Some(chunk) = self.patience.within(most, found.chunk()).await else {
                let words = "the document did not come to its end in time";
                return Err(Fault::Torn(words.to_owned()));
            };
            match chunk.map_err(|error| Fault::Torn(cause::explain_body(&error)))? {
                Some(chunk) => self.take(&chunk).await?,
                None => return Ok(()),
            }
        }
    }

    /// Decodes a chunk in steps. Large documents wait for room, and let others work between their steps.
    async fn take(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        let mut rest = chunk;
        loop {
            let before = self.body.len();
            let progress = self.body.push(rest)?;
            if let Some(size) = Size::of(self.body.len())
                && self.body.len() > before
            {
                self.make_room(size).await;
                tokio::task::yield_now().await;
            }
            rest = rest.get(progress.taken..).unwrap_or_default();
            if rest.is_empty() && !progress.pending {
                return Ok(());
            }
        }
    }

    async fn make_room(&mut self, size: Size) {
        if self.room.as_ref().is_none_or(|room| room.size() < size) {
            self.room = Some(self.patience.excuse(self.client.room(size)).await);
        }
    }
}

/// With a fixed key, since it is stored and compared later.
fn hash(bytes: &[u8]) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish().cast_signed()
}
