//! `guildhall partner`: partnerships with other organizations' servers.

use std::time::Duration;

use crate::app::App;
use crate::cli::Output;
use crate::domain::{
    DialectChoice, Host, PartnerClass, PrivateGroups, counted_here, parse_duration,
};
use crate::error::{Error, Result};
use crate::federation::partnership;
use crate::policy::Viewer;
use crate::services::partners::{self, Change};
use crate::services::proposals::Decided;
use crate::services::{dialects, grants};
use crate::wire;

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
    /// Say what a partner is to us, or choose how its server takes part in groups
    Set {
        host: Host,
        #[command(flatten)]
        rules: Rules,
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
        Command::Set { host, rules } => set(app, host, rules, output).await,
        Command::Pause { host } => change(app, host, Change::Pause, output).await,
        Command::Resume { host } => resume(app, host, output).await,
        Command::End { host } => change(app, host, Change::End, output).await,
        Command::Block { host } => change(app, host, Change::Block, output).await,
    }
}

async fn invite(app: &App, class: PartnerClass, expires: Duration, output: Output) -> Result<()> {
    let invited = partners::invite(app, Viewer::Operator, class, expires).await?;
    let document = wire::Invitation::from(&invited);
    output.say(format_args!(
        "Send this code to the other organization's administrator. It can be used once, until {} (UTC), \
         with `guildhall partner accept CODE`:",
        invited.expires_at.for_people()
    ));
    output.made(&document, &document.code)
}

async fn accept(app: &App, code: &str, class: PartnerClass, output: Output) -> Result<()> {
    let partner = partnership::accept(app, Viewer::Operator, code, class).await?;
    let sentence = format!("{} ({}) is a partner.", partner.organization, partner.host);
    output.made(&wire::Partner::from(partner), sentence)
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
    output.made(&wire::Partner::from(partner), sentence)
}

async fn list(app: &App, output: Output) -> Result<()> {
    let partners = partners::list(app, Viewer::Operator).await?;
    let described: Vec<wire::Partner> = partners.into_iter().map(wire::Partner::from).collect();
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
    let partner = found.map_err(|error| unknown(error, &host))?;
    let grants = grants::list(app, Viewer::Operator, None, Some(host.clone())).await?;
    let peer = dialects::find(app, Viewer::Operator, host).await?;
    let shown = wire::PartnerDetail::new(partner, &grants, peer);
    let partner = &shown.partner;
    let mut sentence = format!(
        "{} ({}): {}, {}, {}, since {}",
        partner.organization,
        partner.host,
        partner.class,
        partner.standing(),
        partner.agreed(),
        partner.created_at.for_people()
    );
    sentence.push_str(&format!("\n{}", shown.dialect));
    let private = &shown.private_groups;
    let may = if private.allowed { "may" } else { "may not" };
    sentence.push_str(&format!(
        "\ngroups that are not public {may} be opened to it ({})",
        private.why
    ));
    for grant in &shown.grants {
        sentence.push_str(&format!("\n{grant}"));
    }
    output.made(&shown, sentence)
}

/// What is said of a partner's server; at least one of them.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub struct Rules {
    /// What the other organization is to us: partner, supplier or customer
    #[arg(long)]
    class: Option<PartnerClass>,
    /// What it gets of public groups: activities (servers that know groups), boosts (microblog
    /// servers), both, or auto for what was learned of it
    #[arg(long, value_name = "auto|activities|boosts|both")]
    dialect: Option<DialectChoice>,
    /// Whether groups that are not public may be opened to it: auto (where its software is known to keep
    /// them) or trust (whatever its software does)
    #[arg(long, value_name = "auto|trust")]
    private_groups: Option<PrivateGroups>,
}

async fn set(app: &App, host: Host, rules: Rules, output: Output) -> Result<()> {
    let found = partners::find(app, Viewer::Operator, host.clone()).await;
    let mut partner = found.map_err(|error| unknown(error, &host))?;
    let (mut sentence, mut proposed) = (host.to_string(), Vec::new());
    if let Some(class) = rules.class {
        match partners::set_class(app, Viewer::Operator, host.clone(), class).await? {
            Decided::Done(changed) => {
                partner = changed;
                sentence.push_str(&format!(": {class}"));
            }
            Decided::Proposed(proposal) => proposed.push(proposal),
        }
    }
    if let Some(choice) = rules.private_groups {
        let (viewer, host) = (Viewer::Operator, host.clone());
        match dialects::choose_private_groups(app, viewer, host, choice).await? {
            Decided::Done(_) => sentence.push_str(&format!(": {}", choice.meaning())),
            Decided::Proposed(proposal) => proposed.push(proposal),
        }
    }
    let peer = match rules.dialect {
        Some(choice) => dialects::choose(app, Viewer::Operator, host, choice).await?,
        None => dialects::find(app, Viewer::Operator, host).await?,
    };
    let document = wire::PartnerRules::new(partner, peer, proposed);
    for proposal in &document.proposals {
        sentence.push_str(&format!("\n{proposal}"));
    }
    if rules.dialect.is_some() {
        sentence.push_str(&format!(": {}", document.dialect));
    }
    output.made(&document, sentence)
}

async fn change(app: &App, host: Host, change: Change, output: Output) -> Result<()> {
    let changed = partners::change(app, Viewer::Operator, host.clone(), change).await;
    let after = wire::PartnerChanged::from(changed.map_err(|error| unknown(error, &host))?);
    let cancelled = counted_here(after.cancelled, "delivery", "deliveries");
    let ended = counted_here(after.grants_ended, "grant", "grants");
    let sentence = match change {
        Change::Pause => format!("The partnership with {host} is paused; what is queued waits."),
        Change::Resume => goes_on(&host, &after),
        Change::End => {
            format!("The partnership with {host} is over: {cancelled} cancelled, {ended} ended.")
        }
        Change::Block => {
            format!("{host} is blocked: {cancelled} cancelled, {ended} ended.")
        }
    };
    output.made(&after, sentence)
}

async fn resume(app: &App, host: Host, output: Output) -> Result<()> {
    let resumed = partners::resume(app, Viewer::Operator, host.clone()).await;
    match resumed.map_err(|error| unknown(error, &host))? {
        Decided::Done(changed) => {
            let after = wire::PartnerChanged::from(changed);
            output.made(&after, goes_on(&host, &after))
        }
        Decided::Proposed(proposal) => output.proposed(proposal),
    }
}

fn goes_on(host: &Host, after: &wire::PartnerChanged) -> String {
    format!(
        "The partnership with {host} goes on; {} waited.",
        counted_here(after.released, "delivery", "deliveries")
    )
}

/// Says which partner there is not.
fn unknown(error: Error, host: &Host) -> Error {
    match error {
        Error::NotFound => Error::invalid("host", format!("there is no partnership with {host}")),
        other => other,
    }
}
