//! A post as it would be, and who exactly would read it, before it is written.

use crate::app::{App, Asker};
use crate::domain::markup::{self, SafeHtml};
use crate::domain::{
    Access, Audience, Body, Group, GroupId, Host, LabelName, Mark, MembershipState, Partner,
    PartnerState, PostId, deletes_on_request,
};
use crate::error::Result;
use crate::policy::{Action, Reason, Viewer, act};
use crate::services::labels::{self, Effect};
use crate::services::{access, dialects, groups, mirrors};
use crate::storage::{self, Connection};

/// What would be posted, and who would read it.
#[derive(Clone, Debug)]
pub struct Preview {
    pub html: SafeHtml,
    /// Members of this house by name, where the viewer may know them; for an open group every colleague
    /// reads besides.
    pub inside: Vec<String>,
    pub every_colleague: bool,
    pub others: Vec<Organization>,
    /// Anybody may.
    pub public: bool,
    /// For a group elsewhere: the server that alone knows who else reads.
    pub house: Option<Host>,
    /// How it would be classified, for colleagues, and what the rules about labels make of that.
    pub mark: Mark,
    pub effect: Effect,
}

/// Another organization, and what becomes of the post there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub name: String,
    pub host: Host,
    /// Its members of the group, where the viewer may know them.
    pub people: Vec<String>,
    /// Why it gets nothing; none: it gets the post.
    pub withheld: Option<Reason>,
    /// It knows no groups: it gets a copy.
    pub by_mirror: bool,
    /// Its software, as far as it is known.
    pub software: Option<String>,
    /// Its software shows what is not public to nobody else.
    pub keeps: bool,
    /// Its software is known to delete what is taken back.
    pub deletes: bool,
}

/// Looks at a post that somebody thinks about; `below`: what it would answer; `label`: its own.
///
/// # Errors
/// As for reading the group, and as for writing with that label.
pub async fn preview(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    below: Option<PostId>,
    audience: Audience,
    body: Option<Body>,
    label: Option<LabelName>,
) -> Result<Preview> {
    let asker = app.asker(viewer);
    let html = body.map(|body| markup::render_markdown(body.as_str()));
    let html = html.unwrap_or_else(|| SafeHtml::of_text(""));
    app.db
        .read("preview_post", move |connection| {
            let (_, group) = access::permit::<act::Read>(connection, &asker, group)?;
            let named = access::may(connection, &asker, Action::SeeMembers, &group)?;
            let leaves = audience == Audience::Group;
            let topic = groups::find_topic(connection, below)?.map(|topic| topic.id);
            let label = labels::choose(connection, &asker, Some(&group), topic, label.as_ref())?;
            let (mark, effect) = match leaves {
                true => labels::foresee(connection, &group, below, label.as_ref())?,
                false => (Mark::None, Effect::Leaves),
            };
            let mut others = match leaves && group.is_local() {
                true => organizations(connection, &asker, &group, below, named)?,
                false => Vec::new(),
            };
            keep(&mut others, &effect);
            Ok(Preview {
                html,
                inside: match named {
                    true => names_inside(connection, &group)?,
                    false => Vec::new(),
                },
                every_colleague: leaves && group.access == Access::Open,
                others,
                public: leaves && group.is_local() && group.is_public() && !effect.keeps_from(None),
                house: group
                    .home()
                    .filter(|home| leaves && !effect.keeps_from(Some(home)))
                    .cloned(),
                mark: match asker.viewer.is_colleague() {
                    true => mark,
                    false => Mark::None,
                },
                effect,
            })
        })
        .await
}

/// What its label keeps from an organization, that does not get.
fn keep(others: &mut [Organization], effect: &Effect) {
    for one in others.iter_mut() {
        if one.withheld.is_none() && effect.keeps_from(Some(&one.host)) {
            one.withheld = Some(Reason::HeldAtBoundary);
            one.people.clear();
        }
    }
    others.sort_by_key(|one| one.withheld.is_some());
}

fn names_inside(connection: &mut Connection, group: &Group) -> Result<Vec<String>> {
    let members = storage::memberships::list(connection, group.id)?.into_iter();
    let here = members.filter(|member| {
        member.actor.host.is_none() && member.membership.state == MembershipState::Member
    });
    Ok(here.map(|member| member.actor.title().to_owned()).collect())
}

/// Every partner there is now: those that get it, and those that do not and why.
fn organizations(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    below: Option<PostId>,
    named: bool,
) -> Result<Vec<Organization>> {
    let mut all = Vec::new();
    for partner in storage::partners::list(connection)? {
        if partner.state == PartnerState::Active {
            all.push(organization(
                connection, asker, group, below, named, partner,
            )?);
        }
    }
    all.sort_by_key(|one| one.withheld.is_some());
    Ok(all)
}

fn organization(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    below: Option<PostId>,
    named: bool,
    partner: Partner,
) -> Result<Organization> {
    let host = partner.host;
    let bond = storage::grants::find_for_host(connection, group.id, &host)?;
    let by_mirror = bond.microblog && group.is_mirrored();
    let stopped = access::is_stopped(connection, Some(&host), Some(group.id))?;
    let topic = groups::find_topic(connection, below)?;
    let mut withheld = access::reaches(asker, group, &bond, stopped, topic.as_ref()).err();
    let copied = !by_mirror || mirrors::reaches(connection, asker, group, below, &host)?;
    if withheld.is_none() && !copied {
        withheld = Some(Reason::NotMirrored);
    }
    let members = match named && withheld.is_none() {
        true => storage::memberships::list_on_host(connection, group.id, &host)?,
        false => Vec::new(),
    };
    let software = dialects::known(connection, host.clone())?.software;
    Ok(Organization {
        name: partner.organization,
        people: members
            .iter()
            .map(|member| member.actor.handle().to_string())
            .collect(),
        withheld,
        by_mirror,
        keeps: bond.discreet,
        deletes: partner.mutual || software.as_deref().is_some_and(deletes_on_request),
        software,
        host,
    })
}
