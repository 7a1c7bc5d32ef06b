//! What stands below a story in words of its own: what other outlets say differently, and what came later.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Story;
use super::headline::Headline;
use crate::digest::material::Candidate;

/// A headline of another outlet that may be shown.
struct Offer<'m> {
    candidate: &'m Candidate,
    headline: Headline,
    /// How like it is to the one shown that it is most like.
    likeness: f64,
}

impl<'m> Story<'m> {
    /// Those of `also`, at most so many, whose headlines tell a reader of what is shown something else: the least
    /// like it first, of equals the newest. One that carries a text which is shown already, or has no headline, is
    /// no more than a name.
    pub(super) fn differing(&self, most: usize) -> Vec<&'m Candidate> {
        let offer = |candidate: &&'m Candidate| {
            Some(Offer {
                candidate,
                headline: Headline::of_text(&candidate.shown.title)?,
                likeness: 0.0,
            })
        };
        let mut offers: Vec<Offer<'m>> = self.also.iter().filter_map(offer).collect();
        offers.retain(|offer| offer.candidate.text != self.lead.text);
        for known in self.known() {
            set_apart(&mut offers, &known);
        }
        let mut differing = Vec::new();
        while differing.len() < most {
            let next = offers.iter().enumerate().min_by(|(_, one), (_, other)| {
                let age = |offer: &Offer<'_>| (Reverse(offer.candidate.date), offer.candidate.item);
                one.likeness
                    .total_cmp(&other.likeness)
                    .then_with(|| age(one).cmp(&age(other)))
            });
            let Some((at, _)) = next else { break };
            let picked = offers.swap_remove(at);
            offers.retain(|offer| offer.candidate.text != picked.candidate.text);
            set_apart(&mut offers, &picked.headline);
            differing.push(picked.candidate);
        }
        differing
    }

    /// The later articles of outlets that are named already which say something of their own, newest first. What
    /// repeats a headline that is shown, or that of its own outlet, is part of what is told already.
    pub(super) fn later(&self) -> Vec<&'m Candidate> {
        let mut later = Vec::new();
        let is_named = |candidate: &Candidate| {
            let mut named = std::iter::once(&self.lead).chain(&self.also);
            named.any(|named| named.item == candidate.item)
        };
        let articles = self.articles.iter().map(|article| article.active[0]);
        let mut repeated: Vec<&Candidate> =
            articles.filter(|candidate| !is_named(candidate)).collect();
        if repeated.is_empty() {
            return later;
        }
        // The newest is the likeliest to bring news, so it is the last to go where room is short.
        repeated.sort_by_key(|candidate| Reverse((candidate.date, candidate.item)));
        let named: HashMap<&str, Headline> = self
            .also
            .iter()
            .filter_map(|first| Some((first.publisher.as_str(), Headline::of(first)?)))
            .collect();
        let beside = self
            .headlines
            .iter()
            .filter_map(|other| Headline::of(other));
        let mut shown: Vec<Headline> = self.known().chain(beside).collect();
        for candidate in repeated {
            let Some(headline) = Headline::of(candidate) else {
                continue;
            };
            let of_outlet = named.get(candidate.publisher.as_str());
            if !shown
                .iter()
                .chain(of_outlet)
                .any(|known| known.covers(&headline))
            {
                later.push(candidate);
                shown.push(headline);
            }
        }
        later
    }

    /// The headlines that its reader has, before any is put below it: the lead's, and what was told before.
    fn known(&self) -> impl Iterator<Item = Headline> {
        let told = self.told.iter().flat_map(|told| &told.headlines);
        let told = told.filter_map(|text| Headline::of_text(text));
        Headline::of(self.lead).into_iter().chain(told)
    }
}

/// Keeps those that tell something beside a headline that is shown.
fn set_apart(offers: &mut Vec<Offer<'_>>, shown: &Headline) {
    offers.retain_mut(|offer| {
        offer.likeness = offer.likeness.max(shown.likeness(&offer.headline));
        !shown.covers(&offer.headline)
    });
}

#[cfg(test)]
mod tests {
    use crate::digest::compose::{Caps, How, choose};
    use crate::digest::lint::lint;
    use crate::digest::material::{Followup, ToldBefore};
    use crate::digest::message;
    use crate::digest::samples::{Sample, ago, sample};

    /// A story of the Estuary Post on a fee.
    fn fee() -> Sample {
        let mut sample = sample();
        sample.topic("River ports", &[3; 15]);
        sample.article(
            "Estuary Post",
            40,
            "Six towns agree one fee",
            "For barges.",
            &["fee"],
        );
        sample
    }

    /// By story, the headlines of other outlets below it.
    fn headlines(sample: &Sample, caps: Caps) -> Vec<Vec<String>> {
        let material = sample.material();
        let choice = choose(&material, caps);
        let titles = choice.stories_shown().map(|story| {
            let titles = story.headlines.iter().map(|of| of.shown.title.clone());
            titles.collect()
        });
        titles.collect()
    }

