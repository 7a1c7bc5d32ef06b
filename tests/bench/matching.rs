//! What matching costs, beside what else could do it, all measured in one run.
//!
//! `cargo bench --bench matching` prints one line for each size of watchlist; `-- --large` adds 100,000 topics. Texts and
//! topics are made up from one seed: words with the frequencies of a natural language, names that are rare, five terms a
//! topic, a tenth of the topics with phrases, NEAR and NOT.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder, RegexSetBuilder};
use wirewatch::query::index::Index;
use wirewatch::query::{Document, Lists, Prepared, Rule, compile};
use wirewatch::text::fold::fold;
use wirewatch::text::words::Words;

/// Different words of the made-up language.
const VOCABULARY: usize = 400_000;
/// Words below this rank are too common to be watched for.
const COMMON: usize = 20_000;
/// Bytes that an outside witness reads; some would take minutes over all.
const WITNESS_BYTES: usize = 200_000;

struct Item {
    title: String,
    text: String,
}

fn main() {
    let sizes = std::env::args()
        .skip_while(|argument| argument != "--memory")
        .nth(1);
    if let Some(size) = sizes.and_then(|size| size.parse().ok()) {
        return print_memory(size);
    }
    let large = std::env::args().any(|argument| argument == "--large");
    let mut chance = Chance(0x5eed);
    let vocabulary = vocabulary(&mut chance);
    let mut items: Vec<Item> = (0..20_000)
        .map(|_| item(&mut chance, &vocabulary, 70))
        .collect();
    items.extend((0..2_000).map(|_| item(&mut chance, &vocabulary, 750)));
    let bytes: usize = items
        .iter()
        .map(|item| item.title.len() + item.text.len())
        .sum();

    let base = time(|| cut(&items));
    let prepared = time(|| {
        for item in &items {
            black_box(prepare(item));
        }
    });
    println!("{} items, {:.1} MB", items.len(), bytes as f64 / 1e6);
    println!(
        "tokenising and folding: {}",
        rates(base, items.len(), bytes, base)
    );
    println!(
        "the same, ready to be judged: {}",
        rates(prepared, items.len(), bytes, base)
    );

    let sizes = [10, 1_000, 10_000, 100_000];
    for size in sizes.into_iter().take(if large { 4 } else { 3 }) {
        let topics: Vec<Vec<String>> = (0..size).map(|_| terms(&mut chance, &vocabulary)).collect();
        let rules: Vec<Rule> = topics
            .iter()
            .enumerate()
            .map(|(number, terms)| rule(number, terms))
            .collect();
        println!("\n{size} topics");
        measure(&rules, &items, bytes);
        witnesses(&topics, &items, base.as_secs_f64() / bytes as f64);
    }
}

/// Tokenising and folding alone.
fn cut(items: &[Item]) {
    for item in items {
        black_box((Words::of_text(&item.title), Words::of_text(&item.text)));
    }
}

fn measure(rules: &[Rule], items: &[Item], bytes: usize) {
    let lists = Lists::new();
    let start = Instant::now();
    let compiled = rules
        .iter()
        .map(|rule| compile(rule, &lists).expect("a valid topic"));
    let index = Index::new(compiled.collect());
    let build = start.elapsed();
    let memory = memory(rules.len());
    let mut matches = 0;
    // Turn by turn, so that what disturbs the machine disturbs both.
    let mut base = Duration::MAX;
    let mut full = Duration::MAX;
    for _ in 0..5 {
        base = base.min(once(|| cut(items)));
        full = full.min(once(|| {
            matches = items
                .iter()
                .map(|item| index.judge(&prepare(item)).len())
                .sum()
        }));
    }
    println!(
        "  built in {:.0} ms, {:.1} MB",
        build.as_secs_f64() * 1e3,
        memory as f64 / 1e6
    );
    println!("  all of it:   {}", rates(full, items.len(), bytes, base));
    println!(
        "  matches:     {:.2} an item",
        matches as f64 / items.len() as f64
    );
}

/// What a crate that knows nothing of words, phrases or evidence needs to find the same terms in folded text.
fn witnesses(topics: &[Vec<String>], items: &[Item], base_per_byte: f64) {
    let mut texts: Vec<String> = Vec::new();
    let mut bytes = 0;
    for item in items.iter().rev().step_by(7).take_while(|_| true) {
        if bytes > WITNESS_BYTES {
            break;
        }
        let text = fold(&format!("{}\n{}", item.title, item.text));
        bytes += text.len();
        texts.push(text);
    }
    let report = |name: &str, time: Duration| {
        let per_byte = time.as_secs_f64() / bytes as f64;
        println!(
            "  {name} {:8.1} ns a byte, {:6.1} x tokenising",
            per_byte * 1e9,
            per_byte / base_per_byte
        );
    };
    let patterns: Vec<String> = topics
        .iter()
        .flatten()
        .map(|term| format!(r"\b{}\b", regex::escape(term)))
        .collect();
    if topics.len() <= 1_000 {
        let each: Vec<Regex> = topics
            .iter()
            .map(|terms| {
                let escaped: Vec<String> = terms.iter().map(|term| regex::escape(term)).collect();
                let pattern = format!(r"\b(?:{})\b", escaped.join("|"));
                RegexBuilder::new(&pattern)
                    .case_insensitive(true)
                    .build()
                    .expect("a valid regex")
            })
            .collect();
        let time = time(|| {
            for text in &texts {
                black_box(each.iter().filter(|regex| regex.is_match(text)).count());
            }
        });
        report("one regex a topic:", time);
        let set = RegexSetBuilder::new(&patterns)
            .size_limit(1 << 30)
            .dfa_size_limit(1 << 28)
            .build()
            .expect("a valid set");
        let time = self::time(|| {
            for text in &texts {
                black_box(set.matches(text).len());
            }
        });
        report("regex::RegexSet:  ", time);
    }
    let automaton = AhoCorasick::new(topics.iter().flatten()).expect("few enough terms");
    let time = time(|| {
        for text in &texts {
            black_box(automaton.find_overlapping_iter(text).count());
        }
    });
    report("aho-corasick:     ", time);
}

