//! Boosts: passing on what everybody may read, here and from afar. Who follows whoever boosts sees the post in
//! their home; nothing is copied.
//!
//! A boost goes to the boosting person's followers and to the author's server, never to the group: a group boosts
//! by itself (`deliveries::routes`).

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, ActorState, BoostId, Boosted, EventKind, Job, Post, PostId, Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::posts::{self, ReceivedPost};
use crate::services::{access, house, mirrors};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// People shown as having boosted a post.
const BOOSTERS_MAX: i64 = 80;

/// Boosts a post. Boosting it twice is boosting it once.
///
/// # Errors
/// [`Error::Denied`] for what is not for everybody, or whose author does not want it.
pub async fn boost(app: &App, viewer: Viewer, post: PostId) -> Result<Boosted> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let boosted = app
        .db
        .write("boost", move |connection| {
            let case = access::permit_post::<act::Reshare>(connection, &asker, post)?;
            let actor = own(&asker)?;
            if storage::boosts::find_of(connection, post, actor)?.is_none() {
                let event = tell(connection, &asker, EventKind::Boosted, &case.post, None)?;
                let uri = addresses.activity("share", event);
                storage::boosts::insert(connection, &case.permit, actor, &uri, asker.now)?;
            }
            let boost = storage::boosts::find_of(connection, post, actor)?;
            let by = storage::actors::find(connection, actor)?;
            Ok(Boosted {
                boost: boost.ok_or(Error::NotFound)?,
                by: by.ok_or(Error::NotFound)?,
            })
        })
        .await?;
    app.bells.events.notify_one();
    Ok(boosted)
}

