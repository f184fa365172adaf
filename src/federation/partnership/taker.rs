//! The side that was invited: using a code.

use crate::app::App;
use crate::crypto;
use crate::domain::{KeyList, OurSide, Partner, SignatureChoice};
use crate::error::{Error, Result};
use crate::federation::json as bounded;
use crate::federation::keys::OwnKeys;
use crate::federation::partnership::wire::{Accept, Offer};
use crate::federation::partnership::{MEDIA_TYPE, instance};
use crate::federation::signatures::{self, Outgoing};
use crate::http::Answer;
use crate::policy::Viewer;
use crate::services::partners::{self, Code, Introduction, handshake};
use crate::services::{house, signing};

/// Characters kept of what another server says.
const SENTENCE_CHARS_MAX: usize = 300;

/// Uses a code that another organization made: afterwards each is the other's partner. `ours` is our side
/// of the partnership.
///
/// Nothing is half done when it fails: either neither has the partnership, or the giver has it and
/// answers the same code again.
///
/// # Errors
/// A sentence for the administrator who pasted the code; [`Error::Conflict`] where a second one has to agree.
pub async fn accept(
    app: &App,
    viewer: Viewer,
    code: &str,
    ours: impl Into<OurSide>,
) -> Result<Partner> {
    partners::refuse_alone(app)?;
    accept_agreed(app, viewer, code, ours).await
}

/// The same for a worker: whoever had to agree did, or it would have no such work.
///
/// # Errors
/// As [`accept`].
pub async fn accept_agreed(
    app: &App,
    viewer: Viewer,
    code: &str,
    ours: impl Into<OurSide>,
) -> Result<Partner> {
    let ours = ours.into();
    ours.terms.check_end(app.clock.now())?;
    let code = partners::read_code(app, viewer.clone(), code).await?;
    let giver = meet(app, &code).await?;
    let offer = write_offer(app, &code, &giver, &ours).await?;
    let signature = giver.signature.unwrap_or(SignatureChoice::Cavage);
    let answer = post(app, &code, &offer, signature).await?;
    let accept = read_answer(&code, &offer, &answer)?;
    let introduction = Introduction {
        organization: accept.organization,
        terms: accept.terms,
        ..giver
    };
    handshake::record_accepted(app, viewer, &offer.id, introduction, ours).await
}

/// Reads the giver's instance actor first, so that nothing is half done when it cannot be reached.
async fn meet(app: &App, code: &Code) -> Result<Introduction> {
    let host = code.host();
    let fetched = instance::fetch(app, &code.actor()).await;
    let giver = fetched.map_err(|error| {
        Error::Unavailable(format!(
            "{host} cannot be read ({error}); the code stays valid, try again later"
        ))
    })?;
    let shown = giver
        .keys
        .iter()
        .find(|key| key.list == KeyList::PublicKey && key.expires_at.is_none());
    let shown = shown.and_then(|key| crypto::key_fingerprint(&key.public_pem).ok());
    match code.is_key(&shown.unwrap_or_default()) {
        true => Ok(giver),
        false => Err(Error::Conflict(format!(
            "{host} shows another key than the one this code was made with: either it has new keys since, or \
             somebody stands between you. Ask the organization for a new code, over a way you trust"
        ))),
    }
}

async fn write_offer(
    app: &App,
    code: &Code,
    giver: &Introduction,
    ours: &OurSide,
) -> Result<Offer> {
    let taker = app.addresses().instance();
    Ok(Offer {
        id: code.agreement(&taker)?,
        taker,
        giver: giver.actor.uri.clone(),
        organization: house::organization(app).await?,
        secret: code.secret().to_owned(),
        terms: ours.terms.clone(),
    })
}

async fn post(app: &App, code: &Code, offer: &Offer, signature: SignatureChoice) -> Result<Answer> {
    let keys = OwnKeys::read(&signing::instance_keys(app).await?)?;
    let url = code.origin().join("partnership").to_url()?;
    let body = offer.render().to_string();
    let now = app.clock.now();
    let request = Outgoing::post(&url, body.as_bytes());
    let mut headers = signatures::sign(signature, &keys, &request, now)?;
    headers.push(("content-type", MEDIA_TYPE.to_owned()));
    let posted = app.http.post(&url, &headers, body, None).await;
    posted.map_err(|error| {
        Error::Unavailable(format!(
            "{} does not answer ({error}); paste the same code again",
            code.host()
        ))
    })
}

/// What the giver says: an `Accept` of our offer, or a reason.
fn read_answer(code: &Code, offer: &Offer, answer: &Answer) -> Result<Accept> {
    let host = code.host();
    match answer.status {
        200 => read_accept(answer)
            .filter(|accept| accept.offer == offer.id && accept.giver == offer.giver)
            .ok_or_else(|| {
                Error::Unavailable(format!(
                    "the answer of {host} was lost or makes no sense; paste the same code again"
                ))
            }),
        404 => Err(Error::invalid(
            "code",
            format!("is not known to {host}; ask for a new one"),
        )),
        429 | 500.. => Err(Error::Unavailable(format!(
            "{host} cannot do it now: {}",
            read_sentence(answer)
        ))),
        _ => Err(Error::Conflict(format!(
            "{host} says: {}",
            read_sentence(answer)
        ))),
    }
}

fn read_accept(answer: &Answer) -> Option<Accept> {
    let json = bounded::parse_bounded(answer.text.as_bytes()).ok()?;
    Accept::parse(&json).ok()
}

/// What another server gives as the reason, as one line; it is shown to an administrator.
fn read_sentence(answer: &Answer) -> String {
    let json = bounded::parse_bounded(answer.text.as_bytes()).ok();
    let said = json.as_ref().and_then(|json| json.get("error")?.as_str());
    match said {
        Some(said) => said
            .chars()
            .filter(|letter| !letter.is_control())
            .take(SENTENCE_CHARS_MAX)
            .collect(),
        None => format!("status {}", answer.status),
    }
}
