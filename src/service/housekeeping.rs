//! Once a day forgets what has been kept long enough, a little at a time, so that polling never waits for long.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, info};

use crate::clock::Clock;
use crate::desk::{DeskError, Handle};
use crate::store::cleaning::Cleaning;

/// Between two looks whether a new day (UTC) has begun, and whether the database is still there.
const LOOK: Duration = Duration::from_secs(1);

/// Between two steps of cleaning, so that the store's thread is mostly free.
const BREATH: Duration = Duration::from_millis(100);

/// Cleans on each day until it is told to stop.
pub(super) async fn keep_house(desk: Handle, clock: Clock, mut stopping: watch::Receiver<bool>) {
    let mut cleaned_on = None;
    let mut under_way: Option<Cleaning> = None;
    loop {
        let pause = if under_way.is_some() { BREATH } else { LOOK };
        tokio::select! {
            _ = stopping.changed() => return,
            () = sleep(pause) => {}
        }
        let today = clock.now().as_second().div_euclid(86_400);
        let step = match under_way.take() {
            Some(cleaning) => go_on(&desk, cleaning).await,
            None if cleaned_on == Some(today) => continue,
            None => begin(&desk, clock).await,
        };
        match step {
            Ok(None) => cleaned_on = Some(today),
            Ok(Some(cleaning)) if !cleaning.is_done() => under_way = Some(cleaning),
            Ok(Some(cleaning)) => {
                cleaned_on = Some(today);
                let pruned = cleaning.pruned();
                if pruned.items > 0 {
                    info!(
                        "Forgot {} items past their time; their keys stay",
                        pruned.items
                    );
                }
            }
            Err(fault) => {
                cleaned_on = Some(today);
                error!(
                    "Cannot forget old items; trying again tomorrow: {}",
                    fault.with_remedy()
                );
            }
        }
    }
}

/// Waits until the database was removed or replaced: whoever looks for it then finds nothing, or another.
pub(super) async fn displaced(desk: Handle) {
    loop {
        sleep(LOOK).await;
        // What else is wrong with it is told by those who work with it.
        let is_displaced = desk.at_once(|desk| Ok(desk.store.is_displaced())).await;
        if is_displaced.unwrap_or(false) {
            return;
        }
    }
}

/// Begins the cleaning of the day; `None`: it is done already.
async fn begin(desk: &Handle, clock: Clock) -> Result<Option<Cleaning>, DeskError> {
    let now = clock.now();
    desk.at_once(move |desk| {
        if !desk.store.cleaning_is_due(now)? {
            return Ok(None);
        }
        desk.store.forget_sent(now)?;
        let keep = desk.watchlist.config.store.keep;
        Ok(Some(Cleaning::begin(now, keep)))
    })
    .await
}

async fn go_on(desk: &Handle, cleaning: Cleaning) -> Result<Option<Cleaning>, DeskError> {
    desk.at_once(move |desk| desk.store.clean(cleaning).map(Some))
        .await
}
