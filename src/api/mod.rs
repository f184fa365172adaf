//! What clients and scripts talk to.

mod admin;
mod cors;
mod mastodon;

use actix_web::web::ServiceConfig;

/// Adds the interfaces.
pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(admin::configure)
        .configure(mastodon::configure);
}
