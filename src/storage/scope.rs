//! [`ReadScope`] as a filter. The texts say the same as `policy::decide`; a property test over random
//! worlds (`tests/it/scope.rs`) compares the two.
//!
//! Every text uses `p` for posts, `g` for groups and `ga` for the group's actor, and the same
//! three binds: `$1` the asking actor, `$2` the asking host, `$3` the present. Texts are put
//! together from fragments in the words of the rules; each fragment is complete in itself.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::{Capability, GroupId};
use crate::error::Result;
use crate::policy::{Asker, ProfileReach, ReadScope};
use crate::storage::Connection;
use crate::storage::connection::on_backend;
use crate::storage::listing::Listing;

// Putting texts together --------------------------------------------------------------------------

/// The values of a scope's three binds.
pub(super) struct Binds {
    pub actor: i64,
    pub host: String,
    pub now: i64,
}

pub(super) fn binds(scope: &ReadScope) -> Binds {
    let (actor, host) = match scope.asker() {
        Asker::Anybody | Asker::Operator => (0, String::new()),
        Asker::Colleague(actor) | Asker::Guest(actor) => (actor.0, String::new()),
        Asker::Person { actor, host } => (actor.0, host.to_string()),
        Asker::Server { host } => (0, host.to_string()),
    };
    Binds {
        actor,
        host,
        now: scope.now().micros(),
    }
}

fn all<const N: usize>(conditions: [&str; N]) -> String {
    format!("({})", conditions.join(" AND "))
}

fn any<const N: usize>(conditions: [&str; N]) -> String {
    format!("({})", conditions.join(" OR "))
}

const NOTHING: &str = "(1 = 0)";

/// A post, its group and the group's actor, by the names that the texts use.
pub(super) const POSTS_OF_GROUPS: &str =
    "posts p JOIN groups g ON g.actor_id = p.group_id JOIN actors ga ON ga.id = g.actor_id";

// The group ---------------------------------------------------------------------------------------

const HERE: &str = "ga.host = ''";
const ELSEWHERE: &str = "ga.host <> ''";
const OPEN: &str = "g.access = 'open'";
const NOT_SECRET: &str = "g.access <> 'secret'";

/// Its profile is public.
const ANNOUNCED: &str = "(g.stage = 'public' AND g.access <> 'secret')";

/// Its posts are public, where the door the asker came through is open at all.
fn public(scope: &ReadScope) -> &'static str {
    match scope.public() {
        true => "(g.stage = 'public' AND g.access = 'open' AND ga.host = '')",
        false => NOTHING,
    }
}

/// A group elsewhere that its house still shares with us.
fn shared_with_us(scope: &ReadScope) -> String {
    let partnership = match scope.open_federation() {
        true => format!("NOT {}", partner_of_home("= 'blocked'")),
        false => partner_of_home("IN ('active', 'paused')"),
    };
    format!("(g.withdrawn_at IS NULL AND {partnership} AND NOT {RECEIVED_GRANT_ENDED})")
}

fn partner_of_home(state: &str) -> String {
    format!("EXISTS (SELECT 1 FROM partners h WHERE h.host = ga.host AND h.state {state})")
}

const RECEIVED_GRANT_ENDED: &str = "EXISTS (SELECT 1 FROM received_grants r WHERE r.group_id = g.actor_id \
     AND (r.from_at > $3 OR r.until_at <= $3))";

/// The house of a group elsewhere lets us read; where it told of no grant, it decides itself.
fn told_to_read() -> String {
    let can_read = can("r", Capability::Read);
    format!(
        "NOT EXISTS (SELECT 1 FROM received_grants r WHERE r.group_id = g.actor_id AND NOT {can_read})"
    )
}

/// Capabilities are kept as `read,react,reply`.
fn can(grant: &str, capability: Capability) -> String {
    format!("(',' || {grant}.capabilities || ',' LIKE '%,{capability},%')")
}

/// No emergency stop holds what goes from the group to the asker.
const NOT_STOPPED: &str = "NOT EXISTS (SELECT 1 FROM stops z WHERE z.target = 'all' OR z.group_id = g.actor_id \
     OR (z.target = 'partner' AND z.host = $2))";

/// The same for what is in no group.
const NOT_STOPPED_OUTSIDE: &str = "NOT EXISTS (SELECT 1 FROM stops z WHERE z.target = 'all' OR (z.target = 'partner' AND z.host = $2))";

// The asker in the group --------------------------------------------------------------------------

const MEMBER: &str = "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 \
     AND m.state = 'member')";

