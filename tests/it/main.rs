//! Drives the real binary against real parts on loopback.

mod certificates;
mod check;
mod check_online;
mod commands;
mod crash;
mod crowd;
mod edits;
mod faults;
mod house;
mod http;
mod http_server;
mod hygiene;
mod kills;
mod main_job;
mod network;
mod news;
mod operator;
mod outbox;
mod reload;
mod smtp;
mod smtp_secured;
mod smtp_server;
mod wirewatch;
