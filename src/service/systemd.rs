//! What systemd hears of the daemon. Outside of systemd nobody listens, so no answer is looked at.

use sd_notify::NotifyState;

use super::extent;
use crate::desk::Watchlist;

/// The daemon works, by this watchlist.
pub(super) fn watching(watchlist: &Watchlist) {
    let status = format!("Watching {}", extent(watchlist));
    let _ = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The watchlist is read again.
pub(super) fn reloading() {
    // systemd needs the time to tell this message from those before its request.
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        let _ = sd_notify::notify(&[NotifyState::Reloading, now]);
    }
}

/// The daemon works, but by the last good watchlist: the present one is refused.
pub(super) fn not_taken_up() {
    let status = "The watchlist was not taken up, the last good one runs; the log says why";
    let _ = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The daemon ends.
pub(super) fn stopping() {
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
}

/// The thread of the store lives.
pub(super) fn beat() {
    let _ = sd_notify::notify(&[NotifyState::Watchdog]);
}
