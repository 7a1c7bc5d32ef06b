//! What is one story and what is not.

use super::*;
use crate::story::tests::telling;

const HOURS: i64 = 60;

/// Places items given as minutes, title and summary; the story of each, numbered by its first item.
pub(super) fn stories(items: &[(i64, &str, &str)]) -> Vec<i64> {
    let mut grouper = Grouper::new(Frequencies::default());
    let tellings = items
        .iter()
        .enumerate()
        .map(|(number, (minutes, title, summary))| {
            telling(number as i64, *minutes, title, summary)
        });
    place_all(&mut grouper, &tellings.collect::<Vec<_>>())
        .iter()
        .map(|story| story.0)
        .collect()
}

/// The final story of each item.
fn place_all(grouper: &mut Grouper, tellings: &[Telling]) -> Vec<StoryId> {
    let mut stories: Vec<StoryId> = Vec::new();
    for telling in tellings {
        let placement = grouper.place(telling, StoryId(telling.item.0));
        for story in &mut stories {
            if placement.merged.contains(story) {
                *story = placement.story;
            }
        }
        stories.push(placement.story);
    }
    stories
}

#[test]
fn a_quake_with_a_rising_toll_is_one_story() {
    let quake = [
        (
            0,
            "Magnitude 7.0 earthquake strikes Batura range",
            "A strong earthquake struck the Batura range on Sunday.",
        ),
        (
            20,
            "Batura quake kills at least 12",
            "Dozens are missing in the Batura range after the tremor.",
        ),
        (
            9 * HOURS,
            "Batura earthquake death toll passes 200",
            "More than 200 died in Sunday's earthquake in the Batura range.",
        ),
    ];
    assert_eq!(stories(&quake), [0, 0, 0]);
}

#[test]
fn two_quakes_in_one_week_are_two_stories() {
    let quakes = [
        (
            0,
            "Magnitude 7.0 earthquake strikes Batura range",
            "A strong earthquake struck the Batura range on Sunday.",
        ),
        (
            40 * HOURS,
            "Earthquake of magnitude 5.1 felt in Pellan",
            "A moderate earthquake shook the Pellan capital, without damage.",
        ),
    ];
    assert_eq!(stories(&quakes), [0, 1]);
}

#[test]
fn a_merger_announced_denied_and_completed_is_one_story() {
    let merger = [
        (
            0,
            "Helix in talks to buy Corvane",
            "Drugmaker Helix is in talks to buy cancer specialist Corvane.",
        ),
        (
            5 * HOURS,
            "Helix denies takeover talks with Corvane",
            "Helix said it was not in talks over a takeover of Corvane.",
        ),
        (
            60 * HOURS,
            "Helix completes Corvane takeover",
            "Helix has completed its purchase of cancer specialist Corvane.",
        ),
    ];
    assert_eq!(stories(&merger), [0, 0, 0]);
}

#[test]
fn a_name_with_its_epithets_is_no_event() {
    let hotel = [
        (
            0,
            "Hotel chain Marwick confirms breach of guest data",
            "Hackers had accessed guest names.",
        ),
        (
            9 * HOURS,
            "Hotel chain Marwick to open 40 resorts in Asia",
            "Resorts open by 2030 with a local partner.",
        ),
    ];
    assert_eq!(stories(&hotel), [0, 1]);
}

#[test]
fn a_weekly_column_is_a_story_each_week() {
    let mut grouper = Grouper::new(Frequencies::default());
    let column = |item: i64, days: i64, summary: &str| Telling {
        publisher: "star.example".to_string(),
        link: Some("https://star.example/five".to_string()),
        ..telling(
            item,
            days * 24 * HOURS,
            "Five things to know today",
            summary,
        )
    };
    let tellings = [
        column(0, 0, "Rates and trains."),
        column(1, 7, "A typhoon."),
    ];
    assert_eq!(place_all(&mut grouper, &tellings), [StoryId(0), StoryId(1)]);
    let again = grouper.place(&column(2, 8, "A parrot."), StoryId(2));
    assert!(
        again.opened && again.why.contains("used before"),
        "{}",
        again.why
    );
}

