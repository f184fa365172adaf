//! Posts from afar: written, changed, taken back, removed, restored and locked by people of other
//! houses, or told of by the house of a group elsewhere. Policy is asked as about what is done here.

use super::moderate::{Pin, locking, pinning, turn_lock, turn_pin};
use super::tell;
use crate::app::Asker;
use crate::domain::markup::{self, SafeHtml, UntrustedHtml};
use crate::domain::{
    Actor, Audience, AuditAction, EventKind, Group, GroupId, InteractionPolicy, Poll, Post,
    PostState, TITLE_CHARS_MAX, TakenBack, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{self, Reason, Viewer, act};
use crate::services::access::Case;
use crate::services::attachments::{self, ReceivedAttachment};
use crate::services::{access, audit, first_contacts, kept, outbound_rules, polls};
use crate::storage::kept::Kept;
use crate::storage::posts::NewPost;
use crate::storage::{self, Connection};

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
    /// What it asks, when it is a poll, with the counts of its author's server.
    pub poll: Option<Poll>,
    /// When it got this text, where it was another before.
    pub updated: Option<Timestamp>,
    /// What its author says of who may like, answer and boost it; none: nothing is reserved.
    pub interaction: Option<InteractionPolicy>,
    /// Pictures and files that its author's server keeps for whoever may read it.
    pub attachments: Vec<ReceivedAttachment>,
    /// It carries others, which are links in the text.
    pub links_files: bool,
    pub recipients: Recipients,
    /// Where the conversation is that it belongs to (FEP-f228), as its author or who passes it on says.
    pub conversation: Option<Uri>,
}

impl ReceivedPost {
    /// When it was changed last, by its author's clock, if not in the future.
    pub(super) fn edited_at(&self, now: Timestamp) -> Option<Timestamp> {
        let later = |at: &Timestamp| self.published.is_none_or(|published| *at > published);
        self.updated.filter(later).map(|at| at.min(now))
    }

    /// The same, where it does not say when it got its text: as of when its author proved that it is theirs. So an
    /// earlier text does not pass for a later one.
    pub fn proven_at(mut self, at: Option<Timestamp>) -> Self {
        self.updated = self.updated.or(at);
        self
    }

    /// The same as a text alone: profiles keep no polls and files, so it says what the answers are and
    /// leads to what is attached.
    pub(super) fn as_text(&self) -> Self {
        let mut html = self.html.as_received().to_owned();
        if let Some(poll) = &self.poll {
            let answer = |title| format!("<li>{}</li>", SafeHtml::of_text(title).as_str());
            html.push_str(&format!(
                "<ul>{}</ul>",
                poll.titles().map(answer).collect::<String>()
            ));
        }
        for attachment in &self.attachments {
            let name = match attachment.description.as_str() {
                "" => &attachment.name,
                described => described,
            };
            let (address, name) = (attachment.url.as_str(), SafeHtml::of_text(name));
            let address = SafeHtml::of_text(address);
            html.push_str(&format!(
                "<p><a href=\"{}\">{}</a></p>\n",
                address.as_str(),
                name.as_str()
            ));
        }
        Self {
            html: html.into(),
            poll: None,
            attachments: Vec::new(),
            ..self.clone()
        }
    }

    /// Something is attached to it, however it is shown.
    pub fn attaches(&self) -> bool {
        self.links_files || !self.attachments.is_empty()
    }
}

/// Whom a post is said to be for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    pub everybody: bool,
    /// People, groups and collections.
    pub named: Vec<Uri>,
}

/// Where a post that arrives is to stand.
#[derive(Clone, Debug)]
pub(in crate::services) struct Ground {
    pub group: Group,
    /// What it answers, a post of the group; none for a topic.
    pub parent: Option<Post>,
}

