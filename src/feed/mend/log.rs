//! What was found wrong, each kind once.

use crate::feed::Oddity;

/// Gathers oddities; repeated ones are counted, not repeated.
#[derive(Default)]
pub(super) struct Log {
    seen: Vec<(Oddity, usize)>,
}

impl Log {
    pub(super) fn note(&mut self, what: &str, place: &str, done: &str) {
        if let Some((_, count)) = self
            .seen
            .iter_mut()
            .find(|(known, _)| known.what == what && known.done == done)
        {
            *count += 1;
            return;
        }
        let oddity = Oddity {
            what: what.to_owned(),
            place: place.to_owned(),
            done: done.to_owned(),
        };
        self.seen.push((oddity, 0));
    }

    /// Notes something that was found so many times in one place.
    pub(super) fn count(
        &mut self,
        times: usize,
        what: &str,
        place: &dyn Fn() -> String,
        done: &str,
    ) {
        if times == 0 {
            return;
        }
        self.note(what, &place(), done);
        if let Some((_, more)) = self
            .seen
            .iter_mut()
            .find(|(known, _)| known.what == what && known.done == done)
        {
            *more += times - 1;
        }
    }

    pub(super) fn finish(&mut self) -> Vec<Oddity> {
        let counted = |(mut oddity, more): (Oddity, usize)| {
            if more > 0 {
                oddity.place = format!("{} and {more} more", oddity.place);
            }
            oddity
        };
        std::mem::take(&mut self.seen)
            .into_iter()
            .map(counted)
            .collect()
    }
}
