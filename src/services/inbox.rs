//! What arrives from other servers: the gate, storing before answering, and applying.

mod command;
mod door;
mod effect;
mod lists;
mod queue;
mod undo;

use crate::domain::{Group, Uri};
use crate::error::{Error, Result};
use crate::services::house;
use crate::services::posts::ReceivedPost;
use crate::storage::{self, Connection};

pub use command::{Command, Vouching};
pub use door::{
    Accepted, Gate, KnownSigner, Verified, accept, find_signer, gate, knock, log_refusal,
};
pub use effect::apply_fetched;
pub use queue::{Due, Lacking, apply, claim, follows, knows_post, list_unknown_actors, put_back};

/// The group of this house that a post is for; none: it names none, and stands on its author's profile.
/// What looks like a group here counts as one, so that nobody learns which there are.
fn names_group_here<'a>(
    connection: &mut Connection,
    post: &'a ReceivedPost,
) -> Result<Option<&'a Uri>> {
    let Some(named) = &post.group else {
        return Ok(None);
    };
    let ourselves = house::instance_actor(connection)?.uri;
    let like_ours = named.host() == ourselves.host()
        && named
            .to_url()
            .is_ok_and(|url| url.path().starts_with("/g/"));
    Ok(like_ours.then_some(named))
}

fn find_group(connection: &mut Connection, uri: &Uri) -> Result<Group> {
    storage::groups::find_by_uri(connection, uri)?.ok_or(Error::NotFound)
}
