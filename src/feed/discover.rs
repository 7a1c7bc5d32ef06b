//! The feeds of a web page.
//!
//! What the page declares comes first (`link rel=alternate`, the autodiscovery of RSS and Atom), then links of the page that look
//! like feeds, feeds of comments last in each. Where a page has neither, the usual places are worth one request each.

use std::collections::BTreeMap;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use url::Url;

use super::{Context, decode};

/// A feed that a page points to, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Absolute address, http or https.
    pub url: String,
    /// What the page calls it.
    pub title: Option<String>,
    /// Where the knowledge comes from; the best first.
    pub evidence: Evidence,
    /// Whether it seems to hold the comments of readers, not the articles.
    pub is_comments: bool,
}

/// How a candidate was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The page declares it as its feed.
    Declared,
    /// The page links to something that looks like a feed.
    Linked,
    /// Feeds are often there.
    Guessed,
}

/// More candidates than anyone wants to choose from.
const MAX_CANDIDATES: usize = 50;

/// The feeds that a page declares or links to, the best first; `context.url` is the page's address.
pub fn feeds_of_page(bytes: &[u8], context: &Context<'_>) -> Vec<Candidate> {
    let page = decode::decode(bytes, context.content_type).text;
    let mut base = Url::parse(context.url).ok();
    let mut has_base = false;
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut found: Vec<Candidate> = Vec::new();
    for Ok(token) in Tokenizer::new_with_emitter(&*page, emitter) {
        let Token::StartTag(tag) = token else {
            continue;
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
        let attributes: Attributes = tag
            .attributes
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        let candidate = match tag.name.as_slice() {
            // The first one counts (HTML, section 4.2.3).
            b"base" if !has_base => {
                if let Some(own) = attributes
                    .get("href")
                    .and_then(|href| join(base.as_ref(), href))
                {
                    base = Some(own);
                    has_base = true;
                }
                None
            }
            b"link" => declared(&attributes, base.as_ref()),
            b"a" => linked(&attributes, base.as_ref()),
            _ => None,
        };
        if let Some(candidate) = candidate
            && !found
                .iter()
                .any(|known| known.url == candidate.url && known.evidence <= candidate.evidence)
        {
            found.retain(|known| known.url != candidate.url);
            found.push(candidate);
        }
    }
    // The sort is stable: what is equal stays in the order of the page, which puts its main feed first.
    found.sort_by_key(|candidate| (candidate.is_comments, candidate.evidence));
    found.truncate(MAX_CANDIDATES);
    found
}

/// Where a site's feed often is, for pages that do not say: below the page itself, then at the root of the site.
pub fn usual_places(page: &str) -> Vec<Candidate> {
    const PATHS: [&str; 8] = [
        "feed",
        "feed.xml",
        "rss",
        "rss.xml",
        "atom.xml",
        "index.xml",
        "feed.json",
        "feeds/posts/default",
    ];
    let Ok(page) = Url::parse(page) else {
        return Vec::new();
    };
    let mut directory = page.clone();
    directory.set_query(None);
    directory.set_fragment(None);
    let is_file = page
        .path()
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains('.'));
    if !is_file && !page.path().ends_with('/') {
        directory.set_path(&format!("{}/", page.path()));
    }
    let mut found: Vec<Candidate> = Vec::new();
    for base in [directory.join("./"), page.join("/")].into_iter().flatten() {
        for url in PATHS
            .iter()
            .filter_map(|path| base.join(path).ok())
            .filter(is_web)
        {
            let url = String::from(url);
            if !found.iter().any(|known| known.url == url) {
                found.push(Candidate {
                    url,
                    title: None,
                    evidence: Evidence::Guessed,
                    is_comments: false,
                });
            }
        }
    }
    found
}

type Attributes = BTreeMap<String, String>;

/// `<link rel="alternate" type="application/rss+xml" href="…">`, and `rel="feed"`.
fn declared(attributes: &Attributes, base: Option<&Url>) -> Option<Candidate> {
    let relation = attributes.get("rel")?.to_ascii_lowercase();
    let mut relations = relation.split_ascii_whitespace();
    let kind = attributes
        .get("type")
        .map(|kind| kind.to_ascii_lowercase())
        .unwrap_or_default();
    let is_feed = relations.clone().any(|relation| relation == "feed")
        || (relations.any(|relation| relation == "alternate")
            && is_feed_type(&kind, attributes.get("href")?));
    is_feed
        .then(|| candidate(attributes, base, Evidence::Declared))
        .flatten()
}

fn is_feed_type(kind: &str, href: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind {
        "application/rss+xml"
        | "application/atom+xml"
        | "application/rdf+xml"
        | "application/feed+json" => true,
        "application/rss" | "application/atom" | "text/rss" | "text/atom" | "text/rss+xml"
        | "text/atom+xml" => true,
        // Sites declare their APIs and embeddings by these, too.
        "application/json" | "application/xml" | "text/xml" => looks_like_feed(href),
        _ => false,
    }
}

