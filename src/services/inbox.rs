//! What arrives from other servers: the gate, storing before answering, and applying.

mod command;
mod door;
mod effect;
mod lists;
mod queue;
mod undo;

use crate::domain::{Group, Uri};
use crate::error::{Error, Result};
use crate::storage::{self, Connection};

pub use command::{Command, Vouching};
pub use door::{
    Accepted, Gate, KnownSigner, Verified, accept, find_signer, gate, knock, log_refusal,
};
pub use effect::apply_fetched;
pub use queue::{Due, apply, claim, follows, knows_post, list_unknown_actors, put_back};

fn find_group(connection: &mut Connection, uri: &Uri) -> Result<Group> {
    storage::groups::find_by_uri(connection, uri)?.ok_or(Error::NotFound)
}
