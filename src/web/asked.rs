//! Moderating a group elsewhere: asking its house to shut somebody out, and what it answered.

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{ActorId, BanTerms, EventKind, Timestamp};
use crate::error::{Error, Result};
use crate::policy::{Action, Reason};
use crate::services::moderation::{self, Answered, HouseAnswer};
use crate::services::{memberships, posts};
use crate::web::errors::{self, Answer, Problem, Told};
use crate::web::forms::Nothing;
use crate::web::groups::locate;
use crate::web::topics::{address, find_in, number};
use crate::web::views::{AskedPage, AskedRow, ShutOutPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts, see_other};

#[derive(Default, Deserialize)]
pub struct Terms {
    #[serde(default)]
    until: String,
    #[serde(default)]
    reason: String,
    posts: Option<String>,
}

/// `GET /p/{id}/shut-out`: about the author of a post in a group elsewhere.
pub async fn ask(member: Member, id: Path<String>) -> Answer {
    page(&member, &id, Terms::default(), None).await
}

/// `POST /p/{id}/shut-out`
pub async fn shut_out(member: Member, id: Path<String>, Form(terms): Form<Terms>) -> Answer {
    match ask_for(&member, &id, Some(&terms)).await {
        Ok(place) => Ok(done(&place, Notice::AskedThere)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, &id, terms, Some(told)).await
        }
    }
}

/// `POST /p/{id}/let-be`
pub async fn let_be(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    match ask_for(&member, &id, None).await {
        Ok(place) => Ok(done(&place, Notice::AskedThere)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, &id, Terms::default(), Some(told)).await
        }
    }
}

/// Where to go afterwards.
async fn ask_for(member: &Member, id: &str, terms: Option<&Terms>) -> Result<String, Problem> {
    let id = number(id)?;
    let thread = posts::thread(&member.app, member.viewer(), id).await?;
    let author: ActorId = find_in(&thread, id)?.view.author.id;
    let group = thread.place.group().ok_or(Error::NotFound)?.group.id;
    let (app, viewer) = (&member.app, member.viewer());
    match terms {
        Some(terms) => memberships::ban(app, viewer, group, author, read(terms)?).await?,
        None => memberships::lift_ban(app, viewer, group, author).await?,
    }
    Ok(address(id))
}

fn read(terms: &Terms) -> Result<BanTerms> {
    let day = Some(terms.until.trim()).filter(|day| !day.is_empty());
    Ok(BanTerms {
        until: day.map(Timestamp::parse).transpose()?,
        reason: terms.reason.parse()?,
        removes_posts: terms.posts.is_some(),
    })
}

async fn page(member: &Member, id: &str, terms: Terms, told: Option<Told>) -> Answer {
    let id = number(id)?;
    let thread = posts::thread(&member.app, member.viewer(), id).await?;
    let shown = find_in(&thread, id)?;
    let group = thread.place.group().ok_or(Error::NotFound)?;
    if group.group.is_local() && told.is_none() {
        return Ok(see_other(&format!(
            "{}/members",
            parts::group_url(&group.group)
        )));
    }
    if !shown.can_ask_ban {
        return Err(Reason::NotModerator.into());
    }
    let page = ShutOutPage {
        page: member.page_told("Shut out", told.as_ref()).await?,
        id: id.to_string(),
        group: parts::group_link(&group.group, group.partner.as_ref()),
        author: parts::author_of(&shown.view, shown.partner.as_ref()),
        until: terms.until,
        reason: terms.reason,
        posts: terms.posts.is_some(),
        back: address(id),
    };
    answer(&page, told.as_ref())
}

/// `GET /g/{handle}/asked`
pub async fn list(member: Member, handle: Path<String>) -> Answer {
    let view = locate(&member, &handle).await?;
    if view.group.is_local() {
        // Here nobody is asked: it is done.
        return Ok(see_other(&format!(
            "{}/members",
            parts::group_url(&view.group)
        )));
    }
    let home = view.group.home().cloned();
    if !view.rights.may(Action::AskModeration) {
        return Err(Reason::NotModerator.into());
    }
    let asked = moderation::asked(&member.app, member.viewer(), view.group.id).await?;
    let page = AskedPage {
        page: member.page("What you asked for").await?,
        group: parts::group_link(&view.group, view.partner.as_ref()),
        house: home.map(|home| home.to_string()).unwrap_or_default(),
        rows: asked.iter().map(|one| row(&member, one)).collect(),
    };
    answer(&page, None)
}

fn row(member: &Member, asked: &Answered) -> AskedRow {
    let person = asked.person.as_ref().map(ToString::to_string);
    let person = person.unwrap_or_default();
    AskedRow {
        what: match asked.kind {
            EventKind::PostRemoved => "Remove this post".to_owned(),
            EventKind::PostRestored => "Bring this post back".to_owned(),
            EventKind::TopicLocked => "Lock this topic".to_owned(),
            EventKind::TopicUnlocked => "Unlock this topic".to_owned(),
            EventKind::TopicPinned => "Pin this topic".to_owned(),
            EventKind::TopicUnpinned => "Take the pin off this topic".to_owned(),
            EventKind::MemberBanned => format!("Shut @{person} out"),
            _ => format!("Let @{person} be again"),
        },
        url: asked.post.map(address),
        when: parts::when(asked.at, member.now()),
        answer: match &asked.answer {
            HouseAnswer::Waits => "No answer yet.".to_owned(),
            HouseAnswer::Taken => "Taken.".to_owned(),
            HouseAnswer::Refused(why) => format!("Not taken. {why}"),
        },
        refused: matches!(asked.answer, HouseAnswer::Refused(_)),
    }
}
