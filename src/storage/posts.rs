//! Topics and comments: the row, and finding some by what they are.
//!
//! `write` and `moderate` change them, `lists` are for readers; beside them who is named in a post
//! (`mentions`), and what was deleted before it arrived (`tombstones`).

mod lists;
mod mentions;
mod moderate;
mod tombstones;
mod write;

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{
    ActorId, Audience, GroupId, Host, Post, PostId, PostState, Revision, Timestamp, Uri,
};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{posts, revisions};

pub use lists::{
    count_files, count_replies, count_topics, list_authors, list_by_author, list_home,
    list_ids_of_thread, list_pinned, list_profile, list_profile_thread, list_readable, list_thread,
    list_thread_page, list_topic_ids, list_topics, list_written,
};
pub use mentions::{insert_mentions, is_mentioned, mentions_host};
pub use moderate::{
    count_pinned, forget_removal_reason, hold_first, let_in_first, list_removal_reasons,
    list_visible_of_author, set_locked, set_pinned, set_removal_reason, set_removed,
};
pub use tombstones::{count_tombstones, has_tombstone, insert_tombstone, remove_tombstone};
pub use write::{
    NewPost, count_comment, cut_text, delete, give_back, insert_comment, insert_profile_post,
    insert_topic, put_text, set_interaction, throw_away, update_text,
};

mod standing;

pub use standing::{Standing, find_standing, list_standings};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = posts, treat_none_as_default_value = false)]
pub(super) struct PostRow {
    id: i64,
    uri: String,
    group_id: Option<i64>,
    author_id: i64,
    topic_id: i64,
    parent_id: Option<i64>,
    title: Option<String>,
    source: Option<String>,
    html: String,
    audience: String,
    state: String,
    locked: bool,
    pinned: bool,
    shared_by_exception: bool,
    created_at: i64,
    topic_created_at: i64,
    edited_at: Option<i64>,
    comments: i32,
    likes: i32,
    active_at: i64,
    label: Option<String>,
}

impl From<&Post> for PostRow {
    fn from(post: &Post) -> Self {
        Self {
            id: post.id.0,
            uri: post.uri.to_string(),
            group_id: post.group.map(|group| group.0),
            author_id: post.author.0,
            topic_id: post.topic.0,
            parent_id: post.parent.map(|parent| parent.0),
            title: post.title.clone(),
            source: post.source.clone(),
            html: post.html.clone(),
            audience: post.audience.to_string(),
            state: post.state.to_string(),
            locked: post.locked,
            pinned: post.pinned,
            shared_by_exception: post.shared_by_exception,
            created_at: post.created_at.micros(),
            topic_created_at: post.topic_created_at.micros(),
            edited_at: post.edited_at.map(Timestamp::micros),
            comments: post.comments.cast_signed(),
            likes: post.likes.cast_signed(),
            active_at: post.active_at.micros(),
            label: post.label.as_ref().map(ToString::to_string),
        }
    }
}

impl TryFrom<PostRow> for Post {
    type Error = crate::Error;

    fn try_from(row: PostRow) -> Result<Self> {
        Ok(Self {
            id: PostId(row.id),
            uri: read(&row.uri)?,
            group: row.group_id.map(GroupId),
            author: ActorId(row.author_id),
            topic: PostId(row.topic_id),
            parent: row.parent_id.map(PostId),
            title: row.title,
            source: row.source,
            html: row.html,
            audience: read(&row.audience)?,
            state: read(&row.state)?,
            locked: row.locked,
            pinned: row.pinned,
            shared_by_exception: row.shared_by_exception,
            created_at: Timestamp::from_micros(row.created_at),
            topic_created_at: Timestamp::from_micros(row.topic_created_at),
            edited_at: row.edited_at.map(Timestamp::from_micros),
            comments: row.comments.unsigned_abs(),
            likes: row.likes.unsigned_abs(),
            active_at: Timestamp::from_micros(row.active_at),
            label: read_optional(row.label.as_deref())?,
        })
    }
}

pub fn find(connection: &mut Connection, id: PostId) -> Result<Option<Post>> {
    let row = find_one!(
        connection,
        posts::table.find(id.0).select(PostRow::as_select())
    )?;
    row.map(Post::try_from).transpose()
}

