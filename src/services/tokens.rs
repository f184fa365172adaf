//! Access tokens: what clients show instead of a password. Only their hashes are stored.

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{Account, ActorId, AuditAction, Scopes, Timestamp, TokenId};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::{accounts, audit};
use crate::storage::{self, Connection};

/// Longest name of a client, in characters.
pub const CLIENT_CHARS_MAX: usize = 100;

/// A token as its owner sees it in a list: never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub client: String,
    pub scopes: Scopes,
    pub created_at: Timestamp,
}

/// A new token; its secret is shown this once.
#[derive(Clone, Debug)]
pub struct Created {
    pub secret: String,
    pub token: Token,
}

/// Whose token a request carries, and what it may be used for.
#[derive(Clone, Debug)]
pub struct Bearer {
    pub account: Account,
    pub token: TokenId,
    pub scopes: Scopes,
}

/// Makes a token to act as `actor`: for oneself, or at the machine for anybody. Administrators
/// cannot make themselves others' tokens: it would be reading their mail.
pub async fn create(
    app: &App,
    viewer: Viewer,
    actor: ActorId,
    client: &str,
    scopes: Scopes,
) -> Result<Created> {
    let asker = app.asker(viewer);
    let client = check_client(client)?.to_owned();
    let secret = crypto::random_secret()?;
    let hash = crypto::fingerprint(&secret);
    let token = app
        .db
        .write("create_token", move |connection| {
            let account = find_own(connection, &asker, actor)?;
            if account.disabled {
                return Err(Error::Conflict(format!(
                    "the account {} is disabled",
                    account.actor.name
                )));
            }
            let words = scopes.to_string();
            let id = storage::tokens::insert(connection, actor, &hash, &client, &words, asker.now)?;
            note(
                connection,
                &asker,
                AuditAction::TokenCreated,
                &account,
                &client,
            )?;
            Ok(Token {
                id,
                client,
                scopes,
                created_at: asker.now,
            })
        })
        .await?;
    Ok(Created { secret, token })
}

fn check_client(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > CLIENT_CHARS_MAX || text.contains(char::is_control)
    {
        return Err(Error::invalid(
            "client",
            format!("write a name of at most {CLIENT_CHARS_MAX} characters"),
        ));
    }
    Ok(text)
}

/// The account, if its tokens are the asker's business.
fn find_own(connection: &mut Connection, asker: &Asker, actor: ActorId) -> Result<Account> {
    let own = asker.viewer == Viewer::Operator || asker.viewer.actor() == Some(actor);
    let account = storage::accounts::find(connection, actor)?;
    account.filter(|_| own).ok_or(Error::NotFound)
}

/// Whose token this is; none when it is unknown or revoked or its account is shut out.
pub async fn find(app: &App, secret: &str) -> Result<Option<Bearer>> {
    let hash = crypto::fingerprint(secret);
    app.db
        .read("find_token", move |connection| {
            let Some(token) = storage::tokens::find_valid(connection, &hash)? else {
                return Ok(None);
            };
            let account = storage::accounts::find(connection, token.actor)?
                .filter(|account| accounts::viewer_of(account) != Viewer::Anonymous);
            let scopes = read_scopes(&token)?;
            Ok(account.map(|account| Bearer {
                account,
                token: token.id,
                scopes,
            }))
        })
        .await
}

/// The tokens to act as `actor`, newest first.
pub async fn list(app: &App, viewer: Viewer, actor: ActorId) -> Result<Vec<Token>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_tokens", move |connection| {
            find_own(connection, &asker, actor)?;
            let rows = storage::tokens::list(connection, actor)?;
            rows.into_iter()
                .map(|row| {
                    Ok(Token {
                        scopes: read_scopes(&row)?,
                        id: row.id,
                        client: row.client,
                        created_at: row.created_at,
                    })
                })
                .collect()
        })
        .await
}

fn read_scopes(row: &storage::tokens::Token) -> Result<Scopes> {
    row.scopes
        .parse()
        .map_err(|error| Error::internal(format!("token {}: {error}", row.id)))
}

/// Revokes a token, at once.
pub async fn revoke(app: &App, viewer: Viewer, actor: ActorId, token: TokenId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("revoke_token", move |connection| {
            let account = find_own(connection, &asker, actor)?;
            if !storage::tokens::revoke(connection, actor, token, asker.now)? {
                return Err(Error::NotFound);
            }
            let action = AuditAction::TokenRevoked;
            note(connection, &asker, action, &account, &token.to_string())
        })
        .await
}

fn note(
    connection: &mut Connection,
    asker: &Asker,
    action: AuditAction,
    account: &Account,
    detail: &str,
) -> Result<()> {
    audit::note(connection, asker, action, &account.actor.name, detail)
}
