//! What the program says of itself: help, man pages, completions, and how it behaves at the end of a pipe.

use std::fs;
use std::process::{Command, Stdio};

use crate::wirewatch::{Home, Ran};

#[test]
fn help_shows_the_commands_in_groups_without_colour_in_a_pipe() {
    let home = Home::new("");
    let ran = home.done(&["--help"]);
    for part in [
        "Begin:\n",
        "Watch:\n",
        "Look:\n",
        "Keep:\n",
        "Options:\n",
        "  backup    Copies",
    ] {
        assert!(ran.stdout.contains(part), "no `{part}` in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    let of_search = home.done(&["search", "--help"]);
    assert!(
        of_search.stdout.contains("Examples:\n  wirewatch search"),
        "{of_search:#?}"
    );
}

#[test]
fn every_command_has_a_man_page_that_man_reads_without_complaint() {
    let home = Home::new("");
    let folder = home.path("man");
    home.done(&["print", "man", "--into", folder.to_str().expect("UTF-8")]);
    let mut pages: Vec<_> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    pages.sort();
    let has = |name: &str| pages.iter().any(|page| page.ends_with(name));
    for name in [
        "wirewatch.1",
        "wirewatch-run.1",
        "wirewatch-feeds-list.1",
        "wirewatch-print-unit.1",
    ] {
        assert!(has(name), "no {name} in {pages:?}");
    }
    assert_eq!(
        fs::read_to_string(folder.join("wirewatch.1")).expect("a page"),
        home.done(&["print", "man"]).stdout
    );
    for page in pages {
        let read = Command::new("man")
            .args(["--warnings", "-l"])
            .arg(&page)
            .env("MANPAGER", "cat")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output();
        // A machine without `man` still checks that the pages are written.
        let Ok(read) = read else { return };
        let complaints = String::from_utf8_lossy(&read.stderr);
        assert!(
            read.status.success() && !complaints.contains("warning"),
            "{}: {complaints}",
            page.display()
        );
    }
}

#[test]
fn completions_know_every_command() {
    let home = Home::new("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.done(&["print", "completions", shell]).stdout;
        for name in ["backup", "status", "import"] {
            assert!(script.contains(name), "{shell}: no `{name}`");
        }
    }
    let bash = home.done(&["print", "completions", "bash"]).stdout;
    let file = home.path("completions");
    fs::write(&file, bash).expect("written");
    let checked = Command::new("bash").arg("-n").arg(&file).output();
    if let Ok(checked) = checked {
        assert!(checked.status.success(), "{checked:?}");
    }
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let home = Home::new("");
    for arguments in [
        &["init", "-"][..],
        &["print", "completions", "bash"],
        &["--help"],
    ] {
        let mut child = home
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let ran = Ran::of(child.wait_with_output().expect("it ends"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn a_wrong_word_is_answered_with_the_likely_one() {
    let home = Home::new("");
    let ran = home.run(&["stauts"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    assert!(ran.stderr.contains("'status'"), "{ran:#?}");
}
