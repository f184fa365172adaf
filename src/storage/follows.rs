//! Who follows whom.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::domain::{
    Acquaintance, ActorId, ActorState, Approval, DeliveryId, Follow, FollowState, Host, Timestamp,
    Uri,
};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::actors::ActorRow;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::schema::{accounts, actors, deliveries, follows};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = follows)]
pub(super) struct FollowRow {
    follower_id: i64,
    followed_id: i64,
    state: String,
    uri: String,
    since: i64,
}

impl From<&Follow> for FollowRow {
    fn from(follow: &Follow) -> Self {
        Self {
            follower_id: follow.follower.0,
            followed_id: follow.followed.0,
            state: follow.state.to_string(),
            uri: follow.uri.to_string(),
            since: follow.since.micros(),
        }
    }
}

impl TryFrom<FollowRow> for Follow {
    type Error = crate::Error;

    fn try_from(row: FollowRow) -> Result<Self> {
        Ok(Self {
            follower: ActorId(row.follower_id),
            followed: ActorId(row.followed_id),
            state: read(&row.state)?,
            uri: read(&row.uri)?,
            since: Timestamp::from_micros(row.since),
        })
    }
}

/// Writes a follow, new or changed. Callers asked policy for what changes in it.
pub fn save(connection: &mut Connection, follow: &Follow) -> Result<()> {
    let row = FollowRow::from(follow);
    on_backend!(connection, |inner| diesel::insert_into(follows::table)
        .values(&row)
        .on_conflict((follows::follower_id, follows::followed_id))
        .do_update()
        .set(&row)
        .execute(inner))?;
    Ok(())
}

pub fn remove(connection: &mut Connection, follower: ActorId, followed: ActorId) -> Result<()> {
    diesel::delete(follows::table.find((follower.0, followed.0))).execute(connection)?;
    Ok(())
}

/// Removes everything that somebody follows and everybody who follows them; how many.
pub fn remove_of_actor(connection: &mut Connection, actor: ActorId) -> Result<usize> {
    let theirs = follows::table.filter(
        follows::follower_id
            .eq(actor.0)
            .or(follows::followed_id.eq(actor.0)),
    );
    Ok(diesel::delete(theirs).execute(connection)?)
}

/// Removes the requests that were asked with one of these deliveries.
pub fn remove_requests(connection: &mut Connection, sent: &[DeliveryId]) -> Result<usize> {
    let ids = sent.iter().map(|delivery| delivery.0);
    let asked = deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .select(deliveries::activity_uri);
    let requests = follows::table
        .filter(follows::state.eq(FollowState::Requested.as_str()))
        .filter(follows::uri.eq_any(asked));
    Ok(diesel::delete(requests).execute(connection)?)
}

pub fn find(
    connection: &mut Connection,
    follower: ActorId,
    followed: ActorId,
) -> Result<Option<Follow>> {
    let row = find_one!(
        connection,
        follows::table
            .find((follower.0, followed.0))
            .select(FollowRow::as_select())
    )?;
    row.map(Follow::try_from).transpose()
}

/// The follow of somebody that was asked for by a Follow with this id.
pub fn find_by_uri(
    connection: &mut Connection,
    followed: ActorId,
    uri: &Uri,
) -> Result<Option<Follow>> {
    let row: Option<FollowRow> = follows::table
        .filter(follows::followed_id.eq(followed.0))
        .filter(follows::uri.eq(uri.as_str()))
        .select(FollowRow::as_select())
        .first(connection)
        .optional()?;
    row.map(Follow::try_from).transpose()
}

/// Whether one follows the other and was let in.
pub fn is_following(
    connection: &mut Connection,
    follower: ActorId,
    followed: ActorId,
) -> Result<bool> {
    let follow = find(connection, follower, followed)?;
    Ok(follow.is_some_and(|follow| follow.state == FollowState::Accepted))
}

/// Whether somebody of `host` (none: of this house) follows them and was let in. Who is quarantined or
/// shut out does not count.
pub fn any_follower_on_host(
    connection: &mut Connection,
    followed: ActorId,
    host: Option<&Host>,
) -> Result<bool> {
    let some = follows::table
        .inner_join(actors::table.on(actors::id.eq(follows::follower_id)))
        .filter(follows::followed_id.eq(followed.0))
        .filter(follows::state.eq(FollowState::Accepted.as_str()))
        .filter(actors::state.eq(ActorState::Active.as_str()))
        .filter(actors::host.eq(host.map_or("", Host::as_str)));
    Ok(diesel::select(exists(some)).get_result(connection)?)
}

