//! What each command prints, where, and how it ends.

use expect_test::expect;
use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, Ran, data};

const NOON: &str = "2026-11-23T12:00:00Z";

const FEED: &str = r#"<rss version="2.0"><channel><title>Harrow Times</title><link>https://harrow.example/</link>
<item><title>Troops enter Mosul</title><link>https://harrow.example/1</link><guid>h1</guid>
<pubDate>Mon, 23 Nov 2026 09:00:00 GMT</pubDate><description>Fighting in the city&#8217;s east.</description></item>
<item><title>A quiet day on the Isis</title><link>https://harrow.example/2</link><guid>h2</guid>
<pubDate>Mon, 23 Nov 2026 08:00:00 GMT</pubDate></item></channel></rss>"#;

fn watchlist(urls: &[String]) -> String {
    let feeds: String = urls
        .iter()
        .map(|url| format!("[[feed]]\nurl = {url:?}\nbackfill = \"all\"\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\", \"=ISIS\"]\n"
    )
}

fn polled() -> (Server, Home) {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    home.done(&["poll", "--now", NOON]);
    (server, home)
}

#[test]
fn init_writes_a_watchlist_that_passes_check_and_never_touches_one() {
    let home = Home::new("");
    let file = home.path("mine/wirewatch.toml");
    let file = file.to_str().expect("UTF-8");
    home.done(&["init", file]);
    assert_eq!(
        fs::read_to_string(file).expect("written"),
        home.done(&["init", "-"]).stdout
    );
    home.done(&["check", "--config", file]);

    let again = home.run(&["init", file]);
    assert_eq!(again.code, 2);
    assert!(
        again.stderr.contains("exists already and was not touched"),
        "{again:#?}"
    );
}

#[test]
fn the_example_is_what_init_prints() {
    let home = Home::new("");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml");
    assert_eq!(
        home.done(&["init", "-"]).stdout,
        fs::read_to_string(example).expect("readable")
    );
}

#[test]
fn check_names_every_mistake_with_its_place() {
    let home = Home::new(
        "[mail]\nto = [\"me@mail.example\"]\n\n[[feed]]\nurl = \"https://a.example/rss\"\nevry = \"1h\"\n\n[[topic]]\nname = \"Mosul\"\nquery = \"Mosul AND\"\n",
    );
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    for part in [
        "wirewatch.toml:6:1",
        "evry",
        "every",
        "wirewatch.toml:10:",
        "the query ends where a term was expected",
    ] {
        assert!(ran.stderr.contains(part), "no `{part}` in {}", ran.stderr);
    }
    let json: serde_json::Value =
        serde_json::from_str(&home.run(&["check", "--json"]).stdout).expect("JSON");
    assert_eq!(json["problems"], 2);
    assert_eq!(json["findings"][0]["line"], 6);
}

#[test]
fn a_broken_watchlist_stops_other_commands_with_the_report() {
    let home = Home::new("[mail]\nto = 7\n");
    let ran = home.run(&["poll"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("wirewatch.toml:2:6"), "{ran:#?}");
    assert!(ran.stderr.contains("hint:"), "{ran:#?}");
    assert!(
        !home.path("state/wirewatch.db").exists(),
        "nothing was done"
    );
}

#[test]
fn a_missing_watchlist_is_said_with_where_it_was_looked_for() {
    let home = Home::new("");
    fs::remove_file(home.watchlist()).expect("removed");
    let ran = Ran::of(
        std::process::Command::new(env!("CARGO_BIN_EXE_wirewatch"))
            .env_clear()
            .env("HOME", home.path(""))
            .arg("poll")
            .output()
            .expect("the binary starts"),
    );
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains(".config/wirewatch/wirewatch.toml"),
        "{ran:#?}"
    );
    assert!(ran.stderr.contains("wirewatch init"), "{ran:#?}");
}

#[test]
fn poll_prints_a_line_a_feed_and_goes_on_where_one_fails() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    server.on(
        "/page",
        Reply::ok("<!doctype html><html><body>Hello</body></html>")
            .header("content-type", "text/html"),
    );
    let home = Home::new(&watchlist(&[
        server.url("/feed"),
        server.url("/page"),
        server.url("/none"),
    ]));
    let ran = home.done(&["poll", "--now", NOON]);
    assert!(
        ran.stdout
            .contains("Harrow Times: 2 from before; 1 match\n"),
        "{ran:#?}"
    );
    assert!(
        ran.stdout
            .contains("/page: failed: not a feed but an HTML page"),
        "{ran:#?}"
    );
    assert!(ran.stdout.contains("/none: failed: HTTP 404"), "{ran:#?}");
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 2);
}

