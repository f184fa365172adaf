//! Posts in lists, each with its group: of a group, of the groups one is in, of an author.

use std::collections::HashMap;

use super::read::{Badges, views};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, Boost, Boosted, Group, GroupId, Page, Partner, Post, PostId, PostView,
};
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
    /// It is in the list because somebody passed it on.
    pub boosted: Option<Boosted>,
    /// Whose the author is, when not ours.
    pub author_partner: Option<Partner>,
    pub group_partner: Option<Partner>,
}

impl Listed {
    /// The number by which lists are sorted: a boost's own, else the post's.
    pub fn place(&self) -> i64 {
        match &self.boosted {
            Some(boosted) => boosted.boost.id.0,
            None => self.view.post.id.0,
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
/// their profiles or passed on, newest first.
pub async fn home(app: &App, viewer: Viewer, page: Page) -> Result<Vec<Listed>> {
    let asker = app.asker(viewer);
    let actor = asker
        .viewer
        .actor()
        .ok_or(Error::Denied(Reason::SignInNeeded))?;
    app.db
        .read("home", move |connection| {
            let scope = access::scope(&asker);
            let posts = storage::posts::list_home(connection, &scope, actor, page)?;
            let boosts = storage::boosts::list_home(connection, &scope, actor, page)?;
            mixed(connection, &asker, posts, boosts, page)
        })
        .await
}

/// What somebody wrote where the viewer may read it, and with `boosts` what they passed on, newest first.
pub async fn by_author(
    app: &App,
    viewer: Viewer,
    author: ActorId,
    boosts: WithBoosts,
    page: Page,
) -> Result<Vec<Listed>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_by_author", move |connection| {
            let scope = access::scope(&asker);
            let posts = storage::posts::list_by_author(connection, &scope, author, page)?;
            let boosts = match boosts {
                WithBoosts::Yes => storage::boosts::list_by(connection, &scope, author, page)?,
                WithBoosts::No => Vec::new(),
            };
            mixed(connection, &asker, posts, boosts, page)
        })
        .await
}

/// Whether a list of what somebody wrote has what they passed on in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithBoosts {
    Yes,
    No,
}

/// Posts and boosts in one list, newest first; of both the part that `page` asks for.
pub(super) fn mixed(
    connection: &mut Connection,
    asker: &Asker,
    mut posts: Vec<Post>,
    boosts: Vec<Boost>,
    page: Page,
) -> Result<Vec<Listed>> {
    if boosts.is_empty() {
        return listed(connection, asker, posts);
    }
    let mut places: Vec<(i64, PostId, Option<Boost>)> = posts
        .iter()
        .map(|post| (post.id.0, post.id, None))
        .collect();
    let boosts = boosts.into_iter();
    places.extend(boosts.map(|boost| (boost.id.0, boost.post, Some(boost))));
    places.sort_by_key(|(place, ..)| std::cmp::Reverse(*place));
    let items = page.items() as usize;
    match page.from_oldest {
        true => drop(places.drain(..places.len().saturating_sub(items))),
        false => places.truncate(items),
    }
    let passed_on: Vec<&Boost> = places
        .iter()
        .filter_map(|(.., boost)| boost.as_ref())
        .collect();
    let by: Vec<ActorId> = passed_on.iter().map(|boost| boost.actor).collect();
    let mut more: Vec<PostId> = passed_on.iter().map(|boost| boost.post).collect();
    more.retain(|id| posts.iter().all(|post| post.id != *id));
    more.sort_unstable();
    more.dedup();
    posts.extend(storage::posts::list_by_ids(connection, &more)?);
    let people = storage::actors::list_by_ids(connection, &by)?.into_iter();
    let people: HashMap<ActorId, Actor> = people.map(|actor| (actor.id, actor)).collect();
    let list = listed(connection, asker, posts)?.into_iter();
    let list: HashMap<PostId, Listed> = list.map(|one| (one.view.post.id, one)).collect();
    let place = |(_, post, boost): (i64, PostId, Option<Boost>)| {
        let boosted = match boost {
            Some(boost) => Some(Boosted {
                by: people.get(&boost.actor)?.clone(),
                boost,
            }),
            None => None,
        };
        let one = list.get(&post)?.clone();
        Some(Listed { boosted, ..one })
    };
    Ok(places.into_iter().filter_map(place).collect())
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

pub(in crate::services) fn listed(
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
            boosted: None,
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
