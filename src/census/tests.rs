//! What a census of small made-up news doubts, and what it leaves alone.

use expect_test::{Expect, expect};

use super::*;
use crate::query::{Document, Rule};
use crate::topic::Topic;

const NOW: &str = "2026-11-23T12:00:00Z";
const LONG_AGO: &str = "2026-10-01T00:00:00Z";

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn topic(name: &str, any: &[&str]) -> Topic {
    Topic {
        name: name.to_owned(),
        rule: Rule {
            any: any.iter().map(|term| (*term).to_owned()).collect(),
            ..Rule::default()
        },
        ..Topic::default()
    }
}

fn asking(name: &str, query: &str) -> Topic {
    let mut topic = topic(name, &[]);
    topic.rule.query = Some(query.to_owned());
    topic
}

/// News of which each headline comes so often.
type News<'a> = &'a [(u32, &'a str)];

/// A store that is old enough, with one reader for all topics.
fn doubts_of(topics: Vec<Topic>, lists: &Lists, news: News<'_>, first_read: &str) -> Vec<Doubt> {
    let watch = Watch::compile(topics, lists).expect("valid topics");
    let mut census = Census::new(&watch, lists);
    for (times, title) in news {
        for _ in 0..*times {
            let shown = Shown {
                title: (*title).to_owned(),
                ..Shown::default()
            };
            let prepared = Prepared::new(&Document {
                title,
                ..Document::default()
            });
            census.add(&[(prepared, &shown)]);
        }
    }
    let reach = Reach {
        items: census.items(),
        since: Some(moment(first_read)),
    };
    let reader = ["me@news.example".to_owned()];
    census.doubts(&Circumstances {
        now: moment(NOW),
        since: moment("2026-10-24T12:00:00Z"),
        whole: reach,
        reach: vec![reach; watch.topics().len()],
        readers: vec![&reader; watch.topics().len()],
    })
}

#[track_caller]
fn check(topics: Vec<Topic>, news: News<'_>, expect: Expect) {
    let said: String = doubts_of(topics, &Lists::new(), news, LONG_AGO)
        .iter()
        .map(|doubt| format!("{}: {}\n  {}\n", doubt.code, doubt.message, doubt.hint))
        .collect();
    expect.assert_eq(&said);
}

/// News that no topic of these tests wants.
const WEATHER: (u32, &str) = (200, "Rain in the evening");

#[test]
fn terms_that_hit_nothing_in_a_month_are_named_once_a_topic() {
    let topics = vec![
        topic("City", &["Mosul", "Ninawa", "Nineveh"]),
        topic("Lone", &["Sinjar"]),
    ];
    check(
        topics,
        &[WEATHER, (3, "Mosul")],
        expect![[r#"
            never-hit: 2 of the 3 terms of `City` hit nothing in the 203 items of 30 days: `Ninawa` and `Nineveh`
              is it spelt as outlets spell it? `wirewatch search 'Ninawa' --since 90d` looks further back
            never-hit: `Sinjar` of `Lone` hit nothing in the 203 items of 30 days
              is it spelt as outlets spell it? `wirewatch search 'Sinjar' --since 90d` looks further back
        "#]],
    );
}

#[test]
fn a_young_store_or_a_small_one_says_nothing_of_terms() {
    let topics = || vec![topic("City", &["Mosul"])];
    let young = doubts_of(topics(), &Lists::new(), &[WEATHER], "2026-11-01T00:00:00Z");
    let small = doubts_of(topics(), &Lists::new(), &[(99, "Rain")], LONG_AGO);
    assert_eq!((young, small), (Vec::new(), Vec::new()));
}

#[test]
fn terms_of_a_list_are_doubted_at_the_list() {
    let lists: Lists = [(
        "names".to_owned(),
        vec!["Isis".to_owned(), "Daesh".to_owned()],
    )]
    .into();
    let found = doubts_of(
        vec![topic("All", &["{names}"])],
        &lists,
        &[WEATHER, (3, "Isis")],
        LONG_AGO,
    );
    let [doubt] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(doubt.spot.place, Place::List("names".to_owned(), 1));
    assert_eq!(
        doubt.message,
        "`Daesh` of the list `names` hit nothing in the 203 items of 30 days"
    );
}

#[test]
fn what_is_excluded_need_not_hit() {
    check(
        vec![asking("City", "Mosul NOT tours")],
        &[WEATHER, (3, "Mosul")],
        expect![""],
    );
}

#[test]
fn a_topic_that_takes_every_fifth_item_is_too_broad() {
    check(
        vec![topic("Talks", &["talks", "summit"])],
        &[(80, "Rain"), (19, "Peace talks"), (1, "A summit")],
        expect![[r#"
            too-broad: `Talks` takes 20 of the 100 items of 30 days, 20 %
              `talks` is in 19 of all items; ask for more with AND or NEAR, or look only into titles: `fields = ["title"]`
        "#]],
    );
}

#[test]
fn a_topic_that_wants_whole_feeds_or_few_items_is_not_too_broad() {
    check(
        vec![asking("All", "NOT feed:sport AND lang:en")],
        &[(200, "Rain")],
        expect![""],
    );
    check(
        vec![topic("Talks", &["talks"])],
        &[(10, "Rain"), (19, "Talks")],
        expect![""],
    );
}

#[test]
fn an_exclusion_that_leaves_nothing_is_named_with_an_example() {
    check(
        vec![asking("Jordan", "Jordan NOT (shoes OR king)")],
        &[WEATHER, (2, "The king of Jordan speaks")],
        expect![[r#"
            swallowed: what `Jordan` excludes leaves nothing of it: all 2 hits in the 202 items of 30 days are dropped, such as “The king of Jordan speaks”
              exclude less than (`shoes` OR `king`): a phrase, a longer name behind UNLESS, or only `title:`
        "#]],
    );
    let found = doubts_of(
        vec![Topic {
            rule: Rule {
                none: vec!["shoes".to_owned(), "king".to_owned()],
                ..topic("Jordan", &["Jordan"]).rule
            },
            ..topic("Jordan", &[])
        }],
        &Lists::new(),
        &[WEATHER, (2, "The king of Jordan speaks")],
        LONG_AGO,
    );
    assert_eq!(found[0].spot.place, Place::None(1));
}

#[test]
fn an_exclusion_that_leaves_something_is_left_alone() {
    check(
        vec![asking("Paris", "Paris UNLESS \"Paris Hilton\"")],
        &[WEATHER, (9, "Paris Hilton"), (1, "Paris")],
        expect![""],
    );
}

#[test]
fn a_topic_inside_another_is_told_with_the_other() {
    let topics = || {
        vec![
            topic("City", &["Mosul"]),
            topic("Country", &["Mosul", "Iraq"]),
        ]
    };
    let news = [WEATHER, (10, "Mosul"), (1, "Iraq")];
    check(
        topics(),
        &news,
        expect![[r#"
            inside: all 10 items of `City` are in `Country` too
              keep both if you want two headings; else take `City` out, or make it `priority = "high"`
        "#]],
    );
    check(topics(), &[WEATHER, (9, "Mosul"), (1, "Iraq")], expect![""]);
    let mut set_apart = topics();
    set_apart[0].high_priority = true;
    check(set_apart, &news, expect![""]);
}

#[test]
fn of_two_topics_that_find_the_same_the_later_is_told() {
    check(
        vec![topic("One", &["Mosul"]), topic("Two", &["Mosul"])],
        &[WEATHER, (10, "Mosul")],
        expect![[r#"
            inside: `Two` and `One` find the same 10 items
              keep both if you want two headings; else take `Two` out, or make it `priority = "high"`
        "#]],
    );
}

#[test]
fn a_topic_for_other_readers_is_not_inside() {
    let topics = vec![topic("One", &["Mosul"]), topic("Two", &["Mosul"])];
    let watch = Watch::compile(topics, &Lists::new()).expect("valid topics");
    let mut census = Census::new(&watch, &Lists::new());
    let shown = Shown::default();
    for _ in 0..20 {
        let prepared = Prepared::new(&Document {
            title: "Mosul",
            ..Document::default()
        });
        census.add(&[(prepared, &shown)]);
    }
    let (one, two) = (["a@x.example".to_owned()], ["b@x.example".to_owned()]);
    let found = census.doubts(&Circumstances {
        now: moment(NOW),
        since: moment(LONG_AGO),
        whole: Reach::default(),
        reach: vec![Reach::default(); 2],
        readers: vec![&one, &two],
    });
    assert!(
        found.iter().all(|doubt| doubt.code == "too-broad"),
        "{found:?}"
    );
}

#[test]
fn an_acronym_that_hits_the_common_word_is_to_be_exact() {
    check(
        vec![topic("Health", &["WHO", "U.S.", "NATO"])],
        &[
            WEATHER,
            (6, "He who tells us"),
            (2, "WHO warns"),
            (5, "Nato meets"),
        ],
        expect![[r#"
            common-word: `WHO` hits the word “who”, in 6 of the 8 items it is in
              write `=WHO`: it takes WHO and its form with dots, in capitals only
            common-word: `U.S.` hits the word “us”, in 6 of the 6 items it is in
              write `=US`: it takes US and its form with dots, in capitals only
        "#]],
    );
}

#[test]
fn an_exact_acronym_and_a_name_with_a_dot_are_left_alone() {
    check(
        vec![topic("Health", &["=WHO", "Node.js", "iOS"])],
        &[
            WEATHER,
            (6, "He who uses node.js and ios"),
            (2, "WHO warns"),
        ],
        expect![""],
    );
}

#[test]
fn a_short_name_inside_a_longer_word_is_told_with_the_word() {
    check(
        vec![topic("Kyoto", &["京都"]), asking("Again", "京都 OR Osaka")],
        &[
            WEATHER,
            (4, "昨日、東京都で会議"),
            (9, "京都で会議"),
            (1, "Osaka"),
        ],
        expect![[r#"
            inside: all 13 items of `Kyoto` are in `Again` too
              keep both if you want two headings; else take `Kyoto` out, or make it `priority = "high"`
            longer-word: `京都` hits inside the longer word `東京都`, in 4 of the 13 items it is in
              if that is not meant, write `query = '京都 UNLESS 東京都'` in its place; other terms go there too, joined by OR
            longer-word: `京都` hits inside the longer word `東京都`, in 4 of the 13 items it is in
              if that is not meant, write (京都 UNLESS 東京都)
        "#]],
    );
}

#[test]
fn acronyms_are_told_from_other_words() {
    for yes in ["US", "WHO", "U.S.", "u.s", "ВОЗ"] {
        assert!(is_acronym(yes), "{yes}");
    }
    for no in [
        "us",
        "Who",
        "A",
        "A.",
        "Node.js",
        "5G",
        "C++",
        "UN Security",
        "京都",
        "",
    ] {
        assert!(!is_acronym(no), "{no}");
    }
}
