//! What the house of a group elsewhere does not take of what somebody here says or does in it.
//!
//! Whatever our people write is here at once and told to the group's house afterwards. Where that house
//! refuses it, it never happened in the group: a post is marked as seen here only, an edit gives way to
//! the text that the others read, a like is taken back. When the house takes it after all (an
//! administrator tried again), all of that is undone.

use std::collections::HashSet;

use crate::domain::{
    Actor, ActorId, ActorKind, DeliveryId, DeliveryState, Event, EventId, EventKind, Host,
    PartnerState, Post, PostId, PostState, Refusal, RefusalCause, RefusalNotice, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer};
use crate::services::house;
use crate::storage::deliveries::Outcome;
use crate::storage::events::NewEvent;
use crate::storage::refusals::Returned;
use crate::storage::{self, Connection};

/// Takes note of deliveries that ended: what was refused or given up never happened there, what is taken
/// at a later attempt did.
pub(super) fn record(connection: &mut Connection, ended: &[Outcome], now: Timestamp) -> Result<()> {
    let mut in_vain = Vec::new();
    let mut taken_late = Vec::new();
    for outcome in ended {
        match outcome.state {
            DeliveryState::Failed | DeliveryState::Dead => in_vain.push(outcome),
            DeliveryState::Sent if outcome.earlier > 0 => taken_late.push(outcome.id),
            DeliveryState::Sent | DeliveryState::Pending | DeliveryState::Withheld => {}
        }
    }
    if !in_vain.is_empty() {
        let ids: Vec<DeliveryId> = in_vain.iter().map(|outcome| outcome.id).collect();
        for returned in storage::refusals::list_returned(connection, &ids)? {
            let outcome = in_vain.iter().find(|one| one.id == returned.delivery);
            let cause = outcome.map_or(RefusalCause::Silence, |outcome| cause_of(outcome));
            refuse(connection, &returned, cause, now)?;
        }
    }
    if !taken_late.is_empty() {
        for refusal in storage::refusals::list_of_deliveries(connection, &taken_late)? {
            undo(connection, refusal, now)?;
        }
    }
    Ok(())
}

/// The same of deliveries to servers that did not answer for so long that nobody tries any more.
pub(super) fn record_given_up(
    connection: &mut Connection,
    deliveries: &[DeliveryId],
    now: Timestamp,
) -> Result<()> {
    for returned in storage::refusals::list_returned(connection, deliveries)? {
        refuse(connection, &returned, RefusalCause::Silence, now)?;
    }
    Ok(())
}

/// Why, in the words of the answer. A word is believed where it is one of ours: everything else another
/// server writes is for administrators only.
fn cause_of(outcome: &Outcome) -> RefusalCause {
    let Some(status) = outcome.status else {
        return RefusalCause::Silence;
    };
    let text = outcome.error.as_deref().unwrap_or_default();
    let body = text.split_once(": ").map_or("", |(_, body)| body);
    let answer: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let word = answer.as_ref().and_then(|answer| answer["error"].as_str());
    word.filter(|word| word.parse::<Reason>().is_ok())
        .and_then(RefusalCause::word)
        .unwrap_or(RefusalCause::Status(status))
}

