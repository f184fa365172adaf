//! Four eyes: whose second pair of eyes counts.

use super::{Ruling, administer, forbidden, yes_if};
use crate::domain::ActorId;
use crate::policy::{Denial, House, Reason, Viewer};

/// Does an act wait for a second administrator? What takes away never does.
pub const fn needs_second(house: House, widens: bool) -> bool {
    house.four_eyes && widens
}

/// What is known of a proposal that somebody wants to confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalFacts {
    /// Who proposed it; none: the operator.
    pub by: Option<ActorId>,
    /// It was neither decided about nor is its time over.
    pub waits: bool,
}

/// May the viewer confirm it? Administrators other than who proposed it, by whatever session or token
/// they come. The command line counts as one person.
pub fn may_confirm(viewer: &Viewer, facts: &ProposalFacts) -> Result<(), Denial> {
    confirm(viewer, facts).map_err(Denial::from)
}

fn confirm(viewer: &Viewer, facts: &ProposalFacts) -> Ruling {
    administer(viewer)?;
    yes_if(facts.waits, forbidden(Reason::ProposalOver))?;
    // Of those who administer only the operator is no actor.
    yes_if(viewer.actor() != facts.by, forbidden(Reason::OwnProposal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OrgRole;

    fn administrator(id: i64) -> Viewer {
        Viewer::Member {
            actor: ActorId(id),
            role: OrgRole::Admin,
        }
    }

    #[test]
    fn nobody_is_their_own_second() {
        let of = |by| ProposalFacts { by, waits: true };
        let (one, other) = (administrator(1), administrator(2));
        let own = Err(Denial::Forbidden(Reason::OwnProposal));
        assert_eq!(may_confirm(&one, &of(Some(ActorId(1)))), own);
        assert_eq!(may_confirm(&Viewer::Operator, &of(None)), own);
        assert_eq!(may_confirm(&other, &of(Some(ActorId(1)))), Ok(()));
        assert_eq!(may_confirm(&other, &of(None)), Ok(()));
        assert_eq!(
            may_confirm(&Viewer::Operator, &of(Some(ActorId(1)))),
            Ok(())
        );
    }

    #[test]
    fn only_administrators_learn_of_proposals_and_only_those_that_wait_are_confirmed() {
        let waiting = ProposalFacts {
            by: Some(ActorId(1)),
            waits: true,
        };
        for role in OrgRole::ALL.iter().filter(|role| **role != OrgRole::Admin) {
            let viewer = Viewer::Member {
                actor: ActorId(2),
                role: *role,
            };
            assert_eq!(may_confirm(&viewer, &waiting), Err(Denial::Hidden));
        }
        let over = ProposalFacts {
            waits: false,
            ..waiting
        };
        let answer = may_confirm(&administrator(2), &over);
        assert_eq!(answer, Err(Denial::Forbidden(Reason::ProposalOver)));
    }
}
