//! Names and tags: each word means one thing, and a word that is used must be declared.

use std::collections::BTreeMap;

use super::keys::{in_words, nearest};
use super::notes::{Notes, Placed, Text};
use super::report::Finding;
use crate::text::fold::fold;

/// The names and tags of all feeds, or of all topics. Words are compared folded: `World` is `world`.
#[derive(Debug)]
pub(super) struct Names {
    /// What bears them: `feed` or `topic`.
    what: &'static str,
    names: BTreeMap<String, Placed<String>>,
    tags: BTreeMap<String, Placed<String>>,
    /// How many more unknown words get a suggestion: each costs a look at every declared word.
    suggestions: u32,
}

/// A file with more unknown words than this has one mistake in many places.
const SUGGESTIONS: u32 = 200;

/// How many declared words a hint lists.
const LISTED: usize = 12;

impl Names {
    pub(super) fn new(what: &'static str) -> Names {
        Names {
            what,
            names: BTreeMap::new(),
            tags: BTreeMap::new(),
            suggestions: SUGGESTIONS,
        }
    }

    /// Declares a name, which must be the only one.
    pub(super) fn add_name(&mut self, name: &Placed<String>, notes: &mut Notes<'_>) {
        if let Some(first) = self.names.get(&fold(&name.value)) {
            let message = format!("two {}s are called `{}`", self.what, name.value);
            let finding = Finding::problem(name.span.clone(), message)
                .other(first.span.clone(), "the first one");
            notes.add(finding.hint("give each a name of its own"));
            return;
        }
        self.names.insert(fold(&name.value), name.clone());
    }

    /// Declares a tag, which many may share.
    pub(super) fn add_tag(&mut self, tag: &Placed<String>) {
        self.tags
            .entry(fold(&tag.value))
            .or_insert_with(|| tag.clone());
    }

    /// Notes the words that are both: nobody could tell which is meant.
    pub(super) fn note_clashes(&self, notes: &mut Notes<'_>) {
        for (word, tag) in &self.tags {
            let Some(name) = self.names.get(word) else {
                continue;
            };
            let message = format!(
                "`{}` is both a name and a tag of a {}",
                tag.value, self.what
            );
            let finding = Finding::problem(tag.span.clone(), message)
                .other(name.span.clone(), "here it is a name");
            notes.add(finding.hint("call one of them something else"));
        }
    }

    /// Notes a word that is used and not declared.
    pub(super) fn note_unknown(&mut self, used: &Text<'_>, notes: &mut Notes<'_>) {
        let folded = fold(used.value);
        if self.names.contains_key(&folded) || self.tags.contains_key(&folded) {
            return;
        }
        let message = format!("there is no {} or tag `{}`", self.what, used.value);
        let declared = || {
            self.names
                .values()
                .chain(self.tags.values())
                .map(|word| word.value.as_str())
        };
        let near = (self.suggestions > 0).then(|| nearest(used.value, declared()));
        let hint = match near.flatten() {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if declared().next().is_none() => {
                format!(
                    "no {0} has a name or a tag yet: add `tags = [\"{1}\"]` to a [[{0}]]",
                    self.what, used.value
                )
            }
            None if declared().nth(1).is_none() => format!(
                "there is only {}",
                in_words(&declared().collect::<Vec<_>>())
            ),
            None if declared().nth(LISTED).is_none() => {
                format!("there are {}", in_words(&declared().collect::<Vec<_>>()))
            }
            None => format!("names and tags are those of [[{}]]", self.what),
        };
        notes.add_absence(Finding::problem(used.span.clone(), message).hint(hint));
        self.suggestions = self.suggestions.saturating_sub(1);
    }
}
