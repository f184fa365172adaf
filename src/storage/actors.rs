//! Actors and their keys, ours and others'.

use diesel::dsl::not;
use diesel::prelude::*;

use crate::domain::{
    Actor, ActorId, ActorKey, ActorKind, ActorState, Handle, Host, KeyList, Timestamp, Uri,
};
use crate::error::Result;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{actor_documents, actor_keys, actors, key_pool};
use crate::storage::{Connection, ids};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = actors, treat_none_as_default_value = false)]
pub(super) struct ActorRow {
    pub id: i64,
    kind: String,
    state: String,
    name: String,
    host: String,
    uri: String,
    url: String,
    display_name: String,
    summary: String,
    inbox: String,
    shared_inbox: Option<String>,
    followers: Option<String>,
    outbox: Option<String>,
    created_at: i64,
    fetched_at: Option<i64>,
}

impl From<&Actor> for ActorRow {
    fn from(actor: &Actor) -> Self {
        Self {
            id: actor.id.0,
            kind: actor.kind.to_string(),
            state: actor.state.to_string(),
            name: actor.name.clone(),
            host: host_text(actor.host.as_ref()).to_owned(),
            uri: actor.uri.to_string(),
            url: actor.url.clone(),
            display_name: actor.display_name.clone(),
            summary: actor.summary.clone(),
            inbox: actor.inbox.to_string(),
            shared_inbox: actor.shared_inbox.as_ref().map(Uri::to_string),
            followers: actor.followers.as_ref().map(Uri::to_string),
            outbox: actor.outbox.as_ref().map(Uri::to_string),
            created_at: actor.created_at.micros(),
            fetched_at: actor.fetched_at.map(Timestamp::micros),
        }
    }
}

impl TryFrom<ActorRow> for Actor {
    type Error = crate::Error;

    fn try_from(row: ActorRow) -> Result<Self> {
        Ok(Self {
            id: ActorId(row.id),
            kind: read(&row.kind)?,
            state: read(&row.state)?,
            name: row.name,
            host: if row.host.is_empty() {
                None
            } else {
                Some(read(&row.host)?)
            },
            uri: read(&row.uri)?,
            url: row.url,
            display_name: row.display_name,
            summary: row.summary,
            inbox: read(&row.inbox)?,
            shared_inbox: read_optional(row.shared_inbox.as_deref())?,
            followers: read_optional(row.followers.as_deref())?,
            outbox: read_optional(row.outbox.as_deref())?,
            created_at: Timestamp::from_micros(row.created_at),
            fetched_at: row.fetched_at.map(Timestamp::from_micros),
        })
    }
}

/// Hosts as columns have them: empty for this house.
pub(super) fn host_text(host: Option<&Host>) -> &str {
    host.map_or("", Host::as_str)
}

/// An actor before it has an id.
#[derive(Clone, Debug)]
pub struct NewActor {
    pub kind: ActorKind,
    pub name: String,
    pub host: Option<Host>,
    pub uri: Uri,
    pub url: String,
    pub display_name: String,
    pub summary: String,
    pub inbox: Uri,
    pub shared_inbox: Option<Uri>,
    pub followers: Option<Uri>,
    pub outbox: Option<Uri>,
}

pub fn insert(connection: &mut Connection, new: NewActor, now: Timestamp) -> Result<Actor> {
    let actor = Actor {
        id: ActorId(ids::next(now)),
        kind: new.kind,
        state: ActorState::Active,
        name: new.name,
        fetched_at: new.host.is_some().then_some(now),
        host: new.host,
        uri: new.uri,
        url: new.url,
        display_name: new.display_name,
        summary: new.summary,
        inbox: new.inbox,
        shared_inbox: new.shared_inbox,
        followers: new.followers,
        outbox: new.outbox,
        created_at: now,
    };
    diesel::insert_into(actors::table)
        .values(&ActorRow::from(&actor))
        .execute(connection)?;
    Ok(actor)
}

