//! What the feeds of the benchmark look like: RSS as newspapers write it, about 25 items of 250 words and numbers each.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};

/// Items that a document shows.
pub(crate) const ITEMS: u32 = 25;
/// The same where so many feeds are asked that the database would take gigabytes.
pub(crate) const FEW_ITEMS: u32 = 5;
/// Items that are new in a document that has changed.
const NEW_AT_ONCE: u32 = 2;
/// One feed of this many has changed in a round in which anything has.
pub(crate) const ONE_IN: u32 = 20;

/// When the first round is.
pub(crate) fn start() -> Timestamp {
    "2026-11-02T00:00:00Z".parse().expect("a moment")
}

/// Each feed has an address of its own, and so is a domain of its own.
pub(crate) fn address(feed: u32) -> Ipv4Addr {
    let [_, a, b, c] = (feed + 256).to_be_bytes();
    Ipv4Addr::new(127, a, b, c)
}

/// Where a feed is asked.
pub(crate) fn url(feed: u32, port: u16) -> String {
    format!("http://{}:{port}/{feed}.xml", address(feed))
}

/// How often a feed has changed after so many rounds in which one in twenty has.
pub(crate) fn version(feed: u32, rounds: u32) -> u32 {
    (1..=rounds)
        .filter(|round| (feed + round).is_multiple_of(ONE_IN))
        .count() as u32
}

/// The document of a feed in a version, with so many items.
pub(crate) fn document(feed: u32, version: u32, items: u32) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>\n<title>Outlet {feed} - World</title>\n\
         <link>https://www.outlet{feed}.example/world</link>\n<description>The news of outlet {feed}</description>\n\
         <language>en-gb</language>\n"
    );
    let newest = items + version * NEW_AT_ONCE;
    for number in (newest - items..newest).rev() {
        item(&mut text, feed, number);
    }
    text.push_str("</channel></rss>\n");
    text
}

fn item(text: &mut String, feed: u32, number: u32) {
    let mut words = Words::new(feed, number);
    let title = words.sentence(9);
    let link = format!(
        "https://www.outlet{feed}.example/world/2026/11/{number}-{}",
        title.to_lowercase().replace(' ', "-")
    );
    let date =
        start() - SignedDuration::from_hours(24) + SignedDuration::from_mins(40) * number as i32;
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let teaser: Vec<String> = (0..3).map(|_| words.sentence(16)).collect();
    let teaser = teaser.join(". ");
    let section = words.word();
    write!(
        text,
        "<item>\n<title><![CDATA[{title}]]></title>\n<link>{link}?utm_source=rss</link>\n\
         <guid isPermaLink=\"false\">outlet{feed}-{number}</guid>\n<pubDate>{date}</pubDate>\n\
         <dc:creator>Correspondent {}</dc:creator>\n<category>{section}</category>\n\
         <description>&lt;p&gt;{teaser}.&lt;/p&gt; &lt;a href=\"{link}\"&gt;Read on&lt;/a&gt;</description>\n</item>\n",
        feed % 7,
    )
    .expect("a string takes all");
}

/// Words that look like chance and are the same for the same item.
struct Words(u64);

impl Words {
    fn new(feed: u32, number: u32) -> Words {
        Words((u64::from(feed) << 32 | u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    fn word(&mut self) -> String {
        // One word in 2,000 is rare, so that one item in 40 or so interests a topic.
        if self.next(2_000) == 0 {
            return RARE[self.next(RARE.len())].to_owned();
        }
        // Half of a text are a hundred words, and the rest follows Zipf's law.
        match self.next(2) {
            0 => COMMON[self.next(COMMON.len())].to_owned(),
            _ => self.seldom(),
        }
    }

    /// One of `SELDOM` words; the nth most frequent comes in proportion to 1/n.
    fn seldom(&mut self) -> String {
        let part = self.next(1 << 20) as f64 / f64::from(1 << 20);
        let mut rest = SELDOM.powf(part) as usize;
        let mut word = String::new();
        while rest > 0 {
            word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
            rest /= SYLLABLES.len();
        }
        word
    }

    fn sentence(&mut self, words: usize) -> String {
        let mut sentence: Vec<String> = (0..words).map(|_| self.word()).collect();
        if let Some(first) = sentence.first_mut() {
            *first = first[..1].to_uppercase() + &first[1..];
        }
        if self.next(3) == 0 {
            sentence.push(format!("{}", self.next(3_000)));
        }
        sentence.join(" ")
    }
}

/// As many words as a newspaper uses.
const SELDOM: f64 = 30_000.0;

const SYLLABLES: [&str; 24] = [
    "ka", "ro", "mi", "ten", "sol", "ver", "lan", "dis", "por", "tal", "ne", "gu", "ster", "bel",
    "ru", "con", "fa", "tri", "mon", "ze", "hol", "qui", "ans", "ble",
];

const RARE: [&str; 5] = ["Mosul", "earthquake", "Lufthansa", "ransomware", "Orinoco"];

const COMMON: [&str; 120] = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "for",
    "on",
    "with",
    "after",
    "says",
    "over",
    "from",
    "as",
    "at",
    "by",
    "new",
    "government",
    "minister",
    "president",
    "police",
    "court",
    "city",
    "people",
    "officials",
    "report",
    "country",
    "parliament",
    "election",
    "party",
    "leader",
    "talks",
    "deal",
    "border",
    "forces",
    "army",
    "attack",
    "killed",
    "wounded",
    "protest",
    "strike",
    "workers",
    "union",
    "company",
    "bank",
    "market",
    "prices",
    "oil",
    "gas",
    "energy",
    "climate",
    "storm",
    "flood",
    "fire",
    "rain",
    "heat",
    "water",
    "river",
    "village",
    "school",
    "hospital",
    "doctors",
    "health",
    "virus",
    "vaccine",
    "study",
    "research",
    "university",
    "space",
    "mission",
    "ship",
    "port",
    "train",
    "airport",
    "road",
    "bridge",
    "crash",
    "rescue",
    "missing",
    "found",
    "first",
    "last",
    "week",
    "month",
    "year",
    "million",
    "billion",
    "percent",
    "hundreds",
    "thousands",
    "rise",
    "fall",
    "cut",
    "plan",
    "law",
    "bill",
    "vote",
    "rights",
    "women",
    "children",
    "families",
    "refugees",
    "aid",
    "support",
    "visit",
    "summit",
    "agreement",
    "trade",
    "tax",
    "budget",
    "debt",
    "crisis",
    "war",
    "peace",
    "film",
    "music",
    "football",
    "match",
    "team",
    "final",
];

/// Five topics, of the kinds that the language has.
pub(crate) const TOPICS: &str = r#"
[[topic]]
name = "Mosul"
any = ["Mosul", "Nineveh", "Islamic State"]
none = ["Mosul Dam tours"]
[[topic]]
name = "Earthquakes"
query = 'title:earthquake OR (earthquake NEAR/8 (killed OR rescue OR missing))'
[[topic]]
name = "Airlines"
any = ["Lufthansa", "Air France", "strike at the airport"]
[[topic]]
name = "Ransomware"
query = '(ransomware OR "data breach") AND NOT football'
[[topic]]
name = "Orinoco"
query = '/orinoco(belt|s)?/ OR orinoco~1'
"#;
