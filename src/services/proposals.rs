//! Four eyes: where the house wants them, an act that reaches further out becomes a proposal, and a second
//! administrator confirms or rejects it.
//!
//! A use case that may have to wait tells [`decide`] what it would do. What could not be done is not even
//! proposed: it is rehearsed first, and undone. [`confirm`] does the same thing, with policy asked anew of
//! both: who confirms, and who proposed it, who may have lost the right since.

use std::time::Duration;

use crate::app::{App, Asker};
use crate::domain::{
    ActorId, AuditAction, Capabilities, GroupId, Host, OurSide, PROPOSAL_DAYS, PrivateGroups,
    Proposal, ProposalId, ProposalState, ProposedAct, ProposedSide, StopId, Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::{self, ProposalFacts, Reason, Viewer, act};
use crate::services::grants::GrantRequest;
use crate::services::{access, accounts, audit, dialects, grants, groups, partners, stops};
use crate::storage::proposals::NewProposal;
use crate::storage::{self, Connection};

/// Done, or waiting for a second administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is looked at at once"
)]
pub enum Decided<T> {
    Done(T),
    Proposed(Proposal),
}

impl<T> Decided<T> {
    /// What waits; none: it is done.
    pub fn proposed(self) -> Option<Proposal> {
        match self {
            Self::Done(_) => None,
            Self::Proposed(proposal) => Some(proposal),
        }
    }

    /// For who can do nothing without it.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it waits for a second administrator.
    pub fn done(self) -> Result<T> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Proposed(proposal) => Err(Error::Conflict(format!(
                "a second administrator has to confirm proposal {} first: {}",
                proposal.id, proposal.sentence
            ))),
        }
    }
}

/// Does it, or proposes it where it `widens` what is open and the house wants a second administrator.
///
/// # Errors
/// Whatever doing it would fail with; [`Error::Denied`] when the asker proposed the same already,
/// [`Error::Conflict`] when somebody else did.
pub(super) fn decide<T>(
    connection: &mut Connection,
    asker: &Asker,
    widens: bool,
    act: ProposedAct,
    doing: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<Decided<T>> {
    if !policy::needs_second(asker.house, widens) {
        return doing(connection).map(Decided::Done);
    }
    storage::rehearse(connection, doing)?;
    propose(connection, asker, act).map(Decided::Proposed)
}

fn propose(connection: &mut Connection, asker: &Asker, act: ProposedAct) -> Result<Proposal> {
    let by = asker.viewer.actor();
    for waiting in storage::proposals::list_pending(connection)? {
        if waiting.act == act && waits(&waiting, asker.now) {
            return Err(match waiting.by == by {
                true => Error::Denied(Reason::OwnProposal),
                false => Error::Conflict(format!(
                    "{} proposed exactly this: proposal {} waits to be confirmed",
                    waiting.proposer, waiting.id
                )),
            });
        }
    }
    let new = NewProposal {
        sentence: in_words(connection, &act)?,
        act,
        by,
        proposer: audit::name_of(connection, &asker.viewer)?,
        expires_at: asker.now.plus(LIFETIME),
    };
    let proposal = storage::proposals::insert(connection, new, asker.now)?;
    note(connection, asker, AuditAction::Proposed, &proposal)?;
    Ok(proposal)
}

const LIFETIME: Duration = Duration::from_secs(PROPOSAL_DAYS * 86_400);
/// Proposals that are over and still shown.
const DECIDED_SHOWN: i64 = 20;

/// Those that wait, the oldest first, for administrators.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<Proposal>> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    app.db
        .read("list_proposals", move |connection| {
            list_waiting(connection, asker.now)
        })
        .await
}

/// The same for who was asked about already.
pub(super) fn list_waiting(connection: &mut Connection, now: Timestamp) -> Result<Vec<Proposal>> {
    let mut pending = storage::proposals::list_pending(connection)?;
    pending.retain(|proposal| waits(proposal, now));
    Ok(pending)
}

