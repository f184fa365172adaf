//! The activities we send and understand: one file each, with how it is read and how it is
//! written. The listing of this folder is the protocol coverage.
//!
//! Reading is pure: an activity becomes a [`Command`] or is turned away. What it may do is asked
//! of policy by the service that carries it out.

pub mod accept_follow;
pub mod accept_move;
pub mod accept_request;
pub mod accept_retraction;
pub mod add_to_list;
pub mod announce_activity;
pub mod block_person;
pub mod boost_post;
pub mod create_mirror;
pub mod create_post;
pub mod create_vote;
pub mod delete_actor;
pub mod delete_grant;
pub mod delete_mirror;
pub mod delete_object;
pub mod delete_retraction;
pub mod dislike_post;
pub mod flag_post;
pub mod follow_group;
pub mod interaction_request;
pub mod invite_person;
pub mod like_post;
pub mod lock_post;
pub mod move_actor;
pub mod offer_grant;
pub mod offer_move;
pub mod profile_post;
pub mod reject_activity;
pub mod reject_follow;
pub mod reject_move;
pub mod reject_request;
pub mod remove_from_list;
pub mod undo_block;
pub mod undo_boost;
pub mod undo_delete;
pub mod undo_dislike;
pub mod undo_follow;
pub mod undo_id;
pub mod undo_like;
pub mod undo_lock;
pub mod undo_offer_move;
pub mod undo_partnership;
pub mod update_actor;
pub mod update_mirror;
pub mod update_partnership;
pub mod update_post;

use serde_json::{Value, json};

use crate::app::Addresses;
use crate::domain::{Actor, Group, GroupList, Invalid, PersonWays, Uri};
use crate::error::Result;
use crate::federation::keys::OwnKey;
use crate::federation::objects::post::{Written, render_post};
use crate::federation::objects::{check_sizes, post};
use crate::federation::proofs;
use crate::services::deliveries::{
    ActorNews, ActorTelling, GroupTelling, News, ProfileNews, ProfileTelling, Rendered, Telling,
};
use crate::services::inbox::Command;
use crate::services::signing::Pens;

/// Why an activity is turned away before anybody is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It is not what the specification says: 400.
    Malformed(String),
    /// It speaks for somebody else: 403.
    Forged(&'static str),
}

impl From<Invalid> for Rejection {
    fn from(invalid: Invalid) -> Self {
        Self::Malformed(invalid.to_string())
    }
}

type Reading<T> = std::result::Result<T, Rejection>;

/// The parts that every activity has.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    value: &'a Value,
    kind: &'a str,
    object: &'a Value,
}

/// Who says it and under which id, for checking the signature before reading on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub id: Uri,
    pub actor: Uri,
    /// The actor deletes itself: its document is gone, so nothing can be fetched to check it.
    pub deletes_itself: bool,
}

/// Reads who claims to say what. One id, one actor, one type: documents that leave a choice are
/// read differently by different servers.
pub fn read_claim(value: &Value) -> Reading<Claim> {
    let id = single_uri(value, "id")?;
    let actor = actor_of(value)?;
    if id.host() != actor.host() {
        return Err(Rejection::Malformed(
            "id: is not on the server of its actor".into(),
        ));
    }
    let envelope = Envelope::read(value)?;
    let object = envelope.object_id().ok();
    let deletes_itself = envelope.kind == "Delete" && object.as_ref() == Some(&actor);
    Ok(Claim {
        id,
        actor,
        deletes_itself,
    })
}

