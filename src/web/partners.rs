//! Partnerships, for administrators.

use std::time::Duration;

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{
    Destination, DialectChoice, Discretion, Host, JobState, Partner, PartnerClass, PartnerState,
    PeerDialect, PrivateGroups, Timestamp, parse_duration,
};
use crate::error::{Error, Result};
use crate::services::grants::{self, Standing};
use crate::services::partners::{self, Change};
use crate::services::{deliveries, dialects, jobs};
use crate::web::errors::{self, Answer, Told};
use crate::web::grants::grant_row;
use crate::web::views::{
    Choice, Invitation, PartnerPage, PartnerRow, PartnersPage, PartnershipEnd, QueueHealth,
};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, moves, parts};

/// How long a page waits for the worker that speaks with the other server.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub struct Invite {
    class: String,
    expires: String,
}

#[derive(Deserialize)]
pub struct Accept {
    code: String,
    class: String,
}

#[derive(Deserialize)]
pub struct Add {
    host: String,
    class: String,
}

#[derive(Deserialize)]
pub struct NewState {
    state: String,
}

#[derive(Deserialize)]
pub struct NewClass {
    class: String,
}

#[derive(Deserialize)]
pub struct NewDialect {
    dialect: String,
}

#[derive(Deserialize)]
pub struct NewPrivateGroups {
    private_groups: String,
}

/// What a form on the page was filled in with, or made.
#[derive(Default)]
struct Filled {
    invitation: Option<Invitation>,
    code: String,
    host: String,
}

/// `GET /admin/partners`
pub async fn list(member: Member) -> Answer {
    page(&member, Filled::default(), None).await
}

/// `POST /admin/partners/invite`: answers with the code itself, the only time it is shown.
pub async fn invite(member: Member, Form(form): Form<Invite>) -> Answer {
    let made = make_invitation(&member, &form).await;
    match made {
        Ok(invitation) => {
            let filled = Filled {
                invitation: Some(invitation),
                ..Filled::default()
            };
            page(&member, filled, None).await
        }
        Err(error) => page(&member, Filled::default(), Some(errors::tell(error)?)).await,
    }
}

async fn make_invitation(member: &Member, form: &Invite) -> Result<Invitation> {
    let (class, lifetime) = (form.class.parse()?, parse_duration(&form.expires)?);
    let invited = partners::invite(&member.app, member.viewer(), class, lifetime).await?;
    Ok(Invitation {
        code: invited.code.to_string(),
        class: invited.class.to_string(),
        expires: parts::when(invited.expires_at, member.now()),
    })
}

/// `POST /admin/partners/accept`
pub async fn accept(member: Member, Form(form): Form<Accept>) -> Answer {
    match use_code(&member, &form).await {
        Ok(host) => Ok(done(&address(&host), Notice::Partnered)),
        Err(error) => {
            let filled = Filled {
                code: form.code,
                ..Filled::default()
            };
            page(&member, filled, Some(errors::tell(error)?)).await
        }
    }
}

/// A worker speaks with the other server; whoever pasted the code waits a moment for it.
async fn use_code(member: &Member, form: &Accept) -> Result<Host> {
    let (app, viewer, text) = (&member.app, member.viewer(), &form.code);
    let class = form.class.parse()?;
    let host = partners::read_code(app, viewer.clone(), text)
        .await?
        .host()
        .clone();
    let job = partners::accept_later(app, viewer, text, class).await?;
    let job = jobs::wait(app, job, PATIENCE).await?;
    match job.state {
        JobState::Done => Ok(host),
        JobState::Failed => {
            Err(Error::Conflict(job.problem.unwrap_or_else(|| {
                format!("{host} did not accept the code")
            })))
        }
        JobState::Pending => Err(Error::Unavailable(format!(
            "{host} has not answered yet; it is asked again and again. Look at this page in a few minutes"
        ))),
    }
}

/// `POST /admin/partners/add`
pub async fn add(member: Member, Form(form): Form<Add>) -> Answer {
    match add_one_sided(&member, &form).await {
        Ok(partner) => Ok(done(&address(&partner.host), Notice::Saved)),
        Err(error) => {
            let filled = Filled {
                host: form.host,
                ..Filled::default()
            };
            page(&member, filled, Some(errors::tell(error)?)).await
        }
    }
}

