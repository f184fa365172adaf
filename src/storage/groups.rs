//! Groups of this house and those elsewhere that people here know.

use diesel::prelude::*;

use crate::domain::{
    Access, Actor, FirstContact, Group, GroupId, GroupList, Handle, Host, Outreach, Stage,
    Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Permit, ReadScope, act};
use crate::storage::actors::{ActorRow, host_text};
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::error::{read, read_optional};
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
    moved_to: Option<String>,
    also_known_as: Option<String>,
    mirror: String,
    boosts: String,
    first_contact: String,
    label: Option<String>,
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
            moved_to: group.moved_to.as_ref().map(Uri::to_string),
            also_known_as: join_uris(&group.also_known_as),
            mirror: group.outreach.mirror.to_string(),
            boosts: group.outreach.boosts.to_string(),
            first_contact: group.first_contact.to_string(),
            label: group.label.as_ref().map(ToString::to_string),
        }
    }
}

/// Addresses in one column: none of them has a space in it.
fn join_uris(uris: &[Uri]) -> Option<String> {
    let texts: Vec<&str> = uris.iter().map(Uri::as_str).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
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
        moved_to: read_optional(row.moved_to.as_deref())?,
        also_known_as: row
            .also_known_as
            .unwrap_or_default()
            .split_whitespace()
            .map(read)
            .collect::<Result<_>>()?,
        outreach: Outreach {
            mirror: read(&row.mirror)?,
            boosts: read(&row.boosts)?,
        },
        first_contact: read(&row.first_contact)?,
        label: read_optional(row.label.as_deref())?,
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
        moved_to: None,
        also_known_as: Vec::new(),
        outreach: Outreach::default(),
        first_contact: FirstContact::Free,
        label: None,
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

/// What a group elsewhere says of its lists, and of moving. What it does not say any more is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteWays {
    pub featured: Option<Uri>,
    pub moderators: Option<Uri>,
    pub moved_to: Option<Uri>,
    pub also_known_as: Vec<Uri>,
}

pub fn set_remote_ways(connection: &mut Connection, id: GroupId, ways: &RemoteWays) -> Result<()> {
    diesel::update(groups::table.find(id.0))
        .set((
            groups::featured.eq(ways.featured.as_ref().map(Uri::as_str)),
            groups::moderators.eq(ways.moderators.as_ref().map(Uri::as_str)),
            groups::moved_to.eq(ways.moved_to.as_ref().map(Uri::as_str)),
            groups::also_known_as.eq(join_uris(&ways.also_known_as)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Where a group elsewhere lists its pinned topics and its moderators.
pub fn find_remote_lists(
    connection: &mut Connection,
    id: GroupId,
) -> Result<[Option<(GroupList, Uri)>; 2]> {
    let found: Option<(Option<String>, Option<String>)> = find_one!(
        connection,
        groups::table
            .find(id.0)
            .select((groups::featured, groups::moderators))
    )?;
    let (featured, moderators) = found.unwrap_or_default();
    let featured: Option<Uri> = read_optional(featured.as_deref())?;
    let moderators: Option<Uri> = read_optional(moderators.as_deref())?;
    Ok([
        featured.map(|uri| (GroupList::Featured, uri)),
        moderators.map(|uri| (GroupList::Moderators, uri)),
    ])
}

/// The group elsewhere whose document says that this is one of its lists.
pub fn find_by_list(connection: &mut Connection, list: &Uri) -> Result<Option<(Group, GroupList)>> {
    let is_either = groups::featured
        .eq(list.as_str())
        .or(groups::moderators.eq(list.as_str()));
    let row: Option<(GroupRow, ActorRow, Option<String>)> = groups::table
        .inner_join(actors::table)
        .filter(is_either)
        .select((
            GroupRow::as_select(),
            ActorRow::as_select(),
            groups::featured,
        ))
        .limit(1)
        .get_result(connection)
        .optional()?;
    row.map(|(group, actor, featured)| {
        let which = match featured.as_deref() == Some(list.as_str()) {
            true => GroupList::Featured,
            false => GroupList::Moderators,
        };
        Ok((group_from(group, actor)?, which))
    })
    .transpose()
}

/// A group of ours says which group it was before.
pub fn set_also_known_as(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    before: &[Uri],
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set(groups::also_known_as.eq(join_uris(before)))
        .execute(connection)?;
    Ok(())
}

/// A group of ours went to another house.
pub fn set_moved(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    target: &Uri,
    now: Timestamp,
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set((
            groups::moved_to.eq(Some(target.as_str())),
            groups::archived_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
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
