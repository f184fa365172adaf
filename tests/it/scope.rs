//! Lists show exactly what the rules allow: in random worlds, for every kind of viewer, on both
//! databases, [`ReadScope`](guildhall::policy::ReadScope) as storage's filter is compared with
//! `policy::decide`, asked about everything there is with the facts that `services::access` loads.

use std::collections::BTreeSet;

use guildhall::app::Asker;
use guildhall::domain::{Audience, GroupId, OrgRole, Post, PostId, PostState, Timestamp};
use guildhall::policy::{Action, Facts, FederationMode, House, ProfileReach, Viewer, explain};
use guildhall::services::access;
use guildhall::storage::{self, Connection};

use crate::support::database::TestDatabase;
use crate::support::dice::Dice;
use crate::support::random_world::{RandomWorld, Size, day, hosts};

const SEED: u64 = 20_261_121;

const SIZE: Size = Size {
    people_here: OrgRole::ALL.len() + 1,
    groups: 160,
    posts_per_group: 5,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_lets_through_exactly_what_the_rules_allow() {
    let seed = Dice::seed_or(SEED);
    for database in TestDatabase::each().await {
        let mut dice = Dice::new(seed);
        let world = RandomWorld::imagine(&mut dice, SIZE);
        let world = std::sync::Arc::new(world.save(&database.db).await);
        let mut seen = BTreeSet::new();
        for viewer in viewers(&world) {
            let asked = std::sync::Arc::clone(&world);
            let circumstances = circumstances(&mut dice);
            let answers = database.db.read("compare", move |connection| {
                Answers::load(connection, viewer, &asked)?.compare(connection, &circumstances)
            });
            let (differences, read) = answers.await.unwrap();
            assert!(
                differences.is_empty(),
                "{:?}, GUILDHALL_TEST_SEED={seed}: {}",
                database.backend,
                differences.join("\n")
            );
            seen.extend(read);
        }
        // Worlds in which nobody reads anything would agree with everything.
        for case in SEEN_SOMEWHERE.iter().filter(|_| seed == SEED) {
            assert!(seen.contains(case), "nobody reads {case:?}");
        }
    }
}

/// What some viewer of each kind reads in a world worth the name.
const SEEN_SOMEWHERE: &[Seen] = &[
    ("anonymous", HERE, Audience::Group, PostState::Visible),
    ("colleague", HERE, Audience::Group, PostState::Held),
    ("colleague", HERE, Audience::Aside, PostState::Visible),
    ("colleague", HERE, Audience::Direct, PostState::Visible),
    ("colleague", ELSEWHERE, Audience::Group, PostState::Removed),
    ("colleague", ELSEWHERE, Audience::Direct, PostState::Visible),
    ("colleague", NOWHERE, Audience::Profile, PostState::Visible),
    (
        "colleague",
        NOWHERE,
        Audience::Followers,
        PostState::Visible,
    ),
    ("colleague", NOWHERE, Audience::Public, PostState::Visible),
    ("anonymous", NOWHERE, Audience::Public, PostState::Visible),
    ("person", NOWHERE, Audience::Followers, PostState::Visible),
    ("person", NOWHERE, Audience::Public, PostState::Visible),
    ("server", NOWHERE, Audience::Followers, PostState::Visible),
    ("server", NOWHERE, Audience::Public, PostState::Visible),
    ("colleague", NOWHERE, Audience::Direct, PostState::Visible),
    ("guest", HERE, Audience::Group, PostState::Held),
    ("guest", ELSEWHERE, Audience::Group, PostState::Visible),
    ("person", HERE, Audience::Group, PostState::Visible),
    ("person", HERE, Audience::Group, PostState::Held),
    ("person", HERE, Audience::Direct, PostState::Visible),
    ("server", HERE, Audience::Group, PostState::Deleted),
    ("server", HERE, Audience::Direct, PostState::Visible),
    ("server", ELSEWHERE, Audience::Group, PostState::Visible),
];

type Seen = (&'static str, &'static str, Audience, PostState);
const HERE: &str = "in a group here";
const ELSEWHERE: &str = "in a group elsewhere";
const NOWHERE: &str = "outside groups";

fn kind(viewer: &Viewer) -> &'static str {
    match viewer {
        Viewer::Anonymous => "anonymous",
        Viewer::Member { .. } if viewer.is_colleague() => "colleague",
        Viewer::Member { .. } => "guest",
        Viewer::Person { .. } => "person",
        Viewer::Server { .. } => "server",
        Viewer::Operator => "operator",
    }
}

