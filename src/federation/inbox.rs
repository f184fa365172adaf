//! The front door: `POST` to the shared inbox or anybody's own.
//!
//! In order, and nothing is fetched or believed before its turn: size, one of each header, the
//! gate (do we speak with this server at all?), what is signed and when, the document's shape, who
//! claims to say it, the key, what it asks for. What passes is stored before it is answered 202; a
//! job applies it.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::auth::caller_address;
use crate::domain::{ActorState, Host, Learned, SignatureChoice, Timestamp, Uri};
use crate::error::Error;
use crate::federation::activities::{self, Claim, Rejection};
use crate::federation::fetch::is_activity_json;
use crate::federation::signatures::{self, Checked, SignatureKind};
use crate::federation::{Federation, json, proofs, rosters};
use crate::policy::Reason;
use crate::routes::{Routes, at};
use crate::services::inbox::{self, Accepted, Command, Gate, KnownSigner, Verified};

/// RFC 9421, section 5.1.
const ACCEPT_SIGNATURE: &str = "accept-signature";
/// Largest body looked into when its sender is no partner, bytes: enough to see for whom it speaks.
const STRANGERS_BODY_BYTES_MAX: usize = 32 * 1_024;

/// The inboxes' addresses.
pub fn routes() -> Routes {
    Routes::default()
        .service(at("/inbox").post(post))
        .service(at("/u/{name}/inbox").post(post))
        .service(at("/g/{name}/inbox").post(post))
}

/// Why a request is turned away: the status and a word for the security log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turned {
    status: u16,
    reason: &'static str,
}

const fn turned(status: u16, reason: &'static str) -> Turned {
    Turned { status, reason }
}

impl From<signatures::Refusal> for Turned {
    fn from(refusal: signatures::Refusal) -> Self {
        turned(refusal.status, refusal.reason)
    }
}

impl From<Error> for Turned {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => turned(404, "unknown"),
            Error::Denied(reason @ Reason::Stopped) => turned(503, reason.as_str()),
            Error::Denied(reason) => turned(403, reason.as_str()),
            Error::Invalid { .. } | Error::Refused(_) | Error::Unfit(_) => turned(400, "invalid"),
            Error::Conflict(_) => turned(409, "conflict"),
            Error::Unavailable(_) => turned(503, "unavailable"),
            Error::Internal(source) => {
                tracing::error!(%source, "an activity could not be accepted");
                turned(500, "internal")
            }
        }
    }
}

impl From<Rejection> for Turned {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Malformed(problem) => {
                tracing::debug!(problem, "a malformed activity");
                turned(400, "malformed")
            }
            Rejection::Forged(reason) => turned(403, reason),
        }
    }
}

/// Takes an activity in.
async fn post(
    request: HttpRequest,
    payload: web::Payload,
    federation: web::Data<Federation>,
) -> HttpResponse {
    let mut sender = Sender::default();
    match take_in(&request, payload, &federation, &mut sender).await {
        Ok(_) => HttpResponse::Accepted().finish(),
        Err(turned) => {
            if turned.status < 500 && turned.status != 429 {
                log(&federation, &request, turned, sender).await;
            }
            answer(turned)
        }
    }
}

/// Who sends, as far as it is known when a request is turned away.
#[derive(Default)]
struct Sender {
    /// The actor, or at least the key, that it names.
    claimed: String,
    /// The server that it comes from by its own word, where we speak with that server.
    host: Option<Host>,
    /// Somebody we never knew says to be gone. Their server tells every server of it: that is no
    /// attempt at anything.
    is_farewell: bool,
}

/// One line in the security log; of one server, and of all strangers together, not more in a minute
/// than a person can read and a disk can hold.
async fn log(federation: &Federation, request: &HttpRequest, turned: Turned, sender: Sender) {
    let app = &federation.app;
    let whose = sender.host.as_ref().unwrap_or(app.config.host());
    if sender.is_farewell || !federation.keyring.may_log(whose, app.clock.now()) {
        return;
    }
    let peer = caller_address(request, &app.config).to_string();
    if let Err(error) = inbox::log_refusal(app, turned.reason, sender.claimed, peer).await {
        tracing::error!(%error, "a refusal could not be logged");
    }
}

