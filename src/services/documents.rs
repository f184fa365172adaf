//! What other servers may read of this house. Every question goes through policy; what is not
//! there is asked for like what is hidden, so that an answer tells nothing, not even by its time.

mod profiles;

use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::{
    Account, Actor, ActorId, ActorKey, ActorKind, ActorState, ActorToken, Approval, Attachment,
    Audience, Group, GroupRole, Handle, Member, Page, PersonWays, Poll, Post, PostId, PostState,
    Promise, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Action, Viewer, act};
use crate::services::{access, house, interactions, kept, polls};
use crate::storage::kept::Kept;
use crate::storage::reactions::Like;
use crate::storage::{self, Connection};

pub use crate::services::kept::Testimony;

pub use profiles::{followers, outbox, profile_conversation, profile_post};

/// A topic or comment with what its document names.
#[derive(Clone, Debug)]
pub struct PostDocument {
    pub post: Post,
    pub author: Actor,
    /// What a comment answers.
    pub parent: Option<Uri>,
    /// What is attached to it, in order.
    pub attachments: Vec<Attachment>,
    /// Likes that the reader may learn of, where they were asked for.
    pub likes: Vec<Like>,
    /// What it asks and how the votes stand, as far as others are told.
    pub poll: Option<Poll>,
    /// Who is said to may like and answer it.
    pub promise: Promise,
    /// Where it was asked for and somebody of a third server wrote it: how the reader can believe that.
    pub kept: Option<Testimony>,
    /// The same of likes, by who gave them; these are not among `likes`.
    pub kept_likes: Vec<(Uri, Testimony)>,
}

/// Likes told with one page of a conversation.
const LIKES_MAX: i64 = 1_000;

impl PostDocument {
    /// Only a tombstone is left of it.
    pub fn is_gone(&self) -> bool {
        is_gone(self.post.state)
    }
}

/// Only a tombstone is left of what is in this state.
pub const fn is_gone(state: PostState) -> bool {
    matches!(state, PostState::Removed | PostState::Deleted)
}

/// The server itself, for everybody.
pub async fn instance(app: &App) -> Result<(Actor, Vec<ActorKey>)> {
    let now = app.clock.now();
    app.db
        .read("instance_document", move |connection| {
            let instance = house::instance_actor(connection)?;
            let keys = public_keys(connection, &instance, now)?;
            Ok((instance, keys))
        })
        .await
}

/// Somebody of this house, or that they are gone.
#[derive(Clone, Debug)]
pub enum PersonDocument {
    Here(Box<PersonHere>),
    /// Erased: for those who could have met them.
    Gone(Uri),
}

/// What a person's document is made of.
#[derive(Clone, Debug)]
pub struct PersonHere {
    pub person: Actor,
    /// The keys that count, without their private halves.
    pub keys: Vec<ActorKey>,
    /// Whom they let follow them.
    pub approval: Approval,
    pub ways: PersonWays,
}

/// A person of this house.
pub async fn person(app: &App, asker: Asker, name: &str) -> Result<PersonDocument> {
    let name = name.to_owned();
    app.db
        .read("person_document", move |connection| {
            if let Some(erased) = find_erased(connection, &name)? {
                access::permit_former_person(connection, &asker, &erased)?;
                return Ok(PersonDocument::Gone(erased.uri));
            }
            let person = find_person(connection, &asker, &name)?.actor;
            let keys = public_keys(connection, &person, asker.now)?;
            let approval = storage::follows::find_approval(connection, person.id)?;
            Ok(PersonDocument::Here(Box::new(PersonHere {
                keys,
                approval: approval.unwrap_or(Approval::Nobody),
                ways: storage::ways::find(connection, person.id)?,
                person,
            })))
        })
        .await
}

/// Who had this name and was erased.
fn find_erased(connection: &mut Connection, name: &str) -> Result<Option<Actor>> {
    let handle = Handle {
        name: name.to_owned(),
        host: None,
    };
    let actor = storage::actors::find_by_handle(connection, &handle)?;
    let erased =
        |actor: &Actor| actor.kind == ActorKind::Person && actor.state == ActorState::Deleted;
    Ok(actor.filter(erased))
}

