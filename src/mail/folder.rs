//! One message into a folder.
//!
//! Each file is there whole or not at all, and the same delivery always has the same names, so writing it again after
//! a crash replaces it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Outcome, Report, Step};
use crate::files::hand_over;
use crate::model::{DeliveryId, Timestamp};

/// Where a message went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The message itself.
    pub eml: PathBuf,
    /// Its HTML part, to look at in a browser.
    pub html: PathBuf,
}

impl Written {
    /// The report on a message that was written.
    pub fn report(&self) -> Report {
        Report {
            outcome: Outcome::Accepted,
            step: Step::Folder,
            reply: format!("written to `{}`", self.eml.display()),
            hint: None,
        }
    }
}

/// Names a message; names sort by time.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// The end of the digest's window.
    pub at: Timestamp,
    /// The digest's slug.
    pub slug: &'a str,
    /// The recipient's address.
    pub recipient: &'a str,
    /// Keeps apart what is otherwise named alike.
    pub delivery: DeliveryId,
}

/// No part of a file's name is longer.
const MAX_PART: usize = 60;

/// Writes a message and its HTML part into `folder`, which is made if it is missing. Files are for their owner only.
///
/// # Errors
/// A report of the outcome `Config` where a person must act (a path that cannot be, permissions), else `Transient`.
pub fn write(
    folder: &Path,
    label: Label<'_>,
    message: &[u8],
    html: &[u8],
) -> Result<Written, Report> {
    let stem = label.stem();
    let written = Written {
        eml: folder.join(format!("{stem}.eml")),
        html: folder.join(format!("{stem}.html")),
    };
    let write = || -> io::Result<()> {
        if !folder.exists() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
            hand_over(folder);
        }
        // The message comes last: where it is, all is.
        place(&written.html, html)?;
        place(&written.eml, message)?;
        File::open(folder)?.sync_all()
    };
    write().map(|()| written).map_err(|error| Report {
        outcome: outcome(&error),
        step: Step::Folder,
        reply: format!("cannot write into `{}`: {error}", folder.display()),
        hint: matches!(outcome(&error), Outcome::Config)
            .then(|| "check `folder` of `[mail]` and who may write there".to_owned()),
    })
}

impl Label<'_> {
    /// The name without its ending, such as `20261123T060000Z-morning-reader@example.org-17`.
    fn stem(&self) -> String {
        let at = self.at.strftime("%Y%m%dT%H%M%SZ");
        format!(
            "{at}-{}-{}-{}",
            safe(self.slug),
            safe(self.recipient),
            self.delivery
        )
    }
}

/// A part of a file's name: no separator, no leading dot, nothing that a shell or a terminal would act on.
fn safe(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "@._-+".contains(c) {
            c
        } else {
            '_'
        }
    };
    let part: String = text.chars().take(MAX_PART).map(plain).collect();
    part.trim_start_matches(['.', '-']).to_owned()
}

/// Writes a file beside its place, makes it durable and moves it there.
fn place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.part"));
    // What a crash has left, or a link that someone else has laid there.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        hand_over(&draft);
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    };
    write().inspect_err(|_| {
        // A full disk must not stay full of our drafts. If this fails too, the first error is the one to tell.
        let _ = std::fs::remove_file(&draft);
    })
}

fn outcome(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::InvalidFilename => Outcome::Config,
        _ => Outcome::Transient,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn label<'a>(slug: &'a str, recipient: &'a str) -> Label<'a> {
        let at = "2026-11-23T06:00:00Z".parse().expect("valid instant");
        Label {
            at,
            slug,
            recipient,
            delivery: DeliveryId(17),
        }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path)
            .expect("it exists")
            .permissions()
            .mode()
            & 0o777
    }

    #[test]
    fn both_files_are_written_for_their_owner_only() {
        let home = tempfile::tempdir().expect("a place for it");
        let folder = home.path().join("state/outbox");
        let written = write(
            &folder,
            label("morning", "reader@example.org"),
            b"message",
            b"html",
        )
        .expect("it can be written");
        assert_eq!(
            written.eml,
            folder.join("20261123T060000Z-morning-reader@example.org-17.eml")
        );
        assert_eq!(
            std::fs::read(&written.eml).ok().as_deref(),
            Some(&b"message"[..])
        );
        assert_eq!(
            std::fs::read(&written.html).ok().as_deref(),
            Some(&b"html"[..])
        );
        assert_eq!(
            (mode(&folder), mode(&written.eml), mode(&written.html)),
            (0o700, 0o600, 0o600)
        );
    }

    #[test]
    fn writing_again_replaces_and_leaves_no_draft() {
        let home = tempfile::tempdir().expect("a place for it");
        std::fs::write(
            home.path().join(".20261123T060000Z-m-r-17.eml.part"),
            b"torn",
        )
        .expect("a torn draft");
        for message in [&b"first"[..], b"second"] {
            let written =
                write(home.path(), label("m", "r"), message, b"").expect("it can be written");
            assert_eq!(std::fs::read(written.eml).ok().as_deref(), Some(message));
        }
        assert_eq!(std::fs::read_dir(home.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn no_name_leaves_the_folder() {
        let stem = label("../../etc", "../x/\u{202e}\n@y").stem();
        assert_eq!(stem, "20261123T060000Z-_.._etc-_x___@y-17");
        assert!(label("a", &"x".repeat(500)).stem().len() < 200);
    }

    #[test]
    fn a_folder_that_cannot_be_asks_for_a_person() {
        let home = tempfile::tempdir().expect("a place for it");
        let file = home.path().join("file");
        std::fs::write(&file, b"").expect("a file");
        let report = write(&file.join("outbox"), label("m", "r"), b"", b"")
            .expect_err("a file is no folder");
        assert_eq!(
            (report.outcome, report.step),
            (Outcome::Config, Step::Folder)
        );
    }
}
