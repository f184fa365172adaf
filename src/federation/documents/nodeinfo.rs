//! NodeInfo: what software this is. Nothing in it depends on which groups there are or what is said
//! in them.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::{Data, answer};
use crate::config::FederationMode;
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::services::documents;

const SCHEMA: &str = "http://nodeinfo.diaspora.software/ns/schema";
const VERSIONS: [&str; 2] = ["2.0", "2.1"];

/// Where the documents are.
pub async fn links(federation: Data) -> HttpResponse {
    let link = |version| {
        json!({
            "rel": format!("{SCHEMA}/{version}"),
            "href": federation.app.config.uri(&format!("/nodeinfo/{version}")),
        })
    };
    let links = json!({ "links": VERSIONS.map(link) });
    answer::public("application/json", links.to_string())
}

pub async fn nodeinfo(federation: Data, version: web::Path<String>) -> HttpResponse {
    match describe(&federation, &version).await {
        Ok(document) => {
            let media_type = format!("application/json; profile=\"{SCHEMA}/{version}#\"");
            answer::public(&media_type, document.to_string())
        }
        Err(error) => answer::failed(&error),
    }
}

async fn describe(federation: &Federation, version: &str) -> Result<Value> {
    if !VERSIONS.contains(&version) {
        return Err(Error::NotFound);
    }
    let software = json!({ "name": "guildhall", "version": env!("CARGO_PKG_VERSION") });
    // How large an organization is, concerns only those it chose to be known by.
    let users = match federation.app.house().federation {
        FederationMode::Open => json!({ "total": documents::people(&federation.app).await? }),
        FederationMode::Closed => json!({}),
    };
    Ok(json!({
        "version": version,
        "software": software,
        "protocols": ["activitypub"],
        "services": { "inbound": [], "outbound": [] },
        "openRegistrations": false,
        "usage": { "users": users },
        "metadata": {},
    }))
}
