//! What was sent, and what would be.

use std::fs;

use super::{ALERTS, MORNING, MOSUL, RAQQA, World};

#[test]
fn a_sent_digest_shows_what_its_caps_hid_whatever_became_of_its_topics() {
    let digest = format!("{MORNING}max_stories = 1\n");
    let mut world = World::new(&digest, &format!("{MOSUL}{RAQQA}"));
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T06:30:00Z",
        "Raqqa opens a school",
        "",
    );
    let mail = world.one("2026-11-23T07:00:00Z");
    let command = "wirewatch digest \"Morning\" --sent 2026-11-23 --topic \"Mosul\"";
    assert!(mail.text.contains(command), "{}", mail.text);
    mail.says_not("Raqqa opens a school");

    let check = |world: &World| {
        let all = world.sent(&["Morning", "--sent", "2026-11-23"]);
        assert_eq!(all.code, 0, "{all:#?}");
        for title in [
            "Troops enter Mosul",
            "Museum of Mosul",
            "Raqqa opens a school",
        ] {
            assert_eq!(all.stdout.matches(title).count(), 1, "{title}: {all:#?}");
        }
        let mosul = world.sent(&["Morning", "--sent", "2026-11-23", "--topic", "Mosul"]);
        assert!(mosul.stdout.contains("Museum of Mosul"), "{mosul:#?}");
        assert!(!mosul.stdout.contains("Raqqa opens"), "{mosul:#?}");
    };
    check(&world);
    let later = [
        "max_stories = 1\n",
        "max_stories = 1\ntopics = [\"Raqqa\"]\n",
    ];
    for digest in later.map(|keys| format!("{MORNING}{keys}")) {
        let edited = "[[topic]]\nname = \"Mosul\"\nany = [\"Tikrit\"]\nsnooze = \"2027-01-01\"\nmin_outlets = 3\n";
        world.watch(&digest, &format!("{edited}{RAQQA}"));
        check(&world);
    }
    world.watch(&digest, RAQQA);
    check(&world);

    let list = world.sent(&["Morning", "--sent"]);
    assert_eq!(
        list.stdout.trim_end(),
        format!(
            "2026-11-23T07:00    3 stories  reader@mail.example  {}",
            mail.header("Subject").expect("one")
        )
    );
    let minute = world.sent(&["Morning", "--sent", "2026-11-23T07:00"]);
    assert_eq!(minute.code, 0, "{minute:#?}");
    for (arguments, problem) in [
        (
            ["--sent", "2026-11-24"].as_slice(),
            "was not sent on 2026-11-24",
        ),
        (
            &["--sent", "2026-11-23T07:01"],
            "was not sent at 2026-11-23T07:01",
        ),
        (
            &["--sent", "2026-11-23", "--topic", "Tikrit"],
            "nothing was told of a topic `Tikrit` then",
        ),
        (&["--sent", "--topic", "Mosul"], "which message?"),
    ] {
        let refused = world.sent(&[&["Morning"], arguments].concat());
        assert_eq!(refused.code, 2, "{refused:#?}");
        assert!(refused.stderr.contains(problem), "{refused:#?}");
    }
}

#[test]
fn a_story_of_two_topics_is_listed_for_each_wherever_it_stood() {
    let other = "[[digest]]\nname = \"Other\"\nto = [\"other@mail.example\"]\nsend = \"07:00\"\n";
    let school = "[[topic]]\nname = \"School\"\nany = [\"school\"]\n";
    let topics = format!("{MOSUL}{RAQQA}{school}");
    let digests = format!("{MORNING}topics = [\"Mosul\", \"Raqqa\"]\n{other}");
    let mut world = World::new(&digests, &topics);
    for (time, title) in [
        ("06:10", "Road from Mosul to Raqqa is open"),
        ("06:20", "Museum of Mosul shows a school"),
    ] {
        world.publish("Courier", &format!("2026-11-23T{time}:00Z"), title, "");
    }
    let mails = world.send("2026-11-23T07:00:00Z");
    let mail = mails
        .iter()
        .find(|mail| mail.header("To") == Some("reader@mail.example"))
        .expect("one");
    assert!(mail.text.contains("Also in Raqqa"), "{}", mail.text);
    let of = |topic: &str| world.sent(&["Morning", "--sent", "2026-11-23", "--topic", topic]);
    let raqqa = of("Raqqa");
    assert!(
        raqqa.stdout.contains("Road from Mosul to Raqqa"),
        "{raqqa:#?}"
    );
    assert!(!raqqa.stdout.contains("Museum"), "{raqqa:#?}");
    let mosul = of("Mosul");
    assert!(
        mosul.stdout.contains("Road from Mosul") && mosul.stdout.contains("Museum"),
        "{mosul:#?}"
    );
    let others = of("School");
    assert_eq!(others.code, 2, "{others:#?}");
    assert!(
        others.stderr.contains("there are: `Mosul`, `Raqqa`"),
        "{others:#?}"
    );
}

