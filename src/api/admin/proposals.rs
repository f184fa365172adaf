//! What waits for a second administrator.

use actix_web::web::{Data, Json};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, List};
use crate::app::App;
use crate::domain::ProposalId;
use crate::services::proposals;
use crate::wire::Proposal;

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Proposal>> {
    let waiting = proposals::list(&app, admin.viewer()).await?;
    Ok(waiting.into_iter().map(Proposal::from).collect())
}

pub async fn confirm(
    app: Data<App>,
    admin: Administrator,
    At(id): At<ProposalId>,
) -> Answer<Json<Proposal>> {
    let confirmed = proposals::confirm(&app, admin.viewer(), id).await?;
    Ok(Json(confirmed.into()))
}

pub async fn reject(
    app: Data<App>,
    admin: Administrator,
    At(id): At<ProposalId>,
) -> Answer<Json<Proposal>> {
    let rejected = proposals::reject(&app, admin.viewer(), id).await?;
    Ok(Json(rejected.into()))
}
