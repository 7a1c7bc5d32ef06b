//! What the daemon looks at before it works, and says where a person would otherwise wonder.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{info, warn};

use crate::model::Timestamp;
use crate::store::{Store, StoreError};

/// More open files than any watchlist needs at once.
const FILES: u64 = 65_536;
/// Less than this is too few for polling and mailing at the same time.
const FEW_FILES: u64 = 64;

/// Takes as many open files as this process may have: each feed that is asked needs one.
pub(super) fn raise_limit_of_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: limit.maximum,
        };
        if let Err(cause) = setrlimit(Resource::Nofile, raised) {
            warn!("Cannot raise the limit of open files: {cause}");
        }
    }
    if wanted < FEW_FILES {
        warn!(
            "This process may open only {wanted} files, so that feeds and mail may fail; raise `ulimit -n`, or `LimitNOFILE` of the unit"
        );
    }
}

/// Says which local time digests go by.
pub(super) fn name_time_zone() {
    match TimeZone::try_system() {
        Ok(zone) => info!(
            "Local time is that of {}",
            zone.iana_name().unwrap_or("this machine")
        ),
        Err(cause) => warn!(
            "The time zone of this machine is not known ({cause}), so that local time is UTC; set it with `timedatectl set-timezone`, or set `timezone` in each [[digest]]"
        ),
    }
}

/// Says if the database knows of a time that has not come yet: this clock is wrong, or was.
pub(super) fn compare_clock(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    const STEP: SignedDuration = SignedDuration::from_hours(1);
    let Some(last) = store.last_times()?.stored else {
        return Ok(());
    };
    if last.duration_since(now) > STEP {
        warn!(
            "The last item was stored at {last}, which this machine's clock has yet to reach ({now}); if the clock is wrong, set it: `timedatectl set-ntp true`. Polling and mailing go on by the clock as it is"
        );
    }
    Ok(())
}
