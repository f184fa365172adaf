//! What people of other servers said in groups of ours, kept as they said it. Who joins later from a server that
//! knows nothing of theirs believes it by their own proof, as everybody did to whom it was passed on then.
//!
//! Kept is what stands: a new text takes the place of the one before, and what is taken back, by whomever, is thrown
//! away with the post or the like (`storage::posts::throw_away`, `storage::reactions::remove`).

use crate::domain::{ActorId, Host, PostId};
use crate::error::Result;
use crate::storage::kept::{self, Kept};
use crate::storage::{self, Connection};

/// The type of proofs (Data Integrity). What has no such word proves nothing and would be kept in vain; whether one holds
/// is found out by who reads it.
const PROOF: &str = "\"DataIntegrityProof\"";

/// Keeps what `by` said about a post in a group of ours. What they said before goes, also when this one proves nothing:
/// it is no longer what stands there.
pub(super) fn keep(
    connection: &mut Connection,
    kind: Kept,
    post: PostId,
    by: ActorId,
    activity: Option<&str>,
) -> Result<()> {
    match activity.filter(|activity| activity.contains(PROOF)) {
        Some(activity) => kept::save(connection, kind, post, by, activity),
        None => kept::remove(connection, kind, post, by),
    }
}

/// Something that is kept, with the document by which who said it can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// The activity as it came.
    pub activity: String,
    /// The document of who said it, as their own server signed it, where it does.
    pub introduction: Option<String>,
}

/// Whether what somebody said is to be shown to a server as they said it: the group's house can say what its own people
/// said, and the reader's server what its own did. Who does not say who they are is shown addresses. Whether the reader
/// may read it is asked elsewhere.
pub(super) fn is_third(by: Option<&Host>, reader: Option<&Host>) -> bool {
    by.is_some() && reader.is_some() && by != reader
}

/// What is kept, with the document of who said it.
pub(super) fn testify(
    connection: &mut Connection,
    by: ActorId,
    activity: String,
) -> Result<Testimony> {
    let document = storage::actors::find_document(connection, by)?;
    Ok(Testimony {
        activity,
        introduction: document.map(|(body, _)| body),
    })
}
