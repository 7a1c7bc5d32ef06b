//! Messages with much in them.

use expect_test::expect_file;
use jiff::SignedDuration;
use jiff::civil::date;

use super::check;
use crate::digest::compose::How;
use crate::digest::material::*;
use crate::digest::samples::{Sample, ago, sample};
use crate::model::Origin;

#[test]
fn a_morning() {
    golden!(morning(), "morning");
}

/// The kind of the design's reference: leads, several outlets, three scripts, unusual volume, quiet topics, trouble.
pub(in crate::digest) fn morning() -> Sample {
    let mut sample = sample();
    sample.topic(
        "River ports",
        &[3, 5, 4, 2, 6, 4, 3, 4, 5, 2, 4, 6, 5, 4, 14],
    );
    let ports = sample.material.topics[0].id;
    sample.article(
        "Estuary Post",
        18,
        "Six river towns agree one pilotage fee for barges & tugs",
        "A single tariff will replace six from March. Owners of LNG barges get a track of 30 days, and pilots keep their \
         own berthing fee.",
        &["pilotage", "LNG"],
    );
    sample.also(
        "Northgate Business",
        40,
        "Towns along the river settle on a common fee",
    );
    sample.also("Delta Pilots", 55, "Six river towns agree one pilotage fee");
    sample.also("Capital Record", 90, "Barge owners welcome the common fee");
    sample.article(
        "Delta Pilots",
        105,
        "Lock at Varn stays shut for two more quarters, citing steel prices",
        "The lock keeper's crew will stay. Two shippers were offered slots at the older lock until August.",
        &["Lock", "shippers"],
    );
    let japanese = sample.article(
        "北斗産業新聞",
        150,
        "河川港の荷役設備、国内三社が共同窓口を設置へ　納期短縮で増産を後押し",
        "三社は来年四月から荷役設備の部品在庫を共有し、停止時間を平均で四割減らす計画。海外の保守拠点との連携も検討する。",
        &["荷役設備"],
    );
    japanese.lang = Some("ja".to_owned());
    for (minutes, outlet, title, term) in [
        (
            535,
            "Capital Record",
            "Committee on waterways publishes a 214-page report on single-gauge risk in locks and recommends a shared reserve of gates",
            "gauge",
        ),
        (
            680,
            "Northgate Business",
            "Used-barge auction clears 1.4 million as small yards stock up",
            "barge",
        ),
        (
            700,
            "Elm Valley Courier",
            "Dredging at Low Ferry pauses for the salmon run",
            "Dredging",
        ),
        (
            720,
            "Estuary Post",
            "Harbour board votes to deepen the eastern basin",
            "Harbour",
        ),
        (
            745,
            "Weir Watch",
            "Low water keeps the grain barges at half load",
            "barges",
        ),
        (
            760,
            "Delta Pilots",
            "Night berthing returns to Sallow Point after eleven years",
            "berthing",
        ),
        (
            790,
            "Capital Record",
            "Court lifts the ban on pusher tugs above the third lock",
            "tugs",
        ),
        (
            800,
            "Mill Lane News",
            "Mooring fees rise in nine of eleven towns",
            "Mooring",
        ),
        (
            815,
            "Northgate Business",
            "Two shipyards bid for the electric ferry order",
            "ferry",
        ),
        (
            840,
            "Weir Watch",
            "Sensors under the old quay report from their first winter",
            "quay",
        ),
        (
            860,
            "Estuary Post",
            "Customs house to open a desk on the south bank",
            "Customs",
        ),
    ] {
        sample.article(outlet, minutes, title, "", &[term]);
    }
    sample.topic(
        "Grain prices",
        &[4, 2, 5, 4, 0, 4, 7, 4, 3, 2, 4, 5, 7, 5, 2],
    );
    let arabic = sample.article(
        "بوابة الساحل",
        185,
        "ميناء الرأس الأزرق يبدأ تشغيل رافعات كهربائية للحبوب بعد تجربة استمرت عامًا",
        "قالت إدارة الميناء إن الدفعة الأولى تضم اثنتي عشرة من رافعات الحبوب، وإن زمن الانتظار انخفض بنحو الربع.",
        &["رافعات"],
    );
    arabic.lang = Some("ar".to_owned());
    sample.article(
        "Mill Lane News",
        830,
        "Millers publish a first common checklist for wet grain",
        "",
        &["wet grain"],
    );
    sample
        .topic("Strikes", &[0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 0, 1, 0, 1])
        .high_priority = true;
    sample.article(
        "Harbour & Freight",
        40,
        "Crane drivers at Sallow Point begin a fourth day of strike over remote control rooms",
        "Talks resume at noon. The union wants one driver within sight of each remote control crane. Eleven vessels are \
         waiting outside the breakwater.",
        &["strike", "union"],
    );
    sample.also_in(ports);
    sample.also(
        "Sallow Evening News",
        90,
        "Fourth day of strike at the point",
    );
    sample.topic("Tides", &[0; 15]);
    sample.topic("Coast rail", &[0; 15]);
    let quiet = FeedEvent::Quiet {
        last_new: ago(9 * 1_440),
        usual: SignedDuration::from_hours(24),
    };
    sample.news("Harbour Authority bulletins", quiet, &[]);
    let failing = FeedEvent::Failing {
        since: ago(1_730),
        attempts: 9,
        error: "HTTP 404".to_owned(),
        until: None,
    };
    sample.news("Lower Ferry Gazette", failing, &["Grain prices"]);
    sample
}

