//! Following a group is being its member. People cannot be followed yet.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;

use crate::api::mastodon::Answer;
use crate::api::mastodon::accounts::account_id;
use crate::api::mastodon::client::Client;
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::app::App;
use crate::domain::{ActorId, Group, MembershipState};
use crate::error::Error;
use crate::policy::Viewer;
use crate::services::directory::{self, Entry};
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
    fn render(id: ActorId, state: Option<MembershipState>) -> Self {
        let following = state == Some(MembershipState::Member);
        Self {
            id,
            following,
            requested: state == Some(MembershipState::Requested),
            showing_reblogs: following,
            notifying: false,
            languages: (),
            followed_by: false,
            requested_by: false,
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

/// Of accounts that the viewer may not know of, nothing is said.
pub async fn list(app: Data<App>, client: Client, params: Params) -> Answer {
    let viewer = client.may("read:follows")?;
    let mut list = Vec::new();
    for text in params.all("id").take(ACCOUNTS_MAX) {
        let Ok(id) = account_id(text) else { continue };
        match directory::find(&app, viewer.clone(), id).await {
            Ok(entry) => list.push(Relationship::render(id, standing(&entry))),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(HttpResponse::Ok().json(list))
}

fn standing(entry: &Entry) -> Option<MembershipState> {
    match entry {
        Entry::Person(_) => None,
        Entry::Group { view, .. } => view.membership.as_ref().map(|known| known.state),
    }
}

pub async fn follow(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:follows")?;
    let (group, _) = find_group(&app, &viewer, &id).await?;
    let state = memberships::join(&app, viewer, group.id).await?;
    Ok(HttpResponse::Ok().json(Relationship::render(group.actor.id, Some(state))))
}

/// Leaving a group one is not in changes nothing, like everywhere in this API.
pub async fn unfollow(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:follows")?;
    let (group, standing) = find_group(&app, &viewer, &id).await?;
    match standing {
        None | Some(MembershipState::Banned) => {}
        Some(MembershipState::Member | MembershipState::Requested | MembershipState::Invited) => {
            memberships::leave(&app, viewer, group.id).await?
        }
    }
    Ok(HttpResponse::Ok().json(Relationship::render(group.actor.id, None)))
}

async fn find_group(
    app: &App,
    viewer: &Viewer,
    id: &str,
) -> Result<(Group, Option<MembershipState>), Failure> {
    let entry = directory::find(app, viewer.clone(), account_id(id)?).await?;
    let standing = standing(&entry);
    match entry {
        Entry::Group { view, .. } => Ok((view.group, standing)),
        Entry::Person(_) => Err(Failure::unprocessable(
            "people cannot be followed yet: follow the groups they write in",
        )),
    }
}
