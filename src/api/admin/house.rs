//! The house as a whole: how it is, what it checks, its rules and its long work.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, List};
use crate::app::App;
use crate::domain::JobId;
use crate::policy::Action;
use crate::services::explain::Question;
use crate::services::{check, explain, health, jobs};
use crate::wire::{Explanation, Finding, Health, Job};

/// May somebody do something?
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Asking {
    /// A name or handle, a partner's host, or `anonymous`
    #[serde(rename = "as")]
    who: String,
    /// Address of a group or post, or a group's name or handle
    on: String,
    /// Without it: read
    #[param(inline)]
    action: Option<Action>,
}

pub async fn health(app: Data<App>, admin: Administrator) -> Answer<Json<Health>> {
    let health = health::look(&app, admin.viewer()).await?;
    Ok(Json(health.into()))
}

pub async fn check(app: Data<App>, admin: Administrator) -> Answer<List<Finding>> {
    let findings = check::examine(&app, admin.viewer()).await?;
    Ok(findings.into_iter().map(Finding::from).collect())
}

pub async fn explain(
    app: Data<App>,
    admin: Administrator,
    Asked(asking): Asked<Asking>,
) -> Answer<Json<Explanation>> {
    let question = Question {
        who: asking.who,
        target: asking.on,
        action: asking.action.unwrap_or(Action::Read),
    };
    let explanation = explain::explain(&app, admin.viewer(), question).await?;
    Ok(Json(explanation.into()))
}

/// Of a job is shown what kind it is and how it goes, never what it is about.
pub async fn job(app: Data<App>, _: Administrator, At(id): At<JobId>) -> Answer<Json<Job>> {
    Ok(Json(jobs::find(&app, id).await?.into()))
}
