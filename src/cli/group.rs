//! `guildhall group`: groups and how far they are open.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{
    Access, Boosts, FirstContact, Handle, LabelName, Mirror, Name, Outreach, Page, Stage, Title,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::groups::{self, Administered, NewGroup};
use crate::services::proposals::Decided;
use crate::services::what_if::{self, Change, TOPICS_SHOWN};
use crate::services::{accounts, first_contacts, labels, memberships, mirrors};
use crate::wire;

mod moves;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a group; it begins internal
    Create {
        /// Letters a-z, digits and _, like `road_works`
        name: Name,
        #[arg(long)]
        title: Title,
        /// What it is for (Markdown)
        #[arg(long, default_value = "")]
        description: String,
        /// Who inside may read and join: open, closed or secret
        #[arg(long, default_value = "open")]
        access: Access,
        /// Name of its first owner [default: the only administrator]
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
    },
    /// List all groups
    List,
    /// Show one group
    Show { name: Handle },
    /// Choose how a group reaches servers that know no groups (Mastodon and its like), whom it looks at first, and how
    /// it is classified
    Set(Set),
    /// Open or close a group to the outside, or archive it
    Stage {
        name: Handle,
        /// internal, partners, public, or archive (read only)
        stage: StageOrArchive,
        /// Only say what would become visible to whom
        #[arg(long)]
        dry_run: bool,
        /// The digest that --dry-run said: refused if something else would become visible now
        #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run")]
        seen: Option<String>,
    },
    /// Move a group to a partner's house, or take one of theirs
    #[command(subcommand)]
    Move(moves::Command),
}

#[derive(clap::Args)]
pub struct Set {
    name: Handle,
    /// While it is not public: off, or on (copy posts, of people who allow it, for members there)
    #[arg(long, required_unless_present_any = ["boosts", "first_contact", "label", "no_label"])]
    mirror: Option<Mirror>,
    /// While it is public: boost topics, or all (comments, too)
    #[arg(long)]
    boosts: Option<Boosts>,
    /// Whether the joining and the first words of somebody new at a partner wait for a moderator: free (no),
    /// person, or host (until somebody of their server is known)
    #[arg(long, value_name = "WHOSE")]
    first_contact: Option<FirstContact>,
    /// The label that everything in it has at least
    #[arg(long, value_name = "NAME", conflicts_with = "no_label")]
    label: Option<LabelName>,
    /// It is not classified
    #[arg(long)]
    no_label: bool,
}

/// A stage, or the end of a group's life.
#[derive(Clone, Copy, Debug)]
pub enum StageOrArchive {
    Stage(Stage),
    Archive,
}

impl std::str::FromStr for StageOrArchive {
    type Err = crate::domain::Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "archive" => Ok(Self::Archive),
            stage => stage.parse().map(Self::Stage).map_err(|_| {
                let problem =
                    format!("{stage:?} is not one of internal, partners, public, archive");
                crate::domain::Invalid::new("stage", problem)
            }),
        }
    }
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Create {
            name,
            title,
            description,
            access,
            owner,
        } => {
            let owner = accounts::find_owner(app, Viewer::Operator, owner.as_deref()).await?;
            let new = NewGroup {
                name,
                title,
                description,
                access,
                owner: Some(owner.actor.id),
            };
            let group = groups::create(app, Viewer::Operator, new).await?;
            let sentence = format!(
                "{} is made: {} ({}).",
                group.actor.name, group.actor.uri, group.stage
            );
            output.made(&wire::Group::from(&group), sentence)
        }
        Command::List => list(app, output).await,
        Command::Show { name } => show(app, name, output).await,
        Command::Set(wish) => set(app, wish, output).await,
        Command::Stage {
            name,
            stage: StageOrArchive::Stage(stage),
            dry_run: true,
            ..
        } => look(app, name, stage, output).await,
        Command::Stage { dry_run: true, .. } => Err(Error::invalid(
            "stage",
            "archive opens nothing to anybody: there is nothing to look at",
        )),
        Command::Stage {
            name, stage, seen, ..
        } => set_stage(app, name, stage, seen, output).await,
        Command::Move(command) => moves::run(app, command, output).await,
    }
}

async fn list(app: &App, output: Output) -> Result<()> {
    let groups = groups::list_administered(app, Viewer::Operator).await?;
    let described: Vec<wire::Group> = groups.iter().map(wire::Group::from).collect();
    output.list(
        &described,
        ["group", "title", "access", "stage", "members"],
        |group| {
            [
                group.handle.clone(),
                group.title.clone(),
                group.access.to_string(),
                if group.archived {
                    format!("{}, archived", group.stage)
                } else {
                    group.stage.to_string()
                },
                group.members.unwrap_or_default().to_string(),
            ]
        },
    )
}

