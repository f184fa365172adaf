//! What an activity changes.

use super::lists::{self, Change};
use super::{Command, Vouching, find_group, names_group_here, undo};
use crate::app::{App, Asker};
use crate::domain::{Actor, ActorKind, Group, PartnerState, Post, Uri};
use crate::error::{Error, Result};
use crate::policy::Reason;
use crate::services::partners::{self, ending};
use crate::services::posts::{Ground, ReceivedPost};
use crate::services::{
    access, approvals, boosts, dislikes, follows, grants, house, memberships, mirrors, moves,
    polls, posts, reactions, refusals, remote_actors, reports, retractions,
};
use crate::storage::{self, Connection};

/// Whether something that must come first may still be on its way.
pub(super) fn waits_for_more(command: &Command) -> bool {
    match command {
        Command::CreatePost(post) => post.parent.is_some(),
        Command::UpdatePost(_)
        | Command::LockTopic { .. }
        | Command::UnlockTopic { .. }
        | Command::Like { .. }
        | Command::Unlike { .. }
        | Command::Dislike { .. }
        | Command::Undislike { .. }
        | Command::UndoById { .. }
        | Command::AddToList { .. }
        | Command::RemoveFromList { .. }
        | Command::WithdrawMove { .. }
        | Command::EndGrant { .. } => true,
        Command::Announced { command, .. } => waits_for_more(command),
        _ => false,
    }
}

