//! Finding actors by handle (RFC 7033), for those who may know of them.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Data, answer, reader};
use crate::app::Addresses;
use crate::domain::{Actor, ActorKind, Handle, Uri};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::services::documents;

const JRD: &str = "application/jrd+json";
const ACTIVITY_JSON: &str = "application/activity+json";
/// The property in which groups and people of one name are told apart.
const TYPE: &str = "https://www.w3.org/ns/activitystreams#type";

#[derive(serde::Deserialize)]
struct Query {
    resource: String,
}

/// Whom a resource names.
#[derive(Debug, PartialEq, Eq)]
pub enum Sought {
    Instance,
    /// A person or a group.
    Name(String),
}

pub async fn webfinger(federation: Data, request: HttpRequest) -> HttpResponse {
    let query = actix_web::web::Query::<Query>::from_query(request.query_string());
    let Ok(query) = query else {
        return answer::failed(&Error::invalid("resource", "is missing"));
    };
    let resource = &query.resource;
    let app = &federation.app;
    match sought(&app.addresses(), resource) {
        Some(Sought::Instance) => {
            let answer = describe(resource, &app.addresses().instance(), "Application");
            answer::public(JRD, answer.to_string())
        }
        Some(Sought::Name(name)) => match find(&federation, &request, &name).await {
            Ok(actor) => {
                let subject = format!("acct:{}@{}", actor.name, app.config.host());
                answer::other(JRD, &describe(&subject, &actor.uri, kind(&actor)))
            }
            Err(error) => answer::failed(&error),
        },
        None => answer::failed(&Error::NotFound),
    }
}

async fn find(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Actor> {
    let viewer = reader(federation, request).await?;
    documents::actor(&federation.app, viewer, name).await
}

/// Reads `acct:roads@host`, or an address of ours.
pub fn sought(addresses: &Addresses, resource: &str) -> Option<Sought> {
    if let Ok(uri) = resource.parse::<Uri>() {
        let path = uri.as_str().strip_prefix(addresses.origin().as_str())?;
        return match path {
            "" | "/" | "/actor" => Some(Sought::Instance),
            _ => {
                let name = path
                    .strip_prefix("/g/")
                    .or_else(|| path.strip_prefix("/u/"))?;
                Some(Sought::Name(name.to_owned()))
            }
        };
    }
    let handle: Handle = resource.parse().ok()?;
    let host = handle
        .host
        .filter(|host| host == addresses.origin().host())?;
    let name = handle.name.to_lowercase();
    match name == "actor" || name == host.as_str() {
        true => Some(Sought::Instance),
        false => Some(Sought::Name(name)),
    }
}

const fn kind(actor: &Actor) -> &'static str {
    match actor.kind {
        ActorKind::Group => "Group",
        ActorKind::Person => "Person",
        ActorKind::Service => "Application",
    }
}

fn describe(subject: &str, actor: &Uri, kind: &str) -> Value {
    json!({
        "subject": subject,
        "aliases": [actor],
        "links": [
            {
                "rel": "self",
                "type": ACTIVITY_JSON,
                "href": actor,
                "properties": { TYPE: kind },
            },
            {
                "rel": "http://webfinger.net/rel/profile-page",
                "type": "text/html",
                "href": actor,
            },
        ],
    })
}

/// Where WebFinger is, for software that asks first (RFC 6415).
pub async fn host_meta(federation: Data) -> HttpResponse {
    let template = federation
        .app
        .config
        .uri("/.well-known/webfinger?resource={uri}");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
         <Link rel=\"lrdd\" template=\"{template}\"/>\n</XRD>\n"
    );
    answer::public("application/xrd+xml", body)
}
