//! Stories that need three organizations and clocks that are moved: what the simulation found, and what was found on the way.

use std::collections::BTreeSet;

use super::Simulation;
use super::acts::{HOUR, Stop};
use super::model::{Access, Grant, House, Person, Stage};
use crate::support::requirements::backends;

const ACME: House = 0;
const BIRCH: House = 1;
const CEDAR: House = 2;
/// An administrator.
const BOSS: usize = 0;
const ADA: usize = 1;

impl Simulation {
    async fn quietly(&mut self) {
        let settled = self.settle_and_check().await;
        settled.expect("nothing that was not allowed");
    }

    /// The last post that was written.
    fn last(&self) -> usize {
        self.model.posts.len() - 1
    }

    async fn says(&mut self, author: Person, group: usize) -> usize {
        let said = self.model.posts.len();
        let told = self.start_topic(author, group, false).await;
        assert_eq!(self.model.posts.len(), said + 1, "{told:?}");
        self.quietly().await;
        said
    }

    async fn answers(&mut self, author: Person, post: usize) -> usize {
        let said = self.model.posts.len();
        let told = self.answer_post(author, post).await;
        assert_eq!(self.model.posts.len(), said + 1, "{told:?}");
        self.quietly().await;
        self.last()
    }

    fn has(&self, house: House, post: usize) -> bool {
        let uri = &self.model.posts[post].uri;
        self.houses[house].number_of("posts", uri).is_some()
    }

    fn open_grant(&self) -> Grant {
        Grant {
            can: BTreeSet::from(["read", "react", "reply", "start", "attach"]),
            lets_in: true,
            from: self.now(),
            until: None,
            history: i64::MIN,
            apart: false,
        }
    }
}

/// Acme's comment below what birch said would tell cedar, from whom others are kept apart, that birch is there:
/// what it answers is an address at birch's.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_another_partner_is_kept_from_who_is_kept_apart() {
    for backend in backends() {
        let Some(mut world) = Simulation::begin(backend).await else {
            continue;
        };
        let group = BIRCH; // The group of birch, who is open to both others.
        let grant = Grant {
            apart: true,
            ..world.open_grant()
        };
        world.give(group, CEDAR, grant).await.expect("a grant");
        world.quietly().await;

        let topic = world.says((ACME, ADA), group).await;
        let answer = world.answers((BIRCH, BOSS), topic).await;
        let own = world.says((BIRCH, BOSS), group).await;

        assert!(world.has(ACME, answer), "who is not kept apart reads it");
        assert!(
            world.has(CEDAR, own),
            "what birch says to all is for cedar, too"
        );
        assert!(!world.has(CEDAR, topic) && !world.has(CEDAR, answer));
        world.end().await;
    }
}

/// Cedar and birch know nothing of each other and are in a group of acme's. While cedar stops what goes between it and
/// birch, it cannot ask for the key that proves what birch's people say. That may last.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_passes_on_of_a_stopped_server_arrives_afterwards() {
    for backend in backends() {
        let Some(mut world) = Simulation::strangers(backend).await else {
            continue;
        };
        let group = 0;
        for other in [BIRCH, CEDAR] {
            world.renew(ACME, other).await.expect("partners");
            world.quietly().await;
        }
        let founded = world.found_group(ACME, Access::Open).await;
        founded.expect("a group");
        let opened = world.set_stage(group, Stage::Partners).await;
        opened.expect("a stage");
        for other in [BIRCH, CEDAR] {
            let grant = world.open_grant();
            world.give(group, other, grant).await.expect("a grant");
            world.quietly().await;
            let asked = world.ask_to_join(group, (other, ADA)).await;
            asked.expect("a member");
            world.quietly().await;
        }
        let stop = Stop::With(CEDAR, BIRCH);
        world.throw_switch(stop).await.expect("a stop");
        world.quietly().await;

        let topic = world.says((BIRCH, ADA), group).await;
        let answer = world.answers((ACME, BOSS), topic).await;
        for _ in 0..14 {
            world.pass(HOUR * 2);
            world.quietly().await;
        }
        assert!(!world.has(CEDAR, topic), "nobody proved that ada said it");

        world.throw_switch(stop).await.expect("a release");
        for _ in 0..2 {
            world.pass(HOUR * 2);
            world.quietly().await;
        }
        assert!(world.has(CEDAR, topic) && world.has(CEDAR, answer));
        world.end().await;
    }
}
