//! A group's settings: what it says of itself, how far it reaches, whom it is open to.

use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{
    Access, Boosts, FirstContact, Label, Mirror, Move, Outreach, Stage, Stop, Title,
};
use crate::error::{Error, Result};
use crate::policy::Action;
use crate::services::grants::{self, Standing, templates};
use crate::services::groups::{self, GroupView};
use crate::services::{first_contacts, labels, mirrors, stops};
use crate::web::errors::{self, Answer, Told};
use crate::web::forms::optional_label;
use crate::web::grants::{Wish, grant_row, handle_of, history_words};
use crate::web::groups::locate;
use crate::web::views::{Choice, GroupAdminPage, StageChoice};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, moves, outlook, parts, see_other};

/// What the group says of itself, as it was typed.
#[derive(Deserialize)]
pub struct About {
    title: String,
    #[serde(default)]
    description: String,
    access: String,
}

#[derive(Deserialize)]
pub struct NewStage {
    stage: String,
    /// The digest of what was shown before it was confirmed.
    seen: Option<String>,
}

/// How the group reaches servers that know no groups.
#[derive(Deserialize)]
pub struct NewOutreach {
    mirror: String,
    boosts: String,
}

#[derive(Deserialize)]
pub struct NewFirstContact {
    #[serde(default)]
    first_contact: String,
}

#[derive(Deserialize)]
pub struct Classification {
    #[serde(default)]
    label: String,
}

#[derive(Deserialize)]
pub struct Archive {
    archived: String,
}

/// What the form for a grant begins with.
#[derive(Deserialize)]
pub struct Begin {
    template: Option<String>,
    /// The host of a partner that has a grant.
    change: Option<String>,
}

/// `GET /g/{handle}/settings`, perhaps with `?template=NAME` or `?change=HOST`.
pub async fn show(member: Member, handle: Path<String>, begin: Query<Begin>) -> Answer {
    let view = locate(&member, &handle).await?;
    let wish = match begin.into_inner() {
        Begin {
            change: Some(host), ..
        } => by_grant(&member, &view, &host).await?,
        Begin {
            template: Some(name),
            ..
        } => by_template(&member, &name).await?,
        Begin { .. } => None,
    };
    page(&member, view, None, wish, None).await
}

/// The form as a standing grant fills it in; as usual where there is none.
async fn by_grant(member: &Member, view: &GroupView, host: &str) -> Result<Option<Wish>> {
    if !view.rights.may(Action::ChangeBoundary) {
        return Ok(None);
    }
    let all = grants::list(&member.app, member.viewer(), Some(handle_of(view)), None).await?;
    let found = all.iter().find(|one| one.partner.host.as_str() == host);
    Ok(found.map(Wish::like))
}

/// The form as a template fills it in; as usual where there is no such template.
async fn by_template(member: &Member, name: &str) -> Result<Option<Wish>> {
    let all = templates::list(&member.app, member.viewer()).await?;
    let found = all.iter().find(|one| one.name.as_str() == name);
    Ok(found.map(|template| Wish::by(template, member.now())))
}

/// An address that only forms of the settings page go to.
pub async fn lead_here(request: HttpRequest) -> HttpResponse {
    let mut segments = request.path().split('/');
    let group = segments.nth(2).unwrap_or_default();
    see_other(&format!("/g/{group}/settings"))
}

/// `POST /g/{handle}/settings`
pub async fn update(member: Member, handle: Path<String>, Form(about): Form<About>) -> Answer {
    let view = locate(&member, &handle).await?;
    match save(&member, &view, &about).await {
        Ok(()) => Ok(done(&settings_of(&view), Notice::Saved)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, view, Some(about), None, Some(told)).await
        }
    }
}

async fn save(member: &Member, view: &GroupView, about: &About) -> Result<()> {
    let title: Title = about.title.parse()?;
    let (description, access) = (about.description.trim().to_owned(), about.access.parse()?);
    let (viewer, group) = (member.viewer(), view.group.id);
    groups::update(&member.app, viewer, group, title, description, access).await
}

