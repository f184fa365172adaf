//! What the house of a group elsewhere does not take of what somebody here says or does in it.
//!
//! Whatever our people write is here at once and told to the group's house afterwards. Where that house
//! refuses it, it never happened in the group: a post is marked as seen here only, an edit gives way to
//! the text that the others read, a like is taken back. When the house takes it after all (an
//! administrator tried again), all of that is undone.

use crate::app::Asker;
use crate::domain::{
    Actor, ActorId, ActorKind, DeliveryId, DeliveryState, Event, EventId, EventKind, Host,
    Membership, MembershipState, PartnerState, Post, PostId, PostState, Refusal, RefusalCause,
    RefusalNotice, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Action, Reason};
use crate::services::{access, house, polls};
use crate::storage::deliveries::Outcome;
use crate::storage::events::NewEvent;
use crate::storage::refusals::Returned;
use crate::storage::{self, Connection};

/// Takes note of deliveries that ended: what was refused or given up never happened there, what is taken
/// at a later attempt did.
pub(super) fn record(connection: &mut Connection, ended: &[Outcome], now: Timestamp) -> Result<()> {
    let mut in_vain = Vec::new();
    let mut taken = Vec::new();
    for outcome in ended {
        match outcome.state {
            DeliveryState::Failed | DeliveryState::Dead => in_vain.push(outcome),
            DeliveryState::Sent => taken.push(outcome.id),
            DeliveryState::Pending | DeliveryState::Withheld => {}
        }
    }
    if !in_vain.is_empty() {
        let ids: Vec<DeliveryId> = in_vain.iter().map(|outcome| outcome.id).collect();
        for returned in storage::refusals::list_returned(connection, &ids)? {
            let outcome = in_vain.iter().find(|one| one.id == returned.delivery);
            let cause = outcome.map_or(RefusalCause::Silence, |outcome| cause_of(outcome));
            refuse(connection, &returned, cause, LetIn::No, now)?;
        }
    }
    // Most houses refuse nothing: one small question then, however many deliveries ended.
    if !taken.is_empty() && storage::refusals::any(connection)? {
        for refusal in storage::refusals::list_of_deliveries(connection, &taken)? {
            match refusal.let_in {
                // The house said so before it was written down here that it had let it in.
                true => fail(connection, &refusal, now)?,
                false => undo(connection, &refusal, now)?,
            }
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
        refuse(connection, &returned, RefusalCause::Silence, LetIn::No, now)?;
    }
    Ok(())
}

/// The same of deliveries that were withheld because nothing goes to their server any more: the group's
/// house was not told. An administrator can try them again when something does.
pub(super) fn record_unsent(
    connection: &mut Connection,
    withheld: &[(DeliveryId, Reason)],
    now: Timestamp,
) -> Result<()> {
    let ids: Vec<DeliveryId> = withheld.iter().map(|(id, _)| *id).collect();
    let mut marked = Vec::new();
    for returned in storage::refusals::list_returned(connection, &ids)? {
        let reason = withheld.iter().find(|(id, _)| *id == returned.delivery);
        let reason = reason.map_or(Reason::NoPartnership, |(_, reason)| *reason);
        let cause = RefusalCause::Unsent(reason.as_str().to_owned());
        if refuse(connection, &returned, cause, LetIn::No, now)? == Noted::Marked {
            marked.push(returned.delivery);
        }
    }
    storage::deliveries::give_up_withheld(connection, &marked)
}

/// What somebody who asked something of another house is told of its no, or of its silence; none: it said none.
pub(super) fn sentence_of(
    state: DeliveryState,
    status: Option<u16>,
    error: Option<&str>,
) -> Option<&'static str> {
    match state {
        DeliveryState::Failed | DeliveryState::Dead => Some(why(&cause(status, error))),
        DeliveryState::Withheld => Some(why(&RefusalCause::Unsent(
            error.unwrap_or_default().to_owned(),
        ))),
        DeliveryState::Pending | DeliveryState::Sent => None,
    }
}

fn cause_of(outcome: &Outcome) -> RefusalCause {
    cause(outcome.status, outcome.error.as_deref())
}

/// Why, in the words of the answer. A word is believed where it is one of ours: everything else another
/// server writes is for administrators only.
fn cause(status: Option<u16>, error: Option<&str>) -> RefusalCause {
    let Some(status) = status else {
        return RefusalCause::Silence;
    };
    let text = error.unwrap_or_default();
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
    match refuse(connection, &returned, cause, LetIn::Yes, now)? {
        Noted::Marked | Noted::Moot => Ok(()),
        Noted::Nothing => Err(Error::NotFound),
    }
}

