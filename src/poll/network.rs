//! Whether our own network is up, as far as the last contacts tell.
//!
//! While it seems to be down, one feed at a time is asked, as a probe, and nothing that fails is held against a feed. A
//! failure is judged only once others have had their say: the first to fail in a round must not be blamed for what all
//! meet, nor the network for two dead hosts while a hundred others are still being asked. A feed that failed the last time
//! too tells nothing new: else two dead hosts that are due alone would be our network's fault for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::model::Timestamp;
use crate::schedule::feeds::{Contact, HOSTS, own_network_down};

/// How long after a failure, while the network is down, the next probe goes.
const BETWEEN_PROBES: SignedDuration = SignedDuration::from_secs(30);

/// How long a failure waits for what others meet. What all meet, they meet at about the same time.
const HEARING: Duration = Duration::from_secs(3);

/// What all who ask learn from each other.
#[derive(Debug)]
pub(super) struct Network {
    state: Mutex<State>,
    /// Told of every change of `state`.
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest contact with each of the last hosts, oldest first.
    last: VecDeque<(String, bool)>,
    /// How many feeds are to be asked or are being asked.
    expected: usize,
    /// How many of them are being asked.
    asking: usize,
    /// How many contacts have reached somebody.
    reached: u64,
    down: bool,
    /// It seems to be down, but some are still being asked who may reach somebody: until then nobody else is asked.
    in_doubt: bool,
    failed_at: Option<Timestamp>,
    came_back: bool,
}

/// One feed that is to be asked.
#[derive(Debug)]
pub(super) struct Errand {
    network: Arc<Network>,
    is_out: bool,
    is_over: bool,
}

/// What came of asking a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It answered, whatever it said.
    Reached,
    /// It did not answer.
    Failed,
    /// It did not answer, as the last time.
    FailedAgain,
}

impl Default for Network {
    fn default() -> Network {
        Network {
            state: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }
}

impl Network {
    /// Announces a feed that is to be asked, before it waits for its turn.
    pub(super) fn expect(self: &Arc<Network>) -> Errand {
        self.lock().expected += 1;
        Errand {
            network: Arc::clone(self),
            is_out: false,
            is_over: false,
        }
    }

    /// How many feeds may be taken of `room`: while the network is down, one now and then, to be the probe.
    pub(super) fn room(&self, room: usize, now: Timestamp) -> usize {
        let state = self.lock();
        match state.down {
            true => room.min(usize::from(state.expected == 0 && state.may_probe(now))),
            false => room,
        }
    }

    /// Whether it seems to be down.
    pub(super) fn is_down(&self) -> bool {
        self.lock().down
    }

    /// Whether it has come back since the last time this was asked.
    pub(super) fn came_back(&self) -> bool {
        std::mem::take(&mut self.lock().came_back)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state until it has an answer.
    async fn until<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(answer) = look(&mut self.lock()) {
                return answer;
            }
            // The sender lives as long as this borrow of it.
            let _ = changed.changed().await;
        }
    }
}

impl Errand {
    /// Waits for leave to ask, which comes at once while the network is up. While it is down, who comes when nobody is
    /// being asked is the probe, and the others wait for what becomes of it; false: ask another time.
    pub(super) async fn leave(&mut self, now: Timestamp) -> bool {
        let may_go = |state: &mut State| match (state.down, state.in_doubt, state.asking) {
            (false, false, _) => Some(true),
            (true, _, 0) => Some(state.may_probe(now)),
            _ => None,
        };
        self.is_out = self
            .network
            .until(|state| {
                let answer = may_go(state);
                state.asking += usize::from(answer == Some(true));
                answer
            })
            .await;
        self.is_out
    }

