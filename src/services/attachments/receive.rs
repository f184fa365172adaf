//! What is attached to posts from elsewhere: written down when the post comes, fetched when somebody wants
//! to see it.

use crate::app::Asker;
use crate::domain::{
    Actor, Attachment, AttachmentKind, Description, FileDigest, Focus, Measures, Origin,
    PartnerState, Post, Uri,
};
use crate::error::Result;
use crate::policy::{FederationMode, Permit, act};
use crate::storage::attachments::NewAttachment;
use crate::storage::{self, Connection};

/// A picture or file on the server of who wrote the post, as that tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedAttachment {
    pub url: Uri,
    pub kind: AttachmentKind,
    pub media_type: String,
    pub name: String,
    pub description: Description,
    pub focus: Option<Focus>,
    pub measures: Option<Measures>,
    /// What its bytes are said to be.
    pub digest: Option<FileDigest>,
}

/// Writes down what came with a post.
pub(in crate::services) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::Attach>,
    author: &Actor,
    post: &Post,
    received: &[ReceivedAttachment],
) -> Result<()> {
    for (place, one) in received.iter().enumerate() {
        insert(connection, asker, permit, author, post, place, one)?;
    }
    Ok(())
}

fn insert(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::Attach>,
    author: &Actor,
    post: &Post,
    place: usize,
    received: &ReceivedAttachment,
) -> Result<()> {
    let new = NewAttachment {
        owner: author.id,
        kind: received.kind,
        media_type: received.media_type.clone(),
        name: received.name.clone(),
        description: received.description.clone(),
        focus: received.focus,
        measures: received.measures.clone(),
        origin: Some(Origin {
            url: received.url.clone(),
            digest: received.digest,
            failed: !speaks_with(connection, asker, author)?,
        }),
        stored: None,
    };
    storage::attachments::insert_received(connection, permit, post, place, new, asker.now)?;
    Ok(())
}

/// Whether a server may be asked for a file at all: of people of third servers there is only the way there.
fn speaks_with(connection: &mut Connection, asker: &Asker, author: &Actor) -> Result<bool> {
    let Some(host) = &author.host else {
        return Ok(false);
    };
    Ok(match storage::partners::find_state(connection, host)? {
        Some(PartnerState::Active | PartnerState::Paused) => true,
        Some(PartnerState::Blocked) => false,
        Some(PartnerState::Invited | PartnerState::Ended) | None => {
            asker.house.federation == FederationMode::Open
        }
    })
}

/// Whether an edit changed what is attached.
pub(in crate::services) fn is_other(known: &[Attachment], received: &[ReceivedAttachment]) -> bool {
    let same = |(known, one): (&Attachment, &ReceivedAttachment)| {
        is_same(known, one) && known.description == one.description.as_str()
    };
    known.len() != received.len() || !known.iter().zip(received).all(same)
}

fn is_same(known: &Attachment, received: &ReceivedAttachment) -> bool {
    let origin = known.origin.as_ref();
    origin.is_some_and(|origin| origin.url == received.url && origin.digest == received.digest)
}

/// What is attached to a post was changed elsewhere: what is the same stays, with its bytes. `permit` is
/// asked for when something comes.
pub(in crate::services) fn receive_change(
    connection: &mut Connection,
    asker: &Asker,
    author: &Actor,
    post: &Post,
    received: &[ReceivedAttachment],
    permit: impl FnOnce(&mut Connection) -> Result<Permit<act::Attach>>,
) -> Result<()> {
    let mut before = storage::attachments::list_of(connection, post.id)?;
    let mut new = Vec::new();
    for (place, one) in received.iter().enumerate() {
        match before.iter().position(|known| is_same(known, one)) {
            Some(at) => {
                let known = before.swap_remove(at);
                storage::attachments::set_place(connection, known.id, place)?;
                storage::attachments::describe(connection, known.id, &one.description, one.focus)?;
            }
            None => new.push((place, one)),
        }
    }
    for gone in before {
        storage::attachments::remove(connection, gone.id)?;
    }
    if new.is_empty() {
        return Ok(());
    }
    let permit = permit(connection)?;
    for (place, one) in new {
        insert(connection, asker, &permit, author, post, place, one)?;
    }
    Ok(())
}
