//! The emergency stop, between two running organizations and towards the web, on both databases: what is
//! stopped is gone outside at once, and what was said meanwhile arrives when it is released.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::bridge::bridge;
use crate::support::requirements::backends;
use crate::support::world::{World, client, eventually, text};

/// What a browser that is not signed in gets.
async fn page(world: &World, path: &str) -> StatusCode {
    let house = &world.house("acme").instance;
    let asked = client()
        .get(format!("http://{}{path}", house.address()))
        .header("host", house.host())
        .header("accept", "text/html");
    asked.send().await.expect("an answer").status()
}

#[tokio::test]
async fn what_is_said_during_a_stop_arrives_when_it_is_released() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let birch = world.house("birch").instance.host();
        let stops: [Vec<&str>; 3] = [
            vec!["stop", "--group", "engineering"],
            vec!["stop", "--partner", &birch],
            vec!["stop", "--all"],
        ];
        for (number, stop) in stops.iter().enumerate() {
            let stopped = [&stop[..], &["--reason", "A laptop was stolen"]].concat();
            let stopped = acme.run_json(&stopped).await;
            assert_eq!(stopped["reason"], "A laptop was stolen");
            let again = acme.run(stop).await;
            assert_eq!(again.code, Some(1), "{again:?}");
            assert_eq!(acme.run_json(&["stop"]).await.as_array().unwrap().len(), 1);

            let ours = ada.topic(&here, &format!("Ours {number}"), "Inside").await;
            let theirs = bo
                .topic(&there, &format!("Theirs {number}"), "Outside")
                .await;
            eventually("one thing waits for birch", async || {
                let queue = acme.run_json(&["queue", "list"]).await;
                let mut rows = queue.as_array()?.iter();
                rows.any(|row| row["host"] == birch.as_str() && row["pending"] == 1)
                    .then_some(())
            })
            .await;
            eventually("birch is told to come again", async || {
                let queue = world
                    .house("birch")
                    .instance
                    .run_json(&["queue", "list"])
                    .await;
                let mut rows = queue.as_array()?.iter();
                rows.any(|row| row["pending"] == 1 && text(&row["error"]).contains("503"))
                    .then_some(())
            })
            .await;
            let is_here = async |uri: &str, member: &crate::support::world::Member| {
                let home = member.home().await;
                home.iter().any(|status| status["uri"] == uri)
            };
            assert!(!is_here(text(&ours["uri"]), &bo).await);
            assert!(!is_here(text(&theirs["uri"]), &ada).await);

            let release = [&stop[..], &["--release"]].concat();
            let released = acme.run_json(&release).await;
            assert_eq!(released["deliveries"], 1, "{released}");
            // Birch rests by now, and longer each time: its administrator does not wait for that.
            let ask = ["queue", "retry", &world.house("acme").instance.host()];
            world.house("birch").instance.run_json(&ask).await;
            bo.see_topic(text(&ours["uri"])).await;
            ada.see_topic(text(&theirs["uri"])).await;
        }
        let audit = acme.run_json(&["audit", "list"]).await;
        let lines = audit.as_array().unwrap();
        for action in ["exchange_stopped", "stop_released"] {
            let count = lines.iter().filter(|line| line["action"] == action).count();
            assert_eq!(count, 3, "{action}");
        }
    }
}

#[tokio::test]
async fn a_stopped_group_is_not_there_for_the_web_and_colleagues_go_on() {
    for backend in backends() {
        let Some(world) = World::open(backend, "acme").await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "public").await;
        let group = ada.find("engineering").await;
        let topic = ada.topic(&group, "For everybody", "Hello").await;
        let path = format!("/p/{}", text(&topic["id"]));
        let acme = &world.house("acme").instance;
        for stop in [&["stop", "--group", "engineering"][..], &["stop", "--all"]] {
            assert_eq!(page(&world, "/g/engineering").await, 200);
            assert_eq!(page(&world, &path).await, 200);
            acme.run_json(stop).await;
            // Answered like what never was: visitors are asked to sign in.
            let (stopped, absent) = (page(&world, &path).await, page(&world, "/p/7").await);
            assert_eq!(stopped, absent);
            assert_ne!(stopped, 200);
            let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
            assert_eq!(ada.get(&path).await.status, 200);
            let more = ada.post(
                "/api/v1/statuses",
                json!({ "group_id": group, "title": "Meanwhile", "status": "Inside" }),
            );
            assert_eq!(more.await.status, 200);
            acme.run_json(&[stop, &["--release"]].concat()).await;
        }
        assert_eq!(page(&world, &path).await, 200);
    }
}
