//! What a message says beside its stories: notes, changes, trouble and the footer.

use std::collections::{BTreeMap, BTreeSet};

use super::clean::{cut, is_right_to_left, line, link};
use super::compose::{Again, Choice};
use super::material::{FeedEvent, FeedNews, Material};
use super::phrases::{self, Clock, count, grouped, list, some_of};
use super::stories::{Commands, name, to_see, updated};
use super::view::{Edit, Fragment, Layout, Note, Trouble, TroubledFeed};
use super::words::since;
use crate::model::Timestamp;
use crate::schedule::digests::Send;

// How many names a sentence takes, and how many lines a list.
const NAMED_FEEDS: usize = 5;
const NAMED_TOPICS: usize = 20;
const LISTED: usize = 12;

/// Lines of lesser weight, with the commands that list what they count.
pub(super) fn notes(
    material: &Material<'_>,
    choice: &Choice<'_>,
    clock: &Clock,
    commands: &Commands,
) -> Vec<Note> {
    let mut notes: Vec<Note> = unshown(choice, commands).into_iter().collect();
    let Again {
        articles, stories, ..
    } = choice.again;
    if articles > 0 {
        let more = count(articles as u64, "more article", "more articles");
        let stories = match stories {
            1 => "a story".to_owned(),
            stories => format!("{} stories", grouped(stories as u64)),
        };
        let text = format!("{more} on {stories} you had before, with nothing new.");
        notes.push(counted(articles, text, commands.sent()));
    }
    notes.extend(hidden(choice, clock, commands));
    notes.extend(below(choice, commands));
    // A mail that goes at once repeats nothing anyway, and is no place for sums.
    if material.digest.plan.send != Send::AtOnce {
        let elsewhere = elsewhere(material, clock);
        notes.extend(elsewhere.map(|text| Note {
            text,
            command: None,
        }));
    }
    notes.extend(feed_notes(material, commands));
    notes
}

fn counted(number: usize, text: String, command: String) -> Note {
    Note {
        text: format!("{text} {}", to_see(number)),
        command: Some(command),
    }
}

/// Topics that have stories, but none shown.
fn unshown(choice: &Choice<'_>, commands: &Commands) -> Option<Note> {
    let (mut all, mut topics) = (0, Vec::new());
    for section in choice
        .sections
        .iter()
        .filter(|section| !section.has_lines())
    {
        let number = section.more + section.more_late;
        all += number;
        topics.push(format!("{} {number}", name(&section.topic.name)));
    }
    let topics = some_of(&topics, NAMED_TOPICS);
    let text = format!("For want of room kept but not shown: {topics}.");
    (all > 0).then(|| counted(all, text, commands.sent()))
}

/// What snoozes hid that have ended.
fn hidden(choice: &Choice<'_>, clock: &Clock, commands: &Commands) -> Vec<Note> {
    let mut notes = Vec::new();
    for (topic, articles) in choice.hidden.iter().take(LISTED) {
        let until = topic.snooze.map(|day| clock.day(day)).unwrap_or_default();
        let hidden = count(*articles as u64, "article", "articles");
        let topic_name = name(&topic.name);
        let text = format!("{topic_name} was snoozed until {until}, which hid {hidden}.");
        notes.push(counted(*articles, text, commands.topic(topic)));
    }
    let rest: usize = choice.hidden.iter().skip(LISTED).map(|(_, of)| of).sum();
    if rest > 0 {
        let hidden = count(rest as u64, "article", "articles");
        let text = format!("Other snoozes that ended hid {hidden}.");
        notes.push(counted(rest, text, commands.sent()));
    }
    notes
}

/// Stories that too few outlets told.
fn below(choice: &Choice<'_>, commands: &Commands) -> Vec<Note> {
    let mut notes = Vec::new();
    for (topic, number) in choice.below.iter().take(LISTED) {
        let stories = count(*number as u64, "story", "stories");
        let (topic_name, outlets) = (name(&topic.name), topic.min_outlets);
        let text = format!("{topic_name}: {stories} stayed below {outlets} outlets.");
        notes.push(counted(*number, text, commands.topic(topic)));
    }
    let rest: usize = choice.below.iter().skip(LISTED).map(|(_, of)| of).sum();
    if rest > 0 {
        let stories = count(rest as u64, "story", "stories");
        let text = format!("Other topics: {stories} stayed below their outlets.");
        notes.push(counted(rest, text, commands.sent()));
    }
    notes
}

