//! What the rules hold at the boundary.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, Paged, Sent, page};
use crate::api::admin::{Answer, groups};
use crate::app::App;
use crate::domain::{Handle, PostId, RuleSentence};
use crate::services::holds;
use crate::wire::Held;

/// Which of it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only of this group
    #[param(inline)]
    group: Option<Handle>,
    /// Only older posts than this
    #[param(inline)]
    before: Option<PostId>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

/// Why a post stays inside; its author reads it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    reason: RuleSentence,
}

pub async fn list(
    app: Data<App>,
    request: HttpRequest,
    admin: Administrator,
    Asked(which): Asked<Which>,
) -> Answer<Paged<Held>> {
    let group = match &which.group {
        Some(group) => Some(groups::find(&app, &admin, group).await?.group.id),
        None => None,
    };
    let page = page(which.before.map(|id| id.0), which.limit);
    let part = holds::list(&app, admin.viewer(), group, page).await?;
    let part = part.iter().map(Held::from).collect();
    let id = |one: &Held| one.post.to_string();
    Ok(Paged::new(&app, &request, page, part, id))
}

pub async fn release(
    app: Data<App>,
    admin: Administrator,
    At(id): At<PostId>,
) -> Answer<Json<Held>> {
    let held = holds::release(&app, admin.viewer(), id).await?;
    Ok(Json(Held::from(&held)))
}

pub async fn refuse(
    app: Data<App>,
    admin: Administrator,
    At(id): At<PostId>,
    Sent(refusal): Sent<Refusal>,
) -> Answer<Json<Held>> {
    let held = holds::refuse(&app, admin.viewer(), id, refusal.reason).await?;
    Ok(Json(Held::from(&held)))
}