    /// Notes what came of asking `host`. Whether a failure is our own network's, as soon as that can be told.
    pub(super) async fn end(mut self, host: String, ended: Ended, now: Timestamp) -> bool {
        let network = Arc::clone(&self.network);
        let reached = ended == Ended::Reached;
        let (reached_before, was_down) = {
            // One less is being asked from the same moment on: of two that end together one must be the last.
            let mut state = network.lock();
            let was_down = state.down;
            self.is_over = true;
            state.count_out(self.is_out);
            state.note(host, ended, now);
            (state.reached, was_down)
        };
        // The others learn of it.
        drop(self);
        if reached {
            return false;
        }
        let heard = network.until(|state| match state.down || was_down {
            true => Some(true),
            false => (state.reached > reached_before || state.expected == 0).then_some(false),
        });
        match timeout(HEARING, heard).await {
            Ok(ours) => ours,
            // Others still wait for the turn of their domain, and nobody is being asked who could say more, or who is says
            // nothing.
            Err(_) => {
                let down = {
                    let mut state = network.lock();
                    if state.in_doubt || state.asking == 0 {
                        state.decide();
                    }
                    state.down
                };
                network.changed.send_replace(());
                down
            }
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if !self.is_over {
            let mut state = self.network.lock();
            state.count_out(self.is_out);
            if state.in_doubt && state.asking == 0 {
                state.decide();
            }
        }
        self.network.changed.send_replace(());
    }
}

impl State {
    fn count_out(&mut self, was_out: bool) {
        self.expected -= 1;
        self.asking -= usize::from(was_out);
    }

    fn note(&mut self, host: String, ended: Ended, now: Timestamp) {
        let was_down = self.down;
        self.last.retain(|(other, _)| *other != host);
        if ended != Ended::FailedAgain {
            self.last.push_back((host, ended == Ended::Reached));
        }
        if self.last.len() > HOSTS {
            self.last.pop_front();
        }
        if ended == Ended::Reached {
            self.reached += 1;
            if was_down {
                // What failed before says nothing any more.
                self.last.retain(|(_, reached)| *reached);
            }
            self.down = false;
            self.in_doubt = false;
            self.came_back |= was_down;
            return;
        }
        self.failed_at = Some(now);
        // Those who are still to be asked may reach somebody, so few failures prove nothing yet.
        let all_have_said = self.last.len() == HOSTS || self.expected == 0;
        if all_have_said && !self.down && self.seems_down() {
            self.in_doubt = self.asking > 0;
            self.down = !self.in_doubt;
        }
    }

    fn decide(&mut self) {
        self.down |= self.seems_down();
        self.in_doubt = false;
    }

    fn may_probe(&self, now: Timestamp) -> bool {
        let rests = |at: Timestamp| now.duration_since(at).abs() < BETWEEN_PROBES;
        !self.failed_at.is_some_and(rests)
    }

    fn seems_down(&self) -> bool {
        let contacts: Vec<_> = self
            .last
            .iter()
            .map(|(host, reached)| Contact {
                host,
                reached: *reached,
            })
            .collect();
        own_network_down(&contacts)
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinSet, yield_now};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("in range")
    }

    fn later() -> Timestamp {
        now() + BETWEEN_PROBES
    }

    /// Asks, and gives whether the failure is our own network's.
    async fn fail(mut errand: Errand, host: usize) -> bool {
        assert!(errand.leave(now()).await);
        errand
            .end(format!("host{host}"), Ended::Failed, now())
            .await
    }

    async fn fail_again(mut errand: Errand, host: usize) -> bool {
        assert!(errand.leave(now()).await);
        let host = format!("host{host}");
        errand.end(host, Ended::FailedAgain, now()).await
    }

    async fn reach(mut errand: Errand, host: usize) {
        assert!(errand.leave(now()).await);
        let host = format!("host{host}");
        assert!(!errand.end(host, Ended::Reached, now()).await);
    }

    /// A network by which two hosts could not be reached.
    async fn down() -> Arc<Network> {
        let network = Arc::new(Network::default());
        let ours = tokio::join!(fail(network.expect(), 1), fail(network.expect(), 2));
        assert_eq!(ours, (true, true));
        network
    }

    #[tokio::test]
    async fn one_dead_host_is_the_feeds_own_failure() {
        let network = Arc::new(Network::default());
        assert!(!fail(network.expect(), 1).await);
        assert!(!fail(network.expect(), 1).await);
        assert!(!network.is_down());
    }

    #[tokio::test]
    async fn hosts_that_failed_the_last_time_too_say_nothing_of_the_network() {
        let network = Arc::new(Network::default());
        let ours = tokio::join!(
            fail_again(network.expect(), 1),
            fail_again(network.expect(), 2)
        );
        assert_eq!(ours, (false, false));
        assert!(!network.is_down());
    }