/// A post arrives: for a group of ours from its author, or in a group elsewhere from its house.
/// `activity` is what we pass on to the other members' servers.
pub(in crate::services) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    author: &Actor,
    ground: Ground,
    received: &ReceivedPost,
    activity: Option<&str>,
) -> Result<()> {
    let known = storage::posts::find_by_uri(connection, &received.uri)?;
    let taken_back = match known {
        Some(post) if may_give_back(connection, asker, &post, received)? => Some(post),
        Some(_) => return Ok(()),
        None if storage::posts::has_tombstone(connection, &received.uri)? => return Ok(()),
        None => None,
    };
    check_readable(received)?;
    let new = NewPost {
        uri: Some(received.uri.clone()),
        author: author.id,
        title: received.parent.is_none().then(|| title_of(received)),
        source: received.source.clone(),
        html: received.html.sanitized().as_str().to_owned(),
        audience: Audience::Group,
        label: None,
        poll: received.poll.clone(),
        created_at: received.published.unwrap_or(asker.now),
        edited_at: received.edited_at(asker.now),
    };
    let unused = |_| received.uri.clone();
    let Ground { group, parent } = ground;
    let group_id = group.id;
    let of_ours = group.is_local();
    let facts = access::group_facts(connection, asker, &group)?;
    let outcome = policy::post_outcome(&asker.viewer, &facts);
    let post = match parent {
        None => {
            let (permit, _) = access::permit::<act::StartTopic>(connection, asker, group.id)?;
            let topic = match &taken_back {
                Some(post) => give_back(connection, post, group.id, new)?,
                None => storage::posts::insert_topic(connection, &permit, new, unused, asker.now)?,
            };
            if received.attaches() {
                let (permit, _) = access::permit::<act::Attach>(connection, asker, group.id)?;
                let list = &received.attachments;
                attachments::receive(connection, asker, &permit, author, &topic, list)?;
            }
            topic
        }
        Some(parent) => {
            let case = access::permit_in::<act::Comment>(connection, asker, Some(group), parent)?;
            let comment = match &taken_back {
                Some(post) => give_back(connection, post, group_id, new)?,
                None => storage::posts::insert_comment(
                    connection,
                    &case.permit,
                    &case.post,
                    new,
                    unused,
                    asker.now,
                )?,
            };
            for above in outbound_rules::held_above(connection, &comment)? {
                let hold = outbound_rules::with_above(&comment, &above, asker.now);
                storage::holds::save(connection, &hold)?;
            }
            if received.attaches() {
                let (group, parent) = (case.group, case.post);
                let case = access::permit_in::<act::Attach>(connection, asker, group, parent)?;
                let list = &received.attachments;
                attachments::receive(connection, asker, &case.permit, author, &comment, list)?;
            }
            comment
        }
    };
    if let Some(policy) = &received.interaction {
        storage::posts::set_interaction(connection, post.id, Some(policy))?;
    }
    if of_ours {
        kept::keep(connection, Kept::Text, post.id, author.id, activity)?;
    }
    match (of_ours, outcome) {
        (false, _) => Ok(()),
        (true, PostState::Held) => first_contacts::hold(connection, &post, activity),
        (true, _) => tell(connection, asker, EventKind::PostCreated, &post, activity),
    }
}

/// Whether a house took a post back and gives it again now: it and no other, and not as it was before its author
/// changed it.
fn may_give_back(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
    received: &ReceivedPost,
) -> Result<bool> {
    if post.state != PostState::Deleted {
        return Ok(false);
    }
    let taken = storage::retractions::list_taken_back(connection, &[post.id])?;
    let by_them = |taken: &TakenBack| asker.viewer.host() == Some(&taken.by);
    let is_earlier = received.edited_at(asker.now) < post.edited_at;
    Ok(taken.get(&post.id).is_some_and(by_them) && !is_earlier)
}

/// A post that was taken back is given again: it stands where it stood, with what it says now.
fn give_back(
    connection: &mut Connection,
    post: &Post,
    group: GroupId,
    new: NewPost,
) -> Result<Post> {
    if post.group != Some(group) || post.author != new.author {
        return Err(Error::NotFound);
    }
    storage::retractions::forget_taken_back(connection, post.id)?;
    storage::posts::give_back(connection, post, new)
}

/// Longest title made of a first line, characters.
const TITLE_LINE_CHARS_MAX: usize = 120;

/// Topics need a title: microblog posts get the first line of their text.
fn title_of(received: &ReceivedPost) -> String {
    title_given(received).unwrap_or_else(|| {
        let line = markup::first_line(received.html.sanitized().as_str(), TITLE_LINE_CHARS_MAX);
        Some(line)
            .filter(|line| !line.is_empty())
            .unwrap_or_else(|| "(without a title)".into())
    })
}

pub(super) fn title_given(received: &ReceivedPost) -> Option<String> {
    received
        .title
        .as_deref()
        .map(|title| markup::plain_title(title, TITLE_CHARS_MAX))
        .filter(|title| !title.is_empty())
}

