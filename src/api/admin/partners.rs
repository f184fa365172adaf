//! Partnerships with other organizations' servers.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, DoneOr, List, Made, Sent, Work};
use crate::app::App;
use crate::domain::{DialectChoice, Host, PartnerClass, PrivateGroups, parse_duration};
use crate::services::partners::{self, Change};
use crate::services::{dialects, grants};
use crate::wire::{Invitation, Partner, PartnerChanged, PartnerDetail, PartnerRules};

/// How long a code can be used when nobody says.
const CODE_LIFETIME: &str = "7d";

/// A server to speak with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPartner {
    host: Host,
    /// Without it: partner.
    class: Option<PartnerClass>,
    /// Whether groups that are not public may be opened to it; without it: auto.
    private_groups: Option<PrivateGroups>,
}

/// A code to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// What the other organization is to us; without it: partner.
    class: Option<PartnerClass>,
    /// How long the code can be used, like `12h` or `7d`; without it: 7d.
    expires: Option<String>,
}

/// A code to use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    code: String,
    /// What the other organization is to us; without it: partner.
    class: Option<PartnerClass>,
}

/// What is said of a partner's server; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerChange {
    class: Option<PartnerClass>,
    dialect: Option<DialectChoice>,
    private_groups: Option<PrivateGroups>,
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Partner>> {
    let all = partners::list(&app, admin.viewer()).await?;
    Ok(all.into_iter().map(Partner::from).collect())
}

pub async fn show(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<PartnerDetail>> {
    let partner = partners::find(&app, admin.viewer(), host.clone()).await?;
    let grants = grants::list(&app, admin.viewer(), None, Some(host.clone())).await?;
    let peer = dialects::find(&app, admin.viewer(), host).await?;
    Ok(Json(PartnerDetail::new(partner, &grants, peer)))
}

pub async fn add(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewPartner>,
) -> Answer<Made<Partner>> {
    let class = new.class.unwrap_or(PartnerClass::Partner);
    let private_groups = new.private_groups.unwrap_or(PrivateGroups::Auto);
    let added = partners::add(&app, admin.viewer(), new.host, class, private_groups);
    Ok(Made(added.await?.into()))
}

pub async fn invite(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewInvitation>,
) -> Answer<Made<Invitation>> {
    let class = new.class.unwrap_or(PartnerClass::Partner);
    let lifetime = parse_duration(new.expires.as_deref().unwrap_or(CODE_LIFETIME))?;
    let invited = partners::invite(&app, admin.viewer(), class, lifetime).await?;
    Ok(Made(Invitation::from(&invited)))
}

pub async fn accept(app: Data<App>, admin: Administrator, Sent(sent): Sent<Code>) -> Answer<Work> {
    let class = sent.class.unwrap_or(PartnerClass::Partner);
    let job = partners::accept_later(&app, admin.viewer(), &sent.code, class).await?;
    Work::wait(&app, job).await
}

pub async fn update(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
    Sent(change): Sent<PartnerChange>,
) -> Answer<Json<PartnerRules>> {
    let mut proposed = Vec::new();
    if let Some(class) = change.class {
        let decided = partners::set_class(&app, admin.viewer(), host.clone(), class).await?;
        proposed.extend(decided.proposed());
    }
    if let Some(choice) = change.private_groups {
        let (viewer, host) = (admin.viewer(), host.clone());
        let decided = dialects::choose_private_groups(&app, viewer, host, choice).await?;
        proposed.extend(decided.proposed());
    }
    if let Some(choice) = change.dialect {
        dialects::choose(&app, admin.viewer(), host.clone(), choice).await?;
    }
    let partner = partners::find(&app, admin.viewer(), host.clone()).await?;
    let peer = dialects::find(&app, admin.viewer(), host).await?;
    Ok(Json(PartnerRules::new(partner, peer, proposed)))
}

pub async fn pause(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<PartnerChanged>> {
    change(&app, &admin, host, Change::Pause).await
}

pub async fn resume(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<DoneOr<PartnerChanged>> {
    let decided = partners::resume(&app, admin.viewer(), host).await?;
    Ok(DoneOr::of(decided, PartnerChanged::from))
}

pub async fn end(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<PartnerChanged>> {
    change(&app, &admin, host, Change::End).await
}

pub async fn block(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<PartnerChanged>> {
    change(&app, &admin, host, Change::Block).await
}

async fn change(
    app: &App,
    admin: &Administrator,
    host: Host,
    change: Change,
) -> Answer<Json<PartnerChanged>> {
    let changed = partners::change(app, admin.viewer(), host, change).await?;
    Ok(Json(changed.into()))
}
