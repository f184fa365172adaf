//! Who learns that somebody of this house exists.

use super::cast::{HOUSE, OPEN_HOUSE, account, ada, birch_server, bo, stranger, stranger_server};
use crate::domain::{OrgRole, PartnerState};
use crate::policy::{Denial, PersonFacts, Viewer, knows_person};

/// Ada, to a partner with whom she shares a group.
const SHARED: PersonFacts = PersonFacts {
    house: HOUSE,
    enabled: true,
    partner: Some(PartnerState::Active),
    shares_group: true,
};

fn knows(viewer: &Viewer, facts: PersonFacts) -> bool {
    let answer = knows_person(viewer, &facts);
    assert!(matches!(answer, Ok(()) | Err(Denial::Hidden)));
    answer.is_ok()
}

#[test]
fn partners_meet_people_in_groups_that_connect_the_houses() {
    for viewer in [bo(), birch_server()] {
        assert!(knows(&viewer, SHARED));
        assert!(!knows(
            &viewer,
            PersonFacts {
                shares_group: false,
                ..SHARED
            }
        ));
        for state in PartnerState::ALL {
            let facts = PersonFacts {
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
fn strangers_meet_people_only_where_everybody_is_welcome() {
    let facts = PersonFacts {
        partner: None,
        shares_group: false,
        ..SHARED
    };
    for viewer in [stranger(), stranger_server(), Viewer::Anonymous] {
        assert!(!knows(&viewer, facts));
        assert!(knows(
            &viewer,
            PersonFacts {
                house: OPEN_HOUSE,
                ..facts
            }
        ));
    }
    let blocked = PersonFacts {
        house: OPEN_HOUSE,
        partner: Some(PartnerState::Blocked),
        ..SHARED
    };
    assert!(!knows(&stranger(), blocked));
}

#[test]
fn who_is_disabled_exists_for_colleagues_only() {
    let facts = PersonFacts {
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
