//! A schedule of very many feeds: how long picking those that are due takes.

use std::error::Error;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use wirewatch::model::Feed;
use wirewatch::store::Store;

use crate::measure::on_this_thread;
use crate::world;

/// As many as are asked for at a time.
const PICKED: usize = 500;

pub(crate) fn run(rows: u32) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("wirewatch.db");
    let now = world::start();
    let mut store = Store::open(&path, now)?;
    let feeds: Vec<Feed> = (0..rows)
        .map(|feed| Feed::at(format!("https://www.outlet{feed}.example/feeds/world.xml")))
        .collect();
    let began = Instant::now();
    store.declare_feeds(&feeds, now)?;
    println!(
        "\na schedule of {rows} feeds, declared in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    // Spread over an hour, as they would be; so that each pick is of others, all over the table.
    store.savepoint(|store| {
        for (number, feed) in (0_i64..).zip(store.feeds()?) {
            store.lease_feed(
                feed.id,
                now + SignedDuration::from_secs(number * 7_919 % 3_600),
            )?;
        }
        Ok::<_, Box<dyn Error>>(())
    })?;
    drop(store);
    let mut store = Store::open(&path, now)?;
    let (mut worst, mut all) = (Duration::ZERO, Duration::ZERO);
    let picks = 20;
    for _ in 0..picks {
        let mut spent = Duration::ZERO;
        let began = Instant::now();
        let due = on_this_thread(&mut spent, || {
            store.due_feeds(now + SignedDuration::from_mins(30), PICKED)
        })?;
        worst = worst.max(began.elapsed());
        all += spent;
        assert_eq!(due.len(), PICKED);
        store.savepoint(|store| {
            due.iter()
                .try_for_each(|feed| store.lease_feed(feed.id, now + SignedDuration::from_hours(1)))
        })?;
    }
    println!(
        "  picking {PICKED} that are due: {:.2} ms of CPU each, at worst {:.2} ms by the wall clock",
        all.as_secs_f64() * 1e3 / f64::from(picks),
        worst.as_secs_f64() * 1e3
    );
    Ok(())
}
