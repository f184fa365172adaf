//! What waits for somebody, as every page says it.

use crate::app::App;
use crate::error::Result;
use crate::policy::{Viewer, act};
use crate::services::grants::review;
use crate::services::groups::Duties;
use crate::services::partners::terms;
use crate::services::{access, proposals};
use crate::storage;

/// How much waits for the viewer, or holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// In all groups it moderates.
    pub in_groups: Duties,
    /// Grants that are to be reviewed.
    pub reviews: usize,
    /// For administrators: what waits for a second one.
    pub proposals: usize,
    /// For administrators: emergency stops.
    pub stops: usize,
    /// For administrators: partnerships that are held, or end or have to be confirmed soon.
    pub partners: usize,
}

/// Counts it, in one look at the database.
pub async fn count(app: &App, viewer: &Viewer) -> Result<Waiting> {
    let Some(moderator) = viewer.actor() else {
        return Ok(Waiting::default());
    };
    let (asker, days) = (app.asker(viewer.clone()), app.config.governance.review_days);
    let months = app.config.governance.confirm_partners_months;
    app.db
        .read("count_duties", move |connection| {
            let moderated = storage::memberships::list_moderated(connection, moderator)?;
            let mut waiting = Waiting {
                in_groups: Duties::count(connection, &moderated)?,
                reviews: review::count_due(connection, &asker, days)?,
                ..Waiting::default()
            };
            if access::permit_house::<act::ManagePartners>(&asker).is_ok() {
                waiting.proposals = proposals::list_waiting(connection, asker.now)?.len();
                waiting.stops = storage::stops::list(connection)?.0.len();
                waiting.partners = terms::concerns(connection, months, asker.now)?.len();
            }
            Ok(waiting)
        })
        .await
}
