//! Posts that somebody asked the moderators to look at.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, Paged, page};
use crate::api::admin::{Answer, groups};
use crate::app::App;
use crate::domain::{Handle, ReportId};
use crate::services::reports;
use crate::wire::Report;

/// Which reports.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only of this group
    #[param(inline)]
    group: Option<Handle>,
    /// Only older ones than this
    #[param(inline)]
    before: Option<ReportId>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

pub async fn list(
    app: Data<App>,
    request: HttpRequest,
    admin: Administrator,
    Asked(which): Asked<Which>,
) -> Answer<Paged<Report>> {
    let group = match &which.group {
        Some(group) => Some(groups::find(&app, &admin, group).await?.group.id),
        None => None,
    };
    let page = page(which.before.map(|id| id.0), which.limit);
    let part = reports::list(&app, admin.viewer(), group, page).await?;
    let part = part.iter().map(Report::from).collect();
    let id = |one: &Report| one.id.to_string();
    Ok(Paged::new(&app, &request, page, part, id))
}

pub async fn resolve(
    app: Data<App>,
    admin: Administrator,
    At(id): At<ReportId>,
) -> Answer<Json<Report>> {
    let resolved = reports::resolve(&app, admin.viewer(), id).await?;
    Ok(Json(Report::from(&resolved)))
}
