//! A choice put into words: subject, head and table; [`super::stories`] and [`super::notices`] have the rest.

use super::WhenEmpty;
use super::clean::{cut, header};
use super::compose::{Caps, Choice};
use super::excerpt::plain;
use super::material::{Material, Thread, Topic};
use super::notices::{edits, feeds_in_trouble, footer, notes, trouble};
use super::phrases::{Clock, count, grouped, some_of};
use super::stories::{self, Commands, name};
use super::view::{Digest, Glance, Layout, Section};
use super::volume;
use crate::model::Timestamp;
use crate::schedule::digests::Send;

// What an inbox shows of a subject.
const SUBJECT: usize = 56;
const LONGEST_SUBJECT: usize = 200;
const BAR_PIXELS: u32 = 20;
const UNKNOWN: &str = "·";
const NAMED_TOPICS: usize = 20;

/// Puts a choice into words; `None` if there is nothing to tell and the digest is to be skipped then.
pub(super) fn digest(material: &Material<'_>, choice: &Choice<'_>, caps: Caps) -> Option<Digest> {
    let trouble = trouble(material);
    let empty = choice.is_empty(material.now);
    let news = material
        .feed_news
        .iter()
        .any(|news| news.what.is_trouble() || news.what.is_recovery());
    if empty && !news && !material.first && material.digest.when_empty == WhenEmpty::Skip {
        return None;
    }
    let clock = Clock::new(&material.digest.plan.timezone, material.now);
    let commands = Commands::new(material, &clock);
    let layout = match material.digest.plan.send {
        Send::AtOnce if choice.shown() > 0 => Layout::Alert,
        _ => Layout::Digest,
    };
    let sections = stories::sections(choice, layout, &clock, &commands);
    let all_well =
        trouble.is_none() && material.known_troubles == 0 && material.watchlist.problems == 0;
    let thread = thread(choice).filter(|_| layout == Layout::Alert);
    let (edits, more_edits) = edits(material);
    Some(Digest {
        layout,
        subject: match &thread {
            Some(thread) => header(&thread.subject),
            None => subject(material, choice, &sections, layout, all_well),
        },
        from_name: cut(&header(&material.digest.name), 60),
        preheader: preheader(choice, &sections, layout),
        thread: thread.filter(|_| layout == Layout::Alert),
        name: name(&material.digest.name),
        when: clock.heading(),
        intro: intro(material, choice, &clock, all_well),
        glance: glance(choice, caps),
        legend: legend(choice, caps, &clock),
        notes: notes(material, choice, &clock, &commands),
        edits,
        more_edits,
        trouble,
        footer: footer(material, choice, layout, &clock),
        sections,
    })
}

/// The message that this one answers: it has one story only, which an alert told before.
fn thread(choice: &Choice<'_>) -> Option<Thread> {
    match (choice.updates.as_slice(), choice.stories) {
        ([story], 0) => story.told.and_then(|told| told.thread.clone()),
        _ => None,
    }
}

fn subject(
    material: &Material<'_>,
    choice: &Choice<'_>,
    sections: &[Section],
    layout: Layout,
    all_well: bool,
) -> String {
    let stories = choice.stories + choice.updates.len() + choice.more_updates;
    let lead = sections.iter().flat_map(|section| &section.stories).next();
    if let Some(lead) = lead {
        let title = header(&lead.title.text);
        return match (stories, layout) {
            (0..=1, Layout::Alert) => cut(&title, LONGEST_SUBJECT),
            (0..=1, Layout::Digest) => cut(&title, LONGEST_SUBJECT / 2),
            _ => format!(
                "{} and {} more",
                cut(&title, SUBJECT),
                grouped(stories as u64 - 1)
            ),
        };
    }
    let listed: usize = choice
        .sections
        .iter()
        .map(|section| section.late.len() + section.more_late)
        .sum();
    let troubled = feeds_in_trouble(material);
    let news = material.feed_news.iter();
    let recovered = news.filter(|news| news.what.is_recovery()).count();
    if stories > 0 {
        count(stories as u64, "new story", "new stories")
    } else if listed > 0 {
        count(
            listed as u64,
            "old article came up again",
            "old articles came up again",
        )
    } else if choice
        .sections
        .iter()
        .any(|section| !section.replaced.is_empty())
    {
        "The content of a feed was replaced".to_owned()
    } else if choice.again.waits_since.is_some() {
        format!("{} you had before", more_on(choice))
    } else if troubled > 0 {
        format!(
            "{} a look",
            count(troubled as u64, "feed needs", "feeds need")
        )
    } else if material.first {
        first_words(material, all_well)
    } else if recovered > 0 {
        count(recovered as u64, "feed answers again", "feeds answer again")
    } else {
        "Nothing new".to_owned()
    }
}