#[test]
fn poll_exits_1_if_every_feed_failed() {
    let server = Server::start();
    let home = Home::new(&watchlist(&[server.url("/none")]));
    assert_eq!(home.run(&["poll", "--now", NOON]).code, 1);
}

#[test]
fn poll_asks_a_feed_that_fails_once_the_way_to_it_is_edited() {
    let server = Server::start();
    server.answer("/members", |request, _| {
        match request.header("x-key").as_deref() {
            Some("right") => Reply::ok(FEED),
            _ => Reply::status(401),
        }
    });
    let feed = server.url("/members");
    let home = Home::new(&watchlist(std::slice::from_ref(&feed)));
    home.run(&["poll", "--now", NOON]);
    let nothing = home.done(&["poll", "--now", "2026-11-23T12:01:00Z"]);
    assert!(nothing.stderr.contains("No feed is due"), "{nothing:?}");

    let key = "[[feed]]\nheaders = { X-Key = \"right\" }\n";
    home.edit(&watchlist(&[feed]).replace("[[feed]]\n", key));
    let asked = home.done(&["poll", "--now", "2026-11-23T12:02:00Z"]);
    assert!(asked.stdout.contains("2 from before"), "{asked:?}");
}

#[test]
fn feeds_show_asks_a_declared_feed_as_the_watchlist_says() {
    let server = Server::start();
    server.on(
        "/moved",
        Reply::status(302).header("Location", server.url("/members")),
    );
    server.answer("/members", |request, _| {
        match request.header("x-key").as_deref() {
            Some("right") => Reply::ok(FEED),
            _ => Reply::status(401),
        }
    });
    let feed = server.url("/moved");
    let declared = "[[feed]]\nname = \"Members\"\nheaders = { X-Key = \"right\" }\n";
    let home = Home::new(&watchlist(std::slice::from_ref(&feed)).replace("[[feed]]\n", declared));
    for source in ["Members", &feed] {
        let shown = home.done(&["feeds", "show", source]);
        assert!(shown.stdout.starts_with("Harrow Times\n"), "{shown:?}");
    }
    let unknown = home.run(&["feeds", "show", &server.url("/members")]);
    assert!(unknown.stderr.contains("HTTP 401"), "{unknown:?}");
}

#[test]
fn poll_json_is_an_object_a_feed() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed")]));
    let ran = home.done(&["poll", "--json", "--now", NOON]);
    let line: serde_json::Value = serde_json::from_str(ran.stdout.trim()).expect("JSON");
    assert_eq!(line["state"], "read");
    assert_eq!(line["backfill"], 2);
    assert_eq!(line["matches"], 1);
}

#[test]
fn match_answers_like_grep_and_explains() {
    let home = Home::new("");
    let yes = home.run(&[
        "match",
        "--query",
        "Mosul AND =ISIS",
        "--title",
        "ISIS leaves Mosul",
    ]);
    assert_eq!(yes.code, 0, "{yes:#?}");
    assert!(yes.stdout.starts_with("yes\n"), "{yes:#?}");
    assert!(yes.stdout.contains("*ISIS* leaves *Mosul*"), "{yes:#?}");
    let no = home.run(&[
        "match",
        "--query",
        "Mosul AND =ISIS",
        "--title",
        "Isis, a river far from Mosul",
    ]);
    assert_eq!(no.code, 1, "{no:#?}");
    assert!(
        no.stdout.starts_with("no\n") && no.stdout.contains("ISIS"),
        "{no:#?}"
    );
    let wrong = home.run(&["match", "--query", "Mosul NEAR troops", "--title", "x"]);
    assert_eq!(wrong.code, 2, "{wrong:#?}");
    assert!(wrong.stderr.contains("how near?"), "{wrong:#?}");
}

