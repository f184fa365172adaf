//! Who is in a group, who waits, and what a moderator does about it.

use std::collections::{HashMap, HashSet};

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{
    ActorId, BanTerms, GroupRole, Host, InvitedHandle, Member as GroupMember, MembershipState,
    Partner, Stage, Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::Action;
use crate::services::groups::GroupView;
use crate::services::memberships::{self, Decision};
use crate::services::{accounts, partners};
use crate::web::errors::{self, Answer, Told};
use crate::web::groups::locate;
use crate::web::views::{
    Author, BannedRow, Choice, MemberRow, MembersPage, Naming, RequestRow, UnmetRow,
};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, paging, parts};

/// Members on one page.
const MEMBERS_PER_PAGE: usize = 100;

#[derive(Deserialize)]
pub struct Place {
    page: Option<String>,
}

#[derive(Deserialize)]
pub struct Wish {
    /// Whom it is about; of who is invited by handle alone, that.
    #[serde(default)]
    actor: String,
    #[serde(default)]
    handle: String,
    action: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    reason: String,
    /// A box that is sent only when it is ticked.
    posts: Option<String>,
}

/// Somebody who is named for the group.
#[derive(Default, Deserialize)]
pub struct Named {
    who: String,
    #[serde(default)]
    role: String,
}

/// `GET /g/{handle}/members`
pub async fn list(member: Member, handle: Path<String>, place: Query<Place>) -> Answer {
    let view = locate(&member, &handle).await?;
    let place = place.page.as_ref().and_then(|page| page.parse().ok());
    page(&member, &view, place, Named::default(), None).await
}

/// `POST /g/{handle}/members/add`
pub async fn add(member: Member, handle: Path<String>, Form(named): Form<Named>) -> Answer {
    let view = locate(&member, &handle).await?;
    match name(&member, &view, &named).await {
        Ok(notice) => Ok(done(&members_of(&view), notice)),
        Err(error) => page(&member, &view, None, named, Some(errors::tell(error)?)).await,
    }
}

async fn name(member: &Member, view: &GroupView, named: &Named) -> Result<Notice> {
    let who = named.who.trim().trim_start_matches('@').parse()?;
    let role = match named.role.as_str() {
        "" => GroupRole::Member,
        word => word.parse()?,
    };
    let (app, viewer, group) = (&member.app, member.viewer(), view.group.id);
    let state = memberships::add_by_handle(app, viewer, group, who, role).await?;
    Ok(match state {
        MembershipState::Member => Notice::Added,
        MembershipState::Invited if !view.group.is_local() => Notice::ColleagueInvited,
        MembershipState::Invited => Notice::Invited,
        MembershipState::Requested | MembershipState::Banned => Notice::Suggested,
    })
}

fn members_of(view: &GroupView) -> String {
    format!("{}/members", parts::group_url(&view.group))
}

/// `POST /g/{handle}/members`
pub async fn decide(member: Member, handle: Path<String>, Form(wish): Form<Wish>) -> Answer {
    let view = locate(&member, &handle).await?;
    match carry_out(&member, &view, &wish).await {
        Ok(notice) => Ok(done(&members_of(&view), notice)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, &view, None, Named::default(), Some(told)).await
        }
    }
}

async fn carry_out(member: &Member, view: &GroupView, wish: &Wish) -> Result<Notice> {
    let (app, viewer, group) = (&member.app, member.viewer(), view.group.id);
    if wish.action == "withdraw" && !wish.handle.is_empty() {
        let handle = wish.handle.parse()?;
        memberships::withdraw_invitation(app, viewer, group, handle).await?;
        return Ok(Notice::Withdrawn);
    }
    let actor: ActorId = wish.actor.parse()?;
    let (decision, notice) = match wish.action.as_str() {
        "approve" => (Decision::Approve, Notice::LetIn),
        "reject" => (Decision::Reject, Notice::Refused),
        "withdraw" => (Decision::Reject, Notice::Withdrawn),
        "remove" => (Decision::Remove, Notice::PutOut),
        "role" => {
            let role = wish.role.parse()?;
            memberships::set_role(app, viewer, group, actor, role).await?;
            return Ok(Notice::Saved);
        }
        "ban" => {
            let day = Some(wish.until.trim()).filter(|day| !day.is_empty());
            let terms = BanTerms {
                until: day.map(Timestamp::parse).transpose()?,
                reason: wish.reason.parse()?,
                removes_posts: wish.posts.is_some(),
            };
            memberships::ban(app, viewer, group, actor, terms).await?;
            return Ok(Notice::Banned);
        }
        "lift" => {
            memberships::lift_ban(app, viewer, group, actor).await?;
            return Ok(Notice::BanLifted);
        }
        other => {
            return Err(Error::invalid(
                "action",
                format!("{other:?} is nothing one can do here"),
            ));
        }
    };
    memberships::decide(app, viewer, group, actor, decision).await?;
    Ok(notice)
}

