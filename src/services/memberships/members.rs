//! Who is in a group, and what its moderators and owners do about them: letting in, putting out,
//! giving roles.

use super::moderators::tell_moderators;
use super::{keep_an_owner, tell};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, AuditAction, EventKind, Group, GroupId, GroupRole, Member, Membership,
    MembershipState, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{self, Viewer, act};
use crate::services::{access, audit};
use crate::storage::{self, Connection};

/// Members, requests and invitations of a group.
pub async fn list(app: &App, viewer: Viewer, group: GroupId) -> Result<Vec<Member>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_members", move |connection| {
            let (_, group) = access::permit::<act::SeeMembers>(connection, &asker, group)?;
            // Who sits at the machine sees all, also of a group where nobody decides any more.
            let moderates = asker.viewer == Viewer::Operator
                || access::may(connection, &asker, policy::Action::Moderate, &group)?;
            let members = storage::memberships::list(connection, group.id)?;
            let shown =
                |member: &Member| moderates || member.membership.state == MembershipState::Member;
            Ok(members.into_iter().filter(shown).collect())
        })
        .await
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
pub(super) fn answer_to_owners(
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

/// Lets in who asked. Somebody elsewhere who was only suggested is invited: nobody there asked.
fn admit(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Actor,
    asked: Membership,
) -> Result<()> {
    if let Some(host) = &person.host {
        access::refuse_indiscreet(connection, asker, group, host)?;
    }
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
        ..asked.clone()
    };
    if !person.is_local() {
        storage::first_contacts::meet(connection, group.id, person.id)?;
    }
    storage::memberships::save(connection, &member)?;
    tell_moderators(connection, asker, group, Some(&asked), Some(&member))
}

pub(super) fn dismiss(
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
    storage::memberships::remove(connection, group.id, person.id)?;
    tell_moderators(connection, asker, group, Some(was), None)
}

/// Tells somebody elsewhere that they are not, or no longer, a member: the Follow they asked with is
/// refused.
pub(in crate::services) fn tell_rejected(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: ActorId,
    follow: &Uri,
) -> Result<()> {
    let kind = EventKind::JoinRejected;
    tell(connection, asker, kind, group, person, Some(follow)).map(drop)
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
            let changed = Membership {
                role,
                ..membership.clone()
            };
            storage::memberships::save(connection, &changed)?;
            tell_moderators(
                connection,
                &asker,
                &group,
                Some(&membership),
                Some(&changed),
            )?;
            audit::note(
                connection,
                &asker,
                AuditAction::RoleChanged,
                &group.actor.name,
                &format!("{} to {role}", person.handle()),
            )
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}
