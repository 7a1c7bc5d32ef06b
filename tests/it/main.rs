//! Drives the real binary against real parts on loopback.

mod backup;
mod certificates;
mod commands;
mod crash;
mod help;
mod house;
mod http;
mod http_server;
mod main_job;
mod migration;
mod news;
mod outbox;
mod package;
mod reload;
mod retention;
mod service;
mod smtp;
mod smtp_secured;
mod smtp_server;
mod status;
mod trouble;
mod week;
mod wirewatch;
