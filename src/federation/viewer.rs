//! Who reads: the actor whose signature is on a `GET`.
//!
//! A request that proves nothing is answered like one that does not try. In a house that speaks
//! with partners only, nobody means: nothing is shown, and the answer does not depend on what was
//! asked for.

use actix_web::HttpRequest;

use crate::auth::caller_address;
use crate::domain::{Actor, Learned, SignatureChoice, Uri};
use crate::error::Result;
use crate::federation::Federation;
use crate::federation::signatures::{self, Checked, HeaderPair, Refusal, SignatureKind};
use crate::policy::{FederationMode, Viewer};
use crate::services::access;
use crate::services::inbox::{self, Gate, KnownSigner};

/// Who reads.
#[derive(Clone, Debug)]
pub struct Reader {
    pub viewer: Viewer,
    /// The actor that signed; none: nobody did.
    pub actor: Option<Uri>,
}

/// Finds out who reads; none: somebody to whom nothing is shown.
///
/// # Errors
/// When the database, or the server of a signer we do not know yet, does not answer.
pub async fn reader(federation: &Federation, request: &HttpRequest) -> Result<Option<Reader>> {
    let headers = header_pairs(request);
    let app = &federation.app;
    let input = match signatures::parse(&headers) {
        Ok(input) => input,
        Err(refusal) if refusal.reason == "signature_missing" => return Ok(nobody(federation)),
        Err(refusal) => return refused(federation, request, refusal, None).await,
    };
    // Before anything is looked up or fetched.
    let (gate, known) = inbox::knock(app, &input.key_id).await?;
    match gate {
        Gate::Open => {}
        Gate::Paused | Gate::Stopped | Gate::TakingBack | Gate::Shut(_) => return Ok(None),
    }
    let (key_id, kind) = (input.key_id.clone(), input.kind);
    let asked = signatures::Request {
        method: request.method().as_str(),
        path_and_query: request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str()),
        headers: &headers,
        body: b"",
    };
    let checked = signatures::check(input, &asked, &app.config.public_url, app.clock.now());
    let signer = match checked {
        Ok(checked) => verify(federation, &checked, known).await?,
        Err(refusal) => Err(refusal),
    };
    if signer.is_ok() && kind == SignatureKind::Rfc9421 {
        let (host, seen) = (key_id.host(), Learned::Seen);
        let keyring = &federation.keyring;
        keyring
            .learn(app, host, SignatureChoice::Rfc9421, seen)
            .await?;
    }
    match signer {
        Ok(actor) => Ok(match access::viewer_of(&actor) {
            // Shut out here, whatever everybody else may see.
            Viewer::Anonymous => None,
            viewer => Some(Reader {
                viewer,
                actor: Some(actor.uri),
            }),
        }),
        Err(refusal) => refused(federation, request, refusal, Some(&key_id)).await,
    }
}

/// Who asks without saying who it is.
fn nobody(federation: &Federation) -> Option<Reader> {
    match federation.app.house().federation {
        FederationMode::Closed => None,
        FederationMode::Open => Some(Reader {
            viewer: Viewer::Anonymous,
            actor: None,
        }),
    }
}

/// The actor whose key made the signature. A key that is unknown, or no longer fits, is asked for at
/// its own server, in case it was changed.
async fn verify(
    federation: &Federation,
    checked: &Checked,
    known: Option<KnownSigner>,
) -> Result<Result<Actor, Refusal>> {
    let (keyring, key_id) = (&federation.keyring, &checked.key_id);
    let unknown = Refusal {
        status: 401,
        reason: "key_unknown",
    };
    let now = federation.app.clock.now();
    let (actor, key) = match known.and_then(|known| keyring.parsed(known, now)) {
        Some(known) => known,
        None => match keyring.fetch_owner(federation, key_id).await? {
            Some(fetched) => fetched,
            None => return Ok(Err(unknown)),
        },
    };
    let Err(refusal) = checked.verify(&key) else {
        return Ok(Ok(actor));
    };
    let again = keyring.fetch_signer(federation, &actor.uri, key_id).await;
    Ok(match again {
        Ok(Some((actor, key))) if checked.verify(&key).is_ok() => Ok(actor),
        // Also when its server does not answer: as far as anybody knows the signature is wrong.
        _ => Err(refusal),
    })
}

/// A signature that does not hold is written down; its sender is nobody.
async fn refused(
    federation: &Federation,
    request: &HttpRequest,
    refusal: Refusal,
    claimed: Option<&Uri>,
) -> Result<Option<Reader>> {
    log_refusal(federation, request, refusal.reason, claimed).await?;
    Ok(nobody(federation))
}

/// Writes down that what somebody showed does not hold.
pub async fn log_refusal(
    federation: &Federation,
    request: &HttpRequest,
    reason: &'static str,
    claimed: Option<&Uri>,
) -> Result<()> {
    let app = &federation.app;
    let host = claimed.map_or(app.config.host(), Uri::host);
    if federation.keyring.may_log(host, app.clock.now()) {
        let peer = caller_address(request, &app.config).to_string();
        let claimed = claimed.map_or_else(String::new, Uri::to_string);
        inbox::log_refusal(app, reason, claimed, peer).await?;
    }
    Ok(())
}

/// The headers as they came, doubles included.
fn header_pairs(request: &HttpRequest) -> Vec<HeaderPair<'_>> {
    let headers = request.headers().iter();
    headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}
