//! Boosts: a status of one's own that shows another's. Its number works wherever a status's does.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::api::mastodon::Answer;
use crate::api::mastodon::client::Client;
use crate::api::mastodon::entities::{Account, Status};
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::api::mastodon::statuses::{find, status_id};
use crate::app::App;
use crate::domain::{BoostId, PostId};
use crate::error::Error;
use crate::policy::Viewer;
use crate::services::boosts;
use crate::services::posts::Listed;

/// Boosts for everybody or nobody: who asks for fewer readers must not get more.
pub async fn reblog(app: Data<App>, client: Client, id: Path<String>, params: Params) -> Answer {
    let viewer = client.may("write:statuses")?;
    if let Some("private" | "direct") = params.text("visibility") {
        return Err(Failure::unprocessable(
            "a boost is for everybody who follows you: send visibility=public or nothing",
        ));
    }
    let listed = find(&app, viewer.clone(), status_id(&id)?).await?;
    let boosted = boosts::boost(&app, viewer.clone(), listed.view.post.id).await?;
    let listed = Listed {
        boosted: Some(boosted),
        ..find(&app, viewer, listed.view.post.id).await?
    };
    let passes = client.passes(&app).await?;
    Ok(HttpResponse::Ok().json(Status::render(&app, &passes, &listed)))
}

/// Answers the post that is not boosted any more; where it is hidden by now, as for an unknown id.
pub async fn unreblog(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:statuses")?;
    let id = status_id(&id)?;
    let post = match boosts::find_own(&app, &viewer, BoostId(id.0)).await? {
        Some(post) => post,
        None => id,
    };
    take_back(&app, &client, viewer, post).await
}

/// Ends a boost of one's own.
pub async fn take_back(app: &App, client: &Client, viewer: Viewer, post: PostId) -> Answer {
    boosts::unboost(app, viewer.clone(), post).await?;
    let listed = find(app, viewer, post).await?;
    let passes = client.passes(app).await?;
    Ok(HttpResponse::Ok().json(Status::render(app, &passes, &listed)))
}

pub async fn reblogged_by(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("read:statuses")?;
    let listed = find(&app, viewer.clone(), status_id(&id)?).await?;
    let people = boosts::boosters(&app, viewer, listed.view.post.id).await?;
    let people: Vec<Account> = people
        .iter()
        .map(|person| Account::render(&app, person))
        .collect();
    Ok(HttpResponse::Ok().json(people))
}

/// A boost by the number it has as a status.
pub async fn find_boost(app: &App, viewer: Viewer, id: PostId) -> Result<Listed, Error> {
    let boosted = boosts::find(app, viewer.clone(), BoostId(id.0)).await?;
    let original = crate::services::posts::find_listed(app, viewer, boosted.boost.post).await?;
    Ok(Listed {
        boosted: Some(boosted),
        ..original
    })
}
