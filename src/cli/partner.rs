//! `guildhall partner`: partnerships with other organizations' servers.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::cli::Output;
use crate::cli::grant::Listed;
use crate::domain::{
    DialectChoice, Discretion, Evidence, GroupDialect, Host, Partner, PartnerClass, PartnerState,
    PeerDialect, PrivateGroups, Side, Timestamp, Uri, parse_duration,
};
use crate::error::{Error, Result};
use crate::federation::partnership;
use crate::policy::Viewer;
use crate::services::partners::{self, Change, Changed};
use crate::services::{dialects, grants};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a one-time code for another organization's administrator
    Invite {
        /// What the other organization is to us: partner, supplier or customer
        #[arg(long, default_value = "partner")]
        class: PartnerClass,
        /// How long the code can be used, like 12h or 7d
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_duration)]
        expires: Duration,
    },
    /// Use the code that another organization sent; our server must be running
    Accept {
        code: String,
        /// What the other organization is to us: partner, supplier or customer
        #[arg(long, default_value = "partner")]
        class: PartnerClass,
    },
    /// Speak with a server that knows nothing of invitations
    Add {
        host: Host,
        /// What the other organization is to us: partner, supplier or customer
        #[arg(long, default_value = "partner")]
        class: PartnerClass,
        /// Whether groups that are not public may be opened to it: auto (where its software is known to keep
        /// them) or trust (whatever its software does)
        #[arg(long, value_name = "auto|trust", default_value = "auto")]
        private_groups: PrivateGroups,
    },
    /// List all partners
    List,
    /// Show one partner and what is open to it
    Show { host: Host },
    /// Choose how a partner's server takes part in groups
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Set {
        host: Host,
        /// What it gets of public groups: activities (servers that know groups), boosts (microblog
        /// servers), both, or auto for what was learned of it
        #[arg(long, value_name = "auto|activities|boosts|both", group = "what")]
        dialect: Option<DialectChoice>,
        /// Whether groups that are not public may be opened to it: auto (where its software is known to keep
        /// them) or trust (whatever its software does)
        #[arg(long, value_name = "auto|trust", group = "what")]
        private_groups: Option<PrivateGroups>,
    },
    /// Let nothing out and nothing in until `resume`; what is queued waits
    Pause { host: Host },
    /// End a pause and send what waited
    Resume { host: Host },
    /// End the partnership (or a block) with all its grants, and tell the other side; what is queued is
    /// cancelled
    End { host: Host },
    /// Refuse a server altogether
    Block { host: Host },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Invite { class, expires } => invite(app, class, expires, output).await,
        Command::Accept { code, class } => accept(app, &code, class, output).await,
        Command::Add {
            host,
            class,
            private_groups,
        } => add(app, host, class, private_groups, output).await,
        Command::List => list(app, output).await,
        Command::Show { host } => show(app, host, output).await,
        Command::Set {
            host,
            dialect,
            private_groups,
        } => set(app, host, dialect, private_groups, output).await,
        Command::Pause { host } => change(app, host, Change::Pause, output).await,
        Command::Resume { host } => change(app, host, Change::Resume, output).await,
        Command::End { host } => change(app, host, Change::End, output).await,
        Command::Block { host } => change(app, host, Change::Block, output).await,
    }
}

async fn invite(app: &App, class: PartnerClass, expires: Duration, output: Output) -> Result<()> {
    let invited = partners::invite(app, Viewer::Operator, class, expires).await?;
    let code = invited.code.to_string();
    output.say(format_args!(
        "Send this code to the other organization's administrator. It can be used once, until {} (UTC), \
         with `guildhall partner accept CODE`:",
        invited.expires_at.for_people()
    ));
    let document = json!({ "code": code, "class": class, "expires_at": invited.expires_at });
    output.made(&document, code)
}

async fn accept(app: &App, code: &str, class: PartnerClass, output: Output) -> Result<()> {
    let partner = partnership::accept(app, Viewer::Operator, code, class).await?;
    let sentence = format!("{} ({}) is a partner.", partner.organization, partner.host);
    output.made(&Described::from(partner), sentence)
}

async fn add(
    app: &App,
    host: Host,
    class: PartnerClass,
    private_groups: PrivateGroups,
    output: Output,
) -> Result<()> {
    let partner = partners::add(app, Viewer::Operator, host, class, private_groups).await?;
    let sentence = format!(
        "{} is a partner, one-sided: it need not know. {}",
        partner.host,
        private_groups.meaning()
    );
    output.made(&Described::from(partner), sentence)
}

async fn list(app: &App, output: Output) -> Result<()> {
    let partners = partners::list(app, Viewer::Operator).await?;
    let described: Vec<Described> = partners.into_iter().map(Described::from).collect();
    let headings = ["host", "organization", "class", "state", "agreed"];
    output.list(&described, headings, |partner| {
        [
            partner.host.to_string(),
            partner.organization.clone(),
            partner.class.to_string(),
            partner.standing(),
            partner.agreed().to_owned(),
        ]
    })
}

async fn show(app: &App, host: Host, output: Output) -> Result<()> {
    let found = partners::find(app, Viewer::Operator, host.clone()).await;
    let partner = Described::from(found.map_err(|error| unknown(error, &host))?);
    let grants = grants::list(app, Viewer::Operator, None, Some(host)).await?;
    let grants: Vec<Listed> = grants.iter().map(Listed::from).collect();
    let peer = dialects::find(app, Viewer::Operator, partner.host.clone()).await?;
    let discretion = peer.discretion(partner.mutual);
    let dialect = Dialect::from(peer);
    let mut sentence = format!(
        "{} ({}): {}, {}, {}, since {}",
        partner.organization,
        partner.host,
        partner.class,
        partner.standing(),
        partner.agreed(),
        partner.created_at.for_people()
    );
    sentence.push_str(&format!("\n{dialect}"));
    let may = if discretion.kept { "may" } else { "may not" };
    sentence.push_str(&format!(
        "\ngroups that are not public {may} be opened to it ({})",
        discretion.why
    ));
    for grant in &grants {
        sentence.push_str(&format!("\n{grant}"));
    }
    let shown = Shown {
        partner,
        grants,
        dialect,
        private_groups: Private::from(discretion),
    };
    output.made(&shown, sentence)
}

