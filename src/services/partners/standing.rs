//! Pausing, resuming, ending and blocking, with what follows for the queue and the grants.

use crate::app::{App, Asker};
use crate::domain::text_enum::text_enum;
use crate::domain::{AuditAction, Host, Partner, PartnerClass, PartnerState};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::{access, audit, deliveries, grants};
use crate::storage::deliveries::Cancel;
use crate::storage::{self, Connection};

text_enum! {
    /// What can be done to a partnership.
    Change ("change") {
        /// Nothing leaves and nothing is accepted; what is queued is kept.
        Pause = "pause",
        Resume = "resume",
        /// Over, with its grants; what was queued is cancelled, except what takes something back.
        /// Also ends a block.
        End = "end",
        /// Over, and nothing at all goes there any more. Also for servers that never were partners.
        Block = "block",
    }
}

/// A partnership after a change, and what followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub partner: Partner,
    /// Deliveries that waited and now never leave.
    pub cancelled: usize,
    /// Grants that ended with it.
    pub grants_ended: usize,
    /// Deliveries that were held back and are due now.
    pub released: usize,
}

/// Changes a partnership. The state, the cancelled deliveries, the ended grants and their audit
/// lines commit together.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner (but it can be blocked),
/// [`Error::Conflict`] when the change makes no sense in its state.
pub async fn change(app: &App, viewer: Viewer, host: Host, change: Change) -> Result<Changed> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    super::refuse_ourselves(app, &host)?;
    let changed = app
        .db
        .write("change_partner", move |connection| {
            let partner = find(connection, &asker, host, change)?;
            let partner = write(connection, &asker, partner, change)?;
            let mut changed = Changed {
                partner,
                cancelled: 0,
                grants_ended: 0,
                released: 0,
            };
            match change {
                Change::Pause => {}
                Change::Resume => release(connection, &asker, &mut changed)?,
                Change::End | Change::Block => {
                    cancel(connection, &asker, change, &mut changed)?;
                    end_grants(connection, &asker, change, &mut changed)?;
                }
            }
            Ok(changed)
        })
        .await?;
    super::ring(app);
    if changed.cancelled > 0 {
        let host = changed.partner.host.clone();
        deliveries::settle_cancelled(app, Some(host)).await?;
    }
    Ok(changed)
}

/// The partner to change; a stranger becomes one only to be blocked.
fn find(connection: &mut Connection, asker: &Asker, host: Host, change: Change) -> Result<Partner> {
    match (storage::partners::find_by_host(connection, &host)?, change) {
        (Some(partner), _) => Ok(partner),
        (None, Change::Block) => {
            let new = super::one_sided(host, None, PartnerClass::Partner, PartnerState::Ended);
            storage::partners::save(connection, &new, asker.now)
        }
        (None, Change::Pause | Change::Resume | Change::End) => Err(Error::NotFound),
    }
}

fn write(
    connection: &mut Connection,
    asker: &Asker,
    partner: Partner,
    change: Change,
) -> Result<Partner> {
    let state = change.applied_to(partner.state).map_err(|problem| {
        Error::Conflict(format!("the partnership with {} {problem}", partner.host))
    })?;
    let permit = super::permit(asker)?;
    storage::partners::set_state(connection, &permit, partner.id, state)?;
    let host = partner.host.as_str();
    audit::note(connection, asker, change.audited(), host, "")?;
    Ok(Partner { state, ..partner })
}

fn release(connection: &mut Connection, asker: &Asker, changed: &mut Changed) -> Result<()> {
    changed.released = storage::deliveries::hasten(connection, &changed.partner.host, asker.now)?;
    Ok(())
}

fn cancel(
    connection: &mut Connection,
    asker: &Asker,
    change: Change,
    changed: &mut Changed,
) -> Result<()> {
    let host = &changed.partner.host;
    let (which, reason) = match change {
        Change::Block => (Cancel::AllToHost(host), "the server was blocked"),
        _ => (Cancel::ToHost(host), "the partnership ended"),
    };
    changed.cancelled = storage::deliveries::cancel(connection, &which, reason, asker.now)?;
    if changed.cancelled > 0 {
        let detail = format!("{}: {reason}", changed.cancelled);
        let action = AuditAction::DeliveriesCancelled;
        audit::note(connection, asker, action, host.as_str(), &detail)?;
    }
    Ok(())
}

/// Ends every grant of the partner. It is told so, unless it is blocked: what it keeps of ours is
/// to be thrown away.
fn end_grants(
    connection: &mut Connection,
    asker: &Asker,
    change: Change,
    changed: &mut Changed,
) -> Result<()> {
    let partner = &changed.partner;
    for grant in storage::grants::list_standing(connection, None, Some(partner.id))? {
        let (permit, group) =
            access::permit::<act::ChangeBoundary>(connection, asker, grant.group)?;
        grants::close(connection, asker, &permit, &group, partner, &grant)?;
        if change == Change::End {
            grants::tell_of_end(connection, asker, &grant)?;
        }
        changed.grants_ended += 1;
    }
    Ok(())
}

impl Change {
    /// The state this leads to from `state`, or the end of a sentence that says why not.
    fn applied_to(self, state: PartnerState) -> Result<PartnerState, &'static str> {
        use PartnerState::{Active, Blocked, Ended, Invited, Paused};
        match (self, state) {
            (Self::Pause, Active) => Ok(Paused),
            (Self::Resume, Paused) => Ok(Active),
            (Self::End, Invited | Active | Paused | Blocked) => Ok(Ended),
            (Self::Block, Invited | Active | Paused | Ended) => Ok(Blocked),
            (Self::Pause, Paused) => Err("is paused already"),
            (Self::Resume, Active) => Err("is active: there is nothing to resume"),
            (Self::End, Ended) => Err("has ended already"),
            (Self::Block, Blocked) => Err("is blocked already"),
            (Self::Pause | Self::Resume, Invited | Ended) => {
                Err("does not stand: make it again with an invitation")
            }
            (Self::Pause | Self::Resume, Blocked) => Err("is blocked: end the block first"),
        }
    }

    const fn audited(self) -> AuditAction {
        match self {
            Self::Pause => AuditAction::PartnerPaused,
            Self::Resume => AuditAction::PartnerResumed,
            Self::End => AuditAction::PartnerEnded,
            Self::Block => AuditAction::PartnerBlocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PartnerState::{Active, Blocked, Ended, Invited, Paused};

    #[test]
    fn only_these_changes_make_sense() {
        let legal = [
            (Active, Change::Pause, Paused),
            (Paused, Change::Resume, Active),
            (Invited, Change::End, Ended),
            (Active, Change::End, Ended),
            (Paused, Change::End, Ended),
            (Blocked, Change::End, Ended),
            (Invited, Change::Block, Blocked),
            (Active, Change::Block, Blocked),
            (Paused, Change::Block, Blocked),
            (Ended, Change::Block, Blocked),
        ];
        for from in PartnerState::ALL {
            for change in Change::ALL {
                let expected = legal
                    .iter()
                    .find(|(state, by, _)| state == from && by == change)
                    .map(|(_, _, to)| *to);
                assert_eq!(change.applied_to(*from).ok(), expected, "{change} {from}");
            }
        }
    }
}
