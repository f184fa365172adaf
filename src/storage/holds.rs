//! Posts that are held at the boundary.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{
    EventKind, GroupId, Hold, HoldState, Host, Page, PostId, PostState, Timestamp,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::error::read;
use crate::storage::schema::{first_posts, holds, posts, released};

/// From whom a post is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    everybody: bool,
    partners: Vec<Host>,
}

impl Holds {
    /// Whether it is kept from somebody of this server; none: from the public, which is anybody.
    pub fn keep_from(&self, host: Option<&Host>) -> bool {
        match host {
            Some(host) => self.everybody || self.partners.contains(host),
            None => self.everybody || !self.partners.is_empty(),
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = holds)]
struct Row {
    post_id: i64,
    host: String,
    state: String,
    sentence: String,
    news: String,
    below_id: Option<i64>,
    since_at: i64,
}

impl TryFrom<Row> for Hold {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            post: PostId(row.post_id),
            host: match row.host.as_str() {
                "" => None,
                host => Some(read(host)?),
            },
            state: read(&row.state)?,
            sentence: row.sentence,
            news: read(&row.news)?,
            below: row.below_id.map(PostId),
            since: Timestamp::from_micros(row.since_at),
        })
    }
}

fn host_of(hold: &Hold) -> String {
    hold.host.as_ref().map(Host::to_string).unwrap_or_default()
}

/// Holds a post, instead of what held it from the same before.
pub fn save(connection: &mut Connection, hold: &Hold) -> Result<()> {
    let row = Row {
        post_id: hold.post.0,
        host: host_of(hold),
        state: hold.state.to_string(),
        sentence: hold.sentence.clone(),
        news: hold.news.to_string(),
        below_id: hold.below.map(|below| below.0),
        since_at: hold.since.micros(),
    };
    diesel::delete(holds::table.find((row.post_id, &row.host))).execute(connection)?;
    diesel::insert_into(holds::table)
        .values(row)
        .execute(connection)?;
    Ok(())
}

/// From whom these posts are kept; posts that are not held are left out.
pub fn list_among(connection: &mut Connection, ids: &[PostId]) -> Result<HashMap<PostId, Holds>> {
    let mut all: HashMap<PostId, Holds> = HashMap::new();
    if ids.is_empty() {
        return Ok(all);
    }
    let rows: Vec<(i64, String)> = holds::table
        .filter(holds::post_id.among(ids.iter().map(|id| id.0)))
        .select((holds::post_id, holds::host))
        .load(connection)?;
    for (post, host) in rows {
        let held = all.entry(PostId(post)).or_default();
        match host.as_str() {
            "" => held.everybody = true,
            host => held.partners.push(read(host)?),
        }
    }
    Ok(all)
}

/// What holds these posts, and why.
pub fn list_of(connection: &mut Connection, ids: &[PostId]) -> Result<Vec<Hold>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = holds::table
        .filter(holds::post_id.among(ids.iter().map(|id| id.0)))
        .order((holds::post_id, holds::host))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Hold::try_from).collect()
}

/// What was written below a held post and is held with it.
pub fn list_below(connection: &mut Connection, post: PostId) -> Result<Vec<Hold>> {
    let rows: Vec<Row> = holds::table
        .filter(holds::below_id.eq(post.0))
        .order((holds::post_id, holds::host))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Hold::try_from).collect()
}

