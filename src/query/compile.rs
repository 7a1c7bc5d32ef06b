//! A rule made ready to be judged, or all that is wrong with it.

use std::sync::Arc;
use std::vec;

use crate::query::error::{Code, Mistake, Place, QueryError};
use crate::query::lists::{Goal, Leaf, Library, MOST_TERMS, leaf, read_plain};
use crate::query::prepared::{Scopes, language_tag};
use crate::query::syntax::{
    At, Expr, Kind, LARGEST_QUERY, Parsed, Proximity, Scope, check_field, parse,
};
use crate::query::{Lists, Rule};
use crate::text::fold::fold;

/// What a topic asks for, ready to be judged.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(crate) root: Node,
    /// Name as written and folded; empty: all feeds.
    pub(crate) feeds: Vec<(String, String)>,
    /// Tags; empty: all languages.
    pub(crate) languages: Vec<String>,
    pub(crate) min_score: f64,
    min_outlets: u32,
    /// All keys as one expression, printed.
    asked: Box<str>,
}

/// A part of what is asked.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    /// With the byte of the NOT in the query.
    Not(usize, Box<Node>),
    Any(u64, Vec<Node>),
    AtLeast(u64, Box<Node>),
    Chain(Box<Node>, Vec<(Proximity, Node)>),
    Leaf(Guard, Box<Placed>),
}

/// Spellings, by their hashes, of which one must be in an item, or a leaf hits nowhere; `None`: no such spellings are
/// known. It stands beside the leaf, so that most leaves are refused without reading what they are.
pub(crate) type Guard = Option<[u64; 2]>;

/// A leaf where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) leaf: Arc<Leaf>,
    pub(crate) scopes: Scopes,
    /// All weights round it multiplied in.
    pub(crate) weight: f64,
    /// The byte in the query; of a list its brace.
    pub(crate) at: usize,
}

/// Makes a rule ready, or names all its mistakes, the one to show first in front.
pub fn compile(rule: &Rule, lists: &Lists) -> Result<Compiled, Vec<QueryError>> {
    Compiler::new(lists).compile(rule)
}

/// Makes rules ready that share their lists.
pub(crate) struct Compiler<'l> {
    library: Library<'l>,
}

/// The keys of one rule while they are read.
struct Draft {
    errors: Vec<QueryError>,
    /// Trees of what must hold, for people.
    asked: Vec<Expr>,
    nodes: Vec<Node>,
    terms: usize,
    scopes: Scopes,
}

