//! What clients and scripts talk to.

mod admin;
mod cors;
mod mastodon;

use actix_web::http::Method;
use actix_web::web::ServiceConfig;

/// Adds the interfaces.
pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(admin::configure)
        .configure(mastodon::configure);
}

/// Every address of the interfaces with its methods.
pub(crate) fn addresses() -> Vec<(String, Vec<Method>)> {
    let mastodon = mastodon::versions().map(|(base, routes)| routes.list(base));
    let mastodon = mastodon.into_iter().flatten();
    mastodon.chain(admin::routes().list(admin::BASE)).collect()
}
