//! Hostile text, and text that does not run in Latin letters.

use expect_test::expect_file;

use super::check;
use crate::digest::samples::sample;
use crate::model::StoryId;

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
    for (outlet, title) in [
        (
            "Quay\u{202e} & <Sons>",
            "=?utf-8?Q?=0D?=\r\nBcc: <b>other</b> {{ 7 * 7 }}",
        ),
        ("z".repeat(300).as_str(), "w".repeat(900).as_str()),
        ("Weir Watch", "\u{202e}\u{7}\u{200b}"),
    ] {
        let other = sample.also(outlet, 20, title);
        other.story = Some(StoryId(1));
        other.link = Some("javascript:alert(2)".to_owned());
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
    sample.also("Gulf Shipping", 55, "Four ports reopen");
    sample.also("Quay مصر", 60, "12 سفن تنتظر in Haifa");
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
