//! Signed-in browsers. Only hashes of their secrets are stored.

use diesel::prelude::*;

use crate::domain::{ActorId, SessionId, Timestamp};
use crate::error::Result;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::schema::{accounts, sessions};
use crate::storage::{Connection, ids};

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub actor: ActorId,
    /// The browser's own description of itself.
    pub agent: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
}

type Row = (i64, i64, String, i64, i64, i64);

const COLUMNS: (
    sessions::id,
    sessions::actor_id,
    sessions::agent,
    sessions::created_at,
    sessions::seen_at,
    sessions::expires_at,
) = (
    sessions::id,
    sessions::actor_id,
    sessions::agent,
    sessions::created_at,
    sessions::seen_at,
    sessions::expires_at,
);

fn session_from((id, actor, agent, created, seen, expires): Row) -> Session {
    Session {
        id: SessionId(id),
        actor: ActorId(actor),
        agent,
        created_at: Timestamp::from_micros(created),
        seen_at: Timestamp::from_micros(seen),
        expires_at: Timestamp::from_micros(expires),
    }
}

pub fn insert(
    connection: &mut Connection,
    actor: ActorId,
    token_hash: &str,
    agent: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<SessionId> {
    let id = ids::next(now);
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::token_hash.eq(token_hash),
            sessions::actor_id.eq(actor.0),
            sessions::agent.eq(agent),
            sessions::created_at.eq(now.micros()),
            sessions::seen_at.eq(now.micros()),
            sessions::expires_at.eq(expires_at.micros()),
        ))
        .execute(connection)?;
    Ok(SessionId(id))
}

/// The session of a secret, while it lasts and its account is enabled.
pub fn find_valid(
    connection: &mut Connection,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<Session>> {
    let row: Option<Row> = find_one!(
        connection,
        sessions::table
            .inner_join(accounts::table)
            .filter(
                sessions::token_hash
                    .eq(token_hash)
                    .and(sessions::expires_at.gt(now.micros())),
            )
            .filter(accounts::disabled_at.is_null())
            .select(COLUMNS)
    )?;
    Ok(row.map(session_from))
}

pub fn touch(connection: &mut Connection, id: SessionId, now: Timestamp) -> Result<()> {
    diesel::update(sessions::table.find(id.0))
        .set(sessions::seen_at.eq(now.micros()))
        .execute(connection)?;
    Ok(())
}

pub fn list(connection: &mut Connection, actor: ActorId, now: Timestamp) -> Result<Vec<Session>> {
    let rows: Vec<Row> = sessions::table
        .filter(
            sessions::actor_id
                .eq(actor.0)
                .and(sessions::expires_at.gt(now.micros())),
        )
        .order(sessions::seen_at.desc())
        .select(COLUMNS)
        .load(connection)?;
    Ok(rows.into_iter().map(session_from).collect())
}

/// When each account that is signed in anywhere was last used.
pub fn list_last_seen(connection: &mut Connection) -> Result<Vec<(ActorId, Timestamp)>> {
    let rows: Vec<(i64, Option<i64>)> = sessions::table
        .group_by(sessions::actor_id)
        .select((sessions::actor_id, diesel::dsl::max(sessions::seen_at)))
        .load(connection)?;
    let seen =
        |(actor, at): (i64, Option<i64>)| Some((ActorId(actor), Timestamp::from_micros(at?)));
    Ok(rows.into_iter().filter_map(seen).collect())
}

/// Ends one session of an account.
pub fn remove(connection: &mut Connection, actor: ActorId, id: SessionId) -> Result<bool> {
    let own = sessions::table
        .find(id.0)
        .filter(sessions::actor_id.eq(actor.0));
    Ok(diesel::delete(own).execute(connection)? > 0)
}

/// Ends the session of a secret.
pub fn remove_by_hash(connection: &mut Connection, token_hash: &str) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::token_hash.eq(token_hash)))
        .execute(connection)?;
    Ok(())
}

/// Ends all sessions of an account but perhaps one.
pub fn remove_all(
    connection: &mut Connection,
    actor: ActorId,
    except: Option<SessionId>,
) -> Result<()> {
    let others = sessions::table.filter(
        sessions::actor_id
            .eq(actor.0)
            .and(sessions::id.ne(except.map_or(0, |session| session.0))),
    );
    diesel::delete(others).execute(connection)?;
    Ok(())
}

/// Forgets sessions that ran out, at most `most`; how many.
pub fn forget_expired(connection: &mut Connection, now: Timestamp, most: i64) -> Result<usize> {
    let expired: Vec<i64> = sessions::table
        .filter(sessions::expires_at.le(now.micros()))
        .limit(most)
        .select(sessions::id)
        .load(connection)?;
    Ok(diesel::delete(sessions::table.filter(sessions::id.among(expired))).execute(connection)?)
}
