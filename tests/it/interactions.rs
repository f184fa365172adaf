//! Who may like and answer what: as authors elsewhere say it (GoToSocial's `interactionPolicy`), and as acme
//! says it of what is in its groups.

use serde_json::{Value, json};

use crate::support::bridge::is_in;
use crate::support::forge::Letter;
use crate::support::peer::{Actor, Peer};
use crate::support::person::Person;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{World, eventually, text};

#[tokio::test]
async fn what_an_author_elsewhere_reserves_is_neither_offered_nor_done() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let ada = world.engineering("acme", "open", "partners").await;
        let can = "read,react,reply,start";
        let there = Stranger::partner(&world, "gts", can).await;
        let (mara, _) = there.member(&world, "mara").await;
        let carl = ["user", "create", "carl", "--email", "carl@example.org"];
        let made = acme.run_json(&carl).await;
        let mut page = Person::signed_in(acme, "carl", text(&made["password"])).await;

        let says = async |title: &str, policy: Value| {
            let mut topic = mara.page(&there.group, title, "As I say.");
            topic["interactionPolicy"] = policy;
            there.says(&mara, &mara.create(&topic)).await;
            let seen = ada.see_topic(text(&topic["id"])).await;
            (topic, text(&seen["id"]).to_owned())
        };
        let followers = format!("{}/followers", mara.id);
        let only = |whom: &str| json!({ "automaticApproval": [whom], "manualApproval": [] });

        // For her followers alone, which nobody here is.
        let reserved = json!({ "canLike": only(&followers), "canReply": only(&followers) });
        let (mut topic, id) = says("Reserved", reserved).await;
        let liked = ada.like(&id).await;
        assert_eq!(liked.status, 403, "{liked:?}");
        assert!(text(&liked.body["error"]).contains("does not want it to be liked"));
        let answered = ada.reply(&id, "But still.").await;
        assert_eq!(answered.status, 403, "{answered:?}");
        assert!(text(&answered.body["error"]).contains("does not want answers"));
        let place = format!("/p/{id}");
        assert!(page.go(&place).await.says("does not want answers"));
        assert!(!page.page.html.contains(&format!("{place}/like")));
        assert!(!page.page.html.contains(&format!("{place}/comments")));

        // She changes her mind about that; in the names that were used before.
        topic["interactionPolicy"] = json!({
            "canLike": { "always": ["https://www.w3.org/ns/activitystreams#Public"] },
            "canReply": { "approvalRequired": there.group },
        });
        there.says(&mara, &mara.activity("Update", topic)).await;
        eventually("it can be liked", async || {
            (ada.like(&id).await.status == 200).then_some(())
        })
        .await;
        assert_eq!(ada.reply(&id, "Thank you.").await.status, 200);
        assert!(
            page.go(&place)
                .await
                .html
                .contains(&format!("{place}/comments"))
        );

        // For ada alone.
        let ada_alone = json!({ "canReply": only(&format!("{}/u/ada", acme.origin())) });
        let (_, id) = says("For ada", ada_alone).await;
        assert_eq!(ada.reply(&id, "Me?").await.status, 200);
        assert_eq!(ada.like(&id).await.status, 200);
        let bob = world.member("bob@acme").await;
        assert_eq!(bob.reply(&id, "And me?").await.status, 403);

        // What is not understood reserves nothing.
        let (_, id) = says("Nonsense", json!({ "canReply": "nobody", "canLike": 7 })).await;
        assert_eq!(ada.reply(&id, "Why?").await.status, 200);
    }
}

