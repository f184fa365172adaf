//! A person's page: a colleague, or somebody elsewhere whom people here may know. What stands on the
//! profile, and following.

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::markup;
use crate::domain::{Actor, Audience, FollowState, Handle};
use crate::error::{Error, Result};
use crate::services::directory::{self, Entry};
use crate::services::posts::Listed;
use crate::services::{accounts, follows, partners, posts};
use crate::web::errors::{self, Answer, Problem, Told};
use crate::web::forms::{Nothing, optional_label};
use crate::web::groups;
use crate::web::paging::Listing;
use crate::web::views::{Choice, PersonPage, ProfileComposer};
use crate::web::visit::{Member, Notice, Visit};
use crate::web::{answer, done, parts, see_other};

#[derive(Default, Deserialize)]
pub struct NewPost {
    #[serde(default)]
    body: String,
    #[serde(default)]
    audience: String,
    #[serde(default)]
    label: String,
}

/// `GET /u/{name}`, also `/u/{name}@{host}`.
pub async fn show(visit: Visit, name: Path<String>, listing: Query<Listing>) -> Answer {
    let person = find(&visit, &name).await?;
    page(&visit, &person, &listing, None, None).await
}

/// `POST /u/{name}/follow`
pub async fn follow(member: Member, name: Path<String>, _: Form<Nothing>) -> Answer {
    let person = find(&member, &name).await?;
    let place = parts::person_url(&person);
    match follows::follow(&member.app, member.viewer(), person.id).await {
        Ok(FollowState::Accepted) => Ok(done(&place, Notice::Following)),
        Ok(FollowState::Requested) => Ok(done(&place, Notice::FollowAsked)),
        Err(error) => again(&member, &person, None, error).await,
    }
}

/// `POST /u/{name}/unfollow`
pub async fn unfollow(member: Member, name: Path<String>, _: Form<Nothing>) -> Answer {
    let person = find(&member, &name).await?;
    match follows::unfollow(&member.app, member.viewer(), person.id).await {
        Ok(()) => Ok(done(&parts::person_url(&person), Notice::Unfollowed)),
        Err(error) => again(&member, &person, None, error).await,
    }
}

/// `POST /u/{name}/posts`: only on one's own profile, whatever the address says.
pub async fn write(member: Member, name: Path<String>, Form(typed): Form<NewPost>) -> Answer {
    let person = find(&member, &name).await?;
    if member.viewer().actor() != Some(person.id) {
        return Err(Error::NotFound.into());
    }
    match publish(&member, &typed).await {
        Ok(place) => Ok(see_other(&place)),
        Err(error) => again(&member, &person, Some(typed), error).await,
    }
}

async fn publish(member: &Member, typed: &NewPost) -> Result<String> {
    let (body, audience) = (typed.body.parse()?, typed.audience.parse()?);
    let (app, viewer, label) = (&member.app, member.viewer(), optional_label(&typed.label)?);
    let post = posts::create_on_profile(app, viewer, body, audience, label).await?;
    Ok(format!("/p/{}", post.id))
}

/// A person the viewer may know of. Only colleagues look people up.
async fn find(visit: &Visit, name: &str) -> Result<Actor, Problem> {
    let handle: Handle = name.parse().map_err(|_| Error::NotFound)?;
    let handle = handle.seen_from(visit.app.config.host());
    if handle.host.is_none() {
        let found = accounts::find_colleague(&visit.app, visit.viewer(), &handle.name).await;
        return Ok(found?);
    }
    if !visit.viewer().is_colleague() {
        return Err(Error::NotFound.into());
    }
    match directory::find_by_handle(&visit.app, visit.viewer(), handle).await? {
        Entry::Person(person) => Ok(*person),
        Entry::Group { .. } => Err(Error::NotFound.into()),
    }
}

async fn again(member: &Member, person: &Actor, typed: Option<NewPost>, error: Error) -> Answer {
    let told = errors::tell(error)?;
    page(member, person, &Listing::default(), typed, Some(told)).await
}

async fn page(
    visit: &Visit,
    person: &Actor,
    listing: &Listing,
    typed: Option<NewPost>,
    told: Option<Told>,
) -> Answer {
    let (app, viewer, now) = (&visit.app, visit.viewer(), visit.now());
    let url = parts::person_url(person);
    let is_viewer = viewer.actor() == Some(person.id);
    let known = partners::behind(app, person.host.clone()).await?;
    let partner = person.host.as_ref().and_then(|host| known.get(host));
    let guests = accounts::guests_among(app, [person.id]).await?;
    let topics = posts::profile(app, viewer.clone(), person.id, listing.page()).await?;
    let (topics, pager) = listing.cut(topics, Listed::place, &url);
    let standing = follows::standing(app, &viewer, person.id).await?;
    let may_follow = match is_viewer {
        true => None,
        false => Some(follows::may_follow(app, viewer, person.id).await?),
    };
    let summary = markup::sanitize(&person.summary);
    let ways = accounts::ways(app, person.id).await?;
    let page = PersonPage {
        page: visit.page_told(person.title(), told.as_ref()).await?,
        name: person.title().to_owned(),
        handle: format!(
            "@{}@{}",
            person.name,
            person.host.as_ref().unwrap_or(app.config.host())
        ),
        badge: parts::badge(person.host.as_ref(), partner),
        guest: guests.contains(&person.id),
        since: person.is_local().then(|| parts::day(person.created_at)),
        moved_to: ways.moved_to.as_ref().map(ToString::to_string),
        summary: (!summary.as_str().trim().is_empty()).then_some(summary),
        origin: (!person.is_local()).then(|| person.uri.to_string()),
        url,
        is_viewer,
        following: standing.follows.map_or("none", FollowState::as_str),
        follows_viewer: standing.followed_by == Some(FollowState::Accepted),
        can_follow: may_follow == Some(Ok(())),
        withheld: match may_follow {
            Some(Err(reason)) => Some(reason.sentence().to_owned()),
            Some(Ok(())) | None => None,
        },
        composer: match is_viewer {
            true => Some(composer(visit, typed).await?),
            false => None,
        },
        topics: topics
            .iter()
            .map(|listed| parts::topic_summary(listed, false, now))
            .collect(),
        pager,
    };
    answer(&page, told.as_ref())
}

async fn composer(visit: &Visit, typed: Option<NewPost>) -> Result<ProfileComposer> {
    let widest = posts::widest_audience(&visit.app);
    let typed = typed.unwrap_or_default();
    let choices = [
        (Audience::Profile, "Colleagues", "It stays inside."),
        (
            Audience::Followers,
            "Colleagues and my followers",
            "Followers at partners read it too.",
        ),
        (
            Audience::Public,
            "Everybody",
            "Anybody may read it and pass it on.",
        ),
    ];
    let chosen = typed.audience.parse().unwrap_or(Audience::Profile);
    let allowed = choices
        .into_iter()
        .filter(|(audience, ..)| *audience <= widest);
    Ok(ProfileComposer {
        labels: groups::labels(visit, None, None, &typed.label).await?,
        body: typed.body,
        audiences: allowed
            .map(|(audience, label, hint)| Choice {
                value: audience.to_string(),
                label: label.to_owned(),
                hint: Some(hint.to_owned()),
                chosen: audience == chosen,
            })
            .collect(),
    })
}
