//! Signs that nobody sees, and what they do to the text round them.
//!
//! Each place that shows or takes foreign text asks for what matters there: an Arabic name needs its direction marks, a
//! family of emoji its joiners, and a header neither a mark nor an override.

/// Whether it opens or closes a stretch of text with a direction of its own: an embedding, an override, an isolate, or
/// their ends (Unicode Bidirectional Algorithm, sections 2.1 to 2.5). One that is left open turns whatever follows.
pub fn encloses(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it has to do with direction: one that [`encloses`], or a mark that acts as a letter would (section 2.6).
pub fn turns(c: char) -> bool {
    encloses(c) || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
}

/// Whether it joins its neighbours or keeps them apart: Persian words and emoji are spelt with it.
pub fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether it shows nothing and no word is spelt with it: one that [`turns`], blanks without width, byte order marks,
/// annotations, tags. Controls are not among them, since [`char::is_control`] knows those.
pub fn shows_nothing(c: char) -> bool {
    turns(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{180e}'                   // a soft hyphen and other parts without width
            | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' // blanks without width, operators nobody writes
            | '\u{206a}'..='\u{206f}'                           // deprecated
            | '\u{fff9}'..='\u{fffb}'                           // annotations
            | '\u{e0000}'..='\u{e007f}') // tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_takes_in_the_narrower_one() {
        for c in '\0'..=char::MAX {
            assert!(!encloses(c) || turns(c), "{c:?}");
            assert!(!turns(c) || shows_nothing(c), "{c:?}");
            assert!(!joins(c) || !shows_nothing(c), "{c:?}");
            let is_seen = c.is_alphanumeric() || c.is_whitespace() || c.is_ascii();
            assert!(!shows_nothing(c) || !is_seen, "{c:?}");
        }
    }

    #[test]
    fn all_that_the_bidirectional_algorithm_calls_formatting_turns() {
        use icu_properties::CodePointMapData;
        use icu_properties::props::BidiClass as B;
        let classes = CodePointMapData::<B>::new();
        let explicit = [
            B::LeftToRightEmbedding,
            B::RightToLeftEmbedding,
            B::LeftToRightOverride,
            B::RightToLeftOverride,
            B::PopDirectionalFormat,
            B::LeftToRightIsolate,
            B::RightToLeftIsolate,
            B::FirstStrongIsolate,
            B::PopDirectionalIsolate,
        ];
        for c in '\0'..=char::MAX {
            assert_eq!(encloses(c), explicit.contains(&classes.get(c)), "{c:?}");
        }
    }
}
