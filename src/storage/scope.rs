//! [`ReadScope`] as a filter. The texts say the same as `policy::decide`; a property test over random
//! worlds compares the two.
//!
//! Every text uses `p` for posts, `g` for groups and `ga` for the group's actor, and the same
//! three binds: `$1` the asking actor, `$2` the asking host, `$3` the present.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::error::Result;
use crate::policy::{Asker, ReadScope};
use crate::storage::Connection;

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

const MEMBER: &str = "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 AND m.state = 'member')";

const NOT_BANNED: &str = "NOT EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 \
     AND m.state = 'banned' AND (m.banned_until IS NULL OR $3 < m.banned_until))";

const NOT_BLOCKED: &str =
    "NOT EXISTS (SELECT 1 FROM partners b WHERE b.host = $2 AND b.state = 'blocked')";

/// A group elsewhere that its house still shares with us.
fn shared_with_us(scope: &ReadScope) -> String {
    let partnership = if scope.open_federation() {
        "NOT EXISTS (SELECT 1 FROM partners h WHERE h.host = ga.host AND h.state = 'blocked')"
    } else {
        "EXISTS (SELECT 1 FROM partners h WHERE h.host = ga.host AND h.state IN ('active', 'paused'))"
    };
    format!(
        "(g.withdrawn_at IS NULL AND {partnership} AND NOT EXISTS (SELECT 1 FROM received_grants r \
         WHERE r.group_id = g.actor_id AND (r.from_at > $3 OR r.until_at <= $3)))"
    )
}

/// The grant to the asking host, as conditions on `q`.
fn counting_grant(more: &str) -> String {
    format!(
        "(g.stage <> 'internal' AND EXISTS (SELECT 1 FROM grants q JOIN partners x ON x.id = q.partner_id \
         WHERE q.group_id = g.actor_id AND q.ended_at IS NULL AND x.host = $2 AND x.state = 'active' \
         AND q.from_at <= $3 AND (q.until_at IS NULL OR $3 < q.until_at){more}))"
    )
}

fn public_posts(scope: &ReadScope) -> &'static str {
    if scope.public() {
        "(g.stage = 'public' AND g.access = 'open' AND ga.host = '')"
    } else {
        "(1 = 0)"
    }
}

/// Which posts of groups the scope lets through.
pub(super) fn posts(scope: &ReadScope) -> String {
    let public = public_posts(scope);
    let audience = match scope.asker() {
        Asker::Operator => "(1 = 0)".to_owned(),
        Asker::Anybody => format!("(p.audience = 'group' AND {public})"),
        Asker::Colleague(_) => {
            let here = format!(
                "((p.audience = 'group' AND (g.access = 'open' OR {MEMBER} OR {public})) \
                  OR (p.audience = 'aside' AND {MEMBER}))"
            );
            format!(
                "((ga.host = '' OR {}) AND ({here} OR {}))",
                shared_with_us(scope),
                direct("1 = 1")
            )
        }
        Asker::Guest(_) => format!(
            "((ga.host = '' OR {}) AND ((p.audience = 'group' AND ({MEMBER} OR {public})) OR {}))",
            shared_with_us(scope),
            direct(&format!(
                "({MEMBER} OR {public} OR (g.stage = 'public' AND g.access <> 'secret' AND ga.host = ''))"
            ))
        ),
        Asker::Person { .. } => {
            let granted = counting_grant(
                " AND q.capabilities <> '' AND (p.topic_created_at >= q.history_from OR p.shared_by_exception)",
            );
            format!(
                "((ga.host = '' AND p.audience = 'group' AND {NOT_BANNED} AND (({public} AND {NOT_BLOCKED}) \
                  OR ({granted} AND (g.access = 'open' OR {MEMBER})))) OR {})",
                by_us_for_its_home()
            )
        }
        Asker::Server { .. } => {
            let granted = counting_grant(
                " AND q.capabilities <> '' AND (p.topic_created_at >= q.history_from OR p.shared_by_exception)",
            );
            let somebody = "EXISTS (SELECT 1 FROM memberships m JOIN actors ma ON ma.id = m.actor_id \
                            WHERE m.group_id = g.actor_id AND m.state = 'member' AND ma.host = $2)";
            format!(
                "((ga.host = '' AND p.audience = 'group' AND (({public} AND {NOT_BLOCKED}) \
                  OR ({granted} AND (g.access = 'open' OR {somebody})))) OR {})",
                by_us_for_its_home()
            )
        }
    };
    let held = match scope.asker() {
        Asker::Colleague(_) | Asker::Guest(_) | Asker::Person { .. } => {
            "(p.state <> 'held' OR p.author_id = $1 OR EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id \
             AND m.actor_id = $1 AND m.state = 'member' AND m.role IN ('moderator', 'owner')))"
        }
        Asker::Anybody | Asker::Server { .. } | Asker::Operator => "p.state <> 'held'",
    };
    format!("({audience} AND {held})")
}

