//! Who does what. Asked only of those who know the group, and who may read the post in question:
//! every no here is one the viewer is told the reason of.

use super::{Ruling, forbidden, is_author, moderates, why_no_grant, yes_if};
use crate::domain::{Access, Audience, Capability, JoinMode, PartnerState, PostState, Stage};
use crate::policy::{Facts, GroupFacts, PostFacts, Reason, Viewer};

/// What every act asks first: nobody banned, nothing archived, and the boundary is open.
fn ready(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if facts.is_banned() {
        return forbidden(Reason::Banned);
    }
    if group.archived {
        return forbidden(Reason::Archived);
    }
    let here = group.home.is_none();
    match viewer {
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        Viewer::Server { .. } => forbidden(Reason::PeopleOnly),
        Viewer::Person { .. } if here => yes_if(
            facts.grant_counts() && facts.is_safe_there(),
            forbidden(why_no_grant(facts, group)),
        ),
        // Who acts in a group elsewhere acts there; its house tells us.
        Viewer::Person { .. } => forbidden(Reason::NotForRemote),
        Viewer::Member { .. } if here => Ok(()),
        Viewer::Member { .. } if facts.stopped => forbidden(Reason::Stopped),
        Viewer::Member { .. } => yes_if(
            facts.partner != Some(PartnerState::Paused),
            forbidden(Reason::PartnershipPaused),
        ),
        Viewer::Operator => Ok(()),
    }
}

pub fn join(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    ready(viewer, facts, group)?;
    let may_ask = match viewer {
        Viewer::Member { .. } => {
            viewer.is_colleague() && (group.home.is_some() || group.access != Access::Secret)
        }
        Viewer::Person { .. } => {
            let by_invitation = |join| join == JoinMode::Invite;
            group.access != Access::Secret
                && !facts.grant.is_some_and(|terms| by_invitation(terms.join))
        }
        Viewer::Anonymous | Viewer::Server { .. } | Viewer::Operator => {
            return forbidden(Reason::PeopleOnly);
        }
    };
    yes_if(
        may_ask || facts.is_member() || facts.is_invited(),
        forbidden(Reason::InvitationNeeded),
    )
}

/// Members leave; who asked takes the question back; who was invited declines.
pub fn leave(viewer: &Viewer, facts: &Facts) -> Ruling {
    let inside = viewer.actor().is_some() && facts.standing().is_some() && !facts.is_banned();
    yes_if(inside, forbidden(Reason::NotMember))
}

/// Reacting, commenting, starting topics, attaching.
pub fn contribute(
    viewer: &Viewer,
    facts: &Facts,
    group: &GroupFacts,
    capability: Capability,
) -> Ruling {
    ready(viewer, facts, group)?;
    open_to_change(viewer, facts, group)?;
    let (taking_part, capable) = match viewer {
        Viewer::Member { .. } if group.home.is_some() => {
            (facts.is_member(), facts.was_told(capability))
        }
        Viewer::Member { .. } => {
            // A colleague joins an open group by taking part in a conversation, not by starting one.
            let by_being_here = capability != Capability::Start && in_open_group(viewer, group);
            (facts.is_member() || by_being_here, true)
        }
        Viewer::Person { .. } => (facts.is_member(), facts.grants(capability)),
        Viewer::Anonymous | Viewer::Server { .. } | Viewer::Operator => {
            return forbidden(Reason::PeopleOnly);
        }
    };
    yes_if(taking_part, forbidden(Reason::NotMember))?;
    yes_if(capable, forbidden(missing(capability)))?;
    match facts.post {
        Some(post) => as_its_author_wants(&post, capability),
        None => Ok(()),
    }
}

/// Authors elsewhere may keep people here from liking or answering what they wrote.
fn as_its_author_wants(post: &PostFacts, capability: Capability) -> Ruling {
    match capability {
        Capability::React => yes_if(!post.reserves_likes, forbidden(Reason::LikesReserved)),
        Capability::Reply => yes_if(!post.reserves_replies, forbidden(Reason::RepliesReserved)),
        Capability::Read
        | Capability::Start
        | Capability::Attach
        | Capability::Invite
        | Capability::Moderate => Ok(()),
    }
}

