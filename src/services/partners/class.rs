//! What a partner is to us: said when the partnership is made, and changed later.

use crate::app::{App, Asker};
use crate::domain::{AuditAction, Host, Partner, PartnerClass, ProposedAct};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::audit;
use crate::services::proposals::{self, Decided};
use crate::storage::{self, Connection};

/// Says what a partner is to us from now on. Saying it again changes nothing; the partner is not told.
/// Waits for a second administrator where the house wants one.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner.
pub async fn set_class(
    app: &App,
    viewer: Viewer,
    host: Host,
    class: PartnerClass,
) -> Result<Decided<Partner>> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    app.db
        .write("set_partner_class", move |connection| {
            let known = storage::partners::find_by_host(connection, &host)?;
            let changes = known.ok_or(Error::NotFound)?.class != class;
            let act = ProposedAct::Class {
                partner: host.to_string(),
                class,
            };
            proposals::decide(connection, &asker, changes, act, |connection| {
                change_class(connection, &asker, &host, class)
            })
        })
        .await
}

/// The same in the transaction of the caller, whoever had to agree.
pub(in crate::services) fn change_class(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    class: PartnerClass,
) -> Result<Partner> {
    let permit = super::permit(asker)?;
    let known = storage::partners::find_by_host(connection, host)?.ok_or(Error::NotFound)?;
    if known.class == class {
        return Ok(known);
    }
    storage::partners::set_class(connection, &permit, known.id, class)?;
    let action = AuditAction::PartnerClassChanged;
    let detail = format!("{} to {class}", known.class);
    audit::note(connection, asker, action, host.as_str(), &detail)?;
    Ok(Partner { class, ..known })
}
