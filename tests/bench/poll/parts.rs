//! Where the time goes: the rooms' own functions over the documents of the first round, one after the other.

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use wirewatch::desk::intake::{Arrival, Came};
use wirewatch::feed::{self, Context};
use wirewatch::identity::{Pass, Viewpoint};
use wirewatch::query::{Document, Prepared};

use crate::measure::on_this_thread;
use crate::{ours, world};

/// Of these many feeds.
const FEEDS: u32 = 1_000;

/// Prints a line a part.
pub(crate) fn run(
    folder: &Path,
    port: u16,
) -> Result<Vec<(&'static str, Duration)>, Box<dyn Error>> {
    ours::write_watchlist(folder, FEEDS, port)?;
    let now = world::start();
    let mut desk = ours::open(folder, now)?;
    let [
        mut alone,
        mut parse,
        mut identity,
        mut words,
        mut judging,
        mut take,
        mut commit,
    ] = [Duration::ZERO; 7];
    let states = desk.store.feeds()?;
    for (index, (number, state)) in (0..).zip(&states).enumerate() {
        let body = world::document(number, 0, world::ITEMS);
        let context = Context {
            url: &state.url,
            content_type: Some("application/rss+xml"),
        };
        on_this_thread(&mut alone, || {
            black_box(feed_rs::parser::parse(body.as_bytes())).is_ok()
        });
        let document = on_this_thread(&mut parse, || feed::read(body.as_bytes(), &context))?;
        let viewpoint = Viewpoint {
            secret: [7; 16],
            feed: state.id,
            feed_url: state.url.clone(),
            channel_link: document.link.clone(),
            fragment_counts: false,
        };
        let pass = on_this_thread(&mut identity, || {
            Pass::read(&document, &viewpoint, &HashMap::new(), now)
        });
        for candidate in &pass.candidates {
            let shown = candidate
                .text
                .as_ref()
                .map(|text| &text.shown)
                .ok_or("an entry without a text")?;
            let prepared = on_this_thread(&mut words, || {
                Prepared::new(&Document {
                    title: &shown.title,
                    summary: &shown.summary,
                    content: &shown.content,
                    author: &shown.author,
                    category: &shown.category,
                    link: candidate.link.as_deref(),
                    feed: &state.name,
                    tags: &[],
                    lang: Some("en-gb"),
                })
            });
            let watch = &desk.watchlist.config.watch;
            on_this_thread(&mut judging, || black_box(watch.judge(&prepared)).len());
        }
        let came = Came {
            arrival: Arrival::Document {
                document: Box::new(document),
                validators: None,
                hash: Some(1),
            },
            permanent_target: None,
            freshness: None,
            refused_by: None,
        };
        desk.store.begin_batch()?;
        on_this_thread(&mut take, || desk.take(state.id, came, now))?;
        if index % 500 == 499 {
            on_this_thread(&mut commit, || desk.store.commit_batch())?;
        }
    }
    let rest = take
        .saturating_sub(identity)
        .saturating_sub(words)
        .saturating_sub(judging);
    Ok(vec![
        ("feed-rs alone (in the next line)", alone),
        ("parse", parse),
        ("identity and text", identity),
        ("words of all fields", words),
        ("matching", judging),
        ("keys, rows, stories", rest),
        ("commit", commit),
    ])
}
