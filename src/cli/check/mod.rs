//! `check`: every problem of the watchlist, its tests, its warnings, and each file it leads to.

use std::path::Path;

use serde_json::json;

use super::setup;
use super::terminal::{colours_on_stderr, plain};
use super::{Context, End, print_line, say};
use crate::config::files::{self, Looked};
use crate::config::find::Environment;
use crate::config::report::{Colour, Report};
use crate::config::{Config, Loaded};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One JSON object, for editors
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let (path, loaded) = setup::load(context)?;
    let mut places = files::watchlists(context.config.as_deref(), Environment::process());
    if let Ok(loaded) = &loaded {
        places.extend(files::of_config(
            &loaded.config,
            &path,
            Environment::process(),
        ));
    }
    if arguments.json {
        return in_json(&path, &loaded, &places);
    }
    match &loaded {
        Ok(loaded) => {
            print_findings(&loaded.warnings);
            say_sound(&path, loaded);
        }
        Err(report) => {
            print_findings(report);
            say(format_args!(
                "`{}` has {}.",
                path.display(),
                setup::count(report.problems(), "problem")
            ));
        }
    }
    say_places(&places);
    Ok(end(&loaded))
}

fn end(loaded: &Result<Loaded, Report>) -> End {
    match loaded {
        Ok(_) => End::Done,
        Err(_) => End::NothingDone,
    }
}

fn in_json(path: &Path, loaded: &Result<Loaded, Report>, places: &[Looked]) -> anyhow::Result<End> {
    let report = match loaded {
        Ok(loaded) => &loaded.warnings,
        Err(report) => report,
    };
    let version = loaded.as_ref().ok().map(|loaded| loaded.version.short());
    let tests = loaded.as_ref().ok().map(|loaded| tests(&loaded.config));
    print_line(json!({
        "file": path.display().to_string(),
        "version": version,
        "problems": report.problems(),
        "warnings": report.warnings(),
        "tests": tests,
        "findings": report.to_json(),
        "places": places.iter().map(Looked::to_json).collect::<Vec<_>>(),
    }))?;
    Ok(end(loaded))
}

fn print_findings(report: &Report) {
    if !report.findings().is_empty() {
        say(report.render(if colours_on_stderr() {
            Colour::Ansi
        } else {
            Colour::Plain
        }));
    }
}

fn say_sound(path: &Path, loaded: &Loaded) {
    let config = &loaded.config;
    say(format_args!(
        "`{}` is sound: {}, {}, {}; {} passed. Version {}.",
        path.display(),
        setup::count(config.feeds.len(), "feed"),
        setup::count(config.topics().len(), "topic"),
        setup::count(config.digests.len(), "digest"),
        setup::count(tests(config), "test"),
        loaded.version.short(),
    ));
    let untested = untested(config);
    if !untested.is_empty() {
        say(format_args!(
            "Without tests: {untested}. Add [[topic.expect]] tables, and an edit that breaks them is refused."
        ));
    }
}

/// How many tests the topics have.
fn tests(config: &Config) -> usize {
    let tests = config.topics().iter().map(|topic| topic.expects.len());
    tests.sum()
}

/// The names of the topics without tests; of many the first.
fn untested(config: &Config) -> String {
    const NAMED: usize = 12;
    let names: Vec<_> = config
        .topics()
        .iter()
        .filter(|topic| topic.expects.is_empty())
        .map(|topic| format!("`{}`", plain(&topic.name)))
        .collect();
    match names.get(..NAMED) {
        Some(first) if names.len() > NAMED => {
            format!("{} and {} more", first.join(", "), names.len() - NAMED)
        }
        _ => names.join(", "),
    }
}

/// A line a place; what it is for stands in front of the first of several.
fn say_places(places: &[Looked]) {
    let width = places.iter().map(|place| place.what.len()).max();
    let width = width.unwrap_or_default();
    say("\nFiles:");
    let mut before = "";
    for place in places {
        let what = if place.what == before { "" } else { place.what };
        before = place.what;
        say(format_args!("  {what:<width$}  {}", place.in_words()));
    }
}
