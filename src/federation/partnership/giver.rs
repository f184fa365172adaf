//! The side that made the invitation: `POST /partnership`.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::app::App;
use crate::auth::caller_address;
use crate::domain::{Host, Invalid};
use crate::error::Error;
use crate::federation::fetch::{FetchError, is_activity_json};
use crate::federation::json::{self as bounded, JsonError};
use crate::federation::keys::ParsedKey;
use crate::federation::partnership::wire::{self, Accept, Offer};
use crate::federation::partnership::{MEDIA_TYPE, instance};
use crate::federation::signatures::{self, Checked};
use crate::routes::{Routes, at};
use crate::services::inbox;
use crate::services::partners::{Introduction, handshake};

/// Largest offer read, bytes; ours have about 1,500.
const BODY_BYTES_MAX: usize = 16 * 1_024;

/// The address of the handshake.
pub fn routes() -> Routes {
    Routes::default().service(at("/partnership").post(post))
}

/// Makes the partnership with a server that has a code of ours.
async fn post(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let mut claimed = String::new();
    match receive(&request, payload, &app, &mut claimed).await {
        Ok(accept) => HttpResponse::Ok()
            .content_type(MEDIA_TYPE)
            .body(accept.render().to_string()),
        Err(refused) => {
            log(&app, &request, &refused, claimed).await;
            refused.answer()
        }
    }
}

/// `claimed` is who says to be the taker, as soon as it is known.
async fn receive(
    request: &HttpRequest,
    payload: web::Payload,
    app: &App,
    claimed: &mut String,
) -> Result<Accept, Refused> {
    let per_minute = app.config.limits.handshakes_per_minute;
    let admitted = app.handshakes.admit(app.clock.now(), per_minute);
    admitted.map_err(Refused::too_many)?;
    let body = read_body(request, payload).await?;
    let offer = Offer::parse(&bounded::parse_bounded(&body)?)?;
    claimed.push_str(offer.taker.as_str());
    if offer.giver != app.addresses().instance() {
        return Err(Refused::new(400, "the offer is for another server"));
    }
    // Nothing is fetched, and no signature looked at, for who has no code.
    handshake::check_code(app, &offer.secret, offer.taker.host()).await?;
    let introduction = introduce(app, request, &body, &offer).await?;
    let answer = handshake::accept_offer(app, &offer.secret, &offer.id, introduction).await?;
    tracing::info!(host = %offer.taker.host(), "a partnership was made by invitation");
    Ok(Accept {
        id: wire::accept_id(&offer.id, &offer.giver).parse()?,
        giver: offer.giver,
        offer: offer.id,
        taker: offer.taker,
        organization: answer.organization,
        class: answer.ours.class,
        terms: answer.ours.terms,
    })
}

/// One line in the security log, but none for the many that are not even let in.
async fn log(app: &App, request: &HttpRequest, refused: &Refused, claimed: String) {
    if refused.status == 429 || refused.status >= 500 {
        return;
    }
    let peer = caller_address(request, &app.config).to_string();
    if let Err(error) = inbox::log_refusal(app, "handshake_refused", claimed, peer).await {
        tracing::error!(%error, "a refusal could not be logged");
    }
}

async fn read_body(request: &HttpRequest, payload: web::Payload) -> Result<Vec<u8>, Refused> {
    let labelled = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(is_activity_json);
    if !labelled {
        return Err(Refused::new(
            415,
            "the offer is not labelled application/activity+json",
        ));
    }
    match payload.to_bytes_limited(BODY_BYTES_MAX).await {
        Ok(Ok(body)) => Ok(body.to_vec()),
        Ok(Err(_)) => Err(Refused::new(400, "the offer did not arrive whole")),
        Err(_) => Err(Refused::new(413, "the offer is too large")),
    }
}

/// The taker as its instance actor says, after the signature was found to be that actor's.
async fn introduce(
    app: &App,
    request: &HttpRequest,
    body: &[u8],
    offer: &Offer,
) -> Result<Introduction, Refused> {
    let checked = check_signature(app, request, body, offer)?;
    let host = offer.taker.host();
    let fetched = instance::fetch(app, &offer.taker).await;
    let introduction = fetched.map_err(|error| Refused::unreadable(host, &error))?;
    if introduction.actor.uri != offer.taker {
        return Err(Refused::new(
            400,
            "the actor calls itself by another address",
        ));
    }
    let key = introduction
        .keys
        .iter()
        .find(|key| key.uri == checked.key_id);
    let key = key.ok_or_else(Refused::unsigned)?;
    checked.verify(&ParsedKey::from_pem(&key.public_pem)?)?;
    let organization = match offer.organization.is_empty() {
        true => introduction.organization,
        false => offer.organization.clone(),
    };
    Ok(Introduction {
        organization,
        terms: offer.terms.clone(),
        ..introduction
    })
}

fn check_signature(
    app: &App,
    request: &HttpRequest,
    body: &[u8],
    offer: &Offer,
) -> Result<Checked, Refused> {
    let headers: Vec<(&str, &[u8])> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let input = signatures::parse(&headers)?;
    if input.key_id.host() != offer.taker.host() {
        return Err(Refused::unsigned());
    }
    let path_and_query = request.uri().path_and_query();
    let signed = signatures::Request {
        method: "POST",
        path_and_query: path_and_query.map_or("/", |path| path.as_str()),
        headers: &headers,
        body,
    };
    let now = app.clock.now();
    Ok(signatures::check(
        input,
        &signed,
        &app.config.public_url,
        now,
    )?)
}

/// Why there is no partnership: a status, and a sentence for the administrator over there.
#[derive(Debug)]
struct Refused {
    status: u16,
    sentence: String,
    retry_after: Option<Duration>,
}

impl Refused {
    fn new(status: u16, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
            retry_after: None,
        }
    }

    fn unsigned() -> Self {
        Self::new(401, "the offer is not signed by a key of its actor")
    }

    fn too_many(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(
                429,
                "too many invitations are being used; try again in a minute",
            )
        }
    }

    fn unreadable(host: &Host, error: &FetchError) -> Self {
        tracing::info!(%host, reason = error.reason(), "the instance actor of a new partner cannot be read");
        Self::new(
            502,
            format!(
                "your server cannot be read from here ({error}): is it running, and reachable as {host}?"
            ),
        )
    }

    fn answer(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = HttpResponse::build(status);
        if let Some(wait) = self.retry_after {
            answer.insert_header((RETRY_AFTER, (wait.as_secs() + 1).to_string()));
        }
        if self.status == 401 {
            answer.insert_header(("accept-signature", signatures::WANTED));
        }
        answer.json(json!({ "error": self.sentence }))
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::NotFound => return Self::new(404, "this invitation is not known here"),
            Error::Internal(source) => {
                tracing::error!(%source, "a handshake failed");
                return Self::new(500, "something went wrong here; try again later");
            }
            Error::Denied(_) => 403,
            Error::Invalid { .. } | Error::Refused(_) | Error::Unfit(_) => 400,
            Error::Conflict(_) => 409,
            Error::Unavailable(_) => 503,
        };
        Self::new(status, error.to_string())
    }
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self::new(400, invalid.to_string())
    }
}

impl From<JsonError> for Refused {
    fn from(error: JsonError) -> Self {
        Self::new(400, error.to_string())
    }
}

impl From<signatures::Refusal> for Refused {
    fn from(refusal: signatures::Refusal) -> Self {
        let sentence = format!("the signature is not accepted ({})", refusal.reason);
        Self::new(refusal.status, sentence)
    }
}