/// What other digests sent in the meantime.
fn elsewhere(material: &Material<'_>, clock: &Clock) -> Option<String> {
    let mut digests: BTreeMap<&str, (u64, Vec<String>)> = BTreeMap::new();
    for sent in &material.elsewhere {
        let digest = digests.entry(&sent.digest).or_default();
        digest.0 += u64::from(sent.stories);
        digest.1.push(clock.short(sent.at));
    }
    let digests: Vec<String> = digests
        .into_iter()
        .map(|(digest, (stories, times))| {
            format!(
                "{} by {} ({})",
                count(stories, "story", "stories"),
                name(digest),
                some_of(&times, 6)
            )
        })
        .collect();
    (!digests.is_empty()).then(|| format!("Sent before and not repeated here: {}.", list(&digests)))
}

/// Feeds that were added, came back or changed: nothing to look after.
fn feed_notes(material: &Material<'_>, commands: &Commands) -> Vec<Note> {
    let mut notes: Vec<Note> = added(material, commands).into_iter().collect();
    let told: Vec<Note> = material.feed_news.iter().filter_map(feed_note).collect();
    let rest = told.len().saturating_sub(LISTED);
    notes.extend(told.into_iter().take(LISTED));
    if rest > 0 {
        let text = format!("News of {}.", count(rest as u64, "more feed", "more feeds"));
        notes.push(counted(rest, text, "wirewatch status".to_owned()));
    }
    notes
}

/// All feeds that were added, in one line.
fn added(material: &Material<'_>, commands: &Commands) -> Option<Note> {
    let (mut feeds, mut all_stored, mut all_matching) = (Vec::new(), 0, 0);
    for news in &material.feed_news {
        if let FeedEvent::Added { stored, matching } = news.what {
            feeds.push(name(&news.feed));
            all_stored += u64::from(stored);
            all_matching += matching;
        }
    }
    let what = match feeds.as_slice() {
        [] => return None,
        [feed] => format!("Feed added: {feed}"),
        feeds => format!(
            "{} feeds added ({})",
            feeds.len(),
            some_of(feeds, NAMED_FEEDS)
        ),
    };
    let stored = count(all_stored, "item", "items");
    if all_matching == 0 || material.lists_stored {
        // None matches, or those that do stand in this very message.
        return Some(Note {
            text: format!("{what}. {stored} stored."),
            command: None,
        });
    }
    let matching = grouped(u64::from(all_matching));
    let text = format!("{what}. {stored} stored, {matching} would match.");
    Some(counted(all_matching as usize, text, commands.stored()))
}

fn feed_note(news: &FeedNews) -> Option<Note> {
    let feed = name(&news.feed);
    let mut command = None;
    let text = match &news.what {
        FeedEvent::Resumed => format!("{feed} is polled again, from where it was."),
        FeedEvent::Recovered { after } => {
            let after = phrases::span(*after);
            format!("{feed} answers again; it had failed for about {after}.")
        }
        FeedEvent::Moved { to, same_as } => {
            command = Some(link(to).unwrap_or_else(|| line(to)));
            match same_as {
                None => format!("{feed} moved for good to:"),
                Some(other) => format!(
                    "{feed} moved for good to where {} is already, so one of them can go:",
                    name(other)
                ),
            }
        }
        FeedEvent::Guids => {
            format!("{feed} keeps changing its ids; its links are trusted instead.")
        }
        _ => return None,
    };
    Some(Note { text, command })
}

/// The changes that are listed, and that there are more.
pub(super) fn edits(material: &Material<'_>) -> (Vec<Edit>, Option<String>) {
    let fragment = |raw: &str| {
        let text = cut(&line(raw), 160);
        Fragment {
            rtl: is_right_to_left(&text),
            text,
            lang: None,
        }
    };
    let listed = material.edits.iter().take(2 * LISTED);
    let listed = listed.map(|edit| Edit {
        outlet: fragment(&edit.outlet),
        old: fragment(&edit.old),
        new: edit.new.as_deref().map(fragment),
        link: edit.link.as_deref().and_then(link),
    });
    let rest = material.edits.len().saturating_sub(2 * LISTED);
    let more = || format!("And {}.", count(rest as u64, "more change", "more changes"));
    (listed.collect(), (rest > 0).then(more))
}

