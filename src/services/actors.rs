//! The actors of this house: how a person, a group and the server itself come into being.

use crate::app::{Addresses, App};
use crate::crypto;
use crate::domain::{Actor, ActorKey, ActorKind, Handle, KeyList, Name, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::services::keys::KeyPair;
use crate::storage::actors::NewActor;
use crate::storage::{self, Connection};

/// The instance actor's name. Nobody else can have it: [`Name`] refuses it.
pub const INSTANCE_NAME: &str = "actor";
/// What an actor's first keys are called, below its own address.
const FIRST_RSA: &str = "main-key";
pub(super) const FIRST_ED25519: &str = "ed25519-key";

/// A person, group or service of this house, with all its addresses.
pub fn new_local_actor(
    kind: ActorKind,
    name: &Name,
    display_name: &str,
    addresses: &Addresses,
) -> NewActor {
    let uri = match kind {
        ActorKind::Group => addresses.group(name),
        ActorKind::Person | ActorKind::Service => addresses.person(name),
    };
    NewActor {
        inbox: uri.join("inbox"),
        followers: Some(uri.join("followers")),
        outbox: Some(uri.join("outbox")),
        ..bare(kind, name.as_str(), uri, display_name, addresses)
    }
}

/// The server itself: it signs what nobody in particular says, and follows nothing.
pub fn new_instance(organization: &str, addresses: &Addresses) -> NewActor {
    let uri = addresses.instance();
    bare(
        ActorKind::Service,
        INSTANCE_NAME,
        uri,
        organization,
        addresses,
    )
}

fn bare(
    kind: ActorKind,
    name: &str,
    uri: Uri,
    display_name: &str,
    addresses: &Addresses,
) -> NewActor {
    NewActor {
        kind,
        name: name.to_owned(),
        host: None,
        url: uri.to_string(),
        uri,
        display_name: display_name.to_owned(),
        summary: String::new(),
        inbox: addresses.shared_inbox(),
        shared_inbox: Some(addresses.shared_inbox()),
        followers: None,
        outbox: None,
    }
}

/// Writes an actor of this house with its first keys: the RSA key it is given, and an Ed25519 key.
///
/// # Errors
/// [`Error::Conflict`] when a person or group of this house has the name already.
pub fn insert_local(
    connection: &mut Connection,
    new: NewActor,
    keys: KeyPair,
    now: Timestamp,
) -> Result<Actor> {
    refuse_taken_name(connection, &new.name)?;
    let actor = storage::actors::insert(connection, new, now)?;
    let key = ActorKey {
        actor: actor.id,
        uri: key_uri(&actor.uri, FIRST_RSA)?,
        list: KeyList::PublicKey,
        public_pem: keys.public,
        private_pem: Some(keys.private),
        expires_at: None,
    };
    storage::actors::insert_key(connection, &key, now)?;
    insert_ed25519(connection, &actor, FIRST_ED25519, now)?;
    Ok(actor)
}

/// Makes an Ed25519 key for an actor of this house.
pub(super) fn insert_ed25519(
    connection: &mut Connection,
    actor: &Actor,
    name: &str,
    now: Timestamp,
) -> Result<()> {
    let (private, public) = crypto::generate_ed25519()?;
    let key = ActorKey {
        actor: actor.id,
        uri: key_uri(&actor.uri, name)?,
        list: KeyList::AssertionMethod,
        public_pem: public,
        private_pem: Some(private),
        expires_at: None,
    };
    storage::actors::insert_key(connection, &key, now)
}

/// People and groups share their names: `acct:roads@host` can mean only one of them.
fn refuse_taken_name(connection: &mut Connection, name: &str) -> Result<()> {
    let handle = Handle {
        name: name.to_owned(),
        host: None,
    };
    match storage::actors::find_by_handle(connection, &handle)? {
        Some(actor) => Err(Error::Conflict(format!(
            "the name {name} is taken by another {}; choose another name",
            actor.kind
        ))),
        None => Ok(()),
    }
}

/// `keyId` of one of an actor's keys.
pub(super) fn key_uri(actor: &Uri, name: &str) -> Result<Uri> {
    Ok(format!("{actor}#{name}").parse()?)
}

/// Finds somebody known here by name, for administrators.
pub async fn find_by_handle(app: &App, viewer: Viewer, handle: Handle) -> Result<Actor> {
    access::permit_house::<act::ManageAccounts>(&app.asker(viewer))?;
    app.db
        .read("find_actor", move |connection| {
            storage::actors::find_by_handle(connection, &handle)?.ok_or(Error::NotFound)
        })
        .await
}
