//! The rules. One function a question, in the words of `docs/ACCESS.md`.

use crate::domain::{
    Access, Audience, Capability, GroupId, JoinMode, MembershipState, PartnerState, PostId,
    PostState, Stage,
};
use crate::policy::{
    Act, Action, Denial, Facts, FederationMode, GroupFacts, Permit, PostFacts, Reason, Refusal,
    Viewer,
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

/// May `viewer` do `action` in the case of `facts`?
pub fn decide(viewer: &Viewer, action: Action, facts: &Facts) -> Result<(), Denial> {
    explain(viewer, action, facts).map_err(Denial::from)
}

/// The same question, answered with a proof for storage.
pub fn permit<A: Act>(viewer: &Viewer, facts: &Facts) -> Result<Permit<A>, Denial> {
    decide(viewer, A::ACTION, facts)?;
    let group = facts.group.as_ref().map_or(GroupId(0), |group| group.id);
    let post = facts.post.map_or(PostId(0), |post| post.id);
    Ok(Permit::new(group, post))
}

/// The same question, answered with the reason even where the viewer must not learn it.
pub fn explain(viewer: &Viewer, action: Action, facts: &Facts) -> Result<(), Refusal> {
    match action {
        Action::CreateGroup => create_group(viewer),
        Action::ManagePartners | Action::ManageAccounts => administer(viewer),
        _ => match &facts.group {
            Some(group) => in_group(viewer, action, facts, group),
            None => outside_groups(viewer, action, facts),
        },
    }
}

/// Whether joining makes a member at once, or a request. Asked after [`Action::Join`] was allowed.
pub fn join_outcome(viewer: &Viewer, facts: &Facts) -> MembershipState {
    let Some(group) = &facts.group else {
        return MembershipState::Requested;
    };
    if facts.is_member() || facts.is_invited() && group.home.is_none() {
        return MembershipState::Member;
    }
    let at_once = match viewer {
        Viewer::Person { .. } => facts
            .grant
            .is_some_and(|terms| terms.join == JoinMode::Auto),
        Viewer::Member { .. } => group.home.is_none() && group.access == Access::Open,
        Viewer::Anonymous | Viewer::Server { .. } | Viewer::Operator => false,
    };
    if at_once {
        MembershipState::Member
    } else {
        MembershipState::Requested
    }
}

fn create_group(viewer: &Viewer) -> Ruling {
    match viewer {
        Viewer::Operator => Ok(()),
        viewer if viewer.is_colleague() => Ok(()),
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        _ => forbidden(Reason::NotAdministrator),
    }
}

fn administer(viewer: &Viewer) -> Ruling {
    match viewer {
        viewer if viewer.is_administrator() => Ok(()),
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        // To anybody else the administration pages do not exist.
        _ => hidden(Reason::NotAdministrator),
    }
}

/// Posts on profiles and direct messages.
fn outside_groups(viewer: &Viewer, action: Action, facts: &Facts) -> Ruling {
    let Some(post) = &facts.post else {
        return hidden(Reason::Unknown);
    };
    let author = viewer.actor() == Some(post.author);
    let readable = author
        || match post.audience {
            Audience::Direct => post.names_viewer,
            Audience::Profile => viewer.is_colleague(),
            Audience::Group | Audience::Aside => false,
        };
    if !readable || (post.state != PostState::Visible && !author) {
        return hidden(Reason::Unknown);
    }
    match action {
        Action::Read => Ok(()),
        Action::EditPost | Action::DeletePost if author => Ok(()),
        Action::EditPost | Action::DeletePost => forbidden(Reason::NotAuthor),
        _ => hidden(Reason::Unknown),
    }
}

fn in_group(viewer: &Viewer, action: Action, facts: &Facts, group: &GroupFacts) -> Ruling {
    // Administrators see that a group exists on administration pages even when it is secret; the
    // authors of posts may always take them back.
    match action {
        Action::ManageGroup | Action::ChangeBoundary if viewer.is_administrator() => {
            return manage(viewer, action, facts, group);
        }
        Action::Moderate if *viewer == Viewer::Operator && group.home.is_none() => return Ok(()),
        Action::DeletePost if is_author(viewer, facts) => return Ok(()),
        _ => {}
    }
    know(viewer, facts, group)?;
    if let Some(post) = &facts.post {
        read_post(viewer, facts, group, post)?;
    }
    match action {
        Action::Know => Ok(()),
        Action::Read | Action::SeeMembers => read_group(viewer, facts, group),
        Action::Receive => receive(viewer, facts, group),
        Action::Join => join(viewer, facts, group),
        Action::Leave => leave(viewer, facts),
        Action::React => contribute(viewer, facts, group, Capability::React),
        Action::Comment => contribute(viewer, facts, group, Capability::Reply),
        Action::StartTopic => contribute(viewer, facts, group, Capability::Start),
        Action::Attach => contribute(viewer, facts, group, Capability::Attach),
        Action::Invite => invite(viewer, facts, group),
        Action::EditPost => edit(viewer, facts, group),
        Action::DeletePost => forbidden(Reason::NotAuthor),
        Action::Moderate => moderate(viewer, facts, group),
        Action::Reshare => reshare(facts, group),
        Action::ManageGroup | Action::ChangeBoundary => manage(viewer, action, facts, group),
        Action::CreateGroup | Action::ManagePartners | Action::ManageAccounts => {
            hidden(Reason::Unknown)
        }
    }
}

fn is_author(viewer: &Viewer, facts: &Facts) -> bool {
    match (viewer.actor(), &facts.post) {
        (Some(actor), Some(post)) => actor == post.author && post.state != PostState::Deleted,
        _ => false,
    }
}

// Knowing that a group exists ------------------------------------------------------------------

fn know(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if let Some(home) = &group.home {
        return know_elsewhere(viewer, facts, group, home);
    }
    match viewer {
        Viewer::Operator => Ok(()),
        Viewer::Member { .. } => know_as_member(viewer, facts, group),
        Viewer::Person { .. } | Viewer::Server { .. } => know_from_outside(facts, group),
        Viewer::Anonymous => know_in_public(group),
    }
}

fn know_as_member(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    let inside = facts.is_member() || facts.is_invited();
    if inside || (viewer.is_colleague() && group.access != Access::Secret) {
        return Ok(());
    }
    know_in_public(group)
}

fn know_from_outside(facts: &Facts, group: &GroupFacts) -> Ruling {
    if facts.partner == Some(PartnerState::Blocked) {
        return hidden(Reason::PartnerBlocked);
    }
    let partner_knows = match group.access {
        Access::Open | Access::Closed => true,
        // Persons by their own membership, servers by their people's.
        Access::Secret => {
            facts.is_member()
                || facts.is_invited()
                || (facts.membership.is_none() && facts.known_on_host)
        }
    };
    if facts.grant_counts() && partner_knows {
        return Ok(());
    }
    know_in_public(group).map_err(|_| Refusal {
        reason: why_no_grant(facts, group),
        hidden: true,
    })
}

fn know_in_public(group: &GroupFacts) -> Ruling {
    if group.stage == Stage::Public && group.access != Access::Secret {
        Ok(())
    } else {
        hidden(Reason::GroupNotPublic)
    }
}

/// A group that lives elsewhere, as its members here see it.
fn know_elsewhere(
    viewer: &Viewer,
    facts: &Facts,
    group: &GroupFacts,
    home: &crate::domain::Host,
) -> Ruling {
    if group.withdrawn {
        return hidden(Reason::Withdrawn);
    }
    match facts.partner {
        Some(PartnerState::Active | PartnerState::Paused) => {}
        Some(PartnerState::Blocked) => return hidden(Reason::PartnerBlocked),
        Some(PartnerState::Invited | PartnerState::Ended) | None
            if facts.house.federation == FederationMode::Closed =>
        {
            return hidden(Reason::NoPartnership);
        }
        Some(PartnerState::Invited | PartnerState::Ended) | None => {}
    }
    if facts.grant.is_some_and(|terms| !terms.covers(facts.now)) {
        return hidden(Reason::GrantEnded);
    }
    match viewer {
        Viewer::Operator => Ok(()),
        Viewer::Member { .. } => {
            let inside = facts.membership.is_some() && !facts.is_banned();
            if inside || (viewer.is_colleague() && group.access != Access::Secret) {
                Ok(())
            } else {
                hidden(Reason::InvitationNeeded)
            }
        }
        Viewer::Server { host } | Viewer::Person { host, .. } if host == home => Ok(()),
        Viewer::Server { .. } | Viewer::Person { .. } | Viewer::Anonymous => {
            hidden(Reason::NotForRemote)
        }
    }
}

/// Which part of "partner active, grant inside its window, group not internal" is missing.
fn why_no_grant(facts: &Facts, group: &GroupFacts) -> Reason {
    match facts.partner {
        Some(PartnerState::Active) if group.stage == Stage::Internal => Reason::GroupInternal,
        Some(PartnerState::Active) => match &facts.grant {
            None => Reason::NoGrant,
            Some(terms) if !terms.covers(facts.now) => Reason::GrantEnded,
            Some(_) => Reason::InvitationNeeded,
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
        Some(_) if facts.grant_counts() => Ok(()),
        Some(group) => Err(why_no_grant(facts, group)),
        None => Err(Reason::Unknown),
    }
}

// Reading ----------------------------------------------------------------------------------------

/// May the viewer read the group's posts in general (those young enough, for its audience)?
fn read_group(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if let Some(home) = &group.home {
        return match viewer {
            Viewer::Member { .. } if facts.is_member() => Ok(()),
            viewer if viewer.is_colleague() && group.access == Access::Open => Ok(()),
            Viewer::Server { host } | Viewer::Person { host, .. } if host == home => Ok(()),
            _ => forbidden(Reason::NotMember),
        };
    }
    match viewer {
        Viewer::Member { .. } if facts.is_member() => Ok(()),
        viewer if viewer.is_colleague() && group.access == Access::Open => Ok(()),
        Viewer::Member { .. } | Viewer::Anonymous => {
            read_in_public(facts, group, facts.house.public_pages)
        }
        Viewer::Person { .. } if facts.is_banned() => forbidden(Reason::Banned),
        Viewer::Person { .. } if facts.grants(Capability::Read) => {
            if group.access == Access::Open || facts.is_member() {
                Ok(())
            } else {
                forbidden(Reason::NotMember)
            }
        }
        Viewer::Server { .. } if facts.grants(Capability::Read) => {
            if group.access == Access::Open || facts.members_on_host {
                Ok(())
            } else {
                forbidden(Reason::NobodyThere)
            }
        }
        Viewer::Person { .. } | Viewer::Server { .. } => {
            read_in_public(facts, group, facts.house.federation == FederationMode::Open)
        }
        Viewer::Operator => forbidden(Reason::NotMember),
    }
}

fn read_in_public(facts: &Facts, group: &GroupFacts, shown: bool) -> Ruling {
    let blocked = facts.partner == Some(PartnerState::Blocked);
    if group.stage == Stage::Public && group.access == Access::Open && shown && !blocked {
        Ok(())
    } else {
        forbidden(Reason::NotMember)
    }
}

/// May the viewer read this post? What one may not read is answered like what is not there.
fn read_post(viewer: &Viewer, facts: &Facts, group: &GroupFacts, post: &PostFacts) -> Ruling {
    let unseen = |refusal: Refusal| Refusal {
        hidden: true,
        ..refusal
    };
    let author = viewer.actor() == Some(post.author);
    match post.audience {
        Audience::Group => {
            read_group(viewer, facts, group).map_err(unseen)?;
            read_history(viewer, facts, group, post)?;
        }
        Audience::Aside if viewer.is_colleague() && facts.is_member() => {}
        Audience::Aside => return hidden(Reason::NotForOutside),
        Audience::Direct if author || post.names_viewer => {}
        Audience::Direct | Audience::Profile => return hidden(Reason::Unknown),
    }
    match post.state {
        // Removed and deleted posts leave a tombstone where they could be read.
        PostState::Visible | PostState::Removed | PostState::Deleted => Ok(()),
        PostState::Held if author || facts.is_moderator() => Ok(()),
        PostState::Held => hidden(Reason::NotVisible),
    }
}

/// Partners see no further back than their grant says; what only public rights show has no age.
fn read_history(viewer: &Viewer, facts: &Facts, group: &GroupFacts, post: &PostFacts) -> Ruling {
    if !matches!(viewer, Viewer::Person { .. } | Viewer::Server { .. }) {
        return Ok(());
    }
    if group.home.is_some() {
        // Its own house asks for what people here wrote.
        return if post.by_us {
            Ok(())
        } else {
            hidden(Reason::NotForRemote)
        };
    }
    let public = !facts.is_banned()
        && read_in_public(facts, group, facts.house.federation == FederationMode::Open).is_ok();
    let young = facts
        .grant
        .is_some_and(|terms| post.topic_created_at >= terms.history_from);
    if public || young || post.shared_by_exception {
        Ok(())
    } else {
        hidden(Reason::TooOld)
    }
}

/// May a delivery go out to this server? Stricter than reading: somebody there must be a member.
fn receive(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    let Viewer::Server { .. } = viewer else {
        return hidden(Reason::Unknown);
    };
    if facts.partner == Some(PartnerState::Paused) {
        return forbidden(Reason::PartnershipPaused);
    }
    if !facts.grants(Capability::Read) {
        return forbidden(why_no_grant(facts, group));
    }
    if !facts.members_on_host {
        return forbidden(Reason::NobodyThere);
    }
    match facts.post.map(|post| (post.audience, post.state)) {
        Some((Audience::Group, PostState::Visible)) | None => Ok(()),
        Some((Audience::Group, _)) => forbidden(Reason::NotVisible),
        Some(_) => forbidden(Reason::NotForOutside),
    }
}

// Acting -----------------------------------------------------------------------------------------

fn join(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if facts.is_banned() {
        return forbidden(Reason::Banned);
    }
    if group.archived {
        return forbidden(Reason::Archived);
    }
    if facts.is_member() || facts.is_invited() {
        return acting_side(viewer, facts, group);
    }
    match viewer {
        Viewer::Member { .. } if group.home.is_some() => acting_side(viewer, facts, group),
        viewer if viewer.is_colleague() && group.access != Access::Secret => Ok(()),
        Viewer::Person { .. } if facts.grant_counts() => {
            match facts.grant.map(|terms| terms.join) {
                Some(JoinMode::Auto | JoinMode::Approve) if group.access != Access::Secret => {
                    Ok(())
                }
                _ => forbidden(Reason::InvitationNeeded),
            }
        }
        Viewer::Person { .. } => forbidden(why_no_grant(facts, group)),
        Viewer::Member { .. } => forbidden(Reason::InvitationNeeded),
        Viewer::Anonymous | Viewer::Server { .. } | Viewer::Operator => {
            forbidden(Reason::SignInNeeded)
        }
    }
}

fn leave(viewer: &Viewer, facts: &Facts) -> Ruling {
    match (viewer.actor(), facts.membership) {
        (Some(_), Some(membership)) if membership.state != MembershipState::Banned => Ok(()),
        _ => forbidden(Reason::NotMember),
    }
}

/// Reacting, commenting, starting topics, attaching.
fn contribute(
    viewer: &Viewer,
    facts: &Facts,
    group: &GroupFacts,
    capability: Capability,
) -> Ruling {
    if facts.is_banned() {
        return forbidden(Reason::Banned);
    }
    if group.archived {
        return forbidden(Reason::Archived);
    }
    if let Some(post) = &facts.post {
        if post.state != PostState::Visible {
            return forbidden(Reason::NotVisible);
        }
        if post.locked && capability != Capability::React && !facts.is_moderator() {
            return forbidden(Reason::Locked);
        }
    }
    acting_side(viewer, facts, group)?;
    let may = match viewer {
        Viewer::Member { .. } if group.home.is_some() => {
            facts.is_member()
                && facts
                    .grant
                    .is_none_or(|terms| terms.capabilities.contains(capability))
        }
        Viewer::Member { .. } => {
            // A colleague joins an open group by taking part in a conversation, not by starting one.
            let by_being_here = viewer.is_colleague() && group.access == Access::Open;
            facts.is_member() || (by_being_here && capability != Capability::Start)
        }
        Viewer::Person { .. } => facts.is_member() && facts.grants(capability),
        Viewer::Anonymous => return forbidden(Reason::SignInNeeded),
        Viewer::Server { .. } | Viewer::Operator => false,
    };
    match may {
        true => Ok(()),
        false if !facts.is_member() => forbidden(Reason::NotMember),
        false => forbidden(missing(capability)),
    }
}

/// The side one acts on must be reachable: partnerships stand, groups elsewhere are not paused.
fn acting_side(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    match viewer {
        Viewer::Member { .. }
            if group.home.is_some() && facts.partner == Some(PartnerState::Paused) =>
        {
            forbidden(Reason::PartnershipPaused)
        }
        Viewer::Person { .. } if group.home.is_none() && !facts.grant_counts() => {
            forbidden(why_no_grant(facts, group))
        }
        _ => Ok(()),
    }
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

fn edit(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if !is_author(viewer, facts) {
        return forbidden(Reason::NotAuthor);
    }
    if facts.is_banned() {
        return forbidden(Reason::Banned);
    }
    if group.archived {
        return forbidden(Reason::Archived);
    }
    if facts
        .post
        .is_some_and(|post| post.state != PostState::Visible)
    {
        return forbidden(Reason::NotVisible);
    }
    // In an open group a colleague may have commented without ever joining.
    let inside = facts.is_member()
        || (viewer.is_colleague() && group.home.is_none() && group.access == Access::Open);
    if inside {
        acting_side(viewer, facts, group)
    } else {
        forbidden(Reason::NotMember)
    }
}

fn invite(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if group.archived {
        return forbidden(Reason::Archived);
    }
    match viewer {
        Viewer::Operator if group.home.is_none() => Ok(()),
        Viewer::Member { .. } if group.home.is_none() => {
            let suggests = facts.is_member() && group.access == Access::Open;
            if facts.is_moderator() || suggests {
                Ok(())
            } else {
                forbidden(Reason::NotModerator)
            }
        }
        Viewer::Person { .. } if facts.is_member() && facts.grants(Capability::Invite) => Ok(()),
        Viewer::Member { .. } if facts.is_member() => match facts.grant {
            Some(terms) if terms.capabilities.contains(Capability::Invite) => Ok(()),
            _ => forbidden(Reason::CannotInvite),
        },
        _ => forbidden(Reason::CannotInvite),
    }
}

fn moderate(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    match viewer {
        Viewer::Member { .. } if group.home.is_none() && facts.is_moderator() => Ok(()),
        Viewer::Person { .. } if facts.is_moderator() && facts.grants(Capability::Moderate) => {
            Ok(())
        }
        Viewer::Person { .. } if facts.is_moderator() => forbidden(Reason::CannotModerate),
        Viewer::Member { .. } if group.home.is_some() => forbidden(Reason::NotForRemote),
        _ => forbidden(Reason::NotModerator),
    }
}

fn reshare(facts: &Facts, group: &GroupFacts) -> Ruling {
    let for_all = facts
        .post
        .is_some_and(|post| post.audience == Audience::Group && post.state == PostState::Visible);
    if group.stage == Stage::Public && for_all {
        Ok(())
    } else {
        forbidden(Reason::CannotReshare)
    }
}

/// Settings (owners, administrators) and the boundary (administrators; owners where delegated).
fn manage(viewer: &Viewer, action: Action, facts: &Facts, group: &GroupFacts) -> Ruling {
    if group.home.is_some() {
        return forbidden(Reason::NotForRemote);
    }
    let owner = matches!(viewer, Viewer::Member { .. }) && facts.is_owner();
    let may = match action {
        Action::ChangeBoundary => {
            viewer.is_administrator() || (owner && facts.house.owners_open_groups)
        }
        _ => viewer.is_administrator() || owner,
    };
    match may {
        true => Ok(()),
        false if action == Action::ChangeBoundary => forbidden(Reason::NotAdministrator),
        false => forbidden(Reason::NotOwner),
    }
}