fn answer(turned: Turned) -> HttpResponse {
    let status = StatusCode::from_u16(turned.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if matches!(turned.status, 429 | 503) {
        response.insert_header((RETRY_AFTER, "60"));
    }
    if turned.status == 401 {
        response.insert_header((ACCEPT_SIGNATURE, signatures::WANTED));
    }
    // What is hidden is answered like what is not there: no word of why.
    match turned.status {
        404 => response.json(serde_json::json!({ "error": "not found" })),
        _ => response.json(serde_json::json!({ "error": turned.reason })),
    }
}

async fn take_in(
    request: &HttpRequest,
    payload: web::Payload,
    federation: &Federation,
    sender: &mut Sender,
) -> Result<Accepted, Turned> {
    let app = &federation.app;
    let at = app.clock.now();
    let (most, room) = (app.config.limits.inbox_body_bytes, &federation.inbox_room);
    let body = read_body(request, payload, most, room).await?;
    let (body, _room) = (body.bytes, body.room);
    // From here on it is work: who sends slowly keeps nobody else's from being applied.
    let _at_work = federation.inbox_work.acquire().await;
    let headers: Vec<(&str, &[u8])> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let input = signatures::parse(&headers)?;
    sender.claimed = input.key_id.to_string();
    let (gate, known) = inbox::knock(app, &input.key_id).await?;
    match gate {
        Gate::Open => sender.host = Some(input.key_id.host().clone()),
        Gate::TakingBack => {}
        Gate::Paused => return Err(turned(503, Reason::PartnershipPaused.as_str())),
        Gate::Stopped => return Err(turned(503, Reason::Stopped.as_str())),
        Gate::Shut(reason) => return Err(shut_out(reason, &input.key_id, &body, sender)),
    }
    let path_and_query = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let signed = signatures::Request {
        method: "POST",
        path_and_query,
        headers: &headers,
        body: &body,
    };
    if gate == Gate::TakingBack {
        let key = input.key_id.clone();
        return match take_back(federation, input, &signed, known, at).await {
            Some(accepted) => Ok(accepted),
            None => Err(shut_out(Reason::NoPartnership, &key, &body, sender)),
        };
    }
    let checked = signatures::check(input, &signed, &app.config.public_url, app.clock.now())?;
    let document = json::parse_bounded(&body).map_err(|error| turned(400, error.reason()))?;
    let claim = activities::read_claim(&document)?;
    sender.claimed = claim.actor.to_string();
    let verified = verify(federation, &checked, &claim, known).await;
    let Some(signer) = or_later(federation, &checked, verified).await? else {
        // An actor that is gone, or one we never knew that deletes itself: there is nothing to forget
        // and nothing to fetch.
        return Ok(Accepted::Known);
    };
    check_proof(federation, &document, &claim).await?;
    if checked.kind == SignatureKind::Rfc9421 {
        let (host, seen) = (checked.key_id.host(), Learned::Seen);
        let keyring = &federation.keyring;
        keyring
            .learn(app, host, SignatureChoice::Rfc9421, seen)
            .await?;
    }
    let roster = rosters::told(&headers, &signer);
    let command = activities::into_command(&document)?;
    let announces = matches!(command, Command::Announced { .. });
    let body = String::from_utf8(body).map_err(|_| turned(400, "not_utf8"))?;
    let verified = Verified {
        at,
        activity: claim.id,
        signer,
        command,
        body,
    };
    let accepted = inbox::accept(app, verified).await?;
    if announces {
        let host = checked.key_id.host();
        federation.keyring.note_announcer(app, host).await?;
    }
    if let Some(roster) = roster {
        federation.hear_roster(roster).await?;
    }
    Ok(accepted)
}

/// Somebody of a former partner's takes back what is theirs and we hold. Nothing is fetched for it, and
/// none: whatever is wrong with it, or if it is anything else, it is answered like a stranger's.
async fn take_back(
    federation: &Federation,
    input: signatures::SignatureInput,
    signed: &signatures::Request<'_>,
    known: Option<KnownSigner>,
    at: Timestamp,
) -> Option<Accepted> {
    let (app, now) = (&federation.app, federation.app.clock.now());
    let checked = signatures::check(input, signed, &app.config.public_url, now).ok()?;
    let document = json::parse_bounded(signed.body).ok()?;
    let claim = activities::read_claim(&document).ok()?;
    let (signer, key) = federation.keyring.parsed(known?, now)?;
    let is_theirs = checked.key_id.host() == claim.actor.host() && signer.uri == claim.actor;
    if !is_theirs || signer.state != ActorState::Active || checked.verify(&key).is_err() {
        return None;
    }
    let verified = Verified {
        at,
        activity: claim.id,
        signer,
        command: activities::into_command(&document).ok()?,
        body: String::from_utf8(signed.body.to_vec()).ok()?,
    };
    match inbox::accept(app, verified).await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            tracing::info!(%error, "a former partner took nothing back");
            None
        }
    }
}

/// A server we do not speak with. Where it speaks for somebody of another server, that is what is
/// answered and written down: an attempt on one of our partners is more than a knock at the door.
fn shut_out(reason: Reason, key: &Uri, body: &[u8], sender: &mut Sender) -> Turned {
    let document = match body.len() {
        ..=STRANGERS_BODY_BYTES_MAX => json::parse_bounded(body).ok(),
        _ => None,
    };
    let claim = document.and_then(|document| activities::read_claim(&document).ok());
    match claim {
        Some(claim) if claim.actor.host() != key.host() => {
            sender.claimed = claim.actor.to_string();
            turned(401, "key_of_another_server")
        }
        claim => {
            sender.is_farewell = claim.is_some_and(|claim| claim.deletes_itself);
            turned(403, reason.as_str())
        }
    }
}

/// A body as far as it has come, and the room that it takes. Who sends slowly takes little.
struct Body<'a> {
    bytes: Vec<u8>,
    all_room: &'a Semaphore,
    /// Kibibytes.
    room: Option<SemaphorePermit<'a>>,
}

