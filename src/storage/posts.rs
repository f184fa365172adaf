//! Topics and comments.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{
    ActorId, Audience, GroupId, Host, Page, Post, PostId, PostState, RemovalReason, Revision,
    Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Permit, ReadScope, act};
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::listing::Listing;
use crate::storage::schema::{mentions, posts, removals, revisions, tombstones};
use crate::storage::{Connection, ids, scope};

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
        })
    }
}

/// A post before it has an id. The group comes from the permit.
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
        permit.group(),
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
    let counts = new.audience == Audience::Group;
    let post = assemble(id, new, permit.group(), local_uri, place);
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
    group: GroupId,
    local_uri: impl FnOnce(PostId) -> Uri,
    place: Place,
) -> Post {
    Post {
        id,
        uri: new.uri.unwrap_or_else(|| local_uri(id)),
        group: Some(group),
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

fn add_comments(connection: &mut Connection, topic: PostId, change: i32) -> Result<()> {
    diesel::update(posts::table.find(topic.0))
        .set(posts::comments.eq(posts::comments + change))
        .execute(connection)?;
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

/// Hides a post (a moderator's act) or shows it again; the text stays.
pub fn set_removed(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    post: &Post,
    removed: bool,
) -> Result<()> {
    let state = if removed {
        PostState::Removed
    } else {
        PostState::Visible
    };
    diesel::update(posts::table.find(post.id.0))
        .set(posts::state.eq(state.as_str()))
        .execute(connection)?;
    leave_count(connection, post, if removed { -1 } else { 1 })
}

/// Writes why a post was removed.
pub fn set_removal_reason(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    post: PostId,
    reason: &RemovalReason,
    now: Timestamp,
) -> Result<()> {
    forget_removal_reason(connection, post)?;
    diesel::insert_into(removals::table)
        .values((
            removals::post_id.eq(post.0),
            removals::reason.eq(reason.as_str()),
            removals::at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn forget_removal_reason(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(removals::table.find(post.0)).execute(connection)?;
    Ok(())
}

/// Why these posts were removed, of those where somebody here said why.
pub fn list_removal_reasons(
    connection: &mut Connection,
    among: &[PostId],
) -> Result<Vec<(PostId, String)>> {
    let numbers: Vec<i64> = among.iter().map(|id| id.0).collect();
    let rows: Vec<(i64, String)> = removals::table
        .filter(removals::post_id.eq_any(numbers))
        .select((removals::post_id, removals::reason))
        .load(connection)?;
    let reason = |(post, reason)| (PostId(post), reason);
    Ok(rows.into_iter().map(reason).collect())
}

pub fn set_locked(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    topic: PostId,
    locked: bool,
) -> Result<()> {
    diesel::update(posts::table.find(topic.0))
        .set(posts::locked.eq(locked))
        .execute(connection)?;
    Ok(())
}

/// A comment that is no longer (or again) visible is no longer (or again) counted.
fn leave_count(connection: &mut Connection, post: &Post, change: i32) -> Result<()> {
    if post.is_topic() || post.audience != Audience::Group {
        return Ok(());
    }
    add_comments(connection, post.topic, change)
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
        .filter(posts::id.eq_any(numbers(ids)))
        .select(PostRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Post::try_from).collect()
}

/// Which of these posts everybody may see who may read where they are.
pub fn list_visible(connection: &mut Connection, ids: &[PostId]) -> Result<HashSet<PostId>> {
    let visible: Vec<i64> = posts::table
        .filter(posts::id.eq_any(numbers(ids)))
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

/// Everything somebody wrote and did not take back, wherever it is: for erasing it, not for showing.
pub fn list_all_of_author(
    connection: &mut Connection,
    _permit: &Permit<act::ManageAccounts>,
    author: ActorId,
) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = posts::table
        .filter(posts::author_id.eq(author.0))
        .filter(posts::state.ne(PostState::Deleted.as_str()))
        .order(posts::id)
        .select(posts::id)
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

// Lists ------------------------------------------------------------------------------------------

/// A post, its group and the group's actor, by the names that scopes use.
const POSTS_OF_GROUPS: &str =
    "posts p JOIN groups g ON g.actor_id = p.group_id JOIN actors ga ON ga.id = g.actor_id";

/// The groups somebody (`$4`) is a member of.
const OWN_GROUPS: &str =
    "memberships h JOIN groups g ON g.actor_id = h.group_id JOIN actors ga ON ga.id = g.actor_id";
const OWN: &str = "h.actor_id = $4 AND h.state = 'member'";

/// Topics of a group, newest first.
pub fn list_topics(
    connection: &mut Connection,
    scope: &ReadScope,
    group: GroupId,
    page: Page,
) -> Result<Vec<Post>> {
    let text = format!(
        "SELECT p.* FROM {POSTS_OF_GROUPS} WHERE p.group_id = $4 AND p.parent_id IS NULL AND p.id < $5 AND p.id > $6 \
         AND p.state IN ('visible', 'held') AND {} ORDER BY p.id {} LIMIT $7",
        often(&scope::posts(scope)),
        direction(page),
    );
    let listing = Listing::new(connection, scope, &text);
    load_newest_first(connection, listing.at(group.0).page(page))
}

/// Topics of all groups the viewer is a member of, newest first.
///
/// Looks at the first topic of each group; as many of those as the page is long mark a border that
/// no topic of the page lies beyond. Only up to there it reads the groups' indexes: the cost grows
/// with the groups of the viewer, not with the posts there are.
pub fn list_home(
    connection: &mut Connection,
    scope: &ReadScope,
    viewer: ActorId,
    page: Page,
) -> Result<Vec<Post>> {
    let direction = direction(page);
    let readable = often(&scope::posts(scope));
    let topics = |below: &str, above: &str, items: &str| {
        format!(
            "SELECT p.id FROM posts p WHERE p.group_id = h.group_id AND p.parent_id IS NULL AND p.state = 'visible' \
             AND p.id < {below} AND p.id > {above} AND {readable} ORDER BY p.id {direction} LIMIT {items}"
        )
    };
    let firsts = format!(
        "SELECT ({}) AS id FROM {OWN_GROUPS} WHERE {OWN}",
        topics("$5", "$6", "1")
    );
    let last_first = format!(
        "SELECT f.id FROM firsts f WHERE f.id IS NOT NULL ORDER BY f.id {direction} LIMIT 1 OFFSET $7 - 1"
    );
    let (border, page_topics) = if page.from_oldest {
        let border = format!("SELECT COALESCE(({last_first}) + 1, $5) AS id");
        (border, topics("(SELECT b.id FROM border b)", "$6", "$7"))
    } else {
        let border = format!("SELECT COALESCE(({last_first}) - 1, $6) AS id");
        (border, topics("$5", "(SELECT b.id FROM border b)", "$7"))
    };
    // The same plan in the words each database understands.
    let each = match connection {
        Connection::Postgres(_) => format!("CROSS JOIN LATERAL ({page_topics}) n"),
        Connection::Sqlite(_) => format!("JOIN posts n ON n.id IN ({page_topics})"),
    };
    let text = format!(
        "SELECT t.* FROM posts t WHERE t.id IN (SELECT n.id FROM {OWN_GROUPS} {each} WHERE {OWN} \
         ORDER BY n.id {direction} LIMIT $7)",
    );
    let listing = Listing::new(connection, scope, &text)
        .with(connection, "firsts", &firsts)
        .with(connection, "border", &border);
    load_newest_first(connection, listing.at(viewer.0).page(page))
}

/// A condition that most rows fulfil. PostgreSQL takes so many conditions for a rare catch and
/// would sort all topics of a group instead of walking its index until the page is full; of a
/// `CASE` it thinks nothing.
fn often(condition: &str) -> String {
    format!("CASE WHEN {condition} THEN true ELSE false END")
}

/// What somebody wrote, topics and comments, newest first.
pub fn list_by_author(
    connection: &mut Connection,
    scope: &ReadScope,
    author: ActorId,
    page: Page,
) -> Result<Vec<Post>> {
    let text = format!(
        "SELECT p.* FROM {POSTS_OF_GROUPS} WHERE p.author_id = $4 AND p.id < $5 AND p.id > $6 \
         AND p.state IN ('visible', 'held') AND {} ORDER BY p.id {} LIMIT $7",
        scope::posts(scope),
        direction(page),
    );
    let listing = Listing::new(connection, scope, &text);
    load_newest_first(connection, listing.at(author.0).page(page))
}

/// All posts of a thread, oldest first, tombstones included.
pub fn list_thread(
    connection: &mut Connection,
    scope: &ReadScope,
    topic: PostId,
) -> Result<Vec<Post>> {
    let text = format!(
        "SELECT p.* FROM {POSTS_OF_GROUPS} WHERE p.topic_id = $4 AND {} ORDER BY p.id",
        scope::posts(scope)
    );
    let listing = Listing::new(connection, scope, &text).at(topic.0);
    load(connection, listing)
}

/// Visible posts of a thread (with `parent`: only what answers it directly), oldest first, from
/// after an id on.
pub fn list_thread_page(
    connection: &mut Connection,
    scope: &ReadScope,
    topic: PostId,
    parent: Option<PostId>,
    after: Option<PostId>,
    items: u32,
) -> Result<Vec<Post>> {
    let (column, place) = match parent {
        Some(parent) => ("parent_id", parent),
        None => ("topic_id", topic),
    };
    let text = format!(
        "SELECT p.* FROM {POSTS_OF_GROUPS} WHERE p.{column} = $4 AND p.id > $6 AND p.state = 'visible' AND {} \
         ORDER BY p.id LIMIT $7",
        scope::posts(scope)
    );
    let page = Page::first(items).after(after.map(|id| id.0));
    let listing = Listing::new(connection, scope, &text)
        .at(place.0)
        .page(page);
    load(connection, listing)
}

/// The addresses of these posts, in no order.
pub fn list_uris(connection: &mut Connection, ids: &[PostId]) -> Result<Vec<(PostId, Uri)>> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(i64, String)> = posts::table
        .filter(posts::id.eq_any(numbers))
        .select((posts::id, posts::uri))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, uri)| Ok((PostId(id), read(&uri)?)))
        .collect()
}

/// Ids of all posts the scope lets through: what the property test compares with the rules.
pub fn list_readable(connection: &mut Connection, scope: &ReadScope) -> Result<Vec<PostId>> {
    let text = format!(
        "SELECT p.id FROM {POSTS_OF_GROUPS} WHERE {} \
         UNION ALL SELECT p.id FROM posts p WHERE p.group_id IS NULL AND {} ORDER BY id",
        scope::posts(scope),
        scope::posts_outside_groups(scope),
    );
    let ids = scope::list_ids(connection, scope, &text)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// The authors of these posts, as far as the scope lets them through.
pub fn list_authors(
    connection: &mut Connection,
    scope: &ReadScope,
    among: &[PostId],
) -> Result<Vec<(PostId, ActorId)>> {
    let rows = load_pairs(connection, scope, among, "p.id", "p.author_id", "")?;
    let author = |row: PairRow| (PostId(row.id), ActorId(row.number));
    Ok(rows.into_iter().map(author).collect())
}

/// How many visible comments answer these posts directly, as far as the scope lets them through.
pub fn count_replies(
    connection: &mut Connection,
    scope: &ReadScope,
    among: &[PostId],
) -> Result<Vec<(PostId, u32)>> {
    let group = "AND p.state = 'visible' AND p.audience = 'group' GROUP BY p.parent_id";
    let rows = load_pairs(connection, scope, among, "p.parent_id", "COUNT(*)", group)?;
    let count = |row: PairRow| {
        (
            PostId(row.id),
            u32::try_from(row.number).unwrap_or(u32::MAX),
        )
    };
    Ok(rows.into_iter().map(count).collect())
}

/// How many topics of a group the scope lets through.
pub fn count_topics(connection: &mut Connection, scope: &ReadScope, group: GroupId) -> Result<u64> {
    let visible = "AND p.parent_id IS NULL AND p.state = 'visible' GROUP BY p.group_id";
    let group = [PostId(group.0)];
    let rows = load_pairs(connection, scope, &group, "p.group_id", "COUNT(*)", visible)?;
    Ok(rows.first().map_or(0, |row| row.number.unsigned_abs()))
}

#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// `number` for every `column` that is one of `among`. The texts are ours, never a person's.
fn load_pairs(
    connection: &mut Connection,
    scope: &ReadScope,
    among: &[PostId],
    column: &str,
    number: &str,
    more: &str,
) -> Result<Vec<PairRow>> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = among.iter().map(ToString::to_string).collect();
    let text = format!(
        "SELECT {column} AS id, {number} AS number FROM {POSTS_OF_GROUPS} WHERE {column} IN ({}) AND {} {more}",
        ids.join(", "),
        scope::posts(scope),
    );
    let listing = Listing::new(connection, scope, &text).once();
    Ok(on_backend!(connection, |inner| listing.load(inner))?)
}

const fn direction(page: Page) -> &'static str {
    if page.from_oldest { "ASC" } else { "DESC" }
}

fn load(connection: &mut Connection, listing: Listing) -> Result<Vec<Post>> {
    let rows: Vec<PostRow> = on_backend!(connection, |inner| listing.load(inner))?;
    rows.into_iter().map(Post::try_from).collect()
}

fn load_newest_first(connection: &mut Connection, listing: Listing) -> Result<Vec<Post>> {
    let mut posts = load(connection, listing)?;
    posts.sort_by_key(|post| std::cmp::Reverse(post.id));
    Ok(posts)
}

// Mentions and things deleted early ---------------------------------------------------------------

pub fn insert_mentions(
    connection: &mut Connection,
    post: PostId,
    actors: &[ActorId],
) -> Result<()> {
    for actor in actors {
        on_backend!(connection, |inner| diesel::insert_into(mentions::table)
            .values((mentions::post_id.eq(post.0), mentions::actor_id.eq(actor.0)))
            .on_conflict_do_nothing()
            .execute(inner))?;
    }
    Ok(())
}

pub fn is_mentioned(connection: &mut Connection, post: PostId, actor: ActorId) -> Result<bool> {
    let row = mentions::table.find((post.0, actor.0));
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(row)
    )
    .get_result(inner))?)
}

