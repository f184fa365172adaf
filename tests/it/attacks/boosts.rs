//! A28 and what else liars try with boosts: to carry out what is not for everybody, to boost in another's name,
//! to take back what is another's, and to have us fetch what they name.

use serde_json::json;

use super::fixture::on_both;

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
            let object = format!("http://{host}/notes/{}", crate::support::peer::unique());
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