/// A part of the posts (of a group; none: anywhere) that wait for somebody to look at them, or were refused, newest first. What is
/// gone meanwhile, and what is held with another, is left out.
pub fn list_posts(
    connection: &mut Connection,
    group: Option<GroupId>,
    page: Page,
) -> Result<Vec<PostId>> {
    let own = holds::table
        .filter(holds::below_id.is_null())
        .select(holds::post_id);
    let new = first_posts::table
        .filter(first_posts::turned_away.eq(false))
        .select(first_posts::post_id);
    let at_boundary = posts::id
        .eq_any(own)
        .and(posts::state.eq(PostState::Visible.as_str()));
    let first_words = posts::id
        .eq_any(new)
        .and(posts::state.eq(PostState::Held.as_str()));
    let mut part = posts::table
        .filter(at_boundary.or(first_words))
        .filter(posts::id.lt(page.before.unwrap_or(i64::MAX)))
        .filter(posts::id.gt(page.after.unwrap_or(0)))
        .limit(page.items().into())
        .select(posts::id)
        .into_boxed();
    if let Some(group) = group {
        part = part.filter(posts::group_id.eq(group.0));
    }
    part = match page.from_oldest {
        true => part.order(posts::id.asc()),
        false => part.order(posts::id.desc()),
    };
    let ids: Vec<i64> = part.load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// Lets a post go, and says that its text was looked at.
pub fn release(
    connection: &mut Connection,
    permit: &Permit<act::Review>,
    now: Timestamp,
) -> Result<()> {
    remove(connection, permit.post())?;
    mark_released(connection, permit.post(), now)
}

fn mark_released(connection: &mut Connection, post: PostId, now: Timestamp) -> Result<()> {
    diesel::delete(released::table.find(post.0)).execute(connection)?;
    diesel::insert_into(released::table)
        .values((released::post_id.eq(post.0), released::at.eq(now.micros())))
        .execute(connection)?;
    Ok(())
}

/// Whether somebody looked at the text of a post as it is.
pub fn list_released(connection: &mut Connection, among: &[PostId]) -> Result<Vec<PostId>> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = released::table
        .filter(released::post_id.among(among.iter().map(|id| id.0)))
        .select(released::post_id)
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// A post has a new text: what was said about the old one counts no more.
pub fn forget_release(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(released::table.find(post.0)).execute(connection)?;
    Ok(())
}

/// Keeps a post inside, with the reason of who decided it.
pub fn refuse(
    connection: &mut Connection,
    permit: &Permit<act::Review>,
    sentence: &str,
) -> Result<()> {
    set_state(
        connection,
        permit.post(),
        HoldState::Refused,
        Some(sentence),
    )
}

/// Says how it stands with what holds a post, and why (none: as before).
pub fn set_state(
    connection: &mut Connection,
    post: PostId,
    state: HoldState,
    sentence: Option<&str>,
) -> Result<()> {
    let its = holds::table.filter(holds::post_id.eq(post.0));
    diesel::update(its)
        .set(holds::state.eq(state.as_str()))
        .execute(connection)?;
    if let Some(sentence) = sentence {
        let its = holds::table.filter(holds::post_id.eq(post.0));
        diesel::update(its)
            .set(holds::sentence.eq(sentence))
            .execute(connection)?;
    }
    Ok(())
}

/// Nothing holds a post any more.
pub fn remove(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(holds::table.filter(holds::post_id.eq(post.0))).execute(connection)?;
    Ok(())
}

/// A post is no longer held because of the one above it.
pub fn remove_below(connection: &mut Connection, post: PostId, above: PostId) -> Result<()> {
    let its = holds::table
        .filter(holds::post_id.eq(post.0))
        .filter(holds::below_id.eq(above.0));
    diesel::delete(its).execute(connection)?;
    Ok(())
}

/// A post was taken back by its author. Who was told of an earlier text of it may learn that; what is below
/// one of which nobody was told waits for itself now.
pub fn forget_deleted(connection: &mut Connection, post: PostId) -> Result<()> {
    forget_release(connection, post)?;
    let changed = holds::table
        .filter(holds::post_id.eq(post.0))
        .filter(holds::news.eq(EventKind::PostUpdated.as_str()));
    diesel::delete(changed).execute(connection)?;
    diesel::update(holds::table.filter(holds::below_id.eq(post.0)))
        .set(holds::below_id.eq(None::<i64>))
        .execute(connection)?;
    Ok(())
}

/// How many posts wait for somebody to look at them in these groups.
pub fn count_waiting_in(connection: &mut Connection, groups: &[GroupId]) -> Result<i64> {
    let waiting = holds::table
        .filter(holds::below_id.is_null())
        .filter(holds::state.ne(HoldState::Refused.as_str()))
        .select(holds::post_id);
    let new = first_posts::table
        .filter(first_posts::turned_away.eq(false))
        .select(first_posts::post_id);
    let at_boundary = posts::id
        .eq_any(waiting)
        .and(posts::state.eq(PostState::Visible.as_str()));
    let first_words = posts::id
        .eq_any(new)
        .and(posts::state.eq(PostState::Held.as_str()));
    Ok(posts::table
        .filter(posts::group_id.among(groups.iter().map(|group| group.0)))
        .filter(at_boundary.or(first_words))
        .count()
        .get_result(connection)?)
}
