//! A rule taken apart: each of its terms by itself, what it excludes, and what is left without that.
//!
//! The parts are of the compiled rule, so they hit exactly where the rule finds them.

use crate::query::compile::{Compiled, Compiler, Node};
use crate::query::error::Place;
use crate::query::lists::Goal;
use crate::query::miss::name;
use crate::query::syntax::Proximity;
use crate::query::{Lists, Rule};

/// A term or regex of a rule or a list.
#[derive(Clone, Debug)]
pub struct Part {
    /// The string it stands in.
    pub place: Place,
    /// The byte in an expression; `None` in a plain term.
    pub at: Option<usize>,
    /// As written, without quotation marks, `=`, fields and modifiers.
    pub written: String,
    /// Which of the two it is.
    pub sort: Sort,
    /// Whether it stands in what is excluded.
    pub excludes: bool,
    /// The part by itself, in the rule's feeds and languages.
    pub alone: Compiled,
}

/// What a part of a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A word or phrase, in any case.
    Term,
    /// A word or phrase in exactly this spelling.
    Exact,
    /// A regular expression.
    Regex,
}

/// What a rule excludes: a term of `none`, or what stands behind NOT, UNLESS or NOTNEAR.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// The string it stands in.
    pub place: Place,
    /// The byte in an expression; `None` in a plain term.
    pub at: Option<usize>,
    /// What is excluded, as an expression.
    pub written: String,
    /// What is excluded, by itself.
    pub alone: Compiled,
}

impl Compiled {
    /// The terms and regexes of the rule that this was made of, those of its lists apart.
    pub fn parts(&self, rule: &Rule) -> Vec<Part> {
        let keys = Keys::of(&self.root, rule);
        let mut parts = Vec::new();
        type PlaceOf = fn(usize) -> Place;
        let plain: [(&[&Node], PlaceOf, bool); 3] = [
            (&keys.any, Place::Any, false),
            (&keys.all, Place::All, false),
            (&keys.none, Place::None, true),
        ];
        for (nodes, place, excludes) in plain {
            for (index, node) in nodes.iter().enumerate() {
                self.add_leaf(node, place(index), excludes, &mut parts);
            }
        }
        if let Some(query) = keys.query {
            self.add_leaves(query, false, &mut parts);
        }
        parts
    }

    /// What the rule that this was made of excludes.
    pub fn exclusions(&self, rule: &Rule) -> Vec<Exclusion> {
        let keys = Keys::of(&self.root, rule);
        let mut exclusions: Vec<Exclusion> = keys
            .none
            .iter()
            .enumerate()
            .map(|(index, node)| self.exclusion(node, Place::None(index), None))
            .collect();
        let mut excluded = Vec::new();
        if let Some(query) = keys.query {
            query.excluded(&mut excluded);
        }
        let of_query = |(at, node)| self.exclusion(node, Place::Query, Some(at));
        exclusions.extend(excluded.into_iter().map(of_query));
        exclusions
    }

    /// The same rule without what it excludes; `None` if it excludes nothing.
    pub fn relaxed(&self) -> Option<Compiled> {
        if !self.root.excludes() {
            return None;
        }
        let mut relaxed = self.asking(self.root.relaxed()?);
        relaxed.min_score = self.min_score;
        Some(relaxed)
    }

    /// Whether it looks for words at all; `feed:` alone takes everything of a feed on purpose.
    pub fn looks_for_words(&self) -> bool {
        self.root.has_words()
    }

    fn exclusion(&self, node: &Node, place: Place, at: Option<usize>) -> Exclusion {
        Exclusion {
            place,
            at,
            written: name(node),
            alone: self.asking(node.clone()),
        }
    }

    fn add_leaves(&self, node: &Node, excludes: bool, parts: &mut Vec<Part>) {
        match node {
            Node::Or(inner) | Node::And(inner) | Node::Any(_, inner) => {
                for part in inner {
                    self.add_leaves(part, excludes, parts);
                }
            }
            Node::Not(_, part) => self.add_leaves(part, true, parts),
            Node::AtLeast(_, part) => self.add_leaves(part, excludes, parts),
            Node::Chain(first, links) => {
                self.add_leaves(first, excludes, parts);
                for (proximity, part) in links {
                    self.add_leaves(part, excludes || !is_wanted(*proximity), parts);
                }
            }
            Node::Leaf(..) => self.add_leaf(node, Place::Query, excludes, parts),
        }
    }

    /// Adds a term or regex; a filter is neither, and the terms of a list are the list's.
    fn add_leaf(&self, node: &Node, place: Place, excludes: bool, parts: &mut Vec<Part>) {
        let Node::Leaf(_, placed) = node else { return };
        let sort = match &placed.leaf.goal {
            Goal::Term(plan) if plan.identity.1 => Sort::Exact,
            Goal::Term(_) => Sort::Term,
            Goal::Regex(_) => Sort::Regex,
            Goal::Filter(_) => return,
        };
        if placed.leaf.list.is_none() {
            parts.push(Part {
                at: (place == Place::Query).then_some(placed.at),
                place,
                written: placed.leaf.written.to_string(),
                sort,
                excludes,
                alone: self.asking(node.clone()),
            });
        }
    }
}

