//! Asking servers.
//!
//! `client` holds what all requests share, `fetch` makes one of them, and `chase` is its way through redirects. The rest
//! are their parts: who may be asked (`guard`) and when (`gate`), what an answer says (`answer`, `document`, `body`)
//! and why there is none (`cause`), for how long we wait (`patience`), and how much is held at once (`room`).

mod answer;
mod body;
mod cause;
mod chase;
pub mod client;
mod document;
pub mod fetch;
pub mod gate;
mod guard;
mod patience;
pub mod room;
