//! The one integration binary: `support` is what the tests stand on, the rest mirrors the rooms.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test owns its time, environment and clients, and a panic is how it fails"
)]

mod acts;
mod admin_api;
mod attachments;
mod attacks;
mod auth;
mod boosts;
mod browser;
mod cli;
mod demo;
mod every_page;
mod examples;
mod first_contacts;
mod follows;
mod four_eyes;
mod fuzz;
mod house;
mod inputs;
mod interactions;
mod labels;
mod late;
mod ledger;
mod mastodon;
mod mirrors;
mod moderating;
mod moving;
mod news;
mod outbound_rules;
mod partners;
mod partnerships;
mod passing_on;
mod peers;
mod polls;
mod private;
mod refusals;
mod reliability;
mod reports;
mod retractions;
mod rooms;
mod rosters;
mod scope;
mod serve;
mod services;
mod simulation;
mod stops;
mod storage;
mod support;
mod web;
mod what_if;
