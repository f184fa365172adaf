//! Who may stop what, and what somebody who may not learns of it.

use guildhall::app::App;
use guildhall::domain::{Access, Group, Name, OrgRole};
use guildhall::error::Error;
use guildhall::policy::Viewer;
use guildhall::services::accounts::viewer_of;
use guildhall::services::groups::{self, NewGroup};
use guildhall::services::stops::{self, Which};

use crate::support::house::houses;

async fn secret(app: &App, owner: &Viewer) -> Group {
    let name: Name = "secret".parse().expect("a name");
    let new = NewGroup {
        title: "Secret".parse().expect("a title"),
        name,
        description: String::new(),
        access: Access::Secret,
        owner: None,
    };
    let made = groups::create(app, owner.clone(), new).await;
    made.expect("a group")
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_hidden_group_is_stopped_is_hidden_too() {
    for house in houses().await {
        let app = &house.app;
        let owner = house.member("olga", OrgRole::Member).await;
        let outsider = house.member("otto", OrgRole::Member).await;
        let (owner, outsider) = (viewer_of(&owner), viewer_of(&outsider));
        secret(app, &owner).await;
        let which = |name: &str| Which::Group(name.parse().expect("a handle"));
        let tried = async |name: &str| {
            let stop = stops::stop(app, outsider.clone(), which(name), "why").await;
            let release = stops::release(app, outsider.clone(), which(name)).await;
            (stop.unwrap_err(), release.unwrap_err())
        };

        let (never, _) = tried("absent").await;
        assert!(matches!(never, Error::NotFound), "{never}");
        let (before, _) = tried("secret").await;
        assert!(matches!(before, Error::NotFound), "{before}");
        let stopped = stops::stop(app, owner.clone(), which("secret"), "why").await;
        stopped.expect("owners stop their groups");
        let (after, release) = tried("secret").await;
        assert!(matches!(after, Error::NotFound), "{after}");
        let (_, never) = tried("absent").await;
        assert_eq!(release.to_string(), never.to_string());

        let again = stops::stop(app, owner, which("secret"), "why").await;
        assert!(matches!(again, Err(Error::Conflict(_))));
    }
}
