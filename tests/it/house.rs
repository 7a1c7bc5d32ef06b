//! The house keeps its walls: who may name whom, and where the edge crates live.
//!
//! It reads `src/` as text, tests included: a test that needs an acting room belongs into `tests/it`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that compute: no clock, disk, network, log, async or chance.
const PURE: &[&str] = &[
    "model", "text", "url", "feed", "identity", "ingest", "query", "topic", "census", "story",
    "schedule", "health", "digest",
];

/// Rooms that act, and which other acting rooms each may name. Every room may name the pure ones.
const SHELL: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("files", &[]),
    ("config", &["files"]),
    ("store", &["files"]),
    ("http", &[]),
    ("mail", &["files"]),
    ("desk", &["config", "store"]),
    ("poll", &["clock", "config", "store", "http", "desk"]),
    ("deliver", &["clock", "config", "store", "mail", "desk"]),
    ("demo", &[]),
    (
        "service",
        &[
            "clock", "config", "store", "http", "mail", "desk", "poll", "deliver",
        ],
    ),
    (
        "cli",
        &[
            "clock", "config", "store", "http", "mail", "desk", "poll", "deliver", "service",
            "demo",
        ],
    ),
];

/// Crates at the edge of the program, and the one place that may name each.
const EDGES: &[(&str, &str)] = &[
    ("feed_rs", "src/feed/"),
    ("reqwest", "src/http/"),
    ("lettre", "src/mail/"),
    ("rusqlite", "src/store/"),
    ("toml", "src/config/"),
    ("clap", "src/cli/"),
];

/// What only rooms that act may name.
const ACTS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime::now",
    "Instant::now",
    "std::thread",
    "tokio",
    "tracing",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
];

const LONGEST_FILE: usize = 700;

#[test]
fn pure_rooms_never_name_the_shell() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let room = room_of(&file);
        if !PURE.contains(&room.as_str()) {
            continue;
        }
        for (other, _) in SHELL {
            if names_room(&text, other) {
                faults.push(format!("{} names `{other}`", file.display()));
            }
        }
        // A table of tests may lie in files.
        for act in ACTS.iter().filter(|_| !file.ends_with("tests.rs")) {
            if names_path(&text, act) {
                faults.push(format!("{} names `{act}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn arrows_between_acting_rooms_point_one_way() {
    let allowed: BTreeMap<_, _> = SHELL.iter().copied().collect();
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let room = room_of(&file);
        let Some(may_name) = allowed.get(room.as_str()) else {
            continue;
        };
        for (other, _) in SHELL {
            if *other != room && !may_name.contains(other) && names_room(&text, other) {
                faults.push(format!("{} names `{other}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_edge_crate_is_named_in_one_place() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        for (edge, home) in EDGES {
            if !file.to_string_lossy().contains(home) && names_path(&text, &format!("{edge}::")) {
                faults.push(format!("{} names `{edge}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_room_is_on_the_map() {
    let mut faults = Vec::new();
    for (file, _) in sources() {
        let room = room_of(&file);
        let known = PURE.contains(&room.as_str()) || SHELL.iter().any(|(name, _)| *name == room);
        if !known && room != "lib" && room != "main" {
            faults.push(format!("{} is in no room of the house", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_say_what_they_are_for_and_fit_a_sitting() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        if !text.starts_with("//! ") && !file.ends_with("tests.rs") {
            faults.push(format!(
                "{} does not begin with what it is for",
                file.display()
            ));
        }
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!(
                "{} has {lines} lines, at most {LONGEST_FILE}",
                file.display()
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("src is readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is UTF-8");
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.len() > 30, "the sources were not found");
    found
}

/// The first part of the path below `src/`, without `.rs`.
fn room_of(file: &Path) -> String {
    let below = file
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .expect("below src");
    let first = below.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Whether code (not prose) names the room, as `crate::room` or inside `crate::{…}`.
fn names_room(text: &str, room: &str) -> bool {
    code_lines(text).any(|line| {
        names_path(line, &format!("crate::{room}"))
            || line.split_once("crate::{").is_some_and(|(_, list)| {
                list.split([',', '}', ':']).any(|name| name.trim() == room)
            })
    })
}

/// Whether code names the path, as whole words.
fn names_path(text: &str, path: &str) -> bool {
    code_lines(text).any(|line| {
        line.match_indices(path).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let after = line
                .get(at + path.len()..)
                .and_then(|after| after.chars().next());
            let inside = |c: char| c.is_alphanumeric() || c == '_';
            !before.is_some_and(inside) && (path.ends_with(':') || !after.is_some_and(inside))
        })
    })
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}
