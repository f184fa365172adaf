//! Followers here of somebody who moved: they follow the new account, once.

use super::{begin, end};
use crate::app::{App, Asker};
use crate::domain::{Actor, ActorId, ActorState, FollowState, Uri};
use crate::error::{Error, Result};
use crate::services::{access, accounts};
use crate::storage::follows::Side;
use crate::storage::{self, Connection};

/// Followers moved with one person; more than the people of a large house.
const MOVED_MAX: i64 = 10_000;

/// Somebody elsewhere whom somebody here follows.
///
/// # Errors
/// [`Error::NotFound`] when nobody does, or they are gone.
pub async fn find_followed(app: &App, person: ActorId) -> Result<Actor> {
    app.db
        .read("find_followed", move |connection| {
            let actor = storage::actors::find(connection, person)?.ok_or(Error::NotFound)?;
            let followed = storage::follows::any_follower_on_host(connection, person, None)?;
            let there = followed && !actor.is_local() && actor.state == ActorState::Active;
            there.then_some(actor).ok_or(Error::NotFound)
        })
        .await
}

/// Who wrote something, if they are known here.
pub async fn find_author(app: &App, uri: Uri) -> Result<Option<Actor>> {
    app.db
        .read("find_author", move |connection| {
            storage::actors::find_by_uri(connection, &uri)
        })
        .await
}

/// Has everybody here who followed `old` ask to follow `new` instead, as they would themselves; how many.
/// That both accounts say so was found out before. Who may not follow the new one loses the old one all
/// the same: nobody writes there any more.
pub async fn move_followers(app: &App, old: ActorId, new: ActorId) -> Result<usize> {
    let template = app.asker(crate::policy::Viewer::Anonymous);
    let addresses = app.addresses();
    let count = app
        .db
        .write_patiently("move_followers", move |connection| {
            let new = storage::actors::find(connection, new)?.ok_or(Error::NotFound)?;
            let accepted = FollowState::Accepted;
            let followers =
                storage::follows::list(connection, old, Side::Followers, accepted, MOVED_MAX)?;
            let mut moved = 0;
            for one in followers.iter().filter(|one| one.actor.is_local()) {
                let Some(asker) = as_themselves(connection, &template, one.actor.id)? else {
                    continue;
                };
                end(connection, &asker, &one.follow)?;
                match access::permit_follow(connection, &asker, Some(new.clone())) {
                    Ok((state, new)) => {
                        let address = |kind: &str, number| addresses.activity(kind, number);
                        begin(connection, &asker, &new, state, address)?;
                        moved += 1;
                    }
                    Err(Error::NotFound | Error::Denied(_)) => {}
                    Err(fault) => return Err(fault),
                }
            }
            Ok(moved)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(count)
}

fn as_themselves(
    connection: &mut Connection,
    template: &Asker,
    person: ActorId,
) -> Result<Option<Asker>> {
    let account = storage::accounts::find(connection, person)?;
    Ok(account.map(|account| Asker {
        viewer: accounts::viewer_of(&account),
        ..template.clone()
    }))
}