/// Activities of ours are called `…/activities/KIND/NUMBER`, after what happened.
fn event_of(activity: &Uri, ourselves: &Host) -> Option<EventId> {
    let mut words = activity.as_str().rsplit('/');
    let number = words.next()?.parse().ok()?;
    let in_place = words.nth(1) == Some("activities") && activity.host() == ourselves;
    in_place.then_some(EventId(number))
}

/// Whether the house let something in before it refused it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LetIn {
    Yes,
    No,
}

/// What became of the news that something was refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noted {
    /// It was nothing that the house of a group could refuse.
    Nothing,
    /// It was taken back already: there is nothing that anybody could miss.
    Moot,
    Marked,
}

/// What somebody here said or did did not happen in the group. Refused twice is refused once.
fn refuse(
    connection: &mut Connection,
    returned: &Returned,
    cause: RefusalCause,
    let_in: LetIn,
    now: Timestamp,
) -> Result<Noted> {
    let Some(event) = storage::events::find(connection, returned.event)? else {
        return Ok(Noted::Nothing);
    };
    let (Some(group), Some(post)) = (event.group, event.post) else {
        return Ok(Noted::Nothing);
    };
    let group = storage::groups::find(connection, group)?;
    let of_the_house =
        group.is_some_and(|group| !group.is_local() && group.home() == Some(&returned.host));
    let Some(post) = storage::posts::find(connection, post)?.filter(|_| of_the_house) else {
        return Ok(Noted::Nothing);
    };
    if let Some(known) = storage::refusals::find(connection, event.id)? {
        if let_in == LetIn::Yes {
            storage::refusals::mark_let_in(connection, event.id, &cause, now)?;
            fail(connection, &known, now)?;
        }
        return Ok(Noted::Marked);
    }
    let text = match event.kind {
        // Its author took it back.
        EventKind::PostCreated if post.state == PostState::Deleted => return Ok(Noted::Moot),
        EventKind::PostCreated => {
            storage::posts::count_comment(connection, &post, -1)?;
            None
        }
        EventKind::PostDeleted | EventKind::Unliked => None,
        EventKind::PostUpdated => match storage::posts::cut_text(connection, &post, event.at)? {
            Some(text) => Some(text),
            // It was deleted since, and its texts with it.
            None => return Ok(Noted::Moot),
        },
        EventKind::Liked => {
            match storage::reactions::find(connection, post.id, event.actor)? {
                Some(like) if like == returned.activity => {
                    storage::reactions::remove(connection, post.id, event.actor)?;
                    None
                }
                // It was taken back already.
                Some(_) | None => return Ok(Noted::Moot),
            }
        }
        // One vote of several is refused with the others.
        EventKind::Voted => {
            storage::polls::remove_votes(connection, post.id, event.actor)?;
            None
        }
        EventKind::PostRemoved
        | EventKind::PostRestored
        | EventKind::PostAskedBack
        | EventKind::RetractionAsked
        | EventKind::RetractionAnswered
        | EventKind::TopicLocked
        | EventKind::TopicUnlocked
        | EventKind::TopicPinned
        | EventKind::TopicUnpinned
        | EventKind::MirrorTakenBack
        | EventKind::InteractionAnswered
        | EventKind::Boosted
        | EventKind::Unboosted
        | EventKind::PollCounted
        | EventKind::Disliked
        | EventKind::Undisliked
        | EventKind::MemberBanned
        | EventKind::BanLifted
        | EventKind::ModeratorAdded
        | EventKind::ModeratorRemoved
        | EventKind::MoveOffered
        | EventKind::MoveAccepted
        | EventKind::MoveWithdrawn
        | EventKind::MoveDeclined
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
        | EventKind::ColleagueInvited
        | EventKind::Left
        | EventKind::GrantOffered
        | EventKind::GrantEnded
        | EventKind::PartnershipEnded
        | EventKind::PartnershipChanged
        | EventKind::ActivityRefused
        | EventKind::GroupUpdated
        | EventKind::PersonUpdated
        | EventKind::PersonMoved
        | EventKind::PersonDeleted
        | EventKind::ActorUpdated => return Ok(Noted::Nothing),
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
        let_in: let_in == LetIn::Yes,
    };
    storage::refusals::insert(connection, &refusal)?;
    if refusal.let_in {
        fail(connection, &refusal, now)?;
    }
    Ok(Noted::Marked)
}