async fn page(
    member: &Member,
    view: &GroupView,
    place: Option<usize>,
    named: Named,
    told: Option<Told>,
) -> Answer {
    let all = memberships::list(&member.app, member.viewer(), view.group.id).await?;
    let moderates = view.rights.may(Action::Moderate);
    let unmet = match moderates && view.group.is_local() {
        true => memberships::list_invited(&member.app, member.viewer(), view.group.id).await?,
        false => Vec::new(),
    };
    let known = Known::of(member, &all, &unmet).await?;
    let (in_it, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.membership.state == MembershipState::Member);
    let (in_it, pager) = paging::slice(in_it, MEMBERS_PER_PAGE, place, &members_of(view));
    let in_state = |state: MembershipState| {
        let of = move |one: &&GroupMember| moderates && one.membership.state == state;
        others.iter().filter(of)
    };
    let reasons = match moderates {
        true => memberships::ban_reasons(&member.app, member.viewer(), view.group.id).await?,
        false => HashMap::new(),
    };
    let moderators = match view.group.is_local() {
        true => Vec::new(),
        false => memberships::list_moderators(&member.app, member.viewer(), view.group.id).await?,
    };
    let page = MembersPage {
        page: member.page_told("Members", told.as_ref()).await?,
        group: parts::group_link(&view.group, view.partner.as_ref()),
        members: in_it
            .iter()
            .map(|one| member_row(member, view, one, &known))
            .collect(),
        requests: in_state(MembershipState::Requested)
            .map(|one| request_row(member, one, &known))
            .collect(),
        invited: in_state(MembershipState::Invited)
            .map(|one| request_row(member, one, &known))
            .collect(),
        unmet: unmet
            .iter()
            .map(|one| unmet_row(member, one, &known))
            .collect(),
        banned: in_state(MembershipState::Banned)
            .filter(|one| {
                one.membership
                    .banned_until
                    .is_none_or(|at| at > member.now())
            })
            .map(|one| banned_row(one, &known, &reasons))
            .collect(),
        naming: naming(member, view, named),
        pager,
        note: (!view.group.is_local()).then(|| {
            "Only people of this house are listed here; the group's own house knows the others."
                .to_owned()
        }),
        moderators,
    };
    answer(&page, told.as_ref())
}

/// The form to name somebody, for who may.
fn naming(member: &Member, view: &GroupView, named: Named) -> Option<Naming> {
    let (group, rights) = (&view.group, &view.rights);
    if !rights.may(Action::Invite) {
        return None;
    }
    let role = named.role.parse().unwrap_or(GroupRole::Member);
    Some(Naming {
        who: named.who,
        elsewhere: !group.is_local(),
        roles: match rights.may(Action::ManageGroup) && group.is_local() {
            true => roles(role),
            false => Vec::new(),
        },
        suggests: !rights.may(Action::Moderate) && group.is_local(),
        shared: group.stage != Stage::Internal,
        handle: format!("@{}@{}", group.actor.name, member.app.config.host()),
    })
}

/// What is known of people besides their names, for their badges.
struct Known {
    partners: HashMap<Host, Partner>,
    guests: HashSet<ActorId>,
}

impl Known {
    async fn of(member: &Member, people: &[GroupMember], unmet: &[InvitedHandle]) -> Result<Self> {
        let met = people.iter().filter_map(|one| one.actor.host.clone());
        let hosts = met.chain(unmet.iter().filter_map(|one| one.handle.host.clone()));
        let here = people.iter().filter(|one| one.actor.is_local());
        Ok(Self {
            partners: partners::behind(&member.app, hosts).await?,
            guests: accounts::guests_among(&member.app, here.map(|one| one.actor.id)).await?,
        })
    }

    fn author(&self, one: &GroupMember) -> Author {
        let host = one.actor.host.as_ref();
        let partner = host.and_then(|host| self.partners.get(host));
        Author {
            guest: self.guests.contains(&one.actor.id),
            ..parts::author(&one.actor, partner)
        }
    }
}

fn member_row(member: &Member, view: &GroupView, one: &GroupMember, known: &Known) -> MemberRow {
    let manages = view.rights.may(Action::ManageGroup);
    let myself = one.actor.id == member.account.actor.id;
    let below = one.membership.role == GroupRole::Member || manages;
    MemberRow {
        author: known.author(one),
        actor: one.actor.id.to_string(),
        role: one.membership.role.to_string(),
        since: parts::day(one.membership.since),
        roles: if manages {
            roles(one.membership.role)
        } else {
            Vec::new()
        },
        // Oneself, one leaves.
        can_remove: view.rights.may(Action::Moderate) && below && !myself,
    }
}

fn roles(now: GroupRole) -> Vec<Choice> {
    let choice = |role: &GroupRole| Choice {
        value: role.to_string(),
        label: match role {
            GroupRole::Member => "Member",
            GroupRole::Moderator => "Moderator",
            GroupRole::Owner => "Owner",
        }
        .to_owned(),
        hint: None,
        chosen: *role == now,
    };
    GroupRole::ALL.iter().map(choice).collect()
}

fn request_row(member: &Member, one: &GroupMember, known: &Known) -> RequestRow {
    RequestRow {
        author: known.author(one),
        actor: one.actor.id.to_string(),
        when: parts::when(one.membership.since, member.now()),
    }
}

fn unmet_row(member: &Member, one: &InvitedHandle, known: &Known) -> UnmetRow {
    let badge = |host: &Host| parts::badge_of(host, known.partners.get(host));
    UnmetRow {
        handle: one.handle.to_string(),
        role: one.role.to_string(),
        badge: one.handle.host.as_ref().map(badge),
        when: parts::when(one.since, member.now()),
    }
}

fn banned_row(one: &GroupMember, known: &Known, reasons: &HashMap<ActorId, String>) -> BannedRow {
    BannedRow {
        author: known.author(one),
        actor: one.actor.id.to_string(),
        until: one.membership.banned_until.map(parts::day),
        reason: reasons.get(&one.actor.id).cloned(),
    }
}