/// Takes a boost back, whatever one may read by now: what one gave one may take.
///
/// # Errors
/// [`Error::NotFound`] for a post that the viewer may not read and did not boost.
pub async fn unboost(app: &App, viewer: Viewer, post: PostId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("unboost", move |connection| {
            let actor = own(&asker)?;
            if storage::boosts::find_of(connection, post, actor)?.is_none() {
                access::permit_post::<act::Read>(connection, &asker, post)?;
            }
            take_back(connection, &asker, actor, post)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

fn own(asker: &Asker) -> Result<ActorId> {
    let actor = asker.viewer.actor();
    actor.ok_or(Error::Denied(Reason::SignInNeeded))
}

fn take_back(
    connection: &mut Connection,
    asker: &Asker,
    actor: ActorId,
    post: PostId,
) -> Result<()> {
    let Some(boost) = storage::boosts::remove(connection, post, actor)? else {
        return Ok(());
    };
    let post = storage::posts::find(connection, post)?.ok_or(Error::NotFound)?;
    let announce = Some(boost.uri.as_str());
    tell(connection, asker, EventKind::Unboosted, &post, announce).map(drop)
}

/// Takes back every boost of somebody who is erased. `asker` is who they were.
pub(super) fn take_all_back(
    connection: &mut Connection,
    asker: &Asker,
    actor: ActorId,
) -> Result<()> {
    for post in storage::boosts::list_all_of_actor(connection, actor)? {
        take_back(connection, asker, actor, post)?;
    }
    Ok(())
}

/// Writes news of a boost. `announce`: the id of what is taken back.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    post: &Post,
    announce: Option<&str>,
) -> Result<i64> {
    let event = NewEvent {
        kind,
        actor: own(asker)?,
        group: post.group,
        post: Some(post.id),
        object: None,
        activity: announce.map(str::to_owned),
    };
    Ok(storage::events::append(connection, event, asker.now)?.0)
}

/// Who boosted a post, the latest first: for whoever is signed in and may read it.
pub async fn boosters(app: &App, viewer: Viewer, post: PostId) -> Result<Vec<Actor>> {
    let asker = app.asker(viewer);
    own(&asker)?;
    app.db
        .read("list_boosters", move |connection| {
            access::permit_post::<act::Read>(connection, &asker, post)?;
            storage::boosts::list_boosters(connection, post, BOOSTERS_MAX)
        })
        .await
}

/// A boost by its own number, if the viewer may read what it passes on. One that is not there is looked for like
/// one that is hidden.
pub async fn find(app: &App, viewer: Viewer, id: BoostId) -> Result<Boosted> {
    let asker = app.asker(viewer);
    app.db
        .read("find_boost", move |connection| {
            let boost = storage::boosts::find(connection, id)?;
            let post = boost.as_ref().map_or(PostId(0), |boost| boost.post);
            access::permit_post::<act::Read>(connection, &asker, post)?;
            let boost = boost.ok_or(Error::NotFound)?;
            let by = storage::actors::find(connection, boost.actor)?;
            Ok(Boosted {
                by: by.ok_or(Error::NotFound)?,
                boost,
            })
        })
        .await
}

/// What the viewer's own boost with this number passes on, whatever they may read by now; none: they have none.
pub async fn find_own(app: &App, viewer: &Viewer, id: BoostId) -> Result<Option<PostId>> {
    let actor = viewer.actor();
    app.db
        .read("find_own_boost", move |connection| {
            let boost = storage::boosts::find(connection, id)?;
            let own = boost.filter(|boost| Some(boost.actor) == actor);
            Ok(own.map(|boost| boost.post))
        })
        .await
}

// From afar ---------------------------------------------------------------------------------------

/// Whether a boost by somebody elsewhere is taken in: an address of ours that leads to nothing is answered like what is
/// hidden; of what others keep and nobody here has heard of, it is no mistake of theirs.
pub(super) fn check(connection: &mut Connection, asker: &Asker, object: &Uri) -> Result<()> {
    let ours = house::instance_actor(connection)?.uri.host() == object.host();
    let found = mirrors::find_meant(connection, asker, object)?;
    if found.is_none() && !ours {
        return Ok(());
    }
    match access::permit_boost(connection, asker, found) {
        Err(Error::NotFound) if !ours => Ok(()),
        answer => answer.map(drop),
    }
}

/// Boosts of one person elsewhere that wait to be read: nobody has us read more at once.
const WAITING_MAX: usize = 20;

/// Somebody elsewhere boosts a post. What nobody here has heard of is read where it is kept, if somebody here follows
/// whoever boosts it; otherwise it stays unknown: nothing is fetched because anybody names it.
pub(super) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    announce: &Uri,
    object: &Uri,
) -> Result<()> {
    let Some(post) = mirrors::find_meant(connection, asker, object)? else {
        return ask_for(connection, asker, by, announce, object);
    };
    let permit = access::permit_boost(connection, asker, Some(post))?;
    storage::boosts::insert(connection, &permit, by.id, announce, asker.now).map(drop)
}

fn ask_for(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    announce: &Uri,
    object: &Uri,
) -> Result<()> {
    let ours = house::instance_actor(connection)?.uri.host() == object.host();
    let wanted = storage::follows::any_follower_on_host(connection, by.id, None)?;
    let forgotten = storage::posts::has_tombstone(connection, object)?;
    let waiting = storage::jobs::list_boosted(connection, by.id)?.len();
    if ours || !wanted || forgotten || waiting >= WAITING_MAX {
        return Ok(());
    }
    let work = Work::FetchBoosted {
        by: by.id.0,
        object: object.to_string(),
        announce: announce.to_string(),
    };
    storage::jobs::insert(connection, &work, asker.now).map(drop)
}

/// Who boosts what is to be read, while somebody here follows them.
///
/// # Errors
/// [`Error::NotFound`] when nobody does any more.
pub async fn find_booster(app: &App, by: ActorId) -> Result<Actor> {
    app.db
        .read("find_booster", move |connection| {
            let wanted = storage::follows::any_follower_on_host(connection, by, None)?;
            let by = storage::actors::find(connection, by)?;
            let by = by.filter(|by| wanted && by.state == ActorState::Active);
            by.ok_or(Error::NotFound)
        })
        .await
}

/// Takes in a boost with the post, which was read where it is kept.
///
/// # Errors
/// [`Error::Denied`] when the post is not for everybody; [`Error::NotFound`] when the boost was taken back meanwhile, or
/// the post belongs to a group here, which tells of it itself.
pub async fn receive_read(
    app: &App,
    by: Actor,
    announce: Uri,
    object: Uri,
    (author, post): (Actor, ReceivedPost),
) -> Result<()> {
    let booster = app.asker(access::viewer_of(&by));
    let writer = app.asker(access::viewer_of(&author));
    app.db
        .write_patiently("receive_boosted", move |connection| {
            let waits = storage::jobs::list_boosted(connection, by.id)?;
            let this = |job: &Job| names(&job.work, &object);
            if !waits.iter().any(this) {
                return Err(Error::NotFound);
            }
            let known = mirrors::find_meant(connection, &booster, &post.uri)?;
            let known = match known {
                Some(known) => known,
                None => posts::receive_passed_on(connection, &writer, &author, by.id, &post)?,
            };
            let permit = access::permit_boost(connection, &booster, Some(known))?;
            storage::boosts::insert(connection, &permit, by.id, &announce, booster.now).map(drop)
        })
        .await
}

/// Whether this is to read that post because somebody boosts it.
fn names(work: &Work, post: &Uri) -> bool {
    matches!(work, Work::FetchBoosted { object, .. } if object == post.as_str())
}

/// Somebody elsewhere takes a boost back. Of what they did not boost nothing changes.
pub(super) fn receive_undo(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    object: &Uri,
) -> Result<()> {
    // It may still wait to be read.
    for job in storage::jobs::list_boosted(connection, by.id)? {
        if names(&job.work, object) {
            storage::jobs::remove(connection, job.id)?;
        }
    }
    match mirrors::find_meant(connection, asker, object)? {
        Some(post) => storage::boosts::remove(connection, post.id, by.id).map(drop),
        None => Ok(()),
    }
}
