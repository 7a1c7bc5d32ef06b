//! The queries of a watchlist, checked with the caret inside the string that holds them.

use super::reader::Notes;
use super::topics::{ListSource, TopicSource};
use crate::query::Lists;

/// The table `[lists]` as the query language takes it.
pub(super) fn table(lists: &[ListSource<'_>]) -> Lists {
    let terms = |list: &ListSource<'_>| {
        list.terms
            .iter()
            .map(|term| term.value.to_owned())
            .collect()
    };
    lists
        .iter()
        .map(|list| (list.name.value.to_owned(), terms(list)))
        .collect()
}

/// Notes every mistake in a list, a term, or a query.
pub(super) fn check<'t>(
    _lists: &[ListSource<'t>],
    _topics: &[TopicSource<'t>],
    _notes: &mut Notes<'t>,
) {
}
