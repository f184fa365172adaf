//! Keys for the actors of this house.
//!
//! RSA pairs are made ahead of need. Making one takes a third of a second of a core, too long for a person who waits: a running
//! server keeps a few spare ones in the database.

use std::time::Duration;

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{
    Actor, ActorKey, ActorState, AuditAction, EventKind, Handle, JobId, KeyList, Timestamp, Work,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::signing::SIGNS_AFTER;
use crate::services::{access, actors, audit, house, jobs};
use crate::storage;
use crate::storage::Connection;
use crate::storage::events::NewEvent;

/// Spare key pairs that a running server keeps.
const SPARE_KEYS: i64 = 4;
/// How long a new server leaves the machine to those who wait for it.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(5);
/// How often it looks whether spare keys were used.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// A private key and its public half, PEM.
pub struct KeyPair {
    pub private: String,
    pub public: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

impl From<(String, String)> for KeyPair {
    fn from((private, public): (String, String)) -> Self {
        Self { private, public }
    }
}

/// A key pair that nobody else has: a spare one, or else a new one.
pub async fn take(app: &App) -> Result<KeyPair> {
    let spare = app
        .db
        .write("take_spare_key", storage::actors::take_spare_key);
    match spare.await? {
        Some(pair) => Ok(pair.into()),
        None => generate().await,
    }
}

async fn generate() -> Result<KeyPair> {
    let made = tokio::task::spawn_blocking(crypto::generate_rsa).await;
    Ok(made.map_err(Error::internal)??.into())
}

/// Actors that get a key in one transaction.
const COMPLETED_AT_ONCE: i64 = 200;

/// Gives every actor of this house the keys it lacks: those from before Ed25519 keys were made
/// have only RSA. How many got one.
pub async fn complete(app: &App) -> Result<usize> {
    let mut completed = 0;
    loop {
        let now = app.clock.now();
        let count = app
            .db
            .write_patiently("complete_keys", move |connection| {
                let list = KeyList::AssertionMethod;
                let lacking =
                    storage::actors::list_local_without_key(connection, list, COMPLETED_AT_ONCE)?;
                for actor in &lacking {
                    actors::insert_ed25519(connection, actor, actors::FIRST_ED25519, now)?;
                }
                Ok(lacking.len())
            })
            .await?;
        if count == 0 {
            return Ok(completed);
        }
        completed += count;
    }
}

/// How long keys that were replaced are still published, so that what was signed with them can be
/// checked: longer than a partner's server is usually away.
pub const OVERLAP: Duration = Duration::from_secs(7 * 86_400);
/// Replaced keys of an actor that are kept at most: of five rotations. Others read so many keys of an
/// actor that the newest are among them.
const RETIRED_KEPT: usize = 10;

/// Whose keys are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A person or group of this house, or `actor`: the server itself.
    One(String),
    /// Everybody's and everything's of this house.
    All,
}

/// Gives actors of this house new keys; whom. Partners who know the actor are told, and after
/// [`SIGNS_AFTER`] the new ones sign; the old ones are published for [`OVERLAP`], so that nothing
/// that is on its way is lost.
///
/// # Errors
/// [`Error::NotFound`] where nobody here has the name; [`Error::Denied`] unless an administrator asks.
pub async fn rotate(app: &App, viewer: Viewer, whose: Whose) -> Result<Vec<Actor>> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManageAccounts>(&asker)?;
    let since = asker.now;
    let actors = app
        .db
        .read("list_actors_to_rotate", move |connection| {
            find(connection, &whose)
        })
        .await?;
    replace_for(app, &asker, &actors, since).await?;
    Ok(actors)
}

/// The fingerprint of the server's own RSA key, which partners pin: to compare by telephone.
///
/// # Errors
/// [`Error::Unavailable`] before the house was founded.
pub async fn own_fingerprint(app: &App, viewer: Viewer) -> Result<String> {
    access::permit_house::<act::ManageAccounts>(&app.asker(viewer))?;
    let key = app.db.read("find_own_key", |connection| {
        let instance = house::instance_actor(connection)?;
        storage::actors::find_key_of(connection, instance.id)?.ok_or(Error::NotFound)
    });
    crypto::key_fingerprint(&key.await?.public_pem)
}

/// Has a worker give everybody and everything of this house new keys: it takes a third of a second for each.
///
/// # Errors
/// [`Error::Denied`] unless an administrator asks.
pub async fn rotate_all_later(app: &App, viewer: Viewer) -> Result<JobId> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManageAccounts>(&asker)?;
    let work = Work::RotateKeys {
        since: asker.now.micros(),
        by: asker.viewer.actor().map(|actor| actor.0),
    };
    jobs::submit(app, work).await
}

