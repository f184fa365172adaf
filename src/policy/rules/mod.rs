//! The rules. One function a question, in the words of `docs/ACCESS.md`.
//!
//! The order of answers is the order of the files: what one cannot [`know`] or [`read`] is hidden;
//! what one knows but may not do ([`act`]) is forbidden, with a reason.

mod act;
mod boosts;
mod know;
mod people;
mod profiles;
mod proposals;
mod read;
mod retraction;

pub use boosts::{boost_of_theirs, hears_of_boost};
pub use people::{
    PersonFacts, ProfileFacts, compares_books, may_look_elsewhere, reads_profile, reads_upload,
    sees_partner_view, sees_person,
};
pub use profiles::{
    FollowFacts, ProfilePostFacts, follow_outcome, may_follow, permit_profile_post, widest_audience,
};

pub use proposals::{ProposalFacts, may_confirm, needs_second};
pub use retraction::{OriginFacts, permit_take_back};

use crate::domain::{
    Access, Audience, Capability, GroupId, JoinMode, MembershipState, PartnerState, PostId,
    PostState, Stage, Timestamp,
};
use crate::policy::{
    Act, Action, Denial, Facts, GroupFacts, Permit, PostFacts, Reason, Refusal, Viewer,
};

type Ruling = Result<(), Refusal>;

const fn hidden(reason: Reason) -> Ruling {
    Err(Refusal {
        reason,
        hidden: true,
    })
}

const fn forbidden(reason: Reason) -> Ruling {
    Err(Refusal {
        reason,
        hidden: false,
    })
}

/// Yes, or the no that is given.
const fn yes_if(may: bool, otherwise: Ruling) -> Ruling {
    if may { Ok(()) } else { otherwise }
}

/// May `viewer` do `action` in the case of `facts`?
pub fn decide(viewer: &Viewer, action: Action, facts: &Facts) -> Result<(), Denial> {
    explain(viewer, action, facts).map_err(Denial::from)
}

/// The same question, answered with a proof for storage.
pub fn permit<A: Act>(viewer: &Viewer, facts: &Facts) -> Result<Permit<A>, Denial> {
    decide(viewer, A::ACTION, facts)?;
    // A proof about a post names it; that one may comment in a group in general proves nothing.
    if A::ACTION.is_on_post() && facts.post.is_none() {
        return Err(Denial::Hidden);
    }
    let group = facts.group.as_ref().map_or(GroupId(0), |group| group.id);
    let post = facts.post.map_or(PostId(0), |post| post.id);
    Ok(Permit::new(group, post))
}

/// The same question, answered with the reason even where the viewer must not learn it.
pub fn explain(viewer: &Viewer, action: Action, facts: &Facts) -> Result<(), Refusal> {
    without_stop(viewer, action, facts)?;
    match facts.stopped && viewer.is_outside() {
        true => stopped(action),
        false => Ok(()),
    }
}

/// What an emergency stop takes away is what would be allowed: a no stays the no it was, so that nobody
/// learns more by it. Nothing is shown; who would act is told to come again.
const fn stopped(action: Action) -> Ruling {
    match action {
        Action::Know | Action::Read | Action::SeeMembers => hidden(Reason::Stopped),
        _ => forbidden(Reason::Stopped),
    }
}

fn without_stop(viewer: &Viewer, action: Action, facts: &Facts) -> Ruling {
    match action {
        // Asked with other facts: see `permit_profile_post`.
        Action::PostOnProfile => hidden(Reason::Unknown),
        Action::CreateGroup => create_group(viewer),
        Action::ManagePartners | Action::ManageAccounts => administer(viewer),
        Action::UseAdminApi => use_admin_api(viewer),
        Action::ReadLedger if facts.group.is_none() => read_ledger(viewer),
        _ => match &facts.group {
            Some(group) => in_group(viewer, action, facts, group),
            None => outside_groups(viewer, action, facts),
        },
    }
}

/// Does the viewer look at what is held at the boundary wherever they may read? To anybody else there is no
/// such page.
pub fn reviews_house(viewer: &Viewer) -> Result<(), Denial> {
    let has_duty = viewer.is_administrator() || viewer.is_compliance_officer();
    has_duty.then_some(()).ok_or(Denial::Hidden)
}