const MEMBER_OR_INVITED: &str = "(EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id \
     AND m.actor_id = $1 AND m.state IN ('member', 'invited')) \
     OR EXISTS (SELECT 1 FROM invited_handles v JOIN actors va ON va.name = v.name AND va.host = v.host \
     WHERE v.group_id = g.actor_id AND va.id = $1 AND NOT EXISTS (SELECT 1 FROM memberships m \
     WHERE m.group_id = g.actor_id AND m.actor_id = $1)))";

/// Who asked to join a group elsewhere sees it while waiting.
const RELATED: &str = "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 \
     AND m.state <> 'banned')";

const MODERATOR: &str = "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 \
     AND m.state = 'member' AND m.role IN ('moderator', 'owner'))";

/// A ban that is over counts as nothing.
const NOT_BANNED: &str = "NOT EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 \
     AND m.state = 'banned' AND (m.banned_until IS NULL OR $3 < m.banned_until))";

const MEMBERS_ON_HOST: &str = "EXISTS (SELECT 1 FROM memberships m JOIN actors ma ON ma.id = m.actor_id \
     WHERE m.group_id = g.actor_id AND ma.host = $2 AND ma.state = 'active' AND m.state = 'member')";

const KNOWN_ON_HOST: &str = "(EXISTS (SELECT 1 FROM memberships m JOIN actors ma ON ma.id = m.actor_id \
     WHERE m.group_id = g.actor_id AND ma.host = $2 AND ma.state = 'active' \
     AND m.state IN ('member', 'invited')) \
     OR EXISTS (SELECT 1 FROM invited_handles v WHERE v.group_id = g.actor_id AND v.host = $2))";

const NOT_BLOCKED: &str =
    "NOT EXISTS (SELECT 1 FROM partners b WHERE b.host = $2 AND b.state = 'blocked')";

/// The grant to the asking host, `q`, counts and fulfils `more`: partner active, inside its window,
/// and the group is not internal.
fn granted(more: &str) -> String {
    format!(
        "(g.stage <> 'internal' AND EXISTS (SELECT 1 FROM grants q JOIN partners x ON x.id = q.partner_id \
         WHERE q.group_id = g.actor_id AND q.ended_at IS NULL AND x.host = $2 AND x.state = 'active' \
         AND q.from_at <= $3 AND (q.until_at IS NULL OR $3 < q.until_at) AND {more}))"
    )
}

/// The server of the grant `q`, `x`, may be handed what is said in the group: it is for everybody, or
/// that server shows it to nobody else.
const SAFE_THERE: &str = "(x.discreet OR (g.stage = 'public' AND g.access = 'open'))";

/// The asking server knows no groups, and gets copies of the group's posts.
const BY_MIRROR: &str = "(g.mirror = 'on' AND NOT (g.stage = 'public' AND g.access = 'open') \
     AND EXISTS (SELECT 1 FROM dialects k WHERE k.host = $2 AND COALESCE(k.chosen, k.learned) = 'boosts'))";

// The post ----------------------------------------------------------------------------------------

const FOR_THE_GROUP: &str = "p.audience = 'group'";
const ASIDE: &str = "p.audience = 'aside'";
const DIRECT: &str = "p.audience = 'direct'";
const NOT_HELD: &str = "p.state <> 'held'";

/// Not held at the boundary, as far as the asking server is concerned; the public sees nothing of what is
/// kept from anybody. Whoever wrote it reads it.
const NOT_AT_BOUNDARY: &str = "(p.author_id = $1 OR NOT EXISTS (SELECT 1 FROM holds k WHERE k.post_id = p.id \
     AND (k.host IN ('', $2) OR $2 = '')))";
const OWN: &str = "p.author_id = $1";

const BY_US: &str = "EXISTS (SELECT 1 FROM actors w WHERE w.id = p.author_id AND w.host = '')";

const BY_THEM: &str =
    "EXISTS (SELECT 1 FROM actors w WHERE w.id = p.author_id AND w.host = $2 AND $2 <> '')";

/// It answers what somebody wrote who is neither of this house nor of the asking server.
const ANSWERS_OTHERS: &str = "EXISTS (SELECT 1 FROM posts pp JOIN actors pa ON pa.id = pp.author_id \
     WHERE pp.id = p.parent_id AND pa.host NOT IN ('', $2))";

const MAY_BE_MIRRORED: &str =
    "EXISTS (SELECT 1 FROM mirrored_people y WHERE y.actor_id = p.author_id)";

const NAMES_THE_ASKER: &str = "(p.author_id = $1 OR EXISTS (SELECT 1 FROM mentions n WHERE n.post_id = p.id AND n.actor_id = $1))";

