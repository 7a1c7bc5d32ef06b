//! One watchlist per rule, each with its exact report.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use super::report::Colour;
use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config")
}

fn places() -> Places {
    Places { config: "/etc/wirewatch".into(), state: Some("/var/lib/wirewatch".into()), credentials: None }
}

/// What `check` says: the report, or what is left to say of a watchlist that is fine.
fn report(text: &str) -> String {
    match parse(text, "wirewatch.toml", &places()) {
        Ok(checked) if checked.warnings.findings().is_empty() => "fine\n".to_owned(),
        Ok(checked) => checked.warnings.render(Colour::Plain),
        Err(report) => report.render(Colour::Plain),
    }
}

#[test]
fn every_rule_has_its_report() {
    let mut files: Vec<_> = fs::read_dir(folder())
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 40, "only {} cases", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a watchlist in UTF-8");
        expect_file![file.with_extension("report")].assert_eq(&report(&text));
    }
}
