//! What a partnership is for and how long it lasts: said when it is made, changed later, told the other
//! side; and what happens by itself when its time is over or nobody confirms that it is still needed.

use crate::app::{App, Asker};
use crate::domain::{
    Actor, AuditAction, Concern, ConfirmEvery, Copies, EventKind, Host, Partner, PartnerState,
    PauseReason, ProposedAct, Side, Terms, TermsChange, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::partners::{ending, standing};
use crate::services::proposals::{self, Decided};
use crate::services::{audit, house};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Partnerships that end or are paused by themselves in one transaction.
const PER_STEP: usize = 50;

/// Says anew what a partnership is for, whom to call, until when it lasts or how often it is confirmed. The
/// other side is told. Letting it last longer waits for a second administrator where the house wants one;
/// the rest does not.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner, [`Error::Conflict`] for a partnership that does
/// not stand, [`Error::Invalid`] for an end that is over or a text that is too long.
pub async fn set_terms(
    app: &App,
    viewer: Viewer,
    host: Host,
    change: TermsChange,
) -> Result<Decided<Partner>> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    let decided =
        app.db
            .write("set_partner_terms", move |connection| {
                let known = find_standing(connection, &host)?;
                let wanted = change.applied_to(&known.ours)?;
                if change.until.is_some() {
                    wanted.check_end(asker.now)?;
                }
                let lasts_longer = lasts_longer(known.ours.until, wanted.until);
                let at_once = Terms {
                    until: match lasts_longer {
                        true => known.ours.until,
                        false => wanted.until,
                    },
                    ..wanted.clone()
                };
                let confirm = change.confirm.unwrap_or(known.confirm);
                let partner = write(connection, &asker, known, at_once, confirm)?;
                let act = ProposedAct::Prolong {
                    partner: host.to_string(),
                    until: wanted.until.map(|until| until.to_string()),
                };
                proposals::decide(connection, &asker, lasts_longer, act, |connection| {
                    match lasts_longer {
                        true => prolong(connection, &asker, &host, wanted.until),
                        false => Ok(partner),
                    }
                })
            })
            .await?;
    super::ring(app);
    Ok(decided)
}

/// Lets a partnership last until another day, whoever had to agree.
pub(in crate::services) fn prolong(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    until: Option<Timestamp>,
) -> Result<Partner> {
    super::permit(asker)?;
    let known = find_standing(connection, host)?;
    let terms = Terms {
        until,
        ..known.ours.clone()
    };
    terms.check_end(asker.now)?;
    let confirm = known.confirm;
    write(connection, asker, known, terms, confirm)
}

fn lasts_longer(known: Option<Timestamp>, wanted: Option<Timestamp>) -> bool {
    let end = |until: Option<Timestamp>| until.unwrap_or(Timestamp::MAX);
    end(wanted) > end(known)
}

fn find_standing(connection: &mut Connection, host: &Host) -> Result<Partner> {
    let known = storage::partners::find_by_host(connection, host)?.ok_or(Error::NotFound)?;
    match known.state {
        PartnerState::Active | PartnerState::Paused => Ok(known),
        PartnerState::Invited | PartnerState::Ended | PartnerState::Blocked => Err(
            Error::Conflict(format!("the partnership with {host} does not stand")),
        ),
    }
}

/// Writes what is new and has it told, with an audit line that says what.
fn write(
    connection: &mut Connection,
    asker: &Asker,
    known: Partner,
    terms: Terms,
    confirm: ConfirmEvery,
) -> Result<Partner> {
    let mut what = Vec::new();
    if terms.purpose != known.ours.purpose {
        what.push(format!("purpose: {}", terms.purpose));
    }
    if terms.contact != known.ours.contact {
        what.push(format!("contact: {}", terms.contact));
    }
    if terms.until != known.ours.until {
        what.push(match terms.until {
            Some(until) => format!("until {until}"),
            None => "without end".to_owned(),
        });
    }
    if confirm != known.confirm {
        what.push(format!("confirmed every: {confirm}"));
    }
    if what.is_empty() {
        return Ok(known);
    }
    storage::partners::set_ours(connection, known.id, &terms, confirm)?;
    let (action, subject) = (AuditAction::PartnerTermsChanged, known.host.as_str());
    audit::note(connection, asker, action, subject, &what.join("; "))?;
    if terms != known.ours {
        tell(connection, asker, &known)?;
    }
    Ok(Partner {
        ours: terms,
        confirm,
        ..known
    })
}