pub fn edit(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    yes_if(is_author(viewer, facts), forbidden(Reason::NotAuthor))?;
    ready(viewer, facts, group)?;
    open_to_change(viewer, facts, group)?;
    // In an open group a colleague may have left since.
    yes_if(
        facts.is_member() || in_open_group(viewer, group),
        forbidden(Reason::NotMember),
    )
}

/// Inviting, or in open groups suggesting: see [`invitation_outcome`](super::invitation_outcome).
pub fn invite(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    ready(viewer, facts, group)?;
    let here = group.home.is_none();
    match viewer {
        Viewer::Operator => yes_if(here, forbidden(Reason::NotForRemote)),
        Viewer::Member { .. } if here => {
            let suggests = facts.is_member() && group.access == Access::Open;
            yes_if(
                facts.is_moderator() || suggests,
                forbidden(Reason::NotModerator),
            )
        }
        Viewer::Member { .. } | Viewer::Person { .. } => {
            yes_if(facts.is_member(), forbidden(Reason::NotMember))?;
            // Inviting is for a house's own people; where nothing was granted, nothing is.
            let granted = facts
                .grant
                .is_some_and(|terms| terms.capabilities.contains(Capability::Invite));
            let of_the_house = !matches!(viewer, Viewer::Member { .. }) || viewer.is_colleague();
            yes_if(granted && of_the_house, forbidden(Reason::CannotInvite))
        }
        Viewer::Anonymous | Viewer::Server { .. } => forbidden(Reason::PeopleOnly),
    }
}

pub fn moderate(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    ready(viewer, facts, group)?;
    if group.home.is_some() {
        return forbidden(Reason::NotForRemote);
    }
    let reason = match facts.is_moderator() {
        true => Reason::CannotModerate,
        false => Reason::NotModerator,
    };
    // The operator lets people in, puts them out, and takes away posts that it does not see.
    let may = *viewer == Viewer::Operator || moderates(viewer, facts, group);
    yes_if(may, forbidden(reason))
}

/// Asking the house of a group elsewhere for what moderators do: who is one there, as it says, and where it lets
/// our people moderate. It decides.
pub fn ask_moderation(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    ready(viewer, facts, group)?;
    match viewer {
        Viewer::Member { .. } => {}
        Viewer::Anonymous | Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Operator => {
            return forbidden(Reason::PeopleOnly);
        }
    }
    let is_one = group.home.is_some() && facts.is_member() && facts.moderates_there;
    yes_if(is_one, forbidden(Reason::NotModerator))?;
    let granted = facts.was_told(Capability::Moderate);
    yes_if(granted, forbidden(Reason::CannotModerate))
}

/// Reporting a post: whoever reads it, locked and archived or not; from elsewhere only under a grant,
/// for everybody else's words nobody answers. A server does so for its people, whom it need not name.
pub fn report(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    match viewer {
        Viewer::Anonymous => return forbidden(Reason::SignInNeeded),
        Viewer::Operator => return forbidden(Reason::PeopleOnly),
        Viewer::Person { .. } | Viewer::Server { .. } => yes_if(
            group.home.is_some() || facts.grant_counts(),
            forbidden(why_no_grant(facts, group)),
        )?,
        Viewer::Member { .. } => {}
    }
    let visible = |post: &PostFacts| post.state == PostState::Visible;
    yes_if(
        facts.post.as_ref().is_none_or(visible),
        forbidden(Reason::NotVisible),
    )
}

/// Giving a post a label, or a higher one: its author and who moderates the group. Labels are the house's own,
/// so whoever is from outside gives none, guests included.
pub fn classify(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    classifies_here(viewer, facts, group)?;
    let may = is_author(viewer, facts) || classifies_others(viewer, facts, group);
    yes_if(may, forbidden(Reason::NotAuthor))
}

/// A lower one: who moderates the group, and not its author as such. What lets go further is not decided by who
/// wants to be read.
pub fn declassify(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    classifies_here(viewer, facts, group)?;
    let may = classifies_others(viewer, facts, group);
    yes_if(may, forbidden(Reason::NotModerator))?;
    // With another label and a new text it would be free: nobody releases what they wrote.
    let held = facts.post.is_some_and(|post| post.held);
    yes_if(
        !(held && is_author(viewer, facts)),
        forbidden(Reason::OwnPost),
    )
}

fn classifies_here(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    ready(viewer, facts, group)?;
    let inside = *viewer == Viewer::Operator || viewer.is_colleague();
    yes_if(inside, forbidden(Reason::NotForOutside))?;
    let visible = |post: &PostFacts| post.state == PostState::Visible;
    yes_if(
        facts.post.as_ref().is_none_or(visible),
        forbidden(Reason::NotVisible),
    )
}