#[test]
fn nothing_joins_an_item_of_a_column() {
    let told = |item, hours: i64, title, summary| Telling {
        publisher: "star.example".to_string(),
        ..telling(item, hours * HOURS, title, summary)
    };
    let strike = "Dockers of Halvik begin a strike over night shifts.";
    let tellings = [
        told(
            0,
            0,
            "Five things to know today",
            "Halvik mayor resigns; rates; a bear.",
        ),
        told(1, 24, "Five things to know today", strike),
        // Of another outlet, and of the same.
        telling(2, 25 * HOURS, "Five things to know today", strike),
        told(3, 26, "Five things to know of the Halvik strike", strike),
    ];
    let frequencies = Frequencies::default();
    let mut grouper = Grouper::new(frequencies.clone());
    let placed = place_all(&mut grouper, &tellings[..2]);
    assert_eq!(placed, [StoryId(0), StoryId(1)]);
    let mut restored = Grouper::new(frequencies);
    for (telling, story) in tellings.iter().zip(placed) {
        let prepared = restored.prepare(telling.clone(), true);
        restored.restore(&prepared, story);
    }
    for grouper in [&mut grouper, &mut restored] {
        for (telling, next) in tellings.iter().skip(2).zip(2..) {
            let placement = grouper.place(telling, StoryId(next));
            assert_ne!(placement.story, StoryId(1), "{}", telling.item.0);
            assert!(!placement.merged.contains(&StoryId(1)));
        }
    }
}

#[test]
fn a_wire_text_under_seven_headlines_is_one_story_and_copies() {
    let text = "A commuter train left the tracks near Alden on Monday morning, injuring sixteen people, two of them \
                seriously, the fire brigade said, while the line was expected to stay closed for the rest of the week.";
    let headlines = [
        "Commuter train derails near Alden, 16 hurt",
        "Sixteen hurt as train leaves tracks",
        "Alden derailment injures 16",
        "Train derails in Alden",
        "Rail line closed after accident",
        "Two seriously hurt in derailment",
        "Monday morning train crash near Alden",
    ];
    let mut grouper = Grouper::new(Frequencies::default());
    for (number, headline) in headlines.iter().enumerate() {
        let placement = grouper.place(
            &telling(number as i64, number as i64, headline, text),
            StoryId(number as i64),
        );
        assert_eq!(placement.story, StoryId(0), "{headline}");
        assert_eq!(placement.copy_of.is_some(), number > 0, "{headline}");
    }
}

#[test]
fn parts_of_a_series_under_one_teaser_are_no_copies() {
    let teaser = "Each week our editors explain one thing about your new home page, so that you get the most out of it \
                  from the first day on; follow the link below to read all parts so far.";
    let titles = [
        "Pageworks 101: Adding shop items to the sidebar",
        "Pageworks 101: Choosing a picture for the header",
        "Pageworks 102: Adding shop items to the sidebar",
    ];
    let mut grouper = Grouper::new(Frequencies::default());
    for (item, title) in (0..).zip(titles) {
        let telling = Telling {
            publisher: "pageworks.example".to_string(),
            ..telling(item, item, title, teaser)
        };
        let placement = grouper.place(&telling, StoryId(item));
        assert_eq!(placement.copy_of, None, "{title}");
    }
}

#[test]
fn why_names_the_words_that_decided() {
    let mut grouper = Grouper::new(Frequencies::default());
    grouper.place(
        &telling(
            7,
            0,
            "Typhoon Rosal makes landfall",
            "Thousands evacuated on the coast",
        ),
        StoryId(0),
    );
    let placement = grouper.place(
        &telling(8, 9, "Flights cancelled as Rosal typhoon nears coast", ""),
        StoryId(1),
    );
    assert!(
        placement.why.starts_with("shares `Rosal`") && placement.why.ends_with("with item 7"),
        "{}",
        placement.why
    );
}