/// The latest that wait no more, the newest first.
pub async fn list_decided(app: &App, viewer: Viewer) -> Result<Vec<Proposal>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_decided_proposals", |connection| {
            storage::proposals::list_decided(connection, DECIDED_SHOWN)
        })
        .await
}

/// Does what was proposed.
///
/// # Errors
/// [`Error::NotFound`] where there is none and for who is no administrator, [`Error::Denied`] for who
/// proposed it and when it waits no more, [`Error::Conflict`] when it cannot be done any more.
pub async fn confirm(app: &App, viewer: Viewer, id: ProposalId) -> Result<Proposal> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let confirmed = app
        .db
        .write("confirm_proposal", move |connection| {
            let proposal = storage::proposals::find(connection, id)?.ok_or(Error::NotFound)?;
            let facts = ProposalFacts {
                by: proposal.by,
                waits: waits(&proposal, asker.now),
            };
            policy::may_confirm(&asker.viewer, &facts)?;
            still_may(connection, &asker, &proposal)?;
            carry_out(connection, &asker, &proposal.act)?;
            let action = AuditAction::ProposalConfirmed;
            close(
                connection,
                &asker,
                proposal,
                ProposalState::Confirmed,
                action,
            )
        })
        .await?;
    stops::look(app).await?;
    app.bells.events.notify_one();
    app.bells.deliveries.notify_one();
    app.bells.jobs.notify_one();
    app.bells.arrivals.notify_one();
    Ok(confirmed)
}

/// Refuses what was proposed. Whoever proposed it may take it back so.
///
/// # Errors
/// As [`confirm`].
pub async fn reject(app: &App, viewer: Viewer, id: ProposalId) -> Result<Proposal> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    app.db
        .write("reject_proposal", move |connection| {
            let proposal = storage::proposals::find(connection, id)?.ok_or(Error::NotFound)?;
            if !waits(&proposal, asker.now) {
                return Err(Error::Denied(Reason::ProposalOver));
            }
            let action = AuditAction::ProposalRejected;
            close(
                connection,
                &asker,
                proposal,
                ProposalState::Rejected,
                action,
            )
        })
        .await
}

/// Writes down which proposals nobody decided about in time; how many.
pub async fn end_expired(app: &App) -> Result<usize> {
    let asker = app.asker(Viewer::Operator);
    let over = move |connection: &mut Connection| -> Result<Vec<Proposal>> {
        let mut pending = storage::proposals::list_pending(connection)?;
        pending.retain(|proposal| !waits(proposal, asker.now));
        Ok(pending)
    };
    let any = app.db.read("find_expired_proposals", over);
    if any.await?.is_empty() {
        return Ok(0);
    }
    let asker = app.asker(Viewer::Operator);
    app.db
        .write_patiently("end_expired_proposals", move |connection| {
            let expired = over(connection)?;
            let count = expired.len();
            for proposal in expired {
                let action = AuditAction::ProposalExpired;
                close(connection, &asker, proposal, ProposalState::Expired, action)?;
            }
            Ok(count)
        })
        .await
}

fn waits(proposal: &Proposal, now: Timestamp) -> bool {
    proposal.state == ProposalState::Pending && now < proposal.expires_at
}

fn close(
    connection: &mut Connection,
    asker: &Asker,
    proposal: Proposal,
    state: ProposalState,
    action: AuditAction,
) -> Result<Proposal> {
    let by = audit::name_of(connection, &asker.viewer)?;
    storage::proposals::decide(connection, proposal.id, state, &by, asker.now)?;
    note(connection, asker, action, &proposal)?;
    Ok(Proposal {
        state,
        decided: Some((by, asker.now)),
        ..proposal
    })
}

fn note(
    connection: &mut Connection,
    asker: &Asker,
    action: AuditAction,
    proposal: &Proposal,
) -> Result<()> {
    let (subject, by) = (proposal.id.to_string(), &proposal.proposer);
    let detail = format!("{}; proposed by {by}", proposal.sentence);
    audit::note(connection, asker, action, &subject, &detail)
}

