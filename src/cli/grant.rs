//! `guildhall grant`: what partners may do in which group.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{
    Capabilities, Copies, GrantEnd, Handle, History, Host, JoinMode, Name, Page, Timestamp,
    counted_here,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::grants;
use crate::services::grants::review;
use crate::services::grants::templates::{self, GrantWish};
use crate::services::probes;
use crate::services::proposals::Decided;
use crate::services::what_if::{self, Change, TOPICS_SHOWN};
use crate::wire;

mod template;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Open a group to a partner, or change the grant it has: what is not said stays as it is
    Add(Add),
    /// List what is open to whom
    List {
        /// Only of this group
        group: Option<Handle>,
        /// Only to this partner
        #[arg(long, value_name = "HOST")]
        partner: Option<Host>,
    },
    /// List what is open, when it was last used and when it is to be reviewed
    Review,
    /// Say that a grant is still needed
    Keep { group: Handle, partner: Host },
    /// What grants can begin with
    #[command(subcommand)]
    Template(template::Command),
    /// Close a group to a partner; what is queued is cancelled, its people are members no more, and it is asked to
    /// throw away what it got
    Remove {
        group: Handle,
        partner: Host,
        /// Leave it what it got
        #[arg(long)]
        leave_copies: bool,
    },
}

#[derive(clap::Args)]
pub struct Add {
    group: Handle,
    /// Host of the partner
    partner: Host,
    /// What it begins with, like `supplier`; `guildhall grant template list` shows all. What is said besides
    /// goes before it
    #[arg(long, value_name = "NAME")]
    template: Option<Name>,
    /// read, react, reply, start, attach, invite, moderate; separated by commas [new: has to be said, or a template]
    #[arg(long, value_name = "WHAT")]
    can: Option<Capabilities>,
    /// How its people get in: approve, auto or invite [new: approve; invite for a secret group]
    #[arg(long, value_name = "HOW")]
    join: Option<JoinMode>,
    /// Beginning, like 2026-12-31 (UTC) [new: now]
    #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
    from: Option<Timestamp>,
    /// End, like 2026-12-31 (UTC): the first moment when it counts no more [new: never]
    #[arg(long, value_name = "never|DATE")]
    until: Option<GrantEnd>,
    /// Topics that are shown: started from now on, all, or since a date [new: now]
    #[arg(long, value_name = "now|all|DATE")]
    history: Option<History>,
    /// Do not let partners of this group learn of each other; `--apart no` lets them [new: no]
    #[arg(long, value_name = "yes|no", num_args = 0..=1, default_missing_value = "yes", value_parser = yes_or_no)]
    apart: Option<bool>,
    /// Only say what would become visible to whom, and what its people might do
    #[arg(long)]
    dry_run: bool,
    /// The digest that --dry-run said: refused if something else would become visible now
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run")]
    seen: Option<String>,
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Add(options) => add(app, options, output).await,
        Command::List { group, partner } => list(app, group, partner, output).await,
        Command::Review => list_reviews(app, output).await,
        Command::Keep { group, partner } => keep(app, group, partner, output).await,
        Command::Template(command) => template::run(app, command, output).await,
        Command::Remove {
            group,
            partner,
            leave_copies,
        } => {
            let copies = match leave_copies {
                true => Copies::Left,
                false => Copies::AskedBack,
            };
            remove(app, group, partner, copies, output).await
        }
    }
}

