//! The home page: what is new in my groups.

use actix_web::web::Query;

use crate::services::posts::Listed;
use crate::services::{groups, partners, posts};
use crate::web::answer;
use crate::web::errors::Answer;
use crate::web::paging::Listing;
use crate::web::parts;
use crate::web::views::HomePage;
use crate::web::visit::Member;

/// `GET /`
pub async fn show(member: Member, listing: Query<Listing>) -> Answer {
    let (app, now) = (&member.app, member.now());
    let topics = posts::home(app, member.viewer(), listing.page()).await?;
    let (topics, pager) = listing.cut(topics, Listed::place, "/");
    let mine = groups::list_mine(app, member.viewer()).await?;
    let homes = mine.iter().filter_map(|group| group.home().cloned());
    let known = partners::behind(app, homes).await?;
    let page = HomePage {
        page: member.page("Home").await?,
        topics: topics
            .iter()
            .map(|listed| parts::topic_summary(listed, true, now))
            .collect(),
        pager,
        groups: mine
            .iter()
            .map(|group| parts::group_link(group, group.home().and_then(|home| known.get(home))))
            .collect(),
    };
    answer(&page, None)
}
