//! The log on standard error: with its time on a terminal or in a file, with its level for the journal of systemd,
//! which notes the time itself.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use tracing::field::Field;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use super::LogForm;

/// The level of an error in the journal, of those in syslog(3).
const ERROR: u8 = 3;

/// Starts the log: rounds at `info` under the daemon, only what needs attention under other commands.
pub(super) fn start(form: LogForm, daemon: bool) {
    let default = if daemon {
        "wirewatch=info"
    } else {
        "wirewatch=warn"
    };
    let filter =
        EnvFilter::try_from_env("WIREWATCH_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    match (form, is_journal()) {
        (LogForm::Json, false) => log.json().with_writer(io::stderr).init(),
        (LogForm::Json, true) => log.json().with_writer(Journal).init(),
        (LogForm::Text, false) => log
            .fmt_fields(debug_fn(message_alone))
            .with_writer(io::stderr)
            .init(),
        (LogForm::Text, true) => log
            .fmt_fields(debug_fn(message_alone))
            .with_writer(Journal)
            .with_level(false)
            .without_time()
            .init(),
    }
}

/// An error as standard error takes it: as it is, or with its level for the journal.
pub(super) fn error_lines(text: &str) -> String {
    if is_journal() {
        leveled(ERROR, text)
    } else {
        text.to_owned()
    }
}

/// Whether standard error is the journal: systemd names the device and the inode that it has connected, so that a
/// program can tell whether it still writes there (`$JOURNAL_STREAM` in systemd.exec(5)).
fn is_journal() -> bool {
    let Ok(connected) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    rustix::fs::fstat(io::stderr())
        .is_ok_and(|stat| connected == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Writes the sentence of an event, which names all that its fields hold; those are for JSON. Signs that steer a
/// terminal may come from a feed, so they are shown, not obeyed.
fn message_alone(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    if field.name() != "message" {
        return Ok(());
    }
    for sign in format!("{value:?}").chars() {
        if sign.is_control() && sign != '\n' {
            write!(writer, "{}", sign.escape_default())?;
        } else {
            writer.write_char(sign)?;
        }
    }
    Ok(())
}

/// Each line with its level in front, as the journal reads it (sd-daemon(3)): it takes every line for a message.
fn leveled(level: u8, text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| format!("<{level}>{line}"))
        .collect()
}

/// Standard error, connected to the journal.
struct Journal;

/// One event on its way into the journal.
struct Event {
    level: u8,
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event { level: 6 }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Event {
        let level = match *meta.level() {
            Level::ERROR => ERROR,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        Event { level }
    }
}

impl Write for Event {
    /// Takes a whole event at once, as the log writes it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = leveled(self.level, &String::from_utf8_lossy(bytes));
        io::stderr().lock().write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_message_has_its_level() {
        assert_eq!(leveled(4, "one\ntwo\n"), "<4>one\n<4>two\n");
        assert_eq!(leveled(3, "alone"), "<3>alone");
        assert_eq!(leveled(3, ""), "");
    }
}
