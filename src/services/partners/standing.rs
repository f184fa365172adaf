//! Pausing, resuming, ending and blocking, with what follows for the queue and the grants.

use crate::app::{App, Asker};
use crate::domain::text_enum::text_enum;
use crate::domain::{AuditAction, Host, Partner, PartnerClass, PartnerState, Side};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer};
use crate::services::partners::ending;
use crate::services::{audit, deliveries};
use crate::storage::deliveries::Cancel;
use crate::storage::{self, Connection};

text_enum! {
    /// What can be done to a partnership.
    Change ("change") {
        /// Nothing leaves and nothing is accepted; what is queued is kept.
        Pause = "pause",
        Resume = "resume",
        /// Over, with its grants; what was queued is cancelled, except what takes something back.
        /// Also ends a block. The other side is told.
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

impl Changed {
    pub(super) const fn of(partner: Partner) -> Self {
        Self {
            partner,
            cancelled: 0,
            grants_ended: 0,
            released: 0,
        }
    }
}

/// Changes a partnership. The state, the cancelled deliveries, the ended grants and their audit
/// lines commit together.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner (but it can be blocked),
/// [`Error::Conflict`] when the change makes no sense in its state.
pub async fn change(app: &App, viewer: Viewer, host: Host, change: Change) -> Result<Changed> {
    if change == Change::Resume {
        return super::resume(app, viewer, host).await?.done();
    }
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    super::refuse_ourselves(app, &host)?;
    let changed = app
        .db
        .write("change_partner", move |connection| {
            apply(connection, &asker, host, change)
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
/// The same in the transaction of the caller.
pub(super) fn apply(
    connection: &mut Connection,
    asker: &Asker,
    host: Host,
    change: Change,
) -> Result<Changed> {
    let partner = find(connection, asker, host, change)?;
    let state = change.applied_to(partner.state).map_err(|problem| {
        Error::Conflict(format!("the partnership with {} {problem}", partner.host))
    })?;
    match change {
        Change::End => ending::end(connection, asker, partner, Side::Us),
        Change::Pause | Change::Resume | Change::Block => {
            write(connection, asker, partner, change, state)
        }
    }
}

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
    state: PartnerState,
) -> Result<Changed> {
    let permit = super::permit(asker)?;
    storage::partners::set_state(connection, &permit, partner.id, state)?;
    audit::note(
        connection,
        asker,
        change.audited(),
        partner.host.as_str(),
        "",
    )?;
    let host = &partner.host;
    let mut changed = Changed::of(Partner {
        state,
        ..partner.clone()
    });
    match change {
        Change::Resume => {
            changed.released = storage::deliveries::hasten(connection, host, asker.now)?;
        }
        Change::Block => {
            let (all, why) = (Cancel::AllToHost(host), "the server was blocked");
            let why = (why, Reason::PartnerBlocked);
            changed.cancelled = ending::cancel(connection, asker, host, &all, why)?;
            changed.grants_ended = ending::end_grants(connection, asker, &partner)?.len();
        }
        Change::Pause | Change::End => {}
    }
    Ok(changed)
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