#[test]
fn everything_beside_the_news() {
    golden!(odds(), "odds");
}

/// An update, counters, a resurfaced archive, a replaced feed, a sensitive topic, a snoozed one, changed headlines.
pub(in crate::digest) fn odds() -> Sample {
    let mut sample = sample();
    sample.topic(
        "Grain prices",
        &[4, 2, 5, 4, 0, 4, 7, 4, 3, 2, 4, 5, 7, 5, 1],
    );
    sample.article(
        "Mill Lane News",
        830,
        "Millers publish a first common checklist for wet grain",
        "",
        &["wet grain"],
    );
    let late = sample.article(
        "Mill Lane News",
        60 * 24 * 400,
        "Grain prices in the dry year",
        "",
        &["Grain"],
    );
    late.origin = Origin::Late;
    let replaced = sample.article("Field Notes", 10, "Ten ways to store grain", "", &["grain"]);
    replaced.origin = Origin::Replaced;
    sample.topic("Company matters", &[0, 1, 0, 1]).sensitive = true;
    sample.article(
        "Capital Record",
        25,
        "Hollis & Sons to close its yard",
        "The board met on Sunday.",
        &["Hollis"],
    );
    sample.topic("Ferry fares", &[0; 15]);
    sample.article(
        "Estuary Post",
        12,
        "Ferry fare freeze extended to the islands",
        "The freeze now covers the islands. It was to end in December.",
        &["Ferry fare"],
    );
    sample.told(
        1_440,
        Followup::Words(vec!["islands".to_owned(), "extended".to_owned()]),
    );
    sample.article(
        "Delta Pilots",
        300,
        "Ferry fares once more",
        "",
        &["Ferry fares"],
    );
    sample.told(900, Followup::Nothing);
    sample.topic("Tides", &[0; 15]);
    sample.topic("Coast rail", &[0; 15]).snooze = Some(date(2026, 12, 24));
    sample.article(
        "Estuary Post",
        30,
        "Coast rail works begin",
        "",
        &["Coast rail"],
    );
    sample.topic("Bridges", &[0; 15]).snooze = Some(date(2026, 11, 23));
    sample
        .article(
            "Estuary Post",
            600,
            "Old bridge is painted",
            "",
            &["bridge"],
        )
        .matched_at = ago(590);
    sample.topic("Floods", &[0; 15]).min_outlets = 3;
    sample.article(
        "Weir Watch",
        600,
        "Water in the lower meadows",
        "",
        &["Water"],
    );
    sample
        .material
        .stories
        .last_mut()
        .expect("just pushed")
        .closed = true;
    sample.material.elsewhere = vec![
        Elsewhere {
            digest: "Alerts".to_owned(),
            at: ago(1_000),
            stories: 1,
        },
        Elsewhere {
            digest: "Alerts".to_owned(),
            at: ago(36),
            stories: 2,
        },
    ];
    sample.material.edits = vec![
        Edit {
            outlet: "Estuary Post".to_owned(),
            old: "Bridge to open in May".to_owned(),
            new: Some("Bridge to open in June".to_owned()),
            link: Some("https://estuarypost.example/bridge".to_owned()),
        },
        Edit {
            outlet: "Capital Record".to_owned(),
            old: "Minister resigns".to_owned(),
            new: None,
            link: None,
        },
    ];
    sample.material.watchlist.problems = 3;
    for (feed, what) in [
        ("Weir Watch", FeedEvent::Resumed),
        (
            "Quay Weekly",
            FeedEvent::Moved {
                to: "https://quay.example/feed".to_owned(),
                same_as: None,
            },
        ),
        ("Ferry Forum", FeedEvent::Guids),
        ("Field Notes", FeedEvent::Replaced { at: ago(12) }),
    ] {
        sample.news(feed, what, &[]);
    }
    sample
}

