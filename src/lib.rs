//! Guildhall: the community server an organization runs for itself.
//!
//! # The rooms
//! Layers outside, features inside: the same noun has the same file name in every room.
//!
//! | room | what it is for |
//! |---|---|
//! | [`domain`] | nouns and what is always true of them; pure |
//! | [`policy`] | who may see and do what; pure |
//! | [`storage`] | the only place that knows the databases |
//! | [`services`] | use cases: one transaction, one question to policy, one story |
//! | [`federation`] | ActivityPub between servers |
//! | [`wire`] | what scripts read: the JSON of commands and of the admin API |
//! | [`api`] | clients' and scripts' interfaces |
//! | [`auth`] | who is asking: sessions, tokens, passwords |
//! | [`web`] | pages |
//! | [`jobs`] | what happens after the answer: applying, fan-out, delivery |
//! | [`cli`] | commands |
//!
//! `tests/it/rooms.rs` checks which room may use which.

pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod error;
pub mod fail_point;
pub mod federation;
pub mod files;
pub mod http;
pub mod jobs;
pub mod pictures;
pub mod policy;
pub mod routes;
pub mod services;
pub mod storage;
pub mod telemetry;
pub mod web;
pub mod wire;

pub use error::{Error, Result};
