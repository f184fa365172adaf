//! Looking up a person or group by its exact handle, here or (with `resolve`) elsewhere.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::api::mastodon::Answer;
use crate::api::mastodon::client::Client;
use crate::api::mastodon::entities::Account;
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::app::App;
use crate::domain::Handle;
use crate::error::Error;
use crate::services::directory;

pub async fn search(app: Data<App>, client: Client, params: Params) -> Answer {
    let viewer = client.may("read:search")?;
    match params.text("type") {
        None | Some("accounts") => {}
        Some(_) => {
            return Err(Failure::unprocessable(
                "only accounts can be searched yet: type=accounts",
            ));
        }
    }
    let wanted: Option<Handle> = params.parsed("q").ok().flatten();
    let found = match wanted {
        // The one exact match is on the first page.
        None => Err(Error::NotFound),
        Some(_) if params.text("offset").is_some_and(|offset| offset != "0") => {
            Err(Error::NotFound)
        }
        Some(handle) if params.flag("resolve") => directory::look_up(&app, viewer, handle).await,
        Some(handle) => directory::find_by_handle(&app, viewer, handle).await,
    };
    let accounts = match found {
        Ok(entry) => vec![Account::render_entry(&app, &entry)],
        Err(Error::NotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(HttpResponse::Ok().json(json!({ "accounts": accounts, "statuses": [], "hashtags": [] })))
}