/// A feed that needs a look, and why.
struct Troubled<'a> {
    news: &'a FeedNews,
    /// How often items may have been missed; `news` is the first time.
    gaps: usize,
}

/// The feeds that need a look, the worst first, so that what a cap hides is the least. A feed may have a gap at each poll:
/// these are one line.
fn troubled<'a>(material: &'a Material<'_>) -> Vec<Troubled<'a>> {
    let mut feeds: Vec<Troubled<'a>> = Vec::new();
    let mut with_gaps: BTreeMap<&str, usize> = BTreeMap::new();
    let all = material.feed_news.iter();
    for news in all.filter(|news| news.what.is_trouble()) {
        let is_gap = matches!(news.what, FeedEvent::Gap { .. });
        if is_gap {
            let next = feeds.len();
            let known = *with_gaps.entry(&news.feed).or_insert(next);
            if let Some(feed) = feeds.get_mut(known) {
                feed.gaps += 1;
                continue;
            }
        }
        let gaps = usize::from(is_gap);
        feeds.push(Troubled { news, gaps });
    }
    feeds.sort_by_key(|feed| rank(&feed.news.what));
    feeds
}

/// How bad a trouble is, the worst first.
fn rank(what: &FeedEvent) -> u8 {
    match what {
        FeedEvent::Gone { .. } => 0,
        FeedEvent::Failing { .. } => 1,
        FeedEvent::Quiet { .. } => 2,
        FeedEvent::Replaced { .. } => 3,
        _ => 4,
    }
}

/// How many feeds need a look.
pub(super) fn feeds_in_trouble(material: &Material<'_>) -> usize {
    troubled(material).len()
}

pub(super) fn trouble(material: &Material<'_>) -> Option<Trouble> {
    let clock = Clock::new(&material.digest.plan.timezone, material.now);
    let troubled = troubled(material);
    let all = troubled.len();
    let watchlist = refused(material);
    let heading = match (&watchlist, all) {
        (None, 0) => return None,
        (Some(_), 0) => "The watchlist needs a look".to_owned(),
        (Some(_), all) => format!(
            "The watchlist and {} need a look",
            count(all as u64, "feed", "feeds")
        ),
        (None, all) => format!("{} a look", count(all as u64, "feed needs", "feeds need")),
    };
    let feeds = troubled.iter().take(LISTED);
    let rest: Vec<String> = troubled
        .iter()
        .skip(LISTED)
        .map(|feed| name(&feed.news.feed))
        .collect();
    Some(Trouble {
        heading,
        watchlist,
        feeds: feeds
            .map(|feed| TroubledFeed {
                name: name(&feed.news.feed),
                text: complaint(feed, &clock),
            })
            .collect(),
        more: (!rest.is_empty()).then(|| Note {
            text: format!(
                "And {}: {}. To see them:",
                count(rest.len() as u64, "more feed", "more feeds"),
                some_of(&rest, NAMED_FEEDS)
            ),
            command: Some("wirewatch feeds list".to_owned()),
        }),
    })
}

/// That a newer watchlist is refused, and what tells why.
fn refused(material: &Material<'_>) -> Option<String> {
    let (problems, them) = problems(material)?;
    let file = line(&material.watchlist.file);
    Some(format!(
        "The watchlist `{file}` has {problems} and is not used; the last good one runs. `wirewatch check` names {them}."
    ))
}

/// The problems of a newer watchlist, by number and by pronoun.
fn problems(material: &Material<'_>) -> Option<(String, &'static str)> {
    let problems = material.watchlist.problems;
    let them = if problems == 1 { "it" } else { "them" };
    let counted = || count(u64::from(problems), "problem", "problems");
    (problems > 0).then(|| (counted(), them))
}

