//! The keys with which this house signs.

use actix_web::web::{Data, Json};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, Work};
use crate::app::App;
use crate::services::keys::{self, Whose};
use crate::wire::{OwnKey, Rotated};

pub async fn rotate(
    app: Data<App>,
    admin: Administrator,
    At(name): At<String>,
) -> Answer<Json<Rotated>> {
    let rotated = keys::rotate(&app, admin.viewer(), Whose::One(name)).await?;
    Ok(Json(rotated.into()))
}

pub async fn rotate_all(app: Data<App>, admin: Administrator) -> Answer<Work> {
    let job = keys::rotate_all_later(&app, admin.viewer()).await?;
    Work::wait(&app, job).await
}

pub async fn show(app: Data<App>, admin: Administrator) -> Answer<Json<OwnKey>> {
    let fingerprint = keys::own_fingerprint(&app, admin.viewer()).await?;
    Ok(Json(OwnKey { fingerprint }))
}
