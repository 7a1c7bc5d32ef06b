//! The Debian package holds what a service needs. `tests/package/deb` builds it and compares it with the same list.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the package: where it comes from, where it goes, and its mode.
struct Asset {
    source: String,
    target: String,
    mode: String,
}

fn in_repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(in_repository(name)).expect(name)
}

fn assets() -> Vec<Asset> {
    let manifest = read("Cargo.toml");
    let (_, package) = manifest
        .split_once("[package.metadata.deb]")
        .expect("the package is described");
    let (_, list) = package.split_once("assets = [").expect("a list");
    let (list, _) = list.split_once("\n]").expect("its end");
    let lines = list.lines().map(|line| line.trim().trim_end_matches(','));
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let [source, target, mode]: [String; 3] =
                serde_json::from_str(line).expect("three strings");
            let target = if target.ends_with('/') {
                let name = Path::new(&source).file_name().expect("a name");
                format!("{target}{}", name.to_string_lossy())
            } else {
                target
            };
            Asset {
                source,
                target,
                mode,
            }
        })
        .collect()
}

#[test]
fn the_package_holds_binary_unit_man_pages_completions_and_example() {
    let contents = read("tests/package/contents.txt");
    let assets = assets();
    for part in [
        "usr/bin/wirewatch",
        "usr/lib/systemd/system/wirewatch.service",
        "usr/share/man/man1/",
        "bash-completion/completions/wirewatch",
        "_wirewatch",
        "wirewatch.fish",
        "examples/wirewatch.toml",
    ] {
        assert!(
            assets.iter().any(|asset| asset.target.contains(part)),
            "no asset `{part}`"
        );
        assert!(contents.contains(part), "`{part}` is not in the list");
    }
    for Asset { target, mode, .. } in assets {
        // One line stands for all man pages, which are compressed on the way.
        let target = target.replace("*.1", "wirewatch.1.gz");
        let letters = if mode == "755" {
            "-rwxr-xr-x"
        } else {
            "-rw-r--r--"
        };
        let line = format!("{letters} ./{target}");
        assert!(contents.lines().any(|found| found == line), "no `{line}`");
    }
}

#[test]
fn every_file_of_the_package_is_there_or_is_made_by_its_script() {
    let script = read("tests/package/deb");
    for Asset { source, .. } in assets() {
        match source.strip_prefix("target/package/") {
            Some(made) => {
                let made = format!("\"$made/{}\"", made.trim_end_matches("/*.1"));
                assert!(script.contains(&made), "the script does not make {made}");
            }
            None if source == "target/release/wirewatch" => {}
            None => assert!(in_repository(&source).exists(), "no `{source}`"),
        }
    }
    for name in ["postinst", "prerm", "postrm"] {
        let text = read(&format!("tests/package/debian/{name}"));
        assert!(text.starts_with("#!/bin/sh\nset -e\n"), "{name}");
    }
}
