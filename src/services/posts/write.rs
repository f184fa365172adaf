//! What people of this house do with their own posts: topics, comments, edits, deletes.

use super::tell;
use crate::app::{App, Asker};
use crate::domain::markup;
use crate::domain::{
    Audience, AuditAction, Body, Draft, EventKind, Group, GroupId, GroupRole, Membership,
    MembershipState, Post, PostId, Title,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::{access, audit};
use crate::storage::posts::NewPost;
use crate::storage::{self, Connection};

/// Publishes a topic in a group and records that it happened.
///
/// The topic, its event and its audit line commit together: partners are told later, from the
/// event, so a crash can delay news but never lose or invent it.
pub async fn create_topic(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    title: Title,
    body: Option<Body>,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let new = written_here(&asker, &Draft::Topic { title, body })?;
    let post = app
        .db
        .write("create_topic", move |connection| {
            let (permit, _) = access::permit::<act::StartTopic>(connection, &asker, group)?;
            let post = storage::posts::insert_topic(
                connection,
                &permit,
                new,
                |id| addresses.post(id),
                asker.now,
            )?;
            tell(connection, &asker, EventKind::PostCreated, &post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostCreated,
                post.uri.as_str(),
                "",
            )?;
            Ok(post)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

/// Publishes a comment below a topic or comment. In an open group a colleague joins by it.
pub async fn comment(
    app: &App,
    viewer: Viewer,
    parent: PostId,
    body: Body,
    audience: Audience,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let new = written_here(&asker, &Draft::Comment { body, audience })?;
    let post = app
        .db
        .write("create_comment", move |connection| {
            let case = access::permit_post::<act::Comment>(connection, &asker, parent)?;
            // What stays inside is answered inside; on profiles whoever reads the conversation reads it.
            let audience = match case.post.audience {
                inherited @ (Audience::Aside
                | Audience::Profile
                | Audience::Followers
                | Audience::Public) => inherited,
                Audience::Group | Audience::Direct => audience,
            };
            if audience == Audience::Aside {
                only_colleagues_inside(connection, &asker, case.group.as_ref())?;
            }
            let new = NewPost { audience, ..new };
            let post = storage::posts::insert_comment(
                connection,
                &case.permit,
                &case.post,
                new,
                |id| addresses.post(id),
                asker.now,
            )?;
            if let Some(group) = &case.group {
                join_by_taking_part(connection, &asker, group.id)?;
            }
            tell(connection, &asker, EventKind::PostCreated, &post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostCreated,
                post.uri.as_str(),
                audience.as_str(),
            )?;
            Ok(post)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

pub(super) fn only_colleagues_inside(
    connection: &mut Connection,
    asker: &Asker,
    group: Option<&Group>,
) -> Result<()> {
    let member = match (group, asker.viewer.actor()) {
        (Some(group), Some(actor)) => storage::memberships::find(connection, group.id, actor)?
            .is_some_and(|membership| membership.state == MembershipState::Member),
        _ => false,
    };
    if asker.viewer.is_colleague() && member {
        Ok(())
    } else {
        Err(Error::Denied(Reason::NotForOutside))
    }
}

fn join_by_taking_part(connection: &mut Connection, asker: &Asker, group: GroupId) -> Result<()> {
    let Some(actor) = asker.viewer.actor() else {
        return Ok(());
    };
    if storage::memberships::find(connection, group, actor)?
        .is_some_and(|known| known.state == MembershipState::Member)
    {
        return Ok(());
    }
    storage::memberships::save(
        connection,
        &Membership {
            group,
            actor,
            state: MembershipState::Member,
            role: GroupRole::Member,
            follow: None,
            banned_until: None,
            since: asker.now,
        },
    )
}

pub(super) fn written_here(asker: &Asker, draft: &Draft) -> Result<NewPost> {
    let (title, body, audience) = match draft {
        Draft::Topic { title, body } => (
            Some(title.as_str().to_owned()),
            body.as_ref(),
            Audience::Group,
        ),
        Draft::Comment { body, audience } => (None, Some(body), *audience),
    };
    Ok(NewPost {
        uri: None,
        author: asker
            .viewer
            .actor()
            .ok_or(Error::Denied(Reason::SignInNeeded))?,
        title,
        source: body.map(|body| body.as_str().to_owned()),
        html: body
            .map(|body| markup::render_markdown(body.as_str()).into_string())
            .unwrap_or_default(),
        audience,
        created_at: asker.now,
    })
}

/// Replaces the text of one's own post; the old text stays in its history.
pub async fn update(
    app: &App,
    viewer: Viewer,
    id: PostId,
    title: Option<Title>,
    body: Option<Body>,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let html = body
        .as_ref()
        .map(|body| markup::render_markdown(body.as_str()).into_string())
        .unwrap_or_default();
    let post = app
        .db
        .write("update_post", move |connection| {
            let case = access::permit_post::<act::EditPost>(connection, &asker, id)?;
            let title = new_title(&case.post, title)?;
            if body.is_none() && title.is_none() {
                return Err(Error::invalid(
                    "body",
                    "is empty: write something, or delete the comment",
                ));
            }
            let source = body.as_ref().map(Body::as_str);
            storage::posts::update_text(
                connection,
                &case.permit,
                &case.post,
                title.as_deref(),
                source,
                &html,
                asker.now,
            )?;
            tell(connection, &asker, EventKind::PostUpdated, &case.post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostUpdated,
                case.post.uri.as_str(),
                "",
            )?;
            storage::posts::find(connection, id)?.ok_or(Error::NotFound)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

/// Topics keep a title, comments have none.
fn new_title(post: &Post, title: Option<Title>) -> Result<Option<String>> {
    match (post.is_topic(), title) {
        (true, Some(title)) => Ok(Some(title.as_str().to_owned())),
        (true, None) => Ok(post.title.clone()),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(Error::invalid("title", "belongs to topics only")),
    }
}

/// Takes one's own post back. Everybody who ever got it is asked to delete it.
pub async fn delete(app: &App, viewer: Viewer, id: PostId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("delete_post", move |connection| {
            let post = take_back(connection, &asker, id)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostDeleted,
                post.uri.as_str(),
                "",
            )
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// The part of [`delete`] that an author's erasure shares: the text goes, who got it is told.
pub(in crate::services) fn take_back(
    connection: &mut Connection,
    asker: &Asker,
    id: PostId,
) -> Result<Post> {
    let case = access::permit_post::<act::DeletePost>(connection, asker, id)?;
    storage::posts::delete(connection, &case.permit, &case.post)?;
    tell(connection, asker, EventKind::PostDeleted, &case.post, None)?;
    Ok(case.post)
}
