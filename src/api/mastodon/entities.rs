//! Statuses and accounts as this API writes them. Fields are Mastodon's unless marked as ours.
//!
//! What the house truly has none of (custom emoji, tags) is written as empty.

use serde::Serialize;

use crate::api::mastodon::media::MediaAttachment;
use crate::api::mastodon::polls::Poll;
use crate::app::App;
use crate::domain::markup::{self, SafeHtml};
use crate::domain::{
    Access, Actor, ActorId, ActorKind, Audience, Boosted, EventKind, Group, GroupId, Host, Post,
    PostId, PostView, RefusalNotice, Revision, Stage, Timestamp, Uri,
};
use crate::services::attachments::Passes;
use crate::services::directory::Entry;
use crate::services::groups::GroupView;
use crate::services::posts::Listed;

/// A list that is always empty.
pub type Empty = [(); 0];
/// A value that is never there.
type Null = ();

pub const EMPTY: Empty = [];
/// The picture of everybody who has none, which is everybody.
const PICTURE: &str = "assets/favicon.svg";

#[derive(Serialize)]
pub struct Account {
    id: ActorId,
    username: String,
    acct: String,
    display_name: String,
    note: String,
    url: String,
    uri: Uri,
    avatar: Uri,
    avatar_static: Uri,
    header: Uri,
    header_static: Uri,
    locked: bool,
    bot: bool,
    group: bool,
    discoverable: bool,
    created_at: Timestamp,
    last_status_at: Null,
    statuses_count: u64,
    followers_count: u64,
    following_count: u64,
    emojis: Empty,
    fields: Empty,
}

impl Account {
    /// A person. What people write is not counted: the number would differ from reader to reader.
    pub fn render(app: &App, actor: &Actor) -> Self {
        let picture = app.addresses().origin().join(PICTURE);
        Self {
            id: actor.id,
            username: actor.name.clone(),
            acct: actor.handle().to_string(),
            display_name: actor.title().to_owned(),
            note: actor.summary.clone(),
            url: actor.url.clone(),
            uri: actor.uri.clone(),
            avatar: picture.clone(),
            avatar_static: picture.clone(),
            header: picture.clone(),
            header_static: picture,
            locked: false,
            bot: actor.kind == ActorKind::Service,
            group: actor.kind == ActorKind::Group,
            discoverable: false,
            created_at: actor.created_at,
            last_status_at: (),
            statuses_count: 0,
            followers_count: 0,
            following_count: 0,
            emojis: EMPTY,
            fields: EMPTY,
        }
    }

    /// A group: its followers are its members, where the viewer may see them, and its statuses the
    /// topics that the viewer may read.
    fn render_group(app: &App, view: &GroupView, topics: u64) -> Self {
        let group = &view.group;
        let note = match group.is_local() {
            true => markup::render_markdown(&group.description).into_string(),
            false => group.actor.summary.clone(),
        };
        Self {
            note,
            locked: group.access != Access::Open,
            statuses_count: topics,
            followers_count: view.members.unwrap_or(0),
            ..Self::render(app, &group.actor)
        }
    }

    pub fn render_entry(app: &App, entry: &Entry) -> Self {
        match entry {
            Entry::Person(person) => Self::render(app, person),
            Entry::Group { view, topics } => Self::render_group(app, view, *topics),
        }
    }
}

/// Ours: the group that a status belongs to.
#[derive(Serialize)]
struct GroupReference {
    id: GroupId,
    acct: String,
    title: String,
    url: String,
    uri: Uri,
}

impl GroupReference {
    fn render(group: &Group) -> Self {
        Self {
            id: group.id,
            acct: group.actor.handle().to_string(),
            title: group.title().to_owned(),
            url: group.actor.url.clone(),
            uri: group.actor.uri.clone(),
        }
    }
}