impl<'l> Compiler<'l> {
    pub(crate) fn new(lists: &'l Lists) -> Compiler<'l> {
        Compiler {
            library: Library::new(lists),
        }
    }

    pub(crate) fn compile(&self, rule: &Rule) -> Result<Compiled, Vec<QueryError>> {
        let (scopes, field_errors) = default_fields(rule.fields.as_deref());
        let mut draft = Draft {
            errors: Vec::new(),
            asked: Vec::new(),
            nodes: Vec::new(),
            terms: 0,
            scopes: Scopes::new(&scopes),
        };
        self.plain_terms(&mut draft, &rule.any, Place::Any, Node::Or, Kind::Or);
        self.plain_terms(&mut draft, &rule.all, Place::All, Node::And, Kind::And);
        if let Some(query) = &rule.query {
            self.expression(&mut draft, query);
        } else if rule.any.is_empty() && rule.all.is_empty() {
            let message = "add what must occur: any, all or query";
            draft
                .errors
                .push(Mistake::new(Code::NoPositiveTerm, 0, message).in_place(Place::Topic));
        }
        let positive = draft.nodes.len();
        self.plain_terms(&mut draft, &rule.none, Place::None, Node::Or, Kind::Or);
        draft.negate_from(positive);
        draft.errors.extend(field_errors);
        draft
            .errors
            .extend(empty_values(&rule.languages, Place::Languages));
        draft.errors.extend(empty_values(&rule.feeds, Place::Feeds));
        if draft.terms > MOST_TERMS {
            let message = format!("more than {MOST_TERMS} terms, lists put in: split the topic");
            draft
                .errors
                .push(Mistake::new(Code::TooLarge, 0, message).in_place(Place::Topic));
        }
        draft.finish(rule, scopes)
    }

    fn plain_terms(
        &self,
        draft: &mut Draft,
        terms: &[String],
        place: fn(usize) -> Place,
        join: fn(Vec<Node>) -> Node,
        join_asked: fn(Vec<Expr>) -> Kind,
    ) {
        let mut nodes = Vec::new();
        let mut asked = Vec::new();
        for (index, term) in terms.iter().enumerate() {
            let node = read_plain(term).and_then(|root| {
                let mut leaves = vec![self.ready(innermost(&root))?].into_iter();
                let node = node(&root, draft.scopes, 1.0, &mut leaves);
                asked.push(root);
                Ok(node)
            });
            match node {
                Ok(node) => nodes.extend(node),
                Err(mistake) => draft.errors.push(mistake.in_place(place(index))),
            }
        }
        draft.terms += nodes.iter().map(Node::leaves).sum::<usize>();
        if !nodes.is_empty() {
            draft.nodes.push(single(nodes, join));
            draft.asked.push(single(asked, |parts| Expr {
                at: At(0),
                kind: join_asked(parts),
            }));
        }
    }

    fn expression(&self, draft: &mut Draft, query: &str) {
        let Parsed {
            root,
            mut mistakes,
            leaves,
            operands,
        } = parse(query);
        let mut ready = Vec::new();
        for leaf in &leaves {
            match self.ready(leaf) {
                Ok(leaf) => ready.push(leaf),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        for operand in operands {
            let has_none =
                |name: &String| self.library.get(name).is_ok_and(|list| !list.positional);
            if let Some(name) = operand.lists.iter().find(|name| has_none(name)) {
                let message = format!(
                    "{} joins terms, lists and OR groups: in `{{{name}}}` is a regex, a filter or a field, which have no place in the text",
                    operand.operator
                );
                mistakes.push(Mistake::new(
                    Code::OperandNotPositional,
                    operand.at,
                    message,
                ));
            }
        }
        if query.len() > LARGEST_QUERY {
            let message = "at most 64 KiB in a query: split it, or move a part into a list";
            mistakes.push(Mistake::new(Code::TooLarge, usize::MAX, message));
        }
        mistakes.sort_by_key(|mistake| mistake.at);
        let understood = mistakes.is_empty();
        draft.errors.extend(
            mistakes
                .into_iter()
                .map(|mistake| mistake.in_place(Place::Query)),
        );
        if let Some(root) = root.filter(|_| understood)
            && let Some(node) = node(&root, draft.scopes, 1.0, &mut ready.into_iter())
        {
            draft.terms += node.leaves();
            draft.nodes.push(node);
            draft.asked.push(root);
        }
    }

    /// The leaves that a part of the text stands for: one, or those of its list.
    fn ready(&self, expr: &Expr) -> Result<Ready, Mistake> {
        match &expr.kind {
            Kind::List(name) => match self.library.get(name) {
                Ok(list) => Ok(Ready {
                    leaves: list.leaves.clone(),
                    at: expr.at.0,
                }),
                Err(mistake) => Err(Mistake {
                    at: expr.at.0,
                    ..mistake
                }),
            },
            _ => Ok(Ready {
                leaves: vec![Arc::new(leaf(expr)?)],
                at: expr.at.0,
            }),
        }
    }
}

/// Leaves made from one place of the text.
struct Ready {
    leaves: Vec<Arc<Leaf>>,
    at: usize,
}

impl Draft {
    /// What was added behind the first `positive` parts must not hold.
    fn negate_from(&mut self, positive: usize) {
        if let Some(node) = self.nodes.get_mut(positive) {
            *node = Node::Not(0, Box::new(std::mem::replace(node, Node::Or(Vec::new()))));
        }
        if let Some(asked) = self.asked.get_mut(positive) {
            let part = Box::new(asked.clone());
            asked.kind = Kind::Not(At(0), part);
        }
    }

    fn finish(mut self, rule: &Rule, scopes: Vec<Scope>) -> Result<Compiled, Vec<QueryError>> {
        if !self.errors.is_empty() {
            self.errors.sort_by_key(|error| error.code.comes_last());
            return Err(self.errors);
        }
        let mut asked = single(self.asked, |parts| Expr {
            at: At(0),
            kind: Kind::And(parts),
        });
        if rule.fields.is_some() && Scopes::new(&scopes) != Scopes::TEXT {
            let part = Box::new(asked);
            asked = Expr {
                at: At(0),
                kind: Kind::Scoped(scopes, part),
            };
        }
        let compiled = Compiled {
            root: single(self.nodes, Node::And),
            feeds: rule
                .feeds
                .iter()
                .map(|name| (name.clone(), fold(name)))
                .collect(),
            languages: rule.languages.iter().map(|tag| language_tag(tag)).collect(),
            min_score: rule.min_score,
            min_outlets: rule.min_outlets,
            asked: asked.to_string().into_boxed_str(),
        };
        match compiled.takes_everything(rule) {
            Some(error) => Err(vec![error]),
            None => Ok(compiled),
        }
    }
}

impl Compiled {
    /// The same feeds and languages, asked for something else and with whatever score.
    pub(crate) fn asking(&self, root: Node) -> Compiled {
        Compiled {
            root,
            min_score: 0.0,
            ..self.clone()
        }
    }

    /// Publishers that must tell the story (SPEC 1.1); judged when a digest is composed.
    pub fn min_outlets(&self) -> u32 {
        self.min_outlets
    }

    /// What is asked as one expression with its precedence in brackets, and what the other keys add.
    pub fn reading(&self) -> String {
        let mut reading = self.asked.to_string();
        if !self.feeds.is_empty() {
            let names: Vec<&str> = self.feeds.iter().map(|(name, _)| name.as_str()).collect();
            reading.push_str(&format!(", in feeds {}", names.join(" or ")));
        }
        if !self.languages.is_empty() {
            reading.push_str(&format!(", in language {}", self.languages.join(" or ")));
        }
        if self.min_score > 0.0 {
            reading.push_str(&format!(", with a score of at least {}", self.min_score));
        }
        if self.min_outlets > 1 {
            reading.push_str(&format!(", told by at least {} outlets", self.min_outlets));
        }
        reading
    }

    /// The mistake of a topic that is true of an item with nothing in it (SPEC 3.3).
    fn takes_everything(&self, rule: &Rule) -> Option<QueryError> {
        let other_keys_refuse =
            !self.feeds.is_empty() || !self.languages.is_empty() || self.min_score > 0.0;
        if other_keys_refuse || !self.root.holds_of_nothing() {
            return None;
        }
        let message = match self.root.to_blame() {
            Some((Blame::Regex, _)) => {
                "this regex is true of an empty text, so every item would match".to_owned()
            }
            _ => format!(
                "every item without the excluded words would match `{}`: add what must occur",
                self.asked
            ),
        };
        let at = self.root.to_blame().map_or(0, |(_, at)| at);
        let place = match (&rule.query, rule.any.is_empty() && rule.all.is_empty()) {
            (Some(_), true) => Place::Query,
            _ if rule.any.is_empty() => Place::All(0),
            _ => Place::Any(0),
        };
        Some(Mistake::new(Code::MatchesEverything, at, message).in_place(place))
    }
}

/// What makes an expression true of nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Blame {
    Not,
    Regex,
}

impl Node {
    fn leaves(&self) -> usize {
        match self {
            Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
                parts.iter().map(Node::leaves).sum()
            }
            Node::Not(_, part) | Node::AtLeast(_, part) => part.leaves(),
            Node::Chain(first, links) => {
                first.leaves() + links.iter().map(|(_, part)| part.leaves()).sum::<usize>()
            }
            Node::Leaf(..) => 1,
        }
    }

    /// Whether to ask it after others: a regex or `~n` reads the whole text.
    fn is_costly(&self) -> bool {
        match self {
            Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
                parts.iter().any(Node::is_costly)
            }
            Node::Not(_, part) | Node::AtLeast(_, part) => part.is_costly(),
            Node::Chain(first, links) => {
                first.is_costly() || links.iter().any(|(_, part)| part.is_costly())
            }
            Node::Leaf(_, placed) => match &placed.leaf.goal {
                Goal::Term(plan) => plan.triggers().is_none(),
                Goal::Regex(_) => true,
                Goal::Filter(_) => false,
            },
        }
    }

