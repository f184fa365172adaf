//! Groups: making, finding, describing them, and opening them step by step.

mod administered;

pub use administered::{Administered, find_administered, list_administered};

use crate::app::{App, Asker};
use crate::domain::{
    Access, ActorId, ActorKind, AuditAction, DESCRIPTION_CHARS_MAX, EventKind, Group, GroupId,
    GroupList, GroupRole, Handle, Host, Invalid, JobId, Mark, Membership, MembershipState, Name,
    Partner, PartnerState, Post, PostId, ProposedAct, Stage, Timestamp, Title, Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::{self, Action, Denial, Facts, FederationMode, Reason, Viewer, act};
use crate::services::labels::Effect;
use crate::services::memberships::BanNotice;
use crate::services::proposals::{self, Decided};
use crate::services::what_if::{self, Change};
use crate::services::{
    access, actors, audit, deliveries, holds, jobs, keys, labels, mirrors, outbound_rules,
};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// A group as somebody wants it.
#[derive(Clone, Debug)]
pub struct NewGroup {
    pub name: Name,
    pub title: Title,
    /// Markdown.
    pub description: String,
    pub access: Access,
    /// None: whoever makes it.
    pub owner: Option<ActorId>,
}

impl NewGroup {
    /// A group that takes the place of one elsewhere: what is known of that is its own now. Its first owner
    /// is whoever makes it.
    pub async fn in_place_of(app: &App, moving: &Uri, name: Name) -> Result<Self> {
        let moving = moving.clone();
        let known = app.db.read("find_moving_group", move |connection| {
            storage::groups::find_by_uri(connection, &moving)
        });
        let known = known.await?;
        let title = known.as_ref().map_or(name.as_str(), Group::title);
        Ok(Self {
            title: title.parse()?,
            access: known.as_ref().map_or(Access::Closed, |known| known.access),
            description: String::new(),
            owner: None,
            name,
        })
    }
}

/// Makes a group. It begins internal, with one owner.
pub async fn create(app: &App, viewer: Viewer, new: NewGroup) -> Result<Group> {
    let asker = app.asker(viewer);
    let permit = access::permit_house::<act::CreateGroup>(&asker)?;
    check_description(&new.description)?;
    let owner = new
        .owner
        .or_else(|| asker.viewer.actor())
        .ok_or_else(|| Error::invalid("owner", "is missing: say who will own the group"))?;
    let pair = keys::take(app).await?;
    let addresses = app.addresses();
    app.db
        .write("create_group", move |connection| {
            let handle = Handle {
                name: new.name.to_string(),
                host: None,
            };
            if storage::actors::find_by_handle(connection, &handle)?.is_some() {
                return Err(Error::Conflict(format!(
                    "the name {} is taken; choose another",
                    new.name
                )));
            }
            let draft = actors::new_local_actor(
                ActorKind::Group,
                &new.name,
                new.title.as_str(),
                &addresses,
            );
            let actor = actors::insert_local(connection, draft, pair, asker.now)?;
            let group = storage::groups::insert(
                connection,
                &permit,
                actor,
                new.access,
                &new.description,
                asker.now,
            )?;
            storage::memberships::save(connection, &owner_of(group.id, owner, asker.now))?;
            audit::note(
                connection,
                &asker,
                AuditAction::GroupCreated,
                new.name.as_str(),
                new.access.as_str(),
            )?;
            Ok(group)
        })
        .await
}

const fn owner_of(group: GroupId, actor: ActorId, since: Timestamp) -> Membership {
    Membership {
        group,
        actor,
        state: MembershipState::Member,
        role: GroupRole::Owner,
        follow: None,
        banned_until: None,
        since,
    }
}

fn check_description(description: &str) -> Result<(), Invalid> {
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Invalid::new(
            "description",
            format!("is longer than {DESCRIPTION_CHARS_MAX} characters"),
        ));
    }
    Ok(())
}

/// What the viewer may do in a group, and why not.
#[derive(Clone, Debug)]
pub struct Rights {
    viewer: Viewer,
    facts: Facts,
}

impl Rights {
    pub fn may(&self, action: Action) -> bool {
        policy::decide(&self.viewer, action, &self.facts).is_ok()
    }

    /// The sentence that says why not; none when allowed or when nothing may be said.
    pub fn why_not(&self, action: Action) -> Option<Reason> {
        match policy::decide(&self.viewer, action, &self.facts) {
            Err(Denial::Forbidden(reason)) => Some(reason),
            Ok(()) | Err(Denial::Hidden) => None,
        }
    }
}