#[test]
fn of_several_mails_a_day_the_command_names_the_minute() {
    let digest = "[[digest]]\nname = \"Desk\"\nsend = [\"07:00\", \"18:00\"]\nmax_stories = 1\n";
    let mut world = World::new(digest, MOSUL);
    world.publish("Courier", "2026-11-23T06:10:00Z", "Troops enter Mosul", "");
    world.publish(
        "Courier",
        "2026-11-23T06:20:00Z",
        "Museum of Mosul reopens its doors",
        "",
    );
    world.one("2026-11-23T07:00:00Z");
    world.publish(
        "Courier",
        "2026-11-23T12:00:00Z",
        "Rail link to Mosul is planned",
        "",
    );
    world.publish(
        "Courier",
        "2026-11-23T12:10:00Z",
        "Wheat harvest around Mosul fails",
        "",
    );
    let evening = world.one("2026-11-23T18:00:00Z");
    let command = "--sent 2026-11-23T18:00 --topic \"Mosul\"";
    assert!(evening.text.contains(command), "{}", evening.text);
    let one = world
        .sent(&["Desk", "--sent", "2026-11-23T18:00", "--topic", "Mosul"])
        .stdout;
    assert!(
        one.contains("Rail link") && one.contains("Wheat harvest") && !one.contains("Museum"),
        "{one}"
    );
    let day = world.sent(&["Desk", "--sent", "2026-11-23"]).stdout;
    assert!(day.contains("Rail link") && day.contains("Museum"), "{day}");
}

#[test]
fn a_snooze_says_once_how_much_it_hid_and_its_command_lists_it() {
    let snoozed = format!("{MOSUL}snooze = \"2026-11-25\"\n");
    let mut world = World::new(MORNING, &format!("{snoozed}{RAQQA}"));
    world.one("2026-11-23T07:00:00Z");
    world.publish("Courier", "2026-11-23T08:00:00Z", "Troops enter Mosul", "");
    world.none("2026-11-24T07:00:00Z");
    let end = world.one("2026-11-25T07:00:00Z");
    end.says("Mosul was snoozed until 25 November, which hid 1 article. To see it:");
    end.says_not("Troops enter Mosul");
    let listed = world
        .sent(&["Morning", "--sent", "2026-11-25", "--topic", "Mosul"])
        .stdout;
    assert!(listed.contains("Troops enter Mosul"), "{listed}");
    world.none("2026-11-26T07:00:00Z");
}

#[test]
fn the_preview_is_the_message_but_for_identifier_and_date() {
    let mut world = World::new(&format!("{ALERTS}{MORNING}"), &format!("{MOSUL}{RAQQA}"));
    world.publish(
        "Courier",
        "2026-11-23T06:10:00Z",
        "Troops enter Mosul",
        "They came from the east at dawn.",
    );
    world.one("2026-11-23T06:14:00Z");
    world.publish(
        "Herald",
        "2026-11-23T06:20:00Z",
        "Raqqa opens a school",
        "The first in years.",
    );
    world.change("Courier", "2026-11-23T06:30:00Z", |articles| {
        articles[0].title = "Troops halt before Mosul".to_owned();
    });
    let file = world.home.path("preview.html");
    let preview = world.home.done(&[
        "digest",
        "Morning",
        "--now",
        "2026-11-23T07:00:00Z",
        "--html",
        file.to_str().expect("UTF-8"),
    ]);
    let pending = world.home.count("SELECT COUNT(*) FROM pending");
    assert_eq!(pending, 1, "a preview writes nothing");
    let mail = world.one("2026-11-23T07:00:00Z");
    assert_eq!(preview.stdout.trim_end(), mail.text.trim_end());
    assert_eq!(
        fs::read_to_string(file).expect("a preview").trim_end(),
        mail.html.trim_end()
    );
    assert_eq!(
        preview.stderr.lines().next(),
        mail.header("Subject")
            .map(|subject| format!("Subject: {subject}"))
            .as_deref()
    );
    mail.says("now reads “Troops halt before Mosul”");
    mail.says("Sent before and not repeated here: 1 story by Alerts (06:14).");
}