/// The house of a group took an activity in and refused it when it was applied: it says so by a
/// `Reject`. Only the house of the group can.
///
/// # Errors
/// [`Error::NotFound`] where nobody here said that in a group of that house.
pub(super) fn receive(
    connection: &mut Connection,
    signer: &Actor,
    activity: &Uri,
    word: &str,
    now: Timestamp,
) -> Result<()> {
    let host = match (&signer.host, signer.kind) {
        (Some(host), ActorKind::Service) => host.clone(),
        _ => return Err(Error::Denied(Reason::NotAdministrator)),
    };
    let ourselves = house::instance_actor(connection)?.uri;
    let event = event_of(activity, ourselves.host()).ok_or(Error::NotFound)?;
    let returned = Returned {
        delivery: DeliveryId(0),
        event,
        host,
        activity: activity.clone(),
    };
    let cause = RefusalCause::word(word).unwrap_or(RefusalCause::Status(403));
    match refuse(connection, &returned, cause, now)? {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// Activities of ours are called `…/activities/KIND/NUMBER`, after what happened.
fn event_of(activity: &Uri, ourselves: &Host) -> Option<EventId> {
    let mut words = activity.as_str().rsplit('/');
    let number = words.next()?.parse().ok()?;
    let in_place = words.nth(1) == Some("activities") && activity.host() == ourselves;
    in_place.then_some(EventId(number))
}

/// What somebody here said or did did not happen in the group. False: it was nothing that its house
/// could refuse. Refused twice is refused once.
fn refuse(
    connection: &mut Connection,
    returned: &Returned,
    cause: RefusalCause,
    now: Timestamp,
) -> Result<bool> {
    let Some(event) = storage::events::find(connection, returned.event)? else {
        return Ok(false);
    };
    let (Some(group), Some(post)) = (event.group, event.post) else {
        return Ok(false);
    };
    let group = storage::groups::find(connection, group)?;
    let of_the_house =
        group.is_some_and(|group| !group.is_local() && group.home() == Some(&returned.host));
    let Some(post) = storage::posts::find(connection, post)?.filter(|_| of_the_house) else {
        return Ok(false);
    };
    if storage::refusals::exists(connection, event.id)? {
        return Ok(true);
    }
    let text = match event.kind {
        EventKind::PostCreated if post.state != PostState::Deleted => None,
        EventKind::PostDeleted | EventKind::Unliked => None,
        EventKind::PostUpdated => match storage::posts::cut_text(connection, &post, event.at)? {
            Some(text) => Some(text),
            // It was deleted since, and its texts with it.
            None => return Ok(true),
        },
        EventKind::Liked => {
            match storage::reactions::find(connection, post.id, event.actor)? {
                Some(like) if like == returned.activity => {
                    storage::reactions::remove(connection, post.id, event.actor)?;
                    None
                }
                // It was taken back already.
                Some(_) | None => return Ok(true),
            }
        }
        // One vote of several is refused with the others.
        EventKind::Voted => {
            match storage::polls::remove_votes(connection, post.id, event.actor)?.is_empty() {
                false => None,
                true => return Ok(true),
            }
        }
        // Its author took it back: there is nothing that anybody could miss.
        EventKind::PostCreated => return Ok(true),
        EventKind::PostRemoved
        | EventKind::PostRestored
        | EventKind::TopicLocked
        | EventKind::TopicUnlocked
        | EventKind::TopicPinned
        | EventKind::TopicUnpinned
        | EventKind::MirrorTakenBack
        | EventKind::PollCounted
        | EventKind::Disliked
        | EventKind::Undisliked
        | EventKind::MemberBanned
        | EventKind::BanLifted
        | EventKind::ModeratorAdded
        | EventKind::ModeratorRemoved
        | EventKind::MoveOffered
        | EventKind::MoveAccepted
        | EventKind::GroupMoved
        | EventKind::FollowRequested
        | EventKind::Unfollowed
        | EventKind::FollowAccepted
        | EventKind::FollowRejected
        | EventKind::Reported
        | EventKind::JoinRequested
        | EventKind::JoinAccepted
        | EventKind::JoinRejected
        | EventKind::Invited
        | EventKind::Left
        | EventKind::GrantOffered
        | EventKind::GrantEnded
        | EventKind::PartnershipEnded
        | EventKind::ActivityRefused
        | EventKind::GroupUpdated
        | EventKind::PersonUpdated
        | EventKind::PersonDeleted
        | EventKind::ActorUpdated => return Ok(false),
    };
    let refusal = Refusal {
        event: event.id,
        kind: event.kind,
        post: post.id,
        actor: event.actor,
        host: returned.host.clone(),
        cause,
        activity: returned.activity.clone(),
        text,
        at: now,
    };
    storage::refusals::insert(connection, &refusal)?;
    Ok(true)
}

/// It was taken after all: what gave way comes back.
fn undo(connection: &mut Connection, refusal: Refusal, now: Timestamp) -> Result<()> {
    storage::refusals::remove(connection, refusal.event)?;
    match (refusal.kind, &refusal.text) {
        (EventKind::PostUpdated, Some(text)) => {
            storage::posts::put_text(connection, refusal.post, text, now)
        }
        (EventKind::Liked, _) => {
            let (post, like) = (refusal.post, &refusal.activity);
            storage::reactions::put_back(connection, post, refusal.actor, like, now)
        }
        _ => Ok(()),
    }
}

/// Lets a partner know that what one of its people said was let in and then refused. Only partners by
/// invitation speak this extension; it is never an answer to such an answer.
pub(super) fn tell_sender(
    connection: &mut Connection,
    signer: &Actor,
    activity: &Uri,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    let Some(host) = signer
        .host
        .as_ref()
        .filter(|_| signer.kind == ActorKind::Person)
    else {
        return Ok(());
    };
    let partner = storage::partners::find_by_host(connection, host)?;
    if !partner.is_some_and(|one| one.mutual && one.state == PartnerState::Active) {
        return Ok(());
    }
    let event = NewEvent {
        kind: EventKind::ActivityRefused,
        actor: house::instance_actor(connection)?.id,
        group: None,
        post: None,
        object: Some(signer.id.0),
        activity: Some(format!("{reason} {activity}")),
    };
    storage::events::append(connection, event, now).map(drop)
}

/// Who is told of such an event, of which activity, and why.
pub(super) fn read_told(
    connection: &mut Connection,
    event: &Event,
) -> Result<Option<(Actor, Uri, String)>> {
    let told = event
        .activity
        .as_deref()
        .and_then(|told| told.split_once(' '));
    let (Some(person), Some((reason, activity))) = (event.object, told) else {
        return Err(Error::internal(format!("event {} says nothing", event.id)));
    };
    let person = storage::actors::find(connection, ActorId(person))?;
    let activity: Uri = activity.parse()?;
    Ok(person.map(|person| (person, activity, reason.to_owned())))
}

/// What a viewer is told of what was refused about posts: everybody who reads a post, that it is seen
/// here only; whoever did what was refused, that and why.
pub(super) fn list_notices(
    connection: &mut Connection,
    viewer: &Viewer,
    posts: &[Post],
) -> Result<Vec<(PostId, RefusalNotice)>> {
    let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
    let refusals = storage::refusals::list_of_posts(connection, &ids)?;
    let events: Vec<EventId> = refusals.iter().map(|refusal| refusal.event).collect();
    let retriable = match events.is_empty() {
        true => HashSet::new(),
        false => storage::deliveries::list_retriable(connection, &ids, &events)?,
    };
    let newest_text = |post: PostId| {
        let texts = refusals
            .iter()
            .filter(|one| one.post == post && one.kind == EventKind::PostUpdated);
        texts.map(|one| one.event).max()
    };
    let notices = refusals.iter().filter_map(|refusal| {
        let post = posts.iter().find(|post| post.id == refusal.post)?;
        let own = viewer.actor() == Some(refusal.actor);
        // Of several texts that were not taken, the last one is the one that was meant to stand.
        let told = match refusal.kind {
            EventKind::PostCreated => true,
            EventKind::PostUpdated => own && newest_text(post.id) == Some(refusal.event),
            _ => own,
        };
        let again = match retriable.contains(&refusal.event) {
            true => Again::ByAdministrator,
            false => Again::ByAuthor,
        };
        told.then(|| (post.id, notice(post, refusal.clone(), own, again)))
    });
    Ok(notices.collect())
}

/// Who can have something tried again that was not taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Its delivery was refused or given up, and can be repeated.
    ByAdministrator,
    /// It was let in and then refused, or its delivery was discarded: the house would know it again.
    ByAuthor,
}

fn notice(post: &Post, refusal: Refusal, own: bool, again: Again) -> RefusalNotice {
    let noun = match post.is_topic() {
        true => "topic",
        false => "comment",
    };
    let (what, follows) = match refusal.kind {
        EventKind::PostUpdated => (
            format!("your new text of this {noun}"),
            "Everybody reads the text that stands here. Change it again when that is mended.",
        ),
        EventKind::PostDeleted => (
            format!("the deletion of this {noun}"),
            match again {
                Again::ByAdministrator => {
                    "It may still be read there. An administrator can try again."
                }
                Again::ByAuthor => "It may still be read there. Ask its people.",
            },
        ),
        EventKind::Liked => (
            "your like".to_owned(),
            "It is not counted. Like it again when that is mended.",
        ),
        EventKind::Voted => (
            "your vote".to_owned(),
            "It is not counted. Vote again when that is mended.",
        ),
        EventKind::Unliked => (
            "that you took your like back".to_owned(),
            match again {
                Again::ByAdministrator => {
                    "It may still be counted there. An administrator can try again."
                }
                Again::ByAuthor => "It may still be counted there.",
            },
        ),
        _ => (
            format!("this {noun}"),
            match again {
                Again::ByAdministrator => {
                    "Nobody outside this organization sees it. When that is mended, an administrator can try again; or delete it."
                }
                Again::ByAuthor => {
                    "Nobody outside this organization sees it. When that is mended, delete it and write it anew."
                }
            },
        ),
    };
    let house = &refusal.host;
    let sentence = match own {
        true => format!(
            "{house}, the house of this group, did not take {what}. {} {follows}",
            why(&refusal.cause)
        ),
        // Why is between the house and who wrote it.
        false => format!(
            "{house}, the house of this group, did not take {what}. Nobody outside this organization sees it."
        ),
    };
    RefusalNotice {
        kind: refusal.kind,
        host: refusal.host,
        sentence,
        text: refusal.text.filter(|_| own),
    }
}

/// Why, and what can be done about that, in a sentence.
fn why(cause: &RefusalCause) -> &'static str {
    const GONE: &str = "What it belongs to is not there any more, or not for you.";
    match cause {
        RefusalCause::Word(word) => match word.parse() {
            Ok(Reason::Unknown) => GONE,
            Ok(reason) => Reason::sentence(reason),
            Err(_) if word == "invalid" => "It found something wrong with it.",
            Err(_) => "It did not say why in words that are known here.",
        },
        RefusalCause::Status(403) => "It does not allow that. Ask one of the group's moderators.",
        RefusalCause::Status(404 | 410) => GONE,
        RefusalCause::Status(413) => "It is too long for that server.",
        RefusalCause::Status(400 | 405 | 406 | 411 | 414 | 415 | 422 | 501) => {
            "That server does not understand it. Tell an administrator."
        }
        RefusalCause::Status(_) => "It did not say why.",
        RefusalCause::Silence => "It could not be reached for as long as it was tried.",
    }
}

