//! Groups that go to a partner's house, and theirs that come here.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, List, Made, Sent};
use crate::api::admin::{Answer, groups};
use crate::app::App;
use crate::domain::{Handle, Host, Name, Uri};
use crate::services::{accounts, moves};
use crate::wire::Move;

/// Who is asked to take a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMove {
    /// A partner by invitation.
    host: Host,
}

/// An offered group to take.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenGroup {
    /// Its address, as the list of moves shows it.
    group: Uri,
    /// What it is called here: a group that there is, or a new one.
    name: Name,
    /// Name of a new group's first owner; without it: who asks.
    owner: Option<String>,
}

/// An offered group that is not taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclinedGroup {
    /// Its address, as the list of moves shows it.
    group: Uri,
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Move>> {
    let all = moves::list(&app, admin.viewer()).await?;
    Ok(all.into_iter().map(Move::from).collect())
}

pub async fn offer(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
    Sent(new): Sent<NewMove>,
) -> Answer<Made<Move>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    let offered = moves::offer(&app, admin.viewer(), group.id, new.host).await?;
    Ok(Made(offered.into()))
}

pub async fn withdraw(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
) -> Answer<Json<Move>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    let withdrawn = moves::withdraw(&app, admin.viewer(), group.id).await?;
    Ok(Json(withdrawn.into()))
}

pub async fn decline(
    app: Data<App>,
    admin: Administrator,
    Sent(declined): Sent<DeclinedGroup>,
) -> Answer<Json<Move>> {
    let declined = moves::decline(&app, admin.viewer(), declined.group).await?;
    Ok(Json(declined.into()))
}

pub async fn accept(
    app: Data<App>,
    admin: Administrator,
    Sent(taken): Sent<TakenGroup>,
) -> Answer<Json<Move>> {
    let viewer = admin.viewer();
    let owner = match &taken.owner {
        Some(owner) => Some(accounts::find(&app, viewer.clone(), owner).await?.actor.id),
        None => None,
    };
    let accepted = moves::accept_as(&app, viewer, taken.group, taken.name, owner);
    let (accepted, _) = accepted.await?;
    Ok(Json(accepted.into()))
}
