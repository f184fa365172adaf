//! People who come from another server, or go to one. Posts stay where they are; who follows goes along, where
//! both accounts say that they are the same person. That the other one does is found out by federation.

use crate::app::{App, Asker};
use crate::domain::{Actor, ActorId, AuditAction, EventKind, PersonWays, Uri};
use crate::error::{Error, Result};
use crate::policy::{Permit, Viewer, act};
use crate::services::{access, audit};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Who may say so of an account: whoever's it is, and administrators for them.
fn of_whom(connection: &mut Connection, asker: &Asker, person: ActorId) -> Result<Actor> {
    if asker.viewer.actor() != Some(person) {
        let _: Permit<act::ManageAccounts> = access::permit_house(asker)?;
    }
    let account = storage::accounts::find(connection, person)?;
    Ok(account.ok_or(Error::NotFound)?.actor)
}

/// What somebody here says of their accounts elsewhere; also for who looks at their profile.
pub async fn ways(app: &App, person: ActorId) -> Result<PersonWays> {
    app.db
        .read("find_ways", move |connection| {
            storage::ways::find(connection, person)
        })
        .await
}

/// Says which accounts elsewhere are the same person's, instead of what was said before.
///
/// # Errors
/// [`Error::Invalid`] for an account of this house.
pub async fn set_known_as(
    app: &App,
    viewer: Viewer,
    person: ActorId,
    accounts: Vec<Uri>,
) -> Result<()> {
    let asker = app.asker(viewer);
    let here = app.config.host().clone();
    app.db
        .write("set_known_as", move |connection| {
            let actor = of_whom(connection, &asker, person)?;
            if accounts.iter().any(|account| *account.host() == here) {
                return Err(Error::invalid(
                    "also known as",
                    "is an account of this house",
                ));
            }
            let ways = PersonWays {
                also_known_as: accounts,
                ..storage::ways::find(connection, person)?
            };
            say(connection, &asker, &actor, &ways)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Says that somebody is at `target` now, whose document was found to name them. Their followers elsewhere are told,
/// and go along by themselves.
pub async fn move_away(app: &App, viewer: Viewer, person: ActorId, target: Uri) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("move_away", move |connection| {
            let actor = of_whom(connection, &asker, person)?;
            let before = storage::ways::find(connection, person)?;
            let ways = PersonWays {
                moved_to: Some(target.clone()),
                ..before
            };
            say(connection, &asker, &actor, &ways)?;
            let target = target.to_string();
            tell(
                connection,
                &asker,
                person,
                EventKind::PersonMoved,
                Some(target),
            )
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Takes back that somebody went elsewhere. Who followed them there, stays there.
pub async fn stay(app: &App, viewer: Viewer, person: ActorId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("stay", move |connection| {
            let actor = of_whom(connection, &asker, person)?;
            let ways = PersonWays {
                moved_to: None,
                ..storage::ways::find(connection, person)?
            };
            say(connection, &asker, &actor, &ways)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Somebody here who is to be said to have moved.
///
/// # Errors
/// [`Error::NotFound`] for who has no account here, and where the viewer may not say so.
pub async fn find_mover(app: &App, viewer: Viewer, person: ActorId) -> Result<Actor> {
    let asker = app.asker(viewer);
    app.db
        .read("find_mover", move |connection| {
            of_whom(connection, &asker, person)
        })
        .await
}

/// Whether somebody with an account here says that they are `former`, too; who that is.
pub async fn find_former(app: &App, account: &Uri, former: &Uri) -> Result<Option<Actor>> {
    let (account, former) = (account.clone(), former.clone());
    app.db
        .read("find_former", move |connection| {
            let Some(actor) = storage::actors::find_by_uri(connection, &account)? else {
                return Ok(None);
            };
            let ways = storage::ways::find(connection, actor.id)?;
            let says_so = actor.is_local() && ways.also_known_as.contains(&former);
            Ok(says_so.then_some(actor))
        })
        .await
}

/// Writes it down, with what servers are told that know the person: their document says it.
fn say(connection: &mut Connection, asker: &Asker, actor: &Actor, ways: &PersonWays) -> Result<()> {
    storage::ways::save(connection, actor.id, ways)?;
    tell(connection, asker, actor.id, EventKind::PersonUpdated, None)?;
    let detail = match &ways.moved_to {
        Some(target) => format!("moved to {target}"),
        None => String::new(),
    };
    let action = AuditAction::ProfileUpdated;
    audit::note(connection, asker, action, &actor.name, &detail)
}

fn tell(
    connection: &mut Connection,
    asker: &Asker,
    person: ActorId,
    kind: EventKind,
    activity: Option<String>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: person,
        group: None,
        post: None,
        object: None,
        activity,
    };
    storage::events::append(connection, event, asker.now).map(drop)
}