/// Whether joining makes a member at once, or a request. Asked after [`Action::Join`] was allowed.
pub fn join_outcome(viewer: &Viewer, facts: &Facts) -> MembershipState {
    let Some(group) = &facts.group else {
        return MembershipState::Requested;
    };
    let here = group.home.is_none();
    let at_once = facts.is_member()
        || here
            && match viewer {
                _ if facts.is_invited() => true,
                Viewer::Member { .. } => viewer.is_colleague() && group.access == Access::Open,
                Viewer::Person { .. } => facts
                    .grant
                    .is_some_and(|terms| terms.join == JoinMode::Auto && !facts.new_to_group),
                Viewer::Anonymous | Viewer::Server { .. } | Viewer::Operator => false,
            };
    match at_once {
        true => MembershipState::Member,
        false => MembershipState::Requested,
    }
}

/// Whether what somebody says in a group is seen at once, or waits for a moderator because the group looks first
/// at whom it does not know. Asked after saying it was allowed.
pub fn post_outcome(viewer: &Viewer, facts: &Facts) -> PostState {
    let waits = matches!(viewer, Viewer::Person { .. }) && facts.unheard && !facts.is_moderator();
    match waits {
        true => PostState::Held,
        false => PostState::Visible,
    }
}

/// Whether naming somebody invites, or only suggests: then a moderator decides, as about a request.
/// Asked after [`Action::Invite`] was allowed.
pub fn invitation_outcome(viewer: &Viewer, facts: &Facts) -> MembershipState {
    let suggests = match (viewer, &facts.group) {
        (Viewer::Member { .. }, Some(group)) => group.home.is_none() && !facts.is_moderator(),
        _ => false,
    };
    match suggests {
        true => MembershipState::Requested,
        false => MembershipState::Invited,
    }
}

/// Whether a post is shown with its text; if not, a reader sees only that there was one.
pub fn shows_text(viewer: &Viewer, facts: &Facts) -> bool {
    let moderates = facts
        .group
        .as_ref()
        .is_some_and(|group| moderates(viewer, facts, group));
    decide(viewer, Action::Read, facts).is_ok()
        && facts.post.is_some_and(|post| match post.state {
            PostState::Visible | PostState::Held => true,
            PostState::Removed => moderates || viewer.is_compliance_officer(),
            PostState::Deleted => false,
        })
}

/// May a group of this access be at this stage at all?
pub const fn stage_fits(access: Access, stage: Stage) -> Result<(), Reason> {
    match (access, stage) {
        (Access::Secret, Stage::Public) => Err(Reason::SecretNotPublic),
        _ => Ok(()),
    }
}

fn create_group(viewer: &Viewer) -> Ruling {
    match viewer {
        Viewer::Operator => Ok(()),
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        _ => yes_if(viewer.is_colleague(), forbidden(Reason::NotForOutside)),
    }
}

fn administer(viewer: &Viewer) -> Ruling {
    match viewer {
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        // To anybody else the administration pages do not exist.
        _ => yes_if(viewer.is_administrator(), hidden(Reason::NotAdministrator)),
    }
}

/// The admin API is documented for everybody: that it is there is no secret, unlike what it shows.
fn use_admin_api(viewer: &Viewer) -> Ruling {
    match viewer {
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        _ => yes_if(
            viewer.is_administrator(),
            forbidden(Reason::NotAdministrator),
        ),
    }
}

/// Who answers for what leaves the house.
const fn accounts_for_the_house(viewer: &Viewer) -> bool {
    viewer.is_administrator() || viewer.is_compliance_officer()
}

/// The whole ledger. Owners read what left their own groups, each by itself; to anybody else there is none.
const fn read_ledger(viewer: &Viewer) -> Ruling {
    yes_if(
        accounts_for_the_house(viewer),
        hidden(Reason::NotAdministrator),
    )
}

