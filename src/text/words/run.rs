//! Runs of letters and digits, and the signs that they go on across (SPEC 4.4, rule 4).

use crate::text::chars::{self, Class};

/// A run as far as it has been read.
pub(super) struct Run<'p> {
    part: &'p str,
    /// Where it began, or went on behind the last sign.
    link: usize,
    end: usize,
    /// The last letter or digit.
    last: char,
    /// Whether all before `link` is single letters with a dot behind each.
    is_chain: bool,
}

impl<'p> Run<'p> {
    /// A run that begins at `start`.
    pub(super) fn new(part: &'p str, start: usize) -> Run<'p> {
        Run {
            part,
            link: start,
            end: start,
            last: '\0',
            is_chain: true,
        }
    }

    /// Where it ends, as far as it has been read.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Goes on behind the wildcards of a term.
    pub(super) fn take_wildcards(&mut self, end: usize) {
        (self.end, self.last, self.is_chain) = (end, '*', false);
    }

    /// Reads on to the end of letters, digits and marks.
    pub(super) fn take_letters(&mut self) {
        let bytes = self.part.as_bytes();
        loop {
            let from = self.end;
            while bytes.get(self.end).is_some_and(u8::is_ascii_alphanumeric) {
                self.end += 1;
            }
            if let Some(&byte) = bytes
                .get(self.end.wrapping_sub(1))
                .filter(|_| self.end > from)
            {
                self.last = char::from(byte);
            }
            let Some(c) = char_at(self.part, self.end).filter(|c| !c.is_ascii()) else {
                return;
            };
            match run_class(c) {
                Class::Letter | Class::Digit => self.last = c,
                Class::Mark => {}
                Class::Other => return,
            }
            self.end += c.len_utf8();
        }
    }

    /// Whether it goes on across the sign it has come to.
    pub(super) fn crosses(&self, sign: char) -> bool {
        if !matches!(sign, '\'' | '"' | '\u{05F4}' | '.' | ',' | '_') {
            return false;
        }
        let mut behind = self
            .part
            .get(self.end + sign.len_utf8()..)
            .unwrap_or_default()
            .chars();
        let Some(next) = behind.next() else {
            return false;
        };
        let class = run_class(next);
        let decimals =
            class == Class::Digit && chars::is_decimal(self.last) && chars::is_decimal(next);
        match sign {
            '\'' => class == Class::Letter && chars::is_letter(self.last),
            '"' | '\u{05F4}' => chars::is_hebrew_letter(self.last) && chars::is_hebrew_letter(next),
            ',' => decimals,
            '_' => matches!(class, Class::Letter | Class::Digit),
            _ => {
                let mut further = behind
                    .map(run_class)
                    .skip_while(|&class| class == Class::Mark);
                let is_single = class == Class::Letter
                    && further.next().is_none_or(|class| class == Class::Other);
                decimals || is_single && self.is_chain && self.link_is_single_letter()
            }
        }
    }

    /// Goes on behind a sign.
    pub(super) fn cross(&mut self, sign: char) {
        self.is_chain &= sign == '.' && self.link_is_single_letter();
        self.end += sign.len_utf8();
        self.link = self.end;
    }

    fn link_is_single_letter(&self) -> bool {
        let link = self.part.get(self.link..self.end).unwrap_or_default();
        let mut link = link.chars().map(chars::class);
        link.next() == Some(Class::Letter) && link.all(|class| class == Class::Mark)
    }
}

/// Whether the commas of a word group thousands: one to three digits, groups of comma and three, perhaps a dot and
/// digits, perhaps a tail that begins with a letter.
pub(super) fn groups_thousands(word: &str) -> bool {
    let is_decimal = |c: char| chars::is_decimal(c);
    let digits = |part: &str| part.len() - part.trim_start_matches(is_decimal).len();
    let mut groups = word.split(',');
    let first = groups.next().unwrap_or_default();
    let groups: Vec<&str> = groups.collect();
    let Some((last, middle)) = groups.split_last() else {
        return false;
    };
    let count = |part: &str| part.chars().take_while(|&c| chars::is_decimal(c)).count();
    let is_group = |part: &&str| count(part) == 3 && digits(part) == part.len();
    if !(1..=3).contains(&count(first))
        || digits(first) != first.len()
        || !middle.iter().all(is_group)
    {
        return false;
    }
    let (head, mut tail) = last.split_at(digits(last));
    if !is_group(&head) {
        return false;
    }
    if let Some(fraction) = tail
        .strip_prefix('.')
        .filter(|fraction| digits(fraction) > 0)
    {
        tail = fraction.trim_start_matches(is_decimal);
    }
    tail.chars().next().is_none_or(chars::is_letter)
}

/// The class of a character as far as runs are made of it.
fn run_class(c: char) -> Class {
    if chars::is_katakana(c) {
        return Class::Other;
    }
    match chars::class(c) {
        Class::Letter | Class::Digit if chars::is_in_block_without_blanks(c) => Class::Other,
        class => class,
    }
}

/// The character that begins at `at`.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}
