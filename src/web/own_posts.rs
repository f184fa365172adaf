//! What one wrote oneself, wherever it stands, and taking it back.

use actix_web::web::Query;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::markup::SafeHtml;
use crate::domain::{PostState, Timestamp};
use crate::error::Result;
use crate::services::posts::{self, Written, WrittenIn};
use crate::web::errors::{self, Answer, Told};
use crate::web::paging::Listing;
use crate::web::views::{GroupLink, OwnPost, OwnPostsPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts, topics};

const PATH: &str = "/settings/posts";

#[derive(Deserialize)]
pub struct Which {
    post: String,
}

/// `GET /settings/posts`
pub async fn list(member: Member, listing: Query<Listing>) -> Answer {
    page(&member, &listing, None).await
}

/// `POST /settings/posts`
pub async fn delete(member: Member, Form(which): Form<Which>) -> Answer {
    let id = topics::number(&which.post)?;
    match posts::delete(&member.app, member.viewer(), id).await {
        Ok(()) => Ok(done(PATH, Notice::Deleted)),
        Err(error) => page(&member, &Listing::default(), Some(errors::tell(error)?)).await,
    }
}

async fn page(member: &Member, listing: &Listing, told: Option<Told>) -> Answer {
    let written = posts::written(&member.app, member.viewer(), listing.page()).await?;
    let (written, pager) = listing.cut(written, |one| one.post.id.0, PATH);
    let page = OwnPostsPage {
        page: member.page_told("What I wrote", told.as_ref()).await?,
        posts: written
            .iter()
            .map(|one| row(member, one))
            .collect::<Result<_>>()?,
        pager,
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, written: &Written) -> Result<OwnPost> {
    let (post, now): (_, Timestamp) = (&written.post, member.now());
    Ok(OwnPost {
        id: post.id.to_string(),
        noun: if post.is_topic() { "topic" } else { "comment" },
        title: post.title.clone().filter(|title| !title.is_empty()),
        body: SafeHtml::from_storage(post.html.clone()),
        when: parts::when(post.created_at, now),
        place: place(member, &written.place),
        url: written.readable.then(|| format!("/p/{}", post.id)),
        removed: post.state == PostState::Removed,
        held: post.state == PostState::Held,
        refusals: written.notices.iter().map(parts::not_taken).collect(),
    })
}

/// A way to where it stands; only words where there is none for the viewer.
fn place(member: &Member, place: &WrittenIn) -> GroupLink {
    let nowhere = |title: String| GroupLink {
        url: String::new(),
        title,
        badge: None,
    };
    match place {
        WrittenIn::Group(group) => parts::group_link(group, None),
        WrittenIn::Profile => parts::profile_link(&member.account.actor, None),
        WrittenIn::Closed(None) => nowhere("a group that is closed to you now".to_owned()),
        WrittenIn::Closed(Some(host)) => {
            nowhere(format!("a group of {host} that is closed to you now"))
        }
    }
}
