//! The keys of a partner's server are pinned when both sides agree. What speaks for that server later has to
//! be signed by them, or by keys that they introduced.
//!
//! A server that shows other keys is not believed: they are put aside, the partnership is held, and an
//! administrator compares fingerprints with the other organization, over a way that is not this one.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{
    ActorKey, AuditAction, Host, KeyList, Partner, PartnerState, PauseReason, ProposedAct,
    Timestamp, Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::partners::standing;
use crate::services::proposals::{self, Decided};
use crate::services::remote_actors::{self, ReceivedActor, ReceivedKey};
use crate::services::{audit, jobs};
use crate::storage::{self, Connection};

/// How often each partner's server is asked for its keys, when nothing else leads there.
const LOOK_EVERY: Duration = Duration::from_secs(86_400);
/// Servers that are asked in one step.
const LOOKS_PER_STEP: i64 = 20;

/// A key that a partner's server shows instead of the pinned one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedKey {
    /// SHA-256 of the key, hexadecimal.
    pub fingerprint: String,
    pub seen_at: Timestamp,
}

/// The keys that are pinned for this actor; none unless it speaks for a partner that both sides agreed
/// with.
pub async fn list(app: &App, actor: &Uri) -> Result<Vec<ActorKey>> {
    let actor = actor.clone();
    app.db
        .read("list_pinned_keys", move |connection| {
            Ok(find_pinned(connection, &actor)?.map_or_else(Vec::new, |(_, keys)| keys))
        })
        .await
}

/// The partner for whose server an actor speaks, with the keys that are pinned.
fn find_pinned(
    connection: &mut Connection,
    actor: &Uri,
) -> Result<Option<(Partner, Vec<ActorKey>)>> {
    let known = storage::partners::find_by_host(connection, actor.host())?;
    let stands = |state| matches!(state, PartnerState::Active | PartnerState::Paused);
    let pinned = known.filter(|partner| {
        partner.mutual && stands(partner.state) && partner.instance.as_ref() == Some(actor)
    });
    let Some(partner) = pinned else {
        return Ok(None);
    };
    let Some(actor) = storage::actors::find_by_uri(connection, actor)? else {
        return Ok(None);
    };
    let keys = storage::actors::list_keys_of(connection, actor.id)?;
    Ok((!keys.is_empty()).then_some((partner, keys)))
}

/// Whether an actor's document may be believed about its keys. Where it may not, the keys are put aside
/// and the partnership is held.
pub(in crate::services) fn admit(
    connection: &mut Connection,
    asker: &Asker,
    received: &ReceivedActor,
) -> Result<bool> {
    let Some((partner, pinned)) = find_pinned(connection, &received.new.uri)? else {
        return Ok(true);
    };
    if fits(&pinned, &received.keys) {
        return Ok(true);
    }
    let introduced = received.introduced_by.as_ref().is_some_and(|by| {
        let introduces = |key: &&ActorKey| key.list == KeyList::AssertionMethod && is_current(key);
        pinned.iter().filter(introduces).any(|key| key.uri == *by)
    });
    let host = partner.host.as_str();
    let offered = as_kept(&pinned, &received.keys);
    let (before, after) = (shown_fingerprint(&pinned), shown_fingerprint(&offered));
    if introduced {
        let detail = format!("{before} introduced {after}");
        audit::note(
            connection,
            asker,
            AuditAction::PartnerKeyRotated,
            host,
            &detail,
        )?;
        return Ok(true);
    }
    tracing::warn!(
        host,
        before,
        after,
        "a partner's server shows keys that are not pinned"
    );
    let held = partner.paused_for == Some(PauseReason::KeyChanged);
    if partner.state == PartnerState::Active || held {
        storage::offered_keys::replace(connection, partner.id, &offered, asker.now)?;
    }
    if partner.state == PartnerState::Active {
        let why = format!("its server shows the key {after} instead of {before}");
        let reason = PauseReason::KeyChanged;
        standing::pause_by_itself(connection, asker, &partner, reason, &why)?;
    }
    Ok(false)
}