/// What one vendor's customers read in a day: the advisories of a maker, and articles about two of them.
const ADVISORIES: [(i64, &str, &str); 9] = [
    (
        0,
        "Lumen Router: CVE-2031-20417 under attack, no repair yet",
        "Lumen confirms that CVE-2031-20417 in Router 7.x hands memory to anyone who reaches its login page.",
    ),
    (
        1,
        "Lumen Archive 3.2 repairs CVE-2031-20388 (weak restore keys)",
        "Restore keys of Lumen Archive followed from the date. CVE-2031-20388 scores 8.2.",
    ),
    (
        2,
        "LSA-2031-014: Lumen Router memory leak (CVE-2031-20417)",
        "Severity: critical (9.4). Affected: Lumen Router 7.0 to 7.3. Status: attacks observed.",
    ),
    (
        3,
        "LSA-2031-013: Lumen Archive weak restore keys (CVE-2031-20388)",
        "Severity: high (8.2). Affected: Lumen Archive before 3.2. Status: fixed in 3.2.",
    ),
    (
        4,
        "LSA-2031-012: Lumen Panel stored script in user names (CVE-2031-20160)",
        "Severity: medium (5.5). Affected: Lumen Panel 2.x. Status: fixed in 2.9.",
    ),
    (
        5,
        "LSA-2031-011: Lumen Router denial of service by odd packets (CVE-2031-19977)",
        "Severity: medium (6.4). Affected: Lumen Router before 6.9. Status: fixed.",
    ),
    (
        6,
        "Lumen Router flaw under attack: what CVE-2031-20417 gives away",
        "One odd request makes Lumen Router return memory, passwords included.",
    ),
    (
        7,
        "Banks told to unplug Lumen routers after attacks",
        "Banks should disconnect Lumen Router devices until CVE-2031-20417 is repaired.",
    ),
    (
        120,
        "LSA-2031-015: Lumen Router 7.4 released (CVE-2031-20417)",
        "Severity: critical (9.4). Status: fixed in Lumen Router 7.4.",
    ),
];

#[test]
fn advisories_of_one_vendor_are_a_story_each() {
    assert_eq!(stories(&ADVISORIES), [0, 1, 0, 1, 4, 5, 0, 0, 8]);
}

#[test]
fn advisories_of_one_vendor_are_a_story_each_in_whatever_order_they_come() {
    for turn in 0..ADVISORIES.len() {
        let mut items = ADVISORIES;
        items.rotate_left(turn);
        let stories = stories(&items);
        let story = |place: usize| stories[(place + items.len() - turn) % items.len()];
        let marked = [2, 3, 4, 5, 8].map(story);
        let mut unequal = marked.to_vec();
        unequal.sort_unstable();
        unequal.dedup();
        assert_eq!(unequal.len(), marked.len(), "{turn}: {stories:?}");
        assert_eq!(story(1), story(3), "{turn}: {stories:?}");
        assert_eq!(story(0), story(6), "{turn}: {stories:?}");
    }
}

