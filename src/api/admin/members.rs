//! Who belongs to a group. Its moderators decide, so policy lets in here who moderates it; an
//! administrator who does not names an owner who does.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, AtBoth, List, Sent};
use crate::api::admin::{Answer, groups};
use crate::app::App;
use crate::domain::{ActorId, BanTerms, Group, GroupRole, Handle, Timestamp};
use crate::error::{Error, Result};
use crate::services::memberships::{self, Decision};
use crate::wire::{Ban, Member, Named, PutOut};

/// As what somebody is in a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    role: GroupRole,
}

/// How somebody is shut out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBan {
    /// Without it: until it is lifted.
    until: Option<Timestamp>,
    /// What the person is told.
    #[serde(default)]
    reason: String,
    /// What they wrote in the group is removed with it.
    #[serde(default)]
    remove_posts: bool,
}

impl NewBan {
    fn terms(self) -> Result<BanTerms> {
        Ok(BanTerms {
            until: self.until,
            reason: self.reason.parse()?,
            removes_posts: self.remove_posts,
        })
    }
}

/// Members, and for who moderates the group everybody who asked, is invited, or is banned.
pub async fn list(
    app: Data<App>,
    admin: Administrator,
    At(group): At<Handle>,
) -> Answer<List<Member>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    let members = memberships::list(&app, admin.viewer(), group.id).await?;
    let mut listed: Vec<Member> = members.iter().map(Member::from).collect();
    match memberships::list_invited(&app, admin.viewer(), group.id).await {
        Ok(invited) => listed.extend(invited.iter().map(Member::from)),
        Err(Error::NotFound | Error::Denied(_)) => {}
        Err(fault) => return Err(fault.into()),
    }
    Ok(List(listed))
}

pub async fn add(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, who): AtBoth<Handle, Handle>,
    Sent(Role { role }): Sent<Role>,
) -> Answer<Json<Named>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    let named = memberships::name(&app, admin.viewer(), group.id, who.clone(), role);
    let state = named.await?;
    Ok(Json(Named {
        group: group.actor.name,
        who: who.to_string(),
        state,
        role,
    }))
}

pub async fn set_role(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, who): AtBoth<Handle, Handle>,
    Sent(Role { role }): Sent<Role>,
) -> Answer<Json<Member>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    let person = memberships::find_person(&app, admin.viewer(), &who).await?;
    memberships::set_role(&app, admin.viewer(), group.id, person.id, role).await?;
    as_listed(&app, &admin, &group, person.id).await
}

/// How somebody stands in a group now.
async fn as_listed(
    app: &App,
    admin: &Administrator,
    group: &Group,
    person: ActorId,
) -> Answer<Json<Member>> {
    let members = memberships::list(app, admin.viewer(), group.id).await?;
    let found = members.iter().find(|member| member.actor.id == person);
    Ok(Json(Member::from(found.ok_or(Error::NotFound)?)))
}

pub async fn remove(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, who): AtBoth<Handle, Handle>,
) -> Answer<Json<PutOut>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    memberships::put_out(&app, admin.viewer(), group.id, who.clone()).await?;
    Ok(Json(PutOut::new(&group, &who)))
}

pub async fn approve(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, who): AtBoth<Handle, Handle>,
) -> Answer<Json<Member>> {
    let (group, person) = decide(&app, &admin, &group, &who, Decision::Approve).await?;
    as_listed(&app, &admin, &group, person).await
}

pub async fn reject(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, who): AtBoth<Handle, Handle>,
) -> Answer<Json<PutOut>> {
    let (group, _) = decide(&app, &admin, &group, &who, Decision::Reject).await?;
    Ok(Json(PutOut::new(&group, &who)))
}

async fn decide(
    app: &App,
    admin: &Administrator,
    group: &Handle,
    who: &Handle,
    decision: Decision,
) -> Answer<(Group, ActorId)> {
    let group = groups::find(app, admin, group).await?.group;
    let person = memberships::find_person(app, admin.viewer(), who).await?;
    memberships::decide(app, admin.viewer(), group.id, person.id, decision).await?;
    Ok((group, person.id))
}

pub async fn ban(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, who): AtBoth<Handle, Handle>,
    Sent(new): Sent<NewBan>,
) -> Answer<Json<Ban>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    let person = memberships::find_person(&app, admin.viewer(), &who).await?;
    let terms = new.terms()?;
    let made = Ban::of(&group, &who, &terms);
    memberships::ban(&app, admin.viewer(), group.id, person.id, terms).await?;
    Ok(Json(made))
}

pub async fn lift_ban(
    app: Data<App>,
    admin: Administrator,
    AtBoth(group, who): AtBoth<Handle, Handle>,
) -> Answer<Json<Ban>> {
    let group = groups::find(&app, &admin, &group).await?.group;
    let person = memberships::find_person(&app, admin.viewer(), &who).await?;
    memberships::lift_ban(&app, admin.viewer(), group.id, person.id).await?;
    Ok(Json(Ban::lifted(&group, &who)))
}
