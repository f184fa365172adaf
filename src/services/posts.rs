//! Topics and comments: writing, changing, taking back, reading; and the same from afar.
//!
//! `write` is what people do with their own posts, `profile` what is in no group, `moderate` what moderators
//! do with others'; `read`, `lists` and `thread` show posts to a viewer, `own` to their author; `receive` applies what other
//! servers tell.

mod lists;
mod moderate;
mod own;
mod preview;
mod profile;
mod read;
mod receive;
#[cfg(test)]
mod tests;
mod thread;
mod write;

use crate::app::Asker;
use crate::domain::{EventKind, Post};
use crate::error::Result;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

pub(in crate::services) use lists::listed;
pub use lists::{Listed, WithBoosts, by_author, find_listed, home, pinned, topics};
pub(super) use moderate::remove_all_of;
pub use moderate::{Lock, Pin, remove, restore, set_locked, set_pinned};
pub use own::{Written, WrittenIn, written};
pub use preview::{Organization, Preview, preview};
pub use profile::{ProfilePost, create_on_profile, profile, widest_audience};
pub(super) use profile::{check as check_on_profile, receive_on_profile, receive_passed_on};
pub use read::{find, history};
pub(super) use receive::{
    Ground, receive, receive_delete, receive_lock, receive_pin, receive_restore, receive_update,
};
pub use receive::{ReceivedPost, Recipients, TOMBSTONES_PER_HOST_MAX};
pub use thread::{Place, Shown, Surroundings, Thread, surroundings, thread};
pub(super) use write::take_back;
pub use write::{
    NewComment, NewTopic, comment, create_topic, delete, publish_comment, publish_topic, update,
};

/// Writes news about a post. `activity` is what arrived, when somebody elsewhere did it; else what is
/// told besides, like the reason of a removal.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    post: &Post,
    activity: Option<&str>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: asker.viewer.actor().unwrap_or(post.author),
        group: post.group,
        post: Some(post.id),
        object: None,
        activity: activity.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}