pub(super) fn effect(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    command: &Command,
    raw: Option<&str>,
) -> Result<()> {
    match command {
        Command::Follow { follow, whom } => match storage::groups::find_by_uri(connection, whom)? {
            Some(group) => memberships::receive_follow(connection, asker, signer, &group, follow),
            None => follows::receive_follow(connection, asker, signer, whom, follow),
        },
        Command::Unfollow { whom } => match storage::groups::find_by_uri(connection, whom)? {
            Some(group) => memberships::receive_unfollow(connection, asker, signer, &group),
            None => follows::receive_unfollow(connection, signer, whom),
        },
        Command::AcceptFollow { follow } if signer.kind == ActorKind::Person => {
            follows::receive_accept(connection, asker, signer, follow)
        }
        Command::RejectFollow { follow } if signer.kind == ActorKind::Person => {
            follows::receive_reject(connection, signer, follow)
        }
        Command::DirectMessage => Err(Error::Denied(Reason::NoDirectMessages)),
        Command::AcceptFollow { follow } => {
            let group = find_group(connection, &signer.uri)?;
            memberships::receive_accept(connection, asker, &group, follow)
        }
        Command::RejectFollow { follow } => {
            let group = find_group(connection, &signer.uri)?;
            memberships::receive_reject(connection, &group, follow)
        }
        Command::RejectActivity { activity, reason } => {
            refusals::receive(connection, signer, activity, reason, asker.now)
        }
        Command::Invite { group, invitee } => {
            let ourselves = house::instance_actor(connection)?.uri;
            let group = find_group(connection, group)?;
            memberships::receive_invite(connection, asker, ourselves.host(), &group, invitee)
        }
        Command::InviteColleague { group, invitee } => {
            memberships::receive_invitation(connection, asker, group, invitee)
        }
        Command::CreatePost(post) => {
            let parent = find_parent(connection, asker, post)?;
            match parent
                .as_ref()
                .map(|parent| parent.audience.is_on_profile())
            {
                Some(true) => posts::receive_on_profile(connection, asker, signer, parent, post),
                None if names_group_here(connection, post)?.is_none() => {
                    posts::receive_on_profile(connection, asker, signer, None, post)
                }
                Some(false) | None => {
                    let ground = ground_of(connection, post, parent)?;
                    posts::receive(connection, asker, signer, ground, post, raw)
                }
            }
        }
        Command::UpdatePost(post) => posts::receive_update(connection, asker, signer, post, raw),
        Command::DeleteObject { object, removal } => {
            posts::receive_delete(connection, asker, signer, object, *removal, raw)
        }
        Command::RestoreObject { object } => {
            posts::receive_restore(connection, asker, signer, object, raw)
        }
        Command::LockTopic { object } => posts::receive_lock(connection, asker, object, true, raw),
        Command::UnlockTopic { object } => {
            posts::receive_lock(connection, asker, object, false, raw)
        }
        Command::Like { like, object } => {
            reactions::receive_like(connection, asker, signer, like, object, raw)
        }
        Command::Unlike { object } => {
            reactions::receive_unlike(connection, asker, signer, object, raw)
        }
        Command::Vote(vote) => polls::receive(connection, asker, signer.id, vote, raw),
        Command::Dislike { dislike, object } => {
            dislikes::receive(connection, asker, signer, dislike, object, raw)
        }
        Command::Undislike { object } => {
            dislikes::receive_undo(connection, asker, signer, object, raw)
        }
        Command::Ban(ban) => {
            let group = find_group(connection, &ban.group)?;
            memberships::receive_ban(connection, asker, &group, ban, raw)
        }
        Command::LiftBan { person, group } => {
            let group = find_group(connection, group)?;
            memberships::receive_unban(connection, asker, &group, person, raw)
        }
        Command::AddToList { object, target } => lists::change(
            connection,
            asker,
            (target, object),
            Change::Added,
            None,
            raw,
        ),
        Command::RemoveFromList { object, target } => lists::change(
            connection,
            asker,
            (target, object),
            Change::Removed,
            None,
            raw,
        ),
        Command::UndoById { activity } => {
            undo::undo(connection, asker, signer, activity, None, raw)
        }
        Command::ShutOut { object } => ending::receive_block(connection, asker, signer, object),
        Command::Move { target } => match signer.kind {
            ActorKind::Group => moves::receive_move(connection, asker, signer, target),
            ActorKind::Person => follows::receive_move(connection, asker, signer, target),
            ActorKind::Service => Ok(()),
        },
        Command::AskInteraction(asked) => approvals::receive(connection, asker, signer, asked),
        Command::OfferMove { offer, group } => {
            from_the_house(signer)?;
            moves::receive_offer(connection, asker, signer, offer, group)
        }
        Command::AcceptMove { offer, target } => {
            from_the_house(signer)?;
            moves::receive_accept(connection, asker, signer, offer, target)
        }
        Command::WithdrawMove { offer } => {
            from_the_house(signer)?;
            moves::receive_withdrawal(connection, asker, signer, offer)
        }
        Command::DeclineMove { offer } => {
            from_the_house(signer)?;
            moves::receive_refusal(connection, asker, signer, offer)
        }
        Command::Flag { objects, text } => {
            reports::receive(connection, asker, signer, objects, text)
        }
        Command::Announced {
            actor,
            activity,
            command,
            vouching,
        } => match vouching {
            Vouching::House => announced(connection, asker, signer, actor, activity, command),
            Vouching::Claimed { .. } | Vouching::Hearsay => Err(Error::Denied(Reason::NotAuthor)),
            Vouching::Kept => {
                check_place(connection, signer, actor, command)?;
                let (signer_id, host) = (signer.id, actor.host());
                storage::arrivals::mark_seen(connection, activity, signer_id, host, asker.now)?;
                announced(connection, asker, signer, actor, activity, command)
            }
            Vouching::Proven => {
                check_place(connection, signer, actor, command)?;
                let (signer_id, host) = (signer.id, actor.host());
                match storage::arrivals::mark_seen(
                    connection, activity, signer_id, host, asker.now,
                )? {
                    true => announced(connection, asker, signer, actor, activity, command),
                    // Said once is done once: a group must not bring back an earlier text.
                    false => Ok(()),
                }
            }
        },
        Command::OfferGrant {
            grant,
            group,
            terms,
        } => {
            from_the_house(signer)?;
            let group = find_group(connection, group)?;
            grants::receive::receive_offer(connection, signer.uri.host(), group.id, grant, *terms)
        }
        Command::EndGrant { grant, group } => {
            end_grant(connection, asker, signer, grant, group.as_ref())
        }
        Command::Retract { retraction, posts } => {
            retractions::receive::purge(connection, asker, signer, retraction, posts)
        }
        Command::RetractionAnswered { retraction, answer } => {
            retractions::receive::receive_answer(connection, asker, signer, retraction, answer)
        }
        Command::EndPartnership { agreement } => {
            ending::receive(connection, asker, signer, agreement)
        }
        Command::ChangePartnership { agreement, terms } => {
            partners::terms::receive(connection, asker, signer, agreement, terms)
        }
        Command::DeleteActor => remote_actors::forget(connection, asker, signer),
        Command::Shared { share, object } if signer.kind == ActorKind::Person => {
            boosts::receive(connection, asker, signer, share, object)
        }
        Command::Unshared { object } if signer.kind == ActorKind::Person => {
            boosts::receive_undo(connection, asker, signer, object)
        }
        // What a group passed on is taken back by its author.
        Command::Unshared { .. } => Ok(()),
        // Federation fetched the document again before it came here.
        Command::UpdateActor | Command::Shared { .. } | Command::Ignored(_) => Ok(()),
    }
}

