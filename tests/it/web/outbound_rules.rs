//! Rules at the boundary in pages: making and trying them, what their authors see, looking at what is held.

use super::{House, post_topic};

const SENTENCE: &str = "Names of projects stay inside.";

#[tokio::test]
async fn an_owner_makes_a_rule_and_somebody_else_lets_out_what_it_holds() {
    for house in House::all().await {
        // Ada administers the house, grace owns the group.
        let mut ada = house.person("ada").await;
        let mut grace = house.owner("grace", "engineering", "open").await;
        let mut eve = house.person("eve").await;
        let rules = "/g/engineering/rules";
        assert_eq!(grace.go(rules).await.status, 200);
        assert_eq!(eve.go(rules).await.status, 403);
        assert_eq!(eve.go("/admin/rules").await.status, 404);
        assert_eq!(eve.go("/admin/held").await.status, 404);
        assert_eq!(eve.go("/g/engineering/held").await.status, 403);
        house
            .instance
            .run_json(&["group", "stage", "engineering", "partners"])
            .await;

        // A pattern that cannot be used is not taken, and what was typed stays.
        ada.go(rules).await;
        let add = "/g/engineering/rules/add";
        let wrong = [
            ("condition", "("),
            ("sentence", SENTENCE),
            ("kind", "pattern"),
            ("outcome", "hold"),
        ];
        let page = ada.send(add, &wrong).await;
        assert_eq!(page.status, 422);
        assert!(
            page.says("not a pattern that can be used"),
            "{}",
            page.text()
        );
        assert!(page.says("There are none of this group"), "{}", page.text());
        assert_eq!(page.field("sentence").as_deref(), Some(SENTENCE));
        let right = [
            ("condition", "falcon"),
            ("sentence", SENTENCE),
            ("kind", "pattern"),
            ("outcome", "hold"),
        ];
        let page = ada.send(add, &right).await;
        assert!(page.says("The rule counts from now on."), "{}", page.text());
        for (words, verdict) in [
            ("The Falcon flies", "It would be held."),
            ("It flies", "It would leave."),
        ] {
            let page = ada
                .send("/g/engineering/rules/try", &[("text", words)])
                .await;
            assert!(page.says(verdict), "{words}: {}", page.text());
        }

        // Its author and other colleagues see that it is held, and nobody decides about their own.
        let topic = post_topic(
            &mut grace,
            "engineering",
            "About the falcon",
            "On <b>Monday</b>.",
        )
        .await;
        for person in [&mut grace, &mut eve] {
            let page = person.go(&format!("/p/{topic}")).await;
            assert!(
                page.says("Held at the boundary.") && page.says(SENTENCE),
                "{}",
                page.text()
            );
            assert!(
                person
                    .go("/g/engineering")
                    .await
                    .says("Held at the boundary")
            );
        }
        let queue = "/g/engineering/held";
        assert!(
            grace
                .go("/")
                .await
                .html
                .contains("title=\"Held at the boundary\"")
        );
        let page = grace.go(queue).await;
        assert!(!page.says("Topic by grace"), "{}", page.text());
        let csrf = grace.csrf();
        let fields = [
            ("post", topic.as_str()),
            ("action", "release"),
            ("csrf", &csrf),
        ];
        let own = grace.post_raw(queue, &fields, &[]).await;
        assert!(
            own.says("nobody releases what they wrote"),
            "{}",
            own.text()
        );
        let csrf = eve.csrf();
        let fields = [
            ("post", topic.as_str()),
            ("action", "release"),
            ("csrf", &csrf),
        ];
        assert_eq!(eve.post_raw(queue, &fields, &[]).await.status, 403);

        // Somebody else keeps it inside, or lets it out.
        for page in ["/admin/held", queue] {
            let shown = ada.go(page).await;
            assert!(
                shown.says("Topic by grace") && shown.says("On <b>Monday</b>."),
                "{}",
                shown.text()
            );
            assert!(!shown.html.contains("<b>Monday"), "{}", shown.html);
        }
        let why = [
            ("post", topic.as_str()),
            ("action", "refuse"),
            ("reason", "Say “the bird”."),
        ];
        let csrf = ada.csrf();
        let fields = [why[0], why[1], why[2], ("csrf", &csrf)];
        let refused = ada.post_raw(queue, &fields, &[]).await;
        assert_eq!(refused.status, 303, "{}", refused.text());
        let page = grace.go(&format!("/p/{topic}")).await;
        assert!(
            page.says("Kept inside.") && page.says("Say “the bird”."),
            "{}",
            page.text()
        );
        ada.go(queue).await;
        let page = ada
            .send(queue, &[("post", &topic), ("action", "release")])
            .await;
        assert!(
            page.says("It is let out now.") && page.says("Nothing is held."),
            "{}",
            page.text()
        );
        assert!(
            !eve.go(&format!("/p/{topic}"))
                .await
                .says("Held at the boundary")
        );

        // What is refused at once comes back in the form.
        ada.go(rules).await;
        let refuse = [
            ("condition", "eagle"),
            ("sentence", SENTENCE),
            ("kind", "pattern"),
            ("outcome", "refuse"),
        ];
        ada.send(add, &refuse).await;
        grace.go("/g/engineering").await;
        let fields = [
            ("title", "About the eagle"),
            ("body", "It took me an hour to write this."),
        ];
        let page = grace.send("/g/engineering/topics", &fields).await;
        assert_eq!(page.status, 422);
        assert!(
            page.says(SENTENCE) && page.says("It took me an hour to write this."),
            "{}",
            page.text()
        );
        let page = grace.go("/g/engineering").await;
        assert!(!page.says("About the eagle"), "{}", page.text());

        // Owners choose whether somebody new is looked at first.
        grace.go("/g/engineering/settings").await;
        let choice = [("first_contact", "person")];
        let page = grace.send("/g/engineering/first-contact", &choice).await;
        assert!(page.says("Saved."), "{}", page.text());
        let shown = house
            .instance
            .run_json(&["group", "show", "engineering"])
            .await;
        assert_eq!(shown["first_contact"], "person");

        // Rules of the house are made by administrators, and removed by them.
        let page = ada.go("/admin/rules").await;
        assert!(!page.says("eagle"), "{}", page.text());
        let house_rule = [
            ("of", "house"),
            ("condition", "10"),
            ("sentence", SENTENCE),
            ("kind", "file_size"),
            ("outcome", "refuse"),
        ];
        let page = ada.send("/admin/rules/add", &house_rule).await;
        assert!(page.says("A file has more bytes than"), "{}", page.text());
        let id = house.instance.run_json(&["rule", "list"]).await;
        let id = id.as_array().unwrap().last().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let page = ada.send("/admin/rules/remove", &[("rule", &id)]).await;
        assert!(page.says("The rule is gone."), "{}", page.text());
    }
}
