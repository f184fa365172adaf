//! The server itself. Everybody may read it: who checks our signature must fetch it first, and
//! cannot sign that request before *its* server is known to us.

use actix_web::HttpResponse;

use super::{Data, answer, document};
use crate::federation::objects::actor_document;
use crate::federation::objects::collection::render_whole;
use crate::federation::objects::instance::render_instance;
use crate::services::documents;

pub async fn actor(federation: Data) -> HttpResponse {
    let app = &federation.app;
    match documents::instance(app).await {
        Ok((instance, keys)) => {
            let object = render_instance(&app.addresses(), &instance, &keys);
            answer::public_document(&actor_document(object))
        }
        Err(error) => answer::failed(&error),
    }
}

/// It says nothing to everybody.
pub async fn outbox(federation: Data) -> HttpResponse {
    let id = federation.app.addresses().instance().join("outbox");
    answer::public_document(&document(render_whole(&id, Vec::new())))
}
