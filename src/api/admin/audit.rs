//! Who did what.

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, Paged, page};
use crate::app::App;
use crate::domain::AuditId;
use crate::services::audit;
use crate::wire::AuditLine;

/// Which part of the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Only older lines than this
    #[param(inline)]
    before: Option<AuditId>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

pub async fn list(
    app: Data<App>,
    request: HttpRequest,
    admin: Administrator,
    Asked(part): Asked<Part>,
) -> Answer<Paged<AuditLine>> {
    let page = page(part.before.map(|id| id.0), part.limit);
    let lines = audit::list(&app, admin.viewer(), page).await?;
    let lines = lines.into_iter().map(AuditLine::from).collect();
    let id = |line: &AuditLine| line.id.to_string();
    Ok(Paged::new(&app, &request, page, lines, id))
}
