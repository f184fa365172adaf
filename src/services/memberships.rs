//! Coming and going: joining, leaving, being let in and put out, here and across servers.

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, ActorKind, ActorState, AuditAction, EventKind, Group, GroupId, GroupRole,
    Handle, Host, InvitedHandle, Member, Membership, MembershipState, Timestamp, Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::{self, Reason, Viewer, act};
use crate::services::directory::{self, Entry};
use crate::services::{access, audit};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Joins a group: at once, or as a request that a moderator (or the group's own house) answers.
pub async fn join(app: &App, viewer: Viewer, group: GroupId) -> Result<MembershipState> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let state = app
        .db
        .write("join_group", move |connection| {
            let (_, group) = access::permit::<act::Join>(connection, &asker, group)?;
            let actor = asker
                .viewer
                .actor()
                .ok_or(Error::Denied(Reason::SignInNeeded))?;
            let known = storage::memberships::find(connection, group.id, actor)?;
            if let Some(known) = known
                .as_ref()
                .filter(|known| known.state == MembershipState::Member)
            {
                return Ok(known.state);
            }
            let state = policy::join_outcome(
                &asker.viewer,
                &access::group_facts(connection, &asker, &group)?,
            );
            let mut membership = fresh(&group, actor, state, &asker);
            if !group.is_local() {
                // Asking again is harmless: the answer to an earlier request may have been lost.
                let event = tell(
                    connection,
                    &asker,
                    EventKind::JoinRequested,
                    &group,
                    actor,
                    None,
                )?;
                membership.follow = Some(addresses.activity("follow", event.0));
            }
            storage::memberships::save(connection, &membership)?;
            audit::note(
                connection,
                &asker,
                AuditAction::MemberJoined,
                &group.actor.handle().to_string(),
                state.as_str(),
            )?;
            Ok(state)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

fn fresh(group: &Group, actor: ActorId, state: MembershipState, asker: &Asker) -> Membership {
    Membership {
        group: group.id,
        actor,
        state,
        role: GroupRole::Member,
        follow: None,
        banned_until: None,
        since: asker.now,
    }
}

/// Writes news about a membership.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    group: &Group,
    person: ActorId,
    follow: Option<&Uri>,
) -> Result<crate::domain::EventId> {
    let event = NewEvent {
        kind,
        actor: asker.viewer.actor().unwrap_or(group.actor.id),
        group: Some(group.id),
        post: None,
        object: Some(person.0),
        activity: follow.map(Uri::to_string),
    };
    storage::events::append(connection, event, asker.now)
}

/// Leaves a group, or takes a request back.
pub async fn leave(app: &App, viewer: Viewer, group: GroupId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("leave_group", move |connection| {
            let (_, group) = access::permit::<act::Leave>(connection, &asker, group)?;
            let actor = asker
                .viewer
                .actor()
                .ok_or(Error::Denied(Reason::SignInNeeded))?;
            let membership =
                storage::memberships::find(connection, group.id, actor)?.ok_or(Error::NotFound)?;
            keep_an_owner(connection, &group, &membership)?;
            if !group.is_local() {
                tell(
                    connection,
                    &asker,
                    EventKind::Left,
                    &group,
                    actor,
                    membership.follow.as_ref(),
                )?;
            }
            storage::memberships::remove(connection, group.id, actor)?;
            audit::note(
                connection,
                &asker,
                AuditAction::MemberLeft,
                &group.actor.handle().to_string(),
                "",
            )
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Ends every membership, request and invitation of somebody who is erased; the groups here that are
/// left without an owner. `asker` is who they were. Bans end too: nobody can have the name again.
pub(super) fn leave_all(
    connection: &mut Connection,
    asker: &Asker,
    actor: ActorId,
) -> Result<Vec<Group>> {
    let mut without_owner = Vec::new();
    for was in storage::memberships::list_of_actor(connection, actor)? {
        let group = storage::groups::find(connection, was.group)?.ok_or(Error::NotFound)?;
        if !group.is_local() && was.follow.is_some() {
            let follow = was.follow.as_ref();
            tell(connection, asker, EventKind::Left, &group, actor, follow)?;
        }
        let last = is_last_owner(connection, &group, &was)?;
        storage::memberships::remove(connection, group.id, actor)?;
        if last {
            without_owner.push(group);
        }
    }
    Ok(without_owner)
}

/// A group of ours always has an owner.
fn keep_an_owner(connection: &mut Connection, group: &Group, leaving: &Membership) -> Result<()> {
    if !is_last_owner(connection, group, leaving)? {
        return Ok(());
    }
    Err(Error::Conflict(
        "the group would be left without an owner: make somebody else an owner first".into(),
    ))
}

fn is_last_owner(connection: &mut Connection, group: &Group, leaving: &Membership) -> Result<bool> {
    if !group.is_local()
        || leaving.role != GroupRole::Owner
        || leaving.state != MembershipState::Member
    {
        return Ok(false);
    }
    let owners = storage::memberships::list_role(connection, group.id, GroupRole::Owner)?;
    Ok(owners.len() <= 1)
}

/// Members, requests and invitations of a group.
pub async fn list(app: &App, viewer: Viewer, group: GroupId) -> Result<Vec<Member>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_members", move |connection| {
            let (_, group) = match &asker.viewer {
                Viewer::Operator => access::permit::<act::Moderate>(connection, &asker, group)
                    .map(|(_, g)| ((), g))?,
                _ => access::permit::<act::SeeMembers>(connection, &asker, group)
                    .map(|(_, g)| ((), g))?,
            };
            let moderates = access::may(connection, &asker, policy::Action::Moderate, &group)?;
            let members = storage::memberships::list(connection, group.id)?;
            let shown =
                |member: &Member| moderates || member.membership.state == MembershipState::Member;
            Ok(members.into_iter().filter(shown).collect())
        })
        .await
}

/// How many people wait for the viewer to be let in, over all groups it moderates.
pub async fn count_waiting(app: &App, viewer: &Viewer) -> Result<u64> {
    let Some(moderator) = viewer.actor() else {
        return Ok(0);
    };
    let count = app.db.read("count_waiting", move |connection| {
        storage::memberships::count_waiting(connection, moderator)
    });
    Ok(count.await?.unsigned_abs())
}

/// What a moderator does with somebody's membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Lets in who asked.
    Approve,
    /// Refuses who asked.
    Reject,
    /// Puts a member out.
    Remove,
}

/// Lets somebody in, refuses, or puts out. People elsewhere are told.
pub async fn decide(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    actor: ActorId,
    decision: Decision,
) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("decide_membership", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let membership =
                storage::memberships::find(connection, group.id, actor)?.ok_or(Error::NotFound)?;
            let person = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            if decision != Decision::Approve {
                answer_to_owners(connection, &asker, &group, &membership)?;
            }
            match (decision, membership.state) {
                (Decision::Approve, MembershipState::Requested) => {
                    admit(connection, &asker, &group, &person, membership)?
                }
                (Decision::Approve, MembershipState::Member) => {}
                (Decision::Reject, MembershipState::Requested | MembershipState::Invited)
                | (
                    Decision::Remove,
                    MembershipState::Member | MembershipState::Requested | MembershipState::Invited,
                ) => {
                    dismiss(connection, &asker, &group, &person, &membership)?;
                }
                (_, state) => {
                    return Err(Error::Conflict(format!(
                        "{} is {state} now; look at the list again",
                        person.handle()
                    )));
                }
            }
            let action = match decision {
                Decision::Approve => AuditAction::MemberApproved,
                Decision::Reject => AuditAction::MemberRejected,
                Decision::Remove => AuditAction::MemberRemoved,
            };
            audit::note(
                connection,
                &asker,
                action,
                &group.actor.name,
                &person.handle().to_string(),
            )
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Moderators decide about members. Who moderates or owns a group, or is invited to, answers to its
/// owners: otherwise one moderator could put out everybody above and become the only one.
fn answer_to_owners(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Membership,
) -> Result<()> {
    match person.role {
        GroupRole::Member => Ok(()),
        GroupRole::Moderator | GroupRole::Owner => {
            access::permit::<act::ManageGroup>(connection, asker, group.id).map(drop)
        }
    }
}

/// Shuts somebody out, until a moment or until a moderator lifts it: they may not act, and read
/// what people who are no members read. People elsewhere are told that they are out, not why.
pub async fn ban(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    actor: ActorId,
    until: Option<Timestamp>,
) -> Result<()> {
    let asker = app.asker(viewer);
    if until.is_some_and(|until| until <= asker.now) {
        return Err(Error::invalid(
            "until",
            "that day has begun already: choose a later one",
        ));
    }
    app.db
        .write("ban_member", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let person = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            if asker.viewer.actor() == Some(actor) {
                return Err(Error::Conflict("nobody bans themselves: leave".into()));
            }
            let known = storage::memberships::find(connection, group.id, actor)?;
            if let Some(known) = &known {
                answer_to_owners(connection, &asker, &group, known)?;
                dismiss(connection, &asker, &group, &person, known)?;
            }
            let banned = Membership {
                banned_until: until,
                ..fresh(&group, actor, MembershipState::Banned, &asker)
            };
            storage::memberships::save(connection, &banned)?;
            let until = until.map_or_else(|| "until it is lifted".into(), Timestamp::rfc3339);
            let detail = format!("{} {until}", person.handle());
            let (action, subject) = (AuditAction::MemberBanned, &group.actor.name);
            audit::note(connection, &asker, action, subject, &detail)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Ends a ban. It makes nobody a member: who was banned may join again as anybody else may.
pub async fn lift_ban(app: &App, viewer: Viewer, group: GroupId, actor: ActorId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("lift_ban", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let person = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            let known = storage::memberships::find(connection, group.id, actor)?;
            let banned = |known: &Membership| known.state == MembershipState::Banned;
            if !known.as_ref().is_some_and(banned) {
                let handle = person.handle();
                return Err(Error::Conflict(format!("{handle} is not banned")));
            }
            storage::memberships::remove(connection, group.id, actor)?;
            let (action, subject) = (AuditAction::BanLifted, &group.actor.name);
            let handle = person.handle().to_string();
            audit::note(connection, &asker, action, subject, &handle)
        })
        .await
}

/// Lets in who asked. Somebody elsewhere who was only suggested is invited: nobody there asked.
fn admit(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Actor,
    asked: Membership,
) -> Result<()> {
    let follow = asked.follow.as_ref();
    let state = match person.is_local() || follow.is_some() {
        true => MembershipState::Member,
        false => MembershipState::Invited,
    };
    if !person.is_local() && follow.is_some() {
        let kind = EventKind::JoinAccepted;
        tell(connection, asker, kind, group, person.id, follow)?;
    }
    let member = Membership {
        state,
        since: asker.now,
        ..asked
    };
    storage::memberships::save(connection, &member)
}

fn dismiss(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Actor,
    was: &Membership,
) -> Result<()> {
    keep_an_owner(connection, group, was)?;
    if let (false, Some(follow)) = (person.is_local(), &was.follow) {
        tell_rejected(connection, asker, group, person.id, follow)?;
    }
    storage::memberships::remove(connection, group.id, person.id)
}

/// Tells somebody elsewhere that they are not, or no longer, a member: the Follow they asked with is
/// refused.
pub(super) fn tell_rejected(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: ActorId,
    follow: &Uri,
) -> Result<()> {
    let kind = EventKind::JoinRejected;
    tell(connection, asker, kind, group, person, Some(follow)).map(drop)
}

/// Names somebody for a group by handle. A server that is a partner is asked who that is, where
/// nobody here has met them.
///
/// # Errors
/// [`Error::Invalid`] when nobody is found.
pub async fn add_by_handle(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    handle: Handle,
    role: GroupRole,
) -> Result<MembershipState> {
    let asker = app.asker(viewer.clone());
    // Before anything is asked of anybody: who may not invite does not find out who is there.
    app.db
        .read("may_invite", move |connection| {
            access::permit::<act::Invite>(connection, &asker, group).map(drop)
        })
        .await?;
    let nobody = || {
        let sentence = format!(
            "nobody was found under {handle}: a colleague has a name like ada; people at partners have a handle like bo@community.partner.example and are found once they take part in a group that both houses share"
        );
        Error::invalid("handle", sentence)
    };
    match directory::look_up(app, viewer.clone(), handle.clone()).await {
        Ok(Entry::Person(person)) => add(app, viewer, group, person.id, role).await,
        Ok(Entry::Group { .. }) | Err(Error::NotFound) => Err(nobody()),
        Err(error) => Err(error),
    }
}

/// Names somebody for a group. Moderators put colleagues in at once; people elsewhere when they
/// asked already, otherwise as an invitation that their join completes. Members who are no
/// moderators only suggest: that is a request, and a moderator decides.
pub async fn add(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    actor: ActorId,
    role: GroupRole,
) -> Result<MembershipState> {
    let asker = app.asker(viewer);
    let state = app
        .db
        .write("add_member", move |connection| {
            let (_, group) = access::permit::<act::Invite>(connection, &asker, group)?;
            if !group.is_local() {
                return Err(Error::Denied(Reason::NotForRemote));
            }
            let person = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            if person.kind != ActorKind::Person || person.state != ActorState::Active {
                return Err(Error::NotFound);
            }
            let known = storage::memberships::find(connection, group.id, actor)?;
            only_managers_change_roles(connection, &asker, &group, known.as_ref(), role)?;
            let facts = access::group_facts(connection, &asker, &group)?;
            let outcome = policy::invitation_outcome(&asker.viewer, &facts);
            if outcome == MembershipState::Requested && known.is_some() {
                // A suggestion changes nothing that stands, and does not tell what does.
                return Ok(outcome);
            }
            let membership = known.unwrap_or_else(|| fresh(&group, actor, outcome, &asker));
            let state = match (outcome, person.is_local(), membership.state) {
                (MembershipState::Requested, ..) => outcome,
                (_, true, _) | (_, false, MembershipState::Member) => MembershipState::Member,
                (_, false, MembershipState::Requested) if membership.follow.is_some() => {
                    let follow = membership.follow.as_ref();
                    let kind = EventKind::JoinAccepted;
                    tell(connection, &asker, kind, &group, actor, follow)?;
                    MembershipState::Member
                }
                (_, false, _) => {
                    // An invitation that nobody can follow would only look like one.
                    if let Some(host) = &person.host {
                        access::grant_effect(connection, &asker, &group, host)?
                            .map_err(Error::Denied)?;
                    }
                    MembershipState::Invited
                }
            };
            let membership = Membership {
                state,
                role,
                banned_until: None,
                ..membership
            };
            storage::memberships::save(connection, &membership)?;
            if state == MembershipState::Invited {
                tell_invited(
                    connection,
                    &asker,
                    &group,
                    Some(person.id),
                    &person.handle(),
                )?;
            }
            let detail = format!("{} as {role}: {state}", person.handle());
            audit::note(
                connection,
                &asker,
                AuditAction::MemberAdded,
                &group.actor.name,
                &detail,
            )?;
            Ok(state)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

/// Invites somebody elsewhere of whom only the handle is known: a partner's server tells of its people
/// only to whom it shares a group with. The invitation reaches that server; following it completes it.
///
/// # Errors
/// [`Error::Denied`] for who may not invite, and when the group is not open to that server.
pub async fn invite(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    handle: Handle,
    role: GroupRole,
) -> Result<MembershipState> {
    let asker = app.asker(viewer);
    let handle = handle.seen_from(app.config.host());
    let Some(host) = handle.host.clone() else {
        return Err(Error::NotFound);
    };
    let state = app
        .db
        .write("invite_by_handle", move |connection| {
            let (_, group) = access::permit::<act::Invite>(connection, &asker, group)?;
            if !group.is_local() {
                return Err(Error::Denied(Reason::NotForRemote));
            }
            let facts = access::group_facts(connection, &asker, &group)?;
            // Who only suggests names people that a moderator can look at.
            if policy::invitation_outcome(&asker.viewer, &facts) != MembershipState::Invited {
                return Err(Error::Denied(Reason::NotModerator));
            }
            access::grant_effect(connection, &asker, &group, &host)?.map_err(Error::Denied)?;
            only_managers_change_roles(connection, &asker, &group, None, role)?;
            let whom = (handle.name.as_str(), &host);
            storage::memberships::invite_handle(connection, group.id, whom, role, asker.now)?;
            tell_invited(connection, &asker, &group, None, &handle)?;
            let detail = format!("{handle} as {role}: invited");
            let name = &group.actor.name;
            audit::note(connection, &asker, AuditAction::MemberAdded, name, &detail)?;
            Ok(MembershipState::Invited)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

fn tell_invited(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: Option<ActorId>,
    handle: &Handle,
) -> Result<()> {
    let event = NewEvent {
        kind: EventKind::Invited,
        // The group asks, whoever of its moderators thought of it.
        actor: group.actor.id,
        group: Some(group.id),
        post: None,
        object: person.map(|person| person.0),
        activity: Some(handle.to_string()),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Who is invited to a group by handle, for who moderates it.
pub async fn list_invited(app: &App, viewer: Viewer, group: GroupId) -> Result<Vec<InvitedHandle>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_invited_handles", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            storage::memberships::list_invited_handles(connection, group.id)
        })
        .await
}

/// Takes an invitation by handle back.
///
/// # Errors
/// [`Error::NotFound`] when nobody of that handle is invited so.
pub async fn withdraw_invitation(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    handle: Handle,
) -> Result<()> {
    let asker = app.asker(viewer);
    let host = handle.host.clone().ok_or(Error::NotFound)?;
    app.db
        .write("withdraw_invitation", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let (name, id) = (handle.name.as_str(), group.id);
            if !storage::memberships::remove_invited_handle(connection, id, name, &host)? {
                return Err(Error::NotFound);
            }
            audit::note(
                connection,
                &asker,
                AuditAction::MemberRemoved,
                &group.actor.name,
                &handle.to_string(),
            )
        })
        .await
}

/// Who lets people in does not thereby make owners, nor an owner a member.
fn only_managers_change_roles(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    known: Option<&Membership>,
    role: GroupRole,
) -> Result<()> {
    let before = known.map_or(GroupRole::Member, |known| known.role);
    if role == before {
        return Ok(());
    }
    access::permit::<act::ManageGroup>(connection, asker, group.id)?;
    match known {
        Some(known) if role < before => keep_an_owner(connection, group, known),
        _ => Ok(()),
    }
}

/// Makes a member a moderator or owner, or takes that back.
pub async fn set_role(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    actor: ActorId,
    role: GroupRole,
) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("set_role", move |connection| {
            let (_, group) = access::permit::<act::ManageGroup>(connection, &asker, group)?;
            let membership =
                storage::memberships::find(connection, group.id, actor)?.ok_or(Error::NotFound)?;
            let person = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            if membership.state != MembershipState::Member {
                return Err(Error::Conflict(format!(
                    "{} is {} now; only members have roles",
                    person.handle(),
                    membership.state
                )));
            }
            if role < membership.role {
                keep_an_owner(connection, &group, &membership)?;
            }
            storage::memberships::save(connection, &Membership { role, ..membership })?;
            audit::note(
                connection,
                &asker,
                AuditAction::RoleChanged,
                &group.actor.name,
                &format!("{} to {role}", person.handle()),
            )
        })
        .await
}

// From afar ---------------------------------------------------------------------------------------

/// Somebody elsewhere asks to join a group of ours.
pub(super) fn receive_follow(
    connection: &mut Connection,
    asker: &Asker,
    person: &Actor,
    group: &Group,
    follow: &Uri,
) -> Result<()> {
    let (_, group) = access::permit::<act::Join>(connection, asker, group.id)?;
    let facts = access::group_facts(connection, asker, &group)?;
    let state = policy::join_outcome(&asker.viewer, &facts);
    let known = storage::memberships::find(connection, group.id, person.id)?;
    let membership = match known {
        Some(known) => known,
        None => Membership {
            role: take_invitation(connection, &group, person)?,
            ..fresh(&group, person.id, state, asker)
        },
    };
    let membership = Membership {
        state,
        follow: Some(follow.clone()),
        ..membership
    };
    storage::memberships::save(connection, &membership)?;
    if state == MembershipState::Member {
        tell(
            connection,
            asker,
            EventKind::JoinAccepted,
            &group,
            person.id,
            Some(follow),
        )?;
    }
    audit::note(
        connection,
        asker,
        AuditAction::MemberJoined,
        &group.actor.name,
        state.as_str(),
    )
}

/// As what somebody new comes in: as they were invited by handle, which is done with now.
fn take_invitation(
    connection: &mut Connection,
    group: &Group,
    person: &Actor,
) -> Result<GroupRole> {
    let role = storage::memberships::find_invited_handle(connection, group.id, person.id)?;
    if let Some(host) = &person.host {
        storage::memberships::remove_invited_handle(connection, group.id, &person.name, host)?;
    }
    Ok(role.unwrap_or(GroupRole::Member))
}

/// Whom an invitation from elsewhere names: by address, or by handle where that is all they know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitee {
    Uri(Uri),
    Handle(Handle),
}

/// Invitations from elsewhere that may wait for one person; further ones change nothing.
const INVITATIONS_WAITING_MAX: i64 = 100;

/// A group elsewhere asks one of ours to come. Its house vouches for it, whoever there thought of it;
/// the answer, if any, is a request to join.
pub(super) fn receive_invite(
    connection: &mut Connection,
    asker: &Asker,
    ourselves: &Host,
    group: &Group,
    invitee: &Invitee,
) -> Result<()> {
    let house = group.home().cloned().ok_or(Error::NotFound)?;
    let its_server = Asker {
        viewer: Viewer::Server { host: house },
        ..asker.clone()
    };
    access::permit::<act::Know>(connection, &its_server, group.id)?;
    let person = match invitee {
        Invitee::Uri(uri) => storage::actors::find_by_uri(connection, uri)?,
        Invitee::Handle(handle) if handle.host.as_ref() == Some(ourselves) => {
            storage::accounts::find_by_name(connection, &handle.name)?.map(|found| found.actor)
        }
        Invitee::Handle(_) => None,
    };
    let person = person.ok_or(Error::NotFound)?.id;
    let usable = storage::accounts::find(connection, person)?
        .is_some_and(|account| super::accounts::is_usable(&account));
    if !usable || storage::memberships::find(connection, group.id, person)?.is_some() {
        return Ok(());
    }
    let invited = MembershipState::Invited;
    if storage::memberships::count_of_actor(connection, person, invited)? >= INVITATIONS_WAITING_MAX
    {
        return Err(Error::Conflict("too many invitations wait already".into()));
    }
    storage::memberships::save(connection, &fresh(group, person, invited, asker))
}

/// Somebody elsewhere leaves a group of ours.
pub(super) fn receive_unfollow(
    connection: &mut Connection,
    asker: &Asker,
    person: &Actor,
    group: &Group,
) -> Result<()> {
    let (_, group) = access::permit::<act::Leave>(connection, asker, group.id)?;
    storage::memberships::remove(connection, group.id, person.id)?;
    audit::note(
        connection,
        asker,
        AuditAction::MemberLeft,
        &group.actor.name,
        "",
    )
}

/// A group elsewhere lets somebody of ours in. Only the group that was asked can.
pub(super) fn receive_accept(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    follow: &Uri,
) -> Result<()> {
    let asked = storage::memberships::find_by_follow(connection, group.id, follow)?
        .ok_or(Error::NotFound)?;
    if asked.state == MembershipState::Requested {
        let member = Membership {
            state: MembershipState::Member,
            since: asker.now,
            ..asked
        };
        storage::memberships::save(connection, &member)?;
        storage::groups::set_withdrawn(connection, group.id, None)?;
        storage::jobs::insert(connection, &Work::Backfill { group: group.id.0 }, asker.now)?;
    }
    Ok(())
}

/// A group elsewhere refuses somebody of ours or puts them out.
pub(super) fn receive_reject(
    connection: &mut Connection,
    group: &Group,
    follow: &Uri,
) -> Result<()> {
    let asked = storage::memberships::find_by_follow(connection, group.id, follow)?
        .ok_or(Error::NotFound)?;
    storage::memberships::remove(connection, group.id, asked.actor)
}
