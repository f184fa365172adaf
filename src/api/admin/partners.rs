//! Partnerships with other organizations' servers.

use std::time::Duration;

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, DoneOr, List, Made, MadeOr, Sent, Work, WorkOr};
use crate::api::admin::retractions::Ending;
use crate::app::App;
use crate::domain::{
    ConfirmEvery, DialectChoice, GrantEnd, Host, OurSide, PartnerClass, PrivateGroups, Terms,
    TermsChange, parse_duration,
};
use crate::error::Error;
use crate::services::partners::{self, Change, pins, terms, view};
use crate::services::proposals::Decided;
use crate::services::{dialects, grants, jobs, probes};
use crate::wire::{
    Invitation, Partner, PartnerChanged, PartnerDetail, PartnerRules, PartnerTraffic, PartnerView,
    Probe,
};

/// How long adding a server waits for what it says of itself; it is added all the same.
const PROBE_PATIENCE: Duration = Duration::from_secs(10);
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
    /// Do not ask it first what it is like.
    without_probe: Option<bool>,
    /// What the partnership is for.
    purpose: Option<String>,
    /// Whom to call about it, here or there.
    contact: Option<String>,
    until: Option<GrantEnd>,
    /// How often it has to be confirmed; without it: house.
    confirm: Option<ConfirmEvery>,
}

/// A code to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// What the other organization is to us; without it: partner.
    class: Option<PartnerClass>,
    /// How long the code can be used, like `12h` or `7d`; without it: 7d.
    expires: Option<String>,
    /// What the partnership is for; they are told.
    purpose: Option<String>,
    /// Whom they call here; they are told.
    contact: Option<String>,
    /// When our side of it ends by itself; they are told.
    until: Option<GrantEnd>,
    /// How often it has to be confirmed; without it: house.
    confirm: Option<ConfirmEvery>,
}

/// A code to use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    code: String,
    /// What the other organization is to us; without it: partner.
    class: Option<PartnerClass>,
    /// What the partnership is for; they are told.
    purpose: Option<String>,
    /// Whom they call here; they are told.
    contact: Option<String>,
    /// When our side of it ends by itself; they are told.
    until: Option<GrantEnd>,
    /// How often it has to be confirmed; without it: house.
    confirm: Option<ConfirmEvery>,
}

/// What is said of a partner's server; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerChange {
    class: Option<PartnerClass>,
    dialect: Option<DialectChoice>,
    private_groups: Option<PrivateGroups>,
    /// What the partnership is for; they are told.
    purpose: Option<String>,
    /// Whom they call here; they are told.
    contact: Option<String>,
    /// When our side of it ends by itself; they are told.
    until: Option<GrantEnd>,
    confirm: Option<ConfirmEvery>,
}

/// A key that was compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedKey {
    /// SHA-256 of the key, hexadecimal; spaces and colons do not matter.
    fingerprint: String,
}

/// Our side of a partnership that begins.
fn our_side(class: Option<PartnerClass>, terms: TermsChange) -> crate::error::Result<OurSide> {
    Ok(OurSide {
        class: class.unwrap_or(PartnerClass::Partner),
        confirm: terms.confirm.unwrap_or_default(),
        terms: terms.applied_to(&Terms::default())?,
    })
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
    let particulars = partners::particulars(&app, admin.viewer(), &partner).await?;
    let detail = PartnerDetail::new(partner, &grants, peer, particulars);
    Ok(Json(detail))
}

pub async fn add(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewPartner>,
) -> Answer<MadeOr<Partner>> {
    let terms = TermsChange {
        purpose: new.purpose,
        contact: new.contact,
        until: new.until,
        confirm: new.confirm,
    };
    let ours = our_side(new.class, terms)?;
    if new.without_probe != Some(true) {
        let job = probes::ask_later(&app, admin.viewer(), new.host.clone()).await?;
        jobs::wait(&app, job, PROBE_PATIENCE).await?;
    }
    let private_groups = new.private_groups.unwrap_or(PrivateGroups::Auto);
    let added = partners::add(&app, admin.viewer(), new.host, ours, private_groups);
    Ok(MadeOr::of(added.await?, Partner::from))
}

