//! A28 and what else liars try with boosts: to carry out what is not for everybody, to boost in another's name,
//! to take back what is another's, and to have us fetch what they name.

use guildhall::services::follows;
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use super::follows::{PUBLIC, bob_follows, followers, says};
use crate::support::peer::{ACTIVITY_JSON, Actor, Answer, Peer, unique};
use crate::support::world::eventually;

#[tokio::test]
async fn a28_nobody_passes_on_what_is_not_for_everybody() {
    on_both(async |fixture| {
        // In a group that she reads, with a reason; in one that she does not know, as an id that nobody has.
        let announce = fixture.pam.activity("Announce", json!(fixture.topic.uri));
        let letter = fixture.letter(&fixture.pam, &announce).sign();
        let line = fixture.refuses("of a closed group", &letter, 403).await;
        assert_eq!(line.reason, "cannot_reshare");
        let mut answers = Vec::new();
        for object in [
            fixture.secret_topic.uri.to_string(),
            fixture.secret_comment.uri.to_string(),
            fixture.url("/p/7"),
        ] {
            let announce = fixture.pam.activity("Announce", json!(object));
            let letter = fixture.letter(&fixture.pam, &announce).sign();
            fixture.refuses("of what is hidden", &letter, 404).await;
            let again = fixture.pam.activity("Announce", json!(object));
            answers.push(fixture.deliver(&fixture.pam, &again).await.text());
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        // Eve is spoken with by nobody.
        let announce = fixture.eve.activity("Announce", json!(fixture.topic.uri));
        let reply = fixture.deliver(&fixture.eve, &announce).await;
        assert!(matches!(reply.status, 401 | 403), "{}", reply.text());
    })
    .await;
}

#[tokio::test]
async fn a_boost_of_what_nobody_here_has_heard_of_makes_us_fetch_nothing() {
    on_both(async |fixture| {
        let before = fixture.settle().await;
        let traffic = fixture.traffic();
        for host in [fixture.p.host(), fixture.q.host(), fixture.e.host()] {
            let object = format!("http://{host}/notes/{}", unique());
            let announce = fixture.pam.activity("Announce", json!(object));
            let reply = fixture.deliver(&fixture.pam, &announce).await;
            assert_eq!(reply.status, 202, "{}", reply.text());
            let undo = fixture.pam.activity("Undo", announce);
            let reply = fixture.deliver(&fixture.pam, &undo).await;
            assert_eq!(reply.status, 202, "{}", reply.text());
        }
        let after = fixture.settle().await;
        for table in ["posts", "boosts", "events", "deliveries", "actors"] {
            assert_eq!(before.count(table, ""), after.count(table, ""), "{table}");
        }
        assert_eq!(fixture.traffic(), traffic);
    })
    .await;
}

#[tokio::test]
async fn nobody_boosts_or_takes_back_in_anothers_name() {
    on_both(async |fixture| {
        let announce = fixture.pam.activity("Announce", json!(fixture.topic.uri));
        let letter = fixture.letter(&fixture.pete, &announce).sign();
        let reply = fixture.send(&letter).await;
        assert!(matches!(reply.status, 401 | 403), "{}", reply.text());
        let undo = fixture.pete.activity("Undo", announce);
        let letter = fixture.letter(&fixture.pete, &undo).sign();
        let line = fixture.refuses("undoing pam's", &letter, 403).await;
        assert_eq!(line.reason, "undoes_anothers");
    })
    .await;
}

/// Serves a post at a peer; its address.
fn serve(peer: &Peer, post: &Value) -> String {
    let uri = post["id"].as_str().expect("an id").to_owned();
    let (_, path) = uri.split_once(&peer.host()).expect("it is there");
    peer.put(path, Answer::of(ACTIVITY_JSON, post));
    uri
}

/// Somebody boosts something, and all that follows from it is over.
async fn boosts(fixture: &Fixture, by: &Actor, object: &str) -> Value {
    let announce = by.activity("Announce", json!(object));
    let reply = fixture.deliver(by, &announce).await;
    assert_eq!(reply.status, 202, "{object}: {}", reply.text());
    eventually("what is boosted was read", async || {
        let dump = fixture.settle().await;
        (dump.count("jobs", r#""state":"pending""#) == 0).then_some(())
    })
    .await;
    announce
}

#[tokio::test]
async fn what_somebody_followed_boosts_is_read_where_it_is_kept_if_it_is_for_everybody() {
    on_both(async |fixture| {
        let pia = fixture.p.person(&format!("pia{}", unique()));
        let bobs = bob_follows(fixture, &pia).await;
        let before = fixture.settle().await;
        let says = |by: &Actor, to: &[&str]| says(by, to)["object"].clone();

        // Nobody here speaks with E: nothing of hers is fetched.
        let traffic = fixture.e.traffic();
        let at_e = serve(&fixture.e, &says(&fixture.eve, &[PUBLIC]));
        boosts(fixture, &pia, &at_e).await;
        assert_eq!(fixture.e.traffic(), traffic);

        // What is for few, of another than who keeps it, of a group here, in another place, or no post at all.
        let quin = &fixture.quin;
        let mut of_pam = says(quin, &[PUBLIC]);
        of_pam["attributedTo"] = json!(fixture.pam.id);
        let mut in_shared = quin.page(fixture.shared_uri(), "Shared", "Not a group's word.");
        in_shared["to"] = json!([PUBLIC]);
        let mut empty = says(quin, &[PUBLIC]);
        empty["content"] = json!("");
        let moved = quin.new_id();
        let (_, path) = moved.split_once(&fixture.q.host()).unwrap();
        fixture.q.put(path, Answer::redirect(302, &at_e));
        let mut copied = says(quin, &[PUBLIC]);
        let copy = copied["id"].take();
        copied["id"] = json!(fixture.pam.new_id());
        let (_, path) = copy
            .as_str()
            .unwrap()
            .split_once(&fixture.q.host())
            .unwrap();
        fixture.q.put(path, Answer::of(ACTIVITY_JSON, &copied));
        let page = says(quin, &[PUBLIC]);
        let as_page = serve(&fixture.q, &page);
        let (_, path) = as_page.split_once(&fixture.q.host()).unwrap();
        fixture.q.put(path, Answer::of("text/html", &page));
        for object in [
            serve(&fixture.q, &says(quin, &[&followers(quin)])),
            serve(&fixture.q, &says(quin, &[&pia.id])),
            serve(&fixture.q, &of_pam),
            serve(&fixture.q, &in_shared),
            serve(&fixture.q, &empty),
            moved,
            copy.as_str().unwrap().to_owned(),
            as_page,
            quin.new_id(),
            fixture.q.url("/u/quin"),
        ] {
            boosts(fixture, &pia, &object).await;
        }
        let after = fixture.settle().await;
        for table in ["posts", "boosts", "events", "deliveries"] {
            assert_eq!(before.count(table, ""), after.count(table, ""), "{table}");
        }
        assert_eq!(fixture.e.traffic(), traffic);

        // What is for everybody is read once, and passed on to nobody.
        let loud = serve(&fixture.q, &says(quin, &[PUBLIC]));
        let reads = fixture.q.traffic();
        let announce = boosts(fixture, &pia, &loud).await;
        boosts(fixture, &pia, &loud).await;
        let dump = fixture.dump().await;
        assert_eq!(
            (dump.count("posts", &loud), dump.count("boosts", "")),
            (1, before.count("boosts", "") + 1)
        );
        let (_, path) = loud.split_once(&fixture.q.host()).unwrap();
        assert_eq!(fixture.q.reads_since(reads, path), 1);
        assert_eq!(dump.count("deliveries", &loud), 0);
        let undo = pia.activity("Undo", announce);
        assert_eq!(fixture.deliver(&pia, &undo).await.status, 202);
        let dump = fixture.settle().await;
        assert_eq!(dump.count("boosts", ""), before.count("boosts", ""));

        // What is taken back before it was read is not shown.
        fixture.q.set_dead(true);
        let late = serve(&fixture.q, &says(quin, &[PUBLIC]));
        let announce = pia.activity("Announce", json!(late));
        assert_eq!(fixture.deliver(&pia, &announce).await.status, 202);
        fixture.settle().await;
        let undo = pia.activity("Undo", announce);
        assert_eq!(fixture.deliver(&pia, &undo).await.status, 202);
        let dump = fixture.settle().await;
        fixture.q.set_dead(false);
        assert_eq!(dump.count("jobs", &late), 0);
        assert_eq!(dump.count("boosts", ""), before.count("boosts", ""));

        // Whom nobody follows any more has nothing read.
        follows::unfollow(&fixture.app, fixture.bob.viewer(), bobs)
            .await
            .expect("he leaves");
        fixture.settle().await;
        let reads = fixture.q.traffic();
        let unseen = serve(&fixture.q, &says(quin, &[PUBLIC]));
        boosts(fixture, &pia, &unseen).await;
        assert_eq!(fixture.q.traffic(), reads);
    })
    .await;
}
