//! The floor: fetch, parse and insert, and nothing that makes a watcher of it.

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use rusqlite::{Connection, params};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::measure::Meter;
use crate::world;

/// As many as wirewatch asks at once.
const PLACES: usize = 128;
/// As many as wirewatch commits at once.
const BATCH: usize = 500;

/// What came of one feed.
struct Came {
    feed: u32,
    etag: Option<Vec<u8>>,
    entries: Option<Vec<feed_rs::model::Entry>>,
}

pub(crate) fn run(folder: &Path, feeds: u32, port: u16) -> Result<(), Box<dyn Error>> {
    let mut meter = Meter::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        // Each feed is another server, and half an hour passes between two rounds.
        .pool_max_idle_per_host(0)
        .local_address(Some(Ipv4Addr::LOCALHOST.into()))
        .timeout(Duration::from_secs(45))
        .build()?;
    let path = folder.join("floor.db");
    let connection = open(&path)?;
    for feed in 0..feeds {
        connection
            .prepare_cached("INSERT INTO feed (id) VALUES (?1)")?
            .execute([feed])?;
    }
    connection.execute_batch("COMMIT")?;
    super::answer(&meter.lap().to_string())?;
    for line in io::stdin().lines() {
        if line?.as_str() != "round" {
            break;
        }
        meter.lap();
        let etags = etags(&connection)?;
        let (sender, came) = channel();
        let asking = runtime.spawn(ask_all(client.clone(), etags, port, sender));
        let mut count = 0;
        let mut open = false;
        for came in came {
            if !open {
                connection.execute_batch("BEGIN IMMEDIATE")?;
                open = true;
            }
            insert(&connection, &came)?;
            count += 1;
            if count % BATCH == 0 {
                connection.execute_batch("COMMIT")?;
                open = false;
            }
        }
        if open {
            connection.execute_batch("COMMIT")?;
        }
        runtime.block_on(asking)?;
        super::answer(&meter.lap().to_string())?;
    }
    Ok(())
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.execute_batch(
        "CREATE TABLE feed (id INTEGER PRIMARY KEY, etag BLOB, polls INTEGER NOT NULL DEFAULT 0);
         CREATE TABLE item (id INTEGER PRIMARY KEY, feed INTEGER NOT NULL, guid TEXT NOT NULL, link TEXT, title TEXT,
            summary TEXT, date INTEGER, UNIQUE (feed, guid));
         BEGIN",
    )?;
    Ok(connection)
}

fn etags(connection: &Connection) -> rusqlite::Result<Vec<Option<Vec<u8>>>> {
    connection
        .prepare("SELECT etag FROM feed ORDER BY id")?
        .query_map((), |row| row.get(0))?
        .collect()
}

async fn ask_all(
    client: reqwest::Client,
    etags: Vec<Option<Vec<u8>>>,
    port: u16,
    sender: Sender<Came>,
) {
    let places = Arc::new(Semaphore::new(PLACES));
    let mut tasks = JoinSet::new();
    for (feed, etag) in (0..).zip(etags) {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .expect("never closed");
        let (client, sender) = (client.clone(), sender.clone());
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let came = ask(&client, feed, etag, port)
                .await
                .expect("the server answers");
            drop(place);
            sender.send(came).expect("somebody listens");
        });
    }
    drop(sender);
    while let Some(done) = tasks.join_next().await {
        done.expect("the server answers");
    }
}

async fn ask(
    client: &reqwest::Client,
    feed: u32,
    etag: Option<Vec<u8>>,
    port: u16,
) -> Result<Came, Box<dyn Error + Send + Sync>> {
    let mut request = client.get(world::url(feed, port));
    if let Some(etag) = &etag {
        request = request.header("If-None-Match", etag.as_slice());
    }
    let answer = request.send().await?;
    if answer.status() == 304 {
        return Ok(Came {
            feed,
            etag,
            entries: None,
        });
    }
    let etag = answer
        .headers()
        .get("ETag")
        .map(|etag| etag.as_bytes().to_vec());
    let body = answer.bytes().await?;
    let parsed = feed_rs::parser::parse(&body[..])?;
    Ok(Came {
        feed,
        etag,
        entries: Some(parsed.entries),
    })
}

fn insert(connection: &Connection, came: &Came) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE feed SET etag = ?2, polls = polls + 1 WHERE id = ?1")?
        .execute(params![came.feed, came.etag])?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO item (feed, guid, link, title, summary, date) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    for entry in came.entries.iter().flatten() {
        statement.execute(params![
            came.feed,
            entry.id,
            entry.links.first().map(|link| &link.href),
            entry.title.as_ref().map(|text| &text.content),
            entry.summary.as_ref().map(|text| &text.content),
            entry.published.map(|date| date.timestamp()),
        ])?;
    }
    Ok(())
}
