//! Whole messages. `UPDATE_EXPECT=1` rewrites them under `tests/data/mail`: read the diff, and look at them.

use expect_test::{ExpectFile, expect_file};
use jiff::SignedDuration;
use jiff::civil::date;

use super::lint::lint;
use super::material::*;
use super::samples::{Sample, ago, alert, sample};
use crate::model::Origin;

/// Compares both parts with their files, and the HTML with what mail clients can do.
#[track_caller]
fn check(sample: &Sample, text: ExpectFile, html: ExpectFile) {
    let message = sample.message().expect("a message");
    let rendered = &message.rendered;
    let head = format!(
        "From: {}\nSubject: {}\n",
        rendered.from_name, rendered.subject
    );
    text.assert_eq(&format!("{head}\n{}", rendered.text));
    html.assert_eq(&rendered.html);
    lint(rendered);
}

macro_rules! golden {
    ($sample:expr, $name:literal) => {
        check(
            &$sample,
            expect_file![concat!("../../tests/data/mail/", $name, ".txt")],
            expect_file![concat!("../../tests/data/mail/", $name, ".html")],
        )
    };
}

#[test]
fn an_empty_digest_with_trouble() {
    let mut sample = sample();
    sample.topic("River ports", &[0; 15]);
    sample.topic("Grain prices", &[1; 15]);
    sample.material.known_troubles = 2;
    sample.material.feeds.gaps = 1;
    sample.news(
        "Delta Pilots",
        FeedEvent::Quiet {
            last_new: ago(9 * 1_440),
            usual: SignedDuration::from_hours(24),
        },
        &[],
    );
    sample.news(
        "Lower Ferry Gazette",
        FeedEvent::Failing {
            since: ago(1_730),
            attempts: 9,
            error: "HTTP 404".to_owned(),
        },
        &["Grain prices"],
    );
    sample.news(
        "Estuary Post",
        FeedEvent::Gap {
            from: ago(700),
            to: ago(460),
        },
        &["River ports", "Grain prices"],
    );
    sample.news(
        "Old Quay Bulletin",
        FeedEvent::Gone { since: ago(1_500) },
        &[],
    );
    sample.news(
        "Mill Lane News",
        FeedEvent::Recovered { since: ago(5_000) },
        &[],
    );
    sample.news(
        "Weir Watch",
        FeedEvent::Added {
            stored: 40,
            matching: 3,
        },
        &[],
    );
    golden!(sample, "empty-with-trouble");
}

#[test]
fn one_story() {
    let mut sample = sample();
    sample.topic("River ports", &[0, 1, 1]);
    sample.article(
        "Estuary Post",
        18,
        "Pilots at Low Ferry accept the night roster",
        "The vote ends a dispute of five weeks. Tugs return to three shifts on Monday, and the dredger follows in January.",
        &["Pilots", "dredger"],
    );
    golden!(sample, "one-story");
}

#[test]
fn a_morning() {
    golden!(morning(), "morning");
}

/// The kind of the design's reference: leads, several outlets, three scripts, unusual volume, quiet topics, trouble.
pub(super) fn morning() -> Sample {
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
    sample.also("Delta Pilots", 55, "One fee for six towns");
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
    };
    sample.news("Lower Ferry Gazette", failing, &["Grain prices"]);
    sample
}

#[test]
fn everything_beside_the_news() {
    golden!(odds(), "odds");
}

/// An update, counters, a resurfaced archive, a replaced feed, a sensitive topic, a snoozed one, changed headlines.
pub(super) fn odds() -> Sample {
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
            },
        ),
        ("Ferry Forum", FeedEvent::Guids),
        ("Field Notes", FeedEvent::Replaced { at: ago(12) }),
    ] {
        sample.news(feed, what, &[]);
    }
    sample
}

#[test]
fn the_first_digest_is_empty_and_says_that_all_is_well() {
    let mut sample = sample();
    sample.topic("River ports", &[]);
    sample.topic("Grain prices", &[]);
    sample.material.first = true;
    sample.material.since = None;
    sample.material.feeds = FeedFigures {
        feeds: 12,
        failing: 0,
        polls: 12,
        failed: 0,
        gaps: 0,
    };
    sample.digest.declared = false;
    golden!(sample, "first");
}

/// A story that its outlets keep telling: what they add stands under it, what they only touched up does not.
#[test]
fn a_story_with_later_articles() {
    golden!(developing(), "developing");
}