fn prepare(item: &Item) -> Prepared {
    Prepared::new(&Document {
        title: &item.title,
        summary: &item.text,
        ..Document::default()
    })
}

fn rates(time: Duration, items: usize, bytes: usize, base: Duration) -> String {
    let seconds = time.as_secs_f64();
    format!(
        "{:9.0} items/s, {:6.1} ns a byte, {:5.1} MB/s, {:.2} x tokenising",
        items as f64 / seconds,
        seconds * 1e9 / bytes as f64,
        bytes as f64 / 1e6 / seconds,
        seconds / base.as_secs_f64()
    )
}

/// The best of three runs: what disturbs a run only makes it longer.
fn time(mut run: impl FnMut()) -> Duration {
    (0..3).map(|_| once(&mut run)).min().unwrap_or_default()
}

fn once(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Bytes that a watchlist of this size takes, asked of a fresh process, because memory once freed is used again.
fn memory(topics: usize) -> usize {
    let exe = std::env::current_exe().expect("a running program has a file");
    let size = topics.to_string();
    let output = std::process::Command::new(exe)
        .args(["--memory", &size])
        .output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .trim()
        .parse()
        .unwrap_or_default()
}

fn print_memory(topics: usize) {
    let mut chance = Chance(0x5eed);
    let vocabulary = vocabulary(&mut chance);
    let lists = Lists::new();
    let before = resident();
    let compiled = (0..topics).map(|number| {
        let rule = rule(number, &terms(&mut chance, &vocabulary));
        compile(&rule, &lists).expect("a valid topic")
    });
    let index = Index::new(compiled.collect());
    println!("{}", resident().saturating_sub(before));
    black_box(index);
}

/// Bytes of memory in use, where the system says so.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096
}

fn vocabulary(chance: &mut Chance) -> Vec<String> {
    let syllables = [
        "ba", "mo", "sul", "ra", "qa", "ni", "ne", "veh", "tor", "is", "an", "der", "ka", "li",
        "sto", "wen", "er", "ing",
    ];
    let mut words: Vec<String> = Vec::with_capacity(VOCABULARY);
    let mut seen = std::collections::HashSet::new();
    while words.len() < VOCABULARY {
        // Common words are short.
        let length = 1
            + usize::from(words.len() > 15)
            + usize::from(words.len() > 300)
            + chance.below(3 + usize::from(words.len() > 20_000));
        let word: String = (0..length)
            .map(|_| syllables[chance.below(syllables.len())])
            .collect();
        if seen.insert(word.clone()) {
            words.push(word);
        } else if words.len() <= 300 {
            words.push(format!("{word}{}", words.len()));
        }
    }
    words
}

/// A rank with the frequencies of a natural language: the word of rank r is r times as rare as the first.
fn rank(chance: &mut Chance) -> usize {
    let exponent = (VOCABULARY as f64).ln() * chance.unit();
    (exponent.exp() as usize).clamp(1, VOCABULARY) - 1
}

fn item(chance: &mut Chance, vocabulary: &[String], words: usize) -> Item {
    let mut sentence = |count: usize| {
        let mut text = String::new();
        for number in 0..count {
            let word = &vocabulary[rank(chance)];
            let begins = number == 0 || text.ends_with(". ");
            match begins || chance.below(9) == 0 {
                true => text.extend(
                    word.chars()
                        .take(1)
                        .flat_map(char::to_uppercase)
                        .chain(word.chars().skip(1)),
                ),
                false => text.push_str(word),
            }
            text.push_str(match chance.below(20) {
                0 => ". ",
                1 => ", ",
                2 => "-",
                _ => " ",
            });
        }
        text.trim_end().to_owned()
    };
    Item {
        title: sentence(10),
        text: sentence(words),
    }
}

fn terms(chance: &mut Chance, vocabulary: &[String]) -> Vec<String> {
    let rare = |chance: &mut Chance| vocabulary[COMMON + chance.below(VOCABULARY - COMMON)].clone();
    (0..5).map(|_| rare(chance)).collect()
}

fn rule(number: usize, terms: &[String]) -> Rule {
    let [a, b, c, d, e] = terms else {
        return Rule::default();
    };
    let query = match number % 10 {
        0 => format!("\"{a} {b}\" OR ({c} NEAR/5 {d} NOT {e})"),
        1 | 2 => format!("({a} OR {b}) AND ({c} OR {d} OR {e})"),
        _ => {
            return Rule {
                any: terms.to_vec(),
                ..Rule::default()
            };
        }
    };
    Rule {
        query: Some(query),
        ..Rule::default()
    }
}

/// Numbers that look random and are the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 11) as usize % limit
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
