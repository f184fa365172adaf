//! A15 to A25: nobody's things are changed by somebody else, and nothing is believed that its own
//! server did not say.

use std::time::Duration;

use guildhall::domain::{Host, PartnerClass, PartnerState, Side, Way};
use guildhall::federation::Federation;
use guildhall::policy::Viewer;
use guildhall::services::{grants, groups, memberships, moves, partners};
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use crate::support::dump::Dump;
use crate::support::peer::{ACTIVITY_JSON, Actor, Answer, Peer, Seen, unique};
use crate::support::world::{eventually, text};

#[tokio::test]
async fn a15_an_activity_id_on_another_server_is_refused() {
    on_both(async |fixture| {
        for host in [fixture.e.host(), fixture.q.host(), fixture.host()] {
            let mut activity = fixture.comment_by(&fixture.pam, "elsewhere");
            activity["id"] = json!(format!("http://{host}/activities/{}", unique()));
            let forged = fixture.letter(&fixture.pam, &activity).sign();
            let line = fixture.refuses(&host, &forged, 400).await;
            assert!(line.claimed_actor.starts_with(&fixture.pam.id), "{line:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a16_an_object_of_somebody_else_or_kept_elsewhere_is_refused() {
    on_both(async |fixture| {
        let (pam, pete) = (&fixture.pam, &fixture.pete);
        let mut attributed = fixture.comment_by(pam, "attributed to pete");
        attributed["object"]["attributedTo"] = json!(pete.id);
        let mut kept = fixture.comment_by(pam, "kept at Q");
        kept["object"]["id"] = json!(fixture.quin.new_id());
        let mut both = fixture.comment_by(pam, "quin's, at Q");
        both["object"]["id"] = json!(fixture.quin.new_id());
        both["object"]["attributedTo"] = json!(fixture.quin.id);
        for (what, activity) in [
            ("attributed to pete", attributed),
            ("kept at Q", kept),
            ("quin's own", both),
        ] {
            fixture
                .refuses(what, &fixture.letter(pam, &activity).sign(), 403)
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a17_a_neighbour_on_the_same_server_cannot_change_or_delete_a_note() {
    on_both(async |fixture| {
        let (pam, pete) = (&fixture.pam, &fixture.pete);
        let activity = fixture.comment_by(pam, "pam's own words");
        assert_eq!(fixture.deliver(pam, &activity).await.status, 202);
        let id = activity["object"]["id"].clone();
        let there = fixture.settle().await;
        assert_eq!(there.count("posts", "pam's own words"), 1);

        let mut as_pam = activity["object"].clone();
        as_pam["content"] = json!("<p>changed</p>");
        let mut as_pete = as_pam.clone();
        as_pete["attributedTo"] = json!(pete.id);
        for (what, attack) in [
            ("Update of hers", pete.activity("Update", as_pam)),
            ("Update as his", pete.activity("Update", as_pete.clone())),
            ("Create again as his", pete.create(&as_pete)),
            ("Delete", pete.activity("Delete", id.clone())),
            (
                "Delete of a Tombstone",
                pete.activity("Delete", json!({ "id": id, "type": "Tombstone" })),
            ),
        ] {
            fixture
                .refuses(what, &fixture.letter(pete, &attack).sign(), 403)
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a18_an_object_of_ours_is_not_overwritten_from_elsewhere() {
    on_both(async |fixture| {
        let (pam, quin) = (&fixture.pam, &fixture.quin);
        let shared = fixture.shared_uri();
        let mut page = pam.page(shared, "Bridge opens Monday", "for quin too");
        page["id"] = json!(fixture.topic.uri.as_str());
        page["to"] = json!([quin.id]);
        let mut as_ann = page.clone();
        as_ann["attributedTo"] = json!(fixture.ann.account.actor.uri.as_str());
        for (what, object) in [("as pam's", page), ("as ann's", as_ann)] {
            for kind in ["Create", "Update"] {
                let mut activity = pam.activity(kind, object.clone());
                activity["to"] = json!([quin.id]);
                let what = format!("{kind} {what}");
                fixture
                    .refuses(&what, &fixture.letter(pam, &activity).sign(), 403)
                    .await;
            }
        }
        let then = fixture.q.traffic();
        fixture.settle().await;
        assert_eq!(fixture.q.traffic(), then, "Q heard of it");
    })
    .await;
}

/// Somebody at P whom nobody here knows, asking to join *shared*.
fn stranger(fixture: &Fixture) -> Actor {
    fixture.p.person(&format!("s{}", unique()))
}

async fn refuses_stranger(fixture: &Fixture, what: &str, stranger: &Actor) {
    let activity = stranger.activity("Follow", fixture.shared_uri().into());
    let watch = fixture.watch().await;
    let reply = fixture.deliver(stranger, &activity).await;
    assert_eq!(reply.status, 401, "{what}: {}", reply.text());
    watch.unchanged_but_asked(what).await;
    let after = fixture.settle().await.content();
    assert_eq!(
        after.count_everywhere(&format!("{}\"", stranger.id)),
        0,
        "{what}"
    );
    let [_, q, e] = watch.traffic();
    assert_eq!(fixture.e.traffic(), e, "{what}: E was asked");
    assert!(fixture.q.seen_since(q).len() <= 1, "{what}: Q was asked");
}

fn path(actor: &Actor) -> &str {
    actor.id.split_once(&actor.host).unwrap().1
}

#[tokio::test]
async fn a19_an_actor_under_another_content_type_is_not_believed() {
    on_both(async |fixture| {
        for content_type in [
            "text/html",
            "application/json",
            "image/png",
            "application/ld+json",
            "application/ld+json; profile=\"https://example.org/other\"",
            "text/plain; was=\"application/activity+json\"",
        ] {
            let stranger = stranger(fixture);
            fixture.p.put(
                path(&stranger),
                Answer::of(content_type, &stranger.document()),
            );
            refuses_stranger(fixture, content_type, &stranger).await;
        }
        let unlabelled = stranger(fixture);
        let mut answer = Answer::of("", &unlabelled.document());
        answer.headers.clear();
        fixture.p.put(path(&unlabelled), answer);
        refuses_stranger(fixture, "no content type", &unlabelled).await;

        // The same way does work with the right label.
        let honest = stranger(fixture);
        let labelled = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";
        fixture
            .p
            .put(path(&honest), Answer::of(labelled, &honest.document()));
        let activity = honest.activity("Follow", fixture.shared_uri().into());
        assert_eq!(fixture.deliver(&honest, &activity).await.status, 202);
    })
    .await;
}

#[tokio::test]
async fn a20_a_document_that_claims_an_id_elsewhere_is_not_stored() {
    on_both(async |fixture| {
        let fake = stranger(fixture);
        let mut document = fake.document();
        document["id"] = json!(fixture.q.url("/u/quinta"));
        fixture.p.publish(&fake, document);
        refuses_stranger(fixture, "id at Q", &fake).await;
        let quinta = fixture.q.url("/u/quinta");
        assert_eq!(fixture.dump().await.count_everywhere(&quinta), 0);
    })
    .await;
}

#[tokio::test]
async fn a21_a_redirect_to_another_server_is_not_followed() {
    on_both(async |fixture| {
        for status in [301, 302, 303, 307, 308] {
            let moved = stranger(fixture);
            let there = format!("/moved/{}", moved.name);
            fixture
                .e
                .put(&there, Answer::of(ACTIVITY_JSON, &moved.document()));
            fixture.p.put(
                path(&moved),
                Answer::redirect(status, &fixture.e.url(&there)),
            );
            refuses_stranger(fixture, &format!("{status}"), &moved).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a22_a_group_does_not_put_words_into_the_mouth_of_another_servers_people() {
    on_both(async |fixture| {
        let club = fixture.p.group(&format!("club{}", unique()));
        let handle = club.handle();
        let found = Federation::new(fixture.app.clone())
            .unwrap()
            .discover(&handle)
            .await;
        let group = found.expect("P's group").id.group();
        let then = fixture.p.traffic();
        let bob = fixture.bob.viewer();
        memberships::join(&fixture.app, bob, group)
            .await
            .expect("bob asks to join");
        let follow = eventually("P is asked", async || {
            let mail = fixture.p.mail_since(then);
            mail.iter()
                .map(|mail| mail.json())
                .find(|mail| mail["type"] == "Follow")
        })
        .await;
        let accept = club.activity("Accept", follow);
        assert_eq!(fixture.deliver(&club, &accept).await.status, 202);

        // What the group says of its own server's people arrives.
        let page = fixture
            .pam
            .page(&club.id, "Said by pam", "Words of pam's own.");
        let honest = club.activity("Announce", fixture.pam.create(&page));
        let reply = fixture.deliver(&club, &honest).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        let dump = fixture.settle().await;
        assert_eq!(
            dump.count("posts", "Words of pam's own."),
            1,
            "{:#?}",
            dump.rows("arrivals")
        );

        // What it says of others does not: bare, which their server does not know of, or with a proof
        // that is not theirs. The errand that Accept made is over by then.
        let dump = eventually("earlier posts were looked for", async || {
            let dump = fixture.settle().await;
            (dump.count("jobs", r#""state":"pending""#) == 0).then_some(dump)
        })
        .await;
        let before = dump.content().without(&["arrivals", "jobs"]);
        let [_, q, e] = fixture.traffic();
        let page = fixture
            .quin
            .page(&club.id, "Said by quin", "Words that quin never said.");
        let said = fixture.quin.create(&page);
        let mut broken = fixture.quin.proven(&said);
        broken["object"]["content"] = json!("<p>Words that quin never said, either.</p>");
        let mut misplaced = fixture.pam.proven(&said);
        misplaced["proof"]["verificationMethod"] = json!(fixture.quin.ed25519_id());
        let elsewhere = fixture
            .quin
            .page(fixture.shared_uri(), "Elsewhere", "Said elsewhere.");
        let elsewhere = fixture.quin.create(&elsewhere);
        let attacks = [
            said.clone(),
            page,
            broken,
            fixture.pam.proven(&said),
            misplaced,
            // Eve makes her own key quin's.
            fixture.eve.proven_as(&said, &fixture.quin.ed25519_id()),
            // Quin's own words, taken from another group.
            fixture.quin.proven(&elsewhere),
        ];
        for embedded in attacks {
            let announce = club.activity("Announce", embedded);
            let status = fixture.deliver(&club, &announce).await.status;
            assert!([202, 400, 403].contains(&status), "{status}");
        }
        let eves = fixture.eve.page(
            &club.id,
            "Said by eve",
            "Words of a server we do not speak with.",
        );
        for bare in [fixture.eve.create(&eves), eves["id"].clone()] {
            let announce = club.activity("Announce", bare);
            assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        }
        let after = fixture
            .settle()
            .await
            .content()
            .without(&["arrivals", "jobs"]);
        assert_eq!(after.since(&before), Vec::<String>::new());
        assert_eq!(fixture.e.traffic(), e);
        // Q was asked for what it is said to have, once for each time it was said, and for quin's keys.
        let asked = fixture.q.seen_since(q);
        let of_the_page = asked
            .iter()
            .filter(|seen| page_at(&fixture.q, &said) == seen.target);
        assert_eq!(of_the_page.count(), 2, "{asked:?}");
        assert!(asked.len() <= 4, "{asked:?}");

        // What Q shows is believed as Q shows it, whatever the group says that it is.
        let shown = fixture
            .quin
            .page(&club.id, "Shown by quin", "Words that stand at Q.");
        let mut altered = fixture.quin.create(&shown);
        altered["object"]["content"] = json!("<p>Words that P made of them.</p>");
        let target = page_at(&fixture.q, &altered);
        fixture.q.put(&target, Answer::of(ACTIVITY_JSON, &shown));
        let announce = club.activity("Announce", altered);
        assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        let boosted = fixture.quin.page(
            &club.id,
            "Boosted",
            "Words that were passed on by their address.",
        );
        let target = page_at(&fixture.q, &fixture.quin.create(&boosted));
        fixture.q.put(&target, Answer::of(ACTIVITY_JSON, &boosted));
        let announce = club.activity("Announce", boosted["id"].clone());
        assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        let dump = fixture.settle().await;
        assert_eq!(dump.count("posts", "Words that stand at Q."), 1);
        assert_eq!(dump.count("posts", "Words that P made of them."), 0);
        assert_eq!(
            dump.count("posts", "Words that were passed on by their address."),
            1
        );

        // A like is one when Q says so.
        let liked = |id: &str| {
            let mut like = fixture.quin.activity("Like", shown["id"].clone());
            like["id"] = json!(fixture.q.url(id));
            like
        };
        let (invented, real) = (liked("/likes/invented"), liked("/likes/real"));
        fixture
            .q
            .put("/likes/real", Answer::of(ACTIVITY_JSON, &real));
        for like in [invented, real] {
            let announce = club.activity("Announce", like);
            assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        }
        let dump = fixture.settle().await;
        assert_eq!(dump.count("reactions", "/likes/invented"), 0);
        assert_eq!(dump.count("reactions", "/likes/real"), 1);

        // What quin said in this group, and proves, is believed; once.
        let page = fixture
            .quin
            .page(&club.id, "Said by quin", "Words of quin's own.");
        let said = fixture.quin.proven(&fixture.quin.create(&page));
        for _ in 0..2 {
            let announce = club.activity("Announce", said.clone());
            assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        }
        let believed = fixture.settle().await;
        assert_eq!(believed.count("posts", "Words of quin's own."), 1);

        // An edit is; the text before it does not come back.
        let edit = |text: &str| {
            let mut page = page.clone();
            page["content"] = json!(format!("<p>{text}</p>"));
            fixture.quin.proven(&fixture.quin.activity("Update", page))
        };
        let (first, second) = (edit("Edited once."), edit("Edited twice."));
        for update in [&first, &second, &first] {
            let announce = club.activity("Announce", update.clone());
            assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        }
        let edited = fixture.settle().await;
        assert_eq!(edited.count("posts", "Edited twice."), 1);
        assert_eq!(edited.count("posts", "Edited once."), 0);
    })
    .await;
}

/// Where the post that is created stands at its server.
fn page_at(peer: &Peer, create: &Value) -> String {
    let id = text(&create["object"]["id"]);
    let (_, path) = id.split_once(&peer.host()).expect("an id of this server");
    path.to_owned()
}

#[tokio::test]
async fn a23_an_id_on_our_server_cannot_be_taken_from_elsewhere() {
    on_both(async |fixture| {
        let pam = &fixture.pam;
        let taken = fixture.topic.uri.to_string();
        for id in [
            fixture.url("/post/1"),
            fixture.url("/post/new"),
            fixture.url("/p/1"),
            fixture.url("/p/new"),
            taken,
        ] {
            for kind in ["Create", "Update"] {
                let mut object = fixture.comment_by(pam, "on your server")["object"].take();
                object["id"] = json!(id);
                let activity = pam.activity(kind, object);
                let what = format!("{kind} {id}");
                fixture
                    .refuses(&what, &fixture.letter(pam, &activity).sign(), 403)
                    .await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a24_an_activity_that_leaves_a_choice_is_refused() {
    on_both(async |fixture| {
        let (pam, eve) = (&fixture.pam, &fixture.eve);
        let honest = fixture.comment_by(pam, "which one?");
        let note = honest["object"].clone();
        let mut theirs = note.clone();
        theirs["id"] = json!(eve.new_id());
        let parts = [
            ("type", json!(["Create", "Delete"])),
            ("actor", json!([pam.id, eve.id])),
            ("object", json!([note, theirs])),
            ("id", Value::Null),
        ];
        let mut all = honest.clone();
        for (name, value) in &parts {
            let mut one = honest.clone();
            one[*name] = value.clone();
            fixture
                .refuses(name, &fixture.letter(pam, &one).sign(), 400)
                .await;
            all[*name] = value.clone();
        }
        fixture
            .refuses("all at once", &fixture.letter(pam, &all).sign(), 400)
            .await;

        for (what, name) in [
            ("no id", "id"),
            ("no actor", "actor"),
            ("no object", "object"),
        ] {
            let mut without = honest.clone();
            without.as_object_mut().unwrap().remove(name);
            fixture
                .refuses(what, &fixture.letter(pam, &without).sign(), 400)
                .await;
        }
        // Two answers to the same question, for whoever reads the first or the last.
        let twice = honest
            .to_string()
            .replacen('{', &format!("{{\"actor\":\"{}\",", eve.id), 1);
        let letter = crate::support::forge::Letter::post_bytes(pam, &fixture.host(), twice.into());
        fixture.refuses("actor twice", &letter.sign(), 400).await;
    })
    .await;
}

#[tokio::test]
async fn a25_an_actor_whose_mail_goes_elsewhere_gets_none() {
    on_both(async |fixture| {
        let at_e = |path: &str| json!(fixture.e.url(path));
        let redirected = |person: &Actor, pointer: &str| {
            let mut document = person.document();
            *document.pointer_mut(pointer).unwrap() = at_e("/inbox");
            document
        };
        let then = fixture.e.traffic();
        for pointer in ["/inbox", "/endpoints/sharedInbox"] {
            // Somebody who comes so.
            let new = stranger(fixture);
            fixture.p.publish(&new, redirected(&new, pointer));
            let follow = new.activity("Follow", fixture.shared_uri().into());
            let reply = fixture.deliver(&new, &follow).await;
            assert_eq!(reply.status, 403, "{pointer}: {}", reply.text());

            // Somebody who was let in and becomes so.
            let moss = fixture.newcomer().await;
            fixture.p.publish(&moss, redirected(&moss, pointer));
            let mut update = moss.activity("Update", redirected(&moss, pointer));
            update["to"] = json!([fixture.shared_uri()]);
            let reply = fixture.deliver(&moss, &update).await;
            assert_eq!(reply.status, 202, "{pointer}: {}", reply.text());
            let dump = fixture.settle().await;
            for person in [new, moss] {
                let uri = format!("\"uri\":\"{}\"", person.id);
                let row = dump.rows("actors").iter().find(|row| row.contains(&uri));
                let row = row.unwrap_or_else(|| panic!("{} is not known", person.id));
                assert!(
                    row.contains("\"state\":\"quarantined\""),
                    "{pointer}: {row}"
                );
            }
        }

        let [p, ..] = fixture.traffic();
        let post = fixture.post("Not for E", "Nothing of it.").await;
        let dump = fixture.settle().await;
        let to_e = dump
            .rows("deliveries")
            .iter()
            .filter(|row| row.contains(&fixture.e.host()));
        assert_eq!(to_e.collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(fixture.e.traffic(), then, "E was connected to");
        let told = fixture.p.mail_since(p);
        let told = told
            .iter()
            .any(|mail| mail.json().to_string().contains(post.uri.as_str()));
        assert!(told, "P's other people hear of it");
    })
    .await;
}

#[tokio::test]
async fn a22_a_stranger_is_believed_only_as_their_own_server_introduces_them() {
    on_both(async |fixture| {
        let club = fixture.p.group(&format!("club{}", unique()));
        let handle = club.handle();
        let found = Federation::new(fixture.app.clone())
            .unwrap()
            .discover(&handle)
            .await;
        let group = found.expect("P's group").id.group();
        let then = fixture.p.traffic();
        memberships::join(&fixture.app, fixture.bob.viewer(), group)
            .await
            .expect("bob asks to join");
        let follow = eventually("P is asked", async || {
            let mail = fixture.p.mail_since(then);
            mail.iter()
                .map(|mail| mail.json())
                .find(|mail| mail["type"] == "Follow")
        })
        .await;
        let accept = club.activity("Accept", follow);
        assert_eq!(fixture.deliver(&club, &accept).await.status, 202);
        // What is looked at, who is met, and the fetching of earlier posts, which P does not have.
        let beside = ["arrivals", "actors", "actor_keys", "jobs"];
        let before = fixture.settle().await.content().without(&beside);

        let asked_before = fixture.e.traffic();
        // E is no partner. Somebody there is passed on with a document that says anything at all.
        let ezra = fixture.e.person(&format!("ezra{}", unique()));
        let server = fixture.e.instance();
        let announce = |said: &serde_json::Value, introduction: serde_json::Value| {
            let mut announce = club.activity("Announce", said.clone());
            announce["guildhall:introduces"] = json!(introduction.to_string());
            announce
        };
        let page = ezra.page(&club.id, "Said by ezra", "Words that need an introduction.");
        let said = ezra.proven(&ezra.create(&page));
        let document = ezra.document();
        let mut altered = server.server_proven(&document);
        altered["name"] = json!("Somebody else");
        let mut renamed = document.clone();
        renamed["id"] = json!(fixture.e.url("/u/nobody"));
        let unproven = [
            document.clone(),
            altered,
            // P vouches with its own key, under its own name and under E's.
            fixture.p.instance().server_proven(&document),
            fixture
                .p
                .instance()
                .server_proven_as(&document, &server.ed25519_id()),
            // Ezra vouches for himself.
            ezra.server_proven(&document),
            server.server_proven(&renamed),
        ];
        for introduction in unproven {
            let announce = announce(&said, introduction);
            assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        }
        eventually("all were looked at", async || {
            let dump = fixture.dump().await;
            (dump.count("arrivals", "key_unknown") >= 6).then_some(())
        })
        .await;
        let after = fixture.dump().await.content();
        let after = after.without(&beside);
        assert_eq!(after.since(&before), Vec::<String>::new());
        assert!(fixture.dump().await.count("actors", &ezra.id) == 0);

        // Nothing but E's instance actor was asked for, and unsigned.
        let asked = fixture.e.seen_since(asked_before);
        assert!(
            asked
                .iter()
                .all(|seen| seen.target == "/actor" && seen.header("signature").is_none())
        );
        assert!(asked.len() <= 1, "{asked:?}");

        let announce = announce(&said, server.server_proven(&document));
        assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        eventually("ezra's words are here", async || {
            let dump = fixture.dump().await;
            (dump.count("posts", "Words that need an introduction.") == 1).then_some(())
        })
        .await;
        // He is known, and still nobody here speaks with his server.
        let reply = fixture.deliver(&ezra, &ezra.create(&page)).await;
        assert_eq!(reply.status, 403);
    })
    .await;
}

/// Makes a peer a partner by invitation, as its own server would; the offer by which both agreed.
pub async fn take_invitation(fixture: &Fixture, peer: &Peer) -> Value {
    let class = PartnerClass::Partner;
    let lifetime = Duration::from_secs(3_600);
    let invited = partners::invite(&fixture.app, Viewer::Operator, class, lifetime).await;
    let instance = peer.instance();
    let mut offer = instance.activity("Offer", Value::Null);
    offer["object"] = json!({
        "type": "Relationship",
        "subject": instance.id,
        "relationship": "guildhall:partner",
        "object": fixture.url("/actor"),
    });
    let mut told = offer.clone();
    let secret = invited.expect("an invitation").code.secret().to_owned();
    told["instrument"] = json!({ "type": "InvitationCode", "code": secret });
    let mut letter = fixture.letter(instance, &told);
    letter.target = "/partnership".into();
    let reply = fixture.send(&letter.sign()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    offer
}

#[tokio::test]
async fn a_partnership_is_ended_by_the_server_with_which_it_was_made_and_by_nobody_else() {
    on_both(async |fixture| {
        let birch = Peer::start("birch");
        let offer = take_invitation(fixture, &birch).await;
        fixture.open(&fixture.shared, &birch).await;
        let host: Host = birch.host().parse().expect("a host");
        let find = async || partners::find(&fixture.app, Viewer::Operator, host.clone()).await;
        let undo = |by: &Actor, whose: &Actor| {
            let mut offer = offer.clone();
            offer["actor"] = json!(whose.id);
            by.activity("Undo", offer)
        };

        // A person there, in the server's name and in their own; and a server that is no partner.
        let bo = birch.person("bo");
        fixture.admit(&bo, &fixture.shared).await;
        fixture.settle().await;
        for (what, whose) in [("the server's", birch.instance()), ("their own", &bo)] {
            let letter = fixture.letter(&bo, &undo(&bo, whose)).sign();
            fixture.refuses(what, &letter, 403).await;
        }
        let e = fixture.e.instance();
        let letter = fixture.letter(e, &undo(e, e)).sign();
        fixture.refuses("a stranger's", &letter, 403).await;
        // Another partner's server ends only what was agreed with it.
        let q = fixture.q.instance();
        let reply = fixture.deliver(q, &undo(q, q)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        fixture.settle().await;
        assert_eq!(find().await.expect("birch").state, PartnerState::Active);
        let q: Host = fixture.q.host().parse().expect("a host");
        let q = partners::find(&fixture.app, Viewer::Operator, q).await;
        assert_eq!(q.expect("Q").state, PartnerState::Active);

        // Its own server: over at once, with the grant.
        let instance = birch.instance();
        let reply = fixture.deliver(instance, &undo(instance, instance)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        let ending = eventually("it is over", async || find().await.ok()?.over()).await;
        assert_eq!(ending.by, Side::Them);
        let reply = fixture.deliver(instance, &undo(instance, instance)).await;
        assert_eq!(reply.status, 403, "{}", reply.text());
        let granted = grants::list(&fixture.app, Viewer::Operator, None, Some(host.clone())).await;
        assert_eq!(granted.expect("a list"), []);
    })
    .await;
}

#[tokio::test]
async fn a_former_partner_takes_back_its_own_and_does_nothing_else() {
    on_both(async |fixture| {
        let peer = Peer::start("former");
        let (wanda, club) = (peer.person("wanda"), peer.group("club"));
        fixture.open(&fixture.shared, &peer).await;
        fixture.admit(&wanda, &fixture.shared).await;
        let hers = [1, 2].map(|n| fixture.comment_by(&wanda, &format!("wanda's word {n}")));
        let like = wanda.activity("Like", json!(fixture.topic.uri.as_str()));
        let pams = fixture.comment_by(&fixture.pam, "pam's words stay");
        for (who, activity) in [
            (&wanda, &hers[0]),
            (&wanda, &hers[1]),
            (&wanda, &like),
            (&fixture.pam, &pams),
        ] {
            assert_eq!(fixture.deliver(who, activity).await.status, 202);
        }
        // The group is known here, and so are its keys.
        let nothing = club.activity("Listen", json!(fixture.topic.uri.as_str()));
        assert_eq!(fixture.deliver(&club, &nothing).await.status, 202);
        fixture.settle().await;
        let host: Host = peer.host().parse().unwrap();
        let end = partners::Change::End;
        let ended = partners::change(&fixture.app, Viewer::Operator, host, end).await;
        ended.expect("it stood");
        fixture.settle().await;

        let then = peer.traffic();
        let object = |activity: &Value| activity["object"]["id"].clone();
        let update = wanda.activity("Update", hers[0]["object"].clone());
        let mut removal = wanda.activity("Delete", object(&pams));
        removal["summary"] = json!("because I say so");
        let inside = wanda.activity("Delete", object(&hers[0]));
        for (what, by, attack) in [
            ("a new text", &wanda, update),
            ("a new comment", &wanda, fixture.comment_by(&wanda, "again")),
            (
                "pam's comment",
                &wanda,
                wanda.activity("Delete", object(&pams)),
            ),
            ("a removal", &wanda, removal),
            (
                "what never came",
                &wanda,
                wanda.activity("Delete", json!(wanda.new_id())),
            ),
            (
                "pam's like",
                &wanda,
                wanda.activity(
                    "Undo",
                    fixture
                        .pam
                        .activity("Like", json!(fixture.topic.uri.as_str())),
                ),
            ),
            (
                "a like that is none",
                &wanda,
                wanda.activity("Like", object(&pams)),
            ),
            (
                "its group, in ours",
                &club,
                club.activity("Announce", inside),
            ),
        ] {
            let forged = fixture.letter(by, &attack).sign();
            let line = fixture.refuses(what, &forged, 403).await;
            assert_eq!(line.reason, "no_partnership", "{what}");
        }
        // Whoever has not her key is answered the same.
        let mut stolen = fixture.letter(&wanda, &wanda.activity("Delete", object(&hers[0])));
        stolen.key = fixture.letter(&fixture.eve, &json!({})).key;
        let line = fixture
            .refuses("eve's signature", &stolen.sign(), 403)
            .await;
        assert_eq!(line.reason, "no_partnership");

        for own in [
            wanda.activity("Delete", object(&hers[0])),
            wanda.activity("Undo", like),
        ] {
            let reply = fixture.deliver(&wanda, &own).await;
            assert_eq!(reply.status, 202, "{}", reply.text());
        }
        let dump = fixture.settle().await;
        assert_eq!(dump.count("posts", "wanda's word 1"), 0);
        assert_eq!(dump.count("posts", "wanda's word 2"), 1);
        assert_eq!(dump.count("reactions", &peer.host()), 0);

        // She goes herself, with all that is hers.
        let gone = wanda.activity("Delete", json!(wanda.id));
        assert_eq!(fixture.deliver(&wanda, &gone).await.status, 202);
        let dump = fixture.settle().await;
        assert_eq!(dump.count("posts", "wanda's word"), 0);
        assert_eq!(dump.count("posts", "pam's words stay"), 1);
        let asked = peer.seen_since(then);
        assert!(asked.iter().all(|seen| seen.method == "POST"), "{asked:?}");
    })
    .await;
}

#[tokio::test]
async fn only_the_house_of_a_group_says_that_it_refused_something() {
    on_both(async |fixture| {
        let topic = fixture.post("Not to be rejected", "It stands.").await;
        let dump = fixture.settle().await;
        let events = dump
            .rows("events")
            .iter()
            .map(|row| serde_json::from_str(row).unwrap());
        let event = events
            .filter(|row: &Value| row["post_id"] == json!(topic.id.0))
            .map(|row| row["id"].as_i64().unwrap())
            .next()
            .expect("it is told");
        let activity = fixture.url(&format!("/activities/create/{event}"));
        // That a server was met is no change of anything.
        let met = [
            "arrivals",
            "actors",
            "actor_keys",
            "actor_documents",
            "peers",
            "dialects",
        ];
        let before = fixture.dump().await.content().without(&met);
        for sender in [fixture.q.instance(), &fixture.quin, fixture.p.instance()] {
            let mut rejection = sender.activity("Reject", json!(activity));
            rejection["guildhall:reason"] = json!("locked");
            assert_eq!(fixture.deliver(sender, &rejection).await.status, 202);
        }
        let after = fixture.settle().await.content().without(&met);
        assert_eq!(after.since(&before), Vec::<String>::new());
        assert_eq!(after.count("refusals", ""), 0);
    })
    .await;
}

#[tokio::test]
async fn who_is_pinned_banned_or_moderates_in_a_group_is_said_by_its_own_house_alone() {
    on_both(async |fixture| {
        let club = fixture
            .join(fixture.p.group(&format!("club{}", unique())))
            .await;
        let bob = fixture.bob.account.actor.uri.to_string();
        let ann = fixture.ann.account.actor.uri.to_string();
        let list = |group: &str, name: &str| format!("{group}/{name}");
        let to = |by: &Actor, kind: &str, object: &str, target: String| {
            let mut activity = by.activity(kind, json!(object));
            activity["target"] = json!(target);
            activity
        };
        // Of P's own group: people of P and of other servers say nothing about it.
        let before = fixture.settle().await.content().without(&["arrivals"]);
        for by in [&fixture.pam, &fixture.quin] {
            for said in [
                to(by, "Block", &bob, club.id.clone()),
                to(by, "Add", &by.id, list(&club.id, "moderators")),
                to(by, "Add", &bob, list(&club.id, "moderators")),
            ] {
                let reply = fixture.deliver(by, &said).await;
                assert!(
                    [403, 404].contains(&reply.status),
                    "{said}: {}",
                    reply.text()
                );
            }
        }
        // P's group about ours, and about another server's: whoever it says has done so.
        let shared = fixture.shared_uri().to_owned();
        let topic = fixture.topic.uri.to_string();
        for said in [
            to(&fixture.pam, "Block", &ann, shared.clone()),
            to(&fixture.quin, "Block", &ann, shared.clone()),
            to(&fixture.pam, "Add", &topic, list(&shared, "featured")),
            to(
                &fixture.pam,
                "Add",
                &fixture.pam.id,
                list(&shared, "moderators"),
            ),
            to(&fixture.pam, "Add", &topic, list(&club.id, "featured")),
            to(&fixture.pam, "Dislike", &topic, shared.clone()),
        ] {
            let announce = club.activity("Announce", said);
            let reply = fixture.deliver(&club, &announce).await;
            assert_eq!(reply.status, 202, "{}", reply.text());
        }
        eventually("all were looked at", async || {
            let dump = fixture.settle().await;
            (dump.count("arrivals", r#""state":"pending""#) == 0).then_some(())
        })
        .await;
        let after = fixture.settle().await.content().without(&["arrivals"]);
        assert_eq!(after.since(&before), Vec::<String>::new());

        // What it says of itself is so.
        for said in [
            to(&fixture.pam, "Add", &bob, list(&club.id, "moderators")),
            to(&fixture.pam, "Block", &bob, club.id.clone()),
        ] {
            let reply = fixture
                .deliver(&club, &club.activity("Announce", said))
                .await;
            assert_eq!(reply.status, 202, "{}", reply.text());
        }
        eventually("bob is banned there", async || {
            let dump = fixture.settle().await;
            (dump.count("memberships", r#""state":"banned""#) == 1
                && dump.count("moderators_elsewhere", &bob) == 1)
                .then_some(())
        })
        .await;
        let unban = to(&fixture.pam, "Block", &bob, club.id.clone());
        let undo = club.activity("Announce", fixture.pam.activity("Undo", unban));
        assert_eq!(fixture.deliver(&club, &undo).await.status, 202);
        eventually("it is over", async || {
            let dump = fixture.settle().await;
            (dump.count("memberships", r#""state":"banned""#) == 0).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_group_moves_when_both_say_so_and_on_nobody_elses_word() {
    on_both(async |fixture| {
        let birch = Peer::start("birch");
        take_invitation(fixture, &birch).await;
        let bo = birch.person("bo");
        let ours = fixture.new_group().await;
        let old = ours.actor.uri.to_string();
        let moving = |group: &str| json!({ "type": "Move", "actor": group, "object": group });

        // An offer of ours is taken by the server that was asked, and by nobody else; and only into a group
        // that says it is ours.
        let host: Host = birch.host().parse().expect("a host");
        let offered = moves::offer(&fixture.app, Viewer::Operator, ours.id, host).await;
        let offered = offered.expect("an offer").offer.to_string();
        let new = birch.group("bridges");
        let accept = |by: &Actor, target: &str| {
            let mut accept = by.activity(
                "Accept",
                json!({ "id": offered, "type": "Offer", "actor": fixture.url("/actor"), "object": moving(&old) }),
            );
            accept["result"] = json!(target);
            accept
        };
        fixture.settle().await;
        let state = async || {
            let dump = fixture.settle().await.content();
            dump.without(&["arrivals", "actors", "actor_keys"])
        };
        let before = state().await;
        let stolen = fixture.q.group(&format!("bridges{}", unique()));
        for (by, target) in [
            (&bo, &new),
            (fixture.q.instance(), &stolen),
            (fixture.p.instance(), &new),
            (birch.instance(), &new),
        ] {
            let reply = fixture.deliver(by, &accept(by, &target.id)).await;
            assert!([202, 403].contains(&reply.status), "{}", reply.text());
            eventually("it was looked at", async || {
                let dump = fixture.settle().await;
                (dump.count("arrivals", r#""state":"pending""#) == 0).then_some(())
            })
            .await;
        }
        let found = async || {
            let found = groups::find_by_id(&fixture.app, Viewer::Operator, ours.id).await;
            found.expect("our group").group
        };
        assert_eq!(found().await.moved_to, None);
        let after = state().await;
        let matters = ["memberships", "moves", "grants", "posts"];
        let changed = after.since(&before).into_iter().filter(|line| {
            let mut of = matters.iter();
            of.any(|table| line[2..].starts_with(&format!("{table} ")))
        });
        assert_eq!(changed.collect::<Vec<_>>(), Vec::<String>::new());

        // Nobody declines for who was asked, or takes back for us.
        let offer = json!({ "id": offered, "type": "Offer", "actor": fixture.url("/actor"), "object": moving(&old) });
        for by in [&bo, fixture.q.instance(), fixture.p.instance()] {
            for kind in ["Reject", "Undo"] {
                let reply = fixture.deliver(by, &by.activity(kind, offer.clone())).await;
                assert!([202, 403].contains(&reply.status), "{kind}: {}", reply.text());
            }
        }
        let reply = fixture
            .deliver(birch.instance(), &birch.instance().activity("Undo", offer))
            .await;
        assert_eq!(reply.status, 403, "it is not birch's to take back: {}", reply.text());
        fixture.settle().await;
        let all = moves::list(&fixture.app, Viewer::Operator).await.expect("a list");
        let open = all.iter().find(|one| one.offer.as_str() == offered);
        assert!(open.is_some_and(|one| one.ended.is_none()), "{all:?}");

        // Others' groups are not offered, nor by anybody but a partner's server.
        for (by, group) in [
            (birch.instance(), old.clone()),
            (birch.instance(), fixture.p.url("/g/club")),
            (&bo, new.id.clone()),
            (fixture.e.instance(), fixture.e.url("/g/club")),
        ] {
            let reply = fixture.deliver(by, &by.activity("Offer", moving(&group))).await;
            assert!([202, 403].contains(&reply.status), "{}", reply.text());
        }
        fixture.settle().await;
        let all = moves::list(&fixture.app, Viewer::Operator).await.expect("a list");
        assert!(all.iter().all(|one| one.way == Way::Leaving), "{all:?}");

        // The same words with the new group's own agreement.
        let mut document = new.document();
        document["alsoKnownAs"] = json!([old]);
        birch.publish(&new, document);
        let by = birch.instance();
        assert_eq!(fixture.deliver(by, &accept(by, &new.id)).await.status, 202);
        eventually("it moved", async || {
            fixture.settle().await;
            let moved_to = found().await.moved_to?;
            (moved_to.as_str() == new.id).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn members_follow_a_group_elsewhere_only_where_both_groups_say_the_same() {
    on_both(async |fixture| {
        let club = fixture
            .join(fixture.p.group(&format!("club{}", unique())))
            .await;
        let new = fixture.q.group(&format!("club{}", unique()));
        let then = fixture.q.traffic();
        let says = async |by: &Actor, object: &str| {
            let mut moved = by.activity("Move", json!(object));
            moved["target"] = json!(new.id);
            let reply = fixture.deliver(by, &moved).await;
            eventually("it was looked at", async || {
                let dump = fixture.settle().await;
                (dump.count("arrivals", r#""state":"pending""#) == 0).then_some(())
            })
            .await;
            reply.status
        };
        let asked = async || {
            fixture.settle().await;
            let mut mail = fixture
                .q
                .mail_since(then)
                .into_iter()
                .map(|mail| mail.json());
            mail.any(|mail| mail["type"] == "Follow" && mail["object"] == new.id.as_str())
        };
        let document = |actor: &Actor, field: &str, value: Value| {
            let mut document = actor.document();
            document[field] = value;
            document
        };
        // Somebody else's word; the old group's alone; the new group's alone.
        assert_eq!(says(&fixture.pam, &club.id).await, 403);
        assert_eq!(says(&club, &club.id).await, 202);
        fixture
            .p
            .publish(&club, document(&club, "movedTo", json!(new.id)));
        assert_eq!(says(&club, &club.id).await, 202);
        fixture.p.publish(&club, club.document());
        fixture
            .q
            .publish(&new, document(&new, "alsoKnownAs", json!(club.id)));
        assert_eq!(says(&club, &club.id).await, 202);
        assert!(!asked().await);

        fixture
            .p
            .publish(&club, document(&club, "movedTo", json!(new.id)));
        assert_eq!(says(&club, &club.id).await, 202);
        eventually("bob asks to join where it went", async || {
            asked().await.then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_blocks_ours_has_ended_the_partnership_and_its_people_have_not() {
    on_both(async |fixture| {
        let birch = Peer::start("birch");
        take_invitation(fixture, &birch).await;
        fixture.open(&fixture.shared, &birch).await;
        let host: Host = birch.host().parse().expect("a host");
        let find = async || partners::find(&fixture.app, Viewer::Operator, host.clone()).await;
        let bo = birch.person("bo");
        fixture.admit(&bo, &fixture.shared).await;
        fixture.settle().await;
        let ours = fixture.url("/actor");
        let ann = fixture.ann.account.actor.uri.to_string();
        for (by, whom) in [(&bo, &ours), (&bo, &ann), (birch.instance(), &ann)] {
            let reply = fixture
                .deliver(by, &by.activity("Block", json!(whom)))
                .await;
            assert_eq!(reply.status, 202, "{}", reply.text());
        }
        eventually("all were looked at", async || {
            let dump = fixture.settle().await;
            (dump.count("arrivals", r#""state":"pending""#) == 0).then_some(())
        })
        .await;
        let e = fixture.e.instance();
        let letter = fixture.letter(e, &e.activity("Block", json!(ours))).sign();
        fixture.refuses("a stranger's", &letter, 403).await;
        fixture.settle().await;
        assert_eq!(find().await.expect("birch").state, PartnerState::Active);

        let by = birch.instance();
        let reply = fixture
            .deliver(by, &by.activity("Block", json!(ours)))
            .await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        let ending = eventually("it is over", async || find().await.ok()?.over()).await;
        assert_eq!(ending.by, Side::Them);
    })
    .await;
}

/// A group at P with a topic of pam's, whose conversation P serves as it likes.
struct Conversation<'a> {
    fixture: &'a Fixture,
    club: Actor,
    topic: Value,
}

impl<'a> Conversation<'a> {
    async fn begin(fixture: &'a Fixture) -> Self {
        let club = fixture.p.group(&format!("club{}", unique()));
        let mut topic = fixture
            .pam
            .page(&club.id, "Asked by pam", "What do you say?");
        topic["context"] = json!(fixture.p.url(&format!("/context/{}", unique())));
        let create = club.activity("Announce", fixture.pam.create(&topic));
        let outbox = format!("{}/outbox", club.id);
        let listed = json!({ "id": outbox, "type": "OrderedCollection", "orderedItems": [create] });
        let served = Answer::of(ACTIVITY_JSON, &listed);
        fixture.p.put(&format!("{}/outbox", club.path()), served);
        let this = Self {
            fixture,
            club,
            topic,
        };
        this.serve(&[], &[]);
        this
    }

    fn topic(&self) -> &str {
        self.topic["id"].as_str().unwrap()
    }

    /// What P says is in the conversation, and what it says that others said.
    fn serve(&self, items: &[Value], passed_on: &[Value]) {
        let context = self.topic["context"].as_str().unwrap();
        let announced: Vec<Value> = passed_on
            .iter()
            .map(|said| match said["type"] == "Announce" {
                true => said.clone(),
                false => self.club.activity("Announce", said.clone()),
            })
            .collect();
        let named = passed_on
            .iter()
            .map(|said| match said["type"] == "Announce" {
                true => said["object"]["object"]["id"].clone(),
                false => said["object"]["id"].clone(),
            });
        let named = named.filter(Value::is_string);
        let page = json!({
            "id": context,
            "type": "OrderedCollectionPage",
            "orderedItems": items.iter().cloned().chain(named).collect::<Vec<_>>(),
            "guildhall:passedOn": announced,
        });
        let (_, path) = context.split_once(&self.club.host).unwrap();
        self.fixture.p.put(path, Answer::of(ACTIVITY_JSON, &page));
    }

    /// Has the conversation read: the group passes on what answers something that only the conversation has.
    async fn look(&self, items: &[Value], passed_on: &[Value]) -> Dump {
        let pam = &self.fixture.pam;
        let ground = pam.note(&self.club.id, self.topic(), "A ground.");
        let items = [std::slice::from_ref(&ground), items].concat();
        self.serve(&items, passed_on);
        let words = format!("Below it {}.", unique());
        let mut note = pam.note(&self.club.id, ground["id"].as_str().unwrap(), &words);
        note["context"] = self.topic["context"].clone();
        let announce = self.club.activity("Announce", pam.create(&note));
        let status = self.fixture.deliver(&self.club, &announce).await.status;
        assert_eq!(status, 202);
        eventually("what was below something unknown is here", async || {
            let dump = self.fixture.dump().await;
            let read = dump.count("jobs", r#""state":"pending""#) == 0;
            (read && dump.count("posts", &words) == 1).then_some(dump)
        })
        .await
    }

    /// A comment below pam's topic.
    fn note(&self, by: &Actor, words: &str) -> Value {
        by.note(&self.club.id, self.topic(), words)
    }
}

#[tokio::test]
async fn a22_what_a_groups_house_kept_of_third_servers_people_is_theirs_to_the_word() {
    on_both(async |fixture| {
        let talk = Conversation::begin(fixture).await;
        let quirin = fixture.q.person(&format!("quirin{}", unique()));
        let quill = fixture.q.person(&format!("quill{}", unique()));
        let asked_before = fixture.e.traffic();
        let ezra = fixture.e.person(&format!("ezra{}", unique()));
        let server = fixture.e.instance();
        let introduced = |said: &Value, document: &Value| {
            let mut announce = talk.club.activity("Announce", said.clone());
            announce["guildhall:introduces"] = json!(document.to_string());
            announce
        };

        // What P makes of them is not theirs.
        let never = |by: &Actor| by.create(&talk.note(by, "Words that were never said."));
        let mut broken = quirin.proven(&quirin.create(&talk.note(&quirin, "Other words.")));
        broken["object"]["content"] = json!("<p>Words that were never said.</p>");
        let mut renamed = quirin.proven(&never(&quirin));
        renamed["actor"] = json!(quill.id);
        renamed["object"]["attributedTo"] = json!(quill.id);
        let elsewhere = quirin.note(
            fixture.shared_uri(),
            fixture.topic.uri.as_str(),
            "Words that were never said.",
        );
        let mut on_p = talk.note(&quirin, "Words that were never said.");
        on_p["id"] = json!(fixture.pam.new_id());
        let mut bobs = talk.note(&fixture.pam, "Words that were never said.");
        bobs["attributedTo"] = json!(fixture.bob.account.actor.uri);
        bobs["id"] = json!(fixture.url("/p/12345"));
        let mut bob_said = fixture.pam.create(&bobs);
        bob_said["actor"] = json!(fixture.bob.account.actor.uri);
        bob_said["id"] = json!(fixture.url("/activities/create/12345"));
        let mut another_group = fixture
            .pam
            .activity("Announce", quirin.proven(&never(&quirin)));
        another_group["actor"] = json!(fixture.pam.id);
        let mut altered = server.server_proven(&ezra.document());
        altered["name"] = json!("Somebody else");
        let forged = [
            never(&quirin),
            broken,
            renamed,
            fixture.pam.proven(&never(&quirin)),
            fixture.pam.proven_as(&never(&quirin), &quirin.ed25519_id()),
            quirin.proven(&quirin.create(&elsewhere)),
            fixture.pam.proven(&bob_said),
            another_group,
            // Of somebody whose server nobody here speaks with.
            ezra.proven(&never(&ezra)),
            introduced(&ezra.proven(&never(&ezra)), &altered),
            introduced(&ezra.proven(&never(&ezra)), &ezra.document()),
        ];
        let honest = quirin.proven(&quirin.create(&talk.note(&quirin, "Words of quirin's own.")));
        let mut liked = fixture
            .pam
            .note(&talk.club.id, talk.topic(), "Liked, or not.");
        let like = |by: &Actor| by.activity("Like", liked["id"].clone());
        let said_of_quirin = like(&quirin);
        let pams = like(&fixture.pam);
        liked["likes"] = json!({ "type": "Collection", "items": [said_of_quirin, pams] });
        talk.serve(&[on_p, liked], &[&forged[..], &[honest]].concat());
        fixture.join(talk.club.clone()).await;
        let dump = fixture.settle().await;
        assert_eq!(dump.count("posts", "Words of quirin's own."), 1);
        assert_eq!(dump.count("posts", "never said"), 0);
        assert_eq!(dump.count("posts", "Other words."), 0);
        assert_eq!(dump.count("reactions", pams["id"].as_str().unwrap()), 1);
        let unproven = said_of_quirin["id"].as_str().unwrap();
        assert_eq!(dump.count("reactions", unproven), 0);
        let asked = fixture.e.seen_since(asked_before);
        let unsigned = |seen: &Seen| seen.target == "/actor" && seen.header("signature").is_none();
        assert!(asked.iter().all(unsigned), "{asked:?}");

        // What they prove is, also of strangers whom their own server introduces; once, and not again when it was
        // taken back.
        let said = ezra.proven(&ezra.create(&talk.note(&ezra, "Words of ezra's own.")));
        let proven_like = quirin.proven(&said_of_quirin);
        let passed_on = [
            introduced(&said, &server.server_proven(&ezra.document())),
            proven_like.clone(),
        ];
        let dump = talk.look(&[], &passed_on).await;
        assert_eq!(dump.count("posts", "Words of ezra's own."), 1);
        assert_eq!(dump.count("reactions", unproven), 1);
        let undone = talk.club.activity(
            "Announce",
            quirin.proven(&quirin.activity("Undo", said_of_quirin.clone())),
        );
        assert_eq!(fixture.deliver(&talk.club, &undone).await.status, 202);
        let deleted = talk.club.activity(
            "Announce",
            ezra.proven(&ezra.activity("Delete", said["object"]["id"].clone())),
        );
        assert_eq!(fixture.deliver(&talk.club, &deleted).await.status, 202);
        eventually("both are taken back", async || {
            let dump = fixture.settle().await;
            let gone = dump.count("reactions", unproven) == 0
                && dump.count("posts", "Words of ezra's own.") == 0;
            gone.then_some(())
        })
        .await;
        let dump = talk.look(&[], &passed_on).await;
        assert_eq!(dump.count("posts", "Words of ezra's own."), 0);
        assert_eq!(dump.count("reactions", unproven), 0);
    })
    .await;
}

#[tokio::test]
async fn a22_a_groups_house_brings_back_no_earlier_text_and_no_key_that_was_replaced() {
    on_both(async |fixture| {
        let talk = Conversation::begin(fixture).await;
        let quirin = fixture.q.person(&format!("quirin{}", unique()));
        fixture.join(talk.club.clone()).await;
        let now = jiff::Timestamp::now();
        let at = |seconds: i64| (now - jiff::SignedDuration::from_secs(seconds)).to_string();
        let mut note = talk.note(&quirin, "The first text.");
        note["published"] = json!(at(600));
        let first = quirin.proven(&quirin.create(&note));
        let changed = |text: &str, updated: Option<String>| {
            let mut note = note.clone();
            note["content"] = json!(format!("<p>{text}</p>"));
            if let Some(updated) = updated {
                note["updated"] = json!(updated);
            }
            quirin.proven(&quirin.activity("Update", note))
        };
        let second = changed("The second text.", Some(at(400)));
        let third = changed("The third text.", Some(at(200)));

        // Of what is unknown the kept text counts, whether it was new or changed then; a newer one takes its place.
        let dump = talk.look(&[], std::slice::from_ref(&second)).await;
        assert_eq!(dump.count("posts", "The second text."), 1);
        let dump = talk.look(&[], &[third]).await;
        assert_eq!(dump.count("posts", "The third text."), 1);
        // An earlier one does not, by whichever way, and whether it says when it was written or not.
        let undated = changed("The undated text.", None);
        for earlier in [first, second, undated] {
            let dump = talk.look(&[], std::slice::from_ref(&earlier)).await;
            assert_eq!(dump.count("posts", "The third text."), 1, "{earlier:#}");
            let announce = talk.club.activity("Announce", earlier.clone());
            assert_eq!(fixture.deliver(&talk.club, &announce).await.status, 202);
            let dump = fixture.settle().await;
            assert_eq!(dump.count("posts", "The third text."), 1, "{earlier:#}");
        }

        // Quirin's key is replaced. What the old one signed proves nothing any more, what the new one signs does.
        let mut renewed = quirin.clone();
        renewed.ed25519 = openssl::pkey::PKey::generate_ed25519().unwrap();
        fixture.q.publish(&renewed, renewed.document());
        let update = renewed.activity("Update", renewed.document());
        assert_eq!(fixture.deliver(&renewed, &update).await.status, 202);
        fixture.settle().await;
        let by_old = quirin.create(&talk.note(&quirin, "Signed with the old key."));
        let by_new = quirin.create(&talk.note(&quirin, "Signed with the new key."));
        let both = [quirin.proven(&by_old), renewed.proven(&by_new)];
        let dump = talk.look(&[], &both).await;
        assert_eq!(dump.count("posts", "Signed with the old key."), 0);
        assert_eq!(dump.count("posts", "Signed with the new key."), 1);
    })
    .await;
}
