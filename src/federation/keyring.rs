//! Keys at hand: others', parsed once and fetched rarely; ours, ready to sign.
//!
//! Nothing here decides who may do what. Who owns a key, and whether its owner is still welcome, is
//! read from the database every time; only what follows from the key's text alone is kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::Mutex as AsyncMutex;

use crate::app::App;
use crate::domain::{
    Actor, ActorId, Evidence, GroupDialect, Host, KeyList, Learned, Peer, SignatureChoice,
    Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::keys::{OwnKeys, ParsedKey};
use crate::federation::objects::actor::same_origin;
use crate::services::inbox::{self, KnownSigner};
use crate::services::{dialects, peers, signing};

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
/// How long what is known of a server is used before the database is asked again: another process
/// may have learned more.
const PEER_LASTS: Duration = Duration::from_secs(60);
/// Unknown keys fetched from one server in a minute: with key ids it made up, it could otherwise
/// keep us busy.
const FETCHES_PER_MINUTE: u32 = 240;
/// Instance actors of third servers fetched in a minute because the groups of one server passed on
/// words of their people.
const INTRODUCTIONS_PER_MINUTE: u32 = 30;
/// What groups of one server say of third servers' people that is looked up there in a minute.
const LOOKED_UP_PER_MINUTE: u32 = 240;
/// Refused requests of one server, or of all that are no partners together, written into the security
/// log in a minute.
const LINES_PER_MINUTE: u32 = 300;

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
    own: Cache<Whose, (Arc<OwnKeys>, Timestamp)>,
    peers: Cache<Host, (Option<Peer>, Timestamp)>,
    announcers: Cache<Host, ()>,
    fetches: Budget,
    introductions: Budget,
    looked_up: Budget,
    lines: Budget,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            parsed: Cache::new(KEYS_KEPT),
            asked: Cache::new(KEYS_KEPT),
            own: Cache::new(OWN_KEYS_KEPT),
            peers: Cache::new(HOSTS_KEPT),
            announcers: Cache::new(HOSTS_KEPT),
            fetches: Budget::new(FETCHES_PER_MINUTE),
            introductions: Budget::new(INTRODUCTIONS_PER_MINUTE),
            looked_up: Budget::new(LOOKED_UP_PER_MINUTE),
            lines: Budget::new(LINES_PER_MINUTE),
        }
    }
}

/// When an actor was last asked for its keys, and what came of it.
#[derive(Clone, Copy)]
struct Asked {
    from: Timestamp,
    /// When the answer was there.
    at: Timestamp,
    answered: bool,
}