impl<'a> Body<'a> {
    const fn new(all_room: &'a Semaphore) -> Self {
        Self {
            bytes: Vec::new(),
            all_room,
            room: None,
        }
    }

    /// # Errors
    /// 429 where others have taken all the room.
    fn extend(&mut self, chunk: &[u8]) -> Result<(), Turned> {
        let busy = turned(429, "busy");
        let needed = (self.bytes.len() + chunk.len()).div_ceil(1_024);
        let taken = self.room.as_ref().map_or(0, SemaphorePermit::num_permits);
        let more = u32::try_from(needed - taken).map_err(|_| busy)?;
        let more = self.all_room.try_acquire_many(more).map_err(|_| busy)?;
        match &mut self.room {
            Some(room) => room.merge(more),
            None => self.room = Some(more),
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

/// Reads the body as it was sent, no further than it may be long.
async fn read_body<'a>(
    request: &HttpRequest,
    mut payload: web::Payload,
    bytes_max: usize,
    room: &'a Semaphore,
) -> Result<Body<'a>, Turned> {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let announced = header(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(turned(413, "body_too_large"));
    }
    // A compressed body may be of any size once it is opened.
    if header(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(turned(413, "body_compressed"));
    }
    if !header(CONTENT_TYPE).is_some_and(is_activity_json) {
        return Err(turned(415, "content_type"));
    }
    let mut body = Body::new(room);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| turned(400, "body_broken"))?;
        if body.bytes.len() + chunk.len() > bytes_max {
            return Err(turned(413, "body_too_large"));
        }
        body.extend(&chunk)?;
    }
    Ok(body)
}

/// A proof in the activity must hold (FEP-8b32 gives it precedence over the signature), for it may
/// be passed on to servers that have nothing else to go by. A key nobody knows is asked for once; one
/// that cannot be had proves nothing, for or against.
async fn check_proof(
    federation: &Federation,
    document: &serde_json::Value,
    claim: &Claim,
) -> Result<(), Turned> {
    let Some(proof) = proofs::read(document, proofs::PROOF) else {
        return Ok(());
    };
    let (app, keyring) = (&federation.app, &federation.keyring);
    let known = match keyring.known_prover(app, &proof.key).await? {
        Some(known) => Some(known),
        None => {
            keyring
                .fetch_signer(federation, &claim.actor, &proof.key)
                .await?;
            keyring.known_prover(app, &proof.key).await?
        }
    };
    match known {
        Some((owner, _)) if owner.uri != claim.actor => Err(turned(401, "proof_of_another_actor")),
        Some((_, key)) if !proofs::holds(&proof, &key, app.clock.now()) => {
            Err(turned(401, "proof_invalid"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Looking for the key may have found that the server shows others than the pinned ones. Then it is held like
/// any paused partner: it may come again.
async fn or_later<T>(
    federation: &Federation,
    checked: &Checked,
    verified: Result<T, Turned>,
) -> Result<T, Turned> {
    match verified {
        Err(turned @ Turned { status: 401, .. }) => {
            match inbox::gate(&federation.app, checked.key_id.host()).await? {
                Gate::Paused => Err(self::turned(503, Reason::PartnershipPaused.as_str())),
                Gate::Open | Gate::TakingBack | Gate::Stopped | Gate::Shut(_) => Err(turned),
            }
        }
        verified => verified,
    }
}

/// Finds out that the actor said it. The key must be one that the actor itself lists, on its own
/// server; a key that no longer fits is fetched once more, in case it was changed.
async fn verify(
    federation: &Federation,
    checked: &Checked,
    claim: &Claim,
    known: Option<KnownSigner>,
) -> Result<Option<crate::domain::Actor>, Turned> {
    if checked.key_id.host() != claim.actor.host() {
        return Err(turned(401, "key_of_another_server"));
    }
    let keyring = &federation.keyring;
    let found = match known.and_then(|known| keyring.parsed(known, federation.app.clock.now())) {
        Some(found) => Some(found),
        None if claim.deletes_itself => return Ok(None),
        None => {
            keyring
                .fetch_signer(federation, &claim.actor, &checked.key_id)
                .await?
        }
    };
    let (actor, key) = found.ok_or(turned(401, "key_unknown"))?;
    if actor.uri != claim.actor {
        return Err(turned(401, "key_of_another_actor"));
    }
    match actor.state {
        ActorState::Active => {}
        ActorState::Quarantined => return Err(turned(403, "actor_quarantined")),
        ActorState::Suspended => return Err(turned(403, "actor_shut_out")),
        // Gone in their own words, and perhaps saying so again: there is nothing left to change.
        ActorState::Deleted => return Ok(checked.verify(&key).map(|()| None)?),
    }
    let Err(refusal) = checked.verify(&key) else {
        return Ok(Some(actor));
    };
    match keyring
        .fetch_signer(federation, &claim.actor, &checked.key_id)
        .await?
    {
        Some((actor, key)) if actor.uri == claim.actor && checked.verify(&key).is_ok() => {
            Ok(Some(actor))
        }
        _ => Err(refusal.into()),
    }
}