/// What was let in and refused then counts as refused where administrators look, who can have it said
/// anew. What its author does again by themselves does not: it is of no use to anybody else.
fn fail(connection: &mut Connection, refusal: &Refusal, now: Timestamp) -> Result<()> {
    if !is_said_anew(refusal.kind) {
        return Ok(());
    }
    let carried = (refusal.post, refusal.event, &refusal.host);
    let why = "let in, and refused afterwards";
    storage::deliveries::fail_late(connection, carried, why, now)
}

/// What can be told once more by a new activity: nothing of it gave way when it was refused.
const fn is_said_anew(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::PostCreated | EventKind::PostDeleted | EventKind::Unliked
    )
}

/// It was taken after all: what gave way comes back, and what could not be said without it is said anew.
fn undo(connection: &mut Connection, refusal: &Refusal, now: Timestamp) -> Result<()> {
    restore(connection, refusal, now)?;
    match refusal.kind {
        EventKind::PostCreated => {
            // It was told as it was written: who voted meanwhile is not counted there yet.
            polls::tell_again(connection, refusal.post, now)?;
            answers_anew(connection, refusal.post, now).map(drop)
        }
        _ => Ok(()),
    }
}

/// Takes the mark away, and with it what was undone when it was refused.
fn restore(connection: &mut Connection, refusal: &Refusal, now: Timestamp) -> Result<()> {
    storage::refusals::remove(connection, refusal.event)?;
    match (refusal.kind, &refusal.text) {
        (EventKind::PostCreated, _) => match storage::posts::find(connection, refusal.post)? {
            Some(post) => storage::posts::count_comment(connection, &post, 1),
            None => Ok(()),
        },
        (EventKind::PostUpdated, Some(text)) => {
            storage::posts::put_text(connection, refusal.post, text, now)
        }
        (EventKind::Liked, _) => {
            let (post, like) = (refusal.post, &refusal.activity);
            storage::reactions::put_back(connection, post, refusal.actor, like, now)
        }
        (EventKind::Voted, _) => {
            let event = storage::events::find(connection, refusal.event)?;
            match event.and_then(|event| usize::try_from(event.object?).ok()) {
                Some(choice) => {
                    let (post, voter) = (refusal.post, refusal.actor);
                    storage::polls::put_back(connection, post, voter, choice, now)
                }
                // Who voted is erased meanwhile.
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Says anew what the house of a group let in and refused afterwards: to one house (none: to all), or one
/// delivery alone; how many. It knows the first activity, so there has to be another one.
pub(super) fn say_anew(
    connection: &mut Connection,
    host: Option<&Host>,
    delivery: Option<DeliveryId>,
    now: Timestamp,
) -> Result<usize> {
    let mut said = 0;
    for refusal in storage::refusals::list_let_in(connection, host, delivery)? {
        // An answer to one of the others may have been said with it.
        if storage::refusals::find(connection, refusal.event)?.is_some() {
            said += 1 + say_once_more(connection, &refusal, now)?;
        }
    }
    Ok(said)
}

/// Says one thing anew, and the answers to it; how many answers.
fn say_once_more(connection: &mut Connection, refusal: &Refusal, now: Timestamp) -> Result<usize> {
    let Some(event) = storage::events::find(connection, refusal.event)? else {
        return Ok(0);
    };
    restore(connection, refusal, now)?;
    let (post, why) = (refusal.post, "said anew");
    storage::deliveries::withdraw(connection, post, refusal.event, why, now)?;
    let again = NewEvent {
        kind: event.kind,
        actor: event.actor,
        group: event.group,
        post: event.post,
        object: event.object,
        activity: event.activity,
    };
    storage::events::append(connection, again, now)?;
    match event.kind {
        EventKind::PostCreated => answers_anew(connection, post, now),
        _ => Ok(0),
    }
}

/// Says anew what was refused because what it answers was not there; how many. In their order: all of
/// them travel in the lane of their topic.
fn answers_anew(connection: &mut Connection, post: PostId, now: Timestamp) -> Result<usize> {
    let mut said = 0;
    for answer in storage::refusals::list_let_in_answers(connection, post)? {
        said += 1 + say_once_more(connection, &answer, now)?;
    }
    Ok(said)
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
    asker: &Asker,
    posts: &[Post],
) -> Result<Vec<(PostId, RefusalNotice)>> {
    let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
    let refusals = storage::refusals::list_of_posts(connection, &ids)?;
    if refusals.is_empty() {
        return Ok(Vec::new());
    }
    let events: Vec<EventId> = refusals.iter().map(|refusal| refusal.event).collect();
    let retriable = storage::deliveries::list_retriable(connection, &ids, &events)?;
    let mut notices = Vec::with_capacity(refusals.len());
    for refusal in &refusals {
        let own = asker.viewer.actor() == Some(refusal.actor);
        let same = |other: &&Refusal| {
            (other.post, other.kind, other.actor) == (refusal.post, refusal.kind, refusal.actor)
        };
        // Of several texts that were not taken, the last one is the one that was meant to stand; several
        // votes are one.
        let last = refusals.iter().filter(same).map(|one| one.event).max();
        let told = refusal.kind == EventKind::PostCreated || own && last == Some(refusal.event);
        let Some(post) = posts.iter().find(|post| post.id == refusal.post && told) else {
            continue;
        };
        let again = match retriable.contains(&refusal.event) {
            true => Again::ByAdministrator,
            false => Again::ByAuthor,
        };
        let why = match own {
            true => Some(reason_for(connection, asker, post, refusal)?),
            false => None,
        };
        notices.push((post.id, notice(post, refusal.clone(), why, again)));
    }
    Ok(notices)
}

/// Why, and what can be done about that, for who did it. A house answers those who may not see something
/// like those who look for what is not there: how somebody here stands in the group, they may know.
fn reason_for(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
    refusal: &Refusal,
) -> Result<&'static str> {
    let said = why(&refusal.cause);
    if said != GONE {
        return Ok(said);
    }
    let Some(group) = access::find_group_of(connection, post)? else {
        return Ok(said);
    };
    let membership = storage::memberships::find(connection, group.id, refusal.actor)?;
    let banned = |member: Membership| member.state == MembershipState::Banned;
    if membership.is_some_and(banned) {
        return Ok(Reason::Banned.sentence());
    }
    let action = match refusal.kind {
        EventKind::PostCreated if post.is_topic() => Action::StartTopic,
        EventKind::Liked | EventKind::Unliked | EventKind::Voted => Action::React,
        _ => Action::Comment,
    };
    let answer = access::explain(connection, asker, action, Some(&group), None)?;
    Ok(match answer.err().map(|refusal| refusal.reason) {
        Some(Reason::InvitationNeeded | Reason::NotMember) => Reason::NotMember.sentence(),
        Some(
            reason @ (Reason::Withdrawn
            | Reason::NoPartnership
            | Reason::PartnerBlocked
            | Reason::GrantEnded
            | Reason::Archived
            | Reason::CannotReact
            | Reason::CannotReply
            | Reason::CannotStart),
        ) => reason.sentence(),
        Some(_) | None => said,
    })
}

/// Who can have something tried again that was not taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Its delivery was refused or given up, and can be repeated.
    ByAdministrator,
    /// It was let in and then refused, or its delivery was discarded: the house would know it again.
    ByAuthor,
}

/// `why`: for who did it.
fn notice(post: &Post, refusal: Refusal, why: Option<&'static str>, again: Again) -> RefusalNotice {
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
    let what = match (&refusal.cause, refusal.kind) {
        (RefusalCause::Unsent(_), EventKind::Unliked) => format!("was not told {what}"),
        (RefusalCause::Unsent(_), _) => format!("was not told of {what}"),
        _ => format!("did not take {what}"),
    };
    let sentence = match why {
        Some(why) => format!("{house}, the house of this group, {what}. {why} {follows}"),
        // Why is between the house and who wrote it.
        None => format!(
            "{house}, the house of this group, {what}. Nobody outside this organization sees it."
        ),
    };
    RefusalNotice {
        kind: refusal.kind,
        host: refusal.host,
        sentence,
        text: refusal.text.filter(|_| why.is_some()),
    }
}

/// What a house says of what is not there, and of what is hidden.
const GONE: &str = "What it belongs to is not there any more, or not for you.";

/// Why, and what can be done about that, in a sentence.
fn why(cause: &RefusalCause) -> &'static str {
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
        RefusalCause::Unsent(word) => match word.parse() {
            Ok(reason) => Reason::sentence(reason),
            Err(_) => "Nothing went there any more.",
        },
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
    // Whoever deletes a comment takes it out of the count, where it has to be for that.
    if kinds.contains(&EventKind::PostCreated)
        && storage::refusals::is_refused(connection, post)?
        && let Some(post) = storage::posts::find(connection, post)?
    {
        storage::posts::count_comment(connection, &post, 1)?;
    }
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
