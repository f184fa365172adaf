//! Coming from another server, and going to one: what one's settings say of it.

use std::time::Duration;

use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{JobState, Uri, Work, parse_accounts};
use crate::error::{Error, Result};
use crate::services::{accounts, jobs};
use crate::web::errors::Answer;
use crate::web::forms::Nothing;
use crate::web::settings::answer_with;
use crate::web::visit::{Member, Notice};

/// How long the page waits for the worker that asks the other server.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
pub struct FormerAccounts {
    #[serde(default)]
    accounts: String,
}

#[derive(Deserialize)]
pub struct NewHome {
    #[serde(default)]
    target: String,
}

/// `POST /settings/known-as`
pub async fn set_known_as(member: Member, Form(form): Form<FormerAccounts>) -> Answer {
    answer_with(&member, say(&member, &form).await).await
}

async fn say(member: &Member, form: &FormerAccounts) -> Result<Notice> {
    let (person, named) = (member.account.actor.id, parse_accounts(&form.accounts)?);
    accounts::set_known_as(&member.app, member.viewer(), person, named).await?;
    Ok(Notice::Saved)
}

/// `POST /settings/move`
pub async fn move_away(member: Member, Form(form): Form<NewHome>) -> Answer {
    answer_with(&member, go(&member, &form).await).await
}

async fn go(member: &Member, form: &NewHome) -> Result<Notice> {
    let (app, person) = (&member.app, member.account.actor.id);
    let target: Uri = form.target.trim().parse()?;
    let work = Work::MoveAway {
        person: person.0,
        target: target.to_string(),
        by: Some(person.0),
    };
    let job = jobs::submit(app, work).await?;
    let job = jobs::wait(app, job, PATIENCE).await?;
    match (job.state, job.problem) {
        (JobState::Done, _) => Ok(Notice::MovedAway),
        (JobState::Pending, _) => Ok(Notice::Asking),
        (JobState::Failed, problem) => {
            Err(Error::Conflict(problem.unwrap_or_else(|| {
                "the other server did not answer".to_owned()
            })))
        }
    }
}

/// `POST /settings/stay`
pub async fn stay(member: Member, _: Form<Nothing>) -> Answer {
    let stayed = accounts::stay(&member.app, member.viewer(), member.account.actor.id).await;
    answer_with(&member, stayed.map(|()| Notice::Saved)).await
}