async fn set(
    app: &App,
    host: Host,
    dialect: Option<DialectChoice>,
    private_groups: Option<PrivateGroups>,
    output: Output,
) -> Result<()> {
    let found = partners::find(app, Viewer::Operator, host.clone()).await;
    let partner = found.map_err(|error| unknown(error, &host))?;
    let mut sentence = host.to_string();
    if let Some(choice) = private_groups {
        dialects::choose_private_groups(app, Viewer::Operator, host.clone(), choice).await?;
        sentence.push_str(&format!(": {}", choice.meaning()));
    }
    let peer = match dialect {
        Some(choice) => dialects::choose(app, Viewer::Operator, host.clone(), choice).await?,
        None => dialects::find(app, Viewer::Operator, host.clone()).await?,
    };
    let private_groups = Private::from(peer.discretion(partner.mutual));
    let known = Dialect::from(peer);
    if dialect.is_some() {
        sentence.push_str(&format!(": {known}"));
    }
    let document = Set {
        host,
        dialect: known,
        private_groups,
    };
    output.made(&document, sentence)
}

async fn change(app: &App, host: Host, change: Change, output: Output) -> Result<()> {
    let changed = partners::change(app, Viewer::Operator, host.clone(), change).await;
    let Changed {
        partner,
        cancelled,
        grants_ended,
        released,
    } = changed.map_err(|error| unknown(error, &host))?;
    let sentence = match change {
        Change::Pause => format!("The partnership with {host} is paused; what is queued waits."),
        Change::Resume => {
            format!("The partnership with {host} goes on; {released} deliveries waited.")
        }
        Change::End => format!(
            "The partnership with {host} is over: {cancelled} deliveries cancelled, {grants_ended} grants ended."
        ),
        Change::Block => format!(
            "{host} is blocked: {cancelled} deliveries cancelled, {grants_ended} grants ended."
        ),
    };
    let document = After {
        partner: Described::from(partner),
        cancelled,
        grants_ended,
        released,
    };
    output.made(&document, sentence)
}

/// Says which partner there is not.
fn unknown(error: Error, host: &Host) -> Error {
    match error {
        Error::NotFound => Error::invalid("host", format!("there is no partnership with {host}")),
        other => other,
    }
}

/// A partner as scripts read it.
#[derive(Serialize)]
struct Described {
    host: Host,
    organization: String,
    class: PartnerClass,
    state: PartnerState,
    /// By whom it was ended, `us` or `them`, and when.
    ended_by: Option<Side>,
    ended_at: Option<Timestamp>,
    mutual: bool,
    instance: Option<Uri>,
    created_at: Timestamp,
}

impl Described {
    /// `active`, `ended by them 22 Nov 2026, 10:00`
    fn standing(&self) -> String {
        match (self.ended_by, self.ended_at) {
            (Some(by), Some(at)) => format!("{} by {by} {}", self.state, at.for_people()),
            _ => self.state.to_string(),
        }
    }

    const fn agreed(&self) -> &'static str {
        match self.mutual {
            true => "by both",
            false => "one-sided",
        }
    }
}

impl From<Partner> for Described {
    fn from(partner: Partner) -> Self {
        let over = partner.over();
        Self {
            ended_by: over.map(|ending| ending.by),
            ended_at: over.map(|ending| ending.at),
            host: partner.host,
            organization: partner.organization,
            class: partner.class,
            state: partner.state,
            mutual: partner.mutual,
            instance: partner.instance,
            created_at: partner.created_at,
        }
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    partner: Described,
    grants: Vec<Listed>,
    dialect: Dialect,
    private_groups: Private,
}

#[derive(Serialize)]
struct Set {
    host: Host,
    dialect: Dialect,
    private_groups: Private,
}

/// Whether groups that are not public may be opened to a partner, as scripts read it.
#[derive(Serialize)]
struct Private {
    allowed: bool,
    why: String,
}

impl From<Discretion> for Private {
    fn from(discretion: Discretion) -> Self {
        Self {
            allowed: discretion.kept,
            why: discretion.why,
        }
    }
}

/// How a partner's server takes part in groups, as scripts read it.
#[derive(Serialize)]
struct Dialect {
    used: GroupDialect,
    why: String,
    learned: Option<GroupDialect>,
    evidence: Option<Evidence>,
    software: Option<String>,
    chosen: Option<GroupDialect>,
    chosen_by: Option<String>,
}

impl From<PeerDialect> for Dialect {
    fn from(peer: PeerDialect) -> Self {
        let (learned, evidence) = peer.learned.unzip();
        let (used, why) = (peer.dialect(), peer.why());
        let (chosen, chosen_by) = peer.chosen.unzip();
        Self {
            used,
            why,
            learned,
            evidence,
            software: peer.software,
            chosen,
            chosen_by,
        }
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "of public groups it gets {} ({})", self.used, self.why)
    }
}

#[derive(Serialize)]
struct After {
    #[serde(flatten)]
    partner: Described,
    cancelled: usize,
    grants_ended: usize,
    released: usize,
}
