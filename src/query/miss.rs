//! Why a query does not match: the first reason that a person can act on.

use crate::query::compile::{Compiled, Node, Placed};
use crate::query::lists::{Filter, Goal};
use crate::query::meaning::{find, holds};
use crate::query::prepared::Prepared;
use crate::query::proximity::{apart, nearest};
use crate::query::syntax::{FilterKind, Proximity, Reach};
use crate::query::term::{Reader, Span};

/// Names of one OR that are listed in full.
const MOST_NAMES: usize = 4;

impl Compiled {
    /// The first reason why an item does not match, as a clause; of one that matches, that it does.
    pub fn miss(&self, prepared: &Prepared) -> String {
        let reader = Reader::new(prepared);
        if !self.feed_holds(prepared) {
            let names: Vec<String> = self
                .feeds
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            return format!("the feed is not {}", joined(&names));
        }
        if !self.language_holds(prepared) {
            return wrong_language(prepared, &self.languages);
        }
        if !holds(&self.root, &reader, false) {
            return reason(&self.root, &reader, false);
        }
        let verdict = self.judge(prepared);
        match verdict.matched {
            true => "it matches".to_owned(),
            false => format!(
                "the score is {}, at least {} is asked",
                verdict.score, self.min_score
            ),
        }
    }
}

/// Why a part that is false is false.
fn reason(node: &Node, reader: &Reader<'_>, odd: bool) -> String {
    match node {
        Node::Or(parts) => none_of(parts, reader, odd),
        Node::And(parts) => {
            let first = parts.iter().find(|part| !holds(part, reader, odd));
            first.map_or_else(String::new, |part| reason(part, reader, odd))
        }
        Node::Not(_, part) => presence(part, reader, !odd),
        Node::Any(least, parts) => {
            let count = parts.iter().filter(|part| holds(part, reader, odd)).count();
            let names: Vec<String> = parts.iter().map(name).collect();
            format!(
                "only {count} of {} is true, at least {least} must be",
                joined(&names)
            )
        }
        Node::AtLeast(least, part) => {
            let count = apart(&find(part, reader).spans);
            format!(
                "{} occurs {}, at least {least} are asked",
                name(part),
                times(count)
            )
        }
        Node::Chain(first, links) => not_near(first, links, reader),
        Node::Leaf(_, placed) => absence(placed, reader.prepared),
    }
}

fn none_of(parts: &[Node], reader: &Reader<'_>, odd: bool) -> String {
    if let [part] = parts {
        return reason(part, reader, odd);
    }
    // A part that needs several things and has some of them is the nearest miss.
    let halfway = parts.iter().find(|part| match part {
        Node::And(inner) => inner
            .iter()
            .any(|part| !matches!(part, Node::Not(..)) && holds(part, reader, odd)),
        Node::Chain(first, _) => !find(first, reader).spans.is_empty(),
        _ => false,
    });
    if let Some(part) = halfway {
        return reason(part, reader, odd);
    }
    let names: Vec<String> = parts.iter().map(name).collect();
    let scopes = parts.iter().find_map(|part| match part {
        Node::Leaf(_, placed) => Some(placed.scopes.in_words()),
        _ => None,
    });
    let scope = scopes.unwrap_or_else(|| "the text".to_owned());
    match names.len() {
        2 => format!("neither {} nor {} is in {scope}", names[0], names[1]),
        3..=MOST_NAMES => format!("none of {} is in {scope}", joined(&names)),
        many => format!(
            "none of {}, {} and {} more is in {scope}",
            names[0],
            names[1],
            many - 2
        ),
    }
}

fn absence(placed: &Placed, prepared: &Prepared) -> String {
    match &placed.leaf.goal {
        Goal::Term(_) => format!(
            "`{}` is not in {}",
            placed.leaf.written,
            placed.scopes.in_words()
        ),
        Goal::Regex(_) => format!(
            "{} finds nothing in {}",
            placed.leaf.written,
            placed.scopes.in_words()
        ),
        Goal::Filter(filter) => wrong_filter(filter, prepared),
    }
}

fn wrong_filter(filter: &Filter, prepared: &Prepared) -> String {
    let values: Vec<String> = filter
        .values
        .iter()
        .map(|value| format!("`{}`", value.written))
        .collect();
    match filter.kind {
        FilterKind::Site => format!("the link is not on {}", joined(&values)),
        FilterKind::Feed => format!("the feed is not {}", joined(&values)),
        FilterKind::Lang => {
            let tags: Vec<String> = filter
                .values
                .iter()
                .map(|value| value.folded.clone())
                .collect();
            wrong_language(prepared, &tags)
        }
    }
}

fn wrong_language(prepared: &Prepared, wanted: &[String]) -> String {
    let wanted: Vec<String> = wanted.iter().map(|tag| format!("`{tag}`")).collect();
    match prepared.lang() {
        Some(lang) => format!("the language is `{lang}`, not {}", joined(&wanted)),
        None => format!("the language is unknown, not {}", joined(&wanted)),
    }
}

