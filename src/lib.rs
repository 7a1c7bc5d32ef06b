//! wirewatch watches the news wires for the topics a person tracks.
//!
//! # The house, in reading order
//!
//! Pure rooms take values, and `now`, and return values. No clock, disk, network, log, async or chance.
//!
//! - [`model`]: feeds, entries, items and their ids; what several rooms share.
//! - [`text`]: markup to plain text, one normal form, words with their places and forms.
//! - [`url`]: one definition of "the same address".
//! - [`feed`]: the bytes a server sent to the entries of a feed.
//! - [`identity`]: when two entries are the same item.
//! - [`ingest`]: what one fetch changes. The one decision per fetch.
//! - [`query`]: the watch language, its matcher and the index of many queries.
//! - [`topic`]: which topics want an item.
//! - [`census`]: what the topics would have found in the stored items, and what is doubtful about it.
//! - [`story`]: which items tell the same event, and when a told one has something new.
//! - [`schedule`]: when feeds, digests and deliveries are next due.
//! - [`health`]: what a feed's history means for a person.
//! - [`digest`]: which stories a message tells, and how it looks.
//!
//! Acting rooms load, ask a pure function, write and log.
//!
//! - [`clock`]: what time it is.
//! - [`files`]: whose the files are that we make.
//! - [`config`]: TOML to a checked watchlist, or all its problems with line and caret.
//! - [`store`]: the SQLite file.
//! - [`http`]: one conditional GET to an outcome.
//! - [`mail`]: one message to an outcome.
//! - [`desk`]: the one thread that owns the store, and what it does with a fetch.
//! - [`poll`]: one round of polling.
//! - [`deliver`]: one round of composing and sending.
//! - [`service`]: the daemon.
//! - [`demo`]: the bundled feeds and the small server that serves them.
//! - [`cli`]: one file per command.
//!
//! Arrows run `cli → service → {poll, deliver} → desk → {http, mail, store, config, clock} → pure`; `cli` may also call
//! any acting room. The edge crates (feed-rs, reqwest, lettre, rusqlite, toml, clap) are each named in one room.
//! `tests/it/house.rs` checks all of it.
//!
//! # An item's way through
//!
//! 1. [`schedule::feeds`] says which feeds are due; [`poll`] leases them, so that a crash neither loses nor hammers one.
//! 2. [`http::fetch`] asks with the validators and gets an outcome.
//! 3. [`feed::read`] makes entries of a body; a broken entry costs that entry only.
//! 4. [`desk::intake`] takes over on the store's thread. [`identity`] gives each entry its keys, the store is asked once
//!    which of them it knows, and [`ingest`] decides what is new, changed, known, late or a gap.
//! 5. [`topic::Watch`] judges what is new or changed, with evidence.
//! 6. A matched item joins a [`story`] or opens one.
//! 7. Feed state, items, keys, matches, stories and what waits to be told are written together, in one savepoint.
//! 8. When a digest is due, [`deliver`] gathers what waits, [`digest`] composes and renders it, and one transaction puts
//!    the finished message into the outbox and moves its matches from pending to told.
//! 9. [`mail`] sends the stored bytes; the answer settles the row.
//!
//! # What always holds
//!
//! - Matching never gates storing: every entry of a document that was read is an item with a sighting.
//! - Validators and the items that came with them are in one commit, so that a 304 never hides what was not stored.
//! - Keys outlive items, so that cleaning up cannot bring old news back.
//! - What waits to be told is a row in `pending` until a message that tells it is in the outbox; no time window decides.
//! - No transaction waits for the network.

// -- pure --
pub mod census;
pub mod digest;
pub mod feed;
pub mod files;
pub mod health;
pub mod identity;
pub mod ingest;
pub mod model;
pub mod query;
pub mod schedule;
pub mod story;
pub mod text;
pub mod topic;
pub mod url;

// -- acting --
pub mod cli;
pub mod clock;
pub mod config;
pub mod deliver;
pub mod demo;
pub mod desk;
pub mod http;
pub mod mail;
pub mod poll;
pub mod service;
pub mod store;