/// A group of this house.
pub async fn group(app: &App, viewer: Viewer, name: &str) -> Result<(Group, Vec<ActorKey>)> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read("group_document", move |connection| {
            let group = find_group(connection, &asker, &name)?;
            let keys = public_keys(connection, &group.actor, asker.now)?;
            Ok((group, keys))
        })
        .await
}

/// Who has a name here: a person or a group. For WebFinger.
pub async fn actor(app: &App, viewer: Viewer, name: &str) -> Result<Actor> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read(
            "find_name",
            move |connection| match storage::accounts::find_by_name(connection, &name)? {
                None => find_group(connection, &asker, &name).map(|group| group.actor),
                some => access::permit_person(connection, &asker, some).map(|person| person.actor),
            },
        )
        .await
}

/// A topic or comment that was written here. What was written elsewhere has its document there.
pub async fn post(app: &App, asker: Asker, id: PostId) -> Result<(PostDocument, Group)> {
    app.db
        .read("post_document", move |connection| {
            let (post, group) = find_post(connection, &asker, id)?;
            // What the group's house did not take was never said in it.
            let said = !storage::refusals::is_refused(connection, id)?;
            let document = with_names(connection, &asker, &group, vec![post])?.pop();
            match document.filter(|_| said) {
                Some(document) if document.author.is_local() => Ok((document, group)),
                _ => Err(Error::NotFound),
            }
        })
        .await
}

/// The group elsewhere whose house would only have to say that the asker reads it, and they would
/// read this post of somebody here.
///
/// # Errors
/// [`Error::NotFound`] where no word of anybody's would help.
pub async fn group_that_may_vouch(app: &App, asker: Asker, id: PostId) -> Result<Group> {
    app.db
        .read("group_that_may_vouch", move |connection| {
            let group = storage::posts::find(connection, id)?.and_then(|post| post.group);
            let vouched = Asker {
                vouched: group,
                ..asker
            };
            let (_, group) = find_post(connection, &vouched, id)?;
            Ok(group)
        })
        .await
}

/// Topics of a group, newest first.
pub async fn topics(
    app: &App,
    viewer: Viewer,
    name: &str,
    page: Page,
) -> Result<(Group, Vec<PostDocument>)> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read("outbox", move |connection| {
            let group = find_group(connection, &asker, &name)?;
            access::permit::<act::Read>(connection, &asker, group.id)?;
            let scope = access::scope(&asker);
            let topics = storage::posts::list_topics(connection, &scope, group.id, page)?;
            let topics = topics
                .into_iter()
                .filter(|topic| topic.state == PostState::Visible)
                .collect();
            let mut documents = with_names(connection, &asker, &group, topics)?;
            add_kept(connection, &asker, &mut documents)?;
            Ok((group, documents))
        })
        .await
}

/// Which part of a conversation is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// The topic and everything below it.
    Topic,
    /// What answers the post directly.
    Post,
}

/// What is said in a group of ours below a topic or post, oldest first, at most `items` from after
/// an id on.
pub async fn conversation(
    app: &App,
    viewer: Viewer,
    id: PostId,
    below: Below,
    after: Option<PostId>,
    items: u32,
) -> Result<(Group, Vec<PostDocument>)> {
    let asker = app.asker(viewer);
    app.db
        .read("conversation", move |connection| {
            let (post, group) = find_post(connection, &asker, id)?;
            // A conversation is kept by the house of its group, under its topic's name.
            let ours = group.is_local() && (below == Below::Post || post.is_topic());
            if !ours {
                return Err(Error::NotFound);
            }
            let parent = (below == Below::Post).then_some(post.id);
            let posts = storage::posts::list_thread_page(
                connection,
                &access::scope(&asker),
                post.topic,
                parent,
                after,
                items,
            )?;
            let mut documents = with_names(connection, &asker, &group, posts)?;
            add_likes(connection, &asker, &group, &mut documents)?;
            add_kept(connection, &asker, &mut documents)?;
            Ok((group, documents))
        })
        .await
}

