//! Who is in a group, who waits, and what a moderator does about it.

use std::collections::HashMap;

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{ActorId, GroupRole, Host, Member as GroupMember, MembershipState, Partner};
use crate::error::{Error, Result};
use crate::policy::Action;
use crate::services::groups::GroupView;
use crate::services::memberships::{self, Decision};
use crate::services::partners;
use crate::web::errors::{self, Answer, Told};
use crate::web::groups::locate;
use crate::web::views::{Choice, MemberRow, MembersPage, RequestRow};
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
    actor: String,
    action: String,
    #[serde(default)]
    role: String,
}

/// `GET /g/{handle}/members`
pub async fn list(member: Member, handle: Path<String>, place: Query<Place>) -> Answer {
    let view = locate(&member, &handle).await?;
    let place = place.page.as_ref().and_then(|page| page.parse().ok());
    page(&member, &view, place, None).await
}

/// `POST /g/{handle}/members`
pub async fn decide(member: Member, handle: Path<String>, Form(wish): Form<Wish>) -> Answer {
    let view = locate(&member, &handle).await?;
    match carry_out(&member, &view, &wish).await {
        Ok(notice) => Ok(done(
            &format!("{}/members", parts::group_url(&view.group)),
            notice,
        )),
        Err(error) => page(&member, &view, None, Some(errors::tell(error)?)).await,
    }
}

async fn carry_out(member: &Member, view: &GroupView, wish: &Wish) -> Result<Notice> {
    let (app, viewer, group) = (&member.app, member.viewer(), view.group.id);
    let actor: ActorId = wish.actor.parse()?;
    let (decision, notice) = match wish.action.as_str() {
        "approve" => (Decision::Approve, Notice::LetIn),
        "reject" => (Decision::Reject, Notice::Refused),
        "remove" => (Decision::Remove, Notice::PutOut),
        "role" => {
            let role = wish.role.parse()?;
            memberships::set_role(app, viewer, group, actor, role).await?;
            return Ok(Notice::Saved);
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
    told: Option<Told>,
) -> Answer {
    let all = memberships::list(&member.app, member.viewer(), view.group.id).await?;
    let hosts = all.iter().filter_map(|one| one.actor.host.clone());
    let known = partners::behind(&member.app, hosts).await?;
    let (in_it, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.membership.state == MembershipState::Member);
    let path = format!("{}/members", parts::group_url(&view.group));
    let (in_it, pager) = paging::slice(in_it, MEMBERS_PER_PAGE, place, &path);
    let moderates = view.rights.may(Action::Moderate);
    let page = MembersPage {
        page: member.page_told("Members", told.as_ref()).await?,
        group: parts::group_link(&view.group, view.partner.as_ref()),
        members: in_it
            .iter()
            .map(|one| member_row(member, view, one, &known))
            .collect(),
        requests: others
            .iter()
            .filter(|one| moderates && one.membership.state == MembershipState::Requested)
            .map(|one| request_row(member, one, &known))
            .collect(),
        pager,
        note: (!view.group.is_local()).then(|| {
            "Only people of this house are listed here; the group's own house knows the others."
                .to_owned()
        }),
    };
    answer(&page, told.as_ref())
}

type Known = HashMap<Host, Partner>;

fn partner_of<'a>(one: &GroupMember, known: &'a Known) -> Option<&'a Partner> {
    known.get(one.actor.host.as_ref()?)
}

fn member_row(member: &Member, view: &GroupView, one: &GroupMember, known: &Known) -> MemberRow {
    let manages = view.rights.may(Action::ManageGroup);
    let myself = one.actor.id == member.account.actor.id;
    let below = one.membership.role == GroupRole::Member || manages;
    MemberRow {
        author: parts::author(&one.actor, partner_of(one, known)),
        actor: one.actor.id.to_string(),
        role: one.membership.role.to_string(),
        since: parts::day(one.membership.since),
        roles: if manages { roles(one.membership.role) } else { Vec::new() },
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
        author: parts::author(&one.actor, partner_of(one, known)),
        actor: one.actor.id.to_string(),
        when: parts::when(one.membership.since, member.now()),
    }
}
