//! Keys at hand: others', parsed once and fetched rarely; ours, ready to sign.
//!
//! Nothing here decides who may do what. Who owns a key, and whether its owner is still welcome, is
//! read from the database every time; only what follows from the key's text alone is kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::Mutex as AsyncMutex;

use crate::app::App;
use crate::domain::{Actor, ActorId, Host, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::keys::{ParsedKey, SigningKey};
use crate::federation::objects::actor::same_origin;
use crate::services::{inbox, signing};

/// Others' keys kept parsed, and actors of whom it is known when they were last asked.
const KEYS_KEPT: usize = 5_000;
/// Our own keys kept ready.
const OWN_KEYS_KEPT: usize = 2_000;
/// Servers of which it is known how much they made us fetch or log.
const HOSTS_KEPT: usize = 2_000;
/// An actor is asked for its keys again after this: a thousand bad signatures are one request.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(300);
/// After its server did not answer, this much earlier.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// How long a key of ours is used before the database is asked whether it is still the one.
const OWN_KEY_LASTS: Duration = Duration::from_secs(60);
/// Unknown keys fetched from one server in a minute: with key ids it made up, it could otherwise
/// keep us busy.
const FETCHES_PER_MINUTE: u32 = 240;
/// Refused requests of one server written into the security log in a minute.
const LINES_PER_MINUTE: u32 = 30;

/// Somebody elsewhere with the key that a signature names.
pub type Signer = (Actor, Arc<ParsedKey>);

/// The keys of a running server. Clones share them.
#[derive(Clone, Default)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    parsed: Cache<Uri, (String, Arc<ParsedKey>)>,
    asked: Cache<Uri, Arc<AsyncMutex<Option<Asked>>>>,
    own: Cache<Whose, OwnKey>,
    fetches: Budget,
    lines: Budget,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            parsed: Cache::new(KEYS_KEPT),
            asked: Cache::new(KEYS_KEPT),
            own: Cache::new(OWN_KEYS_KEPT),
            fetches: Budget::new(FETCHES_PER_MINUTE),
            lines: Budget::new(LINES_PER_MINUTE),
        }
    }
}

/// When an actor was last asked for its keys, and what came of it.
#[derive(Clone, Copy)]
struct Asked {
    at: Timestamp,
    answered: bool,
}

/// Whether a fetched actor is new here. Meeting somebody is not asking again: a key that is changed
/// right afterwards must be found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    First,
    Again,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Instance,
    Actor(ActorId),
}

#[derive(Clone)]
struct OwnKey {
    key: Arc<SigningKey>,
    id: Uri,
    read_at: Timestamp,
}

impl Keyring {
    /// The actor and key that a signature names, where we know them. The actor is as the database
    /// has it now: a suspension counts at once.
    pub async fn known_signer(&self, app: &App, key: &Uri) -> Result<Option<Signer>> {
        let Some((actor, stored)) = inbox::find_signer(app, key).await? else {
            return Ok(None);
        };
        if actor.is_local() || !stored.counts(app.clock.now()) {
            return Ok(None);
        }
        let parsed = self.parse(&stored.uri, stored.public_pem);
        Ok(parsed.map(|key| (actor, key)))
    }

    /// Parses a key, unless the same text was parsed before.
    fn parse(&self, id: &Uri, pem: String) -> Option<Arc<ParsedKey>> {
        if let Some((known, key)) = self.inner.parsed.get(id)
            && known == pem
        {
            return Some(key);
        }
        let key = Arc::new(ParsedKey::from_pem(&pem).ok()?);
        self.inner
            .parsed
            .insert(id.clone(), (pem, Arc::clone(&key)));
        Some(key)
    }

    /// Asks an actor's own server which keys it has, and looks for this one again. At most once in
    /// [`ASK_AGAIN_AFTER`]; who comes meanwhile gets what is known.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that server does not answer.
    pub async fn fetch_signer(
        &self,
        federation: &Federation,
        actor: &Uri,
        key: &Uri,
    ) -> Result<Option<Signer>> {
        if !same_origin(actor, key) {
            return Ok(None);
        }
        let whom = actor.without_fragment();
        let fetch = async || {
            let unknown = inbox::list_unknown_actors(&federation.app, vec![whom.clone()]).await?;
            federation.fetch_actor(actor).await?;
            Ok(match unknown.is_empty() {
                true => Met::Again,
                false => Met::First,
            })
        };
        self.ask(federation, &whom, fetch).await?;
        self.known_signer(&federation.app, key).await
    }

