//! wirewatch watches the news wires for the topics a person tracks.
//!
//! The modules in reading order, pure ones first. Pure modules take values (and `now`) and return values; shell modules
//! do the input and output. Arrows run `cli → service → {poll, deliver} → {http, mail, store, config} → pure`;
//! `tests/it/house.rs` checks them.

// -- pure --
pub mod digest;
pub mod feed;
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

// -- shell --
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
