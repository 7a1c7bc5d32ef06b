//! One request at a time per domain, with a rest in between.

/// Hands out permits.
#[derive(Clone, Debug, Default)]
pub struct Gate;

/// The right to ask one domain. Its rest begins when this is dropped.
#[derive(Debug)]
pub struct Permit;

impl Gate {
    /// A gate that nobody has passed.
    pub fn new() -> Gate {
        Gate
    }

    /// Waits until nobody asks the domain of `url` and it has rested.
    pub async fn enter(&self, url: &str) -> Permit {
        todo!("{url}")
    }
}

/// Whom `url` belongs to: its registrable domain, or `host:port` for an address and for a host without public suffix.
///
/// 429 holds for all feeds with the same one.
pub fn domain(url: &str) -> String {
    todo!("{url}")
}