    /// The same for a key whose owner is not named: the key's address leads to the owner.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that server does not answer.
    pub async fn fetch_owner(&self, federation: &Federation, key: &Uri) -> Result<Option<Signer>> {
        let fetch = async || {
            let document = federation.fetch(&key.without_fragment()).await?;
            // A document of its own names its owner, who must list the key in turn.
            let owner = document.json.get("owner").and_then(|owner| owner.as_str());
            match owner.and_then(|owner| owner.parse::<Uri>().ok()) {
                Some(owner) if !same_origin(&owner, key) => Err(Error::NotFound),
                Some(owner) => federation.fetch_actor(&owner).await,
                None => federation.remember(document).await,
            }
            .map(|_| Met::Again)
        };
        self.ask(federation, &key.without_fragment(), fetch).await?;
        self.known_signer(&federation.app, key).await
    }

    /// Fetches, unless somebody did just now. Of several who want the same, one fetches and the
    /// others wait for it.
    async fn ask(
        &self,
        federation: &Federation,
        what: &Uri,
        fetch: impl AsyncFnOnce() -> Result<Met>,
    ) -> Result<()> {
        let asked = match self.inner.asked.get(what) {
            Some(asked) => asked,
            None => self
                .inner
                .asked
                .get_or_insert_with(what, || Ok::<_, Error>(Arc::default()))?,
        };
        let mut asked = asked.lock().await;
        let now = federation.app.clock.now();
        match *asked {
            Some(last) if last.answered && now.since(last.at) < ASK_AGAIN_AFTER => return Ok(()),
            Some(last) if now.since(last.at) < TRY_AGAIN_AFTER => return Err(no_answer()),
            _ => {}
        }
        if !self.inner.fetches.take(what.host(), now) {
            return Err(no_answer());
        }
        let outcome = fetch().await;
        let answered = !matches!(&outcome, Err(error) if error.is_temporary());
        *asked = Some(Asked { at: now, answered });
        match outcome {
            Ok(Met::Again) => Ok(()),
            Ok(Met::First) => {
                *asked = None;
                Ok(())
            }
            Err(error) if error.is_temporary() => Err(error),
            Err(error) => {
                tracing::info!(%what, %error, "a signer's keys cannot be had");
                Ok(())
            }
        }
    }

    /// The key of one of our actors and its `keyId`.
    pub async fn signing_key(&self, app: &App, actor: ActorId) -> Result<(Arc<SigningKey>, Uri)> {
        self.own_key(app, Whose::Actor(actor)).await
    }

    /// The key of the server itself.
    pub async fn instance_key(&self, app: &App) -> Result<(Arc<SigningKey>, Uri)> {
        self.own_key(app, Whose::Instance).await
    }

    async fn own_key(&self, app: &App, whose: Whose) -> Result<(Arc<SigningKey>, Uri)> {
        let now = app.clock.now();
        if let Some(own) = self.inner.own.get(&whose)
            && now.since(own.read_at) < OWN_KEY_LASTS
        {
            return Ok((own.key, own.id));
        }
        let stored = match whose {
            Whose::Instance => signing::instance_key(app).await?,
            Whose::Actor(actor) => signing::signing_key(app, actor).await?,
        };
        let key = Arc::new(SigningKey::from_pem(&stored.private_pem)?);
        let own = OwnKey {
            key: Arc::clone(&key),
            id: stored.key_id.clone(),
            read_at: now,
        };
        self.inner.own.insert(whose, own);
        Ok((key, stored.key_id))
    }

    /// Whether one more refusal of a server is worth a line in the security log.
    pub fn may_log(&self, host: &Host, now: Timestamp) -> bool {
        self.inner.lines.take(host, now)
    }
}

fn no_answer() -> Error {
    Error::Unavailable("the signer's server did not answer just now".into())
}

/// So much a minute for each server.
struct Budget {
    per_minute: u32,
    spent: Cache<Host, Arc<Mutex<(i64, u32)>>>,
}

impl Budget {
    fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            spent: Cache::new(HOSTS_KEPT),
        }
    }

    /// False when this minute's is spent.
    fn take(&self, host: &Host, now: Timestamp) -> bool {
        let spent = self
            .spent
            .get_or_insert_with(host, || Ok::<_, Error>(Arc::default()));
        let Ok(spent) = spent else { return false };
        let Ok(mut spent) = spent.lock() else {
            return false;
        };
        let minute = now.seconds() / 60;
        if spent.0 != minute {
            *spent = (minute, 0);
        }
        spent.1 = spent.1.saturating_add(1);
        spent.1 <= self.per_minute
    }
}
