//! Topics with their comments: reading, writing, changing, liking, taking back.

use std::collections::HashMap;

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::{Form, FormWithFiles, Parts};
use crate::domain::markup::SafeHtml;
use crate::domain::{Audience, Post, PostId, PostState, PostView, Title};
use crate::error::{Error, Result};
use crate::policy::Reason;
use crate::services::posts::{self, Shown, Thread};
use crate::services::{labels, partners, reactions};
use crate::web::attachments::{self, Sent};
use crate::web::errors::{self, Answer, Problem, Told};
use crate::web::forms::{Nothing, optional_body, optional_label};
use crate::web::groups;
use crate::web::paging::{self, Listing};
use crate::web::polls::NewPoll;
use crate::web::preview::{self, Button, Draft};
use crate::web::threads::{self, Placed};
use crate::web::views::{
    AudiencePart, Choice, CommentContent, CommentView, Composer, EditPage, GroupLink, HistoryPage,
    PollDraftForm, RemovedPost, ReplyTo, Revision, TopicPage, Writing,
};
use crate::web::visit::{Member, Visit};
use crate::web::{answer, parts, see_other};

/// Comments on one page.
const COMMENTS_PER_PAGE: usize = 200;

/// What was typed for a topic.
#[derive(Debug, Default, Deserialize)]
pub struct NewTopic {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub body: String,
    /// Its own label; empty: none.
    #[serde(default)]
    pub label: String,
    #[serde(flatten)]
    pub poll: NewPoll,
    /// What was sent with it.
    #[serde(skip)]
    pub sent: Sent,
}

#[derive(Deserialize)]
pub struct Classification {
    #[serde(default)]
    label: String,
}

#[derive(Deserialize)]
pub struct NewComment {
    #[serde(default)]
    body: String,
    /// A box that is sent only when it is ticked.
    aside: Option<String>,
    #[serde(default)]
    label: String,
}

impl NewComment {
    fn audience(&self) -> Audience {
        match self.aside {
            Some(_) => Audience::Aside,
            None => Audience::Group,
        }
    }
}

/// A comment that could not be posted, kept for another try.
struct Typed {
    parent: PostId,
    body: String,
    audience: Audience,
    label: String,
    sent: Sent,
}

#[derive(Deserialize)]
pub struct Place {
    page: Option<String>,
}

// Writing -----------------------------------------------------------------------------------------

