//! People and groups.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use crate::api::mastodon::client::{AnyClient, Client};
use crate::api::mastodon::entities::{self, Account};
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::api::mastodon::{Answer, pages};
use crate::app::App;
use crate::domain::ActorId;
use crate::error::Error;
use crate::services::directory::{self, Entry};
use crate::services::posts::{self, Listed, WithBoosts};

/// The account of the token's owner, with what only the owner is told.
#[derive(Serialize)]
struct CredentialAccount {
    #[serde(flatten)]
    account: Account,
    source: serde_json::Value,
    role: serde_json::Value,
}

pub async fn verify_credentials(app: Data<App>, client: Client) -> Answer {
    let account = client.account()?;
    Ok(HttpResponse::Ok().json(CredentialAccount {
        account: Account::render(&app, &account.actor),
        // `privacy` is what a composer begins with. The group decides who reads; a client that
        // sends "public" asks for no more than that.
        source: json!({
            "note": account.actor.summary,
            "fields": [],
            "privacy": "public",
            "sensitive": false,
            "language": null,
            "follow_requests_count": 0,
        }),
        role: json!({
            "id": "0",
            "name": account.role,
            "permissions": "0",
            "color": "",
            "highlighted": false,
        }),
    }))
}

pub async fn lookup(app: Data<App>, client: AnyClient, params: Params) -> Answer {
    let viewer = client.may("read:accounts")?;
    // What cannot be a handle is nobody's.
    let handle = params
        .parsed("acct")
        .ok()
        .flatten()
        .ok_or(Error::NotFound)?;
    let entry = directory::find_by_handle(&app, viewer, handle).await?;
    Ok(HttpResponse::Ok().json(Account::render_entry(&app, &entry)))
}

pub async fn show(app: Data<App>, client: AnyClient, id: Path<String>) -> Answer {
    let viewer = client.may("read:accounts")?;
    let entry = directory::find(&app, viewer, account_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(Account::render_entry(&app, &entry)))
}

/// A group's topics; what a person wrote or boosted where the viewer may read it.
pub async fn statuses(
    app: Data<App>,
    request: HttpRequest,
    client: AnyClient,
    id: Path<String>,
    params: Params,
) -> Answer {
    let viewer = client.may("read:statuses")?;
    let page = pages::page(&params)?;
    let id = account_id(&id)?;
    let entry = directory::find(&app, viewer.clone(), id).await?;
    // Nothing is pinned on accounts, or tagged.
    if params.flag("pinned") || params.has("tagged") {
        return Ok(pages::answer(&app, &request, page, &[]));
    }
    let list = match entry {
        Entry::Group { view, .. } => posts::topics(&app, viewer, view.group.id, page).await?,
        Entry::Person(person) => {
            let boosts = match params.flag("exclude_reblogs") || params.flag("only_media") {
                true => WithBoosts::No,
                false => WithBoosts::Yes,
            };
            posts::by_author(&app, viewer, person.id, boosts, page).await?
        }
    };
    // As with other filters of clients, a page may be shorter than asked for.
    let wanted =
        |listed: &Listed| !params.flag("only_media") || !listed.view.attachments.is_empty();
    let list: Vec<Listed> = list.into_iter().filter(wanted).collect();
    let statuses = entities::render_all(&app, &client.passes(&app).await?, &list);
    Ok(pages::answer(&app, &request, page, &statuses))
}

/// The number in an address. What cannot be one is answered like one that nobody has.
pub fn account_id(text: &str) -> Result<ActorId, Failure> {
    text.parse().map_err(|_| Error::NotFound.into())
}