/// Whether what is shown are the keys that are pinned, but for old ones that are shown no more.
fn fits(pinned: &[ActorKey], shown: &[ReceivedKey]) -> bool {
    let shown = as_kept(pinned, shown);
    let named = |keys: &[ActorKey], current: bool| -> BTreeSet<(Uri, String)> {
        let wanted = keys.iter().filter(|key| is_current(key) == current);
        wanted
            .map(|key| (key.uri.clone(), fingerprint_of(key)))
            .collect()
    };
    named(pinned, true) == named(&shown, true)
        && named(&shown, false).is_subset(&named(pinned, false))
}

/// Of a key that is none, the fingerprint of its text: it is no other key's.
fn fingerprint_of(key: &ActorKey) -> String {
    crypto::key_fingerprint(&key.public_pem)
        .unwrap_or_else(|_| crypto::fingerprint(&key.public_pem))
}

const fn is_current(key: &ActorKey) -> bool {
    key.expires_at.is_none()
}

fn as_kept(pinned: &[ActorKey], shown: &[ReceivedKey]) -> Vec<ActorKey> {
    let Some(actor) = pinned.first().map(|key| key.actor) else {
        return Vec::new();
    };
    let kept = |key: &ReceivedKey| ActorKey {
        actor,
        uri: key.uri.clone(),
        list: key.list,
        public_pem: key.public_pem.clone(),
        private_pem: None,
        expires_at: key.expires_at,
    };
    shown.iter().map(kept).collect()
}

/// The fingerprint that people compare: of the key in `publicKey`; empty where there is none.
fn shown_fingerprint(keys: &[ActorKey]) -> String {
    let shown = |key: &&ActorKey| key.list == KeyList::PublicKey && is_current(key);
    keys.iter()
        .find(shown)
        .map(fingerprint_of)
        .unwrap_or_default()
}

/// The fingerprint of the key we pinned for a partner's server, to compare by telephone; none for a
/// server not yet met.
pub async fn pinned_key(app: &App, viewer: Viewer, partner: &Partner) -> Result<Option<String>> {
    super::permit(&app.asker(viewer))?;
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

/// The key that waits to be compared, while the partnership is held because of it.
pub async fn offered_key(
    app: &App,
    viewer: Viewer,
    partner: &Partner,
) -> Result<Option<OfferedKey>> {
    super::permit(&app.asker(viewer))?;
    let id = partner.id;
    app.db
        .read("find_offered_key", move |connection| {
            let Some((keys, seen_at)) = storage::offered_keys::list(connection, id)? else {
                return Ok(None);
            };
            Ok(Some(OfferedKey {
                fingerprint: shown_fingerprint(&keys),
                seen_at,
            }))
        })
        .await
}

/// Pins the keys that a partner's server shows, after an administrator compared the fingerprint with the
/// other organization, and lets the partnership go on. Waits for a second administrator where the house
/// wants one.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner, [`Error::Conflict`] when its server shows no
/// other key, or one with another fingerprint.
pub async fn trust(
    app: &App,
    viewer: Viewer,
    host: Host,
    fingerprint: &str,
) -> Result<Decided<Partner>> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    let fingerprint = without_marks(fingerprint);
    let decided = app
        .db
        .write("trust_partner_key", move |connection| {
            let act = ProposedAct::TrustKey {
                partner: host.to_string(),
                fingerprint: fingerprint.clone(),
            };
            proposals::decide(connection, &asker, true, act, |connection| {
                pin_offered(connection, &asker, &host, &fingerprint)
            })
        })
        .await?;
    super::ring(app);
    Ok(decided)
}

