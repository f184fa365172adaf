//! What other servers say of following: their people who ask and leave, and what those say who were asked.

use super::accept;
use crate::app::Asker;
use crate::domain::{Actor, Follow, FollowState, Uri, Work};
use crate::error::{Error, Result};
use crate::policy::Reason;
use crate::services::access;
use crate::storage::{self, Connection};

/// Requests to follow one person that may wait; further ones change nothing.
const REQUESTS_WAITING_MAX: i64 = 1_000;

/// Somebody elsewhere asks to follow a person here.
pub(in crate::services) fn receive_follow(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    whom: &Uri,
    uri: &Uri,
) -> Result<()> {
    let sought = storage::actors::find_by_uri(connection, whom)?;
    let (state, person) = access::permit_follow(connection, asker, sought)?;
    let known = storage::follows::find(connection, by.id, person.id)?;
    let known_state = known.map(|known| known.state);
    if known_state.is_none() {
        let requested = FollowState::Requested;
        if storage::follows::count_followers(connection, person.id, requested)?
            >= REQUESTS_WAITING_MAX
        {
            return Err(Error::Conflict("too many requests wait already".into()));
        }
    }
    let follow = Follow {
        follower: by.id,
        followed: person.id,
        state: FollowState::Requested,
        uri: uri.clone(),
        since: asker.now,
    };
    // Who was let in and asks again has lost the answer.
    match known_state == Some(FollowState::Accepted) || state == FollowState::Accepted {
        true => accept(connection, asker, follow),
        false => storage::follows::save(connection, &follow),
    }
}

/// Somebody elsewhere follows a person here no more.
pub(in crate::services) fn receive_unfollow(
    connection: &mut Connection,
    by: &Actor,
    whom: &Uri,
) -> Result<()> {
    let person = storage::actors::find_by_uri(connection, whom)?.ok_or(Error::NotFound)?;
    storage::follows::find(connection, by.id, person.id)?.ok_or(Error::NotFound)?;
    storage::follows::remove(connection, by.id, person.id)
}

/// Whether a person was asked with this Follow: nobody else can say yes to it.
pub(in crate::services) fn check_accept(
    connection: &mut Connection,
    by: &Actor,
    follow: &Uri,
) -> Result<()> {
    match storage::follows::find_by_uri(connection, by.id, follow)? {
        Some(_) => Ok(()),
        None => Err(Error::Denied(Reason::NotAuthor)),
    }
}

/// A person elsewhere lets somebody of ours follow them. What they wrote before is fetched.
pub(in crate::services) fn receive_accept(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    follow: &Uri,
) -> Result<()> {
    let asked = storage::follows::find_by_uri(connection, by.id, follow)?.ok_or(Error::NotFound)?;
    if asked.state == FollowState::Accepted {
        return Ok(());
    }
    let accepted = Follow {
        state: FollowState::Accepted,
        since: asker.now,
        ..asked
    };
    storage::follows::save(connection, &accepted)?;
    let work = Work::BackfillPerson { person: by.id.0 };
    storage::jobs::insert(connection, &work, asker.now).map(drop)
}

/// A person elsewhere refuses somebody of ours, or removes them.
pub(in crate::services) fn receive_reject(
    connection: &mut Connection,
    by: &Actor,
    follow: &Uri,
) -> Result<()> {
    let asked = storage::follows::find_by_uri(connection, by.id, follow)?.ok_or(Error::NotFound)?;
    storage::follows::remove(connection, asked.follower, asked.followed)
}

/// Somebody elsewhere says that they moved. Whether their new account says so too is found out by a
/// worker, where somebody here follows them.
pub(in crate::services) fn receive_move(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    target: &Uri,
) -> Result<()> {
    if *target == by.uri || !storage::follows::any_follower_on_host(connection, by.id, None)? {
        return Err(Error::NotFound);
    }
    let work = Work::FollowMove {
        person: by.id.0,
        target: target.to_string(),
    };
    storage::jobs::insert(connection, &work, asker.now).map(drop)
}
