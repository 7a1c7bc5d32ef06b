//! Each story once, to each recipient and over all digests.

use super::{ALERTS, EVENING, MORNING, MOSUL, RAQQA, World, time};

#[test]
fn what_went_at_once_is_counted_in_the_evening_and_not_repeated() {
    let mut world = World::new(&format!("{ALERTS}{EVENING}"), &format!("{MOSUL}{RAQQA}"));
    world.one("2026-11-23T06:03:00Z");
    world.publish(
        "Courier",
        "2026-11-23T08:09:00Z",
        "Troops enter Mosul",
        "They came from the east.",
    );
    world.none("2026-11-23T08:11:00Z");
    let alert = world.one("2026-11-23T08:13:00Z");
    assert_eq!(alert.header("Subject"), Some("Troops enter Mosul"));
    world.publish(
        "Courier",
        "2026-11-23T08:14:00Z",
        "Bridges of Mosul closed to traffic",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T08:15:00Z",
        "Raqqa opens a school",
        "",
    );
    // At most one mail in 15 minutes, whatever is edited; what waits is sent then.
    world.watch(
        &format!("{ALERTS}quiet = \"22:00-06:00\"\n{EVENING}"),
        &format!("{MOSUL}{RAQQA}"),
    );
    world.none("2026-11-23T08:27:59Z");
    let second = world.one("2026-11-23T08:29:00Z");
    second.says("Bridges of Mosul closed to traffic");
    second.says_not("Troops enter Mosul");
    let evening = world.one("2026-11-23T18:00:00Z");
    evening.says("RAQQA 1 today");
    evening.says("2 feeds added (Courier, Herald). 10 items stored.");
    evening.says("Raqqa opens a school");
    evening.says_not("Bridges of Mosul");
    evening.says("Sent before and not repeated here: 2 stories by Alerts (08:13, 08:29).");
    world.none("2026-11-24T18:00:00Z");
}

#[test]
fn each_recipient_gets_his_own_and_each_story_once() {
    let both = "to = [\"reader@mail.example\", \"desk@mail.example\"]\n";
    let alerts = format!("{ALERTS}to = [\"desk@mail.example\"]\n");
    let mut world = World::new(
        &format!("{MORNING}{both}{alerts}"),
        &format!("{MOSUL}{RAQQA}"),
    );
    assert_eq!(
        world.send("2026-11-23T07:00:00Z").len(),
        2,
        "the first to each"
    );
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T08:01:00Z",
        "Raqqa opens a school",
        "",
    );
    let alert = world.one("2026-11-23T08:30:00Z");
    assert_eq!(alert.header("To"), Some("desk@mail.example"));
    let mails = world.send("2026-11-24T07:00:00Z");
    assert_eq!(mails.len(), 2);
    for mail in mails {
        mail.says("Raqqa opens a school");
        let is_new = mail.header("To") == Some("reader@mail.example");
        assert_eq!(
            mail.text.contains("Troops enter Mosul"),
            is_new,
            "{}",
            mail.text
        );
    }
}

#[test]
fn a_follow_up_answers_the_alert_under_its_subject() {
    let mut world = World::new(ALERTS, MOSUL);
    world.publish(
        "Courier",
        "2026-11-23T08:00:00Z",
        "Troops enter Mosul from the east at dawn",
        "",
    );
    let first = world.one("2026-11-23T08:04:30Z");
    world.publish(
        "Herald",
        "2026-11-23T15:00:00Z",
        "UPDATE 1-Troops enter Mosul from the east at dawn",
        "",
    );
    let second = world.one("2026-11-23T15:05:00Z");
    let id = first.header("Message-ID");
    assert!(id.is_some());
    assert_eq!(second.header("In-Reply-To"), id);
    assert_eq!(second.header("References"), id);
    assert_eq!(second.header("Subject"), first.header("Subject"));
    second.says("Marked as an update; you had this story 08:04");
    world.publish(
        "Courier",
        "2026-11-24T01:00:00Z",
        "UPDATE 2-Troops enter Mosul from the east at dawn, ministry says",
        "",
    );
    let third = world.one("2026-11-24T01:05:00Z");
    assert_eq!(third.header("In-Reply-To"), second.header("Message-ID"));
    let both = [id, second.header("Message-ID")]
        .map(Option::unwrap_or_default)
        .join(" ");
    assert_eq!(third.header("References"), Some(both.as_str()));
}

