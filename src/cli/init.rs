//! `guildhall init`: from an empty folder or database to a house that can be served.

use serde_json::json;

use crate::cli::migrate::apply_with_progress;
use crate::cli::password::PasswordOption;
use crate::cli::{Output, open};
use crate::config::Config;
use crate::domain::{EmailAddress, Name, OrgRole};
use crate::error::Result;
use crate::services::accounts::NewAccount;
use crate::services::house;
use crate::wire;

#[derive(clap::Args)]
pub struct Options {
    /// The organization, like "Acme Bridges"
    #[arg(long, value_name = "ORG")]
    name: String,
    /// Name of the first administrator, like `ada`
    #[arg(long, value_name = "NAME")]
    admin: Name,
    /// The administrator's e-mail address
    #[arg(long, value_name = "ADDR")]
    email: EmailAddress,
    #[command(flatten)]
    password: PasswordOption,
}

pub async fn run(config: Config, options: Options, output: Output) -> Result<()> {
    // All that can be wrong with what was typed, before a folder or a database is made.
    let organization = house::check_organization(&options.name)?;
    let chosen = options.password.choose()?;
    let told = chosen.sentence();
    let app = &open(config)?;
    apply_with_progress(app).await?;
    let admin = NewAccount {
        name: options.admin,
        display_name: String::new(),
        email: options.email,
        role: OrgRole::Admin,
        password: chosen.password,
    };
    let account = house::init(app, organization, admin).await?;
    let origin = app.addresses().origin().clone();
    let organization = house::organization(app).await?;
    output.made(
        &json!({
            "organization": organization,
            "public_url": origin,
            "actor": app.addresses().instance(),
            "admin": wire::Account::new(app, &account).with_password(chosen.generated),
        }),
        format_args!(
            "{organization} lives at {origin}. Start it with `guildhall serve`, then sign in as {}.{told}",
            account.actor.name
        ),
    )
}
