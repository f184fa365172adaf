//! Partnerships with other organizations: how they are made, seen, paused and ended.
//!
//! A partnership that both sides agreed to is made by an invitation: one side's [`invite`], then
//! the [`handshake`] between the servers. [`add`] makes a one-sided one, for servers that know
//! nothing of invitations. Nothing here talks to another server.

mod class;
mod code;
pub mod ending;
pub mod handshake;
pub mod pins;
mod resuming;
mod standing;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod view;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{
    AuditAction, Concern, Host, Invalid, JobId, OurSide, Partner, PartnerClass, PartnerState,
    PrivateGroups, Proposal, ProposedAct, ProposedSide, Timestamp, Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::{self, Permit, Reason, Viewer, act};
use crate::services::proposals::{self, Decided};
use crate::services::{access, audit, dialects, house};
use crate::storage::partners::NewPartner;
use crate::storage::{self, Connection};

pub(super) use class::change_class;
pub use class::set_class;
pub use code::Code;
pub use handshake::{HandshakeAnswer, Introduction};
pub use pins::OfferedKey;
pub(super) use resuming::let_go_on;
pub use resuming::resume;
pub use standing::{Change, Changed, change, change_leaving};

/// Longest time an invitation can be used, days.
const INVITATION_DAYS_MAX: u64 = 90;

/// An invitation that was just made: the only time its code can be seen.
#[derive(Debug)]
pub struct Invited {
    pub code: Code,
    pub ours: OurSide,
    pub expires_at: Timestamp,
    /// A second administrator has to agree before the code can be used; none: it can be used now.
    pub waits: Option<Proposal>,
}

/// Makes a one-time code that an administrator elsewhere uses to become our partner, and says what our
/// side of the partnership will be. Only the code's fingerprint is kept. Where the house wants a second
/// administrator, the code is of use to nobody before one agreed; who confirms never sees it.
///
/// # Errors
/// [`Error::Invalid`] for a lifetime of nothing or of more than 90 days, and for a partnership that would be
/// over before the code is.
pub async fn invite(
    app: &App,
    viewer: Viewer,
    ours: impl Into<OurSide>,
    lifetime: Duration,
) -> Result<Invited> {
    let asker = app.asker(viewer);
    permit(&asker)?;
    check_lifetime(lifetime)?;
    let ours = ours.into();
    let expires_at = asker.now.plus(lifetime);
    ours.terms
        .check_end(expires_at)
        .map_err(|_| Invalid::new("until", "is before the code can be used for the last time"))?;
    let (origin, instance) = (app.addresses().origin().clone(), app.addresses().instance());
    app.db
        .write("invite_partner", move |connection| {
            // The taker's server compares it: nobody in between can show another one.
            let own = house::instance_actor(connection)?;
            let key = storage::actors::find_key_of(connection, own.id)?.ok_or(Error::NotFound)?;
            let code = Code::make(origin, instance, crypto::key_fingerprint(&key.public_pem)?)?;
            let act = ProposedAct::Invite {
                code: code.fingerprint(),
                ours: ProposedSide::from(&ours),
                expires: expires_at.to_string(),
            };
            let decided = proposals::decide(connection, &asker, true, act, |connection| {
                let fingerprint = code.fingerprint();
                let_be_used(connection, &asker, &fingerprint, &ours, expires_at)
            })?;
            Ok(Invited {
                code,
                ours,
                expires_at,
                waits: decided.proposed(),
            })
        })
        .await
}

/// From now on a code can be used, in the transaction of the caller, whoever had to agree.
///
/// # Errors
/// [`Error::Conflict`] when nobody agreed in time.
pub(super) fn let_be_used(
    connection: &mut Connection,
    asker: &Asker,
    fingerprint: &str,
    ours: &OurSide,
    expires_at: Timestamp,
) -> Result<()> {
    let permit = permit(asker)?;
    if expires_at <= asker.now {
        let sentence = "the code can be used no more: make a new invitation";
        return Err(Error::Conflict(sentence.into()));
    }
    let now = asker.now;
    storage::partners::insert_invitation(connection, &permit, fingerprint, ours, expires_at, now)?;
    let (action, class) = (AuditAction::PartnerInvited, ours.class.as_str());
    let detail = format!("can be used until {expires_at}");
    audit::note(connection, asker, action, class, &detail)
}

fn check_lifetime(lifetime: Duration) -> Result<()> {
    let longest = Duration::from_secs(INVITATION_DAYS_MAX * 86_400);
    if lifetime.is_zero() || lifetime > longest {
        return Err(Error::invalid(
            "expires",
            format!("must be a time like 12h or 7d, at most {INVITATION_DAYS_MAX}d"),
        ));
    }
    Ok(())
}

/// Makes a one-sided partnership: we speak with that server, it need not know of partnerships. Waits for a second
/// administrator where the house wants one.
///
/// # Errors
/// [`Error::Conflict`] when it is ourselves, or when there is a partnership that stands or a block.
pub async fn add(
    app: &App,
    viewer: Viewer,
    host: Host,
    ours: impl Into<OurSide>,
    private_groups: PrivateGroups,
) -> Result<Decided<Partner>> {
    let asker = app.asker(viewer);
    permit(&asker)?;
    refuse_ourselves(app, &host)?;
    let ours = ours.into();
    let decided = app
        .db
        .write("add_partner", move |connection| {
            let act = ProposedAct::AddPartner {
                partner: host.to_string(),
                ours: ProposedSide::from(&ours),
                trust: private_groups == PrivateGroups::Trust,
            };
            proposals::decide(connection, &asker, true, act, |connection| {
                begin_one_sided(connection, &asker, &host, &ours, private_groups)
            })
        })
        .await?;
    app.bells.jobs.notify_one();
    Ok(decided)
}

/// The same in the transaction of the caller, whoever had to agree.
pub(super) fn begin_one_sided(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    ours: &OurSide,
    private_groups: PrivateGroups,
) -> Result<Partner> {
    permit(asker)?;
    ours.terms.check_end(asker.now)?;
    let known = storage::partners::find_by_host(connection, host)?;
    refuse_standing(known.as_ref())?;
    let new = one_sided(host.clone(), known, ours.class, PartnerState::Active);
    let partner = storage::partners::save(connection, &new, asker.now)?;
    let (terms, confirm) = (&ours.terms, ours.confirm);
    storage::partners::set_ours(connection, partner.id, terms, confirm)?;
    let (action, class) = (AuditAction::PartnerAdded, ours.class.as_str());
    audit::note(connection, asker, action, host.as_str(), class)?;
    dialects::trust(connection, asker, host, private_groups)?;
    storage::partners::find(connection, partner.id)?.ok_or(Error::NotFound)
}

/// Every partnership there is or was, by host.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<Partner>> {
    permit(&app.asker(viewer))?;
    app.db.read("list_partners", storage::partners::list).await
}

