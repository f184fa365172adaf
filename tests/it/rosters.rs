//! Houses that count a group's members differently come to count alike (FEP-8fcf), as after a restored
//! backup or an answer that was lost. Real servers on both databases.

use crate::support::bridge::{is_in, is_out};
use crate::support::requirements::backends;
use crate::support::world::{World, eventually, text};

/// Waits until birch says of somebody whether they are in the group.
async fn follows(world: &World, who: &str, group: &str, expected: bool) {
    let member = world.member(who).await;
    let path = format!("/api/v1/accounts/relationships?id[]={group}");
    eventually(&format!("{who} follows: {expected}"), async || {
        let relation = member.get(&path).await;
        (relation.body[0]["following"] == expected).then_some(())
    })
    .await;
}

/// The row of somebody in a house's list of members.
fn membership_of(name: &str) -> String {
    format!("actor_id = (SELECT id FROM actors WHERE uri LIKE '%/u/{name}')")
}

#[tokio::test]
async fn houses_that_count_a_groups_members_differently_come_to_agree() {
    let every_time = [("GUILDHALL_LIMITS__ROSTER_SECONDS", "0")];
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch"], &every_time).await else {
            continue;
        };
        let (here, there) = world.bridge().await;
        for who in ["cy@birch", "dee@birch", "eve@birch"] {
            world.join(who, "engineering", "acme").await;
        }
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        // Acme lost that cy came, birch that bo came and that dee was let in.
        acme.execute(&format!(
            "DELETE FROM memberships WHERE {}",
            membership_of("cy")
        ));
        birch.execute(&format!(
            "DELETE FROM memberships WHERE {}",
            membership_of("bo")
        ));
        birch.execute(&format!(
            "UPDATE memberships SET state = 'requested' WHERE {}",
            membership_of("dee")
        ));

        let ada = world.member("ada@acme").await;
        let topic = ada.topic(&here, "Who is here?", "Hands up.").await;

        follows(&world, "cy@birch", &there, false).await;
        follows(&world, "dee@birch", &there, true).await;
        let host = birch.host();
        is_out(&world, &format!("bo@{host}")).await;
        for who in ["dee", "eve"] {
            let member = world.member(&format!("{who}@birch")).await;
            is_in(&world, &format!("{who}@{host}"), "member").await;
            member.see_topic(text(&topic["uri"])).await;
        }
    }
}
