//! Polls: one has the id of its status. Reading how the votes stand, and voting.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;

use crate::api::mastodon::Answer;
use crate::api::mastodon::client::{AnyClient, Client};
use crate::api::mastodon::entities::{EMPTY, Empty};
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::api::mastodon::statuses::{find, status_id};
use crate::app::App;
use crate::domain::{PollDraft, PollManner, PollView, PostId, Timestamp};
use crate::error::Error;
use crate::policy::{Reason, Viewer};
use crate::services::polls;

#[derive(Serialize)]
pub struct Poll {
    id: PostId,
    expires_at: Option<Timestamp>,
    expired: bool,
    multiple: bool,
    /// All votes; nobody's where the server that counts does not say.
    votes_count: u32,
    voters_count: Option<u32>,
    options: Vec<PollOption>,
    emojis: Empty,
    voted: bool,
    own_votes: Vec<usize>,
}

#[derive(Serialize)]
struct PollOption {
    title: String,
    /// Null while it is not shown.
    votes_count: Option<u32>,
}

impl Poll {
    pub fn render(id: PostId, view: &PollView) -> Self {
        let poll = &view.poll;
        let option = |option: &crate::domain::PollOption| PollOption {
            title: option.title.clone(),
            votes_count: option.votes,
        };
        Self {
            id,
            expires_at: poll.ends_at,
            expired: view.is_over,
            multiple: poll.multiple,
            votes_count: view.votes.unwrap_or(0),
            voters_count: poll.voters,
            options: poll.options.iter().map(option).collect(),
            emojis: EMPTY,
            voted: !view.own.is_empty(),
            own_votes: view.own.clone(),
        }
    }
}

pub async fn show(app: Data<App>, client: AnyClient, id: Path<String>) -> Answer {
    let viewer = client.may("read:statuses")?;
    answer(&app, viewer, status_id(&id)?).await
}

pub async fn vote(app: Data<App>, client: Client, id: Path<String>, params: Params) -> Answer {
    let viewer = client.may("write:statuses")?;
    let id = status_id(&id)?;
    find(&app, viewer.clone(), id).await?;
    let choices = choices(&params)?;
    polls::vote(&app, viewer.clone(), id, choices)
        .await
        .map_err(as_mastodon_says)?;
    answer(&app, viewer, id).await
}

fn choices(params: &Params) -> Result<Vec<usize>, Failure> {
    let number = |text: &str| {
        let not_one = |_| Failure::unprocessable("choices are the numbers of options, from 0 on");
        text.parse().map_err(not_one)
    };
    params.all("choices").map(number).collect()
}

/// Clients expect that a vote that does not count makes no sense, not that it is forbidden.
fn as_mastodon_says(error: Error) -> Failure {
    match error {
        Error::Denied(reason @ (Reason::PollOver | Reason::VotedAlready)) => {
            Failure::unprocessable(reason.sentence())
        }
        other => other.into(),
    }
}

async fn answer(app: &App, viewer: Viewer, id: PostId) -> Answer {
    let listed = find(app, viewer, id).await?;
    let poll = listed.view.poll.as_ref().ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok().json(Poll::render(id, poll)))
}

/// The poll that a new status is to be; `expires_in` is in seconds, and without it the poll stays open.
pub fn draft(params: &Params) -> Result<Option<PollDraft>, Failure> {
    if !params.has("poll") {
        return Ok(None);
    }
    let manner = PollManner {
        multiple: params.flag("poll[multiple]"),
        hides_totals: params.flag("poll[hide_totals]"),
    };
    let seconds = params.text("poll[expires_in]").map(str::parse).transpose();
    let seconds = seconds.map_err(|_| Failure::unprocessable("expires_in is in whole seconds"))?;
    let lasts = seconds.map(std::time::Duration::from_secs);
    Ok(Some(PollDraft::new(
        params.all("poll[options]"),
        manner,
        lasts,
    )?))
}

/// Editors send the poll with the text. People voted for what they read, so it stays.
pub fn refuse_changes(params: &Params, known: Option<&PollView>) -> Result<(), Failure> {
    let same = match known {
        Some(view) => params.all("poll[options]").eq(view.poll.titles()),
        None => false,
    };
    match !params.has("poll") || same {
        true => Ok(()),
        false => Err(Failure::unprocessable(
            "what a poll asks stays as it is: delete it and make a new one",
        )),
    }
}
