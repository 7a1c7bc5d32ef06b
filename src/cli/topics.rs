//! `topics`: what each topic found today and over 14 days, and when it last found something.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::table::table;
use super::terminal::{plain, width};
use super::{Context, End, print_line, rfc3339, setup};
use crate::desk::Desk;
use crate::digest::clean::cut;
use crate::digest::phrases::{self, Clock};
use crate::digest::volume;
use crate::model::Timestamp;
use crate::store::StoreError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let desk = setup::desk_to_read(setup::watchlist(context)?)?;
    let now = context.clock.now();
    let zone = TimeZone::system();
    let topics = read(&desk, &zone, now)?;
    if arguments.json {
        let topics: Vec<Value> = topics.iter().map(Row::to_json).collect();
        print_line(json!({ "now": rfc3339(now), "topics": topics }))?;
        return Ok(End::Done);
    }
    for line in lines(&topics, &Clock::new(&zone, now), width()) {
        print_line(line)?;
    }
    Ok(End::Done)
}

/// One topic.
struct Row {
    name: String,
    tags: Vec<String>,
    high_priority: bool,
    /// Stories in each 24 hours that the topic has been known for, oldest first, today last.
    days: Vec<u32>,
    last_hit: Option<Timestamp>,
    /// Silent until this day begins.
    snooze: Option<Date>,
}

fn read(desk: &Desk, zone: &TimeZone, now: Timestamp) -> Result<Vec<Row>, StoreError> {
    let bounds = volume::windows(zone, now);
    let today = zone.to_datetime(now).date();
    let topics = desk.watchlist.config.topics().iter().zip(&desk.topics);
    topics
        .map(|(topic, id)| {
            let days = match desk.store.topic_since(*id)? {
                Some(since) => {
                    desk.store
                        .history(*id, topic.group, &volume::windows_since(&bounds, since))?
                }
                None => Vec::new(),
            };
            Ok(Row {
                name: topic.name.clone(),
                tags: topic.tags.clone(),
                high_priority: topic.high_priority,
                days: days.into_iter().rev().take(volume::DAYS).rev().collect(),
                last_hit: desk.store.last_match(*id)?,
                snooze: topic.snooze.filter(|until| *until > today),
            })
        })
        .collect()
}

impl Row {
    fn today(&self) -> u32 {
        self.days.last().copied().unwrap_or_default()
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "tags": self.tags,
            "priority": if self.high_priority { "high" } else { "normal" },
            "today": self.today(),
            "days": self.days,
            "last_hit": self.last_hit.map(rfc3339),
            "snoozed_until": self.snooze.map(|until| until.to_string()),
        })
    }

    fn cells(&self, clock: &Clock) -> Vec<String> {
        let bars = format!(
            "{:>2$}{}",
            "",
            volume::blocks(&self.days),
            volume::DAYS - self.days.len().min(volume::DAYS)
        );
        let last = self.last_hit.map(|at| clock.short(at));
        let snooze = self
            .snooze
            .map(|until| format!("snoozed until {}", clock.day(until)));
        let tags = (!self.tags.is_empty()).then(|| plain(&self.tags.join(", ")));
        let rest: Vec<String> = snooze.into_iter().chain(tags).collect();
        vec![
            plain(&self.name),
            format!("{:>5}", phrases::grouped(u64::from(self.today()))),
            bars,
            last.unwrap_or_else(|| "never".to_owned()),
            rest.join("; "),
        ]
    }
}

/// A table with a heading, no wider than a terminal.
fn lines(topics: &[Row], clock: &Clock, width: Option<usize>) -> Vec<String> {
    /// What is left of a name in the narrowest terminal.
    const SHORTEST: usize = 12;
    let heading = ["Topic", "Today", "14 days", "Last hit", "Tags"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(topics.iter().map(|topic| topic.cells(clock)));
    if let Some(width) = width {
        // Bars and numbers mean nothing when they are cut, so the names make room for them and for some of the tags.
        let others = |row: &Vec<String>| {
            row.iter()
                .skip(1)
                .take(3)
                .map(|cell| cell.width() + 2)
                .sum()
        };
        let others: usize = rows.iter().map(others).max().unwrap_or_default();
        let tags = rows
            .iter()
            .filter_map(|row| row.last())
            .map(|tags| tags.width());
        let tags = tags.max().unwrap_or_default().min(20);
        let room = width.saturating_sub(others + tags + 2).max(SHORTEST);
        for name in rows.iter_mut().filter_map(|row| row.first_mut()) {
            *name = cut(name, room);
        }
    }
    table(&rows, 0, width)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn rows() -> Vec<Row> {
        let row = |name: &str, tags: &[&str], days: &[u32], last: Option<&str>| Row {
            name: name.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            high_priority: false,
            days: days.to_vec(),
            last_hit: last.map(|last| last.parse().expect("a timestamp")),
            snooze: None,
        };
        let busy = [3, 4, 2, 0, 5, 3, 4, 2, 3, 4, 1, 0, 2, 14];
        let mut asleep = row(
            "Champions League",
            &[],
            &[1, 0, 2],
            Some("2026-11-20T06:30:00Z"),
        );
        asleep.snooze = Some("2026-12-24".parse().expect("a date"));
        vec![
            row(
                "Mosul",
                &["iraq", "war"],
                &busy,
                Some("2026-11-23T06:30:00Z"),
            ),
            asleep,
            row(
                "A topic with a name that is far too long for any table",
                &["x"],
                &[],
                None,
            ),
        ]
    }

    fn clock() -> Clock {
        Clock::new(
            &TimeZone::UTC,
            "2026-11-23T07:00:00Z".parse().expect("a timestamp"),
        )
    }

    #[test]
    fn a_row_a_topic_with_bars_that_end_today() {
        expect![[r#"

            Topic                     Today  14 days         Last hit   Tags
            Mosul                        14  ▃▃▂▁▄▃▃▂▃▃▂▁▂█  06:30      iraq, war
            Champions League              2             ▅▁█  Fri 06:30  snoozed until 24 December
            A topic with a name…          0                  never      x
        "#]]
        .assert_eq(&format!(
            "\n{}\n",
            lines(&rows(), &clock(), Some(90)).join("\n")
        ));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 72..120 {
            for line in lines(&rows(), &clock(), Some(width)) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}
