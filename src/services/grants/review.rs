//! Access review: which grants are to be looked at again, what was last done under each, and the end of those
//! that nobody says are needed.

use crate::app::{App, Asker};
use crate::domain::{AuditAction, Grant, GrantId, Handle, Host, LastUse, Review, Timestamp};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::grants::{self, Standing};
use crate::services::{access, audit};
use crate::storage::{self, Connection};

/// A standing grant with what was done under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    pub standing: Standing,
    /// When somebody last said that it is needed; none: nobody since it was made.
    pub reviewed_at: Option<Timestamp>,
    pub last_use: LastUse,
    /// None: the house reviews nothing (`governance.review_days`).
    pub review: Option<Review>,
}

impl Reviewed {
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.review.is_some_and(|review| review.is_due(now))
    }
}

/// All standing grants that the viewer may keep or end, those first that lapse first: administrators all,
/// owners those of their groups.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<Reviewed>> {
    let asker = app.asker(viewer);
    let days = app.config.governance.review_days;
    app.db
        .read("list_reviews", move |connection| {
            let mut all = Vec::new();
            for (grant, reviewed_at) in storage::grants::list_with_review(connection)? {
                if may_change(connection, &asker, &grant)? {
                    all.push(look_at(connection, &asker, grant, reviewed_at, days)?);
                }
            }
            all.sort_by_key(|one| {
                let review = one.review.map(|review| review.due);
                (review.unwrap_or(Timestamp::MAX), one.standing.grant.id)
            });
            Ok(all)
        })
        .await
}

/// How many wait for the asker, where the house reviews every so many `days`.
pub(in crate::services) fn count_due(
    connection: &mut Connection,
    asker: &Asker,
    days: Option<u64>,
) -> Result<usize> {
    let Some(days) = days else { return Ok(0) };
    let mut count = 0;
    for (grant, reviewed_at) in storage::grants::list_with_review(connection)? {
        let due = review_of(&grant, reviewed_at, days).is_due(asker.now);
        count += usize::from(due && may_change(connection, asker, &grant)?);
    }
    Ok(count)
}

/// Says that a grant is still needed, for another period. It opens nothing that is not open.
///
/// # Errors
/// As [`grants::remove`].
pub async fn keep(app: &App, viewer: Viewer, group: Handle, host: Host) -> Result<Reviewed> {
    let asker = app.asker(viewer);
    let days = app.config.governance.review_days;
    let group = group.seen_from(app.config.host());
    app.db
        .write("keep_grant", move |connection| {
            let (permit, group) = grants::permit_boundary(connection, &asker, &group)?;
            let (_, grant) = grants::find_standing(connection, &group, &host)?;
            storage::grants::set_reviewed(connection, &permit, grant.id, asker.now)?;
            let (action, name) = (AuditAction::GrantReviewed, &group.actor.name);
            audit::note(connection, &asker, action, name, host.as_str())?;
            look_at(connection, &asker, grant, Some(asker.now), days)
        })
        .await
}

/// Grants that are ended in one transaction because nobody said that they are needed.
const LAPSED_PER_STEP: usize = 50;

/// Ends the grants whose review nobody answered, with everything that hangs on them; how many.
pub async fn end_lapsed(app: &App) -> Result<usize> {
    let Some(days) = app.config.governance.review_days else {
        return Ok(0);
    };
    let asker = app.asker(Viewer::Operator);
    let now = asker.now;
    let lapsed = move |connection: &mut Connection| -> Result<Vec<GrantId>> {
        let all = storage::grants::list_with_review(connection)?.into_iter();
        let over = all.filter(|(grant, at)| review_of(grant, *at, days).has_lapsed(now));
        Ok(over
            .map(|(grant, _)| grant.id)
            .take(LAPSED_PER_STEP)
            .collect())
    };
    if app.db.read("find_lapsed_grants", lapsed).await?.is_empty() {
        return Ok(0);
    }
    let ended = app
        .db
        .write_patiently("end_lapsed_grants", move |connection| {
            let lapsed = lapsed(connection)?;
            for id in &lapsed {
                let grant = storage::grants::find(connection, *id)?.ok_or(Error::NotFound)?;
                let group = storage::groups::find(connection, grant.group)?;
                let name = group.ok_or(Error::NotFound)?.actor.name;
                let (action, why) = (AuditAction::GrantLapsed, "nobody answered its review");
                audit::note(connection, &asker, action, &name, why)?;
                grants::end_with_all(connection, &asker, &grant)?;
            }
            Ok(lapsed.len())
        })
        .await?;
    app.bells.events.notify_one();
    Ok(ended)
}

fn may_change(connection: &mut Connection, asker: &Asker, grant: &Grant) -> Result<bool> {
    match access::permit::<act::ChangeBoundary>(connection, asker, grant.group) {
        Ok(_) => Ok(true),
        Err(Error::NotFound | Error::Denied(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn review_of(grant: &Grant, reviewed_at: Option<Timestamp>, days: u64) -> Review {
    Review::after(reviewed_at.unwrap_or(grant.created_at), days)
}

fn look_at(
    connection: &mut Connection,
    asker: &Asker,
    grant: Grant,
    reviewed_at: Option<Timestamp>,
    days: Option<u64>,
) -> Result<Reviewed> {
    let review = days.map(|days| review_of(&grant, reviewed_at, days));
    let standing = grants::with_circumstances(connection, asker, grant)?;
    let (group, host) = (standing.group.id, &standing.partner.host);
    Ok(Reviewed {
        last_use: storage::grants::find_last_use(connection, group, host)?,
        standing,
        reviewed_at,
        review,
    })
}
