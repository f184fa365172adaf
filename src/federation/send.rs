//! Handing an activity to another server: signed, once, and what its answer means.

use std::sync::Arc;

use crate::domain::{Delivery, Learned, SignatureChoice, Timestamp};
use crate::federation::signers::SigningTurn;
use crate::federation::{Federation, rosters, signatures};
use crate::http::{Answer, HttpError};
use crate::services::deliveries::{self, Outgoing, StillLeaves};

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Accepted,
    /// It was cancelled before its turn came: nothing left.
    Cancelled,
    /// An emergency stop holds it: nothing left, or what had begun was broken off.
    Held,
    /// It will not be taken, however often it is sent.
    Refused {
        status: u16,
        text: String,
    },
    /// It may be taken later; the server lives.
    Later {
        status: u16,
        error: String,
        not_before: Option<Timestamp>,
    },
    /// The server takes no more just now (429).
    Limited {
        error: String,
        not_before: Option<Timestamp>,
    },
    /// No connection, no answer in time (both without a status), or an error of the server's own.
    Down {
        status: Option<u16>,
        error: String,
        not_before: Option<Timestamp>,
    },
    /// Something is wrong here.
    Unable {
        error: String,
    },
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    pub sent: Sent,
    /// Our clock less theirs, seconds, where they say what time it is.
    pub clock_difference: Option<i64>,
    /// The bytes left, or may have.
    pub left: bool,
}

/// Characters kept of what another server says about a refusal.
const ANSWER_CHARS_MAX: usize = 300;

/// Signs and posts one delivery. That it may leave was asked before `permission_ends`; when its turn
/// comes later, it is asked again.
pub async fn post(
    federation: &Federation,
    outgoing: &Outgoing,
    permission_ends: Timestamp,
) -> Attempted {
    let mut left = false;
    let tried = try_post(federation, outgoing, permission_ends, &mut left).await;
    let now = federation.app.clock.now();
    let date = match &tried {
        Ok(Posted::Answered(answer)) => answer.date,
        _ => None,
    };
    Attempted {
        left,
        sent: match tried {
            Ok(Posted::Answered(answer)) => judge(answer, now),
            Ok(Posted::Silent(error)) => judge_silence(&error),
            Ok(Posted::No(leave)) => leave,
            Err(error) => Sent::Unable {
                error: error.to_string(),
            },
        },
        clock_difference: date.map(|date| now.seconds().saturating_sub(date.seconds())),
    }
}

enum Posted {
    Answered(Answer),
    Silent(HttpError),
    /// It may not leave any more.
    No(Sent),
}

/// Whether bytes left, or may have.
const fn may_have_left(posted: &Result<Answer, HttpError>) -> bool {
    match posted {
        Ok(_) => true,
        Err(HttpError::Refused(_) | HttpError::Unreachable(_)) => false,
        Err(HttpError::Stopped { under_way }) => *under_way,
        Err(HttpError::Broken(_) | HttpError::Timeout | HttpError::TooLarge { .. }) => true,
    }
}