/// Items that one topic asked for, `Tarsa`, all about other things; then two that share little else.
#[test]
fn what_a_topic_asks_for_joins_no_items() {
    const OTHER: [(&str, &str); 12] = [
        (
            "Tarsa opens its first tram line",
            "Mayor Odo Belling rode in front.",
        ),
        (
            "Flood gates of Tarsa pass their test",
            "Engineers closed all nine in an hour.",
        ),
        (
            "Tarsa museum buys a lost Velden portrait",
            "It hung in a school kitchen.",
        ),
        (
            "Bakers of Tarsa strike for a sixth day",
            "Bread comes from two villages.",
        ),
        (
            "Chess: Tarsa beats Orlow in the cup",
            "Lin Sato won in 30 moves.",
        ),
        ("Wolves seen at the edge of Tarsa", "Hunters ask for calm."),
        (
            "Tarsa bank fined over hidden fees",
            "The regulator wants 4 million back.",
        ),
        (
            "New bishop for Tarsa named in a hurry",
            "Pell Ardant is 48.",
        ),
        (
            "Tarsa airport closes its old runway",
            "Pilots had asked for that since spring.",
        ),
        (
            "Power cut leaves half of Tarsa dark",
            "A crane touched a cable.",
        ),
        (
            "Tarsa orchestra tours the islands",
            "It plays in barns and harbours.",
        ),
        (
            "Student from Tarsa wins physics medal",
            "Her subject is slow light.",
        ),
    ];
    let apart = [
        ("Army enters Tarsa", "Soldiers crossed a bridge at dawn."),
        (
            "Army chief speaks in Tarsa",
            "General Brandt praised cooks.",
        ),
    ];
    let at = |number: usize| number as i64;
    let items: Vec<(i64, &str, &str)> = OTHER
        .iter()
        .chain(&apart)
        .enumerate()
        .map(|(number, (title, summary))| (at(number), *title, *summary))
        .collect();
    let expected: Vec<i64> = (0..items.len() as i64).collect();
    assert_eq!(stories(&items), expected);
    // Alone, they could be one event.
    assert_eq!(stories(items.get(12..).expect("two more")), [0, 0]);
}

/// A day of one offensive, as several outlets tell it; and of whose story each is the first or a later telling.
const OFFENSIVE: [(usize, &str, &str); 13] = [
    (
        0,
        "Government troops enter Tarsa for first time in three years",
        "Soldiers crossed into the northern suburbs at dawn, a general said, ten days into the offensive against the Red Front.",
    ),
    (
        1,
        "Red Front leader Okonda urges fighters to hold Tarsa",
        "In an audio recording, Red Front leader Sef Okonda told his followers to fight for Tarsa to the end.",
    ),
    (
        2,
        "Hill militia encircles Belvar in push toward Tarsa",
        "Militia fighters encircled the town of Belvar, 15 km from Tarsa, and cut the road of the Red Front.",
    ),
    (
        3,
        "Two thousand families reach Imren camp in a night",
        "Families from villages west of Tarsa arrived at the Imren camp with blankets and goats.",
    ),
    (
        0,
        "Troops inside Tarsa for the first time in three years",
        "Government troops fought their way into the northern suburbs of Tarsa today, three years after it fell.",
    ),
    (
        1,
        "Okonda breaks silence: audio tells Red Front not to leave Tarsa",
        "The recording of Sef Okonda, the first in a year, calls on followers in Tarsa to fight on.",
    ),
    (
        2,
        "Belvar cut off as militia closes ring",
        "Hill militia closed the ring round Belvar and cut the last road before midnight.",
    ),
    (
        3,
        "Imren camp fills as families flee villages west of Tarsa",
        "Two thousand families came to the camp within a night, and tents are enough for two days.",
    ),
    (
        4,
        "Sugar works near Tarsa burn, clinics fill",
        "The Red Front lit the works a week ago; smoke hangs over the plain.",
    ),
    (
        5,
        "Museum in Tarsa hid its tablets in a well, curator says",
        "Four hundred clay tablets are safe.",
    ),
    (
        6,
        "Who pays the teachers after Tarsa?",
        "Salaries are five months late, and an old quarrel over water fees goes on.",
    ),
    (
        7,
        "Council of Tarsa to meet in exile once more",
        "Its agenda: schools, wells, and who comes home first.",
    ),
    (
        8,
        "Red Front sets oil wells alight south of Tarsa",
        "Red Front fighters burnt three wells, residents said, and smoke darkened the sky.",
    ),
];

