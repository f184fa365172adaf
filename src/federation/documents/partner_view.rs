//! How we see the server that asks: deliveries to and from it, nothing else. The server itself signs what it
//! says.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Data, answer, reader};
use crate::error::Result;
use crate::federation::{Federation, extension, proofs};
use crate::services::partners::view;

/// `GET /partnership/view`
pub async fn show(federation: Data, request: HttpRequest) -> HttpResponse {
    match read(&federation, &request).await {
        Ok(view) => answer::other("application/json", &view),
        Err(error) => answer::failed(&error),
    }
}

async fn read(federation: &Federation, request: &HttpRequest) -> Result<Value> {
    let viewer = reader(federation, request).await?;
    let app = &federation.app;
    let told = view::answer(app, viewer.clone()).await?;
    let mut document = json!({
        "@context": extension::context(),
        "type": "PartnerView",
        "actor": app.addresses().instance(),
        "about": viewer.host(),
        "view": told,
    });
    let keys = federation.keyring.instance_keys(app).await?;
    if let Some(own) = &keys.ed25519 {
        proofs::add(&mut document, own, app.clock.now())?;
    }
    Ok(document)
}