/// Whoever proposed it might have done it a moment ago, and may still.
fn still_may(connection: &mut Connection, asker: &Asker, proposal: &Proposal) -> Result<()> {
    let proposer = Asker {
        viewer: viewer_of(connection, proposal.by)?,
        ..asker.clone()
    };
    let act = proposal.act.clone();
    let rehearsed = storage::rehearse(connection, |connection| {
        carry_out(connection, &proposer, &act)
    });
    rehearsed.map_err(|error| match error {
        Error::NotFound | Error::Denied(_) => Error::Conflict(format!(
            "{} may not do this any more, so it cannot be confirmed",
            proposal.proposer
        )),
        other => other,
    })
}

fn viewer_of(connection: &mut Connection, person: Option<ActorId>) -> Result<Viewer> {
    let Some(person) = person else {
        return Ok(Viewer::Operator);
    };
    let account = storage::accounts::find(connection, person)?;
    let account = account.filter(|account| !account.disabled);
    Ok(account.map_or(Viewer::Anonymous, |account| accounts::viewer_of(&account)))
}

fn carry_out(connection: &mut Connection, asker: &Asker, act: &ProposedAct) -> Result<()> {
    match act {
        ProposedAct::Grant { group, partner, .. } => {
            let (host, request): (Host, _) = (partner.parse()?, request_of(act)?);
            grants::give(connection, asker, GroupId(*group), &host, &request).map(drop)
        }
        ProposedAct::Stage { group, stage } => {
            groups::change_stage(connection, asker, GroupId(*group), *stage).map(drop)
        }
        ProposedAct::Class { partner, class } => {
            let host = partner.parse()?;
            partners::change_class(connection, asker, &host, *class).map(drop)
        }
        ProposedAct::Trust { partner } => {
            access::permit_house::<act::ManagePartners>(asker)?;
            let host = partner.parse()?;
            dialects::trust(connection, asker, &host, PrivateGroups::Trust)
        }
        ProposedAct::Prolong { partner, until } => {
            let until = until.as_deref().map(Timestamp::parse).transpose()?;
            partners::terms::prolong(connection, asker, &partner.parse()?, until).map(drop)
        }
        ProposedAct::TrustKey {
            partner,
            fingerprint,
        } => {
            let host = partner.parse()?;
            partners::pins::pin_offered(connection, asker, &host, fingerprint).map(drop)
        }
        ProposedAct::Release { stop } => stops::let_go(connection, asker, StopId(*stop)).map(drop),
        ProposedAct::Resume { partner } => {
            let host = partner.parse()?;
            partners::let_go_on(connection, asker, &host).map(drop)
        }
        ProposedAct::Invite {
            code,
            ours,
            expires,
        } => {
            let expires = Timestamp::parse(expires)?;
            partners::let_be_used(connection, asker, code, &OurSide::from(ours), expires)
        }
        ProposedAct::Accept { code, ours, .. } => {
            partners::use_code(connection, asker, code, &OurSide::from(ours)).map(drop)
        }
        ProposedAct::AddPartner {
            partner,
            ours,
            trust,
        } => {
            let (host, ours) = (partner.parse()?, OurSide::from(ours));
            let private_groups = match trust {
                true => PrivateGroups::Trust,
                false => PrivateGroups::Auto,
            };
            partners::begin_one_sided(connection, asker, &host, &ours, private_groups).map(drop)
        }
    }
}

/// What is wanted, as it waits.
pub(super) fn of_grant(group: GroupId, partner: &Host, request: &GrantRequest) -> ProposedAct {
    ProposedAct::Grant {
        group: group.0,
        partner: partner.to_string(),
        can: request
            .capabilities
            .unwrap_or(Capabilities::NONE)
            .to_string(),
        join: request.join,
        from: request.from.map(|time| time.to_string()),
        until: request.until.map(|end| end.to_string()),
        history: request.history.map(|history| history.to_string()),
        apart: request.apart,
    }
}