/// Only partners by invitation understand it.
fn tell(connection: &mut Connection, asker: &Asker, partner: &Partner) -> Result<()> {
    let Some(agreement) = &partner.agreement else {
        return Ok(());
    };
    let event = NewEvent {
        kind: EventKind::PartnershipChanged,
        actor: house::instance_actor(connection)?.id,
        group: None,
        post: None,
        object: Some(partner.id.0),
        activity: Some(agreement.to_string()),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// The other side says what the partnership that was made by this offer is for. Of one that was made
/// since nothing is said.
///
/// # Errors
/// As [`ending::find_agreed`].
pub fn receive(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    agreement: &Uri,
    terms: &Terms,
) -> Result<()> {
    let Some(partner) = ending::find_agreed(connection, signer, agreement)? else {
        return Ok(());
    };
    if partner.theirs == *terms {
        return Ok(());
    }
    storage::partners::set_theirs(connection, partner.id, terms)?;
    let (action, subject) = (AuditAction::PartnerTermsReceived, partner.host.as_str());
    let until = terms.until.map_or_else(
        || "without end".to_owned(),
        |until| format!("until {until}"),
    );
    let detail = format!("{}; {}; {until}", terms.purpose, terms.contact);
    audit::note(connection, asker, action, subject, &detail)
}

/// Says that a partnership is still needed. One that was paused because nobody did goes on.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner, [`Error::Conflict`] for a partnership that does
/// not stand.
pub async fn confirm(app: &App, viewer: Viewer, host: Host) -> Result<Partner> {
    let asker = app.asker(viewer);
    let permit = super::permit(&asker)?;
    let partner = app
        .db
        .write("confirm_partner", move |connection| {
            let known = find_standing(connection, &host)?;
            storage::partners::set_confirmed(connection, &permit, known.id, asker.now)?;
            let (action, subject) = (AuditAction::PartnerConfirmed, host.as_str());
            audit::note(connection, &asker, action, subject, "")?;
            let known = Partner {
                confirmed_at: Some(asker.now),
                ..known
            };
            match known.paused_for {
                Some(PauseReason::Unconfirmed) => {
                    Ok(standing::resume(connection, &asker, known)?.partner)
                }
                Some(PauseReason::Administrator | PauseReason::KeyChanged) | None => Ok(known),
            }
        })
        .await?;
    super::ring(app);
    Ok(partner)
}

/// Ends the partnerships whose time is over, as an administrator would have; how many.
pub async fn end_over(app: &App) -> Result<usize> {
    let asker = app.asker(Viewer::Operator);
    let now = asker.now;
    let over = move |partner: &Partner| partner.ours.until.is_some_and(|until| until <= now);
    by_itself(app, "end_partnerships", over, move |connection, partner| {
        let (action, subject) = (AuditAction::PartnerTermsChanged, partner.host.to_string());
        audit::note(connection, &asker, action, &subject, "its time is over")?;
        ending::end(connection, &asker, partner, Side::Us, Copies::AskedBack).map(drop)
    })
    .await
}

/// Pauses the partnerships of which nobody said in time that they are still needed; how many.
pub async fn pause_unconfirmed(app: &App) -> Result<usize> {
    let asker = app.asker(Viewer::Operator);
    let (now, months) = (asker.now, app.config.governance.confirm_partners_months);
    let unconfirmed = move |partner: &Partner| {
        let due = partner.confirm_before(months).is_some_and(|at| at <= now);
        due && partner.state == PartnerState::Active
    };
    by_itself(
        app,
        "pause_unconfirmed",
        unconfirmed,
        move |connection, partner| {
            let why = "nobody confirmed in time that it is still needed";
            standing::pause_by_itself(connection, &asker, &partner, PauseReason::Unconfirmed, why)
        },
    )
    .await
}

/// Does what a partnership of this kind has come to, for some at a time; how many.
async fn by_itself(
    app: &App,
    name: &'static str,
    of_this_kind: impl Fn(&Partner) -> bool + Copy + Send + 'static,
    doing: impl Fn(&mut Connection, Partner) -> Result<()> + Send + 'static,
) -> Result<usize> {
    let find = move |connection: &mut Connection| -> Result<Vec<Partner>> {
        let mut all = storage::partners::list(connection)?;
        let stands = |state| matches!(state, PartnerState::Active | PartnerState::Paused);
        all.retain(|partner| stands(partner.state) && of_this_kind(partner));
        all.truncate(PER_STEP);
        Ok(all)
    };
    if app.db.read(name, find).await?.is_empty() {
        return Ok(0);
    }
    let count = app
        .db
        .write_patiently(name, move |connection| {
            let found = find(connection)?;
            let count = found.len();
            found
                .into_iter()
                .try_for_each(|partner| doing(connection, partner))?;
            Ok(count)
        })
        .await?;
    super::ring(app);
    Ok(count)
}

/// Partnerships that administrators have to look at, each with why.
pub async fn list_concerns(app: &App, viewer: Viewer) -> Result<Vec<(Partner, Concern)>> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    let months = app.config.governance.confirm_partners_months;
    app.db
        .read("list_partner_concerns", move |connection| {
            concerns(connection, months, asker.now)
        })
        .await
}

/// The same for who was asked about already.
pub(in crate::services) fn concerns(
    connection: &mut Connection,
    months: Option<u32>,
    now: Timestamp,
) -> Result<Vec<(Partner, Concern)>> {
    let all = storage::partners::list(connection)?.into_iter();
    let concern = |partner: Partner| {
        let concern = partner.concern(months, now)?;
        Some((partner, concern))
    };
    Ok(all.filter_map(concern).collect())
}
