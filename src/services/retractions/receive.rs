//! The other side of taking back: another house asks us to throw away what came from it, and answers what we asked.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{digest, line};
use crate::app::Asker;
use crate::domain::{
    Actor, ActorKind, AuditAction, EventKind, Host, LedgerEntry, LedgerOutcome, Partner, Post,
    PostId, PostState, Retraction, RetractionAnswer, RetractionId, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{self, Denial, OriginFacts, Reason};
use crate::services::{access, audit, house, prune};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// The partner for whose house the signer speaks: one by invitation, and by the actor with which it was made. Also when it
/// is over.
///
/// # Errors
/// [`Error::Denied`] when anybody else asks.
pub(in crate::services) fn check_house(
    connection: &mut Connection,
    signer: &Actor,
) -> Result<Partner> {
    let partner = storage::partners::find_by_host(connection, signer.uri.host())?;
    let is_house = |partner: &Partner| {
        signer.kind == ActorKind::Service
            && partner.mutual
            && partner.instance.as_ref() == Some(&signer.uri)
    };
    partner
        .filter(is_house)
        .ok_or(Error::Denied(Reason::NotAdministrator))
}

/// Throws away what came from the signer's house: texts with their history, files, polls, and the activities that brought
/// them. What is left is the place in the conversation. Then the house is told what was done; asked again, it is told again.
pub(in crate::services) fn purge(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    retraction: &Uri,
    posts: &[Uri],
) -> Result<()> {
    let partner = check_house(connection, signer)?;
    let (mut gone, mut kept, mut purged) = (Vec::new(), Vec::new(), HashSet::new());
    for uri in posts {
        match throw_away(connection, asker, &partner.host, uri)? {
            Fate::Purged => {
                purged.insert(uri.as_str());
                gone.push(uri);
            }
            Fate::NotHere => gone.push(uri),
            Fate::Kept => kept.push(uri.clone()),
        }
    }
    if !purged.is_empty() {
        let since = asker.now.minus(prune::ARRIVAL_BODIES_KEPT * 2);
        storage::arrivals::forget_bodies_naming(connection, &partner.host, since, &purged)?;
        let (done, of) = (purged.len(), posts.len());
        let detail = format!("{done} of {of} posts, as {} asked", signer.uri);
        let (action, subject) = (AuditAction::ThrownAway, retraction.as_str());
        audit::note(connection, asker, action, subject, &detail)?;
    }
    let answer = RetractionAnswer {
        gone: u32::try_from(gone.len()).unwrap_or(u32::MAX),
        purged: u32::try_from(purged.len()).unwrap_or(u32::MAX),
        digest: digest(gone),
        kept,
    };
    tell_answer(connection, asker, &partner, retraction, &answer)
}

/// What became of a post that was asked back.
enum Fate {
    Purged,
    /// It is not here, or not any more; or it came from somebody else, and that it is here is none of their business.
    NotHere,
    /// People here wrote it.
    Kept,
}

fn throw_away(connection: &mut Connection, asker: &Asker, by: &Host, uri: &Uri) -> Result<Fate> {
    let Some(post) = storage::posts::find_by_uri(connection, uri)? else {
        return Ok(Fate::NotHere);
    };
    let facts = origin_of(connection, &post)?;
    let permit = match policy::permit_take_back(&asker.viewer, &facts) {
        Ok(permit) => permit,
        Err(Denial::Forbidden(_)) => return Ok(Fate::Kept),
        Err(Denial::Hidden) => return Ok(Fate::NotHere),
    };
    if post.state == PostState::Deleted {
        return Ok(Fate::NotHere);
    }
    storage::posts::throw_away(connection, &permit, &post)?;
    storage::retractions::note_taken_back(connection, post.id, by, asker.now)?;
    if facts.house.is_none() && post.group.is_some() {
        // The other servers of a group of ours got it from us.
        let event = NewEvent {
            kind: EventKind::PostDeleted,
            actor: post.author,
            group: post.group,
            post: Some(post.id),
            object: None,
            activity: None,
        };
        storage::events::append(connection, event, asker.now)?;
    }
    Ok(Fate::Purged)
}

fn origin_of(connection: &mut Connection, post: &Post) -> Result<OriginFacts> {
    let author = storage::actors::find(connection, post.author)?;
    let group = access::find_group_of(connection, post)?;
    Ok(OriginFacts {
        group: post.group.unwrap_or(crate::domain::GroupId(0)),
        post: post.id,
        author: author.and_then(|author| author.host),
        house: group.and_then(|group| group.home().cloned()),
    })
}

/// What an event has to remember of an answer.
#[derive(Serialize, Deserialize)]
struct Told {
    retraction: String,
    gone: u32,
    purged: u32,
    digest: String,
    kept: Vec<String>,
}

fn tell_answer(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
    retraction: &Uri,
    answer: &RetractionAnswer,
) -> Result<()> {
    let told = Told {
        retraction: retraction.to_string(),
        gone: answer.gone,
        purged: answer.purged,
        digest: answer.digest.clone(),
        kept: answer.kept.iter().map(Uri::to_string).collect(),
    };
    let event = NewEvent {
        kind: EventKind::RetractionAnswered,
        actor: house::instance_actor(connection)?.id,
        group: None,
        post: None,
        object: Some(partner.id.0),
        activity: Some(serde_json::to_string(&told).map_err(Error::internal)?),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// The answer that an event carries, and to which request it is one.
pub(in crate::services) fn read_told(activity: &str) -> Result<(Uri, RetractionAnswer)> {
    let told: Told = serde_json::from_str(activity).map_err(Error::internal)?;
    let kept: std::result::Result<Vec<Uri>, _> = told.kept.iter().map(|uri| uri.parse()).collect();
    let answer = RetractionAnswer {
        gone: told.gone,
        purged: told.purged,
        digest: told.digest,
        kept: kept?,
    };
    Ok((told.retraction.parse()?, answer))
}

// What is answered to us ----------------------------------------------------------------------------

/// The request of ours that the signer's house may answer.
///
/// # Errors
/// [`Error::Denied`] when anybody else speaks, [`Error::NotFound`] where there is no such request to that house.
pub(in crate::services) fn find_asked(
    connection: &mut Connection,
    signer: &Actor,
    retraction: &Uri,
) -> Result<(Partner, Retraction)> {
    let partner = check_house(connection, signer)?;
    let ours = house::instance_actor(connection)?.uri;
    let found = match id_of(retraction, ours.host()) {
        Some(id) => storage::retractions::find(connection, id)?,
        None => None,
    };
    match found.filter(|found| found.host == partner.host && found.can_confirm) {
        Some(found) => Ok((partner, found)),
        None => Err(Error::NotFound),
    }
}

/// The number in the name of a request of ours.
fn id_of(retraction: &Uri, ours: &Host) -> Option<RetractionId> {
    let (_, number) = retraction.as_str().rsplit_once("/retractions/")?;
    (retraction.host() == ours).then(|| number.parse().ok())?
}

/// Compares what the other side says with what was asked. Believed is what fits: the posts they do not say they keep, where
/// their digest is of just these.
pub(in crate::services) fn receive_answer(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    retraction: &Uri,
    answer: &RetractionAnswer,
) -> Result<()> {
    let (_, asked) = find_asked(connection, signer, retraction)?;
    let open = storage::retractions::list_posts(connection, asked.id, true)?;
    let all = storage::retractions::list_posts(connection, asked.id, false)?;
    let gone: Vec<&Post> = all
        .iter()
        .filter(|post| !answer.kept.contains(&post.uri))
        .collect();
    let fits = usize::try_from(answer.gone).ok() == Some(gone.len())
        && answer.digest == digest(gone.iter().map(|post| &post.uri));
    let confirmed: Vec<PostId> = match fits {
        true => gone.iter().map(|post| post.id).collect(),
        false => Vec::new(),
    };
    let (id, now) = (asked.id, asker.now);
    storage::retractions::set_answered(connection, id, answer.gone, &confirmed, now)?;
    let group = storage::groups::find(connection, asked.group)?.ok_or(Error::NotFound)?;
    let newly = open.iter().filter(|post| confirmed.contains(&post.id));
    let lines: Vec<LedgerEntry> = newly
        .map(|post| {
            let (host, outcome) = (asked.host.clone(), LedgerOutcome::Confirmed);
            line(asker, host, &group, post, outcome, asked.cause)
        })
        .collect();
    storage::ledger::append(connection, &lines, now)?;
    let words = super::describe(connection, asked)?.in_words();
    let action = AuditAction::RetractionAnswered;
    audit::note(connection, asker, action, retraction.as_str(), &words)
}
