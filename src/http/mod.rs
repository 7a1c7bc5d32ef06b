//! Asking servers.
//!
//! `client` holds what all requests share, `fetch` makes one of them, with the redirects it leads to. The rest are
//! their parts: who may be asked (`guard`) and when (`gate`), what an answer says (`answer`, `body`) and why there is
//! none (`cause`).

mod answer;
mod body;
mod cause;
pub mod client;
pub mod fetch;
pub mod gate;
mod guard;
