//! The emergency stop.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, DoneOr, List, Sent};
use crate::app::App;
use crate::domain::{Handle, Host};
use crate::services::stops::{self, Which};
use crate::wire::{Stop, StopReleased};

/// Why something is stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// For the audit log and the other administrators.
    #[serde(default)]
    reason: String,
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Stop>> {
    let standing = stops::list(&app, admin.viewer()).await?;
    Ok(standing.iter().map(Stop::from).collect())
}

pub async fn stop_all(
    app: Data<App>,
    admin: Administrator,
    Sent(why): Sent<Why>,
) -> Answer<Json<Stop>> {
    stop(&app, &admin, Which::All, &why).await
}

pub async fn release_all(app: Data<App>, admin: Administrator) -> Answer<DoneOr<StopReleased>> {
    release(&app, &admin, Which::All).await
}

pub async fn stop_partner(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
    Sent(why): Sent<Why>,
) -> Answer<Json<Stop>> {
    stop(&app, &admin, Which::Partner(host), &why).await
}

pub async fn release_partner(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<DoneOr<StopReleased>> {
    release(&app, &admin, Which::Partner(host)).await
}

pub async fn stop_group(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
    Sent(why): Sent<Why>,
) -> Answer<Json<Stop>> {
    stop(&app, &admin, Which::Group(group), &why).await
}

pub async fn release_group(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
) -> Answer<DoneOr<StopReleased>> {
    release(&app, &admin, Which::Group(group)).await
}

async fn stop(app: &App, admin: &Administrator, which: Which, why: &Why) -> Answer<Json<Stop>> {
    let standing = stops::stop(app, admin.viewer(), which, &why.reason).await?;
    Ok(Json(Stop::from(&standing)))
}

async fn release(app: &App, admin: &Administrator, which: Which) -> Answer<DoneOr<StopReleased>> {
    let decided = stops::release(app, admin.viewer(), which).await?;
    Ok(DoneOr::of(decided, |released| {
        StopReleased::from(&released)
    }))
}
