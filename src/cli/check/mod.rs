//! `check`: every problem of the watchlist, its tests, its warnings.

use super::setup;
use super::terminal::colours_on_stderr;
use super::{Context, End, print_line, say};
use crate::config::report::Colour;

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

mod feeds;
mod machine;
mod online;

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let (path, loaded) = setup::load(context)?;
    let report = match &loaded {
        Ok(loaded) => &loaded.warnings,
        Err(report) => report,
    };
    if arguments.json {
        let mut object = serde_json::json!({
            "file": path.display().to_string(),
            "problems": report.problems(),
            "warnings": report.warnings(),
            "findings": report.to_json(),
        });
        let Ok(loaded) = &loaded else {
            print_line(object)?;
            return Ok(End::NothingDone);
        };
        let tried = online::findings(context, &loaded.config, arguments, |_| Ok(()))?;
        if arguments.online || arguments.mail_to.is_some() {
            object["tried"] = tried.iter().map(online::Finding::json).collect();
        }
        print_line(object)?;
        return Ok(online::end(&tried));
    }
    let colour = if colours_on_stderr() {
        Colour::Ansi
    } else {
        Colour::Plain
    };
    if !report.findings().is_empty() {
        say(report.render(colour));
    }
    let Ok(loaded) = loaded else {
        say(format_args!(
            "`{}` has {}.",
            path.display(),
            setup::count(report.problems(), "problem")
        ));
        return Ok(End::NothingDone);
    };
    let config = &loaded.config;
    let tests: usize = config
        .topics()
        .iter()
        .map(|topic| topic.expects.len())
        .sum();
    let untested: Vec<_> = config
        .topics()
        .iter()
        .filter(|topic| topic.expects.is_empty())
        .map(|topic| format!("`{}`", topic.name))
        .collect();
    say(format_args!(
        "`{}` is sound: {}, {}, {}; {} passed.",
        path.display(),
        setup::count(config.feeds.len(), "feed"),
        setup::count(config.topics().len(), "topic"),
        setup::count(config.digests.len(), "digest"),
        setup::count(tests, "test"),
    ));
    if !untested.is_empty() {
        say(format_args!(
            "Without tests: {}. Add [[topic.expect]] tables, and an edit that breaks them is refused.",
            untested.join(", ")
        ));
    }
    say(format_args!("Database: {}", config.store.path.display()));
    let tried = online::findings(context, config, arguments, online::Finding::print)?;
    Ok(online::end(&tried))
}
