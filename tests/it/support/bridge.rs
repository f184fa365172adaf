//! Where most stories of two organizations begin: acme and birch share acme's group *engineering*.

use serde_json::Value;

use super::requirements::Backend;
use super::world::{Member, World, eventually};

/// Acme and birch, the group's id at each, and who is in it: ada of acme and bo of birch. None where
/// the database is not to be had.
pub async fn bridge(backend: Backend) -> Option<(World, [String; 2], [Member; 2])> {
    let world = World::start(backend, ["acme", "birch"]).await?;
    let (here, there) = world.bridge().await;
    let (ada, bo) = (
        world.member("ada@acme").await,
        world.member("bo@birch").await,
    );
    Some((world, [here, there], [ada, bo]))
}

/// Waits until somebody stands so in acme's *engineering*.
pub async fn is_in(world: &World, handle: &str, state: &str) {
    eventually(&format!("{handle} is {state}"), async || {
        let found = listed(world, handle).await?;
        (found["state"] == state).then_some(())
    })
    .await;
}

/// Waits until acme's *engineering* no longer lists somebody.
pub async fn is_out(world: &World, handle: &str) {
    eventually(&format!("{handle} is out"), async || {
        let found = listed(world, handle).await;
        found.is_none().then_some(())
    })
    .await;
}

/// How acme's *engineering* lists somebody at the moment.
pub async fn listed(world: &World, handle: &str) -> Option<Value> {
    let acme = &world.house("acme").instance;
    let members = acme.run_json(&["member", "list", "engineering"]).await;
    let rows = members.as_array().expect("a list");
    rows.iter().find(|row| row["who"] == handle).cloned()
}
