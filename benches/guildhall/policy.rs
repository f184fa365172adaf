//! Decisions of policy, over a spread of cases.

use guildhall::domain::{
    Access, ActorId, Audience, Capabilities, GrantTerms, GroupId, GroupRole, Host, JoinMode,
    MembershipState, OrgRole, PartnerState, PostId, PostState, Stage, Timestamp,
};
use guildhall::policy::{
    Action, Facts, FederationMode, GroupFacts, House, MembershipFacts, PostFacts, ProfileReach,
    Viewer, decide,
};

use crate::limits::{Limits, rate};
use crate::report::Row;

const NOW: Timestamp = Timestamp::from_micros(4_000_000);

pub fn measure(_: &Limits) -> Vec<Row> {
    let cases = cases();
    let mut next = 0;
    let decisions = rate(|| {
        let (viewer, action, facts) = &cases[next % cases.len()];
        let _ = std::hint::black_box(decide(viewer, *action, facts));
        next += 1;
    });
    vec![Row::new("policy decisions, one core", decisions, "/s")]
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
