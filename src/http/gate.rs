//! One request at a time per domain, with a rest in between.
//!
//! Each domain has its own lane, so waiting for one never delays another. Times are of the monotonic clock. A refusal
//! (429) is heard by all who stand in the lane: it was meant for the whole domain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::time::{Instant, sleep_until};

use crate::url::domain;

/// The least rest between two requests to a domain.
const LEAST_REST: Duration = Duration::from_secs(1);
/// The longest: a server that hangs for 45 seconds must not hold back its other feeds for hours.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Lets requests to the same domain pass one by one. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    lanes: Arc<Mutex<Lanes>>,
}

/// The right to ask one domain. The domain's rest begins when this is dropped: 1 s, or twice the response time.
#[derive(Debug)]
pub struct Permit {
    domain: String,
    lane: OwnedMutexGuard<Lane>,
    came: Instant,
    /// When the domain was asked; `None`: not yet.
    began: Option<Instant>,
}

#[derive(Debug, Default)]
struct Lanes {
    by_domain: HashMap<String, Arc<Turn<Lane>>>,
    /// Lanes are swept when there are this many; doubles with what a sweep leaves.
    sweep_at: usize,
}

#[derive(Debug)]
struct Lane {
    rested_at: Instant,
    refused: Option<Refused>,
}

/// A domain's wish to be left alone.
#[derive(Clone, Copy, Debug)]
struct Refused {
    at: Instant,
    wait: Option<SignedDuration>,
}

impl Gate {
    /// A gate that nobody has passed.
    pub fn new() -> Gate {
        Gate::default()
    }

    /// Waits until nobody asks the domain of `url` and it has rested, or has refused us. First come, first served.
    pub async fn enter(&self, url: &str) -> Permit {
        self.enter_domain(domain(url)).await
    }

    /// The same for whoever knows the [`domain`].
    pub async fn enter_domain(&self, domain: String) -> Permit {
        let came = Instant::now();
        let lane = self.lane(domain.clone()).lock_owned().await;
        let permit = Permit {
            domain,
            lane,
            came,
            began: None,
        };
        if permit.refused_meanwhile().is_none() {
            sleep_until(permit.lane.rested_at).await;
        }
        permit
    }

    fn lane(&self, domain: String) -> Arc<Turn<Lane>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.by_domain.len() > lanes.sweep_at {
            lanes.sweep();
        }
        let lane = lanes.by_domain.entry(domain);
        lane.or_insert_with(|| Arc::new(Turn::new(Lane::new())))
            .clone()
    }
}

impl Lane {
    fn new() -> Lane {
        Lane {
            rested_at: Instant::now(),
            refused: None,
        }
    }
}

impl Lanes {
    /// Forgets domains that nobody asks or waits for and that have rested.
    fn sweep(&mut self) {
        const FEW: usize = 1_000;

        let now = Instant::now();
        // Lanes are cloned under the lock of this map only, so a count of one is certain.
        self.by_domain.retain(|_, lane| {
            Arc::strong_count(lane) > 1 || lane.try_lock().map_or(true, |lane| lane.rested_at > now)
        });
        self.sweep_at = (2 * self.by_domain.len()).max(FEW);
    }
}

impl Permit {
    /// Which domain may be asked.
    pub(super) fn domain(&self) -> &str {
        &self.domain
    }

    /// The response time counts from here; between entering and asking the caller may have waited for other things.
    pub(super) fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    /// The domain does not want to be asked for this time; whoever waits for it now hears so.
    pub(super) fn refuse(&mut self, wait: Option<SignedDuration>) {
        let at = Instant::now();
        self.lane.refused = Some(Refused { at, wait });
    }

    /// The domain refused us while we waited for it: then we must not ask. What remains of the time that it named.
    pub(super) fn refused_meanwhile(&self) -> Option<Option<SignedDuration>> {
        let refused = self.lane.refused.filter(|refused| refused.at > self.came)?;
        let passed = SignedDuration::try_from(refused.at.elapsed()).unwrap_or_default();
        let left = |wait: SignedDuration| wait.saturating_sub(passed).max(SignedDuration::ZERO);
        Some(refused.wait.map(left))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(began) = self.began {
            self.lane.rested_at = Instant::now() + rest(began.elapsed());
        }
    }
}

fn rest(held: Duration) -> Duration {
    (2 * held).clamp(LEAST_REST, LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_a_second_or_twice_the_response_time_within_reason() {
        for (held, expected) in [(0, 1_000), (300, 1_000), (700, 1_400), (45_000, 60_000)] {
            assert_eq!(
                rest(Duration::from_millis(held)),
                Duration::from_millis(expected)
            );
        }
    }

    #[tokio::test]
    async fn one_at_a_time_with_a_rest_between() {
        let gate = Gate::new();
        let entered = |name: &'static str| {
            let gate = gate.clone();
            async move {
                let mut permit = gate.enter(name).await;
                permit.begin();
                let from = Instant::now();
                tokio::time::sleep(Duration::from_millis(5)).await;
                drop(permit);
                (from, Instant::now())
            }
        };
        let (first, second) = tokio::join!(
            entered("http://a.example.org/"),
            entered("http://b.example.org/")
        );
        assert!(second.0 - first.1 >= LEAST_REST);
    }

    #[tokio::test]
    async fn waiting_for_one_domain_never_delays_another() {
        let gate = Gate::new();
        let _held = gate.enter("http://slow.example.org/").await;
        let waiting = gate.enter("http://example.org/");
        let other = gate.enter("http://example.com/");
        tokio::select! {
            biased;
            _ = waiting => panic!("two at a time"),
            _ = other => {}
        }
    }

    #[tokio::test]
    async fn a_refusal_is_heard_by_those_who_waited_and_by_no_one_later() {
        let gate = Gate::new();
        let mut first = gate.enter("http://a.example.org/").await;
        first.begin();
        let (second, ()) = tokio::join!(gate.enter("http://b.example.org/"), async {
            tokio::task::yield_now().await;
            first.refuse(Some(SignedDuration::from_secs(60)));
            drop(first);
        });
        let left = second.refused_meanwhile().flatten().expect("heard");
        assert!(left > SignedDuration::from_secs(50) && left <= SignedDuration::from_secs(60));
        drop(second);
        let later = gate.enter("http://a.example.org/").await;
        assert!(later.refused_meanwhile().is_none());
    }

    #[tokio::test]
    async fn domains_that_have_rested_are_forgotten() {
        let gate = Gate::new();
        let held = gate.enter("http://0.example.org/").await;
        let mut latest = Instant::now();
        for host in 1..=100 {
            gate.enter(&format!("http://10.0.0.{host}/")).await.begin();
            latest = Instant::now();
        }
        sleep_until(latest + LEAST_REST).await;
        gate.lanes
            .lock()
            .expect("nobody panics while holding it")
            .sweep();
        assert_eq!(
            gate.lanes
                .lock()
                .expect("nobody panics while holding it")
                .by_domain
                .len(),
            1
        );
        drop(held);
    }
}
