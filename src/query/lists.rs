//! The lists of a watchlist, each read once: `{name}` is the OR of its terms (SPEC 1.3).

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use crate::query::Lists;
use crate::query::compile::Guard;
use crate::query::error::{Code, Mistake, Place, QueryError, nearest};
use crate::query::prepared::{Scopes, ascii_host, language_tag};
use crate::query::syntax::{
    At, Expr, FilterKind, Kind, LARGEST_QUERY, Parsed, Pattern, Value, parse_plain,
};
use crate::query::term::{Plan, empty};
use crate::text::fold::fold;

/// Lists inside each other (SPEC 8).
const DEEPEST: usize = 64;
/// Terms of a list or a topic, lists put in (SPEC 8).
pub(crate) const MOST_TERMS: usize = 10_000;
/// Bytes that a compiled regex may take.
const REGEX_SIZE: usize = 1 << 20;

/// What a part of a query looks for, apart from where and how much it weighs.
#[derive(Clone, Debug)]
pub(crate) enum Goal {
    Term(Plan),
    Regex(Arc<Regex>),
    Filter(Filter),
}

/// A filter with its values in the form that is compared (SPEC 3.5).
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) kind: FilterKind,
    pub(crate) values: Vec<Wanted>,
}

/// A value of a filter.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) written: String,
    pub(crate) folded: String,
    /// Of `feed:`, the term that may hit in the feed's name.
    pub(crate) plan: Option<Arc<Plan>>,
}

/// A term, regex or filter of a list, or one that stands in a query itself.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) goal: Goal,
    /// As written, without quotation marks, `=`, field and modifiers.
    pub(crate) written: Box<str>,
    /// The list it stands in.
    pub(crate) list: Option<Arc<str>>,
    /// Its own fields; `None`: those around it.
    pub(crate) scopes: Option<Scopes>,
    /// Its own weight.
    pub(crate) weight: f64,
    pub(crate) guard: Guard,
}

/// A list with all that it takes from others.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) leaves: Vec<Arc<Leaf>>,
    /// Whether each of its leaves has places.
    pub(crate) positional: bool,
    depth: usize,
}

/// Reads lists on demand and keeps them.
pub(crate) struct Library<'l> {
    lists: &'l Lists,
    read: RefCell<HashMap<String, Result<Arc<List>, Mistake>>>,
}

impl<'l> Library<'l> {
    pub(crate) fn new(lists: &'l Lists) -> Library<'l> {
        Library {
            lists,
            read: RefCell::default(),
        }
    }

    /// The list of this name, or the first mistake in it. The mistake's position means nothing.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<List>, Mistake> {
        self.resolve(name, &mut Vec::new())
    }

    fn resolve(&self, name: &str, within: &mut Vec<String>) -> Result<Arc<List>, Mistake> {
        let Some((name, terms)) = self.lists.get_key_value(name) else {
            return Err(self.unknown(name));
        };
        if within.contains(name) {
            let message = format!(
                "the list `{name}` contains itself: {} → {name}",
                within.join(" → ")
            );
            return Err(Mistake::new(Code::ListRecursive, 0, message));
        }
        let known = self.read.borrow().get(name).cloned();
        let too_deep = within.len()
            + known
                .as_ref()
                .and_then(|list| list.as_ref().ok())
                .map_or(1, |list| list.depth)
            > DEEPEST;
        if too_deep {
            let message = format!("at most {DEEPEST} lists inside each other");
            return Err(Mistake::new(Code::TooDeep, 0, message));
        }
        if let Some(known) = known {
            return known;
        }
        within.push(name.clone());
        let list = self.read_list(name, terms, within);
        within.pop();
        // How deep a list may be read depends on what it is read within, so that refusal is not kept.
        if !matches!(&list, Err(mistake) if mistake.code == Code::TooDeep) {
            self.read.borrow_mut().insert(name.clone(), list.clone());
        }
        list
    }

    fn unknown(&self, name: &str) -> Mistake {
        let near = nearest(name, self.lists.keys().map(String::as_str));
        let hint = match near {
            Some(near) => format!("; did you mean `{near}`?"),
            None if self.lists.is_empty() => "; `[lists]` is empty".to_owned(),
            None => String::new(),
        };
        Mistake::new(
            Code::ListUnknown,
            0,
            format!("there is no list `{name}`{hint}"),
        )
    }

    fn read_list(
        &self,
        name: &str,
        terms: &[String],
        within: &mut Vec<String>,
    ) -> Result<Arc<List>, Mistake> {
        if terms.is_empty() {
            return Err(Mistake::new(
                Code::ListEmpty,
                0,
                format!("the list `{name}` is empty"),
            ));
        }
        let named: Arc<str> = Arc::from(name);
        let mut list = List {
            leaves: Vec::new(),
            positional: true,
            depth: 1,
        };
        for term in terms {
            let root = read_plain(term)?;
            let (base, scopes, weight) = unwrapped(&root);
            let scopes = scopes.map(Scopes::new);
            if let Kind::List(inner) = &base.kind {
                let inner = self.resolve(inner, within)?;
                list.depth = list.depth.max(inner.depth + 1);
                list.positional &= inner.positional && scopes.is_none();
                let own = |leaf: &Arc<Leaf>| match scopes.is_none() && weight == 1.0 {
                    true => leaf.clone(),
                    false => Arc::new(Leaf {
                        scopes: leaf.scopes.or(scopes),
                        weight: leaf.weight * weight,
                        ..Leaf::clone(leaf)
                    }),
                };
                list.leaves.extend(inner.leaves.iter().map(own));
            } else {
                let leaf = leaf(base)?;
                list.positional &= scopes.is_none() && matches!(leaf.goal, Goal::Term(_));
                list.leaves.push(Arc::new(Leaf {
                    list: Some(named.clone()),
                    scopes,
                    weight,
                    ..leaf
                }));
            }
            if list.leaves.len() > MOST_TERMS {
                let message = format!(
                    "the list `{name}` has more than {MOST_TERMS} terms, lists put in: split it"
                );
                return Err(Mistake::new(Code::TooLarge, 0, message));
            }
        }
        Ok(Arc::new(list))
    }
}

