//! Access review: what is due is kept by somebody, or ends by itself.

use serde_json::json;

use super::House;
use crate::support::requirements::backends;
use crate::support::world::{eventually, instance};

#[tokio::test]
async fn a_grant_that_nobody_keeps_ends_by_itself() {
    for backend in backends() {
        let Some(instance) = instance("acme", backend) else {
            continue;
        };
        let instance = instance.with("GUILDHALL_GOVERNANCE__REVIEW_DAYS", "90");
        let house = House::found(instance, "Acme Bridges").await;
        let acme = &house.instance;
        let mut eve = house.owner("eve", "engineering", "closed").await;
        for host in ["birch.example", "cedar.example"] {
            acme.add_partner(host).await;
            acme.run_json(&["grant", "add", "engineering", host, "--can", "read"])
                .await;
        }
        let listed = acme.run_json(&["grant", "review"]).await;
        assert_eq!(listed[0]["last_received"], json!(null), "{listed}");
        assert_eq!(listed[0]["last_fetched"], json!(null), "{listed}");
        assert!(!eve.go("/").await.html.contains("to review"));

        // Made long ago: due, and said so wherever an owner or administrator looks.
        let day = 86_400_000_000_i64;
        acme.execute(&format!(
            "UPDATE grants SET created_at = created_at - {}",
            95 * day
        ));
        assert!(
            eve.go("/")
                .await
                .html
                .contains("2<span class=\"unseen\"> grants to review")
        );
        let page = eve.go("/admin/review").await;
        assert!(
            page.says("Due") && page.says("Never used"),
            "{}",
            page.text()
        );
        let keep = [
            ("group", "engineering"),
            ("partner", "birch.example"),
            ("action", "keep"),
        ];
        eve.send("/admin/review", &keep).await;
        assert!(
            eve.page
                .html
                .contains("1<span class=\"unseen\"> grant to review")
        );
        let mut grace = house.person("grace").await;
        assert_eq!(grace.go("/admin/review").await.status, 404);

        // Two weeks later nobody has said anything of the other one.
        acme.execute(&format!(
            "UPDATE grants SET created_at = created_at - {}",
            14 * day
        ));
        eventually("the grant lapses", async || {
            let left = acme.run_json(&["grant", "list", "engineering"]).await;
            (left.as_array()?.len() == 1).then_some(())
        })
        .await;
        let left = acme.run_json(&["grant", "list", "engineering"]).await;
        assert_eq!(left[0]["partner"], "birch.example");
        let audit = acme.run_json(&["audit", "list"]).await;
        let mut lines = audit.as_array().unwrap().iter();
        assert!(
            lines.any(|line| line["action"] == "grant_lapsed"),
            "{audit}"
        );
    }
}
