//! Groups of this house and those elsewhere that people here know.

use diesel::prelude::*;

use crate::domain::{Access, Actor, Group, GroupId, Handle, Host, Outreach, Stage, Timestamp, Uri};
use crate::error::Result;
use crate::policy::{Permit, ReadScope, act};
use crate::storage::actors::{ActorRow, host_text};
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::error::read;
use crate::storage::schema::{actors, groups};
use crate::storage::{Connection, scope};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = groups, treat_none_as_default_value = false)]
pub(super) struct GroupRow {
    actor_id: i64,
    access: String,
    stage: String,
    description: String,
    archived_at: Option<i64>,
    withdrawn_at: Option<i64>,
    created_at: i64,
    mirror: String,
    boosts: String,
}

impl GroupRow {
    pub fn new(group: &Group, created_at: Timestamp) -> Self {
        Self {
            actor_id: group.id.0,
            access: group.access.to_string(),
            stage: group.stage.to_string(),
            description: group.description.clone(),
            archived_at: group.archived_at.map(Timestamp::micros),
            withdrawn_at: group.withdrawn_at.map(Timestamp::micros),
            created_at: created_at.micros(),
            mirror: group.outreach.mirror.to_string(),
            boosts: group.outreach.boosts.to_string(),
        }
    }
}

pub(super) fn group_from(row: GroupRow, actor: ActorRow) -> Result<Group> {
    Ok(Group {
        id: GroupId(row.actor_id),
        actor: Actor::try_from(actor)?,
        access: read(&row.access)?,
        stage: read(&row.stage)?,
        description: row.description,
        archived_at: row.archived_at.map(Timestamp::from_micros),
        withdrawn_at: row.withdrawn_at.map(Timestamp::from_micros),
        outreach: Outreach {
            mirror: read(&row.mirror)?,
            boosts: read(&row.boosts)?,
        },
    })
}

/// Makes an actor that exists already a group of this house.
pub fn insert(
    connection: &mut Connection,
    _permit: &Permit<act::CreateGroup>,
    actor: Actor,
    access: Access,
    description: &str,
    now: Timestamp,
) -> Result<Group> {
    insert_row(connection, actor, access, Stage::Internal, description, now)
}

/// Records a group elsewhere. Whom it lets see what is decided there; `access` is what we heard.
pub fn insert_remote(
    connection: &mut Connection,
    actor: Actor,
    access: Access,
    now: Timestamp,
) -> Result<Group> {
    insert_row(connection, actor, access, Stage::Partners, "", now)
}

fn insert_row(
    connection: &mut Connection,
    actor: Actor,
    access: Access,
    stage: Stage,
    description: &str,
    now: Timestamp,
) -> Result<Group> {
    let group = Group {
        id: GroupId(actor.id.0),
        actor,
        access,
        stage,
        description: description.to_owned(),
        archived_at: None,
        withdrawn_at: None,
        outreach: Outreach::default(),
    };
    diesel::insert_into(groups::table)
        .values(GroupRow::new(&group, now))
        .execute(connection)?;
    Ok(group)
}

pub fn find(connection: &mut Connection, id: GroupId) -> Result<Option<Group>> {
    let row: Option<(GroupRow, ActorRow)> = find_one!(
        connection,
        groups::table
            .inner_join(actors::table)
            .filter(groups::actor_id.eq(id.0))
            .select((GroupRow::as_select(), ActorRow::as_select()))
    )?;
    row.map(|(group, actor)| group_from(group, actor))
        .transpose()
}

pub fn find_by_handle(connection: &mut Connection, handle: &Handle) -> Result<Option<Group>> {
    let row: Option<(GroupRow, ActorRow)> = find_one!(
        connection,
        groups::table
            .inner_join(actors::table)
            .filter(
                actors::name
                    .eq(&handle.name)
                    .and(actors::host.eq(host_text(handle.host.as_ref()))),
            )
            .select((GroupRow::as_select(), ActorRow::as_select()))
    )?;
    row.map(|(group, actor)| group_from(group, actor))
        .transpose()
}

pub fn find_by_uri(connection: &mut Connection, uri: &Uri) -> Result<Option<Group>> {
    let row: Option<(GroupRow, ActorRow)> = find_one!(
        connection,
        groups::table
            .inner_join(actors::table)
            .filter(actors::uri.eq(uri.as_str()))
            .select((GroupRow::as_select(), ActorRow::as_select()))
    )?;
    row.map(|(group, actor)| group_from(group, actor))
        .transpose()
}