/// Grants are given and taken by a server's instance actor, not by its people or groups.
fn from_the_house(signer: &Actor) -> Result<()> {
    match signer.kind {
        ActorKind::Service => Ok(()),
        ActorKind::Person | ActorKind::Group => Err(Error::Denied(Reason::NotAdministrator)),
    }
}

fn end_grant(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    grant: &Uri,
    group: Option<&Uri>,
) -> Result<()> {
    from_the_house(signer)?;
    let group = match group {
        Some(group) => storage::groups::find_by_uri(connection, group)?.map(|group| group.id),
        None => None,
    };
    grants::receive::receive_end(connection, signer.uri.host(), grant, group, asker.now).map(drop)
}

/// The group a comment belongs to is its parent's, whatever it says of itself.
fn ground_of(
    connection: &mut Connection,
    post: &ReceivedPost,
    parent: Option<Post>,
) -> Result<Ground> {
    let Some(parent) = parent else {
        let group = find_group(connection, post.group.as_ref().ok_or(Error::NotFound)?)?;
        return Ok(Ground {
            group,
            parent: None,
        });
    };
    let group = access::find_group_of(connection, &parent)?.ok_or(Error::NotFound)?;
    Ok(Ground {
        group,
        parent: Some(parent),
    })
}

/// What a post answers, which has to be here; what answers a copy answers the post.
fn find_parent(
    connection: &mut Connection,
    asker: &Asker,
    post: &ReceivedPost,
) -> Result<Option<Post>> {
    match &post.parent {
        Some(parent) => {
            let found = mirrors::find_meant(connection, asker, parent)?;
            Ok(Some(found.ok_or(Error::NotFound)?))
        }
        None => Ok(None),
    }
}

/// What a group elsewhere passes on happened in it: its house vouches, and policy lets the house
/// speak for its own groups only.
fn announced(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    by: &Uri,
    activity: &Uri,
    command: &Command,
) -> Result<()> {
    let group = find_group(connection, &signer.uri)?;
    let by = storage::actors::find_by_uri(connection, by)?.ok_or(Error::NotFound)?;
    match command {
        // Our own people's posts come back as a sign that the group took them: they are here.
        _ if by.is_local() => Ok(()),
        Command::CreatePost(post) => {
            let parent = find_parent(connection, asker, post)?;
            if parent
                .as_ref()
                .is_some_and(|parent| parent.group != Some(group.id))
            {
                return Err(Error::NotFound);
            }
            let ground = Ground { group, parent };
            posts::receive(connection, asker, &by, ground, post, None)
        }
        Command::UpdatePost(post) => posts::receive_update(connection, asker, &by, post, None),
        Command::DeleteObject { object, removal } => {
            let by = match by.id == group.actor.id && !removal {
                true => author_elsewhere(connection, object, activity)?.unwrap_or(by),
                false => by,
            };
            let asker = match is_authors(connection, &by, object, *removal)? {
                true => in_own_words(connection, asker, signer, &by, object)?,
                false => asker.clone(),
            };
            posts::receive_delete(connection, &asker, &by, object, *removal, None)
        }
        Command::RestoreObject { object } => {
            posts::receive_restore(connection, asker, &by, object, None)
        }
        Command::LockTopic { object } => posts::receive_lock(connection, asker, object, true, None),
        Command::UnlockTopic { object } => {
            posts::receive_lock(connection, asker, object, false, None)
        }
        Command::Like { like, object } => {
            reactions::receive_like(connection, asker, &by, like, object, None)
        }
        Command::Unlike { object } => {
            let asker = in_own_words(connection, asker, signer, &by, object)?;
            reactions::receive_unlike(connection, &asker, &by, object, None)
        }
        Command::Vote(vote) => polls::receive(connection, asker, by.id, vote, None),
        Command::Dislike { dislike, object } => {
            dislikes::receive(connection, asker, &by, dislike, object, None)
        }
        Command::Undislike { object } => {
            dislikes::receive_undo(connection, asker, &by, object, None)
        }
        Command::Ban(ban) => {
            check_named(&group, &ban.group)?;
            memberships::receive_ban(connection, asker, &group, ban, None)
        }
        Command::LiftBan { person, group: of } => {
            check_named(&group, of)?;
            memberships::receive_unban(connection, asker, &group, person, None)
        }
        Command::AddToList { object, target } => {
            let named = (target, object);
            lists::change(connection, asker, named, Change::Added, Some(&group), None)
        }
        Command::RemoveFromList { object, target } => {
            let named = (target, object);
            lists::change(
                connection,
                asker,
                named,
                Change::Removed,
                Some(&group),
                None,
            )
        }
        Command::UndoById { activity } => {
            undo::undo(connection, asker, &by, activity, Some(&group), None)
        }
        _ => Ok(()),
    }
}

