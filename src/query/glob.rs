//! A word with wildcards: `*` for any number of characters, `?` for one.

/// A pattern over one form of one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    One(char),
    AnyOne,
    AnyMany,
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Glob {
        let mut parts: Vec<Part> = Vec::new();
        for c in pattern.chars() {
            match c {
                '*' if parts.last() == Some(&Part::AnyMany) => {}
                '*' => parts.push(Part::AnyMany),
                '?' => parts.push(Part::AnyOne),
                c => parts.push(Part::One(c)),
            }
        }
        Glob { parts }
    }

    /// What every match begins with.
    pub(crate) fn prefix(&self) -> String {
        let own = self.parts.iter().map_while(|part| match part {
            Part::One(c) => Some(*c),
            Part::AnyOne | Part::AnyMany => None,
        });
        own.collect()
    }

    /// Whether the whole word matches. Only the last `*` is ever tried again, so this takes at most pattern times word.
    pub(crate) fn matches(&self, word: &str) -> bool {
        let mut rest = word.chars();
        let mut part = 0;
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let mut ahead = rest.clone();
            match (self.parts.get(part), ahead.next()) {
                (None, None) => return true,
                (Some(Part::AnyMany), _) => {
                    part += 1;
                    retry = Some((part, rest.clone()));
                    continue;
                }
                (Some(Part::AnyOne), Some(_)) => {
                    rest = ahead;
                    part += 1;
                    continue;
                }
                (Some(Part::One(wanted)), Some(found)) if *wanted == found => {
                    rest = ahead;
                    part += 1;
                    continue;
                }
                _ => {}
            }
            let Some((after, tail)) = &mut retry else {
                return false;
            };
            if tail.next().is_none() {
                return false;
            }
            part = *after;
            rest = tail.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let glob = Glob::new(pattern);
        for word in yes {
            assert!(glob.matches(word), "{pattern} {word}");
        }
        for word in no {
            assert!(!glob.matches(word), "{pattern} {word}");
        }
    }

    #[test]
    fn a_star_is_any_number_and_a_question_mark_is_one() {
        check("iraq*", &["iraq", "iraqi", "iraqis"], &["ira", "xiraq"]);
        check(
            "pesh*rga",
            &["peshmerga", "peshrga", "peshrgarga"],
            &["peshmergas"],
        );
        check("wom?n", &["woman", "women"], &["womn", "womaan"]);
        check("sm??h*", &["smith", "smyths"], &["smth", "smit"]);
        check("a*b*c", &["abc", "axbxbc", "abcbc"], &["acb", "ab"]);
    }
}