/// Reads what a verified activity asks for.
pub fn into_command(value: &Value) -> Reading<Command> {
    let claim = read_claim(value)?;
    let envelope = Envelope::read(value)?;
    for part in [value, envelope.object] {
        check_sizes(part)?;
    }
    match envelope.kind {
        // Groups elsewhere are joined and left by these words too.
        "Follow" | "Join" => follow_group::read(&envelope, &claim),
        "Leave" => undo_follow::read(value),
        "Invite" => invite_person::read(&envelope, &claim),
        "Accept" if accept_move::is_of_a_move(&envelope) => accept_move::read(&envelope),
        "Accept" if accept_retraction::is_one(value) => accept_retraction::read(&envelope),
        "Accept" => accept_follow::read(&envelope),
        "Reject" if reject_move::is_one(&envelope) => reject_move::read(&envelope),
        "Reject" if reject_activity::is_one(value) => reject_activity::read(&envelope),
        "Reject" => reject_follow::read(&envelope),
        "Create" if create_vote::is_vote(envelope.object) => create_vote::read(&envelope, &claim),
        "Create" => create_post::read(&envelope, &claim),
        "Update" if update_actor::is_about_an_actor(envelope.object) => {
            update_actor::read(&envelope, &claim)
        }
        "Update" if update_partnership::is_about_terms(envelope.object) => {
            update_partnership::read(envelope.object)
        }
        "Update" => update_post::read(&envelope, &claim),
        "Delete" if delete_grant::is_about_a_grant(envelope.object) => {
            delete_grant::read(envelope.object)
        }
        "Delete" if delete_retraction::is_about_one(envelope.object) => {
            delete_retraction::read(envelope.object, &claim)
        }
        "Delete" => delete_object::read(&envelope, &claim),
        "Like" => like_post::read(&envelope, &claim),
        "Dislike" => dislike_post::read(&envelope, &claim),
        "Lock" => lock_post::read(&envelope),
        "Add" => add_to_list::read(&envelope),
        "Remove" => remove_from_list::read(&envelope),
        "Block" => block_person::read(&envelope, &claim),
        "Move" => move_actor::read(&envelope, &claim),
        "Flag" => flag_post::read(&envelope),
        "Announce" => announce_activity::read(&envelope, &claim),
        "Offer" if offer_grant::is_about_a_grant(envelope.object) => {
            offer_grant::read(envelope.object)
        }
        "Offer" if offer_move::is_about_a_move(envelope.object) => {
            offer_move::read(envelope.object, &claim)
        }
        "Undo" => undo(&envelope, &claim),
        other => match interaction_request::kind(other) {
            Some(what) => interaction_request::read(&envelope, &claim, what),
            None => Ok(Command::Ignored("not_understood")),
        },
    }
}

fn undo(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    let undone = envelope.object;
    if undone.is_string() {
        return undo_id::read(undone);
    }
    if actor_of(undone)? != claim.actor {
        return Err(Rejection::Forged("undoes_anothers"));
    }
    if undo_offer_move::is_one(undone) {
        return undo_offer_move::read(undone);
    }
    match undone.get("type").and_then(Value::as_str) {
        Some("Follow" | "Join") => undo_follow::read(undone),
        Some("Like") => undo_like::read(undone),
        Some("Announce") => undo_boost::read(undone),
        Some("Delete") => undo_delete::read(undone),
        Some("Lock") => undo_lock::read(undone),
        Some("Dislike") => undo_dislike::read(undone),
        Some("Block") => undo_block::read(undone),
        Some("Offer" | "Accept") => undo_partnership::read(undone),
        _ => Ok(Command::Ignored("not_understood")),
    }
}

impl<'a> Envelope<'a> {
    fn read(value: &'a Value) -> Reading<Self> {
        let malformed = |what: &str| Rejection::Malformed(what.to_owned());
        let kind = value
            .get("type")
            .and_then(Value::as_str)
            .ok_or_else(|| malformed("type: is not one word"))?;
        let object = value
            .get("object")
            .ok_or_else(|| malformed("object: is missing"))?;
        // Reports alone may be about several things.
        if object.is_array() && kind != "Flag" {
            return Err(malformed("object: is more than one"));
        }
        Ok(Self {
            value,
            kind,
            object,
        })
    }

    /// The id of the object, whether it is embedded or only named.
    fn object_id(&self) -> Reading<Uri> {
        id_of(self.object)
    }
}

/// The id of something that is embedded or only named.
fn id_of(value: &Value) -> Reading<Uri> {
    match value {
        Value::String(id) => Ok(id.parse()?),
        _ => single_uri(value, "id"),
    }
}

/// The one actor of an activity, embedded or named.
fn actor_of(value: &Value) -> Reading<Uri> {
    let actor = value
        .get("actor")
        .ok_or_else(|| Rejection::Malformed("actor: is missing".into()))?;
    id_of(actor)
}

fn single_uri(value: &Value, field: &'static str) -> Reading<Uri> {
    let text = value
        .get(field)
        .and_then(Value::as_str)
        .ok_or_else(|| Rejection::Malformed(format!("{field}: is not one address")))?;
    Ok(text.parse()?)
}

