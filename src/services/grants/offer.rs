//! Giving a grant.

use crate::app::{App, Asker};
use crate::domain::{
    Access, AuditAction, Capabilities, EventKind, Grant, GrantTerms, Group, GroupId, Handle,
    History, Host, JoinMode, Partner, Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::grants::Standing;
use crate::services::proposals::{self, Decided};
use crate::services::what_if::{self, Change};
use crate::services::{access, audit, dialects};
use crate::storage::{self, Connection};

/// What somebody wants to grant.
#[derive(Clone, Debug)]
pub struct GrantRequest {
    pub capabilities: Capabilities,
    /// None: by approval, or by invitation where the group is secret.
    pub join: Option<JoinMode>,
    /// None: from now on.
    pub from: Option<Timestamp>,
    /// None: until it is removed.
    pub until: Option<Timestamp>,
    pub history: History,
    /// Partners with a grant for the same group do not learn of each other.
    pub apart: bool,
}

/// Opens a group to a partner, instead of the grant that may stand between the two. The partner is
/// told its terms. The answer says whether it has effect already. What widens waits for a second
/// administrator where the house wants one.
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
            let act = proposals::of_grant(group.id, &host, &request);
            let widens = widens(connection, &group, &host, &request, asker.now)?;
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
    let terms = request.terms(&group, asker.now)?;
    let before = storage::grants::find_standing(connection, group.id, partner.id)?;
    if let Some(over) = before.filter(|grant| grant.terms.is_over(asker.now)) {
        super::end_with_all(connection, asker, &over)?;
    }
    let grant = storage::grants::insert(connection, &permit, partner.id, terms, asker.now)?;
    super::tell(connection, asker, EventKind::GrantOffered, &grant)?;
    let detail = format!("{host}; {}", describe(&terms));
    let action = AuditAction::GrantMade;
    audit::note(connection, asker, action, &group.actor.name, &detail)?;
    super::with_circumstances(connection, asker, grant)
}

/// Whether it opens anything that the grant which stands now does not.
fn widens(
    connection: &mut Connection,
    group: &Group,
    host: &Host,
    request: &GrantRequest,
    now: Timestamp,
) -> Result<bool> {
    let partner = super::find_standing_partner(connection, host)?;
    let before = storage::grants::find_standing(connection, group.id, partner.id)?;
    let terms = request.terms(group, now)?;
    let within = |before: Grant| !before.terms.is_over(now) && terms.are_within(&before.terms);
    Ok(!before.is_some_and(within))
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
    /// The terms this means for `group` when granted `now`.
    fn terms(&self, group: &Group, now: Timestamp) -> Result<GrantTerms> {
        if self.capabilities == Capabilities::NONE {
            return Err(Error::invalid(
                "can",
                "is empty: say what the partner may do, like read,react,reply",
            ));
        }
        let from = self.from.unwrap_or(now);
        self.check_window(from, now)?;
        Ok(GrantTerms {
            capabilities: self.capabilities,
            join: self.join_mode(group)?,
            from,
            until: self.until,
            history_from: self.history_from(from, now)?,
            apart: self.apart,
        })
    }

    fn check_window(&self, from: Timestamp, now: Timestamp) -> Result<()> {
        match self.until {
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
    fn history_from(&self, from: Timestamp, now: Timestamp) -> Result<Timestamp> {
        match self.history {
            History::Since(date) if date > from.max(now) => Err(Error::invalid(
                "history",
                "is after the date the grant begins: use --from to let it begin later",
            )),
            history => Ok(history.from(from.max(now))),
        }
    }

    /// A secret group does not exist for who was not invited, so nobody can ask to join it.
    fn join_mode(&self, group: &Group) -> Result<JoinMode> {
        let secret = group.access == Access::Secret;
        match self.join {
            Some(JoinMode::Approve | JoinMode::Auto) if secret => Err(Error::invalid(
                "join",
                "must be invite: the group is secret, so nobody can ask to join",
            )),
            Some(mode) => Ok(mode),
            None if secret => Ok(JoinMode::Invite),
            None => Ok(JoinMode::Approve),
        }
    }
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
