use proptest::prelude::*;

use super::{Kind, parse, parse_plain};
use crate::query::error::Code;

#[track_caller]
fn reads(query: &str, printed: &str) {
    let parsed = parse(query);
    assert_eq!(parsed.mistakes, [], "{query}");
    let root = parsed.root.expect("a query without mistakes has a tree");
    assert_eq!(root.to_string(), printed);
    let again = parse(printed);
    assert_eq!(again.root.as_ref(), Some(&root), "{printed}");
}

#[track_caller]
fn fails(query: &str, code: Code, at: usize) {
    let mut mistakes = parse(query).mistakes;
    mistakes.sort_by_key(|mistake| mistake.at);
    let first = mistakes.first().expect(query);
    assert_eq!(
        (first.code, first.at),
        (code, at),
        "{query}: {}",
        first.message
    );
}

#[track_caller]
fn plain_fails(term: &str, code: Code) {
    let mistakes = parse_plain(term).mistakes;
    assert_eq!(
        mistakes.first().map(|mistake| mistake.code),
        Some(code),
        "{term}"
    );
}

#[track_caller]
fn plain_reads(term: &str, printed: &str) {
    let parsed = parse_plain(term);
    assert_eq!(parsed.mistakes, [], "{term}");
    assert_eq!(parsed.root.expect("tree").to_string(), printed);
}

#[test]
fn and_binds_tighter_than_or() {
    reads("a OR b AND c", "a OR (b AND c)");
    reads("a AND b OR c AND d OR e", "(a AND b) OR (c AND d) OR e");
}

#[test]
fn a_not_b_is_a_and_not_b() {
    reads(
        "Mosul NOT dam NEAR/3 water",
        "Mosul AND NOT (dam NEAR/3 water)",
    );
    reads("a AND NOT b", "a AND NOT b");
    reads("NOT a", "NOT a");
    reads("NOT{sport}", "NOT {sport}");
    reads("a NOT NOT b", "a AND NOT NOT b");
}

#[test]
fn proximity_chains_go_from_left_to_right() {
    reads(
        "a NEAR/5 b UNLESS c NOTNEAR/s d ONEAR/p e",
        "a NEAR/5 b UNLESS c NOTNEAR/s d ONEAR/p e",
    );
    reads("(a NEAR/5 b) UNLESS c", "(a NEAR/5 b) UNLESS c");
}

#[test]
fn operators_need_a_border_behind_them() {
    reads("ORLANDO OR NOTHING", "ORLANDO OR NOTHING");
    reads("\"a\"OR\"b\"", "\"a\" OR \"b\"");
    reads("a OR=US", "a OR =US");
    reads("ANY OR ATLEAST", "ANY OR ATLEAST");
    reads("ANY/2 (a, b)", "ANY/2(a, b)");
}

