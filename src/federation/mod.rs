//! ActivityPub between servers. Nothing from outside is believed before this room has checked
//! who says it ([`signatures`], [`keys`]), how large it is ([`json`]) and where it comes from
//! ([`fetch`]).

pub mod activities;
pub mod backfill;
mod discovery;
pub mod extension;
pub mod fetch;
pub mod inbox;
pub mod json;
pub mod keys;
pub mod partnership;
pub mod send;
pub mod signatures;
