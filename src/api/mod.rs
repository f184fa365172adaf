//! What clients talk to.

/// Adds the interfaces.
pub fn configure(_: &mut actix_web::web::ServiceConfig) {}
