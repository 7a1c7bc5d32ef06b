//! Drives the real binary against real parts on loopback.

mod certificates;
mod commands;
mod crash;
mod crowd;
mod house;
mod http;
mod http_server;
mod main_job;
mod moves;
mod network;
mod news;
mod outbox;
mod reload;
mod smtp;
mod smtp_secured;
mod smtp_server;
mod wirewatch;
