//! What a partner is to us: said when the partnership is made, and changed later.

use crate::app::App;
use crate::domain::{AuditAction, Host, Partner, PartnerClass};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::audit;
use crate::storage;

/// Says what a partner is to us from now on. Saying it again changes nothing; the partner is not told.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner.
pub async fn set_class(
    app: &App,
    viewer: Viewer,
    host: Host,
    class: PartnerClass,
) -> Result<Partner> {
    let asker = app.asker(viewer);
    let permit = super::permit(&asker)?;
    app.db
        .write("set_partner_class", move |connection| {
            let known = storage::partners::find_by_host(connection, &host)?;
            let known = known.ok_or(Error::NotFound)?;
            if known.class == class {
                return Ok(known);
            }
            storage::partners::set_class(connection, &permit, known.id, class)?;
            let action = AuditAction::PartnerClassChanged;
            let detail = format!("{} to {class}", known.class);
            audit::note(connection, &asker, action, host.as_str(), &detail)?;
            Ok(Partner { class, ..known })
        })
        .await
}
