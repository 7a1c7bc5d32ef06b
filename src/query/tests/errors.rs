//! Every mistake of SPEC 7, with its place.

use super::{lists, rule};
use crate::query::{Code, Place, QueryError, Rule, check_lists, compile};

#[track_caller]
fn first(rule: &Rule) -> QueryError {
    let errors = compile(rule, &lists()).expect_err("a wrong topic");
    errors
        .into_iter()
        .next()
        .expect("an error says at least one thing")
}

#[track_caller]
fn fails(query: &str, code: Code, at: usize) {
    let error = first(&rule(query));
    assert_eq!(
        (error.code, error.at),
        (code, Some(at)),
        "{query}: {}",
        error.message
    );
    assert_eq!(error.place, Place::Query);
}

#[track_caller]
fn plain_fails(term: &str, code: Code) {
    let topic = Rule {
        any: vec![term.to_owned()],
        ..Rule::default()
    };
    let error = first(&topic);
    assert_eq!(
        (error.code, error.at, error.place),
        (code, None, Place::Any(0)),
        "{term}"
    );
}

fn is_right(query: &str) {
    let errors = compile(&rule(query), &lists()).err();
    assert_eq!(errors, None, "{query}");
}

#[test]
fn terms_need_something_to_search_for() {
    fails("x1 OR \"!!!\"", Code::TermEmpty, 6);
    fails("title:\"…\"", Code::TermEmpty, 6);
    fails("site:\"!\"", Code::TermEmpty, 5);
    fails("\"\"", Code::TermEmpty, 0);
    plain_fails("—", Code::TermEmpty);
    plain_fails("", Code::TermEmpty);
}

#[test]
fn wildcards_need_three_characters() {
    fails("IS*", Code::WildcardTooBroad, 0);
    fails("x1 OR *ISIS", Code::WildcardTooBroad, 6);
    fails("*", Code::WildcardTooBroad, 0);
    fails("\"* of Scotland\"", Code::WildcardTooBroad, 0);
    fails("\"bank of *\"", Code::WildcardTooBroad, 0);
    fails("東京*", Code::WildcardTooBroad, 0);
    fails("a?b", Code::WildcardTooBroad, 0);
    is_right("a?bc");
    is_right("ISI*");
    fails("Iraq*~1", Code::ModifierMisplaced, 5);
    fails("\"bank of * scotland\"~stem", Code::ModifierMisplaced, 20);
}

#[test]
fn regexes_must_compile() {
    fails("x1 OR /(/", Code::RegexInvalid, 6);
    fails("/(?=a)/", Code::RegexInvalid, 0);
    fails("/x{1000}{1000}/", Code::RegexInvalid, 0);
}

#[test]
fn lists_must_exist_and_end() {
    fails("ISIS OR {daesh}", Code::ListUnknown, 8);
    fails("{empty}", Code::ListEmpty, 0);
    fails("x1 OR {circle}", Code::ListRecursive, 6);
    fails("{ring}", Code::ListRecursive, 0);
    plain_fails("{daesh}", Code::ListUnknown);
    assert!(
        first(&rule("{baghdad}"))
            .message
            .contains("did you mean `baghdadi`")
    );
}

#[test]
fn a_list_with_a_regex_has_no_places() {
    fails("x1 NEAR/3 {mixed}", Code::OperandNotPositional, 10);
    fails("{cities} NEAR/3 x1", Code::OperandNotPositional, 0);
    is_right("x1 NEAR/3 {baghdadi}");
}

#[test]
fn a_mistake_in_a_used_list_stands_at_its_brace() {
    let mut lists = lists();
    lists.insert(
        "bad".to_owned(),
        vec!["ok1".to_owned(), "a OR b".to_owned()],
    );
    let errors = compile(&rule("x1 OR {bad}"), &lists).expect_err("a wrong list");
    assert_eq!(
        (errors[0].code, errors[0].at),
        (Code::OperatorInTerm, Some(6))
    );
    let found: Vec<(Code, Place)> = check_lists(&lists)
        .into_iter()
        .map(|error| (error.code, error.place))
        .collect();
    let place = |name: &str, index| Place::List(name.to_owned(), index);
    assert_eq!(
        found,
        [
            (Code::OperatorInTerm, place("bad", 1)),
            (Code::ListRecursive, place("circle", 0)),
            (Code::ListEmpty, place("empty", 0)),
            (Code::ListRecursive, place("ring", 0)),
        ]
    );
}

#[test]
fn something_must_occur() {
    let nothing = Rule {
        none: vec!["sport".to_owned()],
        ..Rule::default()
    };
    let error = first(&nothing);
    assert_eq!(
        (error.code, error.at, error.place),
        (Code::NoPositiveTerm, None, Place::Topic)
    );
    fails("", Code::NoPositiveTerm, 0);
}

