//! ActivityPub between servers. Nothing from outside is believed before this room has checked
//! who says it ([`signatures`], [`keys`]), how large it is ([`json`]) and where it comes from
//! ([`fetch`]).

pub mod extension;
pub mod fetch;
pub mod json;
pub mod keys;
pub mod objects;
pub mod partnership;
pub mod signatures;

/// Adds the addresses that other servers use.
pub fn configure(_: &mut actix_web::web::ServiceConfig) {}
