//! People, groups and servers elsewhere, as their documents describe them. The documents were
//! fetched and checked by `federation`; here is what they may change.

use crate::app::{App, Asker};
use crate::domain::{
    Access, Actor, ActorId, ActorKey, ActorKind, ActorState, Evidence, GroupDialect, Handle, Host,
    KeyList, Learned, Peer, SignatureChoice, Stage, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer};
use crate::services::partners::pins;
use crate::services::{dialects, peers, polls, posts};
use crate::storage::{self, Connection};

pub use crate::storage::actors::NewActor;
pub use crate::storage::groups::RemoteWays;

/// Most keys one actor may have.
const KEYS_MAX: usize = 16;

/// A key that an actor says is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedKey {
    pub uri: Uri,
    pub list: KeyList,
    pub public_pem: String,
    pub expires_at: Option<Timestamp>,
}

/// An actor as its own server describes it.
#[derive(Clone, Debug)]
pub struct ReceivedActor {
    pub new: NewActor,
    pub keys: Vec<ReceivedKey>,
    /// Who may read and join, where a group says so in our words.
    pub access: Option<Access>,
    /// Who wants to follow or join waits for an answer.
    pub approves: bool,
    /// A group that can be read and not written in, where it says so in our words.
    pub archived: bool,
    /// Where a group that is not public gives out tokens for its members' servers (FEP-db0e).
    pub token_source: Option<Uri>,
    /// Where a group has its lists, and where it moved.
    pub ways: RemoteWays,
    /// How its software says that it accepts requests to be signed.
    pub signature: Option<SignatureChoice>,
    /// In which dialect its server takes part in groups, where the document tells.
    pub dialect: Option<(GroupDialect, Evidence)>,
    /// The document itself where its server signed it, and when.
    pub signed: Option<(String, Timestamp)>,
    /// Of a partner's server: which of the pinned keys introduced the keys of this document.
    pub introduced_by: Option<Uri>,
}

/// Remembers an actor elsewhere, after its document was fetched from its own server. A group among
/// them can be found and joined from then on.
///
/// # Errors
/// See [`save`]; [`Error::Invalid`] when it claims to be of this house; [`Error::Denied`] when it is a
/// partner's server with keys that are not pinned: the partnership is held then.
pub async fn remember(app: &App, received: ReceivedActor) -> Result<Actor> {
    if received.new.uri.host() == app.config.host() {
        return Err(Error::invalid("id", "is an address of this house"));
    }
    let now = app.clock.now();
    let host = received.new.uri.host().clone();
    let house = app.asker(Viewer::Server { host });
    let remembered = app
        .db
        .write("remember_actor", move |connection| {
            if !pins::admit(connection, &house, &received)? {
                return Ok(None);
            }
            let (access, stage) = walls(&received);
            let archived = received.archived;
            let host = received.new.uri.host();
            note_ways(connection, host, received.signature, received.dialect, now)?;
            let actor = save(connection, received.new, received.keys, now)?;
            if let Some((body, signed_at)) = received.signed {
                storage::actors::save_document(connection, actor.id, &body, signed_at)?;
            }
            if actor.kind == ActorKind::Group {
                save_group(connection, &actor, access, stage, now)?;
                let archived_at = archived.then_some(now);
                storage::groups::set_remote_archived(connection, actor.id.group(), archived_at)?;
                let source = received.token_source.as_ref();
                storage::groups::set_token_source(connection, actor.id.group(), source)?;
                storage::groups::set_remote_ways(connection, actor.id.group(), &received.ways)?;
            }
            Ok(Some(actor))
        })
        .await?;
    remembered.ok_or(Error::Denied(Reason::PartnershipPaused))
}

/// When the document of an actor that we know was signed by its server; none where it was not.
pub async fn signed_at(app: &App, uri: &Uri) -> Result<Option<Timestamp>> {
    let uri = uri.clone();
    app.db
        .read("find_signed_document", move |connection| {
            let Some(actor) = storage::actors::find_by_uri(connection, &uri)? else {
                return Ok(None);
            };
            let document = storage::actors::find_document(connection, actor.id)?;
            Ok(document.map(|(_, signed_at)| signed_at))
        })
        .await
}

/// Remembers how a server wants to be spoken to, as far as a document of one of its actors tells.
pub(super) fn note_ways(
    connection: &mut Connection,
    host: &Host,
    signature: Option<SignatureChoice>,
    dialect: Option<(GroupDialect, Evidence)>,
    now: Timestamp,
) -> Result<()> {
    if let Some(learned) = dialect {
        dialects::learn_with(connection, host, learned)?;
    }
    let Some(signature) = signature else {
        return Ok(());
    };
    let peer = Peer {
        host: host.clone(),
        signature,
        learned: Learned::Declared,
        learned_at: now,
    };
    peers::learn_with(connection, peer).map(drop)
}

/// How open a group elsewhere is, as far as its document tells. Software that does not know our
/// words lets everybody read where everybody may come in.
fn walls(received: &ReceivedActor) -> (Access, Stage) {
    match (received.access, received.approves) {
        (Some(access), true) => (access, Stage::Partners),
        (None, true) => (Access::Closed, Stage::Partners),
        (None | Some(Access::Open), false) => (Access::Open, Stage::Public),
        (Some(access @ (Access::Closed | Access::Secret)), false) => (access, Stage::Partners),
    }
}

fn save_group(
    connection: &mut Connection,
    actor: &Actor,
    access: Access,
    stage: Stage,
    now: Timestamp,
) -> Result<()> {
    let id = actor.id.group();
    if storage::groups::find(connection, id)?.is_none() {
        storage::groups::insert_remote(connection, actor.clone(), access, now)?;
    }
    storage::groups::set_remote_walls(connection, id, access, stage)
}

