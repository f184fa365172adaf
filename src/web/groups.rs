//! The directory of groups, and a group's own page.

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Group, Handle, MembershipState, Page, PostId};
use crate::error::{Error, Result};
use crate::policy::{Action, Reason};
use crate::services;
use crate::services::groups::{self, GroupView, NewGroup};
use crate::services::posts::Listed;
use crate::services::{memberships, posts};
use crate::web::errors::{self, Answer, Problem, Told};
use crate::web::forms::Nothing;
use crate::web::paging::Listing;
use crate::web::topics::NewTopic;
use crate::web::views::{
    AudiencePart, Choice, Composer, GroupDraft, GroupPage, GroupsPage, Pager, TopicSummary, Writing,
};
use crate::web::visit::{Member, Notice, Visit};
use crate::web::{answer, done, parts};

#[derive(Deserialize)]
pub struct Draft {
    name: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    access: String,
}

/// `GET /groups`
pub async fn list(member: Member) -> Answer {
    directory(&member, None, None).await
}

/// `POST /groups`
pub async fn create(member: Member, Form(draft): Form<Draft>) -> Answer {
    match make(&member, &draft).await {
        Ok(group) => Ok(done(&parts::group_url(&group), Notice::Created)),
        Err(problem) => directory(&member, Some(draft), Some(errors::tell(problem)?)).await,
    }
}

async fn make(member: &Member, draft: &Draft) -> Result<Group> {
    let new = NewGroup {
        name: draft.name.trim().parse()?,
        title: draft.title.parse()?,
        description: draft.description.trim().to_owned(),
        access: draft.access.parse()?,
        owner: None,
    };
    groups::create(&member.app, member.viewer(), new).await
}

async fn directory(member: &Member, typed: Option<Draft>, told: Option<Told>) -> Answer {
    let here = member.app.config.host();
    let all = groups::list(&member.app, member.viewer()).await?;
    let (mine, rest): (Vec<_>, Vec<_>) = all.iter().partition(|view| is_mine(view));
    let (others, partners): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|view| view.group.is_local());
    let cards = |views: Vec<&GroupView>| {
        let cards = views.into_iter().map(|view| parts::group_card(view, here));
        cards.collect()
    };
    let create = groups::may_create(&member.app, member.viewer());
    let page = GroupsPage {
        page: member.page_told("Groups", told.as_ref()).await?,
        mine: cards(mine),
        others: cards(others),
        partners: cards(partners),
        create: create.then(|| draft_form(typed)),
    };
    answer(&page, told.as_ref())
}

fn is_mine(view: &GroupView) -> bool {
    let state = view.membership.as_ref().map(|membership| membership.state);
    matches!(
        state,
        Some(MembershipState::Member | MembershipState::Invited)
    )
}

fn draft_form(typed: Option<Draft>) -> GroupDraft {
    match typed {
        Some(typed) => GroupDraft {
            open: true,
            name: typed.name,
            title: typed.title,
            description: typed.description,
            access: typed.access,
        },
        None => GroupDraft {
            open: false,
            name: String::new(),
            title: String::new(),
            description: String::new(),
            access: "open".to_owned(),
        },
    }
}

/// The group that an address names, if the viewer may know of it.
pub async fn locate(visit: &Visit, handle: &str) -> Result<GroupView> {
    let handle: Handle = handle.parse().map_err(|_| Error::NotFound)?;
    let handle = handle.seen_from(visit.app.config.host());
    groups::find(&visit.app, visit.viewer(), handle).await
}

/// `GET /g/{handle}`
pub async fn show(visit: Visit, handle: Path<String>, listing: Query<Listing>) -> Answer {
    let view = locate(&visit, &handle).await?;
    page(&visit, &view, &listing, None, None).await
}

/// The group's page; after a problem with the topic that was typed.
pub async fn page(
    visit: &Visit,
    view: &GroupView,
    listing: &Listing,
    typed: Option<NewTopic>,
    told: Option<Told>,
) -> Answer {
    let (topics, pager) = topics(visit, view, listing).await?;
    let pinned = pinned(visit, view, listing).await?;
    let composing = typed.is_some();
    let page = GroupPage {
        page: visit.page_told(view.group.title(), told.as_ref()).await?,
        group: parts::group_head(view, visit.app.config.host()),
        can_read: view.rights.may(Action::Read),
        pinned,
        topics,
        pager,
        writing: writing(visit, view, typed).await?,
        composing,
    };
    answer(&page, told.as_ref())
}

