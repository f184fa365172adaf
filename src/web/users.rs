//! Accounts of this house, for administrators.

use std::collections::HashMap;

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Account, ActorId, Group, OrgRole, Password, Timestamp};
use crate::error::{Error, Result};
use crate::services::accounts::{self, Erased, NewAccount, Use};
use crate::services::sessions;
use crate::web::errors::{self, Answer, Told};
use crate::web::views::{Choice, Page, UserDraft, UserRow, UsersPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, paging, parts};

/// Accounts on one page.
const USERS_PER_PAGE: usize = 100;

#[derive(Deserialize)]
pub struct Place {
    page: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct NewUser {
    #[serde(default)]
    display_name: String,
    name: String,
    email: String,
    password: String,
    role: String,
}

#[derive(Deserialize)]
pub struct NewState {
    state: String,
}

#[derive(Deserialize)]
pub struct Sure {
    confirm: String,
}

/// `GET /admin/users`
pub async fn list(member: Member, place: Query<Place>) -> Answer {
    let place = place.page.as_ref().and_then(|page| page.parse().ok());
    page(&member, place, None, None, None).await
}

/// `POST /admin/users`
pub async fn create(member: Member, Form(typed): Form<NewUser>) -> Answer {
    match make(&member, &typed).await {
        Ok(()) => Ok(done("/admin/users", Notice::Created)),
        Err(error) => page(&member, None, Some(typed), Some(errors::tell(error)?), None).await,
    }
}

async fn make(member: &Member, typed: &NewUser) -> Result<()> {
    let new = NewAccount {
        name: typed.name.trim().parse()?,
        display_name: typed.display_name.clone(),
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
        Err(error) => page(&member, None, None, Some(errors::tell(error)?), None).await,
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

/// `POST /admin/users/{name}/erase`
pub async fn erase(member: Member, name: Path<String>, Form(form): Form<Sure>) -> Answer {
    match carry_out(&member, &name, &form.confirm).await {
        // Told here and not after a redirect: which groups it concerns stands nowhere else.
        Ok(erased) => page(&member, None, None, None, Some(said(&erased))).await,
        Err(error) => page(&member, None, None, Some(errors::tell(error)?), None).await,
    }
}

/// Whose name is typed is meant: a button is pressed by mistake, a name is not typed by one.
async fn carry_out(member: &Member, name: &str, typed: &str) -> Result<Erased> {
    let account = accounts::find(&member.app, member.viewer(), name).await?;
    if typed.trim() != account.actor.name {
        return Err(Error::invalid(
            "name",
            format!(
                "type {} to erase that account; nothing was erased",
                account.actor.name
            ),
        ));
    }
    accounts::erase(&member.app, member.viewer(), account.actor.id).await
}

fn said(erased: &Erased) -> String {
    let name = &erased.account.actor.name;
    let groups: Vec<&str> = erased.without_owner.iter().map(Group::title).collect();
    match groups.is_empty() {
        true => format!("{name} is erased."),
        false => format!(
            "{name} is erased. These groups have no owner now: {}.",
            groups.join(", ")
        ),
    }
}

async fn page(
    member: &Member,
    place: Option<usize>,
    typed: Option<NewUser>,
    told: Option<Told>,
    notice: Option<String>,
) -> Answer {
    let all = accounts::list(&member.app, member.viewer()).await?;
    let seen = sessions::list_last_seen(&member.app, member.viewer()).await?;
    let (shown, pager) = paging::slice(all, USERS_PER_PAGE, place, "/admin/users");
    let frame = member.page_told("People", told.as_ref()).await?;
    let page = UsersPage {
        page: Page {
            notice: notice.or(frame.notice),
            ..frame
        },
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
        role: parts::role_words(account.role).to_owned(),
        disabled: account.disabled,
        last_seen: seen.get(&id).map(|at| parts::when(*at, member.now())),
        is_viewer: id == member.account.actor.id,
    }
}

fn draft(typed: Option<NewUser>) -> UserDraft {
    let typed = typed.unwrap_or_else(|| NewUser {
        role: OrgRole::Member.to_string(),
        ..NewUser::default()
    });
    let choice = |one: &OrgRole| Choice {
        value: one.to_string(),
        label: parts::role_words(*one).to_owned(),
        hint: None,
        chosen: one.as_str() == typed.role,
    };
    UserDraft {
        roles: OrgRole::ALL.iter().map(choice).collect(),
        display_name: typed.display_name,
        name: typed.name,
        email: typed.email,
    }
}
