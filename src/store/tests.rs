use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::SignedDuration;
use tempfile::TempDir;

use super::events::EventKind;
use super::*;
use crate::model::{Feed, FeedId, Moved};

fn now() -> Timestamp {
    "2026-03-03T12:00:00Z".parse().expect("a time")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn feed(url: &str) -> Feed {
    Feed::at(url.to_owned())
}

fn memory() -> Store {
    Store::open_in_memory(now()).expect("a database in memory")
}

fn events(store: &Store) -> Vec<EventKind> {
    let events = store.events_since(Timestamp::UNIX_EPOCH).expect("readable");
    events.iter().map(|event| event.kind).collect()
}

/// What a person reads when the database cannot be opened.
fn report(error: &StoreError, folder: &TempDir) -> String {
    let path = folder.path().display().to_string();
    let hint = error.hint().unwrap_or("-");
    format!("{error}\nhint: {hint}").replace(&path, "DIR")
}

#[test]
fn a_database_is_created_private_with_its_folder() {
    let folder = folder();
    let path = folder.path().join("state/wire/watch.db");
    let store = Store::open(&path, now()).expect("created");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().expect("a parent")), 0o700);
    let journal: String = store
        .connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .expect("a pragma");
    assert_eq!(journal, "wal");
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
}

#[test]
fn a_database_is_opened_again_with_its_secret() {
    let folder = folder();
    let path = folder.path().join("watch.db");
    let secret = Store::open(&path, now()).expect("created").secret;
    assert_eq!(Store::open(&path, now()).expect("opened").secret, secret);
    assert_eq!(Store::open_read(&path).expect("read").secret, secret);
    assert_ne!(memory().secret, secret);
}

#[test]
fn what_is_only_read_is_not_written() {
    let folder = folder();
    let path = folder.path().join("watch.db");
    drop(Store::open(&path, now()).expect("created"));
    let mut store = Store::open_read(&path).expect("opened");
    assert!(
        store
            .declare_feeds(&[feed("https://example.com/")], now())
            .is_err()
    );
}

#[test]
fn a_missing_a_foreign_a_newer_and_an_older_file_are_told_apart() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let read = |name: &str| {
        report(
            &Store::open_read(&path(name)).expect_err("refused"),
            &folder,
        )
    };
    let write = |name: &str| {
        report(
            &Store::open(&path(name), now()).expect_err("refused"),
            &folder,
        )
    };
    expect_test::expect![[r#"
        there is no database `DIR/none.db` yet
        hint: `wirewatch poll` or `wirewatch run` creates it; or set `[store] path`"#]]
    .assert_eq(&read("none.db"));

    fs::write(path("text.db"), "dear diary, ".repeat(100)).expect("written");
    let other = Connection::open(path("other.db")).expect("opened");
    other
        .execute_batch("CREATE TABLE diary (day TEXT)")
        .expect("a table");
    for name in ["text.db", "other.db"] {
        let expected = format!(
            "`DIR/{name}` is not a wirewatch database\nhint: set `[store] path` to a file of its own"
        );
        assert_eq!(write(name), expected);
        assert_eq!(read(name), expected);
    }

    let store = Store::open(&path("newer.db"), now()).expect("created");
    store
        .connection
        .pragma_update(None, "user_version", 99)
        .expect("set");
    drop(store);
    let expected = format!(
        "the database `DIR/newer.db` has schema 99, and this program knows only {}\nhint: use the newer wirewatch \
         again, or restore a backup from before the upgrade",
        schema::KNOWN
    );
    assert_eq!(write("newer.db"), expected);

    let store = Store::open(&path("older.db"), now()).expect("created");
    store
        .connection
        .pragma_update(None, "user_version", 0)
        .expect("set");
    drop(store);
    let expected = format!(
        "the database `DIR/older.db` has schema 0, and this program needs {}\nhint: `wirewatch poll` or a restart of \
         `wirewatch run` upgrades it",
        schema::KNOWN
    );
    assert_eq!(read("older.db"), expected);
}

#[test]
fn a_path_that_cannot_be_is_reported_with_its_cause() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").expect("written");
    let error = Store::open(&folder.path().join("file/watch.db"), now()).expect_err("refused");
    let report = report(&error, &folder);
    assert!(
        report.starts_with("cannot open the database `DIR/file/watch.db`: "),
        "{report}"
    );
}

#[test]
fn the_lock_has_one_holder_and_names_it() {
    let folder = folder();
    let path = folder.path().join("watch.db");
    let lock = Lock::take(&path, Work::Daemon).expect("free");
    let error = Lock::take(&path, Work::Daemon).expect_err("held");
    assert_eq!(
        report(&error, &folder),
        format!(
            "the database `DIR/watch.db` is in use by process {}\nhint: stop that process first",
            std::process::id()
        )
    );
    drop(lock);
    Lock::take(&path, Work::Daemon).expect("free again");
}

