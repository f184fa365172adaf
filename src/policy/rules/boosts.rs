//! Who is told that somebody here passed a post on, and of whom it is noted that they did.

use super::{Ruling, explain, forbidden, hidden, profiles, yes_if};
use crate::domain::{GroupId, PartnerState};
use crate::policy::{Action, Denial, Facts, Permit, PostFacts, Reason, Viewer, act};

/// May the viewer's server be told that somebody here passed the post of `facts` on? `partner` is the
/// partnership with that server, whatever `facts` say of the post's.
///
/// What is ours it must be shown as well, for it will ask; what others keep, they show. Whose people wrote it
/// knows it.
pub fn hears_of_boost(viewer: &Viewer, facts: &Facts, partner: Option<PartnerState>) -> Ruling {
    let Some(post) = &facts.post else {
        return hidden(Reason::Unknown);
    };
    yes_if(is_for_all(facts, post), forbidden(Reason::CannotReshare))?;
    let there = Facts {
        partner,
        ..facts.clone()
    };
    profiles::speaks_with(&there)?;
    yes_if(!facts.stopped, forbidden(Reason::Stopped))?;
    match is_kept_here(facts) && !post.by_them {
        true => explain(viewer, Action::Read, facts),
        false => Ok(()),
    }
}

/// Whether it is noted here that somebody elsewhere passed on what another server keeps: they do not ask us, and
/// whoever reads it may know. None: it is not such a case, and they are asked for like anybody.
pub fn boost_of_theirs(
    viewer: &Viewer,
    facts: &Facts,
) -> Option<Result<Permit<act::Reshare>, Denial>> {
    let post = facts.post.filter(|_| !is_kept_here(facts))?;
    if !matches!(viewer, Viewer::Person { .. }) {
        return None;
    }
    let group = facts.group.as_ref();
    let stands = group.is_none_or(|group| !group.withdrawn && !group.archived);
    let noted = yes_if(
        stands && is_for_all(facts, &post),
        hidden(Reason::NotForRemote),
    )
    .and_then(|()| yes_if(!facts.stopped, forbidden(Reason::Stopped)));
    let group = group.map_or(GroupId(0), |group| group.id);
    Some(match noted {
        Ok(()) => Ok(Permit::new(group, post.id)),
        Err(refusal) => Err(Denial::from(refusal)),
    })
}

fn is_for_all(facts: &Facts, post: &PostFacts) -> bool {
    match &facts.group {
        Some(group) => super::act::is_for_all(group, post),
        None => profiles::is_for_all(facts, post),
    }
}

fn is_kept_here(facts: &Facts) -> bool {
    let group = facts.group.as_ref().and_then(|group| group.home.as_ref());
    let owner = facts.owner.as_ref().and_then(|owner| owner.home.as_ref());
    group.is_none() && owner.is_none()
}