/// What a group says that somebody of its own server took back in it is their own word, good also when
/// nobody here sees the group any more.
fn in_own_words(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    by: &Actor,
    object: &Uri,
) -> Result<Asker> {
    let post = storage::posts::find_by_uri(connection, object)?;
    let in_it = post.is_some_and(|post| post.group == Some(signer.id.group()));
    Ok(match in_it && by.host == signer.host {
        true => Asker {
            viewer: access::viewer_of(by),
            ..asker.clone()
        },
        false => asker.clone(),
    })
}

/// Whether somebody of the group's own server deletes what they wrote.
fn is_authors(
    connection: &mut Connection,
    by: &Actor,
    object: &Uri,
    removal: bool,
) -> Result<bool> {
    let post = storage::posts::find_by_uri(connection, object)?;
    Ok(!removal && post.is_some_and(|post| post.author == by.id))
}

/// A group speaks of itself alone.
fn check_named(group: &Group, named: &Uri) -> Result<()> {
    match group.actor.uri == *named {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// Who wrote a post of another server than ours, where the activity is of that server too: then its
/// author took it back, and the text goes. Of our own people's posts a group elsewhere can only say
/// that they are out of the group.
fn author_elsewhere(
    connection: &mut Connection,
    post: &Uri,
    activity: &Uri,
) -> Result<Option<Actor>> {
    let Some(post) = storage::posts::find_by_uri(connection, post)? else {
        return Ok(None);
    };
    let author = storage::actors::find(connection, post.author)?;
    Ok(author.filter(|author| author.host.as_ref() == Some(activity.host())))
}

/// Whether what somebody of a third server proved to have said was said in the group that passes it
/// on: no group may carry words from one place to another. What moderates is the group's to say,
/// whoever its moderator is.
fn check_place(
    connection: &mut Connection,
    group: &Actor,
    by: &Uri,
    command: &Command,
) -> Result<()> {
    let state = storage::partners::find_state(connection, by.host())?;
    if state == Some(PartnerState::Blocked) && !command.moderates() {
        return Err(Error::Denied(Reason::PartnerBlocked));
    }
    let object = match command {
        Command::CreatePost(post) | Command::UpdatePost(post) => {
            if post.group.as_ref() != Some(&group.uri) {
                return Err(Error::Denied(Reason::NotAuthor));
            }
            &post.uri
        }
        Command::DeleteObject { object, .. }
        | Command::RestoreObject { object }
        | Command::LockTopic { object }
        | Command::UnlockTopic { object }
        | Command::Like { object, .. }
        | Command::Unlike { object }
        | Command::Dislike { object, .. }
        | Command::Undislike { object } => object,
        // These name the group, or what is in it, and are held to it where they take effect.
        Command::Ban(_)
        | Command::LiftBan { .. }
        | Command::AddToList { .. }
        | Command::RemoveFromList { .. }
        | Command::UndoById { .. } => return Ok(()),
        Command::Vote(vote) => &vote.poll,
        _ => return Err(Error::Denied(Reason::NotAuthor)),
    };
    let post = storage::posts::find_by_uri(connection, object)?;
    match post {
        Some(post) if post.group != Some(group.id.group()) => Err(Error::NotFound),
        Some(_) | None => Ok(()),
    }
}

/// Applies what was fetched from a group's own server, as if the group had just told it; how many
/// took effect. What is here already stays as it is.
pub async fn apply_fetched(app: &App, group: &Actor, commands: Vec<Command>) -> Result<usize> {
    let asker = app.asker(access::viewer_of(group));
    let group = group.clone();
    app.db
        .write_patiently("apply_fetched", move |connection| {
            let mut applied = 0;
            for command in commands {
                let outcome = storage::savepoint(connection, |connection| {
                    effect(connection, &asker, &group, &command, None)
                });
                match outcome {
                    Ok(()) => applied += 1,
                    Err(Error::Internal(source)) => return Err(Error::Internal(source)),
                    Err(error) => tracing::debug!(%error, "something fetched changed nothing"),
                }
            }
            Ok(applied)
        })
        .await
}