/// Adds the likes that the reader may learn of: partners that are kept apart learn of ours and
/// their own people's only.
fn add_likes(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    documents: &mut [PostDocument],
) -> Result<()> {
    let apart = is_kept_apart(connection, asker, group)?;
    let posts: Vec<PostId> = documents.iter().map(|document| document.post.id).collect();
    let mut said = storage::kept::list(connection, Kept::Like, &posts)?;
    for (post, like) in storage::reactions::list(connection, &posts, LIKES_MAX)? {
        let known = !apart || like.host.is_none() || like.host.as_ref() == asker.viewer.host();
        let document = documents
            .iter_mut()
            .find(|document| document.post.id == post);
        let (Some(document), true) = (document, known) else {
            continue;
        };
        let third = kept::is_third(like.host.as_ref(), asker.viewer.host());
        match said.remove(&(post, like.actor)).filter(|_| third) {
            Some(activity) => {
                let testimony = kept::testify(connection, like.actor, activity)?;
                document.kept_likes.push((like.by, testimony));
            }
            None => document.likes.push(like),
        }
    }
    Ok(())
}

/// Adds what people of third servers said as they said it. The reader was let read it; of what their own people wrote
/// they need no proof.
fn add_kept(
    connection: &mut Connection,
    asker: &Asker,
    documents: &mut [PostDocument],
) -> Result<()> {
    let reader = asker.viewer.host();
    let third =
        |document: &&mut PostDocument| kept::is_third(document.author.host.as_ref(), reader);
    let third: Vec<&mut PostDocument> = documents.iter_mut().filter(third).collect();
    let posts: Vec<PostId> = third.iter().map(|document| document.post.id).collect();
    let mut said = match posts.is_empty() {
        true => return Ok(()),
        false => storage::kept::list(connection, Kept::Text, &posts)?,
    };
    for document in third {
        let by = document.author.id;
        if let Some(activity) = said.remove(&(document.post.id, by)) {
            document.kept = Some(kept::testify(connection, by, activity)?);
        }
    }
    Ok(())
}

/// The asking server's own people in a group. Who else is a member, our own people included, is
/// told to nobody outside; nor is how many.
pub async fn members(app: &App, viewer: Viewer, name: &str) -> Result<Vec<Uri>> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read("roster", move |connection| {
            let group = find_group(connection, &asker, &name)?;
            let may_see = access::may(connection, &asker, Action::SeeMembers, &group)?;
            let (Some(host), true) = (asker.viewer.host(), may_see) else {
                return Ok(Vec::new());
            };
            storage::memberships::list_uris_on_host(connection, group.id, host, usize::MAX)
        })
        .await
}

/// Who moderates a group of ours, for who reads it: whoever reads a removal may know whose it can be. A
/// partner that is kept apart learns of ours and of its own people.
pub async fn moderators(app: &App, viewer: Viewer, name: &str) -> Result<(Group, Vec<Uri>)> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read("moderators", move |connection| {
            let group = find_group(connection, &asker, &name)?;
            if !access::may(connection, &asker, Action::Read, &group)? {
                return Ok((group, Vec::new()));
            }
            let apart = is_kept_apart(connection, &asker, &group)?;
            let role = GroupRole::Moderator;
            let moderators = storage::memberships::list_role(connection, group.id, role)?;
            let known = |member: &Member| {
                let host = member.actor.host.as_ref();
                !apart || host.is_none() || host == asker.viewer.host()
            };
            let moderators = moderators.into_iter().filter(known);
            let people = moderators.map(|member| member.actor.uri).collect();
            Ok((group, people))
        })
        .await
}