#[test]
fn match_jsonl_answers_line_by_line() {
    let home = Home::new("");
    let mut child = home
        .command(&["match", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("an input");
    input
        .write_all(b"{\"id\":\"a\",\"query\":\"Mosul\",\"doc\":{\"title\":\"Mosul\"}}\nnonsense\n{\"id\":\"b\",\"query\":\"a b\"}\n")
        .expect("written");
    drop(input);
    let ran = Ran::of(child.wait_with_output().expect("it ends"));
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["match"], true);
    assert_eq!(lines[1]["error"]["code"], "bad-line");
    assert_eq!(lines[2]["error"]["code"], "operator-missing");
    assert_eq!(ran.code, 1);
}

#[test]
fn search_finds_what_a_topic_with_that_query_would_have_matched() {
    let (_server, home) = polled();
    let found = home.done(&["search", "Mosul OR =ISIS", "--json", "--now", NOON]);
    let titles: Vec<String> = found
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["title"].to_string()
        })
        .collect();
    assert_eq!(titles, ["\"Troops enter Mosul\""]);
    assert_eq!(home.count("SELECT COUNT(*) FROM match"), 1);

    let people = home.done(&["search", "Mosul", "--now", NOON]);
    assert!(
        people.stdout.contains("Troops enter *Mosul*"),
        "{people:#?}"
    );
    assert!(people.stderr.contains("[[topic]]"), "{people:#?}");
    assert_eq!(home.run(&["search", "nothing", "--now", NOON]).code, 1);
}

#[test]
fn export_prints_every_stored_item() {
    let (_server, home) = polled();
    let ran = home.done(&["export", "--now", NOON]);
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    let mosul = lines
        .iter()
        .find(|line| line["title"] == "Troops enter Mosul")
        .expect("the item");
    assert_eq!(mosul["feed"], "Harrow Times");
    assert_eq!(mosul["link"], "https://harrow.example/1");
    assert_eq!(mosul["published"], "2026-11-23T09:00:00Z");
    assert_eq!(mosul["origin"], "backfill");
    assert_eq!(mosul["topics"], serde_json::json!(["Mosul"]));
}

#[test]
fn feeds_list_tells_state_and_reason() {
    let server = Server::start();
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new(&watchlist(&[server.url("/feed"), server.url("/none")]));
    home.done(&["poll", "--now", NOON]);
    let ran = home.done(&["feeds", "list", "--now", NOON]);
    assert!(ran.stdout.contains("ok         Harrow Times"), "{ran:#?}");
    assert!(
        ran.stdout.contains("failing") && ran.stdout.contains("HTTP 404"),
        "{ran:#?}"
    );
}

#[test]
fn feeds_show_prints_what_the_parser_sees() {
    let home = Home::new("");
    let file = home.path("feed.xml");
    fs::write(&file, FEED).expect("written");
    let file = file.to_str().expect("UTF-8");
    let shown: serde_json::Value =
        serde_json::from_str(&home.done(&["feeds", "show", "--json", file]).stdout).expect("JSON");
    assert_eq!(shown["items"][0]["title"], "Troops enter Mosul");
    assert!(
        home.done(&["feeds", "show", file])
            .stdout
            .contains("2026-11-23 09:00  Troops enter Mosul")
    );

    fs::write(file, "<!doctype html><html><body>Hello</body></html>").expect("written");
    let page = home.run(&["feeds", "show", "--json", file]);
    assert_eq!(page.code, 1);
    assert!(
        page.stderr.contains("not a feed but an HTML page"),
        "{page:#?}"
    );
}

