//! Actor tokens (FEP-db0e): a group that is not public says to its members' servers that another one
//! reads it. Ours are made here, others' checked, and fetched where we want to read what a third
//! server's people wrote in a group elsewhere.
//!
//! A token is worth something only together with a request that its `actor` signed, so that whoever
//! sees it cannot use it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_cache::sync::Cache;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::domain::{Actor, ActorState, ActorToken, Group, GroupId, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::federation::keys::{KeyKind, OwnKey};
use crate::federation::{Federation, fetch, json};
use crate::services::groups;

/// The scheme in `Authorization`.
pub const TOKEN_SCHEME: &str = "ActivityPubActorToken";
/// The one way of signing that there is.
const ALGORITHM: &str = "rsa-sha256";
/// Longest token that is read, bytes; one of ours has about 700.
const TOKEN_BYTES_MAX: usize = 4_096;
/// Most members of a token besides its signatures.
const MEMBERS_MAX: usize = 16;
/// A token is not used again when it counts for less than this: requests take their time.
const RENEW_BEFORE: Duration = Duration::from_secs(60);
/// A group that gave none is asked again after this.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// Groups whose token is kept.
const TOKENS_KEPT: usize = 2_000;

/// Tokens that groups elsewhere gave us.
pub(super) struct Tokens(Cache<GroupId, Arc<Mutex<Option<Kept>>>>);

impl Default for Tokens {
    fn default() -> Self {
        Self(Cache::new(TOKENS_KEPT))
    }
}

/// What a group answered, and until when it is not asked again.
struct Kept {
    text: Option<String>,
    until: Timestamp,
}

/// Writes a token and signs it with its group's key.
///
/// # Errors
/// [`Error::Internal`] when OpenSSL cannot sign.
pub fn render(token: &ActorToken, key: &OwnKey) -> Result<Value> {
    let mut members = Map::new();
    for (name, value) in [
        ("issuer", token.issuer.to_string()),
        ("actor", token.actor.to_string()),
        ("issuedAt", token.issued_at.to_string()),
        ("validUntil", token.valid_until.to_string()),
    ] {
        members.insert(name.into(), json!(value));
    }
    let signature = key.key.sign(signed_text(&members, plain).as_bytes())?;
    let signature = json!({
        "algorithm": ALGORITHM,
        "keyId": key.id,
        "signature": STANDARD.encode(signature),
    });
    members.insert("signatures".into(), json!([signature]));
    Ok(Value::Object(members))
}

/// A token as it was shown, not yet believed.
#[derive(Debug)]
struct Shown {
    token: ActorToken,
    key: Uri,
    signature: Vec<u8>,
    /// What may have been signed: as the FEP says it, and with the values as JSON, as the
    /// implementation it was made for does it.
    texts: [String; 2],
}

/// Reads a token. None: it is none.
fn read(text: &str) -> Option<Shown> {
    if text.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let Value::Object(mut members) = json::parse_bounded(text.as_bytes()).ok()? else {
        return None;
    };
    let signatures = members.remove("signatures")?;
    members.remove("signature");
    if members.len() > MEMBERS_MAX || !members.iter().all(is_one_line) {
        return None;
    }
    let ours = |signature: &&Value| signature["algorithm"] == ALGORITHM;
    let signature = signatures.as_array()?.iter().find(ours)?;
    let word = |name: &str| members.get(name).and_then(Value::as_str);
    let time = |name: &str| Timestamp::parse(word(name)?).ok();
    Some(Shown {
        token: ActorToken {
            issuer: word("issuer")?.parse().ok()?,
            actor: word("actor")?.parse().ok()?,
            issued_at: time("issuedAt")?,
            valid_until: time("validUntil")?,
        },
        key: signature["keyId"].as_str()?.parse().ok()?,
        signature: STANDARD.decode(signature["signature"].as_str()?).ok()?,
        texts: [signed_text(&members, plain), signed_text(&members, as_json)],
    })
}

/// The group that a token says it is of.
pub fn issuer_of(text: &str) -> Option<Uri> {
    read(text).map(|shown| shown.token.issuer)
}

/// Two tokens must never be signed alike: no member may look like two, or like another.
fn is_one_line((name, value): (&String, &Value)) -> bool {
    let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let value = value.as_str();
    is_word && value.is_some_and(|value| value.len() <= 2_048 && !value.contains(char::is_control))
}

/// `name: value` for each member, sorted, in lines.
fn signed_text(members: &Map<String, Value>, written: fn(&Value) -> String) -> String {
    let lines = members.iter();
    let mut lines: Vec<String> = lines
        .map(|(name, value)| format!("{name}: {}", written(value)))
        .collect();
    lines.sort();
    lines.join("\n")
}

fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn as_json(value: &Value) -> String {
    value.to_string()
}

impl Federation {
    /// A token of a group of ours.
    pub(super) async fn issue(&self, group: &Group, token: ActorToken) -> Result<Value> {
        let keys = self.keyring.signing_keys(&self.app, group.actor.id).await?;
        let signing = tokio::task::spawn_blocking(move || render(&token, &keys.rsa));
        signing.await.map_err(Error::internal)?
    }