#[test]
fn a_step_that_fails_or_panics_undoes_itself_alone() {
    for batched in [false, true] {
        let mut store = memory();
        if batched {
            store.begin_batch().expect("begun");
        }
        let note = |store: &mut Store, kind| store.event(FeedId(1), now(), kind, "");
        store
            .declare_feeds(&[feed("https://example.com/")], now())
            .expect("declared");
        let kept: Result<(), StoreError> = store.savepoint(|store| note(store, EventKind::Failing));
        let failed: Result<(), StoreError> = store.savepoint(|store| {
            note(store, EventKind::Gap)?;
            // One within another, kept in a step that is not.
            store.savepoint(|store| note(store, EventKind::Quiet))?;
            Err(StoreError::BatchLost)
        });
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.savepoint(|store| -> Result<(), StoreError> {
                note(store, EventKind::Gone)?;
                panic!("a fault in one feed")
            })
        }));
        assert!(kept.is_ok() && failed.is_err() && panicked.is_err());
        store.commit_batch().expect("committed");
        assert!(store.connection.is_autocommit());
        assert_eq!(
            events(&store),
            [EventKind::Added, EventKind::Failing],
            "batched: {batched}"
        );
    }
}

#[test]
fn a_batch_is_seen_by_others_only_when_committed() {
    let folder = folder();
    let path = folder.path().join("watch.db");
    let mut store = Store::open(&path, now()).expect("created");
    let reader = Store::open_read(&path).expect("opened");
    store.begin_batch().expect("begun");
    store
        .declare_feeds(&[feed("https://example.com/")], now())
        .expect("declared");
    assert_eq!(reader.feeds().expect("readable").len(), 0);
    store.commit_batch().expect("committed");
    assert_eq!(reader.feeds().expect("readable").len(), 1);
}

#[test]
fn a_batch_that_sqlite_undid_is_an_error() {
    let mut store = memory();
    store.begin_batch().expect("begun");
    // As SQLite does by itself when the disk is full.
    store.connection.execute_batch("ROLLBACK").expect("undone");
    assert!(matches!(store.commit_batch(), Err(StoreError::BatchLost)));
    store.begin_batch().expect("another");
    store.commit_batch().expect("committed");
}

#[test]
fn a_backup_is_a_database_of_its_own() {
    let folder = folder();
    let mut store = memory();
    store
        .declare_feeds(&[feed("https://example.com/")], now())
        .expect("declared");
    let copy = folder.path().join("copy.db");
    store.backup(&copy, now(), |_, _| ()).expect("copied");
    let copy = Store::open_read(&copy).expect("opened");
    assert_eq!(copy.feeds().expect("readable").len(), 1);
}

#[test]
fn declaring_adds_keeps_and_resumes() {
    let mut store = memory();
    let (a, b) = (feed("https://a.example/"), feed("https://b.example/"));
    let names = |store: &Store| -> Vec<String> {
        let feeds = store.feeds().expect("readable");
        feeds.into_iter().map(|feed| feed.name).collect()
    };
    store
        .declare_feeds(&[a.clone(), b.clone()], now())
        .expect("declared");
    assert_eq!(names(&store), ["https://a.example/", "https://b.example/"]);
    let named = Feed {
        name: Some("B".to_owned()),
        ..b
    };
    store
        .declare_feeds(std::slice::from_ref(&named), now())
        .expect("declared");
    assert_eq!(names(&store), ["B"]);
    let gone = store.feed_by_url("https://a.example/").expect("readable");
    assert!(gone.is_some(), "its items name it");
    mark_as_read(&store);
    store.declare_feeds(&[a, named], now()).expect("declared");
    assert_eq!(names(&store), ["https://a.example/", "B"]);
    assert_eq!(
        events(&store),
        [EventKind::Added, EventKind::Added, EventKind::Resumed]
    );
}

#[test]
fn a_feed_resumes_when_it_is_no_longer_paused_unless_it_was_never_read() {
    let mut store = memory();
    let declare = |store: &mut Store, paused| {
        let feed = Feed {
            paused,
            ..feed("https://a.example/")
        };
        store.declare_feeds(&[feed], now()).expect("declared");
    };
    for paused in [true, false, true] {
        declare(&mut store, paused);
    }
    assert_eq!(events(&store), [EventKind::Added]);
    mark_as_read(&store);
    for paused in [true, false, false] {
        declare(&mut store, paused);
    }
    assert_eq!(events(&store), [EventKind::Added, EventKind::Resumed]);
}

fn mark_as_read(store: &Store) {
    store
        .connection
        .execute("UPDATE feed SET first_read_at = added_at", ())
        .expect("marked");
}