#[test]
fn status_tells_the_whole_path_and_needs_nobody_when_all_is_well() {
    let (_server, home) = polled();
    let ran = home.done(&["status", "--now", NOON]);
    for part in ["1 feed, 1 topic", "1 ok", "Outbox     empty", "2 items"] {
        assert!(ran.stdout.contains(part), "no `{part}` in {}", ran.stdout);
    }
    let json: serde_json::Value =
        serde_json::from_str(&home.done(&["status", "--json", "--now", NOON]).stdout)
            .expect("JSON");
    assert_eq!(json["needs_a_person"], false);
}

#[test]
fn a_reading_command_without_a_database_says_what_makes_one() {
    let home = Home::new(&watchlist(&["https://harrow.example/feed".to_owned()]));
    let ran = home.run(&["status"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    assert!(
        ran.stderr.contains("there is no database") && ran.stderr.contains("hint:"),
        "{ran:#?}"
    );
}

#[test]
fn a_foreign_database_is_left_alone() {
    let home = Home::new(&watchlist(&["https://harrow.example/feed".to_owned()]));
    fs::create_dir(home.path("state")).expect("a folder");
    let foreign = rusqlite::Connection::open(home.path("state/wirewatch.db")).expect("a database");
    foreign
        .execute_batch("CREATE TABLE other (x); PRAGMA application_id = 7")
        .expect("a table");
    let ran = home.run(&["poll"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    assert!(
        ran.stderr.contains("is not a wirewatch database"),
        "{ran:#?}"
    );
}

#[test]
fn the_demo_does_the_whole_job_without_certificates() {
    let home = Home::new("");
    let folder = home.path("demo");
    let ran = Ran::of(
        home.command(&["demo", "--folder", folder.to_str().expect("UTF-8")])
            .env("SSL_CERT_FILE", "/nonexistent")
            .env("SSL_CERT_DIR", "/nonexistent")
            .output()
            .expect("the binary starts"),
    );
    assert_eq!(ran.code, 0, "{ran:#?}");
    let files: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("/outbox/"))
        .map(str::trim)
        .collect();
    assert_eq!(files.len(), 2, "{ran:#?}");
    let page = fs::read_to_string(files[1]).expect("the page");
    for title in [
        "Mosul",
        "Corvane vulnerabilities",
        "القوات العراقية",
        "モスル",
        "Мосул",
    ] {
        assert!(page.contains(title), "no `{title}` in the digest");
    }
    assert!(!page.contains("quiet day on the Isis") && !page.contains("Rowers return to the Isis"));
    assert!(ran.stdout.contains("unchanged (HTTP 304)"), "{ran:#?}");
}

#[test]
fn files_of_the_state_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_server, home) = polled();
    home.done(&["digest", "--send", "--now", "2026-11-24T08:00:00Z"]);
    let mode =
        |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&home.path("state/wirewatch.db")), 0o600);
    assert_eq!(mode(&home.path("state/last-good.toml")), 0o600);
    assert_eq!(mode(&home.path("state/outbox")), 0o700);
    for file in home.files("outbox") {
        assert_eq!(mode(&file), 0o600);
    }
    assert!(!home.files("outbox").is_empty());
}

#[test]
fn the_captured_feeds_have_their_licences() {
    assert!(data("feeds/LICENSES").is_dir());
}

#[test]
fn feeds_add_finds_the_feeds_of_a_page() {
    let server = Server::start();
    server.on(
        "/",
        Reply::ok(
            "<html><head><link rel=alternate type='application/rss+xml' title='News' href='/feed'>\
             <link rel=alternate type='application/rss+xml' title='Comments' href='/comments/feed'></head></html>",
        )
        .header("content-type", "text/html"),
    );
    server.on("/feed", Reply::ok(FEED));
    let home = Home::new("");
    let page = home.done(&["feeds", "add", &server.url("/")]);
    assert!(
        page.stdout.contains(&format!(
            "[[feed]]\nurl = \"{}\"\nname = \"News\"\n",
            server.url("/feed")
        )),
        "{page:#?}"
    );
    assert!(page.stdout.contains("# Comments of readers"), "{page:#?}");
    let feed = home.done(&["feeds", "add", &server.url("/feed")]);
    assert!(feed.stdout.contains("name = \"Harrow Times\""), "{feed:#?}");
}