/// # Errors
/// [`Error::NotFound`] when there is and was no partnership with that host.
pub async fn find(app: &App, viewer: Viewer, host: Host) -> Result<Partner> {
    permit(&app.asker(viewer))?;
    app.db
        .read("find_partner", move |connection| {
            storage::partners::find_by_host(connection, &host)?.ok_or(Error::NotFound)
        })
        .await
}

/// What administrators see of one partner besides what is open to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Particulars {
    /// The fingerprint of the key we pinned, to compare by telephone; none for a server not yet met.
    pub pinned: Option<String>,
    /// The key that its server shows instead, while the partnership is held because of it.
    pub offered: Option<OfferedKey>,
    /// When somebody has to have said that it is still needed.
    pub confirm_before: Option<Timestamp>,
    /// What is to be looked at.
    pub concern: Option<Concern>,
}

pub async fn particulars(app: &App, viewer: Viewer, partner: &Partner) -> Result<Particulars> {
    let months = app.config.governance.confirm_partners_months;
    Ok(Particulars {
        pinned: pins::pinned_key(app, viewer.clone(), partner).await?,
        offered: pins::offered_key(app, viewer, partner).await?,
        confirm_before: match partner.state {
            PartnerState::Active | PartnerState::Paused => partner.confirm_before(months),
            PartnerState::Invited | PartnerState::Ended | PartnerState::Blocked => None,
        },
        concern: partner.concern(months, app.clock.now()),
    })
}

/// The organizations behind these hosts, for the badges of what comes from them.
pub async fn behind(
    app: &App,
    hosts: impl IntoIterator<Item = Host>,
) -> Result<HashMap<Host, Partner>> {
    let hosts: BTreeSet<Host> = hosts.into_iter().collect();
    if hosts.is_empty() {
        return Ok(HashMap::new());
    }
    app.db
        .read("partners_behind", move |connection| {
            let mut known = HashMap::new();
            for host in hosts {
                if let Some(partner) = storage::partners::find_by_host(connection, &host)? {
                    known.insert(host, partner);
                }
            }
            Ok(known)
        })
        .await
}

/// Reads a code that somebody pasted here, before anything is asked of the server it comes from.
///
/// # Errors
/// [`Error::Invalid`] for a broken code or one of our own, [`Error::Denied`] when its server is
/// blocked here, [`Error::Conflict`] when both sides are partners already, the partnership is
/// paused here, or this code made the one that has ended: a code that was used once must not undo what
/// an administrator decided since, whether or not the other side has heard of it.
pub async fn read_code(app: &App, viewer: Viewer, text: &str) -> Result<Code> {
    permit(&app.asker(viewer))?;
    let code = Code::parse(text, app.config.host())?;
    let host = code.host().clone();
    let agreement = code.agreement(&app.addresses().instance())?;
    app.db
        .read("check_code_host", move |connection| {
            refuse_code(connection, &host, &agreement)
        })
        .await?;
    Ok(code)
}

