//! Bulletins: headlines that an outlet makes of one form and another name.
//!
//! `M 4.5 - 10 km S of Nicobar` and `M 5.1 - 22 km NE of Tonga`, or a storm warning for each county, share most of their
//! words, and a young store does not know yet how common these are. Within one outlet such headlines tell two events:
//! about one event it writes something else the second time, or only another figure.

use crate::story::vocabulary;
use crate::text::words::Words;

/// Words that a form has at least.
const MIN_SHARED: usize = 2;

/// A headline's words in their order, as small as two can be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    parts: Box<[Part]>,
    /// Whether capitals show no names, as most words have one.
    is_title_case: bool,
}

/// A word: its kind in the lowest bits, above them those of the hash of its folded form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part(u32);

const KIND: u32 = 0b11;

impl Part {
    fn new(folded: &str, kind: Kind) -> Part {
        let hash = super::vector::hash(&folded) as u32;
        Part(hash & !KIND | kind as u32)
    }

    fn is(self, kind: Kind) -> bool {
        self.0 & KIND == kind as u32
    }

    fn is_like(self, other: Part) -> bool {
        self.0 & KIND == other.0 & KIND
    }

    fn is_same_word(self, other: Part) -> bool {
        self.0 & !KIND == other.0 & !KIND
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    /// It is written with a capital.
    Name,
    /// It holds a digit.
    Figure,
}

impl Form {
    /// Of a headline without marks.
    pub(super) fn of(title: &str) -> Form {
        let words = Words::of_text(title);
        let parts = words.words().iter().map(|word| {
            let written = words.written(word);
            let kind = match written {
                _ if written.bytes().any(|c| c.is_ascii_digit()) => Kind::Figure,
                _ if vocabulary::is_number(words.folded(word)) => Kind::Figure,
                _ if written.starts_with(char::is_uppercase) => Kind::Name,
                _ => Kind::Word,
            };
            Part::new(words.folded(word), kind)
        });
        Form {
            parts: parts.collect(),
            is_title_case: super::tokens::is_title_case(&words),
        }
    }

    /// Whether two headlines differ only in what is put into one form, and a name is among that: at each place where they
    /// differ both hold names or figures and nothing else, or the same of these beside words. Where capitals show no names, most words must be shared.
    pub(super) fn has_other_names(&self, other: &Form) -> bool {
        let most = match self.is_title_case || other.is_title_case {
            true => self.parts.len().max(other.parts.len()) * 2 / 3,
            false => MIN_SHARED,
        };
        let (mut one, mut other) = (&*self.parts, &*other.parts);
        let (mut shared, mut names) = (0, 0);
        while !one.is_empty() && !other.is_empty() {
            let Some((mine, theirs)) = next_shared(one, other) else {
                break;
            };
            let (Some((my_gap, my_rest)), Some((their_gap, their_rest))) =
                (one.split_at_checked(mine), other.split_at_checked(theirs))
            else {
                break;
            };
            match gap(my_gap, their_gap) {
                Gap::Same => {}
                Gap::Figures => {}
                Gap::Names => names += 1,
                Gap::Words => return false,
            }
            shared += usize::from(my_rest.first().is_some_and(|part| !part.is(Kind::Figure)));
            (one, other) = (
                my_rest.get(1..).unwrap_or_default(),
                their_rest.get(1..).unwrap_or_default(),
            );
        }
        match gap(one, other) {
            Gap::Words => return false,
            Gap::Names => names += 1,
            Gap::Same | Gap::Figures => {}
        }
        names > 0 && shared >= most.max(MIN_SHARED)
    }
}

/// What stands between two words that both headlines hold.
enum Gap {
    Same,
    /// Figures on both sides.
    Figures,
    /// Names, perhaps with figures, on both sides; or words in which the same places are names.
    Names,
    /// Something else.
    Words,
}

fn gap(one: &[Part], other: &[Part]) -> Gap {
    if one.is_empty() && other.is_empty() {
        return Gap::Same;
    }
    let has = |gap: &[Part], kind: Kind| gap.iter().any(|part| part.is(kind));
    let is_filled = |gap: &[Part]| !gap.is_empty() && !has(gap, Kind::Word);
    // `western Alden, 12` and `southern Varga, 9`.
    let is_alike = || {
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| one.is_like(*other))
    };
    match is_filled(one) && is_filled(other) {
        false if has(one, Kind::Name) && is_alike() => Gap::Names,
        false => Gap::Words,
        true if has(one, Kind::Name) && has(other, Kind::Name) => Gap::Names,
        true if !has(one, Kind::Name) && !has(other, Kind::Name) => Gap::Figures,
        true => Gap::Words,
    }
}

/// The places of the next word that both hold: the one that leaves out the fewest words.
fn next_shared(one: &[Part], other: &[Part]) -> Option<(usize, usize)> {
    let places = one.iter().enumerate().filter_map(|(mine, part)| {
        let theirs = other.iter().position(|other| other.is_same_word(*part))?;
        Some((mine, theirs))
    });
    places.min_by_key(|(mine, theirs)| (mine + theirs, *mine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: bool, one: &str, other: &str) {
        let (one, other) = (Form::of(one), Form::of(other));
        assert_eq!(one.has_other_names(&other), expected);
        assert_eq!(other.has_other_names(&one), expected);
    }

    #[test]
    fn bulletins_of_other_places_and_firms_are_of_one_form() {
        check(
            true,
            "M 4.5 - 10 km S of Nicobar Islands",
            "M 5.1 - 122 km NE of Neiafu, Tonga",
        );
        check(
            true,
            "Severe storm warning for Clay County",
            "Severe storm warning for Saint Louis County",
        );
        check(
            true,
            "Helix shares close 3% lower",
            "Corvane shares close 1% lower",
        );
        check(
            true,
            "Senior engineer at Helix, Alden",
            "Senior engineer at Corvane, Varga",
        );
        check(
            true,
            "Flood warning issued for Orlow",
            "Flood warning issued for Pellan",
        );
    }

    #[test]
    fn words_that_stand_by_the_names_belong_to_these() {
        check(
            true,
            "Magnitude 6.1 earthquake strikes western Alden, 12 dead",
            "Magnitude 5.8 earthquake strikes southern Varga, 9 dead",
        );
        check(
            true,
            "Alden earthquake kills at least 12",
            "Varga earthquake kills at least nine",
        );
        check(
            false,
            "Troops enter western Alden",
            "Troops enter eastern Alden",
        );
    }

    #[test]
    fn what_one_event_is_told_by_is_not() {
        check(
            false,
            "Quake in Batura kills 12",
            "Quake in Batura kills 14",
        );
        check(
            false,
            "Batura quake kills 12",
            "Batura quake: survivors wait for tents",
        );
        check(
            false,
            "Helix in talks to buy Corvane",
            "Helix completes purchase of Corvane",
        );
        check(
            false,
            "Troops enter Mosul",
            "Troops enter Mosul from the south",
        );
        check(
            false,
            "Copper Slips With Alden Stocks as Futures, Oil Drop",
            "Copper Falls With Varga Stocks as Oil Retreats",
        );
        check(
            true,
            "Severe Thunderstorm Warning Issued For Clay County",
            "Severe Thunderstorm Warning Issued For Dane County",
        );
        check(false, "Mosul falls", "Mosul falls");
        check(false, "Mosul falls", "Raqqa falls");
        check(false, "", "Mosul falls");
    }
}
