//! A moderator here moderates a group elsewhere: its house is asked, does it for everybody, or says no.

use guildhall::app::App;
use guildhall::domain::{ActorId, BanTerms, GroupId, PostId, RemovalReason};
use guildhall::policy::Viewer;
use guildhall::services::memberships;
use guildhall::services::moderation::{self, HouseAnswer};
use guildhall::services::posts::{self, Lock, Pin};
use serde_json::Value;

use crate::support::bridge::{bridge, is_in, is_out};
use crate::support::requirements::backends;
use crate::support::world::{Member, eventually, text};

/// Bo of birch at work, who moderates acme's group.
struct Moderator {
    app: App,
    viewer: Viewer,
    group: GroupId,
}

impl Moderator {
    async fn remove(&self, post: PostId) -> guildhall::Result<()> {
        let reason: RemovalReason = "Not here, please".parse().expect("a reason");
        posts::remove(&self.app, self.viewer.clone(), post, reason)
            .await
            .map(drop)
    }

    async fn lock(&self, post: PostId, lock: Lock) {
        let asked = posts::set_locked(&self.app, self.viewer.clone(), post, lock);
        asked.await.expect("bo may ask");
    }

    async fn pin(&self, post: PostId, pin: Pin) {
        let asked = posts::set_pinned(&self.app, self.viewer.clone(), post, pin);
        asked.await.expect("bo may ask");
    }

    async fn last_answer(&self) -> HouseAnswer {
        let asked = moderation::asked(&self.app, self.viewer.clone(), self.group).await;
        let asked = asked.expect("a list");
        asked.first().expect("something was asked").answer.clone()
    }
}

async fn is_at_home(member: &Member, uri: &str, wanted: bool) {
    let what = format!("{} sees {uri}: {wanted}", member.name);
    eventually(&what, async || {
        let there = member.home().await.iter().any(|one| one["uri"] == uri);
        (there == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_moderates_a_group_elsewhere_asks_its_house_and_is_told_the_answer() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (world.house("acme"), world.house("birch"));
        let can = "read,react,reply,start,moderate";
        world.grant("acme", "engineering", "birch", can, &[]).await;
        let handle = format!("bo@{}", bo.host);
        let role = async |role: &str| {
            acme.instance
                .run_json(&["member", "add", "engineering", &handle, "--role", role])
                .await;
        };
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let uri = text(&topic["uri"]);
        let at_birch = bo.see_topic(uri).await;
        let post: PostId = text(&at_birch["id"]).parse().expect("a post");
        let app = birch.app();
        let moderator = Moderator {
            viewer: birch.viewer(&app, "bo").await,
            app,
            group: there.parse().expect("a group"),
        };
        assert!(moderator.remove(post).await.is_err(), "no moderator yet");
        role("moderator").await;

        // Nothing changes here before the house did it; then it is so for everybody.
        eventually("bo knows that he moderates", async || {
            moderator.remove(post).await.ok()
        })
        .await;
        is_at_home(&ada, uri, false).await;
        is_at_home(&bo, uri, false).await;
        let (removed, _) = posts::history(&moderator.app, moderator.viewer.clone(), post)
            .await
            .expect("its place is still there");
        assert_eq!(removed.post.state.as_str(), "removed");
        let back = posts::restore(&moderator.app, moderator.viewer.clone(), post);
        back.await.expect("bo may ask");
        is_at_home(&ada, uri, true).await;
        is_at_home(&bo, uri, true).await;
        eventually("the house took it", async || {
            (moderator.last_answer().await == HouseAnswer::Taken).then_some(())
        })
        .await;

        let cy = world.member("cy@acme").await;
        acme.instance
            .run_json(&["member", "add", "engineering", "cy"])
            .await;
        let is_locked = async |wanted: bool| {
            eventually(&format!("it is locked: {wanted}"), async || {
                let reply = cy.reply(text(&topic["id"]), "May I?").await;
                (reply.status == if wanted { 403 } else { 200 }).then_some(reply.body)
            })
            .await
        };
        moderator.lock(post, Lock::Locked).await;
        is_locked(true).await;
        moderator.lock(post, Lock::Open).await;
        let comment = is_locked(false).await;
        moderator.pin(post, Pin::Pinned).await;
        let is_pinned = async |wanted: bool| {
            eventually(&format!("birch shows it pinned: {wanted}"), async || {
                let group = moderator.group;
                let pinned = posts::pinned(&moderator.app, moderator.viewer.clone(), group).await;
                (pinned.ok()?.len() == usize::from(wanted)).then_some(())
            })
            .await;
        };
        is_pinned(true).await;
        moderator.pin(post, Pin::Loose).await;
        is_pinned(false).await;

        // Cy is shut out and let be again.
        let seen = bo
            .see_comment(text(&at_birch["id"]), text(&comment["uri"]))
            .await;
        let cys: ActorId = text(&seen["account"]["id"]).parse().expect("an actor");
        let terms = BanTerms {
            reason: "Enough".parse().expect("a reason"),
            ..BanTerms::default()
        };
        let asked = memberships::ban(
            &moderator.app,
            moderator.viewer.clone(),
            moderator.group,
            cys,
            terms,
        );
        asked.await.expect("bo may ask");
        is_in(&world, "cy", "banned").await;
        let asked = memberships::lift_ban(
            &moderator.app,
            moderator.viewer.clone(),
            moderator.group,
            cys,
        );
        asked.await.expect("bo may ask");
        is_out(&world, "cy").await;

        // Acme does not want it any more, and birch has not heard of it.
        role("member").await;
        eventually("birch knows", async || {
            let shown = birch
                .instance
                .run_json(&["group", "show", &format!("engineering@{}", ada.host)])
                .await;
            let named = shown["moderators"].to_string().contains("\"bo\"");
            (!named).then_some(())
        })
        .await;
        assert!(moderator.remove(post).await.is_err());
        birch.instance.execute(&format!(
            "INSERT INTO moderators_elsewhere (group_id, uri) VALUES ({there}, '{}/u/bo')",
            birch.instance.origin()
        ));
        moderator.remove(post).await.expect("it is asked for");
        let why = eventually("the house says no", async || {
            match moderator.last_answer().await {
                HouseAnswer::Refused(why) => Some(why),
                HouseAnswer::Waits | HouseAnswer::Taken => None,
            }
        })
        .await;
        assert!(why.contains("author") || why.contains("moderator"), "{why}");
        is_at_home(&bo, uri, true).await;
        let status = bo.get(&format!("/api/v1/statuses/{post}")).await;
        assert_ne!(status.body["content"], Value::Null);
    }
}