pub async fn invite(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewInvitation>,
) -> Answer<Made<Invitation>> {
    let terms = TermsChange {
        purpose: new.purpose,
        contact: new.contact,
        until: new.until,
        confirm: new.confirm,
    };
    let ours = our_side(new.class, terms)?;
    let lifetime = parse_duration(new.expires.as_deref().unwrap_or(CODE_LIFETIME))?;
    let invited = partners::invite(&app, admin.viewer(), ours, lifetime).await?;
    Ok(Made(Invitation::from(&invited)))
}

pub async fn accept(
    app: Data<App>,
    admin: Administrator,
    Sent(sent): Sent<Code>,
) -> Answer<WorkOr> {
    let terms = TermsChange {
        purpose: sent.purpose,
        contact: sent.contact,
        until: sent.until,
        confirm: sent.confirm,
    };
    let ours = our_side(sent.class, terms)?;
    match partners::accept_later(&app, admin.viewer(), &sent.code, ours).await? {
        Decided::Done(job) => Ok(WorkOr::Work(Work::wait(&app, job).await?)),
        Decided::Proposed(proposal) => Ok(WorkOr::Proposed(proposal.into())),
    }
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
    let terms = TermsChange {
        purpose: change.purpose,
        contact: change.contact,
        until: change.until,
        confirm: change.confirm,
    };
    if !terms.is_empty() {
        let decided = terms::set_terms(&app, admin.viewer(), host.clone(), terms).await?;
        proposed.extend(decided.proposed());
    }
    if let Some(choice) = change.dialect {
        dialects::choose(&app, admin.viewer(), host.clone(), choice).await?;
    }
    let partner = partners::find(&app, admin.viewer(), host.clone()).await?;
    let peer = dialects::find(&app, admin.viewer(), host).await?;
    Ok(Json(PartnerRules::new(partner, peer, proposed)))
}

pub async fn confirm(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<Partner>> {
    let confirmed = terms::confirm(&app, admin.viewer(), host).await?;
    Ok(Json(confirmed.into()))
}

pub async fn trust_key(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
    Sent(compared): Sent<ComparedKey>,
) -> Answer<DoneOr<Partner>> {
    let trusted = pins::trust(&app, admin.viewer(), host, &compared.fingerprint).await?;
    Ok(DoneOr::of(trusted, Partner::from))
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
    Asked(ending): Asked<Ending>,
) -> Answer<Json<PartnerChanged>> {
    let (viewer, copies) = (admin.viewer(), ending.copies());
    let ended = partners::change_leaving(&app, viewer, host, Change::End, copies).await?;
    Ok(Json(ended.into()))
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

pub async fn traffic(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<PartnerTraffic>> {
    let overview = view::look(&app, admin.viewer(), host.clone()).await?;
    Ok(Json(PartnerTraffic::new(host, overview)))
}

pub async fn last_view(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<PartnerView>> {
    let overview = view::look(&app, admin.viewer(), host.clone()).await?;
    let (at, told) = overview.told.ok_or(Error::NotFound)?;
    Ok(Json(PartnerView::new(host, at, told)))
}

pub async fn ask_view(app: Data<App>, admin: Administrator, At(host): At<Host>) -> Answer<Work> {
    let job = view::ask_later(&app, admin.viewer(), host).await?;
    Work::wait(&app, job).await
}

pub async fn probe(app: Data<App>, admin: Administrator, At(host): At<Host>) -> Answer<Work> {
    let job = probes::ask_later(&app, admin.viewer(), host).await?;
    Work::wait(&app, job).await
}

pub async fn last_probe(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<Probe>> {
    let found = probes::find(&app, admin.viewer(), host).await?;
    Ok(Json(found.ok_or(Error::NotFound)?.into()))
}
