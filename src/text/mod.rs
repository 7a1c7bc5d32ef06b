//! Words and what they are made of: markup to plain text, one normal form, tokens.

mod chars;
pub mod fold;
pub mod html;
pub mod language;
pub mod segment;
pub mod unseen;
pub mod words;
