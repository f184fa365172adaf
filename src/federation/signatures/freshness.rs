//! How old a signature may be. A captured request is worth nothing after this window; within it,
//! ids of activities that were seen already are recognized.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::federation::signatures::headers::Headers;
use crate::federation::signatures::{Refusal, SignatureInput, SignatureKind};

/// Oldest signature accepted: retries of a busy server, and clocks that are behind.
const AGE_MAX: Duration = Duration::from_secs(60 * 60);
/// Furthest in the future: clocks that are ahead.
const AHEAD_MAX: Duration = Duration::from_secs(5 * 60);

/// Checks every time that is signed, and that there is one.
///
/// # Errors
/// 401 `date_missing`, `date_malformed`, `too_old`, `in_the_future`, `expired`.
pub(super) fn check(
    input: &SignatureInput,
    headers: &Headers<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let created = match input.kind {
        SignatureKind::Cavage => input.created.filter(|_| input.covers("(created)")),
        SignatureKind::Rfc9421 => input.created,
    };
    let date = if input.covers("date") {
        Some(parse_date(headers.signed("date")?)?)
    } else {
        None
    };
    if created.is_none() && date.is_none() {
        return Err(Refusal::unproven("date_missing"));
    }
    for time in [created, date].into_iter().flatten() {
        within_window(time, now)?;
    }
    // Not later than the signer says, even where it did not sign that it says so.
    match input.expires {
        Some(expires) if now.minus(AHEAD_MAX).seconds() > expires => {
            Err(Refusal::unproven("expired"))
        }
        _ => Ok(()),
    }
}

fn within_window(time: i64, now: Timestamp) -> Result<(), Refusal> {
    if time < now.minus(AGE_MAX).seconds() {
        return Err(Refusal::unproven("too_old"));
    }
    if time > now.plus(AHEAD_MAX).seconds() {
        return Err(Refusal::unproven("in_the_future"));
    }
    Ok(())
}

/// Any of the three forms of RFC 9110, section 5.6.7.
fn parse_date(text: &str) -> Result<i64, Refusal> {
    let malformed = Refusal::unproven("date_malformed");
    let date = httpdate::parse_http_date(text).map_err(|_| malformed)?;
    let since_epoch = date
        .duration_since(std::time::UNIX_EPOCH)
        .map_err(|_| malformed)?;
    i64::try_from(since_epoch.as_secs()).map_err(|_| malformed)
}