/// Posts on profiles and direct messages.
fn outside_groups(viewer: &Viewer, action: Action, facts: &Facts) -> Ruling {
    let Some(post) = &facts.post else {
        return hidden(Reason::Unknown);
    };
    if action == Action::DeletePost && is_author(viewer, facts) {
        return Ok(());
    }
    // Who keeps their posts elsewhere changes them there, whatever they may read here.
    let kept_elsewhere = matches!(viewer, Viewer::Person { .. }) && post.audience.is_on_profile();
    if action == Action::EditPost && kept_elsewhere && is_author(viewer, facts) {
        return yes_if(post.state == PostState::Visible, hidden(Reason::NotVisible));
    }
    if action == Action::Receive {
        return profiles::receive(viewer, facts, post);
    }
    let beyond_colleagues = matches!(post.audience, Audience::Followers | Audience::Public);
    if action == Action::Review && *viewer == Viewer::Operator && beyond_colleagues {
        return Ok(());
    }
    if action == Action::Comment
        && let Some(answer) = profiles::adds_to_theirs(viewer, facts, post)
    {
        return answer;
    }
    read::outside_groups(viewer, facts, post)?;
    match action {
        Action::Know | Action::Read => Ok(()),
        Action::React | Action::Comment => profiles::contribute(viewer, facts, post),
        Action::EditPost if is_author(viewer, facts) => yes_if(
            post.state == PostState::Visible,
            forbidden(Reason::NotVisible),
        ),
        Action::EditPost | Action::DeletePost => forbidden(Reason::NotAuthor),
        Action::Classify => act::classify_on_profile(viewer, facts, post),
        Action::Declassify | Action::Review => act::review(viewer, facts, None),
        Action::Reshare => profiles::reshare(viewer, facts, post),
        _ => forbidden(Reason::GroupsOnly),
    }
}

fn in_group(viewer: &Viewer, action: Action, facts: &Facts, group: &GroupFacts) -> Ruling {
    // Rights that do not ask whether one sees the group: authors take back what they wrote, and
    // administration pages list secret groups too, and what was reported in them.
    match action {
        Action::DeletePost if is_author(viewer, facts) => return Ok(()),
        Action::ManageGroup | Action::ChangeBoundary | Action::ReadReports
            if viewer.is_administrator() && group.home.is_none() =>
        {
            return Ok(());
        }
        Action::ReadLedger if accounts_for_the_house(viewer) && group.home.is_none() => {
            return Ok(());
        }
        _ => {}
    }
    if let (Action::Read, true, Some(post)) = (action, facts.vouched, &facts.post) {
        return read::vouched(viewer, facts, group, post);
    }
    know::group(viewer, facts, group)?;
    if tells_of_its_own(viewer, action, facts, group) {
        return Ok(());
    }
    if let Some(post) = &facts.post
        && !acts_unread(viewer, action, post)
    {
        read::post(viewer, facts, group, post)?;
    }
    match action {
        Action::Know => Ok(()),
        Action::Read if facts.post.is_some() => Ok(()),
        Action::Read => read::group(viewer, facts, group),
        Action::SeeMembers => read::members(viewer, facts, group),
        Action::Receive => read::receive(viewer, facts, group),
        Action::Join => act::join(viewer, facts, group),
        Action::Leave => act::leave(viewer, facts),
        Action::React => act::contribute(viewer, facts, group, Capability::React),
        Action::Comment => act::contribute(viewer, facts, group, Capability::Reply),
        Action::StartTopic => act::contribute(viewer, facts, group, Capability::Start),
        Action::Attach => act::contribute(viewer, facts, group, Capability::Attach),
        Action::EditPost => act::edit(viewer, facts, group),
        Action::DeletePost => forbidden(Reason::NotAuthor),
        Action::Invite => act::invite(viewer, facts, group),
        Action::Moderate => act::moderate(viewer, facts, group),
        Action::AskModeration => act::ask_moderation(viewer, facts, group),
        Action::Report => act::report(viewer, facts, group),
        Action::ReadReports => yes_if(
            moderates(viewer, facts, group) || viewer.is_administrator(),
            forbidden(Reason::NotModerator),
        ),
        Action::ReadLedger => act::manage(viewer, facts, group),
        Action::Classify => act::classify(viewer, facts, group),
        Action::Declassify => act::declassify(viewer, facts, group),
        Action::Review => act::review(viewer, facts, Some(group)),
        Action::Reshare => act::reshare(viewer, facts, group),
        Action::ManageGroup => act::manage(viewer, facts, group),
        Action::ChangeBoundary => act::change_boundary(viewer, facts, group),
        Action::CreateGroup
        | Action::PostOnProfile
        | Action::ManagePartners
        | Action::ManageAccounts
        | Action::UseAdminApi => hidden(Reason::Unknown),
    }
}