/// How many follow somebody, or asked to.
pub fn count_followers(
    connection: &mut Connection,
    followed: ActorId,
    state: FollowState,
) -> Result<i64> {
    Ok(follows::table
        .filter(follows::followed_id.eq(followed.0))
        .filter(follows::state.eq(state.as_str()))
        .count()
        .get_result(connection)?)
}

/// Whether somebody of this house follows anybody of `host`, is followed or was asked by them.
pub fn connects(connection: &mut Connection, person: ActorId, host: &Host) -> Result<bool> {
    let there = actors::host.eq(host.as_str());
    let follows_there = follows::table
        .inner_join(actors::table.on(actors::id.eq(follows::followed_id)))
        .filter(follows::follower_id.eq(person.0))
        .filter(there);
    let followed_there = follows::table
        .inner_join(actors::table.on(actors::id.eq(follows::follower_id)))
        .filter(follows::followed_id.eq(person.0))
        .filter(there);
    let either = exists(follows_there).or(exists(followed_there));
    Ok(diesel::select(either).get_result(connection)?)
}

/// One line per server with followers that were let in: the server and an inbox that reaches it.
pub fn list_follower_hosts(
    connection: &mut Connection,
    followed: ActorId,
) -> Result<Vec<(Host, Uri)>> {
    let rows: Vec<(String, Option<String>, Option<String>)> = follows::table
        .inner_join(actors::table.on(actors::id.eq(follows::follower_id)))
        .filter(follows::followed_id.eq(followed.0))
        .filter(follows::state.eq(FollowState::Accepted.as_str()))
        .filter(actors::host.ne(""))
        .filter(actors::state.eq(ActorState::Active.as_str()))
        .group_by(actors::host)
        .order(actors::host)
        .select((
            actors::host,
            diesel::dsl::min(actors::shared_inbox),
            diesel::dsl::min(actors::inbox),
        ))
        .load(connection)?;
    rows.into_iter()
        .filter_map(|(host, shared, own)| Some((host, shared.or(own)?)))
        .map(|(host, inbox)| Ok((read(&host)?, read(&inbox)?)))
        .collect()
}

/// The people of a server who follow somebody and were let in.
pub fn list_followers_on(
    connection: &mut Connection,
    followed: ActorId,
    host: &Host,
) -> Result<Vec<Uri>> {
    let uris: Vec<String> = follows::table
        .inner_join(actors::table.on(actors::id.eq(follows::follower_id)))
        .filter(follows::followed_id.eq(followed.0))
        .filter(follows::state.eq(FollowState::Accepted.as_str()))
        .filter(actors::host.eq(host.as_str()))
        .order(actors::id)
        .select(actors::uri)
        .load(connection)?;
    uris.iter().map(|uri| read(uri)).collect()
}

/// Which of the two is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who follows somebody.
    Followers,
    /// Whom somebody follows.
    Followed,
}

/// Everybody on one side of somebody, newest first, at most `most`.
pub fn list(
    connection: &mut Connection,
    person: ActorId,
    side: Side,
    state: FollowState,
    most: i64,
) -> Result<Vec<Acquaintance>> {
    macro_rules! others {
        ($own:expr, $other:expr) => {
            follows::table
                .inner_join(actors::table.on(actors::id.eq($other)))
                .filter($own.eq(person.0))
                .filter(follows::state.eq(state.as_str()))
                .order((follows::since.desc(), actors::id))
                .limit(most)
                .select((FollowRow::as_select(), ActorRow::as_select()))
                .load(connection)?
        };
    }
    let rows: Vec<(FollowRow, ActorRow)> = match side {
        Side::Followers => others!(follows::followed_id, follows::follower_id),
        Side::Followed => others!(follows::follower_id, follows::followed_id),
    };
    rows.into_iter()
        .map(|(follow, actor)| {
            Ok(Acquaintance {
                follow: follow.try_into()?,
                actor: actor.try_into()?,
            })
        })
        .collect()
}

/// Who outside may follow somebody of this house; none: they have no account here.
pub fn find_approval(connection: &mut Connection, person: ActorId) -> Result<Option<Approval>> {
    let chosen: Option<String> = find_one!(
        connection,
        accounts::table.find(person.0).select(accounts::followers)
    )?;
    chosen.map(|chosen| read(&chosen)).transpose()
}

pub fn set_approval(
    connection: &mut Connection,
    person: ActorId,
    approval: Approval,
) -> Result<()> {
    diesel::update(accounts::table.find(person.0))
        .set(accounts::followers.eq(approval.as_str()))
        .execute(connection)?;
    Ok(())
}