#[test]
fn a_story_that_was_tagged_with_a_topic_does_not_come_back_for_it() {
    let mut world = World::new(MORNING, &format!("{MOSUL}{RAQQA}"));
    world.publish(
        "Courier",
        "2026-11-23T06:30:00Z",
        "Troops leave Mosul for Raqqa",
        "",
    );
    let mail = world.one("2026-11-23T07:00:00Z");
    mail.says("Also in Raqqa");
    world.publish(
        "Herald",
        "2026-11-23T15:00:00Z",
        "Troops leave Mosul for Raqqa",
        "",
    );
    world.none("2026-11-24T07:00:00Z");
    world.publish("Herald", "2026-11-24T15:00:00Z", "Raqqa opens a school", "");
    let mail = world.one("2026-11-25T07:00:00Z");
    mail.says("1 more article on a story you had before, with nothing new.");
    mail.says_not("Troops leave");
}

#[test]
fn what_rests_does_not_hold_up_an_alert() {
    let topics = format!("{MOSUL}min_outlets = 2\n{RAQQA}");
    let alerts = ALERTS.replace("\"Mosul\"", "\"*\"");
    let mut world = World::new(&alerts, &topics);
    world.one("2026-11-23T06:03:00Z");
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.none("2026-11-23T08:04:00Z");
    world.publish(
        "Courier",
        "2026-11-23T08:04:30Z",
        "Raqqa opens a school",
        "",
    );
    world.none("2026-11-23T08:06:00Z");
    let alert = world.one("2026-11-23T08:08:00Z");
    alert.says("Raqqa opens a school");
    alert.says_not("Troops enter Mosul");
}

#[test]
fn a_changed_headline_and_a_withdrawn_article_are_told_once() {
    let mut world = World::new(&format!("{MORNING}{EVENING}"), MOSUL);
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Mayor of Mosul resigns",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T06:30:00Z",
        "Mosul dam holds, says ministry",
        "",
    );
    world.one("2026-11-23T07:00:00Z");
    world.change("Courier", "2026-11-23T09:00:00Z", |articles| {
        articles[0].title = "Mosul Dam holds, says Ministry".to_owned();
        articles.remove(1);
        articles[1].title = "Troops halt before Mosul".to_owned();
    });
    world.none("2026-11-23T18:00:00Z");
    world.publish(
        "Courier",
        "2026-11-24T06:00:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    let next = world.one("2026-11-24T07:00:00Z");
    next.says("CHANGED SINCE YOU HAD IT");
    next.says("Courier: “Troops enter Mosul” now reads “Troops halt before Mosul”");
    next.says("Courier: “Mayor of Mosul resigns” was withdrawn");
    next.says_not("dam holds");
    world.publish(
        "Courier",
        "2026-11-24T12:00:00Z",
        "Rail link to Mosul is planned",
        "",
    );
    let last = world.one("2026-11-24T18:00:00Z");
    last.says_not("CHANGED SINCE");
}

#[test]
fn articles_that_had_their_time_were_not_withdrawn() {
    let mut world = World::new(MORNING, MOSUL);
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Mayor of Mosul resigns",
        "",
    );
    world.one("2026-11-23T07:00:00Z");
    world.publish(
        "Courier",
        "2026-11-24T06:00:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    // The end of the feed goes, as it does every day; and another feed still shows what its rival dropped.
    world.change("Courier", "2026-11-24T06:10:00Z", |articles| {
        articles.truncate(2)
    });
    let mail = world.one("2026-11-24T07:00:00Z");
    mail.says("Museum of Mosul");
    mail.says_not("withdrawn");
}

