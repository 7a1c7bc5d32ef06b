//! Each feed asked once, at its domain's turn, and what it answered.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::progress::Progress;
use super::super::{Context, rfc3339, setup};
use super::online::{Finding, Verdict};
use crate::clock::Clock;
use crate::config::{Config, FeedConfig};
use crate::feed;
use crate::http::client::Client;
use crate::http::fetch::{HoldOf, Outcome, Request, Response, Stage};
use crate::model::Timestamp;
use crate::store::Store;
use crate::url::domain as domain_of;

/// Asks every feed that is not paused and whose server has not asked us to wait. Tells those that are not well and
/// how many are; gives the servers' clocks minus ours, in seconds.
pub(super) async fn ask(
    context: &Context,
    config: &Config,
    store: Option<&Store>,
    add: &mut impl FnMut(Finding) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<i64>> {
    /// As many as are asked at once; the rest waits, and so do two of one domain.
    const AT_ONCE: usize = 32;
    let client = match setup::client(config) {
        Ok(client) => client,
        Err(error) => {
            add(Finding::problem("feeds", "", error.to_string()))?;
            return Ok(Vec::new());
        }
    };
    let known = store.map_or(Ok(Vec::new()), Store::feeds)?;
    let now = context.clock.now();
    let held: HashMap<String, Timestamp> = store
        .map_or(Ok(Vec::new()), |store| store.holds(now))?
        .into_iter()
        .map(|hold| (hold.domain, hold.until))
        .collect();
    let held = Arc::new(held);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for declared in &config.feeds {
        let state = known.iter().find(|state| state.url == declared.feed.url);
        let name = state.map_or_else(|| name_of(declared), |state| state.name.clone());
        let own = state.and_then(|state| state.hold_until);
        let hold = own.max(held.get(&domain_of(&declared.feed.url)).copied());
        match hold.filter(|until| *until > now) {
            _ if declared.feed.paused => add(Finding::note("feed", &name, "paused, so not asked"))?,
            Some(until) => {
                let words = format!(
                    "not asked: its server wants us to wait until {}",
                    rfc3339(until)
                );
                add(Finding::note("feed", &name, words))?;
            }
            None => {
                let (client, clock) = (client.clone(), context.clock);
                let (declared, places) = (declared.clone(), Arc::clone(&places));
                let held = Arc::clone(&held);
                tasks.spawn(async move {
                    let _place = places.acquire_owned().await;
                    let hold_of = |domain: &str| Some(held.get(domain)?.duration_since(now));
                    ask_one(&client, clock, &declared, name, &hold_of).await
                });
            }
        }
    }
    let asked = tasks.len();
    let (mut well, mut offsets) = (0, Vec::new());
    let mut progress = Progress::begin("Feeds asked:");
    while let Some(joined) = tasks.join_next().await {
        let Answer { finding, offset } = joined?;
        offsets.extend(offset);
        well += usize::from(finding.verdict != Verdict::Problem);
        if finding.verdict != Verdict::Good {
            progress.wipe();
            add(finding)?;
        }
        progress.of(asked - tasks.len(), asked);
    }
    progress.wipe();
    let words = format!("{well} of {} can be read", setup::count(asked, "feed"));
    add(match well == asked {
        true => Finding::good("feeds", "", words),
        false => Finding::note("feeds", "", words),
    })?;
    Ok(offsets)
}

/// What one feed came to.
struct Answer {
    finding: Finding,
    /// The server's clock minus ours, in seconds.
    offset: Option<i64>,
}

async fn ask_one(
    client: &Client,
    clock: Clock,
    declared: &FeedConfig,
    name: String,
    hold_of: HoldOf<'_>,
) -> Answer {
    let credentials = match declared.access.open() {
        Ok(credentials) => credentials,
        Err(error) => {
            let finding = Finding::problem("feed", &name, error.to_string());
            return Answer {
                finding: finding.hint("mend the file or variable that the feed names"),
                offset: None,
            };
        }
    };
    let login = credentials.basic_auth.as_ref();
    let request = Request {
        url: &declared.feed.url,
        validators: None,
        headers: &credentials.headers,
        basic_auth: login.map(|(user, password)| (user.as_str(), password.as_str())),
        typed_by_hand: false,
    };
    let permit = client.enter(request.url).await;
    let response = client.fetch_entered(permit, &request, hold_of).await;
    let now = clock.now();
    Answer {
        offset: response.server_date.map(|date| seconds_between(now, date)),
        finding: judge(response, &declared.feed.url, &name).await,
    }
}

fn seconds_between(ours: Timestamp, theirs: Timestamp) -> i64 {
    theirs.duration_since(ours).as_secs()
}

async fn judge(response: Response, url: &str, name: &str) -> Finding {
    let moved = response.permanent_target;
    match response.outcome {
        Outcome::Body {
            bytes,
            content_type,
            torn,
            ..
        } => {
            let final_url = response.final_url;
            let broke_off = torn.clone();
            let read = tokio::task::spawn_blocking(move || {
                let context = feed::Context {
                    url: &final_url,
                    content_type: content_type.as_deref(),
                };
                feed::read(&bytes, &context)
                    .map(|document| (document.entries.len(), torn.or(document.torn)))
            });
            match (read.await, moved) {
                (Err(_), _) => {
                    Finding::problem("feed", name, "a fault in wirewatch stopped its parser")
                        .hint("please report it, with the feed")
                }
                (Ok(Err(not_a_feed)), _) => {
                    let words = not_a_feed.words(broke_off.as_deref());
                    let finding = Finding::problem("feed", name, words);
                    match broke_off {
                        Some(_) => finding,
                        None => finding.hint(format!(
                            "`wirewatch feeds add {url}` finds the feeds of a page"
                        )),
                    }
                }
                (Ok(Ok((_, Some(torn)))), _) => {
                    Finding::note("feed", name, format!("its document is not whole: {torn}"))
                }
                (Ok(Ok(_)), Some(target)) => {
                    Finding::note("feed", name, format!("moved for good to {target}"))
                        .hint("change its `url`")
                }
                (Ok(Ok((0, _))), None) => Finding::note("feed", name, "a feed without entries"),
                (Ok(Ok(_)), None) => Finding::good("feed", name, "can be read"),
            }
        }
        Outcome::NotModified { .. } => {
            Finding::note("feed", name, "HTTP 304, though nothing was known")
        }
        Outcome::Throttled { said, .. } => {
            Finding::note("feed", name, format!("its server wants us to wait: {said}"))
        }
        Outcome::Held { domain, .. } => Finding::note(
            "feed",
            name,
            format!("not asked: {domain} has refused another feed (HTTP 429) and wants us to wait"),
        ),
        Outcome::Gone => Finding::problem("feed", name, "HTTP 410 (gone)")
            .hint("the feed is closed for good: take it out, or find its successor"),
        Outcome::Failed { stage, cause } => {
            let words = match step(stage) {
                Some(step) => format!("{step}: {cause}"),
                None => cause.clone(),
            };
            let finding = Finding::problem("feed", name, words);
            match remedy(stage, &cause) {
                Some(remedy) => finding.hint(remedy),
                None => finding,
            }
        }
    }
}

/// The step, where its cause does not name it.
fn step(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Refused | Stage::Exhausted => Some("not asked"),
        Stage::NoSuchHost | Stage::Resolve => Some("DNS"),
        Stage::Connect => Some("TCP"),
        Stage::Tls => Some("TLS"),
        Stage::Answer => Some("HTTP"),
        Stage::Redirect => Some("redirect"),
        Stage::Body => Some("document"),
        Stage::Status => None,
    }
}

fn remedy(stage: Stage, cause: &str) -> Option<&'static str> {
    let says = |code: &str| cause.contains(code);
    match stage {
        Stage::Refused if says("allow_private") => Some("if that is meant, add its network there"),
        Stage::NoSuchHost => Some("check its `url`"),
        Stage::Resolve => Some("check whether this machine can look up names"),
        Stage::Connect => Some("check its `url`, this machine's network and `[poll] proxy`"),
        Stage::Exhausted => Some("raise `ulimit -n`"),
        Stage::Tls => Some("open its `url` in a browser; also check this machine's clock"),
        Stage::Status if says("401") || says("403") => Some(
            "check its `username`, `password_file` and `headers`; some servers refuse programs",
        ),
        Stage::Status if says("404") => Some("`wirewatch feeds add SITE` finds where it is now"),
        Stage::Redirect => Some("open its `url` in a browser and take the address it ends at"),
        Stage::Refused | Stage::Answer | Stage::Status | Stage::Body => None,
    }
}

fn name_of(declared: &FeedConfig) -> String {
    let name = declared.feed.name.as_ref();
    name.unwrap_or(&declared.feed.url).clone()
}