#[test]
fn feeds_go_through_opml_and_back_without_loss() {
    let blocks = "[[feed]]\nurl = \"https://a.example/rss?x=1&y=2\"\nname = \"A \\\"quoted\\\" <name>\"\n\
         tags = [\"world, news\", \"a/b\"]\nevery = \"90m\"\nbackfill = \"3d\"\n\n\
         [[feed]]\nurl = \"https://b.example/\"\ntags = [\"world, news\", \"a/b\"]\npaused = true\n\n";
    let rest =
        "[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n[mail]\nto = [\"me@mail.example\"]\n";
    let secret =
        "[[feed]]\nurl = \"https://c.example/\"\nusername = \"u\"\npassword_file = \"p\"\n";
    let home = Home::new(&format!("{blocks}{secret}{rest}"));
    let exported = home.done(&["feeds", "export"]);
    assert!(
        exported
            .stderr
            .contains("Left out the headers or login of `https://c.example/`"),
        "{exported:#?}"
    );
    let file = home.path("feeds.opml");
    fs::write(&file, exported.stdout).expect("written");
    let file = file.to_str().expect("UTF-8");
    let imported = Home::new("").done(&["feeds", "import", file]).stdout;
    assert_eq!(
        imported,
        format!("{blocks}[[feed]]\nurl = \"https://c.example/\"\n\n")
    );
    let again = home.done(&["feeds", "import", file]);
    assert!(
        again.stdout.is_empty() && again.stderr.contains("the watchlist has it already"),
        "{again:#?}"
    );
}

