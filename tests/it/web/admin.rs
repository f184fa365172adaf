//! What administrators do: accounts, erasure, and reading who did what.

use super::{House, PASSWORD, link, post_topic};
use crate::support::person::Person;
use crate::support::world::eventually;

#[tokio::test]
async fn an_administrator_makes_and_disables_accounts() {
    for house in House::all().await {
        let mut ada = house.person("ada").await;
        ada.go("/admin/users").await;
        let new = [
            ("display_name", "Tim Berners"),
            ("name", "tim"),
            ("email", "tim@acme.example"),
            ("password", PASSWORD),
            ("role", "member"),
        ];
        ada.send("/admin/users", &new).await;
        assert!(ada.page.says("Tim Berners") && ada.page.says("not signed in"));
        let mut tim = house.person("tim").await;
        assert!(tim.go("/u/ada").await.says("@ada@acme.localhost"));
        for address in ["/admin/users", "/admin/queue", "/admin/partners"] {
            assert_eq!(tim.go(address).await.status, 404, "{address}");
        }

        ada.go("/admin/users").await;
        ada.send("/admin/users/tim/state", &[("state", "disabled")])
            .await;
        assert!(ada.page.says("Disabled"));
        assert!(tim.go("/").await.path.starts_with("/sign-in"));
        assert_eq!(ada.go("/u/tim").await.status, 404);

        // Passwords and other browsers.
        let mut other = house.person("ada").await;
        ada.go("/settings").await;
        let change = |again| {
            [
                ("current", PASSWORD),
                ("password", "another horse"),
                ("again", again),
            ]
        };
        let refused = ada
            .send("/settings/password", &change("other horse!"))
            .await;
        assert_eq!(refused.status, 422);
        ada.send("/settings/password", &change("another horse"))
            .await;
        assert!(
            ada.page
                .notice()
                .unwrap()
                .starts_with("Your password is changed.")
        );
        assert!(other.go("/").await.path.starts_with("/sign-in"));
        let mut third = Person::signed_in(&house.instance, "ada", "another horse").await;
        ada.go("/settings").await;
        ada.send("/settings/sessions", &[("session", "others")])
            .await;
        assert!(third.go("/").await.path.starts_with("/sign-in"));
        assert_eq!(ada.go("/").await.status, 200);
    }
}

#[tokio::test]
async fn an_administrator_erases_somebody_with_all_they_wrote() {
    for house in House::all().await {
        let mut grace = house.owner("grace", "welding", "open").await;
        let topic = post_topic(&mut grace, "welding", "Electrodes", "Mine are blue.").await;
        let mut eve = house.person("eve").await;
        eve.go(&format!("/p/{topic}")).await;
        let comments = format!("/p/{topic}/comments");
        eve.send(&comments, &[("body", "Nice ones.")]).await;
        grace.go(&format!("/p/{topic}")).await;
        grace.send(&comments, &[("body", "They are.")]).await;

        let mut ada = house.person("ada").await;
        ada.go("/admin/users").await;
        let erase = "/admin/users/grace/erase";
        let mistaken = ada.send(erase, &[("confirm", "eve")]).await;
        assert_eq!(mistaken.status, 422);
        assert!(grace.go("/").await.path == "/");
        ada.send(erase, &[("confirm", "grace")]).await;
        let notice = "grace is erased. These groups have no owner now: Group welding.";
        assert_eq!(ada.page.notice().as_deref(), Some(notice));
        assert!(!ada.page.says("grace@acme.example"));

        // She is signed out, unknown, and what she wrote is gone; what others wrote is not.
        assert!(grace.go("/").await.path.starts_with("/sign-in"));
        let refused = grace.sign_in("grace", PASSWORD).await;
        assert_eq!(refused.status, 422);
        assert_eq!(ada.go("/u/grace").await.status, 404);
        let page = eve.go(&format!("/p/{topic}")).await;
        assert!(page.says("A topic that was deleted") && page.says("Nice ones."));
        assert!(page.says("1 comment") && !page.says("They are."));
        assert!(!page.says("grace") && !page.says("blue"));
    }
}

#[tokio::test]
async fn administrators_read_who_did_what() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        for number in 1..=20 {
            let title = format!("Topic {number}");
            post_topic(&mut ada, "engineering", &title, "x").await;
        }
        let page = ada.go("/admin/audit").await;
        assert!(page.says("post created /p/"), "{}", page.text());
        assert!(!page.says("house founded"));
        let mut seen = page.html.matches("<tr><th scope=\"row\"").count();
        while let Some(older) = link(&ada.page, "next") {
            seen += ada
                .go(&older)
                .await
                .html
                .matches("<tr><th scope=\"row\"")
                .count();
        }
        assert!(ada.page.says("operator") && ada.page.says("house founded"));
        assert_eq!(
            house.person("grace").await.go("/admin/audit").await.status,
            404
        );

        // Signing in is an act too.
        let lines = house
            .instance
            .run_json(&["audit", "list", "--limit", "500"])
            .await;
        let lines = lines.as_array().unwrap();
        assert_eq!(lines.len(), seen + 1, "{lines:#?}");
        assert_eq!(lines.last().unwrap()["action"], "house_founded");
        let id = lines[2]["id"].as_str().unwrap();
        let part = ["audit", "list", "--limit", "1", "--before", id];
        assert_eq!(house.instance.run_json(&part).await[0], lines[3]);
    }
}

#[tokio::test]
async fn an_administrator_gives_new_keys_from_a_page() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        ada.go("/admin/keys").await;
        let one = |name| [("name", name), ("action", "one")];
        let nobody = ada.send("/admin/keys", &one("mallory")).await;
        assert_eq!(nobody.status, 422);
        assert!(nobody.problem().unwrap().contains("mallory"));
        ada.send("/admin/keys", &one("engineering")).await;
        let made = "New keys are made; the old ones are published for a while.";
        assert_eq!(ada.page.notice().as_deref(), Some(made));
        ada.send("/admin/keys", &[("action", "all")]).await;
        assert!(ada.page.notice().unwrap().starts_with("New keys are"));

        let list = ["audit", "list", "--limit", "100"];
        let whose = eventually("all have new keys", async || {
            let lines = house.instance.run_json(&list).await;
            let lines = lines.as_array().unwrap().iter();
            let rotated = lines.filter(|line| line["action"] == "keys_rotated");
            let whose: Vec<_> = rotated.map(|line| line["subject"].clone()).collect();
            let twice = whose.iter().filter(|name| **name == "engineering").count() == 2;
            twice.then_some(whose)
        })
        .await;
        assert!(whose.iter().any(|name| name == "grace"), "{whose:?}");
        let mut grace = house.person("grace").await;
        assert_eq!(grace.go("/admin/keys").await.status, 404);
    }
}
