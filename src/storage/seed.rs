//! Many rows at once, and nobody is asked: for tests, benchmarks and development databases. No use
//! case writes this way.

use crate::domain::{
    Actor, ActorId, Follow, Grant, Group, Membership, Post, PostId, Stop, Timestamp,
};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::actors::ActorRow;
use crate::storage::connection::on_backend;
use crate::storage::follows::FollowRow;
use crate::storage::grants::GrantRow;
use crate::storage::groups::GroupRow;
use crate::storage::memberships::MembershipRow;
use crate::storage::posts::PostRow;
use crate::storage::schema::{
    actors, follows, grants, groups, memberships, mentions, posts, stops,
};
use crate::storage::stops::StopRow;

/// Rows of one statement. SQLite takes at most 32,766 values, and a post has 20.
const ROWS_PER_STATEMENT: usize = 1_000;

macro_rules! insert_all {
    ($connection:expr, $table:expr, $items:expr, $row:expr) => {
        for chunk in $items.chunks(ROWS_PER_STATEMENT) {
            let rows: Vec<_> = chunk.iter().map($row).collect();
            on_backend!($connection, |inner| {
                diesel::RunQueryDsl::execute(diesel::insert_into($table).values(&rows), inner)
            })?;
        }
    };
}

pub fn insert_actors(connection: &mut Connection, items: &[Actor]) -> Result<()> {
    insert_all!(connection, actors::table, items, ActorRow::from);
    Ok(())
}

/// Makes actors that exist already groups.
pub fn insert_groups(connection: &mut Connection, items: &[Group], at: Timestamp) -> Result<()> {
    insert_all!(connection, groups::table, items, |group| GroupRow::new(
        group, at
    ));
    Ok(())
}

pub fn insert_memberships(connection: &mut Connection, items: &[Membership]) -> Result<()> {
    insert_all!(connection, memberships::table, items, MembershipRow::from);
    Ok(())
}

pub fn insert_follows(connection: &mut Connection, items: &[Follow]) -> Result<()> {
    insert_all!(connection, follows::table, items, FollowRow::from);
    Ok(())
}

/// Grants we gave, ended ones too.
pub fn insert_grants(connection: &mut Connection, items: &[Grant]) -> Result<()> {
    insert_all!(connection, grants::table, items, GrantRow::from);
    Ok(())
}

/// Posts as they are: counts of comments and likes are the caller's.
pub fn insert_posts(connection: &mut Connection, items: &[Post]) -> Result<()> {
    insert_all!(connection, posts::table, items, PostRow::from);
    Ok(())
}

pub fn insert_stops(connection: &mut Connection, items: &[Stop]) -> Result<()> {
    insert_all!(connection, stops::table, items, StopRow::from);
    Ok(())
}

pub fn insert_mentions(connection: &mut Connection, items: &[(PostId, ActorId)]) -> Result<()> {
    use diesel::ExpressionMethods;
    insert_all!(connection, mentions::table, items, |(post, actor)| (
        mentions::post_id.eq(post.0),
        mentions::actor_id.eq(actor.0)
    ));
    Ok(())
}

/// Tells the database what it holds now, as it would find out by itself in time.
pub fn analyze(connection: &mut Connection) -> Result<()> {
    diesel::connection::SimpleConnection::batch_execute(connection, "ANALYZE")?;
    Ok(())
}
