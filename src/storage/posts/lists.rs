//! Posts in lists and threads, and counts of them, as far as a scope lets them through.

use diesel::prelude::*;

use super::PostRow;
use crate::domain::{ActorId, GroupId, PINNED_MAX, Page, Post, PostId, PostState};
use crate::error::Result;
use crate::policy::ReadScope;
use crate::storage::connection::on_backend;
use crate::storage::listing::Listing;
use crate::storage::schema::posts;
use crate::storage::scope::{POSTS_OF_GROUPS, POSTS_OUTSIDE_GROUPS};
use crate::storage::{Connection, scope};

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

/// The pinned topics of a group, newest first: at most [`PINNED_MAX`].
pub fn list_pinned(
    connection: &mut Connection,
    scope: &ReadScope,
    group: GroupId,
) -> Result<Vec<Post>> {
    let text = format!(
        "SELECT p.* FROM {POSTS_OF_GROUPS} WHERE p.group_id = $4 AND p.parent_id IS NULL AND p.pinned \
         AND p.state = 'visible' AND {} ORDER BY p.id DESC LIMIT {PINNED_MAX}",
        scope::posts(scope),
    );
    let listing = Listing::new(connection, scope, &text).at(group.0);
    load(connection, listing)
}

/// Topics of all groups the viewer is a member of, and what those they follow and they themselves
/// wrote on their profiles, newest first.
///
/// Looks at the first topic of each group and person; as many of those as the page is long mark a
/// border that no topic of the page lies beyond. Only up to there it reads the indexes of groups and
/// people: the cost grows with the groups and people of the viewer, not with the posts there are.
pub fn list_home(
    connection: &mut Connection,
    scope: &ReadScope,
    viewer: ActorId,
    page: Page,
) -> Result<Vec<Post>> {
    let direction = direction(page);
    let last_first = format!(
        "SELECT f.id FROM firsts f WHERE f.id IS NOT NULL ORDER BY f.id {direction} LIMIT 1 OFFSET $7 - 1"
    );
    let (border, below, above) = if page.from_oldest {
        let border = format!("SELECT COALESCE(({last_first}) + 1, $5) AS id");
        (border, "(SELECT b.id FROM border b)", "$6")
    } else {
        let border = format!("SELECT COALESCE(({last_first}) - 1, $6) AS id");
        (border, "$5", "(SELECT b.id FROM border b)")
    };
    let (mut firsts, mut inside) = (Vec::new(), Vec::new());
    for source in home_sources() {
        let Source {
            places,
            which,
            topics,
            ..
        } = &source;
        let topics = |below: &str, above: &str, items: &str| {
            format!(
                "SELECT p.id FROM {topics} AND p.parent_id IS NULL AND p.state = 'visible' \
                 AND p.id < {below} AND p.id > {above} AND {} ORDER BY p.id {direction} LIMIT {items}",
                source.readable(scope)
            )
        };
        let first = topics("$5", "$6", "1");
        firsts.push(format!(
            "SELECT ({first}) AS id FROM {places} WHERE {which}"
        ));
        // The same plan in the words each database understands.
        let page_topics = topics(below, above, "$7");
        let each = match connection {
            Connection::Postgres(_) => format!("CROSS JOIN LATERAL ({page_topics}) n"),
            Connection::Sqlite(_) => format!("JOIN posts n ON n.id IN ({page_topics})"),
        };
        inside.push(format!(
            "SELECT n.id AS id FROM {places} {each} WHERE {which}"
        ));
    }
    let text = format!(
        "SELECT t.* FROM posts t WHERE t.id IN ({} ORDER BY id {direction} LIMIT $7)",
        inside.join(" UNION ALL ")
    );
    let listing = Listing::new(connection, scope, &text)
        .with(connection, "firsts", &firsts.join(" UNION ALL "))
        .with(connection, "border", &border);
    load_newest_first(connection, listing.at(viewer.0).page(page))
}