/// What is written here, as far as the viewer may read it: a closed group shows its head alone.
async fn topics(
    visit: &Visit,
    view: &GroupView,
    listing: &Listing,
) -> Result<(Vec<TopicSummary>, Pager)> {
    if !view.rights.may(Action::Read) {
        return Ok((Vec::new(), Pager::default()));
    }
    let (id, part): (_, Page) = (view.group.id, listing.page());
    let list = posts::topics(&visit.app, visit.viewer(), id, part).await?;
    let place = parts::group_url(&view.group);
    let (list, pager) = listing.cut(list, |listed| listed.view.post.id.0, &place);
    let now = visit.now();
    let summary = |listed| parts::topic_summary(listed, false, now);
    // On the first page the pinned ones stand above; further down each is in its place.
    let loose = |listed: &&Listed| listing.is_later() || !listed.view.post.pinned;
    Ok((list.iter().filter(loose).map(summary).collect(), pager))
}

/// The topics that stand first, on the first page.
async fn pinned(visit: &Visit, view: &GroupView, listing: &Listing) -> Result<Vec<TopicSummary>> {
    if listing.is_later() || !view.rights.may(Action::Read) {
        return Ok(Vec::new());
    }
    let list = posts::pinned(&visit.app, visit.viewer(), view.group.id).await?;
    let now = visit.now();
    let summary = |listed| parts::topic_summary(listed, false, now);
    Ok(list.iter().map(summary).collect())
}

async fn writing(visit: &Visit, view: &GroupView, typed: Option<NewTopic>) -> Result<Writing> {
    let rights = &view.rights;
    if !rights.may(Action::Read) {
        let why = rights.why_not(Action::Read).unwrap_or(Reason::NotMember);
        return Ok(Writing::Withheld(why.sentence().to_owned()));
    }
    if typed.is_none() && !rights.may(Action::StartTopic) {
        let why = rights.why_not(Action::StartTopic);
        let why = why.unwrap_or(Reason::NotMember);
        return Ok(Writing::Withheld(why.sentence().to_owned()));
    }
    let typed = typed.unwrap_or_default();
    Ok(Writing::Open(Composer {
        title: typed.title,
        body: typed.body,
        attached: parts::kept(&typed.sent.attached),
        places: parts::places(rights.may(Action::Attach)),
        audience: audience(visit, &view.group, None).await?,
        labels: labels(visit, Some(&view.group), None, &typed.label).await?,
        poll: typed.poll.form(),
    }))
}

/// Who will read what is written in a group; `below`: what it answers.
pub async fn audience(
    visit: &Visit,
    group: &Group,
    below: Option<PostId>,
) -> Result<Vec<AudiencePart>> {
    let readers = groups::readers(&visit.app, visit.viewer(), group.id, below).await?;
    Ok(parts::audience(&readers))
}

/// How it may be classified; `below`: what it answers.
pub async fn labels(
    visit: &Visit,
    group: Option<&Group>,
    below: Option<PostId>,
    chosen: &str,
) -> Result<Vec<Choice>> {
    let group = group.map(|group| group.id);
    let offers = services::labels::offers(&visit.app, visit.viewer(), group, below).await?;
    Ok(parts::label_choices(offers, chosen))
}

/// `POST /g/{handle}/join`
pub async fn join(member: Member, handle: Path<String>, _: Form<Nothing>) -> Answer {
    let view = locate(&member, &handle).await?;
    let place = parts::group_url(&view.group);
    match memberships::join(&member.app, member.viewer(), view.group.id).await {
        Ok(MembershipState::Member) => Ok(done(&place, Notice::Joined)),
        Ok(_) => Ok(done(&place, Notice::Asked)),
        Err(error) => again(&member, view, error.into()).await,
    }
}

/// `POST /g/{handle}/leave`
pub async fn leave(member: Member, handle: Path<String>, _: Form<Nothing>) -> Answer {
    let view = locate(&member, &handle).await?;
    match memberships::leave(&member.app, member.viewer(), view.group.id).await {
        // A secret group is gone with the membership.
        Ok(()) => match locate(&member, &handle).await {
            Ok(view) => Ok(done(&parts::group_url(&view.group), Notice::Left)),
            Err(_) => Ok(done("/groups", Notice::Left)),
        },
        Err(error) => again(&member, view, error.into()).await,
    }
}

async fn again(member: &Member, view: GroupView, problem: Problem) -> Answer {
    let told = errors::tell(problem)?;
    page(member, &view, &Listing::default(), None, Some(told)).await
}