/// `POST /g/{handle}/stage`: going further leads to what would become visible first.
pub async fn set_stage(member: Member, handle: Path<String>, Form(form): Form<NewStage>) -> Answer {
    let view = locate(&member, &handle).await?;
    let further = form
        .stage
        .parse()
        .is_ok_and(|stage: Stage| stage > view.group.stage);
    if further && form.seen.is_none() && view.rights.may(Action::ChangeBoundary) {
        let fields = [("stage".to_owned(), form.stage)];
        return Ok(see_other(&outlook::address(&view, &fields)));
    }
    match turn(&member, &view, form).await {
        Ok(notice) => Ok(done(&settings_of(&view), notice)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, view, None, None, Some(told)).await
        }
    }
}

async fn turn(member: &Member, view: &GroupView, form: NewStage) -> Result<Notice> {
    let (stage, id) = (form.stage.parse()?, view.group.id);
    let (app, viewer) = (&member.app, member.viewer());
    let decided = groups::set_stage_seen(app, viewer, id, stage, form.seen).await?;
    Ok(Notice::of(&decided, Notice::Saved))
}

/// `POST /g/{handle}/outreach`
pub async fn set_outreach(
    member: Member,
    handle: Path<String>,
    Form(form): Form<NewOutreach>,
) -> Answer {
    let view = locate(&member, &handle).await?;
    match reach_out(&member, &view, &form).await {
        Ok(()) => Ok(done(&settings_of(&view), Notice::Saved)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, view, None, None, Some(told)).await
        }
    }
}

async fn reach_out(member: &Member, view: &GroupView, form: &NewOutreach) -> Result<()> {
    let outreach = Outreach {
        mirror: form.mirror.parse()?,
        boosts: form.boosts.parse()?,
    };
    let (viewer, group) = (member.viewer(), view.group.id);
    mirrors::choose_for_group(&member.app, viewer, group, outreach).await?;
    Ok(())
}

/// `POST /g/{handle}/first-contact`
pub async fn set_first_contact(
    member: Member,
    handle: Path<String>,
    Form(form): Form<NewFirstContact>,
) -> Answer {
    let view = locate(&member, &handle).await?;
    match look_first(&member, &view, &form).await {
        Ok(()) => Ok(done(&settings_of(&view), Notice::Saved)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, view, None, None, Some(told)).await
        }
    }
}

async fn look_first(member: &Member, view: &GroupView, form: &NewFirstContact) -> Result<()> {
    let choice = form.first_contact.parse()?;
    first_contacts::choose(&member.app, member.viewer(), view.group.id, choice).await?;
    Ok(())
}

/// `POST /g/{handle}/label`
pub async fn set_label(
    member: Member,
    handle: Path<String>,
    Form(form): Form<Classification>,
) -> Answer {
    let view = locate(&member, &handle).await?;
    let outcome = match optional_label(&form.label) {
        Ok(label) => {
            let (app, viewer) = (&member.app, member.viewer());
            labels::set_of_group(app, viewer, view.group.id, label).await
        }
        Err(problem) => Err(problem.into()),
    };
    match outcome {
        Ok(_) => Ok(done(&settings_of(&view), Notice::Saved)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, view, None, None, Some(told)).await
        }
    }
}

/// The labels that the group may have, or none.
async fn labels_of(member: &Member, view: &GroupView) -> Result<Vec<Choice>> {
    let labels = labels::list(&member.app, member.viewer()).await?;
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let own = view.group.label.as_ref();
    let none = Choice {
        value: String::new(),
        label: "Not classified".to_owned(),
        hint: None,
        chosen: own.is_none(),
    };
    let choice = |label: &Label| Choice {
        value: label.name.to_string(),
        label: label.name.to_string(),
        hint: Some(label.meaning.as_str().to_owned()).filter(|meaning| !meaning.is_empty()),
        chosen: own == Some(&label.name),
    };
    let all = labels.all().iter().map(choice);
    Ok(std::iter::once(none).chain(all).collect())
}

