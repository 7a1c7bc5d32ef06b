//! Every operator of the language.

use super::{check, judge_item, rule};
use crate::query::{Document, Rule};

fn terms(terms: &[&str]) -> Vec<String> {
    terms.iter().map(|term| (*term).to_owned()).collect()
}

#[test]
fn a_term_is_whole_words_in_any_case() {
    check(
        "Mosul",
        &[
            "MOSUL",
            "Mosul’s",
            "#Mosul",
            "<b>Mo</b>sul",
            "Mo&shy;sul",
            "Mosul¹",
        ],
        &["Formosul", "Mosuls"],
    );
    check("art", &["state-of-the-art"], &["artful"]);
    check("Mali", &["Mali:"], &["Somalia"]);
    check("McDonald", &["McDonald’s"], &[]);
    check("McDonald's", &["at McDonald’s"], &["Ronald McDonald"]);
}

#[test]
fn exact_compares_case_and_marks() {
    check(
        "=ISIS",
        &["ISIS", "the ISIS’ flag", "ISIS's"],
        &["Isis", "isis"],
    );
    check("=US", &["US", "the U.S. army", "U.S"], &["us", "Us"]);
    check("=WHO", &["WHO"], &["Who"]);
    check("=Orban", &["Orban"], &["Orbán"]);
    check("=Orbán", &["Orbán"], &["Orban", "ORBÁN"]);
    check("=Quran", &["Qur’an"], &["quran"]);
    check("=Mueller", &["Mueller"], &["Müller"]);
    check("=\"Abu Bakr\"", &["Abu Bakr"], &["abu Bakr"]);
    check("=Iraq*", &["Iraqi", "Iraq"], &["IRAQI", "iraqi"]);
}

#[test]
fn a_phrase_stays_in_one_sentence_and_paragraph() {
    check(
        "\"Fox News\"",
        &[
            "Fox News",
            "Fox-News",
            "Fox (News)",
            "Fox, News",
            "“Fox” News",
        ],
        &[
            "Fox. News",
            "Fox | News",
            "Fox<br>News",
            "Fox<p>News",
            "“Fox.” News",
            "Fox and News",
            "News Fox",
        ],
    );
    check(
        "\"Yahoo! News\"",
        &["Yahoo! News", "Yahoo News"],
        &["Yahoo!<p>News"],
    );
    check("\"Yahoo News\"", &["Yahoo News"], &["Yahoo! News"]);
    check("\"Gov. Newsom\"", &["Gov. Newsom", "Gov Newsom"], &[]);
    check(
        "\"John F. Kennedy\"",
        &["John F. Kennedy", "John F Kennedy"],
        &[],
    );
}

#[test]
fn sentences_end_where_a_reader_sees_it() {
    check(
        "\"Apple Watch\"",
        &["Apple Watch"],
        &["Apple! Watch", "Apple? Watch", "Apple… Watch"],
    );
    check("\"US Army\"", &["the U.S. Army"], &[]);
    check("\"3 Mai\"", &["am 3. Mai"], &[]);
    check("\"Smith Jones\"", &[], &["Mr. Smith. Jones"]);
    check("\"Mr Smith\"", &["Mr. Smith", "MR. SMITH"], &[]);
    check("東京地震", &["東京 地震"], &["東京！」地震", "東京。地震"]);
    check("\"node js\"", &["node. js"], &["node. JS"]);
}

#[test]
fn hyphens_of_a_term_part_or_join() {
    check(
        "al-Baghdadi",
        &["al-Baghdadi", "al Baghdadi", "Albaghdadi", "al—Baghdadi"],
        &["Baghdadi"],
    );
    check(
        "state-of-the-art",
        &["state of the art", "stateoftheart"],
        &["state ofthe art"],
    );
    check("cooperation", &[], &["co-operation"]);
    check("e-mail", &["email", "e mail", "e-mail"], &[]);
    check("email", &["e-mail"], &["e mail"]);
    check("resign", &[], &["re-sign"]);
    check("MH17", &["MH-17"], &["MH 17"]);
    check("MH-17", &["MH17", "MH 17", "MH-17"], &[]);
    check(
        "\"leader al-Baghdadi dead\"",
        &["leader Albaghdadi dead", "leader al Baghdadi dead"],
        &["leader dead"],
    );
}

