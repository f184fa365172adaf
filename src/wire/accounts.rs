//! Accounts and their tokens.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::{self, ActorId, OrgRole, Timestamp, TokenId, Uri};
use crate::services::{accounts, tokens};

/// An account of this house.
#[derive(Serialize, ToSchema)]
pub struct Account {
    pub id: ActorId,
    pub name: String,
    /// `name@host`
    pub handle: String,
    pub display_name: String,
    pub email: String,
    pub role: OrgRole,
    pub disabled: bool,
    pub uri: String,
    pub created_at: Timestamp,
    /// Only when the program made it up: it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl Account {
    pub fn new(app: &App, account: &domain::Account) -> Self {
        let actor = &account.actor;
        Self {
            id: actor.id,
            name: actor.name.clone(),
            handle: format!("{}@{}", actor.name, app.config.host()),
            display_name: actor.display_name.clone(),
            email: account.email.as_str().to_owned(),
            role: account.role,
            disabled: account.disabled,
            uri: actor.uri.to_string(),
            created_at: actor.created_at,
            password: None,
        }
    }

    #[must_use]
    pub fn with_password(self, password: Option<String>) -> Self {
        Self { password, ..self }
    }
}

/// What somebody says of their accounts elsewhere.
#[derive(Serialize, ToSchema)]
pub struct PersonWays {
    pub name: String,
    /// These are the same person.
    pub also_known_as: Vec<Uri>,
    /// They are there now; null: here.
    pub moved_to: Option<Uri>,
}

impl PersonWays {
    pub fn new(person: &domain::Actor, ways: domain::PersonWays) -> Self {
        Self {
            name: person.name.clone(),
            also_known_as: ways.also_known_as,
            moved_to: ways.moved_to,
        }
    }
}

/// What went with an account that was erased.
#[derive(Serialize, ToSchema)]
pub struct Erased {
    pub name: String,
    /// Always true.
    pub erased: bool,
    pub posts: usize,
    pub likes: usize,
    /// Names of groups that nobody owns now.
    pub groups_without_owner: Vec<String>,
}

impl From<accounts::Erased> for Erased {
    fn from(erased: accounts::Erased) -> Self {
        let groups = erased.without_owner.iter();
        Self {
            name: erased.account.actor.name.clone(),
            erased: true,
            posts: erased.posts,
            likes: erased.likes,
            groups_without_owner: groups.map(|group| group.actor.name.clone()).collect(),
        }
    }
}

/// A token, without its secret: that is not stored.
#[derive(Serialize, ToSchema)]
pub struct Token {
    pub id: TokenId,
    pub client: String,
    pub scope: String,
    pub created_at: Timestamp,
}

impl From<tokens::Token> for Token {
    fn from(token: tokens::Token) -> Self {
        Self {
            id: token.id,
            client: token.client,
            scope: token.scopes.to_string(),
            created_at: token.created_at,
        }
    }
}

/// A token that was just made: the only time its secret is shown. The names of RFC 6749, so that it
/// reads like the answer of `/oauth/token`.
#[derive(Serialize, ToSchema)]
pub struct NewToken {
    pub access_token: String,
    /// `Bearer`
    pub token_type: &'static str,
    pub scope: String,
    /// Seconds since 1970.
    pub created_at: i64,
    pub id: TokenId,
    pub client: String,
    /// Name of the account it acts as.
    pub user: String,
}

impl NewToken {
    pub fn new(created: tokens::Created, user: &str) -> Self {
        Self {
            access_token: created.secret,
            token_type: "Bearer",
            scope: created.token.scopes.to_string(),
            created_at: created.token.created_at.seconds(),
            id: created.token.id,
            client: created.token.client,
            user: user.to_owned(),
        }
    }
}

/// A token that is worth nothing any more.
#[derive(Serialize, ToSchema)]
pub struct Revoked {
    pub id: TokenId,
    pub user: String,
    /// Always true.
    pub revoked: bool,
}
