//! Posts on profiles: written here, and from people elsewhere who are followed here.

use super::receive::{ReceivedPost, check_readable, title_given};
use super::tell;
use super::write::{ring, written_here};
use crate::app::{Addresses, App, Asker};
use crate::domain::{
    Actor, ActorId, ActorState, Audience, AuditAction, Body, Draft, EventKind, LabelName, Page,
    Post, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{self, Reason, Viewer, act};
use crate::services::posts::lists::{Listed, mixed};
use crate::services::{access, audit, labels, outbound_rules};
use crate::storage::posts::NewPost;
use crate::storage::{self, Connection};

/// Publishes something on one's own profile.
///
/// # Errors
/// [`Error::Denied`] where the house does not let posts on profiles go that far, [`Error::Invalid`] for a label that
/// there is not.
pub async fn create_on_profile(
    app: &App,
    viewer: Viewer,
    body: Body,
    audience: Audience,
    label: Option<LabelName>,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let new = written_here(
        &asker,
        Draft::Comment {
            body: Some(body),
            audience,
        },
    )?;
    let author = asker.viewer.clone();
    let written = app
        .db
        .write("create_profile_post", move |connection| {
            let permit = access::permit_profile_post(connection, &asker, audience)?;
            let label = labels::choose(connection, &asker, None, None, label.as_ref())?;
            let new = NewPost { label, ..new };
            let local_uri = |id| addresses.post(id);
            let post = storage::posts::insert_profile_post(
                connection, &permit, new, local_uri, asker.now,
            )?;
            let screened = outbound_rules::of_new(connection, &asker, &post)?;
            tell(connection, &asker, EventKind::PostCreated, &post, None)?;
            let (action, uri) = (AuditAction::PostCreated, post.uri.as_str());
            audit::note(connection, &asker, action, uri, audience.as_str())?;
            Ok((post, screened))
        })
        .await;
    let (post, screened) = outbound_rules::noted(app, &author, written).await?;
    ring(app, screened);
    Ok(post)
}

/// The widest audience that the house allows on profiles.
pub fn widest_audience(app: &App) -> Audience {
    policy::widest_audience(app.house())
}

/// A post on a profile with what putting it on the wire needs.
#[derive(Clone, Debug)]
pub struct ProfilePost {
    pub post: Post,
    pub author: Actor,
    /// Whose profile it is on.
    pub owner: Actor,
    /// What it answers, and who wrote that.
    pub answered: Option<(Uri, Actor)>,
    /// Everybody may read it, also by what the house allows.
    pub public: bool,
    /// The conversation, where it is kept here (FEP-f228).
    pub context: Option<Uri>,
}

impl ProfilePost {
    pub(in crate::services) fn load(
        connection: &mut Connection,
        asker: &Asker,
        addresses: &Addresses,
        post: Post,
    ) -> Result<Self> {
        let author_of = |connection: &mut Connection, post: &Post| {
            storage::actors::find(connection, post.author)?
                .ok_or_else(|| Error::internal(format!("post {} has no author", post.id)))
        };
        let parent = match post.parent {
            Some(parent) => storage::posts::find(connection, parent)?,
            None => None,
        };
        let answered = match parent {
            Some(parent) => Some((parent.uri.clone(), author_of(connection, &parent)?)),
            None => None,
        };
        let owner = access::find_owner(connection, &post)?;
        let allowed = policy::widest_audience(asker.house) == Audience::Public;
        Ok(Self {
            author: author_of(connection, &post)?,
            context: owner
                .is_local()
                .then(|| addresses.post(post.topic).join("context")),
            public: allowed && post.audience == Audience::Public,
            owner,
            answered,
            post,
        })
    }
}

/// What somebody began on their profile or passed on, newest first, as far as the viewer may read it.
pub async fn profile(app: &App, viewer: Viewer, owner: ActorId, page: Page) -> Result<Vec<Listed>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_profile", move |connection| {
            let scope = access::scope(&asker);
            let posts = storage::posts::list_profile(connection, &scope, owner, page)?;
            let boosts = storage::boosts::list_by(connection, &scope, owner, page)?;
            mixed(connection, &asker, posts, boosts, page)
        })
        .await
}

/// Whether a post that arrives would be kept: what is in no group here, from somebody who is followed
/// here or answers on a profile. `parent` is what it answers.
pub(in crate::services) fn check(
    connection: &mut Connection,
    asker: &Asker,
    author: &Actor,
    parent: Option<Post>,
    received: &ReceivedPost,
) -> Result<()> {
    let Some(parent) = parent else {
        let audience = audience_of(author, received);
        return match (audience, &received.parent) {
            // What it answers may be waiting to be applied just before this one.
            (audience, Some(_)) => {
                let audience = audience.unwrap_or(Audience::Public);
                access::permit_profile_post(connection, asker, audience).map(drop)
            }
            (Some(audience), None) => {
                access::permit_profile_post(connection, asker, audience).map(drop)
            }
            // Answered alike whoever it names: that tells nobody who there is.
            (None, None) => Err(Error::Denied(Reason::NoDirectMessages)),
        };
    };
    let owner = access::find_owner(connection, &parent)?;
    access::permit_found::<act::Comment>(connection, asker, parent)?;
    check_addressed(author, &owner, received)
}

