//! Who is in a group, where its house and the house of its people may count differently.

use super::receive::let_in;
use crate::app::{App, Asker};
use crate::domain::{
    ActorId, AuditAction, EventKind, Group, GroupId, Host, Member, MembershipState, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Action, Viewer};
use crate::services::{access, accounts, audit};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// The list of members of a group of ours, by the group's actor, and who of a server is on it. None where
/// the actor is no group of ours, or policy keeps its members from that server.
pub async fn roster_told(
    app: &App,
    group: ActorId,
    host: &Host,
) -> Result<Option<(Uri, Vec<Uri>)>> {
    let asker = app.asker(Viewer::Server { host: host.clone() });
    let host = host.clone();
    app.db
        .read("roster_told", move |connection| {
            let Some(actor) = storage::actors::find(connection, group)? else {
                return Ok(None);
            };
            let group = storage::groups::find_by_uri(connection, &actor.uri)?;
            let Some(group) = group.filter(Group::is_local) else {
                return Ok(None);
            };
            if !access::may(connection, &asker, Action::SeeMembers, &group)? {
                return Ok(None);
            }
            let all = usize::MAX;
            let people = storage::memberships::list_uris_on_host(connection, group.id, &host, all)?;
            Ok(Some((group.actor.uri.join("followers"), people)))
        })
        .await
}

/// Our people whom we count as members of a group elsewhere; none: we do not know it.
pub async fn roster_counted(app: &App, group: &Uri) -> Result<Option<(GroupId, Vec<Uri>)>> {
    let group = group.clone();
    app.db
        .read("roster_counted", move |connection| {
            let group = storage::groups::find_by_uri(connection, &group)?;
            let Some(group) = group.filter(|group| !group.is_local()) else {
                return Ok(None);
            };
            let ours = list_ours(connection, &group)?.into_iter();
            let members = ours.filter(|ours| ours.membership.state == MembershipState::Member);
            Ok(Some((
                group.id,
                members.map(|ours| ours.actor.uri).collect(),
            )))
        })
        .await
}

/// Does as a group elsewhere says: `listed` are all whom it counts here. Who is not among them is out,
/// unless they came in after the list was asked for; who asked and is among them is in; who is among them
/// and is not in, as far as we know, leaves.
pub async fn agree(app: &App, group: GroupId, listed: Vec<Uri>, asked_at: Timestamp) -> Result<()> {
    let asker = app.asker(Viewer::Operator);
    let follow = app.addresses().activity("follow", asker.now.micros());
    app.db
        .write("agree_on_roster", move |connection| {
            let group = storage::groups::find(connection, group)?.ok_or(Error::NotFound)?;
            let house = group.home().cloned().ok_or(Error::NotFound)?;
            let asker = Asker {
                viewer: Viewer::Server { host: house },
                ..asker
            };
            let ours = list_ours(connection, &group)?;
            for one in &ours {
                match (one.membership.state, listed.contains(&one.actor.uri)) {
                    (MembershipState::Member, false) if one.membership.since < asked_at => {
                        put_out(connection, &asker, &group, one)?;
                    }
                    (MembershipState::Requested, true) => {
                        let_in(connection, &asker, &group, one.membership.clone())?;
                    }
                    _ => {}
                }
            }
            for uri in listed {
                let counted = |one: &Member| {
                    one.actor.uri == uri && one.membership.state == MembershipState::Member
                };
                let requested = |one: &Member| {
                    one.actor.uri == uri && one.membership.state == MembershipState::Requested
                };
                if !ours.iter().any(|one| counted(one) || requested(one)) {
                    leave_again(connection, &asker, &group, &uri, &follow)?;
                }
            }
            Ok(())
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

fn list_ours(connection: &mut Connection, group: &Group) -> Result<Vec<Member>> {
    let known = storage::memberships::list(connection, group.id)?;
    let ours = known.into_iter().filter(|known| known.actor.is_local());
    Ok(ours.collect())
}

fn put_out(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    member: &Member,
) -> Result<()> {
    storage::memberships::remove(connection, group.id, member.actor.id)?;
    let detail = format!("{}: its house counts them no longer", member.actor.name);
    let what = group.actor.handle().to_string();
    audit::note(
        connection,
        asker,
        AuditAction::MemberRemoved,
        &what,
        &detail,
    )
}

/// Their leaving was not heard, or they never came.
fn leave_again(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Uri,
    follow: &Uri,
) -> Result<()> {
    let Some(person) = storage::actors::find_by_uri(connection, person)? else {
        return Ok(());
    };
    // Who is gone was taken back everywhere, and signs nothing more.
    let account = storage::accounts::find(connection, person.id)?;
    if !account.is_some_and(|account| accounts::is_usable(&account)) {
        return Ok(());
    }
    let left = NewEvent {
        kind: EventKind::Left,
        actor: person.id,
        group: Some(group.id),
        post: None,
        object: Some(person.id.0),
        activity: Some(follow.to_string()),
    };
    storage::events::append(connection, left, asker.now).map(drop)
}
