//! Signing in, one's own account, and colleagues.

use askama::Template;

use super::{Author, Badge, Choice, GroupLink, NotTaken, Page, Pager, TopicSummary, When};
use crate::domain::markup::SafeHtml;

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
/// `/settings/mirror`; `approval` to `/settings/approval`; `follower` and `answer` (`accept`, `reject`)
/// to `/settings/followers`; `accounts` to `/settings/known-as`; `target` to `/settings/move`; nothing to
/// `/settings/stay`.
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
    /// Who outside may follow; where the house lets anybody.
    pub approvals: Vec<Choice>,
    pub requests: Vec<FollowerRow>,
    pub followers: Vec<FollowerRow>,
    /// One's own, to be named at another server.
    pub address: String,
    /// Accounts elsewhere, one a line.
    pub known_as: String,
    /// Where one said to be now.
    pub moved_to: Option<String>,
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

/// `GET /u/NAME` or `/u/NAME@HOST`. Posts to `…/follow` and `…/unfollow`; `body` and `audience` to `…/posts`.
#[derive(Template)]
#[template(path = "person.html")]
pub struct PersonPage {
    pub page: Page,
    pub name: String,
    pub handle: String,
    pub badge: Option<Badge>,
    pub guest: bool,
    /// `None` for people elsewhere.
    pub since: Option<When>,
    pub summary: Option<SafeHtml>,
    /// Where they said to be now.
    pub moved_to: Option<String>,
    /// Where they are at home, if elsewhere.
    pub origin: Option<String>,
    pub url: String,
    pub is_viewer: bool,
    /// `none`, `requested` or `accepted`.
    pub following: &'static str,
    pub follows_viewer: bool,
    pub can_follow: bool,
    /// Why the viewer may not follow them.
    pub withheld: Option<String>,
    pub composer: Option<ProfileComposer>,
    pub topics: Vec<TopicSummary>,
    pub pager: Pager,
}

/// A place to write on one's own profile. On a problem, `body` is what was typed.
pub struct ProfileComposer {
    pub body: String,
    /// Those that the house allows.
    pub audiences: Vec<Choice>,
    pub labels: Vec<Choice>,
}

/// `GET /settings/posts`; posts `post` (an id) there, to delete it.
#[derive(Template)]
#[template(path = "own_posts.html")]
pub struct OwnPostsPage {
    pub page: Page,
    pub posts: Vec<OwnPost>,
    pub pager: Pager,
}

/// Something one wrote oneself.
pub struct OwnPost {
    pub id: String,
    /// `topic` or `comment`.
    pub noun: &'static str,
    pub title: Option<String>,
    pub body: SafeHtml,
    pub when: When,
    /// Without an address where one no longer gets in.
    pub place: GroupLink,
    /// Where it can be read.
    pub url: Option<String>,
    pub removed: bool,
    pub held: bool,
    pub refusals: Vec<NotTaken>,
}

/// Somebody who follows, or asks to.
pub struct FollowerRow {
    pub id: String,
    pub author: Author,
    pub since: When,
}
