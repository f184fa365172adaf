//! The actors of this house: how a person, a group and the server itself come into being.

use crate::app::{Addresses, App};
use crate::domain::{Actor, ActorKey, ActorKind, Handle, Name, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::services::keys::KeyPair;
use crate::storage::actors::NewActor;
use crate::storage::{self, Connection};

/// The instance actor's name. Nobody else can have it: [`Name`] refuses it.
pub const INSTANCE_NAME: &str = "actor";

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

/// Writes an actor of this house with its first key.
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
        uri: key_uri(&actor.uri)?,
        public_pem: keys.public,
        private_pem: Some(keys.private),
    };
    storage::actors::insert_key(connection, &key, now)?;
    Ok(actor)
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

/// `keyId` of an actor's first key.
fn key_uri(actor: &Uri) -> Result<Uri> {
    Ok(format!("{actor}#main-key").parse()?)
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