/// A reader's view of a post.
async fn policy_for(world: &World, reader: &Actor, uri: &str) -> Value {
    let acme = &world.house("acme").instance;
    let (_, path) = uri.split_once(&acme.host()).expect("at acme");
    let letter = Letter::get(reader, &acme.host(), path).sign();
    let reply = letter.send(&acme.address()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let document: Value = serde_json::from_slice(&reply.body).expect("a post");
    let terms = document["@context"][1].as_object().expect("its words");
    assert!(
        terms.contains_key("canReply") && terms.contains_key("gts"),
        "{document}"
    );
    document["interactionPolicy"].clone()
}

#[tokio::test]
async fn what_is_said_of_a_post_is_what_the_reader_may() {
    for backend in backends() {
        let Some(world) = World::open(backend, "acme").await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let ada = world.engineering("acme", "open", "public").await;
        let here = ada.find("engineering").await;
        let all = Stranger::partner(&world, "all", "read,react,reply,start").await;
        let some = Stranger::partner(&world, "some", "read,react").await;
        let (mara, _) = all.member(&world, "mara").await;
        let (sam, _) = some.member(&world, "sam").await;
        let stranger = Peer::start("stranger").person("eve");
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let uri = text(&topic["uri"]);
        let (group, author) = (&all.group, format!("{}/u/ada", acme.origin()));
        let followers = format!("{group}/followers");

        // To all at once nothing is promised that does not hold for each.
        let told = all
            .hears("the topic", |said| said["object"]["object"]["id"] == uri)
            .await;
        let policy = &told["object"]["object"]["interactionPolicy"];
        assert_eq!(policy["canReply"]["automaticApproval"], json!([author]));
        assert_eq!(policy["canReply"]["manualApproval"], json!([followers]));
        assert!(
            told["object"]["@context"][1]["canReply"].is_object(),
            "{told}"
        );

        // Each reader is told what its own people may.
        let hers = policy_for(&world, &mara, uri).await;
        let mine = json!([followers, mara.id]);
        assert_eq!(hers["canReply"]["automaticApproval"], mine);
        assert_eq!(hers["canLike"]["automaticApproval"], mine);
        let his = policy_for(&world, &sam, uri).await;
        assert_eq!(his["canReply"]["automaticApproval"], json!([author]));
        assert_eq!(his["canReply"]["manualApproval"], json!([]));
        assert_eq!(
            his["canLike"]["automaticApproval"],
            json!([followers, sam.id])
        );
        let public = json!(["https://www.w3.org/ns/activitystreams#Public"]);
        assert_eq!(his["canAnnounce"]["automaticApproval"], public);
        assert_eq!(his["canQuote"]["automaticApproval"], json!([author]));
        let theirs = policy_for(&world, &stranger, uri).await;
        assert_eq!(theirs["canReply"]["automaticApproval"], json!([author]));
        assert!(!theirs.to_string().contains("mara"), "{theirs}");

        // Locked, archived, and not public any more.
        let number = uri.rsplit('/').next().expect("a number");
        acme.run_json(&["post", "lock", number]).await;
        let locked = policy_for(&world, &mara, uri).await;
        let moderators = json!([format!("{group}/moderators")]);
        assert_eq!(locked["canReply"]["automaticApproval"], moderators);
        acme.run_json(&["group", "stage", "engineering", "partners"])
            .await;
        is_in(&world, &mara.handle(), "member").await;
        let private = policy_for(&world, &mara, uri).await;
        assert_eq!(private["canAnnounce"]["automaticApproval"], json!([author]));
        acme.run_json(&["group", "stage", "engineering", "archive"])
            .await;
        let archived = policy_for(&world, &mara, uri).await;
        assert_eq!(archived["canReply"]["automaticApproval"], json!([author]));
    }
}

#[tokio::test]
async fn who_asks_first_is_answered_and_the_authorization_can_be_read() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "closed", "partners").await;
        let there = Stranger::partner(&world, "gts", "read,react").await;
        let (mara, _) = there.member(&world, "mara").await;
        let group = ada.find("engineering").await;
        let topic = ada.topic(&group, "Bridge opens Monday", "").await;
        let target = text(&topic["uri"]).to_owned();

        let asks = |kind: &str, instrument: Value| {
            let mut request = mara.activity(kind, json!(target));
            request["instrument"] = instrument;
            request
        };
        let answer_to = async |request: &Value| {
            let id = request["id"].clone();
            there
                .hears("the answer", |said| said["object"]["id"] == id)
                .await
        };

        // She may like it: she is told so, and what proves it can be read.
        let like = mara.activity("Like", json!(target));
        let request = asks("LikeRequest", like.clone());
        there.says(&mara, &request).await;
        let accept = answer_to(&request).await;
        assert_eq!(accept["type"], "Accept", "{accept}");
        assert_eq!(accept["actor"], format!("http://{}/u/ada", there.host));
        assert_eq!(accept["object"]["instrument"], like["id"]);
        let authorization = text(&accept["result"]);
        let (_, path) = authorization.split_once(&there.host).expect("acme's");
        let read = Letter::get(&mara, &there.host, path).sign();
        let read = read.send(&there.address).await;
        assert_eq!(read.status, 200, "{}", read.text());
        let document: Value = serde_json::from_str(&read.text()).expect("a document");
        assert_eq!(document["type"], "LikeAuthorization");
        assert_eq!(document["interactingObject"], like["id"]);
        assert_eq!(document["interactionTarget"], target.as_str());
        assert_eq!(document["attributedTo"], accept["actor"]);
        // Nothing is liked by asking.
        let status = ada
            .get(&format!("/api/v1/statuses/{}", text(&topic["id"])))
            .await;
        assert_eq!(status.body["favourites_count"], 0);
        there.says(&mara, &like).await;
        eventually("it is liked", async || {
            let status = ada
                .get(&format!("/api/v1/statuses/{}", text(&topic["id"])))
                .await;
            (status.body["favourites_count"] == 1).then_some(())
        })
        .await;

        // She may neither answer it nor pass it on.
        let note = mara.note(&there.group, &target, "May I?");
        for request in [
            asks("ReplyRequest", note.clone()),
            asks("ReplyRequest", note["id"].clone()),
            asks("AnnounceRequest", mara.activity("Announce", json!(target))),
        ] {
            there.says(&mara, &request).await;
            let reject = answer_to(&request).await;
            assert_eq!(reject["type"], "Reject", "{reject}");
            assert!(reject.get("result").is_none());
        }

        // Nobody asks for another, about another post, or learns of what is hidden by asking.
        let max = there.peer.person("max");
        for instrument in [
            max.activity("Like", json!(target)),
            mara.activity("Like", json!(there.group)),
        ] {
            let reply = there.send(&mara, &asks("LikeRequest", instrument)).await;
            assert_eq!(reply.status, 403, "{}", reply.text());
        }
        let mut answers = Vec::new();
        for object in [target.clone(), format!("http://{}/p/7", there.host)] {
            let mut request = max.activity("LikeRequest", json!(object));
            request["instrument"] = max.activity("Like", json!(object));
            let reply = there.send(&max, &request).await;
            assert_eq!(reply.status, 404, "{}", reply.text());
            answers.push(reply.text());
            let read = Letter::get(&max, &there.host, path).sign();
            let read = read.send(&there.address).await;
            answers.push(read.text());
        }
        assert_eq!(answers[0], answers[2]);
        let unknown = Letter::get(&mara, &there.host, "/authorizations/7").sign();
        assert_eq!(unknown.send(&there.address).await.status, 404);
    }
}