/// What is wrong with a feed, and which topics suffer.
fn complaint(feed: &Troubled<'_>, clock: &Clock) -> String {
    let news = feed.news;
    let suffering = match news.topics.as_slice() {
        [] => String::new(),
        topics => {
            let names: Vec<String> = topics.iter().map(|topic| name(topic)).collect();
            {
                let names = if names.len() > NAMED_FEEDS {
                    some_of(&names, NAMED_FEEDS)
                } else {
                    list(&names)
                };
                format!(" {names} may be incomplete.")
            }
        }
    };
    match &news.what {
        FeedEvent::Failing {
            since,
            attempts,
            error,
            until,
        } => {
            let (error, since) = (cut(&line(error), 200), clock.moment(*since));
            let until = until.map(|until| clock.moment(until));
            if *attempts == 0 {
                let until = until.map_or(String::new(), |until| format!(", nor before {until}"));
                return format!("{error}; not asked since {since}{until}.{suffering}");
            }
            let attempts = count(u64::from(*attempts), "attempt", "attempts");
            let until = until.map_or(String::new(), |until| format!("; not asked before {until}"));
            format!("{error} since {since}, {attempts}{until}.{suffering}")
        }
        FeedEvent::Quiet { last_new, usual } => {
            let silent = phrases::span(clock.now().duration_since(*last_new));
            format!(
                "nothing new for {silent}, usually {}.",
                phrases::rhythm(*usual)
            )
        }
        FeedEvent::Gap { from, .. } if feed.gaps > 1 => {
            let (gaps, from) = (grouped(feed.gaps as u64), clock.since(*from));
            format!("{gaps} gaps since {from}, articles may have been missed.{suffering}")
        }
        FeedEvent::Gap { from, to } => {
            let (from, to) = clock.span(*from, *to);
            format!("articles between {from} and {to} may have been missed.{suffering}")
        }
        FeedEvent::Replaced { at } => format!(
            "its whole content was replaced, seen {}.",
            clock.moment(*at)
        ),
        FeedEvent::Gone { since } => {
            format!(
                "gone for good, says its server since {}; asked once more after a day, then monthly.{suffering}",
                clock.moment(*since)
            )
        }
        _ => String::new(),
    }
}

pub(super) fn footer(
    material: &Material<'_>,
    choice: &Choice<'_>,
    layout: Layout,
    clock: &Clock,
) -> Vec<String> {
    let digest = &material.digest;
    let (host, recipient) = (line(material.host), line(material.recipient));
    let file = line(&material.watchlist.file);
    let sections = choice.sections.iter();
    let mut topics: Vec<String> = sections.map(|section| name(&section.topic.name)).collect();
    topics.extend(updated(choice));
    let mut seen = BTreeSet::new();
    topics.retain(|topic| seen.insert(topic.clone()));
    let sends = match (layout, &digest.plan.send) {
        (Layout::Alert, _) => {
            let topics = match topics.as_slice() {
                [topic] => format!("topic {topic}"),
                topics => format!("topics {}", some_of(topics, NAMED_FEEDS)),
            };
            format!(
                "sends {recipient} this at once for the {topics}, at most one mail every 15 minutes"
            )
        }
        (_, Send::AtOnce) => format!(
            "is set to mail {recipient} {}, at most every 15 minutes",
            phrases::plan(&digest.plan)
        ),
        _ => format!("is set to mail {recipient} {}", phrases::plan(&digest.plan)),
    };
    let remedy = match digest.declared {
        true => format!("edit the digest {} in {file}", name(&digest.name)),
        false => format!("edit `to` under [mail] in {file}"),
    };
    let why = format!(
        "You get this because wirewatch on {host} {sends}. To change or stop it, {remedy}."
    );
    let mut figures = Vec::new();
    if layout == Layout::Digest {
        figures.push(feed_figures(material, clock));
        figures.push(format!(
            "Watchlist of {}.",
            clock.date(material.watchlist.saved_at)
        ));
    }
    if let Some((problems, them)) = problems(material) {
        figures.push(format!(
            "A newer watchlist has {problems} and is not used; `wirewatch check` names {them}."
        ));
    }
    figures.push("No tracking: no images, links go straight to the outlets.".to_owned());
    vec![why, figures.join(" ")]
}