// Writing -----------------------------------------------------------------------------------------

/// Puts news on the wire: the person's own activity, wrapped by its group where the group tells. Each
/// carries the proof of who says it (FEP-8b32).
pub fn render(addresses: &Addresses, telling: &Telling, pens: &Pens) -> Result<Rendered> {
    match telling {
        Telling::Group(telling) => render_of_group(addresses, telling, pens),
        Telling::Profile(telling) => {
            let activity = render_on_profile(addresses, telling);
            Ok(rendered(proven(activity, pens)?))
        }
        Telling::Actor(telling) => Ok(rendered(proven(render_of_actor(addresses, telling), pens)?)),
    }
}

fn render_on_profile(addresses: &Addresses, telling: &ProfileTelling) -> Value {
    let ProfileTelling { event, by, news } = telling;
    let id = |kind: &str| addresses.activity(kind, event.0);
    match news {
        ProfileNews::Posted(told) => profile_post::render_create(id("create").as_str(), told),
        ProfileNews::Edited(told) => profile_post::render_update(&id("update"), told),
        ProfileNews::Deleted(told) => profile_post::render_delete(&id("delete"), told),
        ProfileNews::Liked { like, post, author } => {
            profile_post::render_like(like, &by.uri, post, &author.uri)
        }
        ProfileNews::Unliked { like, post, author } => {
            profile_post::render_undo_like(&id("undo"), like, &by.uri, post, &author.uri)
        }
        ProfileNews::Boosted {
            announce,
            post,
            author,
            public,
        } => boost_post::render_by_person(announce, by, post, author, *public),
        ProfileNews::Unboosted {
            announce,
            post,
            author,
            public,
        } => undo_boost::render_by_person(&id("unshare"), announce, by, post, author, *public),
        ProfileNews::InteractionAnswered {
            asked,
            by: whom,
            approval,
        } => match approval {
            Some(approval) => {
                let authorization = addresses.authorization(*approval);
                accept_request::render(&id("accept"), &by.uri, whom, asked, &authorization)
            }
            None => reject_request::render(&id("reject"), &by.uri, whom, asked),
        },
        ProfileNews::FollowRequested { follow, whom } => {
            follow_group::render(follow, &by.uri, whom)
        }
        ProfileNews::Unfollowed { follow, whom } => {
            undo_follow::render(&id("undo"), follow, &by.uri, whom)
        }
        ProfileNews::FollowAccepted { follow, follower } => {
            accept_follow::render(&id("accept"), follow, follower, &by.uri)
        }
        ProfileNews::FollowRejected { follow, follower } => {
            reject_follow::render(&id("reject"), follow, follower, &by.uri)
        }
    }
}

fn render_of_actor(addresses: &Addresses, telling: &ActorTelling) -> Value {
    let ActorTelling { event, actor, news } = telling;
    let id = |kind: &str| addresses.activity(kind, event.0);
    match news {
        ActorNews::Changed {
            group,
            keys,
            approval,
            ways,
        } => {
            let id = id("update");
            let person = (*approval, ways);
            update_actor::render(&id, addresses, actor, group.as_deref(), keys, person)
        }
        ActorNews::Moved { target } => move_actor::render_of_person(&id("move"), actor, target),
        ActorNews::Gone => delete_actor::render(&id("delete"), &actor.uri),
        ActorNews::PartnershipEnded {
            agreement,
            instance,
        } => undo_partnership::render(&id("undo"), agreement, &actor.uri, instance),
        ActorNews::RetractionAnswered {
            retraction,
            answer,
            instance,
        } => accept_retraction::render(&id("accept"), retraction, answer, &actor.uri, instance),
        ActorNews::PartnershipChanged {
            agreement,
            instance,
            terms,
        } => update_partnership::render(&id("update"), agreement, &actor.uri, instance, terms),
        ActorNews::MoveWithdrawn {
            offer,
            group,
            instance,
        } => undo_offer_move::render(&id("undo"), offer, &actor.uri, group, instance),
        ActorNews::MoveDeclined {
            offer,
            group,
            instance,
        } => reject_move::render(&id("reject"), offer, &actor.uri, group, instance),
        ActorNews::ActivityRefused {
            activity,
            reason,
            person,
        } => reject_activity::render(&id("reject"), activity, reason, &actor.uri, person),
    }
}

