//! One event, one story: what several outlets tell is grouped, explained, waited for and followed up.

use serde_json::Value;

use crate::http_server::{Reply, Server};
use crate::wirewatch::Home;

/// An article: its number, title and summary.
type Article<'a> = (u32, &'a str, &'a str);

/// A feed of an outlet with a domain of its own.
fn feed(outlet: &str, articles: &[Article<'_>]) -> Reply {
    let articles: String = articles
        .iter()
        .map(|(number, title, summary)| {
            format!(
                "<item><title>{title}</title><link>https://www.{outlet}.example/{number}</link><guid>{outlet}{number}</guid>\
                 <description>{summary}</description></item>"
            )
        })
        .collect();
    Reply::ok(format!(
        "<rss version=\"2.0\"><channel><title>{outlet}</title><link>https://{outlet}.example/</link>{articles}</channel></rss>"
    ))
}

/// A server, and a home that watches these outlets of it; what a first poll shows is told.
fn watching(outlets: &[&str], topics: &str) -> (Server, Home) {
    let server = Server::start();
    let feeds: String = outlets
        .iter()
        .map(|outlet| {
            let url = server.url(&format!("/{outlet}"));
            format!("[[feed]]\nurl = {url:?}\nname = {outlet:?}\nbackfill = \"all\"\n")
        })
        .collect();
    let home = Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}{topics}"
    ));
    (server, home)
}

const PELLAN: &str = "[[topic]]\nname = \"Pellan\"\nany = [\"Pellan\"]\n";

const LANDFALL: Article<'_> = (
    1,
    "Typhoon Rosal makes landfall near Pellan",
    "Typhoon Rosal reached the coast near Pellan at dawn on Monday with gusts of 190 km an hour, and thousands of people \
     spent the night in schools and town halls.",
);
const NEARS: Article<'_> = (
    1,
    "Rosal typhoon reaches coast at Pellan, thousands evacuated",
    "Roofs were lost and roads flooded.",
);
const CARRIED: Article<'_> = (1, "Thousands flee storm in Pellan", LANDFALL.2);
const TRAM: Article<'_> = (
    2,
    "Pellan opens its first tram line",
    "Mayor Odo Belling rode in front.",
);

/// A moment of November 2026.
fn at(day: u32, hour: u32) -> String {
    format!("2026-11-{day:02}T{hour:02}:00:00Z")
}