/// A story that its outlets keep telling: what they add stands under it, what they only touched up does not.
#[test]
fn a_story_with_later_articles() {
    golden!(developing(), "developing");
}

pub(in crate::digest) fn developing() -> Sample {
    let mut sample = sample();
    sample.topic("Strikes", &[0, 1, 0, 0, 2, 1]);
    sample.article(
        "Harbour & Freight",
        400,
        "Crane drivers at Sallow Point begin a fourth day of strike over remote control rooms",
        "Talks resume at noon. The union wants one driver within sight of each remote control crane.",
        &["strike", "union"],
    );
    for (minutes, outlet, title) in [
        (
            380,
            "Sallow Evening News",
            "Fourth day of strike at the point",
        ),
        (
            340,
            "Harbour & Freight",
            "Crane drivers at Sallow Point begin a fourth day of strike over remote control room",
        ),
        (
            200,
            "Harbour & Freight",
            "Eleven vessels leave the queue at Sallow Point for the southern harbours & will not come back this week",
        ),
        (
            150,
            "Sallow Evening News",
            "FOURTH DAY OF STRIKE AT THE POINT",
        ),
        (
            120,
            "Harbour & Freight",
            "Port authority offers one driver for two cranes",
        ),
        (90, "بوابة الساحل", "إضراب سائقي الرافعات يدخل يومه الرابع"),
        (
            60,
            "Sallow Evening News",
            "Union rejects the offer of the port authority",
        ),
        (30, "بوابة الساحل", "النقابة ترفض عرض إدارة الميناء"),
        (
            10,
            "Harbour & Freight",
            "Second round of talks ends without a deal",
        ),
    ] {
        let article = sample.also(outlet, minutes, title);
        if !outlet.is_ascii() {
            article.lang = Some("ar".to_owned());
        }
    }
    sample.topic("Company matters", &[0, 1]).sensitive = true;
    sample.article(
        "Capital Record",
        55,
        "Hollis to close its yard",
        "",
        &["Hollis"],
    );
    sample.also("Capital Record", 25, "Yard of Hollis goes to a rival");
    sample
}

#[test]
fn forty_full_stories() {
    let mut sample = sample();
    for topic in 0..14 {
        sample.topic(&format!("Topic {topic}"), &[3; 15]);
        for number in 0..3 {
            let text = "The council heard three speakers on the bridge and put the vote off until the spring. ".repeat(6);
            sample.article(
                "Estuary Post",
                number,
                &format!("Story {number} of topic {topic}"),
                &text,
                &["Story", "bridge"],
            );
        }
    }
    golden!(sample, "forty-full");
    let told = sample.message().expect("a message").settled.told;
    let full = told.iter().filter(|told| told.how == How::Full);
    assert_eq!(full.count(), 40);
}
