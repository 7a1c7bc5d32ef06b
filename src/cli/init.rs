//! `init`: a watchlist to start from.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context as _;

use super::{End, hinted, print_line, say};
use crate::config;

const ELSEWHERE: &str = "name a file where you may write: wirewatch init FILE";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to write it; `-` prints it; default: ~/.config/wirewatch/wirewatch.toml
    file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<End> {
    if arguments
        .file
        .as_ref()
        .is_some_and(|file| file.as_os_str() == "-")
    {
        print_line(config::EXAMPLE.trim_end())?;
        return Ok(End::Done);
    }
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => config::find::personal(config::find::Environment::process()).ok_or_else(|| {
            hinted(
                "there is no home directory to write to",
                "name a file: wirewatch init FILE",
            )
        })?,
    };
    if let Some(folder) = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            hinted(
                format!("cannot create the folder `{}`: {error}", folder.display()),
                ELSEWHERE,
            )
        })?;
    }
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file);
    let mut created = match created {
        Ok(created) => created,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(hinted(
                format!("`{}` exists already and was not touched", file.display()),
                "name another file, or read the example with: wirewatch init -",
            ));
        }
        Err(error) => {
            return Err(hinted(
                format!("cannot write `{}`: {error}", file.display()),
                ELSEWHERE,
            ));
        }
    };
    created
        .write_all(config::EXAMPLE.as_bytes())
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    say(format_args!(
        "Wrote `{}`. Edit its recipient, mail server, feeds and topics, then:\n  \
         wirewatch check   finds mistakes and runs its tests\n  \
         wirewatch run     starts the daemon\n\
         What a feed shows at its first poll is stored and not mailed, unless `backfill` asks for it.",
        file.display()
    ));
    Ok(End::Done)
}