#[derive(Serialize)]
pub struct Status {
    pub id: PostId,
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
    in_reply_to_id: Option<PostId>,
    in_reply_to_account_id: Option<ActorId>,
    sensitive: bool,
    spoiler_text: &'static str,
    visibility: &'static str,
    language: Null,
    uri: Uri,
    url: Uri,
    replies_count: u32,
    reblogs_count: u32,
    favourites_count: u32,
    favourited: bool,
    reblogged: bool,
    muted: bool,
    bookmarked: bool,
    content: String,
    /// Only in the answer to a deletion: what can be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    filtered: Empty,
    /// What a boost shows.
    reblog: Option<Box<Status>>,
    application: Null,
    account: Account,
    media_attachments: Vec<MediaAttachment>,
    mentions: Empty,
    tags: Empty,
    emojis: Empty,
    card: Null,
    poll: Option<Poll>,
    /// Ours: a topic's title, which `content` begins with; none for comments.
    title: Option<String>,
    /// Ours; none: it stands on a profile.
    group: Option<GroupReference>,
    /// Ours, for colleagues only: how it is classified here.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Ours: what the house of a group elsewhere did not take; `content` begins with it. Only where there
    /// is something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<RefusalReference>,
}

/// Ours: something of a status that the group's house did not take.
#[derive(Serialize)]
struct RefusalReference {
    /// `post_created`, `post_updated`, `post_deleted`, `liked` or `unliked`.
    kind: EventKind,
    host: Host,
    sentence: String,
    /// HTML: of a new text that was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_content: Option<String>,
}

impl RefusalReference {
    fn render(notice: &RefusalNotice) -> Self {
        let refused = notice.text.as_ref();
        Self {
            kind: notice.kind,
            host: notice.host.clone(),
            sentence: notice.sentence.clone(),
            refused_content: refused.map(|text| content(text.title.as_deref(), &text.html)),
        }
    }
}

impl Status {
    /// A post; or a boost, which is a status of who did it.
    pub fn render(app: &App, passes: &Passes, listed: &Listed) -> Self {
        let original = Self::render_post(app, passes, listed);
        match &listed.boosted {
            Some(boosted) => original.boosted(app, boosted),
            None => original,
        }
    }

    /// As in Mastodon: a number, an author and a time of its own, and besides all that the original says.
    fn boosted(self, app: &App, Boosted { boost, by }: &Boosted) -> Self {
        Self {
            // Numbers of boosts are numbers of statuses.
            id: PostId(boost.id.0),
            created_at: boost.created_at,
            edited_at: None,
            in_reply_to_id: None,
            in_reply_to_account_id: None,
            uri: boost.uri.clone(),
            account: Account::render(app, by),
            content: self.content.clone(),
            media_attachments: Vec::new(),
            poll: None,
            title: None,
            group: None,
            label: None,
            refusals: Vec::new(),
            text: None,
            url: self.url.clone(),
            application: (),
            card: (),
            language: (),
            emojis: EMPTY,
            filtered: EMPTY,
            mentions: EMPTY,
            tags: EMPTY,
            sensitive: self.sensitive,
            spoiler_text: self.spoiler_text,
            visibility: self.visibility,
            replies_count: self.replies_count,
            reblogs_count: self.reblogs_count,
            favourites_count: self.favourites_count,
            favourited: self.favourited,
            reblogged: self.reblogged,
            muted: self.muted,
            bookmarked: self.bookmarked,
            reblog: Some(Box::new(self)),
        }
    }

    fn render_post(app: &App, passes: &Passes, listed: &Listed) -> Self {
        let PostView {
            post,
            author,
            liked,
            boosts,
            bookmarked,
            refusals,
            poll,
            attachments,
            mark,
            ..
        } = &listed.view;
        Self {
            id: post.id,
            created_at: post.created_at,
            edited_at: post.edited_at,
            in_reply_to_id: post.parent,
            in_reply_to_account_id: listed.answered,
            sensitive: false,
            spoiler_text: "",
            visibility: visibility(post, listed.group.as_ref()),
            language: (),
            uri: post.uri.clone(),
            url: post.uri.clone(),
            replies_count: listed.replies,
            reblogs_count: boosts.count,
            favourites_count: post.likes,
            favourited: *liked,
            reblogged: boosts.own,
            muted: false,
            bookmarked: *bookmarked,
            content: with_refusals(refusals, content(post.title.as_deref(), &post.html)),
            text: None,
            filtered: EMPTY,
            reblog: None,
            application: (),
            account: Account::render(app, author),
            media_attachments: MediaAttachment::render_all(app, passes, attachments),
            mentions: EMPTY,
            tags: EMPTY,
            emojis: EMPTY,
            card: (),
            poll: poll.as_ref().map(|poll| Poll::render(post.id, poll)),
            title: post.title.clone(),
            group: listed.group.as_ref().map(GroupReference::render),
            label: mark.name().map(ToString::to_string),
            refusals: refusals.iter().map(RefusalReference::render).collect(),
        }
    }

