//! Many feeds at once: no burst, and no feed that suffers for another.
//!
//! The server is the proxy of the watchlist, so that each feed has a domain of its own.

use std::time::{Duration, Instant};

use crate::http_server::{Reply, Server};
use crate::wirewatch::{Home, Ran};

/// The watchlist of these feeds, asked through the server.
fn watchlist(server: &Server, feeds: &[String]) -> String {
    let feeds: String = feeds
        .iter()
        .map(|url| format!("[[feed]]\nurl = {url:?}\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nproxy = {:?}\n{feeds}\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        format!("http://{}", server.address())
    )
}

fn feeds(number: usize) -> Vec<String> {
    (0..number)
        .map(|feed| format!("http://outlet{feed}.example/feed"))
        .collect()
}

/// A server for these feeds; `item` is the number of its one item.
fn serve(server: &Server, feeds: &[String]) {
    for (number, url) in feeds.iter().enumerate() {
        server.on(url, Reply::ok(document(number)));
    }
}

/// A hundred and fifty feeds whose servers say nothing, and five that are well.
fn serve_hanging_and_well(server: &Server) -> (Vec<String>, Vec<String>) {
    let hanging: Vec<String> = (0..150)
        .map(|feed| format!("http://hanging{feed}.example/feed"))
        .collect();
    for url in &hanging {
        server.on(url, Reply::silent());
    }
    let well = feeds(5);
    serve(server, &well);
    (hanging, well)
}

fn document(item: usize) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Outlet {item}</title><link>http://outlet{item}.example/</link>\
         <item><title>Story {item}</title><link>http://outlet{item}.example/{item}</link></item></channel></rss>"
    )
}

#[test]
fn a_start_spreads_what_fell_due_meanwhile() {
    let server = Server::start();
    let feeds = feeds(40);
    serve(&server, &feeds);
    let home = Home::new(&watchlist(&server, &feeds));
    home.done(&["poll", "--now", "2026-11-23T06:00:00Z"]);
    assert_eq!(server.requests().len(), 40);

    let daemon = home.daemon(&["--now", "2026-11-25T06:00:00Z"]);
    daemon.wait_until("all feeds were asked again", || {
        server.requests().len() >= 80
    });
    let asked = server.requests();
    // A tenth of a second each makes four seconds; all at once would be over in a moment.
    let took = asked[79].at.duration_since(asked[40].at);
    assert!(took >= Duration::from_secs(2), "{took:?}");
}

#[test]
fn an_import_asks_its_domain_one_by_one_and_is_not_due_again_all_at_once() {
    let server = Server::start();
    let one_domain: Vec<String> = (0..4)
        .map(|feed| format!("http://blog{feed}.example.org/feed"))
        .collect();
    serve(&server, &one_domain);
    let imported = feeds(300);
    serve(&server, &imported);
    let home = Home::new(&watchlist(&server, &one_domain[..1]));
    let daemon = home.daemon(&[]);
    daemon.wait_until("the first feed was asked", || server.requests().len() == 1);
    home.edit(&watchlist(
        &server,
        &[one_domain.clone(), imported.clone()].concat(),
    ));
    daemon.wait_until("all feeds were asked", || {
        home.count("SELECT count(*) FROM feed WHERE first_read_at IS NOT NULL") == 304
    });

    let mut asked: Vec<Instant> = Vec::new();
    for url in &one_domain {
        let requests = server.requests_to(url);
        assert_eq!(requests.len(), 1, "{url}");
        asked.push(requests[0].at);
    }
    asked.sort_unstable();
    // The edit of the watchlist makes nobody forget when the domain was asked last.
    for pair in asked.windows(2) {
        let apart = pair[1].duration_since(pair[0]);
        assert!(apart >= Duration::from_millis(990), "{apart:?}");
    }
    let busiest =
        home.count("SELECT max(feeds) FROM (SELECT count(*) AS feeds FROM feed GROUP BY next_at)");
    assert!(busiest <= 15, "{busiest} feeds are due in one second");
}

#[test]
fn feeds_that_hang_never_delay_those_that_answer() {
    let server = Server::start();
    let (hanging, well) = serve_hanging_and_well(&server);
    let home = Home::new(&watchlist(&server, &well));
    home.done(&["poll", "--now", "2026-11-23T06:00:00Z"]);
    home.edit(&watchlist(
        &server,
        &[hanging.clone(), well.clone()].concat(),
    ));
    // They become known, and are made to look as after some rounds in which none of them answered.
    let before = server.requests().len();
    let mut poll = home
        .command(&["poll", "--now", "2026-11-23T06:00:01Z"])
        .spawn()
        .expect("the binary starts");
    crate::wirewatch::wait_until(
        "the new feeds are known",
        || server.requests().len() > before,
        String::new,
    );
    poll.kill().expect("killed");
    poll.wait().expect("it ends");
    home.database()
        .execute(
            "UPDATE feed SET failures = 3, next_at = 0 WHERE url LIKE '%hanging%'",
            (),
        )
        .expect("written");
    let before = server.requests().len();

    let daemon = home.daemon(&["--now", "2026-11-25T06:00:00Z"]);
    let answered = || {
        let asked = server.requests();
        let of_well = |url: &String| asked[before..].iter().any(|request| request.path == *url);
        well.iter().all(of_well)
    };
    daemon.wait_until("the others were asked", answered);
    let hung = server.requests()[before..]
        .iter()
        .filter(|request| request.path.contains("hanging"))
        .count();
    assert!(hung < 100, "{hung} feeds that hang were asked before them");
}

#[test]
fn those_that_hang_at_their_very_first_poll_make_room_for_the_others() {
    let server = Server::start();
    let (hanging, well) = serve_hanging_and_well(&server);
    let home = Home::new(&watchlist(
        &server,
        &[hanging.clone(), well.clone()].concat(),
    ));
    let daemon = home.daemon(&[]);
    let all_asked = || well.iter().all(|url| !server.requests_to(url).is_empty());
    daemon.wait_until("the others were asked", all_asked);
    let last = server.requests_to(&well[4])[0].at;
    let waited = last.duration_since(server.requests()[0].at);
    // Those who hang are given up after twenty seconds.
    assert!(waited < Duration::from_secs(15), "{waited:?}");
}

#[test]
fn what_poll_has_told_is_on_the_disk_when_it_is_killed_and_the_rest_is_asked_again() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let server = Server::start();
    let feeds = feeds(400);
    serve(&server, &feeds);
    let home = Home::new(&watchlist(&server, &feeds));
    let mut poll = home
        .command(&["poll", "--json", "--now", "2026-11-23T06:00:00Z"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let lines = BufReader::new(poll.stdout.take().expect("piped")).lines();
    let told: Vec<String> = lines.take(100).map(|line| line.expect("a line")).collect();
    poll.kill().expect("killed");
    poll.wait().expect("it ends");
    let stored = home.count("SELECT count(*) FROM item");
    assert!(stored >= told.len() as i64, "{stored}");

    // Past the lease of those whose answers were lost.
    let Ran { stdout, .. } = home.done(&["poll", "--now", "2026-11-23T06:11:00Z"]);
    assert_eq!(stdout.lines().count() as i64, 400 - stored);
    assert_eq!(home.count("SELECT count(*) FROM item"), 400);
    assert_eq!(home.count("SELECT count(*) FROM sighting"), 400);
}
