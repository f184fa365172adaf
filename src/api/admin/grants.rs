//! What partners may do in which group.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, AtBoth, DoneOr, List, Sent};
use crate::app::App;
use crate::domain::{Capabilities, Handle, History, Host, JoinMode, Timestamp};
use crate::services::grants::{self, GrantRequest};
use crate::wire::{Grant, GrantEnded};

/// Which grants.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only of this group
    #[param(inline)]
    group: Option<Handle>,
    /// Only to this partner
    #[param(inline)]
    partner: Option<Host>,
}

/// What a partner is to be allowed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    can: Capabilities,
    /// How its people get in; without it: approve, or invite for a secret group.
    join: Option<JoinMode>,
    /// Without it: from now on.
    from: Option<Timestamp>,
    /// The first moment when it counts no more; without it: never.
    until: Option<Timestamp>,
    /// Topics that are shown: `now` (started from now on), `all`, or since a date; without it: now.
    history: Option<History>,
    /// Do not let partners of this group learn of each other.
    #[serde(default)]
    apart: bool,
}

impl From<NewGrant> for GrantRequest {
    fn from(new: NewGrant) -> Self {
        Self {
            capabilities: new.can,
            join: new.join,
            from: new.from,
            until: new.until,
            history: new.history.unwrap_or(History::Now),
            apart: new.apart,
        }
    }
}

pub async fn list(
    app: Data<App>,
    admin: Administrator,
    Asked(which): Asked<Which>,
) -> Answer<List<Grant>> {
    let standing = grants::list(&app, admin.viewer(), which.group, which.partner).await?;
    Ok(standing.iter().map(Grant::from).collect())
}

pub async fn add(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, partner): AtBoth<Handle, Host>,
    Sent(new): Sent<NewGrant>,
) -> Answer<DoneOr<Grant>> {
    let decided = grants::add(&app, admin.viewer(), group, partner, new.into()).await?;
    Ok(DoneOr::of(decided, |standing| Grant::from(&standing)))
}

pub async fn remove(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, partner): AtBoth<Handle, Host>,
) -> Answer<Json<GrantEnded>> {
    let name = group.name.clone();
    let closed = grants::remove(&app, admin.viewer(), group, partner.clone()).await?;
    Ok(Json(GrantEnded::new(name, partner, closed)))
}
