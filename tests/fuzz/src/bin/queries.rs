//! Throws random queries at the parser and random texts at the matcher: a panic, a stall of over a second, evidence that cuts
//! a letter, and an index that disagrees with the plain matcher are faults.
//!
//! `queries (parse | match) SECONDS SEED`. What shows a fault is printed; the same seed throws the same queries.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use wirewatch::model::Field;
use wirewatch::query::index::Index;
use wirewatch::query::{Document, Lists, Prepared, Rule, compile};
use wirewatch_fuzz::timed;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, seconds, seed] = arguments.as_slice() else {
        eprintln!("usage: queries (parse | match) SECONDS SEED");
        std::process::exit(2);
    };
    let end = Instant::now() + Duration::from_secs(seconds.parse().expect("SECONDS is a number"));
    let mut chance = Chance(seed.parse::<u64>().expect("SEED is a number") | 1);
    let lists = Lists::from([(
        "names".to_owned(),
        vec![
            "al-Baghdadi".to_owned(),
            "Мосул*".to_owned(),
            "京都".to_owned(),
        ],
    )]);
    let (mut runs, mut sound, mut faults) = (0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        let query = query(&mut chance, 4);
        let text = text(&mut chance);
        let (outcome, stalls) = timed(|| {
            catch_unwind(AssertUnwindSafe(|| match what.as_str() {
                "parse" => parse(&query, &lists),
                _ => judge(&query, &text, &lists),
            }))
        });
        let fault = match outcome {
            Err(_) => Some("panic".to_owned()),
            Ok(Err(fault)) => Some(fault),
            Ok(Ok(_)) if stalls => Some("stall".to_owned()),
            Ok(Ok(is_sound)) => {
                sound += u64::from(is_sound);
                None
            }
        };
        if let Some(fault) = fault {
            faults += 1;
            println!("{fault}\n  query {query:?}\n  text {text:?}");
        }
        runs += 1;
    }
    println!("{runs} queries, {sound} of them sound, {faults} faults");
    std::process::exit(i32::from(faults > 0));
}

fn rule(query: &str) -> Rule {
    Rule {
        query: Some(query.to_owned()),
        ..Rule::default()
    }
}

/// Whether the query is sound; an error must point into it.
fn parse(query: &str, lists: &Lists) -> Result<bool, String> {
    match compile(&rule(query), lists) {
        Ok(compiled) => {
            compiled.reading();
            Ok(true)
        }
        Err(errors) => {
            let error = errors.first().ok_or("refused without an error")?;
            match error.at {
                Some(at) if !query.is_char_boundary(at) => {
                    Err(format!("an error at {at}, inside a letter"))
                }
                _ if error.message.is_empty() => Err("an error without a message".to_owned()),
                _ => Ok(false),
            }
        }
    }
}

/// Whether the query is sound; evidence must lie on letters, and the index must agree.
fn judge(query: &str, text: &str, lists: &Lists) -> Result<bool, String> {
    let Ok(compiled) = compile(&rule(query), lists) else {
        return Ok(false);
    };
    let (title, summary) = text.split_at(
        text.char_indices()
            .nth(text.chars().count() / 3)
            .map_or(0, |(at, _)| at),
    );
    let prepared = Prepared::new(&Document {
        title,
        summary,
        ..Document::default()
    });
    let verdict = compiled.judge(&prepared);
    for hit in &verdict.evidence {
        let shown = match hit.field {
            Field::Title => title,
            Field::Summary => summary,
            _ => continue,
        };
        if shown.get(hit.start..hit.end).is_none_or(str::is_empty) {
            return Err(format!(
                "evidence {}..{} cuts a letter or is empty",
                hit.start, hit.end
            ));
        }
    }
    if !verdict.matched {
        compiled.miss(&prepared);
    }
    let expected = verdict.matched.then_some(verdict);
    let found = Index::new(vec![compiled])
        .judge(&prepared)
        .into_iter()
        .next()
        .map(|(_, verdict)| verdict);
    if found != expected {
        return Err("the index disagrees".to_owned());
    }
    Ok(true)
}

/// Xorshift: fast, the same everywhere, and good enough to break things.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn one_of<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.below(pieces.len())]
    }
}

