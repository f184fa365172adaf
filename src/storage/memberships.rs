//! Who belongs to which group.

use diesel::dsl::exists;
use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{
    Actor, ActorId, ActorState, Audience, DeliveryId, GroupId, GroupRole, Handle, Host,
    InvitedHandle, Member, Membership, MembershipState, Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::actors::ActorRow;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{actors, deliveries, invited_handles, memberships, posts};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = memberships, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct MembershipRow {
    group_id: i64,
    actor_id: i64,
    state: String,
    role: String,
    follow_uri: Option<String>,
    banned_until: Option<i64>,
    since: i64,
}

impl From<&Membership> for MembershipRow {
    fn from(membership: &Membership) -> Self {
        Self {
            group_id: membership.group.0,
            actor_id: membership.actor.0,
            state: membership.state.to_string(),
            role: membership.role.to_string(),
            follow_uri: membership.follow.as_ref().map(Uri::to_string),
            banned_until: membership.banned_until.map(Timestamp::micros),
            since: membership.since.micros(),
        }
    }
}

impl TryFrom<MembershipRow> for Membership {
    type Error = crate::Error;

    fn try_from(row: MembershipRow) -> Result<Self> {
        Ok(Self {
            group: GroupId(row.group_id),
            actor: ActorId(row.actor_id),
            state: read(&row.state)?,
            role: read(&row.role)?,
            follow: read_optional(row.follow_uri.as_deref())?,
            banned_until: row.banned_until.map(Timestamp::from_micros),
            since: Timestamp::from_micros(row.since),
        })
    }
}

/// Writes a membership, new or changed. Callers hold a permit for what changes in it.
pub fn save(connection: &mut Connection, membership: &Membership) -> Result<()> {
    let row = MembershipRow::from(membership);
    on_backend!(connection, |inner| diesel::insert_into(memberships::table)
        .values(&row)
        .on_conflict((memberships::group_id, memberships::actor_id))
        .do_update()
        .set(&row)
        .execute(inner))?;
    Ok(())
}

pub fn remove(connection: &mut Connection, group: GroupId, actor: ActorId) -> Result<()> {
    diesel::delete(memberships::table.find((group.0, actor.0))).execute(connection)?;
    Ok(())
}

/// Removes somebody from every group. Who is banned stays so.
pub fn remove_of_actor(connection: &mut Connection, actor: ActorId) -> Result<usize> {
    let everywhere = memberships::table
        .filter(memberships::actor_id.eq(actor.0))
        .filter(memberships::state.ne(MembershipState::Banned.as_str()));
    Ok(diesel::delete(everywhere).execute(connection)?)
}

/// Removes everybody of a server from the permit's group; how many. Who is banned stays so: a grant
/// that ends and comes again is no pardon.
pub fn remove_of_host(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    host: &Host,
) -> Result<usize> {
    let people = actors::table
        .filter(actors::host.eq(host.as_str()))
        .select(actors::id);
    let invited = invited_handles::table
        .filter(invited_handles::group_id.eq(permit.group().0))
        .filter(invited_handles::host.eq(host.as_str()));
    diesel::delete(invited).execute(connection)?;
    let theirs = memberships::table
        .filter(memberships::group_id.eq(permit.group().0))
        .filter(memberships::state.ne(MembershipState::Banned.as_str()))
        .filter(memberships::actor_id.eq_any(people));
    Ok(diesel::delete(theirs).execute(connection)?)
}

/// The people of a server who are members or asked to be, with the Follow they asked with.
pub fn list_follows(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
) -> Result<Vec<(ActorId, Uri)>> {
    let rows: Vec<(i64, Option<String>)> = memberships::table
        .inner_join(actors::table)
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::state.ne(MembershipState::Banned.as_str()))
        .filter(memberships::follow_uri.is_not_null())
        .filter(actors::host.eq(host.as_str()))
        .order(actors::id)
        .select((actors::id, memberships::follow_uri))
        .load(connection)?;
    rows.into_iter()
        .filter_map(|(actor, follow)| Some((ActorId(actor), follow?)))
        .map(|(actor, follow)| Ok((actor, read(&follow)?)))
        .collect()
}

