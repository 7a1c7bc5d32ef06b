//! Stories put into words.

use std::collections::BTreeSet;

use super::clean::{columns, cut, has_other_script, is_right_to_left, line, link};
use super::compose::{self, Choice};
use super::excerpt::plain;
use super::material::{Candidate, Followup, Material, Topic};
use super::phrases::{Clock, count, grouped, list, some_of};
use super::view::{
    Also, Excerpt, Fragment, Further, Headline, Layout, Listed, Note, Reason, Section, Story, Tier,
};
use super::volume;
use crate::model::{Field, Hit};
use crate::schedule::digests::Send;

// A headline longer than this is a text without one.
const LONGEST_TITLE: usize = 240;
const LONGEST_NAME: usize = 80;
const LONGEST_TERM: usize = 60;
const NAMED_OUTLETS: usize = 8;
const NAMED_TERMS: usize = 4;
const NAMED_REPLACED: usize = 3;

/// The commands that list what a message only counts.
#[derive(Debug)]
pub(super) struct Commands {
    digest: String,
    /// Of the message: its day, and the minute where a day may have several.
    moment: String,
}

impl Commands {
    pub(super) fn new(material: &Material<'_>, clock: &Clock) -> Commands {
        Commands {
            digest: quoted(&material.digest.name),
            moment: match &material.digest.plan.send {
                Send::At(times) if times.len() < 2 => clock.today(),
                _ => clock.minute(),
            },
        }
    }

    /// Lists what one message told of one topic.
    pub(super) fn topic(&self, topic: &Topic) -> String {
        format!("{} --topic {}", self.sent(), quoted(&topic.name))
    }

    /// Lists what one message told.
    pub(super) fn sent(&self) -> String {
        format!("wirewatch digest {} --sent {}", self.digest, self.moment)
    }

    /// Lists what the topics match in the store, told or not.
    pub(super) fn stored(&self) -> String {
        format!("wirewatch digest {} --since 7d", self.digest)
    }
}

/// A word of a command line.
pub fn quoted(word: &str) -> String {
    let word = line(word);
    if word.contains(['"', '\\', '$', '`', '!']) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    format!("\"{word}\"")
}

/// The sections of a message: its topics, then the updates, then what else there is on stories told before.
pub(super) fn sections(
    choice: &Choice<'_>,
    layout: Layout,
    clock: &Clock,
    commands: &Commands,
) -> Vec<Section> {
    let mut numbers = 1..;
    let mut sections = Vec::new();
    for chosen in &choice.sections {
        // A topic that only has a number left would be a heading without a story; all such are told in one note.
        if chosen.has_lines() {
            sections.push(topic_section(chosen, &mut numbers, clock, commands));
        }
    }
    if choice.updates.len() + choice.more_updates > 0 {
        sections.push(Section {
            title: match layout {
                Layout::Digest => "Updates".to_owned(),
                Layout::Alert => list(&updated(choice)),
            },
            amount: count(
                (choice.updates.len() + choice.more_updates) as u64,
                "story you had before",
                "stories you had before",
            ),
            remark: Some("Stories you had before that have something new".to_owned()),
            stories: stories(&choice.updates, &mut numbers, clock),
            more: more(choice.more_updates, || commands.sent()),
            ..Section::default()
        });
    }
    if !choice.again.listed.is_empty() {
        let listed = &choice.again.listed;
        sections.push(Section {
            title: "More on stories you had before".to_owned(),
            amount: count(listed.len() as u64, "article", "articles"),
            listed: listed
                .iter()
                .map(|candidate| self::listed(candidate, clock))
                .collect(),
            ..Section::default()
        });
    }
    sections
}