/// One of each role, the rest members; everybody elsewhere and every server; nobody; the operator.
fn viewers(world: &RandomWorld) -> Vec<Viewer> {
    let roles = OrgRole::ALL
        .iter()
        .chain(std::iter::repeat(&OrgRole::Member));
    let here = world.people_here.iter().zip(roles);
    let here = here.map(|(actor, role)| Viewer::Member {
        actor: *actor,
        role: *role,
    });
    let elsewhere = world.people_elsewhere.iter();
    let elsewhere = elsewhere.map(|(actor, host)| Viewer::Person {
        actor: *actor,
        host: host.clone(),
    });
    let servers = hosts().into_iter().map(|host| Viewer::Server { host });
    let others = [Viewer::Anonymous, Viewer::Operator];
    others
        .into_iter()
        .chain(here)
        .chain(elsewhere)
        .chain(servers)
        .collect()
}

/// The settings that reading depends on, each at a moment when grants begin, run or end.
fn circumstances(dice: &mut Dice) -> Vec<(House, Timestamp)> {
    let mut all = Vec::new();
    for federation in [FederationMode::Closed, FederationMode::Open] {
        for public_pages in [false, true] {
            let house = House {
                federation,
                public_pages,
                owners_open_groups: false,
                four_eyes: false,
                profiles: *dice.pick(ProfileReach::ALL),
            };
            all.push((house, day(2 + dice.below(4))));
            let profiles = ProfileReach::Public;
            all.push((House { profiles, ..house }, day(2)));
        }
    }
    all
}

/// Everything there is, with the facts that the rules look at. They stay the same while settings
/// and time change.
struct Answers {
    viewer: Viewer,
    groups: Vec<(GroupId, Facts)>,
    posts: Vec<(Post, Facts)>,
}

impl Answers {
    fn load(
        connection: &mut Connection,
        viewer: Viewer,
        world: &RandomWorld,
    ) -> guildhall::Result<Self> {
        let asker = Asker {
            viewer: viewer.clone(),
            house: House {
                federation: FederationMode::Closed,
                public_pages: false,
                owners_open_groups: false,
                four_eyes: false,
                profiles: ProfileReach::Colleagues,
            },
            now: day(0),
            vouched: None,
        };
        let mut groups = Vec::new();
        for group in &world.groups {
            groups.push((group.id, access::group_facts(connection, &asker, group)?));
        }
        let mut posts = Vec::new();
        for post in &world.posts {
            let of_group = groups.iter().find(|(id, _)| Some(*id) == post.group);
            let facts = match of_group {
                Some((_, facts)) => access::about_post(connection, &asker, facts.clone(), post)?,
                None => access::post_facts(connection, &asker, None, post)?,
            };
            posts.push((post.clone(), facts));
        }
        Ok(Self {
            viewer,
            groups,
            posts,
        })
    }

    /// What differs between rules and lists, and what is read at all.
    fn compare(
        &self,
        connection: &mut Connection,
        circumstances: &[(House, Timestamp)],
    ) -> guildhall::Result<(Vec<String>, BTreeSet<Seen>)> {
        let mut differences = Vec::new();
        let mut seen = BTreeSet::new();
        for &(house, now) in circumstances {
            let at = |facts: &Facts| Facts {
                house,
                now,
                ..facts.clone()
            };
            let asker = Asker {
                viewer: self.viewer.clone(),
                house,
                now,
                vouched: None,
            };
            let scope = access::scope(&asker);

            let listed = storage::groups::list(connection, &scope)?;
            let listed: BTreeSet<GroupId> = listed.iter().map(|group| group.id).collect();
            for (id, facts) in &self.groups {
                let ruling = explain(&self.viewer, Action::Know, &at(facts));
                if ruling.is_ok() != listed.contains(id) {
                    differences.push(format!("{:?}: {ruling:?}, {:#?}", self.viewer, at(facts)));
                }
            }

            let listed = storage::posts::list_readable(connection, &scope)?;
            let listed: BTreeSet<PostId> = listed.into_iter().collect();
            for (post, facts) in &self.posts {
                let ruling = explain(&self.viewer, Action::Read, &at(facts));
                if ruling.is_ok() != listed.contains(&post.id) {
                    differences.push(format!("{:?}: {ruling:?}, {:#?}", self.viewer, at(facts)));
                }
                if ruling.is_ok() {
                    seen.insert((kind(&self.viewer), home(facts), post.audience, post.state));
                }
            }
        }
        differences.truncate(2);
        Ok((differences, seen))
    }
}

fn home(facts: &Facts) -> &'static str {
    match &facts.group {
        Some(group) if group.home.is_some() => ELSEWHERE,
        Some(_) => HERE,
        None => NOWHERE,
    }
}
