//! How `--help` is laid out: the commands in groups, each with examples.

use clap::{Command, CommandFactory};

use super::Arguments;

/// The commands by what a person wants; those that stand in no group come last.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Begin", &["demo", "init", "check"]),
    ("Watch", &["run", "poll", "digest", "outbox"]),
    (
        "Look",
        &[
            "status", "topics", "stories", "search", "match", "feeds", "export",
        ],
    ),
    ("Keep", &["backup", "print"]),
];

/// What each command is used for, word by word. A command that this version does not have is passed over.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("demo", &["wirewatch demo"]),
    (
        "init",
        &[
            "wirewatch init",
            "wirewatch init my-watchlist.toml",
            "wirewatch init -",
        ],
    ),
    (
        "check",
        &["wirewatch check", "wirewatch check --config draft.toml"],
    ),
    ("run", &["wirewatch run", "wirewatch run --log json"]),
    (
        "poll",
        &[
            "wirewatch poll",
            "wirewatch poll --force --feed 'BBC World'",
        ],
    ),
    (
        "digest",
        &[
            "wirewatch digest",
            "wirewatch digest Morning --since 7d",
            "wirewatch digest --send",
        ],
    ),
    (
        "outbox",
        &[
            "wirewatch outbox",
            "wirewatch outbox release 17",
            "wirewatch outbox resume me@example.org",
        ],
    ),
    ("status", &["wirewatch status", "wirewatch status --json"]),
    ("topics", &["wirewatch topics", "wirewatch topics --json"]),
    (
        "stories",
        &["wirewatch stories", "wirewatch stories --json"],
    ),
    ("why", &["wirewatch why https://www.bbc.co.uk/news/world-1"]),
    ("diff", &["wirewatch diff draft.toml"]),
    (
        "search",
        &[
            "wirewatch search 'Mosul AND (ISIS OR Daesh)'",
            "wirewatch search --topic Mosul --since 90d",
        ],
    ),
    (
        "match",
        &["wirewatch match --query 'Mosul NEAR/3 troops' --title 'Troops enter Mosul'"],
    ),
    (
        "feeds",
        &[
            "wirewatch feeds list",
            "wirewatch feeds add bbc.co.uk",
            "wirewatch feeds import subscriptions.opml",
        ],
    ),
    ("topics", &["wirewatch topics", "wirewatch topics --json"]),
    (
        "stories",
        &["wirewatch stories", "wirewatch stories --since 30d --json"],
    ),
    ("export", &["wirewatch export --since 7d"]),
    ("backup", &["wirewatch backup wirewatch-2026-11-23.db"]),
    (
        "print",
        &[
            "wirewatch print unit",
            "wirewatch print unit --user",
            "wirewatch print man",
            "wirewatch print completions bash",
        ],
    ),
];

/// The program's arguments, with help as people read it.
pub(super) fn command() -> Command {
    let mut command = Arguments::command();
    for (name, examples) in EXAMPLES {
        if command.find_subcommand(name).is_some() {
            let examples = format!("Examples:\n  {}", examples.join("\n  "));
            command = command.mut_subcommand(name, |command| command.after_help(examples));
        }
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{}\n{}\n{{options}}{{after-help}}",
        groups(&command),
        heading("Options")
    );
    command.help_template(template)
}

fn groups(command: &Command) -> String {
    let grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let others: Vec<&str> = command
        .get_subcommands()
        .map(Command::get_name)
        .filter(|name| !grouped(name))
        .collect();
    let mut text = String::new();
    for (title, names) in GROUPS.iter().copied().chain([("More", others.as_slice())]) {
        let lines: Vec<String> = names
            .iter()
            .filter_map(|name| command.find_subcommand(name))
            .map(|command| {
                let about = command.get_about().map(ToString::to_string);
                format!(
                    "  \u{1b}[1m{:<9}\u{1b}[0m {}\n",
                    command.get_name(),
                    about.unwrap_or_default()
                )
            })
            .collect();
        if !lines.is_empty() {
            text.push_str(&format!("\n{}\n{}", heading(title), lines.concat()));
        }
    }
    text
}

/// As clap sets its own headings; it takes the marks away where there is no terminal.
fn heading(title: &str) -> String {
    format!("\u{1b}[1;4m{title}:\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_one_group_and_has_examples() {
        let command = command();
        for name in command.get_subcommands().map(Command::get_name) {
            let groups = GROUPS.iter().filter(|(_, names)| names.contains(&name));
            assert_eq!(groups.count(), 1, "`{name}` is in one group");
            assert!(
                EXAMPLES.iter().any(|(of, _)| *of == name),
                "`{name}` has examples"
            );
        }
    }

    #[test]
    fn the_examples_are_understood() {
        let known = EXAMPLES
            .iter()
            .filter(|(name, _)| command().find_subcommand(name).is_some());
        for (name, examples) in known {
            for example in *examples {
                let words = words(example);
                assert_eq!(words.get(1).map(String::as_str), Some(*name));
                if let Err(error) = command().try_get_matches_from(&words) {
                    panic!("`{example}`: {error}");
                }
            }
        }
    }

    #[test]
    fn help_fits_eighty_columns() {
        for line in command().render_help().to_string().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn arguments_are_declared_without_contradiction() {
        command().debug_assert();
    }

    /// Words as a shell reads them, with single quotes only.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (index, part) in line.split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        words
    }
}
