//! A42 and A43: what leaves the house, and to whom.

use super::fixture::on_both;
use crate::support::world::eventually;

#[tokio::test]
async fn a42_a_mention_carries_nothing_to_a_server_without_a_grant() {
    on_both(async |fixture| {
        let [p, q, e] = fixture.traffic();
        let text = format!(
            "Ask @{} and @{}.",
            fixture.quin.handle(),
            fixture.eve.handle()
        );
        let post = fixture.post("Who knows?", &text).await;
        fixture.settle().await;

        assert_eq!(
            [fixture.q.traffic(), fixture.e.traffic()],
            [q, e],
            "Q or E was connected to"
        );
        let mail = fixture.p.mail_since(p);
        let told: Vec<_> = mail
            .iter()
            .map(|mail| mail.json().to_string())
            .filter(|json| json.contains(post.uri.as_str()))
            .collect();
        assert!(!told.is_empty(), "P is told");
        for json in told {
            for stranger in [&fixture.quin, &fixture.eve] {
                assert!(!json.contains(&stranger.id), "{json}");
            }
            assert!(
                !json.contains("\"bto\"") && !json.contains("\"bcc\""),
                "{json}"
            );
            assert!(!json.contains("#Public"), "{json}");
        }
    })
    .await;
}

#[tokio::test]
async fn a43_a_removed_grant_stops_everything_that_waits() {
    const WAITING: usize = 100;
    on_both(async |fixture| {
        let annex = fixture.new_group().await;
        fixture.open(&annex, &fixture.p).await;
        let pam = fixture
            .p
            .person(&format!("w{}", crate::support::peer::unique()));
        fixture.admit(&pam, &annex).await;
        fixture.settle().await;
        fixture.p.answer_posts(503);
        for number in 0..WAITING {
            fixture
                .post_in(
                    &annex,
                    &format!("Topic {number}"),
                    "Only while we are partners.",
                )
                .await;
        }
        let of_annex = format!("\"group_id\":{},", annex.id);
        let waiting = |dump: &crate::support::dump::Dump| {
            let rows = dump.rows("deliveries").iter();
            rows.filter(|row| row.contains(&of_annex) && row.contains(r#""state":"pending""#))
                .count()
        };
        // Some were tried and failed; others may be under way when the grant goes.
        let before = eventually("all of it waits", async || {
            let dump = fixture.dump().await;
            let rows = dump.rows("deliveries").iter();
            let tried = rows.filter(|row| {
                row.contains(&of_annex)
                    && row.contains(r#""state":"pending""#)
                    && !row.contains(r#""attempts":0"#)
                    && row.contains("503")
            });
            (tried.count() >= 1 && waiting(&dump) == WAITING).then_some(dump)
        })
        .await;

        let closed = fixture.close(&annex, &fixture.p).await;
        let committed = std::time::Instant::now();
        let [p, ..] = fixture.traffic();
        fixture.p.answer_posts(202);
        fixture
            .post_in(&annex, "Afterwards", "Among ourselves.")
            .await;
        let after = fixture.settle().await;

        assert_eq!(closed.cancelled, WAITING);
        assert_eq!(waiting(&after), 0);
        let audited = after.rows("audit").difference(before.rows("audit"));
        let audited: Vec<_> = audited.collect();
        assert!(
            audited.iter().any(|row| row.contains(&WAITING.to_string())),
            "the cancellations are on record: {audited:#?}"
        );
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let late: Vec<_> = fixture
            .p
            .mail_since(p)
            .into_iter()
            .filter(|mail| {
                let json = mail.json().to_string();
                json.contains("Only while") || json.contains("Among ourselves")
            })
            .map(|mail| mail.at.saturating_duration_since(committed))
            .collect();
        assert!(
            late.is_empty(),
            "{} deliveries after the commit, so long after it: {late:?}",
            late.len()
        );

        // For P the group is as if it had never been.
        let page = pam.page(annex.actor.uri.as_str(), "Still here?", "Let me in.");
        let letter = fixture.letter(&pam, &pam.create(&page)).sign();
        fixture
            .refuses("a topic by who was a member", &letter, 404)
            .await;
    })
    .await;
}
