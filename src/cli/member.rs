//! `guildhall member`: who belongs to a group.

use crate::app::App;
use crate::cli::{Output, group};
use crate::domain::{
    Actor, BanReason, BanTerms, Group, GroupRole, Handle, MembershipState, Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::memberships;
use crate::wire;

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
    let operator = Viewer::Operator;
    let state = memberships::name(app, operator, group.id, who.clone(), role).await;
    let state = state.map_err(|error| no_member(&who, error))?;
    let sentence = match state {
        MembershipState::Member => format!("{who} is {role} of {} now.", group.actor.name),
        state => format!("{who} is {state}: joining completes it."),
    };
    let document = wire::Named {
        group: group.actor.name,
        who: who.to_string(),
        state,
        role,
    };
    output.made(&document, sentence)
}

/// Finds a person known here.
async fn find_person(app: &App, who: &Handle) -> Result<Actor> {
    let found = memberships::find_person(app, Viewer::Operator, who).await;
    found.map_err(|error| nobody(who, error))
}

fn nobody(who: &Handle, error: Error) -> Error {
    match error {
        Error::NotFound => Error::invalid("who", format!("nobody here knows {who}")),
        other => other,
    }
}

async fn list(app: &App, group: Handle, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let members = memberships::list(app, Viewer::Operator, group.id).await?;
    let mut listed: Vec<wire::Member> = members.iter().map(wire::Member::from).collect();
    if group.is_local() {
        let invited = memberships::list_invited(app, Viewer::Operator, group.id).await?;
        listed.extend(invited.iter().map(wire::Member::from));
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

async fn remove(app: &App, group: Handle, who: Handle, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let removed = memberships::put_out(app, Viewer::Operator, group.id, who.clone()).await;
    removed.map_err(|error| match error {
        Error::NotFound => Error::invalid("who", format!("{who} is not in {}", group.actor.name)),
        other => other,
    })?;
    output.made(
        &wire::PutOut::new(&group, &who),
        format!("{who} is no longer in {}.", group.actor.name),
    )
}

async fn ban(app: &App, group: Handle, who: Handle, terms: BanTerms, output: Output) -> Result<()> {
    let group = group::find(app, group).await?.group;
    let actor = match memberships::find_person(app, Viewer::Operator, &who).await {
        Ok(actor) => actor,
        Err(error) => return Err(unmet(app, &group, &who, error).await?),
    };
    let (until, made) = (terms.until, wire::Ban::of(&group, &who, &terms));
    let banned = memberships::ban(app, Viewer::Operator, group.id, actor.id, terms).await;
    banned.map_err(|error| no_member(&who, error))?;
    let end = until.map_or_else(|| "it is lifted".to_owned(), Timestamp::for_people);
    output.made(
        &made,
        format!("{who} is banned from {} until {end}.", group.actor.name),
    )
}

/// Why somebody of whom nothing is known cannot be banned, and what to do instead.
async fn unmet(app: &App, group: &Group, who: &Handle, error: Error) -> Result<Error> {
    if !matches!(error, Error::NotFound) || !group.is_local() {
        return Ok(nobody(who, error));
    }
    let invited = memberships::list_invited(app, Viewer::Operator, group.id).await?;
    let handle = who.clone().seen_from(app.config.host());
    Ok(match invited.iter().any(|one| one.handle == handle) {
        true => Error::Conflict(format!(
            "{who} is invited and was never here: take the invitation back with `guildhall member remove {} {who}`",
            group.actor.name
        )),
        false => nobody(who, error),
    })
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
        &wire::Ban::lifted(&group, &who),
        format!("{who} is not banned from {} any more.", group.actor.name),
    )
}