/// The groups with these ids, in no order.
pub fn list_by_ids(connection: &mut Connection, ids: &[GroupId]) -> Result<Vec<Group>> {
    let rows: Vec<(GroupRow, ActorRow)> = groups::table
        .inner_join(actors::table)
        .filter(groups::actor_id.among(ids.iter().map(|id| id.0)))
        .select((GroupRow::as_select(), ActorRow::as_select()))
        .load(connection)?;
    rows.into_iter()
        .map(|(group, actor)| group_from(group, actor))
        .collect()
}

/// The groups whose existence the scope shows, by title.
pub fn list(connection: &mut Connection, scope: &ReadScope) -> Result<Vec<Group>> {
    let ids = scope::list_known_groups(connection, scope)?;
    let ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
    let rows: Vec<(GroupRow, ActorRow)> = groups::table
        .inner_join(actors::table)
        .filter(groups::actor_id.among(ids))
        .order((actors::display_name, actors::name, actors::id))
        .select((GroupRow::as_select(), ActorRow::as_select()))
        .load(connection)?;
    rows.into_iter()
        .map(|(group, actor)| group_from(group, actor))
        .collect()
}

/// The groups a host's partnership shows us or that it hosts.
pub fn list_of_host(connection: &mut Connection, host: &Host) -> Result<Vec<Group>> {
    let rows: Vec<(GroupRow, ActorRow)> = groups::table
        .inner_join(actors::table)
        .filter(actors::host.eq(host.as_str()))
        .select((GroupRow::as_select(), ActorRow::as_select()))
        .load(connection)?;
    rows.into_iter()
        .map(|(group, actor)| group_from(group, actor))
        .collect()
}

pub fn set_stage(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    stage: Stage,
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set(groups::stage.eq(stage.as_str()))
        .execute(connection)?;
    Ok(())
}

pub fn set_archived(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    archived_at: Option<Timestamp>,
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set(groups::archived_at.eq(archived_at.map(Timestamp::micros)))
        .execute(connection)?;
    Ok(())
}

pub fn update(
    connection: &mut Connection,
    permit: &Permit<act::ManageGroup>,
    description: &str,
    access: Access,
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set((
            groups::description.eq(description),
            groups::access.eq(access.as_str()),
        ))
        .execute(connection)?;
    Ok(())
}

/// How it reaches servers that know no groups.
pub fn set_outreach(
    connection: &mut Connection,
    permit: &Permit<act::ManageGroup>,
    outreach: Outreach,
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set((
            groups::mirror.eq(outreach.mirror.as_str()),
            groups::boosts.eq(outreach.boosts.as_str()),
        ))
        .execute(connection)?;
    Ok(())
}

/// What the house of a group elsewhere says of its walls now.
pub fn set_remote_walls(
    connection: &mut Connection,
    id: GroupId,
    access: Access,
    stage: Stage,
) -> Result<()> {
    diesel::update(groups::table.find(id.0))
        .set((
            groups::access.eq(access.as_str()),
            groups::stage.eq(stage.as_str()),
        ))
        .execute(connection)?;
    Ok(())
}

/// What the house of a group elsewhere says of whether it can be written in.
pub fn set_remote_archived(
    connection: &mut Connection,
    id: GroupId,
    archived_at: Option<Timestamp>,
) -> Result<()> {
    diesel::update(groups::table.find(id.0))
        .set(groups::archived_at.eq(archived_at.map(Timestamp::micros)))
        .execute(connection)?;
    Ok(())
}

/// Where a group elsewhere gives us tokens.
pub fn set_token_source(
    connection: &mut Connection,
    id: GroupId,
    source: Option<&Uri>,
) -> Result<()> {
    diesel::update(groups::table.find(id.0))
        .set(groups::token_source.eq(source.map(Uri::as_str)))
        .execute(connection)?;
    Ok(())
}

pub fn find_token_source(connection: &mut Connection, id: GroupId) -> Result<Option<Uri>> {
    let found: Option<Option<String>> = find_one!(
        connection,
        groups::table.find(id.0).select(groups::token_source)
    )?;
    found.flatten().map(|uri| read(&uri)).transpose()
}

/// Marks a group elsewhere as taken back by its house, or as given again.
pub fn set_withdrawn(
    connection: &mut Connection,
    id: GroupId,
    withdrawn_at: Option<Timestamp>,
) -> Result<()> {
    diesel::update(groups::table.find(id.0))
        .set(groups::withdrawn_at.eq(withdrawn_at.map(Timestamp::micros)))
        .execute(connection)?;
    Ok(())
}