async fn add(app: &App, options: Add, output: Output) -> Result<()> {
    let (group, host) = (options.group.clone(), options.partner.clone());
    let wish = GrantWish {
        template: options.template,
        capabilities: options.can,
        join: options.join,
        from: options.from,
        until: options.until,
        history: options.history,
        apart: options.apart,
    };
    let request = templates::fill_in(app, Viewer::Operator, wish).await?;
    if options.dry_run {
        let (change, page) = (Change::Grant(host, request), Page::first(TOPICS_SHOWN));
        let outlook = what_if::look(app, Viewer::Operator, group.clone(), change, page).await;
        let outlook = wire::Outlook::from(outlook.map_err(|error| unknown(error, &group))?);
        return output.made(&outlook, &outlook);
    }
    let added = grants::add_seen(
        app,
        Viewer::Operator,
        options.group,
        options.partner,
        request,
        options.seen,
    )
    .await;
    let (listed, changes) = match added.map_err(|error| unknown(error, &group))? {
        Decided::Done(standing) => (wire::Grant::from(&standing), standing.changes()),
        Decided::Proposed(proposal) => return output.proposed(proposal),
    };
    if let Some(problem) = &listed.problem {
        output.say(format_args!("The grant has no effect yet: {problem}."));
    }
    match changes {
        Some(changes) if changes.is_empty() => output.say("The grant stands as it did."),
        Some(changes) => output.say(format_args!("Changed: {}.", changes.join("; "))),
        None => {}
    }
    if let Some((grade, _)) = probes::find_grade(app, host.clone()).await? {
        output.say(format_args!("Risk: {grade}. {}", grade.meaning()));
    }
    let sentence = format!("{group} is open to {host}: {}.", listed.can);
    output.made(&listed, sentence)
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("say yes or no"),
    }
}

async fn list(
    app: &App,
    group: Option<Handle>,
    partner: Option<Host>,
    output: Output,
) -> Result<()> {
    let standing = grants::list(app, Viewer::Operator, group.clone(), partner).await;
    let standing = standing.map_err(|error| match &group {
        Some(group) => unknown(error, group),
        None => error,
    })?;
    let listed: Vec<wire::Grant> = standing.iter().map(wire::Grant::from).collect();
    let headings = ["group", "partner", "can", "join", "until", "effect"];
    output.list(&listed, headings, |grant| {
        [
            grant.group.clone(),
            grant.partner.to_string(),
            grant.can.to_string(),
            grant.join.to_string(),
            grant.until.map_or_else(String::new, Timestamp::for_people),
            grant.problem.clone().unwrap_or_else(|| "yes".to_owned()),
        ]
    })
}

async fn list_reviews(app: &App, output: Output) -> Result<()> {
    let all = review::list(app, Viewer::Operator).await?;
    let listed: Vec<wire::ReviewedGrant> = all.iter().map(wire::ReviewedGrant::from).collect();
    let headings = [
        "group",
        "partner",
        "last received",
        "last wrote",
        "due",
        "lapses",
    ];
    let time = |at: Option<Timestamp>| at.map_or_else(String::new, Timestamp::for_people);
    output.list(&listed, headings, |one| {
        [
            one.grant.group.clone(),
            one.grant.partner.to_string(),
            time(one.last_received),
            time(one.last_wrote),
            time(one.due),
            time(one.lapses),
        ]
    })
}

async fn keep(app: &App, group: Handle, partner: Host, output: Output) -> Result<()> {
    let kept = review::keep(app, Viewer::Operator, group.clone(), partner.clone()).await;
    let kept = wire::ReviewedGrant::from(&kept.map_err(|error| unknown(error, &group))?);
    output.made(&kept, format!("{group} stays open to {partner}."))
}

async fn remove(
    app: &App,
    group: Handle,
    partner: Host,
    copies: Copies,
    output: Output,
) -> Result<()> {
    let (viewer, handle, host) = (Viewer::Operator, group.clone(), partner.clone());
    let removed = grants::remove(app, viewer, handle, host, copies).await;
    let closed = removed.map_err(|error| unknown(error, &group))?;
    let document = wire::GrantEnded::new(group.name.clone(), partner.clone(), closed);
    output.made(
        &document,
        format_args!(
            "{group} is closed to {partner}: {} cancelled, {} removed, {} asked back.",
            counted_here(document.cancelled, "delivery", "deliveries"),
            counted_here(document.members_removed, "member", "members"),
            counted_here(document.asked_back, "post", "posts"),
        ),
    )
}

/// Says which group there is not.
fn unknown(error: Error, group: &Handle) -> Error {
    match error {
        Error::NotFound => Error::invalid("group", format!("there is no group {group}")),
        other => other,
    }
}
