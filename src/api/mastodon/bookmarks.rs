//! Bookmarks: for nobody but their owner.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::api::mastodon::client::Client;
use crate::api::mastodon::entities::Status;
use crate::api::mastodon::params::Params;
use crate::api::mastodon::statuses::{find, status_id};
use crate::api::mastodon::{Answer, pages};
use crate::app::App;
use crate::domain::PostId;
use crate::policy::Viewer;
use crate::services::bookmarks;

pub async fn bookmark(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:bookmarks")?;
    let post = find(&app, viewer.clone(), status_id(&id)?)
        .await?
        .view
        .post
        .id;
    bookmarks::add(&app, viewer.clone(), post).await?;
    answer(&app, &client, viewer, post).await
}

pub async fn unbookmark(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:bookmarks")?;
    let post = find(&app, viewer.clone(), status_id(&id)?)
        .await?
        .view
        .post
        .id;
    bookmarks::remove(&app, viewer.clone(), post).await?;
    answer(&app, &client, viewer, post).await
}

async fn answer(app: &App, client: &Client, viewer: Viewer, post: PostId) -> Answer {
    let listed = find(app, viewer, post).await?;
    let passes = client.passes(app).await?;
    Ok(HttpResponse::Ok().json(Status::render(app, &passes, &listed)))
}

/// Pages count bookmarks, not statuses: their numbers are in the `Link` header only.
pub async fn list(app: Data<App>, request: HttpRequest, client: Client, params: Params) -> Answer {
    let viewer = client.may("read:bookmarks")?;
    let page = pages::page(&params)?;
    let marked = bookmarks::list(&app, viewer, page).await?;
    let passes = client.passes(&app).await?;
    let statuses: Vec<Status> = marked
        .iter()
        .map(|(_, listed)| Status::render(&app, &passes, listed))
        .collect();
    let numbers: Vec<i64> = marked.iter().map(|(number, _)| *number).collect();
    Ok(pages::answer_numbered(
        &app, &request, page, &numbers, &statuses,
    ))
}
