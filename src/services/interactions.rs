//! What we promise of a post in a group: who may like it and who may answer it. A promise is for people to be
//! shown the right buttons; whether they may is asked of policy when they do it.

use crate::app::Asker;
use crate::domain::{
    Capability, Circle, Group, Host, PartnerState, Post, Promise, WELCOME_PEOPLE_MAX,
};
use crate::error::Result;
use crate::storage::{self, Connection};

/// What is promised to whoever reads it, on any server.
pub(super) fn to_everybody(group: &Group, locked: bool) -> Promise {
    Promise::same(closed(group, locked).unwrap_or(Circle::Asked))
}

/// What is promised to one server: what its people may by their grant.
pub(super) fn to_server(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    locked: bool,
    host: &Host,
) -> Result<Promise> {
    if !group.is_local() || closed(group, locked).is_some() {
        return Ok(to_everybody(group, locked));
    }
    let bond = storage::grants::find_for_host(connection, group.id, host)?;
    let terms = bond
        .terms
        .filter(|terms| bond.partner == Some(PartnerState::Active) && terms.covers(asker.now));
    let circle = |capability| match terms {
        Some(terms) if terms.capabilities.contains(capability) => Circle::Members,
        Some(_) | None => Circle::Nobody,
    };
    Ok(Promise {
        like: circle(Capability::React),
        reply: circle(Capability::Reply),
        members: Vec::new(),
    })
}

/// The same with the members there by name.
pub(super) fn to_reader(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    locked: bool,
) -> Result<Promise> {
    let Some(host) = asker.viewer.host() else {
        return Ok(to_everybody(group, locked));
    };
    let promise = to_server(connection, asker, group, locked, host)?;
    let members = match [promise.like, promise.reply].contains(&Circle::Members) {
        true => {
            let most = WELCOME_PEOPLE_MAX;
            storage::memberships::list_uris_on_host(connection, group.id, host, most)?
        }
        false => Vec::new(),
    };
    Ok(Promise { members, ..promise })
}

/// What holds whoever asks; none: it depends on who does. Of groups elsewhere their house decides.
const fn closed(group: &Group, locked: bool) -> Option<Circle> {
    match (group.archived_at, locked) {
        (Some(_), _) => Some(Circle::Nobody),
        (None, true) => Some(Circle::Moderators),
        (None, false) => None,
    }
}

/// Whether the topic of a post is locked.
pub(super) fn is_locked(connection: &mut Connection, post: &Post) -> Result<bool> {
    if post.is_topic() {
        return Ok(post.locked);
    }
    let topic = storage::posts::find(connection, post.topic)?;
    Ok(topic.is_some_and(|topic| topic.locked))
}
