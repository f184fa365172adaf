//! Coming and going: joining, leaving, being let in and put out, here and across servers.
//!
//! `join` is what people do themselves, `members` what moderators decide about them, `ban` how people are
//! shut out, `moderators` who may decide, `invite` how people are named for a group, `handles` how by commands and
//! scripts, `owners` who owns it; `receive` applies what other servers tell; `roster` is how houses come to
//! count alike.

mod ban;
mod colleagues;
mod handles;
mod invite;
mod join;
mod members;
mod moderators;
mod owners;
mod receive;
mod roster;

use crate::app::Asker;
use crate::domain::{
    ActorId, EventId, EventKind, Group, GroupRole, Membership, MembershipState, Uri,
};
use crate::error::{Error, Result};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

pub use ban::{BanNotice, ReceivedBan, ban, ban_reasons, lift_ban};
pub(super) use ban::{receive_ban, receive_unban};
pub(super) use colleagues::{check_invitation, receive_invitation};
pub use handles::{find_person, name, put_out};
pub use invite::{add, add_by_handle, invite, list_invited, withdraw_invitation};
pub(super) use join::{bring_in, follow_move, leave_all};
pub use join::{join, leave};
pub(super) use members::tell_rejected;
pub use members::{Decision, decide, list, set_role};
pub use moderators::list_moderators;
pub(super) use moderators::{Moderates, receive_moderator};
pub use owners::name_owner;
pub use receive::Invitee;
pub(super) use receive::{
    receive_accept, receive_follow, receive_invite, receive_reject, receive_unfollow,
};
pub use roster::{agree, roster_counted, roster_told};

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
) -> Result<EventId> {
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
