//! One's own account: password, followers, browsers, clients.

use serde::Deserialize;

use crate::auth::Form;
use crate::config::ProfileReach;
use crate::domain::{
    Acquaintance, ActorId, Approval, FollowState, Mirror, Password, SessionId, TokenId, Uri,
};
use crate::error::{Error, Result};
use crate::services::follows::Side;
use crate::services::sessions::Session;
use crate::services::tokens::Token;
use crate::services::{accounts, follows, mirrors, partners, sessions, tokens};
use crate::web::errors::{self, Answer, Told};
use crate::web::views::{AccountPage, Choice, FollowerRow, SessionRow, TokenRow};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

#[derive(Deserialize)]
pub struct NewPassword {
    current: String,
    password: String,
    again: String,
}

#[derive(Deserialize)]
pub struct NewMirror {
    mirror: String,
}

#[derive(Deserialize)]
pub struct WhichSession {
    session: String,
}

#[derive(Deserialize)]
pub struct WhoFollows {
    #[serde(default)]
    approval: String,
}

#[derive(Deserialize)]
pub struct FollowerAnswer {
    #[serde(default)]
    follower: String,
    #[serde(default)]
    answer: String,
}

#[derive(Deserialize)]
pub struct WhichToken {
    token: String,
}

/// `GET /settings`
pub async fn show(member: Member) -> Answer {
    page(&member, None).await
}

/// `POST /settings/password`
pub async fn change_password(member: Member, Form(form): Form<NewPassword>) -> Answer {
    answer_with(&member, set_password(&member, form).await).await
}

async fn set_password(member: &Member, form: NewPassword) -> Result<Notice> {
    if form.password != form.again {
        return Err(Error::invalid(
            "password",
            "the two new passwords are not the same; nothing was changed",
        ));
    }
    let new = Password::parse(&form.password)?;
    let (viewer, keep) = (member.viewer(), Some(member.session));
    accounts::change_password(&member.app, viewer, form.current, new, keep).await?;
    Ok(Notice::Password)
}

/// `POST /settings/mirror`
pub async fn choose_mirror(member: Member, Form(form): Form<NewMirror>) -> Answer {
    answer_with(&member, choose(&member, &form).await).await
}

async fn choose(member: &Member, form: &NewMirror) -> Result<Notice> {
    mirrors::choose(&member.app, member.viewer(), form.mirror.parse()?).await?;
    Ok(Notice::Saved)
}

/// `POST /settings/sessions`
pub async fn end_session(member: Member, Form(form): Form<WhichSession>) -> Answer {
    answer_with(&member, sign_out_there(&member, &form.session).await).await
}

async fn sign_out_there(member: &Member, which: &str) -> Result<Notice> {
    let viewer = member.viewer();
    match which {
        "others" => sessions::revoke_others(&member.app, &viewer, member.session).await?,
        one => {
            let id: SessionId = one.parse()?;
            sessions::revoke(&member.app, &viewer, id).await?;
        }
    }
    Ok(Notice::SignedOutThere)
}

/// `POST /settings/tokens`
pub async fn revoke_token(member: Member, Form(form): Form<WhichToken>) -> Answer {
    answer_with(&member, revoke(&member, &form.token).await).await
}

async fn revoke(member: &Member, which: &str) -> Result<Notice> {
    let (actor, id): (_, TokenId) = (member.account.actor.id, which.parse()?);
    tokens::revoke(&member.app, member.viewer(), actor, id).await?;
    Ok(Notice::Revoked)
}

/// `POST /settings/approval`
pub async fn set_approval(member: Member, Form(form): Form<WhoFollows>) -> Answer {
    answer_with(&member, choose_approval(&member, &form.approval).await).await
}

async fn choose_approval(member: &Member, approval: &str) -> Result<Notice> {
    follows::set_approval(&member.app, member.viewer(), approval.parse()?).await?;
    Ok(Notice::Saved)
}

/// `POST /settings/followers`
pub async fn answer_follower(member: Member, Form(form): Form<FollowerAnswer>) -> Answer {
    answer_with(&member, decide(&member, &form).await).await
}