fn direct(known: &str) -> String {
    format!(
        "(p.audience = 'direct' AND {known} AND (p.author_id = $1 OR EXISTS (SELECT 1 FROM mentions n \
         WHERE n.post_id = p.id AND n.actor_id = $1)))"
    )
}

/// What people here wrote in a group elsewhere may be read by the server where it lives.
fn by_us_for_its_home() -> &'static str {
    "(ga.host = $2 AND ga.host <> '' AND p.audience = 'group' AND g.withdrawn_at IS NULL \
     AND EXISTS (SELECT 1 FROM partners h WHERE h.host = $2 AND h.state IN ('active', 'paused')) \
     AND NOT EXISTS (SELECT 1 FROM received_grants r WHERE r.group_id = g.actor_id AND (r.from_at > $3 OR r.until_at <= $3)) \
     AND EXISTS (SELECT 1 FROM actors w WHERE w.id = p.author_id AND w.host = ''))"
}

/// Which groups' existence the scope shows.
fn groups(scope: &ReadScope) -> String {
    let inside = "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 \
                  AND m.state IN ('member', 'invited'))";
    let related = "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.actor_id AND m.actor_id = $1 AND m.state <> 'banned')";
    let public = "(g.stage = 'public' AND g.access <> 'secret' AND ga.host = '')";
    match scope.asker() {
        Asker::Operator => "(1 = 1)".to_owned(),
        Asker::Anybody => public.to_owned(),
        Asker::Colleague(_) => format!(
            "((ga.host = '' AND (g.access <> 'secret' OR {inside})) \
              OR (ga.host <> '' AND {} AND (g.access <> 'secret' OR {related})))",
            shared_with_us(scope)
        ),
        Asker::Guest(_) => format!(
            "((ga.host = '' AND ({inside} OR {public})) OR (ga.host <> '' AND {} AND {related}))",
            shared_with_us(scope)
        ),
        Asker::Person { .. } => {
            let granted = counting_grant("");
            format!(
                "(ga.host = '' AND {NOT_BLOCKED} AND ({public} OR ({granted} AND (g.access <> 'secret' OR {inside}))))"
            )
        }
        Asker::Server { .. } => {
            let granted = counting_grant("");
            let known = "EXISTS (SELECT 1 FROM memberships m JOIN actors ma ON ma.id = m.actor_id \
                         WHERE m.group_id = g.actor_id AND m.state IN ('member', 'invited') AND ma.host = $2)";
            format!(
                "(ga.host = '' AND {NOT_BLOCKED} AND ({public} OR ({granted} AND (g.access <> 'secret' OR {known}))))"
            )
        }
    }
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The groups whose existence the scope shows, in no order.
pub(super) fn list_known_groups(
    connection: &mut Connection,
    scope: &ReadScope,
) -> Result<Vec<i64>> {
    let Binds { actor, host, now } = binds(scope);
    // The comparison with the binds lets both databases see all three in every text.
    let text = format!(
        "SELECT g.actor_id AS id FROM groups g JOIN actors ga ON ga.id = g.actor_id \
         WHERE $1 >= 0 AND $2 >= '' AND $3 >= 0 AND {}",
        groups(scope)
    );
    let rows: Vec<IdRow> = diesel::sql_query(text)
        .bind::<BigInt, _>(actor)
        .bind::<Text, _>(host)
        .bind::<BigInt, _>(now)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
