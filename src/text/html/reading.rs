//! What the HTML tokenizer finds, without all that is not shown: attributes, comments, doctypes and errors.

use html5gum::{Emitter, Error, State, Tokenizer};

/// Takes what a fragment shows, in the order of the source.
pub(super) trait Reader {
    /// A run of characters, references decoded.
    fn text(&mut self, text: &str);

    /// A start tag, its name in small letters; perhaps how the tokenizer goes on behind it.
    fn start_tag(&mut self, _name: &[u8], _self_closing: bool) -> Option<State> {
        None
    }

    /// An end tag.
    fn end_tag(&mut self, _name: &[u8]) {}

    /// Whether the rest need not be read.
    fn has_enough(&self) -> bool {
        false
    }
}

/// Runs the tokenizer over a fragment.
pub(super) fn read(source: &str, reader: &mut impl Reader) {
    let tokens = Tokens {
        reader,
        characters: Vec::new(),
        kind: Kind::Start,
        name: Vec::new(),
        self_closing: false,
        last_start: Vec::new(),
    };
    // It yields nothing but the wish to stop.
    Tokenizer::new_with_emitter(source, tokens).next();
}

/// Makes a reader's calls of the tokenizer's. Its own callback emitter asks for errors, for which each character is
/// looked at once more, and keeps attributes.
struct Tokens<'r, R> {
    reader: &'r mut R,
    /// Of the run that has not ended yet.
    characters: Vec<u8>,
    /// Of the tag that is being read.
    kind: Kind,
    name: Vec<u8>,
    self_closing: bool,
    /// Name of the start tag that came last, if no end tag came behind it.
    last_start: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    End,
}

impl<R: Reader> Tokens<'_, R> {
    fn end_run(&mut self) {
        if !self.characters.is_empty() {
            self.reader.text(&String::from_utf8_lossy(&self.characters));
            self.characters.clear();
        }
    }

    fn begin_tag(&mut self, kind: Kind) {
        self.kind = kind;
        self.name.clear();
        self.self_closing = false;
    }
}

impl<R: Reader> Emitter for Tokens<'_, R> {
    type Token = ();

    fn pop_token(&mut self) -> Option<()> {
        self.reader.has_enough().then_some(())
    }

    fn emit_string(&mut self, characters: &[u8]) {
        self.characters.extend_from_slice(characters);
    }

    fn emit_eof(&mut self) {
        self.end_run();
    }

    fn init_start_tag(&mut self) {
        self.begin_tag(Kind::Start);
    }

    fn init_end_tag(&mut self) {
        self.begin_tag(Kind::End);
    }

    fn push_tag_name(&mut self, part: &[u8]) {
        self.name.extend_from_slice(part);
    }

    fn set_self_closing(&mut self) {
        self.self_closing = true;
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.end_run();
        match self.kind {
            Kind::Start => {
                self.last_start.clone_from(&self.name);
                self.reader.start_tag(&self.name, self.self_closing)
            }
            Kind::End => {
                self.last_start.clear();
                self.reader.end_tag(&self.name);
                None
            }
        }
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.kind == Kind::End && !self.last_start.is_empty() && self.last_start == self.name
    }

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start = name.unwrap_or_default().to_vec();
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn init_comment(&mut self) {
        self.end_run();
    }

    fn init_doctype(&mut self) {
        self.end_run();
    }

    fn emit_error(&mut self, _: Error) {}
    fn emit_current_comment(&mut self) {}
    fn emit_current_doctype(&mut self) {}
    fn set_force_quirks(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn init_attribute(&mut self) {}
    fn push_attribute_name(&mut self, _: &[u8]) {}
    fn push_attribute_value(&mut self, _: &[u8]) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}
