//! Which gaps end a sentence (SPEC 4.5).

use crate::text::chars::{self, Class};

/// A gap between two words of one paragraph, and what stands beside it.
pub(super) struct Break<'t> {
    /// The word before, as it stands in the match text.
    pub(super) word: &'t str,
    /// The word before, folded.
    pub(super) folded: &'t str,
    /// What stands between.
    pub(super) gap: &'t str,
    /// The first character of the word behind.
    pub(super) next: Option<char>,
    /// Whether a word beside it is a character or katakana.
    pub(super) beside_character: bool,
}

/// Whether a gap that ends no paragraph ends a sentence.
pub(super) fn ends(gap: &Break<'_>) -> bool {
    gap.gap.contains(['\n', '。', '؟', '।', '॥', '۔', '|', '•'])
        || exclamation_ends(gap)
        || dots_end(gap)
}

const CLOSERS: [char; 6] = ['"', '\'', ')', ']', '”', '»'];

fn exclamation_ends(gap: &Break<'_>) -> bool {
    gap.gap.match_indices(['!', '?']).any(|(at, sign)| {
        let behind = gap.gap.get(at + sign.len()..).unwrap_or_default();
        gap.beside_character || closers_then(behind, |c| c.is_none_or(char::is_whitespace))
    })
}

fn dots_end(gap: &Break<'_>) -> bool {
    let behind = gap.gap.trim_start_matches('.');
    let dots = gap.gap.len() - behind.len();
    if dots == 0 || !closers_then(behind, |c| c.is_some_and(char::is_whitespace)) {
        return false;
    }
    if gap.next.is_some_and(chars::is_small) {
        return false;
    }
    dots > 1 || !takes_a_dot(gap)
}

fn closers_then(text: &str, then: impl Fn(Option<char>) -> bool) -> bool {
    then(text.trim_start_matches(CLOSERS).chars().next())
}

/// Whether the word before is one that is often written with a dot behind it.
fn takes_a_dot(gap: &Break<'_>) -> bool {
    let classes: Vec<Class> = gap
        .word
        .chars()
        .map(chars::class)
        .filter(|&class| class != Class::Mark)
        .take(3)
        .collect();
    let is_letter = classes == [Class::Letter];
    let is_number = classes.len() <= 2 && classes.iter().all(|&class| class == Class::Digit);
    is_letter || is_number || has_letter_before_dot(gap.word) || is_abbreviation(gap.folded)
}

/// Whether a letter, perhaps with marks, stands before a dot, as in acronyms.
pub(super) fn has_letter_before_dot(word: &str) -> bool {
    word.match_indices('.').any(|(at, _)| {
        let before = word.get(..at).unwrap_or_default();
        let mut classes = before.chars().rev().map(chars::class);
        classes.find(|&class| class != Class::Mark) == Some(Class::Letter)
    })
}

fn is_abbreviation(folded: &str) -> bool {
    matches!(
        folded,
        "mr" | "mrs"
            | "ms"
            | "mx"
            | "dr"
            | "prof"
            | "st"
            | "sr"
            | "jr"
            | "gen"
            | "col"
            | "lt"
            | "maj"
            | "capt"
            | "cpt"
            | "sgt"
            | "cpl"
            | "adm"
            | "cmdr"
            | "cdr"
            | "brig"
            | "gov"
            | "sen"
            | "rep"
            | "rev"
            | "hon"
            | "pres"
            | "fr"
            | "inc"
            | "corp"
            | "co"
            | "ltd"
            | "llc"
            | "bros"
            | "dept"
            | "univ"
            | "assn"
            | "est"
            | "approx"
            | "vs"
            | "no"
            | "nos"
            | "nr"
            | "vol"
            | "vols"
            | "pp"
            | "fig"
            | "ed"
            | "eds"
            | "jan"
            | "feb"
            | "mar"
            | "apr"
            | "jun"
            | "jul"
            | "aug"
            | "sep"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
            | "mon"
            | "tue"
            | "tues"
            | "wed"
            | "thu"
            | "thur"
            | "thurs"
            | "fri"
            | "sat"
            | "sun"
            | "ave"
            | "blvd"
            | "rd"
            | "mt"
            | "ft"
            | "cf"
            | "al"
            | "etc"
    )
}

#[cfg(test)]
mod tests {
    use crate::text::words::Words;

    /// The words of the text, `/` between sentences, `//` between paragraphs.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let words = Words::of_text(text);
        let mut shown = String::new();
        let mut last = (0, 0);
        for word in words.words() {
            if word.paragraph != last.1 {
                shown.push_str("// ");
            } else if word.sentence != last.0 {
                shown.push_str("/ ");
            }
            last = (word.sentence, word.paragraph);
            shown.push_str(words.written(word));
            shown.push(' ');
        }
        assert_eq!(shown.trim_end(), expected, "{text}");
    }

    #[test]
    fn breaks_and_full_stops_of_other_scripts_end_a_sentence() {
        check("a\nb\n\nc", "a / b // c");
        check("foo, bar; baz: x", "foo bar baz x");
        check("東京。京都", "東 京 / 京 都");
        check("هل؟ نعم۔ كذا", "هل / نعم / كذا");
        check("नमस्ते। दुनिया॥ है", "नमस्ते / दुनिया / है");
        check("Fox | News • Sport", "Fox / News / Sport");
    }

    #[test]
    fn exclamation_and_question_marks_need_white_space_or_a_word_behind() {
        check("Apple! Watch? Yes", "Apple / Watch / Yes");
        check("Yahoo!News", "Yahoo / News");
        check("(really?) Yes “what!” He", "really / Yes what / He");
        check("Yahoo!, he said", "Yahoo he said");
        check("東京！」地震", "東 京 / 地 震");
        check("インド！、x", "インド / x");
    }

    #[test]
    fn a_dot_ends_a_sentence_before_white_space() {
        check("Fox.” News", "Fox / News");
        check("said Fox. News followed", "said Fox / News followed");
        check("Node.js example.org", "Node js example org");
        check("wait… Then wait… then", "wait / Then wait then");
        check("Fox . News", "Fox News");
        check("end. x end. Éa", "end x end / Éa");
    }

    #[test]
    fn a_dot_of_an_abbreviation_does_not() {
        check("John F. Kennedy", "John F Kennedy");
        check("the U.S. Army", "the US Army");
        check("3. Mai 12. Juni 2016. Juli", "3 Mai 12 Juni 2016 / Juli");
        check("Iran: Dr. Zarif resumes", "Iran Dr Zarif resumes");
        check("GOV. Newsom", "GOV Newsom");
        check("Mr.. Smith", "Mr / Smith");
        check("Smith etc. Then", "Smith etc Then");
    }
}
