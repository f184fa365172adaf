//! What partners may do in which group.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, AtBoth, DoneOr, List, Sent};
use crate::api::admin::retractions::Ending;
use crate::app::App;
use crate::domain::{
    self, Capabilities, GrantEnd, Handle, History, Host, JoinMode, Name, Page, Timestamp,
};
use crate::error::Result;
use crate::services::grants;
use crate::services::grants::review;
use crate::services::grants::templates::{self, GrantWish};
use crate::services::what_if::{self, Change, TOPICS_SHOWN};
use crate::wire::{Grant, GrantEnded, GrantTemplate, Outlook, ReviewedGrant, TemplateRemoved};

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

/// What a partner is to be allowed. What is not said stays as it is in the grant that stands.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// What it begins with; what is said besides goes before it.
    template: Option<Name>,
    /// Needed without a template.
    can: Option<Capabilities>,
    /// How its people get in; where no grant stands and it is not said: approve, or invite for a secret group.
    join: Option<JoinMode>,
    /// Where no grant stands and it is not said: from now on.
    from: Option<Timestamp>,
    /// The first moment when it counts no more, or `never`; where no grant stands and it is not said: never.
    until: Option<GrantEnd>,
    /// Topics that are shown: `now` (started from now on), `all`, or since a date; where no grant stands and
    /// it is not said: now.
    history: Option<History>,
    /// Do not let partners of this group learn of each other.
    apart: Option<bool>,
    /// The digest of an outlook: refused if something else would become visible now.
    seen: Option<String>,
}

/// A grant to look at.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What it begins with
    #[param(inline)]
    template: Option<Name>,
    /// Words separated by commas, `read,reply`
    can: Option<String>,
    #[param(inline)]
    join: Option<JoinMode>,
    /// A date
    from: Option<String>,
    /// A date, or `never`
    #[param(inline)]
    until: Option<GrantEnd>,
    #[param(inline)]
    history: Option<History>,
    apart: Option<bool>,
}

impl Wanted {
    fn wish(self) -> Result<GrantWish> {
        let time = |text: Option<String>| text.as_deref().map(Timestamp::parse).transpose();
        Ok(GrantWish {
            template: self.template,
            capabilities: self.can.as_deref().map(str::parse).transpose()?,
            join: self.join,
            from: time(self.from)?,
            until: self.until,
            history: self.history,
            apart: self.apart,
        })
    }
}

/// Nothing is changed. Shows the newest topics only.
pub async fn look(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, partner): AtBoth<Handle, Host>,
    Asked(wanted): Asked<Wanted>,
) -> Answer<Json<Outlook>> {
    let request = templates::fill_in(&app, admin.viewer(), wanted.wish()?).await?;
    let (change, page) = (Change::Grant(partner, request), Page::first(TOPICS_SHOWN));
    let outlook = what_if::look(&app, admin.viewer(), group, change, page).await?;
    Ok(Json(outlook.into()))
}

impl From<NewGrant> for GrantWish {
    fn from(new: NewGrant) -> Self {
        Self {
            template: new.template,
            capabilities: new.can,
            join: new.join,
            from: new.from,
            until: new.until,
            history: new.history,
            apart: new.apart,
        }
    }
}

/// What grants are to begin with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    /// "Auditor: read everything for a month"
    title: String,
    can: Capabilities,
    /// Without it: approve, or invite for a secret group.
    join: Option<JoinMode>,
    /// After how many days the grant ends; without it: never.
    days: Option<u32>,
    /// Without it: now.
    history: Option<History>,
    #[serde(default)]
    apart: bool,
}

pub async fn list_templates(app: Data<App>, admin: Administrator) -> Answer<List<GrantTemplate>> {
    let all = templates::list(&app, admin.viewer()).await?;
    Ok(all.into_iter().map(GrantTemplate::from).collect())
}

pub async fn save_template(
    app: Data<App>,
    admin: Administrator,
    At(name): At<Name>,
    Sent(new): Sent<NewTemplate>,
) -> Answer<Json<GrantTemplate>> {
    let template = domain::GrantTemplate {
        name,
        title: new.title,
        capabilities: new.can,
        join: new.join,
        days: new.days,
        history: new.history.unwrap_or(History::Now),
        apart: new.apart,
        built_in: false,
    };
    let saved = templates::save(&app, admin.viewer(), template).await?;
    Ok(Json(saved.into()))
}

pub async fn remove_template(
    app: Data<App>,
    admin: Administrator,
    At(name): At<Name>,
) -> Answer<Json<TemplateRemoved>> {
    templates::remove(&app, admin.viewer(), name.clone()).await?;
    let name = name.to_string();
    Ok(Json(TemplateRemoved { name }))
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
    let seen = new.seen.clone();
    let request = templates::fill_in(&app, admin.viewer(), new.into()).await?;
    let decided = grants::add_seen(&app, admin.viewer(), group, partner, request, seen).await?;
    Ok(DoneOr::of(decided, |standing| Grant::from(&standing)))
}

pub async fn list_reviews(app: Data<App>, admin: Administrator) -> Answer<List<ReviewedGrant>> {
    let all = review::list(&app, admin.viewer()).await?;
    Ok(all.iter().map(ReviewedGrant::from).collect())
}

pub async fn keep(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, partner): AtBoth<Handle, Host>,
) -> Answer<Json<ReviewedGrant>> {
    let kept = review::keep(&app, admin.viewer(), group, partner).await?;
    Ok(Json(ReviewedGrant::from(&kept)))
}

pub async fn remove(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, partner): AtBoth<Handle, Host>,
    Asked(ending): Asked<Ending>,
) -> Answer<Json<GrantEnded>> {
    let (name, viewer, copies) = (group.name.clone(), admin.viewer(), ending.copies());
    let closed = grants::remove(&app, viewer, group, partner.clone(), copies).await?;
    Ok(Json(GrantEnded::new(name, partner, closed)))
}