/// Lets an outlet show these articles, and polls it.
fn publish(home: &Home, server: &Server, outlet: &str, articles: &[Article<'_>], now: &str) {
    server.on(&format!("/{outlet}"), feed(outlet, articles));
    home.done(&["poll", "--force", "--feed", outlet, "--now", now]);
}

/// The text of the digest that goes now; it is sent.
fn digest(home: &Home, now: &str) -> String {
    let preview = home.done(&["digest", "wirewatch", "--now", now]).stdout;
    home.done(&["digest", "wirewatch", "--send", "--now", now]);
    preview
}

fn pending(home: &Home) -> i64 {
    home.count("SELECT COUNT(*) FROM pending")
}

/// Three outlets on a typhoon, one of which carries another's text, and a tram.
fn typhoon() -> (Server, Home) {
    let (server, home) = watching(&["harrow", "meridian", "gazette"], PELLAN);
    publish(&home, &server, "harrow", &[LANDFALL], &at(23, 7));
    publish(&home, &server, "meridian", &[NEARS, TRAM], &at(23, 8));
    publish(&home, &server, "gazette", &[CARRIED], &at(23, 9));
    (server, home)
}

#[test]
fn stories_are_listed_with_the_words_that_decided() {
    let (_server, home) = typhoon();
    let table = home.done(&["stories", "--now", &at(23, 12)]);
    let (first, second) = table.stdout.split_once("\n\n").expect("two stories");
    for part in [
        "3 outlets, 2 texts · Pellan",
        "2026-11-23 07:00",
        "harrow    Typhoon Rosal makes landfall near Pellan",
        "meridian  Rosal typhoon reaches coast at Pellan, thousands evacuated",
        "shares `Pellan`, `Rosal`, `typhoon` with item 1",
        "tells what item 1 tells, nearly word for word",
    ] {
        assert!(first.contains(part), "no `{part}` in {table:#?}");
    }
    assert!(second.contains("1 outlet · Pellan"), "{table:#?}");
    assert!(!second.contains("shares"), "{table:#?}");
    assert!(
        table.stderr.contains("2 stories of 4 articles"),
        "{table:#?}"
    );

    let none = home.done(&["stories", "--since", "1h", "--now", &at(23, 12)]);
    assert_eq!(none.stdout, "");
    assert!(none.stderr.contains("No stories"), "{none:#?}");
}

#[test]
fn stories_go_to_programs_as_lines_of_json() {
    let (_server, home) = typhoon();
    let ran = home.done(&["stories", "--json", "--now", &at(23, 12)]);
    let stories: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(stories.len(), 2, "{ran:#?}");
    let story = &stories[0];
    assert_eq!(story["outlets"], 3);
    assert_eq!(story["texts"], 2);
    assert_eq!(story["topics"], serde_json::json!(["Pellan"]));
    assert_eq!(story["opened"], at(23, 7));
    assert_eq!(story["last"], at(23, 9));
    assert_eq!(story["title"], LANDFALL.1);
    let item = &story["items"][2];
    assert_eq!(item["outlet"], "gazette.example");
    assert_eq!(item["feed"], "gazette");
    assert_eq!(item["link"], "https://www.gazette.example/1");
    assert_eq!(item["first_seen"], at(23, 9));
    assert_eq!(item["copy_of"], story["items"][0]["id"]);
}

#[test]
fn a_digest_tells_a_story_once_with_its_outlets_and_texts() {
    let (_server, home) = typhoon();
    let text = digest(&home, &at(23, 12));
    assert!(text.contains("3 outlets, 2 texts"), "{text}");
    assert_eq!(
        text.matches("Typhoon Rosal makes landfall").count(),
        1,
        "{text}"
    );
    // Another text has its headline beside it; an outlet that carries the same text is a name.
    assert!(
        text.contains("    also meridian: Rosal typhoon reaches coast at Pellan, thousands\n"),
        "{text}"
    );
    assert!(text.contains("    also gazette:\n"), "{text}");
    assert!(!text.contains(CARRIED.1), "{text}");
    assert_eq!(pending(&home), 0);
}

#[test]
fn a_topic_without_groups_shows_every_item_by_itself() {
    let topic = format!("{PELLAN}group = false\n");
    let (server, home) = watching(&["harrow", "meridian"], &topic);
    publish(&home, &server, "harrow", &[LANDFALL], &at(23, 7));
    publish(&home, &server, "meridian", &[NEARS], &at(23, 8));
    let text = digest(&home, &at(23, 12));
    assert!(text.contains(LANDFALL.1), "{text}");
    assert!(text.contains("Rosal typhoon reaches coast"), "{text}");
    assert!(!text.contains("2 outlets"), "{text}");
    let none = home.done(&["stories", "--since", "30d", "--now", &at(23, 12)]);
    assert_eq!(none.stdout, "");
    assert!(
        none.stderr.contains("`group = false` have none"),
        "{none:#?}"
    );
    assert!(!none.stderr.contains("looks further"), "{none:#?}");
}

#[test]
fn a_topic_waits_for_its_outlets_until_the_story_closes() {
    let topics =
        format!("{PELLAN}min_outlets = 2\n[[topic]]\nname = \"Weather\"\nany = [\"rain\"]\n");
    let (server, home) = watching(&["harrow", "meridian", "gazette"], &topics);
    publish(&home, &server, "harrow", &[LANDFALL], &at(23, 7));
    let alone = home.done(&["digest", "wirewatch", "--send", "--now", &at(23, 8)]);
    assert!(!alone.stdout.contains(LANDFALL.1), "{alone:#?}");
    assert_eq!(pending(&home), 1);

    publish(&home, &server, "meridian", &[NEARS, TRAM], &at(23, 12));
    let text = digest(&home, &at(23, 13));
    assert!(text.contains("2 outlets"), "{text}");
    assert!(!text.contains("tram"), "{text}");
    assert_eq!(pending(&home), 1, "the tram waits");

    let rain = |number| (number, "Rain in Alden", "More rain is to come.");
    publish(&home, &server, "gazette", &[rain(1)], &at(26, 11));
    let text = digest(&home, &at(26, 11));
    assert!(!text.contains("below"), "{text}");
    publish(&home, &server, "gazette", &[rain(2)], &at(26, 13));
    let text = digest(&home, &at(26, 13));
    assert!(
        text.contains("Pellan: 1 story stayed below 2 outlets."),
        "{text}"
    );
    assert_eq!(pending(&home), 0);
}

#[test]
fn a_told_story_comes_back_only_with_something_new() {
    let (server, home) = watching(&["harrow", "meridian", "gazette"], PELLAN);
    publish(&home, &server, "harrow", &[LANDFALL], &at(23, 7));
    assert!(digest(&home, &at(23, 8)).contains(LANDFALL.1));

    let toll: Article<'_> = (
        3,
        "Typhoon Rosal death toll passes 40 in Pellan",
        "Rescuers found bodies under a collapsed market hall.",
    );
    publish(&home, &server, "gazette", &[toll], &at(23, 10));
    let soon = home.done(&["digest", "wirewatch", "--send", "--now", &at(23, 11)]);
    assert!(soon.stderr.contains("Nothing new"), "{soon:#?}");
    assert_eq!(pending(&home), 1, "six hours have not passed");

    publish(&home, &server, "meridian", &[CARRIED], &at(23, 14));
    let text = digest(&home, &at(23, 15));
    assert!(text.contains("New since"), "{text}");
    assert!(text.contains(toll.1), "{text}");
    assert_eq!(pending(&home), 0);
    assert_eq!(
        home.count("SELECT COUNT(DISTINCT story) FROM story_item"),
        1
    );

    publish(
        &home,
        &server,
        "gazette",
        &[(4, CARRIED.1, CARRIED.2)],
        &at(24, 7),
    );
    let again = home.done(&["digest", "wirewatch", "--now", &at(24, 8)]);
    assert!(!again.stdout.contains(CARRIED.1), "{again:#?}");
}

