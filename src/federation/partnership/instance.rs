//! The instance actor of another server: who speaks for it.

use serde_json::Value;

use crate::app::App;
use crate::domain::{ActorKind, Invalid, Uri};
use crate::federation::fetch::{self, Document, FetchError};
use crate::federation::keys::ParsedKey;
use crate::services::partners::Introduction;
use crate::services::remote_actors::NewActor;

/// Types under which servers publish their instance actors.
const TYPES: [&str; 2] = ["Application", "Service"];

/// Reads the instance actor of a server that need not be a partner. The request is not signed:
/// instance actors are readable by everybody.
pub async fn fetch(app: &App, uri: &Uri) -> Result<Introduction, FetchError> {
    let document = fetch::fetch_document(&app.http, None, uri, app.clock.now()).await?;
    read(&document).map_err(|_| FetchError::Shape("it is not an instance actor"))
}

fn read(document: &Document) -> Result<Introduction, Invalid> {
    let json = &document.json;
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default();
    if !TYPES.contains(&kind) {
        return Err(Invalid::new("type", "is not that of an instance actor"));
    }
    let id = document.id.clone();
    let text = |pointer| json.pointer(pointer).and_then(Value::as_str);
    let address = |pointer| text(pointer).map(str::parse::<Uri>).transpose();
    let organization = text("/name").unwrap_or_default().to_owned();
    Ok(Introduction {
        keys: read_keys(json, &id)?,
        actor: NewActor {
            kind: ActorKind::Service,
            name: text("/preferredUsername").unwrap_or("actor").to_owned(),
            host: Some(id.host().clone()),
            url: id.to_string(),
            display_name: organization.clone(),
            summary: String::new(),
            inbox: address("/inbox")?.ok_or_else(|| Invalid::new("inbox", "is missing"))?,
            shared_inbox: address("/endpoints/sharedInbox")?,
            followers: address("/followers")?,
            outbox: address("/outbox")?,
            uri: id,
        },
        organization,
    })
}

/// The keys that the actor says are its own. One that cannot be used is a reason to say so now.
fn read_keys(json: &Value, owner: &Uri) -> Result<Vec<(Uri, String)>, Invalid> {
    let listed = match json.get("publicKey") {
        Some(Value::Array(keys)) => keys.iter().collect(),
        Some(key) => vec![key],
        None => return Err(Invalid::new("publicKey", "is missing")),
    };
    listed.into_iter().map(|key| read_key(key, owner)).collect()
}

fn read_key(key: &Value, owner: &Uri) -> Result<(Uri, String), Invalid> {
    let text = |name| key.get(name).and_then(Value::as_str).unwrap_or_default();
    let pem = text("publicKeyPem");
    ParsedKey::from_pem(pem)?;
    if text("owner") != owner.as_str() {
        return Err(Invalid::new("publicKey", "belongs to somebody else"));
    }
    Ok((text("id").parse()?, pem.to_owned()))
}
