//! The Mastodon client API, as far as it is true here.
//!
//! Groups are accounts one follows, topics and comments are statuses. What we do not offer yet is
//! refused with a sentence and never pretended: `docs/guide/clients.md` says what is there and
//! which parameters are ours.

mod accounts;
mod client;
mod entities;
mod errors;
mod instance;
mod media;
mod pages;
mod params;
mod polls;
mod relationships;
mod reports;
mod search;
mod statuses;
mod timelines;
mod topic_text;

use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, delete, get, post, put, scope, to};
use actix_web::{HttpResponse, Resource};

use crate::api::cors::allow_any_origin;
use errors::Failure;

type Answer = Result<HttpResponse, Failure>;

pub fn configure(config: &mut ServiceConfig) {
    let v1 = scope("/api/v1")
        .service(at("/instance").route(get().to(instance::v1)))
        .service(at("/accounts/verify_credentials").route(get().to(accounts::verify_credentials)))
        .service(at("/accounts/lookup").route(get().to(accounts::lookup)))
        .service(at("/accounts/relationships").route(get().to(relationships::list)))
        .service(at("/accounts/{id}").route(get().to(accounts::show)))
        .service(at("/accounts/{id}/statuses").route(get().to(accounts::statuses)))
        .service(at("/accounts/{id}/follow").route(post().to(relationships::follow)))
        .service(at("/accounts/{id}/unfollow").route(post().to(relationships::unfollow)))
        .service(at("/accounts/{id}/followers").route(get().to(relationships::followers)))
        .service(at("/accounts/{id}/following").route(get().to(relationships::following)))
        .service(at("/accounts/{id}/remove_from_followers").route(post().to(relationships::reject)))
        .service(at("/follow_requests").route(get().to(relationships::requests)))
        .service(at("/follow_requests/{id}/authorize").route(post().to(relationships::authorize)))
        .service(at("/follow_requests/{id}/reject").route(post().to(relationships::reject)))
        .service(at("/statuses").route(post().to(statuses::create)))
        .service(
            at("/statuses/{id}")
                .route(get().to(statuses::show))
                .route(put().to(statuses::update))
                .route(delete().to(statuses::remove)),
        )
        .service(at("/statuses/{id}/context").route(get().to(statuses::context)))
        .service(at("/statuses/{id}/source").route(get().to(statuses::source)))
        .service(at("/statuses/{id}/history").route(get().to(statuses::history)))
        .service(at("/statuses/{id}/favourite").route(post().to(statuses::favourite)))
        .service(at("/statuses/{id}/unfavourite").route(post().to(statuses::unfavourite)))
        .service(at("/polls/{id}").route(get().to(polls::show)))
        .service(at("/polls/{id}/votes").route(post().to(polls::vote)))
        .service(at("/media").route(post().to(media::upload)))
        .service(
            at("/media/{id}")
                .route(get().to(media::show))
                .route(put().to(media::update)),
        )
        .service(at("/reports").route(post().to(reports::create)))
        .service(at("/timelines/home").route(get().to(timelines::home)))
        .default_service(to(not_offered))
        .wrap(from_fn(allow_any_origin));
    let v2 = scope("/api/v2")
        .service(at("/instance").route(get().to(instance::v2)))
        .service(at("/media").route(post().to(media::upload)))
        .service(at("/search").route(get().to(search::search)))
        .default_service(to(not_offered))
        .wrap(from_fn(allow_any_origin));
    config.service(v1).service(v2);
}

/// An address with and without a slash at its end: clients write both.
fn at(path: &str) -> Resource {
    Resource::new([path.to_owned(), format!("{path}/")]).default_service(to(wrong_method))
}

async fn not_offered() -> Answer {
    Err(Failure::NotOffered)
}

async fn wrong_method() -> Answer {
    Err(Failure::WrongMethod)
}
