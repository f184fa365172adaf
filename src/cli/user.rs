//! `guildhall user`: accounts of this organization.

use crate::app::App;
use crate::cli::Output;
use crate::cli::password::PasswordOption;
use crate::domain::{Actor, EmailAddress, Name, OrgRole, Uri, counted_here};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::policy::Viewer;
use crate::services::accounts::{self, NewAccount, Use};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an account
    Create(Create),
    /// List all accounts
    List,
    /// Shut somebody out: sessions and tokens end at once
    Disable {
        /// Name or e-mail address
        user: String,
    },
    /// Let somebody in again
    Enable {
        /// Name or e-mail address
        user: String,
    },
    /// Erase somebody for good: account, profile, memberships, and all they wrote, here and elsewhere
    Erase {
        /// Name or e-mail address
        user: String,
        /// Really: it cannot be undone
        #[arg(long)]
        yes: bool,
    },
    /// Say which accounts elsewhere are the same person's, so that their followers can be told to come here
    KnownAs {
        /// Name or e-mail address
        user: String,
        /// Addresses of accounts; none: nothing is said any more
        accounts: Vec<Uri>,
    },
    /// Say that somebody is on another server now: their followers are told. Posts stay
    MoveAway {
        /// Name or e-mail address
        user: String,
        /// Address of the account there, which must name this one as “also known as”
        #[arg(long, value_name = "ADDR", required_unless_present = "cancel")]
        to: Option<Uri>,
        /// Take that back
        #[arg(long, conflicts_with = "to")]
        cancel: bool,
    },
    /// Give somebody a new password: sessions and tokens end at once
    Password {
        /// Name or e-mail address
        user: String,
        #[command(flatten)]
        password: PasswordOption,
    },
}

#[derive(clap::Args)]
pub struct Create {
    /// Letters a-z, digits and _, like `ada`
    name: Name,
    #[arg(long, value_name = "ADDR")]
    email: EmailAddress,
    /// member, manager, compliance, admin or guest
    #[arg(long, default_value = "member")]
    role: OrgRole,
    /// What people see, like "Ada Lovelace"
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    display_name: String,
    #[command(flatten)]
    password: PasswordOption,
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Create(options) => create(app, options, output).await,
        Command::List => list(app, output).await,
        Command::Disable { user } => set_use(app, &user, Use::Disabled, output).await,
        Command::Enable { user } => set_use(app, &user, Use::Enabled, output).await,
        Command::Erase { user, yes } => erase(app, &user, yes, output).await,
        Command::KnownAs { user, accounts } => known_as(app, &user, accounts, output).await,
        Command::MoveAway { user, to, .. } => move_away(app, &user, to, output).await,
        Command::Password { user, password } => reset(app, &user, &password, output).await,
    }
}

async fn create(app: &App, options: Create, output: Output) -> Result<()> {
    let chosen = options.password.choose()?;
    let told = chosen.sentence();
    let new = NewAccount {
        name: options.name,
        display_name: options.display_name,
        email: options.email,
        role: options.role,
        password: chosen.password,
    };
    let account = accounts::create(app, Viewer::Operator, new).await?;
    let person = wire::Account::new(app, &account).with_password(chosen.generated);
    output.made(
        &person,
        format_args!(
            "{} can sign in at {}/sign-in.{told}",
            person.name,
            app.addresses().origin()
        ),
    )
}

async fn list(app: &App, output: Output) -> Result<()> {
    let accounts = accounts::list(app, Viewer::Operator).await?;
    let people: Vec<wire::Account> = accounts
        .iter()
        .map(|one| wire::Account::new(app, one))
        .collect();
    output.list(&people, ["name", "role", "e-mail", "state"], |person| {
        let state = if person.disabled {
            "disabled"
        } else {
            "enabled"
        };
        [
            person.name.clone(),
            person.role.to_string(),
            person.email.clone(),
            state.to_owned(),
        ]
    })
}

async fn set_use(app: &App, user: &str, wanted: Use, output: Output) -> Result<()> {
    let account = accounts::find(app, Viewer::Operator, user).await?;
    let account = accounts::set_use(app, Viewer::Operator, account.actor.id, wanted).await?;
    let person = wire::Account::new(app, &account);
    let sentence = match wanted {
        Use::Enabled => format!("{} can sign in again.", person.name),
        Use::Disabled => format!("{} is shut out.", person.name),
    };
    output.made(&person, sentence)
}

async fn erase(app: &App, user: &str, sure: bool, output: Output) -> Result<()> {
    let account = accounts::find(app, Viewer::Operator, user).await?;
    let name = account.actor.name.clone();
    if !sure {
        return Err(Error::Conflict(format!(
            "nothing was erased: erasing {name}, with everything {name} wrote here and elsewhere, cannot be undone; say it with --yes"
        )));
    }
    let erased = accounts::erase(app, Viewer::Operator, account.actor.id).await?;
    let document = wire::Erased::from(erased);
    let posts = counted_here(document.posts, "post", "posts");
    let mut sentence = format!("{name} is erased, with {posts}.");
    if !document.groups_without_owner.is_empty() {
        sentence += &format!(
            " Nobody owns {} now: `guildhall member add GROUP WHO --role owner` names an owner.",
            document.groups_without_owner.join(", ")
        );
    }
    output.made(&document, sentence)
}

async fn known_as(app: &App, user: &str, named: Vec<Uri>, output: Output) -> Result<()> {
    let person = accounts::find(app, Viewer::Operator, user).await?.actor;
    accounts::set_known_as(app, Viewer::Operator, person.id, named).await?;
    let sentence = format!("{} says so of themselves from now on.", person.name);
    show_ways(app, &person, &sentence, output).await
}

/// `to`: none takes it back.
async fn move_away(app: &App, user: &str, to: Option<Uri>, output: Output) -> Result<()> {
    let person = accounts::find(app, Viewer::Operator, user).await?.actor;
    let sentence = match to {
        Some(target) => {
            let federation = Federation::new(app.clone())?;
            let moved = federation.move_away(Viewer::Operator, person.id, &target);
            moved.await?;
            format!(
                "{} is at {target} now; whoever follows them is told.",
                person.name
            )
        }
        None => {
            accounts::stay(app, Viewer::Operator, person.id).await?;
            format!("{} is here, and nowhere else.", person.name)
        }
    };
    show_ways(app, &person, &sentence, output).await
}

async fn show_ways(app: &App, person: &Actor, sentence: &str, output: Output) -> Result<()> {
    let ways = accounts::ways(app, person.id).await?;
    output.made(&wire::PersonWays::new(person, ways), sentence)
}

async fn reset(app: &App, user: &str, option: &PasswordOption, output: Output) -> Result<()> {
    let account = accounts::find(app, Viewer::Operator, user).await?;
    let chosen = option.choose()?;
    let told = chosen.sentence();
    accounts::reset_password(app, Viewer::Operator, account.actor.id, chosen.password).await?;
    let person = wire::Account::new(app, &account).with_password(chosen.generated);
    output.made(
        &person,
        format_args!("{} has a new password.{told}", person.name),
    )
}
