//! `guildhall token`: access tokens for clients and scripts.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{Scopes, TokenId};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::{accounts, tokens};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a token that acts in somebody's name
    Create {
        /// Name or e-mail address
        user: String,
        /// What it is for, like "read write follow push", "read:statuses" or "admin:read admin:write"
        #[arg(long)]
        scopes: Scopes,
        /// Name of the client, to tell tokens apart
        #[arg(long, value_name = "NAME", default_value = "command line")]
        client: String,
    },
    /// List somebody's tokens; the tokens themselves are not stored and never shown again
    List {
        /// Name or e-mail address
        user: String,
    },
    /// Revoke a token
    Revoke {
        /// Name or e-mail address
        user: String,
        /// Its number in the list
        id: TokenId,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Create {
            user,
            scopes,
            client,
        } => create(app, &user, scopes, &client, output).await,
        Command::List { user } => list(app, &user, output).await,
        Command::Revoke { user, id } => revoke(app, &user, id, output).await,
    }
}

async fn create(app: &App, user: &str, scopes: Scopes, client: &str, output: Output) -> Result<()> {
    let account = accounts::find(app, Viewer::Operator, user).await?;
    let owner = account.actor.id;
    let made = tokens::create(app, Viewer::Operator, owner, client, scopes).await?;
    let document = wire::NewToken::new(made, &account.actor.name);
    output.say("The token is shown this once:");
    output.made(&document, &document.access_token)
}

async fn list(app: &App, user: &str, output: Output) -> Result<()> {
    let account = accounts::find(app, Viewer::Operator, user).await?;
    let tokens = tokens::list(app, Viewer::Operator, account.actor.id).await?;
    let listed: Vec<wire::Token> = tokens.into_iter().map(wire::Token::from).collect();
    output.list(&listed, ["id", "client", "scopes", "made"], |token| {
        [
            token.id.to_string(),
            token.client.clone(),
            token.scope.clone(),
            token.created_at.for_people(),
        ]
    })
}

async fn revoke(app: &App, user: &str, id: TokenId, output: Output) -> Result<()> {
    let account = accounts::find(app, Viewer::Operator, user).await?;
    let name = &account.actor.name;
    let revoked = tokens::revoke(app, Viewer::Operator, account.actor.id, id).await;
    revoked.map_err(|error| match error {
        Error::NotFound => Error::invalid("id", format!("{name} has no token {id}")),
        other => other,
    })?;
    let document = wire::Revoked {
        id,
        user: name.clone(),
        revoked: true,
    };
    output.made(
        &document,
        format_args!("The token {id} of {name} is revoked."),
    )
}