/// Where the topics of somebody's home come from.
struct Source {
    /// Tables with the groups, or the people.
    places: &'static str,
    which: &'static str,
    /// The topics of one of them.
    topics: &'static str,
    on_profiles: bool,
}

impl Source {
    fn readable(&self, scope: &ReadScope) -> String {
        match self.on_profiles {
            true => often(&scope::posts_outside_groups(scope)),
            false => often(&scope::posts(scope)),
        }
    }
}

const fn home_sources() -> [Source; 2] {
    [
        Source {
            places: OWN_GROUPS,
            which: OWN,
            topics: "posts p WHERE p.group_id = h.group_id",
            on_profiles: false,
        },
        Source {
            places: "(SELECT h.followed_id AS id FROM follows h WHERE h.follower_id = $4 \
                     AND h.state = 'accepted' UNION ALL SELECT $4 AS id) w JOIN actors po ON po.id = w.id",
            which: "1 = 1",
            // The author of a topic is who owns the profile.
            topics: "posts p WHERE p.author_id = w.id AND p.group_id IS NULL AND p.audience <> 'direct'",
            on_profiles: true,
        },
    ]
}

/// A condition that most rows fulfil. PostgreSQL takes so many conditions for a rare catch and
/// would sort all topics of a group instead of walking its index until the page is full; of a
/// `CASE` it thinks nothing.
fn often(condition: &str) -> String {
    format!("CASE WHEN {condition} THEN true ELSE false END")
}

/// What somebody wrote, in groups and on profiles, topics and comments, newest first.
pub fn list_by_author(
    connection: &mut Connection,
    scope: &ReadScope,
    author: ActorId,
    page: Page,
) -> Result<Vec<Post>> {
    let direction = direction(page);
    let some = |from: &str, readable: String| {
        format!(
            "SELECT s.id AS id FROM (SELECT p.id AS id FROM {from} WHERE p.author_id = $4 AND p.id < $5 AND p.id > $6 \
             AND p.state IN ('visible', 'held') AND {readable} ORDER BY p.id {direction} LIMIT $7) s"
        )
    };
    let in_groups = some(POSTS_OF_GROUPS, scope::posts(scope));
    let outside = some(POSTS_OUTSIDE_GROUPS, outside_groups(scope));
    let text = format!(
        "SELECT t.* FROM posts t WHERE t.id IN ({in_groups} UNION ALL {outside} ORDER BY id {direction} LIMIT $7)"
    );
    let listing = Listing::new(connection, scope, &text);
    load_newest_first(connection, listing.at(author.0).page(page))
}

/// What somebody wrote and did not delete, wherever it stands, newest first: for themselves alone, who need
/// no scope for their own words.
pub fn list_written(connection: &mut Connection, author: ActorId, page: Page) -> Result<Vec<Post>> {
    let some = posts::table
        .filter(posts::author_id.eq(author.0))
        .filter(posts::state.ne(PostState::Deleted.as_str()))
        .filter(posts::id.lt(page.before.unwrap_or(i64::MAX)))
        .filter(posts::id.gt(page.after.unwrap_or(0)))
        .limit(page.items().into())
        .select(PostRow::as_select())
        .into_boxed();
    let some = match page.from_oldest {
        true => some.order(posts::id),
        false => some.order(posts::id.desc()),
    };
    let rows: Vec<PostRow> = some.load(connection)?;
    let posts: Result<Vec<Post>> = rows.into_iter().map(Post::try_from).collect();
    let mut posts = posts?;
    posts.sort_by_key(|post| std::cmp::Reverse(post.id));
    Ok(posts)
}

/// What somebody began on their own profile, newest first.
pub fn list_profile(
    connection: &mut Connection,
    scope: &ReadScope,
    owner: ActorId,
    page: Page,
) -> Result<Vec<Post>> {
    let text = format!(
        "SELECT p.* FROM {POSTS_OUTSIDE_GROUPS} WHERE p.author_id = $4 AND p.group_id IS NULL \
         AND p.parent_id IS NULL AND p.id < $5 AND p.id > $6 AND p.state = 'visible' AND {} ORDER BY p.id {} LIMIT $7",
        often(&outside_groups(scope)),
        direction(page),
    );
    let listing = Listing::new(connection, scope, &text);
    load_newest_first(connection, listing.at(owner.0).page(page))
}