/// A group as a viewer sees it.
#[derive(Clone, Debug)]
pub struct GroupView {
    pub group: Group,
    /// The viewer's own relation to it.
    pub membership: Option<Membership>,
    /// That the viewer is banned from it, and why.
    pub ban: Option<BanNotice>,
    /// None where the viewer may not see who is a member.
    pub members: Option<u64>,
    /// For a group elsewhere: the organization whose it is.
    pub partner: Option<Partner>,
    /// What waits for its moderators; counted for them only.
    pub duties: Duties,
    /// How it is classified; for colleagues only.
    pub mark: Mark,
    pub rights: Rights,
}

/// What waits for who moderates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duties {
    /// People who wait to be let in.
    pub requests: u64,
    /// Reports that nobody dealt with yet.
    pub reports: u64,
    /// Posts that are held at the boundary.
    pub held: u64,
}

impl Duties {
    pub(super) fn count(connection: &mut Connection, groups: &[GroupId]) -> Result<Self> {
        if groups.is_empty() {
            return Ok(Self::default());
        }
        let requests = storage::memberships::count_waiting_for(connection, groups)?;
        let reports = storage::reports::count_open_in(connection, groups)?;
        Ok(Self {
            requests: requests.unsigned_abs(),
            reports: reports.unsigned_abs(),
            held: holds::count_waiting(connection, groups)?,
        })
    }
}

pub(super) fn view(connection: &mut Connection, asker: &Asker, group: Group) -> Result<GroupView> {
    let facts = access::group_facts(connection, asker, &group)?;
    let rights = Rights {
        viewer: asker.viewer.clone(),
        facts,
    };
    let membership = match asker.viewer.actor() {
        Some(actor) => storage::memberships::find(connection, group.id, actor)?,
        None => None,
    };
    let ban = match &membership {
        Some(membership) => BanNotice::of(connection, membership, asker.now)?,
        None => None,
    };
    let inside = matches!(asker.viewer, Viewer::Member { .. } | Viewer::Operator);
    let members =
        match inside && (rights.may(Action::SeeMembers) || asker.viewer == Viewer::Operator) {
            true => Some(storage::memberships::count_all(connection, group.id)?.unsigned_abs()),
            false => None,
        };
    let partner = match group.home() {
        Some(home) => storage::partners::find_by_host(connection, home)?,
        None => None,
    };
    let duties = match rights.may(Action::Moderate) {
        true => Duties::count(connection, &[group.id])?,
        false => Duties::default(),
    };
    Ok(GroupView {
        mark: labels::mark_of_group(connection, &asker.viewer, &group)?,
        group,
        membership,
        ban,
        members,
        partner,
        duties,
        rights,
    })
}

/// Finds a group by its handle, if the viewer may know of it.
pub async fn find(app: &App, viewer: Viewer, handle: Handle) -> Result<GroupView> {
    let asker = app.asker(viewer);
    app.db
        .read("find_group", move |connection| {
            let group = find_known(connection, &asker, &handle)?;
            view(connection, &asker, group)
        })
        .await
}

/// Where a group elsewhere gives us tokens for its members' servers (FEP-db0e).
pub async fn token_source(app: &App, id: GroupId) -> Result<Option<Uri>> {
    app.db
        .read("find_token_source", move |connection| {
            storage::groups::find_token_source(connection, id)
        })
        .await
}

/// Where a group elsewhere lists its pinned topics and its moderators, as far as its document says.
pub async fn remote_lists(app: &App, id: GroupId) -> Result<Vec<(GroupList, Uri)>> {
    app.db
        .read("find_remote_lists", move |connection| {
            let lists = storage::groups::find_remote_lists(connection, id)?;
            Ok(lists.into_iter().flatten().collect())
        })
        .await
}

/// Finds a group by its id, if the viewer may know of it.
pub async fn find_by_id(app: &App, viewer: Viewer, id: GroupId) -> Result<GroupView> {
    let asker = app.asker(viewer);
    app.db
        .read("find_group", move |connection| {
            let (_, group) = access::permit::<act::Know>(connection, &asker, id)?;
            view(connection, &asker, group)
        })
        .await
}

