//! Who reads what: groups, posts, rosters, and what is sent to other servers.

use super::{Ruling, forbidden, hidden, know, moderates, profiles, why_no_grant, wrote, yes_if};
use crate::domain::{Access, Audience, Capability, GrantTerms, PartnerState, PostState, Stage};
use crate::policy::{Facts, FederationMode, GroupFacts, PostFacts, Reason, Refusal, Viewer};

/// The group's posts in general: those for its audience, and young enough.
pub fn group(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if is_public(viewer, facts, group) {
        return Ok(());
    }
    by_standing(viewer, facts, group)
}

/// Who is a member is not for the public, even where posts are.
pub fn members(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    match viewer {
        Viewer::Operator => Ok(()),
        Viewer::Person { .. } | Viewer::Server { .. } if group.home.is_some() => {
            forbidden(Reason::NotForRemote)
        }
        _ => by_standing(viewer, facts, group),
    }
}

/// One post. What one may not read is answered like what is not there.
pub fn post(viewer: &Viewer, facts: &Facts, group: &GroupFacts, post: &PostFacts) -> Ruling {
    match post.audience {
        Audience::Group => group_post(viewer, facts, group, post).map_err(unseen)?,
        Audience::Aside => yes_if(
            viewer.is_colleague() && facts.is_member(),
            hidden(Reason::NotForOutside),
        )?,
        Audience::Direct => direct(viewer, facts, post)?,
        Audience::Profile | Audience::Followers | Audience::Public => {
            return hidden(Reason::Unknown);
        }
    }
    at_boundary(viewer, facts, post)?;
    match post.state {
        // Removed and deleted posts leave a tombstone where they could be read.
        PostState::Visible | PostState::Removed | PostState::Deleted => Ok(()),
        PostState::Held => {
            let stands = matches!(viewer, Viewer::Member { .. }) || facts.grant_counts();
            let own = wrote(viewer, facts) && stands;
            yes_if(
                own || moderates(viewer, facts, group),
                hidden(Reason::NotVisible),
            )
        }
    }
}

/// What is held at the boundary is seen by colleagues, and by who wrote it.
fn at_boundary(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    let inside = viewer.is_colleague() || wrote(viewer, facts);
    yes_if(!post.held || inside, hidden(Reason::HeldAtBoundary))
}

/// What somebody here wrote in a group elsewhere, for who reads that group, as its house says. Its
/// house knows who does; we only know that it said so.
pub fn vouched(viewer: &Viewer, facts: &Facts, group: &GroupFacts, post: &PostFacts) -> Ruling {
    let elsewhere = group.home.is_some() && viewer.host().is_some();
    yes_if(elsewhere, hidden(Reason::NotForRemote))?;
    know::still_ours_to_see(facts, group)?;
    yes_if(
        facts.partner != Some(PartnerState::Paused),
        hidden(Reason::PartnershipPaused),
    )?;
    let shared = post.by_us && post.audience == Audience::Group;
    yes_if(shared, hidden(Reason::NotForRemote))?;
    at_boundary(viewer, facts, post)?;
    yes_if(post.state != PostState::Held, hidden(Reason::NotVisible))
}

/// A post on a profile, or a direct message.
pub fn outside_groups(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    let own = wrote(viewer, facts) && matches!(viewer, Viewer::Member { .. });
    match post.audience {
        Audience::Direct => direct(viewer, facts, post)?,
        Audience::Profile | Audience::Followers | Audience::Public => {
            profiles::read(viewer, facts, post)?;
        }
        Audience::Group | Audience::Aside => return hidden(Reason::Unknown),
    }
    at_boundary(viewer, facts, post)?;
    yes_if(
        own || post.state == PostState::Visible,
        hidden(Reason::NotVisible),
    )
}

/// A delivery to a server. Stricter than reading: somebody there must be a member.
pub fn receive(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    let Viewer::Server { .. } = viewer else {
        return hidden(Reason::Unknown);
    };
    // To the house of a group elsewhere goes what people here wrote: the only posts it may read.
    if group.home.is_none() {
        if !facts.grants(Capability::Read) {
            return forbidden(why_no_grant(facts, group));
        }
        let addressed = facts
            .post
            .is_some_and(|post| post.audience == Audience::Direct);
        if !facts.members_on_host && !addressed {
            return forbidden(Reason::NobodyThere);
        }
    }
    let Some(post) = &facts.post else {
        return Ok(());
    };
    yes_if(!post.held, forbidden(Reason::HeldAtBoundary))?;
    let visible = post.state == PostState::Visible;
    yes_if(visible, forbidden(Reason::NotVisible))
}

fn unseen(refusal: Refusal) -> Refusal {
    Refusal {
        hidden: true,
        ..refusal
    }
}

