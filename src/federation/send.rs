//! Handing an activity to another server: signed, once, and what its answer means.

use std::sync::Arc;

use crate::domain::{Delivery, Learned, SignatureChoice, Timestamp};
use crate::federation::signatures::Outgoing;
use crate::federation::signers::SigningTurn;
use crate::federation::{Federation, signatures};
use crate::http::{Answer, HttpError};
use crate::services::deliveries;

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Accepted,
    /// It was cancelled before its turn came: nothing left.
    Cancelled,
    /// It will not be taken, however often it is sent.
    Refused {
        status: u16,
        text: String,
    },
    /// It may be taken later.
    Later {
        status: Option<u16>,
        error: String,
        not_before: Option<Timestamp>,
    },
}

/// Characters kept of what another server says about a refusal.
const ANSWER_CHARS_MAX: usize = 300;

/// Signs and posts one delivery. That it may leave was asked before `permission_ends`; when its turn
/// comes later, it is asked again.
pub async fn post(
    federation: &Federation,
    delivery: &Delivery,
    body: Arc<str>,
    permission_ends: Timestamp,
) -> Sent {
    match try_post(federation, delivery, body, permission_ends).await {
        Ok(Some(answer)) => judge(answer, federation.app.clock.now()),
        Ok(None) => Sent::Cancelled,
        Err(error) => Sent::Later {
            status: None,
            error: error.to_string(),
            not_before: None,
        },
    }
}

/// Signs as the server is known to accept. Where that is refused (401), the other kind is tried
/// once, if it may still leave (none: it may not); what a server takes or asks for is remembered.
async fn try_post(
    federation: &Federation,
    delivery: &Delivery,
    body: Arc<str>,
    permission_ends: Timestamp,
) -> Result<Option<Answer>, crate::Error> {
    let (app, keyring) = (&federation.app, &federation.keyring);
    let host = &delivery.host;
    let first = keyring.signature_for(app, host).await?;
    let turn = federation.signing_turn().await?;
    if app.clock.now() >= permission_ends && !deliveries::may_still_leave(app, delivery.id).await? {
        return Ok(None);
    }
    let answer = post_signed(federation, delivery, Arc::clone(&body), first, turn).await?;
    let asked = answer
        .accept_signature
        .as_deref()
        .and_then(signatures::asked);
    if answer.status != 401 {
        if let Some(asked) = asked {
            keyring.learn(app, host, asked, Learned::Asked).await?;
        }
        return Ok(Some(answer));
    }
    let second = asked
        .filter(|asked| *asked != first)
        .unwrap_or(first.other());
    let turn = federation.signing_turn().await?;
    if !deliveries::may_still_leave(app, delivery.id).await? {
        return Ok(None);
    }
    let answer = post_signed(federation, delivery, body, second, turn).await?;
    if matches!(answer.status, 200..=299) {
        keyring.learn(app, host, second, Learned::Tried).await?;
    }
    Ok(Some(answer))
}

async fn post_signed(
    federation: &Federation,
    delivery: &Delivery,
    body: Arc<str>,
    signature: SignatureChoice,
    turn: SigningTurn,
) -> Result<Answer, crate::Error> {
    let (app, keyring) = (&federation.app, &federation.keyring);
    let keys = keyring.signing_keys(app, delivery.signer).await?;
    let url = delivery.inbox.to_url()?;
    let (target, signed, now) = (url.clone(), Arc::clone(&body), app.clock.now());
    let signing = turn.take(move || {
        let request = Outgoing::post(&target, signed.as_bytes());
        signatures::sign(signature, &keys, &request, now)
    });
    let mut headers = signing.await?;
    headers.push(("content-type", "application/activity+json".to_owned()));
    app.http
        .post(&url, &headers, body.to_string())
        .await
        .map_err(|error: HttpError| error.into())
}

/// 2xx is success. What says "never" ends the attempts: the delivery stays visible as failed, and
/// an administrator may send it again. Everything else may pass: an expired key, a restart, a limit.
fn judge(answer: Answer, now: Timestamp) -> Sent {
    let text = || {
        answer
            .text
            .chars()
            .filter(|c| !c.is_control())
            .take(ANSWER_CHARS_MAX)
            .collect::<String>()
    };
    match answer.status {
        200..=299 => Sent::Accepted,
        400 | 403 | 404 | 405 | 406 | 410 | 411 | 413 | 414 | 415 | 422 | 501 => Sent::Refused {
            status: answer.status,
            text: format!("{}: {}", answer.status, text()),
        },
        status => Sent::Later {
            status: Some(status),
            error: format!("{status}: {}", text()),
            not_before: answer.retry_after.map(|after| after.from(now)),
        },
    }
}
