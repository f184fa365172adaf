//! Pages for people: server-rendered, working without JavaScript.

#[allow(dead_code, reason = "the handlers that fill them arrive one by one")]
mod views;

/// Adds the pages.
pub fn configure(_: &mut actix_web::web::ServiceConfig) {}
