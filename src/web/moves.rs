//! Groups that move from one house to another: asking a partner to take one, and taking one.

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Host, Move, MoveEnd, Name, Partner, PartnerState, Timestamp, Way};
use crate::error::Result;
use crate::services::groups::GroupView;
use crate::services::{moves, partners};
use crate::web::errors::{self, Answer};
use crate::web::forms::Nothing;
use crate::web::groups::locate;
use crate::web::views::Choice;
use crate::web::visit::{Member, Notice};
use crate::web::{done, group_admin, parts};

#[derive(Deserialize)]
pub struct Destination {
    to: String,
}

#[derive(Deserialize)]
pub struct Declined {
    group: String,
}

#[derive(Deserialize)]
pub struct Taken {
    group: String,
    name: String,
}

/// `POST /g/{handle}/move`
pub async fn offer(
    member: Member,
    handle: Path<String>,
    Form(destination): Form<Destination>,
) -> Answer {
    let view = locate(&member, &handle).await?;
    match ask(&member, &view, &destination).await {
        Ok(()) => Ok(done(&group_admin::settings_of(&view), Notice::MoveOffered)),
        Err(error) => {
            let told = errors::tell(error)?;
            group_admin::page(&member, view, None, None, Some(told)).await
        }
    }
}

async fn ask(member: &Member, view: &GroupView, destination: &Destination) -> Result<()> {
    let to = destination.to.parse()?;
    moves::offer(&member.app, member.viewer(), view.group.id, to)
        .await
        .map(drop)
}

/// `POST /g/{handle}/move/withdraw`
pub async fn withdraw(member: Member, handle: Path<String>, _: Form<Nothing>) -> Answer {
    let view = locate(&member, &handle).await?;
    match moves::withdraw(&member.app, member.viewer(), view.group.id).await {
        Ok(_) => Ok(done(
            &group_admin::settings_of(&view),
            Notice::MoveCalledOff,
        )),
        Err(error) => {
            let told = errors::tell(error)?;
            group_admin::page(&member, view, None, None, Some(told)).await
        }
    }
}

/// `POST /admin/partners/{host}/decline`
pub async fn decline(member: Member, host: Path<String>, Form(declined): Form<Declined>) -> Answer {
    match refuse(&member, &declined).await {
        Ok(()) => Ok(done(
            &format!("/admin/partners/{host}"),
            Notice::MoveCalledOff,
        )),
        Err(error) => {
            let told = errors::tell(error)?;
            crate::web::partners::one_page(&member, &host, Some(told)).await
        }
    }
}

async fn refuse(member: &Member, declined: &Declined) -> Result<()> {
    let moving = declined.group.parse()?;
    moves::decline(&member.app, member.viewer(), moving)
        .await
        .map(drop)
}

/// `POST /admin/partners/{host}/moves`
pub async fn accept(member: Member, host: Path<String>, Form(taken): Form<Taken>) -> Answer {
    match take(&member, &taken).await {
        Ok(place) => Ok(done(&place, Notice::MoveAccepted)),
        Err(error) => {
            let told = errors::tell(error)?;
            crate::web::partners::one_page(&member, &host, Some(told)).await
        }
    }
}

/// Into the group of that name, which is made where there is none; its page.
async fn take(member: &Member, taken: &Taken) -> Result<String> {
    let name: Name = taken.name.trim().parse()?;
    let moving = taken.group.parse()?;
    let accepted = moves::accept_as(&member.app, member.viewer(), moving, name, None);
    let (_, group) = accepted.await?;
    Ok(parts::group_url(&group))
}

/// Where a group of ours is about to go, or went.
pub async fn of_group(member: &Member, view: &GroupView) -> Result<Option<Move>> {
    let (app, viewer, group) = (&member.app, member.viewer(), view.group.id);
    moves::find_leaving(app, viewer, group).await
}

/// The same in a sentence.
pub fn sentence(moving: &Move, now: Timestamp) -> String {
    match (&moving.target, moving.ended) {
        (Some(target), _) => format!("It moved to {target}."),
        (None, Some(MoveEnd::Withdrawn)) => {
            format!("{} is not asked to take it any more.", moving.host)
        }
        (None, Some(MoveEnd::Declined)) => format!("{} declined to take it.", moving.host),
        (None, None) => {
            let asked = parts::when(moving.created_at, now).text;
            format!("{} was asked to take it: {asked}.", moving.host)
        }
    }
}

/// The partners that may be asked, for administrators, who alone know them all.
pub async fn destinations(member: &Member, view: &GroupView) -> Result<Vec<Choice>> {
    if !member.viewer().is_administrator() || !view.group.is_local() {
        return Ok(Vec::new());
    }
    let may_be = |partner: &Partner| partner.state == PartnerState::Active && partner.mutual;
    let choice = |partner: Partner| Choice {
        label: format!("{} ({})", partner.organization, partner.host),
        value: partner.host.to_string(),
        hint: None,
        chosen: false,
    };
    let all = partners::list(&member.app, member.viewer()).await?;
    Ok(all.into_iter().filter(may_be).map(choice).collect())
}

/// The groups that a partner asks us to take.
pub async fn coming_from(member: &Member, host: &Host) -> Result<Vec<String>> {
    let waits = |one: &Move| one.way == Way::Coming && one.is_open() && one.host == *host;
    let all = moves::list(&member.app, member.viewer()).await?;
    let coming = all.into_iter().filter(waits);
    Ok(coming.map(|one| one.group.to_string()).collect())
}
