//! In which dialect other servers take part in groups: what was learned of each is remembered, and
//! administrators may choose otherwise.
//!
//! What an administrator chose counts more than what a server says, that more than what it was seen to
//! do, and that more than what the name of its software lets us guess.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::{App, Asker};
use crate::domain::{
    AuditAction, DialectChoice, Evidence, GroupDialect, Host, PeerDialect, PrivateGroups,
    ProposedAct, Timestamp, Work, dialect_of_software,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::proposals::{self, Decided};
use crate::services::{access, audit};
use crate::storage::{self, Connection};

/// A server is asked for its software again after this, when somebody there follows a group.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(30 * 86_400);

/// What is known of a partner's server, for administrators.
pub async fn find(app: &App, viewer: Viewer, host: Host) -> Result<PeerDialect> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("find_dialect", move |connection| known(connection, host))
        .await
}

/// Chooses the dialect a partner's server is spoken to in, or has what was learned of it count again.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner.
pub async fn choose(
    app: &App,
    viewer: Viewer,
    host: Host,
    choice: DialectChoice,
) -> Result<PeerDialect> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    app.db
        .write("choose_dialect", move |connection| {
            storage::partners::find_by_host(connection, &host)?.ok_or(Error::NotFound)?;
            let by = audit::name_of(connection, &asker.viewer)?;
            let peer = PeerDialect {
                chosen: choice.dialect().map(|dialect| (dialect, by)),
                ..known(connection, host)?
            };
            storage::dialects::save(connection, &peer)?;
            let action = AuditAction::DialectChosen;
            audit::note(
                connection,
                &asker,
                action,
                peer.host.as_str(),
                choice.as_str(),
            )?;
            Ok(peer)
        })
        .await
}

/// Lets groups that are not public go to a partner's server whatever its software does with them, or
/// only where it is known to keep them. Trusting waits for a second administrator where the house wants one.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner.
pub async fn choose_private_groups(
    app: &App,
    viewer: Viewer,
    host: Host,
    choice: PrivateGroups,
) -> Result<Decided<PeerDialect>> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let decided = app
        .db
        .write("choose_private_groups", move |connection| {
            storage::partners::find_by_host(connection, &host)?.ok_or(Error::NotFound)?;
            let before = known(connection, host.clone())?;
            let widens = choice == PrivateGroups::Trust && before.trusted_by.is_none();
            let act = ProposedAct::Trust {
                partner: host.to_string(),
            };
            proposals::decide(connection, &asker, widens, act, |connection| {
                trust(connection, &asker, &host, choice)?;
                known(connection, host)
            })
        })
        .await?;
    app.bells.jobs.notify_one();
    Ok(decided)
}

/// The same inside a use case. A server that is not trusted is asked what it runs.
pub(super) fn trust(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    choice: PrivateGroups,
) -> Result<()> {
    let trusted_by = match choice {
        PrivateGroups::Trust => Some(audit::name_of(connection, &asker.viewer)?),
        PrivateGroups::Auto => None,
    };
    let mut before = known(connection, host.clone())?;
    if before.software.is_none() {
        // Who looks again wants an answer, however lately there was none.
        before.asked_at = None;
    }
    if before.trusted_by.is_some() != trusted_by.is_some() {
        let action = AuditAction::PrivateGroupsChosen;
        audit::note(connection, asker, action, host.as_str(), choice.as_str())?;
    }
    save(
        connection,
        &PeerDialect {
            trusted_by,
            ..before
        },
    )?;
    match choice {
        PrivateGroups::Auto => ask_software(connection, host, asker.now),
        PrivateGroups::Trust => Ok(()),
    }
}

/// Judges all partners anew by what is known of software now: a new version may know more.
pub async fn judge_all(app: &App) -> Result<()> {
    app.db
        .write("judge_partners", |connection| {
            for partner in storage::partners::list(connection)? {
                let peer = known(connection, partner.host)?;
                judge(connection, &peer)?;
            }
            Ok(())
        })
        .await
}

/// Writes down what is known of a server, and what follows for its partnership.
fn save(connection: &mut Connection, peer: &PeerDialect) -> Result<()> {
    storage::dialects::save(connection, peer)?;
    judge(connection, peer)
}

fn judge(connection: &mut Connection, peer: &PeerDialect) -> Result<()> {
    let Some(partner) = storage::partners::find_by_host(connection, &peer.host)? else {
        return Ok(());
    };
    let kept = peer.discretion(partner.mutual).kept;
    match partner.discreet == kept {
        true => Ok(()),
        false => storage::partners::set_discreet(connection, partner.id, kept),
    }
}

/// Remembers what a server was seen to do or says, unless we know better.
pub async fn learn(app: &App, host: &Host, learned: (GroupDialect, Evidence)) -> Result<()> {
    let host = host.clone();
    app.db
        .write_patiently("learn_dialect", move |connection| {
            learn_with(connection, &host, learned)
        })
        .await
}

/// The same inside a use case.
pub(super) fn learn_with(
    connection: &mut Connection,
    host: &Host,
    learned: (GroupDialect, Evidence),
) -> Result<()> {
    let peer = known(connection, host.clone())?;
    if !is_news(peer.learned, learned) {
        return Ok(());
    }
    let (dialect, evidence) = learned;
    tracing::debug!(%host, %dialect, %evidence, "how a server takes part in groups");
    let peer = PeerDialect {
        learned: Some(learned),
        ..peer
    };
    storage::dialects::save(connection, &peer)
}

