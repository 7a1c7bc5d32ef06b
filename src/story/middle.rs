//! The middle of a story: the words of its members, with the sums of their weights.

use crate::story::member::{ONE, each_shared};

/// Numbers of words, ascending, with the sums of their weights.
pub(super) type Sums = [(u32, u32)];

/// The cosine of two middles, if each word of the first tells so much, up to `ONE`; of nothing it is 0.
pub(super) fn cosine(one: &Sums, other: &Sums, tells: impl Fn(usize) -> u32) -> f32 {
    let length = |sums: &Sums| {
        let squares: u128 = sums.iter().map(|(_, sum)| u128::from(*sum).pow(2)).sum();
        (squares as f64).sqrt()
    };
    let lengths = length(one) * length(other);
    if lengths == 0.0 {
        return 0.0;
    }
    let mut product = 0u128;
    each_shared(
        one,
        other,
        |(word, _)| *word,
        |mine, theirs| {
            let told = u128::from(one[mine].1) * u128::from(tells(mine));
            product += told * u128::from(other[theirs].1);
        },
    );
    (product as f64 / f64::from(ONE) / lengths) as f32
}

/// How much of a middle, from 0 to 1, its own words are: those that `is_usual` there and that the other one lacks.
pub(super) fn own(one: &Sums, other: &Sums, is_usual: impl Fn(u32) -> bool) -> f32 {
    let square = |sum: u32| u128::from(sum).pow(2);
    let all: u128 = one.iter().map(|&(_, sum)| square(sum)).sum();
    let lacks = |word: u32| {
        other
            .binary_search_by_key(&word, |(word, _)| *word)
            .is_err()
    };
    let own = one.iter().filter(|(word, sum)| {
        // The many that hardly count are not worth a look.
        square(*sum) * HARDLY >= all && lacks(*word) && is_usual(*word)
    });
    let own: u128 = own.map(|&(_, sum)| square(sum)).sum();
    own as f32 / all.max(1) as f32
}

/// A word that is a smaller part of a middle than one of so many hardly counts.
const HARDLY: u128 = 1000;

/// Adds weights of words, ascending, to sums of words, ascending.
pub(super) fn add_sums(
    sums: &mut Vec<(u32, u32)>,
    added: impl ExactSizeIterator<Item = (u32, u32)>,
) {
    let before = std::mem::take(sums);
    sums.reserve_exact(before.len() + added.len());
    let mut before = before.into_iter().peekable();
    for (word, weight) in added {
        while let Some(sum) = before.next_if(|sum| sum.0 < word) {
            sums.push(sum);
        }
        let known = before.next_if(|sum| sum.0 == word).map_or(0, |sum| sum.1);
        sums.push((word, known.saturating_add(weight)));
    }
    sums.extend(before);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_is_1_of_equal_middles_and_0_of_those_that_share_no_word() {
        let tells_all = |_| ONE as u32;
        let (one, twice) = ([(1, 300), (7, 400)], [(1, 600), (7, 800)]);
        assert_eq!(cosine(&one, &twice, tells_all), 1.0);
        assert_eq!(cosine(&one, &[(2, 300)], tells_all), 0.0);
        assert_eq!(cosine(&one, &[], tells_all), 0.0);
    }

    #[test]
    fn own_words_are_usual_and_the_other_middle_lacks_them() {
        let one = [(1, 600), (7, 800)];
        assert_eq!(own(&one, &[(1, 5)], |_| true), 0.64);
        assert_eq!(own(&one, &[(1, 5)], |word| word != 7), 0.0);
        assert_eq!(own(&one, &one, |_| true), 0.0);
        assert_eq!(own(&[], &one, |_| true), 0.0);
    }

    #[test]
    fn sums_hold_the_words_of_both() {
        let mut sums = vec![(1, 10), (7, 20)];
        add_sums(&mut sums, [(0, 1), (7, 2), (9, 3)].into_iter());
        assert_eq!(sums, [(0, 1), (1, 10), (7, 22), (9, 3)]);
    }
}
