//! What decides about a post and is not in it.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::PostId;
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::posts::numbers;
use crate::storage::schema::{actors, posts};

/// Whose a post is, and the state of its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Written by somebody of this house.
    pub by_us: bool,
    /// Its topic takes no more comments.
    pub topic_locked: bool,
}

diesel::alias!(posts as topics: TopicAlias);

/// A post's id with its standing, in one question.
macro_rules! standing {
    ($which:expr) => {
        posts::table
            .inner_join(actors::table.on(actors::id.eq(posts::author_id)))
            .inner_join(topics.on(topics.field(posts::id).eq(posts::topic_id)))
            .filter($which)
            .select((posts::id, actors::host, topics.field(posts::locked)))
    };
}

type StandingRow = (i64, String, bool);

fn standing_from((id, host, topic_locked): StandingRow) -> (PostId, Standing) {
    let by_us = host.is_empty();
    let standing = Standing {
        by_us,
        topic_locked,
    };
    (PostId(id), standing)
}

pub fn find_standing(connection: &mut Connection, id: PostId) -> Result<Option<Standing>> {
    let row: Option<StandingRow> = find_one!(connection, standing!(posts::id.eq(id.0)))?;
    Ok(row.map(|row| standing_from(row).1))
}

/// The same for many at once.
pub fn list_standings(
    connection: &mut Connection,
    ids: &[PostId],
) -> Result<HashMap<PostId, Standing>> {
    let rows: Vec<StandingRow> = standing!(posts::id.among(numbers(ids))).load(connection)?;
    Ok(rows.into_iter().map(standing_from).collect())
}