#[test]
fn a_topic_true_of_nothing_is_refused() {
    fails("NOT Mosul", Code::MatchesEverything, 0);
    fails("Mosul OR NOT Iraq", Code::MatchesEverything, 9);
    fails("Mosul OR (NOT Iraq)", Code::MatchesEverything, 10);
    fails("/x*/", Code::MatchesEverything, 0);
    fails("NOT a1 AND NOT b1", Code::MatchesEverything, 0);
    fails("NOT lang:en", Code::MatchesEverything, 0);
    fails("ANY/1(a1, NOT b1)", Code::MatchesEverything, 10);
    fails("NOT (a1 AND NOT b1)", Code::MatchesEverything, 0);
    plain_fails("/x*/", Code::MatchesEverything);
    is_right("NOT (NOT Mosul)");
    is_right("lang:en NOT x1");
    is_right("a1 AND /x*/");
    is_right("a1 AND NOT b1");
}

#[test]
fn sizes_are_bounded() {
    let words = |count: usize| format!("\"{}\"", "w1 ".repeat(count));
    is_right(&words(64));
    fails(&format!("x1 OR {}", words(65)), Code::TooLarge, 6);
    let hyphens = |count: usize| format!("\"{}\"", "a-b ".repeat(count));
    is_right(&hyphens(6));
    fails(&hyphens(7), Code::TooLarge, 0);
    let many = |count: usize| Rule {
        any: vec!["w1".to_owned(); count],
        ..Rule::default()
    };
    assert!(compile(&many(10_000), &lists()).is_ok());
    assert_eq!(first(&many(10_001)).code, Code::TooLarge);
    let long = rule(&"a1 OR ".repeat(11_000));
    assert_eq!(first(&long).code, Code::TermMissing);
    let long = rule(&format!("{}a1", "a1 OR ".repeat(11_000)));
    let error = first(&long);
    assert_eq!((error.code, error.at), (Code::TooLarge, None));
}

#[test]
fn lists_inside_each_other_are_bounded() {
    let mut lists = lists();
    lists.insert("l1".to_owned(), vec!["a1".to_owned()]);
    for depth in 2..=70 {
        // Twice, so that whoever counts without care counts to two to the seventieth.
        lists.insert(format!("l{depth}"), vec![format!("{{l{}}}", depth - 1)]);
    }
    assert!(compile(&rule("{l64}"), &lists).is_ok());
    let errors = compile(&rule("{l65}"), &lists).expect_err("too deep");
    assert_eq!((errors[0].code, errors[0].at), (Code::TooDeep, Some(0)));
    for depth in 2..=30 {
        lists.insert(format!("l{depth}"), vec![format!("{{l{}}}", depth - 1); 2]);
    }
    let errors = compile(&rule("{l30}"), &lists).expect_err("too large");
    assert_eq!(errors[0].code, Code::TooLarge);
}

#[test]
fn mistakes_come_in_the_order_of_the_keys() {
    let topic = Rule {
        any: vec!["a1".to_owned(), "a OR b".to_owned()],
        all: vec!["!".to_owned()],
        none: vec!["x~9".to_owned()],
        query: Some("c1 d1 OR e~9".to_owned()),
        fields: Some(vec![
            "title".to_owned(),
            "site".to_owned(),
            "titel".to_owned(),
        ]),
        languages: vec![String::new()],
        feeds: vec![" ".to_owned()],
        ..Rule::default()
    };
    let errors = compile(&topic, &lists()).expect_err("a wrong topic");
    let found: Vec<(Code, Place)> = errors
        .into_iter()
        .map(|error| (error.code, error.place))
        .collect();
    assert_eq!(
        found,
        [
            (Code::OperatorInTerm, Place::Any(1)),
            (Code::TermEmpty, Place::All(0)),
            (Code::OperatorMissing, Place::Query),
            (Code::ModifierUnknown, Place::None(0)),
            (Code::FieldNotCombinable, Place::Fields(1)),
            (Code::FieldUnknown, Place::Fields(2)),
            (Code::TermEmpty, Place::Languages(0)),
            (Code::TermEmpty, Place::Feeds(0)),
        ]
    );
}

#[test]
fn a_message_says_what_to_do() {
    for (query, message) in [
        (
            "Abu Bakr",
            "write AND or OR before `Bakr`, or quotes: \"Abu Bakr\"",
        ),
        (
            "iraq and iran",
            "operators are capitals: AND; or quote the words to search for them",
        ),
        (
            "Mosul NEAR Iraq",
            "how near? NEAR/5, NEAR/s for one sentence or NEAR/p for one paragraph",
        ),
        ("ANY/4(a1, b1)", "there are only 2"),
        (
            "tilte:x1",
            "there is no field `tilte`; did you mean `title`? If it belongs to the term, quote it",
        ),
        (
            "title: Mosul",
            "a field is written in small letters and with no blank after the colon: `title:term`",
        ),
    ] {
        assert_eq!(first(&rule(query)).message, message);
    }
}