/// `2 more articles on stories`.
fn more_on(choice: &Choice<'_>) -> String {
    let articles = choice.again.listed.len() + choice.again.articles;
    count(
        articles as u64,
        "more article on a story",
        "more articles on stories",
    )
}

/// `12 feeds, 4 topics, all well`.
fn first_words(material: &Material<'_>, all_well: bool) -> String {
    let watched = watched(material);
    match (failing_feeds(material), all_well) {
        (Some(failing), _) if material.feeds.failing == 1 => format!("{watched}, {failing} fails"),
        (Some(failing), _) => format!("{watched}, {failing} fail"),
        (None, true) => format!("{watched}, all well"),
        (None, false) => format!("{watched}, not all well"),
    }
}

/// `12 feeds, 4 topics`.
fn watched(material: &Material<'_>) -> String {
    let topics = material.topics.iter().filter(|topic| topic.wanted).count();
    let feeds = count(u64::from(material.feeds.feeds), "feed", "feeds");
    format!("{feeds}, {}", count(topics as u64, "topic", "topics"))
}

/// `3 of the feeds`; `None`: all can be read.
fn failing_feeds(material: &Material<'_>) -> Option<String> {
    match (material.feeds.failing, material.feeds.feeds) {
        (0, _) => None,
        (1, 1) => Some("the feed".to_owned()),
        (failing, _) => Some(format!("{} of the feeds", grouped(u64::from(failing)))),
    }
}

/// The next leads and what is unusual; of an alert, its text.
fn preheader(choice: &Choice<'_>, sections: &[Section], layout: Layout) -> String {
    if layout == Layout::Alert
        && let Some(excerpt) = choice
            .sections
            .iter()
            .flat_map(|section| &section.stories)
            .find_map(|s| s.excerpt.as_ref())
    {
        return plain(excerpt);
    }
    let leads = sections
        .iter()
        .filter_map(|section| section.stories.first());
    let rest = sections
        .iter()
        .flat_map(|section| section.stories.iter().skip(1));
    let mut sentences: Vec<String> = leads
        .chain(rest)
        .skip(1)
        .take(2)
        .map(|story| cut(&story.title.text, SUBJECT))
        .collect();
    for section in &choice.sections {
        if let Some(volume) = volume::unusual(&section.topic.history) {
            let topic = name(&section.topic.name);
            sentences.push(match volume.today.checked_div(volume.usual) {
                // Rounded: 14 is 4 times 4, as far as a glance goes.
                Some(_) => {
                    let times = (2 * volume.today + volume.usual) / (2 * volume.usual);
                    format!("{topic} at {times} times its usual volume")
                }
                None => format!("{topic} at an unusual volume"),
            });
        }
    }
    let mut text = String::new();
    for sentence in sentences.iter().take(4) {
        let ended = sentence.ends_with(['…', '.', '!', '?', '。', '？', '！']);
        text.push_str(&format!("{sentence}{} ", if ended { "" } else { "." }));
    }
    text.trim_end().to_owned()
}

/// ` since Sunday 07:00`.
pub(super) fn since(since: Option<Timestamp>, clock: &Clock) -> String {
    since
        .map(|since| format!(" since {}", clock.since(since)))
        .unwrap_or_default()
}

