//! Posts in lists, each with its group: of a group, of the groups one is in, of an author.

use std::collections::HashMap;

use super::read::{Badges, views};
use crate::app::{App, Asker};
use crate::domain::{ActorId, Group, GroupId, Page, Partner, Post, PostId, PostView};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::access;
use crate::storage::{self, Connection};

/// A topic or comment in a list, with its group.
#[derive(Clone, Debug)]
pub struct Listed {
    pub view: PostView,
    /// None: it stands on a profile.
    pub group: Option<Group>,
    /// Who wrote what a comment answers; none where the viewer may not read that.
    pub answered: Option<ActorId>,
    /// Comments of a topic's whole thread; direct answers to a comment.
    pub replies: u32,
    /// Whose the author is, when not ours.
    pub author_partner: Option<Partner>,
    pub group_partner: Option<Partner>,
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

/// The pinned topics of a group, newest first.
pub async fn pinned(app: &App, viewer: Viewer, group: GroupId) -> Result<Vec<Listed>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_pinned", move |connection| {
            access::permit::<act::Read>(connection, &asker, group)?;
            let posts = storage::posts::list_pinned(connection, &access::scope(&asker), group)?;
            listed(connection, &asker, posts)
        })
        .await
}

/// Topics of all groups the viewer is a member of, and what those they follow and they themselves wrote on
/// their profiles, newest first.
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

/// What somebody wrote where the viewer may read it, newest first.
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

pub(super) fn listed(
    connection: &mut Connection,
    asker: &Asker,
    posts: Vec<Post>,
) -> Result<Vec<Listed>> {
    let partners = Badges::load(connection)?;
    let answers = Answers::load(connection, asker, &posts)?;
    let mut known: HashMap<GroupId, Group> = HashMap::new();
    let mut list = Vec::with_capacity(posts.len());
    for view in views(connection, asker, posts)? {
        let group = match view.post.group.map(|id| (id, known.get(&id))) {
            None => None,
            Some((_, Some(group))) => Some(group.clone()),
            Some((id, None)) => {
                let group = storage::groups::find(connection, id)?.ok_or(Error::NotFound)?;
                known.insert(id, group.clone());
                Some(group)
            }
        };
        list.push(Listed {
            author_partner: partners.of(&view.author),
            group_partner: group.as_ref().and_then(|group| partners.of(&group.actor)),
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
