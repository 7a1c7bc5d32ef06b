//! A line on the terminal that shows how far work has come.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Work that is shorter shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_millis(200);

/// Shows nothing where standard error is no terminal; its line goes when it is dropped.
pub(super) struct Progress {
    what: &'static str,
    began: Instant,
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    /// Begins work that goes by this name, such as `Copying`.
    pub(super) fn begin(what: &'static str) -> Progress {
        Progress {
            what,
            began: Instant::now(),
            shown: None,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// So much of all is done.
    pub(super) fn at(&mut self, done: u64, all: u64) {
        let percent = done.saturating_mul(100) / all.max(1);
        self.show(format_args!("{} %", percent.min(100)));
    }

    /// So many things are done, and nobody knows how many are left.
    pub(super) fn reached(&mut self, done: u32) {
        self.show(format_args!("{done}"));
    }

    /// So many of so many things are done.
    pub(super) fn of(&mut self, done: usize, all: usize) {
        self.show(format_args!("{done} of {all}"));
    }

    /// Takes the line away, so that another can be printed.
    pub(super) fn wipe(&mut self) {
        if self.shown.take().is_some() {
            // Nobody is left to see it if standard error is closed.
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }

    fn show(&mut self, how_far: std::fmt::Arguments<'_>) {
        let is_due = self
            .shown
            .map_or(self.began.elapsed() >= PATIENCE, |shown| {
                shown.elapsed() >= BETWEEN
            });
        if !self.is_terminal || !is_due {
            return;
        }
        self.shown = Some(Instant::now());
        let _ = write!(io::stderr().lock(), "\r\u{1b}[K{} {how_far}", self.what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.wipe();
    }
}
