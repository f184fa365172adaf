//! People as commands and scripts name them: by a handle, known here or not.

use super::{Decision, add, decide, invite, withdraw_invitation};
use crate::app::App;
use crate::domain::{Actor, GroupId, GroupRole, Handle, MembershipState};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::actors;

/// Names somebody for a group: [`add`]s who is known here, [`invite()`]s others elsewhere by handle alone.
///
/// # Errors
/// [`Error::NotFound`] when nobody here has that name, and for a group or server where a person is meant.
pub async fn name(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    who: Handle,
    role: GroupRole,
) -> Result<MembershipState> {
    match find_person(app, viewer.clone(), &who).await {
        Ok(actor) => add(app, viewer, group, actor.id, role).await,
        Err(Error::NotFound) => invite(app, viewer, group, who, role).await,
        Err(error) => Err(error),
    }
}

/// Puts somebody out, refuses who asked, or takes an invitation back.
///
/// # Errors
/// [`Error::NotFound`] when nobody of that handle is in the group, asked, or is invited.
pub async fn put_out(app: &App, viewer: Viewer, group: GroupId, who: Handle) -> Result<()> {
    let who = who.seen_from(app.config.host());
    match withdraw_invitation(app, viewer.clone(), group, who.clone()).await {
        Err(Error::NotFound) => {
            let actor = find_person(app, viewer.clone(), &who).await?.id;
            decide(app, viewer, group, actor, Decision::Remove).await
        }
        done => done,
    }
}

/// Finds a person known here by handle, for administrators.
pub async fn find_person(app: &App, viewer: Viewer, who: &Handle) -> Result<Actor> {
    let who = who.clone().seen_from(app.config.host());
    actors::find_by_handle(app, viewer, who).await
}