/// Whether the post names somebody of `host`.
pub fn mentions_host(connection: &mut Connection, post: PostId, host: &Host) -> Result<bool> {
    use crate::storage::schema::actors;
    let somebody = mentions::table
        .inner_join(actors::table.on(actors::id.eq(mentions::actor_id)))
        .filter(mentions::post_id.eq(post.0))
        .filter(actors::host.eq(host.as_str()));
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(somebody)
    )
    .get_result(inner))?)
}

/// Remembers that something was deleted before we heard of it. Of one server the newest `most` are
/// remembered: it costs a server nothing to delete what never was.
pub fn insert_tombstone(
    connection: &mut Connection,
    uri: &Uri,
    most: i64,
    now: Timestamp,
) -> Result<()> {
    let host = uri.host().as_str();
    on_backend!(connection, |inner| diesel::insert_into(tombstones::table)
        .values((
            tombstones::uri.eq(uri.as_str()),
            tombstones::host.eq(host),
            tombstones::at.eq(now.micros())
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    let last: Option<i64> = tombstones::table
        .filter(tombstones::host.eq(host))
        .order(tombstones::at.desc())
        .offset(most - 1)
        .limit(1)
        .select(tombstones::at)
        .get_result(connection)
        .optional()?;
    if let Some(last) = last {
        let older = tombstones::host.eq(host).and(tombstones::at.lt(last));
        diesel::delete(tombstones::table.filter(older)).execute(connection)?;
    }
    Ok(())
}

/// How many things of a server are remembered as deleted.
pub fn count_tombstones(connection: &mut Connection, host: &Host) -> Result<i64> {
    Ok(tombstones::table
        .filter(tombstones::host.eq(host.as_str()))
        .count()
        .get_result(connection)?)
}

/// Forgets that something was deleted: it was restored where it lives.
pub fn remove_tombstone(connection: &mut Connection, uri: &Uri) -> Result<()> {
    diesel::delete(tombstones::table.find(uri.as_str())).execute(connection)?;
    Ok(())
}

pub fn has_tombstone(connection: &mut Connection, uri: &Uri) -> Result<bool> {
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(tombstones::table.find(uri.as_str()))
    )
    .get_result(inner))?)
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
