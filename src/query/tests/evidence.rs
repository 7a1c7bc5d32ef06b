//! Where and how much: evidence and score.

use expect_test::{Expect, expect};

use super::{judge, judge_item, lists, rule};
use crate::query::{Document, Prepared, Rule, Verdict, compile};
use crate::text::html::shown;

fn listed(verdict: &Verdict) -> String {
    let hits = verdict.evidence.iter().map(|hit| {
        let list = hit
            .list
            .as_ref()
            .map(|list| format!(" of {list}"))
            .unwrap_or_default();
        format!(
            "{} {}..{} {} = {}{list}\n",
            hit.field.as_str(),
            hit.start,
            hit.end,
            hit.term,
            hit.form
        )
    });
    hits.collect()
}

#[track_caller]
fn finds(query: &str, title: &str, expected: Expect) {
    expected.assert_eq(&listed(&judge(query, title)));
}

#[track_caller]
fn scores(query: &str, title: &str, score: f64) {
    assert_eq!(judge(query, title).score, score, "{query}");
}

#[test]
fn a_range_holds_words_as_the_text_writes_them() {
    finds(
        "Baghdadi OR Iran",
        "Baghdadi’s Sull’Iran",
        expect![[r#"
        title 0..12 Baghdadi = baghdadi
        title 13..24 Iran = iran
    "#]],
    );
    finds(
        "بغدادي",
        "والبغدادي",
        expect![[r#"
        title 0..18 بغدادي = بغدادي
    "#]],
    );
    finds(
        "US",
        "the U.S. army",
        expect![[r#"
        title 4..7 US = us
    "#]],
    );
    finds(
        "Islamic OR \"Islamic State\"",
        "“Islamic” State",
        expect![[r#"
            title 3..10 Islamic = islamic
            title 3..19 Islamic State = islamic state
        "#]],
    );
}

#[test]
fn a_range_holds_a_sign_only_if_the_term_has_it() {
    finds(
        "#Mosul OR Mosul OR C++",
        "#Mosul C++.",
        expect![[r#"
        title 0..6 #Mosul = #mosul
        title 1..6 Mosul = mosul
        title 7..10 C++ = c++
    "#]],
    );
}

#[test]
fn a_range_never_cuts_a_cluster() {
    finds(
        "Mu OR 👍",
        "Mu\u{308} 👍🏽",
        expect![[r#"
        title 0..4 Mu = mu
        title 5..13 👍 = 👍
    "#]],
    );
}

#[test]
fn the_form_says_what_was_equal() {
    finds(
        "al-Baghdadi OR \"J. K. Rowling\" OR email",
        "Albaghdadi, J.K. Rowling, e-mail",
        expect![[r#"
            title 0..10 al-Baghdadi = albaghdadi
            title 12..24 J. K. Rowling = jk rowling
            title 26..32 email = email
        "#]],
    );
    finds(
        "=US~1 OR {baghdadi}",
        "al-Baghdadi",
        expect![[r#"
        title 0..11 al-Baghdadi = al baghdadi of baghdadi
        title 3..11 Baghdadi = baghdadi of baghdadi
    "#]],
    );
}

#[test]
fn proximity_shows_the_hits_that_take_part() {
    finds(
        "bomb NEAR/3 Kabul NOT sport",
        "Bomb in Kabul; much later and elsewhere another bomb",
        expect![[r#"
            title 0..4 bomb = bomb
            title 8..13 Kabul = kabul
        "#]],
    );
    finds(
        "a1 NEAR/1 b1 NEAR/1 c1",
        "a1 b1 x c1 x x a1 b1",
        expect![[r#"
            title 0..2 a1 = a1
            title 3..5 b1 = b1
            title 8..10 c1 = c1
        "#]],
    );
    finds(
        "Paris UNLESS \"Paris Hilton\"",
        "Paris Hilton in Paris",
        expect![[r#"
            title 16..21 Paris = paris
        "#]],
    );
    finds(
        "ATLEAST/2({baghdadi})",
        "Baghdadi, al-Baghdadi",
        expect![[r#"
            title 0..8 Baghdadi = baghdadi of baghdadi
            title 10..21 al-Baghdadi = al baghdadi of baghdadi
            title 13..21 Baghdadi = baghdadi of baghdadi
        "#]],
    );
    finds(
        "ANY/1(a1, b1 AND c1)",
        "a1 b1",
        expect![[r#"
        title 0..2 a1 = a1
    "#]],
    );
}

#[test]
fn a_regex_shows_its_matches_that_are_not_empty() {
    finds(
        r"/\d+ dead/i OR /\b[b-z]*/",
        "7 dead<p>12 Dead",
        expect![[r#"
            title 0..6 /\d+ dead/i = 7 dead
            title 2..4 /\b[b-z]*/ = de
            title 8..15 /\d+ dead/i = 12 Dead
        "#]],
    );
}

#[test]
fn hits_are_ordered_by_field_place_length_and_term() {
    let document = Document {
        title: "Mosul Dam",
        content: "Mosul",
        author: "Mosul",
        link: Some("https://example.org/mosul"),
        ..Document::default()
    };
    let query = "mosul OR Mosul OR \"Mosul Dam\" OR author,link:Mosul";
    expect![[r#"
        title 0..5 Mosul = mosul
        title 0..5 mosul = mosul
        title 0..9 Mosul Dam = mosul dam
        content 0..5 Mosul = mosul
        content 0..5 mosul = mosul
        author 0..5 Mosul = mosul
        link 20..25 Mosul = mosul
    "#]]
    .assert_eq(&listed(&judge_item(&rule(query), &document)));
}

#[test]
fn each_distinct_term_counts_once_by_its_best_field() {
    scores("Mosul^2 OR ISIS", "Mosul: ISIS out", 9.0);
    scores("(Mosul AND dam) OR Iraq", "Mosul in Iraq", 3.0);
    scores("Mosul OR mosul OR MOSUL", "Mosul", 3.0);
    scores("Mosul OR =Mosul", "Mosul", 6.0);
    scores("(a1^2 OR (b1 OR c1)^3)^2", "a1 b1", 30.0);
    scores("Mosul^2 OR Mosul^3", "Mosul", 9.0);
    scores("{cities}^2", "Mosul Raqqa", 18.0);
    scores("NOT (NOT Mosul)", "Mosul", 0.0);
    scores("/Mos/^2 OR /Mos/i", "Mosul", 9.0);
    scores("Mosul AND ISIS", "Mosul", 0.0);
    let document = Document {
        title: "Mosul",
        summary: "Iraq, Mosul",
        ..Document::default()
    };
    assert_eq!(judge_item(&rule("Mosul AND Iraq"), &document).score, 4.0);
}

#[test]
fn a_score_below_the_least_is_kept_without_evidence() {
    let topic = Rule {
        min_score: 4.0,
        ..rule("Mosul")
    };
    let document = Document {
        title: "Mosul",
        ..Document::default()
    };
    let verdict = judge_item(&topic, &document);
    assert_eq!((verdict.matched, verdict.score), (false, 3.0));
    assert!(verdict.evidence.is_empty());
}

#[track_caller]
fn misses(query: &str, title: &str, reason: &str) {
    let compiled = compile(&rule(query), &lists()).expect(query);
    let prepared = Prepared::as_declared(&Document {
        title: &shown(title),
        lang: Some("de"),
        ..Document::default()
    });
    assert_eq!(compiled.miss(&prepared), reason);
}

#[test]
fn a_miss_says_what_a_person_can_act_on() {
    misses("Ninawa", "Mosul", "`Ninawa` is not in the text");
    misses(
        "Mosul AND title:Ninawa",
        "Mosul",
        "`Ninawa` is not in the title",
    );
    misses(
        "Mosul AND (a1 OR b1)",
        "Mosul",
        "neither `a1` nor `b1` is in the text",
    );
    misses(
        "ISIS NEAR/3 Mosul",
        "Mosul is now finally very much entirely rid of ISIS",
        "`ISIS` and `Mosul` are 8 words apart, at most 3",
    );
    misses("ISIS NEAR/3 Mosul", "ISIS", "`Mosul` is not in the text");
    misses(
        "ISIS NEAR/s Mosul",
        "ISIS. Mosul",
        "`ISIS` and `Mosul` are never in one sentence",
    );
    misses(
        "ISIS NEAR/9 Mosul",
        "ISIS<p>Mosul",
        "`ISIS` and `Mosul` are never in one paragraph, side by side",
    );
    misses(
        "ISIS ONEAR/9 Mosul",
        "Mosul ISIS",
        "no `ISIS` stands before `Mosul`, near enough",
    );
    misses(
        "Mosul NOT football",
        "Mosul football",
        "`football` is in the text, which is excluded",
    );
    misses(
        "Paris UNLESS \"Paris Hilton\"",
        "Paris Hilton",
        "every `Paris` is part of `Paris Hilton`",
    );
    misses(
        "ANY/2(a1, b1)",
        "a1",
        "only 1 of `a1` or `b1` is true, at least 2 must be",
    );
    misses(
        "ATLEAST/2(a1)",
        "a1",
        "`a1` occurs once, at least 2 are asked",
    );
    misses("a1 AND lang:en", "a1", "the language is `de`, not `en`");
    misses(
        "a1 AND site:bbc.co.uk",
        "a1",
        "the link is not on `bbc.co.uk`",
    );
    misses(
        "(Mosul AND dam) OR Raqqa",
        "Mosul",
        "`dam` is not in the text",
    );
}

#[test]
fn a_reading_shows_precedence() {
    let topic = Rule {
        any: vec!["Mosul".to_owned(), "New York".to_owned()],
        none: vec!["sport".to_owned()],
        query: Some("a1 OR b1 AND c1 NOT d1 NEAR/3 e1".to_owned()),
        fields: Some(vec!["title".to_owned()]),
        feeds: vec!["world".to_owned()],
        ..Rule::default()
    };
    let compiled = compile(&topic, &lists()).expect("a valid topic");
    expect![[r#"title:((Mosul OR "New York") AND (a1 OR (b1 AND c1 AND NOT (d1 NEAR/3 e1))) AND NOT sport), in feeds world"#]].assert_eq(&compiled.reading());
}