/// The server where a group elsewhere lives decides what happens in it: what it says was written,
/// changed, liked or removed there, was. Never what colleagues here say among themselves.
fn tells_of_its_own(viewer: &Viewer, action: Action, facts: &Facts, group: &GroupFacts) -> bool {
    let its_house = matches!(viewer, Viewer::Server { host } if Some(host) == group.home.as_ref());
    let told = matches!(
        action,
        Action::StartTopic
            | Action::Comment
            | Action::Attach
            | Action::React
            | Action::EditPost
            | Action::DeletePost
            | Action::Moderate
    );
    its_house
        && told
        && facts
            .post
            .is_none_or(|post| post.audience == Audience::Group)
}

/// The command line takes away, brings back and classifies what an id names, without being shown what it says.
fn acts_unread(viewer: &Viewer, action: Action, post: &PostFacts) -> bool {
    let acts = matches!(
        action,
        Action::Moderate | Action::Review | Action::Classify | Action::Declassify
    );
    *viewer == Viewer::Operator && acts && post.audience == Audience::Group
}

fn wrote(viewer: &Viewer, facts: &Facts) -> bool {
    viewer.actor().is_some() && viewer.actor() == facts.post.map(|post| post.author)
}

/// The viewer wrote the post, and it is still there to be changed or taken back.
fn is_author(viewer: &Viewer, facts: &Facts) -> bool {
    wrote(viewer, facts)
        && facts
            .post
            .is_some_and(|post| post.state != PostState::Deleted)
}

/// A moderator of a group here; a partner's person only as far as the grant says so.
fn moderates(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> bool {
    group.home.is_none()
        && facts.is_moderator()
        && match viewer {
            Viewer::Member { .. } => true,
            Viewer::Person { .. } => facts.grants(Capability::Moderate),
            Viewer::Anonymous | Viewer::Server { .. } | Viewer::Operator => false,
        }
}

/// Whether what is written now below a topic, which was begun at `begun`, reaches a partner's people (none: a
/// topic that begins now), and if not, why.
pub fn grant_reaches(facts: &Facts, begun: Option<Begun>) -> Result<(), Reason> {
    grant_effect(facts)?;
    match (facts.grant, begun) {
        (Some(terms), Some(topic)) if !terms.shows_topic(topic.at, topic.shared_by_exception) => {
            Err(Reason::TooOld)
        }
        _ => Ok(()),
    }
}

/// A topic, as far as its age matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    pub at: Timestamp,
    pub shared_by_exception: bool,
}

/// Which part of "partner active, grant inside its window, group not internal" is missing.
fn why_no_grant(facts: &Facts, group: &GroupFacts) -> Reason {
    match facts.partner {
        Some(PartnerState::Active) if group.stage == Stage::Internal => Reason::GroupInternal,
        Some(PartnerState::Active) => match &facts.grant {
            Some(terms) if !terms.covers(facts.now) => Reason::GrantEnded,
            Some(_) if !facts.is_safe_there() => Reason::NotDiscreet,
            Some(_) | None => Reason::NoGrant,
        },
        Some(PartnerState::Paused) => Reason::PartnershipPaused,
        Some(PartnerState::Blocked) => Reason::PartnerBlocked,
        Some(PartnerState::Invited | PartnerState::Ended) | None => Reason::NoPartnership,
    }
}

/// Whether a grant has effect now, and if not, which part is missing: for who gives grants. What a
/// public group shows besides is no effect of the grant.
pub fn grant_effect(facts: &Facts) -> Result<(), Reason> {
    match &facts.group {
        Some(_) if facts.stopped => Err(Reason::Stopped),
        Some(_) if facts.grant_counts() && facts.is_safe_there() => Ok(()),
        Some(group) => Err(why_no_grant(facts, group)),
        None => Err(Reason::Unknown),
    }
}
