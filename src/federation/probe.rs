//! Asking a server what it is like, before anything is shared with it. Nothing is sent but questions, unsigned,
//! by the guarded client: as anybody could ask.

use serde_json::Value;

use crate::app::App;
use crate::domain::{ActorKind, Host, Probe, Uri};
use crate::error::Result;
use crate::federation::fetch::{self, Document, FetchError};
use crate::federation::objects::actor::{implemented, parse_actor};
use crate::policy::Viewer;
use crate::services::probes::{self, Answers, Spokesman};

/// Where servers have their own actor, in the order in which they are asked.
const INSTANCE_ACTORS: &[&str] = &["actor", ""];

/// Asks, puts it together with what is known, and keeps it.
///
/// # Errors
/// As [`probes::prepare`]. A server that does not answer is an answer: then nothing is known.
pub async fn probe(app: &App, viewer: Viewer, host: Host) -> Result<Probe> {
    let subject = probes::prepare(app, viewer.clone(), host.clone()).await?;
    let software = fetch::software(&app.http, None, &host, app.clock.now()).await;
    let mut answers = Answers {
        software: Some(match software {
            Ok(software) => Ok(format!("{} {}", software.name, software.version)
                .trim()
                .to_owned()),
            Err(error) => Err(error.to_string()),
        }),
        ..Answers::default()
    };
    answers.instance = find_instance(app, &host).await;
    if let Some(somebody) = subject.somebody {
        answers.shows_to_everybody = shows(app, &somebody).await;
    }
    probes::keep(app, viewer, host, answers).await
}

/// The server's own actor, where it has one at a usual place.
async fn find_instance(app: &App, host: &Host) -> Option<Spokesman> {
    for scheme in app.http.schemes() {
        for path in INSTANCE_ACTORS {
            let uri: Uri = format!("{scheme}://{host}/{path}").parse().ok()?;
            match read(app, &uri).await {
                Ok(document) => {
                    if let Some(found) = spokesman(&document.json) {
                        return Some(found);
                    }
                }
                Err(error) => tracing::debug!(%uri, %error, "no instance actor there"),
            }
        }
    }
    None
}

fn spokesman(document: &Value) -> Option<Spokesman> {
    let parsed = parse_actor(document).ok()?;
    (parsed.new.kind == ActorKind::Service).then(|| Spokesman {
        uri: parsed.new.uri,
        implements: implemented(document),
    })
}

/// Whether somebody is shown to who does not sign.
async fn shows(app: &App, somebody: &Uri) -> Option<bool> {
    match read(app, somebody).await {
        Ok(_) => Some(true),
        Err(FetchError::Denied(_)) => Some(false),
        Err(_) => None,
    }
}

async fn read(app: &App, uri: &Uri) -> Result<Document, FetchError> {
    fetch::fetch_document(&app.http, None, uri, app.clock.now()).await
}