    #[test]
    fn another_outlet_is_shown_with_its_headline_if_that_tells_something_else() {
        let mut sample = fee();
        let wire = sample.material.candidates[0].text;
        sample.also("Same Words", 30, "SIX TOWNS AGREE ONE FEE!");
        sample.also("Part Of Them", 29, "One fee");
        sample.also("Same Text", 28, "A tariff for the river").text = wire;
        let untitled = sample.also("Without A Headline", 27, "");
        untitled.shown.summary = "A note on barges.".to_owned();
        let court = sample
            .also("Barge Owner", 26, "Owners go to court over tariff")
            .text;
        sample.also("Copy Of Owner", 25, "Legal trouble ahead").text = court;
        assert_eq!(
            headlines(&sample, Caps::NONE),
            [["Legal trouble ahead"]],
            "of one text, the newest"
        );
        let rendered = sample.message().expect("a message").rendered;
        assert!(
            rendered.text.contains(
                "    also Copy Of Owner: Legal trouble ahead\n    https://copyofowner.example/7\n    also Same Words:\n"
            ),
            "{}",
            rendered.text
        );
        assert!(rendered.text.contains("7 outlets, 5 texts"));
        for outlet in ["Same Words", "Part Of Them", "Same Text", "Barge Owner"] {
            let named = format!("also {outlet}:\n");
            assert_eq!(rendered.text.matches(&named).count(), 1, "{outlet}");
            assert_eq!(rendered.html.matches(outlet).count(), 1, "{outlet}");
        }
        assert_eq!(rendered.html.matches("Copy Of Owner").count(), 1);
        lint(&rendered);
    }

    #[test]
    fn the_headlines_least_like_those_shown_come_first_and_are_three() {
        let mut sample = fee();
        for (minutes, title) in [
            (30, "Six towns agree one tariff"),
            (29, "Owners of barges go to court"),
            (28, "Owners of barges go to arbitration"),
            (27, "Six towns agree on fee"),
            (26, "Pilots keep theirs"),
        ] {
            sample.also(&format!("Outlet {minutes}"), minutes, title);
        }
        let expected = [
            "Pilots keep theirs",
            "Owners of barges go to arbitration",
            "Six towns agree on fee",
        ];
        assert_eq!(headlines(&sample, Caps::standard(40)), [expected]);
    }

    #[test]
    fn a_mail_has_no_more_headlines_of_other_outlets_than_it_may_have_stories() {
        let mut sample = sample();
        sample.topic("River ports", &[3; 15]);
        for story in 0..5 {
            sample.article(
                "Estuary Post",
                5,
                &format!("Bridge {story} waits"),
                "They voted.",
                &["Bridge"],
            );
            for other in 1..5 {
                let title = format!("Speaker{other} of council{other} on bridge {story}");
                sample.also(&format!("Outlet {other}"), 5, &title);
            }
        }
        let counts = |most: usize| {
            let headlines = headlines(&sample, Caps::standard(most));
            headlines.iter().map(Vec::len).collect::<Vec<usize>>()
        };
        assert_eq!(
            counts(40),
            [3, 3, 3, 1, 1],
            "three where there is an excerpt"
        );
        assert_eq!(counts(6), [2, 1, 1, 1, 1]);
        assert_eq!(counts(2), [1, 1]);
        assert_eq!(headlines(&sample, Caps::NONE).concat().len(), 20);
    }

    #[test]
    fn an_update_does_not_repeat_a_headline_that_was_told() {
        let mut sample = fee();
        sample.also("Northgate Business", 30, "Barge owners go to court");
        sample.also("Delta Pilots", 20, "Pilots reject the tariff");
        sample.also("Delta Pilots", 10, "Barge owners go to court");
        sample.material.stories[0].told = Some(ToldBefore {
            at: ago(900),
            followup: Followup::Words(vec!["pilots".to_owned()]),
            headlines: vec!["Barge owners go to court".to_owned()],
            thread: None,
        });
        let message = sample.message().expect("an update");
        let text = &message.rendered.text;
        assert!(
            text.contains("    also Delta Pilots: Pilots reject the tariff\n"),
            "{text}"
        );
        assert!(text.contains("    also Northgate Business:\n"), "{text}");
        assert!(!text.contains("go to court"), "{text}");
        let also = |told: &&crate::digest::compose::Told| told.how == How::Also;
        assert_eq!(message.settled.told.iter().filter(also).count(), 3);
    }

    #[test]
    fn a_later_article_does_not_repeat_a_headline_of_another_outlet() {
        let mut sample = fee();
        sample.also("Northgate Business", 30, "Barge owners go to court");
        sample.also("Estuary Post", 20, "Barge owners go to court");
        sample.also("Estuary Post", 10, "Court sets a date");
        let text = sample.message().expect("a message").rendered.text;
        assert_eq!(
            text.matches("Barge owners go to court").count(),
            1,
            "{text}"
        );
        assert!(text.contains("    more: Court sets a date\n"), "{text}");
    }

    #[test]
    fn headlines_of_other_outlets_make_room_for_stories() {
        let mut sample = sample();
        for topic in 0..40 {
            sample.topic(&format!("Topic {topic}"), &[3; 15]);
            let lead = format!("Bridge {topic} waits");
            let link = format!("https://estuarypost.example/{}", "l".repeat(500));
            sample
                .article("Estuary Post", 900, &lead, "", &["Bridge"])
                .link = Some(link);
            let long = "argues with many words against the plan of the bridge ".repeat(4);
            sample.also("Elm Valley Courier", 9, &format!("Speaker{topic} {long}"));
        }
        let told = sample.message().expect("a message");
        lint(&told.rendered);
        let text = &told.rendered.text;
        assert_eq!(text.matches(". Bridge ").count(), 40);
        assert_eq!(text.matches("    also Elm Valley Courier:\n").count(), 40);
        let whole = message(&sample.material(), Caps::NONE).expect("a message");
        assert!(whole.rendered.text.contains("Speaker39 argues"));
    }
}
