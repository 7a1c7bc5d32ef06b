//! How well the daemon's own judgement does on sets of cases: `cargo bench --bench quality -- SET FILE --out OUT`.
//!
//! Each set reads cases as JSON lines, calls the code that the daemon calls, writes the answers for the scorer of the set
//! and prints the figures that can be told without it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints its figures"
)]

use std::process::ExitCode;

#[path = "quality/identity.rs"]
mod identity;
#[path = "processor.rs"]
mod processor;
#[path = "quality/stories.rs"]
mod stories;
#[path = "quality/story_cost.rs"]
mod story_cost;
#[path = "quality/story_order.rs"]
mod story_order;
#[path = "quality/urls.rs"]
mod urls;

const USAGE: &str = "usage: cargo bench --bench quality -- (urls | identity) FILE --out OUT
       cargo bench --bench quality -- stories ITEMS... --out OUT
       cargo bench --bench quality -- story-cost ITEMS";

fn main() -> ExitCode {
    // Cargo adds `--bench` to whatever it was given, and calls without a set when it runs all benchmarks.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        ["stories", rest @ ..] => stories::run(rest),
        ["story-cost", items] => items.parse().map_err(Into::into).and_then(story_cost::run),
        [set, file, "--out", out] => run(set, file, out),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a set returns: its figures in one line.
type Outcome = Result<String, Box<dyn std::error::Error>>;

fn run(set: &str, file: &str, out: &str) -> Outcome {
    let cases =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read `{file}`: {error}"))?;
    match set {
        "urls" => urls::run(&cases, out),
        "identity" => identity::run(&cases, out),
        _ => Err(USAGE.into()),
    }
}
