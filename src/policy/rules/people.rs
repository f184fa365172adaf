//! Who sees whom, outside of what people write.

use super::{Ruling, hidden, yes_if};
use crate::domain::{ActorId, ActorState, PartnerState};
use crate::policy::{Denial, FederationMode, House, ProfileReach, Reason, Viewer};

/// What is known of a person and the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonFacts {
    pub id: ActorId,
    pub state: ActorState,
    /// Viewer and person are members of the same group.
    pub shares_a_group: bool,
}

/// May the viewer find a person, here or elsewhere, by name or number? Otherwise the answer is the
/// one for nobody. Authors are named on their posts to whoever reads those.
pub fn sees_person(viewer: &Viewer, person: &PersonFacts) -> bool {
    let there = person.state == ActorState::Active;
    there
        && match viewer {
            Viewer::Operator => true,
            Viewer::Member { actor, .. } => {
                viewer.is_colleague() || *actor == person.id || person.shares_a_group
            }
            Viewer::Anonymous | Viewer::Person { .. } | Viewer::Server { .. } => false,
        }
}

/// May the viewer have other servers asked who bears a handle? Guests are where they were invited.
pub const fn may_look_elsewhere(viewer: &Viewer) -> bool {
    viewer.is_colleague()
}

/// May the viewer see, describe and attach a file that somebody uploaded and that is in no post yet? To
/// everybody else it is not there.
pub fn reads_upload(viewer: &Viewer, owner: ActorId) -> Result<(), Denial> {
    let own = matches!(viewer, Viewer::Member { actor, .. } if *actor == owner);
    yes_if(own, hidden(Reason::Unknown)).map_err(Denial::from)
}

/// What is known of a person of this house and of who asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileFacts {
    pub house: House,
    /// Has an account here that is not disabled; of somebody erased: had one.
    pub enabled: bool,
    /// The partnership with the server that asks.
    pub partner: Option<PartnerState>,
    /// Takes part in a group that connects the two houses: one of ours with a counting grant for
    /// the asking server, or one that lives there. Of somebody erased: did, or that server was
    /// told something in their name.
    pub shares_group: bool,
    /// Follows somebody of the asking server, is followed or was asked by one.
    pub follows_there: bool,
    /// Something that they signed is on its way to the asking server, which has to learn whose key that is.
    pub awaited: bool,
    /// Lets somebody outside follow them.
    pub followable: bool,
    /// An emergency stop holds what goes to who asks.
    pub stopped: bool,
}

/// May `viewer` read the profile of a person of this house, as another server fetches it? Otherwise
/// the answer is the one for nobody.
pub fn reads_profile(viewer: &Viewer, facts: &ProfileFacts) -> Result<(), Denial> {
    profile(viewer, facts).map_err(Denial::from)
}

/// Who learns that somebody of this house exists. Partners meet people in groups that connect the
/// houses; a name alone, guessed, tells nothing.
fn profile(viewer: &Viewer, facts: &ProfileFacts) -> Ruling {
    if matches!(viewer, Viewer::Operator) || viewer.is_colleague() {
        return Ok(());
    }
    yes_if(facts.enabled, hidden(Reason::Unknown))?;
    yes_if(!facts.stopped, hidden(Reason::Stopped))?;
    if viewer.host().is_some() && facts.partner == Some(PartnerState::Blocked) {
        return hidden(Reason::PartnerBlocked);
    }
    if facts.house.federation == FederationMode::Open {
        return Ok(());
    }
    match viewer {
        Viewer::Person { .. } | Viewer::Server { .. } => {
            let standing = facts.partner == Some(PartnerState::Active);
            yes_if(standing, hidden(Reason::NoPartnership))?;
            let to_be_followed =
                facts.followable && facts.house.profiles != ProfileReach::Colleagues;
            let met = facts.shares_group || facts.follows_there || facts.awaited;
            yes_if(met || to_be_followed, hidden(Reason::NotForOutside))
        }
        Viewer::Anonymous | Viewer::Member { .. } | Viewer::Operator => {
            hidden(Reason::NotForOutside)
        }
    }
}

/// May the viewer compare its books with ours: how many texts went from one to the other, and which? Only a server
/// itself, with which both sides agreed on a partnership that stands. To everybody else there are no books.
pub fn compares_books(
    viewer: &Viewer,
    partner: Option<PartnerState>,
    mutual: bool,
) -> Result<(), Denial> {
    let may = match viewer {
        Viewer::Server { .. } => mutual && partner == Some(PartnerState::Active),
        Viewer::Anonymous | Viewer::Member { .. } | Viewer::Person { .. } | Viewer::Operator => {
            false
        }
    };
    yes_if(may, hidden(Reason::NoPartnership)).map_err(Denial::from)
}

/// Whether a server is told how we see deliveries to and from it: a partner's that both sides agreed with.
pub fn sees_partner_view(
    viewer: &Viewer,
    partner: Option<PartnerState>,
    mutual: bool,
) -> Result<(), Denial> {
    // The same who may compare books: both are about what went between the two of us.
    compares_books(viewer, partner, mutual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OrgRole;

    #[test]
    fn colleagues_see_everybody_guests_those_they_share_a_group_with() {
        let member = |role| Viewer::Member {
            actor: ActorId(1),
            role,
        };
        let person = |id, shares_a_group| PersonFacts {
            id: ActorId(id),
            state: ActorState::Active,
            shares_a_group,
        };
        let guest = member(OrgRole::Guest);
        assert!(sees_person(&member(OrgRole::Member), &person(2, false)));
        assert!(!sees_person(&guest, &person(2, false)));
        assert!(sees_person(&guest, &person(2, true)));
        assert!(sees_person(&guest, &person(1, false)));
        assert!(!sees_person(&Viewer::Anonymous, &person(2, false)));
        assert!(!may_look_elsewhere(&guest));
    }

    #[test]
    fn who_was_shut_out_is_found_by_nobody() {
        for state in [
            ActorState::Suspended,
            ActorState::Quarantined,
            ActorState::Deleted,
        ] {
            let person = PersonFacts {
                id: ActorId(1),
                state,
                shares_a_group: true,
            };
            assert!(!sees_person(&Viewer::Operator, &person));
        }
    }
}