/// Why a part that is true and must not be is true.
fn presence(part: &Node, reader: &Reader<'_>, odd: bool) -> String {
    match part {
        Node::Or(parts) => {
            let first = parts.iter().find(|part| holds(part, reader, odd));
            first.map_or_else(String::new, |part| presence(part, reader, odd))
        }
        Node::Not(_, part) => reason(part, reader, !odd),
        Node::Leaf(_, placed) if matches!(placed.leaf.goal, Goal::Filter(_)) => {
            format!("{} is excluded", name(part))
        }
        Node::Leaf(_, placed) => format!(
            "{} is in {}, which is excluded",
            name(part),
            placed.scopes.in_words()
        ),
        _ => format!("{} is true, which is excluded", name(part)),
    }
}

/// Why a chain has no hit: the first operator that leaves none.
fn not_near(first: &Node, links: &[(Proximity, Node)], reader: &Reader<'_>) -> String {
    let mut left = find(first, reader).spans;
    if left.is_empty() {
        return reason_without_hits(first, reader);
    }
    let mut before = name(first);
    for (proximity, part) in links {
        let right = find(part, reader).spans;
        let is_wanted = matches!(proximity, Proximity::Near(_) | Proximity::Ordered(_));
        if is_wanted && right.is_empty() {
            return reason_without_hits(part, reader);
        }
        let pairs = crate::query::proximity::pairs(reader.prepared, *proximity, &left, &right);
        if pairs.is_empty() {
            return too_far(
                *proximity,
                (&before, &left),
                (&name(part), &right),
                reader.prepared,
            );
        }
        left = pairs.iter().map(|pair| pair.span).collect();
        left.dedup();
        before = format!("{before} {proximity} {}", name(part));
    }
    String::new()
}

fn reason_without_hits(node: &Node, reader: &Reader<'_>) -> String {
    reason(node, reader, false)
}

fn too_far(
    proximity: Proximity,
    left: (&str, &[Span]),
    right: (&str, &[Span]),
    prepared: &Prepared,
) -> String {
    let ((left, left_spans), (right, right_spans)) = (left, right);
    let nearest = nearest(prepared, left_spans, right_spans);
    match (proximity, nearest) {
        (Proximity::Unless, _) => format!("every {left} is part of {right}"),
        (Proximity::NotNear(_), _) => format!("every {left} is too near to {right}"),
        (_, None) => format!("{left} and {right} are never in one paragraph, side by side"),
        (
            Proximity::Near(Reach::Words(most)) | Proximity::Ordered(Reach::Words(most)),
            Some(between),
        ) if between > most => {
            let words = if between == 1 { "word" } else { "words" };
            format!("{left} and {right} are {between} {words} apart, at most {most}")
        }
        (Proximity::Ordered(_), Some(_)) => format!("no {left} stands before {right}, near enough"),
        (_, Some(_)) => format!("{left} and {right} are never in one sentence"),
    }
}

/// What a part is called: its term, or an expression of its terms.
pub(crate) fn name(node: &Node) -> String {
    match node {
        Node::Leaf(_, placed) => match placed.leaf.goal {
            Goal::Term(_) => format!("`{}`", placed.leaf.written),
            Goal::Regex(_) | Goal::Filter(_) => placed.leaf.written.to_string(),
        },
        Node::Or(parts) => match listed(parts) {
            Some(list) => format!("{{{list}}}"),
            None => operands(parts, " OR "),
        },
        Node::And(parts) => operands(parts, " AND "),
        Node::Any(least, parts) => format!("ANY/{least}{}", operands(parts, ", ")),
        Node::AtLeast(least, part) => format!("ATLEAST/{least}({})", name(part)),
        Node::Not(_, part) => format!("NOT {}", name(part)),
        Node::Chain(first, links) => {
            let links: String = links
                .iter()
                .map(|(proximity, part)| format!(" {proximity} {}", name(part)))
                .collect();
            format!("({}{links})", name(first))
        }
    }
}

/// The list that all of these come from.
fn listed(parts: &[Node]) -> Option<&str> {
    let list = |part: &'_ Node| match part {
        Node::Leaf(_, placed) => placed.leaf.list.clone(),
        _ => None,
    };
    let first = match parts.first()? {
        Node::Leaf(_, placed) => placed.leaf.list.as_deref()?,
        _ => return None,
    };
    parts
        .iter()
        .all(|part| list(part).as_deref() == Some(first))
        .then_some(first)
}

fn operands(parts: &[Node], operator: &str) -> String {
    let mut names: Vec<String> = parts.iter().take(MOST_NAMES).map(name).collect();
    if parts.len() > MOST_NAMES {
        names.push("…".to_owned());
    }
    format!("({})", names.join(operator))
}

fn joined(names: &[String]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        [only] => only.clone(),
        _ => String::new(),
    }
}

fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        many => format!("{many} times"),
    }
}
