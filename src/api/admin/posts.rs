//! What moderators do with posts, by their number. Policy lets in here who moderates the group.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, Sent};
use crate::app::App;
use crate::domain::{LabelName, PostId, RemovalReason};
use crate::services::labels;
use crate::services::posts::{self, Lock, Pin};
use crate::wire::Post;

/// Why a post is taken out of view.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    reason: RemovalReason,
}

/// How a post is classified.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// Without it: as its topic and its group.
    label: Option<LabelName>,
}

pub async fn set_label(
    app: Data<App>,
    admin: Administrator,
    At(id): At<PostId>,
    Sent(wish): Sent<Classification>,
) -> Answer<Json<Post>> {
    let post = labels::set_of_post(&app, admin.viewer(), id, wish.label).await?;
    Ok(Json(Post::from(&post)))
}

pub async fn remove(
    app: Data<App>,
    admin: Administrator,
    At(id): At<PostId>,
    Sent(removal): Sent<Removal>,
) -> Answer<Json<Post>> {
    let post = posts::remove(&app, admin.viewer(), id, removal.reason).await?;
    Ok(Json(Post::from(&post)))
}

pub async fn restore(
    app: Data<App>,
    admin: Administrator,
    At(id): At<PostId>,
) -> Answer<Json<Post>> {
    let post = posts::restore(&app, admin.viewer(), id).await?;
    Ok(Json(Post::from(&post)))
}

pub async fn lock(app: Data<App>, admin: Administrator, At(id): At<PostId>) -> Answer<Json<Post>> {
    let post = posts::set_locked(&app, admin.viewer(), id, Lock::Locked).await?;
    Ok(Json(Post::from(&post)))
}

pub async fn unlock(
    app: Data<App>,
    admin: Administrator,
    At(id): At<PostId>,
) -> Answer<Json<Post>> {
    let post = posts::set_locked(&app, admin.viewer(), id, Lock::Open).await?;
    Ok(Json(Post::from(&post)))
}

pub async fn pin(app: Data<App>, admin: Administrator, At(id): At<PostId>) -> Answer<Json<Post>> {
    let post = posts::set_pinned(&app, admin.viewer(), id, Pin::Pinned).await?;
    Ok(Json(Post::from(&post)))
}

pub async fn unpin(app: Data<App>, admin: Administrator, At(id): At<PostId>) -> Answer<Json<Post>> {
    let post = posts::set_pinned(&app, admin.viewer(), id, Pin::Loose).await?;
    Ok(Json(Post::from(&post)))
}
