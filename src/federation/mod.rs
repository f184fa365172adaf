//! ActivityPub between servers.

/// Adds the addresses that other servers use.
pub fn configure(_: &mut actix_web::web::ServiceConfig) {}