/// All mistakes of the lists, used or not.
pub fn check_lists(lists: &Lists) -> Vec<QueryError> {
    let library = Library::new(lists);
    let mut errors = Vec::new();
    for (name, terms) in lists {
        let place = |index| Place::List(name.clone(), index);
        let is_name = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if !is_name || name.is_empty() {
            let message = format!(
                "`{name}` cannot be used as {{{name}}}: letters, digits, `_`, `.` and `-` only"
            );
            errors.push(Mistake::new(Code::Unexpected, 0, message).in_place(place(0)));
        }
        let mut own = false;
        for (index, term) in terms.iter().enumerate() {
            let mistake = match read_plain(term) {
                Err(mistake) => Some(mistake),
                Ok(root) => match unwrapped(&root).0 {
                    Expr {
                        kind: Kind::List(inner),
                        ..
                    } => match lists.contains_key(inner) {
                        true => None,
                        false => Some(library.unknown(inner)),
                    },
                    base => leaf(base).err(),
                },
            };
            own |= mistake.is_some();
            errors.extend(mistake.map(|mistake| mistake.in_place(place(index))));
        }
        // What only the whole shows: empty, circular, too deep, too large.
        let whole = [
            Code::ListEmpty,
            Code::ListRecursive,
            Code::TooDeep,
            Code::TooLarge,
        ];
        if let Err(mistake) = library.get(name)
            && !own
            && whole.contains(&mistake.code)
        {
            errors.push(mistake.in_place(place(0)));
        }
    }
    errors
}

/// The tree of a plain term, or its first mistake of syntax.
pub(crate) fn read_plain(term: &str) -> Result<Expr, Mistake> {
    if term.len() > LARGEST_QUERY {
        return Err(Mistake::new(Code::TooLarge, 0, "at most 64 KiB in a term"));
    }
    first_or_root(parse_plain(term))
}

fn first_or_root(mut parsed: Parsed) -> Result<Expr, Mistake> {
    parsed.mistakes.sort_by_key(|mistake| mistake.at);
    match (parsed.mistakes.into_iter().next(), parsed.root) {
        (None, Some(root)) => Ok(root),
        (Some(mistake), _) => Err(mistake),
        (None, None) => Err(empty(0, "")),
    }
}

/// A plain term's core with the fields and the weight round it.
pub(crate) fn unwrapped(root: &Expr) -> (&Expr, Option<&[crate::query::syntax::Scope]>, f64) {
    let (mut base, mut scopes, mut weight) = (root, None, 1.0);
    loop {
        match &base.kind {
            Kind::Scoped(own, part) => {
                scopes = Some(own.as_slice());
                base = part;
            }
            Kind::Weighted(own, part) => {
                weight *= own;
                base = part;
            }
            _ => return (base, scopes, weight),
        }
    }
}

/// A term, regex or filter made ready; of anything else there is none to make.
pub(crate) fn leaf(expr: &Expr) -> Result<Leaf, Mistake> {
    let (goal, written) = match &expr.kind {
        Kind::Term(term) => (Goal::Term(Plan::new(term, expr.at.0)?), term.text()),
        Kind::Regex(pattern) => (
            Goal::Regex(Arc::new(regex(pattern, expr.at)?)),
            pattern.to_string(),
        ),
        Kind::Filter(kind, values) => {
            let values: Result<Vec<Wanted>, Mistake> =
                values.iter().map(|value| wanted(*kind, value)).collect();
            (
                Goal::Filter(Filter {
                    kind: *kind,
                    values: values?,
                }),
                expr.to_string(),
            )
        }
        _ => return Err(empty(expr.at.0, &expr.to_string())),
    };
    let guard = match &goal {
        Goal::Term(plan) => plan.guard(),
        Goal::Regex(_) | Goal::Filter(_) => None,
    };
    Ok(Leaf {
        goal,
        guard,
        written: written.into(),
        list: None,
        scopes: None,
        weight: 1.0,
    })
}

fn regex(pattern: &Pattern, at: At) -> Result<Regex, Mistake> {
    RegexBuilder::new(&pattern.source)
        .case_insensitive(pattern.any_case)
        .size_limit(REGEX_SIZE)
        .build()
        .map_err(|error| {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default();
            let message = last.trim_start_matches("error: ").to_owned();
            Mistake::new(
                Code::RegexInvalid,
                at.0,
                format!("this regex does not compile: {message}"),
            )
        })
}

fn wanted(kind: FilterKind, value: &Value) -> Result<Wanted, Mistake> {
    let text = value.text.trim();
    let (folded, plan) = match kind {
        FilterKind::Site => {
            let host = text.split('/').next().unwrap_or_default();
            let host = ascii_host(host.trim_start_matches('.'));
            (host.strip_prefix("www.").unwrap_or(&host).to_owned(), None)
        }
        FilterKind::Lang => (language_tag(text), None),
        FilterKind::Feed => {
            let term = crate::query::syntax::Term {
                exact: false,
                quoted: true,
                raw: value.text.replace('\\', "\\\\"),
                loose: None,
            };
            (fold(text), Some(Arc::new(Plan::new(&term, value.at.0)?)))
        }
    };
    if !folded.contains(char::is_alphanumeric) && plan.is_none() {
        return Err(empty(value.at.0, text));
    }
    Ok(Wanted {
        written: value.text.clone(),
        folded,
        plan,
    })
}
