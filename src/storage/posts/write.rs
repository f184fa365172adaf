//! Topics and comments by their authors: new ones with ids that sort them, new texts, deletion.

use diesel::prelude::*;

use super::PostRow;
use crate::domain::{
    ActorId, Audience, GroupId, InteractionPolicy, LabelName, Poll, Post, PostId, PostState,
    PostText, Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::connection::on_backend;
use crate::storage::schema::{posts, removals, revisions};
use crate::storage::{
    Connection, approvals, attachments, bookmarks, boosts, first_contacts, holds, ids, kept, polls,
    refusals,
};

/// A post before it has an id. The group comes from the permit, or from what is answered.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// None: ours, made from the new id by `local_uri`.
    pub uri: Option<Uri>,
    pub author: ActorId,
    pub title: Option<String>,
    pub source: Option<String>,
    pub html: String,
    pub audience: Audience,
    /// Its own label; none: as its group and its topic are.
    pub label: Option<LabelName>,
    /// What it asks, when it is a poll.
    pub poll: Option<Poll>,
    /// When it was written, which may be before it arrived.
    pub created_at: Timestamp,
    /// When it got this text, where that was later.
    pub edited_at: Option<Timestamp>,
}

/// Writes a topic into the group of the permit.
pub fn insert_topic(
    connection: &mut Connection,
    permit: &Permit<act::StartTopic>,
    mut new: NewPost,
    local_uri: impl FnOnce(PostId) -> Uri,
    now: Timestamp,
) -> Result<Post> {
    let id = free_id(connection, new.created_at, now)?;
    let created_at = new.created_at.min(now);
    let poll = Asked::take(&mut new);
    let post = assemble(
        id,
        new,
        Some(permit.group()),
        local_uri,
        Place {
            topic: id,
            parent: None,
            created_at,
            topic_created_at: created_at,
        },
    );
    insert(connection, &post)?;
    poll.insert(connection, post.id)?;
    Ok(post)
}

/// Writes a post on its author's profile.
pub fn insert_profile_post(
    connection: &mut Connection,
    _permit: &Permit<act::PostOnProfile>,
    new: NewPost,
    local_uri: impl FnOnce(PostId) -> Uri,
    now: Timestamp,
) -> Result<Post> {
    debug_assert!(new.audience.is_on_profile());
    let id = free_id(connection, new.created_at, now)?;
    let created_at = new.created_at.min(now);
    let place = Place {
        topic: id,
        parent: None,
        created_at,
        topic_created_at: created_at,
    };
    let post = assemble(id, new, None, local_uri, place);
    insert(connection, &post)?;
    Ok(post)
}

/// Writes a comment below `parent`, which is the post of the permit.
pub fn insert_comment(
    connection: &mut Connection,
    permit: &Permit<act::Comment>,
    parent: &Post,
    mut new: NewPost,
    local_uri: impl FnOnce(PostId) -> Uri,
    now: Timestamp,
) -> Result<Post> {
    debug_assert_eq!(permit.post(), parent.id);
    let id = free_id(connection, new.created_at.max(parent.created_at), now)?;
    let place = Place {
        topic: parent.topic,
        parent: Some(parent.id),
        created_at: new.created_at.min(now),
        topic_created_at: parent.topic_created_at,
    };
    let counts = is_counted(new.audience);
    let poll = Asked::take(&mut new);
    let post = assemble(id, new, parent.group, local_uri, place);
    insert(connection, &post)?;
    poll.insert(connection, post.id)?;
    if counts {
        on_backend!(connection, |inner| diesel::update(
            posts::table.find(post.topic.0)
        )
        .set((
            posts::comments.eq(posts::comments + 1),
            posts::active_at.eq(now.micros()),
        ))
        .execute(inner))?;
    }
    Ok(post)
}

/// An id that sorts a post where it belongs. Of what was written long ago, or before what it
/// answers, many want the same place: then the next one behind it.
fn free_id(connection: &mut Connection, mut written: Timestamp, now: Timestamp) -> Result<PostId> {
    loop {
        let id = ids::at(written, now);
        // Ids of the present are never given twice.
        if written >= now {
            return Ok(PostId(id));
        }
        let taken = diesel::dsl::exists(posts::table.find(id));
        if !on_backend!(connection, |inner| diesel::select(taken).get_result(inner))? {
            return Ok(PostId(id));
        }
        written = written.plus(std::time::Duration::from_millis(1));
    }
}

struct Place {
    topic: PostId,
    parent: Option<PostId>,
    created_at: Timestamp,
    topic_created_at: Timestamp,
}