/// A post on a profile arrives from its author, whom somebody here follows; or an answer to one.
pub(in crate::services) fn receive_on_profile(
    connection: &mut Connection,
    asker: &Asker,
    author: &Actor,
    parent: Option<Post>,
    received: &ReceivedPost,
) -> Result<()> {
    let known = storage::posts::find_by_uri(connection, &received.uri)?;
    if known.is_some() || storage::posts::has_tombstone(connection, &received.uri)? {
        return Ok(());
    }
    let received = &received.as_text();
    check_readable(received)?;
    let new = |audience| new_post(author, received, audience, asker.now);
    let unused = |_| received.uri.clone();
    let Some(parent) = parent else {
        let audience = audience_of(author, received);
        let audience = audience.ok_or(Error::Denied(Reason::NoDirectMessages))?;
        let permit = access::permit_profile_post(connection, asker, audience)?;
        let new = new(audience);
        storage::posts::insert_profile_post(connection, &permit, new, unused, asker.now)?;
        return Ok(());
    };
    let owner = access::find_owner(connection, &parent)?;
    let case = access::permit_found::<act::Comment>(connection, asker, parent)?;
    check_addressed(author, &owner, received)?;
    // Who reads the conversation reads it: never more.
    let new = new(case.post.audience);
    let (permit, parent) = (&case.permit, &case.post);
    storage::posts::insert_comment(connection, permit, parent, new, unused, asker.now)?;
    Ok(())
}

/// A post for everybody, of somebody whom nobody here need follow, because `by`, who is followed here, passes it on. It
/// stands on its author's profile; what it answers is not fetched.
pub(in crate::services) fn receive_passed_on(
    connection: &mut Connection,
    asker: &Asker,
    author: &Actor,
    by: ActorId,
    received: &ReceivedPost,
) -> Result<Post> {
    if storage::posts::has_tombstone(connection, &received.uri)? {
        return Err(Error::NotFound);
    }
    // What belongs to a group here is told by that group, to whom it is for.
    if let Some(group) = &received.group
        && storage::groups::find_by_uri(connection, group)?.is_some()
    {
        return Err(Error::NotFound);
    }
    if author.state != ActorState::Active {
        return Err(Error::NotFound);
    }
    if audience_of(author, received) != Some(Audience::Public) {
        return Err(Error::Denied(Reason::CannotReshare));
    }
    let received = &received.as_text();
    check_readable(received)?;
    let permit = access::permit_profile_post_by(connection, asker, Audience::Public, Some(by))?;
    let new = new_post(author, received, Audience::Public, asker.now);
    let unused = |_| received.uri.clone();
    storage::posts::insert_profile_post(connection, &permit, new, unused, asker.now)
}

fn new_post(
    author: &Actor,
    received: &ReceivedPost,
    audience: Audience,
    now: Timestamp,
) -> NewPost {
    NewPost {
        uri: Some(received.uri.clone()),
        author: author.id,
        title: parent_less_title(received),
        source: received.source.clone(),
        html: received.html.sanitized().as_str().to_owned(),
        audience,
        label: None,
        poll: None,
        created_at: received.published.unwrap_or(now),
        edited_at: received.edited_at(now),
    }
}

fn parent_less_title(received: &ReceivedPost) -> Option<String> {
    match received.parent {
        None => title_given(received),
        Some(_) => None,
    }
}

/// For whom its author says that a post is; none: for single people only.
fn audience_of(author: &Actor, received: &ReceivedPost) -> Option<Audience> {
    let recipients = &received.recipients;
    if recipients.everybody {
        return Some(Audience::Public);
    }
    let to_followers = recipients.named.contains(&followers_of(author));
    to_followers.then_some(Audience::Followers)
}

/// An answer must be for everybody, or for those who read the conversation: what was said to somebody
/// alone is not put before others.
fn check_addressed(author: &Actor, owner: &Actor, received: &ReceivedPost) -> Result<()> {
    let recipients = &received.recipients;
    let to_readers = recipients.named.contains(&followers_of(owner));
    let as_owner = author.id == owner.id && audience_of(author, received).is_some();
    match recipients.everybody || to_readers || as_owner {
        true => Ok(()),
        false => Err(Error::Denied(Reason::NotForConversation)),
    }
}

/// The followers collection. Servers that do not name it are known to have it there.
fn followers_of(person: &Actor) -> Uri {
    let own = person.followers.clone();
    own.unwrap_or_else(|| person.uri.join("followers"))
}
