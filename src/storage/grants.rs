//! Grants we gave and grants we were given.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{
    DeliveryState, Grant, GrantId, GrantTerms, GroupDialect, GroupId, Host, LastUse, PartnerId,
    PartnerState, Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{
    actors, deliveries, dialects, grants, memberships, partners, posts, reactions, received_grants,
};
use crate::storage::{Connection, ids, ledger};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = grants, treat_none_as_default_value = false)]
pub(super) struct GrantRow {
    id: i64,
    group_id: i64,
    partner_id: i64,
    capabilities: String,
    join_mode: String,
    from_at: i64,
    until_at: Option<i64>,
    history_from: i64,
    apart: bool,
    created_at: i64,
    ended_at: Option<i64>,
}

impl From<&Grant> for GrantRow {
    fn from(grant: &Grant) -> Self {
        let terms = &grant.terms;
        Self {
            id: grant.id.0,
            group_id: grant.group.0,
            partner_id: grant.partner.0,
            capabilities: terms.capabilities.to_string(),
            join_mode: terms.join.to_string(),
            from_at: terms.from.micros(),
            until_at: terms.until.map(Timestamp::micros),
            history_from: terms.history_from.micros(),
            apart: terms.apart,
            created_at: grant.created_at.micros(),
            ended_at: grant.ended_at.map(Timestamp::micros),
        }
    }
}

impl TryFrom<GrantRow> for Grant {
    type Error = crate::Error;

    fn try_from(row: GrantRow) -> Result<Self> {
        Ok(Self {
            id: GrantId(row.id),
            group: GroupId(row.group_id),
            partner: PartnerId(row.partner_id),
            terms: GrantTerms {
                capabilities: read(&row.capabilities)?,
                join: read(&row.join_mode)?,
                from: Timestamp::from_micros(row.from_at),
                until: row.until_at.map(Timestamp::from_micros),
                history_from: Timestamp::from_micros(row.history_from),
                apart: row.apart,
            },
            created_at: Timestamp::from_micros(row.created_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        })
    }
}

/// Opens the permit's group to a partner. A grant that stood between the two ends with it.
pub fn insert(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    partner: PartnerId,
    terms: GrantTerms,
    now: Timestamp,
) -> Result<Grant> {
    diesel::update(
        grants::table
            .filter(
                grants::group_id
                    .eq(permit.group().0)
                    .and(grants::partner_id.eq(partner.0)),
            )
            .filter(grants::ended_at.is_null()),
    )
    .set(grants::ended_at.eq(Some(now.micros())))
    .execute(connection)?;
    let grant = Grant {
        id: GrantId(ids::next(now)),
        group: permit.group(),
        partner,
        terms,
        created_at: now,
        ended_at: None,
    };
    diesel::insert_into(grants::table)
        .values(GrantRow::from(&grant))
        .execute(connection)?;
    Ok(grant)
}

/// Takes a grant back.
pub fn end(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    id: GrantId,
    now: Timestamp,
) -> Result<()> {
    diesel::update(
        grants::table
            .find(id.0)
            .filter(grants::group_id.eq(permit.group().0)),
    )
    .set(grants::ended_at.eq(Some(now.micros())))
    .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, id: GrantId) -> Result<Option<Grant>> {
    let row = find_one!(
        connection,
        grants::table.find(id.0).select(GrantRow::as_select())
    )?;
    row.map(Grant::try_from).transpose()
}

/// The standing grant between a group and a partner.
pub fn find_standing(
    connection: &mut Connection,
    group: GroupId,
    partner: PartnerId,
) -> Result<Option<Grant>> {
    let row = find_one!(
        connection,
        grants::table
            .filter(
                grants::group_id
                    .eq(group.0)
                    .and(grants::partner_id.eq(partner.0)),
            )
            .filter(grants::ended_at.is_null())
            .select(GrantRow::as_select())
    )?;
    row.map(Grant::try_from).transpose()
}

/// What binds a server to a group of ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bond {
    pub partner: Option<PartnerState>,
    /// It keeps what is not public to whom it is for.
    pub discreet: bool,
    /// It takes part in groups as microblog servers do.
    pub microblog: bool,
    pub terms: Option<GrantTerms>,
}

type BondRow = (
    String,
    bool,
    Option<String>,
    Option<String>,
    Option<GrantRow>,
);

fn read_bond((state, discreet, chosen, learned, grant): BondRow) -> Result<Bond> {
    let grant = grant.map(Grant::try_from).transpose()?;
    let dialect: Option<GroupDialect> = read_optional(chosen.or(learned).as_deref())?;
    Ok(Bond {
        partner: Some(read(&state)?),
        discreet,
        microblog: dialect == Some(GroupDialect::Boosts),
        terms: grant.map(|grant| grant.terms),
    })
}

