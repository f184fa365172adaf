//! One post as a viewer sees it: its author, its likes, and its text where policy shows that.

use std::collections::{HashMap, HashSet};

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, Mark, Partner, Post, PostId, PostState, PostView, RefusalNotice, Revision,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::{access, holds, labels, polls, refusals};
use crate::storage::{self, Connection};

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

/// The partnerships that explain where people from outside come from.
pub(super) struct Badges(HashMap<String, Partner>);

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

    pub(super) fn of(&self, actor: &Actor) -> Option<Partner> {
        self.0.get(actor.host.as_ref()?.as_str()).cloned()
    }
}

/// Adds authors, polls, and the viewer's likes and votes; takes out the texts that policy does not show.
pub(super) fn views(
    connection: &mut Connection,
    asker: &Asker,
    posts: Vec<Post>,
) -> Result<Vec<PostView>> {
    let mut author_ids: Vec<ActorId> = posts.iter().map(|post| post.author).collect();
    author_ids.sort_unstable();
    author_ids.dedup();
    let authors: HashMap<ActorId, Actor> = storage::actors::list_by_ids(connection, &author_ids)?
        .into_iter()
        .map(|actor| (actor.id, actor))
        .collect();
    let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
    let is_deleted = |post: &&Post| post.state == PostState::Deleted;
    let deleted: Vec<PostId> = posts
        .iter()
        .filter(is_deleted)
        .map(|post| post.id)
        .collect();
    let liked = match asker.viewer.actor() {
        Some(actor) => storage::reactions::list_liked(connection, actor, &ids)?,
        None => Vec::new(),
    };
    let boosts = storage::boosts::tally(connection, &ids, asker.viewer.actor())?;
    let marked = match asker.viewer {
        Viewer::Member { actor, .. } => storage::bookmarks::list_marked(connection, actor, &ids)?,
        Viewer::Anonymous | Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Operator => {
            HashSet::new()
        }
    };
    let mut refusals: HashMap<PostId, Vec<RefusalNotice>> = HashMap::new();
    for (post, notice) in refusals::list_notices(connection, asker, &posts)? {
        refusals.entry(post).or_default().push(notice);
    }
    let guests = storage::accounts::list_guests(connection, &author_ids)?;
    let mut polls = polls::views(connection, asker, &ids)?;
    let mut attachments = storage::attachments::list_of_posts(connection, &ids)?;
    let mut held = match asker.viewer {
        Viewer::Member { .. } => holds::notices(connection, &ids)?,
        Viewer::Anonymous | Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Operator => {
            HashMap::new()
        }
    };
    let mut marks = labels::marks(connection, asker, &posts)?;
    let mut taken_back = storage::retractions::list_taken_back(connection, &deleted)?;
    posts
        .into_iter()
        .map(|post| {
            let author = authors
                .get(&post.author)
                .cloned()
                .ok_or_else(|| Error::internal("a post without an author"))?;
            let shown = access::shows_text(connection, asker, &post)?;
            let attached = attachments.remove(&post.id).filter(|_| shown);
            Ok(PostView {
                attachments: attached.unwrap_or_default(),
                by_guest: guests.contains(&post.author),
                liked: liked.contains(&post.id),
                boosts: boosts.get(&post.id).copied().unwrap_or_default(),
                bookmarked: marked.contains(&post.id),
                refusals: refusals.remove(&post.id).unwrap_or_default(),
                held: held.remove(&post.id),
                mark: marks.remove(&post.id).unwrap_or(Mark::None),
                taken_back: taken_back.remove(&post.id),
                poll: polls.remove(&post.id).filter(|_| shown),
                post: if shown { post } else { without_text(post) },
                author,
            })
        })
        .collect()
}

/// What remains for who sees only that there was a post.
pub(super) fn without_text(post: Post) -> Post {
    Post {
        title: post.title.as_ref().map(|_| String::new()),
        html: String::new(),
        source: None,
        ..post
    }
}
