//! The bundled feeds themselves.

/// A bundled feed: what an outlet publishes, and what it publishes two hours later.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// What the demo's watchlist calls it.
    pub name: &'static str,
    /// What its server calls it.
    pub content_type: &'static str,
    pub(super) first: &'static str,
    /// Only if something changes.
    pub(super) second: Option<&'static str>,
}

/// The demo's watchlist, with a placeholder for each address.
pub(super) const WATCHLIST: &str = include_str!("watchlist.toml");

/// All of them.
pub const FEEDS: &[Bundled] = &[
    Bundled {
        name: "al-rafid",
        content_type: "application/rss+xml",
        first: include_str!("feeds/al-rafid.xml"),
        second: None,
    },
    Bundled {
        name: "capital-record",
        content_type: "application/rss+xml",
        first: include_str!("feeds/capital-record.xml"),
        second: None,
    },
    Bundled {
        name: "cherwell-and-isis",
        content_type: "application/rss+xml",
        first: include_str!("feeds/cherwell-and-isis.xml"),
        second: None,
    },
    Bundled {
        name: "corvane-advisories",
        content_type: "application/atom+xml",
        first: include_str!("feeds/corvane-advisories.xml"),
        second: Some(include_str!("feeds/corvane-advisories.round2.xml")),
    },
    Bundled {
        name: "dnipro-visnyk",
        content_type: "application/atom+xml",
        first: include_str!("feeds/dnipro-visnyk.xml"),
        second: None,
    },
    Bundled {
        name: "harbour-and-freight",
        content_type: "application/rss+xml",
        first: include_str!("feeds/harbour-and-freight.xml"),
        second: None,
    },
    Bundled {
        name: "harrow-times",
        content_type: "application/rss+xml",
        first: include_str!("feeds/harrow-times.xml"),
        second: None,
    },
    Bundled {
        name: "hokuto-shimpo",
        content_type: "application/rss+xml",
        first: include_str!("feeds/hokuto-shimpo.xml"),
        second: None,
    },
    Bundled {
        name: "meridian-post",
        content_type: "application/rss+xml",
        first: include_str!("feeds/meridian-post.xml"),
        second: Some(include_str!("feeds/meridian-post.round2.xml")),
    },
    Bundled {
        name: "nevskaya-volna",
        content_type: "application/rss+xml",
        first: include_str!("feeds/nevskaya-volna.xml"),
        second: None,
    },
    Bundled {
        name: "northgate",
        content_type: "application/atom+xml",
        first: include_str!("feeds/northgate.xml"),
        second: Some(include_str!("feeds/northgate.round2.xml")),
    },
    Bundled {
        name: "patchday",
        content_type: "application/feed+json",
        first: include_str!("feeds/patchday.json"),
        second: None,
    },
    Bundled {
        name: "polar-reader",
        content_type: "application/rss+xml",
        first: include_str!("feeds/polar-reader.xml"),
        second: None,
    },
    Bundled {
        name: "silicon-ledger",
        content_type: "application/feed+json",
        first: include_str!("feeds/silicon-ledger.json"),
        second: None,
    },
    Bundled {
        name: "tigris-monitor",
        content_type: "application/atom+xml",
        first: include_str!("feeds/tigris-monitor.xml"),
        second: None,
    },
];
