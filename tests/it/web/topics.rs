//! Topics and comments: written, changed, kept when something is wrong, taken away, listed.

use super::{House, link, post_topic};
use crate::support::person::Page;

#[tokio::test]
async fn colleagues_talk_in_a_group() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        assert_eq!(ada.page.notice().as_deref(), Some("Created."));
        assert!(ada.page.says("Who will read this: 3 colleagues"));
        let topic = post_topic(&mut ada, "engineering", "Bridge opens", "On **Monday**.").await;
        assert!(ada.page.html.contains("<strong>Monday</strong>"));

        // Grace is no member; in an open group she becomes one by commenting.
        let mut grace = house.person("grace").await;
        assert!(grace.go("/").await.says("Nothing here yet"));
        grace.go(&format!("/p/{topic}")).await;
        let comments = format!("/p/{topic}/comments");
        let page = grace.send(&comments, &[("body", "Congratulations!")]).await;
        let comment = page.comment();
        assert!(page.path.starts_with(&format!("/p/{topic}#c-")));
        assert!(grace.go("/").await.says("Bridge opens"));

        // A comment's own address shows it in its thread; answers nest.
        ada.go(&format!("/p/{comment}")).await;
        assert_eq!(ada.page.comment(), comment);
        let answer = format!("/p/{comment}/comments");
        let thanks = ada.send(&answer, &[("body", "Thanks!")]).await.comment();
        assert!(ada.page.html.contains(&format!(
            "id=\"c-{thanks}\" class=\"comment\" data-depth=\"1\""
        )));
        assert!(ada.page.says("2 comments"));

        // Likes are counted once, and taken back.
        let like = format!("/p/{topic}/like");
        grace.go(&format!("/p/{topic}")).await;
        assert!(
            grace
                .send(&like, &[])
                .await
                .html
                .contains("aria-pressed=\"true\"")
        );
        assert!(grace.go("/").await.says("1 like"));
        grace.go(&format!("/p/{topic}")).await;
        let unlike = format!("/p/{topic}/unlike");
        assert!(
            !grace
                .send(&unlike, &[])
                .await
                .html
                .contains("aria-pressed=\"true\"")
        );

        // What one wrote one may change, and everybody sees what it was.
        let edit = format!("/p/{comment}/edit");
        grace.go(&edit).await;
        assert!(grace.page.html.contains("Congratulations!</textarea>"));
        grace.send(&edit, &[("body", "Well done!")]).await;
        assert!(grace.page.says("Well done!") && grace.page.says("edited"));
        ada.go(&format!("/p/{comment}/history")).await;
        assert!(ada.page.says("Well done!") && ada.page.says("Congratulations!"));
        assert!(ada.page.says("Current"));
        assert_eq!(ada.go(&edit).await.status, 403);
        assert!(ada.page.says("Only its author may do this."));

        // What is deleted leaves its place, and the answers to it.
        grace.go(&format!("/p/{topic}")).await;
        grace.send(&format!("/p/{comment}/delete"), &[]).await;
        assert!(grace.page.says("Deleted by its author.") && grace.page.says("Thanks!"));
        assert!(!grace.page.says("Well done!"));
        assert!(grace.page.says("1 comment"));
        assert!(
            !grace
                .go(&format!("/p/{comment}/history"))
                .await
                .says("Well done!")
        );
        ada.go(&format!("/p/{topic}")).await;
        ada.send(&format!("/p/{topic}/delete"), &[]).await;
        assert!(ada.page.says("A topic that was deleted"));
        assert!(ada.go("/g/engineering").await.says("No topics here yet."));
    }
}

#[tokio::test]
async fn what_was_typed_is_kept_when_something_is_wrong() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;

        let typed = [
            ("title", " "),
            ("body", "A **long** text with \"quotes\" & <tags>"),
        ];
        let page = ada.send("/g/engineering/topics", &typed).await;
        assert_eq!(page.status, 422);
        assert_eq!(
            page.problem().unwrap(),
            "The title is missing: say in one line what it is about."
        );
        assert!(
            page.html
                .contains("A **long** text with &#34;quotes&#34; &#38; &#60;tags&#62;</textarea>")
        );
        // Reloading after it leads back to the page the form is on.
        assert_eq!(ada.go("/g/engineering/topics").await.path, "/g/engineering");

        let topic = post_topic(&mut ada, "engineering", "Bridge", "x").await;
        let comments = format!("/p/{topic}/comments");
        let first = ada.send(&comments, &[("body", "first")]).await.comment();
        let long = "x".repeat(70_000);
        let page = ada
            .send(&format!("/p/{first}/comments"), &[("body", &long)])
            .await;
        assert_eq!(page.status, 422);
        assert!(page.html.contains(&format!("{long}</textarea>")));
        assert!(page.html.contains("class=\"fold reply\" open"));

        ada.go("/groups").await;
        let taken = [
            ("name", "engineering"),
            ("title", "Another"),
            ("access", "closed"),
        ];
        let page = ada.send("/groups", &taken).await;
        assert_eq!(page.status, 409);
        assert_eq!(page.field("title").as_deref(), Some("Another"));
        assert_eq!(
            page.problem().unwrap(),
            "The name engineering is taken; choose another."
        );
    }
}

