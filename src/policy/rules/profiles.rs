//! Posts on profiles, and following people. A conversation belongs to the profile where it began, as
//! topics belong to groups: who may read there, reads all of it.

use super::{Ruling, forbidden, hidden, know, wrote, yes_if};
use crate::domain::{
    ActorId, Approval, Audience, FollowState, GroupId, Host, PartnerState, PostId, PostState,
};
use crate::policy::{
    Denial, Facts, FederationMode, House, OwnerFacts, Permit, PostFacts, ProfileReach, Reason,
    Viewer, act,
};

// Reading -----------------------------------------------------------------------------------------

/// A post on a profile.
pub(super) fn read(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    let Some(owner) = &facts.owner else {
        return hidden(Reason::Unknown);
    };
    let own = wrote(viewer, facts) && matches!(viewer, Viewer::Member { .. });
    match &owner.home {
        _ if own => Ok(()),
        None => on_ours(viewer, facts, post, owner),
        Some(home) => on_theirs(viewer, facts, post, owner, home),
    }
}

/// What the house lets of an audience: a setting that was narrowed since counts for what is there.
const fn allowed(audience: Audience, reach: ProfileReach) -> Audience {
    match (audience, reach) {
        (_, ProfileReach::Colleagues) => Audience::Profile,
        (Audience::Public, ProfileReach::Partners) => Audience::Followers,
        (audience, ProfileReach::Partners | ProfileReach::Public) => audience,
    }
}

fn on_ours(viewer: &Viewer, facts: &Facts, post: &PostFacts, owner: &OwnerFacts) -> Ruling {
    if viewer.is_colleague() {
        return Ok(());
    }
    let audience = allowed(post.audience, facts.house.profiles);
    match viewer {
        Viewer::Operator => hidden(Reason::Unknown),
        Viewer::Anonymous | Viewer::Member { .. } => yes_if(
            audience == Audience::Public && facts.house.public_pages,
            hidden(Reason::NotForOutside),
        ),
        Viewer::Person { .. } | Viewer::Server { .. } => match audience {
            Audience::Public => speaks_with(facts),
            Audience::Followers => {
                is_active_partner(facts)?;
                yes_if(owner.followed, hidden(Reason::NotFollowed))
            }
            Audience::Profile | Audience::Group | Audience::Aside | Audience::Direct => {
                hidden(Reason::NotForOutside)
            }
        },
    }
}

/// Somebody elsewhere writes for their followers: who follows them here, reads it; what is for
/// everybody, all colleagues do. Their own server is shown what people here answered.
fn on_theirs(
    viewer: &Viewer,
    facts: &Facts,
    post: &PostFacts,
    owner: &OwnerFacts,
    home: &Host,
) -> Ruling {
    know::partnership_stands(facts)?;
    match viewer {
        Viewer::Member { .. } if viewer.is_colleague() => {
            let reads = match post.audience {
                Audience::Public => true,
                Audience::Followers => owner.followed,
                Audience::Profile | Audience::Group | Audience::Aside | Audience::Direct => false,
            };
            yes_if(reads, hidden(Reason::NotFollowed))
        }
        Viewer::Server { host } if host == home => answers_of_ours(facts, post),
        Viewer::Person { actor, .. } if *actor == owner.id => answers_of_ours(facts, post),
        Viewer::Anonymous
        | Viewer::Member { .. }
        | Viewer::Person { .. }
        | Viewer::Server { .. }
        | Viewer::Operator => hidden(Reason::NotForRemote),
    }
}

fn answers_of_ours(facts: &Facts, post: &PostFacts) -> Ruling {
    let spoken_with = facts.partner != Some(PartnerState::Paused);
    yes_if(spoken_with, hidden(Reason::PartnershipPaused))?;
    let shared = post.by_us && post.audience != Audience::Profile;
    yes_if(shared, hidden(Reason::NotForRemote))
}

fn is_active_partner(facts: &Facts) -> Ruling {
    match facts.partner {
        Some(PartnerState::Active) => Ok(()),
        Some(PartnerState::Paused) => hidden(Reason::PartnershipPaused),
        Some(PartnerState::Blocked) => hidden(Reason::PartnerBlocked),
        Some(PartnerState::Invited | PartnerState::Ended) | None => hidden(Reason::NoPartnership),
    }
}

/// An active partner's server or, in open mode, any that is neither paused nor blocked.
pub(super) fn speaks_with(facts: &Facts) -> Ruling {
    match (facts.partner, facts.house.federation) {
        (Some(PartnerState::Invited | PartnerState::Ended) | None, FederationMode::Open) => Ok(()),
        _ => is_active_partner(facts),
    }
}