/// The group of a handle, once policy said that the asker may know of it.
pub(super) fn find_known(
    connection: &mut Connection,
    asker: &Asker,
    handle: &Handle,
) -> Result<Group> {
    let group = storage::groups::find_by_handle(connection, handle)?.ok_or(Error::NotFound)?;
    access::permit::<act::Know>(connection, asker, group.id).map(|(_, group)| group)
}

/// Has a worker look for a group elsewhere, for colleagues. In closed mode only partners are asked:
/// nobody else's server learns from us what people here look for.
///
/// # Errors
/// [`Error::Denied`] when that server is not to be asked, with what to do about it.
pub async fn look_up(app: &App, viewer: Viewer, handle: Handle) -> Result<JobId> {
    let host = match &handle.host {
        Some(host) if viewer.is_colleague() && host != app.config.host() => host.clone(),
        _ => return Err(Error::NotFound),
    };
    let state = app.db.read("find_partner_state", move |connection| {
        storage::partners::find_state(connection, &host)
    });
    match (state.await?, app.config.federation.mode) {
        (Some(PartnerState::Active), _) => {}
        (Some(PartnerState::Blocked), _) => return Err(Error::Denied(Reason::PartnerBlocked)),
        (Some(PartnerState::Paused), _) => return Err(Error::Denied(Reason::PartnershipPaused)),
        (Some(PartnerState::Invited | PartnerState::Ended) | None, FederationMode::Open) => {}
        (Some(PartnerState::Invited | PartnerState::Ended) | None, FederationMode::Closed) => {
            return Err(Error::Denied(Reason::NoPartnership));
        }
    }
    let what = handle.to_string();
    jobs::submit(app, Work::Discover { what }).await
}

/// All groups the viewer may know of.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<GroupView>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_groups", move |connection| {
            let groups = storage::groups::list(connection, &access::scope(&asker))?;
            groups
                .into_iter()
                .map(|group| view(connection, &asker, group))
                .collect()
        })
        .await
}

/// The groups the viewer is a member of, by title.
pub async fn list_mine(app: &App, viewer: Viewer) -> Result<Vec<Group>> {
    let asker = app.asker(viewer);
    let Some(actor) = asker.viewer.actor() else {
        return Ok(Vec::new());
    };
    app.db
        .read("list_my_groups", move |connection| {
            let mut mine = Vec::new();
            for membership in storage::memberships::list_of_actor(connection, actor)? {
                if membership.state != MembershipState::Member {
                    continue;
                }
                match access::permit::<act::Know>(connection, &asker, membership.group) {
                    Ok((_, group)) => mine.push(group),
                    // Withdrawn by its house, say: the membership is still written down.
                    Err(Error::NotFound | Error::Denied(_)) => {}
                    Err(fault) => return Err(fault),
                }
            }
            mine.sort_by_key(|group| group.title().to_lowercase());
            Ok(mine)
        })
        .await
}

/// Whether the viewer may make groups, for showing or not showing the form.
pub fn may_create(app: &App, viewer: Viewer) -> bool {
    access::permit_house::<act::CreateGroup>(&app.asker(viewer)).is_ok()
}

/// Changes title, description and inside access. Members' servers are told.
pub async fn update(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    title: Title,
    description: String,
    access: Access,
) -> Result<()> {
    let asker = app.asker(viewer.clone());
    check_description(&description)?;
    let updated = app
        .db
        .write("update_group", move |connection| {
            let (permit, group) = access::permit::<act::ManageGroup>(connection, &asker, group)?;
            policy::stage_fits(access, group.stage).map_err(contradiction)?;
            outbound_rules::check_group(
                connection,
                &group,
                group.stage,
                title.as_str(),
                &description,
            )?;
            refuse_wider_access(&asker, &group, access)?;
            storage::groups::update(connection, &permit, &description, access)?;
            storage::actors::set_profile(connection, group.actor.id, title.as_str(), "")?;
            tell_of_change(connection, &asker, &group)?;
            audit::note(
                connection,
                &asker,
                AuditAction::GroupUpdated,
                &group.actor.name,
                access.as_str(),
            )
        })
        .await;
    outbound_rules::noted(app, &viewer, updated).await?;
    app.bells.events.notify_one();
    Ok(())
}

/// With four eyes, nobody opens from within what others see: more people come into a group that is open
/// to partners, and more is shown of one that is public.
fn refuse_wider_access(asker: &Asker, group: &Group, access: Access) -> Result<()> {
    let widens = group.stage != Stage::Internal && access < group.access;
    match policy::needs_second(asker.house, widens) {
        true => Err(Error::Conflict(format!(
            "{} is open to the outside: make it internal first; opening it again takes a second administrator",
            group.actor.name
        ))),
        false => Ok(()),
    }
}

