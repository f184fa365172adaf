//! Who moderates groups elsewhere, as their houses say, and what those of ours asked of them.

use diesel::prelude::*;

use crate::domain::{ActorId, DeliveryState, EventKind, GroupId, PostId, Timestamp, Uri};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::on_backend;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{actors, deliveries, events, moderators_elsewhere};

/// The house of a group says that somebody moderates it.
pub fn insert(connection: &mut Connection, group: GroupId, person: &Uri) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(
        moderators_elsewhere::table
    )
    .values((
        moderators_elsewhere::group_id.eq(group.0),
        moderators_elsewhere::uri.eq(person.as_str()),
    ))
    .on_conflict_do_nothing()
    .execute(inner))?;
    Ok(())
}

pub fn remove(connection: &mut Connection, group: GroupId, person: &Uri) -> Result<()> {
    let row = moderators_elsewhere::table.find((group.0, person.as_str()));
    diesel::delete(row).execute(connection)?;
    Ok(())
}

/// By address, of at most `most`.
pub fn list(connection: &mut Connection, group: GroupId, most: i64) -> Result<Vec<String>> {
    Ok(moderators_elsewhere::table
        .filter(moderators_elsewhere::group_id.eq(group.0))
        .order(moderators_elsewhere::uri)
        .limit(most)
        .select(moderators_elsewhere::uri)
        .load(connection)?)
}

/// Whether the house of a group says that somebody moderates it.
pub fn is_one(connection: &mut Connection, group: GroupId, person: ActorId) -> Result<bool> {
    let named = moderators_elsewhere::table
        .inner_join(actors::table.on(actors::uri.eq(moderators_elsewhere::uri)))
        .filter(moderators_elsewhere::group_id.eq(group.0))
        .filter(actors::id.eq(person.0));
    let named = diesel::dsl::exists(named);
    Ok(on_backend!(connection, |inner| diesel::select(named).get_result(inner))?)
}

/// Something that a moderator here asked of a group's house, and how telling it went.
#[derive(Clone, Debug)]
pub struct Asked {
    pub kind: EventKind,
    pub post: Option<PostId>,
    pub person: Option<ActorId>,
    pub at: Timestamp,
    /// None: it is not even on its way.
    pub state: Option<DeliveryState>,
    pub status: Option<u16>,
    pub error: Option<String>,
}

/// What `by` asked about a group elsewhere, of these kinds, the latest first, at most `most`.
pub fn list_asked(
    connection: &mut Connection,
    by: ActorId,
    group: GroupId,
    kinds: &[EventKind],
    most: i64,
) -> Result<Vec<Asked>> {
    type Row = (
        String,
        Option<i64>,
        Option<i64>,
        i64,
        Option<String>,
        Option<i32>,
        Option<String>,
    );
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let rows: Vec<Row> = events::table
        .left_join(deliveries::table.on(deliveries::event_id.eq(events::id)))
        .filter(events::group_id.eq(group.0))
        .filter(events::actor_id.eq(by.0))
        .filter(events::kind.eq_any(kinds))
        .order(events::id.desc())
        .limit(most)
        .select((
            events::kind,
            events::post_id,
            events::object_id,
            events::at,
            deliveries::state.nullable(),
            deliveries::last_status.nullable(),
            deliveries::last_error.nullable(),
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(kind, post, person, at, state, status, error)| {
            Ok(Asked {
                kind: read(&kind)?,
                post: post.map(PostId),
                person: person.map(ActorId),
                at: Timestamp::from_micros(at),
                state: read_optional(state.as_deref())?,
                status: status.and_then(|status| u16::try_from(status).ok()),
                error,
            })
        })
        .collect()
}