/// The worker's part. Begun again after a crash, it goes on with those who have no newer keys than from
/// `since`, when it was asked for.
pub async fn rotate_all_since(app: &App, viewer: Viewer, since: Timestamp) -> Result<()> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManageAccounts>(&asker)?;
    let lacking = app.db.read("list_actors_to_rotate", move |connection| {
        let mut lacking = storage::actors::list_local(connection)?;
        let mut done = Vec::new();
        for actor in &lacking {
            if storage::actors::has_rsa_key_since(connection, actor.id, since)? {
                done.push(actor.id);
            }
        }
        lacking.retain(|actor| !done.contains(&actor.id));
        Ok(lacking)
    });
    replace_for(app, &asker, &lacking.await?, since).await
}

/// One transaction an actor: nobody waits for all of them.
async fn replace_for(app: &App, asker: &Asker, actors: &[Actor], since: Timestamp) -> Result<()> {
    for actor in actors {
        let pair = take(app).await?;
        let (asker, actor) = (asker.clone(), actor.clone());
        app.db
            .write("rotate_keys", move |connection| {
                // Another worker may have taken the errand up meanwhile.
                match storage::actors::has_rsa_key_since(connection, actor.id, since)? {
                    true => Ok(()),
                    false => replace(connection, &asker, &actor, pair),
                }
            })
            .await?;
    }
    app.bells.events.notify_one();
    Ok(())
}

fn find(connection: &mut Connection, whose: &Whose) -> Result<Vec<Actor>> {
    let name = match whose {
        Whose::All => return storage::actors::list_local(connection),
        Whose::One(name) => name.clone(),
    };
    let handle = Handle { name, host: None };
    let actor = storage::actors::find_by_handle(connection, &handle)?;
    let actor = actor.filter(|actor| actor.state != ActorState::Deleted);
    Ok(vec![actor.ok_or(Error::NotFound)?])
}

/// Forgets keys that prove nothing any more, and the private halves of those that sign nothing.
pub(super) fn prune(connection: &mut Connection, now: Timestamp) -> Result<()> {
    storage::actors::prune_keys(connection, now)?;
    let replaced_before = now.minus(SIGNS_AFTER * 2);
    storage::actors::forget_private_keys(connection, replaced_before.plus(OVERLAP))?;
    Ok(())
}

fn replace(connection: &mut Connection, asker: &Asker, actor: &Actor, pair: KeyPair) -> Result<()> {
    let now = asker.now;
    storage::actors::retire_keys(connection, actor.id, now.plus(OVERLAP))?;
    prune(connection, now)?;
    storage::actors::drop_retired_keys(connection, actor.id, RETIRED_KEPT)?;
    let rsa = ActorKey {
        actor: actor.id,
        uri: actors::key_uri(&actor.uri, &format!("rsa-{}", now.micros()))?,
        list: KeyList::PublicKey,
        public_pem: pair.public,
        private_pem: Some(pair.private),
        expires_at: None,
    };
    storage::actors::insert_key(connection, &rsa, now)?;
    actors::insert_ed25519(connection, actor, &format!("ed25519-{}", now.micros()), now)?;
    let event = NewEvent {
        kind: EventKind::ActorUpdated,
        actor: actor.id,
        group: None,
        post: None,
        object: None,
        activity: None,
    };
    storage::events::append(connection, event, now)?;
    audit::note(connection, asker, AuditAction::KeysRotated, &actor.name, "")
}

/// Keeps spare keys until the server stops: one at a time, so that at most one core is busy with it.
pub async fn refill(app: App) {
    let mut wait = FIRST_LOOK_AFTER;
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(wait) => {}
        }
        if let Err(error) = fill_up(&app).await {
            tracing::warn!(%error, "no spare keys can be made");
        }
        wait = LOOK_EVERY;
    }
}

async fn fill_up(app: &App) -> Result<()> {
    while !app.bells.stop.rung() && count(app).await? < SPARE_KEYS {
        let pair = generate().await?;
        let now = app.clock.now();
        app.db
            .write("add_spare_key", move |connection| {
                storage::actors::add_spare_key(connection, &pair.private, &pair.public, now)
            })
            .await?;
    }
    Ok(())
}