    /// Checks a token that `reader`, who signed the request, shows for something in `group`. The error
    /// is a word for the security log.
    pub(super) async fn check_token(
        &self,
        text: &str,
        group: &Group,
        reader: &Uri,
    ) -> Result<Result<(), &'static str>> {
        let Some(shown) = read(text) else {
            return Ok(Err("token_malformed"));
        };
        if shown.token.issuer != group.actor.uri {
            return Ok(Err("token_of_another_group"));
        }
        if shown.token.actor != *reader {
            return Ok(Err("token_of_another_actor"));
        }
        if !shown.token.counts(self.app.clock.now()) {
            return Ok(Err("token_not_of_now"));
        }
        if self.is_signed_by(&shown, &group.actor.uri, false).await?
            || self.is_signed_by(&shown, &group.actor.uri, true).await?
        {
            return Ok(Ok(()));
        }
        Ok(Err("token_invalid"))
    }

    /// Whether the group's key made the token. A group whose key does not fit is asked for its keys
    /// again, as rarely as anybody.
    async fn is_signed_by(&self, shown: &Shown, group: &Uri, again: bool) -> Result<bool> {
        let signer = match again {
            false => self.keyring.known_signer(&self.app, &shown.key).await?,
            true => match self.keyring.fetch_signer(self, group, &shown.key).await {
                Err(error) if error.is_temporary() => None,
                answer => answer?,
            },
        };
        Ok(signer.is_some_and(|(owner, key)| {
            let its_own = owner.uri == *group && owner.state == ActorState::Active;
            let fits = |text: &String| key.verifies(text.as_bytes(), &shown.signature);
            its_own && key.kind() == KeyKind::Rsa && shown.texts.iter().any(fits)
        }))
    }

    /// Our token for what is said in a group elsewhere, where the group gives them, and `what` is on a
    /// third server that will want to see it.
    pub(super) async fn token_for(&self, group: &Actor, what: &Uri) -> Option<String> {
        if what.host() == group.uri.host() {
            return None;
        }
        let token = self.kept_token(group).await;
        token.unwrap_or_else(|error| {
            tracing::info!(group = %group.uri, %error, "a group gave no token");
            None
        })
    }

    /// The token that the group gave, or gives now. Of several who want it, one asks.
    async fn kept_token(&self, group: &Actor) -> Result<Option<String>> {
        let id = group.id.group();
        let kept = self
            .tokens
            .0
            .get_or_insert_with(&id, || Ok::<_, Error>(Arc::default()))?;
        let mut kept = kept.lock().await;
        let now = self.app.clock.now();
        if let Some(known) = kept.as_ref()
            && now < known.until
        {
            return Ok(known.text.clone());
        }
        let fresh = match groups::token_source(&self.app, id).await? {
            Some(source) => self.fetch_token(group, &source).await,
            None => Ok(None),
        };
        let (text, until) = match fresh.as_ref().ok().cloned().flatten() {
            Some((text, token)) => (Some(text), token.valid_until.minus(RENEW_BEFORE)),
            None => (None, now.plus(ASK_AGAIN_AFTER)),
        };
        *kept = Some(Kept {
            text: text.clone(),
            until,
        });
        fresh.map(|_| text)
    }

    /// Asks the group for a token; one for somebody else, or that does not count, is none.
    async fn fetch_token(
        &self,
        group: &Actor,
        source: &Uri,
    ) -> Result<Option<(String, ActorToken)>> {
        let (client, now) = (&self.app.http, self.app.clock.now());
        let url = &source.to_url()?;
        let token = self
            .ask(source.host(), move |asking| async move {
                fetch::fetch_json(client, Some(asking.signer()), url, now).await
            })
            .await?;
        let text = token.to_string();
        let ours = self.app.addresses().instance();
        let fits = |shown: &Shown| {
            let token = &shown.token;
            token.issuer == group.uri && token.actor == ours && token.counts(now)
        };
        let shown = read(&text).filter(fits);
        Ok(shown.map(|shown| (text, shown.token)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::keys::tests::{RSA, own_keys};

    fn token() -> ActorToken {
        ActorToken {
            issuer: "https://acme.example/g/bridges".parse().unwrap(),
            actor: "https://cedar.example/actor".parse().unwrap(),
            issued_at: Timestamp::parse("2026-05-01T12:00:00Z").unwrap(),
            valid_until: Timestamp::parse("2026-05-01T12:30:00Z").unwrap(),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let keys = own_keys(&RSA.0, "https://acme.example/g/bridges#main-key", None);
        let written = render(&token(), &keys.rsa).unwrap();
        let shown = read(&written.to_string()).unwrap();
        assert_eq!(shown.token, token());
        assert_eq!(shown.key, keys.rsa.id);
        let [plain, quoted] = &shown.texts;
        let lines: Vec<&str> = plain.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "actor: https://cedar.example/actor");
        assert!(quoted.starts_with("actor: \"https://cedar.example/actor\"\n"));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_token() {
        let keys = own_keys(&RSA.0, "https://acme.example/g/bridges#main-key", None);
        let written = render(&token(), &keys.rsa).unwrap();
        let with = |name: &str, value: Value| {
            let mut changed = written.clone();
            changed[name] = value;
            changed.to_string()
        };
        assert!(read(&with("scope", json!("read"))).is_some());
        for text in [
            with("scope", json!("read\nactor: https://evil.example/actor")),
            with("actor: x", json!("y")),
            with("issuedAt", json!(1)),
            with("validUntil", json!("soon")),
            with("signatures", json!([])),
            with("signatures", json!([{ "algorithm": "none" }])),
            with("scope", json!("x".repeat(TOKEN_BYTES_MAX))),
            "[]".into(),
            "{\"issuer\":\"a\",\"issuer\":\"b\"}".into(),
        ] {
            assert!(read(&text).is_none(), "{text}");
        }
    }
}