    /// Whether it is true of an item with nothing in it, `lang:` counting as false.
    fn holds_of_nothing(&self) -> bool {
        match self {
            Node::Or(parts) => parts.iter().any(Node::holds_of_nothing),
            Node::And(parts) => parts.iter().all(Node::holds_of_nothing),
            Node::Not(_, part) => !part.holds_of_nothing(),
            Node::Any(least, parts) => {
                parts.iter().filter(|part| part.holds_of_nothing()).count() as u64 >= *least
            }
            Node::AtLeast(..) | Node::Chain(..) => false,
            Node::Leaf(_, placed) => match &placed.leaf.goal {
                Goal::Regex(regex) => regex.is_match(""),
                Goal::Term(_) | Goal::Filter(_) => false,
            },
        }
    }

    /// Of an expression that is true of nothing, the first NOT or regex that makes it so.
    fn to_blame(&self) -> Option<(Blame, usize)> {
        match self {
            Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
                let true_parts = parts.iter().filter(|part| part.holds_of_nothing());
                true_parts
                    .filter_map(Node::to_blame)
                    .min_by_key(|(_, at)| *at)
            }
            Node::Not(at, _) => Some((Blame::Not, *at)),
            Node::Leaf(_, placed) => Some((Blame::Regex, placed.at)),
            Node::AtLeast(..) | Node::Chain(..) => None,
        }
    }
}

