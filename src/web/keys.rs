//! The keys with which this house signs, for administrators.

use std::time::Duration;

use serde::Deserialize;

use crate::auth::Form;
use crate::domain::JobState;
use crate::error::{Error, Result};
use crate::services::jobs;
use crate::services::keys::{self, Whose};
use crate::web::errors::{self, Answer, Told};
use crate::web::views::KeysPage;
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

/// How long a page waits for all keys: in a small house they are made by then.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub struct Wish {
    /// Whose; empty where all are meant.
    #[serde(default)]
    name: String,
    action: String,
}

/// `GET /admin/keys`
pub async fn show(member: Member) -> Answer {
    page(&member, String::new(), None).await
}

/// `POST /admin/keys`
pub async fn rotate(member: Member, Form(wish): Form<Wish>) -> Answer {
    match carry_out(&member, &wish).await {
        Ok(notice) => Ok(done("/admin/keys", notice)),
        Err(error) => page(&member, wish.name, Some(errors::tell(error)?)).await,
    }
}

async fn carry_out(member: &Member, wish: &Wish) -> Result<Notice> {
    let (app, viewer) = (&member.app, member.viewer());
    match wish.action.as_str() {
        "one" => {
            let name = wish
                .name
                .trim()
                .trim_start_matches('@')
                .to_ascii_lowercase();
            let rotated = keys::rotate(app, viewer, Whose::One(name)).await;
            rotated.map_err(|error| nobody(error, &wish.name))?;
            Ok(Notice::KeysRotated)
        }
        "all" => {
            let job = keys::rotate_all_later(app, viewer).await?;
            let job = jobs::wait(app, job, PATIENCE).await?;
            match job.state {
                JobState::Done => Ok(Notice::KeysRotated),
                JobState::Pending => Ok(Notice::KeysRotating),
                JobState::Failed => Err(Error::Unavailable(job.problem.unwrap_or_default())),
            }
        }
        other => Err(Error::invalid(
            "action",
            format!("{other:?} is nothing one can do here"),
        )),
    }
}

/// Says whose keys there are not, to who may know: others are told that there is no such page.
fn nobody(error: Error, name: &str) -> Error {
    match error {
        Error::NotFound => Error::invalid("name", format!("{name:?} is no person or group here")),
        other => other,
    }
}

async fn page(member: &Member, name: String, told: Option<Told>) -> Answer {
    let fingerprint = keys::own_fingerprint(&member.app, member.viewer()).await?;
    let page = KeysPage {
        page: member.page_told("Keys", told.as_ref()).await?,
        fingerprint: parts::in_pairs(&fingerprint),
        name,
        days: keys::OVERLAP.as_secs() / 86_400,
    };
    answer(&page, told.as_ref())
}
