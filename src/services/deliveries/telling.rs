//! From an event to what there is to tell: with whom and what it is about.

use crate::domain::{
    Actor, Audience, BanTerms, DeliveryGround, Event, EventKind, Group, Partner, Poll, Post,
    RetractionId, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::services::deliveries::known::Known;
use crate::services::deliveries::news::{GroupTelling, News};
use crate::services::{documents, house, interactions, moderation, polls, retractions};
use crate::storage::{self, Connection};

/// Loads what there is to tell. None: it concerns nobody outside, or is gone again.
pub(super) fn tell(
    connection: &mut Connection,
    known: &mut Known,
    event: &Event,
    post: Option<&Post>,
    now: Timestamp,
) -> Result<Option<(GroupTelling, DeliveryGround)>> {
    let Some(group) = event.group else {
        return Ok(None);
    };
    let Some(group) = known.group(connection, group)?.cloned() else {
        return Ok(None);
    };
    let Some((news, ground)) = news(connection, known, event, &group, post, now)? else {
        return Ok(None);
    };
    let topic = match post {
        Some(post) => known.post(connection, post.topic)?,
        None => None,
    };
    let promise = interactions::to_everybody(&group, topic.is_some_and(|topic| topic.locked));
    let announced = group.is_local() && news.is_announced();
    Ok(Some((
        GroupTelling {
            event: event.id,
            news,
            group,
            announced,
            addressee: None,
            promise,
        },
        ground,
    )))
}

fn news(
    connection: &mut Connection,
    known: &mut Known,
    event: &Event,
    group: &Group,
    post: Option<&Post>,
    now: Timestamp,
) -> Result<Option<(News, DeliveryGround)>> {
    let ground = if group.is_local() {
        DeliveryGround::News
    } else {
        DeliveryGround::Addressed
    };
    if event.post.is_some() {
        return match post.filter(|post| post.audience == Audience::Group) {
            Some(post) => post_news(connection, known, event, group, post.clone(), ground, now),
            None => Ok(None),
        };
    }
    let actor = || Error::internal(format!("event {} lacks what it tells of", event.id));
    let follow = || event.activity.as_deref().map(str::parse::<Uri>).transpose();
    let news = match event.kind {
        EventKind::JoinRequested => {
            let by = known
                .actor(connection, event.actor)?
                .cloned()
                .ok_or_else(actor)?;
            let membership = storage::memberships::find(connection, group.id, event.actor)?;
            // Gone again before it was told: there is nothing to ask for.
            let Some(follow) = membership.and_then(|membership| membership.follow) else {
                return Ok(None);
            };
            (
                News::JoinRequested { follow, by },
                DeliveryGround::Addressed,
            )
        }
        EventKind::Left => {
            let by = known
                .actor(connection, event.actor)?
                .cloned()
                .ok_or_else(actor)?;
            let Some(follow) = follow()? else {
                return Ok(None);
            };
            (News::Left { follow, by }, DeliveryGround::Addressed)
        }
        EventKind::JoinAccepted | EventKind::JoinRejected => {
            let person = event.object.map(crate::domain::ActorId).ok_or_else(actor)?;
            let person = storage::actors::find(connection, person)?.ok_or_else(actor)?;
            let Some(follow) = follow()? else {
                return Ok(None);
            };
            match event.kind {
                EventKind::JoinAccepted => (
                    News::JoinAccepted { follow, person },
                    DeliveryGround::Addressed,
                ),
                _ => (
                    News::JoinRejected { follow, person },
                    DeliveryGround::Retraction,
                ),
            }
        }
        EventKind::Invited => {
            let person = match event.object {
                Some(person) => storage::actors::find(connection, crate::domain::ActorId(person))?,
                None => None,
            };
            let handle = event.activity.clone().ok_or_else(actor)?;
            (News::Invited { handle, person }, DeliveryGround::Addressed)
        }
        EventKind::ColleagueInvited => {
            let by = known
                .actor(connection, event.actor)?
                .cloned()
                .ok_or_else(actor)?;
            let person = event.object.map(crate::domain::ActorId).ok_or_else(actor)?;
            let person = storage::actors::find(connection, person)?.ok_or_else(actor)?;
            (
                News::ColleagueInvited { by, person },
                DeliveryGround::Addressed,
            )
        }
        EventKind::GrantOffered | EventKind::GrantEnded => return grant_news(connection, event),
        EventKind::RetractionAsked => {
            let news = retraction_news(connection, event)?;
            return Ok(news.map(|news| (news, DeliveryGround::Retraction)));
        }
        EventKind::MemberBanned
        | EventKind::BanLifted
        | EventKind::ModeratorAdded
        | EventKind::ModeratorRemoved => {
            return Ok(standing_news(connection, known, event, group)?.map(|news| (news, ground)));
        }
        EventKind::MoveOffered | EventKind::MoveAccepted => {
            let news = move_news(connection, event)?;
            return Ok(news.map(|news| (news, DeliveryGround::Partnership)));
        }
        EventKind::GroupMoved => {
            let target = event.activity.as_deref().unwrap_or_default().parse()?;
            (News::GroupMoved { target }, DeliveryGround::News)
        }
        EventKind::GroupUpdated if group.is_local() => {
            let keys = documents::public_keys(connection, &group.actor, now)?;
            (News::GroupChanged { keys }, DeliveryGround::News)
        }
        EventKind::GroupUpdated
        | EventKind::PersonUpdated
        | EventKind::PersonMoved
        | EventKind::PersonDeleted
        | EventKind::PartnershipEnded
        | EventKind::PartnershipChanged
        | EventKind::MoveWithdrawn
        | EventKind::MoveDeclined
        | EventKind::ActivityRefused
        | EventKind::RetractionAnswered
        | EventKind::PostAskedBack
        | EventKind::FollowRequested
        | EventKind::Unfollowed
        | EventKind::FollowAccepted
        | EventKind::FollowRejected
        | EventKind::PostCreated
        | EventKind::PostUpdated
        | EventKind::PostDeleted
        | EventKind::PostRemoved
        | EventKind::PostRestored
        | EventKind::MirrorTakenBack
        | EventKind::TopicLocked
        | EventKind::TopicUnlocked
        | EventKind::TopicPinned
        | EventKind::TopicUnpinned
        | EventKind::Liked
        | EventKind::Unliked
        | EventKind::InteractionAnswered
        | EventKind::Boosted
        | EventKind::Unboosted
        | EventKind::Voted
        | EventKind::PollCounted
        | EventKind::Disliked
        | EventKind::Undisliked
        | EventKind::Reported
        | EventKind::ActorUpdated => return Ok(None),
    };
    Ok(Some(news))
}

/// Something was written: who hears of it and lacks what it answers finds that in the conversation.
const fn is_text(kind: EventKind) -> bool {
    matches!(kind, EventKind::PostCreated | EventKind::PostUpdated)
}

fn post_news(
    connection: &mut Connection,
    known: &mut Known,
    event: &Event,
    group: &Group,
    post: Post,
    ground: DeliveryGround,
    now: Timestamp,
) -> Result<Option<(News, DeliveryGround)>> {
    let retraction = DeliveryGround::Retraction;
    let by = known
        .actor(connection, event.actor)?
        .cloned()
        .ok_or_else(|| Error::internal(format!("event {} has no actor", event.id)))?;
    if let (Some(activity), false) = (&event.activity, by.is_local()) {
        let ground = match event.kind {
            EventKind::PostDeleted
            | EventKind::PostRemoved
            | EventKind::Unliked
            | EventKind::Undisliked => retraction,
            _ => ground,
        };
        return Ok(Some((
            News::PassedOn {
                activity: activity.clone(),
                introduction: known.document(connection, by.id)?.cloned(),
                topic: is_text(event.kind).then_some(post.topic),
            },
            ground,
        )));
    }
    let author = known
        .actor(connection, post.author)?
        .cloned()
        .ok_or_else(|| Error::internal(format!("post {} has no author", post.id)))?;
    let parent = match post.parent {
        Some(parent) => known
            .post(connection, parent)?
            .map(|parent| parent.uri.clone()),
        None => None,
    };
    let like = || event.activity.as_deref().map(str::parse::<Uri>).transpose();
    let poll = match event.kind.carries_text() {
        true => polls::told(connection, group, &[post.id], now)?.remove(&post.id),
        false => None,
    };
    Ok(match event.kind {
        EventKind::PostCreated => Some((
            News::PostCreated {
                attachments: storage::attachments::list_of(connection, post.id)?,
                post,
                author,
                parent,
                poll,
            },
            ground,
        )),
        EventKind::PostUpdated | EventKind::PollCounted => Some((
            News::PostUpdated {
                attachments: storage::attachments::list_of(connection, post.id)?,
                post,
                author,
                parent,
                poll,
            },
            ground,
        )),
        EventKind::Voted => {
            let chosen = storage::polls::find(connection, post.id)?;
            option_at(chosen, event.object).map(|option| {
                let news = News::Voted {
                    poll: post,
                    author: author.uri,
                    by,
                    option,
                };
                (news, ground)
            })
        }
        // Its author is gone with all they wrote, or it is asked back. Nobody here can say that for them: the group does.
        EventKind::PostDeleted | EventKind::PostAskedBack if !author.is_local() => {
            let (by, reason) = (group.actor.clone(), None);
            Some((News::PostRemoved { post, by, reason }, retraction))
        }
        EventKind::PostDeleted | EventKind::PostAskedBack => {
            Some((News::PostDeleted { post, author }, retraction))
        }
        EventKind::PostRemoved => {
            let reason = event.activity.clone();
            // The house of a group elsewhere is asked, whoever wrote it.
            let ground = match group.is_local() {
                true => retraction,
                false => ground,
            };
            Some((News::PostRemoved { post, by, reason }, ground))
        }
        EventKind::PostRestored => Some((News::PostRestored { post, by }, ground)),
        EventKind::MirrorTakenBack => Some((News::MirrorDeleted { post }, retraction)),
        EventKind::TopicLocked => Some((News::TopicLocked { topic: post, by }, ground)),
        EventKind::TopicUnlocked => Some((News::TopicUnlocked { topic: post, by }, ground)),
        EventKind::TopicPinned => Some((News::TopicPinned { topic: post, by }, ground)),
        EventKind::TopicUnpinned => Some((News::TopicUnpinned { topic: post, by }, ground)),
        EventKind::Liked => storage::reactions::find(connection, post.id, by.id)?
            .map(|like| (News::Liked { like, post, by }, ground)),
        EventKind::Unliked => like()?.map(|like| (News::Unliked { like, post, by }, retraction)),
        EventKind::Reported => {
            let text = event.activity.clone().unwrap_or_default();
            let instance = house::instance_actor(connection)?.uri;
            let news = News::Reported {
                post,
                author,
                text,
                instance,
            };
            Some((news, DeliveryGround::Addressed))
        }
        _ => None,
    })
}

/// The words of the option at a position; none where the poll asks something else meanwhile.
fn option_at(poll: Option<Poll>, position: Option<i64>) -> Option<String> {
    let position = usize::try_from(position?).ok()?;
    let option = poll?.options.into_iter().nth(position)?;
    Some(option.title)
}

/// What a moderator here asks of a group elsewhere: that somebody is shut out of it, or no longer. The Block that is
/// undone is named by a name of ours: whoever spoke it, its house knows whom it shuts out.
fn asked_standing(
    connection: &mut Connection,
    event: &Event,
    by: Actor,
    person: Actor,
) -> Result<News> {
    let block = house::addresses(connection)?.activity("block", event.id.0);
    Ok(match &event.activity {
        Some(terms) => News::MemberBanned {
            block,
            person,
            by,
            terms: moderation::read_terms(terms)?,
        },
        None => News::BanLifted { block, person, by },
    })
}

/// How somebody stands in a group of ours: banned, or moderating. None: it is no longer so.
fn standing_news(
    connection: &mut Connection,
    known: &mut Known,
    event: &Event,
    group: &Group,
) -> Result<Option<News>> {
    let lacks = || Error::internal(format!("event {} lacks what it tells of", event.id));
    let by = known.actor(connection, event.actor)?.cloned();
    let by = by.ok_or_else(lacks)?;
    let person = event.object.map(crate::domain::ActorId).ok_or_else(lacks)?;
    let person = storage::actors::find(connection, person)?.ok_or_else(lacks)?;
    if let (Some(activity), false) = (&event.activity, by.is_local()) {
        return Ok(Some(News::PassedOn {
            activity: activity.clone(),
            introduction: known.document(connection, by.id)?.cloned(),
            topic: None,
        }));
    }
    if !group.is_local() {
        return asked_standing(connection, event, by, person).map(Some);
    }
    Ok(match event.kind {
        EventKind::MemberBanned => {
            let membership = storage::memberships::find(connection, group.id, person.id)?;
            let ban = storage::bans::find(connection, group.id, person.id)?;
            // Lifted before it was told: then that is not told either way.
            let (Some(membership), Some(ban)) = (membership, ban) else {
                return Ok(None);
            };
            Some(News::MemberBanned {
                block: ban.uri,
                person,
                by,
                terms: BanTerms {
                    until: membership.banned_until,
                    reason: ban.reason,
                    removes_posts: ban.removes_posts,
                },
            })
        }
        EventKind::BanLifted => {
            let block = event.activity.as_deref().unwrap_or_default().parse()?;
            Some(News::BanLifted { block, person, by })
        }
        EventKind::ModeratorAdded => Some(News::ModeratorAdded { person, by }),
        EventKind::ModeratorRemoved => Some(News::ModeratorRemoved { person, by }),
        _ => None,
    })
}

/// An offer to move a group, or its acceptance, from instance actor to instance actor.
fn move_news(connection: &mut Connection, event: &Event) -> Result<Option<News>> {
    let offer: Uri = event.activity.as_deref().unwrap_or_default().parse()?;
    let house = house::instance_actor(connection)?.uri;
    let Some(instance) = partner_of(connection, event)? else {
        return Ok(None);
    };
    let Some(offered) = storage::moves::find(connection, &offer)? else {
        return Ok(None);
    };
    Ok(Some(match event.kind {
        EventKind::MoveOffered => News::MoveOffered {
            offer,
            house,
            instance,
        },
        _ => News::MoveAccepted {
            offer,
            moving: offered.group,
            house,
            instance,
        },
    }))
}

/// What a partner is asked to throw away. None: it says meanwhile that it did.
fn retraction_news(connection: &mut Connection, event: &Event) -> Result<Option<News>> {
    let lacks = || Error::internal(format!("event {} has no retraction", event.id));
    let id = event.object.map(RetractionId).ok_or_else(lacks)?;
    let retraction = storage::retractions::find(connection, id)?.ok_or_else(lacks)?;
    let partner = storage::partners::find_by_host(connection, &retraction.host)?;
    let Some(instance) = partner.and_then(|partner| partner.instance) else {
        return Ok(None);
    };
    let Some(instance) = storage::actors::find_by_uri(connection, &instance)? else {
        return Ok(None);
    };
    let request = retractions::find_request(connection, &retraction)?;
    Ok(request.map(|request| News::RetractionAsked { request, instance }))
}

fn grant_news(
    connection: &mut Connection,
    event: &Event,
) -> Result<Option<(News, DeliveryGround)>> {
    let Some(grant) = event.object else {
        return Ok(None);
    };
    let Some(grant) = storage::grants::find(connection, crate::domain::GrantId(grant))? else {
        return Ok(None);
    };
    let Some(partner) = storage::partners::find(connection, grant.partner)? else {
        return Ok(None);
    };
    // Only partners by invitation speak this extension.
    let Some(instance) = partner.instance.clone() else {
        return Ok(None);
    };
    let Some(instance) = storage::actors::find_by_uri(connection, &instance)? else {
        return Ok(None);
    };
    Ok(Some(match event.kind {
        EventKind::GrantEnded => (
            News::GrantEnded {
                grant,
                partner,
                instance,
            },
            DeliveryGround::Retraction,
        ),
        _ => (
            News::GrantOffered {
                grant,
                partner,
                instance,
            },
            DeliveryGround::Partnership,
        ),
    }))
}

/// The instance actor of the partner that an event concerns, where it was met.
pub(super) fn partner_of(connection: &mut Connection, event: &Event) -> Result<Option<Actor>> {
    Ok(partnership_of(connection, event)?.map(|(_, instance)| instance))
}

/// The same with the partner.
pub(super) fn partnership_of(
    connection: &mut Connection,
    event: &Event,
) -> Result<Option<(Partner, Actor)>> {
    let id = event.object.map(crate::domain::PartnerId);
    let id = id.ok_or_else(|| Error::internal(format!("event {} has no partner", event.id)))?;
    let Some(partner) = storage::partners::find(connection, id)? else {
        return Ok(None);
    };
    let Some(instance) = &partner.instance else {
        return Ok(None);
    };
    let instance = storage::actors::find_by_uri(connection, instance)?;
    Ok(instance.map(|instance| (partner, instance)))
}

/// Whose key signs: the group's for what it tells, the instance's for grants and reports, else the
/// person's.
pub(super) fn signer(connection: &mut Connection, telling: &GroupTelling) -> Result<Actor> {
    match &telling.news {
        News::GrantOffered { .. }
        | News::GrantEnded { .. }
        | News::RetractionAsked { .. }
        | News::MoveOffered { .. }
        | News::MoveAccepted { .. }
        | News::Reported { .. } => house::instance_actor(connection),
        News::PostCreated { author: by, .. }
        | News::PostUpdated { author: by, .. }
        | News::PostDeleted { author: by, .. }
        | News::PostRemoved { by, .. }
        | News::PostRestored { by, .. }
        | News::TopicLocked { by, .. }
        | News::TopicUnlocked { by, .. }
        | News::TopicPinned { by, .. }
        | News::TopicUnpinned { by, .. }
        | News::MemberBanned { by, .. }
        | News::BanLifted { by, .. }
        | News::Liked { by, .. }
        | News::Unliked { by, .. }
        | News::Voted { by, .. }
        | News::JoinRequested { by, .. }
        | News::ColleagueInvited { by, .. }
        | News::Left { by, .. }
            if !telling.announced =>
        {
            Ok(by.clone())
        }
        _ => Ok(telling.group.actor.clone()),
    }
}
