//! The units for systemd.

use std::path::{Path, PathBuf};

const SYSTEM: &str = include_str!("wirewatch.service");
const USER: &str = include_str!("wirewatch-user.service");

/// Where the unit of the machine finds the program unless it is told.
const INSTALLED: &str = "/usr/local/bin/wirewatch";

/// The unit of the machine, or of one's own session, that starts `binary`; by default the running program.
pub(super) fn unit(user: bool, binary: Option<&Path>) -> String {
    let running = || std::env::current_exe().ok();
    let binary = binary.map(Path::to_owned).or_else(running);
    let (template, binary) = if user {
        (USER, binary)
    } else {
        (SYSTEM, binary.filter(|binary| is_in_reach(binary)))
    };
    let binary = binary.unwrap_or_else(|| PathBuf::from(INSTALLED));
    template.replace("@BINARY@", &quoted(&binary))
}

/// A service does not see homes, and a temporary folder of its own.
fn is_in_reach(binary: &Path) -> bool {
    ["/usr", "/opt", "/bin", "/nix"]
        .iter()
        .any(|folder| binary.starts_with(folder))
}

/// A path as systemd reads it in `ExecStart`.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string().replace('%', "%%");
    if path.contains([' ', '"', '\\', '\'', ';', '$']) {
        let escaped = path
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('$', "$$");
        return format!("\"{escaped}\"");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn starts(unit: &str, expected: &str) {
        let start = unit.lines().find(|line| line.starts_with("ExecStart="));
        assert_eq!(start, Some(expected));
    }

    #[test]
    fn a_service_starts_only_what_it_can_see() {
        let home = Path::new("/home/me/.cargo/bin/wirewatch");
        starts(
            &unit(false, Some(home)),
            "ExecStart=/usr/local/bin/wirewatch run",
        );
        starts(
            &unit(true, Some(home)),
            "ExecStart=/home/me/.cargo/bin/wirewatch run",
        );
        let packaged = Path::new("/usr/bin/wirewatch");
        starts(
            &unit(false, Some(packaged)),
            "ExecStart=/usr/bin/wirewatch run",
        );
    }

    #[test]
    fn a_path_with_signs_is_quoted() {
        let path = Path::new("/opt/my tools/100%/wirewatch");
        starts(
            &unit(false, Some(path)),
            "ExecStart=\"/opt/my tools/100%%/wirewatch\" run",
        );
    }
}
