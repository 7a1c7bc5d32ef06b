//! `match`: does this query match this text, and why.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use super::setup::count;
use super::terminal::{colours, highlight, report_colour};
use super::{End, hinted, print_line, say};
use crate::config;
use crate::model::{Field, Hit};
use crate::query::{self, Document, Lists, Prepared, QueryError, Rule};
use crate::text::html;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The query
    #[arg(
        long,
        short,
        required_unless_present = "jsonl",
        conflicts_with = "jsonl"
    )]
    query: Option<String>,
    /// The item's title (HTML is read as in a feed)
    #[arg(long, default_value = "")]
    title: String,
    /// The item's text
    #[arg(long, default_value = "")]
    text: String,
    /// The item's language, such as `en`; default: what the text looks like
    #[arg(long)]
    lang: Option<String>,
    /// The item's address, for `site:` and `link:`
    #[arg(long)]
    link: Option<String>,
    /// Read one case a line from standard input, answer one a line (for test runners)
    #[arg(long)]
    jsonl: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<End> {
    let Some(query) = &arguments.query else {
        return answer_cases();
    };
    let rule = Rule {
        query: Some(query.clone()),
        ..Rule::default()
    };
    let compiled =
        query::compile(&rule, &Lists::new()).map_err(|errors| wrong_query(query, &errors))?;
    if arguments.title.is_empty() && arguments.text.is_empty() {
        return Err(hinted(
            "there is no text to match",
            format!(
                "give one with `--title` or `--text`; `wirewatch search '{}'` looks into the stored items",
                query.replace('\'', "'\\''")
            ),
        ));
    }
    let (title, text) = (html::shown(&arguments.title), html::shown(&arguments.text));
    let prepared = Prepared::new(&Document {
        title: &title,
        summary: &text,
        content: "",
        author: "",
        category: "",
        link: arguments.link.as_deref(),
        feed: "",
        tags: &[],
        lang: arguments.lang.as_deref(),
    });
    let verdict = compiled.judge(&prepared);
    print_line(if verdict.matched { "yes" } else { "no" })?;
    print_line(format_args!("read as  {}", compiled.reading()))?;
    if !verdict.matched {
        print_line(format_args!("because  {}", compiled.miss(&prepared)))?;
        return Ok(End::NeedsAPerson);
    }
    print_line(format_args!("score    {}", verdict.score))?;
    for (field, text) in [(Field::Title, &title), (Field::Summary, &text)] {
        let ranges = ranges_in(&verdict.evidence, field);
        if !ranges.is_empty() {
            let name = if field == Field::Title {
                "title"
            } else {
                "text"
            };
            print_line(format_args!(
                "{name:<8} {}",
                highlight(text, &ranges, colours())
            ))?;
        }
    }
    let mut terms: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for hit in &verdict.evidence {
        let forms = terms.entry(&hit.term).or_default();
        if !forms.contains(&hit.form.as_str()) {
            forms.push(&hit.form);
        }
    }
    for (term, forms) in terms {
        print_line(format_args!("matched  {term} (as {})", forms.join(", ")))?;
    }
    Ok(End::Done)
}

/// Shows all mistakes of a query with carets, as `check` does those of a watchlist.
pub(super) fn wrong_query(query: &str, errors: &[QueryError]) -> anyhow::Error {
    let report = config::query_report(query, errors);
    say(report.render(report_colour()).trim_end());
    say("");
    hinted(
        format!("the query has {}", count(report.problems(), "mistake")),
        "the language in ten lines: the README, \"The query language\"",
    )
}

/// The ranges of the hits in a field, ascending, overlapping ones joined.
pub(super) fn ranges_in(evidence: &[Hit], field: Field) -> Vec<(usize, usize)> {
    let mut ranges: Vec<_> = evidence
        .iter()
        .filter(|hit| hit.field == field)
        .map(|hit| (hit.start, hit.end))
        .collect();
    ranges.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn answer_cases() -> anyhow::Result<End> {
    let mut all_were_cases = true;
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    let mut input = io::stdin().lock();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let (answer, was_a_case) =
            query::cases::answer_case(String::from_utf8_lossy(&line).trim_end_matches('\n'));
        all_were_cases &= was_a_case;
        writeln!(output, "{answer}")?;
    }
    output.flush()?;
    if !all_were_cases {
        say("some lines were no cases");
    }
    Ok(if all_were_cases {
        End::Done
    } else {
        End::NeedsAPerson
    })
}
