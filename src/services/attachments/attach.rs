//! Putting uploads into posts that are written here.

use std::collections::HashSet;

use super::upload;
use crate::app::Asker;
use crate::domain::{Attachment, AttachmentId, Description, Post};
use crate::error::{Error, Result};
use crate::policy::{Permit, act};
use crate::storage::{self, Connection};

/// An upload, or what is attached already, to be in a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    pub id: AttachmentId,
    /// None: as it is described already.
    pub description: Option<Description>,
}

impl From<AttachmentId> for Attached {
    fn from(id: AttachmentId) -> Self {
        Self {
            id,
            description: None,
        }
    }
}

/// Puts uploads of the author into their new post, in this order.
pub(in crate::services) fn attach(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::Attach>,
    post: &Post,
    attached: &[Attached],
    most: usize,
) -> Result<()> {
    check_list(attached, most)?;
    for (place, one) in attached.iter().enumerate() {
        put(connection, asker, permit, post, one, place)?;
    }
    Ok(())
}

fn put(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::Attach>,
    post: &Post,
    one: &Attached,
    place: usize,
) -> Result<()> {
    let found = find_waiting(connection, asker, one.id)?;
    if !storage::attachments::attach(connection, permit, post, found.id, place)? {
        return Err(not_there());
    }
    describe(connection, &found, one)
}

/// Makes these the attachments of a post, in this order: what is not among them goes, what is new
/// comes. `permit` is asked for when something comes.
pub(in crate::services) fn rearrange(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
    attached: &[Attached],
    most: usize,
    permit: impl FnOnce(&mut Connection) -> Result<Permit<act::Attach>>,
) -> Result<()> {
    check_list(attached, most)?;
    let before = storage::attachments::list_of(connection, post.id)?;
    let known = |id| before.iter().find(|known| known.id == id);
    let permit = match attached.iter().any(|one| known(one.id).is_none()) {
        true => Some(permit(connection)?),
        false => None,
    };
    for (place, one) in attached.iter().enumerate() {
        match (known(one.id), &permit) {
            (Some(known), _) => {
                storage::attachments::set_place(connection, known.id, place)?;
                describe(connection, known, one)?;
            }
            (None, Some(permit)) => put(connection, asker, permit, post, one, place)?,
            (None, None) => return Err(Error::internal("an attachment came without a permit")),
        }
    }
    for gone in before {
        if !attached.iter().any(|one| one.id == gone.id) {
            storage::attachments::remove(connection, gone.id)?;
        }
    }
    Ok(())
}

fn check_list(attached: &[Attached], most: usize) -> Result<()> {
    if attached.len() > most {
        let problem = format!("are too many: at most {most} files in one post");
        return Err(Error::invalid("attachments", problem));
    }
    let ids: HashSet<AttachmentId> = attached.iter().map(|one| one.id).collect();
    match ids.len() == attached.len() {
        true => Ok(()),
        false => Err(Error::invalid("attachments", "one file is there twice")),
    }
}

/// An upload of the author. What is somebody else's, in a post, or forgotten is one answer.
fn find_waiting(
    connection: &mut Connection,
    asker: &Asker,
    id: AttachmentId,
) -> Result<Attachment> {
    let waiting = match upload::find(connection, asker, id) {
        Ok(found) if found.post.is_none() => Some(found),
        Ok(_) | Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    waiting.ok_or_else(not_there)
}

fn not_there() -> Error {
    Error::invalid(
        "attachments",
        "a file is not there (any more): upload it again",
    )
}

fn describe(connection: &mut Connection, known: &Attachment, one: &Attached) -> Result<()> {
    match &one.description {
        Some(description) if description.as_str() != known.description => {
            storage::attachments::describe(connection, known.id, description, known.focus)
        }
        Some(_) | None => Ok(()),
    }
}