/// What of a code can be known before its server is asked.
fn refuse_code(connection: &mut Connection, host: &Host, agreement: &Uri) -> Result<()> {
    let known = storage::partners::find_by_host(connection, host)?;
    refuse_blocked(known.as_ref().map(|partner| partner.state))?;
    if access::is_stopped(connection, Some(host), None)? {
        return Err(Error::Denied(Reason::Stopped));
    }
    let was_used = |partner: &Partner| {
        partner.state == PartnerState::Ended && partner.agreement.as_ref() == Some(agreement)
    };
    if known.as_ref().is_some_and(was_used) {
        return Err(handshake::used());
    }
    // A one-sided partnership may become one of both.
    let one_sided = |partner: &&Partner| partner.state == PartnerState::Active && !partner.mutual;
    match known.as_ref().filter(one_sided) {
        Some(_) => Ok(()),
        None => refuse_standing(known.as_ref()),
    }
}

/// Lets a worker use a code, for pages: a request of a person does not wait for another server. `ours` is
/// our side of the partnership, whatever they say on theirs. Waits for a second administrator where the house wants
/// one.
///
/// # Errors
/// As [`read_code`].
pub async fn accept_later(
    app: &App,
    viewer: Viewer,
    text: &str,
    ours: impl Into<OurSide>,
) -> Result<Decided<JobId>> {
    let ours = ours.into();
    let code = read_code(app, viewer.clone(), text).await?;
    let asker = app.asker(viewer);
    let decided = app
        .db
        .write("accept_code", move |connection| {
            let act = ProposedAct::Accept {
                partner: code.host().to_string(),
                code: code.to_string(),
                ours: ProposedSide::from(&ours),
            };
            let text = code.to_string();
            proposals::decide(connection, &asker, true, act, |connection| {
                use_code(connection, &asker, &text, &ours)
            })
        })
        .await?;
    app.bells.jobs.notify_one();
    Ok(decided)
}

/// Has a worker use a code, in the transaction of the caller, whoever had to agree.
pub(super) fn use_code(
    connection: &mut Connection,
    asker: &Asker,
    text: &str,
    ours: &OurSide,
) -> Result<JobId> {
    permit(asker)?;
    ours.terms.check_end(asker.now)?;
    let own = house::instance_actor(connection)?.uri;
    let code = Code::parse(text, own.host())?;
    refuse_code(connection, code.host(), &code.agreement(&own)?)?;
    let work = Work::AcceptPartnership {
        code: code.to_string(),
        class: ours.class,
        purpose: ours.terms.purpose.clone(),
        contact: ours.terms.contact.clone(),
        until: ours.terms.until.map(Timestamp::micros),
        confirm_months: ours.confirm.to_stored(),
        by: asker.viewer.actor().map(|actor| actor.0),
    };
    storage::jobs::insert(connection, &work, asker.now)
}

/// Nobody uses a code alone where the house wants a second administrator.
///
/// # Errors
/// [`Error::Conflict`] there.
pub fn refuse_alone(app: &App) -> Result<()> {
    match policy::needs_second(app.house(), true) {
        true => Err(Error::Conflict(
            "a second administrator has to agree before a code is used".into(),
        )),
        false => Ok(()),
    }
}

fn permit(asker: &Asker) -> Result<Permit<act::ManagePartners>> {
    access::permit_house::<act::ManagePartners>(asker)
}

fn refuse_ourselves(app: &App, host: &Host) -> Result<()> {
    if host == app.config.host() {
        return Err(Error::Conflict(format!(
            "{host} is this server itself; an organization cannot be its own partner"
        )));
    }
    Ok(())
}

fn refuse_blocked(state: Option<PartnerState>) -> Result<()> {
    match state {
        Some(PartnerState::Blocked) => Err(Error::Denied(Reason::PartnerBlocked)),
        _ => Ok(()),
    }
}

fn refuse_standing(known: Option<&Partner>) -> Result<()> {
    let Some(partner) = known else { return Ok(()) };
    let host = &partner.host;
    match partner.state {
        PartnerState::Invited | PartnerState::Ended => Ok(()),
        PartnerState::Active => Err(Error::Conflict(format!("{host} is a partner already"))),
        PartnerState::Paused => Err(Error::Conflict(format!(
            "the partnership with {host} is paused; resume it instead"
        ))),
        PartnerState::Blocked => Err(Error::Conflict(format!(
            "{host} is blocked here; end the block first"
        ))),
    }
}

/// A partnership of which the other side knows nothing. What is known of the server from earlier
/// is kept.
fn one_sided(
    host: Host,
    known: Option<Partner>,
    class: PartnerClass,
    state: PartnerState,
) -> NewPartner {
    let (organization, instance) = match known {
        Some(partner) => (partner.organization, partner.instance),
        None => (host.to_string(), None),
    };
    NewPartner {
        host,
        class,
        state,
        organization,
        instance,
        mutual: false,
        agreement: None,
        discreet: false,
    }
}

/// Tells the workers of this process that there may be something to plan and to send.
fn ring(app: &App) {
    app.bells.events.notify_one();
    app.bells.deliveries.notify_one();
}
