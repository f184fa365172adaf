//! Who is behind a number or a handle: a person or a group, as far as the viewer may know of them.
//!
//! Whoever may not know is answered as if there were nobody. Nothing here talks to another server:
//! looking somebody up elsewhere is a worker's errand that is waited for.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::app::{App, Asker};
use crate::domain::{Actor, ActorId, ActorKind, Group, Handle, JobState, Work};
use crate::error::{Error, Result};
use crate::policy::{self, PersonFacts, Viewer, act};
use crate::services::groups::{self, GroupView};
use crate::services::{access, jobs};
use crate::storage::{self, Connection};

/// How long somebody waits for another server to say who bears a handle.
const LOOK_UP_PATIENCE: Duration = Duration::from_secs(10);
/// Look-ups elsewhere that are waited for at once.
const LOOK_UPS_MAX: usize = 32;

static LOOK_UPS: Semaphore = Semaphore::const_new(LOOK_UPS_MAX);

/// Somebody or something with a handle.
#[derive(Clone, Debug)]
pub enum Entry {
    Person(Box<Actor>),
    Group {
        view: Box<GroupView>,
        /// Topics that the viewer may read.
        topics: u64,
    },
}

/// Finds a person or group by number.
pub async fn find(app: &App, viewer: Viewer, id: ActorId) -> Result<Entry> {
    let asker = app.asker(viewer);
    app.db
        .read("find_in_directory", move |connection| {
            let actor = storage::actors::find(connection, id)?.ok_or(Error::NotFound)?;
            entry(connection, &asker, actor)
        })
        .await
}

/// Finds a person or group that is known here by its exact handle.
pub async fn find_by_handle(app: &App, viewer: Viewer, handle: Handle) -> Result<Entry> {
    let asker = app.asker(viewer);
    let handle = as_kept_here(app, handle);
    app.db
        .read("find_in_directory", move |connection| {
            let actor = storage::actors::find_by_handle(connection, &handle)?;
            entry(connection, &asker, actor.ok_or(Error::NotFound)?)
        })
        .await
}

/// The same, and where nobody here bears the handle, asks the server it names.
///
/// # Errors
/// [`Error::Unavailable`] when that server does not answer in time: the search goes on, and finds
/// somebody or nobody a moment later.
pub async fn look_up(app: &App, viewer: Viewer, handle: Handle) -> Result<Entry> {
    let handle = as_kept_here(app, handle);
    let found = find_by_handle(app, viewer.clone(), handle.clone()).await;
    let unknown = matches!(found, Err(Error::NotFound));
    if !unknown || handle.host.is_none() || !policy::may_look_elsewhere(&viewer) {
        return found;
    }
    let too_many =
        |_| Error::Unavailable("too many look-ups at once: try again in a moment".into());
    let _place = LOOK_UPS.try_acquire().map_err(too_many)?;
    let work = Work::Discover {
        what: handle.to_string(),
    };
    let job = jobs::submit(app, work).await?;
    match jobs::wait(app, job, LOOK_UP_PATIENCE).await?.state {
        JobState::Done => find_by_handle(app, viewer, handle).await,
        JobState::Failed => Err(Error::NotFound),
        JobState::Pending => Err(Error::Unavailable(
            "that server has not answered yet: try again in a moment".into(),
        )),
    }
}

/// Those of the handles that are groups which the viewer may know of, each once.
pub async fn find_groups(
    app: &App,
    viewer: Viewer,
    handles: Vec<Handle>,
) -> Result<Vec<(Handle, Group)>> {
    let asker = app.asker(viewer);
    let wanted: Vec<(Handle, Handle)> = handles
        .into_iter()
        .map(|handle| (as_kept_here(app, handle.clone()), handle))
        .collect();
    app.db
        .read("find_groups", move |connection| {
            let mut found: Vec<(Handle, Group)> = Vec::new();
            for (kept, written) in wanted {
                match groups::find_known(connection, &asker, &kept) {
                    Ok(group) => found.push((written, group)),
                    Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        })
        .await
}

/// Our own people and groups have no host and lower-case names here.
fn as_kept_here(app: &App, handle: Handle) -> Handle {
    match handle.host.filter(|host| host != app.config.host()) {
        None => Handle {
            name: handle.name.to_ascii_lowercase(),
            host: None,
        },
        host => Handle { host, ..handle },
    }
}

fn entry(connection: &mut Connection, asker: &Asker, actor: Actor) -> Result<Entry> {
    match actor.kind {
        ActorKind::Group => group_entry(connection, asker, &actor),
        ActorKind::Person => match sees(connection, asker, &actor)? {
            true => Ok(Entry::Person(Box::new(actor))),
            false => Err(Error::NotFound),
        },
        // Servers sign what nobody in particular says; nobody talks to them.
        ActorKind::Service => Err(Error::NotFound),
    }
}

fn group_entry(connection: &mut Connection, asker: &Asker, actor: &Actor) -> Result<Entry> {
    let (_, group) = access::permit::<act::Know>(connection, asker, actor.id.group())?;
    let topics = storage::posts::count_topics(connection, &access::scope(asker), group.id)?;
    Ok(Entry::Group {
        view: Box::new(groups::view(connection, asker, group)?),
        topics,
    })
}

fn sees(connection: &mut Connection, asker: &Asker, person: &Actor) -> Result<bool> {
    let shares_a_group = match asker.viewer.actor() {
        // Colleagues see everybody: for them nothing needs to be read.
        Some(_) if asker.viewer.is_colleague() => false,
        Some(viewer) => storage::memberships::any_shared(connection, viewer, person.id)?,
        None => false,
    };
    let facts = PersonFacts {
        id: person.id,
        state: person.state,
        shares_a_group,
    };
    Ok(policy::sees_person(&asker.viewer, &facts))
}