#[test]
fn a_live_page_is_one_item_of_one_story_and_is_told_once() {
    let (server, home) = watching(&["harrow", "meridian"], PELLAN);
    publish(&home, &server, "meridian", &[NEARS], &at(23, 6));
    let live = [
        "Live: Typhoon Rosal nears Pellan",
        "Live: Typhoon Rosal strikes Pellan, power is out",
        "Live: Twelve dead in Pellan as Rosal moves on",
    ];
    for (hour, title) in (7..).zip(live) {
        let summary = format!("Latest at {hour}:00: {}", LANDFALL.2);
        publish(
            &home,
            &server,
            "harrow",
            &[(9, title, &summary)],
            &at(23, hour),
        );
    }
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 2);
    assert_eq!(
        home.count("SELECT COUNT(DISTINCT story) FROM story_item"),
        1
    );
    let text = digest(&home, &at(23, 12));
    assert!(text.contains("2 outlets"), "{text}");
    assert_eq!(home.count("SELECT COUNT(*) FROM told"), 2);

    let later = "Live: Pellan counts the damage";
    publish(
        &home,
        &server,
        "harrow",
        &[(9, later, "Morning came.")],
        &at(24, 7),
    );
    assert_eq!(pending(&home), 0, "an edit by itself is no news");
    // What is placed next is compared with what the page said when it was placed.
    let near: Article<'_> = (5, "Typhoon Rosal nears Pellan", "");
    publish(&home, &server, "meridian", &[near], &at(24, 8));
    assert_eq!(
        home.count("SELECT COUNT(DISTINCT story) FROM story_item"),
        1
    );
}
