//! Decisions of policy: alone, over a spread of cases; and as a request asks for them, with the facts loaded from a
//! house with a thousand partners and ten thousand grants.

use std::time::Instant;

use guildhall::app::Asker;
use guildhall::domain::{
    Access, ActorId, Audience, Capabilities, GrantTerms, Group, GroupId, GroupRole, Host, JoinMode,
    Membership, MembershipState, OrgRole, PartnerState, Post, PostId, PostState, Stage, Timestamp,
};
use guildhall::policy::{
    Action, Facts, FederationMode, GroupFacts, House, MembershipFacts, PostFacts, ProfileReach,
    Viewer, act, decide,
};
use guildhall::services::access;
use guildhall::storage::{self, seed};

use crate::house::House as Bench;
use crate::limits::{Limits, rate};
use crate::report::{Row, say};
use crate::support::postgres;

const PARTNERS: usize = 1_000;
const GROUPS: usize = 10;
/// Questions asked of a house.
const QUESTIONS: usize = 20_000;

const NOW: Timestamp = Timestamp::from_micros(4_000_000);

pub fn measure(_: &Limits) -> Vec<Row> {
    let cases = cases();
    let mut next = 0;
    let decisions = rate(|| {
        let (viewer, action, facts) = &cases[next % cases.len()];
        let _ = std::hint::black_box(decide(viewer, *action, facts));
        next += 1;
    });
    let mut rows = vec![Row::new("policy decisions, one core", decisions, "/s")];
    rows.push(in_a_house("SQLite", None));
    if let Some(url) = postgres::database_url() {
        rows.push(in_a_house("PostgreSQL", Some(&url)));
    }
    rows
}

/// Whether partners' servers may read topics, one after the other on one connection: every partner of every group.
fn in_a_house(name: &str, url: Option<&str>) -> Row {
    let house = Bench::found(url);
    say(&format!(
        "a thousand partners, ten thousand grants on {name}"
    ));
    let topics = fill(&house);
    let asker = house.app.asker(Viewer::Anonymous);
    let took = house.read(move |connection| {
        let begun = Instant::now();
        for number in 0..QUESTIONS {
            let viewer = Viewer::Server {
                host: partner(number % PARTNERS),
            };
            let asker = Asker {
                viewer,
                ..asker.clone()
            };
            let topic = &topics[(number / PARTNERS) % GROUPS];
            let _ = std::hint::black_box(access::permit_post::<act::Read>(
                connection, &asker, topic.id,
            )?);
        }
        Ok(begun.elapsed().as_secs_f64())
    });
    let name = format!(
        "policy decisions with facts, 1,000 partners and 10,000 grants, {name}, one connection"
    );
    Row::new(name, QUESTIONS as f64 / took, "/s")
}

/// Ten groups, each open to every partner, with somebody of each in each; a topic of each group.
fn fill(house: &Bench) -> Vec<Post> {
    let groups: Vec<Group> = (0..GROUPS)
        .map(|number| house.group(&format!("group{number}")))
        .collect();
    let hosts: Vec<Host> = (0..PARTNERS).map(partner).collect();
    let mut people = Vec::new();
    for group in &groups {
        // Who is in the first group is in the others, too.
        let new = usize::from(people.is_empty());
        people.extend(house.open_to(group, hosts.clone(), new, ""));
    }
    let others: Vec<GroupId> = groups[1..].iter().map(|group| group.id).collect();
    house.write(move |connection, now| {
        let mut memberships = Vec::new();
        for person in &people {
            let actor = storage::actors::find_by_uri(connection, &person.uri)?;
            let actor = actor.expect("somebody of a partner").id;
            memberships.extend(others.iter().map(|group| Membership {
                group: *group,
                actor,
                state: MembershipState::Member,
                role: GroupRole::Member,
                follow: None,
                banned_until: None,
                since: now,
            }));
        }
        seed::insert_memberships(connection, &memberships)?;
        seed::analyze(connection)
    });
    let topics = groups.iter().map(|group| house.topics(group, 1).remove(0));
    topics.collect()
}

fn partner(number: usize) -> Host {
    format!("partner{number}.example").parse().unwrap()
}

/// Who × what × access × stage × how far in.
fn cases() -> Vec<(Viewer, Action, Facts)> {
    let mut cases = Vec::new();
    for viewer in viewers() {
        for action in Action::ALL {
            for access in Access::ALL {
                for stage in Stage::ALL {
                    for membership in [
                        None,
                        Some(MembershipState::Member),
                        Some(MembershipState::Banned),
                    ] {
                        let facts = facts(&viewer, *access, *stage, membership);
                        cases.push((viewer.clone(), *action, facts));
                    }
                }
            }
        }
    }
    cases
}

fn birch() -> Host {
    "birch.example".parse().unwrap()
}

fn viewers() -> Vec<Viewer> {
    let actor = ActorId(1);
    vec![
        Viewer::Anonymous,
        Viewer::Member {
            actor,
            role: OrgRole::Member,
        },
        Viewer::Member {
            actor,
            role: OrgRole::Guest,
        },
        Viewer::Member {
            actor,
            role: OrgRole::Admin,
        },
        Viewer::Person {
            actor,
            host: birch(),
        },
        Viewer::Server { host: birch() },
        Viewer::Operator,
    ]
}

fn facts(
    viewer: &Viewer,
    access: Access,
    stage: Stage,
    membership: Option<MembershipState>,
) -> Facts {
    let house = House {
        federation: FederationMode::Closed,
        public_pages: true,
        owners_open_groups: false,
        four_eyes: false,
        profiles: ProfileReach::Colleagues,
    };
    let mut facts = Facts::new(NOW, house);
    facts.group = Some(GroupFacts {
        id: GroupId(7),
        access,
        stage,
        archived: false,
        home: None,
        withdrawn: false,
    });
    facts.membership = membership.map(|state| MembershipFacts {
        state,
        role: GroupRole::Member,
        banned_until: None,
    });
    if viewer.host().is_some() {
        facts.partner = Some(PartnerState::Active);
        facts.discreet = true;
        facts.grant = Some(GrantTerms {
            capabilities: Capabilities::all(),
            join: JoinMode::Approve,
            from: Timestamp::MIN,
            until: None,
            history_from: Timestamp::MIN,
            apart: false,
        });
        facts.members_on_host = membership == Some(MembershipState::Member);
        facts.known_on_host = facts.members_on_host;
    }
    facts.post = Some(PostFacts {
        id: PostId(9),
        author: ActorId(3),
        by_us: true,
        by_them: false,
        answers_others: false,
        mirrored: false,
        reserves_likes: false,
        reserves_replies: false,
        reserves_boosts: false,
        audience: Audience::Group,
        state: PostState::Visible,
        held: false,
        locked: false,
        topic_created_at: Timestamp::from_micros(3_000_000),
        shared_by_exception: false,
        names_viewer: false,
    });
    facts
}