#[test]
fn events_of_one_offensive_are_a_story_each() {
    let items: Vec<(i64, &str, &str)> = OFFENSIVE
        .iter()
        .zip(0..)
        .map(|((_, title, summary), minute)| (minute, *title, *summary))
        .collect();
    let first = |event: usize| OFFENSIVE.iter().position(|(of, ..)| *of == event);
    let expected: Vec<i64> = OFFENSIVE
        .iter()
        .filter_map(|(event, ..)| first(*event).map(|place| place as i64))
        .collect();
    assert_eq!(stories(&items), expected);
}

#[test]
fn a_story_ends_three_days_after_its_last_item_and_after_two_weeks() {
    let title = "Magnitude 7.0 earthquake strikes Batura range";
    assert_eq!(
        stories(&[
            (0, title, ""),
            (71 * HOURS, title, ""),
            (144 * HOURS, title, "")
        ]),
        [0, 0, 2]
    );
    let items: Vec<(i64, &str, &str)> = (0..8)
        .map(|number| (number * 60 * HOURS, title, ""))
        .collect();
    assert_eq!(stories(&items), [0, 0, 0, 0, 0, 0, 6, 6]);
}

#[test]
fn a_wrongly_declared_language_joins_nothing() {
    // `telling` declares English, as much software does whatever its writers speak.
    let items = [
        (
            0,
            "El puerto de Sallow cierra por la huelga",
            "Los trabajadores del puerto no han vuelto a sus puestos y el sindicato dijo que la huelga sera de tres dias.",
        ),
        (
            1,
            "La ministra de Varga no se ira del gobierno",
            "La ministra dijo que no ha pensado en dejar el cargo y que el presidente le ha dado su apoyo en la crisis.",
        ),
        (
            2,
            "Un museo de Orlow compra el retrato perdido",
            "El retrato estaba en la cocina de una escuela y el museo dijo que no ha pagado por el mas de lo que pide la ley.",
        ),
    ];
    assert_eq!(stories(&items), [0, 1, 2]);
}

#[test]
fn two_known_languages_never_mix() {
    let mut grouper = Grouper::new(Frequencies::default());
    let speaking = |item: i64, lang: Option<&str>| Telling {
        lang: lang.map(str::to_string),
        ..telling(item, item, "Batura 7.0", "Helix Corvane Pingo")
    };
    let tellings = [
        speaking(0, Some("en-US")),
        speaking(1, Some("de")),
        speaking(2, None),
        speaking(3, Some("EN_gb")),
    ];
    let stories = place_all(&mut grouper, &tellings);
    assert_ne!(stories[0], stories[1]);
    assert_eq!(stories[0], stories[3]);
    assert!(stories[2] == stories[0] || stories[2] == stories[1]);
}

/// Headlines of some dozen events, told in turns; always the same.
fn stream(length: i64) -> Vec<Telling> {
    let mut seed = 7u64;
    let mut random = move |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let names = [
        "Batura", "Pellan", "Alden", "Helix", "Corvane", "Marwick", "Quill", "Pingo", "Rosal",
        "Varga",
    ];
    let deeds = [
        "sinks", "burns", "strikes", "wins", "sells", "opens", "closes", "votes", "sues", "falls",
    ];
    let things = [
        "bridge",
        "factory",
        "election",
        "tunnel",
        "harbour",
        "museum",
        "satellite",
        "reactor",
        "dam",
        "mine",
    ];
    let pick = |words: &[&str], at: u64| words[at as usize % words.len()].to_string();
    (0..length)
        .map(|item| {
            let event = random(40) + item as u64 / 100;
            let title = format!(
                "{} {} {} {}",
                pick(&names, event),
                pick(&deeds, event / 3 + random(2)),
                pick(&things, event / 7),
                pick(&things, random(10))
            );
            telling(
                item,
                item * 30,
                &title,
                &format!(
                    "The {} near {}",
                    pick(&things, event / 7),
                    pick(&names, event / 2)
                ),
            )
        })
        .collect()
}