/// Signs as the server is known to accept. Where that is refused (401), the other kind is tried
/// once, if it may still leave; what a server takes or asks for is remembered. `left` becomes true as soon
/// as bytes may have left.
async fn try_post(
    federation: &Federation,
    outgoing: &Outgoing,
    permission_ends: Timestamp,
    left: &mut bool,
) -> Result<Posted, crate::Error> {
    let (app, keyring) = (&federation.app, &federation.keyring);
    let (delivery, first) = (&outgoing.delivery, outgoing.signature);
    let host = &delivery.host;
    let roster = federation.roster_for(delivery).await?;
    let letter = Letter {
        delivery,
        body: outgoing.body.clone(),
        roster: roster.map(Arc::from),
    };
    let turn = federation.signing_turn().await?;
    if app.clock.now() >= permission_ends
        && let Some(no) = may_not_leave(federation, delivery).await?
    {
        return Ok(Posted::No(no));
    }
    let posted = letter.post(federation, first, turn).await?;
    *left |= may_have_left(&posted);
    let answer = match posted {
        Ok(answer) => answer,
        Err(error) => return Ok(Posted::Silent(error)),
    };
    let asked = answer
        .accept_signature
        .as_deref()
        .and_then(signatures::asked);
    if answer.status != 401 {
        if let Some(asked) = asked {
            keyring.learn(app, host, asked, Learned::Asked).await?;
        }
        return Ok(Posted::Answered(answer));
    }
    let second = asked
        .filter(|asked| *asked != first)
        .unwrap_or(first.other());
    let turn = federation.signing_turn().await?;
    if let Some(no) = may_not_leave(federation, delivery).await? {
        return Ok(Posted::No(no));
    }
    let posted = letter.post(federation, second, turn).await?;
    *left |= may_have_left(&posted);
    let answer = match posted {
        Ok(answer) => answer,
        Err(error) => return Ok(Posted::Silent(error)),
    };
    if matches!(answer.status, 200..=299) {
        keyring.learn(app, host, second, Learned::Tried).await?;
    }
    Ok(Posted::Answered(answer))
}

/// Why what was taken may leave no more; none: it may.
async fn may_not_leave(
    federation: &Federation,
    delivery: &Delivery,
) -> Result<Option<Sent>, crate::Error> {
    let answer = deliveries::may_still_leave(&federation.app, delivery).await?;
    Ok(match answer {
        StillLeaves::Yes => None,
        StillLeaves::Stopped => Some(Sent::Held),
        StillLeaves::Cancelled => Some(Sent::Cancelled),
    })
}

/// What is posted, however it is signed.
struct Letter<'a> {
    delivery: &'a Delivery,
    body: Arc<str>,
    /// Whom the group that signs counts as members there, where it is told with this.
    roster: Option<Arc<str>>,
}

impl Letter<'_> {
    async fn post(
        &self,
        federation: &Federation,
        signature: SignatureChoice,
        turn: SigningTurn,
    ) -> Result<Result<Answer, HttpError>, crate::Error> {
        let (app, keyring) = (&federation.app, &federation.keyring);
        let keys = keyring.signing_keys(app, self.delivery.signer).await?;
        let (url, now) = (self.delivery.inbox.to_url()?, app.clock.now());
        let (target, body, roster) = (url.clone(), self.body.clone(), self.roster.clone());
        let signing = turn.take(move || {
            let request = signatures::Outgoing::post(&target, body.as_bytes());
            let request = match &roster {
                Some(roster) => request.with(rosters::HEADER, roster),
                None => request,
            };
            signatures::sign(signature, &keys, &request, now)
        });
        let mut headers = signing.await?;
        headers.push(("content-type", "application/activity+json".to_owned()));
        let (body, group) = (self.body.to_string(), self.delivery.group);
        Ok(app.http.post(&url, &headers, body, group).await)
    }
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
    let status = answer.status;
    let not_before = answer.retry_after.map(|after| after.from(now));
    let error = || format!("{status}: {}", text());
    match status {
        200..=299 => Sent::Accepted,
        400 | 403 | 404 | 405 | 406 | 410 | 411 | 413 | 414 | 415 | 422 | 501 => Sent::Refused {
            status,
            text: error(),
        },
        429 => Sent::Limited {
            error: error(),
            not_before,
        },
        500.. => Sent::Down {
            status: Some(status),
            error: error(),
            not_before,
        },
        _ => Sent::Later {
            status,
            error: error(),
            not_before,
        },
    }
}

fn judge_silence(error: &HttpError) -> Sent {
    let text = error.to_string();
    match error {
        HttpError::Stopped { .. } => Sent::Held,
        HttpError::Refused(_) => Sent::Unable { error: text },
        HttpError::Unreachable(_)
        | HttpError::Broken(_)
        | HttpError::Timeout
        | HttpError::TooLarge { .. } => Sent::Down {
            status: None,
            error: text,
            not_before: None,
        },
    }
}