/// Lets the members' servers know that the group says something else of itself now.
fn tell_of_change(connection: &mut Connection, asker: &Asker, group: &Group) -> Result<()> {
    let event = NewEvent {
        kind: EventKind::GroupUpdated,
        actor: group.actor.id,
        group: Some(group.id),
        post: None,
        object: None,
        activity: None,
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Nobody may: it would contradict what the group is.
fn contradiction(reason: Reason) -> Error {
    Error::Conflict(reason.sentence().into())
}

/// Opens or closes a group to the outside. Going back is always possible and takes effect at once:
/// what is queued for those who may no longer read is cancelled with it. Going further waits for a
/// second administrator where the house wants one.
pub async fn set_stage(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    stage: Stage,
) -> Result<Decided<Group>> {
    set_stage_seen(app, viewer, group, stage, None).await
}

/// The same by somebody who saw what would become visible; `seen`: the digest of that.
///
/// # Errors
/// [`Error::Conflict`] when it has changed since.
pub async fn set_stage_seen(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    stage: Stage,
    seen: Option<String>,
) -> Result<Decided<Group>> {
    let asker = app.asker(viewer);
    let decided = app
        .db
        .write("set_stage", move |connection| {
            let (_, known) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            let change = Change::Stage(stage);
            what_if::refuse_unseen(connection, &asker, group, &change, seen.as_deref())?;
            let act = ProposedAct::Stage {
                group: group.0,
                stage,
            };
            let widens = stage > known.stage;
            proposals::decide(connection, &asker, widens, act, |connection| {
                change_stage(connection, &asker, group, stage)
            })
        })
        .await?;
    app.bells.events.notify_one();
    if stage == Stage::Internal {
        deliveries::settle_cancelled(app, None).await?;
    }
    Ok(decided)
}

/// The same in the transaction of the caller, whoever had to agree.
pub(super) fn change_stage(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    stage: Stage,
) -> Result<Group> {
    let (permit, group) = access::permit::<act::ChangeBoundary>(connection, asker, group)?;
    policy::stage_fits(group.access, stage).map_err(contradiction)?;
    let (title, description) = (group.title().to_owned(), group.description.clone());
    outbound_rules::check_group(connection, &group, stage, &title, &description)?;
    storage::groups::set_stage(connection, &permit, stage)?;
    if stage != Stage::Internal {
        outbound_rules::of_opened(connection, asker, group.id, Timestamp::MIN)?;
    }
    let name = &group.actor.name;
    if stage == Stage::Internal {
        let which = storage::deliveries::Cancel::OfGroup(group.id);
        let why = Reason::GroupInternal.as_str();
        let cancelled = storage::deliveries::cancel(connection, &which, why, asker.now)?;
        if !cancelled.is_empty() {
            let (action, count) = (
                AuditAction::DeliveriesCancelled,
                cancelled.len().to_string(),
            );
            audit::note(connection, asker, action, name, &count)?;
        }
    }
    tell_of_change(connection, asker, &group)?;
    let change = format!("{} to {stage}", group.stage);
    audit::note(connection, asker, AuditAction::StageChanged, name, &change)?;
    Ok(Group { stage, ..group })
}

/// Makes a group read only, or takes that back.
pub async fn set_archived(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    archived: bool,
) -> Result<Group> {
    let asker = app.asker(viewer);
    let group = app
        .db
        .write("archive_group", move |connection| {
            let (permit, group) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            if let (Some(target), false) = (&group.moved_to, archived) {
                let sentence = format!("it moved to {target}: it goes on there");
                return Err(Error::Conflict(sentence));
            }
            let archived_at = archived.then_some(asker.now);
            storage::groups::set_archived(connection, &permit, archived_at)?;
            tell_of_change(connection, &asker, &group)?;
            audit::note(
                connection,
                &asker,
                AuditAction::GroupArchived,
                &group.actor.name,
                if archived { "on" } else { "off" },
            )?;
            Ok(Group {
                archived_at,
                ..group
            })
        })
        .await?;
    app.bells.events.notify_one();
    Ok(group)
}

/// Who will read what is posted in a group, in facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// People of this house.
    pub colleagues: u64,
    /// Organizations whose people will read it, with how many of them are members.
    pub partners: Vec<(String, u64)>,
    /// Those whose servers know no groups: they read a copy that the group makes.
    pub by_mirror: Vec<(String, u64)>,
    /// Those that would, but the viewer does not let the group copy it, or what it answers is not there.
    pub unmirrored: Vec<(String, u64)>,
    /// Partners that will not.
    pub excluded: Vec<String>,
    /// Anybody may.
    pub public: bool,
    /// For a group elsewhere: the organization that decides who else reads.
    pub house: Option<String>,
    /// Partners whose people do not, until somebody looked at it, because of how it is classified.
    pub kept: Vec<String>,
    /// What rules make of how it is classified.
    pub effect: Effect,
    /// How it is classified, where that keeps it from somebody; for colleagues only.
    pub mark: Mark,
}

impl Readers {
    /// For a group elsewhere: its house gets nothing, before somebody looked at it.
    pub const fn kept_by_house(&self) -> bool {
        matches!(self.effect, Effect::Held(_))
    }
}

/// Who will read what the viewer posts in a group; `below`: what it answers, or the topic that is edited.
pub async fn readers(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    below: Option<PostId>,
) -> Result<Readers> {
    let asker = app.asker(viewer);
    app.db
        .read("readers", move |connection| {
            let (_, group) = access::permit::<act::Read>(connection, &asker, group)?;
            count_readers(connection, &asker, &group, below)
        })
        .await
}

fn count_readers(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    below: Option<PostId>,
) -> Result<Readers> {
    let colleagues = match group.access {
        Access::Open => storage::accounts::count_active(connection)?,
        Access::Closed | Access::Secret => storage::memberships::count(connection, group.id, None)?,
    };
    let house = match group.home() {
        Some(home) => Some(organization_at(connection, home)?),
        None => None,
    };
    let (mark, effect) = labels::foresee(connection, group, below, None)?;
    let mut readers = Readers {
        colleagues: colleagues.unsigned_abs(),
        partners: Vec::new(),
        by_mirror: Vec::new(),
        unmirrored: Vec::new(),
        excluded: Vec::new(),
        public: group.stage == Stage::Public
            && group.access == Access::Open
            && !effect.keeps_from(None),
        house,
        kept: Vec::new(),
        mark: match asker.viewer.is_colleague() {
            true => mark,
            false => Mark::None,
        },
        effect,
    };
    if !group.is_local() {
        return Ok(readers);
    }
    let mut partners = storage::partners::list(connection)?;
    partners.retain(|partner| partner.state == PartnerState::Active);
    let hosts: Vec<&Host> = partners.iter().map(|partner| &partner.host).collect();
    let bonds = storage::grants::list_for_hosts(connection, group.id, &hosts)?;
    let stops = storage::stops::list(connection)?;
    let topic = find_topic(connection, below)?;
    for Partner {
        host, organization, ..
    } in partners
    {
        let bond = bonds.get(&host).copied().unwrap_or_default();
        let stopped = stops.hold(Some(&host), Some(group.id));
        if access::reaches(asker, group, &bond, stopped, topic.as_ref()).is_err() {
            readers.excluded.push(organization);
            continue;
        }
        if readers.effect.keeps_from(Some(&host)) {
            readers.kept.push(organization);
            continue;
        }
        let people = storage::memberships::count(connection, group.id, Some(&host))?;
        let by_mirror = bond.microblog && group.is_mirrored();
        let list = match by_mirror {
            true if mirrors::reaches(connection, asker, group, below, &host)? => {
                &mut readers.by_mirror
            }
            true => &mut readers.unmirrored,
            false => &mut readers.partners,
        };
        list.push((organization, people.unsigned_abs()));
    }
    Ok(readers)
}

/// The topic that a post hangs below, or is.
pub(super) fn find_topic(
    connection: &mut Connection,
    below: Option<PostId>,
) -> Result<Option<Post>> {
    let Some(below) = below else {
        return Ok(None);
    };
    match storage::posts::find(connection, below)? {
        Some(post) if !post.is_topic() => storage::posts::find(connection, post.topic),
        topic => Ok(topic),
    }
}

fn organization_at(connection: &mut Connection, host: &crate::domain::Host) -> Result<String> {
    let partner = storage::partners::find_by_host(connection, host)?;
    Ok(partner.map_or_else(|| host.to_string(), |partner| partner.organization))
}
