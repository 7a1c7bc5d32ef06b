//! `check --online` and `--mail-to`: tries what the watchlist needs, and names the step that fails and what to change.
//!
//! It takes no lock and writes nothing but the sample, so that it can be run beside the daemon.

use std::path::Path;

use super::super::terminal::plain;
use super::super::{Context, End, print_line, setup};
use super::{Arguments, feeds, machine};
use crate::config::{Config, SmtpConfig, Transport};
use crate::deliver::rehearsal;
use crate::mail::{Outcome, Report, Step};

/// What came of one thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// `database`, `feed`, `recipient`, ...
    pub(super) what: &'static str,
    /// Which one; empty where there is only one.
    pub(super) name: String,
    pub(super) verdict: Verdict,
    /// The step that failed and why, or what is good.
    pub(super) words: String,
    /// What to change.
    pub(super) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// Worth knowing; nothing needs to be done now.
    Note,
    Problem,
}

impl Finding {
    fn new(what: &'static str, name: &str, verdict: Verdict, words: String) -> Finding {
        Finding {
            what,
            name: name.to_owned(),
            verdict,
            words,
            hint: None,
        }
    }

    pub(super) fn good(what: &'static str, name: &str, words: impl Into<String>) -> Finding {
        Finding::new(what, name, Verdict::Good, words.into())
    }

    pub(super) fn note(what: &'static str, name: &str, words: impl Into<String>) -> Finding {
        Finding::new(what, name, Verdict::Note, words.into())
    }

    pub(super) fn problem(what: &'static str, name: &str, words: impl Into<String>) -> Finding {
        Finding::new(what, name, Verdict::Problem, words.into())
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }

    /// One line, the remedy included.
    pub(super) fn print(&self) -> anyhow::Result<()> {
        let mark = match self.verdict {
            Verdict::Good => "ok",
            Verdict::Note => "note",
            Verdict::Problem => "problem",
        };
        let gap = if self.name.is_empty() { "" } else { " " };
        let hint = self
            .hint
            .as_ref()
            .map(|hint| format!(" ({hint})"))
            .unwrap_or_default();
        print_line(format_args!(
            "{mark:<8} {}{gap}{}: {}{}",
            self.what,
            plain(&self.name),
            plain(&self.words),
            plain(&hint)
        ))
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "what": self.what,
            "name": self.name,
            "state": match self.verdict {
                Verdict::Good => "ok",
                Verdict::Note => "note",
                Verdict::Problem => "problem",
            },
            "words": self.words,
            "hint": self.hint,
        })
    }
}

/// How the command ends after these.
pub(super) fn end(findings: &[Finding]) -> End {
    let is_problem = |finding: &Finding| finding.verdict == Verdict::Problem;
    if findings.iter().any(is_problem) {
        End::NeedsAPerson
    } else {
        End::Done
    }
}

/// Tries what the arguments ask for; `each` hears of every finding as it comes.
pub(super) fn findings(
    context: &Context,
    config: &Config,
    arguments: &Arguments,
    each: impl Fn(&Finding) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut add = |finding: Finding| {
        let told = each(&finding);
        findings.push(finding);
        told
    };
    let host = setup::host();
    if arguments.online {
        let store = machine::database(config, &mut add)?;
        let runtime = setup::runtime()?;
        let offsets = runtime.block_on(feeds::ask(context, config, store.as_ref(), &mut add))?;
        // It is over with the database before a mail server can keep us waiting.
        drop(store);
        add(machine::clock(offsets))?;
        match &config.mail.transport {
            Transport::Folder(folder) => add(machine::folder("mail folder", folder))?,
            Transport::Smtp(smtp) => {
                for finding in runtime.block_on(mail_server(config, smtp, &host)) {
                    add(finding)?;
                }
            }
        }
    }
    if let Some(to) = &arguments.mail_to {
        let now = context.clock.now();
        let sampled = setup::runtime()?.block_on(rehearsal::send_sample(config, &host, to, now));
        add(match sampled {
            Err(cause) => Finding::problem("sample", to, cause),
            Ok(sampled) => of_report("sample", to, &sampled.report),
        })?;
    }
    Ok(findings)
}

async fn mail_server(config: &Config, smtp: &SmtpConfig, host: &str) -> Vec<Finding> {
    let server = format!("{}:{}", smtp.host, smtp.port);
    let rehearsed = rehearsal::rehearse(config, smtp, host).await;
    let mut findings = Vec::new();
    let was_reached = rehearsed.iter().any(|one| one.recipient.is_some());
    if was_reached {
        let login = match smtp.login {
            Some(_) => "connected and logged in",
            None => "connected, no login",
        };
        findings.push(Finding::good("mail server", &server, login));
    }
    for one in &rehearsed {
        findings.push(match &one.recipient {
            Some(recipient) => of_report("recipient", recipient, &one.report),
            None => of_report("mail server", &server, &one.report),
        });
    }
    findings
}

fn of_report(what: &'static str, name: &str, report: &Report) -> Finding {
    let words = format!("{}: {}", report.step, report.reply.replace('\n', " / "));
    let finding = match (report.step, report.outcome) {
        (Step::Rcpt, Outcome::Accepted) => Finding::good(what, name, "the server would take it"),
        (_, Outcome::Accepted) => Finding::good(what, name, words),
        // A server that has never seen us says so at first.
        (Step::Rcpt, Outcome::Transient) if report.reply.starts_with('4') => {
            Finding::note(what, name, format!("{words} (it is tried again later)"))
        }
        _ => Finding::problem(what, name, words),
    };
    match &report.hint {
        Some(hint) => finding.hint(hint.clone()),
        None => finding,
    }
}

/// The path as people write it.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