/// A delivery to a server: what it may read, and while it is visible. Of what everybody may read, too,
/// only servers with followers are sent anything.
pub(super) fn receive(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    let (Viewer::Server { .. }, Some(owner)) = (viewer, &facts.owner) else {
        return hidden(Reason::Unknown);
    };
    let visible = post.state == PostState::Visible;
    yes_if(visible, forbidden(Reason::NotVisible))?;
    yes_if(!post.held, forbidden(Reason::HeldAtBoundary))?;
    read(viewer, facts, post)?;
    let asked_for = owner.home.is_some() || owner.followed;
    yes_if(asked_for, forbidden(Reason::NotFollowed))
}

// Writing -----------------------------------------------------------------------------------------

/// Answering and liking. Asked of those who may read the post.
pub(super) fn contribute(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    let visible = post.state == PostState::Visible;
    yes_if(visible, forbidden(Reason::NotVisible))?;
    let Some(owner) = &facts.owner else {
        return forbidden(Reason::GroupsOnly);
    };
    match viewer {
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        Viewer::Server { .. } | Viewer::Operator => forbidden(Reason::PeopleOnly),
        Viewer::Member { .. } => {
            yes_if(viewer.is_colleague(), forbidden(Reason::NotForOutside))?;
            let paused = facts.partner == Some(PartnerState::Paused);
            yes_if(
                owner.home.is_none() || !facts.stopped,
                forbidden(Reason::Stopped),
            )?;
            yes_if(
                owner.home.is_none() || !paused,
                forbidden(Reason::PartnershipPaused),
            )
        }
        Viewer::Person { actor, .. } => {
            let may = owner.followed || owner.home.is_some() && *actor == owner.id;
            yes_if(may, forbidden(Reason::NotFollowed))
        }
    }
}

/// Passing a post on: what its author wrote for everybody, and the house lets go that far.
pub(super) fn reshare(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    contribute(viewer, facts, post)?;
    yes_if(is_for_all(facts, post), forbidden(Reason::CannotReshare))?;
    yes_if(!post.reserves_boosts, forbidden(Reason::BoostsReserved))
}

/// Everybody may read it, wherever the profile is.
pub(super) fn is_for_all(facts: &Facts, post: &PostFacts) -> bool {
    let owner = facts.owner.as_ref();
    let audience = match owner.is_some_and(|owner| owner.home.is_some()) {
        true => post.audience,
        false => allowed(post.audience, facts.house.profiles),
    };
    audience == Audience::Public && post.state == PostState::Visible && !post.held
}

/// What people of its own server add to a conversation on a profile elsewhere, whatever they may read
/// here: that server tells of its own. None: it is not such a case.
pub(super) fn adds_to_theirs(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Option<Ruling> {
    let owner = facts.owner.as_ref()?;
    let (Viewer::Person { host, .. }, Some(home)) = (viewer, &owner.home) else {
        return None;
    };
    let theirs = host == home && post.audience != Audience::Profile;
    let visible = post.state == PostState::Visible;
    Some(
        yes_if(theirs, hidden(Reason::NotForRemote))
            .and_then(|()| yes_if(!post.held, hidden(Reason::HeldAtBoundary)))
            .and_then(|()| speaks_with(facts))
            .and_then(|()| yes_if(visible, forbidden(Reason::NotVisible))),
    )
}

/// What is known of who writes on their own profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfilePostFacts {
    pub house: House,
    pub audience: Audience,
    /// The partnership with the author's server, for somebody elsewhere.
    pub partner: Option<PartnerState>,
    /// Of somebody elsewhere: somebody here follows them and was let in.
    pub followed_here: bool,
    /// Of somebody elsewhere: whoever is followed here passes it on.
    pub passed_on_here: bool,
}

/// May the viewer write this on the own profile? For somebody elsewhere: is it kept here?
///
/// # Errors
/// [`Denial::Forbidden`] with the reason; what nobody here follows is answered as if there was nothing
/// to write to.
pub fn permit_profile_post(
    viewer: &Viewer,
    facts: &ProfilePostFacts,
) -> Result<Permit<act::PostOnProfile>, Denial> {
    writes(viewer, facts)?;
    Ok(Permit::new(GroupId(0), PostId(0)))
}

