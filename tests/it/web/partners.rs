//! Two organizations, the whole way through their pages.

use super::{House, post_topic};
use crate::support::dump::Dump;
use crate::support::requirements::backends;
use crate::support::world::{eventually, instance};

#[tokio::test]
async fn two_organizations_share_a_group_through_their_pages() {
    for backend in backends() {
        let (Some(acme), Some(birch)) = (instance("acme", backend), instance("birch", backend))
        else {
            continue;
        };
        let acme = House::found(acme, "Acme Bridges").await;
        let birch = House::found(birch, "Birch Timber").await;
        let mut ada = acme.owner("ada", "engineering", "closed").await;
        let mut bo = birch.person("ada").await;
        let there = format!("engineering@{}", acme.instance.host());
        let group = format!("/g/{there}");

        // Before there is a partnership, nothing is asked of acme, and nothing is known.
        let page = bo.go(&format!("/find?handle={there}")).await;
        assert_eq!(
            page.problem().unwrap(),
            "There is no partnership with that server. An administrator can make one."
        );
        assert_eq!(bo.go(&group).await.status, 404);

        // One makes a code, the other pastes it.
        ada.go("/admin/partners").await;
        ada.send(
            "/admin/partners/invite",
            &[("class", "supplier"), ("expires", "7d")],
        )
        .await;
        let code = ada
            .page
            .html
            .split("<code>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap()
            .to_owned();
        bo.go("/admin/partners").await;
        let broken = bo
            .send(
                "/admin/partners/accept",
                &[("code", &code[..40]), ("class", "customer")],
            )
            .await;
        assert_eq!(broken.status, 422);
        let accept = [("code", code.as_str()), ("class", "customer")];
        bo.send("/admin/partners/accept", &accept).await;
        assert_eq!(
            bo.page.notice().as_deref(),
            Some("You are partners."),
            "{}",
            bo.page.text()
        );
        // What each is to the other is their own to say.
        assert!(bo.page.says("Acme Bridges customer") && bo.page.says("active"));
        let birch_host = birch.instance.host();
        ada.go(&format!("/admin/partners/{birch_host}")).await;
        assert!(
            ada.page.says("Birch Timber")
                && ada.page.says("supplier")
                && ada.page.says("Pinned key")
        );
        // Birch's administrator reads out the fingerprint that acme pinned.
        let keys = bo.go("/admin/keys").await;
        let own = keys.html.split("<code class=\"break\">").nth(1).unwrap();
        let own = own.split('<').next().unwrap();
        assert!(own.len() > 40 && ada.page.says(own), "{own}");
        let address = format!("/admin/partners/{birch_host}/class");
        for class in ["customer", "supplier"] {
            ada.send(&address, &[("class", class)]).await;
            let chosen = format!("<option value=\"{class}\" selected");
            assert!(ada.page.html.contains(&chosen), "{}", ada.page.html);
        }
        assert!(ada.page.says("activities (said by its actors)"));
        let address = format!("/admin/partners/{birch_host}/dialect");
        ada.send(&address, &[("dialect", "both")]).await;
        assert!(ada.page.says("both (set by ada)"), "{}", ada.page.text());
        ada.send(&address, &[("dialect", "auto")]).await;
        assert!(ada.page.says("activities (said by its actors)"));
        assert!(ada.page.says("yes: it is a Guildhall"));
        assert!(ada.page.says("search engines"));
        let address = format!("/admin/partners/{birch_host}/private-groups");
        ada.send(&address, &[("private_groups", "trust")]).await;
        assert!(ada.page.says("yes: trusted by ada"), "{}", ada.page.text());
        ada.send(&address, &[("private_groups", "auto")]).await;
        assert!(ada.page.says("yes: it is a Guildhall"));

        // The group is opened: stage, then grant, each with what it means.
        ada.go("/g/engineering/settings").await;
        ada.send("/g/engineering/stage", &[("stage", "partners")])
            .await;
        ada.send("/g/engineering/stage", &[]).await;
        let grant = [
            ("partner", birch_host.as_str()),
            ("can", "react"),
            ("can", "reply"),
            ("can", "start"),
            ("join", "approve"),
            ("history", "all"),
        ];
        ada.send("/g/engineering/grants", &grant).await;
        assert!(
            ada.page
                .says("Birch Timber sees everything, and may read, react, reply, start."),
            "{}",
            ada.page.text()
        );
        let topic = post_topic(&mut ada, "engineering", "Bridge opens", "On Monday.").await;
        assert!(ada.page.says("Birch Timber, where nobody has joined yet"));

        // From birch: found, asked, let in.
        eventually("birch finds the group", async || {
            bo.go(&format!("/find?handle={there}"))
                .await
                .says("Group engineering")
                .then_some(())
        })
        .await;
        bo.send(&format!("{group}/join"), &[]).await;
        assert!(
            bo.page.says("Acme Bridges has been asked"),
            "{}",
            bo.page.text()
        );
        eventually("the request arrives", async || {
            ada.go("/g/engineering/members")
                .await
                .says("Waiting to join 1")
                .then_some(())
        })
        .await;
        assert!(ada.page.html.contains("data-class=\"supplier\""));
        let actor = ada.page.field("actor").unwrap();
        let approve = [("actor", actor.as_str()), ("action", "approve")];
        ada.send("/g/engineering/members", &approve).await;
        eventually("earlier topics arrive", async || {
            bo.go(&group).await.says("Bridge opens").then_some(())
        })
        .await;
        assert!(bo.page.says("everybody whom Acme Bridges lets read there"));
        ada.go(&format!("/p/{topic}")).await;
        assert!(ada.page.says("1 person at Birch Timber"));

        // What bo writes arrives at acme, marked.
        let path = bo
            .page
            .html
            .split("<h3><a href=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        bo.go(&path).await;
        bo.send(
            &format!("{path}/comments"),
            &[("body", "We bring the ribbon.")],
        )
        .await;
        bo.send(&format!("{path}/like"), &[]).await;
        eventually("the comment and the like arrive", async || {
            let page = ada.go(&format!("/p/{topic}")).await;
            (page.says("We bring the ribbon.") && page.says("Like this by ada 1")).then_some(())
        })
        .await;
        assert!(ada.page.html.contains("class=\"from-outside\""));
        assert!(ada.page.says("supplier Birch Timber"));

        // What stays inside: birch gets what comes after it, and nothing of it in any form.
        let comments = format!("/p/{topic}/comments");
        let aside = [("body", "They charge too much."), ("aside", "yes")];
        let aside = ada.send(&comments, &aside).await.comment();
        ada.send(&format!("/p/{aside}/like"), &[]).await;
        ada.go(&format!("/p/{topic}")).await;
        ada.send(&comments, &[("body", "Thank you.")]).await;
        assert!(ada.page.says("2 comments, 1 internal"));
        eventually("what comes after it arrives", async || {
            bo.go(&path).await.says("Thank you.").then_some(())
        })
        .await;
        assert!(bo.page.says("2 comments") && !bo.page.says("internal"));
        let birch_knows = Dump::of(&birch.instance.database_url());
        assert_eq!(birch_knows.count_everywhere("too much"), 0);
        assert_eq!(birch_knows.count_everywhere(&aside), 0);
        let sent = Dump::of(&acme.instance.database_url());
        assert_eq!(sent.count("messages", "too much"), 0);
        assert_eq!(sent.count("deliveries", &aside), 0);
        assert!(ada.go("/admin/queue").await.says(&birch_host));

        // The grant is taken back: gone for birch, at once for what it asks acme, soon on its pages.
        ada.go("/g/engineering/settings").await;
        ada.send("/g/engineering/grants/remove", &[("grant", &birch_host)])
            .await;
        assert!(ada.page.says("No partner has a grant."));
        eventually("birch loses sight of the group", async || {
            (bo.go(&group).await.status == 404).then_some(())
        })
        .await;
        assert_eq!(bo.go(&path).await.status, 404);

        // One side ends the partnership; the other one's page says who did.
        let state = format!("/admin/partners/{birch_host}/state");
        ada.go(&format!("/admin/partners/{birch_host}")).await;
        ada.send(&state, &[("state", "ended")]).await;
        assert!(ada.page.says("ended by us"), "{}", ada.page.text());
        let theirs = format!("/admin/partners/{}", acme.instance.host());
        eventually("birch's page says so", async || {
            bo.go(&theirs).await.says("ended by them").then_some(())
        })
        .await;
        assert!(bo.go("/admin/partners").await.says("ended by them"));
    }
}