fn assemble(
    id: PostId,
    new: NewPost,
    group: Option<GroupId>,
    local_uri: impl FnOnce(PostId) -> Uri,
    place: Place,
) -> Post {
    Post {
        id,
        uri: new.uri.unwrap_or_else(|| local_uri(id)),
        group,
        author: new.author,
        topic: place.topic,
        parent: place.parent,
        title: new.title,
        source: new.source,
        html: new.html,
        audience: new.audience,
        state: PostState::Visible,
        locked: false,
        pinned: false,
        shared_by_exception: false,
        created_at: place.created_at,
        topic_created_at: place.topic_created_at,
        edited_at: new.edited_at,
        comments: 0,
        likes: 0,
        active_at: place.created_at,
        label: new.label,
    }
}

fn insert(connection: &mut Connection, post: &Post) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(posts::table)
        .values(PostRow::from(post))
        .execute(inner))?;
    Ok(())
}

/// What a new post asks, and whether its votes are counted here.
struct Asked {
    poll: Option<Poll>,
    of_ours: bool,
}

impl Asked {
    fn take(new: &mut NewPost) -> Self {
        Self {
            of_ours: new.uri.is_none(),
            poll: new.poll.take(),
        }
    }

    fn insert(self, connection: &mut Connection, post: PostId) -> Result<()> {
        let Some(poll) = self.poll else { return Ok(()) };
        let tell_at = poll.ends_at.filter(|_| self.of_ours);
        polls::insert(connection, post, &poll, tell_at)
    }
}

/// Writes a new text, of `now`, and keeps the old one as a revision.
pub fn update_text(
    connection: &mut Connection,
    permit: &Permit<act::EditPost>,
    old: &Post,
    title: Option<&str>,
    source: Option<&str>,
    html: &str,
    now: Timestamp,
) -> Result<()> {
    debug_assert_eq!(permit.post(), old.id);
    let text = PostText {
        title: title.map(str::to_owned),
        source: source.map(str::to_owned),
        html: html.to_owned(),
    };
    replace_text(connection, old, &text, now)
}

