//! What the operator hears of the database: that a copy was put back, that its disk is nearly full.

use jiff::tz::TimeZone;

use super::operator::Notice;
use crate::desk::Desk;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::Room;

pub(super) fn restored(desk: &Desk) -> Result<Option<Notice>, StoreError> {
    let restored = desk.store.restored()?;
    Ok(restored.map(|restored| {
        let (copied, at) = (when(restored.copied_at), when(restored.at));
        Notice {
            key: format!(
                "restored:{}:{}",
                restored.copied_at.as_second(),
                restored.at.as_second()
            ),
            subject: "The database was restored from a copy".to_owned(),
            text: format!(
                "The database is a copy of {copied}, put back on {at}.\n\nWhat was mailed between these two times may come \
                 once more, since the copy does not know of it. What feeds published meanwhile and still show is read and \
                 mailed; what they no longer show is lost to wirewatch.\n\nNothing needs to be done."
            ),
        }
    }))
}

pub(super) fn short_of_room(desk: &Desk, now: Timestamp) -> Option<Notice> {
    let path = &desk.watchlist.config.store.path;
    let room = Room::of(path);
    // While it lasts, once a week.
    let week = now.as_second().div_euclid(7 * 86_400);
    room.is_short().then(|| Notice {
        key: format!("disk:{week}"),
        subject: "The disk is nearly full".to_owned(),
        text: format!(
            "The disk of the database `{}` has {} MiB left.\n\nWhen it is full, nothing can be stored: feeds are asked again \
             and again, and what they drop meanwhile is lost. Make room there, or set a shorter `[store] keep`.",
            path.display(),
            room.free.unwrap_or(0) >> 20
        ),
    })
}

/// A moment in the operator's time.
pub(super) fn when(moment: Timestamp) -> String {
    moment
        .to_zoned_datetime(TimeZone::system())
        .strftime("%A %-d %B %Y, %H:%M")
        .to_string()
}
