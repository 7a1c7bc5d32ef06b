//! Which topics want an item.

use std::hash::Hasher;

use jiff::civil::Date;
use siphasher::sip::SipHasher13;

use crate::query::index::Index;
use crate::query::{Compiled, Document, Lists, Prepared, QueryError, Rule, Verdict};
use crate::text::html::{shown, shown_plain};

/// A topic as the watchlist declares it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topic {
    /// Unique in the watchlist.
    pub name: String,
    /// Names a digest's `topics` may use.
    pub tags: Vec<String>,
    /// What it asks for.
    pub rule: Rule,
    /// First in the digest and in its subject.
    pub high_priority: bool,
    /// Titles only in the mail, no excerpt.
    pub sensitive: bool,
    /// Silent until the start of this day.
    pub snooze: Option<Date>,
    /// Whether its items are grouped into stories.
    pub group: bool,
    /// Its tests, run by `check` and at every reload.
    pub expects: Vec<Expect>,
}

/// One `[[topic.expect]]`: an item that the topic must take or leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Whether it must match.
    pub matches: bool,
    /// HTML fragment.
    pub title: String,
    /// HTML fragment.
    pub summary: String,
    /// HTML fragment.
    pub content: String,
    /// BCP 47 tag; empty: unknown.
    pub lang: String,
    /// A declared name or tag; empty: none.
    pub feed: String,
}

/// The topics of a watchlist, ready to judge items.
#[derive(Debug)]
pub struct Watch {
    topics: Vec<Topic>,
    index: Index,
}

/// A topic that wants an item.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicMatch {
    /// Index among [`Watch::topics`].
    pub topic: usize,
    /// Its score and evidence.
    pub verdict: Verdict,
}

impl Watch {
    /// Makes topics ready, or names all mistakes, each with the index of its topic.
    pub fn compile(topics: Vec<Topic>, lists: &Lists) -> Result<Watch, Vec<(usize, QueryError)>> {
        let rules = topics.iter().map(|topic| &topic.rule);
        let index = Index::compile(rules, lists)?;
        Ok(Watch { topics, index })
    }

    /// The topics in the order of the file.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// The topics that want an item, in the order of the file, in one pass over it.
    pub fn judge(&self, prepared: &Prepared) -> Vec<TopicMatch> {
        let verdicts = self.index.judge(prepared).into_iter();
        verdicts
            .map(|(topic, verdict)| TopicMatch { topic, verdict })
            .collect()
    }

    /// What topic number `topic` asks, ready to be judged by itself.
    pub fn compiled(&self, topic: usize) -> Option<&Compiled> {
        self.index.compiled(topic)
    }
}

