//! A composed digest to subject, text and HTML.
//!
//! Both parts come from one view by the templates beside this file. The HTML is one column of 600 pixels with inline
//! styles, no image and nothing remote; the text is complete, in lines of 72 columns, with addresses alone on theirs.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior};

use super::clean::columns;
use super::material::Thread;
use super::view::Digest;
use super::wrap;

/// The columns of the glance table that a topic's name may take.
const GLANCE_NAME: usize = 26;

/// A message, ready to be put into MIME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line, no encoded word.
    pub subject: String,
    /// The name the message comes from, one line.
    pub from_name: String,
    /// What an inbox shows beside the subject; it also stands hidden in `html`.
    pub preheader: String,
    /// The text part, UTF-8 with line feeds.
    pub text: String,
    /// The HTML part, UTF-8 with line feeds.
    pub html: String,
    /// The message it answers: `In-Reply-To` and `References`.
    pub thread: Option<Thread>,
}

/// Renders both parts.
pub fn render(digest: &Digest) -> Rendered {
    let text = part("text.txt", digest);
    Rendered {
        subject: digest.subject.clone(),
        from_name: digest.from_name.clone(),
        preheader: digest.preheader.clone(),
        text: format!("{}\n", text.trim_end()),
        html: part("page.html", digest),
        thread: digest.thread.clone(),
    }
}

fn part(template: &str, digest: &Digest) -> String {
    TEMPLATES
        .get_template(template)
        .and_then(|template| template.render(Serde(digest)))
        .expect("the built-in templates use only what the view has, which a test renders whole")
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    templates.set_syntax(syntax.expect("the usual delimiters are sound"));
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_formatter(escape);
    templates.add_filter("isolated", |text: &str| wrap::isolated(text));
    templates.add_filter("wrap", |text: &str, prefix: &str, indent: usize| {
        wrap::wrap(text, prefix, indent)
    });
    templates.add_filter("glance_name", |name: &str, width: usize| {
        let name = super::clean::cut(name, GLANCE_NAME);
        let gap = " ".repeat(width.saturating_sub(columns(&name)));
        format!("{}{gap}", wrap::isolated(&name))
    });
    templates.add_filter("glance_columns", |name: &str| {
        columns(name).min(GLANCE_NAME)
    });
    templates.add_filter("right", |text: &str, width: usize| {
        format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
    });
    templates.add_filter("heading", heading);
    templates.add_filter("with_code", |text: &str| with_code(text));
    templates.add_filter("upper_case", |name: &str| name.to_uppercase());
    for (name, source) in [
        ("page.html", include_str!("templates/page.html")),
        ("story.html", include_str!("templates/story.html")),
        ("text.txt", include_str!("templates/text.txt")),
    ] {
        templates
            .add_template(name, source)
            .expect("the built-in templates parse, which a test shows");
    }
    templates
});

/// A heading and, set apart on the same line if there is room, how much stands under it.
fn heading(title: &str, amount: &str) -> String {
    let title = wrap::isolated(title);
    if amount.is_empty() {
        return wrap::wrap(&title, "", 0);
    }
    let line = format!("{title}   {amount}");
    if columns(&line) <= wrap::WIDTH {
        line
    } else {
        format!("{}\n{amount}", wrap::wrap(&title, "", 0))
    }
}

/// Escapes what HTML needs and no more: the slashes of addresses stay readable, and count towards no size.
fn escape(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if *state.auto_escape() != AutoEscape::Html || value.is_safe() {
        return minijinja::escape_formatter(out, state, value);
    }
    let Some(text) = value.as_str() else {
        return minijinja::escape_formatter(out, state, value);
    };
    Ok(out.write_str(&escaped(text))?)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A sentence of ours for HTML, with what stands between backticks as code.
fn with_code(text: &str) -> Value {
    let parts: Vec<String> = text.split('`').map(escaped).collect();
    // Without its partner a backtick is a letter of somebody's name.
    if parts.len().is_multiple_of(2) {
        return Value::from_safe_string(escaped(text));
    }
    let tag = |(at, part): (usize, &String)| match at % 2 {
        0 => part.clone(),
        _ => format!("<span style=\"font-family:Menlo,Consolas,monospace\">{part}</span>"),
    };
    Value::from_safe_string(parts.iter().enumerate().map(tag).collect())
}
