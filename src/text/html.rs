//! Markup to the plain text a reader sees (SPEC 4.1).

use std::borrow::Cow;

use html5gum::State;
use percent_encoding::percent_decode_str;
use unicode_segmentation::GraphemeCursor;

mod reading;

use reading::Reader;

/// The most bytes that are kept of a field.
pub const MAX_SHOWN: usize = 64 * 1024;

/// The shown text of an HTML fragment: title, summary, content.
pub fn shown(fragment: &str) -> String {
    shown_within(fragment, usize::MAX)
}

/// The shown text of an HTML fragment, at most [`MAX_SHOWN`] bytes of it; `…` marks the cut.
pub fn shown_capped(fragment: &str) -> String {
    capped(shown_within(fragment, MAX_SHOWN))
}

/// The shown text of several HTML fragments (author, category): each value a paragraph of its own.
pub fn shown_values(values: &[String]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| shown(value))
        .filter(|value| !value.is_empty())
        .collect();
    capped(values.join("\n\n"))
}

/// The shown text of an address: percent-decoded.
pub fn shown_link(link: &str) -> String {
    shown_plain(&percent_decode_str(link).decode_utf8_lossy())
}

/// The shown text of what is no markup, such as the name of a feed: only white space is collapsed.
pub fn shown_plain(text: &str) -> String {
    let mut page = Page::default();
    page.text(text);
    page.shown
}

fn shown_within(fragment: &str, enough: usize) -> String {
    if !fragment.contains(['<', '&']) && !fragment.contains("]]>") {
        return shown_plain(fragment);
    }
    if !fragment.contains("<![CDATA[") && !fragment.contains("]]>") {
        return read(fragment, enough);
    }
    let source = fragment.replace("<![CDATA[", "").replace("]]>", "");
    read(&source, enough)
}

/// Cuts at a grapheme boundary, so that the mark never joins half a character.
fn capped(mut shown: String) -> String {
    const CUT: char = '…';
    if shown.len() <= MAX_SHOWN {
        return shown;
    }
    let limit = shown.floor_char_boundary(MAX_SHOWN - CUT.len_utf8());
    let mut cursor = GraphemeCursor::new(limit, shown.len(), true);
    let end = match cursor.is_boundary(&shown, 0) {
        Ok(true) => limit,
        _ => cursor.prev_boundary(&shown, 0).ok().flatten().unwrap_or(0),
    };
    shown.truncate(end);
    shown.truncate(shown.trim_end().len());
    shown.push(CUT);
    shown
}

/// Reads a fragment without CDATA marks.
fn read(source: &str, enough: usize) -> String {
    let mut fragment = Fragment {
        page: Page::default(),
        hidden: Hidden::default(),
        enough,
    };
    reading::read(&escape_strays(source), &mut fragment);
    fragment.page.shown
}

/// A fragment while it is read.
struct Fragment {
    page: Page,
    hidden: Hidden,
    /// So many bytes of shown text need not become more.
    enough: usize,
}

impl Reader for Fragment {
    fn text(&mut self, text: &str) {
        if !self.hidden.is_open() {
            self.page.text(&decode_again(text));
        }
    }

    fn start_tag(&mut self, name: &[u8], self_closing: bool) -> Option<State> {
        if !self_closing {
            self.hidden.open(name);
        }
        self.page.tag(name, self.hidden.is_open());
        raw_state(name).filter(|_| !self_closing)
    }

    fn end_tag(&mut self, name: &[u8]) {
        let in_hidden = self.hidden.close(name);
        self.page.tag(name, in_hidden);
    }

    fn has_enough(&self) -> bool {
        self.page.shown.len() > self.enough
    }
}

impl Reader for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Elements whose content is not tokenized as markup. Their end tag is the only thing seen in them.
fn raw_state(name: &[u8]) -> Option<State> {
    match name {
        b"script" => Some(State::ScriptData),
        b"style" => Some(State::RawText),
        _ => None,
    }
}

/// The element that hides what is in it, and how often it is open.
#[derive(Default)]
struct Hidden {
    name: Vec<u8>,
    depth: usize,
}

impl Hidden {
    fn is_open(&self) -> bool {
        self.depth > 0
    }

