//! Whether the groups depend on chance: on the order in which feeds happen to be asked, and on restarts.

use std::collections::HashMap;

use wirewatch::model::{ItemId, StoryId};
use wirewatch::story::Telling;
use wirewatch::story::group::Grouper;
use wirewatch::story::vector::Frequencies;

use super::stories::bcubed;

/// After so many items the program is taken to be started anew.
const RESTART: usize = 500;

/// Groups the items, ascending in time, in another order within each hour, and with restarts; returns how the groups
/// compare.
pub(crate) fn figures(tellings: &[Telling], frequencies: &Frequencies) -> String {
    let once = group(tellings, frequencies, usize::MAX);
    let shuffled = group(&shuffled(tellings), frequencies, usize::MAX);
    let pairs: Vec<(StoryId, i64)> = tellings
        .iter()
        .map(|telling| (once[&telling.item], shuffled[&telling.item].0))
        .collect();
    let (precision, recall) = bcubed(&pairs);
    let alike = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
    let restarted = group(tellings, frequencies, RESTART);
    let moved = once
        .iter()
        .filter(|(item, story)| restarted[*item] != **story);
    format!(
        "in another order within each hour F1 {alike:.3}; with restarts {} items in another story\n",
        moved.count()
    )
}

/// The final story of each item.
fn group(
    tellings: &[Telling],
    frequencies: &Frequencies,
    restart_each: usize,
) -> HashMap<ItemId, StoryId> {
    let mut grouper = Grouper::new(frequencies.clone());
    let mut stories: HashMap<ItemId, StoryId> = HashMap::new();
    for (number, telling) in tellings.iter().enumerate() {
        if number > 0 && number % restart_each == 0 {
            grouper = Grouper::new(frequencies.clone());
            for before in &tellings[..number] {
                let prepared = grouper.prepare(before.clone(), true);
                grouper.restore(&prepared, stories[&before.item]);
            }
        }
        let placement = grouper.place(telling, StoryId(number as i64));
        for story in stories.values_mut() {
            if placement.merged.contains(story) {
                *story = placement.story;
            }
        }
        stories.insert(telling.item, placement.story);
    }
    stories
}

/// The same moments, but within each hour the items turned round: always the same way.
fn shuffled(tellings: &[Telling]) -> Vec<Telling> {
    const HOUR: i64 = 3600;
    let mut seed = 3u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let hour = |telling: &Telling| telling.at.as_second().div_euclid(HOUR);
    let mut shuffled = Vec::with_capacity(tellings.len());
    for items in tellings.chunk_by(|one, other| hour(one) == hour(other)) {
        let mut order: Vec<(u64, &Telling)> = items.iter().map(|item| (random(), item)).collect();
        order.sort_by_key(|(random, _)| *random);
        let moved = order.into_iter().zip(items);
        shuffled.extend(moved.map(|((_, item), moment)| Telling {
            at: moment.at,
            ..item.clone()
        }));
    }
    shuffled
}
