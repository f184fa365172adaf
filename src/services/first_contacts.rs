//! First contact: groups that look at what people elsewhere say whom they do not know, before anybody else
//! reads it. What waits is listed with what the rules hold, see [`holds`](crate::services::holds).

use crate::app::{App, Asker};
use crate::domain::{
    AuditAction, EventKind, FirstContact, Group, GroupId, Post, RuleSentence, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::access::Case;
use crate::services::{access, audit, refusals};
use crate::storage::events::NewEvent;
use crate::storage::first_contacts::Known;
use crate::storage::{self, Connection};

/// Chooses whether a group looks first. Owners and administrators. Who is there already is known.
pub async fn choose(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    choice: FirstContact,
) -> Result<Group> {
    let asker = app.asker(viewer);
    app.db
        .write("choose_first_contact", move |connection| {
            let (permit, group) = access::permit::<act::ManageGroup>(connection, &asker, group)?;
            if group.first_contact == choice {
                return Ok(group);
            }
            if group.first_contact == FirstContact::Free {
                storage::first_contacts::know_who_is_there(connection, group.id)?;
            }
            storage::first_contacts::choose(connection, &permit, choice)?;
            let (action, name) = (AuditAction::FirstContactChosen, &group.actor.name);
            audit::note(connection, &asker, action, name, choice.as_str())?;
            Ok(Group {
                first_contact: choice,
                ..group
            })
        })
        .await
}

/// How well a group of ours knows who asks, as far as that matters to it.
pub(super) fn known(connection: &mut Connection, viewer: &Viewer, group: &Group) -> Result<Known> {
    let Viewer::Person { actor, host } = viewer else {
        return Ok(Known {
            met: true,
            heard: true,
        });
    };
    match group.first_contact {
        FirstContact::Free => Ok(Known {
            met: true,
            heard: true,
        }),
        FirstContact::Person => storage::first_contacts::knows_person(connection, group.id, *actor),
        FirstContact::Host => storage::first_contacts::knows_host(connection, group.id, host),
    }
}

/// Keeps what just arrived from everybody but moderators, until one let it in.
pub(super) fn hold(connection: &mut Connection, post: &Post, activity: Option<&str>) -> Result<()> {
    storage::posts::hold_first(connection, post)?;
    storage::first_contacts::insert(connection, post.id, activity)
}

/// Lets in what somebody new said, as if it had just arrived: it counts, and members' servers are told.
pub(super) fn let_in(
    connection: &mut Connection,
    asker: &Asker,
    case: &Case<act::Moderate>,
) -> Result<()> {
    let post = &case.post;
    let activity = storage::first_contacts::find_waiting(connection, post.id)?;
    let activity = activity.ok_or_else(waits_no_more)?;
    storage::posts::let_in_first(connection, &case.permit, post, asker.now)?;
    storage::first_contacts::remove(connection, post.id)?;
    storage::first_contacts::hear(connection, case.permit.group(), post.author)?;
    let event = NewEvent {
        kind: EventKind::PostCreated,
        actor: post.author,
        group: post.group,
        post: Some(post.id),
        object: None,
        activity,
    };
    storage::events::append(connection, event, asker.now)?;
    let (action, uri) = (AuditAction::PostReleased, post.uri.as_str());
    audit::note(connection, asker, action, uri, "first contact")
}

/// Does not let it in. Its author's server is told, where it speaks that language.
pub(super) fn turn_away(
    connection: &mut Connection,
    asker: &Asker,
    case: &Case<act::Moderate>,
    why: &RuleSentence,
) -> Result<()> {
    let post = &case.post;
    let activity = storage::first_contacts::find_waiting(connection, post.id)?;
    let activity = activity.ok_or_else(waits_no_more)?;
    storage::first_contacts::turn_away(connection, &case.permit, post.id)?;
    if let Some(id) = activity.as_deref().and_then(id_of) {
        let author = storage::actors::find(connection, post.author)?.ok_or(Error::NotFound)?;
        let reason = Reason::NotLetIn.as_str();
        refusals::tell_sender(connection, &author, &id, reason, asker.now)?;
    }
    let (action, uri) = (AuditAction::PostKeptInside, post.uri.as_str());
    audit::note(connection, asker, action, uri, why.as_str())
}

fn waits_no_more() -> Error {
    Error::Conflict("nothing holds this post (any more)".into())
}

/// The id of an activity as it arrived.
fn id_of(activity: &str) -> Option<Uri> {
    let activity: serde_json::Value = serde_json::from_str(activity).ok()?;
    activity["id"].as_str()?.parse().ok()
}