    fn open(&mut self, name: &[u8]) {
        if self.depth > 0 {
            self.depth += usize::from(self.name == name);
        } else if hides(name) {
            self.name = name.to_vec();
            self.depth = 1;
        }
    }

    /// Notes an end tag; whether it stood in hidden content.
    fn close(&mut self, name: &[u8]) -> bool {
        if self.depth > 0 && self.name == name {
            self.depth -= 1;
        }
        self.is_open()
    }
}

fn hides(name: &[u8]) -> bool {
    matches!(
        name,
        b"script" | b"style" | b"template" | b"noscript" | b"svg" | b"math" | b"iframe" | b"object"
    )
}

/// What a run of white space, control characters and tags stands for.
#[derive(Default)]
struct Between {
    blank: bool,
    lines: u32,
    paragraph: bool,
}

/// The shown text as it grows.
#[derive(Default)]
struct Page {
    shown: String,
    between: Between,
}

impl Page {
    fn tag(&mut self, name: &[u8], in_hidden: bool) {
        if hides(name) {
            self.between.paragraph = true;
        } else if in_hidden {
        } else if is_block(name) {
            self.between.paragraph = true;
        } else if name == b"br" {
            self.between.lines += 1;
        } else if is_blank(name) {
            self.between.blank = true;
        }
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(run_end(rest));
            self.run(run);
            let mut white = behind.chars();
            while let Some(c) = white.clone().next().filter(|&c| is_white(c)) {
                self.white(c);
                white.next();
            }
            rest = white.as_str();
        }
    }

    fn white(&mut self, c: char) {
        match c {
            '\u{2028}' => self.between.lines += 1,
            '\u{2029}' => self.between.paragraph = true,
            _ => self.between.blank = true,
        }
    }

    fn run(&mut self, run: &str) {
        if run.is_empty() {
            return;
        }
        let between = std::mem::take(&mut self.between);
        if !self.shown.is_empty() {
            self.shown.push_str(match between {
                Between {
                    paragraph: true, ..
                }
                | Between { lines: 2.., .. } => "\n\n",
                Between { lines: 1, .. } => "\n",
                Between { blank: true, .. } => " ",
                _ => "",
            });
        }
        self.shown.push_str(run);
    }
}

/// Where a text first shows other white space than one blank between two characters of ASCII, which stays as it is.
fn run_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let is_between = || at > 0 && bytes.get(at + 1).is_some_and(u8::is_ascii_graphic);
        at += match byte {
            b' ' if is_between() => 2,
            _ if byte.is_ascii_graphic() => 1,
            _ => match text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) if !is_white(c) => c.len_utf8(),
                _ => return at,
            },
        };
    }
    at
}

fn is_white(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"address"
            | b"article"
            | b"aside"
            | b"blockquote"
            | b"body"
            | b"caption"
            | b"center"
            | b"dd"
            | b"details"
            | b"dialog"
            | b"div"
            | b"dl"
            | b"dt"
            | b"fieldset"
            | b"figcaption"
            | b"figure"
            | b"footer"
            | b"form"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"head"
            | b"header"
            | b"hr"
            | b"html"
            | b"legend"
            | b"li"
            | b"main"
            | b"menu"
            | b"nav"
            | b"ol"
            | b"optgroup"
            | b"option"
            | b"p"
            | b"pre"
            | b"section"
            | b"summary"
            | b"table"
            | b"tbody"
            | b"td"
            | b"tfoot"
            | b"th"
            | b"thead"
            | b"title"
            | b"tr"
            | b"ul"
    )
}

fn is_blank(name: &[u8]) -> bool {
    matches!(
        name,
        b"img"
            | b"picture"
            | b"video"
            | b"audio"
            | b"canvas"
            | b"embed"
            | b"input"
            | b"button"
            | b"select"
            | b"textarea"
    )
}

/// Decodes character references a second time; what looks like markup now is text.
pub(crate) fn decode_again(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(decode(&escape_strays(&text.replace('<', "&lt;"))))
}

/// Decodes character references of a source without tags.
fn decode(source: &str) -> String {
    let mut decoded = String::new();
    reading::read(source, &mut decoded);
    decoded
}

