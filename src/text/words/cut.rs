//! Where words begin and end (SPEC 4.4).

use super::Words;
use crate::text::fold::MatchText;

/// What is cut.
pub(super) enum Source {
    Text,
    Term,
}

pub(super) fn cut(text: MatchText, _source: Source) -> Words {
    Words {
        arena: text.as_str().to_ascii_lowercase(),
        text,
        words: Vec::new(),
        forms: Vec::new(),
        joins: Vec::new(),
    }
}
