//! Polls, their options and votes. How often each was chosen is kept with the option, in the same
//! transaction. Who chose what is read for one person at a time and never listed.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{ActorId, DuePoll, Poll, PollOption, PostId, Timestamp};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::schema::{poll_options, poll_votes, polls};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = polls, treat_none_as_default_value = false)]
struct PollRow {
    post_id: i64,
    multiple: bool,
    hides_totals: bool,
    ends_at: Option<i64>,
    voters: Option<i32>,
    told_at: Option<i64>,
    tell_at: Option<i64>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = poll_options, treat_none_as_default_value = false)]
struct OptionRow {
    post_id: i64,
    position: i32,
    title: String,
    votes: Option<i32>,
}

/// Makes a post a poll, with the counts it comes with. `tell_at`: when its end is to be told, where it
/// is counted here.
pub(super) fn insert(
    connection: &mut Connection,
    post: PostId,
    poll: &Poll,
    tell_at: Option<Timestamp>,
) -> Result<()> {
    let row = PollRow {
        post_id: post.0,
        multiple: poll.multiple,
        hides_totals: poll.hides_totals,
        ends_at: poll.ends_at.map(Timestamp::micros),
        voters: poll.voters.map(u32::cast_signed),
        told_at: None,
        tell_at: tell_at.map(Timestamp::micros),
    };
    on_backend!(connection, |inner| diesel::insert_into(polls::table)
        .values(row)
        .execute(inner))?;
    for (position, option) in (0..).zip(&poll.options) {
        let row = OptionRow {
            post_id: post.0,
            position,
            title: option.title.clone(),
            votes: option.votes.map(u32::cast_signed),
        };
        on_backend!(connection, |inner| diesel::insert_into(poll_options::table)
            .values(row)
            .execute(inner))?;
    }
    Ok(())
}

/// Takes everything away that makes a post a poll; whoever voted did not.
pub(super) fn remove(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(poll_votes::table.filter(poll_votes::post_id.eq(post.0))).execute(connection)?;
    diesel::delete(poll_options::table.filter(poll_options::post_id.eq(post.0)))
        .execute(connection)?;
    diesel::delete(polls::table.find(post.0)).execute(connection)?;
    Ok(())
}

/// What the post of the permit asks now (none: nothing any more). Earlier votes were for something
/// else, and are gone.
pub fn replace(
    connection: &mut Connection,
    permit: &Permit<act::EditPost>,
    poll: Option<&Poll>,
) -> Result<()> {
    remove(connection, permit.post())?;
    match poll {
        Some(poll) => insert(connection, permit.post(), poll, None),
        None => Ok(()),
    }
}

/// What the author's server tells of a poll that it counts.
pub fn set_counts(
    connection: &mut Connection,
    permit: &Permit<act::EditPost>,
    poll: &Poll,
) -> Result<()> {
    let post = permit.post().0;
    diesel::update(polls::table.find(post))
        .set((
            polls::ends_at.eq(poll.ends_at.map(Timestamp::micros)),
            polls::voters.eq(poll.voters.map(u32::cast_signed)),
        ))
        .execute(connection)?;
    for (position, option) in (0_i32..).zip(&poll.options) {
        diesel::update(poll_options::table.find((post, position)))
            .set(poll_options::votes.eq(option.votes.map(u32::cast_signed)))
            .execute(connection)?;
    }
    Ok(())
}

pub fn find(connection: &mut Connection, post: PostId) -> Result<Option<Poll>> {
    Ok(list(connection, &[post])?.remove(&post))
}

/// Those of these posts that are polls.
pub fn list(connection: &mut Connection, posts: &[PostId]) -> Result<HashMap<PostId, Poll>> {
    let ids: Vec<i64> = posts.iter().map(|post| post.0).collect();
    let rows: Vec<PollRow> = polls::table
        .filter(polls::post_id.among(ids))
        .select(PollRow::as_select())
        .load(connection)?;
    let mut found: HashMap<PostId, Poll> = rows.into_iter().map(without_options).collect();
    if found.is_empty() {
        return Ok(found);
    }
    let ids: Vec<i64> = found.keys().map(|post| post.0).collect();
    let rows: Vec<OptionRow> = poll_options::table
        .filter(poll_options::post_id.among(ids))
        .order((poll_options::post_id, poll_options::position))
        .select(OptionRow::as_select())
        .load(connection)?;
    for row in rows {
        if let Some(poll) = found.get_mut(&PostId(row.post_id)) {
            poll.options.push(PollOption {
                title: row.title,
                votes: row.votes.map(i32::unsigned_abs),
            });
        }
    }
    Ok(found)
}

fn without_options(row: PollRow) -> (PostId, Poll) {
    let poll = Poll {
        multiple: row.multiple,
        hides_totals: row.hides_totals,
        ends_at: row.ends_at.map(Timestamp::from_micros),
        voters: row.voters.map(i32::unsigned_abs),
        options: Vec::new(),
    };
    (PostId(row.post_id), poll)
}

/// What somebody chose in these polls, by position.
pub fn list_votes_of(
    connection: &mut Connection,
    actor: ActorId,
    posts: &[PostId],
) -> Result<Vec<(PostId, usize)>> {
    let ids: Vec<i64> = posts.iter().map(|post| post.0).collect();
    let rows: Vec<(i64, i32)> = poll_votes::table
        .filter(
            poll_votes::actor_id
                .eq(actor.0)
                .and(poll_votes::post_id.among(ids)),
        )
        .order((poll_votes::post_id, poll_votes::position))
        .select((poll_votes::post_id, poll_votes::position))
        .load(connection)?;
    let vote = |(post, position): (i64, i32)| (PostId(post), position.unsigned_abs() as usize);
    Ok(rows.into_iter().map(vote).collect())
}

