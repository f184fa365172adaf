//! Signed-in browsers: a random secret in a cookie, its hash in the database.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::App;
use crate::crypto;
use crate::domain::{Account, ActorId, AuditAction, SessionId, Timestamp};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::{access, accounts, audit};
use crate::storage;
pub use crate::storage::sessions::Session;

/// How long one stays signed in.
pub const LASTS: Duration = Duration::from_secs(30 * 24 * 3_600);
/// When a session was last used is written down at most this often: reading pages writes nothing.
const TOUCH_EVERY: Duration = Duration::from_secs(5 * 60);
/// Longest description of a browser that is kept, in characters.
const AGENT_CHARS_MAX: usize = 200;

/// A new session: its secret is known to the browser alone.
pub struct Opened {
    pub secret: String,
    pub account: Account,
}

/// Signs in with name (or e-mail address) and password; none when they do not fit together.
pub async fn sign_in(
    app: &App,
    login: &str,
    password: String,
    agent: &str,
) -> Result<Option<Opened>> {
    match accounts::sign_in(app, login, password).await? {
        Some(account) => open(app, account, agent).await.map(Some),
        None => Ok(None),
    }
}

/// Opens a session for somebody who has proved to be the owner of `account`.
pub async fn open(app: &App, account: Account, agent: &str) -> Result<Opened> {
    let secret = crypto::random_secret()?;
    let hash = crypto::fingerprint(&secret);
    let asker = app.asker(accounts::viewer_of(&account));
    let agent: String = agent
        .chars()
        .filter(|c| !c.is_control())
        .take(AGENT_CHARS_MAX)
        .collect();
    let actor = account.actor.id;
    app.db
        .write("open_session", move |connection| {
            let until = asker.now.plus(LASTS);
            storage::sessions::insert(connection, actor, &hash, &agent, until, asker.now)?;
            audit::note(connection, &asker, AuditAction::SignedIn, "", &agent)
        })
        .await?;
    Ok(Opened { secret, account })
}

/// Who holds this secret, while the session lasts and the account is not shut out.
pub async fn find(app: &App, secret: &str) -> Result<Option<(Session, Account)>> {
    let hash = crypto::fingerprint(secret);
    let now = app.clock.now();
    let found = app
        .db
        .read("find_session", move |connection| {
            let Some(session) = storage::sessions::find_valid(connection, &hash, now)? else {
                return Ok(None);
            };
            let account = storage::accounts::find(connection, session.actor)?;
            Ok(account.map(|account| (session, account)))
        })
        .await?;
    let found = found.filter(|(_, account)| accounts::viewer_of(account) != Viewer::Anonymous);
    if let Some((session, _)) = &found {
        touch(app, session).await?;
    }
    Ok(found)
}

async fn touch(app: &App, session: &Session) -> Result<()> {
    let (id, now) = (session.id, app.clock.now());
    if now.since(session.seen_at) < TOUCH_EVERY {
        return Ok(());
    }
    app.db
        .write("touch_session", move |connection| {
            storage::sessions::touch(connection, id, now)
        })
        .await
}

/// Ends the session of a secret.
pub async fn sign_out(app: &App, secret: &str) -> Result<()> {
    let hash = crypto::fingerprint(secret);
    app.db
        .write("sign_out", move |connection| {
            storage::sessions::remove_by_hash(connection, &hash)
        })
        .await
}

/// Where somebody is signed in, last used first.
pub async fn list(app: &App, viewer: &Viewer) -> Result<Vec<Session>> {
    let Some(actor) = viewer.actor() else {
        return Ok(Vec::new());
    };
    let now = app.clock.now();
    app.db
        .read("list_sessions", move |connection| {
            storage::sessions::list(connection, actor, now)
        })
        .await
}

/// When the accounts that are signed in anywhere were last used, for administrators.
pub async fn list_last_seen(app: &App, viewer: Viewer) -> Result<HashMap<ActorId, Timestamp>> {
    access::permit_house::<act::ManageAccounts>(&app.asker(viewer))?;
    let seen = app.db.read("list_last_seen", storage::sessions::list_last_seen);
    Ok(seen.await?.into_iter().collect())
}

/// Ends one of one's own sessions.
pub async fn revoke(app: &App, viewer: &Viewer, session: SessionId) -> Result<()> {
    let actor = viewer.actor().ok_or(Error::NotFound)?;
    app.db
        .write(
            "revoke_session",
            move |connection| match storage::sessions::remove(connection, actor, session)? {
                true => Ok(()),
                false => Err(Error::NotFound),
            },
        )
        .await
}

/// Ends all of one's own sessions but the one in use.
pub async fn revoke_others(app: &App, viewer: &Viewer, keep: SessionId) -> Result<()> {
    let actor = viewer.actor().ok_or(Error::NotFound)?;
    app.db
        .write("revoke_other_sessions", move |connection| {
            storage::sessions::remove_all(connection, actor, Some(keep))
        })
        .await
}