fn outside_groups(scope: &ReadScope) -> String {
    format!(
        "(p.group_id IS NULL AND {})",
        scope::posts_outside_groups(scope)
    )
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

/// All posts of a thread by their ids, whoever may read them, oldest first.
pub fn list_ids_of_thread(connection: &mut Connection, topic: PostId) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = posts::table
        .filter(posts::topic_id.eq(topic.0))
        .order(posts::id)
        .select(posts::id)
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// The same for a conversation on a profile, or a part of it from after an id on; of what was taken back
/// nothing is left in it.
pub fn list_profile_thread(
    connection: &mut Connection,
    scope: &ReadScope,
    topic: PostId,
    part: Option<Page>,
) -> Result<Vec<Post>> {
    let text = format!(
        "SELECT p.* FROM {POSTS_OUTSIDE_GROUPS} WHERE p.topic_id = $4 AND p.id > $6 AND {} ORDER BY p.id LIMIT $7",
        outside_groups(scope)
    );
    let listing = Listing::new(connection, scope, &text).at(topic.0);
    let listing = match part {
        Some(page) => listing.page(page),
        None => listing,
    };
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

/// Ids of all posts the scope lets through: what the property test compares with the rules.
pub fn list_readable(connection: &mut Connection, scope: &ReadScope) -> Result<Vec<PostId>> {
    let text = format!(
        "SELECT p.id AS id FROM {POSTS_OF_GROUPS} WHERE {} \
         UNION ALL SELECT p.id AS id FROM {POSTS_OUTSIDE_GROUPS} WHERE {} ORDER BY id",
        scope::posts(scope),
        outside_groups(scope),
    );
    let ids = scope::list_ids(connection, scope, &text)?;
    Ok(ids.into_iter().map(PostId).collect())
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
    let group = "AND p.state = 'visible' AND p.audience <> 'aside' GROUP BY p.parent_id";
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
    let ids = ids.join(", ");
    let of = |from: &str, readable: String| {
        format!(
            "SELECT {column} AS id, {number} AS number FROM {from} WHERE {column} IN ({ids}) AND {readable} {more}"
        )
    };
    let text = format!(
        "{} UNION ALL {}",
        of(POSTS_OF_GROUPS, scope::posts(scope)),
        of(POSTS_OUTSIDE_GROUPS, outside_groups(scope)),
    );
    let listing = Listing::new(connection, scope, &text).once();
    Ok(on_backend!(connection, |inner| listing.load(inner))?)
}

/// All visible topics of a group that the scope lets through, in no order.
pub fn list_topic_ids(
    connection: &mut Connection,
    scope: &ReadScope,
    group: GroupId,
) -> Result<Vec<PostId>> {
    let text = format!(
        "SELECT p.id AS id FROM {POSTS_OF_GROUPS} WHERE p.group_id = $4 AND p.parent_id IS NULL \
         AND p.state = 'visible' AND {}",
        scope::posts(scope),
    );
    let ids = scope::list_ids_in(connection, scope, &text, group)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// How many pictures and files there are in the visible posts of a group that the scope lets through.
pub fn count_files(connection: &mut Connection, scope: &ReadScope, group: GroupId) -> Result<u64> {
    let text = format!(
        "SELECT COUNT(*) AS id FROM {POSTS_OF_GROUPS} JOIN attachments f ON f.post_id = p.id \
         WHERE p.group_id = $4 AND p.state = 'visible' AND {}",
        scope::posts(scope),
    );
    let count = scope::list_ids_in(connection, scope, &text, group)?;
    Ok(count.first().map_or(0, |count| count.unsigned_abs()))
}
