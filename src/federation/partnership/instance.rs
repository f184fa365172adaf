//! The instance actor of another server: who speaks for it.

use crate::app::App;
use crate::domain::{ActorKind, Invalid, Terms, Uri};
use crate::federation::fetch::{self, Document, FetchError};
use crate::federation::objects::actor::parse_actor;
use crate::services::partners::Introduction;

/// Reads the instance actor of a server that need not be a partner. The request is not signed:
/// instance actors are readable by everybody.
pub async fn fetch(app: &App, uri: &Uri) -> Result<Introduction, FetchError> {
    let document = fetch::fetch_document(&app.http, None, uri, app.clock.now()).await?;
    read(&document).map_err(|_| FetchError::Shape("it is not an instance actor"))
}

fn read(document: &Document) -> Result<Introduction, Invalid> {
    let received = parse_actor(&document.json)?;
    if received.new.kind != ActorKind::Service {
        return Err(Invalid::new("type", "is not that of a server"));
    }
    Ok(Introduction {
        organization: received.new.display_name.clone(),
        actor: received.new,
        keys: received.keys,
        signature: received.signature,
        dialect: received.dialect,
        terms: Terms::default(),
    })
}