/// Lets nobody else vote in a poll until the transaction ends: or two votes of one person, who has one,
/// could be counted at the same time.
pub fn hold(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::update(polls::table.find(post.0))
        .set(polls::multiple.eq(polls::multiple))
        .execute(connection)?;
    Ok(())
}

/// Remembers what somebody chose in the poll of the permit.
pub fn add_votes(
    connection: &mut Connection,
    permit: &Permit<act::React>,
    actor: ActorId,
    choices: &[usize],
    now: Timestamp,
) -> Result<()> {
    for choice in choices {
        on_backend!(connection, |inner| diesel::insert_into(poll_votes::table)
            .values((
                poll_votes::post_id.eq(permit.post().0),
                poll_votes::actor_id.eq(actor.0),
                poll_votes::position.eq(position(*choice)),
                poll_votes::voted_at.eq(now.micros()),
            ))
            .execute(inner))?;
    }
    Ok(())
}

/// Remembers a vote again that the house of a group elsewhere took after all. Nobody's act, so nobody is
/// asked.
pub fn put_back(
    connection: &mut Connection,
    post: PostId,
    actor: ActorId,
    choice: usize,
    now: Timestamp,
) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(poll_votes::table)
        .values((
            poll_votes::post_id.eq(post.0),
            poll_votes::actor_id.eq(actor.0),
            poll_votes::position.eq(position(choice)),
            poll_votes::voted_at.eq(now.micros()),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

fn position(choice: usize) -> i32 {
    i32::try_from(choice).unwrap_or(i32::MAX)
}

/// Counts votes one up (1) or down (-1), and so many people with them.
pub fn count(
    connection: &mut Connection,
    post: PostId,
    choices: &[usize],
    change: i32,
    people: i32,
) -> Result<()> {
    for choice in choices {
        diesel::update(poll_options::table.find((post.0, position(*choice))))
            .set(poll_options::votes.eq(poll_options::votes + change))
            .execute(connection)?;
    }
    diesel::update(polls::table.find(post.0))
        .set(polls::voters.eq(polls::voters + people))
        .execute(connection)?;
    Ok(())
}

/// Takes back what somebody chose in a poll; the positions.
pub fn remove_votes(
    connection: &mut Connection,
    post: PostId,
    actor: ActorId,
) -> Result<Vec<usize>> {
    let own = list_votes_of(connection, actor, &[post])?;
    diesel::delete(
        poll_votes::table.filter(
            poll_votes::post_id
                .eq(post.0)
                .and(poll_votes::actor_id.eq(actor.0)),
        ),
    )
    .execute(connection)?;
    Ok(own.into_iter().map(|(_, choice)| choice).collect())
}

/// The polls somebody voted in, wherever they are: for taking their votes back.
pub fn list_all_of_voter(connection: &mut Connection, actor: ActorId) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = poll_votes::table
        .filter(poll_votes::actor_id.eq(actor.0))
        .select(poll_votes::post_id)
        .distinct()
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// When others were last told how the votes stand.
pub fn told_at(connection: &mut Connection, post: PostId) -> Result<Option<Timestamp>> {
    let told: Option<Option<i64>> =
        find_one!(connection, polls::table.find(post.0).select(polls::told_at))?;
    Ok(told.flatten().map(Timestamp::from_micros))
}

/// Has others told of a poll at this time, or earlier where that was decided before.
pub fn tell_at(connection: &mut Connection, post: PostId, time: Timestamp) -> Result<()> {
    let later = polls::tell_at
        .is_null()
        .or(polls::tell_at.gt(Some(time.micros())));
    diesel::update(polls::table.filter(polls::post_id.eq(post.0)).filter(later))
        .set(polls::tell_at.eq(Some(time.micros())))
        .execute(connection)?;
    Ok(())
}

/// Polls whose counts are to be told now.
pub fn list_due(connection: &mut Connection, now: Timestamp, most: i64) -> Result<Vec<DuePoll>> {
    let rows: Vec<(i64, Option<i64>)> = polls::table
        .filter(polls::tell_at.le(Some(now.micros())))
        .order(polls::tell_at)
        .limit(most)
        .select((polls::post_id, polls::ends_at))
        .load(connection)?;
    let due = |(post, ends_at): (i64, Option<i64>)| DuePoll {
        post: PostId(post),
        ends_at: ends_at.map(Timestamp::from_micros),
    };
    Ok(rows.into_iter().map(due).collect())
}

/// Marks a due poll as told, and when it is told again. False: another process was quicker.
pub fn mark_told(
    connection: &mut Connection,
    post: PostId,
    now: Timestamp,
    again: Option<Timestamp>,
) -> Result<bool> {
    let due = polls::table
        .filter(polls::post_id.eq(post.0))
        .filter(polls::tell_at.le(Some(now.micros())));
    let marked = diesel::update(due)
        .set((
            polls::told_at.eq(Some(now.micros())),
            polls::tell_at.eq(again.map(Timestamp::micros)),
        ))
        .execute(connection)?;
    Ok(marked > 0)
}