/// An anchor whose address ends as those of feeds do.
fn linked(attributes: &Attributes, base: Option<&Url>) -> Option<Candidate> {
    let href = attributes.get("href")?;
    looks_like_feed(href)
        .then(|| candidate(attributes, base, Evidence::Linked))
        .flatten()
}

fn looks_like_feed(href: &str) -> bool {
    let path = href
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    matches!(
        last,
        "feed"
            | "feeds"
            | "rss"
            | "rss2"
            | "atom"
            | "rdf"
            | "feed.json"
            | "index.xml"
            | "feed.php"
            | "rss.php"
    ) || last.ends_with(".rss")
        || last.ends_with(".atom")
        || last.ends_with(".rdf")
        || (last.ends_with(".xml")
            && (last.contains("feed") || last.contains("rss") || last.contains("atom")))
}

fn candidate(attributes: &Attributes, base: Option<&Url>, evidence: Evidence) -> Option<Candidate> {
    let url = join(base, attributes.get("href")?).filter(is_web)?;
    let title = attributes
        .get("title")
        .filter(|title| !title.is_empty())
        .cloned();
    let is_comments = is_comments(url.path(), title.as_deref().unwrap_or_default());
    Some(Candidate {
        url: url.into(),
        title,
        evidence,
        is_comments,
    })
}

fn join(base: Option<&Url>, href: &str) -> Option<Url> {
    // The scheme of programs that subscribe.
    let href = href.strip_prefix("feed://").map_or_else(
        || href.strip_prefix("feed:").unwrap_or(href).to_owned(),
        |rest| format!("http://{rest}"),
    );
    match base {
        Some(base) => base.join(&href).ok(),
        None => Url::parse(&href).ok(),
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// By the address, and by the title in the languages of the systems that make such feeds.
fn is_comments(path: &str, title: &str) -> bool {
    const WORDS: [&str; 12] = [
        "comment",
        "kommentar",
        "comentario",
        "comentário",
        "commenti",
        "reacties",
        "комментари",
        "komentar",
        "yorum",
        "評論",
        "评论",
        "コメント",
    ];
    let (path, title) = (path.to_ascii_lowercase(), title.to_lowercase());
    path.contains("comment") || WORDS.iter().any(|word| title.contains(word))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn list(candidates: &[Candidate]) -> String {
        let line = |candidate: &Candidate| {
            let comments = if candidate.is_comments {
                ", comments"
            } else {
                ""
            };
            let title = candidate.title.as_deref().unwrap_or("-");
            format!(
                "{} ({title}, {:?}{comments})\n",
                candidate.url, candidate.evidence
            )
        };
        candidates.iter().map(line).collect()
    }

    #[track_caller]
    fn check(page: &str, expect: Expect) {
        let context = Context {
            url: "https://news.example.org/world/",
            content_type: None,
        };
        expect.assert_eq(&list(&feeds_of_page(page.as_bytes(), &context)));
    }

    #[test]
    fn declared_feeds_come_before_links_and_comments_last() {
        check(
            r#"<html><head>
            <link rel=alternate type="application/rss+xml" title="News &raquo; Comments Feed" href="/comments/feed/">
            <LINK REL="home ALTERNATE" TYPE="application/atom+xml; charset=utf-8" HREF="atom.xml" title="News">
            <link rel="alternate" type="application/json+oembed" href="/oembed">
            <link rel="alternate" hreflang="de" href="/de/">
            </head><body><a href="/sport/rss">Sport</a> <a href="/about">About</a>
            <a href="feed://other.example/feed">Other</a></body>"#,
            expect![[r"
                https://news.example.org/world/atom.xml (News, Declared)
                https://news.example.org/sport/rss (-, Linked)
                http://other.example/feed (-, Linked)
                https://news.example.org/comments/feed/ (News » Comments Feed, Declared, comments)
            "]],
        );
    }

    #[test]
    fn addresses_count_from_the_base_of_the_page() {
        check(
            r#"<base href="https://cdn.example.org/x/"><link rel="alternate" type="application/rss+xml" href="rss.xml">"#,
            expect![[r"
                https://cdn.example.org/x/rss.xml (-, Declared)
            "]],
        );
    }

    #[test]
    fn links_in_scripts_and_comments_are_none() {
        check(
            r#"<script>var a = '<link rel="alternate" type="application/rss+xml" href="a.xml">';</script>
            <!-- <link rel="alternate" type="application/rss+xml" href="b.xml"> -->"#,
            expect![""],
        );
    }

    #[test]
    fn the_usual_places_are_near_the_page_first() {
        let urls: Vec<String> = usual_places("https://example.org/blog?x=1")
            .into_iter()
            .map(|candidate| candidate.url)
            .collect();
        assert_eq!(urls[0], "https://example.org/blog/feed");
        assert!(urls.contains(&"https://example.org/rss.xml".to_owned()));
        assert_eq!(usual_places("mailto:me"), []);
    }
}
