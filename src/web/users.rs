//! Accounts of this house, for administrators.

use std::collections::HashMap;

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Account, ActorId, OrgRole, Password, Timestamp};
use crate::error::{Error, Result};
use crate::services::accounts::{self, NewAccount, Use};
use crate::services::sessions;
use crate::web::errors::{self, Answer, Told};
use crate::web::views::{Choice, UserDraft, UserRow, UsersPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, paging, parts};

/// Accounts on one page.
const USERS_PER_PAGE: usize = 100;

#[derive(Deserialize)]
pub struct Place {
    page: Option<String>,
}

#[derive(Deserialize)]
pub struct NewUser {
    name: String,
    email: String,
    password: String,
    role: String,
}

#[derive(Deserialize)]
pub struct NewState {
    state: String,
}

/// `GET /admin/users`
pub async fn list(member: Member, place: Query<Place>) -> Answer {
    let place = place.page.as_ref().and_then(|page| page.parse().ok());
    page(&member, place, None, None).await
}

/// `POST /admin/users`
pub async fn create(member: Member, Form(typed): Form<NewUser>) -> Answer {
    match make(&member, &typed).await {
        Ok(()) => Ok(done("/admin/users", Notice::Created)),
        Err(error) => page(&member, None, Some(typed), Some(errors::tell(error)?)).await,
    }
}

async fn make(member: &Member, typed: &NewUser) -> Result<()> {
    let new = NewAccount {
        name: typed.name.trim().parse()?,
        display_name: String::new(),
        email: typed.email.parse()?,
        role: typed.role.parse()?,
        password: Password::parse(&typed.password)?,
    };
    accounts::create(&member.app, member.viewer(), new).await?;
    Ok(())
}

/// `POST /admin/users/{name}/state`
pub async fn set_state(member: Member, name: Path<String>, Form(form): Form<NewState>) -> Answer {
    match turn(&member, &name, &form.state).await {
        Ok(()) => Ok(done("/admin/users", Notice::Saved)),
        Err(error) => page(&member, None, None, Some(errors::tell(error)?)).await,
    }
}

async fn turn(member: &Member, name: &str, state: &str) -> Result<()> {
    let wanted = match state {
        "active" => Use::Enabled,
        "disabled" => Use::Disabled,
        other => return Err(Error::invalid("state", format!("{other:?} is no state"))),
    };
    let account = accounts::find(&member.app, member.viewer(), name).await?;
    accounts::set_use(&member.app, member.viewer(), account.actor.id, wanted).await?;
    Ok(())
}

async fn page(
    member: &Member,
    place: Option<usize>,
    typed: Option<NewUser>,
    told: Option<Told>,
) -> Answer {
    let all = accounts::list(&member.app, member.viewer()).await?;
    let seen = sessions::list_last_seen(&member.app, member.viewer()).await?;
    let (shown, pager) = paging::slice(all, USERS_PER_PAGE, place, "/admin/users");
    let page = UsersPage {
        page: member.page_told("People", told.as_ref()).await?,
        users: shown.iter().map(|one| row(member, one, &seen)).collect(),
        draft: draft(typed),
        pager,
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, account: &Account, seen: &HashMap<ActorId, Timestamp>) -> UserRow {
    let id = account.actor.id;
    UserRow {
        name: account.actor.name.clone(),
        display_name: account.actor.title().to_owned(),
        email: account.email.as_str().to_owned(),
        role: account.role.to_string(),
        disabled: account.disabled,
        last_seen: seen.get(&id).map(|at| parts::when(*at, member.now())),
        is_viewer: id == member.account.actor.id,
    }
}

fn draft(typed: Option<NewUser>) -> UserDraft {
    let (name, email, role) = match typed {
        Some(typed) => (typed.name, typed.email, typed.role),
        None => (String::new(), String::new(), "member".to_owned()),
    };
    let choice = |one: &OrgRole| Choice {
        value: one.to_string(),
        label: match one {
            OrgRole::Member => "Member",
            OrgRole::Manager => "Community manager",
            OrgRole::Compliance => "Compliance officer",
            OrgRole::Admin => "Administrator",
            OrgRole::Guest => "Guest from outside",
        }
        .to_owned(),
        hint: None,
        chosen: one.as_str() == role,
    };
    UserDraft {
        roles: OrgRole::ALL.iter().map(choice).collect(),
        name,
        email,
    }
}
