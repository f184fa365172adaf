//! `guildhall partner`: partnerships with other organizations' servers.

use std::time::Duration;

use crate::app::App;
use crate::cli::Output;
use crate::domain::{
    ConfirmEvery, Copies, DialectChoice, GrantEnd, Host, OurSide, PartnerClass, PrivateGroups,
    Terms, TermsChange, counted_here, parse_duration,
};
use crate::error::{Error, Result};
use crate::federation::{Federation, partner_views, partnership, probe};
use crate::policy::Viewer;
use crate::services::partners::{self, Change, pins, terms};
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
        #[command(flatten)]
        ours: Ours,
    },
    /// Use the code that another organization sent; our server must be running
    Accept {
        code: String,
        /// What the other organization is to us: partner, supplier or customer
        #[arg(long, default_value = "partner")]
        class: PartnerClass,
        #[command(flatten)]
        ours: Ours,
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
        /// Do not ask it first what it is like: nothing is known of it then
        #[arg(long)]
        without_probe: bool,
        #[command(flatten)]
        ours: Ours,
    },
    /// Find out what a server is like, before something is shared with it: nothing is sent but questions
    Probe { host: Host },
    /// List all partners
    List,
    /// Show one partner and what is open to it
    Show { host: Host },
    /// What went both ways in the last 30 days, how long it took, and what was answered
    Traffic { host: Host },
    /// Ask a partner's house how it sees deliveries to and from us; its server must be running, and ours
    View { host: Host },
    /// Say that a partnership is still needed
    Confirm { host: Host },
    /// Pin the key that a partner's server shows instead of the pinned one, after comparing its fingerprint with
    /// the other organization by telephone
    TrustKey {
        host: Host,
        /// As the other organization reads it out (`guildhall keys show` there); spaces and colons do not matter
        fingerprint: String,
    },
    /// Say what a partner is to us and what the partnership is for, or choose how its server takes part in
    /// groups
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
    /// cancelled, and it is asked to throw away what it got
    End {
        host: Host,
        /// Leave it what it got
        #[arg(long)]
        leave_copies: bool,
    },
    /// Refuse a server altogether
    Block { host: Host },
}

/// What is not known of a server that nobody asked.
const NOT_PROBED: &str = "It was not asked what it is like: whether it keeps what is not public, follows edits and \
                          deletes what is taken back is not known. `guildhall partner probe` finds out.";

/// Our side of a partnership that begins; the other side is told.
#[derive(clap::Args)]
pub struct Ours {
    /// What the partnership is for
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// Whom to call about it
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// When it ends by itself: a date, the first day on which it is over
    #[arg(long, value_name = "DATE")]
    until: Option<GrantEnd>,
    /// Every how many months it has to be confirmed, or it is paused: a number, never, or house for what the
    /// settings say
    #[arg(long, value_name = "MONTHS")]
    confirm: Option<ConfirmEvery>,
}