#[test]
fn the_newest_article_is_withdrawn_only_once_a_newer_one_shows_that_the_copy_is_not_stale() {
    let mut world = World::new(&format!("{MORNING}{EVENING}"), MOSUL);
    let headlines = [
        "Troops enter Mosul",
        "Mosul dam holds",
        "Mosul in ruins",
        "Mayor of Mosul resigns",
    ];
    for (headline, minute) in headlines.iter().zip(10..) {
        world.publish(
            "Courier",
            &format!("2026-11-23T06:{minute}:00Z"),
            headline,
            "",
        );
    }
    world.one("2026-11-23T07:00:00Z");
    world.change("Courier", "2026-11-23T09:00:00Z", |articles| {
        articles.remove(0);
    });
    world.publish(
        "Herald",
        "2026-11-23T10:00:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    world.one("2026-11-23T18:00:00Z").says_not("withdrawn");
    world.publish(
        "Courier",
        "2026-11-24T06:00:00Z",
        "Rail link to Mosul is planned",
        "",
    );
    let next = world.one("2026-11-24T07:00:00Z");
    next.says("Courier: “Mayor of Mosul resigns” was withdrawn");
    world.publish(
        "Courier",
        "2026-11-24T12:00:00Z",
        "Mosul elects a council",
        "",
    );
    world.one("2026-11-24T18:00:00Z").says_not("withdrawn");
}

#[test]
fn an_alert_leaves_what_can_wait_to_a_digest() {
    let mut world = World::new(&format!("{ALERTS}{EVENING}"), MOSUL);
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.one("2026-11-23T08:04:30Z").says_not("feeds added");
    world.change("Courier", "2026-11-23T09:00:00Z", |articles| {
        articles[0].title = "Troops halt before Mosul".to_owned();
    });
    world.publish(
        "Herald",
        "2026-11-23T10:00:00Z",
        "Rail link to Mosul is planned",
        "",
    );
    let alert = world.one("2026-11-23T10:04:00Z");
    alert.says("Rail link");
    alert.says_not("Troops halt");
    // It has nothing new of its own, and numbers alone send no mail.
    world.none("2026-11-23T18:00:00Z");
    world.watch(&format!("{ALERTS}{EVENING}"), &format!("{MOSUL}{RAQQA}"));
    world.publish("Herald", "2026-11-25T10:00:00Z", "Raqqa opens a school", "");
    let evening = world.one("2026-11-25T18:00:00Z");
    evening.says("2 feeds added");
    evening.says("“Troops enter Mosul” now reads “Troops halt before Mosul”");
}

#[test]
fn a_feed_with_a_gap_at_each_poll_is_told_once_a_day_at_most_where_nothing_else_is() {
    let mut world = World::new(ALERTS, MOSUL);
    // Nothing of the last document is left in the next.
    let replace = |world: &mut World, at: &str| {
        let newest = time(at);
        world.change("Courier", at, |articles| {
            for (article, minutes) in articles.iter_mut().zip(0_i64..) {
                article.at = newest - jiff::SignedDuration::from_mins(minutes);
                let number = article.at.as_second();
                article.title = format!("Report{number} on place{number}");
            }
        });
    };
    world.publish("Herald", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.one("2026-11-23T08:04:30Z");
    replace(&mut world, "2026-11-23T09:00:00Z");
    world
        .one("2026-11-23T09:20:00Z")
        .says("may have been missed");
    for hour in 10..20 {
        replace(&mut world, &format!("2026-11-23T{hour}:00:00Z"));
        world.none(&format!("2026-11-23T{hour}:20:00Z"));
    }
    replace(&mut world, "2026-11-24T09:30:00Z");
    world.one("2026-11-24T09:50:00Z").says("11 gaps since");
}