/// The topics that told stories come back under, by name.
pub(super) fn updated(choice: &Choice<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for story in &choice.updates {
        let name = name(&story.topic.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn topic_section(
    chosen: &compose::Section<'_>,
    numbers: &mut impl Iterator<Item = usize>,
    clock: &Clock,
    commands: &Commands,
) -> Section {
    let unusual = volume::unusual(&chosen.topic.history);
    let remark = unusual.map(|volume| {
        let usual = match volume.usual {
            0 => "usually none".to_owned(),
            usual => format!("usually about {usual}"),
        };
        format!(
            "{} today, {usual}",
            count(u64::from(volume.today), "story", "stories")
        )
    });
    let amount = match (&remark, chosen.topic.history.last()) {
        (Some(remark), _) => format!("unusual volume: {remark}"),
        (None, _) if chosen.count() == 0 => String::new(),
        // Others of today went at once, or stand elsewhere.
        (None, Some(today)) if *today as usize == chosen.count() => {
            format!("{} today", grouped(u64::from(*today)))
        }
        (None, _) => format!("{} new", grouped(chosen.count() as u64)),
    };
    Section {
        title: name(&chosen.topic.name),
        amount,
        remark,
        stories: stories(&chosen.stories, numbers, clock),
        listed: Vec::new(),
        more: more(chosen.more, || commands.topic(chosen.topic)),
        late: chosen
            .late
            .iter()
            .map(|candidate| listed(candidate, clock))
            .collect(),
        more_late: more(chosen.more_late, || commands.topic(chosen.topic)),
        replaced: chosen
            .replaced
            .iter()
            .map(|candidates| replaced(candidates))
            .collect(),
    }
}

fn more(hidden: usize, command: impl FnOnce() -> String) -> Option<Note> {
    (hidden > 0).then(|| Note {
        text: format!(
            "And {} more, kept but not shown. {}",
            grouped(hidden as u64),
            to_see(hidden)
        ),
        command: Some(command()),
    })
}

/// Introduces the command that lists so many.
pub(super) fn to_see(number: usize) -> &'static str {
    if number == 1 {
        "To see it:"
    } else {
        "To see them:"
    }
}

fn replaced(candidates: &[&Candidate]) -> String {
    let outlet = candidates
        .first()
        .map(|candidate| name(&candidate.outlet))
        .unwrap_or_default();
    let titles: Vec<String> = candidates
        .iter()
        .map(|candidate| format!("“{}”", title(candidate).text))
        .collect();
    format!(
        "The whole content of {outlet} was replaced. It matches here: {}.",
        some_of(&titles, NAMED_REPLACED)
    )
}

fn listed(candidate: &Candidate, clock: &Clock) -> Listed {
    Listed {
        title: title(candidate),
        link: candidate.link.as_deref().and_then(link),
        outlet: fragment(&name(&candidate.outlet), candidate),
        when: clock.short(candidate.date),
    }
}

fn stories(
    chosen: &[compose::Story<'_>],
    numbers: &mut impl Iterator<Item = usize>,
    clock: &Clock,
) -> Vec<Story> {
    let mut stories: Vec<Story> = Vec::new();
    for (chosen, number) in chosen.iter().zip(numbers) {
        let mut story = story(chosen, number, clock);
        story.tier = match &story.excerpt {
            _ if chosen.sensitive => Tier::Compact,
            _ if stories.is_empty() => Tier::Lead,
            Some(_) => Tier::Full,
            None => Tier::Compact,
        };
        // Compact ones follow each other closely.
        let close = |before: &Story| story.tier == Tier::Compact && before.tier == Tier::Compact;
        story.divided = stories.last().is_some_and(|before| !close(before));
        stories.push(story);
    }
    stories
}

fn story(chosen: &compose::Story<'_>, number: usize, clock: &Clock) -> Story {
    let lead = chosen.lead;
    let (why, more_why) = if chosen.sensitive {
        (Vec::new(), 0)
    } else {
        reasons(lead)
    };
    let is_name = |candidate: &&&Candidate| {
        let mut headlines = chosen.headlines.iter();
        !headlines.any(|headline| headline.item == candidate.item)
    };
    let names: Vec<&Candidate> = chosen.also.iter().filter(is_name).copied().collect();
    let tags: Vec<String> = chosen.tags.iter().map(|tag| name(&tag.name)).collect();
    Story {
        number,
        tier: Tier::Compact,
        divided: false,
        title: title(lead),
        link: lead.link.as_deref().and_then(link),
        outlet: fragment(&name(&lead.outlet), lead),
        when: clock.short(lead.date),
        outlets: (!chosen.also.is_empty()).then(|| outlets(chosen)),
        headlines: chosen
            .headlines
            .iter()
            .map(|candidate| headline(candidate))
            .collect(),
        also: names
            .iter()
            .take(NAMED_OUTLETS)
            .map(|candidate| also(candidate))
            .collect(),
        unnamed: names.len().saturating_sub(NAMED_OUTLETS),
        further: chosen
            .further
            .iter()
            .map(|candidate| further(candidate))
            .collect(),
        more_further: (chosen.more_further > 0).then(|| {
            let number = chosen.more_further as u64;
            count(number, "more article", "more articles")
        }),
        update: chosen
            .told
            .map(|told| update(chosen, &told.followup, &clock.since(told.at))),
        excerpt: chosen.excerpt.as_ref().map(|runs| Excerpt {
            plain: fragment(&plain(runs), lead),
            runs: runs.clone(),
        }),
        why,
        more_why,
        tags: list(&tags),
    }
}

/// How many outlets tell a story; and how many texts they have, where some only carry one: `4 outlets, 2 texts`.
fn outlets(chosen: &compose::Story<'_>) -> String {
    let outlets = count(chosen.outlets() as u64, "outlet", "outlets");
    if chosen.texts() == chosen.outlets() {
        return outlets;
    }
    let texts = count(chosen.texts() as u64, "text", "texts");
    format!("{outlets}, {texts}")
}

fn also(candidate: &Candidate) -> Also {
    Also {
        outlet: fragment(&name(&candidate.outlet), candidate),
        link: candidate.link.as_deref().and_then(link),
    }
}

fn headline(candidate: &Candidate) -> Headline {
    Headline {
        outlet: fragment(&name(&candidate.outlet), candidate),
        title: title(candidate),
        link: candidate.link.as_deref().and_then(link),
    }
}

fn further(candidate: &Candidate) -> Further {
    Further {
        title: title(candidate),
        link: candidate.link.as_deref().and_then(link),
    }
}

/// What is new in a story told before.
fn update(chosen: &compose::Story<'_>, followup: &Followup, since: &str) -> String {
    let topics = |topics: &[crate::model::TopicId]| {
        let all = std::iter::once(&chosen.topic).chain(&chosen.tags);
        let named = all.filter(|topic| topics.contains(&topic.id));
        list(&named.map(|topic| name(&topic.name)).collect::<Vec<_>>())
    };
    match followup {
        Followup::Marked => format!("Marked as an update; you had this story {since}"),
        // Words would tell more than a title does.
        Followup::Words(words) if !chosen.sensitive && !words.is_empty() => {
            let words: Vec<String> = words
                .iter()
                .take(6)
                .map(|word| cut(&line(word), LONGEST_TERM))
                .collect();
            format!("New since {since}: {}", words.join(", "))
        }
        Followup::Topics(ids) if !topics(ids).is_empty() => {
            format!(
                "Now also matches {}; you had this story {since}",
                topics(ids)
            )
        }
        _ => format!("Something new since you had this story {since}"),
    }
}

/// The terms that made the match true, each once, those in the title first.
fn reasons(candidate: &Candidate) -> (Vec<Reason>, usize) {
    let mut seen = BTreeSet::new();
    let mut hits: Vec<&Hit> = candidate.hits.iter().collect();
    hits.sort_by_key(|hit| hit.field);
    hits.retain(|hit| seen.insert(hit.term.to_lowercase()));
    let reasons: Vec<Reason> = hits
        .iter()
        .take(NAMED_TERMS)
        .map(|hit| reason(hit, candidate))
        .collect();
    (reasons, hits.len().saturating_sub(NAMED_TERMS))
}

fn reason(hit: &Hit, candidate: &Candidate) -> Reason {
    let place = match hit.field {
        Field::Title => "",
        Field::Summary | Field::Content => " in text",
        Field::Author => " in author",
        Field::Category => " in category",
        Field::Link => " in link",
    };
    let term = cut(&line(&hit.term), LONGEST_TERM);
    Reason {
        term: fragment(&term, candidate),
        place: place.to_owned(),
    }
}

/// The headline, or what comes nearest to one.
pub(super) fn title(candidate: &Candidate) -> Fragment {
    let shown = &candidate.shown;
    let link = candidate.link.as_deref().and_then(link).unwrap_or_default();
    let texts = [&shown.title, &shown.summary, &shown.content, &link];
    let mut lines = texts.into_iter().map(|text| line(text));
    let text = lines.find(|text| columns(text) > 0);
    fragment(
        &cut(text.as_deref().unwrap_or("(no title)"), LONGEST_TITLE),
        candidate,
    )
}

/// The name of a topic, feed or digest.
pub(super) fn name(raw: &str) -> String {
    cut(&line(raw), LONGEST_NAME)
}

/// Clean text of an article, with the article's language unless it is in Latin letters and that language is not.
fn fragment(text: &str, candidate: &Candidate) -> Fragment {
    let shown_in = |candidate: &Candidate| {
        has_other_script(&candidate.shown.title) || candidate.shown.title.is_empty()
    };
    let lang = candidate
        .lang
        .as_deref()
        .filter(|lang| is_tag(lang) && !lang.eq_ignore_ascii_case("en"));
    let lang = lang.filter(|lang| !lang.to_ascii_lowercase().starts_with("en-"));
    Fragment {
        text: text.to_owned(),
        lang: lang
            .filter(|_| has_other_script(text) || !shown_in(candidate))
            .map(str::to_owned),
        rtl: is_right_to_left(text),
    }
}

fn is_tag(lang: &str) -> bool {
    (2..=35).contains(&lang.len())
        && lang
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !lang.starts_with('-')
}