impl Ours {
    fn side(self, class: PartnerClass) -> Result<OurSide> {
        let terms = TermsChange {
            purpose: self.purpose,
            contact: self.contact,
            until: self.until,
            confirm: self.confirm,
        };
        Ok(OurSide {
            class,
            confirm: terms.confirm.unwrap_or_default(),
            terms: terms.applied_to(&Terms::default())?,
        })
    }
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Invite {
            class,
            expires,
            ours,
        } => invite(app, ours.side(class)?, expires, output).await,
        Command::Accept { code, class, ours } => {
            accept(app, &code, ours.side(class)?, output).await
        }
        Command::Add {
            host,
            class,
            private_groups,
            without_probe,
            ours,
        } => {
            let ours = ours.side(class)?;
            if without_probe {
                output.say(NOT_PROBED);
            } else {
                let found = probe::probe(app, Viewer::Operator, host.clone()).await?;
                output.say(wire::Probe::from(found));
            }
            add(app, host, ours, private_groups, output).await
        }
        Command::Probe { host } => {
            let found = probe::probe(app, Viewer::Operator, host).await?;
            let found = wire::Probe::from(found);
            output.made(&found, &found)
        }
        Command::List => list(app, output).await,
        Command::Show { host } => show(app, host, output).await,
        Command::Traffic { host } => traffic(app, host, output).await,
        Command::View { host } => view(app, host, output).await,
        Command::Confirm { host } => confirm(app, host, output).await,
        Command::TrustKey { host, fingerprint } => trust_key(app, host, &fingerprint, output).await,
        Command::Set { host, rules } => set(app, host, rules, output).await,
        Command::Pause { host } => change(app, host, Change::Pause, Copies::Left, output).await,
        Command::Resume { host } => resume(app, host, output).await,
        Command::End { host, leave_copies } => {
            let copies = match leave_copies {
                true => Copies::Left,
                false => Copies::AskedBack,
            };
            change(app, host, Change::End, copies, output).await
        }
        Command::Block { host } => change(app, host, Change::Block, Copies::Left, output).await,
    }
}

async fn invite(app: &App, ours: OurSide, expires: Duration, output: Output) -> Result<()> {
    let invited = partners::invite(app, Viewer::Operator, ours, expires).await?;
    let document = wire::Invitation::from(&invited);
    output.say(format_args!(
        "Send this code to the other organization's administrator. It can be used once, until {} (UTC), \
         with `guildhall partner accept CODE`:",
        invited.expires_at.for_people()
    ));
    if let Some(proposal) = &document.proposal {
        output.say(format_args!("It is of no use yet. {proposal}"));
    }
    output.made(&document, &document.code)
}

async fn accept(app: &App, code: &str, ours: OurSide, output: Output) -> Result<()> {
    if partners::refuse_alone(app).is_err() {
        let decided = partners::accept_later(app, Viewer::Operator, code, ours).await?;
        return match decided.proposed() {
            Some(proposal) => output.proposed(proposal),
            None => Err(Error::internal("nobody had to agree")),
        };
    }
    let partner = partnership::accept(app, Viewer::Operator, code, ours).await?;
    let sentence = format!("{} ({}) is a partner.", partner.organization, partner.host);
    output.made(&wire::Partner::from(partner), sentence)
}

async fn add(
    app: &App,
    host: Host,
    ours: OurSide,
    private_groups: PrivateGroups,
    output: Output,
) -> Result<()> {
    let added = partners::add(app, Viewer::Operator, host, ours, private_groups).await?;
    let partner = match added {
        Decided::Done(partner) => partner,
        Decided::Proposed(proposal) => return output.proposed(proposal),
    };
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
    let particulars = partners::particulars(app, Viewer::Operator, &partner).await?;
    let shown = wire::PartnerDetail::new(partner, &grants, peer, particulars);
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
    sentence.push_str(&format!("\nour side: {}", partner.ours));
    if partner.mutual {
        sentence.push_str(&format!("\ntheir side: {}", partner.theirs));
    }
    if let Some(key) = &shown.pinned_key {
        sentence.push_str(&format!("\npinned key: {key}"));
    }
    if let Some(key) = &shown.offered_key {
        let (shown, seen_at) = (&key.fingerprint, key.seen_at.for_people());
        sentence.push_str(&format!("\nits server shows: {shown} (since {seen_at})"));
    }
    if let Some(concern) = &shown.concern {
        sentence.push_str(&format!("\n{concern}"));
    }
    for grant in &shown.grants {
        sentence.push_str(&format!("\n{grant}"));
    }
    output.made(&shown, sentence)
}