#[test]
fn other_signs_take_no_blank() {
    check("9/11", &["9/11", "9-11", "9–11"], &["9, 11", "9 11", "911"]);
    check("Node.js", &["Node.js", "node/js"], &["node. JS", "node js"]);
    check("CVE-2024-3094", &["CVE-2024-3094:"], &["CVE-2024-30949"]);
}

#[test]
fn a_lone_star_is_exactly_one_word() {
    check(
        "\"bank of * scotland\"",
        &["Bank of Old Scotland", "bank of (old) Scotland"],
        &[
            "Bank of Scotland",
            "Bank of very old Scotland",
            "Bank of old. Scotland",
        ],
    );
    check("\"a * * b\"", &["a x y b"], &["a x b", "a x y z b"]);
}

#[test]
fn wildcards_match_within_a_word() {
    check(
        "Iraq*",
        &["Iraq", "Iraqi", "Iraqis", "#Iraqi", "Iraq's"],
        &["Ira q"],
    );
    check("Pesh*rga", &["Peshmerga"], &["Peshmergas"]);
    check("wom?n", &["woman", "women"], &["womn", "womaan"]);
    check("Sm??hs", &["Smiths"], &["Smths"]);
    check("Mosul?", &["Mosul"], &["Mosuls"]);
    check("Mosu?*", &["Mosul", "Mosulites"], &["Mosu"]);
    check(
        "al-Bagh*",
        &["al-Baghdadi", "al Baghdad", "Albaghdadi"],
        &["Baghdad"],
    );
    check("#Iraq*", &["#Iraqi"], &["Iraqi"]);
    check(r#""5\* hotel""#, &["5* hotel", "5 hotel"], &["50 hotel"]);
}

#[test]
fn letters_may_differ_in_long_words() {
    check(
        "Baghdadi~1",
        &["Bahgdadi", "Baghdad", "Baghdadii", "Bagdadi"],
        &["Daghdadi", "Bagdad"],
    );
    check("Iran~1", &["Iran"], &["Iraq", "Irans"]);
    check("Baghdadi~2", &["Bagdad"], &["Bagda"]);
    check("Mosul~2", &["Mosul"], &["Mosil"]);
    check("=Baghdadi~1", &["Bagdadi"], &["bagdadi", "BAGHDADI"]);
    check("=البغداد*", &["والبغدادي"], &[]);
    check("\"Abu Baghdadi\"~1", &["Abu Bagdadi"], &["Abo Bagdadi"]);
    check("Peshmerga~1", &["#Peshmerge"], &[]);
}

#[test]
fn stems_are_compared_in_the_named_language() {
    check("bomb~stem", &["Bombing", "bombs", "bombed"], &["bombastic"]);
    check("attack~stem", &["Attacks continue"], &[]);
    check("Häuser~stem.de", &["Haus", "Hauses"], &[]);
    check(
        "\"air strike\"~stem",
        &["air strikes", "airs striking"],
        &["airy strike"],
    );
}

#[test]
fn signs_of_a_term_are_needed_in_the_text() {
    check("#Mosul", &["#Mosul", "in #mosul!"], &["Mosul", "a#Mosul"]);
    check("C++", &["C++", "C++."], &["C", "C#", "C+"]);
    check("AT&T", &["AT&amp;T", "AT&amp;amp;T"], &["AT T", "AT and T"]);
    check("AT&amp;T", &["AT&amp;T"], &[]);
    check("\"S&P 500\"", &["S&amp;P 500"], &["S P 500"]);
    check("P", &["S&amp;P"], &[]);
    check("B&B&C", &["B&amp;B&amp;C"], &["B&amp;B C", "B&amp;C"]);
    check("50%", &["50%."], &["50"]);
    check("$5bn", &["a $5bn deal"], &["5bn"]);
    check(".NET", &["on .NET 9", "(.NET)"], &["example.net"]);
    check("@UN", &["@UN"], &["press@un.org"]);
}

#[test]
fn initials_are_read_as_one() {
    check(
        "\"J. K. Rowling\"",
        &["J.K. Rowling", "J K Rowling", "JK Rowling"],
        &["K Rowling"],
    );
    check("\"JK Rowling\"", &["J. K. Rowling", "J.K. Rowling"], &[]);
    check("EU", &["E.U."], &[]);
    check("U.S.", &["U.S.", "US"], &[]);
}

#[test]
fn near_is_within_words_in_one_paragraph() {
    check(
        "Mosul NEAR/2 troops",
        &["troops enter the Mosul", "Mosul troops"],
        &["troops have entered the Mosul", "troops<p>Mosul"],
    );
    check("Mosul NEAR/2 troops", &["troops. Mosul"], &[]);
    check("x1 NEAR/5 x1", &["x1 and x1"], &["x1"]);
    check(
        "ISIS ONEAR/3 Mosul",
        &["ISIS out of Mosul"],
        &["Mosul rid of ISIS"],
    );
    check(
        "Iran NEAR/s talks",
        &["Iran: Dr. Zarif resumes talks", "talks in Iran"],
        &["Iran agreed. Talks go on."],
    );
    check(
        "Iran NEAR/p talks",
        &["Iran agreed. Talks go on.", "talks.<br>Iran"],
        &["Iran<p>talks", "Iran<br><br>talks"],
    );
    check("Iran ONEAR/s talks", &["Iran talks"], &["talks Iran"]);
    check("a1 NEAR/0 b1", &["a1 b1", "b1 a1"], &["a1 x b1"]);
}

#[test]
fn chains_go_from_left_to_right() {
    check(
        "a1 ONEAR/0 b1 ONEAR/0 c1",
        &["a1 b1 c1"],
        &["b1 c1 a1", "c1 a1 b1"],
    );
    check(
        "a1 NEAR/0 b1 NEAR/0 c1",
        &["a1 b1 c1", "c1 a1 b1"],
        &["a1 c1 b1"],
    );
    check("a1 ONEAR/0 (b1 ONEAR/0 c1)", &["a1 b1 c1"], &["a1 c1 b1"]);
    check("a1 NEAR/1 b1 UNLESS \"b1 c1\"", &["a1 b1"], &["a1 b1 c1"]);
}

#[test]
fn a_text_of_one_word_does_not_take_for_ever() {
    let text = "x1 ".repeat(20_000);
    check("x1 NEAR/p x1 NEAR/p x1 NEAR/99 x1", &[&text], &["x1 x1"]);
    check("x1 NOTNEAR/p x1 UNLESS x1", &[], &[&text]);
    check("ATLEAST/20000(x1)", &[&text], &["x1"]);
}

#[test]
fn notnear_and_unless_leave_what_is_free() {
    check(
        "Apple NOTNEAR/0 \"apple juice\"",
        &["Apple and apple juice", "Apple"],
        &["Apple, apple juice", "apple juice"],
    );
    check(
        "Jaguar NOTNEAR/3 (car OR cars)",
        &["Jaguar in the zoo"],
        &["Jaguar recalls cars", "cars by Jaguar"],
    );
    check("a1 NOTNEAR/s b1", &["a1. B1"], &["a1 and b1", "b1, a1"]);
    check("a1 NOTNEAR/p b1", &["a1<p>b1"], &["a1. B1"]);
    check(
        "Paris UNLESS \"Paris Hilton\"",
        &["Paris Hilton in Paris", "Paris"],
        &["Paris Hilton’s dog"],
    );
    check(
        "\"New York\" UNLESS \"York Times\"",
        &["New York"],
        &["New York Times"],
    );
    check(
        "Apple UNLESS \"apple juice\" UNLESS \"apple pie\"",
        &["Apple"],
        &["apple juice", "apple pie", "apple juice, apple pie"],
    );
    check("Baghdadi UNLESS {baghdadi}", &[], &["Baghdadi"]);
}

#[test]
fn counting_takes_parts_or_hits() {
    check(
        "ANY/2(Mosul, Raqqa, Sinjar)",
        &["Mosul, Sinjar"],
        &["Mosul, Mosul"],
    );
    check(
        "ANY/2({baghdadi}, Mosul)",
        &["Baghdadi in Mosul"],
        &["Abu Bakr al-Baghdadi"],
    );
    check("ATLEAST/3(Mosul)", &["Mosul Mosul Mosul"], &["Mosul Mosul"]);
    check(
        "ATLEAST/2({baghdadi})",
        &["Baghdadi, al-Baghdadi"],
        &["al-Baghdadi", "Abu Bakr al-Baghdadi"],
    );
    check(
        "ATLEAST/2(\"Abu Bakr\" OR \"Abu Bakr al-Baghdadi\")",
        &["Abu Bakr. Abu Bakr"],
        &["Abu Bakr al-Baghdadi"],
    );
    check("ATLEAST/2(a1 NEAR/1 b1)", &["a1 b1 x a1 b1"], &["a1 b1 a1"]);
}

#[test]
fn hits_of_all_fields_count_together() {
    let document = Document {
        title: "Mosul",
        content: "Mosul",
        ..Document::default()
    };
    assert!(judge_item(&rule("ATLEAST/2(Mosul)"), &document).matched);
    assert!(!judge_item(&rule("title:ATLEAST/2(Mosul)"), &document).matched);
}

#[test]
fn not_takes_the_whole_proximity_expression() {
    check(
        "ISIS NOT claims NEAR/2 attack",
        &["ISIS claims"],
        &["ISIS claims the attack"],
    );
    check(
        "Mosul AND (ISIS OR Daesh) NOT football",
        &["Mosul Daesh"],
        &["Mosul", "Mosul ISIS football"],
    );
    check("NOT (NOT Mosul)", &["Mosul"], &["Iraq"]);
    check("a1 OR b1 AND c1", &["a1", "b1 c1"], &["b1"]);
}

#[test]
fn regexes_search_the_match_text() {
    check(r"/\b[A-Z]{4}\b/", &["ISIS"], &["isis"]);
    check(r"/audio: \w+ leader/i", &["Audio: ISIS leader"], &[]);
    check(r"/a.b/", &["axb"], &["a<p>b", "a<br>b"]);
    check(r"/(?m)^b\w/", &["a<p>bc"], &["a bc"]);
    check(r"/a\nb/", &["a<p>b", "a<br>b"], &["a b"]);
    check(r"/9\/11/", &["9/11"], &[]);
    check(r"/it's/", &["it’s"], &[]);
    check(
        "/etc/passwd",
        &["etc/passwd", "/etc/passwd"],
        &["etc passwd"],
    );
}

#[test]
fn fields_say_where() {
    let document = Document {
        title: "title1 both1",
        summary: "summary1 both1",
        content: "content1",
        author: "Ann Author\n\nBob Writer",
        category: "World News\n\nMiddle East",
        link: Some("https://www.heavy.com/news/al-baghdadi%20audio"),
        ..Document::default()
    };
    let yes = [
        "title:title1",
        "summary,content:content1",
        "text:summary1",
        "author:\"Ann Author\"",
        "category:news",
        "link:baghdadi",
        "link:heavy",
        "link:audio",
        "lead:title1",
        "lead:summary1",
        "title:(x OR content:content1)",
        "title1 AND content1",
        "content,lead:content1",
    ];
    let no = [
        "title:content1",
        "Ann",
        "category:\"News Middle\"",
        "author:\"Author Bob\"",
        "lead:content1",
        "summary:content1",
        "title1 NEAR/p summary1",
        "\"both1 summary1\"",
        "heavy",
    ];
    for query in yes {
        assert!(judge_item(&rule(query), &document).matched, "{query}");
    }
    for query in no {
        assert!(!judge_item(&rule(query), &document).matched, "{query}");
    }
}

#[test]
fn the_lead_is_the_title_and_sixty_words() {
    let text = format!("{} sixtieth after", "word ".repeat(59));
    for (summary, content) in [(text.as_str(), ""), ("…", text.as_str())] {
        let document = Document {
            title: "title1",
            summary,
            content,
            ..Document::default()
        };
        for (query, matched) in [
            ("lead:title1", true),
            ("lead:sixtieth", true),
            ("lead:after", false),
            ("lead:\"sixtieth after\"", false),
            ("lead:/sixtieth/", true),
            ("lead:/after/", false),
        ] {
            assert_eq!(
                judge_item(&rule(query), &document).matched,
                matched,
                "{query}"
            );
        }
    }
}

#[test]
fn filters_look_at_the_item() {
    let tags = terms(&["world", "Nah-Ost"]);
    let document = Document {
        title: "Mosul",
        link: Some("https://www.heavy.com/a"),
        feed: "BBC World Service",
        tags: &tags,
        lang: Some("en_US"),
        ..Document::default()
    };
    for query in [
        "site:heavy.com",
        "site:www.heavy.com",
        "site:HEAVY.com",
        "feed:world",
        "feed:\"bbc world\"",
        "feed:nah-ost",
        "lang:en",
        "lang:EN-us",
        "lang:(ar OR en)",
        "Mosul NOT lang:ar",
        "site:(a.com OR heavy.com)",
        "site:com",
    ] {
        assert!(judge_item(&rule(query), &document).matched, "{query}");
    }
    for query in [
        "site:eavy.com",
        "site:m.heavy.com",
        "feed:bb",
        "feed:nah",
        "lang:e",
        "lang:ar",
        "Mosul NOT lang:en",
        "Mosul NOT site:heavy.com",
    ] {
        assert!(!judge_item(&rule(query), &document).matched, "{query}");
    }
    let idn = Document {
        link: Some("https://www.köln.de/"),
        ..Document::default()
    };
    assert!(judge_item(&rule("site:köln.de"), &idn).matched);
    assert!(judge_item(&rule("site:xn--kln-sna.de"), &idn).matched);
}

#[test]
fn an_unknown_language_passes_every_filter() {
    check("Mosul AND lang:en", &["Mosul"], &[]);
    check("Mosul NOT lang:en", &["Mosul"], &[]);
    check("Mosul AND NOT (lang:en AND x1)", &["Mosul"], &[]);
    check("Mosul AND NOT NOT lang:en", &["Mosul"], &[]);
    check("Mosul AND NOT (Mosul AND NOT lang:en)", &["Mosul"], &[]);
}

#[test]
fn all_keys_of_a_topic_must_hold() {
    let topic = Rule {
        any: terms(&["Mosul", "New York", "{cities}"]),
        all: terms(&["ISIS"]),
        none: terms(&["football", "lang:de"]),
        query: Some("Iraq OR Syria\n".to_owned()),
        ..Rule::default()
    };
    for (title, matched) in [
        ("Mosul ISIS Iraq", true),
        ("New York ISIS Syria", true),
        ("Sinjar ISIS Iraq", true),
        ("Raqqa ISIS Iraq", true),
        ("New ISIS York Iraq", false),
        ("Mosul Iraq", false),
        ("Mosul ISIS", false),
        ("Mosul ISIS Iraq football", false),
    ] {
        let document = Document {
            title,
            ..Document::default()
        };
        assert_eq!(judge_item(&topic, &document).matched, matched, "{title}");
    }
}

#[test]
fn feeds_take_whole_names_and_tags() {
    let tags = terms(&["world"]);
    for (wanted, name, matched) in [
        ("World", "x", true),
        ("world service", "World  Service", true),
        ("World", "World Service", true),
        ("Service", "World Service", false),
    ] {
        let topic = Rule {
            any: terms(&["Mosul"]),
            feeds: terms(&[wanted]),
            ..Rule::default()
        };
        let document = Document {
            title: "Mosul",
            feed: name,
            tags: &tags,
            ..Document::default()
        };
        assert_eq!(
            judge_item(&topic, &document).matched,
            matched,
            "{wanted} {name}"
        );
    }
}

#[test]
fn the_fields_key_is_a_default() {
    let topic = |query: &str| Rule {
        query: Some(query.to_owned()),
        fields: Some(terms(&["title"])),
        ..Rule::default()
    };
    let document = Document {
        title: "a1",
        content: "b1",
        ..Document::default()
    };
    for (query, matched) in [
        ("a1", true),
        ("b1", false),
        ("content:b1", true),
        ("a1 AND content:b1", true),
    ] {
        assert_eq!(
            judge_item(&topic(query), &document).matched,
            matched,
            "{query}"
        );
    }
}