/// Anybody may read it, by the door this viewer came through: pages, or federation.
fn is_public(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> bool {
    let door = match viewer {
        Viewer::Anonymous | Viewer::Member { .. } => facts.house.public_pages,
        Viewer::Person { .. } | Viewer::Server { .. } => {
            facts.house.federation == FederationMode::Open && !facts.is_banned()
        }
        Viewer::Operator => false,
    };
    door && group.home.is_none() && group.stage == Stage::Public && group.access == Access::Open
}

/// Who reads the group by being somebody, not merely as the public.
fn by_standing(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    let here = group.home.is_none();
    match viewer {
        Viewer::Anonymous => forbidden(Reason::SignInNeeded),
        Viewer::Operator => forbidden(Reason::NotMember),
        Viewer::Member { .. } => {
            let inside =
                facts.is_member() || (viewer.is_colleague() && group.access == Access::Open);
            let shared = here || facts.was_told(Capability::Read);
            yes_if(inside && shared, forbidden(Reason::NotMember))
        }
        Viewer::Person { .. } | Viewer::Server { .. } if here => by_grant(viewer, facts, group),
        // Its own house; others do not know of the group.
        Viewer::Person { .. } | Viewer::Server { .. } => Ok(()),
    }
}

fn by_grant(viewer: &Viewer, facts: &Facts, group: &GroupFacts) -> Ruling {
    if facts.is_banned() {
        return forbidden(Reason::Banned);
    }
    if !facts.grants(Capability::Read) {
        return forbidden(why_no_grant(facts, group));
    }
    let open = group.access == Access::Open;
    match viewer {
        Viewer::Server { .. } => yes_if(
            open || facts.members_on_host,
            forbidden(Reason::NobodyThere),
        ),
        _ => yes_if(open || facts.is_member(), forbidden(Reason::NotMember)),
    }
}

/// A post for everybody who may read the group; outsiders see what their grant's window shows.
fn group_post(viewer: &Viewer, facts: &Facts, group: &GroupFacts, post: &PostFacts) -> Ruling {
    if is_public(viewer, facts, group) {
        return Ok(());
    }
    by_standing(viewer, facts, group)?;
    match viewer {
        Viewer::Person { .. } | Viewer::Server { .. } if group.home.is_some() => {
            yes_if(post.by_us, hidden(Reason::NotForRemote))
        }
        Viewer::Person { .. } | Viewer::Server { .. } => match &facts.grant {
            Some(terms) => {
                mirrored(facts, post)?;
                window(viewer, terms, post)
            }
            None => hidden(Reason::NoGrant),
        },
        Viewer::Anonymous | Viewer::Member { .. } | Viewer::Operator => Ok(()),
    }
}

/// What a grant shows: topics young enough, or shared by exception; with *apart* less.
fn window(viewer: &Viewer, terms: &GrantTerms, post: &PostFacts) -> Ruling {
    let shown = terms.shows_topic(post.topic_created_at, post.shared_by_exception);
    yes_if(shown, hidden(Reason::TooOld))?;
    apart(viewer, terms, post)
}

/// Servers that know no groups see of a group that is copied for them what its author lets be copied, and
/// what their own people wrote.
fn mirrored(facts: &Facts, post: &PostFacts) -> Ruling {
    let shown = !facts.by_mirror || post.mirrored || post.by_them;
    yes_if(shown, hidden(Reason::NotMirrored))
}

/// Partners kept apart see what was written here, unless it answers another partner's people, and their people
/// what they wrote themselves.
fn apart(viewer: &Viewer, terms: &GrantTerms, post: &PostFacts) -> Ruling {
    let own = viewer.actor() == Some(post.author);
    let ours = post.by_us && !post.answers_others;
    yes_if(!terms.apart || ours || own, hidden(Reason::KeptApart))
}

/// For the people it names. Outsiders can be named only in a group whose grant lets them reply.
fn direct(viewer: &Viewer, facts: &Facts, post: &PostFacts) -> Ruling {
    let named = post.names_viewer || wrote(viewer, facts);
    yes_if(named, hidden(Reason::Unknown))?;
    match (viewer, &facts.grant) {
        (Viewer::Member { .. }, _) => Ok(()),
        (Viewer::Person { .. } | Viewer::Server { .. }, Some(terms)) => {
            let here = facts
                .group
                .as_ref()
                .is_some_and(|group| group.home.is_none());
            let reached = here && facts.grants(Capability::Reply) && !facts.is_banned();
            yes_if(reached, hidden(Reason::NoGrant))?;
            apart(viewer, terms, post)
        }
        (Viewer::Person { .. } | Viewer::Server { .. }, None)
        | (Viewer::Anonymous | Viewer::Operator, _) => hidden(Reason::Unknown),
    }
}