fn render_of_group(addresses: &Addresses, telling: &GroupTelling, pens: &Pens) -> Result<Rendered> {
    let event = telling.event.0;
    let group = &telling.group;
    let id = |kind: &str| addresses.activity(kind, event);
    let inner = match &telling.news {
        News::PostCreated {
            post,
            author,
            parent,
            poll,
            attachments,
        } => {
            let written = Written {
                post,
                author,
                parent: parent.as_ref(),
                promise: &telling.promise,
                attachments,
                poll: poll.as_ref(),
            };
            let object = render_post(addresses, group, &written, pens.at);
            create_post::render(&id("create"), post, author, object, group)
        }
        News::PostUpdated {
            post,
            author,
            parent,
            poll,
            attachments,
        } => {
            let written = Written {
                post,
                author,
                parent: parent.as_ref(),
                promise: &telling.promise,
                attachments,
                poll: poll.as_ref(),
            };
            let object = render_post(addresses, group, &written, pens.at);
            update_post::render(&id("update"), author, object, group)
        }
        News::PostDeleted { post, author } => {
            delete_object::render(&id("delete"), &author.uri, &post.uri, group)
        }
        News::PostRemoved { post, by, reason } => {
            let reason = reason.as_deref();
            delete_object::render_removal(&id("delete"), &by.uri, &post.uri, group, reason)
        }
        News::PostRestored { post, by } => {
            undo_delete::render(&id("undo"), &id("delete"), &by.uri, &post.uri, group)
        }
        News::TopicLocked { topic, by } => {
            lock_post::render(&id("lock"), &by.uri, &topic.uri, group)
        }
        News::TopicUnlocked { topic, by } => {
            undo_lock::render(&id("undo"), &id("lock"), &by.uri, &topic.uri, group)
        }
        News::TopicPinned { topic, by } => {
            let list = GroupList::Featured;
            add_to_list::render(&id("add"), &by.uri, &topic.uri, list, group)
        }
        News::TopicUnpinned { topic, by } => {
            let list = GroupList::Featured;
            remove_from_list::render(&id("remove"), &by.uri, &topic.uri, list, group)
        }
        News::ModeratorAdded { person, by } => {
            let list = GroupList::Moderators;
            add_to_list::render(&id("add"), &by.uri, &person.uri, list, group)
        }
        News::ModeratorRemoved { person, by } => {
            let list = GroupList::Moderators;
            remove_from_list::render(&id("remove"), &by.uri, &person.uri, list, group)
        }
        News::MemberBanned {
            block,
            person,
            by,
            terms,
        } => block_person::render(block, &by.uri, &person.uri, group, terms),
        News::BanLifted { block, person, by } => {
            undo_block::render(&id("undo"), block, &by.uri, &person.uri, group)
        }
        News::MoveOffered {
            offer,
            house,
            instance,
        } => offer_move::render(offer, house, &group.actor.uri, &instance.uri),
        News::MoveAccepted {
            offer,
            moving,
            house,
            instance,
        } => accept_move::render(
            &id("accept"),
            offer,
            (house, &instance.uri),
            (moving, &group.actor.uri),
        ),
        News::GroupMoved { target } => move_actor::render(&id("move"), group, target),
        News::Liked { like, post, by } => like_post::render(like, &by.uri, &post.uri, group),
        News::Unliked { like, post, by } => {
            undo_like::render(&id("undo"), like, &by.uri, &post.uri, group)
        }
        News::Voted {
            poll,
            author,
            by,
            option,
        } => {
            let (id, note) = (id("create"), id("vote"));
            create_vote::render(&id, &note, &by.uri, &poll.uri, author, option)
        }
        News::Reported {
            post,
            author,
            text,
            instance,
        } => flag_post::render(&id("flag"), instance, post, author, group, text),
        News::JoinRequested { follow, by } => {
            follow_group::render(follow, &by.uri, &group.actor.uri)
        }
        News::Left { follow, by } => {
            undo_follow::render(&id("undo"), follow, &by.uri, &group.actor.uri)
        }
        News::JoinAccepted { follow, person } => {
            accept_follow::render(&id("accept"), follow, &person.uri, &group.actor.uri)
        }
        News::JoinRejected { follow, person } => {
            reject_follow::render(&id("reject"), follow, &person.uri, &group.actor.uri)
        }
        News::GrantOffered {
            grant,
            partner,
            instance,
        } => offer_grant::render(&id("offer"), addresses, grant, group, partner, instance),
        News::GrantEnded {
            grant,
            partner,
            instance,
        } => delete_grant::render(&id("delete"), addresses, grant, group, partner, instance),
        News::RetractionAsked { request, instance } => {
            delete_retraction::render(&id("delete"), addresses, group, request, instance)
        }
        News::Invited { handle, person } => {
            let person = person.as_ref().map(|person| &person.uri);
            invite_person::render(&id("invite"), &group.actor.uri, person, handle)
        }
        News::ColleagueInvited { by, person } => {
            invite_person::render_colleague(&id("invite"), &by.uri, &group.actor.uri, person)
        }
        News::GroupChanged { keys } => update_actor::render(
            &id("update"),
            addresses,
            &group.actor,
            Some(group),
            keys,
            (None, &PersonWays::default()),
        ),
        News::Boosted { id, post } => boost_post::render(&addresses.boost(*id), group, post),
        News::Unboosted { id: boosted, post } => {
            undo_boost::render(&id("unboost"), &addresses.boost(*boosted), group, post)
        }
        News::MirrorCreated(copy) => {
            create_mirror::render(&addresses.activity("mirror", copy.post.id.0), copy, group)
        }
        News::MirrorUpdated(copy) => update_mirror::render(&id("mirror-update"), copy, group),
        News::MirrorDeleted { post } => delete_mirror::render(&id("unmirror"), post, group),
        News::PassedOn {
            activity,
            introduction,
            topic,
        } => {
            let (id, introduction) = (id("announce"), introduction.as_deref());
            let conversation = topic.map(|topic| addresses.post(topic).join("context"));
            return announce_activity::render_unchanged(
                &id,
                group,
                activity,
                introduction,
                conversation,
            );
        }
    };
    let inner = match (&telling.addressee, &telling.news) {
        // A vote is addressed to the author already, and mentions nobody.
        (None, _) | (_, News::Voted { .. }) => inner,
        (Some(person), _) => addressed(inner, person),
    };
    let inner = proven(inner, pens)?;
    match telling.announced {
        true => announce_activity::render(&id("announce"), group, inner, pens),
        false => Ok(rendered(inner)),
    }
}