fn request_of(act: &ProposedAct) -> Result<GrantRequest> {
    let ProposedAct::Grant {
        can,
        join,
        from,
        until,
        history,
        apart,
        ..
    } = act
    else {
        return Err(Error::internal("no grant was proposed"));
    };
    let time = |text: &Option<String>| text.as_deref().map(Timestamp::parse).transpose();
    Ok(GrantRequest {
        capabilities: Some(can.parse::<Capabilities>()?),
        join: *join,
        from: time(from)?,
        until: until.as_deref().map(str::parse).transpose()?,
        history: history.as_deref().map(str::parse).transpose()?,
        apart: *apart,
    })
}

/// "Open engineering to birch.example: can read,react; join approve; topics from now on"
fn in_words(connection: &mut Connection, act: &ProposedAct) -> Result<String> {
    Ok(match act {
        ProposedAct::Grant {
            group,
            partner,
            can,
            join,
            from,
            until,
            history,
            apart,
        } => {
            let name = name_of_group(connection, *group)?;
            let mut words = vec![format!("Open {name} to {partner}: can {can}")];
            words.extend(join.map(|join| format!("join {join}")));
            words.extend(from.as_ref().map(|from| format!("from {from}")));
            words.extend(until.as_ref().map(|until| format!("until {until}")));
            words.push(match history.as_deref() {
                None | Some("now") => "topics from then on".to_owned(),
                Some("all") => "all topics".to_owned(),
                Some(since) => format!("topics since {since}"),
            });
            if *apart == Some(true) {
                words.push("partners kept apart".to_owned());
            }
            words.join("; ")
        }
        ProposedAct::Stage { group, stage } => {
            let name = name_of_group(connection, *group)?;
            format!("Open {name} further: stage {stage}")
        }
        ProposedAct::Class { partner, class } => format!("Call {partner} a {class}"),
        ProposedAct::Trust { partner } => {
            format!("Let groups that are not public go to {partner}, whatever its software does")
        }
        ProposedAct::Prolong { partner, until } => match until {
            Some(until) => format!("Let the partnership with {partner} last until {until}"),
            None => format!("Let the partnership with {partner} last without end"),
        },
        ProposedAct::TrustKey {
            partner,
            fingerprint,
        } => format!("Accept the new key of {partner}, with the fingerprint {fingerprint}"),
        ProposedAct::Release { stop } => {
            let standing = stops::find_by_id(connection, StopId(*stop))?;
            format!("Release the emergency stop of {}", standing.subject())
        }
        ProposedAct::Resume { partner } => format!("End the pause with {partner}"),
        ProposedAct::Invite { ours, expires, .. } => format!(
            "Let who has the code that was made become a {}, until {expires}{}",
            ours.class,
            purpose(ours)
        ),
        ProposedAct::Accept { partner, ours, .. } => format!(
            "Become a partner of {partner}, as our {}, by the code it sent{}",
            ours.class,
            purpose(ours)
        ),
        ProposedAct::AddPartner {
            partner,
            ours,
            trust,
        } => {
            let trusted = match trust {
                true => ", and let groups that are not public go there",
                false => "",
            };
            format!(
                "Make {partner} a {}, one-sided{trusted}{}",
                ours.class,
                purpose(ours)
            )
        }
    })
}

/// What a partnership is for, where that was said.
fn purpose(ours: &ProposedSide) -> String {
    match ours.purpose.as_str() {
        "" => String::new(),
        purpose => format!(": {purpose}"),
    }
}

fn name_of_group(connection: &mut Connection, group: i64) -> Result<String> {
    let group = storage::groups::find(connection, GroupId(group))?.ok_or(Error::NotFound)?;
    Ok(group.actor.name)
}