/// Writes what an actor's document says now. Id, URI, host and state stay.
pub fn update(
    connection: &mut Connection,
    id: ActorId,
    new: &NewActor,
    now: Timestamp,
) -> Result<()> {
    diesel::update(actors::table.find(id.0))
        .set((
            actors::name.eq(&new.name),
            actors::url.eq(&new.url),
            actors::display_name.eq(&new.display_name),
            actors::summary.eq(&new.summary),
            actors::inbox.eq(new.inbox.as_str()),
            actors::shared_inbox.eq(new.shared_inbox.as_ref().map(Uri::as_str)),
            actors::followers.eq(new.followers.as_ref().map(Uri::as_str)),
            actors::outbox.eq(new.outbox.as_ref().map(Uri::as_str)),
            actors::fetched_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn set_state(connection: &mut Connection, id: ActorId, state: ActorState) -> Result<()> {
    diesel::update(actors::table.find(id.0))
        .set(actors::state.eq(state.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Changes what people see of an actor of this house.
pub fn set_profile(
    connection: &mut Connection,
    id: ActorId,
    display_name: &str,
    summary: &str,
) -> Result<()> {
    diesel::update(actors::table.find(id.0))
        .set((
            actors::display_name.eq(display_name),
            actors::summary.eq(summary),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, id: ActorId) -> Result<Option<Actor>> {
    let row = find_one!(
        connection,
        actors::table.find(id.0).select(ActorRow::as_select())
    )?;
    row.map(Actor::try_from).transpose()
}

pub fn find_by_uri(connection: &mut Connection, uri: &Uri) -> Result<Option<Actor>> {
    let row = find_one!(
        connection,
        actors::table
            .filter(actors::uri.eq(uri.as_str()))
            .select(ActorRow::as_select())
    )?;
    row.map(Actor::try_from).transpose()
}

pub fn find_by_handle(connection: &mut Connection, handle: &Handle) -> Result<Option<Actor>> {
    let row = find_one!(
        connection,
        actors::table
            .filter(
                actors::name
                    .eq(&handle.name)
                    .and(actors::host.eq(host_text(handle.host.as_ref()))),
            )
            .select(ActorRow::as_select())
    )?;
    row.map(Actor::try_from).transpose()
}

#[derive(QueryableByName)]
struct AcquaintedRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    host: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    inbox: String,
}

/// One line per server that has met a person of this house, and an inbox that reaches it: where a
/// group lives that they joined, where a member is of a group they are in or wrote in, and where
/// somebody is whom they follow or who follows them.
pub fn list_acquainted_hosts(
    connection: &mut Connection,
    person: ActorId,
) -> Result<Vec<(Host, Uri)>> {
    let text = "SELECT a.host AS host, COALESCE(MIN(a.shared_inbox), MIN(a.inbox)) AS inbox FROM actors a \
                WHERE a.host <> '' AND a.state = 'active' AND (\
                a.id IN (SELECT m.group_id FROM memberships m WHERE m.actor_id = $1 AND m.state <> 'banned') \
                OR a.id IN (SELECT w.group_id FROM posts w WHERE w.author_id = $1 AND w.audience = 'group') \
                OR a.id IN (SELECT o.actor_id FROM memberships o WHERE o.state = 'member' AND o.group_id IN (\
                SELECT m.group_id FROM memberships m WHERE m.actor_id = $1 AND m.state = 'member' \
                UNION SELECT p.group_id FROM posts p WHERE p.author_id = $1 AND p.audience = 'group')) \
                OR a.id IN (SELECT f.follower_id FROM follows f WHERE f.followed_id = $1) \
                OR a.id IN (SELECT f.followed_id FROM follows f WHERE f.follower_id = $1)) \
                GROUP BY a.host ORDER BY a.host";
    let rows: Vec<AcquaintedRow> = diesel::sql_query(text)
        .bind::<diesel::sql_types::BigInt, _>(person.0)
        .load(connection)?;
    rows.into_iter()
        .map(|row| Ok((read(&row.host)?, read(&row.inbox)?)))
        .collect()
}

/// Whether it is an actor of this house.
pub fn is_local(connection: &mut Connection, id: ActorId) -> Result<bool> {
    let host: Option<String> =
        find_one!(connection, actors::table.find(id.0).select(actors::host))?;
    Ok(host.is_some_and(|host| host.is_empty()))
}

/// The actors with these ids, in no order.
pub fn list_by_ids(connection: &mut Connection, ids: &[ActorId]) -> Result<Vec<Actor>> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = actors::table
        .filter(actors::id.among(numbers))
        .select(ActorRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Actor::try_from).collect()
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = actor_keys)]
struct KeyRow {
    uri: String,
    actor_id: i64,
    public_pem: String,
    private_pem: Option<String>,
    created_at: i64,
    list: String,
    expires_at: Option<i64>,
}

impl TryFrom<KeyRow> for ActorKey {
    type Error = crate::Error;

    fn try_from(row: KeyRow) -> Result<Self> {
        Ok(Self {
            actor: ActorId(row.actor_id),
            uri: read(&row.uri)?,
            list: read(&row.list)?,
            public_pem: row.public_pem,
            private_pem: row.private_pem,
            expires_at: row.expires_at.map(Timestamp::from_micros),
        })
    }
}

pub fn insert_key(connection: &mut Connection, key: &ActorKey, now: Timestamp) -> Result<()> {
    let row = KeyRow {
        uri: key.uri.to_string(),
        actor_id: key.actor.0,
        public_pem: key.public_pem.clone(),
        private_pem: key.private_pem.clone(),
        created_at: now.micros(),
        list: key.list.to_string(),
        expires_at: key.expires_at.map(Timestamp::micros),
    };
    diesel::insert_into(actor_keys::table)
        .values(row)
        .execute(connection)?;
    Ok(())
}

/// Makes `keys` the only keys of an actor elsewhere: a key its document no longer lists is no key.
pub fn replace_keys(
    connection: &mut Connection,
    actor: ActorId,
    keys: &[ActorKey],
    now: Timestamp,
) -> Result<()> {
    diesel::delete(actor_keys::table.filter(actor_keys::actor_id.eq(actor.0)))
        .execute(connection)?;
    for key in keys {
        insert_key(connection, key, now)?;
    }
    Ok(())
}

/// The key that a signature names.
pub fn find_key(connection: &mut Connection, uri: &Uri) -> Result<Option<ActorKey>> {
    let row = find_one!(
        connection,
        actor_keys::table
            .find(uri.as_str())
            .select(KeyRow::as_select())
    )?;
    row.map(ActorKey::try_from).transpose()
}

/// The newest key of an actor in its `publicKey`.
pub fn find_key_of(connection: &mut Connection, actor: ActorId) -> Result<Option<ActorKey>> {
    let row = find_one!(
        connection,
        actor_keys::table
            .filter(actor_keys::actor_id.eq(actor.0))
            .filter(actor_keys::list.eq(KeyList::PublicKey.as_str()))
            .filter(actor_keys::expires_at.is_null())
            .order(actor_keys::created_at.desc())
            .select(KeyRow::as_select())
    )?;
    row.map(ActorKey::try_from).transpose()
}

/// All keys of an actor, newest first.
pub fn list_keys_of(connection: &mut Connection, actor: ActorId) -> Result<Vec<ActorKey>> {
    let rows = actor_keys::table
        .filter(actor_keys::actor_id.eq(actor.0))
        .order((actor_keys::created_at.desc(), actor_keys::uri))
        .select(KeyRow::as_select())
        .load(connection)?;
    rows.into_iter().map(ActorKey::try_from).collect()
}

/// Actors of this house that have no key of a list yet, at most `most`.
pub fn list_local_without_key(
    connection: &mut Connection,
    list: KeyList,
    most: i64,
) -> Result<Vec<Actor>> {
    let having = actor_keys::table
        .filter(actor_keys::list.eq(list.as_str()))
        .select(actor_keys::actor_id);
    let rows = actors::table
        .filter(actors::host.eq(host_text(None)))
        .filter(actors::state.ne(ActorState::Deleted.as_str()))
        .filter(actors::id.ne_all(having))
        .order(actors::id)
        .limit(most)
        .select(ActorRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Actor::try_from).collect()
}

/// The private keys of an actor of this house, newest first, and when each was made.
pub fn list_private_keys(
    connection: &mut Connection,
    actor: ActorId,
) -> Result<Vec<(ActorKey, Timestamp)>> {
    let rows: Vec<KeyRow> = actor_keys::table
        .filter(actor_keys::actor_id.eq(actor.0))
        .filter(actor_keys::private_pem.is_not_null())
        .order((actor_keys::created_at.desc(), actor_keys::uri))
        .select(KeyRow::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let made_at = Timestamp::from_micros(row.created_at);
            Ok((ActorKey::try_from(row)?, made_at))
        })
        .collect()
}

/// Forgets the private halves of keys that end before `before`, but not of those by which the server itself
/// introduces its new ones.
pub fn forget_private_keys(connection: &mut Connection, before: Timestamp) -> Result<usize> {
    let replaced = actor_keys::expires_at.lt(Some(before.micros()));
    let server = actors::table
        .filter(actors::host.eq(host_text(None)))
        .filter(actors::kind.eq(ActorKind::Service.as_str()))
        .select(actors::id);
    let introduces = actor_keys::list
        .eq(KeyList::AssertionMethod.as_str())
        .and(actor_keys::actor_id.eq_any(server));
    Ok(
        diesel::update(actor_keys::table.filter(replaced).filter(not(introduces)))
            .set(actor_keys::private_pem.eq(None::<String>))
            .execute(connection)?,
    )
}

/// Whether an actor of this house was given a key pair at `since` or later.
pub fn has_rsa_key_since(
    connection: &mut Connection,
    actor: ActorId,
    since: Timestamp,
) -> Result<bool> {
    let newer = actor_keys::table
        .filter(actor_keys::actor_id.eq(actor.0))
        .filter(actor_keys::list.eq(KeyList::PublicKey.as_str()))
        .filter(actor_keys::created_at.ge(since.micros()));
    Ok(newer.count().get_result::<i64>(connection)? > 0)
}

/// Ends the keys that an actor of this house has: they are published until `until`.
pub fn retire_keys(connection: &mut Connection, actor: ActorId, until: Timestamp) -> Result<()> {
    diesel::update(
        actor_keys::table
            .filter(actor_keys::actor_id.eq(actor.0))
            .filter(actor_keys::expires_at.is_null()),
    )
    .set(actor_keys::expires_at.eq(Some(until.micros())))
    .execute(connection)?;
    Ok(())
}

/// Of an actor's keys that were replaced, forgets all but the newest `kept`.
pub fn drop_retired_keys(connection: &mut Connection, actor: ActorId, kept: usize) -> Result<()> {
    let retired: Vec<String> = actor_keys::table
        .filter(actor_keys::actor_id.eq(actor.0))
        .filter(actor_keys::expires_at.is_not_null())
        .order((actor_keys::created_at.desc(), actor_keys::uri))
        .select(actor_keys::uri)
        .load(connection)?;
    let old: Vec<&String> = retired.iter().skip(kept).collect();
    diesel::delete(actor_keys::table.filter(actor_keys::uri.among(old))).execute(connection)?;
    Ok(())
}

/// Forgets keys that prove nothing any more; how many.
pub fn prune_keys(connection: &mut Connection, now: Timestamp) -> Result<usize> {
    let over = actor_keys::expires_at.le(Some(now.micros()));
    Ok(diesel::delete(actor_keys::table.filter(over)).execute(connection)?)
}

/// Everybody and everything of this house that is not gone.
pub fn list_local(connection: &mut Connection) -> Result<Vec<Actor>> {
    let rows = actors::table
        .filter(actors::host.eq(host_text(None)))
        .filter(actors::state.ne(ActorState::Deleted.as_str()))
        .order(actors::id)
        .select(ActorRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Actor::try_from).collect()
}

/// An inbox of a server: that of all where an actor there has one.
pub fn find_inbox_at(connection: &mut Connection, host: &Host) -> Result<Option<Uri>> {
    let row: Option<(Option<String>, String)> = actors::table
        .filter(actors::host.eq(host.as_str()))
        .filter(actors::state.eq(ActorState::Active.as_str()))
        .order((actors::shared_inbox.is_null(), actors::id))
        .select((actors::shared_inbox, actors::inbox))
        .first(connection)
        .optional()?;
    row.map(|(shared, own)| read(&shared.unwrap_or(own)))
        .transpose()
}

/// The document of an actor elsewhere as its server signed it, and when it did.
pub fn find_document(
    connection: &mut Connection,
    actor: ActorId,
) -> Result<Option<(String, Timestamp)>> {
    let row: Option<(String, i64)> = find_one!(
        connection,
        actor_documents::table
            .find(actor.0)
            .select((actor_documents::body, actor_documents::signed_at))
    )?;
    Ok(row.map(|(body, at)| (body, Timestamp::from_micros(at))))
}

/// Keeps the signed document of an actor elsewhere, in place of an earlier one.
pub fn save_document(
    connection: &mut Connection,
    actor: ActorId,
    body: &str,
    signed_at: Timestamp,
) -> Result<()> {
    let change = (
        actor_documents::body.eq(body),
        actor_documents::signed_at.eq(signed_at.micros()),
    );
    on_backend!(connection, |inner| diesel::insert_into(
        actor_documents::table
    )
    .values((actor_documents::actor_id.eq(actor.0), change))
    .on_conflict(actor_documents::actor_id)
    .do_update()
    .set(change)
    .execute(inner))?;
    Ok(())
}

/// Puts a key pair that was made ahead into the pool.
pub fn add_spare_key(
    connection: &mut Connection,
    private_pem: &str,
    public_pem: &str,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(key_pool::table)
        .values((
            key_pool::id.eq(ids::next(now)),
            key_pool::private_pem.eq(private_pem),
            key_pool::public_pem.eq(public_pem),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn count_spare_keys(connection: &mut Connection) -> Result<i64> {
    Ok(key_pool::table.count().get_result(connection)?)
}

/// Takes a key pair `(private, public)` out of the pool. Two takers never get the same.
pub fn take_spare_key(connection: &mut Connection) -> Result<Option<(String, String)>> {
    let ids: Vec<i64> = key_pool::table
        .select(key_pool::id)
        .order(key_pool::id)
        .limit(8)
        .load(connection)?;
    for id in ids {
        let taken = on_backend!(connection, |inner| diesel::delete(key_pool::table.find(id))
            .returning((key_pool::private_pem, key_pool::public_pem))
            .get_result::<(String, String)>(inner)
            .optional())?;
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}