async fn count(app: &App) -> Result<i64> {
    app.db
        .read("count_spare_keys", storage::actors::count_spare_keys)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OrgRole, Uri};
    use crate::services::signing;
    use crate::services::test_house::House;

    async fn keys_of(house: &House, actor: &Actor) -> Vec<ActorKey> {
        let id = actor.id;
        house
            .write(move |connection, _| storage::actors::list_keys_of(connection, id))
            .await
    }

    async fn signs_with(house: &House, actor: &Actor) -> (Uri, Option<Uri>) {
        let signing = signing::signing_keys(&house.app, actor.id).await.unwrap();
        (signing.rsa.id, signing.ed25519.map(|key| key.id))
    }

    #[tokio::test]
    async fn new_keys_are_published_first_sign_later_and_the_old_ones_end() {
        let acme = House::open("acme.example").await;
        let ada = acme.account("ada", OrgRole::Member).await.actor;
        acme.give_key(&ada).await;
        assert!(
            complete(&acme.app).await.unwrap() >= 2,
            "ada and the server itself"
        );
        assert_eq!(complete(&acme.app).await.unwrap(), 0);
        let old = signs_with(&acme, &ada).await;
        assert!(old.0.as_str().ends_with("#main-key") && old.1.is_some());

        let whose = Whose::One("ada".into());
        let rotated = rotate(&acme.app, Viewer::Operator, whose.clone())
            .await
            .unwrap();
        assert_eq!(rotated, std::slice::from_ref(&ada));
        assert_eq!(acme.news().await, [EventKind::ActorUpdated]);
        assert_eq!(keys_of(&acme, &ada).await.len(), 4);
        assert_eq!(
            signs_with(&acme, &ada).await,
            old,
            "nobody knows the new ones yet"
        );

        acme.app.clock.advance(SIGNS_AFTER);
        let new = signs_with(&acme, &ada).await;
        assert!(new.0 != old.0 && new.1.is_some() && new.1 != old.1);
        acme.app.clock.advance(SIGNS_AFTER * 2);
        acme.write(prune).await;
        for key in keys_of(&acme, &ada).await {
            let is_old = key.uri == old.0 || Some(&key.uri) == old.1.as_ref();
            assert_eq!(key.expires_at.is_some(), is_old);
            assert_eq!(
                key.private_pem.is_none(),
                is_old,
                "it signs nothing any more"
            );
        }

        acme.app.clock.advance(OVERLAP);
        acme.write(prune).await;
        assert_eq!(keys_of(&acme, &ada).await.len(), 2);
        assert_eq!(signs_with(&acme, &ada).await, new);

        let nobody = rotate(&acme.app, Viewer::Operator, Whose::One("eve".into())).await;
        assert!(matches!(nobody, Err(Error::NotFound)));
        let anonymous = rotate(&acme.app, Viewer::Anonymous, whose).await;
        assert!(matches!(anonymous, Err(Error::Denied(_) | Error::NotFound)));
    }

    #[tokio::test]
    async fn new_keys_for_all_are_made_once_however_often_the_errand_begins() {
        let acme = House::open("acme.example").await;
        let ada = acme.account("ada", OrgRole::Member).await.actor;
        acme.give_key(&ada).await;
        acme.app.clock.advance(Duration::from_secs(1));
        let since = acme.app.clock.now();
        // It ended in the middle: ada has new keys already, the server itself has not.
        let whose = Whose::One("ada".into());
        rotate(&acme.app, Viewer::Operator, whose).await.unwrap();
        let uris = async || {
            let keys = keys_of(&acme, &ada).await.into_iter();
            keys.map(|key| key.uri).collect::<Vec<_>>()
        };
        let of_ada = uris().await;

        for _ in 0..2 {
            let again = rotate_all_since(&acme.app, Viewer::Operator, since).await;
            again.unwrap();
        }
        assert_eq!(uris().await, of_ada);
        let all = acme.news().await;
        assert_eq!(all, [EventKind::ActorUpdated, EventKind::ActorUpdated]);

        acme.app.clock.advance(Duration::from_secs(1));
        let later = acme.app.clock.now();
        let next = rotate_all_since(&acme.app, Viewer::Operator, later).await;
        next.unwrap();
        assert!(uris().await.len() > of_ada.len());
    }

    #[tokio::test]
    async fn an_actor_never_has_more_keys_than_others_read() {
        let acme = House::open("acme.example").await;
        let ada = acme.account("ada", OrgRole::Member).await.actor;
        acme.give_key(&ada).await;
        complete(&acme.app).await.unwrap();
        for _ in 0..7 {
            rotate(&acme.app, Viewer::Operator, Whose::One("ada".into()))
                .await
                .unwrap();
        }
        assert_eq!(keys_of(&acme, &ada).await.len(), RETIRED_KEPT + 2);
    }
}
