//! Partnerships with other organizations: how they are made, seen, paused and ended.
//!
//! A partnership that both sides agreed to is made by an invitation: one side's [`invite`], then
//! the [`handshake`] between the servers. [`add`] makes a one-sided one, for servers that know
//! nothing of invitations. Nothing here talks to another server.

mod class;
mod code;
pub mod ending;
pub mod handshake;
mod resuming;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{
    AuditAction, Host, JobId, Partner, PartnerClass, PartnerState, PrivateGroups, Timestamp, Work,
};
use crate::error::{Error, Result};
use crate::policy::{self, Permit, Reason, Viewer, act};
use crate::services::{access, audit, dialects, jobs};
use crate::storage;
use crate::storage::partners::NewPartner;

pub(super) use class::change_class;
pub use class::set_class;
pub use code::Code;
pub use handshake::{HandshakeAnswer, Introduction};
pub(super) use resuming::let_go_on;
pub use resuming::resume;
pub use standing::{Change, Changed, change};

/// Longest time an invitation can be used, days.
const INVITATION_DAYS_MAX: u64 = 90;

/// An invitation that was just made: the only time its code can be seen.
#[derive(Debug)]
pub struct Invited {
    pub code: Code,
    pub class: PartnerClass,
    pub expires_at: Timestamp,
}

/// Makes a one-time code that an administrator elsewhere uses to become our partner. Only its
/// fingerprint is kept.
///
/// # Errors
/// [`Error::Invalid`] for a lifetime of nothing or of more than 90 days.
pub async fn invite(
    app: &App,
    viewer: Viewer,
    class: PartnerClass,
    lifetime: Duration,
) -> Result<Invited> {
    let asker = app.asker(viewer);
    let permit = permit(&asker)?;
    check_lifetime(lifetime)?;
    let code = Code::make(app.addresses().origin())?;
    let fingerprint = code.fingerprint();
    let expires_at = asker.now.plus(lifetime);
    app.db
        .write("invite_partner", move |connection| {
            storage::partners::insert_invitation(
                connection,
                &permit,
                &fingerprint,
                class,
                expires_at,
                asker.now,
            )?;
            let detail = format!("can be used until {expires_at}");
            audit::note(
                connection,
                &asker,
                AuditAction::PartnerInvited,
                class.as_str(),
                &detail,
            )
        })
        .await?;
    Ok(Invited {
        code,
        class,
        expires_at,
    })
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

/// Makes a one-sided partnership: we speak with that server, it need not know of partnerships.
///
/// # Errors
/// [`Error::Conflict`] when it is ourselves, or when there is a partnership that stands or a block.
pub async fn add(
    app: &App,
    viewer: Viewer,
    host: Host,
    class: PartnerClass,
    private_groups: PrivateGroups,
) -> Result<Partner> {
    let asker = app.asker(viewer);
    permit(&asker)?;
    refuse_ourselves(app, &host)?;
    let trusts = private_groups == PrivateGroups::Trust;
    if policy::needs_second(asker.house, trusts) {
        return Err(Error::Conflict(format!(
            "trusting a server takes a second administrator: add {host} first, and trust it then"
        )));
    }
    let partner = app
        .db
        .write("add_partner", move |connection| {
            let known = storage::partners::find_by_host(connection, &host)?;
            refuse_standing(known.as_ref())?;
            let new = one_sided(host, known, class, PartnerState::Active);
            let partner = storage::partners::save(connection, &new, asker.now)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PartnerAdded,
                partner.host.as_str(),
                class.as_str(),
            )?;
            dialects::trust(connection, &asker, &partner.host, private_groups)?;
            storage::partners::find(connection, partner.id)?.ok_or(Error::NotFound)
        })
        .await?;
    app.bells.jobs.notify_one();
    Ok(partner)
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

/// The fingerprint of the key we pinned for a partner's server, to compare by telephone; none for a
/// server not yet met.
pub async fn pinned_key(app: &App, viewer: Viewer, partner: &Partner) -> Result<Option<String>> {
    permit(&app.asker(viewer))?;
    let Some(instance) = partner.instance.clone() else {
        return Ok(None);
    };
    let key = app.db.read(
        "find_pinned_key",
        move |connection| match storage::actors::find_by_uri(connection, &instance)? {
            Some(actor) => storage::actors::find_key_of(connection, actor.id),
            None => Ok(None),
        },
    );
    key.await?
        .map(|key| crypto::key_fingerprint(&key.public_pem))
        .transpose()
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
            let known = storage::partners::find_by_host(connection, &host)?;
            refuse_blocked(known.as_ref().map(|partner| partner.state))?;
            if access::is_stopped(connection, Some(&host), None)? {
                return Err(Error::Denied(Reason::Stopped));
            }
            let was_used = |partner: &Partner| {
                partner.state == PartnerState::Ended
                    && partner.agreement.as_ref() == Some(&agreement)
            };
            if known.as_ref().is_some_and(was_used) {
                return Err(handshake::used());
            }
            // A one-sided partnership may become one of both.
            let one_sided =
                |partner: &&Partner| partner.state == PartnerState::Active && !partner.mutual;
            match known.as_ref().filter(one_sided) {
                Some(_) => Ok(()),
                None => refuse_standing(known.as_ref()),
            }
        })
        .await?;
    Ok(code)
}

/// Lets a worker use a code, for pages: a request of a person does not wait for another server. `class`
/// is what the other organization is to us, whatever we are to them.
pub async fn accept_later(
    app: &App,
    viewer: Viewer,
    text: &str,
    class: PartnerClass,
) -> Result<JobId> {
    let by = viewer.actor().map(|actor| actor.0);
    let code = read_code(app, viewer, text).await?;
    let work = Work::AcceptPartnership {
        code: code.to_string(),
        class,
        by,
    };
    jobs::submit(app, work).await
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
