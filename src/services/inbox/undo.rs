//! Undoing what is named by nothing but its id.

use crate::app::Asker;
use crate::domain::{Actor, Group, PostId, Uri};
use crate::error::{Error, Result};
use crate::services::{dislikes, memberships, reactions};
use crate::storage::{self, Connection};

/// Undoes a like, a dislike, a boost, a wish to join or a ban of this id. `by` is who says so: nobody undoes what
/// another did, but a ban, which is the moderators' together. `place`: the group elsewhere whose house
/// passes it on.
///
/// # Errors
/// [`Error::NotFound`] when nothing of theirs has this id.
pub(super) fn undo(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    activity: &Uri,
    place: Option<&Group>,
    raw: Option<&str>,
) -> Result<()> {
    if activity.host() != by.uri.host() {
        return Err(Error::NotFound);
    }
    if let Some(post) = storage::reactions::find_by_uri(connection, by.id, activity)? {
        let object = address_in(connection, post, place)?;
        return reactions::receive_unlike(connection, asker, by, &object, raw);
    }
    if let Some(post) = storage::dislikes::find_by_uri(connection, by.id, activity)? {
        let object = address_in(connection, post, place)?;
        return dislikes::receive_undo(connection, asker, by, &object, raw);
    }
    if let (Some(boost), None) = (
        storage::boosts::find_by_uri(connection, by.id, activity)?,
        place,
    ) {
        return storage::boosts::remove(connection, boost.post, by.id).map(drop);
    }
    if let Some((group, person)) = storage::bans::find_by_uri(connection, activity)? {
        if place.is_some_and(|place| place.id != group) {
            return Err(Error::NotFound);
        }
        let group = storage::groups::find(connection, group)?.ok_or(Error::NotFound)?;
        let person = storage::actors::find(connection, person)?.ok_or(Error::NotFound)?;
        // Told by the group in full: who never heard of the Block makes nothing of its id.
        return memberships::receive_unban(connection, asker, &group, &person.uri, None);
    }
    match storage::memberships::find_followed(connection, by.id, activity)? {
        Some(group) if place.is_none() => {
            let group = storage::groups::find(connection, group)?.ok_or(Error::NotFound)?;
            memberships::receive_unfollow(connection, asker, by, &group)
        }
        _ => Err(Error::NotFound),
    }
}

/// The address of a post, which is in the group that passes the undoing on.
fn address_in(connection: &mut Connection, post: PostId, place: Option<&Group>) -> Result<Uri> {
    let post = storage::posts::find(connection, post)?.ok_or(Error::NotFound)?;
    match place {
        Some(place) if post.group != Some(place.id) => Err(Error::NotFound),
        Some(_) | None => Ok(post.uri),
    }
}