#[test]
fn a_restart_changes_nothing() {
    let stream = stream(1500);
    let (before, after) = stream.split_at(1100);
    let mut running = Grouper::new(Frequencies::default());
    let stories = place_all(&mut running, before);
    let mut restarted = Grouper::new(Frequencies::default());
    let from = before.last().expect("a stream").at.as_second() - MEMORY_DAYS * 24 * HOUR;
    for (telling, story) in before
        .iter()
        .zip(stories)
        .filter(|(telling, _)| telling.at.as_second() >= from)
    {
        let prepared = restarted.prepare(telling.clone(), true);
        restarted.restore(&prepared, story);
    }
    for telling in after {
        let next = StoryId(telling.item.0);
        assert_eq!(running.place(telling, next), restarted.place(telling, next));
    }
}

#[test]
fn odd_items_are_placed() {
    let items = [
        (0, "", ""),
        (1, "", ""),
        (2, "!!!", "???"),
        (3, "the of and", ""),
        (4, "🔥", "東京で火災"),
    ];
    assert_eq!(stories(&items), [0, 1, 2, 3, 4]);
}

/// Places titles and summaries of one outlet, so many hours apart, each under its own link.
fn stories_of_one_outlet(hours: i64, items: &[(&str, &str)]) -> Vec<i64> {
    let tellings = (0..).zip(items).map(|(number, (title, summary))| {
        let mut telling = telling(number, number * hours * HOURS, title, summary);
        telling.publisher = "outlet.example".to_string();
        telling
    });
    let mut grouper = Grouper::new(Frequencies::default());
    place_all(&mut grouper, &tellings.collect::<Vec<_>>())
        .iter()
        .map(|story| story.0)
        .collect()
}

#[test]
fn marked_updates_under_new_links_stay_in_their_story() {
    let titles = [
        (
            "Helix plant in Alden burns",
            "A fire broke out at the Helix plant in Alden, the fire brigade said.",
        ),
        (
            "UPDATE 1-Helix plant in Alden burns",
            "A fire at the Helix plant in Alden injured four people.",
        ),
        (
            "CORRECTED-UPDATE 1-Helix plant in Alden burns",
            "A fire at the Helix plant in Alden injured five people.",
        ),
        (
            "WRAPUP 2-Helix plant in Alden burns",
            "The Helix plant in Alden was evacuated after a fire.",
        ),
    ];
    assert_eq!(stories_of_one_outlet(1, &titles), [0, 0, 0, 0]);
}

#[test]
fn a_daily_wrapup_under_one_title_is_a_story_each_day() {
    let daily = (
        "WRAPUP 1-Stocks in Alden at the close",
        "Stocks in Alden closed.",
    );
    assert_eq!(stories_of_one_outlet(24, &[daily; 3]), [0, 1, 2]);
}

#[test]
fn bulletins_of_one_outlet_are_a_story_each_in_a_young_store() {
    let quakes = [
        ("M 4.5 - 10 km S of Nicobar Islands", ""),
        ("M 4.7 - 122 km NE of Neiafu, Tonga", ""),
        ("M 5.1 - 31 km W of Varga, Orlow", ""),
    ];
    assert_eq!(stories_of_one_outlet(1, &quakes), [0, 1, 2]);
    let warning = "The weather service has issued a severe thunderstorm warning until 6 pm.";
    let warnings = [
        (
            "Severe thunderstorm warning issued for Clay County",
            warning,
        ),
        (
            "Severe thunderstorm warning issued for Saint Louis County",
            warning,
        ),
        (
            "Severe thunderstorm warning issued for Dane County",
            warning,
        ),
    ];
    assert_eq!(stories_of_one_outlet(1, &warnings), [0, 1, 2]);
}

#[test]
fn a_bulletin_that_another_outlet_copies_is_one_story() {
    let title = "M 4.5 - 10 km S of Nicobar Islands";
    assert_eq!(stories(&[(0, title, ""), (9, title, "")]), [0, 0]);
}