pub(super) fn developing() -> Sample {
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
fn five_hundred_matches() {
    let mut sample = sample();
    for topic in 0..25 {
        sample.topic(&format!("Topic {topic} of many"), &[topic; 15]);
        for number in 0..20 {
            sample.article(
                &format!("Outlet {}", number % 7),
                number * 13 + i64::from(topic),
                &format!("Headline {number} of topic {topic}, which is as long as headlines are wont to be"),
                &"A sentence of the teaser that says a little more. ".repeat(8),
                &["Headline"],
            );
        }
    }
    golden!(sample, "five-hundred");
    let settled = sample.message().expect("a message").settled;
    assert_eq!(settled.leaving.len(), 500);
}

#[test]
fn an_alert() {
    golden!(port_alert(), "alert");
}

pub(super) fn port_alert() -> Sample {
    let mut sample = alert();
    sample.topic("Strikes", &[1; 15]);
    sample.article(
        "Harbour & Freight",
        4,
        "Crane drivers at Sallow Point begin a fourth day of strike over remote control rooms",
        "Talks resume at noon. The union wants one driver within sight of each remote control crane.",
        &["Sallow Point", "remote control"],
    );
    sample.also("Sallow Evening News", 9, "Fourth day of strike");
    sample
}

#[test]
fn a_follow_up_alert_answers_the_first() {
    let mut sample = port_alert();
    let thread = Thread {
        message_id: "<digest.alerts.1@x>".to_owned(),
        parent: None,
        subject: "Crane drivers walk out".to_owned(),
    };
    sample.material.stories[0].told = Some(ToldBefore {
        at: ago(500),
        followup: Followup::Marked,
        thread: Some(thread.clone()),
    });
    golden!(sample, "alert-follow-up");
    assert_eq!(
        sample.message().expect("a message").rendered.thread,
        Some(thread)
    );
}

#[test]
fn an_alert_with_more() {
    let mut sample = port_alert();
    sample.article(
        "Estuary Post",
        3,
        "Tug crews join the strike",
        "They met at dawn.",
        &["strike"],
    );
    sample.topic("Grain prices", &[1; 15]);
    sample.article(
        "Mill Lane News",
        2,
        "Wheat jumps on strike news",
        "",
        &["Wheat"],
    );
    golden!(sample, "alert-with-more");
}

#[test]
fn hostile_text() {
    let mut sample = sample();
    sample.topic("Names <b>&amp;", &[1; 15]);
    let titles = [
        "Two lines\r\nBcc: victim@mail.example".to_owned(),
        "=?utf-8?Q?=0D=0ABcc:victim@mail.example?= encoded".to_owned(),
        "\u{1b}[31mred\u{1b}[0m bell\u{7} nul\0".to_owned(),
        "safe \u{202e}gpj.exe\u{202c} \u{2067}isolate".to_owned(),
        "x".repeat(1_200),
        "<script>alert(1)</script> & \"quotes\" 'single' {{ 7 * 7 }} {% raw %}".to_owned(),
        format!("Z{}lgo", "\u{30d}".repeat(80)),
        String::new(),
    ];
    for title in titles {
        sample.article(
            "Out<let>\r\n",
            9,
            &title,
            &format!("{title}\n\n{}", "y".repeat(1_200)),
            &[],
        );
    }
    let links = [
        "javascript:alert(1)",
        "https://me:secret@host.example/\u{202e}a b\"><img src=x>",
        "https://аpple.example/",
        "data:text/html,<b>",
        "HTTP://UPPER.example/A?b=<c>&d='e'",
        "ftp://files.example/x",
    ];
    for (candidate, link) in sample.material.candidates.iter_mut().zip(links) {
        candidate.link = Some(link.to_owned());
        candidate.lang = Some("\"><x".to_owned());
    }
    golden!(sample, "hostile");
}

#[test]
fn right_to_left_only() {
    let mut sample = sample();
    sample.digest.name = "نشرة الصباح".to_owned();
    sample.topic("الموانئ", &[1; 15]);
    for (minutes, title) in [
        (10, "إضراب عمال الميناء يدخل يومه الرابع"),
        (30, "ארבעה נמלים פתחו מחדש"),
    ] {
        let article = sample.article(
            "بوابة الساحل",
            minutes,
            title,
            "تستأنف المحادثات ظهر اليوم. تنتظر إحدى عشرة سفينة خارج كاسر الأمواج.",
            &[],
        );
        article.lang = Some(if minutes == 10 { "ar" } else { "he" }.to_owned());
    }
    sample.also("صحيفة البحر", 50, "اليوم الرابع من الإضراب");
    golden!(sample, "right-to-left");
}

#[test]
fn wide_only() {
    let mut sample = sample();
    sample.digest.name = "朝のまとめ".to_owned();
    sample.topic("港湾の自動化", &[1; 15]);
    for (minutes, lang, title) in [
        (
            10,
            "ja",
            "港のクレーン運転士、遠隔操作をめぐりストライキ四日目に入る　正午に協議を再開へ、沖合で十一隻が待機",
        ),
        (
            20,
            "zh",
            "港口起重机司机因远程控制室问题进入罢工第四天，十一艘船只在防波堤外等候",
        ),
        (
            30,
            "ko",
            "항만 크레인 기사들, 원격 조종실 문제로 나흘째 파업",
        ),
    ] {
        let article = sample.article(
            "北斗産業新聞",
            minutes,
            title,
            &format!("{title}。").repeat(9),
            &[],
        );
        article.lang = Some(lang.to_owned());
    }
    golden!(sample, "wide");
}