    #[tokio::test]
    async fn while_it_is_down_nobody_is_blamed_not_even_who_failed_before() {
        let network = Arc::new(Network::default());
        let ours = tokio::join!(
            fail(network.expect(), 1),
            fail(network.expect(), 2),
            fail_again(network.expect(), 3)
        );
        assert_eq!(ours, (true, true, true));
    }

    #[tokio::test]
    async fn two_dead_hosts_prove_nothing_while_others_are_to_be_asked() {
        let network = Arc::new(Network::default());
        let slow = network.expect();
        let (one, other, ()) = tokio::join!(
            fail(network.expect(), 1),
            fail(network.expect(), 2),
            async {
                yield_now().await;
                assert!(!network.is_down());
                reach(slow, 3).await;
            }
        );
        assert_eq!((one, other), (false, false));
    }

    #[tokio::test]
    async fn a_failure_does_not_wait_for_a_server_that_says_nothing() {
        let network = Arc::new(Network::default());
        let mut silent = network.expect();
        assert!(silent.leave(now()).await);
        assert!(!fail(network.expect(), 1).await);
    }

    #[tokio::test]
    async fn those_who_wait_for_the_turn_of_a_dead_domain_do_not_save_the_network() {
        let network = Arc::new(Network::default());
        let _waiting = network.expect();
        let ours = tokio::join!(fail(network.expect(), 1), fail(network.expect(), 2));
        assert_eq!(ours, (true, true));
    }

    #[tokio::test]
    async fn of_twenty_hosts_the_eleventh_failure_decides_though_others_are_to_be_asked() {
        let network = Arc::new(Network::default());
        for host in 0..9 {
            reach(network.expect(), host).await;
        }
        let _slow = network.expect();
        let mut ends = JoinSet::new();
        for host in 9..20 {
            ends.spawn(fail(network.expect(), host));
        }
        while let Some(ours) = ends.join_next().await {
            assert!(ours.expect("no panic"));
        }
    }

    #[tokio::test]
    async fn while_it_is_in_doubt_nobody_else_is_asked_and_one_that_is_reached_decides() {
        let network = Arc::new(Network::default());
        let mut slow = network.expect();
        assert!(slow.leave(now()).await);
        let mut dead = JoinSet::new();
        for host in 0..30 {
            let network = Arc::clone(&network);
            dead.spawn(async move { fail(network.expect(), host).await });
        }
        for _ in 0..40 {
            yield_now().await;
        }
        assert!(network.lock().in_doubt);
        let mut other = network.expect();
        let (may_go, ours) = tokio::join!(
            other.leave(now()),
            slow.end("well".to_owned(), Ended::Reached, now())
        );
        assert!(may_go && !ours);
        drop(other);
        while let Some(ours) = dead.join_next().await {
            assert!(!ours.expect("no panic"));
        }
    }

    #[tokio::test]
    async fn while_it_is_down_nobody_is_asked_for_half_a_minute_and_then_one() {
        let network = down().await;
        assert_eq!(network.room(500, now()), 0);
        assert!(!network.expect().leave(now()).await);

        assert_eq!(network.room(500, later()), 1);
        let mut probe = network.expect();
        assert!(probe.leave(later()).await);
        assert_eq!(network.room(500, later()), 0);
        let mut other = network.expect();
        let (waited, ours) = tokio::join!(
            other.leave(later()),
            probe.end("host1".to_owned(), Ended::Failed, later())
        );
        assert!(!waited && ours);
        assert_eq!(network.room(500, later()), 0);
    }

    #[tokio::test]
    async fn a_probe_that_reaches_its_host_lets_all_go() {
        let network = down().await;
        let (mut probe, mut other) = (network.expect(), network.expect());
        assert!(probe.leave(later()).await);
        let (waited, ours) = tokio::join!(
            other.leave(later()),
            probe.end("host1".to_owned(), Ended::Reached, later())
        );
        assert!(waited && !ours);
        assert_eq!(network.room(500, later()), 500);
        assert!(network.came_back());
        assert!(!network.came_back());
    }

    #[tokio::test]
    async fn a_probe_that_is_abandoned_makes_room_for_the_next() {
        let network = down().await;
        let mut probe = network.expect();
        assert!(probe.leave(later()).await);
        drop(probe);
        assert!(network.expect().leave(later()).await);
    }
}
