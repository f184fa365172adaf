//! A colleague's page.

use actix_web::web::Path;

use crate::services::accounts;
use crate::web::errors::Answer;
use crate::web::views::PersonPage;
use crate::web::visit::Visit;
use crate::web::{answer, parts};

/// `GET /u/{name}`
pub async fn show(visit: Visit, name: Path<String>) -> Answer {
    let person = accounts::find_colleague(&visit.app, visit.viewer(), &name).await?;
    let guests = accounts::guests_among(&visit.app, [person.id]).await?;
    let page = PersonPage {
        guest: guests.contains(&person.id),
        page: visit.page(person.title()).await?,
        name: person.title().to_owned(),
        handle: format!("@{}@{}", person.name, visit.app.config.host()),
        since: parts::day(person.created_at),
        is_viewer: visit.viewer().actor() == Some(person.id),
    };
    answer(&page, None)
}
