//! How two servers become partners by an invitation.
//!
//! The *giver* made the code, the *taker*'s administrator pasted it. The taker's server shows the
//! giver the code's secret and its instance actor ([`check_code`], [`accept_offer`]), and records
//! what the giver answers ([`record_accepted`]). An answer may get lost on the way: the same server
//! may ask again with the same code until it expires, and gets the same answer.

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{
    ActorState, AuditAction, Copies, Evidence, GroupDialect, Host, Invitation, OurSide, Partner,
    PartnerState, Side, SignatureChoice, Terms, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer};
use crate::services::partners::ending;
use crate::services::{access, audit, house, remote_actors};
use crate::storage::partners::NewPartner;
use crate::storage::{self, Connection};

pub use crate::services::remote_actors::ReceivedKey;
pub use crate::storage::actors::NewActor;

/// Longest name of an organization, characters.
const ORGANIZATION_CHARS_MAX: usize = 200;

/// The other server as it showed itself, over a connection or by a signature that was verified.
#[derive(Clone, Debug)]
pub struct Introduction {
    /// Its instance actor.
    pub actor: NewActor,
    /// The keys of that actor. They are pinned.
    pub keys: Vec<ReceivedKey>,
    /// How it says that it accepts requests to be signed.
    pub signature: Option<SignatureChoice>,
    /// In which dialect it takes part in groups, where it says so.
    pub dialect: Option<(GroupDialect, Evidence)>,
    /// The organization's name, as it calls itself.
    pub organization: String,
    /// What the partnership is for, as it says.
    pub terms: Terms,
}

/// What the giver tells the taker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeAnswer {
    /// Our organization's name.
    pub organization: String,
    /// Our side: what the taker is to us, and what the partnership is for.
    pub ours: OurSide,
}

/// Giver: whether `host` may use the code, asked before anything is fetched from it.
///
/// # Errors
/// [`Error::NotFound`] for a code we never made: nothing else is told to who has none.
/// [`Error::Conflict`] when it expired or was used by somebody else, or `host` is ourselves;
/// [`Error::Denied`] when `host` is blocked or its partnership paused.
pub async fn check_code(app: &App, secret: &str, host: &Host) -> Result<()> {
    let (fingerprint, host) = (crypto::fingerprint(secret), host.clone());
    let (ourselves, now) = (app.config.host().clone(), app.clock.now());
    app.db
        .read("check_invitation", move |connection| {
            usable(connection, &fingerprint, &host, now)?;
            refuse_own_host(&ourselves, &host)
        })
        .await
}

/// Giver: makes the partnership with the server that used a code of ours, by this offer.
///
/// # Errors
/// As [`check_code`]; [`Error::Invalid`] when the instance actor contradicts itself.
pub async fn accept_offer(
    app: &App,
    secret: &str,
    offer: &Uri,
    introduction: Introduction,
) -> Result<HandshakeAnswer> {
    let host = introduction.actor.uri.host().clone();
    refuse_own_host(app.config.host(), &host)?;
    // Nobody here acts: the code that an administrator made is the permission.
    let asker = app.asker(Viewer::Server { host: host.clone() });
    let (fingerprint, offer) = (crypto::fingerprint(secret), offer.clone());
    let config = app.config.clone();
    app.db
        .write("accept_partnership", move |connection| {
            let invitation = usable(connection, &fingerprint, &host, asker.now)?;
            let ours = invitation.ours.clone();
            match invitation.used_by {
                Some(_) => refuse_unless_stands(connection, &host, &offer)?,
                None => {
                    use_up(connection, &invitation, &host)?;
                    establish(connection, &asker, offer, introduction, &ours)?;
                }
            }
            Ok(HandshakeAnswer {
                organization: house::find_organization(connection, &config)?,
                ours,
            })
        })
        .await
}

/// Taker: records the partnership that the giver agreed to by our offer. `ours` is our side of it.
///
/// # Errors
/// [`Error::Denied`] when the giver is blocked here, [`Error::Invalid`] when its instance actor
/// contradicts itself.
pub async fn record_accepted(
    app: &App,
    viewer: Viewer,
    offer: &Uri,
    introduction: Introduction,
    ours: impl Into<OurSide>,
) -> Result<Partner> {
    let ours = ours.into();
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    let host = introduction.actor.uri.host().clone();
    super::refuse_ourselves(app, &host)?;
    let offer = offer.clone();
    app.db
        .write("record_partnership", move |connection| {
            super::refuse_blocked(storage::partners::find_state(connection, &host)?)?;
            establish(connection, &asker, offer, introduction, &ours)
        })
        .await
}

