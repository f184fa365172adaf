//! What waits to leave the house, and what could not.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, List, Paged, page};
use crate::app::App;
use crate::domain::{self, DeliveryId, Host};
use crate::error::Error;
use crate::services::deliveries;
use crate::wire::{Delivery, Destination, Discarded, Retried};

/// Which part of the deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Only older ones than this
    #[param(inline)]
    before: Option<DeliveryId>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Destination>> {
    let now = app.clock.now();
    let all = deliveries::list_destinations(&app, admin.viewer()).await?;
    let all = all.into_iter();
    Ok(all.map(|one| Destination::new(one, now)).collect())
}

pub async fn show(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<Destination>> {
    Ok(Json(find(&app, &admin, &host).await?))
}

/// A server we deliver to: others are not there.
async fn find(app: &App, admin: &Administrator, host: &Host) -> Answer<Destination> {
    let all = deliveries::list_destinations(app, admin.viewer()).await?;
    let one = all.into_iter().find(|one| one.host == *host);
    let one = one.ok_or(Error::NotFound)?;
    Ok(Destination::new(one, app.clock.now()))
}

pub async fn deliveries(
    app: Data<App>,
    request: HttpRequest,
    admin: Administrator,
    At(host): At<Host>,
    Asked(part): Asked<Part>,
) -> Answer<Paged<Delivery>> {
    let page = page(part.before.map(|id| id.0), part.limit);
    find(&app, &admin, &host).await?;
    let unsent = deliveries::list_unsent(&app, admin.viewer(), Some(host), page).await?;
    let about = deliveries::describe(&app, admin.viewer(), &unsent).await?;
    let told = |one: domain::Delivery| {
        let about = about.get(&one.id);
        Delivery::new(one, about)
    };
    let unsent = unsent.into_iter().map(told).collect();
    let id = |one: &Delivery| one.id.to_string();
    Ok(Paged::new(&app, &request, page, unsent, id))
}

pub async fn retry_all(app: Data<App>, admin: Administrator) -> Answer<Json<Retried>> {
    let retried = deliveries::retry(&app, admin.viewer(), None, None).await?;
    Ok(Json(Retried { retried }))
}

pub async fn retry_host(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<Retried>> {
    find(&app, &admin, &host).await?;
    let retried = deliveries::retry(&app, admin.viewer(), Some(host), None).await?;
    Ok(Json(Retried { retried }))
}

pub async fn retry_one(
    app: Data<App>,
    admin: Administrator,
    At(id): At<DeliveryId>,
) -> Answer<Json<Retried>> {
    let retried = deliveries::retry(&app, admin.viewer(), None, Some(id)).await?;
    Ok(Json(Retried { retried }))
}

pub async fn ask(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<Destination>> {
    find(&app, &admin, &host).await?;
    deliveries::ask(&app, admin.viewer(), host.clone()).await?;
    Ok(Json(find(&app, &admin, &host).await?))
}

pub async fn discard(
    app: Data<App>,
    admin: Administrator,
    At(id): At<DeliveryId>,
) -> Answer<Json<Discarded>> {
    deliveries::discard(&app, admin.viewer(), id).await?;
    Ok(Json(Discarded {
        id,
        discarded: true,
    }))
}
