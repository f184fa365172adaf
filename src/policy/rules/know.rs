//! Who knows that a group exists. Everybody else is answered as if it did not.

use super::{Ruling, hidden, why_no_grant, yes_if};
use crate::domain::{Access, Host, PartnerState, Stage};
use crate::policy::{Facts, FederationMode, GroupFacts, Reason, Viewer};

pub fn group(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if let Some(home) = &group.home {
        return elsewhere(viewer, facts, group, home);
    }
    match viewer {
        Viewer::Operator => Ok(()),
        Viewer::Anonymous => yes_if(is_announced(group), hidden(Reason::GroupNotPublic)),
        Viewer::Member { .. } => from_inside(viewer, facts, group),
        Viewer::Person { .. } | Viewer::Server { .. } => from_outside(viewer, facts, group),
    }
}

/// Its profile is public.
fn is_announced(group: &GroupFacts) -> bool {
    group.stage == Stage::Public && group.access != Access::Secret
}

fn from_inside(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    let listed = viewer.is_colleague() && group.access != Access::Secret;
    let inside = facts.is_member() || facts.is_invited();
    yes_if(
        listed || inside || is_announced(group),
        hidden(Reason::InvitationNeeded),
    )
}

fn from_outside(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if facts.partner == Some(PartnerState::Blocked) {
        return hidden(Reason::PartnerBlocked);
    }
    if is_announced(group) {
        return Ok(());
    }
    if !facts.grant_counts() {
        return hidden(why_no_grant(facts, group));
    }
    let told = match (group.access, viewer) {
        (Access::Open | Access::Closed, _) => true,
        // A server may know what somebody there may know; a person only what concerns itself.
        (Access::Secret, Viewer::Server { .. }) => facts.known_on_host,
        (Access::Secret, _) => facts.is_member() || facts.is_invited(),
    };
    yes_if(told, hidden(Reason::InvitationNeeded))
}

/// A group that lives elsewhere is there for people here, and for the house it lives in.
fn elsewhere(viewer: &Viewer, facts: &Facts, group: &GroupFacts, home: &Host) -> Ruling {
    still_ours_to_see(facts, group)?;
    match viewer {
        Viewer::Operator => Ok(()),
        Viewer::Member { .. } => {
            let listed = viewer.is_colleague() && group.access != Access::Secret;
            // Who accepted an invitation waits for the other house as `requested`.
            let inside = facts.standing().is_some() && !facts.is_banned();
            yes_if(listed || inside, hidden(Reason::InvitationNeeded))
        }
        // Not its people: which of them may read it, only that house knows.
        Viewer::Server { host } if host == home => yes_if(
            facts.partner != Some(PartnerState::Paused),
            hidden(Reason::PartnershipPaused),
        ),
        Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Anonymous => {
            hidden(Reason::NotForRemote)
        }
    }
}

/// A group elsewhere that its house has not taken back from us.
pub fn still_ours_to_see(facts: &Facts, group: &GroupFacts) -> Ruling {
    if group.withdrawn {
        return hidden(Reason::Withdrawn);
    }
    partnership_stands(facts)?;
    yes_if(
        facts.grant.is_none_or(|terms| terms.covers(facts.now)),
        hidden(Reason::GrantEnded),
    )
}

/// We speak with the house of a group or profile elsewhere.
pub fn partnership_stands(facts: &Facts) -> Ruling {
    match facts.partner {
        Some(PartnerState::Active | PartnerState::Paused) => Ok(()),
        Some(PartnerState::Blocked) => hidden(Reason::PartnerBlocked),
        Some(PartnerState::Invited | PartnerState::Ended) | None => yes_if(
            facts.house.federation == FederationMode::Open,
            hidden(Reason::NoPartnership),
        ),
    }
}