/// The pinned topics of a group that the asker may read, newest first.
pub async fn pinned(app: &App, viewer: Viewer, name: &str) -> Result<(Group, Vec<PostDocument>)> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read("featured", move |connection| {
            let group = find_group(connection, &asker, &name)?;
            if !access::may(connection, &asker, Action::Read, &group)? {
                return Ok((group, Vec::new()));
            }
            let scope = access::scope(&asker);
            let topics = storage::posts::list_pinned(connection, &scope, group.id)?;
            let documents = with_names(connection, &asker, &group, topics)?;
            Ok((group, documents))
        })
        .await
}

/// Lemmy's question: whether somebody reads a group of ours, asked by a server that reads it. Servers
/// keep what their people wrote in the group, and must know whom they may show it to.
///
/// Of a person only their own server is told; of other servers, that they read the group, unless
/// partners are kept apart in it.
///
/// # Errors
/// [`Error::NotFound`]: no, or not for the asker to know.
pub async fn check_reader(app: &App, viewer: Viewer, name: &str, asked: Uri) -> Result<()> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    let ours = app.addresses().instance();
    app.db
        .read("check_reader", move |connection| {
            let group = find_group(connection, &asker, &name)?;
            let reads = |connection: &mut Connection, asker: &Asker| {
                access::may(connection, asker, Action::Read, &group)
            };
            let may_ask = reads(connection, &asker)?;
            let them = storage::actors::find_by_uri(connection, &asked)?;
            let them = them.as_ref().map_or(Viewer::Anonymous, access::viewer_of);
            let their_own = them.host().is_some() && them.host() == asker.viewer.host();
            let told = match them {
                Viewer::Server { .. } => their_own || !is_kept_apart(connection, &asker, &group)?,
                _ => their_own,
            };
            let them = Asker {
                viewer: them,
                ..asker.clone()
            };
            // The house itself reads what is said in its group.
            let yes = asked == ours || told && reads(connection, &them)?;
            match may_ask && yes {
                true => Ok(()),
                false => Err(Error::NotFound),
            }
        })
        .await
}

/// What a group that is not public says of a server, or a person, that reads it (FEP-db0e).
///
/// # Errors
/// [`Error::NotFound`] for a public group, which has nothing to prove; [`Error::Denied`] where nobody
/// of the asker's server is in it.
pub async fn token(
    app: &App,
    viewer: Viewer,
    name: &str,
    actor: Uri,
) -> Result<(Group, ActorToken)> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read("actor_token", move |connection| {
            let group = find_group(connection, &asker, &name)?;
            access::permit::<act::Read>(connection, &asker, group.id)?;
            if group.is_public() {
                return Err(Error::NotFound);
            }
            let grant = access::group_facts(connection, &asker, &group)?.grant;
            let end = grant.and_then(|terms| terms.until);
            let token = ActorToken::new(group.actor.uri.clone(), actor, asker.now, end);
            Ok((group, token))
        })
        .await
}

/// The group elsewhere of which a reader of somebody's document shows a token: one that this person
/// takes part in.
///
/// # Errors
/// [`Error::NotFound`] where there is none.
pub async fn group_of_token(
    app: &App,
    asker: Asker,
    name: &str,
    issuer: Option<Uri>,
) -> Result<Group> {
    let name = name.to_owned();
    app.db
        .read("group_of_token", move |connection| {
            let issuer = issuer.ok_or(Error::NotFound)?;
            let group = storage::groups::find_by_uri(connection, &issuer)?;
            let person = storage::accounts::find_by_name(connection, &name)?;
            let (group, person) = group.zip(person).ok_or(Error::NotFound)?;
            let home = group.home().cloned().ok_or(Error::NotFound)?;
            // Its own house could read there now: the group is still there for us.
            let house = Asker {
                viewer: Viewer::Server { host: home },
                ..asker
            };
            access::permit::<act::Know>(connection, &house, group.id)?;
            match storage::memberships::takes_part(connection, person.actor.id, group.id)? {
                true => Ok(group),
                false => Err(Error::NotFound),
            }
        })
        .await
}