/// Whether some partner that a group is open to is kept apart from the others.
pub fn any_apart(connection: &mut Connection, group: GroupId) -> Result<bool> {
    let apart: Option<i64> = find_one!(
        connection,
        grants::table
            .filter(grants::group_id.eq(group.0))
            .filter(grants::ended_at.is_null())
            .filter(grants::apart.eq(true))
            .select(grants::id)
            .limit(1)
    )?;
    Ok(apart.is_some())
}

/// The partnership with a host and what it was granted in a group: one question at every door.
pub fn find_for_host(connection: &mut Connection, group: GroupId, host: &Host) -> Result<Bond> {
    let row: Option<BondRow> = find_one!(
        connection,
        partners::table
            .left_join(
                grants::table.on(grants::partner_id
                    .eq(partners::id)
                    .and(grants::group_id.eq(group.0))
                    .and(grants::ended_at.is_null())),
            )
            .left_join(dialects::table.on(dialects::host.eq(partners::host)))
            .filter(partners::host.eq(host.as_str()))
            .select((
                partners::state,
                partners::discreet,
                dialects::chosen.nullable(),
                dialects::learned.nullable(),
                Option::<GrantRow>::as_select(),
            ))
    )?;
    row.map_or_else(|| Ok(Bond::default()), read_bond)
}

/// The same for many partners at once, by host.
pub fn list_for_hosts(
    connection: &mut Connection,
    group: GroupId,
    hosts: &[&Host],
) -> Result<HashMap<Host, Bond>> {
    let mut all = HashMap::with_capacity(hosts.len());
    for some in hosts.chunks(HOSTS_PER_QUERY) {
        let rows: Vec<(String, BondRow)> = partners::table
            .left_join(
                grants::table.on(grants::partner_id
                    .eq(partners::id)
                    .and(grants::group_id.eq(group.0))
                    .and(grants::ended_at.is_null())),
            )
            .left_join(dialects::table.on(dialects::host.eq(partners::host)))
            .filter(partners::host.among(some.iter().map(|host| host.as_str())))
            .select((
                partners::host,
                (
                    partners::state,
                    partners::discreet,
                    dialects::chosen.nullable(),
                    dialects::learned.nullable(),
                    Option::<GrantRow>::as_select(),
                ),
            ))
            .load(connection)?;
        for (host, bond) in rows {
            all.insert(read(&host)?, read_bond(bond)?);
        }
    }
    Ok(all)
}

/// Hosts asked for in one statement: SQLite takes at most 32,766 binds.
const HOSTS_PER_QUERY: usize = 1_000;

/// Standing grants of a group, a partner, or all.
pub fn list_standing(
    connection: &mut Connection,
    group: Option<GroupId>,
    partner: Option<PartnerId>,
) -> Result<Vec<Grant>> {
    let rows: Vec<GrantRow> = grants::table
        .filter(grants::ended_at.is_null())
        .order(grants::id)
        .select(GrantRow::as_select())
        .load(connection)?;
    let wanted = |grant: &Grant| {
        group.is_none_or(|group| grant.group == group)
            && partner.is_none_or(|partner| grant.partner == partner)
    };
    let all = rows
        .into_iter()
        .map(Grant::try_from)
        .collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(wanted).collect())
}

/// Standing grants whose time is over, at most `most`.
pub fn list_expired(connection: &mut Connection, now: Timestamp, most: i64) -> Result<Vec<Grant>> {
    let rows: Vec<GrantRow> = grants::table
        .filter(grants::ended_at.is_null())
        .filter(grants::until_at.le(Some(now.micros())))
        .order(grants::id)
        .limit(most)
        .select(GrantRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Grant::try_from).collect()
}

/// Writes what a group's house told us we may do in it.
pub fn save_received(
    connection: &mut Connection,
    group: GroupId,
    uri: &Uri,
    terms: GrantTerms,
) -> Result<()> {
    let row = (
        received_grants::group_id.eq(group.0),
        received_grants::uri.eq(uri.as_str()),
        received_grants::capabilities.eq(terms.capabilities.to_string()),
        received_grants::join_mode.eq(terms.join.as_str()),
        received_grants::from_at.eq(terms.from.micros()),
        received_grants::until_at.eq(terms.until.map(Timestamp::micros)),
        received_grants::history_from.eq(terms.history_from.micros()),
    );
    diesel::delete(received_grants::table.find(group.0)).execute(connection)?;
    diesel::insert_into(received_grants::table)
        .values(row)
        .execute(connection)?;
    Ok(())
}

