//! When a told story has something new.

use crate::story::Telling;
use crate::story::vector::Frequencies;

/// Why a story that a recipient has been told comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum News {
    /// An agency marks the item as an update.
    Marked,
    /// This share of its words, by weight, stood in nothing told before; between 0 and 1.
    Words(f64),
}

/// Whether `telling` has something new for a reader who was told `told` of the same story; the newest of them must be
/// at least six hours old. A topic that had not matched before is the caller's to see.
pub fn news(telling: &Telling, told: &[Telling], frequencies: &Frequencies) -> Option<News> {
    let _ = (telling, told, frequencies);
    None
}
