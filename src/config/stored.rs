//! What the stored items make doubtful in a watchlist, at its places.

use toml::de::DeTable;

use super::keys;
use super::names::Names;
use super::notes::Notes;
use super::queries;
use super::reader::Table;
use super::report::Finding;
use super::topics::{self, ListSource, TopicSource};
use crate::census::{Doubt, Spot};
use crate::query::Place;

/// Warnings about the watchlist `text`, which is sound and gave these doubts.
pub fn findings(text: &str, doubts: &[Doubt]) -> Vec<Finding> {
    if doubts.is_empty() {
        return Vec::new();
    }
    let document = DeTable::parse_recoverable(text).0;
    // Whatever is noted now was noted when the watchlist was read.
    let mut notes = Notes::new(text, Vec::new());
    let root = Table::open(&keys::ROOT, 0..0, document.get_ref(), &mut notes);
    let lists = topics::lists(&root, &mut notes);
    let (topics, _) = topics::read(&root, &mut Names::new("feed"), &mut notes);
    let sources = Sources {
        text,
        notes,
        lists,
        topics,
    };
    doubts
        .iter()
        .filter_map(|doubt| sources.finding(doubt))
        .collect()
}

/// The watchlist again, for the places of its strings.
struct Sources<'t> {
    text: &'t str,
    notes: Notes<'t>,
    lists: Vec<ListSource<'t>>,
    topics: Vec<TopicSource<'t>>,
}

impl Sources<'_> {
    fn finding(&self, doubt: &Doubt) -> Option<Finding> {
        let span = self.span(&doubt.spot)?;
        let line = self.line(span.start);
        let mut lines: Vec<usize> = doubt
            .more
            .iter()
            .filter_map(|spot| Some(self.line(self.span(spot)?.start)))
            .filter(|other| *other != line)
            .collect();
        lines.dedup();
        let other = doubt.other.as_ref();
        Some(Finding {
            code: Some(doubt.code),
            label: also(&lines),
            other: other.and_then(|(spot, label)| Some((self.span(spot)?, label.clone()))),
            ..Finding::warning(span, doubt.message.as_str()).hint(doubt.hint.as_str())
        })
    }

    fn span(&self, spot: &Spot) -> Option<std::ops::Range<usize>> {
        match (&spot.place, spot.topic) {
            (Place::List(name, term), _) => {
                let list = self.lists.iter().find(|list| list.name.value == name)?;
                Some(list.terms.get(*term)?.span.clone())
            }
            (place, Some(topic)) => {
                let source = self.topics.get(topic)?;
                Some(queries::span(source, place, spot.at, &self.notes))
            }
            (_, None) => None,
        }
    }

    /// The line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    }
}

/// Names further lines.
fn also(lines: &[usize]) -> Option<String> {
    const NAMED: usize = 6;
    let named: Vec<String> = lines.iter().take(NAMED).map(usize::to_string).collect();
    let more = match lines.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match lines {
        [] => None,
        [_] => Some(format!("and line {}", named.join(", "))),
        _ => Some(format!("and lines {}{more}", named.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::config::report::{Colour, Report};

    const WATCHLIST: &str = "[lists]\nnames = [\"Isis\", \"Daesh\"]\n\n[[topic]]\nname = \"City\"\nany = [\n  \"Mosul\",\n  \"Ninawa\",\n  \"Nineveh\",\n]\n\n[[topic]]\nname = \"Country\"\nquery = 'Iraq NOT tours'\n";

    fn spot(topic: Option<usize>, place: Place, at: Option<usize>) -> Spot {
        Spot { topic, place, at }
    }

    fn doubt(code: &'static str, spot: Spot) -> Doubt {
        Doubt {
            code,
            spot,
            message: "seen".to_owned(),
            hint: "do".to_owned(),
            more: Vec::new(),
            other: None,
        }
    }

    #[test]
    fn each_doubt_has_its_place_in_the_file() {
        let doubts = [
            doubt(
                "in-a-list",
                spot(None, Place::List("names".to_owned(), 1), None),
            ),
            Doubt {
                more: vec![spot(Some(0), Place::Any(2), None)],
                ..doubt("of-two-terms", spot(Some(0), Place::Any(1), None))
            },
            doubt("in-a-query", spot(Some(1), Place::Query, Some(9))),
            Doubt {
                other: Some((spot(Some(1), Place::Topic, None), "this one".to_owned())),
                ..doubt("of-a-topic", spot(Some(0), Place::Topic, None))
            },
        ];
        let report = Report::new("w.toml", WATCHLIST.into(), findings(WATCHLIST, &doubts));
        expect![[r#"
            warning[in-a-list]: seen
             --> w.toml:2:18
              |
            2 | names = ["Isis", "Daesh"]
              |                  ^^^^^^^
              |
              = help: do

            warning[of-a-topic]: seen
              --> w.toml:5:8
               |
             5 | name = "City"
               |        ^^^^^^
               |
              ::: w.toml:13:8
               |
            13 | name = "Country"
               |        --------- this one
               |
               = help: do

            warning[of-two-terms]: seen
             --> w.toml:8:3
              |
            8 |   "Ninawa",
              |   ^^^^^^^^ and line 9
              |
              = help: do

            warning[in-a-query]: seen
              --> w.toml:14:19
               |
            14 | query = 'Iraq NOT tours'
               |                   ^^^^^
               |
               = help: do

        "#]]
        .assert_eq(&report.render(Colour::Plain));
    }
}
