//! Asking a partner's house how it sees us: `GET /partnership/view`, signed by the server itself, and believed
//! when the partner's pinned key signed the answer.

use serde_json::Value;

use crate::domain::{Host, Partner, PartnerView, Timestamp};
use crate::error::{Error, Result};
use crate::federation::keys::ParsedKey;
use crate::federation::{Federation, fetch, proofs};
use crate::policy::Viewer;
use crate::services::partners::{pins, view};

/// Oldest answer that is believed, seconds: an earlier one may be played again.
const AGE_SECONDS_MAX: u64 = 300;

/// Asks, and keeps the answer.
///
/// # Errors
/// [`Error::NotFound`] for no partner; [`Error::Conflict`] for one that would not tell us;
/// [`Error::Unavailable`] when it does not answer, knows nothing of this, or its key did not sign the answer.
pub async fn ask(federation: &Federation, viewer: Viewer, host: Host) -> Result<PartnerView> {
    let app = &federation.app;
    let partner = view::find_teller(app, viewer.clone(), host.clone()).await?;
    let document = fetch(federation, &partner).await?;
    if !is_theirs(federation, &partner, &document).await? {
        return Err(makes_no_sense(&host, "its pinned key did not sign it"));
    }
    let told = document.get("view").cloned().unwrap_or_default();
    let told: PartnerView = serde_json::from_value(told)
        .map_err(|_| makes_no_sense(&host, "it is not what was asked for"))?;
    let told = told.bounded();
    view::keep(app, viewer, host, told.clone()).await?;
    Ok(told)
}

async fn fetch(federation: &Federation, partner: &Partner) -> Result<Value> {
    let instance = partner.instance.as_ref().ok_or(Error::NotFound)?;
    let mut url = instance.to_url()?;
    url.set_path("/partnership/view");
    let (client, now, url) = (&federation.app.http, federation.app.clock.now(), &url);
    let asked = federation
        .ask(&partner.host, move |asking| async move {
            fetch::fetch_json(client, Some(asking.signer()), url, now).await
        })
        .await;
    asked.map_err(|error| {
        Error::Unavailable(format!(
            "{} does not say how it sees us: {error}",
            partner.host
        ))
    })
}

/// Whether the partner's server says it, of us, just now.
async fn is_theirs(federation: &Federation, partner: &Partner, document: &Value) -> Result<bool> {
    let app = &federation.app;
    let Some(instance) = &partner.instance else {
        return Ok(false);
    };
    let says = |name: &str, value: &str| document.get(name).and_then(Value::as_str) == Some(value);
    if !says("actor", instance.as_str()) || !says("about", app.config.host().as_str()) {
        return Ok(false);
    }
    let Some(proof) = proofs::read(document, proofs::PROOF) else {
        return Ok(false);
    };
    let now = app.clock.now();
    let is_fresh = |at: Timestamp| {
        now.since(at).as_secs() <= AGE_SECONDS_MAX && at.since(now).as_secs() <= AGE_SECONDS_MAX
    };
    if !proof.created_at.is_some_and(is_fresh) {
        return Ok(false);
    }
    let pinned = pins::list(app, instance).await?;
    let key = pinned
        .iter()
        .find(|key| key.uri == proof.key && key.counts(now));
    let key = key.and_then(|key| ParsedKey::from_pem(&key.public_pem).ok());
    Ok(key.is_some_and(|key| proofs::holds(&proof, &key, now)))
}

fn makes_no_sense(host: &Host, why: &str) -> Error {
    Error::Unavailable(format!(
        "what {host} says of how it sees us is not believed: {why}"
    ))
}