const NAMES_SOMEBODY_ON_HOST: &str = "EXISTS (SELECT 1 FROM mentions n JOIN actors na ON na.id = n.actor_id \
     WHERE n.post_id = p.id AND na.host = $2)";

/// Young enough for the grant `q`, or shared by exception.
const IN_HISTORY: &str = "(p.topic_created_at >= q.history_from OR p.shared_by_exception)";

/// What the grant `q` shows of others: partners kept apart see what was written here, unless it answers
/// another partner's people, and their people what they wrote themselves.
fn not_kept_apart() -> String {
    format!("(NOT q.apart OR {OWN} OR ({BY_US} AND NOT {ANSWERS_OTHERS}))")
}

/// Servers that know no groups see what may be copied for them, and what their own people wrote.
fn shown_to_that_server() -> String {
    format!("(NOT {BY_MIRROR} OR {BY_THEM} OR {MAY_BE_MIRRORED})")
}

/// Reads for the group what is young enough, not kept apart, and may be copied where it has to be.
fn granted_to_read() -> String {
    granted(&all([
        &can("q", Capability::Read),
        SAFE_THERE,
        IN_HISTORY,
        &not_kept_apart(),
        &shown_to_that_server(),
    ]))
}

/// Outsiders can be named only in a group whose grant lets them reply.
fn granted_to_be_named() -> String {
    granted(&all([
        &can("q", Capability::Reply),
        SAFE_THERE,
        &not_kept_apart(),
    ]))
}

// What is read ------------------------------------------------------------------------------------

/// Which posts of groups the scope lets through.
pub(super) fn posts(scope: &ReadScope) -> String {
    match scope.asker() {
        Asker::Operator => NOTHING.to_owned(),
        Asker::Anybody => all([
            NOT_STOPPED,
            public(scope),
            FOR_THE_GROUP,
            NOT_HELD,
            NOT_AT_BOUNDARY,
        ]),
        Asker::Colleague(_) => colleagues_posts(scope),
        Asker::Guest(_) => guests_posts(scope),
        Asker::Person { .. } => all([NOT_STOPPED, &persons_posts(scope)]),
        Asker::Server { .. } => all([NOT_STOPPED, &servers_posts(scope)]),
    }
}

fn colleagues_posts(scope: &ReadScope) -> String {
    let readers = any([OPEN, MEMBER]);
    let here = any([
        &all([FOR_THE_GROUP, &readers]),
        &all([ASIDE, MEMBER]),
        &all([
            DIRECT,
            NAMES_THE_ASKER,
            &any([NOT_SECRET, MEMBER_OR_INVITED]),
        ]),
    ]);
    let elsewhere = any([
        &all([FOR_THE_GROUP, &readers, &told_to_read()]),
        &all([ASIDE, MEMBER]),
        &all([DIRECT, NAMES_THE_ASKER, &any([NOT_SECRET, RELATED])]),
    ]);
    from_inside(scope, &here, &elsewhere)
}

fn guests_posts(scope: &ReadScope) -> String {
    let here = any([
        &all([FOR_THE_GROUP, &any([MEMBER, public(scope)])]),
        &all([
            DIRECT,
            NAMES_THE_ASKER,
            &any([MEMBER_OR_INVITED, ANNOUNCED]),
        ]),
    ]);
    let elsewhere = any([
        &all([FOR_THE_GROUP, MEMBER, &told_to_read()]),
        &all([DIRECT, NAMES_THE_ASKER, RELATED]),
    ]);
    all([NOT_AT_BOUNDARY, &from_inside(scope, &here, &elsewhere)])
}

/// What people of this house read; of held posts their own, and here what they moderate.
fn from_inside(scope: &ReadScope, here: &str, elsewhere: &str) -> String {
    any([
        &all([HERE, here, &any([NOT_HELD, OWN, MODERATOR])]),
        &all([
            ELSEWHERE,
            &shared_with_us(scope),
            elsewhere,
            &any([NOT_HELD, OWN]),
        ]),
    ])
}

fn persons_posts(scope: &ReadScope) -> String {
    let for_the_group = any([
        &all([public(scope), NOT_BLOCKED]),
        &all([&any([OPEN, MEMBER]), &granted_to_read()]),
    ]);
    let direct = all([
        NAMES_THE_ASKER,
        &any([NOT_SECRET, MEMBER_OR_INVITED]),
        &granted_to_be_named(),
    ]);
    let held = any([
        &all([OWN, &granted("1 = 1")]),
        &all([
            MODERATOR,
            &granted(&all([&can("q", Capability::Moderate), SAFE_THERE])),
        ]),
    ]);
    all([
        HERE,
        NOT_BANNED,
        NOT_AT_BOUNDARY,
        &any([
            &all([FOR_THE_GROUP, &for_the_group]),
            &all([DIRECT, &direct]),
        ]),
        &any([NOT_HELD, &held]),
    ])
}