/// `POST /g/{handle}/archive`
pub async fn archive(member: Member, handle: Path<String>, Form(form): Form<Archive>) -> Answer {
    let view = locate(&member, &handle).await?;
    let archived = form.archived == "yes";
    let outcome = groups::set_archived(&member.app, member.viewer(), view.group.id, archived);
    match (outcome.await, archived) {
        (Ok(_), true) => Ok(done(&settings_of(&view), Notice::Archived)),
        (Ok(_), false) => Ok(done(&settings_of(&view), Notice::Unarchived)),
        (Err(error), _) => {
            let told = errors::tell(error)?;
            page(&member, view, None, None, Some(told)).await
        }
    }
}

pub fn settings_of(view: &GroupView) -> String {
    format!("{}/settings", parts::group_url(&view.group))
}

/// The page; after a problem with what was typed in one of its forms.
pub async fn page(
    member: &Member,
    view: GroupView,
    about: Option<About>,
    wish: Option<Wish>,
    told: Option<Told>,
) -> Answer {
    let opens = view.rights.may(Action::ChangeBoundary);
    if !opens && !view.rights.may(Action::ManageGroup) {
        let why = view.rights.why_not(Action::ManageGroup);
        return Err(why.map_or(Error::NotFound, Error::Denied).into());
    }
    let (app, now) = (&member.app, member.now());
    let (grants, candidates) = match opens {
        true => (
            grants::list(app, member.viewer(), Some(handle_of(&view)), None).await?,
            grants::list_candidates(app, member.viewer(), handle_of(&view)).await?,
        ),
        false => (Vec::new(), Vec::new()),
    };
    let moving = match opens {
        true => moves::of_group(member, &view).await?,
        false => None,
    };
    let destinations = match opens && view.group.moved_to.is_none() {
        true => moves::destinations(member, &view).await?,
        false => Vec::new(),
    };
    let wish = wish.unwrap_or_else(Wish::usual);
    let changed = grants.iter().find(|one| wish.is_for(&one.partner.host));
    let group = &view.group;
    let about = about.unwrap_or_else(|| About {
        title: group.title().to_owned(),
        description: group.description.clone(),
        access: group.access.to_string(),
    });
    let page = GroupAdminPage {
        page: member
            .page_told("Settings and grants", told.as_ref())
            .await?,
        group: parts::group_link(group, None),
        ledger: format!("/admin/ledger?group={}", group.actor.handle()),
        name: group.actor.name.clone(),
        title: about.title,
        description: about.description,
        access: about.access,
        stages: stages(&view, &grants),
        mirrors: mirrors_of(group.outreach.mirror),
        boosts: boosts_of(group.outreach.boosts),
        first_contacts: first_contacts_of(group.first_contact),
        labels: match opens {
            true => labels_of(member, &view).await?,
            false => Vec::new(),
        },
        stopped: stops::find_for_group(app, group).await?.map(in_words),
        archived: group.archived_at.is_some(),
        can_archive: opens,
        destinations,
        can_withdraw: moving.as_ref().is_some_and(Move::is_open),
        moving: moving.as_ref().map(|one| moves::sentence(one, now)),
        grants: grants.iter().map(|one| grant_row(one, now)).collect(),
        partners: candidates
            .iter()
            .map(|partner| Choice {
                value: partner.host.to_string(),
                label: format!(
                    "{} ({}, {})",
                    partner.organization, partner.class, partner.host
                ),
                hint: None,
                chosen: wish.is_for(&partner.host),
            })
            .collect(),
        templates: match opens {
            true => templates::list(app, member.viewer()).await?,
            false => Vec::new(),
        }
        .into_iter()
        .map(|one| (one.name.to_string(), one.title))
        .collect(),
        draft: opens.then(|| wish.draft(changed)),
    };
    answer(&page, told.as_ref())
}

/// "Stopped by ada 4 May 2026, 10:00: why"
fn in_words(stop: Stop) -> String {
    let since = stop.since.for_people();
    match stop.reason.as_str() {
        "" => format!("Stopped by {} {since}.", stop.by),
        why => format!("Stopped by {} {since}: {why}", stop.by),
    }
}

