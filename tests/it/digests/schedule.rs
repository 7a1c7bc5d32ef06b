//! When a digest goes.

use super::{ALERTS, MORNING, MOSUL, RAQQA, World};

#[test]
fn the_first_digest_goes_even_if_empty_and_an_empty_one_does_not() {
    let mut world = World::new(MORNING, MOSUL);
    world.none("2026-11-23T06:59:00Z");
    let first = world.one("2026-11-23T07:00:00Z");
    assert_eq!(first.header("Subject"), Some("2 feeds, 1 topic, all well"));
    first.says("2 feeds added (Courier, Herald). 10 items stored.");
    world.none("2026-11-24T07:00:00Z");
    let idle = world
        .home
        .done(&["digest", "--send", "--now", "2026-11-24T07:30:00Z"]);
    assert!(
        idle.stderr.contains(
            "No digest is due. The next is `Morning`, on Wednesday 25 November at 07:00."
        ),
        "{idle:#?}"
    );
}

#[test]
fn a_digest_missed_for_a_month_goes_once() {
    let mut world = World::new(MORNING, MOSUL);
    world.one("2026-11-23T07:00:00Z");
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    let mail = world.one("2026-12-24T10:00:00Z");
    mail.says("1 new story in 1 topic since 23 November, 07:00.");
    world.none("2026-12-24T10:01:00Z");
    world.none("2026-12-25T07:00:00Z");
}

#[test]
fn a_clock_that_was_a_day_ahead_silences_nothing_and_repeats_nothing() {
    let mut world = World::new(&format!("{MORNING}{ALERTS}"), &format!("{MOSUL}{RAQQA}"));
    world.publish(
        "Courier",
        "2026-11-23T06:10:00Z",
        "Troops enter Mosul from the east at dawn",
        "",
    );
    assert_eq!(
        world.send("2026-11-24T12:00:00Z").len(),
        1,
        "the clock is a day ahead"
    );
    world.publish(
        "Courier",
        "2026-11-23T12:10:00Z",
        "Raqqa opens a school",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T12:20:00Z",
        "Bridges of Mosul closed to traffic",
        "",
    );
    let alert = world.one("2026-11-23T12:40:00Z");
    alert.says("Bridges of Mosul");
    world.publish(
        "Herald",
        "2026-11-24T01:00:00Z",
        "UPDATE 1-Troops enter Mosul from the east at dawn",
        "",
    );
    let update = world.one("2026-11-24T01:10:00Z");
    update.says("Marked as an update");
    let morning = world.one("2026-11-24T07:00:00Z");
    morning.says("Raqqa opens a school");
    morning.says_not("Mosul from the east");
}

#[test]
fn a_digest_named_by_hand_goes_whatever_its_quiet_hours_and_days_say() {
    let keys = "quiet = \"22:00-06:30\"\ndays = [\"mon\"]\nwhen_empty = \"send\"\n";
    let mut world = World::new(&format!("{MORNING}{keys}"), MOSUL);
    world.one("2026-11-23T07:00:00Z");
    world.publish("Courier", "2026-11-24T12:00:00Z", "Troops enter Mosul", "");
    world.none("2026-11-24T23:00:00Z");
    world.home.done(&[
        "digest",
        "Morning",
        "--send",
        "--now",
        "2026-11-24T23:00:00Z",
    ]);
    world.new_mails()[0].says("Troops enter Mosul");
    let monday = world.one("2026-11-30T07:00:00Z");
    assert_eq!(monday.header("Subject"), Some("Nothing new"));
    monday.says("Nothing new in 1 topic since Tuesday 23:00.");
}

#[test]
fn quiet_hours_and_days_hold_a_mail_until_both_allow_it() {
    let keys = "quiet = \"22:00-06:30\"\ndays = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]\ntimezone = \"Europe/Berlin\"\n";
    let mut world = World::new(&format!("{ALERTS}{keys}"), MOSUL);
    world.one("2026-11-23T06:03:00Z");
    // Friday 22:30 in Berlin.
    world.publish("Courier", "2026-11-27T21:30:00Z", "Troops enter Mosul", "");
    world.none("2026-11-27T21:40:00Z");
    world.none("2026-11-28T12:00:00Z");
    let idle = world
        .home
        .done(&["digest", "--send", "--now", "2026-11-29T12:00:00Z"]);
    assert!(
        idle.stderr
            .contains("The next is `Alerts`, on Monday 30 November at 06:30."),
        "{idle:#?}"
    );
    world.none("2026-11-30T05:29:00Z");
    world.one("2026-11-30T05:30:00Z").says("Troops enter Mosul");
}
