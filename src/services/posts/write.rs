//! What people of this house do with their own posts: topics, comments, edits, deletes.

use super::tell;
use crate::app::{App, Asker};
use crate::domain::markup;
use crate::domain::{
    Audience, AuditAction, Body, Draft, EventKind, Group, GroupId, GroupRole, LabelName,
    Membership, MembershipState, PollDraft, Post, PostId, Title,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::access::Case;
use crate::services::attachments::Attached;
use crate::services::outbound_rules::{self, Screened};
use crate::services::{access, attachments, audit, labels, refusals};
use crate::storage::posts::NewPost;
use crate::storage::{self, Connection};

/// A topic as somebody wants it.
#[derive(Clone, Debug)]
pub struct NewTopic {
    pub title: Title,
    pub body: Option<Body>,
    pub poll: Option<PollDraft>,
    /// What was uploaded for it.
    pub attached: Vec<Attached>,
    /// Its own; none: that of the group.
    pub label: Option<LabelName>,
}

/// A comment as somebody wants it.
#[derive(Clone, Debug)]
pub struct NewComment {
    pub body: Option<Body>,
    pub audience: Audience,
    pub attached: Vec<Attached>,
    /// Its own; none: that of the topic and the group.
    pub label: Option<LabelName>,
}

/// Publishes a topic that is classified as its group is.
pub async fn create_topic(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    title: Title,
    body: Option<Body>,
    poll: Option<PollDraft>,
    attached: Vec<Attached>,
) -> Result<Post> {
    let topic = NewTopic {
        title,
        body,
        poll,
        attached,
        label: None,
    };
    publish_topic(app, viewer, group, topic).await
}

/// Publishes a topic in a group, which may be a poll, with what was uploaded for it, and records that
/// it happened.
///
/// The topic, its event and its audit line commit together: partners are told later, from the
/// event, so a crash can delay news but never lose or invent it.
///
/// # Errors
/// [`Error::Denied`] for who may not, [`Error::Invalid`] for a label that there is not or that is lower than the
/// group's.
pub async fn publish_topic(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    topic: NewTopic,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let most = app.config.limits.attachments_per_post;
    let NewTopic {
        title,
        body,
        poll,
        attached,
        label,
    } = topic;
    let new = written_here(&asker, Draft::Topic { title, body, poll })?;
    let author = asker.viewer.clone();
    let written = app
        .db
        .write("create_topic", move |connection| {
            let (permit, within) = access::permit::<act::StartTopic>(connection, &asker, group)?;
            let label = labels::choose(connection, &asker, Some(&within), None, label.as_ref())?;
            let new = NewPost { label, ..new };
            let post = storage::posts::insert_topic(
                connection,
                &permit,
                new,
                |id| addresses.post(id),
                asker.now,
            )?;
            if !attached.is_empty() {
                let (permit, _) = access::permit::<act::Attach>(connection, &asker, group)?;
                attachments::attach(connection, &asker, &permit, &post, &attached, most)?;
            }
            let screened = outbound_rules::of_new(connection, &asker, &post)?;
            tell(connection, &asker, EventKind::PostCreated, &post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostCreated,
                post.uri.as_str(),
                "",
            )?;
            Ok((post, screened))
        })
        .await;
    let (post, screened) = outbound_rules::noted(app, &author, written).await?;
    ring(app, screened);
    Ok(post)
}

/// Wakes who tells of what was written, and who asks webhooks about it.
pub(super) fn ring(app: &App, screened: Screened) {
    app.bells.events.notify_one();
    match screened {
        Screened::Done => {}
        Screened::WebhooksWaiting => app.bells.jobs.notify_one(),
    }
}

/// Publishes a comment that is classified as its topic and its group are.
pub async fn comment(
    app: &App,
    viewer: Viewer,
    parent: PostId,
    body: Option<Body>,
    audience: Audience,
    attached: Vec<Attached>,
) -> Result<Post> {
    let comment = NewComment {
        body,
        audience,
        attached,
        label: None,
    };
    publish_comment(app, viewer, parent, comment).await
}

/// Publishes a comment below a topic or comment. In an open group a colleague joins by it.
///
/// # Errors
/// As [`publish_topic`].
pub async fn publish_comment(
    app: &App,
    viewer: Viewer,
    parent: PostId,
    comment: NewComment,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let most = app.config.limits.attachments_per_post;
    let NewComment {
        body,
        audience,
        attached,
        label,
    } = comment;
    check_says_something(body.as_ref(), attached.is_empty())?;
    let new = written_here(&asker, Draft::Comment { body, audience })?;
    let author = asker.viewer.clone();
    let written = app
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
            let (group, topic) = (case.group.as_ref(), Some(case.post.topic));
            let label = labels::choose(connection, &asker, group, topic, label.as_ref())?;
            let new = NewPost {
                audience,
                label,
                ..new
            };
            let in_group = case.group.as_ref().map(|group| group.id);
            let post = storage::posts::insert_comment(
                connection,
                &case.permit,
                &case.post,
                new,
                |id| addresses.post(id),
                asker.now,
            )?;
            if !attached.is_empty() {
                let (parent, group) = (case.post, case.group);
                let case = access::permit_in::<act::Attach>(connection, &asker, group, parent)?;
                attachments::attach(connection, &asker, &case.permit, &post, &attached, most)?;
            }
            if let Some(group) = in_group {
                join_by_taking_part(connection, &asker, group)?;
            }
            let screened = outbound_rules::of_new(connection, &asker, &post)?;
            tell(connection, &asker, EventKind::PostCreated, &post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostCreated,
                post.uri.as_str(),
                audience.as_str(),
            )?;
            Ok((post, screened))
        })
        .await;
    let (post, screened) = outbound_rules::noted(app, &author, written).await?;
    ring(app, screened);
    Ok(post)
}

