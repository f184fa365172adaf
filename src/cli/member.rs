//! `guildhall member`: who belongs to a group.

use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::cli::{Output, group};
use crate::domain::{
    Actor, BanReason, BanTerms, GroupRole, Handle, InvitedHandle, Member, MembershipState,
    Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::actors;
use crate::services::memberships::{self, Decision};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Put a colleague into a group, let in who asked, or invite somebody elsewhere
    Add {
        group: Handle,
        /// A colleague's name, or name@host
        who: Handle,
        #[arg(long, default_value = "member")]
        role: GroupRole,
    },
    /// List members, requests and invitations
    List { group: Handle },
    /// Put somebody out, or refuse who asked
    Remove { group: Handle, who: Handle },
    /// Shut somebody out of a group
    Ban {
        group: Handle,
        who: Handle,
        /// When it ends by itself [default: when it is lifted]
        #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
        until: Option<Timestamp>,
        /// Why, in a line that they are told
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: BanReason,
        /// Remove what they wrote in the group, too
        #[arg(long)]
        remove_posts: bool,
    },
    /// Lift a ban; it makes nobody a member
    Unban { group: Handle, who: Handle },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Add { group, who, role } => add(app, group, who, role, output).await,
        Command::List { group } => list(app, group, output).await,
        Command::Remove { group, who } => remove(app, group, who, output).await,
        Command::Ban {
            group,
            who,
            until,
            reason,
            remove_posts,
        } => {
            let terms = BanTerms {
                until,
                reason,
                removes_posts: remove_posts,
            };
            ban(app, group, who, terms, output).await
        }
        Command::Unban { group, who } => unban(app, group, who, output).await,
    }
}

async fn add(app: &App, group: Handle, who: Handle, role: GroupRole, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let known = actors::find_by_handle(app, Viewer::Operator, who.clone()).await;
    let state = match known {
        Ok(actor) => memberships::add(app, Viewer::Operator, group.id, actor.id, role).await,
        Err(Error::NotFound) if who.host.is_some() => {
            memberships::invite(app, Viewer::Operator, group.id, who.clone(), role).await
        }
        Err(error) => return Err(nobody(&who, error)),
    };
    let state = state.map_err(|error| no_member(&who, error))?;
    let sentence = match state {
        MembershipState::Member => format!("{who} is {role} of {} now.", group.actor.name),
        state => format!("{who} is {state}: joining completes it."),
    };
    output.made(
        &json!({ "group": group.actor.name, "who": who.to_string(), "state": state, "role": role }),
        sentence,
    )
}

/// Finds a person known here.
async fn find_person(app: &App, who: &Handle) -> Result<Actor> {
    let found = actors::find_by_handle(app, Viewer::Operator, who.clone()).await;
    found.map_err(|error| nobody(who, error))
}

fn nobody(who: &Handle, error: Error) -> Error {
    match error {
        Error::NotFound => Error::invalid("who", format!("nobody here knows {who}")),
        other => other,
    }
}

/// A membership as scripts read it.
#[derive(Serialize)]
struct Listed {
    who: String,
    name: String,
    state: MembershipState,
    role: GroupRole,
    since: Timestamp,
    /// Of a ban: when it ends by itself.
    until: Option<Timestamp>,
}

async fn list(app: &App, group: Handle, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let members = memberships::list(app, Viewer::Operator, group.id).await?;
    let mut listed: Vec<Listed> = members.iter().map(listed).collect();
    if group.is_local() {
        let invited = memberships::list_invited(app, Viewer::Operator, group.id).await?;
        listed.extend(invited.iter().map(listed_handle));
    }
    output.list(
        &listed,
        ["who", "name", "state", "role", "since"],
        |member| {
            [
                member.who.clone(),
                member.name.clone(),
                member.state.to_string(),
                member.role.to_string(),
                member.since.for_people(),
            ]
        },
    )
}

fn listed(member: &Member) -> Listed {
    Listed {
        who: member.actor.handle().to_string(),
        name: member.actor.title().to_owned(),
        state: member.membership.state,
        role: member.membership.role,
        since: member.membership.since,
        until: member.membership.banned_until,
    }
}

fn listed_handle(invited: &InvitedHandle) -> Listed {
    Listed {
        who: invited.handle.to_string(),
        name: String::new(),
        state: MembershipState::Invited,
        role: invited.role,
        since: invited.since,
        until: None,
    }
}

async fn remove(app: &App, group: Handle, who: Handle, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let operator = Viewer::Operator;
    let by_handle = memberships::withdraw_invitation(app, operator, group.id, who.clone()).await;
    let removed = match by_handle {
        Err(Error::NotFound) => {
            let actor = find_person(app, &who).await?.id;
            memberships::decide(app, Viewer::Operator, group.id, actor, Decision::Remove).await
        }
        done => done,
    };
    removed.map_err(|error| match error {
        Error::NotFound => Error::invalid("who", format!("{who} is not in {}", group.actor.name)),
        other => other,
    })?;
    output.made(
        &json!({ "group": group.actor.name, "who": who.to_string(), "removed": true }),
        format!("{who} is no longer in {}.", group.actor.name),
    )
}

async fn ban(app: &App, group: Handle, who: Handle, terms: BanTerms, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let actor = find_person(app, &who).await?;
    let (until, operator) = (terms.until, Viewer::Operator);
    let why = terms.reason.as_str().to_owned();
    let banned = memberships::ban(app, operator, group.id, actor.id, terms).await;
    banned.map_err(|error| no_member(&who, error))?;
    let end = until.map_or_else(|| "it is lifted".to_owned(), Timestamp::for_people);
    output.made(
        &json!({ "group": group.actor.name, "who": who.to_string(), "banned": true, "until": until, "reason": why }),
        format!("{who} is banned from {} until {end}.", group.actor.name),
    )
}

fn no_member(who: &Handle, error: Error) -> Error {
    match error {
        Error::NotFound => Error::invalid("who", format!("{who} is nobody who can be a member")),
        other => other,
    }
}

async fn unban(app: &App, group: Handle, who: Handle, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let actor = find_person(app, &who).await?;
    memberships::lift_ban(app, Viewer::Operator, group.id, actor.id).await?;
    output.made(
        &json!({ "group": group.actor.name, "who": who.to_string(), "banned": false }),
        format!("{who} is not banned from {} any more.", group.actor.name),
    )
}
