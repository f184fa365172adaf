//! People who go to another server, and come from one: who follows goes along where both accounts say so.

use serde_json::{Value, json};

use crate::support::requirements::backends;
use crate::support::world::{World, eventually, text};

const PUBLIC: &[(&str, &str)] = &[("GUILDHALL_PROFILES__AUDIENCE", "public")];

#[tokio::test]
async fn who_moves_away_takes_their_followers_along_and_leaves_what_they_wrote() {
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch"], PUBLIC).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let (ada, cy) = (
            world.member("ada@acme").await,
            world.member("cy@acme").await,
        );
        let (bo, ann) = (
            world.member("bo@birch").await,
            world.member("ann@birch").await,
        );
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        // Bo of birch and her colleague cy follow ada.
        let at_birch = bo.find(&format!("ada@{}", ada.host)).await;
        bo.follow(&at_birch).await;
        ada.answers(&format!("bo@{}", bo.host), "authorize").await;
        eventually("bo follows ada", async || {
            (bo.relation(&at_birch).await["following"] == true).then_some(())
        })
        .await;
        let here = cy.find("ada").await;
        cy.follow(&here).await;
        let post = ada.writes("The bridge is open.", "public").await;
        let kept = bo.see_topic(text(&post["uri"])).await;

        // The new account does not say that it is she: nobody is told anything.
        let (old, new) = (
            format!("{}/u/ada", acme.origin()),
            format!("{}/u/ann", birch.origin()),
        );
        let to = ["user", "move-away", "ada", "--to", &new];
        let refused = acme.run(&to).await;
        assert!(refused.code != Some(0));
        assert!(
            refused.stderr.contains("also known as"),
            "{}",
            refused.stderr
        );

        let known = birch.run_json(&["user", "known-as", "ann", &old]).await;
        assert_eq!(known["also_known_as"], json!([old]));
        let moved = acme.run_json(&to).await;
        assert_eq!(moved["moved_to"], new.as_str());

        // Bo follows the new account, which is a colleague's; cy asks to.
        let anns = bo.find("ann").await;
        eventually("bo follows ann, and ada no more", async || {
            let (ann, ada) = (bo.relation(&anns).await, bo.relation(&at_birch).await);
            (ann["following"] == true && ada["following"] == false).then_some(())
        })
        .await;
        ann.answers(&format!("cy@{}", cy.host), "authorize").await;
        assert_eq!(cy.relation(&here).await["following"], false);

        // What she wrote stays where it was, and so does her account.
        let there = bo.status_of(text(&kept["id"])).await;
        assert_eq!(there.status, 200, "{there:?}");
        ada.writes("I am still here.", "profile").await;
        let back = acme
            .run_json(&["user", "move-away", "ada", "--cancel"])
            .await;
        assert_eq!(back["moved_to"], Value::Null);
    }
}