/// Whether an answer is so new that asking again would tell nothing else.
fn lately(now: Timestamp) -> impl Fn(&Asked) -> bool {
    let since = now.minus(ASK_AGAIN_AFTER);
    move |last| last.at > since
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

impl Keyring {
    /// The actor and key that a signature names, where we know them. The actor is as the database
    /// has it now: a suspension counts at once.
    pub async fn known_signer(&self, app: &App, key: &Uri) -> Result<Option<Signer>> {
        let known = inbox::find_signer(app, key).await?;
        Ok(known.and_then(|known| self.parsed(known, app.clock.now())))
    }

    /// The same for a key that proves what its owner says: one of its `assertionMethod`.
    pub async fn known_prover(&self, app: &App, key: &Uri) -> Result<Option<Signer>> {
        let known = inbox::find_signer(app, key).await?;
        let known = known.filter(|(_, key)| key.list == KeyList::AssertionMethod);
        Ok(known.and_then(|known| self.parsed(known, app.clock.now())))
    }

    /// The same with the key parsed. None for our own people, who do not write to us as others,
    /// and for keys that are none, or do not count any more.
    pub fn parsed(&self, (actor, stored): KnownSigner, now: Timestamp) -> Option<Signer> {
        if actor.is_local() || !stored.counts(now) {
            return None;
        }
        let key = self.parse(&stored.uri, stored.public_pem)?;
        Some((actor, key))
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
        let fresh = lately(federation.app.clock.now());
        self.ask(federation, &whom, fresh, fetch).await?;
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
        let fresh = lately(federation.app.clock.now());
        self.ask(federation, &key.without_fragment(), fresh, fetch)
            .await?;
        self.known_signer(&federation.app, key).await
    }

    /// Asks a server that need not be a partner for its instance actor, which everybody may read,
    /// because `group` passed on words of its people. Bounded for each server and each group's house.
    pub async fn fetch_instance(
        &self,
        federation: &Federation,
        instance: &Uri,
        group: &Host,
    ) -> Result<()> {
        let now = federation.app.clock.now();
        if !self.inner.introductions.take(group, now) {
            return Err(no_answer());
        }
        let fetch = async || {
            federation.fetch_instance(instance).await?;
            Ok(Met::Again)
        };
        self.ask(federation, instance, lately(now), fetch).await
    }

    /// Fetches the document of an actor who says that it changed, unless that was begun after it said
    /// so.
    pub async fn refresh(
        &self,
        federation: &Federation,
        actor: &Uri,
        told_at: Timestamp,
    ) -> Result<()> {
        let fetch = async || {
            federation.fetch_actor(actor).await?;
            Ok(Met::Again)
        };
        let fresh = |last: &Asked| last.from > told_at;
        self.ask(federation, &actor.without_fragment(), fresh, fetch)
            .await
    }

    /// Fetches, unless the last answer is `fresh`. Of several who want the same, one fetches and the
    /// others wait for it.
    async fn ask(
        &self,
        federation: &Federation,
        what: &Uri,
        fresh: impl Fn(&Asked) -> bool,
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
            Some(last) if last.answered && fresh(&last) => return Ok(()),
            Some(last) if !last.answered && now.since(last.at) < TRY_AGAIN_AFTER => {
                return Err(no_answer());
            }
            _ => {}
        }
        if !self.inner.fetches.take(what.host(), now) {
            return Err(no_answer());
        }
        let outcome = fetch().await;
        let answered = !matches!(&outcome, Err(error) if error.is_temporary());
        // Its end counts: what changed while it was asked may not be in the answer, but what a request
        // says that waits for the answer is.
        let at = federation.app.clock.now();
        *asked = Some(Asked {
            from: now,
            at,
            answered,
        });
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

    /// The keys of one of our actors.
    pub async fn signing_keys(&self, app: &App, actor: ActorId) -> Result<Arc<OwnKeys>> {
        self.own_keys(app, Whose::Actor(actor)).await
    }

    /// The keys of the server itself.
    pub async fn instance_keys(&self, app: &App) -> Result<Arc<OwnKeys>> {
        self.own_keys(app, Whose::Instance).await
    }

    async fn own_keys(&self, app: &App, whose: Whose) -> Result<Arc<OwnKeys>> {
        let now = app.clock.now();
        if let Some((keys, read_at)) = self.inner.own.get(&whose)
            && now.since(read_at) < OWN_KEY_LASTS
        {
            return Ok(keys);
        }
        let stored = match whose {
            Whose::Instance => signing::instance_keys(app).await?,
            Whose::Actor(actor) => signing::signing_keys(app, actor).await?,
        };
        let keys = Arc::new(OwnKeys::read(&stored)?);
        self.inner.own.insert(whose, (Arc::clone(&keys), now));
        Ok(keys)
    }

    /// How requests to a server are signed; to one of which nothing is known, as every server
    /// understands.
    pub async fn signature_for(&self, app: &App, host: &Host) -> Result<SignatureChoice> {
        let peer = self.peer(app, host).await?;
        Ok(peer.map_or(SignatureChoice::Cavage, |peer| peer.signature))
    }

    /// Remembers what was learned of a server, where it is new.
    pub async fn learn(
        &self,
        app: &App,
        host: &Host,
        signature: SignatureChoice,
        learned: Learned,
    ) -> Result<()> {
        let now = app.clock.now();
        let known = self.peer(app, host).await?;
        if !peers::is_news(known.as_ref(), signature, learned, now) {
            return Ok(());
        }
        let known = peers::learn(app, host, signature, learned).await?;
        self.inner.peers.insert(host.clone(), (known, now));
        Ok(())
    }

    /// Something was learned of a server elsewhere: the database is asked again.
    pub fn forget_peer(&self, host: &Host) {
        self.inner.peers.remove(host);
    }

    /// A group of this server announced an activity: its people understand that. Written down once.
    pub async fn note_announcer(&self, app: &App, host: &Host) -> Result<()> {
        if self.inner.announcers.get(host).is_some() {
            return Ok(());
        }
        dialects::learn(app, host, (GroupDialect::Activities, Evidence::Seen)).await?;
        self.inner.announcers.insert(host.clone(), ());
        Ok(())
    }

    async fn peer(&self, app: &App, host: &Host) -> Result<Option<Peer>> {
        let now = app.clock.now();
        if let Some((peer, read_at)) = self.inner.peers.get(host)
            && now.since(read_at) < PEER_LASTS
        {
            return Ok(peer);
        }
        let peer = peers::find(app, host).await?;
        self.inner.peers.insert(host.clone(), (peer.clone(), now));
        Ok(peer)
    }

    /// Whether one more thing may be looked up because a group of this server passed it on.
    pub fn may_look_up(&self, host: &Host, now: Timestamp) -> bool {
        self.inner.looked_up.take(host, now)
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
pub(super) struct Budget {
    per_minute: u32,
    spent: Cache<Host, Arc<Mutex<(i64, u32)>>>,
}

impl Budget {
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            spent: Cache::new(HOSTS_KEPT),
        }
    }

    /// False when this minute's is spent.
    pub fn take(&self, host: &Host, now: Timestamp) -> bool {
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
