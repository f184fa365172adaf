//! Reports: members ask moderators to look at a post, across servers by `Flag`, on both databases.

use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::dump::Dump;
use crate::support::forge::Letter;
use crate::support::peer::{Actor, Peer};
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{Member, eventually, text};

/// What a house's command line lists.
async fn listed(house: &Instance) -> Vec<Value> {
    let list = house.run_json(&["report", "list"]).await;
    list.as_array().expect("a list").clone()
}

async fn report(member: &Member, status: &Value, comment: &str) -> Value {
    let asked = json!({
        "account_id": status["account"]["id"],
        "status_ids": [status["id"]],
        "comment": comment,
        "forward": true,
    });
    let answer = member.post("/api/v1/reports", asked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn a_report_of_a_partners_comment_reaches_moderators_and_the_partner_but_names_nobody() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let reply = bo
            .reply(text(&at_birch["id"]), "Buy my ribbons!")
            .await
            .body;
        let reply = ada
            .see_comment(text(&topic["id"]), text(&reply["uri"]))
            .await;

        // Who cannot read it is answered as about what never was.
        let eva = world.member("eva@acme").await;
        let of = |id: &str| json!({ "account_id": reply["account"]["id"], "status_ids": [id] });
        let hidden = eva.post("/api/v1/reports", of(text(&reply["id"]))).await;
        let never = eva.post("/api/v1/reports", of("7")).await;
        assert_eq!((hidden.status, &hidden.body), (never.status, &never.body));
        assert_eq!(hidden.status, 404);
        assert!(listed(acme).await.is_empty());

        let made = report(&ada, &reply, "This is *spam*.").await;
        assert_eq!(made["action_taken"], false);
        assert_eq!(made["status_ids"], json!([reply["id"]]));
        assert_eq!(report(&ada, &reply, "Again.").await["id"], made["id"]);
        let [row]: [Value; 1] = listed(acme).await.try_into().expect("one report");
        assert_eq!(row["by"], "ada");
        assert_eq!(row["text"], "This is *spam*.");
        assert_eq!(row["state"], "open");

        // Birch learns what was said, from the house.
        let told = eventually("birch is told", async || listed(birch).await.pop()).await;
        assert_eq!(told["uri"], reply["uri"]);
        assert_eq!(told["text"], "This is *spam*.");
        assert_eq!(told["by"], format!("actor@{}", acme.host()));
        let flag = Dump::of(&birch.database_url());
        let flag: Vec<_> = flag
            .rows("arrivals")
            .iter()
            .filter(|row| row.contains("spam"))
            .collect();
        assert_eq!(flag.len(), 1);
        assert!(!flag[0].contains("/u/ada"), "{flag:?}");

        // It is dealt with.
        let id = text(&row["id"]);
        assert_eq!(
            acme.run_json(&["report", "resolve", id]).await["state"],
            "resolved"
        );
        assert_eq!(listed(acme).await[0]["state"], "resolved");
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        for line in ["post_reported", "report_resolved"] {
            assert!(audit.contains(line), "{audit}");
        }

        // Reported once more, it is open once more.
        assert_eq!(report(&ada, &reply, "It is back.").await["id"], made["id"]);
        let again = listed(acme).await;
        assert_eq!((again.len(), &again[0]["state"]), (1, &json!("open")));
        assert_eq!(again[0]["text"], "It is back.");

        // And from birch to the house of the group.
        report(&bo, &at_birch, "Which Monday?").await;
        let told = eventually("acme is told", async || {
            let mut rows = listed(acme).await.into_iter();
            rows.find(|row| row["text"] == "Which Monday?")
        })
        .await;
        assert_eq!(told["uri"], topic["uri"]);
        assert_eq!(told["by"], format!("actor@{}", birch.host()));
    }
}

#[tokio::test]
async fn flags_of_other_software_are_read_and_those_of_strangers_change_nothing() {
    for backend in backends() {
        let Some((world, [here, _], [ada, _])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let cedar = Stranger::partner(&world, "cedar", "read,reply").await;
        let (pam, _) = cedar.member(&world, "pam").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let other = ada.topic(&here, "Ribbons", "").await;
        let (uri, author) = (text(&topic["uri"]), text(&topic["account"]["url"]));

        // As Mastodon and NodeBB write it, from the server; as Lemmy does, from the person.
        let mut flag = cedar.peer.instance().activity("Flag", json!([author, uri]));
        flag["content"] = json!("Please <look>");
        cedar.says(cedar.peer.instance(), &flag).await;
        let mut flag = pam.activity("Flag", other["uri"].clone());
        (flag["summary"], flag["to"]) = (json!("insults"), json!([cedar.group]));
        cedar.says(&pam, &flag).await;
        let rows = eventually("both are listed", async || {
            let rows = listed(acme).await;
            (rows.len() == 2).then_some(rows)
        })
        .await;
        let said = |row: &Value| (text(&row["by"]).to_owned(), text(&row["text"]).to_owned());
        let said: Vec<_> = rows.iter().map(said).collect();
        assert!(
            said.contains(&(cedar.peer.instance().handle(), "Please <look>".into())),
            "{said:?}"
        );
        assert!(said.contains(&(pam.handle(), "insults".into())), "{said:?}");

        // A partner without a grant, and nobody at all.
        let dale = Peer::start("dale");
        acme.add_partner(&dale.host()).await;
        let never = format!("{}/p/7", acme.origin());
        let flagged = async |by: &Actor, what: &str| {
            let flag = by.activity("Flag", json!(what));
            let letter = Letter::post(by, &acme.host(), &flag).sign();
            let reply = letter.send(&acme.address()).await;
            (reply.status, reply.text())
        };
        assert_eq!(flagged(dale.instance(), uri).await.0, 404);
        assert_eq!(
            flagged(dale.instance(), uri).await,
            flagged(dale.instance(), &never).await
        );
        let elm = Peer::start("elm");
        let refused = flagged(elm.instance(), uri).await;
        assert_eq!(refused.0, 403);
        let like = elm.instance().activity("Like", json!(uri));
        let like = Letter::post(elm.instance(), &acme.host(), &like).sign();
        assert_eq!(like.send(&acme.address()).await.text(), refused.1);
        assert_eq!(listed(acme).await.len(), 2);
    }
}
