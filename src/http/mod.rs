//! Asking servers.
//!
//! `client` holds what all requests share, `fetch` makes one of them, and `chase` is its way through redirects. The rest
//! are their parts: who may be asked (`guard`) and when (`gate`), what an answer says (`answer`, `body`) and why there
//! is none (`cause`).

mod answer;
mod body;
mod cause;
mod chase;
pub mod client;
pub mod fetch;
pub mod gate;
mod guard;
