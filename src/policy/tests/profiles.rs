//! Following people, and writing on profiles.

use super::cast::{
    ADA, AUTHOR, HOUSE, NOW, OPEN_HOUSE, POST, account, ada, birch, birch_server, bo, stranger,
    stranger_server,
};
use crate::domain::{Approval, Audience, FollowState, OrgRole, PartnerState};
use crate::policy::{
    Action, Denial, Facts, FollowFacts, House, OwnerFacts, PostFacts, ProfilePostFacts,
    ProfileReach, Reason, Viewer, decide, follow_outcome, hears_of_boost, may_follow,
    permit_profile_post,
};

fn reaching(house: House, profiles: ProfileReach) -> House {
    House { profiles, ..house }
}

/// Somebody of acme, whom anybody may know and who answers each request.
fn here(house: House, partner: Option<PartnerState>) -> FollowFacts {
    FollowFacts {
        house,
        followed: AUTHOR,
        home: None,
        known: true,
        approval: Approval::Each,
        partner,
    }
}

fn why_not(viewer: &Viewer, facts: &FollowFacts) -> Option<Reason> {
    match may_follow(viewer, facts) {
        Ok(()) => None,
        Err(Denial::Forbidden(reason)) => Some(reason),
        Err(Denial::Hidden) => Some(Reason::Unknown),
    }
}

#[test]
fn from_outside_people_are_followed_as_far_as_house_and_person_allow() {
    let active = Some(PartnerState::Active);
    let (partners, public) = (ProfileReach::Partners, ProfileReach::Public);
    for (what, viewer, facts, answer) in [
        (
            "a house that keeps to itself",
            bo(),
            here(HOUSE, active),
            Some(Reason::ProfilesStayInside),
        ),
        (
            "a partner's person",
            bo(),
            here(reaching(HOUSE, partners), active),
            None,
        ),
        (
            "paused",
            bo(),
            here(reaching(HOUSE, partners), Some(PartnerState::Paused)),
            Some(Reason::PartnershipPaused),
        ),
        (
            "blocked",
            bo(),
            here(reaching(OPEN_HOUSE, public), Some(PartnerState::Blocked)),
            Some(Reason::Unknown),
        ),
        (
            "a stranger, for partners",
            stranger(),
            here(reaching(OPEN_HOUSE, partners), None),
            Some(Reason::NoPartnership),
        ),
        (
            "a stranger, in closed mode",
            stranger(),
            here(reaching(HOUSE, public), None),
            Some(Reason::NoPartnership),
        ),
        (
            "a stranger, where all are welcome",
            stranger(),
            here(reaching(OPEN_HOUSE, public), None),
            None,
        ),
    ] {
        assert_eq!(why_not(&viewer, &facts), answer, "{what}");
        let unknown = FollowFacts {
            known: false,
            ..facts.clone()
        };
        assert_eq!(why_not(&viewer, &unknown), Some(Reason::Unknown), "{what}");
        let shut = FollowFacts {
            approval: Approval::Nobody,
            ..facts
        };
        assert!(why_not(&viewer, &shut).is_some(), "{what}");
    }
    let facts = here(reaching(HOUSE, partners), active);
    assert_eq!(follow_outcome(&bo(), &facts), FollowState::Requested);
    let open = FollowFacts {
        approval: Approval::Anybody,
        ..facts
    };
    assert_eq!(follow_outcome(&bo(), &open), FollowState::Accepted);
}

#[test]
fn colleagues_follow_colleagues_at_once_and_ask_people_elsewhere() {
    let colleague = FollowFacts {
        approval: Approval::Nobody,
        ..here(HOUSE, None)
    };
    assert_eq!(why_not(&ada(), &colleague), None);
    assert_eq!(follow_outcome(&ada(), &colleague), FollowState::Accepted);
    let guest = account(OrgRole::Guest);
    assert_eq!(why_not(&guest, &colleague), Some(Reason::NotForOutside));
    let oneself = FollowFacts {
        followed: ADA,
        ..colleague.clone()
    };
    assert_eq!(why_not(&ada(), &oneself), Some(Reason::Oneself));
    for (house, partner, answer) in [
        (HOUSE, Some(PartnerState::Active), None),
        (
            HOUSE,
            Some(PartnerState::Paused),
            Some(Reason::PartnershipPaused),
        ),
        (HOUSE, None, Some(Reason::NoPartnership)),
        (OPEN_HOUSE, None, None),
        (
            OPEN_HOUSE,
            Some(PartnerState::Blocked),
            Some(Reason::PartnerBlocked),
        ),
    ] {
        let elsewhere = FollowFacts {
            home: Some(birch()),
            ..here(house, partner)
        };
        assert_eq!(why_not(&ada(), &elsewhere), answer, "{partner:?}");
        assert_eq!(follow_outcome(&ada(), &elsewhere), FollowState::Requested);
    }
}

