//! Accounts of this house.

use diesel::prelude::*;

use crate::domain::{Account, Actor, ActorId, EmailAddress, Handle, OrgRole, Timestamp};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::actors::ActorRow;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::error::read;
use crate::storage::schema::{accounts, actors, mirrored_people, sessions, tokens};

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
struct AccountRow {
    email: String,
    role: String,
    disabled_at: Option<i64>,
}

fn account_from((row, actor): (AccountRow, ActorRow)) -> Result<Account> {
    Ok(Account {
        actor: Actor::try_from(actor)?,
        email: read(&row.email)?,
        role: read(&row.role)?,
        disabled: row.disabled_at.is_some(),
    })
}

/// Makes an actor that exists already an account.
pub fn insert(
    connection: &mut Connection,
    _permit: &Permit<act::ManageAccounts>,
    actor: Actor,
    email: EmailAddress,
    role: OrgRole,
    password_hash: Option<&str>,
    now: Timestamp,
) -> Result<Account> {
    diesel::insert_into(accounts::table)
        .values((
            accounts::actor_id.eq(actor.id.0),
            accounts::email.eq(email.as_str().to_lowercase()),
            accounts::role.eq(role.as_str()),
            accounts::password_hash.eq(password_hash),
            accounts::created_at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(Account {
        actor,
        email,
        role,
        disabled: false,
    })
}

pub fn find(connection: &mut Connection, actor: ActorId) -> Result<Option<Account>> {
    let row = find_one!(
        connection,
        accounts::table
            .inner_join(actors::table)
            .filter(accounts::actor_id.eq(actor.0))
            .select((AccountRow::as_select(), ActorRow::as_select()))
    )?;
    row.map(account_from).transpose()
}

pub fn find_by_name(connection: &mut Connection, name: &str) -> Result<Option<Account>> {
    let handle = Handle {
        name: name.to_owned(),
        host: None,
    };
    let row = find_one!(
        connection,
        accounts::table
            .inner_join(actors::table)
            .filter(actors::name.eq(&handle.name).and(actors::host.eq("")))
            .select((AccountRow::as_select(), ActorRow::as_select()))
    )?;
    row.map(account_from).transpose()
}

pub fn find_by_email(connection: &mut Connection, email: &str) -> Result<Option<Account>> {
    let row = find_one!(
        connection,
        accounts::table
            .inner_join(actors::table)
            .filter(accounts::email.eq(email.to_lowercase()))
            .select((AccountRow::as_select(), ActorRow::as_select()))
    )?;
    row.map(account_from).transpose()
}

pub fn find_password_hash(connection: &mut Connection, actor: ActorId) -> Result<Option<String>> {
    let hash: Option<Option<String>> = find_one!(
        connection,
        accounts::table
            .find(actor.0)
            .select(accounts::password_hash)
    )?;
    Ok(hash.flatten())
}

pub fn set_password_hash(connection: &mut Connection, actor: ActorId, hash: &str) -> Result<()> {
    diesel::update(accounts::table.find(actor.0))
        .set(accounts::password_hash.eq(Some(hash)))
        .execute(connection)?;
    Ok(())
}

pub fn set_disabled(
    connection: &mut Connection,
    _permit: &Permit<act::ManageAccounts>,
    actor: ActorId,
    disabled_at: Option<Timestamp>,
) -> Result<()> {
    diesel::update(accounts::table.find(actor.0))
        .set(accounts::disabled_at.eq(disabled_at.map(Timestamp::micros)))
        .execute(connection)?;
    Ok(())
}

/// Takes an account away, with everything that only its owner and administrators saw. Its actor
/// stays: the name is not to be had again, and posts and events point at it.
pub fn remove(
    connection: &mut Connection,
    _permit: &Permit<act::ManageAccounts>,
    actor: ActorId,
) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::actor_id.eq(actor.0))).execute(connection)?;
    diesel::delete(tokens::table.filter(tokens::actor_id.eq(actor.0))).execute(connection)?;
    diesel::delete(mirrored_people::table.find(actor.0)).execute(connection)?;
    diesel::delete(accounts::table.find(actor.0)).execute(connection)?;
    Ok(())
}

/// The administrators who can sign in, locked until the transaction ends: two of them disabling
/// each other at the same time must not both succeed.
pub fn lock_administrators(connection: &mut Connection) -> Result<Vec<ActorId>> {
    let query = accounts::table
        .filter(
            accounts::disabled_at
                .is_null()
                .and(accounts::role.eq(OrgRole::Admin.as_str())),
        )
        .order(accounts::actor_id)
        .select(accounts::actor_id);
    let ids: Vec<i64> = match connection {
        Connection::Postgres(inner) => query.for_update().load(inner)?,
        // SQLite has one writer at a time.
        Connection::Sqlite(inner) => query.load(inner)?,
    };
    Ok(ids.into_iter().map(ActorId).collect())
}

/// All accounts by name.
pub fn list(connection: &mut Connection) -> Result<Vec<Account>> {
    let rows: Vec<(AccountRow, ActorRow)> = accounts::table
        .inner_join(actors::table)
        .order(actors::name)
        .select((AccountRow::as_select(), ActorRow::as_select()))
        .load(connection)?;
    rows.into_iter().map(account_from).collect()
}

/// Which of these people are guests.
pub fn list_guests(connection: &mut Connection, among: &[ActorId]) -> Result<Vec<ActorId>> {
    let numbers: Vec<i64> = among.iter().map(|id| id.0).collect();
    let ids: Vec<i64> = accounts::table
        .filter(accounts::actor_id.among(numbers))
        .filter(accounts::role.eq(OrgRole::Guest.as_str()))
        .select(accounts::actor_id)
        .load(connection)?;
    Ok(ids.into_iter().map(ActorId).collect())
}

/// How many accounts are in use: the number of colleagues who read open groups.
pub fn count_active(connection: &mut Connection) -> Result<i64> {
    Ok(accounts::table
        .filter(
            accounts::disabled_at
                .is_null()
                .and(accounts::role.ne(OrgRole::Guest.as_str())),
        )
        .count()
        .get_result(connection)?)
}