/// Removes the requests to join that were asked with one of these deliveries.
pub fn remove_requests(connection: &mut Connection, sent: &[DeliveryId]) -> Result<usize> {
    let ids = sent.iter().map(|delivery| delivery.0);
    let follows = deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .select(deliveries::activity_uri.nullable());
    let requests = memberships::table
        .filter(memberships::state.eq(MembershipState::Requested.as_str()))
        .filter(memberships::follow_uri.eq_any(follows));
    Ok(diesel::delete(requests).execute(connection)?)
}

/// Removes everybody from a group elsewhere that its house took back.
pub fn remove_all(connection: &mut Connection, group: GroupId) -> Result<usize> {
    let everybody = memberships::table.filter(memberships::group_id.eq(group.0));
    Ok(diesel::delete(everybody).execute(connection)?)
}

pub fn find(
    connection: &mut Connection,
    group: GroupId,
    actor: ActorId,
) -> Result<Option<Membership>> {
    let row = find_one!(
        connection,
        memberships::table
            .find((group.0, actor.0))
            .select(MembershipRow::as_select())
    )?;
    row.map(Membership::try_from).transpose()
}

/// Finds the membership that a Follow with this id asked for.
pub fn find_by_follow(
    connection: &mut Connection,
    group: GroupId,
    follow: &Uri,
) -> Result<Option<Membership>> {
    let row = find_one!(
        connection,
        memberships::table
            .filter(
                memberships::group_id
                    .eq(group.0)
                    .and(memberships::follow_uri.eq(follow.as_str())),
            )
            .select(MembershipRow::as_select())
    )?;
    row.map(Membership::try_from).transpose()
}

/// The group that somebody asked to join with a Follow of this id.
pub fn find_followed(
    connection: &mut Connection,
    actor: ActorId,
    follow: &Uri,
) -> Result<Option<GroupId>> {
    let group: Option<i64> = memberships::table
        .filter(memberships::actor_id.eq(actor.0))
        .filter(memberships::follow_uri.eq(follow.as_str()))
        .select(memberships::group_id)
        .limit(1)
        .get_result(connection)
        .optional()?;
    Ok(group.map(GroupId))
}

/// Everybody with a relation to the group, in order of role (owners first) and name.
pub fn list(connection: &mut Connection, group: GroupId) -> Result<Vec<Member>> {
    let rows: Vec<(MembershipRow, ActorRow)> = memberships::table
        .inner_join(actors::table)
        .filter(memberships::group_id.eq(group.0))
        .order((memberships::since, actors::id))
        .select((MembershipRow::as_select(), ActorRow::as_select()))
        .load(connection)?;
    let mut members = rows
        .into_iter()
        .map(|(membership, actor)| {
            Ok(Member {
                membership: Membership::try_from(membership)?,
                actor: Actor::try_from(actor)?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    members.sort_by_key(|member| std::cmp::Reverse(member.membership.role));
    Ok(members)
}

/// The groups somebody has a relation to.
pub fn list_of_actor(connection: &mut Connection, actor: ActorId) -> Result<Vec<Membership>> {
    let rows = memberships::table
        .filter(memberships::actor_id.eq(actor.0))
        .select(MembershipRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Membership::try_from).collect()
}

/// Whether two people are members of one and the same group.
pub fn any_shared(connection: &mut Connection, one: ActorId, other: ActorId) -> Result<bool> {
    let member = memberships::state.eq(MembershipState::Member.as_str());
    let groups: Vec<i64> = memberships::table
        .filter(memberships::actor_id.eq(one.0).and(member))
        .select(memberships::group_id)
        .load(connection)?;
    let shared = memberships::table.filter(
        memberships::actor_id
            .eq(other.0)
            .and(member)
            .and(memberships::group_id.among(groups)),
    );
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(shared)
    )
    .get_result(inner))?)
}

/// How many people of a server (none: of this house) are members.
pub fn count(connection: &mut Connection, group: GroupId, host: Option<&Host>) -> Result<i64> {
    Ok(memberships::table
        .inner_join(actors::table)
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::state.eq(MembershipState::Member.as_str()))
        .filter(actors::host.eq(host.map_or("", Host::as_str)))
        .count()
        .get_result(connection)?)
}