async fn traffic(app: &App, host: Host, output: Output) -> Result<()> {
    let found = partners::view::look(app, Viewer::Operator, host.clone()).await;
    let overview = found.map_err(|error| unknown(error, &host))?;
    let shown = wire::PartnerTraffic::new(host, overview);
    let sum = |count: fn(&wire::PartnerDay) -> u64| shown.days.iter().map(count).sum::<u64>();
    let sentence = format!(
        "{}: {} texts sent and {} received in {} days; {} of {} topics of theirs answered by ours, {} of {} of \
         ours by theirs; {} people of theirs in groups of ours, {} of ours in groups of theirs",
        shown.host,
        sum(|day| day.sent),
        sum(|day| day.received),
        shown.days.len(),
        shown.their_topics_answered,
        shown.their_topics,
        shown.our_topics_answered,
        shown.our_topics,
        shown.their_people,
        shown.our_people,
    );
    output.made(&shown, sentence)
}

async fn view(app: &App, host: Host, output: Output) -> Result<()> {
    let federation = Federation::new(app.clone())?;
    let asked = partner_views::ask(&federation, Viewer::Operator, host.clone()).await;
    let told = asked.map_err(|error| unknown(error, &host))?;
    let shown = wire::PartnerView::new(host, app.clock.now(), told);
    let state = match shown.state.as_str() {
        "" => "nothing was sent yet",
        state => state,
    };
    let sentence = format!(
        "{} says that sending to us is {state}; {} wait there",
        shown.host, shown.waiting
    );
    output.made(&shown, sentence)
}

async fn confirm(app: &App, host: Host, output: Output) -> Result<()> {
    let confirmed = terms::confirm(app, Viewer::Operator, host.clone()).await;
    let partner = confirmed.map_err(|error| unknown(error, &host))?;
    let sentence = format!("The partnership with {host} is confirmed.");
    output.made(&wire::Partner::from(partner), sentence)
}

async fn trust_key(app: &App, host: Host, fingerprint: &str, output: Output) -> Result<()> {
    let trusted = pins::trust(app, Viewer::Operator, host.clone(), fingerprint).await;
    match trusted.map_err(|error| unknown(error, &host))? {
        Decided::Proposed(proposal) => output.proposed(proposal),
        Decided::Done(partner) => {
            let sentence = format!("The new key of {host} is pinned, and the partnership goes on.");
            output.made(&wire::Partner::from(partner), sentence)
        }
    }
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
    /// What the partnership is for; they are told
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// Whom to call about it; they are told
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// When our side of it ends by itself: never, or a date, the first day on which it is over
    #[arg(long, value_name = "DATE")]
    until: Option<GrantEnd>,
    /// Every how many months it has to be confirmed, or it is paused: a number, never, or house for what the
    /// settings say
    #[arg(long, value_name = "MONTHS")]
    confirm: Option<ConfirmEvery>,
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
    let terms = TermsChange {
        purpose: rules.purpose,
        contact: rules.contact,
        until: rules.until,
        confirm: rules.confirm,
    };
    if !terms.is_empty() {
        match terms::set_terms(app, Viewer::Operator, host.clone(), terms).await? {
            Decided::Done(changed) => {
                partner = changed;
                let ours = wire::PartnerTerms::from(partner.ours.clone());
                sentence.push_str(&format!(": {ours}"));
            }
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

async fn change(
    app: &App,
    host: Host,
    change: Change,
    copies: Copies,
    output: Output,
) -> Result<()> {
    let viewer = Viewer::Operator;
    let changed = partners::change_leaving(app, viewer, host.clone(), change, copies).await;
    let after = wire::PartnerChanged::from(changed.map_err(|error| unknown(error, &host))?);
    let cancelled = counted_here(after.cancelled, "delivery", "deliveries");
    let ended = counted_here(after.grants_ended, "grant", "grants");
    let asked = counted_here(after.asked_back, "post", "posts");
    let sentence = match change {
        Change::Pause => format!("The partnership with {host} is paused; what is queued waits."),
        Change::Resume => goes_on(&host, &after),
        Change::End => {
            format!(
                "The partnership with {host} is over: {cancelled} cancelled, {ended} ended, {asked} asked back."
            )
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
