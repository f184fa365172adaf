//! What decides about a post and is not in it.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{Host, InteractionPolicy, PostId};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::error::{read, read_optional};
use crate::storage::holds::{self, Holds};
use crate::storage::posts::numbers;
use crate::storage::schema::{actors, mirrored_people, posts};

/// Whose a post is, and the state of its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where its author is; none: in this house.
    pub host: Option<Host>,
    /// Where the author of what it answers is; none: in this house, or it answers nothing.
    pub answers: Option<Host>,
    /// Its author lets groups copy it for servers that know no groups.
    pub mirrored: bool,
    /// What its author elsewhere says of who may like or answer it; none: nothing.
    pub interaction: Option<InteractionPolicy>,
    /// Its topic takes no more comments.
    pub topic_locked: bool,
    /// From whom it is kept at the boundary.
    pub holds: Holds,
}

diesel::alias!(posts as topics: TopicAlias);
diesel::alias!(posts as parents: ParentAlias);

/// A post's id with its standing, in one question.
macro_rules! standing {
    ($which:expr) => {
        posts::table
            .inner_join(actors::table.on(actors::id.eq(posts::author_id)))
            .inner_join(topics.on(topics.field(posts::id).eq(posts::topic_id)))
            .left_join(mirrored_people::table.on(mirrored_people::actor_id.eq(posts::author_id)))
            .filter($which)
            .select((
                posts::id,
                actors::host,
                topics.field(posts::locked),
                mirrored_people::actor_id.nullable(),
                posts::interaction,
            ))
    };
}

type StandingRow = (i64, String, bool, Option<i64>, Option<String>);

fn standing_from(row: StandingRow) -> Result<(PostId, Standing)> {
    let (id, host, topic_locked, mirrored, interaction) = row;
    let standing = Standing {
        host: match host.is_empty() {
            true => None,
            false => Some(read(&host)?),
        },
        answers: None,
        topic_locked,
        mirrored: mirrored.is_some(),
        interaction: read_optional(interaction.as_deref())?,
        holds: Holds::default(),
    };
    Ok((PostId(id), standing))
}

/// What is not there takes as long as what is hidden: what holds it is asked in any case.
pub fn find_standing(connection: &mut Connection, id: PostId) -> Result<Option<Standing>> {
    let row: Option<StandingRow> = find_one!(connection, standing!(posts::id.eq(id.0)))?;
    let holds = holds::list_among(connection, &[id])?.remove(&id);
    let answers = list_answered(connection, &[id])?.pop();
    let standing = row.map(standing_from).transpose()?;
    Ok(standing.map(|(_, standing)| Standing {
        holds: holds.unwrap_or_default(),
        answers: answers.map(|(_, host)| host),
        ..standing
    }))
}

/// The same for many at once.
pub fn list_standings(
    connection: &mut Connection,
    ids: &[PostId],
) -> Result<HashMap<PostId, Standing>> {
    let rows: Vec<StandingRow> = standing!(posts::id.among(numbers(ids))).load(connection)?;
    let standings = rows.into_iter().map(standing_from);
    let mut standings: HashMap<PostId, Standing> = standings.collect::<Result<_>>()?;
    for (id, holds) in holds::list_among(connection, ids)? {
        if let Some(standing) = standings.get_mut(&id) {
            standing.holds = holds;
        }
    }
    for (id, host) in list_answered(connection, ids)? {
        if let Some(standing) = standings.get_mut(&id) {
            standing.answers = Some(host);
        }
    }
    Ok(standings)
}

/// Of these posts those that answer somebody elsewhere, and where that is.
fn list_answered(connection: &mut Connection, ids: &[PostId]) -> Result<Vec<(PostId, Host)>> {
    let rows: Vec<(i64, String)> = posts::table
        .inner_join(parents.on(parents.field(posts::id).nullable().eq(posts::parent_id)))
        .inner_join(actors::table.on(actors::id.eq(parents.field(posts::author_id))))
        .filter(posts::id.among(numbers(ids)))
        .filter(actors::host.ne(""))
        .select((posts::id, actors::host))
        .load(connection)?;
    let answered = rows.into_iter();
    answered
        .map(|(id, host)| Ok((PostId(id), read(&host)?)))
        .collect()
}