async fn add_one_sided(member: &Member, form: &Add) -> Result<Partner> {
    let (host, class) = (form.host.parse()?, form.class.parse()?);
    partners::add(
        &member.app,
        member.viewer(),
        host,
        class,
        PrivateGroups::Auto,
    )
    .await
}

async fn page(member: &Member, filled: Filled, told: Option<Told>) -> Answer {
    let all = partners::list(&member.app, member.viewer()).await?;
    let grants = grants::list(&member.app, member.viewer(), None, None).await?;
    let row = |partner: &Partner| PartnerRow {
        host: partner.host.to_string(),
        organization: partner.organization.clone(),
        class: partner.class.to_string(),
        state: partner.state.to_string(),
        ending: ending(partner, member.now()),
        one_sided: !partner.mutual,
        groups: grants.iter().filter(|one| counts(one, partner)).count(),
    };
    let page = PartnersPage {
        page: member.page_told("Partners", told.as_ref()).await?,
        partners: all.iter().map(row).collect(),
        invitation: filled.invitation,
        code: filled.code,
        host: filled.host,
    };
    answer(&page, told.as_ref())
}

fn ending(partner: &Partner, now: Timestamp) -> Option<PartnershipEnd> {
    partner.over().map(|ending| PartnershipEnd {
        by: ending.by.to_string(),
        at: parts::when(ending.at, now),
    })
}

fn counts(standing: &Standing, partner: &Partner) -> bool {
    standing.partner.id == partner.id && standing.without_effect.is_none()
}

/// `GET /admin/partners/{host}`
pub async fn show(member: Member, host: Path<String>) -> Answer {
    one_page(&member, &host, None).await
}

