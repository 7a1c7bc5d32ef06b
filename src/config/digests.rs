//! `[[digest]]`: who is told, when, and of which topics.

use std::collections::HashSet;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::keys::{DIGEST, nearest};
use super::names::Names;
use super::notes::{Notes, Placed, Wrong, parse};
use super::reader::Table;
use super::report::Finding;
use super::settings::{self, all, recipients};
use super::topics::TopicSource;
use super::{MailConfig, times, values};
use crate::digest::{DigestSettings, WhenEmpty};
use crate::schedule::digests::{Days, Plan, Send};
use crate::text::fold::fold;

/// The name of the digest that a watchlist without `[[digest]]` implies.
const IMPLIED: &str = "wirewatch";

const MAX_STORIES: usize = 40;

/// Reads all digests; a watchlist without any has one, daily at 07:00.
pub(super) fn read<'t>(
    root: &Table<'t>,
    mail: &MailConfig,
    topics: &mut Names,
    notes: &mut Notes<'t>,
) -> Vec<DigestSettings> {
    let tables = root.tables("digest", &DIGEST, notes);
    // A `to` that is wrong has been noted; that it yields nobody is no second mistake.
    let nobody = mail.to.is_empty() && !settings::has_recipients(root);
    if !root.has("digest") || root.is_empty_list("digest") {
        if nobody {
            note_nobody(root, notes);
        }
        return vec![implied(mail)];
    }
    let mut names = Names::new("digest");
    for table in tables.iter().filter(|_| nobody) {
        table.require(
            "to",
            "name its readers here, or those of every digest in [mail]",
            notes,
        );
    }
    tables
        .iter()
        .map(|table| one(table, mail, topics, &mut names, notes))
        .collect()
}

fn note_nobody<'t>(root: &Table<'t>, notes: &mut Notes<'t>) {
    let span = root.value("mail").map(|mail| mail.span());
    let hint = "write `to = [\"me@example.org\"]` below [mail]";
    let finding = Finding::of_file("nobody is to be mailed").hint(hint);
    notes.add_absence(Finding { span, ..finding });
}

fn implied(mail: &MailConfig) -> DigestSettings {
    DigestSettings {
        name: IMPLIED.to_owned(),
        to: mail.to.clone(),
        plan: Plan {
            timezone: TimeZone::system(),
            ..Plan::default()
        },
        topics: vec!["*".to_owned()],
        max_stories: MAX_STORIES,
        when_empty: WhenEmpty::Skip,
        declared: false,
    }
}

fn one<'t>(
    table: &Table<'t>,
    mail: &MailConfig,
    topics: &mut Names,
    names: &mut Names,
    notes: &mut Notes<'t>,
) -> DigestSettings {
    table.require(
        "name",
        "its mails come from this name: `name = \"Morning\"`",
        notes,
    );
    let name = table.parsed("name", notes, values::line);
    if let Some(name) = &name {
        names.add_name(name, notes);
    }
    let mut to = recipients(table, notes);
    if !table.has("to") {
        to.clone_from(&mail.to);
    }
    DigestSettings {
        name: name.map(|name| name.value).unwrap_or_default(),
        to,
        plan: plan(table, notes),
        topics: chosen_topics(table, topics, notes),
        max_stories: table
            .whole("max_stories", 1..=1000, notes)
            .map_or(MAX_STORIES, |most| most as usize),
        when_empty: table
            .parsed("when_empty", notes, values::when_empty)
            .map(|word| word.value)
            .unwrap_or_default(),
        declared: true,
    }
}

fn plan<'t>(table: &Table<'t>, notes: &mut Notes<'t>) -> Plan {
    let default = Plan::default();
    let days = table.texts("days", notes).map(|texts| {
        note_empty(table, "days", "it would never go", notes);
        Days::from_iter(all(&texts, notes, times::weekday))
    });
    let timezone = table.parsed("timezone", notes, times::timezone);
    Plan {
        send: send(table, notes).unwrap_or(default.send),
        days: days.unwrap_or(default.days),
        timezone: timezone.map_or_else(TimeZone::system, |zone| zone.value),
        quiet: table
            .parsed("quiet", notes, times::quiet)
            .map(|quiet| quiet.value),
    }
}

