//! The built binary in a home of its own: a folder for the watchlist and one for its state.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

/// How long anything is waited for.
const DEADLINE: Duration = Duration::from_secs(60);

/// A watchlist and the state it makes; gone when dropped.
pub(crate) struct Home {
    folder: TempDir,
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    /// A home with this watchlist.
    pub(crate) fn new(watchlist: &str) -> Home {
        let home = Home {
            folder: tempfile::tempdir().expect("a folder"),
        };
        home.edit(watchlist);
        home
    }

    /// Another home with a copy of this one's state. No process may be at work in it.
    pub(crate) fn copy(&self, watchlist: &str) -> Home {
        let copy = Home::new(watchlist);
        fs::create_dir(copy.path("state")).expect("a folder");
        for file in self.files("") {
            let name = file.file_name().expect("a name");
            fs::copy(&file, copy.path("state").join(name)).expect("copied");
        }
        copy
    }

    /// Replaces the watchlist, as an editor does.
    pub(crate) fn edit(&self, watchlist: &str) {
        let draft = self.path("wirewatch.toml.new");
        fs::write(&draft, watchlist).expect("written");
        fs::rename(&draft, self.watchlist()).expect("renamed");
    }

    pub(crate) fn watchlist(&self) -> PathBuf {
        self.path("wirewatch.toml")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command that knows nothing of the machine it runs on.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirewatch"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("STATE_DIRECTORY", self.path("state"))
            .env("TZ", "UTC")
            .args(["--config".as_ref(), self.watchlist().as_os_str()])
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("the binary starts"))
    }

    /// Runs a command that must do its work.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:#?}");
        ran
    }

    /// Starts the daemon.
    pub(crate) fn daemon(&self, arguments: &[&str]) -> Daemon {
        self.start(self.command(&[&["run"], arguments].concat()))
    }

    /// Starts a daemon that logs all it can.
    pub(crate) fn talkative_daemon(&self, arguments: &[&str]) -> Daemon {
        let mut command = self.command(&[&["run"], arguments].concat());
        command.env("WIREWATCH_LOG", "trace");
        self.start(command)
    }

    /// Starts a command that is or becomes the daemon.
    pub(crate) fn start(&self, mut command: Command) -> Daemon {
        let log = fs::File::create(self.path("log")).expect("a log");
        let child = command
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        Daemon {
            child,
            log: self.path("log"),
        }
    }

    /// A command behind a line of shell that ends in `exec "$@"`, for limits that only a shell can set.
    pub(crate) fn command_behind(&self, line: &str, arguments: &[&str]) -> Command {
        let inner = self.command(arguments);
        let mut command = Command::new("sh");
        command
            .env_clear()
            .args(["-c", line, "sh"])
            .arg(inner.get_program())
            .args(inner.get_args())
            .stdin(Stdio::null());
        for (name, value) in inner.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// The database, to look into.
    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.path("state/wirewatch.db")).expect("a database")
    }

    /// A number from the database.
    #[track_caller]
    pub(crate) fn count(&self, query: &str) -> i64 {
        self.database()
            .query_row(query, [], |row| row.get(0))
            .expect(query)
    }

    /// The files of a folder of the state, sorted by name.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("state").join(folder)) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        files
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// Memory of a process, in MiB; 0 where the system does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// In use now.
    pub(crate) resident: u64,
    /// The most that ever was.
    pub(crate) peak: u64,
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Waits until a condition holds.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, condition: impl FnMut() -> bool) {
        wait_until(what, condition, || {
            fs::read_to_string(&self.log).unwrap_or_default()
        });
    }

    /// Ends it as an administrator does, once it has begun its work, and gives the exit code.
    pub(crate) fn terminate(mut self) -> i32 {
        self.wait_until("it listens for signals", || self.log().contains("Watching"));
        signal("-TERM", self.child.id());
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }

    /// Sends it a signal, such as `-HUP`.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }

    /// Its number, for a hook that kills it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself or was killed.
    pub(crate) fn wait(mut self) {
        self.child.wait().expect("it ends");
    }

    /// How much memory it takes.
    pub(crate) fn memory(&self) -> Memory {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
            kilobytes.unwrap_or(0_u64) / 1024
        };
        Memory {
            resident: of("VmRSS:"),
            peak: of("VmHWM:"),
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a condition holds; fails with what `told` says after a minute.
#[track_caller]
pub(crate) fn wait_until(
    what: &str,
    mut condition: impl FnMut() -> bool,
    told: impl Fn() -> String,
) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < DEADLINE,
            "waited in vain until {what}:\n{}",
            told()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Something that test servers call at the chosen moment: kills the daemon there, once, with SIGKILL.
#[derive(Clone, Default)]
pub(crate) struct Killer {
    target: Arc<Mutex<Option<u32>>>,
}

impl Killer {
    /// From now on this process dies when the moment comes.
    pub(crate) fn aim(&self, daemon: &Daemon) {
        *self.target.lock().expect("no panic under the lock") = Some(daemon.id());
    }

    pub(crate) fn kill(&self) {
        // The process may get to the moment before the test has aimed.
        let start = Instant::now();
        loop {
            let target = self.target.lock().expect("no panic under the lock").take();
            if let Some(process) = target {
                return signal("-KILL", process);
            }
            if start.elapsed() > Duration::from_secs(20) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status()
        .expect("`kill` starts");
    assert!(sent.success(), "`kill {name} {process}` failed");
}

/// Says something beside the verdict: a figure, or that a test had nothing to try.
#[expect(clippy::print_stderr, reason = "a test has no other voice")]
pub(crate) fn tell(line: impl std::fmt::Display) {
    eprintln!("{line}");
}

/// A file of `tests/data`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}