fn intro(material: &Material<'_>, choice: &Choice<'_>, clock: &Clock, all_well: bool) -> String {
    let since = since(material.since, clock);
    let mut sentences = Vec::new();
    if choice.stories > 0 {
        let topics = choice
            .sections
            .iter()
            .filter(|section| section.count() > 0)
            .count();
        let articles = match choice.articles > choice.stories {
            true => format!(", from {} articles", grouped(choice.articles as u64)),
            false => String::new(),
        };
        sentences.push(format!(
            "{} in {}{articles}{since}.",
            count(choice.stories as u64, "new story", "new stories"),
            count(topics as u64, "topic", "topics"),
        ));
    } else if material.first {
        let then = match material.digest.when_empty {
            WhenEmpty::Skip => "From now on mail comes when there is something to tell.",
            WhenEmpty::Send => "From now on mail comes as planned.",
        };
        // Trouble is an event only after a day, and the first mail is to be believed before that.
        let state = match failing_feeds(material) {
            Some(failing) => format!(
                "{}; {failing} could not be read so far. `wirewatch feeds list` tells why.",
                watched(material)
            ),
            None => format!("{}.", first_words(material, all_well)),
        };
        sentences.push(format!(
            "{state} This first mail shows that mail arrives. {then}"
        ));
    } else {
        let topics = material.topics.iter().filter(|topic| topic.wanted).count();
        let topics = topics.saturating_sub(choice.resting.len());
        if topics > 0 {
            let topics = count(topics as u64, "topic", "topics");
            sentences.push(format!("Nothing new in {topics}{since}."));
        }
    }
    let updates = choice.updates.len() + choice.more_updates;
    if updates > 0 {
        sentences.push(format!(
            "{} something new.",
            count(
                updates as u64,
                "story you had before has",
                "stories you had before have"
            )
        ));
    }
    if choice.stories + updates == 0 && choice.again.waits_since.is_some() {
        sentences.push(format!("{} you had before.", more_on(choice)));
    }
    let resting: usize = choice.resting.iter().map(|(_, stories)| stories).sum();
    if resting > 0 {
        let topics: Vec<&Topic> = choice.resting.iter().map(|(topic, _)| *topic).collect();
        sentences.push(format!(
            "{} something new, which follows then: {}.",
            count(
                resting as u64,
                "story you had less than six hours ago has",
                "stories you had less than six hours ago have"
            ),
            some_of(&names(&topics), NAMED_TOPICS)
        ));
    }
    sentences.join(" ")
}

fn glance(choice: &Choice<'_>, caps: Caps) -> Vec<Glance> {
    let rows = choice
        .sections
        .iter()
        .filter(|section| section.count() > 0)
        .take(caps.glance);
    rows.map(|section| {
        let history = &section.topic.history;
        let blank = volume::DAYS.saturating_sub(history.len());
        Glance {
            topic: name(&section.topic.name),
            bars: volume::bars(history, BAR_PIXELS)
                .into_iter()
                .map(|height| height.max(1))
                .collect(),
            blank,
            blocks: UNKNOWN.repeat(blank) + &volume::blocks(history),
            count: section.count(),
            unusual: volume::unusual(history).map(|volume| match volume.usual {
                0 => "usually none".to_owned(),
                usual => format!("usually {usual}"),
            }),
        }
    })
    .collect()
}

/// What the bars are, and the topics that have no row.
fn legend(choice: &Choice<'_>, caps: Caps, clock: &Clock) -> String {
    let mut sentences = Vec::new();
    let with_stories: Vec<_> = choice
        .sections
        .iter()
        .filter(|section| section.count() > 0)
        .collect();
    let days = with_stories
        .iter()
        .map(|section| section.topic.history.len().min(volume::DAYS))
        .max()
        .unwrap_or(0);
    let watched = || count(days as u64, "day", "days");
    match days {
        0 => {}
        volume::DAYS.. => sentences.push(format!("Stories per day over {days} days, today last.")),
        _ => sentences.push(format!(
            "Stories per day, today last; watched for {} so far.",
            watched()
        )),
    }
    let rest: Vec<String> = with_stories
        .iter()
        .skip(caps.glance)
        .map(|section| {
            format!(
                "{} {}",
                name(&section.topic.name),
                grouped(section.count() as u64)
            )
        })
        .collect();
    if !rest.is_empty() {
        sentences.push(format!("Also {}.", some_of(&rest, NAMED_TOPICS)));
    }
    // Where all are quiet, the intro has said so.
    if choice.shown() > 0 {
        // What a topic brought today was told at once, or is told under another one.
        let is_idle = |topic: &&Topic| topic.history.last().is_none_or(|today| *today == 0);
        let (idle, told): (Vec<&Topic>, Vec<&Topic>) =
            choice.quiet.iter().partition(|topic| is_idle(topic));
        for (topics, nothing) in [(idle, "Nothing new"), (told, "Nothing further")] {
            if !topics.is_empty() {
                let topics = some_of(&names(&topics), NAMED_TOPICS);
                sentences.push(format!("{nothing} in {topics}."));
            }
        }
    }
    let asleep: Vec<String> = choice
        .asleep
        .iter()
        .filter_map(|topic| {
            Some(format!(
                "{} until {}",
                name(&topic.name),
                clock.day(topic.snooze?)
            ))
        })
        .collect();
    if !asleep.is_empty() {
        sentences.push(format!("Snoozed: {}.", some_of(&asleep, NAMED_TOPICS)));
    }
    sentences.join(" ")
}

fn names(topics: &[&Topic]) -> Vec<String> {
    topics.iter().map(|topic| name(&topic.name)).collect()
}
