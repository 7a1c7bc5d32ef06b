//! What the watch language promises, as data: a query, and texts that it finds or does not.

mod errors;
mod evidence;
mod laws;
mod scripts;
mod truth;

use crate::query::{Document, Lists, Prepared, Rule, Verdict, compile};
use crate::text::html::shown;

pub(super) fn rule(query: &str) -> Rule {
    Rule {
        query: Some(query.to_owned()),
        ..Rule::default()
    }
}

/// The lists that the tables use.
pub(super) fn lists() -> Lists {
    let lists: [(&str, &[&str]); 7] = [
        (
            "baghdadi",
            &[
                "Abu Bakr al-Baghdadi",
                "al-Baghdadi",
                "Baghdadi",
                "البغدادي",
            ],
        ),
        ("cities", &["Mosul^2", "{more}"]),
        ("more", &["title:Raqqa", "Sinjar"]),
        ("mixed", &["Mosul", "/x+y/"]),
        ("circle", &["{ring}"]),
        ("ring", &["a1", "{circle}"]),
        ("empty", &[]),
    ];
    let owned = |(name, terms): (&str, &[&str])| {
        (
            name.to_owned(),
            terms.iter().map(|term| (*term).to_owned()).collect(),
        )
    };
    lists.into_iter().map(owned).collect()
}

/// Judges an item whose title is an HTML fragment.
#[track_caller]
pub(super) fn judge(query: &str, title: &str) -> Verdict {
    judge_item(
        &rule(query),
        &Document {
            title: &shown(title),
            ..Document::default()
        },
    )
}

#[track_caller]
pub(super) fn judge_item(rule: &Rule, document: &Document<'_>) -> Verdict {
    match compile(rule, &lists()) {
        Ok(compiled) => compiled.judge(&Prepared::as_declared(document)),
        Err(errors) => panic!("{:?}: {errors:?}", rule.query),
    }
}

/// Checks a query against titles that it finds and titles that it does not.
#[track_caller]
pub(super) fn check(query: &str, finds: &[&str], misses: &[&str]) {
    for title in finds {
        assert!(judge(query, title).matched, "`{query}` must find “{title}”");
    }
    for title in misses {
        assert!(
            !judge(query, title).matched,
            "`{query}` must not find “{title}”"
        );
    }
}