/// A query by the grammar, and now and then a piece out of place.
fn query(chance: &mut Chance, depth: usize) -> String {
    let mut query = String::new();
    for number in 0..1 + chance.below(4) {
        if number > 0 {
            query.push_str(chance.one_of(OPERATORS));
        }
        match chance.below(8) {
            0 | 1 if depth > 0 => {
                query.push('(');
                query.push_str(&self::query(chance, depth - 1));
                query.push(')');
            }
            2 if depth > 0 => {
                query.push_str(chance.one_of(&["ANY/1(", "ANY/2(", "ATLEAST/2(", "ATLEAST/9("]));
                query.push_str(&self::query(chance, depth - 1));
                query.push_str(", ");
                query.push_str(&self::query(chance, depth - 1));
                query.push(')');
            }
            3 => query.push_str(chance.one_of(FILTERS)),
            _ => {
                query.push_str(chance.one_of(&["", "", "", "=", "title:", "text,link:", "lead:"]));
                query.push_str(chance.one_of(TERMS));
                query.push_str(
                    chance.one_of(&["", "", "", "^2", "~1", "~2", "~stem", "~stem.de", "*", "?"]),
                );
            }
        }
    }
    if chance.below(6) == 0 {
        let at = query
            .char_indices()
            .nth(chance.below(query.chars().count()))
            .map_or(0, |(at, _)| at);
        query.insert_str(at, chance.one_of(ODD));
    }
    query
}

fn text(chance: &mut Chance) -> String {
    (0..chance.below(60))
        .map(|_| chance.one_of(WORDS))
        .collect::<Vec<_>>()
        .join(chance.one_of(&[" ", "", ". ", "-", "\n\n"]))
}

const OPERATORS: &[&str] = &[
    " AND ",
    " OR ",
    " NOT ",
    " NEAR/3 ",
    " ONEAR/0 ",
    " NEAR/s ",
    " NEAR/p ",
    " NOTNEAR/2 ",
    " UNLESS ",
    " ",
    " and ",
    ",",
];
const FILTERS: &[&str] = &[
    "site:a.example",
    "feed:\"World Service\"",
    "lang:en",
    "lang:(de OR fr)",
    "NOT lang:ar",
    "site:(x OR y)",
];
const TERMS: &[&str] = &[
    "Mosul",
    "\"Islamic State\"",
    "ISIS",
    "Iraq*",
    "wom?n",
    "al-Baghdadi",
    "{names}",
    "/CVE-\\d+/i",
    "/x*/",
    "C++",
    "AT&T",
    "#tag",
    "$5bn",
    "9/11",
    "Node.js",
    "\"bank of * scotland\"",
    "摩苏尔",
    "京都",
    "インド*",
    "البغدادي",
    "ירושלים",
    "삼성전자",
    "Müller",
    "Straße",
    "İSTANBUL",
    "👩‍💻",
    "🇩🇪",
    "J. K. Rowling",
    "\"J. K. Rowling\"",
    "O'Brien",
    "U.S.",
    "e-mail",
    "1,000",
    "42",
    "ไทย",
    "หนังสือ",
    "Καλημέρα",
];
const ODD: &[&str] = &[
    "(", ")", "\"", "“", "^", "~", ":", "/", "{", "}", "=", "*", "?", "\\", ",", "\u{0}",
    "\u{301}", "\u{202e}", "é", "NOT ",
];
const WORDS: &[&str] = &[
    "Mosul",
    "MOSUL’s",
    "Islamic",
    "State",
    "Isis",
    "ISIS",
    "Iraqi",
    "women",
    "Abu",
    "Bakr",
    "al-Baghdadi",
    "Albaghdadi",
    "CVE-2026-1",
    "C++",
    "AT&T",
    "#tag",
    "$5bn",
    "9-11",
    "Node.js",
    "Bank",
    "of",
    "Old",
    "Scotland",
    "摩苏尔",
    "東京都",
    "インドネシア",
    "والبغدادي",
    "ומירושלים",
    "삼성전자는",
    "Mueller",
    "STRASSE",
    "istanbul",
    "👩‍💻",
    "👍🏽",
    "🇩🇪",
    "J.K.",
    "Rowling",
    "l’Iran’s",
    "U.S.",
    "e-mail",
    "1,000",
    "٤٢",
    "ประเทศไทย",
    "e\u{301}",
    "\u{ad}Mo\u{ad}sul",
    "\u{202e}abc\u{202c}",
    "!",
    "?",
    "。",
    "|",
    "&",
    "+",
    "-",
    "'",
    "\"",
    "(",
    ")",
    "\u{200b}",
    "\u{feff}",
];