fn writes(viewer: &Viewer, facts: &ProfilePostFacts) -> Ruling {
    if !facts.audience.is_on_profile() {
        return hidden(Reason::Unknown);
    }
    match viewer {
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        Viewer::Server { .. } | Viewer::Operator => forbidden(Reason::PeopleOnly),
        Viewer::Member { .. } => {
            yes_if(viewer.is_colleague(), forbidden(Reason::NotForOutside))?;
            let fits = allowed(facts.audience, facts.house.profiles) == facts.audience;
            yes_if(fits, forbidden(Reason::ProfilesStayInside))
        }
        Viewer::Person { .. } => {
            let stands = match facts.partner {
                Some(PartnerState::Active) => true,
                Some(PartnerState::Paused | PartnerState::Blocked) => false,
                Some(PartnerState::Invited | PartnerState::Ended) | None => {
                    facts.house.federation == FederationMode::Open
                }
            };
            // What is for everybody, a boost may bring here; what is for followers is for them.
            let wanted = match facts.audience {
                Audience::Public => facts.followed_here || facts.passed_on_here,
                Audience::Followers => facts.followed_here,
                Audience::Profile | Audience::Group | Audience::Aside | Audience::Direct => false,
            };
            yes_if(stands && wanted, hidden(Reason::NotFollowed))
        }
    }
}

/// The widest audience that the house allows on profiles.
pub const fn widest_audience(house: House) -> Audience {
    allowed(Audience::Public, house.profiles)
}

// Following ---------------------------------------------------------------------------------------

/// What is known of somebody who is to be followed and of who wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowFacts {
    pub house: House,
    pub followed: ActorId,
    /// Where they live; none: here.
    pub home: Option<Host>,
    /// Neither gone nor shut out, and for who asks from elsewhere: may be known to exist.
    pub known: bool,
    /// Of somebody here: whom they let in.
    pub approval: Approval,
    /// For a viewer from elsewhere the partnership with its server, otherwise with the home of who is
    /// to be followed.
    pub partner: Option<PartnerState>,
}

/// May the viewer follow them, or ask to?
pub fn may_follow(viewer: &Viewer, facts: &FollowFacts) -> Result<(), Denial> {
    follow(viewer, facts).map_err(Denial::from)
}

fn follow(viewer: &Viewer, facts: &FollowFacts) -> Ruling {
    yes_if(facts.known, hidden(Reason::Unknown))?;
    match viewer {
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        Viewer::Server { .. } | Viewer::Operator => forbidden(Reason::PeopleOnly),
        Viewer::Member { actor, .. } => {
            yes_if(viewer.is_colleague(), forbidden(Reason::NotForOutside))?;
            yes_if(*actor != facts.followed, forbidden(Reason::Oneself))?;
            match (&facts.home, facts.partner) {
                (None, _) | (Some(_), Some(PartnerState::Active)) => Ok(()),
                (Some(_), Some(PartnerState::Paused)) => forbidden(Reason::PartnershipPaused),
                (Some(_), Some(PartnerState::Blocked)) => forbidden(Reason::PartnerBlocked),
                (Some(_), Some(PartnerState::Invited | PartnerState::Ended) | None) => yes_if(
                    facts.house.federation == FederationMode::Open,
                    forbidden(Reason::NoPartnership),
                ),
            }
        }
        Viewer::Person { .. } => from_outside(facts),
    }
}

fn from_outside(facts: &FollowFacts) -> Ruling {
    if facts.home.is_some() {
        return hidden(Reason::NotForRemote);
    }
    match (facts.house.profiles, facts.partner) {
        (ProfileReach::Colleagues, _) => return forbidden(Reason::ProfilesStayInside),
        (_, Some(PartnerState::Active)) => {}
        (_, Some(PartnerState::Paused)) => return forbidden(Reason::PartnershipPaused),
        (_, Some(PartnerState::Blocked)) => return hidden(Reason::PartnerBlocked),
        (reach, Some(PartnerState::Invited | PartnerState::Ended) | None) => {
            let everybody =
                reach == ProfileReach::Public && facts.house.federation == FederationMode::Open;
            yes_if(everybody, forbidden(Reason::NoPartnership))?;
        }
    }
    let lets = facts.approval != Approval::Nobody;
    yes_if(lets, forbidden(Reason::NotFollowable))
}

/// Whether following is done at once, or asked for. Asked after [`may_follow`] said yes.
pub fn follow_outcome(viewer: &Viewer, facts: &FollowFacts) -> FollowState {
    let at_once = match viewer {
        Viewer::Member { .. } => facts.home.is_none(),
        _ => facts.approval == Approval::Anybody,
    };
    match at_once {
        true => FollowState::Accepted,
        false => FollowState::Requested,
    }
}
