//! Timelines. Home: the topics of one's groups.

use actix_web::HttpRequest;
use actix_web::web::Data;

use crate::api::mastodon::client::Client;
use crate::api::mastodon::entities;
use crate::api::mastodon::params::Params;
use crate::api::mastodon::{Answer, pages};
use crate::app::App;
use crate::services::posts;

pub async fn home(app: Data<App>, request: HttpRequest, client: Client, params: Params) -> Answer {
    let viewer = client.may("read:statuses")?;
    let page = pages::page(&params)?;
    let list = posts::home(&app, viewer, page).await?;
    let statuses = entities::render_all(&app, &client.passes(&app).await?, &list);
    Ok(pages::answer(&app, &request, page, &statuses))
}
