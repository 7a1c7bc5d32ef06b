//! Throws damaged feeds at the parser: any panic, and any document of under a megabyte that takes over a second, is a fault.
//!
//! `wirewatch-fuzz SECONDS SEED FOLDER...` takes the files of the folders, damages copies of them at random (cut, spliced, doubled,
//! flipped, sprinkled with pieces of markup) and reads those. What shows a fault is written to `faults/`. The same seed throws
//! the same documents. No coverage guides it: the pieces are those that parsers of feeds trip over, and there are many of them.

use std::path::Path;
use std::time::{Duration, Instant};

use wirewatch::feed::{Context, read, show_json};
use wirewatch_fuzz::timed;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, seed, folders @ ..] = arguments.as_slice() else {
        eprintln!("usage: wirewatch-fuzz SECONDS SEED FOLDER...");
        std::process::exit(2);
    };
    let seconds = seconds.parse().expect("SECONDS is a number");
    let mut chance = Chance(seed.parse::<u64>().expect("SEED is a number") | 1);
    let seeds: Vec<Vec<u8>> = folders
        .iter()
        .flat_map(|folder| files(Path::new(folder)))
        .collect();
    assert!(!seeds.is_empty(), "no files in the folders");
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut runs, mut faults) = (0_u64, 0_u64);
    while Instant::now() < end {
        let document = damaged(&seeds, &mut chance);
        if let Some(fault) = fault(&document) {
            faults += 1;
            std::fs::create_dir_all("faults").expect("a writable folder");
            let file = format!("faults/{fault}-{seed}-{runs}");
            std::fs::write(&file, &document).expect("a writable folder");
            println!("{file}: {} bytes", document.len());
        }
        runs += 1;
    }
    println!("{runs} documents, {faults} faults");
    std::process::exit(i32::from(faults > 0));
}

fn fault(document: &[u8]) -> Option<&'static str> {
    let context = Context {
        url: "https://feed.example/dir/feed.xml",
        content_type: None,
    };
    let (outcome, stalls) = timed(|| {
        std::panic::catch_unwind(|| {
            read(document, &context).map(|document| show_json(&document).to_string())
        })
    });
    match outcome {
        Err(_) => Some("panic"),
        Ok(_) if stalls && document.len() < 1_000_000 => Some("stall"),
        Ok(_) => None,
    }
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths
        .filter(|path| path.is_file())
        .map(|path| std::fs::read(path).expect("a readable file"))
        .collect()
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
}

fn damaged(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut document = seeds[chance.below(seeds.len())].clone();
    for _ in 0..1 + chance.below(8) {
        let at = chance.below(document.len());
        match chance.below(6) {
            0 if !document.is_empty() => document[at] = chance.below(256) as u8,
            1 => {
                let to = (at + chance.below(60)).min(document.len());
                document.drain(at..to);
            }
            2 => insert(&mut document, at, PIECES[chance.below(PIECES.len())]),
            3 => {
                let piece = PIECES[chance.below(PIECES.len())].repeat(chance.below(3000));
                insert(&mut document, at, &piece);
            }
            4 => document.truncate(at),
            _ => {
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len());
                let to = (from + chance.below(4000)).min(other.len());
                insert(&mut document, at, &other[from..to]);
            }
        }
    }
    document
}

fn insert(document: &mut Vec<u8>, at: usize, piece: &[u8]) {
    document.splice(at..at, piece.iter().copied());
}

const PIECES: [&[u8]; 44] = [
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"/",
    b"=",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<?",
    b"?>",
    b"<!DOCTYPE x [",
    b"<item>",
    b"</item>",
    b"<title>",
    b"</title>",
    b"<entry>",
    b"</entry>",
    b"<rss>",
    b"<channel>",
    b"</channel>",
    b"</rss>",
    b"<author>",
    b"<media:group>",
    b"<media:content url='x'>",
    b"<content type=\"application/x\">",
    b"<a b='",
    b" xmlns:x=\"\"",
    b" xml:base=\"http://[\"",
    b"&amp;",
    b"&#150;",
    b"&#xFFFFFF;",
    b"&lol;",
    b"\0",
    b"\x1b",
    b"\xFF",
    b"\xE2\x82",
    b"\xE2\x80\x9Cfoo@bar.com\xE2\x80\x9D",
    b"{",
    b"}",
    b"[",
    b"\"items\":[",
];