/// `POST /g/{handle}/topics`
pub async fn create(member: Member, handle: Path<String>, form: FormWithFiles<NewTopic>) -> Answer {
    let view = groups::locate(&member, &handle).await?;
    let (mut typed, Parts { fields, files }) = (form.fields, form.parts);
    let told = attachments::FileFields(&fields);
    let taken = attachments::take(&member, &told, files, &[], &mut typed.sent).await;
    let button = Button::of(&fields);
    let outcome = match taken.and_then(|()| read(&typed)) {
        Ok(_) if button == Button::Preview => {
            let draft = Draft {
                group: view.group.id,
                link: parts::group_link(&view.group, view.partner.as_ref()),
                below: None,
                audience: Audience::Group,
                label: &typed.label,
                title: &typed.title,
                body: &typed.body,
                sent: &typed.sent,
                action: format!("{}/topics", parts::group_url(&view.group)),
                fields: &fields,
            };
            match preview::page(&member, draft).await {
                Ok(shown) => return Ok(shown),
                Err(problem) => {
                    let (told, listing) = (errors::tell(problem)?, Listing::default());
                    return groups::page(&member, &view, &listing, Some(typed), Some(told)).await;
                }
            }
        }
        Ok(_) if button == Button::Edit => {
            return groups::page(&member, &view, &Listing::default(), Some(typed), None).await;
        }
        Ok(topic) => {
            let (app, viewer) = (&member.app, member.viewer());
            posts::publish_topic(app, viewer, view.group.id, topic).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(topic) => Ok(see_other(&address(topic.id))),
        Err(error) => {
            let told = errors::tell(error)?;
            groups::page(&member, &view, &Listing::default(), Some(typed), Some(told)).await
        }
    }
}

fn read(typed: &NewTopic) -> Result<posts::NewTopic> {
    Ok(posts::NewTopic {
        title: typed.title.parse()?,
        body: optional_body(&typed.body)?,
        poll: typed.poll.read()?,
        attached: typed.sent.list(),
        label: optional_label(&typed.label)?,
    })
}

/// `POST /p/{id}/comments`: answers a topic or a comment.
pub async fn comment(member: Member, id: Path<String>, form: FormWithFiles<NewComment>) -> Answer {
    let parent = number(&id)?;
    let mut typed = Typed {
        parent,
        audience: form.fields.audience(),
        label: form.fields.label.clone(),
        body: form.fields.body,
        sent: Sent::default(),
    };
    let Parts { fields, files } = form.parts;
    let told = attachments::FileFields(&fields);
    let taken = attachments::take(&member, &told, files, &[], &mut typed.sent).await;
    let button = Button::of(&fields);
    let outcome = match taken {
        Ok(()) if button != Button::Publish => {
            return preview_comment(&member, typed, button, &fields).await;
        }
        Ok(()) => post_comment(&member, &typed).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(comment) => Ok(see_other(&address(comment.id))),
        Err(error) => {
            let told = errors::tell(error)?;
            let thread = posts::thread(&member.app, member.viewer(), parent).await?;
            page(&member, thread, None, Some(typed), Some(told)).await
        }
    }
}

/// Who would read a comment in a group; on a profile, and to change it, the form again.
async fn preview_comment(
    member: &Member,
    typed: Typed,
    button: Button,
    fields: &[(String, String)],
) -> Answer {
    let thread = posts::thread(&member.app, member.viewer(), typed.parent).await?;
    let group = thread.place.group().filter(|_| button == Button::Preview);
    let Some(group) = group else {
        return page(member, thread, None, Some(typed), None).await;
    };
    let draft = Draft {
        group: group.group.id,
        link: parts::group_link(&group.group, group.partner.as_ref()),
        below: Some(typed.parent),
        audience: typed.audience,
        label: &typed.label,
        title: "",
        body: &typed.body,
        sent: &typed.sent,
        action: format!("{}/comments", address(typed.parent)),
        fields,
    };
    match preview::page(member, draft).await {
        Ok(shown) => Ok(shown),
        Err(problem) => {
            let told = errors::tell(problem)?;
            page(member, thread, None, Some(typed), Some(told)).await
        }
    }
}

async fn post_comment(member: &Member, typed: &Typed) -> Result<Post> {
    let comment = posts::NewComment {
        body: optional_body(&typed.body)?,
        audience: typed.audience,
        attached: typed.sent.list(),
        label: optional_label(&typed.label)?,
    };
    posts::publish_comment(&member.app, member.viewer(), typed.parent, comment).await
}

/// `POST /p/{id}/label`
pub async fn set_label(
    member: Member,
    id: Path<String>,
    Form(wish): Form<Classification>,
) -> Answer {
    let id = number(&id)?;
    let outcome = match optional_label(&wish.label) {
        Ok(label) => labels::set_of_post(&member.app, member.viewer(), id, label).await,
        Err(problem) => Err(problem.into()),
    };
    back_to(&member, id, outcome.map(drop)).await
}

/// `POST /p/{id}/like`
pub async fn like(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = reactions::like(&member.app, member.viewer(), id).await;
    back_to(&member, id, outcome).await
}

/// `POST /p/{id}/unlike`
pub async fn unlike(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = reactions::unlike(&member.app, member.viewer(), id).await;
    back_to(&member, id, outcome).await
}

/// `POST /p/{id}/delete`
pub async fn delete(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = posts::delete(&member.app, member.viewer(), id).await;
    back_to(&member, id, outcome).await
}

/// Where the post is, now changed, or the same page with what went wrong.
pub async fn back_to(member: &Member, id: PostId, outcome: Result<()>) -> Answer {
    match outcome {
        Ok(()) => Ok(see_other(&address(id))),
        Err(error) => {
            let told = errors::tell(error)?;
            let thread = posts::thread(&member.app, member.viewer(), id).await?;
            page(member, thread, None, None, Some(told)).await
        }
    }
}

// Reading -----------------------------------------------------------------------------------------

/// `GET /p/{id}`: a topic, or the place of a comment in its thread.
pub async fn show(visit: Visit, id: Path<String>, place: Query<Place>) -> Answer {
    let id = number(&id)?;
    let thread = posts::thread(&visit.app, visit.viewer(), id).await?;
    if id != thread.topic.view.post.id {
        return Ok(see_other(&place_of_comment(thread, id)));
    }
    let place = place.page.as_ref().and_then(|page| page.parse().ok());
    page(&visit, thread, place, None, None).await
}

fn place_of_comment(thread: Thread, id: PostId) -> String {
    let topic = thread.topic.view.post.id;
    let order = threads::in_reading_order(topic, thread.comments);
    let at = order.iter().position(|one| one.shown.view.post.id == id);
    match at.unwrap_or_default() / COMMENTS_PER_PAGE + 1 {
        1 => format!("{}#c-{id}", address(topic)),
        page => format!("{}?page={page}#c-{id}", address(topic)),
    }
}

async fn page(
    visit: &Visit,
    thread: Thread,
    place: Option<usize>,
    typed: Option<Typed>,
    told: Option<Told>,
) -> Answer {
    let (topic, now) = (&thread.topic, visit.now());
    let id = topic.view.post.id;
    let title = title_of(&topic.view.post);
    let writing = writing(visit, &thread, typed.as_ref()).await?;
    let whereabouts = place_of(&thread);
    let aside = |typed: &Typed| typed.audience == Audience::Aside;
    let aside_below = typed
        .as_ref()
        .is_some_and(|typed| typed.parent == id && aside(typed));
    let typed = typed.filter(|typed| typed.parent != id);
    let inside = |one: &&Shown| {
        let post = &one.view.post;
        post.audience == Audience::Aside && post.state == PostState::Visible
    };
    let aside_count = thread.comments.iter().filter(inside).count();
    let names = names(&thread.comments);
    let order = threads::in_reading_order(id, thread.comments);
    let (order, pager) = paging::slice(order, COMMENTS_PER_PAGE, place, &address(id));
    let page = TopicPage {
        page: visit.page_told(&title, told.as_ref()).await?,
        id: id.to_string(),
        group: whereabouts,
        title,
        content: content(topic, now),
        pinned: topic.view.post.pinned,
        locked: topic.view.post.locked,
        can_lock: thread.can_lock,
        comment_count: topic.view.post.comments as usize,
        aside_count,
        can_aside: thread.can_aside,
        aside: aside_below,
        comments: order
            .iter()
            .map(|placed| comment_view(placed, &names, typed.as_ref(), now))
            .collect(),
        pager,
        writing,
    };
    answer(&page, told.as_ref())
}

/// A comment may be written, or was and is kept, or the reason why not.
async fn writing(visit: &Visit, thread: &Thread, typed: Option<&Typed>) -> Result<Writing> {
    if let (Err(reason), None) = (&thread.reply, typed) {
        return Ok(Writing::Withheld(reason.sentence().to_owned()));
    }
    let topic = thread.topic.view.post.id;
    let body = typed.filter(|typed| typed.parent == topic);
    Ok(Writing::Open(Composer {
        title: String::new(),
        body: body.map(|typed| typed.body.clone()).unwrap_or_default(),
        attached: body.map_or_else(Vec::new, |typed| parts::kept(&typed.sent.attached)),
        places: parts::places(thread.can_attach),
        audience: readers(visit, thread, Some(topic)).await?,
        labels: label_choices(visit, thread, typed).await?,
        poll: PollDraftForm::default(),
    }))
}

/// How what is written in the thread may be classified.
async fn label_choices(
    visit: &Visit,
    thread: &Thread,
    typed: Option<&Typed>,
) -> Result<Vec<Choice>> {
    let group = thread.place.group().map(|group| &group.group);
    let chosen = typed.map_or("", |typed| typed.label.as_str());
    let topic = thread.topic.view.post.id;
    groups::labels(visit, group, Some(topic), chosen).await
}

/// Where the conversation is: a group, or the profile of who began it.
fn place_of(thread: &Thread) -> GroupLink {
    match thread.place.group() {
        Some(group) => parts::group_link(&group.group, group.partner.as_ref()),
        None => parts::profile_link(&thread.topic.view.author, thread.topic.partner.as_ref()),
    }
}

/// Who will read what is written there, below a post.
async fn readers(
    visit: &Visit,
    thread: &Thread,
    below: Option<PostId>,
) -> Result<Vec<AudiencePart>> {
    let topic = &thread.topic.view;
    match thread.place.group() {
        Some(group) => groups::audience(visit, &group.group, below).await,
        None => Ok(parts::profile_audience(topic.post.audience, &topic.author)),
    }
}

/// What each comment's author is called where it is answered.
fn names(comments: &[Shown]) -> HashMap<PostId, String> {
    let name = |shown: &Shown| match shown.view.post.state {
        PostState::Visible | PostState::Held => shown.view.author.title().to_owned(),
        PostState::Removed | PostState::Deleted => "a comment that is gone".to_owned(),
    };
    let all = comments.iter().map(|one| (one.view.post.id, name(one)));
    all.collect()
}

fn comment_view(
    placed: &Placed,
    names: &HashMap<PostId, String>,
    typed: Option<&Typed>,
    now: crate::domain::Timestamp,
) -> CommentView {
    let id = placed.shown.view.post.id;
    let answered = placed.answers.and_then(|id| Some((id, names.get(&id)?)));
    let draft = typed.filter(|typed| typed.parent == id);
    CommentView {
        id: id.to_string(),
        depth: placed.depth,
        reply_to: answered.map(|(id, name)| ReplyTo {
            id: id.to_string(),
            name: name.clone(),
        }),
        content: content(&placed.shown, now),
        can_reply: placed.shown.can_reply || draft.is_some(),
        draft_aside: draft.is_some_and(|typed| typed.audience == Audience::Aside),
        draft_attached: draft.map_or_else(Vec::new, |typed| parts::kept(&typed.sent.attached)),
        draft: draft.map(|typed| typed.body.clone()),
    }
}

fn content(shown: &Shown, now: crate::domain::Timestamp) -> CommentContent {
    match shown.view.post.state {
        PostState::Visible | PostState::Held => {
            CommentContent::Visible(Box::new(parts::post_body(shown, now)))
        }
        PostState::Removed => CommentContent::Removed(RemovedPost {
            reason: shown.removal.clone(),
            shown: shown.text.then(|| Box::new(parts::post_body(shown, now))),
            can_restore: shown.can_restore,
        }),
        PostState::Deleted => CommentContent::Tombstone(tombstone(shown)),
    }
}

fn tombstone(shown: &Shown) -> String {
    let notices = shown.view.refusals.iter();
    let sentences = notices.map(|notice| notice.sentence.as_str());
    let gone = match &shown.view.taken_back {
        Some(taken) => format!(
            "Taken back: {} asked us to delete it, and it is deleted.",
            taken.by
        ),
        None => "Deleted by its author.".to_owned(),
    };
    let words: Vec<&str> = [gone.as_str()].into_iter().chain(sentences).collect();
    words.join(" ")
}

fn title_of(post: &Post) -> String {
    match (post.state, &post.title) {
        (PostState::Visible | PostState::Held, Some(title)) => title.clone(),
        (PostState::Visible | PostState::Held, None) => parts::first_words(post),
        // Only moderators are given its title.
        (PostState::Removed, Some(title)) if !title.is_empty() => title.clone(),
        (PostState::Removed, _) => "A topic that was removed".to_owned(),
        (PostState::Deleted, _) => "A topic that was deleted".to_owned(),
    }
}

// Changing ----------------------------------------------------------------------------------------

/// `GET /p/{id}/edit`
pub async fn edit(member: Member, id: Path<String>) -> Answer {
    let id = number(&id)?;
    let thread = posts::thread(&member.app, member.viewer(), id).await?;
    let shown = find_in(&thread, id)?;
    if !shown.can_edit {
        return Err(Reason::NotAuthor.into());
    }
    let post = &shown.view.post;
    // Who was refused a new text begins with it again.
    let refused = shown
        .view
        .refusals
        .iter()
        .rev()
        .find_map(|notice| notice.text.as_ref());
    let (title, source) = match refused {
        Some(text) => (&text.title, &text.source),
        None => (&post.title, &post.source),
    };
    let typed = NewTopic {
        title: title.clone().unwrap_or_default(),
        body: source.clone().unwrap_or_default(),
        poll: NewPoll::default(),
        // It is given apart from the text.
        label: String::new(),
        sent: Sent {
            attached: shown.view.attachments.clone(),
        },
    };
    edit_page(&member, &thread, post, typed, None).await
}

/// `POST /p/{id}/edit`
pub async fn update(member: Member, id: Path<String>, form: FormWithFiles<NewTopic>) -> Answer {
    let id = number(&id)?;
    let thread = posts::thread(&member.app, member.viewer(), id).await?;
    let view = &find_in(&thread, id)?.view;
    let (mut typed, Parts { fields, files }) = (form.fields, form.parts);
    let told = attachments::FileFields(&fields);
    let before = &view.attachments;
    let taken = attachments::take(&member, &told, files, before, &mut typed.sent).await;
    let outcome = match taken {
        Ok(()) => change(&member, &view.post, &typed).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(see_other(&address(id))),
        Err(error) => {
            let told = errors::tell(error)?;
            edit_page(&member, &thread, &view.post, typed, Some(told)).await
        }
    }
}

async fn change(member: &Member, post: &Post, typed: &NewTopic) -> Result<()> {
    let title = match has_title(post) {
        true => Some(typed.title.parse::<Title>()?),
        false => None,
    };
    let (body, attached) = (optional_body(&typed.body)?, Some(typed.sent.list()));
    posts::update(&member.app, member.viewer(), post.id, title, body, attached).await?;
    Ok(())
}

/// Topics of groups have one.
fn has_title(post: &Post) -> bool {
    post.is_topic() && post.group.is_some()
}

async fn edit_page(
    member: &Member,
    thread: &Thread,
    post: &Post,
    typed: NewTopic,
    told: Option<Told>,
) -> Answer {
    // A topic is as old as itself.
    let below = Some(post.parent.unwrap_or(post.id));
    let page = EditPage {
        page: member.page_told("Edit", told.as_ref()).await?,
        id: post.id.to_string(),
        title: has_title(post).then_some(typed.title),
        body: typed.body,
        attached: parts::kept(&typed.sent.attached),
        places: parts::places(thread.can_attach),
        audience: match post.audience {
            Audience::Aside => parts::inside(readers(member, thread, below).await?),
            _ => readers(member, thread, below).await?,
        },
        back: address(post.id),
    };
    answer(&page, told.as_ref())
}

pub fn find_in(thread: &Thread, id: PostId) -> Result<&Shown, Problem> {
    let mut all = std::iter::once(&thread.topic).chain(&thread.comments);
    let found = all.find(|shown| shown.view.post.id == id);
    found.ok_or_else(|| Error::NotFound.into())
}

/// `GET /p/{id}/history`
pub async fn history(visit: Visit, id: Path<String>) -> Answer {
    let id = number(&id)?;
    let (view, earlier) = posts::history(&visit.app, visit.viewer(), id).await?;
    if view.post.state != PostState::Visible {
        return Ok(see_other(&address(id)));
    }
    let page = HistoryPage {
        page: visit.page("History").await?,
        of: parts::name_of(&view),
        back: address(id),
        revisions: revisions(&visit, &view, earlier).await?,
    };
    answer(&page, None)
}

/// The text there is and the ones there were, newest first. A text began when the one before it
/// was replaced.
async fn revisions(
    visit: &Visit,
    view: &PostView,
    earlier: Vec<crate::domain::Revision>,
) -> Result<Vec<Revision>> {
    let host = view.author.host.clone();
    let known = partners::behind(&visit.app, host.clone()).await?;
    let partner = host.and_then(|host| known.get(&host));
    let (post, now) = (&view.post, visit.now());
    let mut texts = vec![(post.title.clone(), post.html.clone())];
    let mut began: Vec<_> = earlier.iter().map(|one| one.until).collect();
    began.push(post.created_at);
    texts.extend(earlier.into_iter().map(|one| (one.title, one.html)));
    let revision = |(at, (title, html))| Revision {
        when: parts::when(at, now),
        author: parts::author_of(view, partner),
        title,
        body: SafeHtml::from_storage(html),
        current: false,
    };
    let mut list: Vec<Revision> = began.into_iter().zip(texts).map(revision).collect();
    if let Some(newest) = list.first_mut() {
        newest.current = true;
    }
    Ok(list)
}

pub fn address(id: PostId) -> String {
    format!("/p/{id}")
}

/// A post's number in an address. One that cannot be is one that is not there.
pub fn number(text: &str) -> Result<PostId, Problem> {
    text.parse().map_err(|_| Error::NotFound.into())
}
