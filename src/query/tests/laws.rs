//! What holds for all queries and all items.

use proptest::prelude::*;

use super::rule;
use crate::model::Field;
use crate::query::index::Index;
use crate::query::syntax::Stemming;
use crate::query::{Document, Lists, Prepared, Rule, compile};

/// Words of queries and texts, few enough to meet.
const WORDS: [&str; 14] = [
    "mosul",
    "Raqqa",
    "ISIS",
    "isis",
    "al",
    "Baghdadi",
    "al-Baghdadi",
    "C++",
    "#tag",
    "U.S.",
    "müller",
    "Mueller",
    "東京",
    "Baghdadi’s",
];

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&WORDS[..])
}

/// A part that has places.
fn positional() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        6 => word().prop_map(|word| format!("\"{word}\"")),
        1 => word().prop_map(|word| format!("=\"{word}\"")),
        2 => (word(), word()).prop_map(|(a, b)| format!("\"{a} {b}\"")),
        1 => Just("Bagh*".to_owned()),
        1 => Just("Baghdad~1".to_owned()),
        1 => Just("Baghdadis~stem".to_owned()),
        1 => Just("{names}".to_owned()),
    ];
    term.prop_recursive(2, 8, 2, |inner| {
        let operator = prop_oneof![
            "NEAR/[0-3]",
            "ONEAR/[0-3]",
            "NOTNEAR/[0-3]",
            "NEAR/[sp]",
            "UNLESS"
        ];
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} OR {b})")),
        ]
    })
}

fn field() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&["title", "lead", "author", "category", "summary,link"][..])
}

fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => positional(),
        1 => Just("/[A-Z]{4}/".to_owned()),
        1 => Just("lang:en".to_owned()),
        1 => Just("site:example.org".to_owned()),
        2 => (field(), positional()).prop_map(|(field, part)| format!("{field}:({part})")),
        1 => positional().prop_map(|part| format!("ATLEAST/2({part})")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} NOT {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("ANY/2({a}, {b}, {c})")),
            inner.prop_map(|a| format!("(NOT {a})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let gap = proptest::sample::select(&[" ", " ", " ", ". ", ", ", "\n\n", "-", ""][..]);
    proptest::collection::vec((word(), gap), 0..12).prop_map(|words| {
        words
            .into_iter()
            .flat_map(|(word, gap)| [word, gap])
            .collect()
    })
}

#[derive(Clone, Debug, Default)]
struct Item {
    title: String,
    summary: String,
    author: String,
    category: String,
    slug: &'static str,
    lang: Option<&'static str>,
}

fn item() -> impl Strategy<Value = Item> {
    let lang = proptest::sample::select(&[None, Some("en"), Some("de")][..]);
    (text(), text(), text(), text(), word(), lang).prop_map(
        |(title, summary, author, category, slug, lang)| Item {
            title,
            summary,
            author,
            category,
            slug,
            lang,
        },
    )
}

fn prepare(item: &Item) -> Prepared {
    Prepared::as_declared(&Document {
        title: &item.title,
        summary: &item.summary,
        author: &item.author,
        category: &item.category,
        lang: item.lang,
        link: Some(&format!("https://www.example.org/{}", item.slug)),
        ..Document::default()
    })
}

fn lists() -> Lists {
    [(
        "names".to_owned(),
        vec!["Baghdadi".to_owned(), "al-Baghdadi".to_owned()],
    )]
    .into()
}

/// Whether it matches; `None` for a query that is refused.
fn matches(query: &str, item: &Item) -> Option<bool> {
    let compiled = compile(&rule(query), &lists()).ok()?;
    Some(compiled.judge(&prepare(item)).matched)
}

proptest! {
    #[test]
    fn adding_or_never_loses_and_adding_and_never_gains(a in query(), b in query(), item in item()) {
        let (alone, both, either) = (
            matches(&a, &item),
            matches(&format!("{a} AND {b}"), &item),
            matches(&format!("{a} OR {b}"), &item),
        );
        if let (Some(alone), Some(either)) = (alone, either) {
            prop_assert!(!alone || either);
        }
        if let (Some(alone), Some(both)) = (alone, both) {
            prop_assert!(alone || !both);
        }
    }

    #[test]
    fn near_by_so_many_words_is_near_by_more(a in positional(), b in positional(), n in 0..9_u32, item in item()) {
        for operator in ["NEAR", "ONEAR"] {
            let near = matches(&format!("{a} {operator}/{n} {b}"), &item);
            let wider = matches(&format!("{a} {operator}/{} {b}", n + 1), &item);
            prop_assert!(near != Some(true) || wider == Some(true));
        }
    }

    #[test]
    fn evidence_lies_on_boundaries_and_in_order(query in query(), item in item()) {
        if let Ok(compiled) = compile(&rule(&query), &lists()) {
            let verdict = compiled.judge(&prepare(&item));
            let mut last = None;
            for hit in &verdict.evidence {
                let link = format!("https://www.example.org/{}", item.slug);
                let text = match hit.field {
                    Field::Title => &item.title,
                    Field::Author => &item.author,
                    Field::Category => &item.category,
                    Field::Link => &link,
                    Field::Summary | Field::Content => &item.summary,
                };
                prop_assert!(hit.start < hit.end && text.get(hit.start..hit.end).is_some());
                let place = (hit.field, hit.start, hit.end, hit.term.clone());
                prop_assert!(last < Some(place.clone()));
                last = Some(place);
            }
            prop_assert!(verdict.matched || verdict.evidence.is_empty());
        }
    }

    #[test]
    fn a_miss_is_explained_and_a_reading_means_the_same(query in query(), item in item()) {
        if let Ok(compiled) = compile(&rule(&query), &lists()) {
            let prepared = prepare(&item);
            let verdict = compiled.judge(&prepared);
            prop_assert!(!compiled.miss(&prepared).is_empty(), "{}", query);
            let again = compile(&rule(&compiled.reading()), &lists()).expect("a reading is a query");
            prop_assert_eq!(again.judge(&prepared), verdict);
        }
    }

    #[test]
    fn the_index_and_plain_evaluation_agree(queries in proptest::collection::vec(query(), 1..12), items in proptest::collection::vec(item(), 1..4)) {
        let rules: Vec<Rule> = queries.iter().map(|query| rule(query)).collect();
        let compiled: Vec<_> = rules.iter().filter_map(|rule| compile(rule, &lists()).ok()).collect();
        let index = Index::new(compiled.clone());
        for item in &items {
            let plain: Vec<_> = compiled
                .iter()
                .map(|compiled| compiled.judge(&prepare(item)))
                .enumerate()
                .filter(|(_, verdict)| verdict.matched)
                .collect();
            prop_assert_eq!(index.judge(&prepare(item)), plain);
        }
    }

    #[test]
    fn every_stemmer_takes_every_word(word in "[a-zäöüßçñğışåøæéèа-яёα-ωءا-غف-ي]{1,12}", text in any::<String>()) {
        for stemming in Stemming::ALL {
            let item = Item { title: text.clone(), summary: word.clone(), ..Item::default() };
            let found = matches(&format!("\"{word}\"~stem.{}", stemming.0), &item);
            prop_assert_eq!(found, Some(true), "{}", stemming.0);
        }
    }

    #[test]
    fn no_query_and_no_text_make_it_panic(query in "[ -~“”ä東ア=*]{0,40}", text in any::<String>()) {
        if let Ok(compiled) = compile(&rule(&query), &lists()) {
            let item = Item { title: text.clone(), summary: text, ..Item::default() };
            let prepared = prepare(&item);
            compiled.judge(&prepared);
            compiled.miss(&prepared);
        }
    }
}