#[test]
fn feeds_are_due_by_schedule_and_never_before_what_a_server_asked() {
    let mut store = memory();
    store
        .declare_feeds(
            &[
                "https://a.example/",
                "https://b.example/",
                "https://c.example/",
            ]
            .map(feed),
            now(),
        )
        .expect("declared");
    let later = |minutes| now() + jiff::SignedDuration::from_mins(minutes);
    let held = store.feeds().expect("readable").remove(1);
    store
        .record_feed(&crate::model::FeedState {
            hold_until: Some(later(60)),
            ..held
        })
        .expect("recorded");
    store.lease_feed(FeedId(3), later(30)).expect("leased");
    let due = |at| -> Vec<i64> {
        let feeds = store.due_feeds(at, 10).expect("readable");
        feeds.iter().map(|feed| feed.id.0).collect()
    };
    assert_eq!(due(now()), [1]);
    assert_eq!(due(later(30)), [1, 3]);
    assert_eq!(due(later(60)), [1, 2, 3]);
    assert_eq!(store.due_feeds(later(60), 2).expect("readable").len(), 2);
    assert_eq!(store.next_due().expect("readable"), Some(now()));
}

#[test]
fn an_hour_counts_its_polls() {
    let mut store = memory();
    for (outcome, new) in [
        (events::PollOutcome::Changed, 3),
        (events::PollOutcome::Unchanged, 0),
        (events::PollOutcome::Failed, 0),
    ] {
        let at = now() + jiff::SignedDuration::from_mins(59);
        store.count_hour(at, outcome, new).expect("counted");
    }
    let hours = store.hours_since(now()).expect("readable");
    let expected = events::Hour {
        start: now(),
        polls: 3,
        unchanged: 1,
        changed: 1,
        failed: 1,
        new: 3,
    };
    assert_eq!(hours, [expected]);
}

#[test]
fn a_feed_that_fails_unsaid_for_long_is_found_unless_it_is_about_to_be_asked() {
    let mut store = memory();
    let urls = [
        "due", "waits", "held", "young", "paused", "said", "again", "well",
    ];
    let feeds: Vec<Feed> = urls
        .iter()
        .map(|url| Feed {
            paused: *url == "paused",
            ..feed(url)
        })
        .collect();
    store.declare_feeds(&feeds, now()).expect("declared");
    let hours = SignedDuration::from_hours;
    for url in urls {
        let mut state = store.feed_by_url(url).expect("readable").expect("there");
        let since = if url == "young" { 23 } else { 24 };
        state.failing_since = (url != "well").then(|| now() - hours(since));
        state.next_at = now() + hours(1);
        if matches!(url, "due" | "held") {
            state.next_at = now() - hours(1);
        }
        state.hold_until = (url == "held").then(|| now() + hours(1));
        store.record_feed(&state).expect("recorded");
        let said = match url {
            "said" => Some(1),
            "again" => Some(48),
            _ => None,
        };
        if let Some(hours_ago) = said {
            let at = now() - hours(hours_ago);
            let noted = store.event(state.id, at, EventKind::Failing, "");
            noted.expect("noted");
        }
    }
    let found = |asked_from| {
        let found = store.unsaid_failures(now() - hours(24), asked_from);
        let mut urls: Vec<_> = found
            .expect("readable")
            .into_iter()
            .map(|feed| feed.url)
            .collect();
        urls.sort();
        urls.join(" ")
    };
    assert_eq!(found(now()), "again held waits");
    assert_eq!(found(now() - hours(2)), "again due held waits");
}

#[test]
fn an_address_is_of_the_feed_that_is_declared_or_was_moved_there() {
    let mut store = memory();
    let feeds = ["one", "two", "three"].map(feed);
    store.declare_feeds(&feeds, now()).expect("declared");
    let row = |store: &Store, url| store.feed_by_url(url).expect("readable").expect("there");
    let mut one = row(&store, "one");
    let mut moved = Moved {
        to: "new".to_owned(),
        count: 9,
        since: now(),
        adopted_at: None,
    };
    let two = row(&store, "two").id;
    let other = |store: &Store, url| {
        let other = store.other_at(url, two).expect("readable");
        other.map_or("-".to_owned(), |other| other.url)
    };
    one.moved = Some(moved.clone());
    store.record_feed(&one).expect("recorded");
    assert_eq!(other(&store, "new"), "-");
    moved.adopted_at = Some(now());
    one.moved = Some(moved);
    store.record_feed(&one).expect("recorded");
    assert_eq!(other(&store, "new"), "one");
    assert_eq!(other(&store, "three"), "three");
    assert_eq!(other(&store, "two"), "-");
    store.declare_feeds(&feeds[1..2], now()).expect("declared");
    assert_eq!(other(&store, "new"), "-");
    assert_eq!(other(&store, "three"), "-");
}
