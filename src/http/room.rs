//! How many documents may be in memory at once, by their size, from their first bytes until nothing of them is left.
//!
//! Small ones need no leave. Of the others few are larger than some mebibytes, and a server that sends one slowly holds
//! its room for as long as we have patience: so the many that are a little large have rooms of their own.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most bytes of a small document.
pub const SMALL: usize = 256 << 10;

/// How large a document is that is not small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Size {
    /// Over a quarter of a mebibyte.
    Medium,
    /// Over four mebibytes.
    Large,
}

/// The rooms there are. Clones are the same rooms.
#[derive(Clone, Debug)]
pub(super) struct Rooms {
    medium: Arc<Semaphore>,
    large: Arc<Semaphore>,
    /// To decode brotli, which takes 16 MiB whatever the size: not held while a server is waited for.
    decoders: Arc<Semaphore>,
}

/// The right to hold a document that is not small. It ends when the last copy of this is dropped.
#[derive(Clone, Debug)]
pub struct Room {
    size: Size,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Size {
    /// The size of a document of so many bytes; `None`: it is small.
    pub(super) fn of(bytes: usize) -> Option<Size> {
        const LARGE: usize = 4 << 20;

        if bytes > LARGE {
            Some(Size::Large)
        } else if bytes > SMALL {
            Some(Size::Medium)
        } else {
            None
        }
    }
}

impl Rooms {
    /// Rooms that are all free.
    pub(super) fn new() -> Rooms {
        Rooms {
            medium: Arc::new(Semaphore::new(8)),
            large: Arc::new(Semaphore::new(2)),
            decoders: Arc::new(Semaphore::new(3)),
        }
    }

    /// Waits for a room. Who holds a medium one may wait for a large one, never the other way round.
    pub(super) async fn enter(&self, size: Size) -> Room {
        let rooms = match size {
            Size::Medium => &self.medium,
            Size::Large => &self.large,
        };
        let permit = Arc::new(one_of(rooms).await);
        Room {
            size,
            _permit: permit,
        }
    }

    /// Waits for the right to decode brotli.
    pub(super) async fn decoder(&self) -> OwnedSemaphorePermit {
        one_of(&self.decoders).await
    }
}

async fn one_of(rooms: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(rooms).acquire_owned().await;
    permit.expect("the semaphores are never closed")
}

impl Room {
    /// For documents up to which size it is.
    pub(super) fn size(&self) -> Size {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_room_is_free_again_once_all_copies_are_gone() {
        let rooms = Rooms::new();
        let first = rooms.enter(Size::Large).await;
        let _second = rooms.enter(Size::Large).await;
        let copy = first.clone();
        drop(first);
        assert_eq!(rooms.large.available_permits(), 0);
        drop(copy);
        assert_eq!(rooms.large.available_permits(), 1);
    }

    #[tokio::test]
    async fn many_medium_documents_keep_no_large_one_out() {
        let rooms = Rooms::new();
        let mut held = Vec::new();
        while rooms.medium.available_permits() > 0 {
            held.push(rooms.enter(Size::Medium).await);
        }
        assert_eq!(rooms.enter(Size::Large).await.size(), Size::Large);
    }

    #[tokio::test]
    async fn large_documents_that_do_not_end_keep_no_brotli_from_being_decoded() {
        let rooms = Rooms::new();
        let _slow = [
            rooms.enter(Size::Large).await,
            rooms.enter(Size::Large).await,
        ];
        drop(rooms.decoder().await);
    }

    #[test]
    fn sizes_begin_past_a_quarter_and_past_four_mebibytes() {
        let of = [256 << 10, (256 << 10) + 1, 4 << 20, (4 << 20) + 1].map(Size::of);
        let expected = [
            None,
            Some(Size::Medium),
            Some(Size::Medium),
            Some(Size::Large),
        ];
        assert_eq!(of, expected);
    }
}
