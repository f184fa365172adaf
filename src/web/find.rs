//! Looking for a group or person by handle, here and at partners.

use std::time::Duration;

use actix_web::web::Query;
use serde::Deserialize;

use crate::domain::{Handle, JobState};
use crate::error::Error;
use crate::services::directory::{self, Entry};
use crate::services::{groups, jobs, partners};
use crate::web::errors::{self, Answer, Problem, Told};
use crate::web::views::{Author, FindOutcome, FindPage};
use crate::web::visit::Member;
use crate::web::{answer, parts};

/// How long a page waits for the worker that asks the other server.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    handle: String,
}

/// `GET /find?handle=`
pub async fn show(member: Member, asked: Query<Asked>) -> Answer {
    let handle = asked.handle.trim();
    match look(&member, handle).await {
        Ok(outcome) => page(&member, handle, outcome, None).await,
        Err(problem) => {
            let told = errors::tell(problem)?;
            page(&member, handle, FindOutcome::Ask, Some(told)).await
        }
    }
}

async fn look(member: &Member, text: &str) -> Result<FindOutcome, Problem> {
    if text.is_empty() {
        return Ok(FindOutcome::Ask);
    }
    let handle: Handle = text.parse()?;
    let handle = handle.seen_from(member.app.config.host());
    match known(member, &handle).await? {
        FindOutcome::NotFound if handle.host.is_some() => ask_there(member, handle).await,
        outcome => Ok(outcome),
    }
}

async fn known(member: &Member, handle: &Handle) -> Result<FindOutcome, Problem> {
    match groups::find(&member.app, member.viewer(), handle.clone()).await {
        Ok(view) => {
            let card = parts::group_card(&view, member.app.config.host());
            Ok(FindOutcome::Found(Box::new(card)))
        }
        Err(Error::NotFound) => known_person(member, handle).await,
        Err(error) => Err(error.into()),
    }
}

async fn known_person(member: &Member, handle: &Handle) -> Result<FindOutcome, Problem> {
    let (app, viewer) = (&member.app, member.viewer());
    match directory::find_by_handle(app, viewer, handle.clone()).await {
        Ok(Entry::Person(person)) => {
            let known = partners::behind(app, person.host.clone()).await?;
            let partner = person.host.as_ref().and_then(|host| known.get(host));
            let shown = Author {
                url: Some(parts::person_url(&person)),
                ..parts::author(&person, partner)
            };
            Ok(FindOutcome::Person(Box::new(shown)))
        }
        Ok(Entry::Group { .. }) | Err(Error::NotFound) => Ok(FindOutcome::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// A worker asks the other server: no request of a person waits for it longer than [`PATIENCE`].
async fn ask_there(member: &Member, handle: Handle) -> Result<FindOutcome, Problem> {
    let app = &member.app;
    let job = groups::look_up(app, member.viewer(), handle.clone()).await?;
    match jobs::wait(app, job, PATIENCE).await?.state {
        JobState::Pending => Ok(FindOutcome::Looking),
        JobState::Done | JobState::Failed => known(member, &handle).await,
    }
}

async fn page(member: &Member, handle: &str, outcome: FindOutcome, told: Option<Told>) -> Answer {
    let page = FindPage {
        page: member.page_told("Find", told.as_ref()).await?,
        handle: handle.to_owned(),
        outcome,
    };
    answer(&page, told.as_ref())
}
