//! What people here marked to find it again. Nobody but they see it, and it never leaves the house.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{ActorId, Page, PostId, Timestamp};
use crate::error::Result;
use crate::policy::ReadScope;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::on_backend;
use crate::storage::listing::{Listing, marked_posts};
use crate::storage::schema::bookmarks;
use crate::storage::{Connection, ids};

/// A bookmark's own number, by which the list of them is walked, and the post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub id: i64,
    pub post: PostId,
}

/// Marks a post. Marking it twice is marking it once.
pub fn insert(
    connection: &mut Connection,
    actor: ActorId,
    post: PostId,
    now: Timestamp,
) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(bookmarks::table)
        .values((
            bookmarks::id.eq(ids::next(now)),
            bookmarks::actor_id.eq(actor.0),
            bookmarks::post_id.eq(post.0),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

pub fn remove(connection: &mut Connection, actor: ActorId, post: PostId) -> Result<()> {
    let which = bookmarks::table
        .filter(bookmarks::actor_id.eq(actor.0))
        .filter(bookmarks::post_id.eq(post.0));
    diesel::delete(which).execute(connection)?;
    Ok(())
}

/// A post that is gone is marked by nobody.
pub(super) fn remove_of_post(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(bookmarks::table.filter(bookmarks::post_id.eq(post.0))).execute(connection)?;
    Ok(())
}

/// All marks of somebody who is erased.
pub fn remove_of_actor(connection: &mut Connection, actor: ActorId) -> Result<()> {
    diesel::delete(bookmarks::table.filter(bookmarks::actor_id.eq(actor.0))).execute(connection)?;
    Ok(())
}

/// Which of these posts somebody marked.
pub fn list_marked(
    connection: &mut Connection,
    actor: ActorId,
    among: &[PostId],
) -> Result<HashSet<PostId>> {
    let marked: Vec<i64> = bookmarks::table
        .filter(bookmarks::actor_id.eq(actor.0))
        .filter(bookmarks::post_id.among(among.iter().map(|post| post.0)))
        .select(bookmarks::post_id)
        .load(connection)?;
    Ok(marked.into_iter().map(PostId).collect())
}

#[derive(QueryableByName)]
struct BookmarkRow {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    post_id: i64,
}

/// What somebody marked, as far as the scope lets it through, the latest first. `page` counts bookmarks'
/// own numbers.
pub fn list(
    connection: &mut Connection,
    scope: &ReadScope,
    actor: ActorId,
    page: Page,
) -> Result<Vec<Bookmark>> {
    let which = "m.actor_id = $4 AND p.state IN ('visible', 'held')";
    let text = marked_posts(scope, page, "bookmarks", "m.id, m.post_id", which);
    let listing = Listing::new(connection, scope, &text)
        .at(actor.0)
        .page(page);
    let rows: Vec<BookmarkRow> = on_backend!(connection, |inner| listing.load(inner))?;
    let mut bookmarks: Vec<Bookmark> = rows
        .into_iter()
        .map(|row| Bookmark {
            id: row.id,
            post: PostId(row.post_id),
        })
        .collect();
    bookmarks.sort_by_key(|bookmark| std::cmp::Reverse(bookmark.id));
    Ok(bookmarks)
}