/// Whether the asker's server must not learn which other partners are in a group.
fn is_kept_apart(connection: &mut Connection, asker: &Asker, group: &Group) -> Result<bool> {
    let grant = access::group_facts(connection, asker, group)?.grant;
    Ok(grant.is_some_and(|terms| terms.apart))
}

/// How many people have an account here.
pub async fn people(app: &App) -> Result<u64> {
    let count = app
        .db
        .read("count_people", storage::accounts::count_active)
        .await?;
    Ok(count.unsigned_abs())
}

/// A person by name, once policy said that the asker may know of them.
fn find_person(connection: &mut Connection, asker: &Asker, name: &str) -> Result<Account> {
    let person = storage::accounts::find_by_name(connection, name)?;
    access::permit_person(connection, asker, person)
}

/// A group of this house by name, once policy said that the asker may know of it.
fn find_group(connection: &mut Connection, asker: &Asker, name: &str) -> Result<Group> {
    let handle = Handle {
        name: name.to_owned(),
        host: None,
    };
    let group = storage::groups::find_by_handle(connection, &handle)?;
    let (_, group) = access::permit_sought::<act::Know>(connection, asker, group)?;
    Ok(group)
}

/// A post for its group's audience, once policy said that the asker may read it.
fn find_post(connection: &mut Connection, asker: &Asker, id: PostId) -> Result<(Post, Group)> {
    let post = storage::posts::find(connection, id)?;
    let case = access::permit_sought_post::<act::Read>(connection, asker, post)?;
    match case.group {
        Some(group) if case.post.audience == Audience::Group => Ok((case.post, group)),
        _ => Err(Error::NotFound),
    }
}

/// Adds who wrote them, what they answer and ask, what is attached, and what is said of who may.
fn with_names(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    posts: Vec<Post>,
) -> Result<Vec<PostDocument>> {
    let open = interactions::to_reader(connection, asker, group, false)?;
    let closed = interactions::to_everybody(group, true);
    let mut topics: Vec<PostId> = posts.iter().map(|post| post.topic).collect();
    topics.dedup();
    let locked = storage::posts::list_locked(connection, &topics)?;
    let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
    let mut polls = polls::told(connection, group, &ids, asker.now)?;
    let mut authors: Vec<ActorId> = posts.iter().map(|post| post.author).collect();
    authors.sort_unstable();
    authors.dedup();
    let authors = storage::actors::list_by_ids(connection, &authors)?;
    let authors: HashMap<ActorId, Actor> = authors
        .into_iter()
        .map(|author| (author.id, author))
        .collect();
    let mut attachments = storage::attachments::list_of_posts(connection, &ids)?;
    let parents: Vec<PostId> = posts.iter().filter_map(|post| post.parent).collect();
    let parents = match parents.is_empty() {
        true => HashMap::new(),
        false => storage::posts::list_uris(connection, &parents)?
            .into_iter()
            .collect(),
    };
    posts
        .into_iter()
        .map(|post| {
            let author = authors.get(&post.author).cloned();
            let promise = match locked.contains(&post.topic) {
                true => closed.clone(),
                false => open.clone(),
            };
            Ok(PostDocument {
                promise,
                author: author.ok_or_else(|| Error::internal("a post without an author"))?,
                parent: post.parent.and_then(|parent| parents.get(&parent).cloned()),
                attachments: attachments.remove(&post.id).unwrap_or_default(),
                likes: Vec::new(),
                poll: polls.remove(&post.id),
                kept: None,
                kept_likes: Vec::new(),
                post,
            })
        })
        .collect()
}

/// An actor's keys that count, newest first, without what must not leave.
pub(super) fn public_keys(
    connection: &mut Connection,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<ActorKey>> {
    let keys = storage::actors::list_keys_of(connection, actor.id)?;
    let public = keys
        .into_iter()
        .filter(|key| key.counts(now))
        .map(|key| ActorKey {
            private_pem: None,
            ..key
        });
    Ok(public.collect())
}
