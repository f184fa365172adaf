//! Polls: voting here and from afar, counting, and telling others how the votes stand.
//!
//! The server of a poll's author counts, as it answers for everything else about the post. A vote
//! travels as everything does that is said in a group: to the group's house, and from there, when the
//! author is of another server, to that server and to nobody else. See
//! `docs/adr/0008-who-counts-votes.md`.

use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::{
    ActorId, EventKind, Group, Poll, PollView, Post, PostId, PostState, Timestamp, Uri, VoteProblem,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::access::{self, Case};
use crate::services::refusals;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

impl From<VoteProblem> for Error {
    fn from(problem: VoteProblem) -> Self {
        match problem {
            VoteProblem::Over => Self::Denied(Reason::PollOver),
            VoteProblem::VotedAlready => Self::Denied(Reason::VotedAlready),
            VoteProblem::NotAChoice => Self::invalid("choices", "are not what is asked for"),
            VoteProblem::NoSuchOption => Self::invalid("choices", "are not among the options"),
        }
    }
}

// Voting ------------------------------------------------------------------------------------------

/// Votes in a poll: `choices` are positions of its options, one or several, as it asks.
///
/// # Errors
/// [`Error::NotFound`] when the post is no poll, or hidden; [`Error::Denied`] when the viewer may not
/// react, has voted already, or it is over; [`Error::Invalid`] when there are no such options.
pub async fn vote(app: &App, viewer: Viewer, post: PostId, choices: Vec<usize>) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("vote", move |connection| {
            let case = access::permit_post::<act::React>(connection, &asker, post)?;
            let voter = asker
                .viewer
                .actor()
                .ok_or(Error::Denied(Reason::SignInNeeded))?;
            let own = admit(connection, &asker, &case, voter, &choices)?;
            refusals::supersede(connection, post, voter, &[EventKind::Voted], asker.now)?;
            storage::polls::add_votes(connection, &case.permit, voter, &choices, asker.now)?;
            if is_counted_here(connection, &case.post)? {
                let people = i32::from(own.is_empty());
                return count(connection, &case.post, &choices, people, asker.now);
            }
            for choice in choices {
                let position = i64::try_from(choice).map_err(Error::internal)?;
                pass(connection, &asker, &case.post, Some(position), None)?;
            }
            Ok(())
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// What somebody chose before, once it is clear that they may choose this besides. Until the
/// transaction ends, nobody else votes.
fn admit(
    connection: &mut Connection,
    asker: &Asker,
    case: &Case<act::React>,
    voter: ActorId,
    choices: &[usize],
) -> Result<Vec<usize>> {
    let post = case.post.id;
    storage::polls::hold(connection, post)?;
    let poll = storage::polls::find(connection, post)?.ok_or(Error::NotFound)?;
    let own = own_votes(connection, voter, post)?;
    poll.admit(&own, choices, asker.now)?;
    Ok(own)
}

fn own_votes(connection: &mut Connection, voter: ActorId, post: PostId) -> Result<Vec<usize>> {
    let own = storage::polls::list_votes_of(connection, voter, &[post])?;
    Ok(own.into_iter().map(|(_, choice)| choice).collect())
}

/// Its author is of this house.
fn is_counted_here(connection: &mut Connection, post: &Post) -> Result<bool> {
    let author = storage::actors::find(connection, post.author)?;
    Ok(author.is_some_and(|author| author.is_local()))
}

/// Counts what was chosen, and has others told soon.
fn count(
    connection: &mut Connection,
    post: &Post,
    choices: &[usize],
    people: i32,
    now: Timestamp,
) -> Result<()> {
    storage::polls::count(connection, post.id, choices, 1, people)?;
    tell_soon(connection, post.id, now)
}

/// Has the house of a group elsewhere told how the votes in a poll stand, where it is one and is counted
/// here: it took the poll after all.
pub(super) fn tell_again(connection: &mut Connection, post: PostId, now: Timestamp) -> Result<()> {
    let Some(post) = storage::posts::find(connection, post)? else {
        return Ok(());
    };
    match is_counted_here(connection, &post)? {
        true => tell_soon(connection, post.id, now),
        false => Ok(()),
    }
}

fn tell_soon(connection: &mut Connection, post: PostId, now: Timestamp) -> Result<()> {
    let Some(poll) = storage::polls::find(connection, post)? else {
        return Ok(());
    };
    let told_at = storage::polls::told_at(connection, post)?;
    storage::polls::tell_at(connection, post, poll.tell_at(told_at, now))
}

/// Lets the server that counts know of a vote: of somebody here for the option at `position`, or, to
/// the byte as it came, of somebody elsewhere.
fn pass(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
    position: Option<i64>,
    activity: Option<&str>,
) -> Result<()> {
    let event = NewEvent {
        kind: EventKind::Voted,
        actor: asker.viewer.actor().unwrap_or(post.author),
        group: post.group,
        post: Some(post.id),
        object: position,
        activity: activity.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

// From afar ---------------------------------------------------------------------------------------

/// A vote as another server tells of it: for an option, by its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedVote {
    pub poll: Uri,
    pub option: String,
}

/// What one look tells of a vote at the door: whether the sender may vote, and whether it would count.
pub(super) fn check(
    connection: &mut Connection,
    asker: &Asker,
    voter: ActorId,
    vote: &ReceivedVote,
) -> Result<()> {
    let (case, choice) = find_asked(connection, asker, vote)?;
    let poll = storage::polls::find(connection, case.post.id)?.ok_or(Error::NotFound)?;
    let own = own_votes(connection, voter, case.post.id)?;
    Ok(poll.admit(&own, &[choice], asker.now)?)
}

/// Somebody elsewhere votes: counted where its author is of this house; else handed on, in a group of
/// ours, to the server that counts.
pub(super) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    voter: ActorId,
    vote: &ReceivedVote,
    activity: Option<&str>,
) -> Result<()> {
    let (case, choice) = find_asked(connection, asker, vote)?;
    let own = admit(connection, asker, &case, voter, &[choice])?;
    if is_counted_here(connection, &case.post)? {
        storage::polls::add_votes(connection, &case.permit, voter, &[choice], asker.now)?;
        let people = i32::from(own.is_empty());
        return count(connection, &case.post, &[choice], people, asker.now);
    }
    match case.group.as_ref().is_some_and(Group::is_local) {
        true => pass(connection, asker, &case.post, None, activity),
        false => Err(Error::Denied(Reason::NotForRemote)),
    }
}

/// The poll that a vote is for, and the position of the option. What is no poll is answered like what
/// is not there.
fn find_asked(
    connection: &mut Connection,
    asker: &Asker,
    vote: &ReceivedVote,
) -> Result<(Case<act::React>, usize)> {
    let post = storage::posts::find_by_uri(connection, &vote.poll)?;
    let case = access::permit_sought_post::<act::React>(connection, asker, post)?;
    let poll = storage::polls::find(connection, case.post.id)?.ok_or(Error::NotFound)?;
    let choice = poll.position(&vote.option);
    let choice = choice.ok_or(Error::from(VoteProblem::NoSuchOption))?;
    Ok((case, choice))
}

/// How the votes stand in a poll of somebody elsewhere, as their server tells. Where it asks something
/// else now, earlier votes were for something else. True: something changed.
pub(super) fn receive_update(
    connection: &mut Connection,
    case: &Case<act::EditPost>,
    told: Option<&Poll>,
) -> Result<bool> {
    let known = storage::polls::find(connection, case.post.id)?;
    match (&known, told) {
        (known, told) if known.as_ref() == told => return Ok(false),
        (Some(known), Some(told)) if known.asks_the_same(told) => {
            storage::polls::set_counts(connection, &case.permit, told)?;
        }
        _ => storage::polls::replace(connection, &case.permit, told)?,
    }
    Ok(true)
}

// Reading -----------------------------------------------------------------------------------------

/// The polls among these posts, as the asker sees them.
pub(super) fn views(
    connection: &mut Connection,
    asker: &Asker,
    posts: &[PostId],
) -> Result<HashMap<PostId, PollView>> {
    let polls = storage::polls::list(connection, posts)?;
    let mut own: HashMap<PostId, Vec<usize>> = HashMap::new();
    if let (Some(actor), false) = (asker.viewer.actor(), polls.is_empty()) {
        let asked: Vec<PostId> = polls.keys().copied().collect();
        for (post, choice) in storage::polls::list_votes_of(connection, actor, &asked)? {
            own.entry(post).or_default().push(choice);
        }
    }
    let view = |(post, poll): (PostId, Poll)| {
        let own = own.remove(&post).unwrap_or_default();
        (post, poll.view(own, asker.now))
    };
    Ok(polls.into_iter().map(view).collect())
}

/// The polls among these posts as they leave the house. In a group of ours where a partner is kept
/// apart from the others no counts do: they would tell it that others are there.
pub(super) fn told(
    connection: &mut Connection,
    group: &Group,
    posts: &[PostId],
    now: Timestamp,
) -> Result<HashMap<PostId, Poll>> {
    let polls = storage::polls::list(connection, posts)?;
    if polls.is_empty() {
        return Ok(polls);
    }
    let apart = group.is_local() && storage::grants::any_apart(connection, group.id)?;
    let shown = |poll: Poll| match apart {
        true => poll.without_counts(),
        false => poll.shown(now),
    };
    let told = polls.into_iter().map(|(post, poll)| (post, shown(poll)));
    Ok(told.collect())
}

// Telling -----------------------------------------------------------------------------------------

/// Polls told of in one transaction.
const TOLD_AT_ONCE: i64 = 50;

/// Has others told how the votes stand in the polls for which it is time: because somebody voted, or
/// because they ended. How many.
pub async fn tell_due(app: &App) -> Result<usize> {
    let asker = app.asker(Viewer::Operator);
    let now = asker.now;
    let due = app
        .db
        .read("list_due_polls", move |connection| {
            storage::polls::list_due(connection, now, TOLD_AT_ONCE)
        })
        .await?;
    if due.is_empty() {
        return Ok(0);
    }
    let told = app
        .db
        .write_patiently("tell_polls", move |connection| {
            let mut told = 0;
            for poll in due {
                let again = poll.ends_at.filter(|end| *end > now);
                if storage::polls::mark_told(connection, poll.post, now, again)?
                    && tell(connection, poll.post, now)?
                {
                    told += 1;
                }
            }
            Ok(told)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(told)
}

fn tell(connection: &mut Connection, post: PostId, now: Timestamp) -> Result<bool> {
    let post = storage::posts::find(connection, post)?;
    let Some(post) = post.filter(|post| post.state == PostState::Visible) else {
        return Ok(false);
    };
    let event = NewEvent {
        kind: EventKind::PollCounted,
        actor: post.author,
        group: post.group,
        post: Some(post.id),
        object: None,
        activity: None,
    };
    storage::events::append(connection, event, now)?;
    Ok(true)
}

// Erasing -----------------------------------------------------------------------------------------

/// Takes every vote of somebody back who is erased, here or elsewhere: they do not count any more in
/// the polls that are counted here. In others they are taken back by the server that counts, when it
/// hears that the person is gone.
pub(super) fn take_all_back(
    connection: &mut Connection,
    voter: ActorId,
    now: Timestamp,
) -> Result<()> {
    for id in storage::polls::list_all_of_voter(connection, voter)? {
        let post = storage::posts::find(connection, id)?.ok_or(Error::NotFound)?;
        storage::polls::hold(connection, id)?;
        let choices = storage::polls::remove_votes(connection, id, voter)?;
        if is_counted_here(connection, &post)? {
            storage::polls::count(connection, id, &choices, -1, -1)?;
            tell_soon(connection, id, now)?;
        }
    }
    storage::events::forget_votes_of(connection, voter)
}