/// `POST /admin/partners/{host}/state`
pub async fn set_state(member: Member, host: Path<String>, Form(form): Form<NewState>) -> Answer {
    match turn(&member, &host, &form.state).await {
        Ok((host, notice)) => Ok(done(&address(&host), notice)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn turn(member: &Member, host: &str, state: &str) -> Result<(Host, Notice)> {
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer) = (&member.app, member.viewer());
    let change = match state.parse()? {
        PartnerState::Active => {
            let decided = partners::resume(app, viewer, host.clone()).await?;
            return Ok((host, Notice::of(&decided, Notice::Saved)));
        }
        PartnerState::Paused => Change::Pause,
        PartnerState::Ended => Change::End,
        PartnerState::Blocked => Change::Block,
        PartnerState::Invited => return Err(Error::invalid("state", "is made by inviting")),
    };
    partners::change(app, viewer, host.clone(), change).await?;
    Ok((host, Notice::Saved))
}

/// `POST /admin/partners/{host}/class`
pub async fn set_class(member: Member, host: Path<String>, Form(form): Form<NewClass>) -> Answer {
    match choose_class(&member, &host, &form.class).await {
        Ok((host, notice)) => Ok(done(&address(&host), notice)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn choose_class(member: &Member, host: &str, class: &str) -> Result<(Host, Notice)> {
    let class = class.parse()?;
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let decided = partners::set_class(&member.app, member.viewer(), host.clone(), class).await?;
    Ok((host, Notice::of(&decided, Notice::Saved)))
}

/// `POST /admin/partners/{host}/dialect`
pub async fn set_dialect(
    member: Member,
    host: Path<String>,
    Form(form): Form<NewDialect>,
) -> Answer {
    match choose_dialect(&member, &host, &form.dialect).await {
        Ok(host) => Ok(done(&address(&host), Notice::Saved)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn choose_dialect(member: &Member, host: &str, choice: &str) -> Result<Host> {
    let choice = choice.parse()?;
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let chosen = dialects::choose(&member.app, member.viewer(), host, choice).await?;
    Ok(chosen.host)
}

/// `POST /admin/partners/{host}/private-groups`
pub async fn set_private_groups(
    member: Member,
    host: Path<String>,
    Form(form): Form<NewPrivateGroups>,
) -> Answer {
    match choose_private_groups(&member, &host, &form.private_groups).await {
        Ok((host, notice)) => Ok(done(&address(&host), notice)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn choose_private_groups(
    member: &Member,
    host: &str,
    choice: &str,
) -> Result<(Host, Notice)> {
    let choice = choice.parse()?;
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer) = (&member.app, member.viewer());
    let decided = dialects::choose_private_groups(app, viewer, host.clone(), choice).await?;
    Ok((host, Notice::of(&decided, Notice::Saved)))
}

pub async fn one_page(member: &Member, host: &str, told: Option<Told>) -> Answer {
    let (app, now) = (&member.app, member.now());
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let partner = partners::find(app, member.viewer(), host.clone()).await?;
    let grants = grants::list(app, member.viewer(), None, Some(host.clone())).await?;
    let key = partners::pinned_key(app, member.viewer(), &partner).await?;
    let dialect = dialects::find(app, member.viewer(), host.clone()).await?;
    let discretion = dialect.discretion(partner.mutual);
    let page = PartnerPage {
        page: member
            .page_told(&partner.organization, told.as_ref())
            .await?,
        host: host.to_string(),
        organization: partner.organization.clone(),
        class: partner.class.to_string(),
        classes: class_choices(partner.class),
        state: partner.state.to_string(),
        ending: ending(&partner, now),
        one_sided: !partner.mutual,
        since: parts::day(partner.created_at),
        private_groups: in_words(&discretion),
        trust: trust_choices(&dialect),
        trust_means: PrivateGroups::Trust.meaning(),
        dialects: dialect_choices(&dialect),
        dialect: format!("{} ({})", dialect.dialect(), dialect.why()),
        software: dialect.software,
        contact: None,
        purpose: None,
        fingerprint: key.map(|key| parts::in_pairs(&key)),
        grants: grants.iter().map(|one| grant_row(one, now)).collect(),
        coming: moves::coming_from(member, &host).await?,
        health: health(member, &host).await?,
    };
    answer(&page, told.as_ref())
}

fn class_choices(class: PartnerClass) -> Vec<Choice> {
    let choice = |one: &PartnerClass| Choice {
        value: one.to_string(),
        label: one.to_string(),
        hint: None,
        chosen: *one == class,
    };
    PartnerClass::ALL.iter().map(choice).collect()
}

/// What can be chosen, each with what it means.
fn dialect_choices(peer: &PeerDialect) -> Vec<Choice> {
    let chosen = peer.chosen.as_ref().map(|(dialect, _)| *dialect);
    let choice = |choice: &DialectChoice| Choice {
        value: choice.to_string(),
        label: match choice {
            DialectChoice::Auto => "As learned of it",
            DialectChoice::Activities => "Activities: it knows groups",
            DialectChoice::Boosts => "Boosts: a microblog server",
            DialectChoice::Both => "Both",
        }
        .to_owned(),
        hint: None,
        chosen: choice.dialect() == chosen,
    };
    DialectChoice::ALL.iter().map(choice).collect()
}

fn in_words(discretion: &Discretion) -> String {
    let may = if discretion.kept { "yes" } else { "no" };
    format!("{may}: {}", discretion.why)
}

/// What can be chosen about groups that are not public, each with what it means.
fn trust_choices(peer: &PeerDialect) -> Vec<Choice> {
    let chosen = match peer.trusted_by {
        Some(_) => PrivateGroups::Trust,
        None => PrivateGroups::Auto,
    };
    let choice = |choice: &PrivateGroups| Choice {
        value: choice.to_string(),
        label: match choice {
            PrivateGroups::Auto => "Only where its software is known to keep them",
            PrivateGroups::Trust => "Whatever its software does",
        }
        .to_owned(),
        hint: None,
        chosen: *choice == chosen,
    };
    PrivateGroups::ALL.iter().map(choice).collect()
}

async fn health(member: &Member, host: &Host) -> Result<QueueHealth> {
    let all = deliveries::list_destinations(&member.app, member.viewer()).await?;
    let here = |one: &&Destination| one.host == *host;
    let health = all.iter().find(here);
    Ok(health.map_or_else(QueueHealth::default, |one| parts::health(one, member.now())))
}

pub fn address(host: &Host) -> String {
    format!("/admin/partners/{host}")
}
