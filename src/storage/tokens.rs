//! Access tokens of clients. Only hashes are stored.

use diesel::prelude::*;

use crate::domain::{ActorId, Timestamp, TokenId};
use crate::error::Result;
use crate::storage::connection::find_one;
use crate::storage::schema::{accounts, tokens};
use crate::storage::{Connection, ids};

/// What a client may do in somebody's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub actor: ActorId,
    pub client: String,
    /// Words of OAuth scopes, separated by spaces.
    pub scopes: String,
    pub created_at: Timestamp,
}

type Row = (i64, i64, String, String, i64);

fn token_from((id, actor, client, scopes, created): Row) -> Token {
    Token {
        id: TokenId(id),
        actor: ActorId(actor),
        client,
        scopes,
        created_at: Timestamp::from_micros(created),
    }
}

pub fn insert(
    connection: &mut Connection,
    actor: ActorId,
    token_hash: &str,
    client: &str,
    scopes: &str,
    now: Timestamp,
) -> Result<TokenId> {
    let id = ids::next(now);
    diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(id),
            tokens::token_hash.eq(token_hash),
            tokens::actor_id.eq(actor.0),
            tokens::client.eq(client),
            tokens::scopes.eq(scopes),
            tokens::created_at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(TokenId(id))
}

/// The token of a secret, unless it was revoked or its account is disabled.
pub fn find_valid(connection: &mut Connection, token_hash: &str) -> Result<Option<Token>> {
    let row: Option<Row> = find_one!(
        connection,
        tokens::table
            .inner_join(accounts::table)
            .filter(
                tokens::token_hash
                    .eq(token_hash)
                    .and(tokens::revoked_at.is_null()),
            )
            .filter(accounts::disabled_at.is_null())
            .select((
                tokens::id,
                tokens::actor_id,
                tokens::client,
                tokens::scopes,
                tokens::created_at,
            ))
    )?;
    Ok(row.map(token_from))
}

/// A token by its number, unless it was revoked or its account is disabled.
pub fn find_by_id(connection: &mut Connection, id: TokenId) -> Result<Option<Token>> {
    let row: Option<Row> = find_one!(
        connection,
        tokens::table
            .inner_join(accounts::table)
            .filter(tokens::id.eq(id.0).and(tokens::revoked_at.is_null()))
            .filter(accounts::disabled_at.is_null())
            .select((
                tokens::id,
                tokens::actor_id,
                tokens::client,
                tokens::scopes,
                tokens::created_at,
            ))
    )?;
    Ok(row.map(token_from))
}

pub fn list(connection: &mut Connection, actor: ActorId) -> Result<Vec<Token>> {
    let rows: Vec<Row> = tokens::table
        .filter(
            tokens::actor_id
                .eq(actor.0)
                .and(tokens::revoked_at.is_null()),
        )
        .order(tokens::id.desc())
        .select((
            tokens::id,
            tokens::actor_id,
            tokens::client,
            tokens::scopes,
            tokens::created_at,
        ))
        .load(connection)?;
    Ok(rows.into_iter().map(token_from).collect())
}

/// Revokes one token of an account.
pub fn revoke(
    connection: &mut Connection,
    actor: ActorId,
    id: TokenId,
    now: Timestamp,
) -> Result<bool> {
    let own = tokens::table.find(id.0).filter(
        tokens::actor_id
            .eq(actor.0)
            .and(tokens::revoked_at.is_null()),
    );
    Ok(diesel::update(own)
        .set(tokens::revoked_at.eq(Some(now.micros())))
        .execute(connection)?
        > 0)
}

/// Revokes all tokens of an account.
pub fn revoke_all(connection: &mut Connection, actor: ActorId, now: Timestamp) -> Result<()> {
    let open = tokens::table.filter(
        tokens::actor_id
            .eq(actor.0)
            .and(tokens::revoked_at.is_null()),
    );
    diesel::update(open)
        .set(tokens::revoked_at.eq(Some(now.micros())))
        .execute(connection)?;
    Ok(())
}