/// Who published an item: the registrable domain of its link by the public suffix list, private part included; without a
/// usable link the feed (SPEC 1.1).
pub fn publisher(link: Option<&str>, feed: &str) -> String {
    let address = link.and_then(|link| url::Url::parse(link.trim()).ok());
    let host = address.as_ref().and_then(url::Url::host_str);
    let Some(host) = host.filter(|host| !host.is_empty()) else {
        return feed.to_owned();
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // An address in numbers has no domain, and a bare suffix is its own.
    let is_name = address
        .as_ref()
        .is_some_and(|address| address.domain().is_some());
    match psl::domain_str(&host).filter(|_| is_name) {
        Some(domain) => domain.to_owned(),
        None => host,
    }
}

/// A number that changes when what the topic asks changes, and is the same in every run. What only decides how matches are
/// mailed (tags, priority, snooze, tests) does not count, nor does the name.
pub fn query_hash(topic: &Topic, lists: &Lists) -> i64 {
    let mut hash = StableHash(SipHasher13::new());
    let rule = &topic.rule;
    let no_fields = Vec::new();
    let texts = [
        &rule.any,
        &rule.all,
        &rule.none,
        rule.fields.as_ref().unwrap_or(&no_fields),
        &rule.feeds,
        &rule.languages,
    ];
    for texts in texts {
        hash.texts(texts);
    }
    hash.text(rule.query.as_deref().unwrap_or_default());
    hash.number(u64::from(rule.min_outlets));
    hash.number(rule.min_score.to_bits());
    // A list that is put in is part of what is asked, and so are those in it.
    let mut used: Vec<&str> = Vec::new();
    let query = rule.query.iter();
    let mut open: Vec<&String> = rule
        .any
        .iter()
        .chain(&rule.all)
        .chain(&rule.none)
        .chain(query)
        .collect();
    while let Some(text) = open.pop() {
        let braced = text.split('{').skip(1);
        let braced = braced.filter_map(|rest| rest.split('}').next());
        for (name, terms) in braced.filter_map(|inside| lists.get_key_value(inside.trim())) {
            if !used.contains(&name.as_str()) {
                used.push(name);
                open.extend(terms);
            }
        }
    }
    used.sort_unstable();
    for name in used {
        hash.text(name);
        hash.texts(&lists[name]);
    }
    hash.0.finish() as i64
}

/// Texts with their lengths, so that no two sequences of texts look the same.
struct StableHash(SipHasher13);

impl StableHash {
    fn number(&mut self, number: u64) {
        self.0.write(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.write(text.as_bytes());
    }

    fn texts(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }
}

/// Runs one test of a topic; the error says why it fails. `feed_tags` are the tags of the declared feed that the test
/// names, or nothing.
pub fn run_expect(
    compiled: &Compiled,
    expect: &Expect,
    feed_tags: &[String],
) -> Result<(), String> {
    let named = std::iter::once(expect.feed.clone()).filter(|name| !name.is_empty());
    // A test may name the feed or one of its tags; as both, it passes `feeds` either way.
    let tags: Vec<String> = named.chain(feed_tags.iter().cloned()).collect();
    let title = shown(&expect.title);
    let (summary, content) = (shown(&expect.summary), shown(&expect.content));
    let prepared = Prepared::new(&Document {
        title: &title,
        summary: &summary,
        content: &content,
        feed: &shown_plain(&expect.feed),
        tags: &tags,
        lang: Some(&expect.lang),
        ..Document::default()
    });
    let verdict = compiled.judge(&prepared);
    match (expect.matches, verdict.matched) {
        (true, false) => Err(format!("it must match, but {}", compiled.miss(&prepared))),
        (false, true) => {
            let mut terms: Vec<String> = verdict
                .evidence
                .iter()
                .map(|hit| format!("`{}`", hit.term))
                .collect();
            terms.sort();
            terms.dedup();
            Err(match terms.is_empty() {
                true => "it must be rejected, but it matches".to_owned(),
                false => format!("it must be rejected, but {} hits", terms.join(", ")),
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Expect, Topic, Watch, publisher, query_hash, run_expect};
    use crate::query::{Code, Document, Lists, Prepared, Rule};

    fn topic(query: &str) -> Topic {
        Topic {
            rule: Rule {
                query: Some(query.to_owned()),
                ..Rule::default()
            },
            ..Topic::default()
        }
    }

    fn lists(more: &[&str]) -> Lists {
        let more: Vec<String> = more.iter().map(|term| (*term).to_owned()).collect();
        let names = vec!["{more}".to_owned()];
        [("names".to_owned(), names), ("more".to_owned(), more)].into()
    }

    #[test]
    fn a_publisher_is_a_registrable_domain_or_the_feed() {
        for (link, name) in [
            ("https://edition.cnn.com/a", "cnn.com"),
            ("https://CNN.com./a", "cnn.com"),
            ("https://news.bbc.co.uk/a", "bbc.co.uk"),
            ("https://ann.github.io/a", "ann.github.io"),
            ("https://192.168.0.1/a", "192.168.0.1"),
            ("https://co.uk/", "co.uk"),
            ("not a link", "BBC World"),
        ] {
            assert_eq!(publisher(Some(link), "BBC World"), name);
        }
        assert_eq!(publisher(None, "BBC World"), "BBC World");
    }

    #[test]
    fn a_hash_changes_with_what_is_asked_and_with_nothing_else() {
        let plain = topic("Mosul OR {names}");
        let hash = query_hash(&plain, &lists(&["Raqqa"]));
        assert_ne!(
            hash,
            query_hash(&topic("Mosul OR {more}"), &lists(&["Raqqa"]))
        );
        assert_ne!(
            hash,
            query_hash(&plain, &lists(&["Sinjar"])),
            "a list inside a list counts"
        );
        let renamed = Topic {
            name: "other".to_owned(),
            high_priority: true,
            ..plain.clone()
        };
        assert_eq!(hash, query_hash(&renamed, &lists(&["Raqqa"])));
        let unrelated = topic("Mosul");
        assert_eq!(
            query_hash(&unrelated, &lists(&["Raqqa"])),
            query_hash(&unrelated, &lists(&["Sinjar"]))
        );
        // Stored: a change of this number makes every topic look edited.
        assert_eq!(query_hash(&unrelated, &lists(&[])), 2023685828490859595);
    }

    #[test]
    fn a_watch_names_the_topics_that_want_an_item() {
        let topics = vec![topic("Mosul"), topic("Raqqa"), topic("{names} OR Iraq")];
        let watch = Watch::compile(topics, &lists(&["Mosul"])).expect("valid topics");
        let prepared = Prepared::new(&Document {
            title: "Mosul",
            ..Document::default()
        });
        let found: Vec<usize> = watch
            .judge(&prepared)
            .into_iter()
            .map(|found| found.topic)
            .collect();
        assert_eq!(found, [0, 2]);
        assert_eq!(watch.topics().len(), 3);
        assert!(
            watch
                .compiled(2)
                .is_some_and(|compiled| compiled.judge(&prepared).matched)
        );
    }

    #[test]
    fn a_watch_names_every_mistake() {
        let topics = vec![topic("a b"), topic("Mosul"), topic("NOT x")];
        let errors = Watch::compile(topics, &Lists::new()).expect_err("two wrong topics");
        let found: Vec<(usize, Code)> = errors
            .into_iter()
            .map(|(topic, error)| (topic, error.code))
            .collect();
        assert_eq!(
            found,
            [(0, Code::OperatorMissing), (2, Code::MatchesEverything)]
        );
    }

    #[test]
    fn a_test_of_a_topic_says_why_it_fails() {
        let topics = vec![topic("Mosul NOT football AND feed:world AND lang:en")];
        let watch = Watch::compile(topics, &Lists::new()).expect("a valid topic");
        let compiled = watch.compiled(0).expect("there is one");
        let expect = |matches: bool, title: &str, lang: &str| Expect {
            matches,
            title: title.to_owned(),
            lang: lang.to_owned(),
            feed: "World".to_owned(),
            ..Expect::default()
        };
        let run = |expect: Expect| run_expect(compiled, &expect, &[]);
        assert_eq!(run(expect(true, "<b>Mosul</b>", "")), Ok(()));
        assert_eq!(run(expect(false, "Mosul football", "en")), Ok(()));
        assert_eq!(
            run(expect(true, "Mosul football", "en")),
            Err("it must match, but `football` is in the text, which is excluded".to_owned())
        );
        assert_eq!(
            run(expect(false, "Mosul", "en")),
            Err("it must be rejected, but `Mosul` hits".to_owned())
        );
        assert_eq!(
            run(expect(true, "Mosul", "de")),
            Err("it must match, but the language is `de`, not `en`".to_owned())
        );
    }
}
