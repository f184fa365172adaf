//! What happened here and could not be put into words: nobody was told of it.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, Paged, page};
use crate::app::App;
use crate::domain::EventId;
use crate::services::deliveries;
use crate::wire::{Retold, Untold};

/// Which part of the events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Only older ones than this
    #[param(inline)]
    before: Option<EventId>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

pub async fn list(
    app: Data<App>,
    request: HttpRequest,
    admin: Administrator,
    Asked(part): Asked<Part>,
) -> Answer<Paged<Untold>> {
    let page = page(part.before.map(|id| id.0), part.limit);
    let untold = deliveries::list_untold(&app, admin.viewer(), page).await?;
    let untold = untold.into_iter().map(Untold::from).collect();
    let id = |one: &Untold| one.event.to_string();
    Ok(Paged::new(&app, &request, page, untold, id))
}

pub async fn retell_all(app: Data<App>, admin: Administrator) -> Answer<Json<Retold>> {
    let retold = deliveries::retell(&app, admin.viewer(), None).await?;
    Ok(Json(Retold { retold }))
}

pub async fn retell_one(
    app: Data<App>,
    admin: Administrator,
    At(event): At<EventId>,
) -> Answer<Json<Retold>> {
    let retold = deliveries::retell(&app, admin.viewer(), Some(event)).await?;
    Ok(Json(Retold { retold }))
}
