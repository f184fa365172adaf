//! Templates of grants: as commands make them, and as the form in a group's settings begins with them.

use serde_json::json;

use super::House;

#[tokio::test]
async fn a_grant_begins_with_a_template() {
    for house in House::all().await {
        let acme = &house.instance;
        acme.add_partner("birch.example").await;
        let mut eve = house.owner("eve", "engineering", "closed").await;
        let listed = acme.run_json(&["grant", "template", "list"]).await;
        let names = |listed: &serde_json::Value| {
            let all = listed.as_array().unwrap().iter();
            all.map(|one| one["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(&listed),
            ["reader", "customer", "supplier", "partner"]
        );

        // As a command: what is said besides goes before it.
        let supplier = [
            "grant",
            "add",
            "engineering",
            "birch.example",
            "--template",
            "supplier",
        ];
        let granted = acme.run_json(&supplier).await;
        assert_eq!(
            granted["can"],
            json!(["read", "react", "reply"]),
            "{granted}"
        );
        assert_eq!(granted["until"], json!(null));
        let until = ["--until", "2090-01-01", "--can", "read"];
        let granted = acme.run_json(&[&supplier[..], &until].concat()).await;
        assert_eq!(granted["can"], json!(["read"]));
        assert_eq!(granted["until"], "2090-01-01T00:00:00.000Z");
        acme.run_json(&["grant", "remove", "engineering", "birch.example"])
            .await;
        for wrong in [
            &[
                "grant",
                "add",
                "engineering",
                "birch.example",
                "--template",
                "absent",
            ][..],
            &["grant", "add", "engineering", "birch.example"],
            &[
                "grant", "template", "save", "supplier", "--title", "Mine", "--can", "read",
            ],
            &[
                "grant", "template", "save", "mine", "--title", "Mine", "--can", "read", "--days",
                "0",
            ],
            &["grant", "template", "remove", "absent"],
        ] {
            assert_ne!(acme.run(wrong).await.code, Some(0), "{wrong:?}");
        }

        // One of our own, in the form.
        let save = [
            "grant",
            "template",
            "save",
            "auditor",
            "--title",
            "Auditor: a month of everything",
        ];
        let month = [
            "--can",
            "read",
            "--days",
            "30",
            "--history",
            "all",
            "--join",
            "invite",
        ];
        acme.run_json(&[&save[..], &month].concat()).await;
        let page = eve.go("/g/engineering/settings").await;
        assert!(page.html.contains("Auditor: a month of everything"));
        let page = eve.go("/g/engineering/settings?template=auditor").await;
        assert!(
            page.html.contains(r#"value="all" checked"#),
            "{}",
            page.html
        );
        assert!(
            page.html.contains(r#"value="invite" checked"#),
            "{}",
            page.html
        );
        acme.run_json(&["grant", "template", "remove", "auditor"])
            .await;
        let page = eve.go("/g/engineering/settings?template=auditor").await;
        assert!(!page.html.contains("Auditor"));
    }
}