/// The terms and regexes of all lists, each in the list that writes it, looked for in title, summary and content.
pub fn of_lists(lists: &Lists) -> Vec<Part> {
    let compiler = Compiler::new(lists);
    let mut parts = Vec::new();
    for (list, terms) in lists {
        for (index, term) in terms.iter().enumerate() {
            let rule = Rule {
                any: vec![term.clone()],
                ..Rule::default()
            };
            // A watchlist whose lists have mistakes is refused before anyone asks for their parts.
            let Ok(compiled) = compiler.compile(&rule) else {
                continue;
            };
            let place = Place::List(list.clone(), index);
            compiled.add_leaf(&compiled.root, place, false, &mut parts);
        }
    }
    parts
}

/// The parts of a rule's tree by the key they come from.
struct Keys<'n> {
    any: Vec<&'n Node>,
    all: Vec<&'n Node>,
    none: Vec<&'n Node>,
    query: Option<&'n Node>,
}

impl<'n> Keys<'n> {
    /// The compiler joins the keys that are there by AND, in this order; of one there is no AND.
    fn of(root: &'n Node, rule: &Rule) -> Keys<'n> {
        let present = [
            !rule.any.is_empty(),
            !rule.all.is_empty(),
            rule.query.is_some(),
            !rule.none.is_empty(),
        ];
        let nodes: Vec<&Node> = match root {
            Node::And(parts) if present.iter().filter(|is| **is).count() > 1 => {
                parts.iter().collect()
            }
            _ => vec![root],
        };
        let mut nodes = nodes.into_iter();
        let [any, all, query, none] = present.map(|is| if is { nodes.next() } else { None });
        let none = none.map(|none| match none {
            Node::Not(_, excluded) => &**excluded,
            other => other,
        });
        let each = |node: Option<&'n Node>, terms: &[String]| match node {
            None => Vec::new(),
            Some(Node::Or(parts) | Node::And(parts)) if terms.len() > 1 => parts.iter().collect(),
            Some(node) => vec![node],
        };
        Keys {
            any: each(any, &rule.any),
            all: each(all, &rule.all),
            none: each(none, &rule.none),
            query,
        }
    }
}

/// Whether the right side of an operator must be there; that of the others must not.
fn is_wanted(proximity: Proximity) -> bool {
    matches!(proximity, Proximity::Near(_) | Proximity::Ordered(_))
}

