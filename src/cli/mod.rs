//! One file per command: reads the arguments, calls the rooms, prints.
//!
//! Data goes to standard output, all else to standard error. Exit codes: 0 done; 1 ran, but something failed or needs
//! a person (`match`: no match); 2 nothing was done (usage, configuration).

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::store::Store;
use crate::store::items::StoredItem;

mod backup;
mod check;
mod demo;
mod digest;
mod export;
mod feeds;
mod help;
mod init;
mod log;
mod matching;
mod outbox;
mod poll;
mod print;
mod progress;
mod run;
mod search;
mod sent;
mod setup;
mod status;
mod stories;
mod table;
mod terminal;
mod topics;

/// Watches the news wires for the topics you track, and mails what is new, once, with the reason.
#[derive(Debug, Parser)]
#[command(name = "wirewatch", version, arg_required_else_help = true, max_term_width = 80, after_help = EXAMPLES)]
struct Arguments {
    /// The watchlist; default: $WIREWATCH_CONFIG, $CONFIGURATION_DIRECTORY, ~/.config/wirewatch/, /etc/wirewatch/
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// How to write the log on standard error
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    log: LogForm,

    /// Sets the clock (RFC 3339)
    #[arg(long, global = true, value_name = "TIME", hide = true)]
    now: Option<Timestamp>,

    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  wirewatch demo      see the whole job, without network or configuration
  wirewatch init      write a watchlist to start from
  wirewatch check     find its mistakes
  wirewatch run       watch
  wirewatch status    see whether all is well

Exit codes: 0 done; 1 ran, but something failed or needs you; 2 nothing was done.
Lines fit a terminal; a pipe or a file gets each of them whole.
Each command explains itself: wirewatch COMMAND --help";

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogForm {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the whole job on bundled feeds, without network or setup
    Demo(demo::Arguments),
    /// Writes a commented watchlist with four worked topics
    Init(init::Arguments),
    /// Finds every problem of the watchlist and runs its tests
    Check(check::Arguments),
    /// Polls, matches and mails until it is stopped: the daemon
    Run(run::Arguments),
    /// Asks the feeds that are due once; stores, matches, mails nothing
    Poll(poll::Arguments),
    /// Previews a digest, or composes and sends what is due
    Digest(digest::Arguments),
    /// Shows what waits in the outbox or is held, and lets it go
    Outbox(outbox::Arguments),
    /// Tells whether a query matches a text, and why
    #[command(name = "match")]
    Match(matching::Arguments),
    /// Searches the stored items as a topic would, the last stored first
    Search(search::Arguments),
    /// Lists feeds, finds those of a site, shows what the parser sees
    Feeds(feeds::Arguments),
    /// Shows what each topic found: today, over 14 days, and last
    Topics(topics::Arguments),
    /// Lists which items tell the same event, and why each joined
    Stories(stories::Arguments),
    /// Prints the stored items as JSON lines
    Export(export::Arguments),
    /// Shows whether all is well; exits 1 if a person is needed
    Status(status::Arguments),
    /// Copies the database while it is in use, and checks the copy
    Backup(backup::Arguments),
    /// Prints a unit for systemd, man pages or completions for shells
    Print(print::Arguments),
}

/// What every command gets.
struct Context {
    config: Option<PathBuf>,
    clock: Clock,
    /// What `--now` gave, for the daemon's own pace.
    start: Option<Timestamp>,
}

/// Reads the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let arguments = help::command()
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe behind `--help` is nobody's fault.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    log::start(arguments.log, matches!(arguments.command, Command::Run(_)));
    let context = Context {
        config: arguments.config,
        clock: arguments
            .now
            .map_or(Clock::Real, |now| Clock::starting_at(now, 1)),
        start: arguments.now,
    };
    let result = match arguments.command {
        Command::Demo(arguments) => demo::run(&context, &arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Check(arguments) => check::run(&context, &arguments),
        Command::Run(arguments) => run::run(&context, &arguments),
        Command::Poll(arguments) => poll::run(&context, &arguments),
        Command::Digest(arguments) => digest::run(&context, &arguments),
        Command::Outbox(arguments) => outbox::run(&context, &arguments),
        Command::Match(arguments) => matching::run(&arguments),
        Command::Search(arguments) => search::run(&context, &arguments),
        Command::Feeds(arguments) => feeds::run(&context, &arguments),
        Command::Topics(arguments) => topics::run(&context, &arguments),
        Command::Stories(arguments) => stories::run(&context, &arguments),
        Command::Export(arguments) => export::run(&context, &arguments),
        Command::Status(arguments) => status::run(&context, &arguments),
        Command::Backup(arguments) => backup::run(&context, &arguments),
        Command::Print(arguments) => print::run(&arguments),
    };
    match result {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::NeedsAPerson) => ExitCode::from(1),
        Ok(End::NothingDone) => ExitCode::from(2),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::print_error(&error);
            ExitCode::from(2)
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    NeedsAPerson,
    NothingDone,
}

/// An error with the remedy that the person can apply, printed apart.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
struct Hinted {
    problem: String,
    hint: String,
}

/// An error with a remedy.
fn hinted(problem: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Hinted {
        problem: problem.into(),
        hint: hint.into(),
    }
    .into()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints a line of data; an error if standard output is closed.
fn print_line(line: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{line}").context("cannot write to standard output")
}

/// Says something that is no data.
fn say(line: impl std::fmt::Display) {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes a moment as JSON and commands do: RFC 3339, UTC, whole seconds.
fn rfc3339(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A moment for people: of this machine's zone, to the minute.
fn local(moment: Timestamp) -> String {
    let local = moment.to_zoned_datetime(TimeZone::system());
    local.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Calls `work` with each item first seen since a moment, newest first, until it fails.
fn each_item(
    store: &Store,
    since: Timestamp,
    mut work: impl FnMut(StoredItem) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut result = Ok(());
    store.items_since(since, |stored| match work(stored) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            result = Err(error);
            ControlFlow::Break(())
        }
    })?;
    result
}