/// A fingerprint as people copy it: `ab:CD 12`.
fn without_marks(fingerprint: &str) -> String {
    let letters = fingerprint.chars();
    letters
        .filter(char::is_ascii_hexdigit)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// The same in the transaction of the caller, whoever had to agree.
pub(in crate::services) fn pin_offered(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    fingerprint: &str,
) -> Result<Partner> {
    super::permit(asker)?;
    let partner = storage::partners::find_by_host(connection, host)?.ok_or(Error::NotFound)?;
    let Some((offered, _)) = storage::offered_keys::list(connection, partner.id)? else {
        return Err(Error::Conflict(format!(
            "{host} shows no other key than the pinned one"
        )));
    };
    let shown = shown_fingerprint(&offered);
    if shown != fingerprint {
        return Err(Error::Conflict(format!(
            "{host} shows the key {shown}, which is not the one that was compared; nothing was changed"
        )));
    }
    let instance = partner.instance.as_ref().ok_or(Error::NotFound)?;
    let actor = storage::actors::find_by_uri(connection, instance)?.ok_or(Error::NotFound)?;
    let received = offered.into_iter().map(|key| ReceivedKey {
        uri: key.uri,
        list: key.list,
        public_pem: key.public_pem,
        expires_at: key.expires_at,
    });
    remote_actors::pin_keys(
        connection,
        actor.id,
        instance,
        received.collect(),
        asker.now,
    )?;
    let (action, subject) = (AuditAction::PartnerKeyTrusted, host.as_str());
    audit::note(connection, asker, action, subject, fingerprint)?;
    Ok(standing::resume(connection, asker, partner)?.partner)
}

/// Has the servers of partners asked for their keys that were not asked for a day; how many.
pub async fn look_now_and_then(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let before = now.minus(LOOK_EVERY);
    let most = LOOKS_PER_STEP;
    let due = move |connection: &mut Connection| {
        storage::partners::list_unlooked(connection, before, most)
    };
    if app.db.read("list_unlooked_partners", due).await?.is_empty() {
        return Ok(0);
    }
    let hosts = app
        .db
        .write_patiently("note_looked_at_partners", move |connection| {
            let hosts = due(connection)?;
            storage::partners::set_looked_at(connection, &hosts, now)?;
            Ok(hosts)
        })
        .await?;
    for host in &hosts {
        let work = Work::LookAtKeys {
            host: host.to_string(),
        };
        jobs::submit(app, work).await?;
    }
    Ok(hosts.len())
}

/// The instance actor of a partner's server.
pub async fn find_instance(app: &App, host: Host) -> Result<Uri> {
    app.db
        .read("find_partner_instance", move |connection| {
            let partner = storage::partners::find_by_host(connection, &host)?;
            partner
                .and_then(|partner| partner.instance)
                .ok_or(Error::NotFound)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ActorId;
    use crate::services::test_house::KEYS;

    fn shown(name: &str, pem: &str, retired: bool) -> ReceivedKey {
        ReceivedKey {
            uri: format!("https://birch.example/actor#{name}")
                .parse()
                .unwrap(),
            list: KeyList::PublicKey,
            public_pem: pem.to_owned(),
            expires_at: retired.then_some(Timestamp::MAX),
        }
    }

    fn kept(keys: &[ReceivedKey]) -> Vec<ActorKey> {
        let any = ActorKey {
            actor: ActorId(1),
            uri: keys[0].uri.clone(),
            list: KeyList::PublicKey,
            public_pem: String::new(),
            private_pem: None,
            expires_at: None,
        };
        as_kept(&[any], keys)
    }

    #[test]
    fn only_what_is_pinned_fits() {
        let (one, other) = (KEYS.1.as_str(), crypto::generate_rsa().unwrap().1);
        let pinned = kept(&[shown("new", one, false), shown("old", &other, true)]);
        let fit = |keys: &[ReceivedKey]| fits(&pinned, keys);
        assert!(fit(&[shown("new", one, false), shown("old", &other, true)]));
        assert!(fit(&[shown("new", one, false)]), "the old one is over");
        assert!(
            !fit(&[shown("new", &other, false)]),
            "another key of the same name"
        );
        assert!(!fit(&[shown("old", &other, false)]), "the old one is back");
        assert!(!fit(&[
            shown("new", one, false),
            shown("more", &other, false)
        ]));
        assert!(!fit(&[shown("new", one, false), shown("x", &other, true)]));
        assert!(!fit(&[shown("new", one, true)]), "the current one ends");
        assert!(!fit(&[]));
    }

    #[test]
    fn a_fingerprint_is_read_as_it_is_written_anywhere() {
        assert_eq!(without_marks(" AB:cd 12-ef\n"), "abcd12ef");
    }
}