/// Remembers what software a server says it runs, and what that lets us guess.
pub async fn note_software(app: &App, host: &Host, name: String, version: String) -> Result<()> {
    let host = host.clone();
    app.db
        .write_patiently("note_software", move |connection| {
            let mut peer = known(connection, host)?;
            peer.software = Some(format!("{name} {version}").trim().to_owned());
            let guess = dialect_of_software(&name).map(|dialect| (dialect, Evidence::Guessed));
            match (peer.learned, guess) {
                (known, Some(guess)) if is_news(known, guess) => peer.learned = Some(guess),
                // It is other software now, of which nothing is known.
                (Some((_, Evidence::Guessed)), None) => peer.learned = None,
                _ => {}
            }
            save(connection, &peer)
        })
        .await
}

/// A server becomes a partner, or somebody there comes into a group of ours: it is asked for its
/// software, once in a while, unless its dialect is known better and its discretion is not in doubt.
pub(super) fn ask_software(connection: &mut Connection, host: &Host, now: Timestamp) -> Result<()> {
    let peer = known(connection, host.clone())?;
    let partner = storage::partners::find_by_host(connection, host)?;
    let discreet = partner.is_some_and(|partner| peer.discretion(partner.mutual).kept);
    let knows_better =
        discreet && matches!(peer.learned, Some((_, Evidence::Seen | Evidence::Said)));
    let lately = |at: Timestamp| now.since(at) < ASK_AGAIN_AFTER;
    if knows_better || peer.asked_at.is_some_and(lately) {
        return Ok(());
    }
    let work = Work::AskSoftware {
        host: host.to_string(),
    };
    storage::jobs::insert(connection, &work, now)?;
    let peer = PeerDialect {
        asked_at: Some(now),
        ..peer
    };
    storage::dialects::save(connection, &peer)
}

/// The servers that understand boosts, with their dialects.
pub(super) fn with_boosts(connection: &mut Connection) -> Result<HashMap<Host, GroupDialect>> {
    let peers = storage::dialects::list_with_boosts(connection)?;
    let dialects = peers.into_iter().map(|peer| {
        let dialect = peer.dialect();
        (peer.host, dialect)
    });
    Ok(dialects.collect())
}

/// What is known of a server, or that nothing is.
pub(super) fn known(connection: &mut Connection, host: Host) -> Result<PeerDialect> {
    let known = storage::dialects::find(connection, &host)?;
    Ok(known.unwrap_or_else(|| PeerDialect::unknown(host)))
}

/// Whether what was learned says something new, and weighs enough to be believed.
fn is_news(known: Option<(GroupDialect, Evidence)>, new: (GroupDialect, Evidence)) -> bool {
    known.is_none_or(|known| known != new && new.1 >= known.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Evidence::{Guessed, Said, Seen};
    use crate::domain::GroupDialect::{Activities, Boosts};
    use crate::services::test_house::House;

    #[test]
    fn what_a_server_says_counts_more_than_what_it_does_and_that_more_than_a_guess() {
        assert!(is_news(None, (Boosts, Guessed)));
        assert!(is_news(Some((Boosts, Guessed)), (Activities, Seen)));
        assert!(is_news(Some((Boosts, Seen)), (Activities, Said)));
        assert!(!is_news(Some((Activities, Seen)), (Boosts, Guessed)));
        assert!(!is_news(Some((Activities, Said)), (Boosts, Seen)));
        assert!(!is_news(Some((Activities, Said)), (Activities, Said)));
    }

    #[tokio::test]
    async fn what_is_chosen_counts_until_it_is_taken_back() {
        let house = House::open("acme.example").await;
        house.partner("birch.example").await;
        let (app, host) = (&house.app, "birch.example".parse::<Host>().unwrap());
        let choose = async |choice| {
            let chosen = super::choose(app, Viewer::Operator, host.clone(), choice).await;
            chosen.unwrap()
        };

        note_software(app, &host, "snac".into(), "2.80".into())
            .await
            .unwrap();
        let boosted = app.db.read("with_boosts", with_boosts).await.unwrap();
        assert_eq!(boosted.get(&host), Some(&Boosts));

        let chosen = choose(DialectChoice::Activities).await;
        assert_eq!(
            (chosen.dialect(), chosen.why()),
            (Activities, "set by operator".into())
        );
        let boosted = app.db.read("with_boosts", with_boosts).await.unwrap();
        assert!(boosted.is_empty());

        let learned = choose(DialectChoice::Auto).await;
        assert_eq!(learned.why(), "guessed from NodeInfo: snac 2.80");
        learn(app, &host, (Activities, Seen)).await.unwrap();
        note_software(app, &host, "snac".into(), "2.81".into())
            .await
            .unwrap();
        let found = find(app, Viewer::Operator, host.clone()).await.unwrap();
        assert_eq!(found.learned, Some((Activities, Seen)));

        let stranger = "cedar.example".parse().unwrap();
        let refused = super::choose(app, Viewer::Operator, stranger, DialectChoice::Both).await;
        assert!(matches!(refused, Err(Error::NotFound)));
    }
}
