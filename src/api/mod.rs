//! What clients talk to.

mod cors;
mod mastodon;

use actix_web::web::ServiceConfig;

/// Adds the interfaces.
pub fn configure(config: &mut ServiceConfig) {
    config.configure(mastodon::configure);
}