async fn show(app: &App, name: Handle, output: Output) -> Result<()> {
    let known = find(app, name).await?;
    let described = wire::Group {
        moderators: memberships::list_moderators(app, Viewer::Operator, known.group.id).await?,
        ..wire::Group::from(&known)
    };
    let sentence = format!(
        "{} — {}\n{}, {}; {}{}\n{}",
        described.handle,
        described.title,
        described.access,
        match described.archived {
            true => format!("{}, archived", described.stage),
            false => described.stage.to_string(),
        },
        match described.members.unwrap_or_default() {
            1 => "1 member".to_owned(),
            members => format!("{members} members"),
        },
        match described.owners.as_deref() {
            // Of a group elsewhere its house knows.
            None | Some([]) => String::new(),
            Some(owners) => format!("; owned by {}", owners.join(", ")),
        },
        described.uri
    );
    output.made(&described, sentence)
}

async fn look(app: &App, name: Handle, stage: Stage, output: Output) -> Result<()> {
    let (group, change) = (find(app, name).await?.group, Change::Stage(stage));
    let (handle, page) = (group.actor.handle(), Page::first(TOPICS_SHOWN));
    let outlook = what_if::look(app, Viewer::Operator, handle, change, page).await?;
    let outlook = wire::Outlook::from(outlook);
    output.made(&outlook, &outlook)
}

async fn set_stage(
    app: &App,
    name: Handle,
    stage: StageOrArchive,
    seen: Option<String>,
    output: Output,
) -> Result<()> {
    let id = find(app, name).await?.group.id;
    let group = match stage {
        StageOrArchive::Stage(stage) => {
            let group = match groups::set_stage_seen(app, Viewer::Operator, id, stage, seen).await?
            {
                Decided::Done(group) => group,
                Decided::Proposed(proposal) => return output.proposed(proposal),
            };
            match group.archived_at {
                Some(_) => groups::set_archived(app, Viewer::Operator, id, false).await?,
                None => group,
            }
        }
        StageOrArchive::Archive => groups::set_archived(app, Viewer::Operator, id, true).await?,
    };
    let state = if group.archived_at.is_some() {
        "archived".to_owned()
    } else {
        group.stage.to_string()
    };
    output.made(
        &wire::Group::from(&group),
        format!("{} is {state} now.", group.actor.name),
    )
}

async fn set(app: &App, wish: Set, output: Output) -> Result<()> {
    let mut group = find(app, wish.name).await?.group;
    if wish.label.is_some() || wish.no_label {
        group = labels::set_of_group(app, Viewer::Operator, group.id, wish.label).await?;
        if wish.mirror.is_none() && wish.boosts.is_none() && wish.first_contact.is_none() {
            let word = group.label.as_ref().map_or("none", LabelName::as_str);
            let sentence = format!("{}: label {word}.", group.actor.name);
            return output.made(&wire::Group::from(&group), sentence);
        }
    }
    if let Some(choice) = wish.first_contact {
        group = first_contacts::choose(app, Viewer::Operator, group.id, choice).await?;
        if wish.mirror.is_none() && wish.boosts.is_none() {
            let sentence = format!("{}: {}", group.actor.name, choice.meaning());
            return output.made(&wire::Group::from(&group), sentence);
        }
    }
    let outreach = Outreach {
        mirror: wish.mirror.unwrap_or(group.outreach.mirror),
        boosts: wish.boosts.unwrap_or(group.outreach.boosts),
    };
    let group = mirrors::choose_for_group(app, Viewer::Operator, group.id, outreach).await?;
    let mut sentence = format!(
        "{}: mirror {}, boosts {}.",
        group.actor.name, outreach.mirror, outreach.boosts
    );
    if wish.mirror.is_some() {
        sentence = format!("{sentence}\n{}", outreach.mirror.meaning());
    }
    if wish.boosts.is_some() {
        sentence = format!("{sentence}\n{}", outreach.boosts.meaning());
    }
    output.made(&wire::Group::from(&group), sentence)
}

/// Finds a group, or says which one there is not.
pub(super) async fn find(app: &App, name: Handle) -> Result<Administered> {
    let shown = name.to_string();
    groups::find_administered(app, Viewer::Operator, name)
        .await
        .map_err(|error| match error {
            Error::NotFound => Error::invalid(
                "group",
                format!("there is no group {shown}; `guildhall group list` shows all"),
            ),
            other => other,
        })
}