#[tokio::test]
async fn moderators_take_posts_out_of_view_and_lock_topics() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        let topic = post_topic(&mut ada, "engineering", "Bridge opens", "On Monday.").await;
        let (at, comments) = (format!("/p/{topic}"), format!("/p/{topic}/comments"));
        let mut grace = house.person("grace").await;
        grace.go(&at).await;
        let advert = [("body", "Buy my **ribbons**!")];
        let comment = grace.send(&comments, &advert).await.comment();
        let remove = format!("/p/{comment}/remove");
        let mut eve = house.person("eve").await;
        assert!(!eve.go(&at).await.html.contains("/remove\""));
        assert_eq!(eve.go(&remove).await.status, 403);
        assert!(eve.page.says("Only moderators of the group may do this."));

        // One says why; then readers see that, and moderators besides what it was.
        assert!(
            ada.go(&at)
                .await
                .html
                .contains(&format!("href=\"{remove}\""))
        );
        assert!(ada.go(&remove).await.says("Buy my ribbons !"));
        assert_eq!(ada.send(&remove, &[("reason", " ")]).await.status, 422);
        let problem = ada.page.problem().unwrap();
        assert_eq!(problem, "The reason is missing: say in a line why it goes.");
        let page = ada.send(&remove, &[("reason", "No advertising")]).await;
        assert!(
            page.says("Removed by a moderator: No advertising") && page.says("No comments yet")
        );
        assert!(page.says("What it said") && page.html.contains("<strong>ribbons</strong>"));
        for reader in [&mut eve, &mut grace] {
            let page = reader.go(&at).await;
            assert!(
                page.says("Removed by a moderator: No advertising"),
                "{}",
                page.text()
            );
            assert!(!page.html.contains("ribbons") && !page.html.contains("/restore"));
            let history = reader.go(&format!("/p/{comment}/history")).await;
            assert!(!history.html.contains("ribbons"));
        }
        let (restore, csrf) = (format!("/p/{comment}/restore"), eve.csrf());
        let refused = eve.post_raw(&restore, &[("csrf", &csrf)], &[]).await;
        assert_eq!(refused.status, 403);
        assert_eq!(
            ada.go(&remove).await.path,
            format!("/p/{topic}#c-{comment}")
        );
        ada.send(&restore, &[]).await;
        assert!(ada.page.says("1 comment") && !ada.page.says("Removed by"));
        assert!(eve.go(&at).await.says("ribbons"));

        // A locked topic is for moderators.
        ada.send(&format!("{at}/lock"), &[]).await;
        assert!(eve.go(&at).await.says("This topic is locked") && eve.page.says("Locked"));
        assert!(!eve.page.html.contains("/comments"));
        ada.send(&comments, &[("body", "Closed for now.")]).await;
        assert!(ada.page.says("2 comments"));
        ada.send(&format!("{at}/unlock"), &[]).await;
        eve.go(&at).await;
        eve.send(&comments, &[("body", "Thanks.")]).await;

        // A pinned topic stands first on the group's page, and only once.
        ada.send(&format!("{at}/pin"), &[]).await;
        assert!(ada.page.says("Pinned") && ada.page.says("Unpin"));
        let page = eve.go("/g/engineering").await;
        assert_eq!(
            page.text().matches("Bridge opens").count(),
            1,
            "{}",
            page.text()
        );
        assert!(page.says("Pinned") && !page.html.contains("/pin\""));
        ada.send(&format!("{at}/unpin"), &[]).await;
        assert!(!ada.page.says("Pinned"));

        // A removed topic is out of the lists. The command line does the same, by the number.
        let instance = &house.instance;
        let away = ["post", "remove", &topic, "--reason", "Not ours to tell"];
        assert_eq!(instance.run_json(&away).await["state"], "removed");
        let twice = instance.run(away).await;
        assert!(twice.stderr.contains("removed already"), "{twice:?}");
        assert!(!eve.go("/g/engineering").await.says("Bridge opens"));
        assert!(eve.go(&at).await.says("A topic that was removed"));
        assert!(eve.page.says("Not ours to tell") && !eve.page.says("On Monday."));
        assert!(ada.go(&at).await.says("Bridge opens") && ada.page.says("On Monday."));
        assert_eq!(
            instance.run_json(&["post", "restore", &topic]).await["state"],
            "visible"
        );
        assert_eq!(
            instance.run_json(&["post", "lock", &topic]).await["locked"],
            true
        );
        assert!(eve.go(&at).await.says("This topic is locked"));
        assert_eq!(
            instance.run_json(&["post", "unlock", &topic]).await["locked"],
            false
        );
        let none = instance.run(["post", "lock", "1"]).await;
        assert!(none.stderr.contains("there is no post 1"), "{none:?}");
        assert_eq!(none.code, Some(1));
    }
}

#[tokio::test]
async fn long_lists_are_walked_page_by_page() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        for number in 1..=45 {
            post_topic(&mut ada, "engineering", &format!("Topic {number:02}"), "x").await;
        }
        for start in ["/", "/g/engineering"] {
            let mut seen = Vec::new();
            ada.go(start).await;
            loop {
                seen.extend(titles(&ada.page));
                match link(&ada.page, "next") {
                    Some(older) => ada.go(&older).await,
                    None => break,
                };
            }
            let newest_first: Vec<String> =
                (1..=45).rev().map(|n| format!("Topic {n:02}")).collect();
            assert_eq!(seen, newest_first);
            let newer = link(&ada.page, "prev").unwrap();
            assert_eq!(titles(ada.go(&newer).await), newest_first[20..40]);
        }
        assert_eq!(ada.go("/?before=x&after=%ff").await.status, 200);
    }
}

fn titles(page: &Page) -> Vec<String> {
    let found = page.html.split(">Topic ").skip(1);
    found.map(|rest| format!("Topic {}", &rest[..2])).collect()
}