#[test]
fn words_keep_signs_and_quotations_keep_everything() {
    for word in [
        "AT&T",
        "C++",
        "#tag",
        "@un",
        "$5bn",
        "9/11",
        "al-Baghdadi",
        "/etc/passwd",
        "a\\b",
    ] {
        reads(word, word);
    }
    reads("“re:Invent”", "\"re:Invent\"");
    reads(r#""6\" gun""#, r#""6\" gun""#);
    reads("\"AND OR NOT\"", "\"AND OR NOT\"");
}

#[test]
fn fields_and_filters_take_their_colon() {
    reads(
        "title,summary:(a OR content:b)",
        "title,summary:(a OR content:b)",
    );
    reads("title:a^2~1", "title:a~1^2");
    reads("(title:a)^2", "(title:a)^2");
    reads(
        "site:(bbc.co.uk OR \"a b\") AND lang:en",
        "site:(bbc.co.uk OR \"a b\") AND lang:en",
    );
    reads("x AND feed:\"BBC World\"", "x AND feed:\"BBC World\"");
    reads(
        "(site:x)^2 OR title:(site:y)",
        "(site:x)^2 OR title:(site:y)",
    );
}

#[test]
fn regexes_end_where_the_grammar_says() {
    reads(r"/a b\/c/i AND x", r"/a b\/c/i AND x");
    reads("/x/^2", "/x/^2");
    reads("ANY/1(/x/,/y/i)", "ANY/1(/x/, /y/i)");
    assert!(matches!(
        parse("/x/iraq").root.map(|root| root.kind),
        Some(Kind::Term(_))
    ));
}

#[test]
fn a_mistake_is_named_where_it_stands() {
    fails("Abu Bakr", Code::OperatorMissing, 4);
    fails("iraq and iran", Code::OperatorMissing, 5);
    fails("Mosul title:x", Code::OperatorMissing, 6);
    fails("Mosul AND", Code::TermMissing, 9);
    fails("a AND OR b", Code::TermMissing, 6);
    fails("()", Code::TermMissing, 1);
    fails("ANY/1(a, )", Code::TermMissing, 9);
    fails("site:", Code::TermMissing, 5);
    fails("title:)", Code::TermMissing, 6);
    fails("title: Mosul", Code::Unexpected, 5);
    fails("Title:Mosul", Code::Unexpected, 5);
    fails("a, b", Code::Unexpected, 1);
    fails("a)", Code::Unexpected, 1);
    fails("a }", Code::Unexpected, 2);
    fails("{a b}", Code::Unexpected, 0);
    fails("x AND \"Islamic State", Code::QuoteUnclosed, 6);
    fails("Zürich AND (Mosul OR Raqqa", Code::ParenthesisUnclosed, 12);
    fails("ANY/2(a, b", Code::ParenthesisUnclosed, 5);
    fails("Mosul NEAR Iraq", Code::DistanceMissing, 6);
    fails("Mosul NEAR/x Iraq", Code::DistanceMissing, 6);
    fails("Mosul NEAR/250 Iraq", Code::DistanceTooLarge, 6);
    fails("a NEAR/3 (b AND c)", Code::OperandNotPositional, 9);
    fails("title:a NEAR/3 b", Code::OperandNotPositional, 0);
    fails("ISIS NEAR/5 title:Mosul", Code::OperandNotPositional, 12);
    fails("/x/ NEAR/5 y", Code::OperandNotPositional, 0);
    fails("ATLEAST/2(a AND b)", Code::OperandNotPositional, 10);
    fails("ANY(a, b)", Code::CountMissing, 0);
    fails("x AND ATLEAST (a)", Code::CountMissing, 6);
    fails("ANY/4(a, b)", Code::CountOutOfRange, 0);
    fails("ATLEAST/0(a)", Code::CountOutOfRange, 0);
    fails("a^0", Code::CountOutOfRange, 1);
    fails("a^1000.5", Code::CountOutOfRange, 1);
    fails("tilte:Mosul", Code::FieldUnknown, 0);
    fails("title,nope:x", Code::FieldUnknown, 6);
    fails("x AND título:x", Code::FieldUnknown, 6);
    fails("http://example.org", Code::FieldUnknown, 0);
    fails("title,site:x", Code::FieldNotCombinable, 6);
    fails("Mosul~3", Code::ModifierUnknown, 5);
    fails("Mosul^x", Code::ModifierUnknown, 5);
    fails("(a OR b)~1", Code::ModifierMisplaced, 8);
    fails("a~1~stem", Code::ModifierMisplaced, 3);
    fails("site:x^2", Code::ModifierMisplaced, 6);
    fails("x~stem.xx", Code::LanguageUnknown, 1);
    fails("  ", Code::NoPositiveTerm, 0);
}

#[test]
fn the_first_mistake_from_the_left_leads() {
    fails("a~3 AND b c", Code::ModifierUnknown, 1);
    fails("title:a NEAR b", Code::OperandNotPositional, 0);
}

#[test]
fn depth_is_bounded() {
    let deep = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    reads(&deep(64), "a");
    fails(&deep(65), Code::TooDeep, 64);
    fails(&format!("{}a", "NOT ".repeat(65)), Code::TooDeep, 256);
    let chain = |operators: usize| format!("a{}", " NEAR/1 a".repeat(operators));
    reads(&chain(64), &chain(64));
    fails(&chain(65), Code::TooDeep, 2 + 64 * 9);
}

#[test]
fn a_plain_term_is_one_term_however_many_words() {
    plain_reads("New York", "\"New York\"");
    plain_reads(" New  York ^2", "\"New  York\"^2");
    plain_reads(r"a\b c", r#""a\\b c""#);
    plain_reads("=New York^2", "=\"New York\"^2");
    plain_reads("title:Mosul^2", "title:Mosul^2");
    plain_reads("'rock and roll'~1", "\"'rock and roll'\"~1");
    plain_reads(r#""TO BE OR NOT TO BE""#, r#""TO BE OR NOT TO BE""#);
    plain_reads("/a OR b/i", "/a OR b/i");
    plain_reads("title:{names}^3", "title:{names}^3");
    plain_reads("site:bbc.co.uk", "site:bbc.co.uk");
}

#[test]
fn a_plain_term_refuses_operators_and_what_needs_quotes() {
    plain_fails("Mosul OR Iraq", Code::OperatorInTerm);
    plain_fails("(a OR b)", Code::OperatorInTerm);
    plain_fails("Mosul {names}", Code::OperatorInTerm);
    plain_fails("{a} {b}", Code::OperatorInTerm);
    plain_fails("ANY/2(a, b)", Code::OperatorInTerm);
    plain_fails("a NEAR b", Code::OperatorInTerm);
    plain_fails("=OR", Code::OperatorInTerm);
    plain_fails("NOT", Code::OperatorInTerm);
    plain_fails("feed:BBC World", Code::OperatorMissing);
    plain_fails("Fox (News)", Code::OperatorMissing);
    plain_fails("Yahoo, Inc", Code::Unexpected);
    plain_fails("Fox \"News\"", Code::OperatorMissing);
    plain_fails("titel:x", Code::FieldUnknown);
    plain_fails(" ", Code::TermEmpty);
    plain_fails("\"a", Code::QuoteUnclosed);
}

/// Queries of every construct, as a person may write them.
fn query() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        "[a-zA-Z0-9ä#+&/.-]{1,6}",
        "=?\"[a-z ()^~:,]{0,6}\"",
        Just("{names}".to_owned()),
        Just("/x+ y/i".to_owned()),
        Just("lang:en".to_owned()),
        Just("site:(a OR \"b c\")".to_owned()),
    ];
    term.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} AND {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} OR {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} NOT {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} NEAR/5 {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} UNLESS {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("ANY/1({a}, {b})")),
            inner.clone().prop_map(|a| format!("NOT {a}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("({a})^2")),
            inner.clone().prop_map(|a| format!("{a}~1")),
            inner.clone().prop_map(|a| format!("title,lead:({a})")),
            inner.prop_map(|a| format!("ATLEAST/2({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same_query(source in query()) {
        if let Some(root) = parse(&source).root {
            let again = parse(&root.to_string());
            prop_assert_eq!(again.root, Some(root), "{}", source);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(source in "[ -~“”äß{}()/^~:,=*\n]{0,60}") {
        let end = source.len();
        for mistake in parse(&source).mistakes {
            prop_assert!(mistake.at <= end && source.is_char_boundary(mistake.at));
        }
        parse_plain(&source);
    }
}
