//! Signing in, one's own account, and colleagues.

use askama::Template;

use super::{Page, When};

/// `GET /sign-in`; posts `username`, `password`, `next` to `/sign-in`.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub page: Page,
    pub username: String,
    /// Where to go afterwards; the handler accepts only paths of this house.
    pub next: String,
}

/// `GET /settings`. Posts `current`, `password`, `again` to `/settings/password`; `session` (an id,
/// or `others`) to `/settings/sessions`; `token` to `/settings/tokens`; `mirror` (`on`, `off`) to
/// `/settings/mirror`.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    pub page: Page,
    pub handle: String,
    /// What one signs in with, for password managers.
    pub name: String,
    pub email: String,
    pub role: String,
    /// Groups may copy what one writes, for servers that know no groups.
    pub mirrored: bool,
    pub sessions: Vec<SessionRow>,
    pub tokens: Vec<TokenRow>,
}

/// A browser that is signed in. `id` names the session; it is never the secret in the cookie.
pub struct SessionRow {
    pub id: String,
    pub device: String,
    pub since: When,
    pub last_used: When,
    pub current: bool,
}

/// A client that holds a token. `id` names it; the token itself is never shown again.
pub struct TokenRow {
    pub id: String,
    pub client: String,
    pub scopes: String,
    pub since: When,
}

/// `GET /u/NAME`: a colleague.
#[derive(Template)]
#[template(path = "person.html")]
pub struct PersonPage {
    pub page: Page,
    pub name: String,
    pub handle: String,
    pub guest: bool,
    pub since: When,
    pub is_viewer: bool,
}