/// Writes what an actor's document says: a new actor, or a newer version of a known one. Its kind
/// never changes, and the keys listed now are its only keys.
///
/// An actor whose mail would go to another server is quarantined: nothing is sent to it, nothing
/// accepted from it, until its document makes sense. Who was suspended or deleted stays so.
///
/// # Errors
/// [`Error::Conflict`] when its name, or one of its keys, belongs to another actor;
/// [`Error::Invalid`] when it is not of the host that its address names.
pub fn save(
    connection: &mut Connection,
    new: NewActor,
    keys: Vec<ReceivedKey>,
    now: Timestamp,
) -> Result<Actor> {
    check_host(&new)?;
    refuse_taken_name(connection, &new)?;
    let state = state_of(&new);
    let uri = new.uri.clone();
    let id = match storage::actors::find_by_uri(connection, &uri)? {
        Some(known) => {
            storage::actors::update(connection, known.id, &new, now)?;
            change_state(connection, &known, state)?;
            known.id
        }
        None => {
            let actor = storage::actors::insert(connection, new, now)?;
            change_state(connection, &actor, state)?;
            actor.id
        }
    };
    pin_keys(connection, id, &uri, keys, now)?;
    storage::actors::find(connection, id)?.ok_or(Error::NotFound)
}

fn check_host(new: &NewActor) -> Result<()> {
    match &new.host {
        Some(host) if host == new.uri.host() => Ok(()),
        _ => Err(Error::invalid("actor", "is not of the server it names")),
    }
}

fn refuse_taken_name(connection: &mut Connection, new: &NewActor) -> Result<()> {
    let handle = Handle {
        name: new.name.clone(),
        host: new.host.clone(),
    };
    match storage::actors::find_by_handle(connection, &handle)? {
        Some(other) if other.uri != new.uri => Err(Error::Conflict(format!(
            "{handle} is {} already",
            other.uri
        ))),
        _ => Ok(()),
    }
}

/// An inbox elsewhere would carry what is meant for one partner to another server.
fn state_of(new: &NewActor) -> ActorState {
    let own = new.uri.host();
    let mut addresses = [
        Some(&new.inbox),
        new.shared_inbox.as_ref(),
        new.followers.as_ref(),
        new.outbox.as_ref(),
    ]
    .into_iter()
    .flatten();
    if addresses.all(|address| address.host() == own) {
        ActorState::Active
    } else {
        ActorState::Quarantined
    }
}

fn change_state(connection: &mut Connection, known: &Actor, state: ActorState) -> Result<()> {
    match known.state {
        ActorState::Suspended | ActorState::Deleted => Ok(()),
        ActorState::Active | ActorState::Quarantined if known.state == state => Ok(()),
        ActorState::Active | ActorState::Quarantined => {
            storage::actors::set_state(connection, known.id, state)
        }
    }
}

/// Makes these the only keys of an actor.
pub(super) fn pin_keys(
    connection: &mut Connection,
    actor: ActorId,
    uri: &Uri,
    keys: Vec<ReceivedKey>,
    now: Timestamp,
) -> Result<()> {
    let mut pinned: Vec<ActorKey> = Vec::new();
    for key in keys.into_iter().take(KEYS_MAX) {
        refuse_foreign_key(connection, actor, uri, &key.uri)?;
        if pinned.iter().all(|other| other.uri != key.uri) {
            pinned.push(ActorKey {
                actor,
                uri: key.uri,
                list: key.list,
                public_pem: key.public_pem,
                private_pem: None,
                expires_at: key.expires_at,
            });
        }
    }
    storage::actors::replace_keys(connection, actor, &pinned, now)
}

/// A key speaks for one actor, and only its server may say for which.
fn refuse_foreign_key(
    connection: &mut Connection,
    actor: ActorId,
    uri: &Uri,
    key: &Uri,
) -> Result<()> {
    if key.host() != uri.host() {
        return Err(Error::invalid("key", "is on another server than its owner"));
    }
    match storage::actors::find_key(connection, key)? {
        Some(known) if known.actor != actor => Err(Error::Conflict(format!(
            "the key {key} belongs to another actor"
        ))),
        _ => Ok(()),
    }
}

/// An actor elsewhere is gone, in its own words: nothing more is accepted from it or sent to it, and
/// it belongs to no group. What a person wrote, liked and chose is taken back with them, as they would have
/// done it. A group that is gone is nobody's any more.
pub(super) fn forget(connection: &mut Connection, asker: &Asker, actor: &Actor) -> Result<()> {
    if actor.kind == ActorKind::Person {
        for post in storage::reactions::list_all_of_actor(connection, actor.id)? {
            storage::reactions::remove(connection, post, actor.id)?;
        }
        polls::take_all_back(connection, actor.id, asker.now)?;
        storage::dislikes::remove_of_actor(connection, actor.id)?;
        storage::boosts::remove_of_actor(connection, actor.id)?;
        storage::approvals::remove_of_actor(connection, actor.id)?;
        let written = storage::posts::list_all_of_author(connection, actor.id)?;
        for post in storage::posts::list_by_ids(connection, &written)? {
            posts::receive_delete(connection, asker, actor, &post.uri, false, None)?;
        }
        storage::actors::set_profile(connection, actor.id, "", "")?;
    }
    storage::actors::set_state(connection, actor.id, ActorState::Deleted)?;
    storage::memberships::remove_of_actor(connection, actor.id)?;
    storage::follows::remove_of_actor(connection, actor.id)?;
    if actor.kind == ActorKind::Group {
        storage::memberships::remove_all(connection, actor.id.group())?;
        storage::groups::set_withdrawn(connection, actor.id.group(), Some(asker.now))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
