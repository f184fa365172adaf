//! Rules at the boundary.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, List, Sent};
use crate::app::App;
use crate::domain::{
    Condition, Handle, Host, LabelName, RuleId, RuleKind, RuleOutcome, RuleSentence,
};
use crate::services::outbound_rules::{self, Where};
use crate::wire::{OutboundRule, Trial};

/// Of what; neither: of the house.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only of this group
    #[param(inline)]
    group: Option<Handle>,
    /// Only of this partner
    #[param(inline)]
    partner: Option<Host>,
}

/// A rule to be made; without a group and a partner it is the house's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRule {
    group: Option<Handle>,
    partner: Option<Host>,
    kind: RuleKind,
    /// The pattern, the file types (`application/zip, image/*`, with `!` before them all but these), the size in
    /// bytes that is not exceeded, the lowest label that is caught, or the address that is asked.
    condition: String,
    outcome: RuleOutcome,
    sentence: RuleSentence,
}

/// A text, and where it would be written; without a group and a partner: what the house says of it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// In this group
    #[param(inline)]
    group: Option<Handle>,
    /// What this partner would get
    #[param(inline)]
    partner: Option<Host>,
    /// Markdown
    text: String,
    /// How it would be classified
    #[param(inline)]
    label: Option<LabelName>,
}

fn place(group: Option<Handle>, partner: Option<Host>) -> Where {
    match (group, partner) {
        (Some(group), _) => Where::Group(group),
        (None, Some(partner)) => Where::Partner(partner),
        (None, None) => Where::House,
    }
}

pub async fn list(
    app: Data<App>,
    admin: Administrator,
    Asked(which): Asked<Which>,
) -> Answer<List<OutboundRule>> {
    let place = match (which.group, which.partner) {
        (None, None) => None,
        (group, partner) => Some(place(group, partner)),
    };
    let rules = outbound_rules::list(&app, admin.viewer(), place).await?;
    Ok(rules.iter().map(OutboundRule::from).collect())
}

pub async fn add(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewRule>,
) -> Answer<Json<OutboundRule>> {
    let place = place(new.group, new.partner);
    let condition = Condition::parse(new.kind, &new.condition)?;
    let (viewer, outcome) = (admin.viewer(), new.outcome);
    let rule = outbound_rules::add(&app, viewer, place, condition, outcome, new.sentence).await?;
    Ok(Json(OutboundRule::from(&rule)))
}

pub async fn remove(
    app: Data<App>,
    admin: Administrator,
    At(id): At<RuleId>,
) -> Answer<Json<OutboundRule>> {
    let rule = outbound_rules::remove(&app, admin.viewer(), id).await?;
    Ok(Json(OutboundRule::from(&rule)))
}

pub async fn attempt(
    app: Data<App>,
    admin: Administrator,
    Asked(attempt): Asked<Attempt>,
) -> Answer<Json<Trial>> {
    let place = place(attempt.group, attempt.partner);
    let trial =
        outbound_rules::try_text(&app, admin.viewer(), place, attempt.text, attempt.label).await?;
    Ok(Json(Trial::from(&trial)))
}
