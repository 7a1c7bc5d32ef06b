//! A linter over a rendered message: what every mail client can show, and what none may be made to do.

use std::collections::BTreeSet;

use super::clean::columns;
use super::render::Rendered;

// Each is supported by the clients that people read mail with, or is ignored by them without harm (caniemail, 2026).
const PROPERTIES: &[&str] = &[
    "background-color",
    "border-bottom",
    "border-color",
    "border-left",
    "border-radius",
    "border-spacing",
    "border-top",
    "color",
    "color-scheme",
    "display",
    "font-family",
    "font-size",
    "font-weight",
    "height",
    "line-height",
    "margin",
    "max-height",
    "max-width",
    "mso-hide",
    "overflow",
    "padding",
    "padding-left",
    "padding-right",
    "supported-color-schemes",
    "text-align",
    "text-decoration",
    "text-size-adjust",
    "-webkit-text-size-adjust",
    "vertical-align",
    "white-space",
    "word-break",
];

const ELEMENTS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "p", "h1", "h2",
    "h3", "a", "b", "bdi", "br", "span", "!doctype",
];

const ATTRIBUTES: &[&str] = &[
    "lang",
    "dir",
    "charset",
    "name",
    "content",
    "class",
    "style",
    "role",
    "aria-roledescription",
    "aria-label",
    "aria-hidden",
    "width",
    "cellspacing",
    "cellpadding",
    "align",
    "href",
];

/// Panics at the first rule that the message breaks.
#[track_caller]
pub(super) fn lint(rendered: &Rendered) {
    lint_headers(rendered);
    lint_text(&rendered.text);
    lint_html(&rendered.html);
}

#[track_caller]
fn lint_headers(rendered: &Rendered) {
    for header in [&rendered.subject, &rendered.from_name] {
        assert!(!header.contains("=?"), "{header:?} begins an encoded word");
        assert!(
            !header.chars().any(char::is_control),
            "{header:?} has a control"
        );
        assert!(columns(header) <= 220, "{header:?} is too long");
        assert!(!header.trim().is_empty());
    }
}

#[track_caller]
fn lint_text(text: &str) {
    for line in text.lines() {
        let alone = ["http://", "https://", "wirewatch "]
            .iter()
            .any(|start| line.trim_start().starts_with(start));
        assert!(alone || columns(line) <= 72, "too wide: {line:?}");
        assert!(
            line.len() == line.trim_end().len() || line == "-- ",
            "space at the end: {line:?}"
        );
        assert!(
            alone || !line.contains("http"),
            "an address is not alone: {line:?}"
        );
        let (open, closed) = (
            line.matches('\u{2068}').count(),
            line.matches('\u{2069}').count(),
        );
        assert_eq!(open, closed, "an isolate is not closed: {line:?}");
    }
    assert!(!text.contains("\n\n\n\n"), "too many empty lines");
    assert!(
        !text
            .chars()
            .any(|letter| letter.is_control() && letter != '\n'),
        "a control"
    );
    assert!(
        !text
            .chars()
            .any(|letter| matches!(letter, '\u{202a}'..='\u{202e}')),
        "an override"
    );
}

#[track_caller]
fn lint_html(html: &str) {
    assert!(html.len() < 80 * 1024, "{} bytes", html.len());
    assert!(
        !html
            .chars()
            .any(|letter| letter.is_control() && letter != '\n'),
        "a control"
    );
    assert!(
        !html
            .chars()
            .any(|letter| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')),
        "an override"
    );
    let mut open: Vec<&str> = Vec::new();
    for tag in tags(html) {
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n', '>'])
            .next()
            .unwrap_or_default();
        assert!(ELEMENTS.contains(&name), "element `{name}`");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "not closed in order");
        } else if !["meta", "br", "!doctype"].contains(&name) {
            open.push(name);
        }
        for (attribute, value) in attributes(tag) {
            lint_attribute(attribute, value);
        }
    }
    assert_eq!(open, [""; 0], "not closed");
    for rule in styles(html) {
        lint_style(rule);
    }
}

#[track_caller]
fn lint_attribute(attribute: &str, value: &str) {
    assert!(ATTRIBUTES.contains(&attribute), "attribute `{attribute}`");
    match attribute {
        "style" => lint_style(value),
        "href" => assert!(
            value.starts_with("https://") || value.starts_with("http://"),
            "{value:?}"
        ),
        "dir" => assert!(["ltr", "rtl"].contains(&value), "{value:?}"),
        _ => {}
    }
}

#[track_caller]
fn lint_style(style: &str) {
    let mut seen = BTreeSet::new();
    for declaration in style
        .split(';')
        .filter(|declaration| !declaration.trim().is_empty())
    {
        let (property, value) = declaration
            .split_once(':')
            .expect("a declaration has a colon");
        assert!(
            PROPERTIES.contains(&property.trim()),
            "property `{property}`"
        );
        assert!(!value.trim().is_empty(), "no value: {declaration:?}");
        assert!(
            !value.contains(['(', '@', '\\']),
            "not a plain value: {declaration:?}"
        );
        assert!(
            seen.insert(property.trim().to_owned()),
            "`{property}` twice in {style:?}"
        );
    }
}

/// The tags outside comments, without their brackets.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once('<')?;
            // What only Outlook reads stands in a comment; the end of such a comment for the others is one itself.
            if let Some(comment) = after.strip_prefix("!--") {
                rest = comment.split_once("-->").expect("a comment ends").1;
                continue;
            }
            let (tag, after) = after.split_once('>').expect("a tag ends");
            rest = after;
            return Some(tag);
        }
    })
}

fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag.split_once(' ').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (attribute, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"').expect("a value ends");
        rest = after;
        Some((attribute.trim(), value))
    })
}

/// The declarations in the style sheet's innermost braces.
fn styles(html: &str) -> impl Iterator<Item = &str> {
    let sheets = html
        .split("<style>")
        .skip(1)
        .filter_map(|sheet| sheet.split("</style>").next());
    sheets
        .flat_map(|sheet| sheet.split('}'))
        .filter_map(|rule| rule.rsplit_once('{').map(|(_, declarations)| declarations))
}

/// The contrast of two colours by WCAG 2.2, from 1 to 21.
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |colour: &str| {
        let channel = |at: usize| {
            let part = colour.get(at..at + 2).expect("six digits behind a hash");
            let value = f64::from(u8::from_str_radix(part, 16).expect("two hex digits")) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_has_enough_contrast_in_light_and_dark() {
    let pairs = [
        // Light: body texts, the topic's name, the marked term, the badge, the box.
        ("#ffffff", &["#5f6771", "#3d444c", "#15181b", "#0b6b5d"][..]),
        ("#fff0b8", &["#15181b"]),
        ("#fdebdf", &["#8a330a"]),
        ("#fdf7e4", &["#574300"]),
        // Dark, in the same order.
        ("#1a1d21", &["#9aa3ad", "#c3c9d0", "#f1f2f4", "#5fcbb6"]),
        ("#4a4016", &["#ffeeb5"]),
        ("#46291a", &["#ffc6a1"]),
        ("#29241a", &["#ecd9a8"]),
    ];
    let page = concat!(
        include_str!("templates/page.html"),
        include_str!("templates/story.html")
    );
    for (background, colours) in pairs {
        for colour in colours {
            assert!(
                page.contains(background) && page.contains(colour),
                "{colour} on {background} is gone"
            );
            let contrast = contrast(colour, background);
            assert!(contrast >= 4.5, "{colour} on {background}: {contrast:.1}");
        }
    }
}