fn servers_posts(scope: &ReadScope) -> String {
    let for_the_group = any([
        &all([public(scope), NOT_BLOCKED]),
        &all([&any([OPEN, MEMBERS_ON_HOST]), &granted_to_read()]),
    ]);
    let direct = all([
        NAMES_SOMEBODY_ON_HOST,
        &any([NOT_SECRET, KNOWN_ON_HOST]),
        &granted_to_be_named(),
    ]);
    let here = all([
        HERE,
        &any([
            &all([FOR_THE_GROUP, &for_the_group]),
            &all([DIRECT, &direct]),
        ]),
    ]);
    let its_own = all([&lives_there(scope), FOR_THE_GROUP, BY_US]);
    all([NOT_HELD, NOT_AT_BOUNDARY, &any([&here, &its_own])])
}

/// A group elsewhere lives on the asking server, and we speak with it.
fn lives_there(scope: &ReadScope) -> String {
    all([
        ELSEWHERE,
        "ga.host = $2",
        &shared_with_us(scope),
        &format!("NOT {}", partner_of_home("= 'paused'")),
    ])
}

// Profiles ----------------------------------------------------------------------------------------

/// A post outside groups, and whose profile it stands on: who wrote the topic of its thread.
pub(super) const POSTS_OUTSIDE_GROUPS: &str =
    "posts p JOIN posts pt ON pt.id = p.topic_id JOIN actors po ON po.id = pt.author_id";

const ON_PROFILE: &str = "p.audience IN ('profile', 'followers', 'public')";
const FOR_EVERYBODY: &str = "p.audience = 'public'";
const BEYOND_COLLEAGUES: &str = "p.audience IN ('followers', 'public')";
const OF_OURS: &str = "po.host = ''";
const OF_OTHERS: &str = "po.host <> ''";

const FOLLOWED: &str = "EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = $1 AND f.followed_id = po.id \
     AND f.state = 'accepted')";

const FOLLOWED_FROM_HOST: &str = "EXISTS (SELECT 1 FROM follows f JOIN actors fa ON fa.id = f.follower_id \
     WHERE f.followed_id = po.id AND f.state = 'accepted' AND fa.host = $2 AND fa.state = 'active')";

const ACTIVE_PARTNER: &str =
    "EXISTS (SELECT 1 FROM partners b WHERE b.host = $2 AND b.state = 'active')";

const NOT_PAUSED: &str =
    "NOT EXISTS (SELECT 1 FROM partners b WHERE b.host = $2 AND b.state = 'paused')";

/// The server of a profile elsewhere is one we speak with.
fn owner_is_spoken_with(scope: &ReadScope) -> &'static str {
    match scope.open_federation() {
        true => {
            "NOT EXISTS (SELECT 1 FROM partners b WHERE b.host = po.host AND b.state = 'blocked')"
        }
        false => {
            "EXISTS (SELECT 1 FROM partners b WHERE b.host = po.host AND b.state IN ('active', 'paused'))"
        }
    }
}

/// The asking server is one that what is for everybody is shown to.
fn spoken_with(scope: &ReadScope) -> String {
    match scope.open_federation() {
        true => all([NOT_BLOCKED, NOT_PAUSED]),
        false => ACTIVE_PARTNER.to_owned(),
    }
}