/// Something must be left to read when what is harmful is gone.
pub(super) fn check_readable(received: &ReceivedPost) -> Result<()> {
    let titled = received.parent.is_none() && received.title.is_some();
    let text = received.html.sanitized().as_str();
    let shows_something = !received.attachments.is_empty();
    if titled || shows_something || !markup::plain_text(text, 1).is_empty() {
        return Ok(());
    }
    Err(Error::invalid("content", "has nothing to read"))
}

/// A post's text was changed by its author elsewhere, or how the votes in its poll stand. Servers do not
/// promise an order: a text that is older than the one there is changes nothing, and the same text is no
/// change.
pub(in crate::services) fn receive_update(
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
    let as_text;
    let received = match case.post.audience.is_on_profile() {
        true => {
            as_text = received.as_text();
            &as_text
        }
        false => received,
    };
    check_readable(received)?;
    storage::posts::set_interaction(connection, case.post.id, received.interaction.as_ref())?;
    let html = received.html.sanitized();
    let title = match (case.post.is_topic(), case.post.group) {
        (true, Some(_)) => Some(title_of(received)),
        (true, None) => title_given(received),
        (false, _) => None,
    };
    let same_text = case.post.html == html.as_str() && case.post.title == title;
    let same_poll = !polls::receive_update(connection, &case, received.poll.as_ref())?;
    let attached = storage::attachments::list_of(connection, case.post.id)?;
    let other_files = attachments::is_other(&attached, &received.attachments);
    let edited_at = received.updated.unwrap_or(asker.now).min(asker.now);
    let is_earlier =
        received.updated.is_some() && case.post.edited_at.is_some_and(|known| edited_at < known);
    let of_ours = case.group.as_ref().is_some_and(Group::is_local);
    if of_ours && !is_earlier {
        kept::keep(connection, Kept::Text, case.post.id, author.id, activity)?;
    }
    if same_text && same_poll && !other_files {
        return Ok(());
    }
    if is_earlier {
        return Ok(());
    }
    // Votes that were counted are no edit.
    if !same_text || other_files {
        storage::posts::update_text(
            connection,
            &case.permit,
            &case.post,
            title.as_deref(),
            received.source.as_deref(),
            html.as_str(),
            edited_at,
        )?;
    }
    if other_files {
        let permit = |connection: &mut Connection| {
            let (group, post) = (case.group.clone(), case.post.clone());
            let case = access::permit_in::<act::Attach>(connection, asker, group, post)?;
            Ok(case.permit)
        };
        let (post, list) = (&case.post, &received.attachments);
        attachments::receive_change(connection, asker, author, post, list, permit)?;
    }
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
pub(in crate::services) fn receive_delete(
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
pub(in crate::services) fn receive_restore(
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
pub(in crate::services) fn receive_lock(
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

/// A moderator elsewhere, or the house of a group, lets a topic stand first in it or no longer.
pub(in crate::services) fn receive_pin(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    object: &Uri,
    pin: Pin,
    activity: Option<&str>,
) -> Result<()> {
    let post = storage::posts::find_by_uri(connection, object)?.ok_or(Error::NotFound)?;
    if post.group != Some(group.id) {
        return Err(Error::NotFound);
    }
    let case = access::permit_found::<act::Moderate>(connection, asker, post)?;
    match turn_pin(connection, &case, pin)? {
        true => pass_on(connection, asker, pinning(pin).0, &case, activity),
        false => Ok(()),
    }
}

/// Lets the other servers of a group of ours know what a moderator elsewhere did; a line for who
/// looks after moderators.
fn pass_on(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    case: &Case<act::Moderate>,
    activity: Option<&str>,
) -> Result<()> {
    if !case.group.as_ref().is_some_and(Group::is_local) {
        return Ok(());
    }
    tell(connection, asker, kind, &case.post, activity)?;
    let action = match kind {
        EventKind::TopicLocked => AuditAction::TopicLocked,
        EventKind::TopicUnlocked => AuditAction::TopicUnlocked,
        EventKind::TopicPinned => AuditAction::TopicPinned,
        EventKind::TopicUnpinned => AuditAction::TopicUnpinned,
        EventKind::PostRestored => AuditAction::PostRestored,
        _ => AuditAction::PostRemoved,
    };
    audit::note(connection, asker, action, case.post.uri.as_str(), "")
}