impl Node {
    fn excludes(&self) -> bool {
        match self {
            Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
                parts.iter().any(Node::excludes)
            }
            Node::Not(..) => true,
            Node::AtLeast(_, part) => part.excludes(),
            Node::Chain(first, links) => {
                let excludes = |(proximity, part): &(Proximity, Node)| {
                    !is_wanted(*proximity) || part.excludes()
                };
                first.excludes() || links.iter().any(excludes)
            }
            Node::Leaf(..) => false,
        }
    }

    /// Without what is excluded; `None` if nothing is left.
    fn relaxed(&self) -> Option<Node> {
        let each = |parts: &[Node]| {
            let left: Vec<Node> = parts.iter().filter_map(Node::relaxed).collect();
            (!left.is_empty()).then_some(left)
        };
        Some(match self {
            Node::Or(parts) => Node::Or(each(parts)?),
            Node::And(parts) => Node::And(each(parts)?),
            Node::Any(least, parts) => Node::Any(*least, each(parts)?),
            Node::Not(..) => return None,
            Node::AtLeast(least, part) => Node::AtLeast(*least, Box::new(part.relaxed()?)),
            Node::Chain(first, links) => {
                let wanted = links.iter().filter(|(proximity, _)| is_wanted(*proximity));
                let links =
                    wanted.filter_map(|(proximity, part)| Some((*proximity, part.relaxed()?)));
                Node::Chain(Box::new(first.relaxed()?), links.collect())
            }
            Node::Leaf(..) => self.clone(),
        })
    }

    /// What is excluded, from left to right, each with its byte in the query.
    fn excluded<'n>(&'n self, found: &mut Vec<(usize, &'n Node)>) {
        match self {
            Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
                parts.iter().for_each(|part| part.excluded(found));
            }
            Node::Not(at, part) => found.push((part.first_at().unwrap_or(*at), part)),
            Node::AtLeast(_, part) => part.excluded(found),
            Node::Chain(first, links) => {
                first.excluded(found);
                for (proximity, part) in links {
                    match is_wanted(*proximity) {
                        true => part.excluded(found),
                        false => found.push((part.first_at().unwrap_or_default(), part)),
                    }
                }
            }
            Node::Leaf(..) => {}
        }
    }

    /// The byte of its first leaf.
    fn first_at(&self) -> Option<usize> {
        match self {
            Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
                parts.iter().filter_map(Node::first_at).min()
            }
            Node::Not(_, part) | Node::AtLeast(_, part) => part.first_at(),
            Node::Chain(first, _) => first.first_at(),
            Node::Leaf(_, placed) => Some(placed.at),
        }
    }

    fn has_words(&self) -> bool {
        match self {
            Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
                parts.iter().any(Node::has_words)
            }
            Node::Not(..) => false,
            Node::AtLeast(_, part) => part.has_words(),
            Node::Chain(first, _) => first.has_words(),
            Node::Leaf(_, placed) => !matches!(placed.leaf.goal, Goal::Filter(_)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Document, Prepared, compile};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn compiled(rule: &Rule) -> Compiled {
        let lists = [("names".to_owned(), texts(&["Isis", "=US"]))].into();
        compile(rule, &lists).expect("a valid rule")
    }

    fn rule(any: &[&str], none: &[&str], query: Option<&str>) -> Rule {
        Rule {
            any: texts(any),
            none: texts(none),
            query: query.map(str::to_owned),
            ..Rule::default()
        }
    }

    fn hits(compiled: &Compiled, title: &str) -> bool {
        let document = Document {
            title,
            ..Document::default()
        };
        compiled.judge(&Prepared::new(&document)).matched
    }

    #[test]
    fn each_term_of_a_rule_knows_its_place_and_hits_by_itself() {
        let rule = rule(
            &["Mosul", "{names}", "/x+/"],
            &["dam"],
            Some("Iraq AND (=IT OR lang:en) NOT tours"),
        );
        let parts = compiled(&rule).parts(&rule);
        let found: Vec<_> = parts
            .iter()
            .map(|part| {
                (
                    part.written.as_str(),
                    part.place.clone(),
                    part.at,
                    part.excludes,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("Mosul", Place::Any(0), None, false),
                ("/x+/", Place::Any(2), None, false),
                ("dam", Place::None(0), None, true),
                ("Iraq", Place::Query, Some(0), false),
                ("IT", Place::Query, Some(10), false),
                ("tours", Place::Query, Some(30), true),
            ]
        );
        assert_eq!(parts[4].sort, Sort::Exact);
        assert!(hits(&parts[0].alone, "Mosul") && !hits(&parts[0].alone, "Iraq"));
    }

    #[test]
    fn the_terms_of_lists_stand_in_the_list_that_writes_them() {
        let lists = [
            ("more".to_owned(), texts(&["{names}", "Raqqa"])),
            ("names".to_owned(), texts(&["Isis"])),
        ];
        let parts = of_lists(&lists.into());
        let found: Vec<_> = parts
            .iter()
            .map(|part| (part.written.as_str(), part.place.clone()))
            .collect();
        assert_eq!(
            found,
            [
                ("Raqqa", Place::List("more".to_owned(), 1)),
                ("Isis", Place::List("names".to_owned(), 0)),
            ]
        );
    }

    #[test]
    fn a_relaxed_rule_takes_what_was_excluded() {
        let rule = rule(
            &["Jordan"],
            &["shoes", "{names}"],
            Some("(Jordan UNLESS \"Michael Jordan\") NOT (sale OR lang:de)"),
        );
        let compiled = compiled(&rule);
        let relaxed = compiled.relaxed().expect("it excludes something");
        for title in [
            "Jordan shoes",
            "Michael Jordan",
            "Jordan on sale",
            "Jordan and Isis",
        ] {
            assert!(!hits(&compiled, title), "{title}");
            assert!(hits(&relaxed, title), "{title}");
        }
        assert!(!hits(&relaxed, "shoes"));
        let exclusions = compiled.exclusions(&rule);
        let found: Vec<_> = exclusions
            .iter()
            .map(|exclusion| (exclusion.written.as_str(), exclusion.at))
            .collect();
        assert_eq!(
            found,
            [
                ("`shoes`", None),
                ("{names}", None),
                ("`Michael Jordan`", Some(15)),
                ("(`sale` OR lang:de)", Some(38)),
            ]
        );
        assert!(hits(&exclusions[1].alone, "Isis"));
    }

    #[test]
    fn a_rule_that_excludes_nothing_has_nothing_to_relax() {
        let plain = rule(&["Mosul", "Iraq"], &[], None);
        assert!(compiled(&plain).relaxed().is_none());
        assert!(compiled(&plain).exclusions(&plain).is_empty());
        let filter = rule(&[], &[], Some("feed:world NOT Mosul"));
        assert!(!compiled(&filter).looks_for_words());
        assert!(compiled(&plain).looks_for_words());
    }
}