/// How many members there are from everywhere.
pub fn count_all(connection: &mut Connection, group: GroupId) -> Result<i64> {
    Ok(memberships::table
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::state.eq(MembershipState::Member.as_str()))
        .count()
        .get_result(connection)?)
}

/// The groups of this house that somebody moderates.
pub fn list_moderated(connection: &mut Connection, moderator: ActorId) -> Result<Vec<GroupId>> {
    let here = actors::table.filter(actors::host.eq("")).select(actors::id);
    let groups: Vec<i64> = memberships::table
        .filter(memberships::actor_id.eq(moderator.0))
        .filter(memberships::state.eq(MembershipState::Member.as_str()))
        .filter(
            memberships::role.eq_any([GroupRole::Moderator.as_str(), GroupRole::Owner.as_str()]),
        )
        .filter(memberships::group_id.eq_any(here))
        .select(memberships::group_id)
        .load(connection)?;
    Ok(groups.into_iter().map(GroupId).collect())
}

/// How many people wait to be let into these groups.
pub fn count_waiting_for(connection: &mut Connection, groups: &[GroupId]) -> Result<i64> {
    Ok(memberships::table
        .filter(memberships::state.eq(MembershipState::Requested.as_str()))
        .filter(memberships::group_id.among(groups.iter().map(|group| group.0)))
        .count()
        .get_result(connection)?)
}

/// Whether somebody of `host` is in this state. Whoever is quarantined or shut out does not count.
///
/// Asks of the people of that host, for a group may have many more.
pub fn any_on_host(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
    state: MembershipState,
) -> Result<bool> {
    let member = memberships::table
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::actor_id.eq(actors::id))
        .filter(memberships::state.eq(state.as_str()));
    let some = actors::table
        .filter(actors::host.eq(host.as_str()))
        .filter(actors::state.eq(ActorState::Active.as_str()))
        .filter(exists(member));
    Ok(on_backend!(connection, |inner| diesel::select(exists(
        some
    ))
    .get_result(inner))?)
}

/// Those of `hosts` on which somebody is a member. Whoever is quarantined or shut out does not count.
pub fn list_hosts_with_members(
    connection: &mut Connection,
    group: GroupId,
    hosts: &[&Host],
) -> Result<HashSet<String>> {
    let member = memberships::table
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::actor_id.eq(actors::id))
        .filter(memberships::state.eq(MembershipState::Member.as_str()));
    let found: Vec<String> = actors::table
        .filter(actors::host.among(hosts.iter().map(|host| host.as_str())))
        .filter(actors::state.eq(ActorState::Active.as_str()))
        .filter(exists(member))
        .select(actors::host)
        .distinct()
        .load(connection)?;
    Ok(found.into_iter().collect())
}

/// One line per server that has accepted members: the server and an inbox that reaches it. Whoever is
/// quarantined or shut out is passed over: an inbox of theirs may be on any server.
pub fn list_member_hosts(connection: &mut Connection, group: GroupId) -> Result<Vec<(Host, Uri)>> {
    let rows: Vec<(String, Option<String>, Option<String>)> = memberships::table
        .inner_join(actors::table)
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::state.eq(MembershipState::Member.as_str()))
        .filter(actors::host.ne(""))
        .filter(actors::state.eq(ActorState::Active.as_str()))
        .group_by(actors::host)
        .select((
            actors::host,
            diesel::dsl::min(actors::shared_inbox),
            diesel::dsl::min(actors::inbox),
        ))
        .load(connection)?;
    rows.into_iter()
        .filter_map(|(host, shared, own)| shared.or(own).map(|inbox| (host, inbox)))
        .map(|(host, inbox)| Ok((read(&host)?, read(&inbox)?)))
        .collect()
}

