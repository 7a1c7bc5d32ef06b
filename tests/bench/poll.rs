//! What polling costs beside the bare fetch: `cargo bench --bench poll [-- --feeds N...] [-- --schedule N]`, by default
//! 1,000 and 10,000 feeds, and a schedule of a million.
//!
//! The floor is a bare loop of reqwest fetch, feed-rs parse and batched SQLite insert over the same loopback servers in
//! the same run. Servers, floor and wirewatch are processes of their own, so that each one's CPU and memory are its own.
//! The rounds: cold (all new), warm (all 304), changed (one feed in twenty, the others 304). Then where the time goes.
//!
//! With 100,000 feeds the documents are shorter and there is no floor: what counts is that the watchlist loads, that the
//! rounds end, and the memory that wirewatch takes for it.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::string_slice, reason = "its words are ASCII")]

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "poll/floor.rs"]
mod floor;
#[path = "poll/measure.rs"]
mod measure;
#[path = "poll/ours.rs"]
mod ours;
#[path = "poll/parts.rs"]
mod parts;
#[path = "processor.rs"]
mod processor;
#[path = "poll/schedule.rs"]
mod schedule;
#[path = "poll/server.rs"]
mod server;
#[path = "poll/world.rs"]
mod world;

use measure::Lap;

/// Above this the floor has nothing to add: what is asked there is memory and a round's end.
const MOST_FOR_FLOOR: u32 = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["server", items] => return Ok(server::run(items.parse()?)?),
        ["ours", folder, feeds, _] => return ours::run(Path::new(folder), feeds.parse()?),
        ["floor", folder, feeds, port] => {
            return floor::run(Path::new(folder), feeds.parse()?, port.parse()?);
        }
        ["--schedule", rows] => return schedule::run(rows.parse()?),
        ["--feeds", sizes @ ..] => {
            for size in sizes {
                compare(size.parse()?)?;
            }
            return Ok(());
        }
        [] => {}
        other => return Err(format!("unknown arguments {other:?}").into()),
    }
    for feeds in [1_000, 10_000] {
        compare(feeds)?;
    }
    schedule::run(1_000_000)
}

/// Prints what wirewatch needs for so many feeds, beside the floor.
fn compare(feeds: u32) -> Result<(), Box<dyn Error>> {
    let with_floor = feeds <= MOST_FOR_FLOOR;
    let items = if with_floor {
        world::ITEMS
    } else {
        world::FEW_ITEMS
    };
    let mut server = Helper::start(&["server".to_owned(), items.to_string()])?;
    let port: u16 = server.hear()?.parse()?;
    let folder = tempfile::tempdir()?;
    ours::write_watchlist(folder.path(), feeds, port)?;
    let arguments = |who: &str| {
        [
            who.to_owned(),
            folder.path().display().to_string(),
            feeds.to_string(),
            port.to_string(),
        ]
    };
    println!("\n{feeds} feeds of {items} items, five topics; CPU per feed");
    println!(
        "  round            floor us  wirewatch us   ratio   wirewatch: CPU s  passed s   now MB   peak MB"
    );
    let began = Instant::now();
    let mut ours = Helper::start(&arguments("ours"))?;
    let loaded: Lap = ours.hear()?.parse()?;
    print_row("start", feeds, &loaded, began.elapsed(), None);
    let mut floor = match with_floor {
        true => Some(Helper::start(&arguments("floor"))?),
        false => None,
    };
    if let Some(floor) = &mut floor {
        floor.hear()?;
    }
    let mut cold = None;
    for round in ["cold", "warm", "changed", "warm again", "changed again"] {
        if round.starts_with("changed") {
            server.ask("change")?;
        }
        let began = Instant::now();
        let lap: Lap = ours.ask("round")?.parse()?;
        let passed = began.elapsed();
        let beside = match &mut floor {
            Some(floor) => Some(floor.ask("round")?.parse()?),
            None => None,
        };
        print_row(round, feeds, &lap, passed, beside.as_ref());
        cold.get_or_insert(lap);
    }
    if let Some(cold) = cold.filter(|_| with_floor) {
        print_parts(port, &cold, feeds)?;
    }
    Ok(())
}

fn print_row(round: &str, feeds: u32, lap: &Lap, passed: Duration, floor: Option<&Lap>) {
    let each = |lap: &Lap| lap.cpu.as_secs_f64() * 1e6 / f64::from(feeds);
    let (beside, ratio) = floor.map_or_else(Default::default, |floor| {
        (
            format!("{:.0}", each(floor)),
            format!("{:.2}", each(lap) / each(floor)),
        )
    });
    println!(
        "  {round:15} {beside:>9} {:13.0} {ratio:>7} {:18.1} {:9.1} {:8.0} {:9.0}",
        each(lap),
        lap.cpu.as_secs_f64(),
        passed.as_secs_f64(),
        lap.present as f64 / 1024.0,
        lap.peak as f64 / 1024.0,
    );
}

fn print_parts(port: u16, cold: &Lap, feeds: u32) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let parts = parts::run(folder.path(), port)?;
    println!("  where a cold poll's time goes, us a feed (of one thread, alone):");
    let mut known = 0.0;
    for (index, (part, spent)) in parts.iter().enumerate() {
        let each = spent.as_secs_f64() * 1e3;
        println!("    {part:34} {each:8.0}");
        // The first is a part of the second.
        known += if index == 0 { 0.0 } else { each };
    }
    let rest = cold.cpu.as_secs_f64() * 1e6 / f64::from(feeds) - known;
    println!("    {:34} {rest:8.0}", "fetch and threads (what is left)");
    Ok(())
}

/// Another process of this program.
struct Helper {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Helper {
    fn start(arguments: &[String]) -> Result<Helper, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().ok_or("a child without an ear")?;
        let from = BufReader::new(child.stdout.take().ok_or("a child without a mouth")?);
        Ok(Helper { child, to, from })
    }

    fn ask(&mut self, word: &str) -> Result<String, Box<dyn Error>> {
        writeln!(self.to, "{word}")?;
        self.hear()
    }

    fn hear(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            return Err("a process of the benchmark ended early".into());
        }
        Ok(line.trim().to_owned())
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// For the processes that are asked: one line of answer.
fn answer(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