#[test]
fn what_is_imported_passes_check_and_what_is_not_is_said() {
    let watchlist = "[mail]\nto = [\"me@reader.example\"]\n[[feed]]\nurl = \"https://world.example/\"\nname = \"World\"\n\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n";
    let home = Home::new(watchlist);
    let file = home.path("feeds.opml");
    let list = r#"<opml version="2.0"><body><outline text="News">
        <outline text="News" xmlUrl="https://news.example/rss"/><outline text="same" xmlUrl="https://one.example/"/>
        <outline text="same" xmlUrl="https://two.example/"/><outline text="*" xmlUrl="https://star.example/"/>
        <outline text="pw" xmlUrl="https://u:hunter2@pw.example/x"/><outline text="gone"/></outline>
        <outline text="world"><outline text="a &#10; b" xmlUrl="https://line.example/" category="*"/></outline>"#;
    fs::write(&file, list).expect("written");
    let ran = home.done(&["feeds", "import", file.to_str().expect("UTF-8")]);
    assert!(!ran.stderr.contains("hunter2"), "{ran:#?}");
    expect![[r#"
        Left out `gone`: it has no `xmlUrl`.
        The list is cut off: it has no `</opml>` at its end, so feeds may be missing.
        `News` is called `News (news.example)`: another feed or a tag has its name.
        `same` is called `same (two.example)`: another feed or a tag has its name.
        `*` is called `* (star.example)`: another feed or a tag has its name.
        Skipped `https://pw.example/x`: a URL with a password in it is refused: it would end up in logs and mails.
        The tag `world` is written `world feeds`: a feed is called so.
        `https://line.example/` goes without a tag: `*` stands for all and cannot be a name.
        Append this to the watchlist; a running daemon takes it up within seconds.
    "#]].assert_eq(&ran.stderr);
    expect![[r#"
        [[feed]]
        url = "https://news.example/rss"
        name = "News (news.example)"
        tags = ["News"]

        [[feed]]
        url = "https://one.example/"
        name = "same"
        tags = ["News"]

        [[feed]]
        url = "https://two.example/"
        name = "same (two.example)"
        tags = ["News"]

        [[feed]]
        url = "https://star.example/"
        name = "* (star.example)"
        tags = ["News"]

        [[feed]]
        url = "https://line.example/"
        name = "a   b"
        tags = ["world feeds"]

    "#]]
    .assert_eq(&ran.stdout);
    home.edit(&format!("{watchlist}{}", ran.stdout));
    assert_eq!(home.run(&["check"]).code, 0);
}

#[test]
fn topics_shows_what_each_found_and_when() {
    let (_server, home) = polled();
    let ran = home.done(&["topics", "--now", NOON]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("Topic"), "{ran:#?}");
    assert!(
        lines[1].starts_with("Mosul") && lines[1].contains('█'),
        "{ran:#?}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&home.done(&["topics", "--json", "--now", NOON]).stdout)
            .expect("JSON");
    assert_eq!(json["topics"][0]["name"], "Mosul");
    assert_eq!(json["topics"][0]["today"], 1);
    assert_eq!(json["topics"][0]["last_hit"], NOON);
    assert_eq!(json["topics"][0]["snoozed_until"], serde_json::Value::Null);
}

#[test]
fn topics_counts_stories_and_every_article_of_a_topic_that_is_not_grouped() {
    let server = Server::start();
    let items: String = (1..4)
        .map(|outlet| {
            format!(
                "<item><title>Iraqi troops enter Mosul for the first time in two years</title>\
                 <link>https://outlet{outlet}.example/1</link></item>"
            )
        })
        .collect();
    server.on(
        "/feed",
        Reply::ok(format!(
            "<rss version=\"2.0\"><channel>{items}</channel></rss>"
        )),
    );
    let home = Home::new(&format!(
        "[mail]\nto = [\"me@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n[[feed]]\nurl = {:?}\n\
         [[topic]]\nname = \"Stories\"\nany = [\"Mosul\"]\n[[topic]]\nname = \"Articles\"\nany = [\"Mosul\"]\ngroup = false\n",
        server.url("/feed")
    ));
    home.done(&["poll"]);
    let json: serde_json::Value =
        serde_json::from_str(&home.done(&["topics", "--json"]).stdout).expect("JSON");
    let today = |topic: usize| json["topics"][topic]["today"].clone();
    assert_eq!((today(0), today(1)), (1.into(), 3.into()), "{json}");
}

#[test]
fn topics_has_a_row_for_one_that_the_daemon_has_not_met() {
    let (server, home) = polled();
    let more = format!(
        "{}[[topic]]\nname = \"Raqqa\"\nany = [\"Raqqa\"]\n",
        watchlist(&[server.url("/feed")])
    );
    home.edit(&more);
    let ran = home.done(&["topics", "--now", NOON]);
    assert!(
        ran.stdout.contains("Raqqa") && ran.stdout.contains("never"),
        "{ran:#?}"
    );
}

#[test]
fn a_wrong_query_gets_a_caret_wherever_it_is_typed() {
    let (_server, home) = polled();
    for arguments in [
        ["search", "Mosul AND (ISIS Daesh)"].as_slice(),
        &["match", "--title", "x", "--query", "Mosul AND (ISIS Daesh)"],
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{ran:#?}");
        for part in [
            "error[operator-missing]",
            "1 | Mosul AND (ISIS Daesh)\n  |                 ^^^^^",
            "error: the query has 1 mistake",
            "hint:",
        ] {
            assert!(ran.stderr.contains(part), "no `{part}` in {}", ran.stderr);
        }
    }
}

#[test]
fn match_without_a_text_asks_for_one() {
    let home = Home::new("");
    let ran = home.run(&["match", "--query", "Mosul"]);
    assert_eq!(ran.code, 2, "{ran:#?}");
    for part in ["no text to match", "`--title`", "wirewatch search 'Mosul'"] {
        assert!(ran.stderr.contains(part), "no `{part}` in {}", ran.stderr);
    }
    assert_eq!(ran.stdout, "");
}