/// The invitation with this fingerprint, if `host` may use it now.
fn usable(
    connection: &mut Connection,
    fingerprint: &str,
    host: &Host,
    now: Timestamp,
) -> Result<Invitation> {
    let invitation =
        storage::partners::find_invitation(connection, fingerprint)?.ok_or(Error::NotFound)?;
    if invitation.used_by.as_ref().is_some_and(|by| by != host) {
        return Err(used());
    }
    if invitation.expires_at <= now {
        return Err(Error::Conflict(
            "this invitation has expired; ask the organization for a new one".into(),
        ));
    }
    if access::is_stopped(connection, Some(host), None)? {
        return Err(Error::Denied(Reason::Stopped));
    }
    match storage::partners::find_state(connection, host)? {
        Some(PartnerState::Blocked) => Err(Error::Denied(Reason::PartnerBlocked)),
        // An old code left over must not undo what an administrator decided.
        Some(PartnerState::Paused) => Err(Error::Denied(Reason::PartnershipPaused)),
        _ => Ok(invitation),
    }
}

pub(super) fn used() -> Error {
    Error::Conflict("this invitation was used already; ask the organization for a new one".into())
}

fn refuse_own_host(ourselves: &Host, host: &Host) -> Result<()> {
    if ourselves == host {
        return Err(Error::Conflict(
            "this invitation was made here: an organization cannot be its own partner".into(),
        ));
    }
    Ok(())
}

fn use_up(connection: &mut Connection, invitation: &Invitation, host: &Host) -> Result<()> {
    match storage::partners::use_invitation(connection, invitation.id, host)? {
        true => Ok(()),
        false => Err(used()),
    }
}

/// Who asks again gets the same answer, but not a partnership back that has ended since.
fn refuse_unless_stands(connection: &mut Connection, host: &Host, offer: &Uri) -> Result<()> {
    let known = storage::partners::find_by_host(connection, host)?;
    let stands = |partner: &Partner| {
        partner.state == PartnerState::Active && partner.agreement.as_ref() == Some(offer)
    };
    match known.as_ref().is_some_and(stands) {
        true => Ok(()),
        false => Err(used()),
    }
}

/// Writes the other server, its keys and the partnership, active and agreed to by both.
fn establish(
    connection: &mut Connection,
    asker: &Asker,
    offer: Uri,
    introduction: Introduction,
    ours: &OurSide,
) -> Result<Partner> {
    let Introduction {
        actor,
        keys,
        signature,
        dialect,
        organization,
        terms,
    } = introduction;
    let host = actor.uri.host().clone();
    let instance = remote_actors::save(connection, actor, keys, asker.now)?;
    remote_actors::note_ways(connection, &host, signature, dialect, asker.now)?;
    if instance.state != ActorState::Active {
        return Err(Error::invalid(
            "actor",
            format!("of {host} is {}: it cannot be a partner", instance.state),
        ));
    }
    let known = storage::partners::find_by_host(connection, &host)?;
    if let Some(known) = known.filter(|known| known.mutual && known.state == PartnerState::Active) {
        // Over there it has ended already, or there would be nothing to make anew.
        ending::end(connection, asker, known, Side::Them, Copies::AskedBack)?;
    }
    let new = NewPartner {
        organization: organization_name(&organization, &host),
        host,
        class: ours.class,
        state: PartnerState::Active,
        instance: Some(instance.uri),
        mutual: true,
        agreement: Some(offer),
        // Nobody else speaks this handshake.
        discreet: true,
    };
    let partner = storage::partners::save(connection, &new, asker.now)?;
    storage::partners::set_ours(connection, partner.id, &ours.terms, ours.confirm)?;
    storage::partners::set_theirs(connection, partner.id, &terms)?;
    // The keys of the introduction are the ones that are pinned.
    storage::offered_keys::forget(connection, partner.id)?;
    audit::note(
        connection,
        asker,
        AuditAction::PartnerAccepted,
        partner.host.as_str(),
        ours.class.as_str(),
    )?;
    storage::partners::find(connection, partner.id)?.ok_or(Error::NotFound)
}

/// What another server calls itself, as one short line; its host where it says nothing.
fn organization_name(claimed: &str, host: &Host) -> String {
    let line: String = claimed
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(ORGANIZATION_CHARS_MAX)
        .collect();
    if line.is_empty() {
        host.to_string()
    } else {
        line
    }
}
