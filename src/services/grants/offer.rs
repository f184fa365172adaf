//! Giving a grant.

use crate::app::{App, Asker};
use crate::domain::{
    Access, AuditAction, Capabilities, EventKind, GrantEnd, GrantTerms, Group, GroupId, Handle,
    History, Host, JoinMode, Partner, Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::grants::Standing;
use crate::services::proposals::{self, Decided};
use crate::services::what_if::{self, Change};
use crate::services::{access, audit, dialects, outbound_rules};
use crate::storage::{self, Connection};

/// What somebody wants to grant. What is not said stays as it is in the grant that stands; where there is
/// none, it is as said here.
#[derive(Clone, Debug)]
pub struct GrantRequest {
    /// None only where a grant stands.
    pub capabilities: Option<Capabilities>,
    /// None: by approval, or by invitation where the group is secret.
    pub join: Option<JoinMode>,
    /// None: from now on.
    pub from: Option<Timestamp>,
    /// None: until it is removed.
    pub until: Option<GrantEnd>,
    /// None: topics started from now on.
    pub history: Option<History>,
    /// Partners with a grant for the same group do not learn of each other. None: they do.
    pub apart: Option<bool>,
}

/// Opens a group to a partner, instead of the grant that may stand between the two: what is not said stays
/// as it is there. The partner is told its terms. The answer says whether it has effect already, and what
/// it changed. What widens waits for a second administrator where the house wants one.
///
/// # Errors
/// [`Error::NotFound`] when the asker may not know the group, [`Error::Denied`] when it may not open
/// it, [`Error::Conflict`] without a partnership that stands, [`Error::Invalid`] for terms that make
/// no sense.
pub async fn add(
    app: &App,
    viewer: Viewer,
    group: Handle,
    host: Host,
    request: GrantRequest,
) -> Result<Decided<Standing>> {
    add_seen(app, viewer, group, host, request, None).await
}

/// The same by somebody who saw what would become visible; `seen`: the digest of that.
///
/// # Errors
/// [`Error::Conflict`] when it has changed since.
pub async fn add_seen(
    app: &App,
    viewer: Viewer,
    group: Handle,
    host: Host,
    request: GrantRequest,
    seen: Option<String>,
) -> Result<Decided<Standing>> {
    let asker = app.asker(viewer);
    refuse_ourselves(app, &host)?;
    let group = group.seen_from(app.config.host());
    let decided = app
        .db
        .write("add_grant", move |connection| {
            let (_, group) = super::permit_boundary(connection, &asker, &group)?;
            let change = Change::Grant(host.clone(), request.clone());
            what_if::refuse_unseen(connection, &asker, group.id, &change, seen.as_deref())?;
            let before = find_terms(connection, &group, &host, asker.now)?;
            let terms = request.terms(&group, before.as_ref(), asker.now)?;
            let act = proposals::of_grant(group.id, &host, &request.in_full(before.as_ref()));
            let widens = !before.is_some_and(|before| terms.are_within(&before));
            proposals::decide(connection, &asker, widens, act, |connection| {
                give(connection, &asker, group.id, &host, &request)
            })
        })
        .await?;
    app.bells.events.notify_one();
    Ok(decided)
}

/// The same in the transaction of the caller, whoever had to agree.
pub(in crate::services) fn give(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    host: &Host,
    request: &GrantRequest,
) -> Result<Standing> {
    let (permit, group) = access::permit(connection, asker, group)?;
    let partner = super::find_standing_partner(connection, host)?;
    refuse_indiscreet(connection, &group, &partner)?;
    let before = find_terms(connection, &group, host, asker.now)?;
    let terms = request.terms(&group, before.as_ref(), asker.now)?;
    match (
        &before,
        storage::grants::find_standing(connection, group.id, partner.id)?,
    ) {
        // Nothing happened: nobody is told, and nothing is written down.
        (Some(same), Some(grant)) if *same == terms => {
            return Ok(Standing {
                replaced: before,
                ..super::with_circumstances(connection, asker, grant)?
            });
        }
        (None, Some(over)) => super::end_with_all(connection, asker, &over)?,
        _ => {}
    }
    let grant = storage::grants::insert(connection, &permit, partner.id, terms, asker.now)?;
    outbound_rules::of_opened(connection, asker, group.id, terms.history_from)?;
    super::tell(connection, asker, EventKind::GrantOffered, &grant)?;
    let said = before.as_ref().map_or_else(
        || describe(&terms),
        |before| changes(before, &terms).join("; "),
    );
    let (action, detail) = (AuditAction::GrantMade, format!("{host}; {said}"));
    audit::note(connection, asker, action, &group.actor.name, &detail)?;
    Ok(Standing {
        replaced: before,
        ..super::with_circumstances(connection, asker, grant)?
    })
}

/// The terms that count between the two now, or will.
fn find_terms(
    connection: &mut Connection,
    group: &Group,
    host: &Host,
    now: Timestamp,
) -> Result<Option<GrantTerms>> {
    let partner = super::find_standing_partner(connection, host)?;
    let standing = storage::grants::find_standing(connection, group.id, partner.id)?;
    let terms = standing.map(|grant| grant.terms);
    Ok(terms.filter(|terms| !terms.is_over(now)))
}

/// No invitation leads from a house to itself.
fn refuse_ourselves(app: &App, host: &Host) -> Result<()> {
    match host == app.config.host() {
        true => Err(Error::Conflict(format!(
            "{host} is this house itself: its own people need no grant; `guildhall member add` lets them in"
        ))),
        false => Ok(()),
    }
}

/// What is said in a group that is not public is given to nobody who would show it to others.
fn refuse_indiscreet(connection: &mut Connection, group: &Group, partner: &Partner) -> Result<()> {
    if partner.discreet || group.is_public() {
        return Ok(());
    }
    let peer = dialects::known(connection, partner.host.clone())?;
    let (host, why) = (&partner.host, peer.discretion(partner.mutual).why);
    Err(Error::Conflict(format!(
        "{group} is not public, and {host} is not known to keep it so ({why}); an administrator can trust it \
         all the same, on the partner's page or with `guildhall partner set {host} --private-groups trust`",
        group = group.actor.name,
    )))
}

impl GrantRequest {
    /// The same with all that it leaves as it is: what was agreed to stays that, whatever else changes
    /// meanwhile.
    fn in_full(&self, before: Option<&GrantTerms>) -> Self {
        let Some(before) = before else {
            return self.clone();
        };
        let until = before.until.map_or(GrantEnd::Never, GrantEnd::At);
        let history = match before.history_from {
            Timestamp::MIN => History::All,
            since => History::Since(since),
        };
        Self {
            capabilities: self.capabilities.or(Some(before.capabilities)),
            join: self.join.or(Some(before.join)),
            from: self.from.or(Some(before.from)),
            until: self.until.or(Some(until)),
            history: self.history.or(Some(history)),
            apart: self.apart.or(Some(before.apart)),
        }
    }

    /// The terms this means for `group` when granted `now`, instead of those that stand.
    fn terms(
        &self,
        group: &Group,
        before: Option<&GrantTerms>,
        now: Timestamp,
    ) -> Result<GrantTerms> {
        let capabilities = self.capabilities.or(before.map(|terms| terms.capabilities));
        let capabilities = capabilities.ok_or_else(|| {
            Error::invalid(
                "can",
                "is missing: say what the partner may do, or name a template",
            )
        })?;
        if capabilities == Capabilities::NONE {
            return Err(Error::invalid(
                "can",
                "is empty: say what the partner may do, like read,react,reply",
            ));
        }
        let from = self.from.or(before.map(|terms| terms.from)).unwrap_or(now);
        let until = match self.until {
            Some(end) => end.time(),
            None => before.and_then(|terms| terms.until),
        };
        check_window(from, until, now)?;
        let history_from = match (self.history, before) {
            (None, Some(terms)) => terms.history_from,
            (history, _) => history_from(history.unwrap_or(History::Now), from, now)?,
        };
        let apart = self.apart.or(before.map(|terms| terms.apart));
        Ok(GrantTerms {
            capabilities,
            join: self.join_mode(group, before)?,
            from,
            until,
            history_from,
            apart: apart.unwrap_or(false),
        })
    }

    /// A secret group does not exist for who was not invited, so nobody can ask to join it.
    fn join_mode(&self, group: &Group, before: Option<&GrantTerms>) -> Result<JoinMode> {
        let secret = group.access == Access::Secret;
        match self.join {
            Some(JoinMode::Approve | JoinMode::Auto) if secret => Err(Error::invalid(
                "join",
                "must be invite: the group is secret, so nobody can ask to join",
            )),
            Some(mode) => Ok(mode),
            None if secret => Ok(JoinMode::Invite),
            None => Ok(before.map_or(JoinMode::Approve, |terms| terms.join)),
        }
    }
}

fn check_window(from: Timestamp, until: Option<Timestamp>, now: Timestamp) -> Result<()> {
    match until {
        Some(until) if until <= now => Err(Error::invalid(
            "until",
            "is in the past: the grant would have ended already",
        )),
        Some(until) if until <= from => {
            Err(Error::invalid("until", "is not after the date it begins"))
        }
        _ => Ok(()),
    }
}

/// "Now" is when the grant begins: until then nothing is shown, so nothing older is later.
fn history_from(history: History, from: Timestamp, now: Timestamp) -> Result<Timestamp> {
    match history {
        History::Since(date) if date > from.max(now) => Err(Error::invalid(
            "history",
            "is after the date the grant begins: use --from to let it begin later",
        )),
        history => Ok(history.from(from.max(now))),
    }
}

/// What other terms stand from now on, each as "join approve → auto".
pub(super) fn changes(before: &GrantTerms, after: &GrantTerms) -> Vec<String> {
    let both = words(before).into_iter().zip(words(after));
    both.filter(|(before, after)| before != after)
        .map(|((what, before), (_, after))| format!("{what} {before} → {after}"))
        .collect()
}

/// All terms, each with what it is called.
fn words(terms: &GrantTerms) -> [(&'static str, String); 6] {
    let history = match terms.history_from {
        Timestamp::MIN => "all".to_owned(),
        since => format!("from {since}"),
    };
    let until = terms
        .until
        .map_or_else(|| "never".to_owned(), |at| at.to_string());
    let apart = if terms.apart { "yes" } else { "no" };
    [
        ("can", terms.capabilities.to_string()),
        ("join", terms.join.to_string()),
        ("from", terms.from.to_string()),
        ("until", until),
        ("history", history),
        ("apart", apart.to_owned()),
    ]
}

fn describe(terms: &GrantTerms) -> String {
    let mut words = vec![
        format!("can {}", terms.capabilities),
        format!("join {}", terms.join),
    ];
    words.extend(terms.until.map(|until| format!("until {until}")));
    words.push(match terms.history_from {
        Timestamp::MIN => "all history".to_owned(),
        since => format!("history from {since}"),
    });
    if terms.apart {
        words.push("apart".to_owned());
    }
    words.join("; ")
}