/// Somebody does anew what was refused: the earlier attempt is no longer of interest, and nobody can
/// send it again by mistake.
pub(super) fn supersede(
    connection: &mut Connection,
    post: PostId,
    actor: ActorId,
    kinds: &[EventKind],
    now: Timestamp,
) -> Result<()> {
    storage::refusals::supersede(connection, post, actor, kinds, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Impression;

    fn outcome(status: Option<u16>, error: &str) -> Outcome {
        Outcome {
            id: DeliveryId(1),
            host: "acme.example".parse().unwrap(),
            state: DeliveryState::Failed,
            status,
            error: Some(error.to_owned()),
            next_attempt_at: None,
            earlier: 0,
            impression: Impression::Alive,
            clock_difference: None,
            left: true,
        }
    }

    #[test]
    fn a_word_is_believed_where_it_is_one_of_ours() {
        let cause = |status, error| cause_of(&outcome(status, error));
        assert_eq!(
            cause(Some(403), r#"403: {"error":"locked"}"#),
            RefusalCause::Word("locked".into())
        );
        for other in [
            r#"403: {"error":"<b>send money</b>"}"#,
            r#"403: {"error":"person_is_banned_from_site"}"#,
            "403: go away",
            r#"403: {"error":"#,
        ] {
            assert_eq!(cause(Some(403), other), RefusalCause::Status(403));
        }
        assert_eq!(cause(None, "no connection"), RefusalCause::Silence);
    }

    #[test]
    fn an_activity_of_ours_names_what_happened() {
        let ours: Host = "birch.example".parse().unwrap();
        let event = |uri: &str| event_of(&uri.parse().unwrap(), &ours);
        assert_eq!(
            event("https://birch.example/activities/create/42"),
            Some(EventId(42))
        );
        for other in [
            "https://acme.example/activities/create/42",
            "https://birch.example/activities/create/x",
            "https://birch.example/p/42",
            "https://birch.example/42",
        ] {
            assert_eq!(event(other), None, "{other}");
        }
    }
}