/// The activity, said to somebody besides: microblog servers let people know of what mentions them.
fn addressed(mut activity: Value, person: &Actor) -> Value {
    let object = &mut activity["object"];
    if post::is_post(object) {
        object["cc"] = json!([person.uri]);
        object["tag"] = json!([{
            "type": "Mention",
            "href": person.uri,
            "name": format!("@{}", person.handle()),
        }]);
    }
    if let Some(cc) = activity["cc"].as_array_mut() {
        cc.push(json!(person.uri));
    }
    activity
}

/// The activity with the proof of its actor.
fn proven(mut activity: Value, pens: &Pens) -> Result<Value> {
    if activity.get("@context").is_none() {
        activity["@context"] = json!(CONTEXT);
    }
    let actor = activity.get("actor").and_then(Value::as_str);
    if let Some(pen) = actor.and_then(|actor| pens.of(actor)) {
        proofs::add(&mut activity, &OwnKey::read(pen)?, pens.at)?;
    }
    Ok(activity)
}

/// An activity with its id, as bytes for the wire.
fn rendered(activity: Value) -> Rendered {
    let id = activity
        .get("id")
        .and_then(Value::as_str)
        .and_then(|id| id.parse().ok());
    Rendered {
        // Every render function puts an address of ours there.
        id: id.unwrap_or_else(|| unreachable!("an activity of ours without an id")),
        revision: post::revision_of(&activity),
        body: activity.to_string(),
    }
}

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";
/// The collection that stands for everybody (ActivityPub 5.6).
const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// For whom news of a group are: its followers, and everybody only when the group is public. For
/// other groups the word for everybody appears nowhere.
fn audience(group: &Group) -> (Value, Value) {
    let followers = group
        .actor
        .followers
        .as_ref()
        .map_or(group.actor.uri.as_str(), Uri::as_str);
    if group.is_public() {
        (json!([PUBLIC]), json!([group.actor.uri, followers]))
    } else {
        (json!([group.actor.uri, followers]), json!([]))
    }
}
