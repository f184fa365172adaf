//! The server itself. Everybody may read it: who checks our signature must fetch it first, and
//! cannot sign that request before *its* server is known to us.

use actix_web::HttpResponse;
use serde_json::Value;

use super::{Data, answer, document};
use crate::app::App;
use crate::error::Result;
use crate::federation::keys::OwnKey;
use crate::federation::objects::actor_document;
use crate::federation::objects::collection::render_whole;
use crate::federation::objects::instance::render_instance;
use crate::federation::proofs;
use crate::services::{documents, signing};

pub async fn actor(federation: Data) -> HttpResponse {
    let app = &federation.app;
    match read(app).await {
        Ok(document) => answer::public_document(&document),
        Err(error) => answer::failed(&error),
    }
}

/// The document; while keys that were replaced still count, they introduce the new ones in it.
async fn read(app: &App) -> Result<Value> {
    let (instance, keys) = documents::instance(app).await?;
    let mut document = actor_document(render_instance(&app.addresses(), &instance, &keys));
    let old = signing::introducing_keys(app).await?;
    if !old.is_empty() {
        let old: Result<Vec<OwnKey>> = old.iter().map(OwnKey::read).collect();
        proofs::add_key_proofs(&mut document, &old?, app.clock.now())?;
    }
    Ok(document)
}

/// It says nothing to everybody.
pub async fn outbox(federation: Data) -> HttpResponse {
    let id = federation.app.addresses().instance().join("outbox");
    answer::public_document(&document(render_whole(&id, Vec::new())))
}
