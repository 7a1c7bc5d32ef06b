//! `check`: every problem of the watchlist, its tests, its warnings, and each file it leads to.

use std::path::{Path, PathBuf};

use serde_json::json;

use self::stored::Answer;
use super::setup;
use super::terminal::{plain, report_colour};
use super::{Context, End, print_line, say};
use crate::config::files::{self, Looked};
use crate::config::find::Environment;
use crate::config::report::Report;
use crate::config::{Config, Loaded};
use crate::desk::Watchlist;

mod feeds;
mod machine;
mod online;
mod stored;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Also try it: paths, database, clock, each feed, the mail server
    #[arg(long)]
    online: bool,
    /// Send a sample to this address, the way that digests go
    #[arg(long, value_name = "ADDRESS")]
    mail_to: Option<String>,
    /// One JSON object, for editors
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let (path, loaded) = setup::load(context)?;
    let mut checked = Checked {
        places: files::watchlists(context.config.as_deref(), Environment::process()),
        path,
        loaded,
        stored: None,
    };
    checked.look_further(context);
    if !arguments.json {
        checked.say();
    }
    let Ok(loaded) = &checked.loaded else {
        if arguments.json {
            print_line(checked.to_json())?;
        }
        return Ok(End::NothingDone);
    };
    if !arguments.json {
        let tried = online::findings(context, &loaded.config, arguments, online::Finding::print)?;
        return Ok(online::end(&tried));
    }
    let tried = online::findings(context, &loaded.config, arguments, |_| Ok(()))?;
    let mut object = checked.to_json();
    if arguments.online || arguments.mail_to.is_some() {
        object["tried"] = tried.iter().map(online::Finding::json).collect();
    }
    print_line(object)?;
    Ok(online::end(&tried))
}

/// All that `check` has to say.
struct Checked {
    path: PathBuf,
    loaded: Result<Loaded, Report>,
    places: Vec<Looked>,
    stored: Option<Answer>,
}

impl Checked {
    /// Looks at the files that a sound watchlist leads to, and asks the stored items about it.
    fn look_further(&mut self, context: &Context) {
        let Ok(loaded) = &mut self.loaded else { return };
        let environment = Environment::process();
        let files = files::of_config(&loaded.config, &self.path, environment);
        self.places.extend(files);
        let watchlist = Watchlist::new(loaded.clone(), &self.path);
        let (answer, findings) = stored::ask(context, watchlist);
        self.stored = Some(answer);
        loaded.warnings = loaded.warnings.clone().with(findings);
    }

    fn report(&self) -> &Report {
        match &self.loaded {
            Ok(loaded) => &loaded.warnings,
            Err(report) => report,
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let report = self.report();
        let loaded = self.loaded.as_ref().ok();
        json!({
            "file": self.path.display().to_string(),
            "version": loaded.map(|loaded| loaded.version.short()),
            "problems": report.problems(),
            "warnings": report.warnings(),
            "tests": loaded.map(|loaded| tests(&loaded.config)),
            "findings": report.to_json(),
            "stored": self.stored.as_ref().map(Answer::to_json),
            "places": self.places.iter().map(Looked::to_json).collect::<Vec<_>>(),
        })
    }

    fn say(&self) {
        print_findings(self.report());
        match &self.loaded {
            Ok(loaded) => say_sound(&self.path, loaded),
            Err(report) => say(format_args!(
                "`{}` has {}.",
                self.path.display(),
                setup::count(report.problems(), "problem")
            )),
        }
        if let Some(answer) = &self.stored {
            say(answer.in_words());
        }
        say_places(&self.places);
    }
}

fn print_findings(report: &Report) {
    if !report.findings().is_empty() {
        say(format_args!(
            "{}\n",
            report.render(report_colour()).trim_end()
        ));
    }
}

fn say_sound(path: &Path, loaded: &Loaded) {
    let config = &loaded.config;
    say(format_args!(
        "`{}` is sound: {}, {}, {}; {}. Watchlist version {}.",
        path.display(),
        setup::count(config.feeds.len(), "feed"),
        setup::count(config.topics().len(), "topic"),
        setup::count(config.digests.len(), "digest"),
        match tests(config) {
            0 => "no tests".to_owned(),
            tests => format!("{} passed", setup::count(tests, "test")),
        },
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
