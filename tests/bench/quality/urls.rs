//! Pairs of addresses: must their keys be equal?

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Deserialize;
use wirewatch::url;

#[derive(Deserialize)]
struct Pair {
    id: String,
    class: String,
    a: String,
    b: String,
    same: bool,
}

/// Writes `{"url", "key"}` for each address.
pub(crate) fn run(cases: &str, out: &str) -> super::Outcome {
    let mut addresses = BTreeSet::new();
    let (mut same, mut merged, mut different, mut false_merges) = (0, 0, 0, 0);
    for line in cases.lines().filter(|line| !line.trim().is_empty()) {
        let pair: Pair = serde_json::from_str(line)?;
        let is_merged = url::key(&pair.a) == url::key(&pair.b);
        if pair.same {
            same += 1;
            merged += u32::from(is_merged);
        } else {
            different += 1;
            false_merges += u32::from(is_merged);
        }
        if is_merged != pair.same {
            println!("{} {}: `{}` and `{}`", pair.id, pair.class, pair.a, pair.b);
        }
        addresses.extend([pair.a, pair.b]);
    }
    let mut answers = String::new();
    for address in addresses {
        let key = url::key(&address);
        writeln!(
            answers,
            "{}",
            serde_json::json!({ "url": address, "key": key })
        )?;
    }
    std::fs::write(out, answers)?;
    Ok(format!(
        "merged {merged} of {same}, false merges {false_merges} of {different}"
    ))
}
