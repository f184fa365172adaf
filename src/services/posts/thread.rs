//! A topic with everything below it and what the viewer may do about each post; and what surrounds
//! one post.

use std::collections::HashMap;

use super::lists::{Listed, listed};
use super::read::{Badges, views};
use super::write::only_colleagues_inside;
use crate::app::{App, Asker};
use crate::domain::{Audience, Group, Labels, Partner, Post, PostId, PostState, PostView, Stage};
use crate::error::{Error, Result};
use crate::policy::{self, Action, Facts, Reason, Viewer, act};
use crate::services::access;
use crate::services::groups::{self, GroupView};
use crate::services::labels::{self, Choices};
use crate::storage::{self, Connection};

/// A post with the rights the viewer has on it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub view: PostView,
    pub can_like: bool,
    pub can_boost: bool,
    /// The viewer has an account here.
    pub can_bookmark: bool,
    pub can_reply: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    pub can_remove: bool,
    /// The house of the group, elsewhere, may be asked to shut its author out.
    pub can_ask_ban: bool,
    pub can_restore: bool,
    pub can_report: bool,
    /// The labels that the viewer may give it.
    pub labels: Choices,
    /// The text is among what the viewer is shown: of a removed post, for moderators.
    pub text: bool,
    /// Why it was removed, where somebody here said so.
    pub removal: Option<String>,
    /// How many people elsewhere dislike it; whose dislikes they are is shown to nobody.
    pub dislikes: u32,
    /// The people elsewhere: whose they are, for the badge.
    pub partner: Option<Partner>,
}

/// Where a conversation is.
#[derive(Clone, Debug)]
pub enum Place {
    Group(Box<GroupView>),
    /// On the profile of who began it.
    Profile,
}

impl Place {
    pub fn group(&self) -> Option<&GroupView> {
        match self {
            Self::Group(view) => Some(view),
            Self::Profile => None,
        }
    }
}

/// A topic with its comments in order of time, and its place.
#[derive(Clone, Debug)]
pub struct Thread {
    pub place: Place,
    pub topic: Shown,
    /// Whether and why not one may comment on the topic.
    pub reply: Result<(), Reason>,
    /// Whether the viewer may put files into what they write here.
    pub can_attach: bool,
    /// Whether the viewer may lock and unlock the topic.
    pub can_lock: bool,
    /// Whether the viewer may say something that stays inside, in a group that reaches further.
    pub can_aside: bool,
    pub comments: Vec<Shown>,
}

/// The topic that a post belongs to, with everything below it that the viewer may read.
pub async fn thread(app: &App, viewer: Viewer, post: PostId) -> Result<Thread> {
    let asker = app.asker(viewer);
    app.db
        .read("thread", move |connection| {
            let case = access::permit_post::<act::Read>(connection, &asker, post)?;
            let (group, topic) = (case.group.as_ref(), case.post.topic);
            let posts = list(connection, &asker, group, topic)?;
            let partners = Badges::load(connection)?;
            let of_group = match group {
                Some(group) => access::group_facts(connection, &asker, group)?,
                None => access::profile_facts(connection, &asker, &case.post)?,
            };
            let mut reasons = removal_reasons(connection, &posts)?;
            let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
            let disliked = storage::dislikes::count(connection, &ids)?;
            let words = storage::labels::list(connection)?;
            let mut shown = Vec::with_capacity(posts.len());
            for view in views(connection, &asker, posts)? {
                let removal = reasons.remove(&view.post.id);
                let one = show(connection, &asker, &of_group, view, &partners)?;
                let dislikes = disliked.get(&one.view.post.id).copied().unwrap_or(0);
                shown.push(Shown {
                    removal,
                    dislikes,
                    labels: label_choices(connection, &asker, &words, group, &one.view)?,
                    ..one
                });
            }
            let at = shown
                .iter()
                .position(|shown| shown.view.post.is_topic())
                .ok_or(Error::NotFound)?;
            let topic = shown.remove(at);
            let reply = reply_right(connection, &asker, group, &topic.view.post)?;
            let can_attach = access::explain(
                connection,
                &asker,
                Action::Attach,
                group,
                Some(&topic.view.post),
            )?
            .is_ok();
            let reaches_further =
                |group: &Group| group.stage != Stage::Internal || !group.is_local();
            let can_aside = reply.is_ok()
                && group.is_some_and(reaches_further)
                && only_colleagues_inside(connection, &asker, group).is_ok();
            let place = match case.group {
                Some(group) => Place::Group(Box::new(groups::view(connection, &asker, group)?)),
                None => Place::Profile,
            };
            let moderates = place.group().is_some_and(|group| {
                group.rights.may(Action::Moderate) || group.rights.may(Action::AskModeration)
            });
            Ok(Thread {
                can_aside,
                can_attach,
                can_lock: topic.view.post.state == PostState::Visible && moderates,
                place,
                topic,
                reply,
                comments: shown,
            })
        })
        .await
}

/// The labels that the asker may give a post. None from elsewhere: its own house classifies it.
fn label_choices(
    connection: &mut Connection,
    asker: &Asker,
    words: &Labels,
    group: Option<&Group>,
    view: &PostView,
) -> Result<Choices> {
    let mut may = |action| access::explain(connection, asker, action, group, Some(&view.post));
    if words.is_empty() || !view.author.is_local() || may(Action::Classify)?.is_err() {
        return Ok(Choices::default());
    }
    let lowers = may(Action::Declassify)?.is_ok();
    labels::choices(connection, words, group, &view.post, lowers)
}

/// A whole thread, as far as the asker may read it.
fn list(
    connection: &mut Connection,
    asker: &Asker,
    group: Option<&Group>,
    topic: PostId,
) -> Result<Vec<Post>> {
    let scope = access::scope(asker);
    match group {
        Some(_) => storage::posts::list_thread(connection, &scope, topic),
        None => storage::posts::list_profile_thread(connection, &scope, topic, None),
    }
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
    group: Option<&Group>,
    topic: &Post,
) -> Result<Result<(), Reason>> {
    let answer = access::explain(connection, asker, Action::Comment, group, Some(topic))?;
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
    let may = |action| policy::decide(&asker.viewer, action, &facts).is_ok();
    let asks = may(Action::AskModeration) && view.post.audience == Audience::Group;
    let moderates = asks || may(Action::Moderate);
    let visible = view.post.state == PostState::Visible;
    Ok(Shown {
        can_like: visible && may(Action::React),
        can_boost: may(Action::Reshare),
        can_bookmark: visible && matches!(asker.viewer, Viewer::Member { .. }),
        can_reply: visible && may(Action::Comment),
        can_edit: visible && may(Action::EditPost),
        can_delete: view.post.state != PostState::Deleted && may(Action::DeletePost),
        can_remove: visible && moderates,
        can_ask_ban: asks,
        can_restore: view.post.state == PostState::Removed && moderates,
        can_report: may(Action::Report),
        labels: Choices::default(),
        text: policy::shows_text(&asker.viewer, &facts),
        removal: None,
        dislikes: 0,
        partner: partners.of(&view.author),
        view,
    })
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
            let thread = list(connection, &asker, case.group.as_ref(), case.post.topic)?;
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
