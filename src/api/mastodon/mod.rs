//! The Mastodon client API, as far as it is true here.
//!
//! Groups are accounts one follows, topics and comments are statuses. What we do not offer yet is
//! refused with a sentence and never pretended: `docs/guide/clients.md` says what is there and
//! which parameters are ours.

mod accounts;
mod bookmarks;
mod boosts;
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

use actix_web::HttpResponse;
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{ServiceConfig, to};

use crate::api::cors::allow_any_origin;
use crate::routes::{Place, Routes};
use errors::Failure;

type Answer = Result<HttpResponse, Failure>;

pub fn configure(config: &mut ServiceConfig) {
    for (base, routes) in versions() {
        config.service(
            routes
                .below(base, || to(not_offered))
                .wrap(NormalizePath::trim())
                .wrap(from_fn(allow_any_origin)),
        );
    }
}

/// The addresses of each version, with what they are below.
pub(super) fn versions() -> [(&'static str, Routes); 2] {
    [("/api/v1", v1()), ("/api/v2", v2())]
}

fn v1() -> Routes {
    Routes::default()
        .service(at("/instance").get(instance::v1))
        .service(at("/accounts/verify_credentials").get(accounts::verify_credentials))
        .service(at("/accounts/lookup").get(accounts::lookup))
        .service(at("/accounts/relationships").get(relationships::list))
        .service(at("/accounts/{id}").get(accounts::show))
        .service(at("/accounts/{id}/statuses").get(accounts::statuses))
        .service(at("/accounts/{id}/follow").post(relationships::follow))
        .service(at("/accounts/{id}/unfollow").post(relationships::unfollow))
        .service(at("/accounts/{id}/followers").get(relationships::followers))
        .service(at("/accounts/{id}/following").get(relationships::following))
        .service(at("/accounts/{id}/remove_from_followers").post(relationships::reject))
        .service(at("/follow_requests").get(relationships::requests))
        .service(at("/follow_requests/{id}/authorize").post(relationships::authorize))
        .service(at("/follow_requests/{id}/reject").post(relationships::reject))
        .service(at("/statuses").post(statuses::create))
        .service(
            at("/statuses/{id}")
                .get(statuses::show)
                .put(statuses::update)
                .delete(statuses::remove),
        )
        .service(at("/statuses/{id}/context").get(statuses::context))
        .service(at("/statuses/{id}/source").get(statuses::source))
        .service(at("/statuses/{id}/history").get(statuses::history))
        .service(at("/statuses/{id}/favourite").post(statuses::favourite))
        .service(at("/statuses/{id}/unfavourite").post(statuses::unfavourite))
        .service(at("/statuses/{id}/reblog").post(boosts::reblog))
        .service(at("/statuses/{id}/unreblog").post(boosts::unreblog))
        .service(at("/statuses/{id}/reblogged_by").get(boosts::reblogged_by))
        .service(at("/statuses/{id}/bookmark").post(bookmarks::bookmark))
        .service(at("/statuses/{id}/unbookmark").post(bookmarks::unbookmark))
        .service(at("/bookmarks").get(bookmarks::list))
        .service(at("/polls/{id}").get(polls::show))
        .service(at("/polls/{id}/votes").post(polls::vote))
        .service(at("/media").post(media::upload))
        .service(at("/media/{id}").get(media::show).put(media::update))
        .service(at("/reports").post(reports::create))
        .service(at("/timelines/home").get(timelines::home))
}

fn v2() -> Routes {
    Routes::default()
        .service(at("/instance").get(instance::v2))
        .service(at("/media").post(media::upload))
        .service(at("/search").get(search::search))
}

/// Clients write addresses with a slash at the end, too: it is trimmed.
fn at(path: &str) -> Place {
    crate::routes::at(path).otherwise(wrong_method)
}

async fn not_offered() -> Answer {
    Err(Failure::NotOffered)
}

async fn wrong_method() -> Answer {
    Err(Failure::WrongMethod)
}
