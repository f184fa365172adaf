//! How other servers want our requests to be signed: what each was seen to accept is remembered.

use std::time::Duration;

use crate::app::App;
use crate::domain::{Host, Learned, Peer, SignatureChoice, Timestamp};
use crate::error::Result;
use crate::storage::{self, Connection};

/// How long what a server accepted in fact counts more than what its actors say. Afterwards it may
/// have been updated.
const TRIAL_COUNTS: Duration = Duration::from_secs(7 * 86_400);

/// What is known of a server.
pub async fn find(app: &App, host: &Host) -> Result<Option<Peer>> {
    let host = host.clone();
    app.db
        .read("find_peer", move |connection| {
            storage::peers::find(connection, &host)
        })
        .await
}

/// Remembers how a server wants requests to be signed, unless we know better; what is known now.
pub async fn learn(
    app: &App,
    host: &Host,
    signature: SignatureChoice,
    learned: Learned,
) -> Result<Option<Peer>> {
    let peer = Peer {
        host: host.clone(),
        signature,
        learned,
        learned_at: app.clock.now(),
    };
    app.db
        .write_patiently("learn_of_peer", move |connection| {
            learn_with(connection, peer)
        })
        .await
}

/// The same inside a use case.
pub(super) fn learn_with(connection: &mut Connection, new: Peer) -> Result<Option<Peer>> {
    let known = storage::peers::find(connection, &new.host)?;
    if !is_news(known.as_ref(), new.signature, new.learned, new.learned_at) {
        return Ok(known);
    }
    tracing::debug!(host = %new.host, signature = %new.signature, learned = %new.learned, "how a server is spoken to");
    storage::peers::save(connection, &new)?;
    Ok(Some(new))
}

/// Whether what was learned says something new, and weighs enough to be believed.
pub fn is_news(
    known: Option<&Peer>,
    signature: SignatureChoice,
    learned: Learned,
    now: Timestamp,
) -> bool {
    let Some(known) = known else { return true };
    if known.signature == signature {
        return learned > known.learned;
    }
    match learned {
        // What it sends tells that it understands the kind; not that it prefers it to another.
        Learned::Seen => known.signature == SignatureChoice::Cavage && !holds(known, now),
        Learned::Declared => !holds(known, now),
        Learned::Asked | Learned::Tried => true,
    }
}

fn holds(known: &Peer, now: Timestamp) -> bool {
    match known.learned {
        Learned::Seen | Learned::Declared => false,
        Learned::Asked | Learned::Tried => now.since(known.learned_at) < TRIAL_COUNTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SignatureChoice::{Cavage, Rfc9421, Rfc9421Ed25519};

    fn at(days: u64) -> Timestamp {
        Timestamp::parse("2026-11-22")
            .unwrap()
            .plus(Duration::from_secs(days * 86_400))
    }

    fn known(signature: SignatureChoice, learned: Learned) -> Peer {
        Peer {
            host: "birch.example".parse().unwrap(),
            signature,
            learned,
            learned_at: at(0),
        }
    }

    #[test]
    fn what_was_tried_counts_more_than_what_is_said_for_a_week() {
        let tried = known(Cavage, Learned::Tried);
        for learned in [Learned::Seen, Learned::Declared] {
            assert!(!is_news(Some(&tried), Rfc9421, learned, at(6)), "{learned}");
            assert!(is_news(Some(&tried), Rfc9421, learned, at(8)), "{learned}");
        }
        for learned in [Learned::Asked, Learned::Tried] {
            assert!(is_news(Some(&tried), Rfc9421, learned, at(1)), "{learned}");
        }
    }

    #[test]
    fn what_a_server_says_counts_more_than_what_it_was_seen_to_do() {
        assert!(is_news(None, Rfc9421, Learned::Seen, at(0)));
        let seen = known(Rfc9421, Learned::Seen);
        assert!(is_news(
            Some(&seen),
            Rfc9421Ed25519,
            Learned::Declared,
            at(0)
        ));
        let declared = known(Rfc9421Ed25519, Learned::Declared);
        assert!(!is_news(Some(&declared), Rfc9421, Learned::Seen, at(30)));
        assert!(is_news(Some(&declared), Rfc9421, Learned::Declared, at(0)));
    }

    #[test]
    fn the_same_again_is_no_news() {
        let declared = known(Rfc9421, Learned::Declared);
        assert!(!is_news(Some(&declared), Rfc9421, Learned::Declared, at(9)));
        assert!(!is_news(Some(&declared), Rfc9421, Learned::Seen, at(9)));
        assert!(is_news(Some(&declared), Rfc9421, Learned::Tried, at(9)));
    }
}
