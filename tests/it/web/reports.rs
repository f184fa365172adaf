//! Reporting a post, and what moderators do about it.

use super::{House, post_topic};

#[tokio::test]
async fn a_reported_comment_is_listed_for_moderators_until_it_is_resolved() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        let topic = post_topic(&mut ada, "engineering", "Bridge opens", "On Monday.").await;
        let (at, reports) = (format!("/p/{topic}"), "/g/engineering/reports");
        let mut grace = house.person("grace").await;
        grace.go(&at).await;
        let advert = [("body", "Buy my ribbons!")];
        let comments = format!("{at}/comments");
        let comment = grace.send(&comments, &advert).await.comment();
        let report = format!("/p/{comment}/report");
        let offers = |html: &str| html.contains(&format!("action=\"{report}\""));
        assert!(
            !offers(&grace.go(&at).await.html),
            "one deletes what is one's own"
        );

        let mut eve = house.person("eve").await;
        assert!(offers(&eve.go(&at).await.html));
        let page = eve
            .send(&report, &[("comment", "An <b>advertisement</b>")])
            .await;
        assert!(
            page.says("Reported: the moderators will look at it."),
            "{}",
            page.text()
        );
        assert_eq!(eve.go(reports).await.status, 403);
        assert!(!eve.go("/g/engineering").await.html.contains(reports));

        // Moderators see on every page that something waits for them, and where.
        for path in ["/", "/groups", "/g/engineering"] {
            let page = ada.go(path).await;
            assert!(
                page.html.contains(" report to look at"),
                "{path}: {}",
                page.html
            );
        }
        assert!(ada.page.says("1 report to look at") && ada.page.html.contains(reports));
        for path in ["/", "/groups", "/g/engineering"] {
            assert!(!eve.go(path).await.html.contains("to look at"), "{path}");
        }
        let page = ada.go(reports).await;
        for words in ["Comment by grace", "An <b>advertisement</b>", "eve"] {
            assert!(page.says(words), "{words}: {}", page.text());
        }
        let (_, id) = page
            .html
            .split_once("name=\"report\" value=\"")
            .expect("a button");
        let id = id.split('"').next().expect("a number").to_owned();
        let page = ada.send(reports, &[("report", &id)]).await;
        assert!(
            page.says("Resolved.")
                && !page.html.contains("name=\"report\"")
                && !page.html.contains("report to look at"),
            "{}",
            page.text()
        );

        // Nobody but moderators and administrators learns which reports there are.
        let never = [("report", "7")];
        let csrf = ada.csrf();
        let unknown = ada
            .post_raw(reports, &[never[0], ("csrf", &csrf)], &[])
            .await;
        eve.go("/g/engineering").await;
        let csrf = eve.csrf();
        let refused = eve
            .post_raw(reports, &[("report", &id), ("csrf", &csrf)], &[])
            .await;
        assert_eq!((unknown.status, refused.status), (404, 404));
    }
}
