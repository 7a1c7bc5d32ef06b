//! Items that stand between two stories: which of these are one, and which are two events of a kind; and what more than a
//! name with its epithets is.

use super::tests::stories;
use super::*;
use crate::story::tests::telling;

const QUAKES: [(i64, &str, &str); 4] = [
    (
        0,
        "Dozens injured as quake hits Saram",
        "Rescuers searched collapsed houses in Saram, Ostria.",
    ),
    (
        10,
        "Kelat quake kills four",
        "A strong quake of magnitude 7.3 destroyed houses off Kelat in eastern Ostria.",
    ),
    (
        20,
        "Rescuers search houses after quakes in Ostria",
        "Strong quakes had hit Saram and Kelat.",
    ),
    (
        30,
        "Strong quake hits Saram in Ostria, houses collapse",
        "Rescuers searched houses in Saram after a strong quake.",
    ),
];

#[test]
fn an_item_about_two_quakes_does_not_make_them_one_event() {
    assert_eq!(stories(&QUAKES), [0, 1, 0, 0]);
}

const OUTAGE: [&str; 3] = [
    "Quillr back up",
    "Quillr is back after outage of nine hours, users rejoice",
    "Outage over: Quillr back for users",
];

#[test]
fn an_item_between_two_stories_that_say_nothing_different_makes_them_one() {
    let words = [("back", 800), ("quillr", 20)].map(|(word, items)| (word.to_string(), items));
    let mut grouper = Grouper::new(Frequencies::new(5000, words));
    let placements: Vec<Placement> = (0..)
        .zip(OUTAGE)
        .map(|(item, title)| grouper.place(&telling(item, item, title, ""), StoryId(item)))
        .collect();
    let [first, second, between] = placements.as_slice() else {
        panic!("as many as were placed");
    };
    assert!(first.opened && second.opened);
    assert_eq!(
        (between.story, between.merged.as_slice()),
        (first.story, [second.story].as_slice())
    );
    assert!(
        between.why.ends_with("; it shows that 2 stories are one"),
        "{}",
        between.why
    );
}

#[test]
fn what_frames_a_list_joins_nothing() {
    let lists = [
        (0, "10 things you need to know before the opening bell", ""),
        (1, "7 things you need to know about Pingo 7.1", ""),
        (2, "Things to know about the ferry strike", ""),
        (
            3,
            "5 things to know about the Halvik port strike",
            "What dockers want.",
        ),
        (
            4,
            "Five things to know about the new Halvik bridge",
            "It opens soon.",
        ),
        (5, "5 things to know in Halvik this morning", "Rain."),
    ];
    assert_eq!(stories(&lists), [0, 1, 2, 3, 4, 5]);
    let links = [
        (0, "Morning links for March 10, 2031", ""),
        (1, "The shortlist for March 10, 2031", ""),
    ];
    assert_eq!(stories(&links), [0, 1]);
}

#[test]
fn tellings_of_a_named_storm_and_of_a_deal_of_two_are_one_story() {
    let storm = [
        (
            0,
            "Typhoon Rosal makes landfall, thousands evacuated",
            "Typhoon Rosal came ashore with winds of 180 kph.",
        ),
        (
            60,
            "Flights cancelled as Typhoon Rosal hits coast",
            "More than 300 flights were cancelled.",
        ),
    ];
    assert_eq!(stories(&storm), [0, 0]);
    let deal = [
        (
            0,
            "Drugmaker Helix agrees to buy Corvane",
            "Helix would buy cancer specialist Corvane for about 11 billion.",
        ),
        (
            900,
            "Activist investor opposes Helix-Corvane deal",
            "Fund manager Stonegate said it would vote against the takeover of Corvane by Helix.",
        ),
    ];
    assert_eq!(stories(&deal), [0, 0]);
}

#[test]
fn a_name_of_several_words_is_no_event() {
    let paper = [
        (
            0,
            "New Sundria Times: printers walk out",
            "Printers of the New Sundria Times walked out on Monday.",
        ),
        (
            300,
            "New Sundria Times sold to Stonegate",
            "Stonegate buys the New Sundria Times for 9 million.",
        ),
    ];
    assert_eq!(stories(&paper), [0, 1]);
}

#[test]
fn quakes_that_one_outlet_tells_in_one_form_stay_two_stories() {
    let quakes = [
        (
            "north.example",
            "Magnitude 6.1 earthquake strikes western Kelland, 12 dead",
            "An earthquake struck the west of Kelland on Monday, killing at least 12 people, officials said.",
        ),
        (
            "south.example",
            "Kelland earthquake kills at least 12",
            "At least 12 people were killed when an earthquake hit Kelland, officials said.",
        ),
        (
            "north.example",
            "Magnitude 5.8 earthquake strikes southern Morvia, 9 dead",
            "An earthquake struck the south of Morvia on Wednesday, killing at least 9 people, officials said.",
        ),
        (
            "south.example",
            "Morvia earthquake kills at least nine",
            "At least nine people were killed when an earthquake hit Morvia, officials said.",
        ),
        (
            "east.example",
            "Kelland quake toll rises to 30",
            "The toll in Kelland rose to 30.",
        ),
    ];
    let mut grouper = Grouper::new(Frequencies::default());
    let stories: Vec<StoryId> = (0..)
        .zip(quakes)
        .map(|(item, (publisher, title, summary))| {
            let mut telling = telling(item, item * 60, title, summary);
            telling.publisher = publisher.to_string();
            let placement = grouper.place(&telling, StoryId(item));
            assert_eq!(placement.merged, [], "{title}");
            placement.story
        })
        .collect();
    assert_eq!(stories, [0, 0, 2, 2, 0].map(StoryId));
}
