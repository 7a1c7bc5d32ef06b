//! What reading feeds costs beside feed-rs alone.
//!
//! `cargo bench --bench feeds [FILE...]`: over the captures of the tests, or the named files, as far as feed-rs alone reads them.
//! Prints the ratio of the times of one run, and what one file of 60 MB takes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wirewatch::feed::{Context, read};

fn main() {
    let named: Vec<PathBuf> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .map(PathBuf::from)
        .collect();
    let files = if named.is_empty() { captures() } else { named };
    let documents: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).expect("a readable file"))
        .filter(|document| feed_rs_reads(document))
        .collect();
    let bytes: usize = documents.iter().map(Vec::len).sum();
    println!("{} documents, {bytes} bytes", documents.len());

    // Alternating, and the least of many, so that what else the machine does falls on both.
    let (mut alone, mut ours) = (Duration::MAX, Duration::MAX);
    for _ in 0..30 {
        alone = alone.min(time(&documents, |document| {
            black_box(feed_rs::parser::parse(document).is_ok());
        }));
        ours = ours.min(time(&documents, |document| {
            black_box(read(document, &Context::default()).is_ok());
        }));
    }
    let ratio = ours.as_secs_f64() / alone.as_secs_f64();
    println!("feed-rs alone {alone:?}, wirewatch {ours:?}, ratio {ratio:.2}");
    large();
}

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/feeds/captures");
    let files = std::fs::read_dir(folder).expect("the test data is part of the repository");
    files
        .map(|file| file.expect("a readable folder").path())
        .collect()
}

fn feed_rs_reads(document: &[u8]) -> bool {
    std::panic::catch_unwind(|| feed_rs::parser::parse(document).is_ok()).unwrap_or(false)
}

fn time(documents: &[Vec<u8>], read: impl Fn(&[u8])) -> Duration {
    let started = Instant::now();
    for document in documents {
        read(document);
    }
    started.elapsed()
}

/// A feed of 60 MB, once whole and once with a fault in its last item.
fn large() {
    let item = |number: usize| {
        let text = "Troops moved on the town from three sides &amp; met little fire. ".repeat(25);
        format!(
            "<item><title>Report {number}</title><link>https://example.org/{number}</link><guid isPermaLink=\"false\">{number}</guid>\
             <pubDate>Mon, 17 Oct 2016 08:00:00 GMT</pubDate><description>{text}</description></item>\n"
        )
    };
    let mut document = "<rss version=\"2.0\"><channel><title>Wire</title>".to_owned();
    let mut number = 0;
    while document.len() < 60_000_000 {
        document.push_str(&item(number));
        number += 1;
    }
    let broken = format!("{document}<item><title>AT&T <b</item></channel></rss>");
    document.push_str("</channel></rss>");
    let before = Instant::now();
    let alone = feed_rs::parser::parse(document.as_bytes()).map(|feed| feed.entries.len());
    let alone_took = before.elapsed();
    println!(
        "60 MB: feed-rs alone {alone_took:?} for {} items",
        alone.unwrap_or(0)
    );
    for (name, document) in [("whole", document), ("broken", broken)] {
        let before = Instant::now();
        let read =
            read(document.as_bytes(), &Context::default()).map(|document| document.entries.len());
        println!(
            "60 MB {name}: {:?} for {} items",
            before.elapsed(),
            read.unwrap_or(0)
        );
    }
}
