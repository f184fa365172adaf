//! Topics and comments by their authors: new ones with ids that sort them, new texts, deletion.

use diesel::prelude::*;

use super::PostRow;
use crate::domain::{ActorId, Audience, GroupId, Post, PostId, PostState, Timestamp, Uri};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::connection::on_backend;
use crate::storage::schema::{posts, removals, revisions};
use crate::storage::{Connection, ids};

/// A post before it has an id. The group comes from the permit, or from what is answered.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// None: ours, made from the new id by `local_uri`.
    pub uri: Option<Uri>,
    pub author: ActorId,
    pub title: Option<String>,
    pub source: Option<String>,
    pub html: String,
    pub audience: Audience,
    /// When it was written, which may be before it arrived.
    pub created_at: Timestamp,
}

/// Writes a topic into the group of the permit.
pub fn insert_topic(
    connection: &mut Connection,
    permit: &Permit<act::StartTopic>,
    new: NewPost,
    local_uri: impl FnOnce(PostId) -> Uri,
    now: Timestamp,
) -> Result<Post> {
    let id = free_id(connection, new.created_at, now)?;
    let created_at = new.created_at.min(now);
    let post = assemble(
        id,
        new,
        Some(permit.group()),
        local_uri,
        Place {
            topic: id,
            parent: None,
            created_at,
            topic_created_at: created_at,
        },
    );
    insert(connection, &post)?;
    Ok(post)
}

/// Writes a post on its author's profile.
pub fn insert_profile_post(
    connection: &mut Connection,
    _permit: &Permit<act::PostOnProfile>,
    new: NewPost,
    local_uri: impl FnOnce(PostId) -> Uri,
    now: Timestamp,
) -> Result<Post> {
    debug_assert!(new.audience.is_on_profile());
    let id = free_id(connection, new.created_at, now)?;
    let created_at = new.created_at.min(now);
    let place = Place {
        topic: id,
        parent: None,
        created_at,
        topic_created_at: created_at,
    };
    let post = assemble(id, new, None, local_uri, place);
    insert(connection, &post)?;
    Ok(post)
}

/// Writes a comment below `parent`, which is the post of the permit.
pub fn insert_comment(
    connection: &mut Connection,
    permit: &Permit<act::Comment>,
    parent: &Post,
    new: NewPost,
    local_uri: impl FnOnce(PostId) -> Uri,
    now: Timestamp,
) -> Result<Post> {
    debug_assert_eq!(permit.post(), parent.id);
    let id = free_id(connection, new.created_at.max(parent.created_at), now)?;
    let place = Place {
        topic: parent.topic,
        parent: Some(parent.id),
        created_at: new.created_at.min(now),
        topic_created_at: parent.topic_created_at,
    };
    let counts = is_counted(new.audience);
    let post = assemble(id, new, parent.group, local_uri, place);
    insert(connection, &post)?;
    if counts {
        on_backend!(connection, |inner| diesel::update(
            posts::table.find(post.topic.0)
        )
        .set((
            posts::comments.eq(posts::comments + 1),
            posts::active_at.eq(now.micros()),
        ))
        .execute(inner))?;
    }
    Ok(post)
}

/// An id that sorts a post where it belongs. Of what was written long ago, or before what it
/// answers, many want the same place: then the next one behind it.
fn free_id(connection: &mut Connection, mut written: Timestamp, now: Timestamp) -> Result<PostId> {
    loop {
        let id = ids::at(written, now);
        // Ids of the present are never given twice.
        if written >= now {
            return Ok(PostId(id));
        }
        let taken = diesel::dsl::exists(posts::table.find(id));
        if !on_backend!(connection, |inner| diesel::select(taken).get_result(inner))? {
            return Ok(PostId(id));
        }
        written = written.plus(std::time::Duration::from_millis(1));
    }
}

struct Place {
    topic: PostId,
    parent: Option<PostId>,
    created_at: Timestamp,
    topic_created_at: Timestamp,
}

fn assemble(
    id: PostId,
    new: NewPost,
    group: Option<GroupId>,
    local_uri: impl FnOnce(PostId) -> Uri,
    place: Place,
) -> Post {
    Post {
        id,
        uri: new.uri.unwrap_or_else(|| local_uri(id)),
        group,
        author: new.author,
        topic: place.topic,
        parent: place.parent,
        title: new.title,
        source: new.source,
        html: new.html,
        audience: new.audience,
        state: PostState::Visible,
        locked: false,
        pinned: false,
        shared_by_exception: false,
        created_at: place.created_at,
        topic_created_at: place.topic_created_at,
        edited_at: None,
        comments: 0,
        likes: 0,
        active_at: place.created_at,
    }
}

fn insert(connection: &mut Connection, post: &Post) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(posts::table)
        .values(PostRow::from(post))
        .execute(inner))?;
    Ok(())
}

/// Writes a new text and keeps the old one as a revision.
pub fn update_text(
    connection: &mut Connection,
    permit: &Permit<act::EditPost>,
    old: &Post,
    title: Option<&str>,
    source: Option<&str>,
    html: &str,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(revisions::table)
        .values((
            revisions::id.eq(ids::next(now)),
            revisions::post_id.eq(old.id.0),
            revisions::title.eq(old.title.as_deref()),
            revisions::html.eq(&old.html),
            revisions::until_at.eq(now.micros()),
        ))
        .execute(connection)?;
    diesel::update(posts::table.find(permit.post().0))
        .set((
            posts::title.eq(title),
            posts::source.eq(source),
            posts::html.eq(html),
            posts::edited_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a post back for good: its text and earlier texts are gone, its place in the thread stays.
pub fn delete(
    connection: &mut Connection,
    permit: &Permit<act::DeletePost>,
    post: &Post,
) -> Result<()> {
    diesel::delete(revisions::table.filter(revisions::post_id.eq(post.id.0)))
        .execute(connection)?;
    diesel::delete(removals::table.find(post.id.0)).execute(connection)?;
    diesel::update(posts::table.find(permit.post().0))
        .set((
            posts::state.eq(PostState::Deleted.as_str()),
            posts::title.eq(post.title.as_ref().map(|_| "")),
            posts::source.eq(None::<String>),
            posts::html.eq(""),
        ))
        .execute(connection)?;
    // A removed one left the count when it was removed.
    match post.state {
        PostState::Removed => Ok(()),
        PostState::Visible | PostState::Held | PostState::Deleted => {
            leave_count(connection, post, -1)
        }
    }
}

/// A comment that is no longer (or again) visible is no longer (or again) counted.
pub(super) fn leave_count(connection: &mut Connection, post: &Post, change: i32) -> Result<()> {
    if post.is_topic() || !is_counted(post.audience) {
        return Ok(());
    }
    add_comments(connection, post.topic, change)
}

/// What colleagues say among themselves is not among the comments that a topic tells of.
fn is_counted(audience: Audience) -> bool {
    audience == Audience::Group || audience.is_on_profile()
}

fn add_comments(connection: &mut Connection, topic: PostId, change: i32) -> Result<()> {
    diesel::update(posts::table.find(topic.0))
        .set(posts::comments.eq(posts::comments + change))
        .execute(connection)?;
    Ok(())
}
