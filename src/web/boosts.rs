//! Passing posts on, and who did.

use actix_web::web::Path;

use crate::auth::Form;
use crate::services::{boosts, partners, posts};
use crate::web::errors::Answer;
use crate::web::forms::Nothing;
use crate::web::topics::{address, back_to, number};
use crate::web::views::BoostersPage;
use crate::web::visit::Member;
use crate::web::{answer, parts};

/// `POST /p/{id}/boost`
pub async fn boost(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = boosts::boost(&member.app, member.viewer(), id).await;
    back_to(&member, id, outcome.map(drop)).await
}

/// `POST /p/{id}/unboost`
pub async fn unboost(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = boosts::unboost(&member.app, member.viewer(), id).await;
    back_to(&member, id, outcome).await
}

/// `GET /p/{id}/boosts`
pub async fn list(member: Member, id: Path<String>) -> Answer {
    let (app, id) = (&member.app, number(&id)?);
    let view = posts::find(app, member.viewer(), id).await?;
    let people = boosts::boosters(app, member.viewer(), id).await?;
    let homes = people.iter().filter_map(|person| person.host.clone());
    let known = partners::behind(app, homes).await?;
    let page = BoostersPage {
        page: member.page("Who boosted").await?,
        of: parts::name_of(&view),
        back: address(id),
        people: people
            .iter()
            .map(|person| {
                let partner = person.host.as_ref().and_then(|host| known.get(host));
                parts::profile_link(person, partner)
            })
            .collect(),
    };
    answer(&page, None)
}
