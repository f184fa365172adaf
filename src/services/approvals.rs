//! People elsewhere who ask before they like, answer or boost (GoToSocial's interaction requests). The answer is
//! what policy says now; the thing itself is taken when it comes, and asked about again. Only what people here
//! wrote is asked about here.

use crate::app::{App, Asker};
use crate::domain::{
    Actor, Approved, AskedInteraction, EventKind, Group, Interaction, Post, PostId, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::{access, mirrors};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Whether who asks may know of the post at all: the rest is answered by an activity.
pub(super) fn check(
    connection: &mut Connection,
    asker: &Asker,
    asked: &AskedInteraction,
) -> Result<()> {
    let found = mirrors::find_meant(connection, asker, &asked.target)?;
    access::permit_sought_post::<act::Read>(connection, asker, found).map(drop)
}

/// Answers who asked, in the name of who wrote the post.
pub(super) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    asked: &AskedInteraction,
) -> Result<()> {
    let post = mirrors::find_meant(connection, asker, &asked.target)?.ok_or(Error::NotFound)?;
    if !storage::actors::is_local(connection, post.author)? {
        return Err(Error::NotFound);
    }
    match may(connection, asker, asked.interaction, post.clone()) {
        Ok(()) => approve(connection, asker, by, asked, &post),
        Err(Error::Denied(_)) => tell(connection, asker, by, asked, &post, None),
        Err(error) => Err(error),
    }
}

fn may(connection: &mut Connection, asker: &Asker, what: Interaction, post: Post) -> Result<()> {
    match what {
        Interaction::Like => access::permit_found::<act::React>(connection, asker, post).map(drop),
        Interaction::Reply => {
            access::permit_found::<act::Comment>(connection, asker, post).map(drop)
        }
        Interaction::Announce => access::permit_boost(connection, asker, Some(post)).map(drop),
    }
}

/// Approving twice is approving once: the answer may have been lost.
fn approve(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    asked: &AskedInteraction,
    post: &Post,
) -> Result<()> {
    let known = storage::approvals::find_by_interacting(connection, by.id, &asked.interacting)?;
    let id = match known {
        Some(known) if known.post == post.id => known.id,
        Some(_) => {
            return Err(Error::Conflict(
                "it was asked for about another post".into(),
            ));
        }
        None => {
            let approved = Approved {
                id: storage::approvals::next_id(asker.now),
                interaction: asked.interaction,
                post: post.id,
                by: by.id,
                interacting: asked.interacting.clone(),
                request: asked.request.clone(),
            };
            storage::approvals::insert(connection, &approved, asker.now)?;
            approved.id
        }
    };
    tell(connection, asker, by, asked, post, Some(id))
}

/// `approval`: none, it is refused.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    asked: &AskedInteraction,
    post: &Post,
    approval: Option<i64>,
) -> Result<()> {
    let answer = Answer {
        asked: asked.clone(),
        by: by.uri.clone(),
        approval,
    };
    let event = NewEvent {
        kind: EventKind::InteractionAnswered,
        actor: post.author,
        group: post.group,
        post: Some(post.id),
        object: Some(by.id.0),
        activity: Some(serde_json::to_string(&answer).map_err(Error::internal)?),
    };
    storage::events::append(connection, event, asker.now).map(drop)
}

/// What an event carries of an answer.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Answer {
    pub asked: AskedInteraction,
    pub by: Uri,
    pub approval: Option<i64>,
}

pub(super) fn read_answer(text: &str) -> Result<Answer> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// An approval with what it is about.
pub struct Authorization {
    pub approved: Approved,
    pub post: Post,
    /// Who wrote the post, and approves.
    pub author: Actor,
    pub group: Option<Group>,
}

/// An approval, for who may read the post. One that is not there is looked for like one that is hidden.
pub async fn find(app: &App, viewer: Viewer, id: i64) -> Result<Authorization> {
    let asker = app.asker(viewer);
    app.db
        .read("find_approval_of_interaction", move |connection| {
            let post = storage::approvals::find_post(connection, id)?;
            let post = storage::posts::find(connection, post.unwrap_or(PostId(0)))?;
            let case = access::permit_sought_post::<act::Read>(connection, &asker, post)?;
            let approved = storage::approvals::find(connection, id)?;
            let author = storage::actors::find(connection, case.post.author)?;
            Ok(Authorization {
                approved: approved.ok_or(Error::NotFound)?,
                author: author.ok_or(Error::NotFound)?,
                post: case.post,
                group: case.group,
            })
        })
        .await
}
