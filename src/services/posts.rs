//! Topics and comments: writing, changing, taking back, reading; and the same from afar.

use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::markup::{self, UntrustedHtml};
use crate::domain::{
    Actor, ActorId, Audience, AuditAction, Body, Draft, EventKind, Group, GroupId, GroupRole,
    Membership, MembershipState, Page, Post, PostId, PostState, PostView, RemovalReason, Revision,
    Stage, TITLE_CHARS_MAX, Timestamp, Title, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Action, Facts, Reason, Viewer, act};
use crate::services::access::Case;
use crate::services::groups::{self, GroupView};
use crate::services::{access, audit};
use crate::storage::events::NewEvent;
use crate::storage::posts::NewPost;
use crate::storage::{self, Connection};

// Writing -----------------------------------------------------------------------------------------

/// Publishes a topic in a group and records that it happened.
///
/// The topic, its event and its audit line commit together: partners are told later, from the
/// event, so a crash can delay news but never lose or invent it.
pub async fn create_topic(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    title: Title,
    body: Option<Body>,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let new = written_here(&asker, &Draft::Topic { title, body })?;
    let post = app
        .db
        .write("create_topic", move |connection| {
            let (permit, _) = access::permit::<act::StartTopic>(connection, &asker, group)?;
            let post = storage::posts::insert_topic(
                connection,
                &permit,
                new,
                |id| addresses.post(id),
                asker.now,
            )?;
            tell(connection, &asker, EventKind::PostCreated, &post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostCreated,
                post.uri.as_str(),
                "",
            )?;
            Ok(post)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

/// Publishes a comment below a topic or comment. In an open group a colleague joins by it.
pub async fn comment(
    app: &App,
    viewer: Viewer,
    parent: PostId,
    body: Body,
    audience: Audience,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let new = written_here(&asker, &Draft::Comment { body, audience })?;
    let post = app
        .db
        .write("create_comment", move |connection| {
            let case = access::permit_post::<act::Comment>(connection, &asker, parent)?;
            let audience = if case.post.audience == Audience::Aside {
                Audience::Aside
            } else {
                audience
            };
            if audience == Audience::Aside {
                only_colleagues_inside(connection, &asker, case.group.as_ref())?;
            }
            let new = NewPost { audience, ..new };
            let post = storage::posts::insert_comment(
                connection,
                &case.permit,
                &case.post,
                new,
                |id| addresses.post(id),
                asker.now,
            )?;
            join_by_taking_part(connection, &asker, case.permit.group())?;
            tell(connection, &asker, EventKind::PostCreated, &post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostCreated,
                post.uri.as_str(),
                audience.as_str(),
            )?;
            Ok(post)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

fn only_colleagues_inside(
    connection: &mut Connection,
    asker: &Asker,
    group: Option<&Group>,
) -> Result<()> {
    let member = match (group, asker.viewer.actor()) {
        (Some(group), Some(actor)) => storage::memberships::find(connection, group.id, actor)?
            .is_some_and(|membership| membership.state == MembershipState::Member),
        _ => false,
    };
    if asker.viewer.is_colleague() && member {
        Ok(())
    } else {
        Err(Error::Denied(Reason::NotForOutside))
    }
}

fn join_by_taking_part(connection: &mut Connection, asker: &Asker, group: GroupId) -> Result<()> {
    let Some(actor) = asker.viewer.actor() else {
        return Ok(());
    };
    if storage::memberships::find(connection, group, actor)?
        .is_some_and(|known| known.state == MembershipState::Member)
    {
        return Ok(());
    }
    storage::memberships::save(
        connection,
        &Membership {
            group,
            actor,
            state: MembershipState::Member,
            role: GroupRole::Member,
            follow: None,
            banned_until: None,
            since: asker.now,
        },
    )
}

fn written_here(asker: &Asker, draft: &Draft) -> Result<NewPost> {
    let (title, body, audience) = match draft {
        Draft::Topic { title, body } => (
            Some(title.as_str().to_owned()),
            body.as_ref(),
            Audience::Group,
        ),
        Draft::Comment { body, audience } => (None, Some(body), *audience),
    };
    Ok(NewPost {
        uri: None,
        author: asker
            .viewer
            .actor()
            .ok_or(Error::Denied(Reason::SignInNeeded))?,
        title,
        source: body.map(|body| body.as_str().to_owned()),
        html: body
            .map(|body| markup::render_markdown(body.as_str()).into_string())
            .unwrap_or_default(),
        audience,
        created_at: asker.now,
    })
}

/// Writes news about a post. `activity` is what arrived, when somebody elsewhere did it; else what is
/// told besides, like the reason of a removal.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    post: &Post,
    activity: Option<&str>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: asker.viewer.actor().unwrap_or(post.author),
        group: post.group,
        post: Some(post.id),
        object: None,
        activity: activity.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Replaces the text of one's own post; the old text stays in its history.
pub async fn update(
    app: &App,
    viewer: Viewer,
    id: PostId,
    title: Option<Title>,
    body: Option<Body>,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let html = body
        .as_ref()
        .map(|body| markup::render_markdown(body.as_str()).into_string())
        .unwrap_or_default();
    let post = app
        .db
        .write("update_post", move |connection| {
            let case = access::permit_post::<act::EditPost>(connection, &asker, id)?;
            let title = new_title(&case.post, title)?;
            if body.is_none() && title.is_none() {
                return Err(Error::invalid(
                    "body",
                    "is empty: write something, or delete the comment",
                ));
            }
            let source = body.as_ref().map(Body::as_str);
            storage::posts::update_text(
                connection,
                &case.permit,
                &case.post,
                title.as_deref(),
                source,
                &html,
                asker.now,
            )?;
            tell(connection, &asker, EventKind::PostUpdated, &case.post, None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostUpdated,
                case.post.uri.as_str(),
                "",
            )?;
            storage::posts::find(connection, id)?.ok_or(Error::NotFound)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

/// Topics keep a title, comments have none.
fn new_title(post: &Post, title: Option<Title>) -> Result<Option<String>> {
    match (post.is_topic(), title) {
        (true, Some(title)) => Ok(Some(title.as_str().to_owned())),
        (true, None) => Ok(post.title.clone()),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(Error::invalid("title", "belongs to topics only")),
    }
}

/// Takes one's own post back. Everybody who ever got it is asked to delete it.
pub async fn delete(app: &App, viewer: Viewer, id: PostId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("delete_post", move |connection| {
            let post = take_back(connection, &asker, id)?;
            audit::note(
                connection,
                &asker,
                AuditAction::PostDeleted,
                post.uri.as_str(),
                "",
            )
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// The part of [`delete`] that an author's erasure shares: the text goes, who got it is told.
pub(super) fn take_back(connection: &mut Connection, asker: &Asker, id: PostId) -> Result<Post> {
    let case = access::permit_post::<act::DeletePost>(connection, asker, id)?;
    storage::posts::delete(connection, &case.permit, &case.post)?;
    tell(connection, asker, EventKind::PostDeleted, &case.post, None)?;
    Ok(case.post)
}

/// Takes somebody's post out of view, for a reason that is shown in its place and that every server
/// that has the post is told. Moderators only.
pub async fn remove(app: &App, viewer: Viewer, id: PostId, reason: RemovalReason) -> Result<Post> {
    let asker = app.asker(viewer);
    let post = app
        .db
        .write("remove_post", move |connection| {
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            only_in(&case.post, PostState::Visible)?;
            storage::posts::set_removed(connection, &case.permit, &case.post, true)?;
            storage::posts::set_removal_reason(connection, &case.permit, id, &reason, asker.now)?;
            let kind = EventKind::PostRemoved;
            tell_by_moderator(connection, &asker, kind, &case, Some(reason.as_str()))?;
            let (action, uri) = (AuditAction::PostRemoved, &case.post.uri);
            audit::note(connection, &asker, action, uri.as_str(), reason.as_str())?;
            storage::posts::find(connection, id)?.ok_or(Error::NotFound)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

/// Brings a removed post back, text and all. Moderators only.
pub async fn restore(app: &App, viewer: Viewer, id: PostId) -> Result<Post> {
    let asker = app.asker(viewer);
    let post = app
        .db
        .write("restore_post", move |connection| {
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            only_in(&case.post, PostState::Removed)?;
            storage::posts::set_removed(connection, &case.permit, &case.post, false)?;
            storage::posts::forget_removal_reason(connection, id)?;
            tell_by_moderator(connection, &asker, EventKind::PostRestored, &case, None)?;
            tell_again(connection, &asker, &case.post)?;
            let (action, uri) = (AuditAction::PostRestored, &case.post.uri);
            audit::note(connection, &asker, action, uri.as_str(), "")?;
            storage::posts::find(connection, id)?.ok_or(Error::NotFound)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

fn only_in(post: &Post, state: PostState) -> Result<()> {
    match post.state == state {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "the post is {} already: look at it again",
            post.state
        ))),
    }
}

/// Tells of a post once more, for servers that forgot what was removed: those that know it change
/// nothing. Only of what was written here; others' words travel as they wrote them, once.
fn tell_again(connection: &mut Connection, asker: &Asker, post: &Post) -> Result<()> {
    if !storage::actors::is_local(connection, post.author)? {
        return Ok(());
    }
    tell(connection, asker, EventKind::PostCreated, post, None)
}

/// Writes news of a moderator's act, with its reason. What the command line does, the group does:
/// nobody must seem
/// to have done it who did not.
fn tell_by_moderator(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    case: &Case<act::Moderate>,
    reason: Option<&str>,
) -> Result<()> {
    let group = case.group.as_ref().map(|group| group.actor.id);
    let event = NewEvent {
        kind,
        actor: asker.viewer.actor().or(group).unwrap_or(case.post.author),
        group: case.post.group,
        post: Some(case.post.id),
        object: None,
        activity: reason.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Locks or unlocks; false: it was so already.
fn turn_lock(
    connection: &mut Connection,
    case: &access::Case<act::Moderate>,
    locked: bool,
) -> Result<bool> {
    if !case.post.is_topic() {
        return Err(Error::Conflict("only topics can be locked".into()));
    }
    if case.post.locked == locked {
        return Ok(false);
    }
    storage::posts::set_locked(connection, &case.permit, case.post.id, locked)?;
    Ok(true)
}

const fn locking(locked: bool) -> EventKind {
    match locked {
        true => EventKind::TopicLocked,
        false => EventKind::TopicUnlocked,
    }
}

/// Whether a topic takes comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    Locked,
    Open,
}

/// Closes a topic to everybody but moderators, or opens it again, here and at every server of a
/// member. Moderators only. Doing it twice is doing it once.
pub async fn set_locked(app: &App, viewer: Viewer, id: PostId, lock: Lock) -> Result<Post> {
    let asker = app.asker(viewer);
    let locked = lock == Lock::Locked;
    let post = app
        .db
        .write("lock_topic", move |connection| {
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            if !turn_lock(connection, &case, locked)? {
                return Ok(case.post);
            }
            tell_by_moderator(connection, &asker, locking(locked), &case, None)?;
            let action = match lock {
                Lock::Locked => AuditAction::TopicLocked,
                Lock::Open => AuditAction::TopicUnlocked,
            };
            audit::note(connection, &asker, action, case.post.uri.as_str(), "")?;
            Ok(Post {
                locked,
                ..case.post
            })
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

// Reading -----------------------------------------------------------------------------------------

/// A post with the rights the viewer has on it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub view: PostView,
    pub can_like: bool,
    pub can_reply: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    pub can_remove: bool,
    pub can_restore: bool,
    /// The text is among what the viewer is shown: of a removed post, for moderators.
    pub text: bool,
    /// Why it was removed, where somebody here said so.
    pub removal: Option<String>,
    /// The people elsewhere: whose they are, for the badge.
    pub partner: Option<crate::domain::Partner>,
}

/// A topic with its comments in order of time, and its group.
#[derive(Clone, Debug)]
pub struct Thread {
    pub group: GroupView,
    pub topic: Shown,
    /// Whether and why not one may comment on the topic.
    pub reply: Result<(), Reason>,
    /// Whether the viewer may lock and unlock the topic.
    pub can_lock: bool,
    /// Whether the viewer may say something that stays inside, in a group that reaches further.
    pub can_aside: bool,
    pub comments: Vec<Shown>,
}

/// A topic or comment in a list, with its group.
#[derive(Clone, Debug)]
pub struct Listed {
    pub view: PostView,
    pub group: Group,
    /// Who wrote what a comment answers; none where the viewer may not read that.
    pub answered: Option<ActorId>,
    /// Comments of a topic's whole thread; direct answers to a comment.
    pub replies: u32,
    /// Whose the author is, when not ours.
    pub author_partner: Option<crate::domain::Partner>,
    pub group_partner: Option<crate::domain::Partner>,
}

/// Finds one post, if the viewer may read it. Deleted ones come without their text, removed ones
/// with it for moderators and compliance officers only.
pub async fn find(app: &App, viewer: Viewer, id: PostId) -> Result<PostView> {
    let asker = app.asker(viewer);
    app.db
        .read("find_post", move |connection| {
            let case = access::permit_post::<act::Read>(connection, &asker, id)?;
            let mut views = views(connection, &asker, vec![case.post])?;
            views.pop().ok_or(Error::NotFound)
        })
        .await
}

/// The topic that a post belongs to, with everything below it that the viewer may read.
pub async fn thread(app: &App, viewer: Viewer, post: PostId) -> Result<Thread> {
    let asker = app.asker(viewer);
    app.db
        .read("thread", move |connection| {
            let case = access::permit_post::<act::Read>(connection, &asker, post)?;
            let group = case.group.ok_or(Error::NotFound)?;
            let posts =
                storage::posts::list_thread(connection, &access::scope(&asker), case.post.topic)?;
            let partners = Badges::load(connection)?;
            let of_group = access::group_facts(connection, &asker, &group)?;
            let mut reasons = removal_reasons(connection, &posts)?;
            let mut shown = Vec::with_capacity(posts.len());
            for view in views(connection, &asker, posts)? {
                let removal = reasons.remove(&view.post.id);
                let one = show(connection, &asker, &of_group, view, &partners)?;
                shown.push(Shown { removal, ..one });
            }
            let at = shown
                .iter()
                .position(|shown| shown.view.post.is_topic())
                .ok_or(Error::NotFound)?;
            let topic = shown.remove(at);
            let reply = reply_right(connection, &asker, &group, &topic.view.post)?;
            let can_aside = reply.is_ok()
                && (group.stage != Stage::Internal || !group.is_local())
                && only_colleagues_inside(connection, &asker, Some(&group)).is_ok();
            let group = groups::view(connection, &asker, group)?;
            Ok(Thread {
                can_aside,
                can_lock: topic.view.post.state == PostState::Visible
                    && group.rights.may(Action::Moderate),
                group,
                topic,
                reply,
                comments: shown,
            })
        })
        .await
}

fn removal_reasons(connection: &mut Connection, posts: &[Post]) -> Result<HashMap<PostId, String>> {
    let removed = posts.iter().filter(|post| post.state == PostState::Removed);
    let removed: Vec<PostId> = removed.map(|post| post.id).collect();
    match removed.is_empty() {
        true => Ok(HashMap::new()),
        false => Ok(storage::posts::list_removal_reasons(connection, &removed)?
            .into_iter()
            .collect()),
    }
}

fn reply_right(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    topic: &Post,
) -> Result<Result<(), Reason>> {
    let answer = access::explain(connection, asker, Action::Comment, Some(group), Some(topic))?;
    Ok(answer.map_err(|refusal| refusal.reason))
}

fn show(
    connection: &mut Connection,
    asker: &Asker,
    of_group: &Facts,
    view: PostView,
    partners: &Badges,
) -> Result<Shown> {
    let facts = access::about_post(connection, asker, of_group.clone(), &view.post)?;
    let may = |action| crate::policy::decide(&asker.viewer, action, &facts).is_ok();
    let visible = view.post.state == PostState::Visible;
    Ok(Shown {
        can_like: visible && may(Action::React),
        can_reply: visible && may(Action::Comment),
        can_edit: visible && may(Action::EditPost),
        can_delete: view.post.state != PostState::Deleted && may(Action::DeletePost),
        can_remove: visible && may(Action::Moderate),
        can_restore: view.post.state == PostState::Removed && may(Action::Moderate),
        text: crate::policy::shows_text(&asker.viewer, &facts),
        removal: None,
        partner: partners.of(&view.author),
        view,
    })
}

/// The partnerships that explain where people from outside come from.
pub(super) struct Badges(HashMap<String, crate::domain::Partner>);

impl Badges {
    pub(super) fn load(connection: &mut Connection) -> Result<Self> {
        let partners = storage::partners::list(connection)?;
        Ok(Self(
            partners
                .into_iter()
                .map(|partner| (partner.host.to_string(), partner))
                .collect(),
        ))
    }

    pub(super) fn of(&self, actor: &Actor) -> Option<crate::domain::Partner> {
        self.0.get(actor.host.as_ref()?.as_str()).cloned()
    }
}

/// Adds authors and the viewer's likes; takes out the texts that policy does not show.
fn views(connection: &mut Connection, asker: &Asker, posts: Vec<Post>) -> Result<Vec<PostView>> {
    let mut author_ids: Vec<ActorId> = posts.iter().map(|post| post.author).collect();
    author_ids.sort_unstable();
    author_ids.dedup();
    let authors: HashMap<ActorId, Actor> = storage::actors::list_by_ids(connection, &author_ids)?
        .into_iter()
        .map(|actor| (actor.id, actor))
        .collect();
    let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
    let liked = match asker.viewer.actor() {
        Some(actor) => storage::reactions::list_liked(connection, actor, &ids)?,
        None => Vec::new(),
    };
    let guests = storage::accounts::list_guests(connection, &author_ids)?;
    posts
        .into_iter()
        .map(|post| {
            let author = authors
                .get(&post.author)
                .cloned()
                .ok_or_else(|| Error::internal("a post without an author"))?;
            let shown = access::shows_text(connection, asker, &post)?;
            Ok(PostView {
                by_guest: guests.contains(&post.author),
                liked: liked.contains(&post.id),
                post: if shown { post } else { without_text(post) },
                author,
            })
        })
        .collect()
}

/// What remains for who sees only that there was a post.
fn without_text(post: Post) -> Post {
    Post {
        title: post.title.as_ref().map(|_| String::new()),
        html: String::new(),
        source: None,
        ..post
    }
}

fn listed(connection: &mut Connection, asker: &Asker, posts: Vec<Post>) -> Result<Vec<Listed>> {
    let partners = Badges::load(connection)?;
    let answers = Answers::load(connection, asker, &posts)?;
    let mut known: HashMap<GroupId, Group> = HashMap::new();
    let mut list = Vec::with_capacity(posts.len());
    for view in views(connection, asker, posts)? {
        let Some(id) = view.post.group else { continue };
        let group = match known.get(&id) {
            Some(group) => group.clone(),
            None => {
                let group = storage::groups::find(connection, id)?.ok_or(Error::NotFound)?;
                known.insert(id, group.clone());
                group
            }
        };
        list.push(Listed {
            author_partner: partners.of(&view.author),
            group_partner: partners.of(&group.actor),
            answered: answers.answered(&view.post),
            replies: answers.count(&view.post),
            view,
            group,
        });
    }
    Ok(list)
}

/// Whom the comments of a list answer, and how many answer them. A list of topics asks for nothing.
struct Answers {
    authors: HashMap<PostId, ActorId>,
    counts: HashMap<PostId, u32>,
}

impl Answers {
    fn load(connection: &mut Connection, asker: &Asker, posts: &[Post]) -> Result<Self> {
        let scope = access::scope(asker);
        let comments: Vec<&Post> = posts.iter().filter(|post| !post.is_topic()).collect();
        let ids: Vec<PostId> = comments.iter().map(|post| post.id).collect();
        let mut parents: Vec<PostId> = comments.iter().filter_map(|post| post.parent).collect();
        parents.sort_unstable();
        parents.dedup();
        let authors = storage::posts::list_authors(connection, &scope, &parents)?;
        let counts = storage::posts::count_replies(connection, &scope, &ids)?;
        Ok(Self {
            authors: authors.into_iter().collect(),
            counts: counts.into_iter().collect(),
        })
    }

    fn answered(&self, post: &Post) -> Option<ActorId> {
        self.authors.get(&post.parent?).copied()
    }

    fn count(&self, post: &Post) -> u32 {
        match post.is_topic() {
            true => post.comments,
            false => self.counts.get(&post.id).copied().unwrap_or(0),
        }
    }
}

/// Topics of a group, newest first.
pub async fn topics(app: &App, viewer: Viewer, group: GroupId, page: Page) -> Result<Vec<Listed>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_topics", move |connection| {
            access::permit::<act::Read>(connection, &asker, group)?;
            let posts =
                storage::posts::list_topics(connection, &access::scope(&asker), group, page)?;
            listed(connection, &asker, posts)
        })
        .await
}

/// Topics of all groups the viewer is a member of, newest first.
pub async fn home(app: &App, viewer: Viewer, page: Page) -> Result<Vec<Listed>> {
    let asker = app.asker(viewer);
    let actor = asker
        .viewer
        .actor()
        .ok_or(Error::Denied(Reason::SignInNeeded))?;
    app.db
        .read("home", move |connection| {
            let posts = storage::posts::list_home(connection, &access::scope(&asker), actor, page)?;
            listed(connection, &asker, posts)
        })
        .await
}

/// What somebody wrote in groups the viewer may read, newest first.
pub async fn by_author(
    app: &App,
    viewer: Viewer,
    author: ActorId,
    page: Page,
) -> Result<Vec<Listed>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_by_author", move |connection| {
            let scope = access::scope(&asker);
            let posts = storage::posts::list_by_author(connection, &scope, author, page)?;
            listed(connection, &asker, posts)
        })
        .await
}

/// Finds one post of a group as lists show it, if the viewer may read it.
pub async fn find_listed(app: &App, viewer: Viewer, id: PostId) -> Result<Listed> {
    let asker = app.asker(viewer);
    app.db
        .read("find_listed_post", move |connection| {
            let case = access::permit_post::<act::Read>(connection, &asker, id)?;
            let mut list = listed(connection, &asker, vec![case.post])?;
            list.pop().ok_or(Error::NotFound)
        })
        .await
}

/// What surrounds a post in its thread.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// From the topic down to what the post answers.
    pub above: Vec<Listed>,
    /// Everything below it: each comment directly followed by its answers.
    pub below: Vec<Listed>,
}

/// The thread around a post, without what was deleted or removed.
pub async fn surroundings(app: &App, viewer: Viewer, id: PostId) -> Result<Surroundings> {
    let asker = app.asker(viewer);
    app.db
        .read("surroundings", move |connection| {
            let case = access::permit_post::<act::Read>(connection, &asker, id)?;
            let scope = access::scope(&asker);
            let thread = storage::posts::list_thread(connection, &scope, case.post.topic)?;
            let (above, below) = around(&thread, id);
            let mut known: HashMap<PostId, Listed> = listed(connection, &asker, thread)?
                .into_iter()
                .filter(|listed| {
                    matches!(listed.view.post.state, PostState::Visible | PostState::Held)
                })
                .map(|listed| (listed.view.post.id, listed))
                .collect();
            let mut take =
                |ids: Vec<PostId>| ids.iter().filter_map(|id| known.remove(id)).collect();
            Ok(Surroundings {
                above: take(above),
                below: take(below),
            })
        })
        .await
}

/// The ids above and below a post in its thread, which is in order of time.
fn around(thread: &[Post], id: PostId) -> (Vec<PostId>, Vec<PostId>) {
    let parents: HashMap<PostId, PostId> = thread
        .iter()
        .filter_map(|post| Some((post.id, post.parent?)))
        .collect();
    let mut above = Vec::new();
    let mut at = id;
    while let Some(parent) = parents.get(&at).filter(|parent| !above.contains(*parent)) {
        above.push(*parent);
        at = *parent;
    }
    above.reverse();

    let mut children: HashMap<PostId, Vec<PostId>> = HashMap::new();
    for post in thread.iter().rev() {
        if let Some(parent) = post.parent {
            children.entry(parent).or_default().push(post.id);
        }
    }
    let mut below = Vec::new();
    let mut waiting = children.remove(&id).unwrap_or_default();
    while let Some(next) = waiting.pop() {
        below.push(next);
        waiting.extend(children.remove(&next).unwrap_or_default());
    }
    (above, below)
}

/// Earlier texts of a post, newest first; none of a post that is removed or deleted.
pub async fn history(app: &App, viewer: Viewer, id: PostId) -> Result<(PostView, Vec<Revision>)> {
    let view = find(app, viewer, id).await?;
    if view.post.state != PostState::Visible {
        return Ok((view, Vec::new()));
    }
    let revisions = app
        .db
        .read("history", move |connection| {
            storage::posts::list_revisions(connection, id)
        })
        .await?;
    Ok((view, revisions))
}

// From afar ---------------------------------------------------------------------------------------

/// Things of one server that are remembered as deleted before they arrived; the oldest make room.
pub const TOMBSTONES_PER_HOST_MAX: i64 = 5_000;

/// A post as another server tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedPost {
    pub uri: Uri,
    pub author: Uri,
    /// The group it says it is for.
    pub group: Option<Uri>,
    /// What it answers; none for a topic.
    pub parent: Option<Uri>,
    pub title: Option<String>,
    pub html: UntrustedHtml,
    /// Markdown, where it came with it.
    pub source: Option<String>,
    pub published: Option<Timestamp>,
}

/// Where a post that arrives is to stand.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    pub group: Group,
    /// What it answers, a post of the group; none for a topic.
    pub parent: Option<Post>,
}

/// A post arrives: for a group of ours from its author, or in a group elsewhere from its house.
/// `activity` is what we pass on to the other members' servers.
pub(super) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    author: &Actor,
    ground: Ground,
    received: &ReceivedPost,
    activity: Option<&str>,
) -> Result<()> {
    let known = storage::posts::find_by_uri(connection, &received.uri)?;
    if known.is_some() || storage::posts::has_tombstone(connection, &received.uri)? {
        return Ok(());
    }
    let new = NewPost {
        uri: Some(received.uri.clone()),
        author: author.id,
        title: received.parent.is_none().then(|| title_of(received)),
        source: received.source.clone(),
        html: received.html.sanitized().as_str().to_owned(),
        audience: Audience::Group,
        created_at: received.published.unwrap_or(asker.now),
    };
    let unused = |_| received.uri.clone();
    let Ground { group, parent } = ground;
    let of_ours = group.is_local();
    let post = match parent {
        None => {
            let (permit, _) = access::permit::<act::StartTopic>(connection, asker, group.id)?;
            storage::posts::insert_topic(connection, &permit, new, unused, asker.now)?
        }
        Some(parent) => {
            let case = access::permit_in::<act::Comment>(connection, asker, Some(group), parent)?;
            storage::posts::insert_comment(
                connection,
                &case.permit,
                &case.post,
                new,
                unused,
                asker.now,
            )?
        }
    };
    if of_ours {
        tell(connection, asker, EventKind::PostCreated, &post, activity)?;
    }
    Ok(())
}

/// Topics need a title: microblog posts get the first line of their text.
fn title_of(received: &ReceivedPost) -> String {
    let named = received
        .title
        .as_deref()
        .map(|title| markup::plain_text(title, TITLE_CHARS_MAX))
        .filter(|title| !title.is_empty());
    let first_line = || {
        let html = received.html.sanitized();
        let end = html.as_str().find("</p>").unwrap_or(html.as_str().len());
        markup::plain_text(&html.as_str()[..end], 120)
    };
    named.unwrap_or_else(|| {
        Some(first_line())
            .filter(|line| !line.is_empty())
            .unwrap_or_else(|| "(without a title)".into())
    })
}

/// A post's text was changed by its author elsewhere.
pub(super) fn receive_update(
    connection: &mut Connection,
    asker: &Asker,
    author: &Actor,
    received: &ReceivedPost,
    activity: Option<&str>,
) -> Result<()> {
    let post = storage::posts::find_by_uri(connection, &received.uri)?.ok_or(Error::NotFound)?;
    if post.author != author.id {
        return Err(Error::Denied(Reason::NotAuthor));
    }
    let case = access::permit_found::<act::EditPost>(connection, asker, post)?;
    let html = received.html.sanitized();
    let title = case.post.is_topic().then(|| title_of(received));
    if case.post.html == html.as_str() && case.post.title == title {
        return Ok(());
    }
    storage::posts::update_text(
        connection,
        &case.permit,
        &case.post,
        title.as_deref(),
        received.source.as_deref(),
        html.as_str(),
        asker.now,
    )?;
    if case.group.is_some_and(|group| group.is_local()) {
        tell(
            connection,
            asker,
            EventKind::PostUpdated,
            &case.post,
            activity,
        )?;
    }
    Ok(())
}

/// A post was taken back by its author elsewhere, or removed by a moderator of its group: one of its
/// house, or one elsewhere whom the grant lets moderate. What we never heard of is remembered, so
/// that it cannot arrive late.
pub(super) fn receive_delete(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    object: &Uri,
    removal: bool,
    activity: Option<&str>,
) -> Result<()> {
    let Some(post) = storage::posts::find_by_uri(connection, object)? else {
        if object.host() == by.uri.host() {
            storage::posts::insert_tombstone(
                connection,
                object,
                TOMBSTONES_PER_HOST_MAX,
                asker.now,
            )?;
        }
        return Ok(());
    };
    if post.state == PostState::Deleted {
        return Ok(());
    }
    // A moderator may remove what is their own: then it may come back, and its text is kept.
    let told_by_house = matches!(asker.viewer, Viewer::Server { .. });
    if post.author != by.id || (removal && told_by_house) {
        return receive_removal(connection, asker, post, activity);
    }
    let case = access::permit_found::<act::DeletePost>(connection, asker, post)?;
    storage::posts::delete(connection, &case.permit, &case.post)?;
    if case.group.is_some_and(|group| group.is_local()) {
        tell(
            connection,
            asker,
            EventKind::PostDeleted,
            &case.post,
            activity,
        )?;
    }
    Ok(())
}

fn receive_removal(
    connection: &mut Connection,
    asker: &Asker,
    post: Post,
    activity: Option<&str>,
) -> Result<()> {
    let case = access::permit_found::<act::Moderate>(connection, asker, post)?;
    if case.post.state != PostState::Visible {
        return Ok(());
    }
    storage::posts::set_removed(connection, &case.permit, &case.post, true)?;
    pass_on(connection, asker, EventKind::PostRemoved, &case, activity)
}

/// A moderator took a removal back. A tombstone that the removal left of something unknown goes with
/// it: the post may arrive again. What its author deleted stays deleted: its text is gone.
pub(super) fn receive_restore(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    object: &Uri,
    activity: Option<&str>,
) -> Result<()> {
    let Some(post) = storage::posts::find_by_uri(connection, object)? else {
        if object.host() == by.uri.host() {
            storage::posts::remove_tombstone(connection, object)?;
        }
        return Ok(());
    };
    let case = access::permit_found::<act::Moderate>(connection, asker, post)?;
    if case.post.state != PostState::Removed {
        return Ok(());
    }
    storage::posts::set_removed(connection, &case.permit, &case.post, false)?;
    pass_on(connection, asker, EventKind::PostRestored, &case, activity)
}

/// A moderator elsewhere, or the house of a group, closes a topic to comments or opens it again.
pub(super) fn receive_lock(
    connection: &mut Connection,
    asker: &Asker,
    object: &Uri,
    locked: bool,
    activity: Option<&str>,
) -> Result<()> {
    let post = storage::posts::find_by_uri(connection, object)?.ok_or(Error::NotFound)?;
    let case = access::permit_found::<act::Moderate>(connection, asker, post)?;
    match turn_lock(connection, &case, locked)? {
        true => pass_on(connection, asker, locking(locked), &case, activity),
        false => Ok(()),
    }
}

/// Lets the other servers of a group of ours know what a moderator elsewhere did; a line for who
/// looks after moderators.
fn pass_on(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    case: &access::Case<act::Moderate>,
    activity: Option<&str>,
) -> Result<()> {
    if !case.group.as_ref().is_some_and(Group::is_local) {
        return Ok(());
    }
    tell(connection, asker, kind, &case.post, activity)?;
    let (action, detail) = match kind {
        EventKind::TopicLocked => (AuditAction::TopicLocked, "on"),
        EventKind::TopicUnlocked => (AuditAction::TopicLocked, "off"),
        EventKind::PostRestored => (AuditAction::PostRemoved, "off"),
        _ => (AuditAction::PostRemoved, "on"),
    };
    audit::note(connection, asker, action, case.post.uri.as_str(), detail)
}

#[cfg(test)]
mod tests;