fn classifies_others(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> bool {
    let here = group.home.is_none();
    *viewer == Viewer::Operator && here || moderates(viewer, facts, group)
}

/// On a profile nobody moderates: besides the author those who look at what is held give labels, and they alone
/// lower them, as they alone release.
pub fn classify_on_profile(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    yes_if(viewer.is_colleague(), forbidden(Reason::NotForOutside))?;
    yes_if(
        post.state == PostState::Visible,
        forbidden(Reason::NotVisible),
    )?;
    let has_duty = viewer.is_administrator() || viewer.is_compliance_officer();
    yes_if(
        is_author(viewer, facts) || has_duty,
        forbidden(Reason::NotAuthor),
    )
}

/// Looking at what is held at the boundary, for everybody else who reads it: moderators of a group here,
/// compliance officers and administrators. Nobody decides about what they wrote themselves.
pub fn review(viewer: &Viewer, facts: &Facts, group: Option<&GroupFacts>) -> Ruling {
    let moderates = group.is_some_and(|group| moderates(viewer, facts, group));
    let has_duty = viewer.is_administrator() || viewer.is_compliance_officer();
    let inside = *viewer == Viewer::Operator || viewer.is_colleague();
    yes_if(
        inside && (moderates || has_duty),
        forbidden(Reason::NotReviewer),
    )?;
    let own = facts.post.map(|post| post.author) == viewer.actor() && viewer.actor().is_some();
    yes_if(!own, forbidden(Reason::OwnPost))
}

/// Passing a post on. What not everybody may read stays in its group.
pub fn reshare(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    ready(viewer, facts, group)?;
    match viewer {
        Viewer::Member { .. } => {}
        Viewer::Person { .. } => yes_if(facts.is_member(), forbidden(Reason::NotMember))?,
        Viewer::Anonymous | Viewer::Server { .. } | Viewer::Operator => {
            return forbidden(Reason::PeopleOnly);
        }
    }
    let open = facts.post.is_some_and(|post| is_for_all(group, &post));
    yes_if(open, forbidden(Reason::CannotReshare))?;
    let reserved = facts.post.is_some_and(|post| post.reserves_boosts);
    yes_if(!reserved, forbidden(Reason::BoostsReserved))
}

/// Everybody may read it, wherever the group is.
pub const fn is_for_all(group: &GroupFacts, post: &PostFacts) -> bool {
    let public = matches!((group.stage, group.access), (Stage::Public, Access::Open));
    let visible = matches!(
        (post.audience, post.state),
        (Audience::Group, PostState::Visible)
    );
    public && visible && !post.held
}

/// Settings: owners, and administrators, who were let through before.
pub fn manage(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    yes_if(group.home.is_none(), forbidden(Reason::NotForRemote))?;
    let owner = viewer.is_colleague() && facts.is_owner();
    yes_if(owner, forbidden(Reason::NotOwner))
}

/// Stage and grants: administrators, and owners where the house delegates.
pub fn change_boundary(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    yes_if(
        facts.house.owners_open_groups || group.home.is_some(),
        forbidden(Reason::NotAdministrator),
    )?;
    manage(viewer, facts, group)
}

/// Colleagues take part in open groups without having joined.
fn in_open_group(viewer: &Viewer, group: &GroupFacts) -> bool {
    viewer.is_colleague() && group.home.is_none() && group.access == Access::Open
}

/// The post in question, where there is one, is there and its topic is not locked.
fn open_to_change(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    let Some(post) = &facts.post else {
        return Ok(());
    };
    yes_if(
        post.state == PostState::Visible,
        forbidden(Reason::NotVisible),
    )?;
    yes_if(
        !post.locked || moderates(viewer, facts, group),
        forbidden(Reason::Locked),
    )
}

const fn missing(capability: Capability) -> Reason {
    match capability {
        Capability::Read => Reason::NoGrant,
        Capability::React => Reason::CannotReact,
        Capability::Reply => Reason::CannotReply,
        Capability::Start => Reason::CannotStart,
        Capability::Attach => Reason::CannotAttach,
        Capability::Invite => Reason::CannotInvite,
        Capability::Moderate => Reason::CannotModerate,
    }
}