async fn decide(member: &Member, form: &FollowerAnswer) -> Result<Notice> {
    let follower: ActorId = form.follower.parse()?;
    let (answer, notice) = match form.answer.as_str() {
        "accept" => (follows::Answer::Accept, Notice::FollowerLetIn),
        "reject" => (follows::Answer::Reject, Notice::FollowerGone),
        _ => return Err(Error::invalid("answer", "is neither accept nor reject")),
    };
    follows::answer(&member.app, member.viewer(), follower, answer).await?;
    Ok(notice)
}

pub async fn answer_with(member: &Member, outcome: Result<Notice>) -> Answer {
    match outcome {
        Ok(notice) => Ok(done("/settings", notice)),
        Err(error) => page(member, Some(errors::tell(error)?)).await,
    }
}

async fn page(member: &Member, told: Option<Told>) -> Answer {
    let (app, account) = (&member.app, &member.account);
    let open = sessions::list(app, &member.viewer()).await?;
    let tokens = tokens::list(app, member.viewer(), account.actor.id).await?;
    let requests = followers(member, FollowState::Requested).await?;
    let accepted = followers(member, FollowState::Accepted).await?;
    let ways = accounts::ways(app, account.actor.id).await?;
    let known_as: Vec<&str> = ways.also_known_as.iter().map(Uri::as_str).collect();
    let page = AccountPage {
        approvals: approvals(member).await?,
        requests,
        followers: accepted,
        address: account.actor.uri.to_string(),
        known_as: known_as.join("\n"),
        moved_to: ways.moved_to.as_ref().map(Uri::to_string),
        page: member.page_told("Settings", told.as_ref()).await?,
        handle: format!("@{}@{}", account.actor.name, app.config.host()),
        name: account.actor.name.clone(),
        email: account.email.as_str().to_owned(),
        role: parts::role_words(account.role).to_owned(),
        mirrored: mirrors::find_choice(app, &member.viewer()).await? == Mirror::On,
        sessions: open.iter().map(|one| session_row(member, one)).collect(),
        tokens: tokens.iter().map(|one| token_row(member, one)).collect(),
    };
    answer(&page, told.as_ref())
}

async fn followers(member: &Member, state: FollowState) -> Result<Vec<FollowerRow>> {
    let (app, viewer) = (&member.app, member.viewer());
    let list = follows::list_own(app, viewer, Side::Followers, state).await?;
    let homes = list.iter().filter_map(|one| one.actor.host.clone());
    let known = partners::behind(app, homes).await?;
    let row = |one: &Acquaintance| FollowerRow {
        id: one.actor.id.to_string(),
        author: parts::author(
            &one.actor,
            one.actor.host.as_ref().and_then(|host| known.get(host)),
        ),
        since: parts::when(one.follow.since, member.now()),
    };
    Ok(list.iter().map(row).collect())
}

/// What one may choose, where the house lets anybody outside follow at all.
async fn approvals(member: &Member) -> Result<Vec<Choice>> {
    if member.app.config.profiles.audience == ProfileReach::Colleagues {
        return Ok(Vec::new());
    }
    let chosen = follows::approval(&member.app, &member.viewer()).await?;
    let choices = Approval::ALL.iter().map(|approval| Choice {
        value: approval.to_string(),
        label: match approval {
            Approval::Each => "Whom I let in".to_owned(),
            Approval::Anybody => "Anybody who may ask".to_owned(),
            Approval::Nobody => "Nobody".to_owned(),
        },
        hint: None,
        chosen: *approval == chosen,
    });
    Ok(choices.collect())
}

fn session_row(member: &Member, session: &Session) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        device: device(&session.agent),
        since: parts::when(session.created_at, member.now()),
        last_used: parts::when(session.seen_at, member.now()),
        current: session.id == member.session,
    }
}

fn token_row(member: &Member, token: &Token) -> TokenRow {
    TokenRow {
        id: token.id.to_string(),
        client: token.client.clone(),
        scopes: token.scopes.to_string(),
        since: parts::when(token.created_at, member.now()),
    }
}

/// "Firefox on Linux", out of what a browser says of itself. Every browser claims to be others
/// besides, so the order counts.
fn device(agent: &str) -> String {
    const BROWSERS: &[(&str, &str)] = &[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: &[(&str, &str)] = &[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (find(BROWSERS), find(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => "Unknown browser".to_owned(),
        (None, None) => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_their_name() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/138.0 Safari/537.36 Edg/138.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5", "curl/8.5"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(device(agent), name);
        }
    }
}