pub fn remove_received(connection: &mut Connection, group: GroupId) -> Result<()> {
    diesel::delete(received_grants::table.find(group.0)).execute(connection)?;
    Ok(())
}

/// The group that a grant given to us opens.
pub fn find_received_by_uri(connection: &mut Connection, uri: &Uri) -> Result<Option<GroupId>> {
    let group: Option<i64> = find_one!(
        connection,
        received_grants::table
            .filter(received_grants::uri.eq(uri.as_str()))
            .select(received_grants::group_id)
    )?;
    Ok(group.map(GroupId))
}

/// The groups of another house that its grants open to us.
pub fn list_received(connection: &mut Connection, house: &Host) -> Result<Vec<GroupId>> {
    let there = actors::table
        .filter(actors::host.eq(house.as_str()))
        .select(actors::id);
    let groups: Vec<i64> = received_grants::table
        .filter(received_grants::group_id.eq_any(there))
        .select(received_grants::group_id)
        .load(connection)?;
    Ok(groups.into_iter().map(GroupId).collect())
}

/// What we may do in a group elsewhere, and the id of the grant that says so.
pub fn find_received(
    connection: &mut Connection,
    group: GroupId,
) -> Result<Option<(Uri, GrantTerms)>> {
    type Row = (String, String, String, i64, Option<i64>, i64);
    let row: Option<Row> = find_one!(
        connection,
        received_grants::table.find(group.0).select((
            received_grants::uri,
            received_grants::capabilities,
            received_grants::join_mode,
            received_grants::from_at,
            received_grants::until_at,
            received_grants::history_from,
        ))
    )?;
    let Some((uri, capabilities, join, from, until, history)) = row else {
        return Ok(None);
    };
    let terms = GrantTerms {
        capabilities: read(&capabilities)?,
        join: read(&join)?,
        from: Timestamp::from_micros(from),
        until: until.map(Timestamp::from_micros),
        history_from: Timestamp::from_micros(history),
        apart: false,
    };
    Ok(Some((read(&uri)?, terms)))
}

// Review ------------------------------------------------------------------------------------------

/// Standing grants, with when somebody last said that each is needed.
pub fn list_with_review(connection: &mut Connection) -> Result<Vec<(Grant, Option<Timestamp>)>> {
    let rows: Vec<(GrantRow, Option<i64>)> = grants::table
        .filter(grants::ended_at.is_null())
        .order(grants::id)
        .select((GrantRow::as_select(), grants::reviewed_at))
        .load(connection)?;
    rows.into_iter()
        .map(|(grant, at)| Ok((grant.try_into()?, at.map(Timestamp::from_micros))))
        .collect()
}

pub fn set_reviewed(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    id: GrantId,
    now: Timestamp,
) -> Result<()> {
    let grant = grants::table
        .find(id.0)
        .filter(grants::group_id.eq(permit.group().0));
    diesel::update(grant)
        .set(grants::reviewed_at.eq(Some(now.micros())))
        .execute(connection)?;
    Ok(())
}

/// What people of a server last did in a group, and when their server last got something of it, or read
/// something here.
pub fn find_last_use(connection: &mut Connection, group: GroupId, host: &Host) -> Result<LastUse> {
    use diesel::dsl::max;
    let people = || {
        actors::table
            .filter(actors::host.eq(host.as_str()))
            .select(actors::id)
    };
    let posts_here = || {
        posts::table
            .filter(posts::group_id.eq(group.0))
            .select(posts::id)
    };
    let joined: Option<i64> = memberships::table
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::actor_id.eq_any(people()))
        .select(max(memberships::since))
        .get_result(connection)?;
    let wrote: Option<i64> = posts::table
        .filter(posts::group_id.eq(group.0))
        .filter(posts::author_id.eq_any(people()))
        .select(max(posts::created_at))
        .get_result(connection)?;
    let liked: Option<i64> = reactions::table
        .filter(reactions::post_id.eq_any(posts_here()))
        .filter(reactions::actor_id.eq_any(people()))
        .select(max(reactions::created_at))
        .get_result(connection)?;
    let received: Option<Option<i64>> = deliveries::table
        .filter(deliveries::group_id.eq(group.0))
        .filter(deliveries::host.eq(host.as_str()))
        .filter(deliveries::state.eq(DeliveryState::Sent.as_str()))
        .select(max(deliveries::finished_at))
        .get_result(connection)
        .optional()?;
    let time = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(LastUse {
        joined: time(joined),
        wrote: time(wrote),
        liked: time(liked),
        received: time(received.flatten()),
        fetched: ledger::find_last_read(connection, group, host)?,
    })
}
