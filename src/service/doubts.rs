//! What past news make doubtful in a watchlist that was just taken up, for the log: the mail is for news.

use std::sync::Arc;

use tracing::{info, warn};

use crate::desk::{Desk, Watchlist};
use crate::model::Timestamp;
use crate::store::{Store, StoreError};

/// The newest so many items are asked: a second or two of work beside the polling.
const MOST: u32 = 20_000;

/// Logs one line if something is doubtful. It reads beside the store's thread, and nobody waits for it.
pub(super) fn tell(watchlist: &Arc<Watchlist>, now: Timestamp) {
    match taken(Arc::clone(watchlist), now) {
        Ok(messages) => {
            if let Some(first) = messages.first() {
                info!(
                    "`wirewatch check` doubts {} of the watchlist by what came in the last days, such as: {first}",
                    match messages.len() {
                        1 => "one line".to_owned(),
                        lines => format!("{lines} lines"),
                    }
                );
            }
        }
        Err(fault) => warn!("The stored items could not be asked about the watchlist: {fault}"),
    }
}

fn taken(watchlist: Arc<Watchlist>, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let store = Store::open_read(&watchlist.config.store.path)?;
    let census = Desk::open_read(store, watchlist)?.census(now, MOST, |_| {})?;
    let messages = census.findings.into_iter().map(|finding| finding.message);
    Ok(messages.collect())
}