fn replace_text(
    connection: &mut Connection,
    old: &Post,
    text: &PostText,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(revisions::table)
        .values((
            revisions::id.eq(ids::next(now)),
            revisions::post_id.eq(old.id.0),
            revisions::title.eq(old.title.as_deref()),
            revisions::html.eq(&old.html),
            revisions::until_at.eq(now.micros()),
            revisions::source.eq(old.source.as_deref()),
        ))
        .execute(connection)?;
    diesel::update(posts::table.find(old.id.0))
        .set((
            posts::title.eq(text.title.as_deref()),
            posts::source.eq(text.source.as_deref()),
            posts::html.eq(&text.html),
            posts::edited_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes what the author of a post elsewhere says of who may do what with it.
pub fn set_interaction(
    connection: &mut Connection,
    post: PostId,
    policy: Option<&InteractionPolicy>,
) -> Result<()> {
    diesel::update(posts::table.find(post.0))
        .set(posts::interaction.eq(policy.map(InteractionPolicy::to_string)))
        .execute(connection)?;
    Ok(())
}

/// A row's id, title, source, HTML, and until when it stood.
type RevisionText = (i64, Option<String>, Option<String>, String, i64);

/// Takes the text that began to stand at `began` out of a post and of its history, as if it had never
/// been written: the house of its group did not take it. None: there is none from then.
pub fn cut_text(
    connection: &mut Connection,
    post: &Post,
    began: Timestamp,
) -> Result<Option<PostText>> {
    let texts: Vec<RevisionText> = revisions::table
        .filter(revisions::post_id.eq(post.id.0))
        .order(revisions::id)
        .select((
            revisions::id,
            revisions::title,
            revisions::source,
            revisions::html,
            revisions::until_at,
        ))
        .load(connection)?;
    let Some(at) = texts.iter().position(|text| text.4 == began.micros()) else {
        return Ok(None);
    };
    let before = &texts[at];
    match texts.get(at + 1) {
        // Another text followed it: the one before stood until then.
        Some((id, title, source, html, until)) => {
            diesel::delete(revisions::table.find(id)).execute(connection)?;
            diesel::update(revisions::table.find(before.0))
                .set(revisions::until_at.eq(until))
                .execute(connection)?;
            let (title, source, html) = (title.clone(), source.clone(), html.clone());
            Ok(Some(PostText {
                title,
                source,
                html,
            }))
        }
        None => {
            diesel::delete(revisions::table.find(before.0)).execute(connection)?;
            let edited = at.checked_sub(1).map(|earlier| texts[earlier].4);
            diesel::update(posts::table.find(post.id.0))
                .set((
                    posts::title.eq(&before.1),
                    posts::source.eq(&before.2),
                    posts::html.eq(&before.3),
                    posts::edited_at.eq(edited),
                ))
                .execute(connection)?;
            Ok(Some(PostText {
                title: post.title.clone(),
                source: post.source.clone(),
                html: post.html.clone(),
            }))
        }
    }
}

/// Lets a text stand that the house of a post's group took after all; the one that stood is history.
pub fn put_text(
    connection: &mut Connection,
    id: PostId,
    text: &PostText,
    now: Timestamp,
) -> Result<()> {
    match super::find(connection, id)? {
        Some(post) if post.state != PostState::Deleted => {
            replace_text(connection, &post, text, now)
        }
        Some(_) | None => Ok(()),
    }
}

/// Takes a post back for good: its text, earlier texts and attachments are gone, and the votes with the poll; its
/// place in the thread stays.
pub fn delete(
    connection: &mut Connection,
    permit: &Permit<act::DeletePost>,
    post: &Post,
) -> Result<()> {
    refusals::forget(connection, post.id)?;
    throw_away(connection, permit, post)
}

/// The same of a post from elsewhere whose house took it back. What people here did with it and its group did not take stays
/// marked as that: it may yet be taken, should the post be given again.
pub fn throw_away(
    connection: &mut Connection,
    permit: &Permit<act::DeletePost>,
    post: &Post,
) -> Result<()> {
    diesel::delete(revisions::table.filter(revisions::post_id.eq(post.id.0)))
        .execute(connection)?;
    diesel::delete(removals::table.find(post.id.0)).execute(connection)?;
    polls::remove(connection, post.id)?;
    attachments::remove_of(connection, post.id)?;
    holds::forget_deleted(connection, post.id)?;
    boosts::remove_of_post(connection, post.id)?;
    bookmarks::remove_of_post(connection, post.id)?;
    approvals::remove_of_post(connection, post.id)?;
    kept::remove_of_post(connection, post.id)?;
    diesel::update(posts::table.find(permit.post().0))
        .set((
            posts::state.eq(PostState::Deleted.as_str()),
            posts::title.eq(post.title.as_ref().map(|_| "")),
            posts::source.eq(None::<String>),
            posts::html.eq(""),
        ))
        .execute(connection)?;
    first_contacts::remove(connection, post.id)?;
    // A removed one left the count when it was removed, one that waits for a moderator is not in it.
    match post.state {
        PostState::Removed | PostState::Held => Ok(()),
        PostState::Visible | PostState::Deleted => leave_count(connection, post, -1),
    }
}

/// Lets a post stand again whose house took it back and gives it once more, with what it says now.
pub fn give_back(connection: &mut Connection, post: &Post, new: NewPost) -> Result<Post> {
    diesel::update(posts::table.find(post.id.0))
        .set((
            posts::state.eq(PostState::Visible.as_str()),
            posts::title.eq(new.title.as_deref()),
            posts::source.eq(new.source.as_deref()),
            posts::html.eq(&new.html),
            posts::edited_at.eq(new.edited_at.map(Timestamp::micros)),
        ))
        .execute(connection)?;
    if let Some(poll) = &new.poll {
        polls::insert(connection, post.id, poll, None)?;
    }
    leave_count(connection, post, 1)?;
    Ok(Post {
        state: PostState::Visible,
        title: new.title,
        source: new.source,
        html: new.html,
        edited_at: new.edited_at,
        ..post.clone()
    })
}

/// A comment that is no longer (or again) visible is no longer (or again) counted.
pub(super) fn leave_count(connection: &mut Connection, post: &Post, change: i32) -> Result<()> {
    if post.is_topic() || !is_counted(post.audience) {
        return Ok(());
    }
    add_comments(connection, post.topic, change)
}

/// A comment that the house of its group did not take is not among those its topic tells of, until it
/// does.
pub fn count_comment(connection: &mut Connection, post: &Post, change: i32) -> Result<()> {
    match post.state {
        PostState::Removed | PostState::Deleted => Ok(()),
        PostState::Visible | PostState::Held => leave_count(connection, post, change),
    }
}

/// What colleagues say among themselves is not among the comments that a topic tells of.
fn is_counted(audience: Audience) -> bool {
    audience == Audience::Group || audience.is_on_profile()
}

fn add_comments(connection: &mut Connection, topic: PostId, change: i32) -> Result<()> {
    diesel::update(posts::table.find(topic.0))
        .set(posts::comments.eq(posts::comments + change))
        .execute(connection)?;
    Ok(())
}
