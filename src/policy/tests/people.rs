//! Who learns that somebody of this house exists.

use super::cast::{HOUSE, OPEN_HOUSE, account, ada, birch_server, bo, stranger, stranger_server};
use crate::domain::{ActorId, Host, OrgRole, PartnerState};
use crate::policy::{Denial, ProfileFacts, Viewer, reads_profile, reads_upload};

/// Ada, to a partner with whom she shares a group.
const SHARED: ProfileFacts = ProfileFacts {
    house: HOUSE,
    enabled: true,
    partner: Some(PartnerState::Active),
    shares_group: true,
    follows_there: false,
    awaited: false,
    followable: false,
    stopped: false,
};

fn knows(viewer: &Viewer, facts: ProfileFacts) -> bool {
    let answer = reads_profile(viewer, &facts);
    assert!(matches!(answer, Ok(()) | Err(Denial::Hidden)));
    answer.is_ok()
}

#[test]
fn partners_meet_people_in_groups_that_connect_the_houses() {
    for viewer in [bo(), birch_server()] {
        assert!(knows(&viewer, SHARED));
        assert!(!knows(
            &viewer,
            ProfileFacts {
                shares_group: false,
                ..SHARED
            }
        ));
        for state in PartnerState::ALL {
            let facts = ProfileFacts {
                partner: Some(*state),
                ..SHARED
            };
            assert_eq!(
                knows(&viewer, facts),
                *state == PartnerState::Active,
                "{state}"
            );
        }
    }
}

#[test]
fn who_wrote_to_a_partner_is_known_there_while_it_is_on_its_way() {
    let facts = ProfileFacts {
        shares_group: false,
        awaited: true,
        ..SHARED
    };
    assert!(knows(&birch_server(), facts));
    assert!(!knows(
        &birch_server(),
        ProfileFacts {
            partner: None,
            ..facts
        }
    ));
}

#[test]
fn strangers_meet_people_only_where_everybody_is_welcome() {
    let facts = ProfileFacts {
        partner: None,
        shares_group: false,
        ..SHARED
    };
    for viewer in [stranger(), stranger_server(), Viewer::Anonymous] {
        assert!(!knows(&viewer, facts));
        assert!(knows(
            &viewer,
            ProfileFacts {
                house: OPEN_HOUSE,
                ..facts
            }
        ));
    }
    let blocked = ProfileFacts {
        house: OPEN_HOUSE,
        partner: Some(PartnerState::Blocked),
        ..SHARED
    };
    assert!(!knows(&stranger(), blocked));
}

#[test]
fn who_is_disabled_exists_for_colleagues_only() {
    let facts = ProfileFacts {
        house: OPEN_HOUSE,
        enabled: false,
        ..SHARED
    };
    for viewer in [
        bo(),
        birch_server(),
        stranger(),
        Viewer::Anonymous,
        account(OrgRole::Guest),
    ] {
        assert!(!knows(&viewer, facts));
    }
    assert!(knows(&ada(), facts));
    assert!(knows(&Viewer::Operator, facts));
}

#[test]
fn an_upload_is_its_owners_alone() {
    let owner = ActorId(1);
    let member = |actor| Viewer::Member {
        actor,
        role: OrgRole::Admin,
    };
    let host: Host = "birch.example".parse().unwrap();
    assert!(reads_upload(&member(owner), owner).is_ok());
    for other in [
        member(ActorId(2)),
        Viewer::Anonymous,
        Viewer::Operator,
        Viewer::Server { host: host.clone() },
        // A number of ours means nobody here when somebody elsewhere has it.
        Viewer::Person { actor: owner, host },
    ] {
        assert_eq!(
            reads_upload(&other, owner),
            Err(Denial::Hidden),
            "{other:?}"
        );
    }
}
