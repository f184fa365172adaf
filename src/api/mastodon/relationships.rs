//! Following: of a group it is being its member; of a person, to read what they write on their profile.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;

use crate::api::mastodon::Answer;
use crate::api::mastodon::accounts::account_id;
use crate::api::mastodon::client::Client;
use crate::api::mastodon::entities::Account;
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::app::App;
use crate::domain::{Acquaintance, ActorId, FollowState, GroupId, MembershipState};
use crate::error::Error;
use crate::policy::Viewer;
use crate::services::directory::{self, Entry};
use crate::services::follows::{self, Side, Standing};
use crate::services::memberships;

/// Accounts that can be asked about at once.
const ACCOUNTS_MAX: usize = 100;

/// How the viewer stands to an account.
#[derive(Serialize)]
struct Relationship {
    id: ActorId,
    following: bool,
    requested: bool,
    showing_reblogs: bool,
    notifying: bool,
    languages: (),
    followed_by: bool,
    requested_by: bool,
    blocking: bool,
    blocked_by: bool,
    muting: bool,
    muting_notifications: bool,
    domain_blocking: bool,
    endorsed: bool,
    note: &'static str,
}

impl Relationship {
    fn render(id: ActorId, standing: Standing) -> Self {
        let accepted = Some(FollowState::Accepted);
        let requested = Some(FollowState::Requested);
        let following = standing.follows == accepted;
        Self {
            id,
            following,
            requested: standing.follows == requested,
            showing_reblogs: following,
            notifying: false,
            languages: (),
            followed_by: standing.followed_by == accepted,
            requested_by: standing.followed_by == requested,
            blocking: false,
            blocked_by: false,
            muting: false,
            muting_notifications: false,
            domain_blocking: false,
            endorsed: false,
            note: "",
        }
    }
}

/// A group that one is in, or asked to come into, is followed.
fn as_follow(state: Option<MembershipState>) -> Standing {
    let follows = match state {
        Some(MembershipState::Member) => Some(FollowState::Accepted),
        Some(MembershipState::Requested) => Some(FollowState::Requested),
        Some(MembershipState::Invited | MembershipState::Banned) | None => None,
    };
    Standing {
        follows,
        followed_by: None,
    }
}

/// Of accounts that the viewer may not know of, nothing is said.
pub async fn list(app: Data<App>, client: Client, params: Params) -> Answer {
    let viewer = client.may("read:follows")?;
    let mut list = Vec::new();
    for text in params.all("id").take(ACCOUNTS_MAX) {
        let Ok(id) = account_id(text) else { continue };
        match directory::find(&app, viewer.clone(), id).await {
            Ok(entry) => {
                let standing = standing(&app, &viewer, &entry).await?;
                list.push(Relationship::render(id, standing));
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(HttpResponse::Ok().json(list))
}

async fn standing(app: &App, viewer: &Viewer, entry: &Entry) -> Result<Standing, Failure> {
    Ok(match entry {
        Entry::Person(person) => follows::standing(app, viewer, person.id).await?,
        Entry::Group { view, .. } => as_follow(view.membership.as_ref().map(|known| known.state)),
    })
}

pub async fn follow(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:follows")?;
    let id = account_id(&id)?;
    match directory::find(&app, viewer.clone(), id).await? {
        Entry::Group { view, .. } => {
            let state = memberships::join(&app, viewer, view.group.id).await?;
            Ok(HttpResponse::Ok().json(Relationship::render(id, as_follow(Some(state)))))
        }
        Entry::Person(person) => {
            follows::follow(&app, viewer.clone(), person.id).await?;
            answer(&app, &viewer, id).await
        }
    }
}

/// Leaving whom one does not follow changes nothing, like everywhere in this API.
pub async fn unfollow(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:follows")?;
    let id = account_id(&id)?;
    match directory::find(&app, viewer.clone(), id).await? {
        Entry::Group { view, .. } => {
            let state = view.membership.as_ref().map(|known| known.state);
            leave(&app, viewer, view.group.id, state).await?;
            Ok(HttpResponse::Ok().json(Relationship::render(id, Standing::default())))
        }
        Entry::Person(person) => {
            follows::unfollow(&app, viewer.clone(), person.id).await?;
            answer(&app, &viewer, id).await
        }
    }
}

async fn leave(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    state: Option<MembershipState>,
) -> Result<(), Failure> {
    match state {
        None | Some(MembershipState::Banned) => Ok(()),
        Some(MembershipState::Member | MembershipState::Requested | MembershipState::Invited) => {
            Ok(memberships::leave(app, viewer, group).await?)
        }
    }
}

async fn answer(app: &App, viewer: &Viewer, id: ActorId) -> Answer {
    let standing = follows::standing(app, viewer, id).await?;
    Ok(HttpResponse::Ok().json(Relationship::render(id, standing)))
}

// Lists -------------------------------------------------------------------------------------------

/// One's own followers; of others nobody is shown them, as where an account hides them.
pub async fn followers(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    acquaintances(&app, &client, &id, Side::Followers).await
}

/// Whom one follows oneself; of others nobody is shown it.
pub async fn following(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    acquaintances(&app, &client, &id, Side::Followed).await
}

async fn acquaintances(app: &App, client: &Client, id: &str, side: Side) -> Answer {
    let viewer = client.may("read:accounts")?;
    let id = account_id(id)?;
    directory::find(app, viewer.clone(), id).await?;
    let list = match viewer.actor() == Some(id) {
        true => follows::list_own(app, viewer, side, FollowState::Accepted).await?,
        false => Vec::new(),
    };
    Ok(accounts(app, &list))
}

fn accounts(app: &App, list: &[Acquaintance]) -> HttpResponse {
    let accounts = list.iter().map(|one| Account::render(app, &one.actor));
    HttpResponse::Ok().json(accounts.collect::<Vec<_>>())
}

// Requests ----------------------------------------------------------------------------------------

/// Who asks to follow the viewer.
pub async fn requests(app: Data<App>, client: Client) -> Answer {
    let viewer = client.may("read:follows")?;
    let requested = FollowState::Requested;
    let list = follows::list_own(&app, viewer, Side::Followers, requested).await?;
    Ok(accounts(&app, &list))
}

pub async fn authorize(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    decide(&app, &client, &id, follows::Answer::Accept).await
}

pub async fn reject(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    decide(&app, &client, &id, follows::Answer::Reject).await
}

async fn decide(app: &App, client: &Client, id: &str, decision: follows::Answer) -> Answer {
    let viewer = client.may("write:follows")?;
    let id = account_id(id)?;
    follows::answer(app, viewer.clone(), id, decision).await?;
    answer(app, &viewer, id).await
}
