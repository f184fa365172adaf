//! What other servers read: `GET` of everything that has an address here, as ActivityStreams, and
//! how it is found (WebFinger, NodeInfo).
//!
//! Who reads is proven by a signature ([`viewer`]); what is hidden is answered to the byte like
//! what never was. Only the server itself is shown to everybody: it proves who *we* are.

mod answer;
mod attachments;
mod books;
mod groups;
mod instance;
mod ledger;
mod nodeinfo;
mod partner_view;
mod people;
mod posts;
pub mod webfinger;

use actix_web::guard::GuardContext;
use actix_web::http::header::{ACCEPT, AUTHORIZATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::domain::{Group, PostId, Uri};
use crate::error::{Error, Result};
use crate::federation::actor_tokens::TOKEN_SCHEME;
use crate::federation::fetch::is_activity_json;
use crate::federation::viewer::{self, Reader};
use crate::federation::{Federation, objects, proofs};
use crate::policy::Viewer;
use crate::routes::{Routes, at};

/// Topics in one page of an outbox.
const OUTBOX_ITEMS: u32 = 20;
/// Posts in one page of a conversation.
const CONVERSATION_ITEMS: u32 = 50;

type Data = web::Data<Federation>;

/// The addresses of documents.
pub fn routes() -> Routes {
    Routes::default()
        // Pages for people have the same addresses.
        .service(at("/u/{name}").reads(people::person).only_for(wants_activity))
        .service(at("/g/{name}").reads(groups::group).only_for(wants_activity))
        .service(at("/p/{id}").reads(posts::post).only_for(wants_activity))
        .service(
            at("/media/{id}")
                .reads(attachments::whole)
                .only_for(attachments::is_signed),
        )
        .service(
            at("/media/{id}/preview")
                .reads(attachments::preview)
                .only_for(attachments::is_signed),
        )
        .service(at("/actor").reads(instance::actor))
        .service(at("/books").reads(books::show))
        .service(at("/partnership/view").reads(partner_view::show))
        .service(at("/actor/outbox").reads(instance::outbox))
        .service(at("/u/{name}/outbox").reads(people::outbox))
        .service(at("/u/{name}/followers").reads(people::followers))
        .service(at("/u/{name}/following").reads(people::nothing))
        .service(at("/g/{name}/outbox").reads(groups::outbox))
        .service(at("/g/{name}/followers").reads(groups::followers))
        .service(at("/g/{name}/moderators").reads(groups::moderators))
        .service(at("/g/{name}/featured").reads(groups::featured))
        .service(at("/g/{name}/actorToken").reads(groups::actor_token))
        .service(at("/p/{id}/context").reads(posts::context))
        .service(at("/p/{id}/replies").reads(posts::replies))
        .service(at("/p/{id}/mirror").reads(posts::mirror))
        .service(at("/authorizations/{id}").reads(posts::authorization))
        .service(at("/.well-known/webfinger").reads(webfinger::webfinger))
        .service(at("/.well-known/host-meta").reads(webfinger::host_meta))
        .service(at("/.well-known/nodeinfo").reads(nodeinfo::links))
        .service(at("/nodeinfo/{version}").reads(nodeinfo::nodeinfo))
}

/// True when the reader asks for ActivityStreams and not for a page.
fn wants_activity(context: &GuardContext<'_>) -> bool {
    let headers = context.head().headers().get_all(ACCEPT);
    let mut wanted = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    // Whichever is named first: browsers name pages first, if they name the other at all.
    let first = wanted.find(|media| is_activity(media) || media.starts_with("text/html"));
    first.is_some_and(is_activity)
}

fn is_activity(media: &str) -> bool {
    is_activity_json(media) || media.starts_with("application/ld+json")
}

/// Who reads.
///
/// # Errors
/// [`Error::NotFound`] for somebody to whom nothing is shown, whatever there is.
async fn reader(federation: &Federation, request: &HttpRequest) -> Result<Viewer> {
    Ok(signed_reader(federation, request).await?.viewer)
}

/// The same with the actor that signed.
async fn signed_reader(federation: &Federation, request: &HttpRequest) -> Result<Reader> {
    let reader = viewer::reader(federation, request).await?;
    reader.ok_or(Error::NotFound)
}

/// The group's token that a reader shows (FEP-db0e), if any.
fn shown_token(request: &HttpRequest) -> Option<&str> {
    let shown = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case(TOKEN_SCHEME).then_some(token)
}

/// Whether the house of a group elsewhere says that the reader reads it: by the token they show, or
/// asked now. A token that does not hold is written down, and nothing is asked.
async fn is_vouched(
    federation: &Federation,
    request: &HttpRequest,
    group: &Group,
    reader: &Uri,
) -> Result<bool> {
    let Some(token) = shown_token(request) else {
        return federation.is_reader(group, reader).await;
    };
    match federation.check_token(token, group, reader).await? {
        Ok(()) => Ok(true),
        Err(reason) => {
            viewer::log_refusal(federation, request, reason, Some(reader)).await?;
            Ok(false)
        }
    }
}

/// The answer with a document, or without.
fn respond(document: Result<Value>) -> HttpResponse {
    match document {
        Ok(document) => answer::found(&document),
        Err(error) => answer::failed(&error),
    }
}

/// A post's number. What cannot be one is not there.
fn post_id(path: &web::Path<String>) -> Result<PostId> {
    path.parse().map_err(|_| Error::NotFound)
}

/// The wanted part of a list; what cannot be read is the first part.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Turn {
    page: Option<String>,
    before: Option<String>,
    after: Option<String>,
    is_follower: Option<String>,
}

impl Turn {
    fn of(request: &HttpRequest) -> Self {
        web::Query::<Self>::from_query(request.query_string())
            .map(web::Query::into_inner)
            .unwrap_or_default()
    }

    /// A page of the list, not the list as a whole.
    fn is_page(&self) -> bool {
        self.page.is_some()
    }

    fn before(&self) -> Option<PostId> {
        self.before.as_ref()?.parse().ok()
    }

    fn after(&self) -> Option<PostId> {
        self.after.as_ref()?.parse().ok()
    }
}

/// An actor's document, for which the server itself vouches: others may pass it on to those who may
/// not ask for it.
async fn vouched(federation: &Federation, object: Value) -> Result<Value> {
    let mut document = objects::actor_document(object);
    let app = &federation.app;
    let keys = federation.keyring.instance_keys(app).await?;
    let now = app.clock.now();
    let signing = tokio::task::spawn_blocking(move || {
        if let Some(own) = &keys.ed25519 {
            proofs::add_server_proof(&mut document, own, now)?;
        }
        Ok(document)
    });
    signing.await.map_err(Error::internal)?
}

/// A document of a post, or of several.
fn post_document(object: Value) -> Value {
    objects::post_document(object)
}

/// A list of posts, with what others said in it as they said it.
fn conversation_document(object: Value) -> Value {
    objects::conversation_document(object)
}

/// A document of its own.
fn document(object: Value) -> Value {
    objects::document(object)
}

#[cfg(test)]
mod tests;
