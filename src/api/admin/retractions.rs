//! Taking back what partners got.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, Paged, Sent, page};
use crate::app::App;
use crate::domain::{Copies, Handle, Host, RetractionId, Uri};
use crate::services::retractions;
use crate::wire::{AskedBack, Retraction};

/// Which of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only of this partner
    #[param(inline)]
    partner: Option<Host>,
    /// Also those that are confirmed whole
    #[serde(default)]
    all: bool,
    /// Only older ones than this
    #[param(inline)]
    before: Option<RetractionId>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

/// What a partner keeps when its rights end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Leave it what it got; otherwise it is asked to throw it away
    #[serde(default)]
    leave_copies: bool,
}

impl Ending {
    pub const fn copies(&self) -> Copies {
        match self.leave_copies {
            true => Copies::Left,
            false => Copies::AskedBack,
        }
    }
}

/// What is to be thrown away, and by whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    group: Handle,
    partner: Host,
    /// The address of one topic, with all below it. While the group is open to the partner, it is kept from it from now on.
    topic: Option<Uri>,
}

pub async fn list(
    app: Data<App>,
    request: HttpRequest,
    admin: Administrator,
    Asked(which): Asked<Which>,
) -> Answer<Paged<Retraction>> {
    let page = page(which.before.map(|id| id.0), which.limit);
    let (viewer, open) = (admin.viewer(), !which.all);
    let part = retractions::list(&app, viewer, which.partner, open, page).await?;
    let part = part.iter().map(Retraction::from).collect();
    let id = |one: &Retraction| one.id.to_string();
    Ok(Paged::new(&app, &request, page, part, id))
}

pub async fn retract(
    app: Data<App>,
    admin: Administrator,
    Sent(wanted): Sent<Wanted>,
) -> Answer<Json<AskedBack>> {
    let Wanted {
        group,
        partner,
        topic,
    } = wanted;
    let named = group.to_string();
    let asked = retractions::retract(&app, admin.viewer(), group, partner.clone(), topic).await?;
    Ok(Json(AskedBack {
        group: named,
        partner,
        posts: asked.posts,
    }))
}

pub async fn repeat(
    app: Data<App>,
    admin: Administrator,
    At(id): At<RetractionId>,
) -> Answer<Json<Retraction>> {
    let asked = retractions::ask_again(&app, admin.viewer(), id).await?;
    Ok(Json(Retraction::from(&asked)))
}
