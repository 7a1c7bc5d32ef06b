//! A header that was forgotten, which TOML sees as keys that stand twice in the table above.

use super::keys::{SECTIONS, Section};
use super::report::Finding;
use super::syntax::{Mistake, next_header};

/// A header in double brackets that was forgotten: the keys of its table repeat those of the table above.
pub(super) struct LostHeader {
    section: &'static Section,
    /// A key that the table above cannot have; `None` if all are keys of another table like it.
    foreign: Option<String>,
    /// Where its table ends.
    pub(super) end: usize,
}

/// Whether a header is missing above the key at `at`, which its table has already. Statements begin at `starts`.
pub(super) fn lost_header(text: &str, starts: &[usize], at: usize) -> Option<LostHeader> {
    let line = |start: usize| text.get(start..).unwrap_or_default().trim_start();
    let key = |start: usize| line(start).split('=').next().unwrap_or_default().trim();
    let split = starts.partition_point(|start| *start < at);
    let (before, behind) = starts.split_at_checked(split)?;
    let header = before
        .iter()
        .rposition(|start| line(*start).starts_with('['))?;
    let above: Vec<&str> = before
        .iter()
        .skip(header + 1)
        .map(|start| key(*start))
        .collect();
    let below = behind
        .iter()
        .take_while(|start| !line(**start).starts_with('['));
    let below: Vec<&str> = below.map(|start| key(*start)).collect();

    let mut lists = SECTIONS
        .iter()
        .copied()
        .filter(|section| section.title.starts_with("[["));
    let own = lists
        .clone()
        .find(|section| line(before[header]).starts_with(section.title))?;
    let has_all = |section: &Section| below.iter().all(|key| section.keys.contains(key));
    let repeated = below.iter().filter(|key| above.contains(key)).count();
    let section = match has_all(own) {
        true if repeated > 1 => own,
        true => return None,
        false => lists.find(|section| has_all(section))?,
    };
    let foreign = below.iter().find(|key| !own.keys.contains(key));
    // The tables inside the lost one go with it.
    let inside = format!("{}.", section.title.trim_end_matches(']'));
    let mut end = next_header(text, starts, at);
    while line(end).starts_with(&inside) {
        end = next_header(text, starts, end + 1);
    }
    Some(LostHeader {
        section,
        foreign: foreign.map(|key| (*key).to_owned()),
        end,
    })
}

impl LostHeader {
    /// `key` is the one that is noticed twice.
    pub(super) fn explain(&self, mistake: &Mistake, key: &str) -> Finding {
        let title = self.section.title;
        let hint = match &self.foreign {
            Some(foreign) => {
                format!("`{foreign}` belongs to a {title}: write that line above this one")
            }
            None => format!(
                "`{key}` stands here a second time: write {title} above it if another one begins here"
            ),
        };
        let message = format!("a {title} line seems to be missing above `{key}`");
        Finding::problem(mistake.span.clone(), message).hint(hint)
    }
}