/// The node of a tree. `ready` holds what its leaves stand for, from left to right; `None` if there are too few.
fn node(
    expr: &Expr,
    scopes: Scopes,
    weight: f64,
    ready: &mut vec::IntoIter<Ready>,
) -> Option<Node> {
    let mut inner = |part: &Expr| node(part, scopes, weight, ready);
    Some(match &expr.kind {
        Kind::Or(parts) => Node::Or(parts.iter().map(&mut inner).collect::<Option<_>>()?),
        Kind::And(parts) => {
            let mut parts: Vec<Node> = parts.iter().map(&mut inner).collect::<Option<_>>()?;
            parts.sort_by_cached_key(Node::is_costly);
            Node::And(parts)
        }
        Kind::Not(at, part) => Node::Not(at.0, Box::new(inner(part)?)),
        Kind::Any(least, parts) => {
            Node::Any(*least, parts.iter().map(&mut inner).collect::<Option<_>>()?)
        }
        Kind::AtLeast(least, part) => Node::AtLeast(*least, Box::new(inner(part)?)),
        Kind::Chain(first, links) => {
            let first = Box::new(inner(first)?);
            let links = links
                .iter()
                .map(|(proximity, part)| Some((*proximity, inner(part)?)));
            Node::Chain(first, links.collect::<Option<_>>()?)
        }
        Kind::Scoped(own, part) => node(part, Scopes::new(own), weight, ready)?,
        Kind::Weighted(own, part) => node(part, scopes, weight * own, ready)?,
        Kind::List(_) | Kind::Filter(..) | Kind::Regex(_) | Kind::Term(_) => {
            let Ready { leaves, at } = ready.next()?;
            let placed = leaves.into_iter().map(|leaf| {
                let placed = Placed {
                    scopes: leaf.scopes.unwrap_or(scopes),
                    weight: leaf.weight * weight,
                    leaf,
                    at,
                };
                Node::Leaf(placed.leaf.guard, Box::new(placed))
            });
            match &expr.kind {
                Kind::List(_) => Node::Or(placed.collect()),
                _ => single(placed.collect(), Node::Or),
            }
        }
    })
}

/// The term, list, regex or filter of a plain term.
fn innermost(root: &Expr) -> &Expr {
    crate::query::lists::unwrapped(root).0
}

fn single<T>(mut parts: Vec<T>, join: impl Fn(Vec<T>) -> T) -> T {
    parts.shrink_to_fit();
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

fn default_fields(fields: Option<&[String]>) -> (Vec<Scope>, Vec<QueryError>) {
    let fields = fields.unwrap_or_default();
    let mut scopes = Vec::new();
    let mut errors = Vec::new();
    for (index, name) in fields.iter().enumerate() {
        match check_field(name) {
            Ok(scope) => scopes.push(scope),
            Err((code, message)) => {
                let code = match code {
                    Code::Unexpected => Code::FieldUnknown,
                    code => code,
                };
                errors.push(Mistake::new(code, 0, message).in_place(Place::Fields(index)));
            }
        }
    }
    if scopes.is_empty() {
        scopes.push(Scope::Text);
    }
    (scopes, errors)
}

fn empty_values(values: &[String], place: fn(usize) -> Place) -> Vec<QueryError> {
    let empty = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.trim().is_empty());
    empty
        .map(|(index, _)| {
            Mistake::new(Code::TermEmpty, 0, "this value is empty").in_place(place(index))
        })
        .collect()
}