/// When the hour of a moment began.
fn hour_of(moment: Timestamp) -> Timestamp {
    let hour = moment.as_second().div_euclid(3_600) * 3_600;
    Timestamp::from_second(hour).unwrap_or(moment)
}

/// `41 feeds, 1,213 polls since Sunday 07:00, 6 failed, no gap.`
fn feed_figures(material: &Material<'_>, clock: &Clock) -> String {
    let figures = &material.feeds;
    let known = match material.known_troubles {
        0 => String::new(),
        known => format!(" Feeds in trouble: + {known} known."),
    };
    format!(
        "{}, {}{}, {} failed, {}.{known}",
        count(u64::from(figures.feeds), "feed", "feeds"),
        count(figures.polls, "poll", "polls"),
        // They are counted by the hour.
        since(material.since.map(hour_of), clock),
        grouped(figures.failed),
        match figures.gaps {
            0 => "no gap".to_owned(),
            gaps => count(u64::from(gaps), "gap", "gaps"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::sample;
    use super::*;

    #[test]
    fn a_feed_with_many_gaps_is_one_line_below_the_dead() {
        let mut sample = sample();
        let at = sample.material.now;
        let news = |feed: &str, what| FeedNews {
            feed: feed.to_owned(),
            what,
            topics: Vec::new(),
        };
        let gaps = (0..17).map(|_| news("chatty", FeedEvent::Gap { from: at, to: at }));
        sample.material.feed_news = gaps.collect();
        let dead = news("dead", FeedEvent::Gone { since: at });
        sample.material.feed_news.push(dead);
        let trouble = trouble(&sample.material).expect("trouble");
        assert_eq!(trouble.heading, "2 feeds need a look");
        assert!(trouble.more.is_none());
        let names: Vec<_> = trouble.feeds.iter().map(|feed| &*feed.name).collect();
        assert_eq!(names, ["dead", "chatty"]);
        let gaps = trouble.feeds.last().map(|feed| &*feed.text);
        assert!(gaps.is_some_and(|text| text.starts_with("17 gaps since ")));
    }

    #[test]
    fn a_feed_that_is_left_alone_says_for_whose_sake_and_until_when() {
        let mut sample = sample();
        let at = |time: &str| format!("2026-11-{time}:00Z").parse().expect("a time");
        let mut say = |attempts, error: &str, until| {
            let what = FeedEvent::Failing {
                since: at("20T12:00"),
                attempts,
                error: error.to_owned(),
                until,
            };
            sample.material.feed_news = vec![FeedNews {
                feed: "Ferry".to_owned(),
                what,
                topics: Vec::new(),
            }];
            let trouble = trouble(&sample.material).expect("trouble");
            trouble.feeds.first().expect("one").text.clone()
        };
        let until = Some(at("27T12:00"));
        expect_test::expect!["HTTP 429 (too many requests) since Friday 20 November 13:00, 1 attempt; not asked before Friday 27 November 13:00."].assert_eq(&say(1, "HTTP 429 (too many requests)", until));
        let why = "quay.example answered `Quay` with HTTP 429 (too many requests)";
        expect_test::expect!["quay.example answered `Quay` with HTTP 429 (too many requests); not asked since Friday 20 November 13:00, nor before Friday 27 November 13:00."].assert_eq(&say(0, why, until));
        expect_test::expect!["quay.example answered `Quay` with HTTP 429 (too many requests); not asked since Friday 20 November 13:00."].assert_eq(&say(0, why, None));
    }

    #[test]
    fn a_move_to_where_another_feed_is_names_that_feed() {
        let say = |same_as: Option<&str>| {
            let what = FeedEvent::Moved {
                to: "https://quay.example/feed".to_owned(),
                same_as: same_as.map(str::to_owned),
            };
            let news = FeedNews {
                feed: "Ferry".to_owned(),
                what,
                topics: Vec::new(),
            };
            feed_note(&news).expect("a note").text
        };
        assert_eq!(say(None), "Ferry moved for good to:");
        assert_eq!(
            say(Some("Quay")),
            "Ferry moved for good to where Quay is already, so one of them can go:"
        );
    }
}