/// Local times, or one distance, or `at once`.
fn send<'t>(table: &Table<'t>, notes: &mut Notes<'t>) -> Option<Send> {
    let texts = table.texts_or_one("send", notes)?;
    note_empty(table, "send", "it would never go", notes);
    let mut moments: Vec<Placed<Send>> = texts
        .iter()
        .filter_map(|text| parse(text, notes, moment))
        .collect();
    let alone = moments
        .iter()
        .find(|moment| !matches!(moment.value, Send::At(_)));
    if moments.len() > 1
        && let Some(alone) = alone
    {
        let finding = Finding::problem(alone.span.clone(), "this stands alone, or not at all");
        notes.add(
            finding
                .hint("`send` is a list of times, or one distance such as \"2h\", or \"at once\""),
        );
        return None;
    }
    if moments.len() == 1 {
        return moments.pop().map(|moment| moment.value);
    }
    let mut times = Vec::new();
    for moment in moments {
        if let Send::At(more) = moment.value {
            times.extend(more);
        }
    }
    times.sort();
    times.dedup();
    (!times.is_empty()).then_some(Send::At(times))
}

fn moment(text: &str) -> Result<Send, Wrong> {
    if text == "at once" {
        return Ok(Send::AtOnce);
    }
    if text.contains(':') {
        return times::time(text).map(|time| Send::At(vec![time]));
    }
    if text.starts_with(|c: char| c.is_ascii_digit())
        && let Ok(distance) = times::duration(text)
    {
        let (least, most) = (SignedDuration::from_mins(1), SignedDuration::from_hours(24));
        if distance < least || distance > most {
            return Err(Wrong::new(format!("`{text}` must be from 1m to 24h"))
                .hint("for one mail in several days, set `days`"));
        }
        return Ok(Send::Every(distance));
    }
    let wrong = Wrong::new(format!("`{text}` is no time to send at"));
    Err(match nearest(text, std::iter::once("at once")) {
        Some(near) => wrong.hint(format!("did you mean \"{near}\"?")),
        None => wrong
            .hint("local times such as \"07:00\", or one distance such as \"2h\", or \"at once\""),
    })
}

fn chosen_topics<'t>(table: &Table<'t>, topics: &mut Names, notes: &mut Notes<'t>) -> Vec<String> {
    let Some(texts) = table.texts("topics", notes) else {
        return vec!["*".to_owned()];
    };
    note_empty(table, "topics", "it would never have news", notes);
    for text in texts.iter().filter(|text| text.value != "*") {
        topics.note_unknown(text, notes);
    }
    texts.iter().map(|text| text.value.to_owned()).collect()
}

/// Notes the topics that no digest tells anyone about.
pub(super) fn note_untold(
    digests: &[DigestSettings],
    topics: &[TopicSource<'_>],
    notes: &mut Notes<'_>,
) {
    let chosen: HashSet<String> = digests
        .iter()
        .flat_map(|digest| &digest.topics)
        .map(|word| fold(word))
        .collect();
    if chosen.contains("*") {
        return;
    }
    for source in topics {
        let topic = &source.topic;
        if !topic
            .tags
            .iter()
            .chain([&topic.name])
            .any(|word| chosen.contains(&fold(word)))
        {
            let finding = Finding::warning(
                source.span.clone(),
                format!("no digest has the topic `{}`", topic.name),
            );
            notes.add(
                finding.hint("add its name or one of its tags to the `topics` of a [[digest]]"),
            );
        }
    }
}

/// Notes a list that is there and empty where that cannot be meant.
pub(super) fn note_empty<'t>(
    table: &Table<'t>,
    key: &'static str,
    consequence: &str,
    notes: &mut Notes<'t>,
) {
    if table.is_empty_list(key) {
        let message = format!("`{key}` is an empty list: {consequence}");
        let finding = Finding::problem(table.value_span(key), message);
        notes.add(finding.hint("leave it out for the default"));
    }
}