/// The posts with these ids, in no order.
pub fn list_by_ids(connection: &mut Connection, ids: &[PostId]) -> Result<Vec<Post>> {
    let rows: Vec<PostRow> = posts::table
        .filter(posts::id.among(numbers(ids)))
        .select(PostRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Post::try_from).collect()
}

/// Which of these topics are locked.
pub fn list_locked(connection: &mut Connection, topics: &[PostId]) -> Result<HashSet<PostId>> {
    let locked: Vec<i64> = posts::table
        .filter(posts::id.among(numbers(topics)))
        .filter(posts::locked.eq(true))
        .select(posts::id)
        .load(connection)?;
    Ok(locked.into_iter().map(PostId).collect())
}

/// Which of these posts everybody may see who may read where they are.
pub fn list_visible(connection: &mut Connection, ids: &[PostId]) -> Result<HashSet<PostId>> {
    let visible: Vec<i64> = posts::table
        .filter(posts::id.among(numbers(ids)))
        .filter(posts::state.eq(PostState::Visible.as_str()))
        .select(posts::id)
        .load(connection)?;
    Ok(visible.into_iter().map(PostId).collect())
}

fn numbers(ids: &[PostId]) -> Vec<i64> {
    ids.iter().map(|id| id.0).collect()
}

pub fn find_by_uri(connection: &mut Connection, uri: &Uri) -> Result<Option<Post>> {
    let row = find_one!(
        connection,
        posts::table
            .filter(posts::uri.eq(uri.as_str()))
            .select(PostRow::as_select())
    )?;
    row.map(Post::try_from).transpose()
}

pub fn list_revisions(connection: &mut Connection, post: PostId) -> Result<Vec<Revision>> {
    let rows: Vec<(Option<String>, String, i64)> = revisions::table
        .filter(revisions::post_id.eq(post.0))
        .order(revisions::id.desc())
        .select((revisions::title, revisions::html, revisions::until_at))
        .load(connection)?;
    let revision = |(title, html, until)| Revision {
        title,
        html,
        until: Timestamp::from_micros(until),
    };
    Ok(rows.into_iter().map(revision).collect())
}

/// Everything somebody wrote and did not take back, wherever it is: for taking it back, which asks
/// policy about each.
pub fn list_all_of_author(connection: &mut Connection, author: ActorId) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = posts::table
        .filter(posts::author_id.eq(author.0))
        .filter(posts::state.ne(PostState::Deleted.as_str()))
        .order(posts::id)
        .select(posts::id)
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// Posts looked at together.
const PART: i64 = 500;

/// A part of what people here wrote in a group (none: anywhere) for others, in topics from a time on, oldest first.
pub fn list_written_here(
    connection: &mut Connection,
    group: Option<GroupId>,
    from: Timestamp,
    after: Option<PostId>,
) -> Result<Vec<Post>> {
    use crate::storage::schema::actors;
    let mut part = posts::table
        .inner_join(actors::table.on(actors::id.eq(posts::author_id)))
        .filter(actors::host.eq(""))
        .filter(posts::state.eq(PostState::Visible.as_str()))
        .filter(posts::audience.ne(Audience::Aside.as_str()))
        .filter(posts::topic_created_at.ge(from.micros()))
        .filter(posts::id.gt(after.map_or(0, |post| post.0)))
        .order(posts::id)
        .limit(PART)
        .select(PostRow::as_select())
        .into_boxed();
    if let Some(group) = group {
        part = part.filter(posts::group_id.eq(group.0));
    }
    let rows: Vec<PostRow> = part.load(connection)?;
    rows.into_iter().map(Post::try_from).collect()
}

/// The addresses of these posts, in no order.
pub fn list_uris(connection: &mut Connection, ids: &[PostId]) -> Result<Vec<(PostId, Uri)>> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(i64, String)> = posts::table
        .filter(posts::id.among(numbers))
        .select((posts::id, posts::uri))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, uri)| Ok((PostId(id), read(&uri)?)))
        .collect()
}

/// How many posts a host's people wrote in a group: what an administrator sees of a partner.
pub fn count_by_host(connection: &mut Connection, group: GroupId, host: &Host) -> Result<i64> {
    use crate::storage::schema::actors;
    Ok(posts::table
        .inner_join(actors::table.on(actors::id.eq(posts::author_id)))
        .filter(
            posts::group_id
                .eq(group.0)
                .and(actors::host.eq(host.as_str())),
        )
        .count()
        .get_result(connection)?)
}