/// The three stages, and exactly what each makes visible to whom.
fn stages(view: &GroupView, grants: &[Standing]) -> Vec<StageChoice> {
    let now = view.group.stage;
    let not_yours = view.rights.why_not(Action::ChangeBoundary);
    let stage = |stage: &Stage| StageChoice {
        value: stage.to_string(),
        label: match stage {
            Stage::Internal => "Inside only",
            Stage::Partners => "Shared with partners",
            Stage::Public => "Public",
        }
        .to_owned(),
        current: *stage == now,
        consequences: match stage {
            Stage::Internal => inside(now, grants),
            Stage::Partners => to_partners(now, grants),
            Stage::Public => to_everybody(view.group.access),
        },
        refused: match (stage, view.group.access) {
            (Stage::Public, Access::Secret) => {
                Some("A secret group cannot be public. Make it closed or open first.".to_owned())
            }
            _ if *stage == now => None,
            _ => not_yours.map(|reason| reason.sentence().to_owned()),
        },
    };
    Stage::ALL.iter().map(stage).collect()
}

fn mirrors_of(now: Mirror) -> Vec<Choice> {
    let choice = |mirror: &Mirror| Choice {
        value: mirror.to_string(),
        label: match mirror {
            Mirror::Off => "Not copied",
            Mirror::On => "Copied for their members",
        }
        .to_owned(),
        hint: Some(mirror.meaning().to_owned()),
        chosen: *mirror == now,
    };
    Mirror::ALL.iter().map(choice).collect()
}

fn first_contacts_of(now: FirstContact) -> Vec<Choice> {
    let choice = |choice: &FirstContact| Choice {
        value: choice.to_string(),
        label: match choice {
            FirstContact::Free => "As the grant says",
            FirstContact::Person => "Look at each new person first",
            FirstContact::Host => "Look at each new server first",
        }
        .to_owned(),
        hint: Some(choice.meaning().to_owned()),
        chosen: *choice == now,
    };
    FirstContact::ALL.iter().map(choice).collect()
}

fn boosts_of(now: Boosts) -> Vec<Choice> {
    let choice = |boosts: &Boosts| Choice {
        value: boosts.to_string(),
        label: match boosts {
            Boosts::Topics => "Topics",
            Boosts::All => "Topics and comments",
        }
        .to_owned(),
        hint: Some(boosts.meaning().to_owned()),
        chosen: *boosts == now,
    };
    Boosts::ALL.iter().map(choice).collect()
}

fn inside(now: Stage, grants: &[Standing]) -> Vec<String> {
    if now == Stage::Internal || grants.is_empty() {
        return vec!["Nobody outside the organization sees it.".to_owned()];
    }
    let lost = |one: &Standing| {
        let name = &one.partner.organization;
        format!("{name} loses sight of it at once. Its grant is kept for later.")
    };
    grants.iter().map(lost).collect()
}

fn to_partners(now: Stage, grants: &[Standing]) -> Vec<String> {
    let mut facts: Vec<String> = grants
        .iter()
        .map(|one| {
            let can = one.grant.terms.capabilities.to_string().replace(',', ", ");
            let seen = history_words(&one.grant.terms);
            format!("{} sees {seen}, and may {can}.", one.partner.organization)
        })
        .collect();
    if facts.is_empty() {
        facts.push("No partner has a grant: nobody outside sees it until one has.".to_owned());
    }
    if now == Stage::Public {
        facts.push("Everybody else on the internet loses sight of it at once.".to_owned());
    }
    facts
}

fn to_everybody(access: Access) -> Vec<String> {
    match access {
        Access::Open => vec![
            "Anybody on the internet reads everything ever written here, and the description."
                .to_owned(),
            "What was read once may be kept by others for good.".to_owned(),
        ],
        Access::Closed => vec![
            "Anybody on the internet sees its name and description. What is written stays with members and partners."
                .to_owned(),
        ],
        Access::Secret => Vec::new(),
    }
}