/// Escapes each `&` that begins no character reference with a semicolon, which HTML would decode for old pages' sake
/// (`law&regulation`), and each `</` that begins no tag, which it would take for a comment (`I </3 you`).
fn escape_strays(source: &str) -> Cow<'_, str> {
    let mut escaped = String::new();
    // Behind the last stray.
    let mut kept = source;
    let mut rest = source;
    while let Some(at) = rest.find(['&', '<']) {
        let (sign, behind) = rest.split_at(at).1.split_at(1);
        rest = behind;
        let escape = match sign {
            "&" if !begins_reference(behind) => "&amp;",
            "<" if is_stray_end(behind) => "&lt;",
            _ => continue,
        };
        let before = kept.len() - behind.len() - sign.len();
        escaped.push_str(kept.get(..before).unwrap_or_default());
        escaped.push_str(escape);
        kept = behind;
    }
    if escaped.is_empty() {
        return Cow::Borrowed(source);
    }
    escaped.push_str(kept);
    Cow::Owned(escaped)
}

fn is_stray_end(behind: &str) -> bool {
    behind
        .strip_prefix('/')
        .is_some_and(|name| !name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Whether what stands behind an `&` makes a character reference with a semicolon.
fn begins_reference(behind: &str) -> bool {
    if let Some(number) = behind.strip_prefix('#') {
        let (digits, is_digit): (&str, fn(char) -> bool) = match number.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, |c| c.is_ascii_hexdigit()),
            None => (number, |c| c.is_ascii_digit()),
        };
        let end = digits.trim_start_matches(is_digit);
        return end.len() < digits.len() && end.starts_with(';');
    }
    // The longest name has 31 letters.
    let letters = behind
        .bytes()
        .take(32)
        .take_while(u8::is_ascii_alphanumeric);
    let Some((name, end)) = behind.split_at_checked(letters.count()) else {
        return false;
    };
    if name.is_empty() || !end.starts_with(';') {
        return false;
    }
    if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos" | "nbsp") {
        return true;
    }
    // `&notit;` is no reference, but HTML finds the old `&not` in it and leaves the semicolon.
    let decoded = decode(&format!("&{name};"));
    decoded == ";" || !decoded.ends_with(';')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pairs: &[(&str, &str)]) {
        for (fragment, expected) in pairs {
            assert_eq!(shown(fragment), *expected, "{fragment}");
        }
    }

    proptest! {
        #[test]
        fn white_space_of_any_kind_is_one_blank(text in "[ab .\t\u{a0}\u{85}\u{3000}\u{7f}é中]{0,30}") {
            let words: Vec<&str> = text.split(is_white).filter(|word| !word.is_empty()).collect();
            prop_assert_eq!(shown_plain(&text), words.join(" "));
        }
    }

    #[test]
    fn cdata_marks_go_and_their_content_stays() {
        check(&[
            ("<![CDATA[<b>Mosul</b> & x]]>", "Mosul & x"),
            ("a ]]> b", "a b"),
        ]);
    }

    #[test]
    fn comments_doctypes_and_instructions_go() {
        check(&[(
            "<!DOCTYPE html><!-- no -->Mo<!-- no -->sul<?php no ?>",
            "Mosul",
        )]);
    }

    #[test]
    fn hidden_elements_go_with_their_content_and_leave_a_paragraph_break() {
        for name in [
            "script", "style", "template", "noscript", "svg", "math", "iframe", "object",
        ] {
            let fragment = format!("a<{name} x=1>no <b>no</b> no</{name}>b");
            assert_eq!(shown(&fragment), "a\n\nb", "{name}");
        }
        check(&[
            ("a<script>if (1 < 2) { x('</p>') }</script>b", "a\n\nb"),
            ("a<SVG><svg>no</svg>no</SVG>b", "a\n\nb"),
            ("a<iframe src=x />b", "a\n\nb"),
            ("a<script src=x />b<i>c</i>", "a\n\nbc"),
        ]);
    }

    #[test]
    fn blocks_break_paragraphs_and_br_lines() {
        check(&[
            ("<p>Mosul</p> <p>and&nbsp;Raqqa</p>", "Mosul\n\nand Raqqa"),
            ("a<br>b", "a\nb"),
            ("a<br/>b</br>c", "a\nb\nc"),
            ("a<br> \n<br>b", "a\n\nb"),
            ("a\n\nb", "a b"),
            ("a&#10;b", "a b"),
            ("<ul><li>a<li>b</ul>c", "a\n\nb\n\nc"),
            ("a\u{2028}b\u{2029}c", "a\nb\n\nc"),
        ]);
    }

    #[test]
    fn pictures_leave_a_blank_and_other_tags_nothing() {
        check(&[
            ("Mo<img src=x alt=no>sul", "Mo sul"),
            ("<b>Mo</b>sul", "Mosul"),
            ("Mo<wbr>sul <o:p>x</o:p>", "Mosul x"),
            ("<a title=\"Mosul\" href=\"#\">link</a>", "link"),
            ("<button>Go</button><textarea>a<b>c</b></textarea>", "Go ac"),
        ]);
    }

    #[test]
    fn a_less_than_that_begins_no_tag_stays() {
        check(&[
            ("1 < 2 <3 <=", "1 < 2 <3 <="),
            ("I </3 you", "I </3 you"),
            ("a <", "a <"),
        ]);
    }

    #[test]
    fn references_are_decoded_twice_and_only_with_semicolon() {
        check(&[
            ("AT&amp;T", "AT&T"),
            ("AT&amp;amp;T", "AT&T"),
            ("AT&amp;amp;amp;T", "AT&amp;T"),
            (
                "law&regulation &copy 2016 &notit; &nosuch; &semi;",
                "law&regulation &copy 2016 &notit; &nosuch; ;",
            ),
            ("R&D; x", "R&D; x"),
            ("&#8217;&#x2019;&rsquo;&#146;", "’’’’"),
            ("&amp;lt;b&amp;gt;Mosul&amp;lt;/b&amp;gt;", "<b>Mosul</b>"),
            ("&lt;script&gt;x&lt;/script&gt;", "<script>x</script>"),
            ("&amp;#8217;", "’"),
            ("&#;&#x;&;", "&#;&#x;&;"),
            ("Mo&shy;sul", "Mo\u{AD}sul"),
        ]);
    }

    #[test]
    fn white_space_and_controls_collapse_and_nothing_else_changes() {
        check(&[
            ("  a\t\r\n\u{85}\u{3000}\0b\u{2009} ", "a b"),
            (
                "a\u{200B}b\u{AD}ＩＳ\u{202B}",
                "a\u{200B}b\u{AD}ＩＳ\u{202B}",
            ),
        ]);
    }

    #[test]
    fn values_links_and_names() {
        let values = [
            "A &amp; B".to_string(),
            " ".to_string(),
            "<b>C</b>".to_string(),
        ];
        assert_eq!(shown_values(&values), "A & B\n\nC");
        assert_eq!(
            shown_link("https://x.org/%C3%A4%20b&amp;"),
            "https://x.org/ä b&amp;"
        );
        assert_eq!(shown_plain(" BBC \n World &amp; "), "BBC World &amp;");
    }

    #[test]
    fn a_cut_is_marked_and_keeps_characters_whole() {
        let long = format!("<p>{}</p>", "ю\u{301}".repeat(MAX_SHOWN));
        let cut = shown_capped(&long);
        assert!(cut.len() <= MAX_SHOWN && cut.ends_with("ю\u{301}…"));
        assert_eq!(shown_capped("<p>short</p>"), "short");
        let full = "x".repeat(MAX_SHOWN);
        assert_eq!(shown_capped(&full), full);
    }

    proptest! {
        #[test]
        fn shown_text_is_trimmed_and_collapsed(fragment in "([a-z<>&;#/! \n\u{A0}\u{2028}]|<p>|<br>|</p>|&amp;|<svg>|<!--|-->|<script>|</script>|]]>){0,30}") {
            let shown = shown(&fragment);
            prop_assert_eq!(shown.trim(), shown.as_str());
            prop_assert!(!shown.contains("  ") && !shown.contains("\n\n\n") && !shown.contains(" \n"));
        }

        // Of a paragraph's end two line feeds are shown.
        #[test]
        fn plain_text_shown_twice_is_shown_once(text in any::<String>()) {
            let once = shown_plain(&text).replace("\n\n", " ").replace('\n', " ");
            prop_assert_eq!(shown_plain(&once), once.clone());
        }

        #[test]
        fn anything_can_be_shown(fragment in any::<String>()) {
            shown_capped(&fragment);
        }
    }
}