#[test]
fn nobody_writes_for_more_than_the_house_allows() {
    for reach in ProfileReach::ALL {
        for audience in Audience::ALL {
            let facts = ProfilePostFacts {
                house: reaching(OPEN_HOUSE, *reach),
                audience: *audience,
                partner: None,
                followed_here: false,
                passed_on_here: true,
            };
            let allowed = match audience {
                Audience::Profile => true,
                Audience::Followers => *reach != ProfileReach::Colleagues,
                Audience::Public => *reach == ProfileReach::Public,
                Audience::Group | Audience::Aside | Audience::Direct => false,
            };
            let answer = permit_profile_post(&ada(), &facts).is_ok();
            assert_eq!(answer, allowed, "{reach} {audience}");
            assert!(permit_profile_post(&account(OrgRole::Guest), &facts).is_err());
        }
    }
}

#[test]
fn what_is_written_elsewhere_is_kept_for_those_who_follow() {
    let facts = |partner, followed_here, audience| ProfilePostFacts {
        house: HOUSE,
        audience,
        partner,
        followed_here,
        passed_on_here: false,
    };
    let active = Some(PartnerState::Active);
    assert!(permit_profile_post(&bo(), &facts(active, true, Audience::Followers)).is_ok());
    assert!(permit_profile_post(&bo(), &facts(active, true, Audience::Public)).is_ok());
    for (partner, followed, audience) in [
        (active, false, Audience::Public),
        (active, true, Audience::Profile),
        (Some(PartnerState::Paused), true, Audience::Public),
        (Some(PartnerState::Blocked), true, Audience::Public),
        (None, true, Audience::Public),
    ] {
        let answer = permit_profile_post(&bo(), &facts(partner, followed, audience));
        assert_eq!(
            answer.map(drop),
            Err(Denial::Hidden),
            "{partner:?} {audience}"
        );
    }
}

#[test]
fn what_somebody_followed_passes_on_is_kept_when_it_is_for_everybody() {
    let facts = |partner, audience| ProfilePostFacts {
        house: HOUSE,
        audience,
        partner,
        followed_here: false,
        passed_on_here: true,
    };
    let active = Some(PartnerState::Active);
    assert!(permit_profile_post(&bo(), &facts(active, Audience::Public)).is_ok());
    for (partner, audience) in [
        (active, Audience::Followers),
        (active, Audience::Profile),
        (active, Audience::Group),
        (Some(PartnerState::Paused), Audience::Public),
        (Some(PartnerState::Blocked), Audience::Public),
        (None, Audience::Public),
    ] {
        let answer = permit_profile_post(&bo(), &facts(partner, audience));
        assert_eq!(
            answer.map(drop),
            Err(Denial::Hidden),
            "{partner:?} {audience}"
        );
    }
}

/// A post on the profile of somebody at acme (or elsewhere), in a house that lets them go everywhere.
fn on_profile(audience: Audience, home: Option<crate::domain::Host>) -> Facts {
    let mut facts = Facts::new(NOW, reaching(OPEN_HOUSE, ProfileReach::Public));
    facts.partner = Some(PartnerState::Active);
    facts.owner = Some(OwnerFacts {
        id: AUTHOR,
        home,
        followed: true,
    });
    facts.post = Some(PostFacts { audience, ..POST });
    facts
}

#[test]
fn only_what_is_for_everybody_is_passed_on_and_told_to_who_may_read_it() {
    let active = Some(PartnerState::Active);
    for audience in [Audience::Profile, Audience::Followers, Audience::Public] {
        let facts = on_profile(audience, None);
        let public = audience == Audience::Public;
        let boosted = decide(&ada(), Action::Reshare, &facts).is_ok();
        assert_eq!(boosted, public, "{audience}");
        let heard = hears_of_boost(&birch_server(), &facts, active).is_ok();
        assert_eq!(heard, public, "{audience}");
    }
    let public = || on_profile(Audience::Public, None);
    let told = |facts: &Facts, partner| hears_of_boost(&stranger_server(), facts, partner).is_ok();
    assert!(
        told(
            &Facts {
                partner: None,
                ..public()
            },
            None
        ),
        "open federation"
    );
    for state in [PartnerState::Paused, PartnerState::Blocked] {
        let facts = Facts {
            partner: Some(state),
            ..public()
        };
        assert!(!told(&facts, Some(state)), "{state}");
    }
    let closed = Facts {
        house: reaching(HOUSE, ProfileReach::Public),
        partner: None,
        ..public()
    };
    assert!(
        !told(&closed, None),
        "a house that speaks with partners only"
    );
    let narrowed = Facts {
        house: reaching(OPEN_HOUSE, ProfileReach::Partners),
        ..public()
    };
    assert!(
        decide(&ada(), Action::Reshare, &narrowed).is_err(),
        "the house lets it go less far now"
    );
    let held = Facts {
        post: public().post.map(|post| PostFacts { held: true, ..post }),
        ..public()
    };
    assert!(
        hears_of_boost(&birch_server(), &held, active).is_err(),
        "held at the boundary"
    );
    assert!(decide(&account(OrgRole::Guest), Action::Reshare, &public()).is_err());
    assert!(decide(&Viewer::Anonymous, Action::Reshare, &public()).is_err());
}
