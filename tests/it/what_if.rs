//! What a change of a boundary makes different is said before anybody makes it, is what happens then, and is
//! asked again when it changed meanwhile. On both databases.

use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::requirements::backends;
use crate::support::world::{World, eventually, text};

fn of<'a>(outlook: &'a Value, who: &str) -> &'a Value {
    let mut people = outlook["people"].as_array().unwrap().iter();
    let found = people.find(|one| text(&one["who"]).contains(who));
    found.unwrap_or_else(|| panic!("{who} is not in {outlook}"))
}

#[tokio::test]
async fn a_stage_lists_what_becomes_visible_and_is_confirmed_by_who_saw_it() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let ada = world.engineering("acme", "open", "internal").await;
        let group = ada.find("engineering").await;
        ada.topic(&group, "One", "Inside").await;
        let two = ada.topic(&group, "Two", "Inside").await;
        world
            .grant(
                "acme",
                "engineering",
                "birch",
                "read,reply",
                &["--history", "all"],
            )
            .await;
        let acme = &world.house("acme").instance;
        let birch = world.house("birch").instance.host();
        let stage = ["group", "stage", "engineering", "partners"];
        let look = async || acme.run_json(&[&stage[..], &["--dry-run"]].concat()).await;
        let outlook = look().await;
        assert_eq!(outlook["topics"], 2, "{outlook}");
        // The command line reads no posts, and is shown none.
        assert_eq!(outlook["shown"][0]["title"], Value::Null);
        assert_eq!(outlook["shown"][0]["uri"], two["uri"]);
        assert_eq!(outlook["names"], 1);
        let somebody = of(&outlook, &format!("somebody of {birch}"));
        assert_eq!(
            (&somebody["topics_before"], &somebody["topics_after"]),
            (&json!(0), &json!(2))
        );
        let gains = somebody["gains"].as_array().unwrap();
        assert!(
            gains.contains(&json!("reply")) && !gains.contains(&json!("start")),
            "{outlook}"
        );
        let web = of(&outlook, "anybody on the web");
        assert_eq!(
            (&web["gains"], &web["topics_after"]),
            (&json!([]), &json!(0))
        );
        // Looking changes nothing, and leaves nobody behind.
        assert_eq!(
            acme.run_json(&["group", "show", "engineering"]).await["stage"],
            "internal"
        );
        let members = acme.run_json(&["member", "list", "engineering"]).await;
        assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
        assert_eq!(look().await["digest"], outlook["digest"]);

        // Somebody wrote meanwhile: that is asked again.
        ada.topic(&group, "Three", "Meanwhile").await;
        let seen = ["--seen", text(&outlook["digest"])];
        let refused = acme.run([&stage[..], &seen].concat()).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("look at it again"), "{refused:?}");
        let outlook = look().await;
        assert_eq!(outlook["topics"], 3);
        let seen = ["--seen", text(&outlook["digest"])];
        acme.run_json(&[&stage[..], &seen].concat()).await;

        // What was foreseen is what is seen.
        let bo = world.member("bo@birch").await;
        let there = world.join("bo@birch", "engineering", "acme").await;
        eventually("three topics at birch", async || {
            let path = format!("/api/v1/accounts/{there}/statuses");
            let seen = bo.get(&path).await;
            (seen.body.as_array()?.len() == 3).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_grant_says_person_by_person_what_it_would_change() {
    for backend in backends() {
        let Some((world, [here, _], [ada, _])) = bridge(backend).await else {
            continue;
        };
        ada.topic(&here, "One", "For both").await;
        let acme = &world.house("acme").instance;
        let birch = world.house("birch").instance.host();
        let grant = ["grant", "add", "engineering", &birch];
        let look = ["--can", "read", "--history", "now", "--dry-run"];
        let outlook = acme.run_json(&[&grant[..], &look].concat()).await;
        let bo = of(&outlook, "bo@");
        assert_eq!(bo["gains"], json!([]));
        for lost in ["react", "reply", "start"] {
            let loses = bo["loses"].as_array().unwrap();
            assert!(loses.contains(&json!(lost)), "{outlook}");
        }
        // From now on means that what was there is hidden.
        assert_eq!(
            (&bo["topics_before"], &bo["topics_after"]),
            (&json!(1), &json!(0))
        );
        let look = ["--can", "read,attach", "--history", "all", "--dry-run"];
        let outlook = acme.run_json(&[&grant[..], &look].concat()).await;
        assert_eq!(of(&outlook, "bo@")["gains"], json!(["attach"]));
        let standing = acme.run_json(&["grant", "list", "engineering"]).await;
        assert_eq!(
            standing[0]["can"],
            json!(["read", "react", "reply", "start"])
        );
    }
}
