//! The page of the ledger: who may look at what.

use super::House;
use crate::support::requirements::backends;
use crate::support::world::instance;

#[tokio::test]
async fn administrators_and_compliance_officers_see_all_owners_their_group_others_nothing() {
    for house in House::all().await {
        let mut grace = house.owner("grace", "welding", "open").await;
        let mut eve = house.person("eve").await;
        let mut ada = house.person("ada").await;
        assert_eq!(ada.go("/admin/ledger").await.status, 200);
        assert_eq!(ada.go("/admin/ledger?group=welding").await.status, 200);
        let page = ada.go("/admin/ledger?from=soon").await;
        assert_eq!(page.status, 422);
        assert!(page.says("is not a date"), "{}", page.text());

        assert_eq!(grace.go("/admin/ledger?group=welding").await.status, 200);
        for path in ["/admin/ledger?group=nowhere", "/admin/ledger"] {
            assert_eq!(grace.go(path).await.status, 404, "{path}");
        }
        for path in [
            "/admin/ledger",
            "/admin/ledger?group=welding",
            "/admin/ledger?from=soon",
        ] {
            assert_eq!(eve.go(path).await.status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn an_administrator_compares_books_with_a_partner() {
    for backend in backends() {
        let (Some(acme), Some(birch)) = (instance("acme", backend), instance("birch", backend))
        else {
            continue;
        };
        let acme = House::found(acme, "Acme Bridges").await;
        let birch = House::found(birch, "Birch Ribbons").await;
        let invited = acme.instance.run_json(&["partner", "invite"]).await;
        let code = invited["code"].as_str().expect("a code");
        birch.instance.run_json(&["partner", "accept", code]).await;

        let mut ada = acme.person("ada").await;
        let host = birch.instance.host();
        ada.go(&format!("/admin/ledger?host={host}")).await;
        let compare = "/admin/ledger/compare";
        ada.send(compare, &[("from", "2026-10-01"), ("to", "2026-10-31")])
            .await;
        assert!(ada.page.says("They agree"), "{}", ada.page.text());
        let long = [("from", "2026-01-01"), ("to", "2026-10-31")];
        assert_eq!(ada.send(compare, &long).await.status, 422);
        assert!(ada.page.says("at most 31"), "{}", ada.page.text());
    }
}