    #[must_use]
    pub fn with_text(self, text: String) -> Self {
        Self {
            text: Some(text),
            ..self
        }
    }
}

pub fn render_all(app: &App, passes: &Passes, list: &[Listed]) -> Vec<Status> {
    list.iter()
        .map(|listed| Status::render(app, passes, listed))
        .collect()
}

/// Everybody may read only what is said to the whole of a public, open group, or to everybody on a profile.
fn visibility(post: &Post, group: Option<&Group>) -> &'static str {
    match post.audience {
        Audience::Public => "public",
        Audience::Group if group.is_some_and(is_public) => "public",
        Audience::Group | Audience::Aside | Audience::Profile | Audience::Followers => "private",
        Audience::Direct => "direct",
    }
}

pub fn is_public(group: &Group) -> bool {
    group.is_local() && group.stage == Stage::Public && group.access == Access::Open
}

/// Clients show no titles, so a topic's comes first in its text.
fn content(title: Option<&str>, html: &str) -> String {
    match title {
        Some(title) if !title.is_empty() => {
            let title = SafeHtml::of_text(title);
            format!("<p><strong>{}</strong></p>{html}", title.as_str())
        }
        _ => html.to_owned(),
    }
}

/// Clients know nothing of refusals, so what was not taken is said in the text, before anything else.
fn with_refusals(refusals: &[RefusalNotice], content: String) -> String {
    let said = refusals.iter().map(|notice| {
        let sentence = SafeHtml::of_text(&notice.sentence);
        format!("<p><strong>Not taken.</strong> {}</p>", sentence.as_str())
    });
    said.chain([content]).collect()
}

#[derive(Serialize)]
pub struct Context {
    pub ancestors: Vec<Status>,
    pub descendants: Vec<Status>,
}

#[derive(Serialize)]
pub struct StatusSource {
    pub id: PostId,
    pub text: String,
    pub spoiler_text: &'static str,
}

/// One version of a status.
#[derive(Serialize)]
pub struct StatusEdit {
    content: String,
    spoiler_text: &'static str,
    sensitive: bool,
    created_at: Timestamp,
    account: Account,
    media_attachments: Vec<MediaAttachment>,
    emojis: Empty,
    poll: Null,
    /// Ours.
    title: Option<String>,
}

impl StatusEdit {
    /// All versions, the first one first. `earlier` is what they were before, newest first.
    ///
    /// What was attached to earlier ones is not kept.
    pub fn render_all(
        app: &App,
        passes: &Passes,
        view: &PostView,
        earlier: &[Revision],
    ) -> Vec<Self> {
        let post = &view.post;
        let newest = earlier.len();
        let texts = earlier
            .iter()
            .rev()
            .map(|revision| (revision.title.as_deref(), revision.html.as_str()))
            .chain([(post.title.as_deref(), post.html.as_str())]);
        let begins = std::iter::once(post.created_at)
            .chain(earlier.iter().rev().map(|revision| revision.until));
        texts
            .zip(begins)
            .enumerate()
            .map(|(version, ((title, html), created_at))| Self {
                content: content(title, html),
                spoiler_text: "",
                sensitive: false,
                created_at,
                account: Account::render(app, &view.author),
                media_attachments: match version == newest {
                    true => MediaAttachment::render_all(app, passes, &view.attachments),
                    false => Vec::new(),
                },
                emojis: EMPTY,
                poll: (),
                title: title.map(str::to_owned),
            })
            .collect()
    }
}