/// A comment has a text, or something to look at.
fn check_says_something(body: Option<&Body>, bare: bool) -> Result<()> {
    match body.is_none() && bare {
        true => Err(Error::invalid("body", "is empty: write something")),
        false => Ok(()),
    }
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

pub(super) fn written_here(asker: &Asker, draft: Draft) -> Result<NewPost> {
    let (title, body, audience, poll) = match draft {
        Draft::Topic { title, body, poll } => {
            let title = Some(title.as_str().to_owned());
            (title, body, Audience::Group, poll)
        }
        Draft::Comment { body, audience } => (None, body, audience, None),
    };
    let body = body.as_ref();
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
        label: None,
        poll: poll.map(|poll| poll.begin(asker.now)),
        created_at: asker.now,
        edited_at: None,
    })
}

/// Replaces the text of one's own post; the old text stays in its history. `attached` is what is to be
/// attached from now on; none: as before.
pub async fn update(
    app: &App,
    viewer: Viewer,
    id: PostId,
    title: Option<Title>,
    body: Option<Body>,
    attached: Option<Vec<Attached>>,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let most = app.config.limits.attachments_per_post;
    let html = body
        .as_ref()
        .map(|body| markup::render_markdown(body.as_str()).into_string())
        .unwrap_or_default();
    let author = asker.viewer.clone();
    let written = app
        .db
        .write("update_post", move |connection| {
            let case = access::permit_post::<act::EditPost>(connection, &asker, id)?;
            // There is nothing to change at the group's house, and what is tried again is the first text.
            if storage::refusals::is_refused(connection, id)? {
                return Err(Error::Conflict(
                    "the house of this group did not take it: delete it and write it anew".into(),
                ));
            }
            let title = new_title(&case.post, title)?;
            let bare = match &attached {
                Some(attached) => attached.is_empty(),
                None => storage::attachments::list_of(connection, id)?.is_empty(),
            };
            if body.is_none() && title.is_none() && bare {
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
            let (author, new_text) = (case.post.author, [EventKind::PostUpdated]);
            refusals::supersede(connection, id, author, &new_text, asker.now)?;
            if let Some(attached) = &attached {
                change_attached(connection, &asker, &case, attached, most)?;
            }
            let post = storage::posts::find(connection, id)?.ok_or(Error::NotFound)?;
            let screened = outbound_rules::of_edit(connection, &asker, &post)?;
            tell(connection, &asker, EventKind::PostUpdated, &post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostUpdated,
                post.uri.as_str(),
                "",
            )?;
            Ok((post, screened))
        })
        .await;
    let (post, screened) = outbound_rules::noted(app, &author, written).await?;
    ring(app, screened);
    Ok(post)
}

fn change_attached(
    connection: &mut Connection,
    asker: &Asker,
    case: &Case<act::EditPost>,
    attached: &[Attached],
    most: usize,
) -> Result<()> {
    let permit = |connection: &mut Connection| {
        let (group, post) = (case.group.clone(), case.post.clone());
        let case = access::permit_in::<act::Attach>(connection, asker, group, post)?;
        Ok(case.permit)
    };
    attachments::rearrange(connection, asker, &case.post, attached, most, permit)
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
    let texts = [EventKind::PostCreated, EventKind::PostUpdated];
    refusals::supersede(connection, id, case.post.author, &texts, asker.now)?;
    storage::posts::delete(connection, &case.permit, &case.post)?;
    tell(connection, asker, EventKind::PostDeleted, &case.post, None)?;
    Ok(case.post)
}