/// People of a server who are members.
pub fn list_on_host(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
) -> Result<Vec<Member>> {
    let rows: Vec<(MembershipRow, ActorRow)> = memberships::table
        .inner_join(actors::table)
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::state.eq(MembershipState::Member.as_str()))
        .filter(actors::host.eq(host.as_str()))
        .order((memberships::since, actors::id))
        .select((MembershipRow::as_select(), ActorRow::as_select()))
        .load(connection)?;
    rows.into_iter()
        .map(|(membership, actor)| {
            Ok(Member {
                membership: Membership::try_from(membership)?,
                actor: Actor::try_from(actor)?,
            })
        })
        .collect()
}

/// The addresses of those, at most `most`, who are longest members first.
pub fn list_uris_on_host(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
    most: usize,
) -> Result<Vec<Uri>> {
    let uris: Vec<String> = memberships::table
        .inner_join(actors::table)
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::state.eq(MembershipState::Member.as_str()))
        .filter(actors::host.eq(host.as_str()))
        .order((memberships::since, actors::id))
        .select(actors::uri)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load(connection)?;
    uris.iter().map(|uri| read(uri)).collect()
}

// Invited by handle -------------------------------------------------------------------------------

/// Invites somebody elsewhere of whom nothing is known but the handle.
pub fn invite_handle(
    connection: &mut Connection,
    group: GroupId,
    (name, host): (&str, &Host),
    role: GroupRole,
    now: Timestamp,
) -> Result<()> {
    remove_invited_handle(connection, group, name, host)?;
    diesel::insert_into(invited_handles::table)
        .values((
            invited_handles::group_id.eq(group.0),
            invited_handles::host.eq(host.as_str()),
            invited_handles::name.eq(name),
            invited_handles::role.eq(role.as_str()),
            invited_handles::since.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes such an invitation back, or it was followed. False: there was none.
pub fn remove_invited_handle(
    connection: &mut Connection,
    group: GroupId,
    name: &str,
    host: &Host,
) -> Result<bool> {
    let invited = invited_handles::table.find((group.0, host.as_str(), name));
    Ok(diesel::delete(invited).execute(connection)? > 0)
}

/// As what a person elsewhere is invited by handle; none: they are not.
pub fn find_invited_handle(
    connection: &mut Connection,
    group: GroupId,
    person: ActorId,
) -> Result<Option<GroupRole>> {
    let role: Option<String> = invited_handles::table
        .inner_join(
            actors::table.on(actors::name
                .eq(invited_handles::name)
                .and(actors::host.eq(invited_handles::host))),
        )
        .filter(invited_handles::group_id.eq(group.0))
        .filter(actors::id.eq(person.0))
        .select(invited_handles::role)
        .get_result(connection)
        .optional()?;
    role.map(|role| read(&role)).transpose()
}

/// Whether somebody of `host` is invited by handle.
pub fn any_invited_handle(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
) -> Result<bool> {
    let invited = invited_handles::table
        .filter(invited_handles::group_id.eq(group.0))
        .filter(invited_handles::host.eq(host.as_str()));
    Ok(diesel::select(exists(invited)).get_result(connection)?)
}

/// Everybody who is invited to a group by handle, by server and name.
pub fn list_invited_handles(
    connection: &mut Connection,
    group: GroupId,
) -> Result<Vec<InvitedHandle>> {
    let rows: Vec<(String, String, String, i64)> = invited_handles::table
        .filter(invited_handles::group_id.eq(group.0))
        .order((invited_handles::host, invited_handles::name))
        .select((
            invited_handles::name,
            invited_handles::host,
            invited_handles::role,
            invited_handles::since,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(name, host, role, since)| {
            Ok(InvitedHandle {
                handle: Handle {
                    name,
                    host: Some(read(&host)?),
                },
                role: read(&role)?,
                since: Timestamp::from_micros(since),
            })
        })
        .collect()
}

/// In how many groups somebody stands so.
pub fn count_of_actor(
    connection: &mut Connection,
    actor: ActorId,
    state: MembershipState,
) -> Result<i64> {
    Ok(memberships::table
        .filter(memberships::actor_id.eq(actor.0))
        .filter(memberships::state.eq(state.as_str()))
        .count()
        .get_result(connection)?)
}

#[derive(QueryableByName)]
struct SharedRow {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    shared: i64,
}

/// Whether a person of this house takes part in a group that connects it with `host`: a member, or
/// an author for the group's audience, in a group here with a counting grant for that host; or
/// anything but banned, or an author, in a group that lives there.
pub fn shares_group_with(
    connection: &mut Connection,
    person: ActorId,
    host: &Host,
    now: Timestamp,
) -> Result<bool> {
    use diesel::sql_types::{BigInt, Text};
    let wrote = "EXISTS (SELECT 1 FROM posts p WHERE p.author_id = $1 AND p.group_id = g.actor_id \
                 AND p.audience = 'group')";
    let belongs = |states: &str| {
        format!(
            "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 \
             AND m.state {states})"
        )
    };
    let (member, related) = (belongs("= 'member'"), belongs("<> 'banned'"));
    let text = format!(
        "SELECT COUNT(*) AS shared FROM (SELECT 1 AS one FROM groups g \
         JOIN actors ga ON ga.id = g.actor_id \
         WHERE $1 >= 0 AND $2 >= '' AND $3 >= 0 AND ((ga.host = $2 AND ({related} OR {wrote})) \
         OR (ga.host = '' AND g.stage <> 'internal' \
         AND NOT EXISTS (SELECT 1 FROM stops z WHERE z.group_id = g.actor_id) AND EXISTS (SELECT 1 FROM grants q \
         JOIN partners x ON x.id = q.partner_id WHERE q.group_id = g.actor_id \
         AND q.ended_at IS NULL AND x.host = $2 AND x.state = 'active' AND q.from_at <= $3 \
         AND (q.until_at IS NULL OR $3 < q.until_at)) AND ({member} OR {wrote}))) LIMIT 1) found"
    );
    let row: SharedRow = diesel::sql_query(text)
        .bind::<BigInt, _>(person.0)
        .bind::<Text, _>(host.as_str())
        .bind::<BigInt, _>(now.micros())
        .get_result(connection)?;
    Ok(row.shared > 0)
}

/// Whether a person is a member of a group, or wrote something in it for its audience.
pub fn takes_part(connection: &mut Connection, person: ActorId, group: GroupId) -> Result<bool> {
    let member = find(connection, group, person)?;
    if member.is_some_and(|found| found.state == MembershipState::Member) {
        return Ok(true);
    }
    let wrote = posts::table
        .filter(posts::group_id.eq(group.0))
        .filter(posts::author_id.eq(person.0))
        .filter(posts::audience.eq(Audience::Group.as_str()));
    Ok(diesel::select(exists(wrote)).get_result(connection)?)
}

/// Members with at least this role.
pub fn list_role(
    connection: &mut Connection,
    group: GroupId,
    role: GroupRole,
) -> Result<Vec<Member>> {
    let everybody = list(connection, group)?;
    let holds = |member: &Member| {
        member.membership.state == MembershipState::Member && member.membership.role >= role
    };
    Ok(everybody.into_iter().filter(holds).collect())
}
