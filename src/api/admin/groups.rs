//! Groups, as far as who administers the house is shown them.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, AtBoth, DoneOr, List, Made, Sent, page};
use crate::app::App;
use crate::domain::{
    self, Access, Boosts, FirstContact, GroupId, GroupRole, Handle, Mirror, Name, Outreach, PostId,
    Stage, Title,
};
use crate::services::groups::{self, Administered};
use crate::services::proposals::Decided;
use crate::services::what_if::{self, Change};
use crate::services::{accounts, first_contacts, labels, memberships, mirrors};
use crate::wire::{Group, Outlook};

/// A group to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    name: Name,
    title: Title,
    /// Markdown.
    #[serde(default)]
    description: String,
    /// Who inside may read and join; without it: open.
    access: Option<Access>,
    /// Name of its first owner; without it: who asks.
    owner: Option<String>,
}

/// What a group says of itself, and how it reaches servers that know no groups; what is left out stays as
/// it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    title: Option<Title>,
    /// Markdown.
    description: Option<String>,
    access: Option<Access>,
    /// Whether posts are copied for members on such servers, while the group is not public. `off` asks
    /// them to delete the copies they have.
    mirror: Option<Mirror>,
    /// What is boosted to such servers, while the group is public.
    boosts: Option<Boosts>,
    /// Whether the joining and the first words of somebody new elsewhere wait for a moderator.
    first_contact: Option<FirstContact>,
    /// The least that is said in it has; empty: it is not classified.
    label: Option<String>,
}

impl GroupChange {
    /// Whether anything is changed of what the group says of itself.
    const fn describes(&self) -> bool {
        self.title.is_some() || self.description.is_some() || self.access.is_some()
    }

    /// How the group reaches others, if that is changed.
    fn outreach(&self, before: Outreach) -> Option<Outreach> {
        let wanted = Outreach {
            mirror: self.mirror.unwrap_or(before.mirror),
            boosts: self.boosts.unwrap_or(before.boosts),
        };
        (self.mirror.is_some() || self.boosts.is_some()).then_some(wanted)
    }
}

/// How far a group is open to the outside.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStage {
    stage: Stage,
    /// The digest of an outlook: refused if something else would become visible now.
    seen: Option<String>,
}

/// Which part of the topics.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Only older ones than this
    #[param(inline)]
    before: Option<PostId>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

/// Whether a group is read only.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    archived: bool,
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Group>> {
    let all = groups::list_administered(&app, admin.viewer()).await?;
    Ok(all.iter().map(Group::from).collect())
}

pub async fn create(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewGroup>,
) -> Answer<Made<Group>> {
    let owner = match &new.owner {
        Some(owner) => accounts::find(&app, admin.viewer(), owner).await?.actor.id,
        None => admin.bearer().account.actor.id,
    };
    let new = groups::NewGroup {
        name: new.name,
        title: new.title,
        description: new.description,
        access: new.access.unwrap_or(Access::Open),
        owner: Some(owner),
    };
    let group = groups::create(&app, admin.viewer(), new).await?;
    let known = groups::find_administered(&app, admin.viewer(), group.actor.handle()).await?;
    Ok(Made(Group::from(&known)))
}

pub async fn show(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
) -> Answer<Json<Group>> {
    shown(&app, &admin, group).await
}

pub async fn update(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
    Sent(change): Sent<GroupChange>,
) -> Answer<Json<Group>> {
    let known = find(&app, &admin, &group).await?.group;
    let (id, outreach) = (known.id, change.outreach(known.outreach));
    if let Some(choice) = change.first_contact {
        first_contacts::choose(&app, admin.viewer(), id, choice).await?;
    }
    if let Some(label) = &change.label {
        let label = (!label.is_empty()).then(|| label.parse()).transpose()?;
        labels::set_of_group(&app, admin.viewer(), id, label).await?;
    }
    if change.describes() {
        describe(&app, &admin, known, change).await?;
    }
    if let Some(outreach) = outreach {
        mirrors::choose_for_group(&app, admin.viewer(), id, outreach).await?;
    }
    shown(&app, &admin, group).await
}

/// Changes what a group says of itself.
async fn describe(
    app: &App,
    admin: &Administrator,
    known: domain::Group,
    change: GroupChange,
) -> Answer<()> {
    let title = match change.title {
        Some(title) => title,
        None => known.title().parse()?,
    };
    let description = change.description.unwrap_or(known.description);
    let access = change.access.unwrap_or(known.access);
    groups::update(app, admin.viewer(), known.id, title, description, access).await?;
    Ok(())
}

pub async fn set_stage(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
    Sent(new): Sent<NewStage>,
) -> Answer<DoneOr<Group>> {
    let id = find_id(&app, &admin, &group).await?;
    match groups::set_stage_seen(&app, admin.viewer(), id, new.stage, new.seen).await? {
        Decided::Done(_) => Ok(DoneOr::Done(shown(&app, &admin, group).await?.into_inner())),
        Decided::Proposed(proposal) => Ok(DoneOr::Proposed(proposal.into())),
    }
}

pub async fn look_at_stage(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, stage): AtBoth<Handle, Stage>,
    Asked(part): Asked<Part>,
) -> Answer<Json<Outlook>> {
    let page = page(part.before.map(|id| id.0), part.limit);
    let change = Change::Stage(stage);
    let outlook = what_if::look(&app, admin.viewer(), group, change, page).await?;
    Ok(Json(outlook.into()))
}

pub async fn set_archived(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
    Sent(wish): Sent<Archive>,
) -> Answer<Json<Group>> {
    let id = find_id(&app, &admin, &group).await?;
    groups::set_archived(&app, admin.viewer(), id, wish.archived).await?;
    shown(&app, &admin, group).await
}

pub async fn name_owner(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, user): AtBoth<Handle, String>,
) -> Answer<Json<Group>> {
    let id = find_id(&app, &admin, &group).await?;
    let owner = accounts::find_known(&app, admin.viewer(), &user).await?;
    memberships::name_owner(&app, admin.viewer(), id, owner.actor.id).await?;
    shown(&app, &admin, group).await
}

pub async fn dismiss_owner(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, user): AtBoth<Handle, String>,
) -> Answer<Json<Group>> {
    let id = find_id(&app, &admin, &group).await?;
    let owner = accounts::find_known(&app, admin.viewer(), &user).await?;
    let role = GroupRole::Member;
    memberships::set_role(&app, admin.viewer(), id, owner.actor.id, role).await?;
    shown(&app, &admin, group).await
}

/// The group of an address.
pub async fn find(app: &App, admin: &Administrator, group: &Handle) -> Answer<Administered> {
    Ok(groups::find_administered(app, admin.viewer(), group.clone()).await?)
}

async fn find_id(app: &App, admin: &Administrator, group: &Handle) -> Answer<GroupId> {
    Ok(find(app, admin, group).await?.group.id)
}

async fn shown(app: &App, admin: &Administrator, group: Handle) -> Answer<Json<Group>> {
    Ok(Json(Group::from(&find(app, admin, &group).await?)))
}