/// Which posts outside groups the scope lets through: on profiles, and between people. Uses the names
/// of [`POSTS_OUTSIDE_GROUPS`].
pub(super) fn posts_outside_groups(scope: &ReadScope) -> String {
    let direct = all([DIRECT, NAMES_THE_ASKER]);
    let own_or_visible = any([OWN, "p.state = 'visible'"]);
    let public = match scope.public_profiles() {
        true => all([FOR_EVERYBODY, OF_OURS]),
        false => NOTHING.to_owned(),
    };
    match scope.asker() {
        Asker::Operator => NOTHING.to_owned(),
        Asker::Anybody => all([
            NOT_STOPPED_OUTSIDE,
            &public,
            "p.state = 'visible'",
            NOT_AT_BOUNDARY,
        ]),
        Asker::Guest(_) => {
            let on_profile = all([ON_PROFILE, OWN]);
            let shown = any([&direct, &on_profile, &public]);
            all([&shown, &own_or_visible, NOT_AT_BOUNDARY])
        }
        Asker::Colleague(_) => {
            let elsewhere = all([
                OF_OTHERS,
                owner_is_spoken_with(scope),
                &any([FOR_EVERYBODY, &all([BEYOND_COLLEAGUES, FOLLOWED])]),
            ]);
            let on_profile = all([ON_PROFILE, &any([OWN, OF_OURS, &elsewhere])]);
            all([&any([&direct, &on_profile]), &own_or_visible])
        }
        Asker::Person { .. } => shown_outside(scope, FOLLOWED, "po.id = $1"),
        Asker::Server { .. } => shown_outside(scope, FOLLOWED_FROM_HOST, "po.host = $2"),
    }
}

/// What somebody elsewhere reads: of our people as a follower or as everybody, and on profiles of
/// their own what people here wrote.
fn shown_outside(scope: &ReadScope, followed: &str, their_own: &str) -> String {
    let as_follower = all([BEYOND_COLLEAGUES, followed, ACTIVE_PARTNER]);
    let as_anybody = all([FOR_EVERYBODY, &spoken_with(scope)]);
    let of_ours = match scope.profiles() {
        ProfileReach::Colleagues => NOTHING.to_owned(),
        ProfileReach::Partners => as_follower,
        ProfileReach::Public => any([&as_follower, &as_anybody]),
    };
    let answers = all([
        OF_OTHERS,
        their_own,
        owner_is_spoken_with(scope),
        NOT_PAUSED,
        BEYOND_COLLEAGUES,
        BY_US,
    ]);
    let either = any([&all([OF_OURS, &of_ours]), &answers]);
    all([
        NOT_STOPPED_OUTSIDE,
        "p.state = 'visible'",
        NOT_AT_BOUNDARY,
        &either,
    ])
}

// Groups ------------------------------------------------------------------------------------------

/// Which groups' existence the scope shows.
fn groups(scope: &ReadScope) -> String {
    let shared = || shared_with_us(scope);
    match scope.asker() {
        Asker::Operator => any([HERE, &shared()]),
        Asker::Anybody => all([NOT_STOPPED, HERE, ANNOUNCED]),
        Asker::Colleague(_) => any([
            &all([HERE, &any([NOT_SECRET, MEMBER_OR_INVITED])]),
            &all([ELSEWHERE, &shared(), &any([NOT_SECRET, RELATED])]),
        ]),
        Asker::Guest(_) => any([
            &all([HERE, &any([ANNOUNCED, MEMBER_OR_INVITED])]),
            &all([ELSEWHERE, &shared(), RELATED]),
        ]),
        Asker::Person { .. } => all([NOT_STOPPED, &from_outside(MEMBER_OR_INVITED)]),
        Asker::Server { .. } => all([
            NOT_STOPPED,
            &any([&from_outside(KNOWN_ON_HOST), &lives_there(scope)]),
        ]),
    }
}

/// Groups here that somebody elsewhere knows of; of secret ones, who fulfils `known`.
fn from_outside(known: &str) -> String {
    let by_grant = all([&granted("1 = 1"), &any([NOT_SECRET, known])]);
    all([HERE, NOT_BLOCKED, &any([ANNOUNCED, &by_grant])])
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Runs a text that selects one column `id`.
pub(super) fn list_ids(
    connection: &mut Connection,
    scope: &ReadScope,
    text: &str,
) -> Result<Vec<i64>> {
    let listing = Listing::new(connection, scope, text);
    let rows: Vec<IdRow> = on_backend!(connection, |inner| listing.load(inner))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The same for a text that is about a group, `$4`.
pub(super) fn list_ids_in(
    connection: &mut Connection,
    scope: &ReadScope,
    text: &str,
    group: GroupId,
) -> Result<Vec<i64>> {
    let listing = Listing::new(connection, scope, text).at(group.0);
    let rows: Vec<IdRow> = on_backend!(connection, |inner| listing.load(inner))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The groups whose existence the scope shows, in no order.
pub(super) fn list_known_groups(
    connection: &mut Connection,
    scope: &ReadScope,
) -> Result<Vec<GroupId>> {
    let text = format!(
        "SELECT g.actor_id AS id FROM groups g JOIN actors ga ON ga.id = g.actor_id WHERE {}",
        groups(scope)
    );
    let ids = list_ids(connection, scope, &text)?;
    Ok(ids.into_iter().map(GroupId).collect())
}
