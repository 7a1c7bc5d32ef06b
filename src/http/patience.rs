//! How long we wait for a server.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The time a fetch may still take. Waiting that is our own doing is not counted.
pub(super) struct Patience {
    ends: Instant,
    waited: Duration,
}

impl Patience {
    pub(super) fn new(total: Duration, started: Instant) -> Patience {
        Patience {
            ends: started + total,
            waited: Duration::ZERO,
        }
    }

    /// What `future` yields within `most` and within all that is left, or `None`.
    pub(super) async fn within<T>(
        &self,
        most: Duration,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let until = self.ends.min(Instant::now() + most);
        timeout_at(until, future).await.ok()
    }

    /// Waits for something that is our own doing.
    pub(super) async fn excuse<T>(&mut self, future: impl Future<Output = T>) -> T {
        let before = Instant::now();
        let done = future.await;
        let waited = before.elapsed();
        self.ends += waited;
        self.waited += waited;
        done
    }

    /// How long that was in all.
    pub(super) fn waited(&self) -> Duration {
        self.waited
    }
}
