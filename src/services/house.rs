//! The house itself: how it is founded, what it is called, whether it can be used.

use crate::app::{Addresses, App, Asker};
use crate::config::Config;
use crate::domain::{Account, Actor, AuditAction, Handle, OrgRole};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::accounts::NewAccount;
use crate::services::actors::INSTANCE_NAME;
use crate::services::keys::KeyPair;
use crate::services::{access, accounts, actors, audit, keys};
use crate::storage::settings::{ORGANIZATION, PUBLIC_URL};
use crate::storage::{self, Connection, MigrationStatus};

/// Longest name of an organization, in bytes.
pub const ORGANIZATION_BYTES_MAX: usize = 200;

/// Founds the house: its name, its address for good, the server's own actor, an administrator.
///
/// # Errors
/// [`Error::Conflict`] when it was founded already.
pub async fn init(app: &App, organization: &str, admin: NewAccount) -> Result<Account> {
    let asker = app.asker(Viewer::Operator);
    let permit = access::permit_house(&asker)?;
    let organization = check_organization(organization)?.to_owned();
    app.db.read("refuse_second_init", refuse_second).await?;
    let keys = keys::take(app).await?;
    let admin = accounts::prepare(
        app,
        NewAccount {
            role: OrgRole::Admin,
            ..admin
        },
    )
    .await?;
    let addresses = app.addresses();
    app.db
        .write("init", move |connection| {
            refuse_second(connection)?;
            found(connection, &asker, &addresses, &organization, keys)?;
            accounts::insert(connection, &asker, &permit, admin)
        })
        .await
}

/// The organization's name as it is kept.
///
/// # Errors
/// [`Error::Invalid`] for one that is empty or too long, or has control characters.
pub fn check_organization(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() || text.len() > ORGANIZATION_BYTES_MAX || text.contains(char::is_control) {
        return Err(Error::invalid(
            "name",
            format!("write the organization's name, at most {ORGANIZATION_BYTES_MAX} bytes"),
        ));
    }
    Ok(text)
}

fn refuse_second(connection: &mut Connection) -> Result<()> {
    match storage::settings::find(connection, PUBLIC_URL)? {
        Some(origin) => Err(Error::Conflict(format!(
            "this house is initialized already, as {origin}; `guildhall user create` makes more accounts"
        ))),
        None => Ok(()),
    }
}

fn found(
    connection: &mut Connection,
    asker: &Asker,
    addresses: &Addresses,
    organization: &str,
    keys: KeyPair,
) -> Result<()> {
    storage::settings::save(connection, ORGANIZATION, organization)?;
    storage::settings::save(connection, PUBLIC_URL, addresses.origin().as_str())?;
    let instance = actors::new_instance(organization, addresses);
    actors::insert_local(connection, instance, keys, asker.now)?;
    let action = AuditAction::HouseFounded;
    audit::note(
        connection,
        asker,
        action,
        organization,
        addresses.origin().as_str(),
    )
}

/// Lets somebody use the admin API, or says why not. What they may do there is asked for each act
/// besides.
///
/// # Errors
/// [`Error::Denied`] for everybody who is no administrator.
pub fn admit_to_admin_api(app: &App, viewer: Viewer) -> Result<()> {
    access::permit_house::<act::UseAdminApi>(&app.asker(viewer)).map(drop)
}

/// What the organization is called: by the settings, or else as it was founded.
pub async fn organization(app: &App) -> Result<String> {
    let config = app.config.clone();
    app.db
        .read("find_organization", move |connection| {
            find_organization(connection, &config)
        })
        .await
}

/// The same inside a use case.
pub fn find_organization(connection: &mut Connection, config: &Config) -> Result<String> {
    if let Some(name) = &config.organization_name {
        return Ok(name.clone());
    }
    let founded = storage::settings::find(connection, ORGANIZATION)?;
    Ok(founded.unwrap_or_else(|| config.host().to_string()))
}

/// Whether [`init`] was done.
pub fn is_initialized(connection: &mut Connection) -> Result<bool> {
    Ok(storage::settings::find(connection, PUBLIC_URL)?.is_some())
}

/// The addresses of this house, for what happens in a transaction that was not begun by anybody here.
pub fn addresses(connection: &mut Connection) -> Result<Addresses> {
    let instance = instance_actor(connection)?.uri;
    let origin = instance.as_str().strip_suffix("/actor");
    let origin = origin.ok_or_else(|| Error::internal("the instance actor is not at /actor"))?;
    Ok(Addresses::new(origin.parse()?))
}

/// The server's own actor.
///
/// # Errors
/// [`Error::Unavailable`] before [`init`].
pub fn instance_actor(connection: &mut Connection) -> Result<Actor> {
    let handle = Handle {
        name: INSTANCE_NAME.to_owned(),
        host: None,
    };
    storage::actors::find_by_handle(connection, &handle)?.ok_or_else(not_initialized)
}

fn not_initialized() -> Error {
    Error::Unavailable("this house is not initialized: run `guildhall init` first".into())
}

/// Whether the house was founded, and under the address that the settings have.
///
/// # Errors
/// [`Error::Conflict`] when the addresses differ: every identifier in the database, and in the
/// partners' databases, begins with the first one.
pub async fn check_origin(app: &App) -> Result<bool> {
    let founded = app
        .db
        .read("find_origin", |connection| {
            storage::settings::find(connection, PUBLIC_URL)
        })
        .await?;
    match founded {
        None => Ok(false),
        Some(origin) if origin == app.config.public_url.as_str() => Ok(true),
        Some(origin) => Err(Error::Conflict(format!(
            "public_url is {}, but this house was initialized as {origin} and every identifier in it begins so: set \
             public_url back to {origin}",
            app.config.public_url
        ))),
    }
}

/// Refuses to go on unless the house can be used: migrated, founded, under its own address.
///
/// # Errors
/// A sentence that says what to run first.
pub async fn require_ready(app: &App) -> Result<()> {
    if migrations(app).await?.iter().any(|one| !one.applied) {
        return Err(Error::Unavailable(
            "the database is not prepared: run `guildhall init` first, or `guildhall migrate` after an update".into(),
        ));
    }
    match check_origin(app).await? {
        true => Ok(()),
        false => Err(not_initialized()),
    }
}

/// The migrations and which of them the database has.
///
/// # Errors
/// [`Error::Conflict`] when the database was used by a newer program.
pub async fn migrations(app: &App) -> Result<Vec<MigrationStatus>> {
    app.db
        .maintain("migration_status", storage::migration_status)
        .await
}

/// Whether the database answers and has the schema of this program.
pub async fn is_ready(app: &App) -> Result<bool> {
    app.db
        .read("is_ready", |connection| {
            let migrations = storage::migration_status(connection)?;
            Ok(migrations.iter().all(|migration| migration.applied))
        })
        .await
}
