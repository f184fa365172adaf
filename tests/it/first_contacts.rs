//! First contact: groups that look at what people elsewhere say whom they do not know, before anybody reads it.

use serde_json::{Value, json};

use crate::support::bridge::{bridge, is_in, listed};
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{Member, eventually, text};

async fn look_first(acme: &Instance, choice: &str) {
    let set = ["group", "set", "engineering", "--first-contact", choice];
    assert_eq!(acme.run_json(&set).await["first_contact"], choice);
}

/// What waits in *engineering*.
async fn waiting(acme: &Instance) -> Vec<Value> {
    let list = acme.run_json(&["held", "list", "engineering"]).await;
    list.as_array().expect("a list").clone()
}

async fn one_waiting(acme: &Instance) -> Value {
    eventually("something waits", async || waiting(acme).await.pop()).await
}

async fn knows(member: &Member, uri: &str) -> bool {
    member.home().await.iter().any(|one| one["uri"] == uri)
}

#[tokio::test]
async fn somebody_new_waits_for_a_moderator_with_what_they_say_first() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        // Dan reads at dale; what is told to members' servers is heard there.
        let dale = Stranger::partner(&world, "dale", "read").await;
        dale.member(&world, "dan").await;
        look_first(acme, "person").await;
        let cedar = Stranger::partner(&world, "cedar", "read,reply,start").await;

        // The grant lets people in at once; the group does not.
        let pam = cedar.peer.person("pam");
        cedar
            .says(&pam, &pam.activity("Follow", json!(cedar.group)))
            .await;
        is_in(&world, &pam.handle(), "requested").await;
        acme.run_json(&["member", "add", "engineering", &pam.handle()])
            .await;
        is_in(&world, &pam.handle(), "member").await;
        // Who was there before is known.
        let reply = ada.topic(&here, "Bridge opens", "").await;
        let at_birch = bo.see_topic(text(&reply["uri"])).await;
        let known = bo.reply(text(&at_birch["id"]), "At last.").await.body;
        ada.see_comment(text(&reply["id"]), text(&known["uri"]))
            .await;

        // Her first words are her own and the moderators' until one lets them in.
        let page = pam.page(&cedar.group, "Greetings", "Hello from cedar");
        cedar.says(&pam, &pam.create(&page)).await;
        let row = one_waiting(acme).await;
        assert_eq!(row["uri"], page["id"]);
        assert_eq!(row["author"], pam.handle());
        let cleo = world.member("cleo@acme").await;
        acme.run_json(&["member", "add", "engineering", "cleo"])
            .await;
        let note = pam.note(&cedar.group, text(&reply["uri"]), "And this.");
        cedar.says(&pam, &pam.create(&note)).await;
        eventually("both wait", async || {
            (waiting(acme).await.len() == 2).then_some(())
        })
        .await;
        for member in [&cleo, &bo] {
            assert!(!knows(member, text(&page["id"])).await, "{}", member.name);
        }
        let counted = cleo
            .get(&format!("/api/v1/statuses/{}", text(&reply["id"])))
            .await;
        assert_eq!(counted.body["replies_count"], 1, "{counted:?}");

        let heard = json!(dale.peer.heard()).to_string();
        assert!(!heard.contains("Hello from cedar"), "{heard}");

        // Let in, it is told to everybody as if it had just arrived. What else waits goes on waiting.
        acme.run_json(&["held", "release", text(&row["post"])])
            .await;
        cleo.see_topic(text(&page["id"])).await;
        let greets = |it: &Value| it.to_string().contains("Hello from cedar");
        dale.hears("the greeting", greets).await;
        let row = one_waiting(acme).await;
        assert_eq!(row["uri"], note["id"]);
        acme.run_json(&["held", "release", text(&row["post"])])
            .await;
        cleo.see_comment(text(&reply["id"]), text(&note["id"]))
            .await;
        let counted = cleo
            .get(&format!("/api/v1/statuses/{}", text(&reply["id"])))
            .await;
        assert_eq!(counted.body["replies_count"], 2, "{counted:?}");

        // She is known from now on.
        let second = pam.page(&cedar.group, "Ribbon", "Blue or red?");
        cedar.says(&pam, &pam.create(&second)).await;
        let asks = |it: &Value| it.to_string().contains("Blue or red?");
        dale.hears("the question", asks).await;
        assert!(waiting(acme).await.is_empty());
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        for line in ["first_contact_chosen", "post_released"] {
            assert!(audit.contains(line), "{line}: {audit}");
        }
    }
}

#[tokio::test]
async fn what_is_not_let_in_is_marked_at_its_authors_and_shown_to_nobody() {
    for backend in backends() {
        let Some((world, [here, there], [ada, _])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        look_first(acme, "person").await;
        let ben = world.member("ben@birch").await;
        world.join("ben@birch", "engineering", "acme").await;
        let topic = ben.topic(&there, "Buy ribbons", "Cheap!").await;
        let row = one_waiting(acme).await;
        assert_eq!(row["uri"], topic["uri"]);
        let refuse = [
            "held",
            "refuse",
            text(&row["post"]),
            "--reason",
            "An advertisement.",
        ];
        acme.run_json(&refuse).await;
        assert!(waiting(acme).await.is_empty());
        eventually("birch marks it as not taken", async || {
            let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
            let status = ben.get(&path).await.body.to_string();
            status
                .contains("A moderator of the group did not let it in")
                .then_some(())
        })
        .await;
        let free = ada.topic(&here, "Bridge opens", "").await;
        ben.see_topic(text(&free["uri"])).await;
        assert!(!knows(&ada, text(&topic["uri"])).await);
        // He is as new as before.
        ben.topic(&there, "Really cheap ribbons", "").await;
        one_waiting(acme).await;
    }
}

#[tokio::test]
async fn by_host_one_person_stands_for_all_of_their_server() {
    for backend in backends() {
        let Some((world, _, _)) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        look_first(acme, "host").await;
        let cedar = Stranger::partner(&world, "cedar", "read,reply,start").await;
        let [pam, pete] = ["pam", "pete"].map(|name| cedar.peer.person(name));
        cedar
            .says(&pam, &pam.activity("Follow", json!(cedar.group)))
            .await;
        is_in(&world, &pam.handle(), "requested").await;
        acme.run_json(&["member", "add", "engineering", &pam.handle()])
            .await;
        cedar
            .says(&pete, &pete.activity("Follow", json!(cedar.group)))
            .await;
        is_in(&world, &pete.handle(), "member").await;
        assert_eq!(
            listed(&world, &pam.handle()).await.expect("pam")["state"],
            "member"
        );
        let page = pam.page(&cedar.group, "Greetings", "Hello");
        cedar.says(&pam, &pam.create(&page)).await;
        let row = one_waiting(acme).await;
        acme.run_json(&["held", "release", text(&row["post"])])
            .await;
        let page = pete.page(&cedar.group, "More greetings", "Hello");
        cedar.says(&pete, &pete.create(&page)).await;
        world
            .member("ada@acme")
            .await
            .see_topic(text(&page["id"]))
            .await;
        assert!(waiting(acme).await.is_empty());
    }
}
