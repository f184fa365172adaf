//! What would they see, and what becomes visible: the pages.

use super::{House, post_topic};

#[tokio::test]
async fn administrators_ask_the_rules_and_others_find_no_such_page() {
    for house in House::all().await {
        let acme = &house.instance;
        acme.add_partner("birch.example").await;
        let mut eve = house.owner("eve", "engineering", "open").await;
        assert_eq!(
            eve.go("/admin/explain?as=ada&on=engineering").await.status,
            404
        );
        let mut ada = house.person("ada").await;
        let page = ada.go("/admin/explain").await;
        assert_eq!(page.status, 200, "{}", page.text());
        let page = ada
            .go("/admin/explain?as=bo@birch.example&action=read&on=engineering")
            .await;
        assert!(
            page.says("hidden") && page.html.contains("group_internal"),
            "{}",
            page.text()
        );
        let page = ada
            .go("/admin/explain?as=eve&action=read&on=engineering")
            .await;
        assert!(page.says("eve may do this"), "{}", page.text());
        let page = ada.go("/admin/explain?as=nobody&on=absent").await;
        assert_eq!(page.status, 422, "{}", page.text());
    }
}

#[tokio::test]
async fn nobody_opens_a_group_without_having_seen_what_becomes_visible() {
    for house in House::all().await {
        let mut eve = house.owner("eve", "news", "open").await;
        post_topic(&mut eve, "news", "We won a prize", "For the bridge.").await;
        eve.go("/g/news/settings").await;
        let page = eve.send("/g/news/stage", &[("stage", "public")]).await;
        assert!(page.path.starts_with("/g/news/outlook"), "{}", page.path);
        assert!(
            page.says("We won a prize") && page.says("anybody on the web"),
            "{}",
            page.text()
        );
        assert_eq!(
            house.instance.run_json(&["group", "show", "news"]).await["stage"],
            "internal"
        );

        // Somebody writes before it is confirmed: it is asked again.
        let mut ada = house.person("ada").await;
        ada.go("/g/news").await;
        ada.send("/g/news/join", &[]).await;
        post_topic(&mut ada, "news", "Not for the press", "Later.").await;
        let page = eve.send("/g/news/stage", &[]).await;
        assert_eq!(page.status, 409, "{}", page.text());
        assert_eq!(
            house.instance.run_json(&["group", "show", "news"]).await["stage"],
            "internal"
        );
        eve.go("/g/news/outlook?stage=public").await;
        assert!(eve.page.says("Not for the press"));
        eve.send("/g/news/stage", &[]).await;
        assert_eq!(
            house.instance.run_json(&["group", "show", "news"]).await["stage"],
            "public"
        );

        // A grant, looked at from the form that makes it.
        house.instance.add_partner("birch.example").await;
        eve.go("/g/news/settings").await;
        let grant = [
            ("partner", "birch.example"),
            ("can", "read"),
            ("join", "approve"),
            ("history", "all"),
            ("look", "yes"),
        ];
        let page = eve.send("/g/news/grants", &grant).await;
        assert!(page.says("A grant for birch.example"), "{}", page.text());
        assert!(!page.path.contains("csrf"), "{}", page.path);
        eve.send("/g/news/grants", &[]).await;
        let granted = house.instance.run_json(&["grant", "list", "news"]).await;
        assert_eq!(granted[0]["partner"], "birch.example", "{granted}");
    }
}
