//! Before it is posted: the post as it would be, and who exactly would read it.

use super::House;

#[tokio::test]
async fn who_will_read_it_is_said_by_name_before_it_is_posted() {
    for house in House::all().await {
        let acme = &house.instance;
        for host in ["birch.example", "cedar.example"] {
            acme.add_partner(host).await;
        }
        let mut eve = house.owner("eve", "engineering", "closed").await;
        acme.run_json(&[
            "partner",
            "set",
            "birch.example",
            "--private-groups",
            "trust",
        ])
        .await;
        acme.run_json(&["group", "stage", "engineering", "partners"])
            .await;
        let grant = [
            "grant",
            "add",
            "engineering",
            "birch.example",
            "--template",
            "supplier",
        ];
        acme.run_json(&grant).await;

        eve.go("/g/engineering").await;
        let text = "First line.\n\nSecond, *loud* & \"quoted\".";
        let typed = [("title", "Bolts"), ("body", text), ("preview", "yes")];
        let page = eve.send("/g/engineering/topics", &typed).await;
        assert!(page.says("Preview: who will read this"), "{}", page.text());
        assert!(page.html.contains("<em>loud</em>"), "{}", page.html);
        assert!(
            page.says("eve") && page.says("birch.example"),
            "{}",
            page.text()
        );
        assert!(
            page.says("not known to delete what you take back"),
            "{}",
            page.text()
        );
        assert!(
            page.says("They cannot") && page.says("cedar.example"),
            "{}",
            page.text()
        );
        assert!(!eve.go("/g/engineering").await.says("Bolts"));

        // Back to the form with what was typed, and then out.
        let page = eve.send("/g/engineering/topics", &typed).await;
        assert_eq!(page.status, 200);
        let page = eve.send("/g/engineering/topics", &[("edit", "yes")]).await;
        assert!(page.html.contains("*loud*"), "{}", page.text());
        eve.send("/g/engineering/topics", &typed).await;
        let page = eve.send("/g/engineering/topics", &[]).await;
        assert!(
            page.path.starts_with("/p/") && page.says("Bolts"),
            "{}",
            page.text()
        );
        assert!(page.html.contains("<p>First line.</p>"), "{}", page.html);

        // A comment that stays inside is shown as that.
        let topic = page.path.clone();
        let comments = format!("{topic}/comments");
        let aside = [
            ("body", "Not before the audit."),
            ("aside", "yes"),
            ("preview", "yes"),
        ];
        let page = eve.send(&comments, &aside).await;
        assert!(
            page.says("Nobody.") && !page.says("birch.example"),
            "{}",
            page.text()
        );
        eve.send(&comments, &[]).await;
        assert!(eve.page.says("1 internal"), "{}", eve.page.text());
    }
}
