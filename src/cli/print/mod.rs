//! `print`: files for systemd, for man and for shells, written to standard output or into a folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{End, help};

mod unit;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Prints a unit for systemd: of the machine, or of one's own session
    Unit {
        /// For `systemctl --user`
        #[arg(long)]
        user: bool,
        /// The program that the unit starts; default: this one, where systemd can reach it
        #[arg(long, value_name = "FILE")]
        binary: Option<PathBuf>,
    },
    /// Prints the man page of wirewatch, or writes those of all commands into a folder
    Man {
        /// Where the pages go, one file a command
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
    /// Prints the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<End> {
    match &arguments.what {
        What::Unit { user, binary } => write(unit::unit(*user, binary.as_deref()).as_bytes())?,
        What::Man { into: None } => write(&page(documented())?)?,
        What::Man { into: Some(folder) } => pages(folder)?,
        What::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut help::command(), "wirewatch", &mut script);
            write(&script)?;
        }
    }
    Ok(End::Done)
}

fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    Ok(output.flush()?)
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command)
        .manual("wirewatch")
        .source(concat!("wirewatch ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)?;
    Ok(page)
}

/// The program as the man pages tell of it; each command knows its full name.
fn documented() -> clap::Command {
    let mut command = help::command().disable_help_subcommand(true);
    command.build();
    command
}

/// Writes `wirewatch.1`, `wirewatch-run.1`, `wirewatch-feeds-list.1`, ...
fn pages(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
    let mut waiting = vec![documented()];
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().cloned());
        let name = command
            .get_display_name()
            .unwrap_or(command.get_name())
            .to_owned();
        let file = folder.join(format!("{name}.1"));
        std::fs::write(&file, page(command)?)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(())
}
