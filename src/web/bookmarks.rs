//! Posts that one marked to find them again.

use actix_web::web::{Path, Query};

use crate::auth::Form;
use crate::services::bookmarks;
use crate::web::errors::Answer;
use crate::web::forms::Nothing;
use crate::web::paging::Listing;
use crate::web::topics::{back_to, number};
use crate::web::views::BookmarksPage;
use crate::web::visit::Member;
use crate::web::{answer, parts};

const PATH: &str = "/bookmarks";

/// `POST /p/{id}/bookmark`
pub async fn add(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = bookmarks::add(&member.app, member.viewer(), id).await;
    back_to(&member, id, outcome).await
}

/// `POST /p/{id}/unbookmark`
pub async fn remove(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = bookmarks::remove(&member.app, member.viewer(), id).await;
    back_to(&member, id, outcome).await
}

/// `GET /bookmarks`
pub async fn list(member: Member, listing: Query<Listing>) -> Answer {
    let marked = bookmarks::list(&member.app, member.viewer(), listing.page()).await?;
    let (marked, pager) = listing.cut(marked, |(number, _)| *number, PATH);
    let page = BookmarksPage {
        page: member.page("Bookmarks").await?,
        topics: marked
            .iter()
            .map(|(_, listed)| parts::topic_summary(listed, true, member.now()))
            .collect(),
        pager,
    };
    answer(&page, None)
}
