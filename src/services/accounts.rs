//! People of this organization: their accounts, passwords and whether they may sign in.

mod erase;
mod ways;

pub use erase::{Erased, erase};
pub use ways::{find_former, find_mover, move_away, set_known_as, stay, ways};

use std::collections::HashSet;

use crate::app::{App, Asker};
use crate::domain::{
    Account, Actor, ActorId, ActorKind, ActorState, AuditAction, EmailAddress, EventKind, Host,
    Name, OrgRole, Password, SessionId, Uri, markup,
};
use crate::error::{Error, Result};
use crate::policy::{Permit, Reason, Viewer, act};
use crate::services::keys::KeyPair;
use crate::services::{access, actors, audit, keys, outbound_rules, passwords};
use crate::storage::actors::NewActor;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Longest display name, in characters.
pub const DISPLAY_NAME_CHARS_MAX: usize = 100;

/// Longest text about oneself, in characters of Markdown.
pub const BIO_CHARS_MAX: usize = 2_000;

/// Somebody who is going to have an account.
pub struct NewAccount {
    pub name: Name,
    /// Empty: the name serves.
    pub display_name: String,
    pub email: EmailAddress,
    pub role: OrgRole,
    pub password: Password,
}

/// Makes an account.
///
/// # Errors
/// [`Error::Conflict`] when the name or the e-mail address is taken.
pub async fn create(app: &App, viewer: Viewer, new: NewAccount) -> Result<Account> {
    let asker = app.asker(viewer);
    let permit = access::permit_house(&asker)?;
    let prepared = prepare(app, new).await?;
    app.db
        .write("create_account", move |connection| {
            insert(connection, &asker, &permit, prepared)
        })
        .await
}

/// A new account with what takes long to make: its key and its password's hash.
pub(super) struct Prepared {
    actor: NewActor,
    keys: KeyPair,
    email: EmailAddress,
    role: OrgRole,
    password_hash: String,
}

pub(super) async fn prepare(app: &App, new: NewAccount) -> Result<Prepared> {
    let display_name = check_display_name(&new.display_name)?;
    let addresses = app.addresses();
    Ok(Prepared {
        actor: actors::new_local_actor(ActorKind::Person, &new.name, display_name, &addresses),
        keys: keys::take(app).await?,
        email: new.email,
        role: new.role,
        password_hash: passwords::hash(new.password).await?,
    })
}

fn check_display_name(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.chars().count() > DISPLAY_NAME_CHARS_MAX || text.contains(char::is_control) {
        return Err(Error::invalid(
            "display name",
            format!("write at most {DISPLAY_NAME_CHARS_MAX} characters on one line"),
        ));
    }
    Ok(text)
}

pub(super) fn insert(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::ManageAccounts>,
    new: Prepared,
) -> Result<Account> {
    if storage::accounts::find_by_email(connection, new.email.as_str())?.is_some() {
        return Err(Error::Conflict(format!(
            "the e-mail address {} belongs to another account",
            new.email.as_str()
        )));
    }
    let actor = actors::insert_local(connection, new.actor, new.keys, asker.now)?;
    let hash = Some(new.password_hash.as_str());
    let account = storage::accounts::insert(
        connection, permit, actor, new.email, new.role, hash, asker.now,
    )?;
    audit::note(
        connection,
        asker,
        AuditAction::AccountCreated,
        &account.actor.name,
        account.role.as_str(),
    )?;
    Ok(account)
}

/// All accounts by name, for administrators.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<Account>> {
    access::permit_house::<act::ManageAccounts>(&app.asker(viewer))?;
    app.db.read("list_accounts", storage::accounts::list).await
}

/// The account that somebody at the machine or an administrator names, by name or e-mail address.
///
/// # Errors
/// [`Error::Invalid`] when there is none.
pub async fn find(app: &App, viewer: Viewer, login: &str) -> Result<Account> {
    access::permit_house::<act::ManageAccounts>(&app.asker(viewer))?;
    let login = login.to_owned();
    app.db
        .read("find_account", move |connection| {
            find_by_login(connection, &login)?.ok_or_else(|| {
                Error::invalid("user", format!("there is no account named {login:?}"))
            })
        })
        .await
}

/// The same for an address that names one.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find_known(app: &App, viewer: Viewer, login: &str) -> Result<Account> {
    let found = find(app, viewer, login).await;
    found.map_err(|error| match error {
        Error::Invalid { .. } => Error::NotFound,
        other => other,
    })
}

/// Who asked for an errand, as they are now; none: the operator.
///
/// # Errors
/// [`Error::NotFound`] when the account is gone or disabled since.
pub async fn find_viewer(app: &App, actor: Option<ActorId>) -> Result<Viewer> {
    let Some(actor) = actor else {
        return Ok(Viewer::Operator);
    };
    let account = app
        .db
        .read("find_viewer", move |connection| {
            storage::accounts::find(connection, actor)
        })
        .await?;
    let account = account.filter(|account| !account.disabled);
    account.as_ref().map(viewer_of).ok_or(Error::NotFound)
}

/// The account that is to own something: the one that is named, or the first administrator.
pub async fn find_owner(app: &App, viewer: Viewer, login: Option<&str>) -> Result<Account> {
    if let Some(login) = login {
        return find(app, viewer, login).await;
    }
    let mut accounts = list(app, viewer).await?;
    accounts.retain(|account| account.role == OrgRole::Admin && !account.disabled);
    accounts.sort_by_key(|account| account.actor.id);
    accounts
        .into_iter()
        .next()
        .ok_or_else(|| Error::invalid("owner", "is missing: name an account"))
}

fn find_by_login(connection: &mut Connection, login: &str) -> Result<Option<Account>> {
    let login = login.trim();
    let name = login.strip_prefix('@').unwrap_or(login);
    if name.contains('@') {
        storage::accounts::find_by_email(connection, name)
    } else {
        storage::accounts::find_by_name(connection, &name.to_ascii_lowercase())
    }
}

/// A person of this organization as colleagues see each other, by name.
///
/// # Errors
/// [`Error::NotFound`] when there is none, and for everybody who is not a colleague.
pub async fn find_colleague(app: &App, viewer: Viewer, name: &str) -> Result<Actor> {
    if !viewer.is_colleague() {
        return Err(Error::NotFound);
    }
    let name = name.to_ascii_lowercase();
    let account = app.db.read("find_colleague", move |connection| {
        storage::accounts::find_by_name(connection, &name)
    });
    let account = account.await?.filter(is_usable).ok_or(Error::NotFound)?;
    Ok(account.actor)
}

/// Which of these people are guests: outside persons with an account here, who are marked wherever
/// they are shown. Asked of people the viewer is shown anyway.
pub async fn guests_among(
    app: &App,
    people: impl IntoIterator<Item = ActorId>,
) -> Result<HashSet<ActorId>> {
    let people: Vec<ActorId> = people.into_iter().collect();
    if people.is_empty() {
        return Ok(HashSet::new());
    }
    let guests = app.db.read("guests_among", move |connection| {
        storage::accounts::list_guests(connection, &people)
    });
    Ok(guests.await?.into_iter().collect())
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Enabled,
    Disabled,
}

/// Changes what others see of oneself: the name (empty: the handle's serves) and a text in Markdown.
/// Partners who share a group are told.
///
/// # Errors
/// [`Error::Invalid`] for texts that are too long, [`Error::Denied`] for who has no account here.
pub async fn update_profile(
    app: &App,
    viewer: Viewer,
    display_name: String,
    bio: String,
) -> Result<Actor> {
    let asker = app.asker(viewer.clone());
    let display_name = check_display_name(&display_name)?.to_owned();
    if bio.chars().count() > BIO_CHARS_MAX {
        let problem = format!("is longer than {BIO_CHARS_MAX} characters");
        return Err(Error::invalid("bio", problem));
    }
    let summary = markup::render_markdown(&bio).into_string();
    let updated = app
        .db
        .write("update_profile", move |connection| {
            let own = match asker.viewer {
                Viewer::Member { actor, .. } => actor,
                _ => return Err(Error::Denied(Reason::SignInNeeded)),
            };
            outbound_rules::check_person(connection, &display_name, &bio)?;
            storage::actors::set_profile(connection, own, &display_name, &summary)?;
            tell(connection, &asker, EventKind::PersonUpdated, own, None)?;
            let actor = storage::actors::find(connection, own)?.ok_or(Error::NotFound)?;
            audit::note(
                connection,
                &asker,
                AuditAction::ProfileUpdated,
                &actor.name,
                "",
            )?;
            Ok(actor)
        })
        .await;
    let actor = outbound_rules::noted(app, &viewer, updated).await?;
    app.bells.events.notify_one();
    Ok(actor)
}

/// Tells the servers that knew somebody, each with an inbox, that they are gone for good: the last that
/// is said in their name.
fn tell_gone(
    connection: &mut Connection,
    asker: &Asker,
    person: ActorId,
    acquainted: &[(Host, Uri)],
) -> Result<()> {
    let lines: Vec<String> = acquainted
        .iter()
        .map(|(host, inbox)| format!("{host} {inbox}"))
        .collect();
    let kind = EventKind::PersonDeleted;
    tell(connection, asker, kind, person, Some(lines.join("\n")))
}

fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    person: ActorId,
    activity: Option<String>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: person,
        group: None,
        post: None,
        object: None,
        activity,
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Reads what [`tell_gone`] wrote down: servers with an inbox.
pub(super) fn read_acquainted(lines: &str) -> Result<Vec<(Host, Uri)>> {
    let read = |line: &str| {
        let (host, inbox) = line
            .split_once(' ')
            .ok_or_else(|| Error::internal("a server without an inbox"))?;
        Ok((host.parse()?, inbox.parse()?))
    };
    lines.lines().map(read).collect()
}

/// The servers that know somebody of ours and may read their profile now, with an inbox.
pub(super) fn list_acquainted(
    connection: &mut Connection,
    asker: &Asker,
    person: ActorId,
) -> Result<Vec<(Host, Uri)>> {
    let Some(account) = storage::accounts::find(connection, person)? else {
        return Ok(Vec::new());
    };
    let mut acquainted = storage::actors::list_acquainted_hosts(connection, person)?;
    let mut allowed = Vec::with_capacity(acquainted.len());
    for (host, inbox) in acquainted.drain(..) {
        let server = Asker {
            viewer: Viewer::Server { host: host.clone() },
            ..asker.clone()
        };
        match access::permit_person(connection, &server, Some(account.clone())) {
            Ok(_) => allowed.push((host, inbox)),
            Err(Error::NotFound | Error::Denied(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(allowed)
}

/// Shuts an account out, at once and everywhere, or lets it in again.
///
/// Sessions and tokens end in the same transaction; they do not come back.
///
/// # Errors
/// [`Error::Conflict`] for the last administrator: nobody could undo it.
pub async fn set_use(app: &App, viewer: Viewer, actor: ActorId, wanted: Use) -> Result<Account> {
    let asker = app.asker(viewer);
    let permit = access::permit_house(&asker)?;
    app.db
        .write("set_account_use", move |connection| {
            let account = storage::accounts::find(connection, actor)?.ok_or(Error::NotFound)?;
            match wanted {
                Use::Enabled => enable(connection, &asker, &permit, &account)?,
                Use::Disabled => disable(connection, &asker, &permit, &account)?,
            }
            Ok(Account {
                disabled: wanted == Use::Disabled,
                ..account
            })
        })
        .await
}

fn enable(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::ManageAccounts>,
    account: &Account,
) -> Result<()> {
    if !account.disabled {
        return Ok(());
    }
    storage::accounts::set_disabled(connection, permit, account.actor.id, None)?;
    let action = AuditAction::AccountEnabled;
    audit::note(connection, asker, action, &account.actor.name, "")
}

fn disable(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::ManageAccounts>,
    account: &Account,
) -> Result<()> {
    if account.disabled {
        return Ok(());
    }
    refuse_last_administrator(connection, account)?;
    storage::accounts::set_disabled(connection, permit, account.actor.id, Some(asker.now))?;
    sign_out_everywhere(connection, asker, account.actor.id, None)?;
    let action = AuditAction::AccountDisabled;
    audit::note(connection, asker, action, &account.actor.name, "")
}

fn refuse_last_administrator(connection: &mut Connection, account: &Account) -> Result<()> {
    if storage::accounts::lock_administrators(connection)? == [account.actor.id] {
        return Err(Error::Conflict(format!(
            "{} is the only administrator who can sign in: make another one first",
            account.actor.name
        )));
    }
    Ok(())
}

/// Ends all sessions but perhaps one and revokes all tokens.
fn sign_out_everywhere(
    connection: &mut Connection,
    asker: &Asker,
    actor: ActorId,
    except: Option<SessionId>,
) -> Result<()> {
    storage::sessions::remove_all(connection, actor, except)?;
    storage::tokens::revoke_all(connection, actor, asker.now)
}

/// Changes one's own password. Every other session and every token ends: whoever knew the old one
/// is out.
///
/// # Errors
/// [`Error::Invalid`] when `current` is not the password.
pub async fn change_password(
    app: &App,
    viewer: Viewer,
    current: String,
    new: Password,
    keep: Option<SessionId>,
) -> Result<()> {
    let asker = app.asker(viewer);
    let actor = asker.viewer.actor().ok_or(Error::NotFound)?;
    let hash = app
        .db
        .read("find_password", move |connection| {
            storage::accounts::find_password_hash(connection, actor)
        })
        .await?;
    if !passwords::verify(current, hash).await? {
        return Err(Error::invalid(
            "current password",
            "is not right; nothing was changed",
        ));
    }
    replace_password(app, asker, actor, new, keep).await
}

/// Gives somebody who lost theirs a new password. Every session and token ends.
pub async fn reset_password(
    app: &App,
    viewer: Viewer,
    actor: ActorId,
    new: Password,
) -> Result<()> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManageAccounts>(&asker)?;
    replace_password(app, asker, actor, new, None).await
}

async fn replace_password(
    app: &App,
    asker: Asker,
    actor: ActorId,
    new: Password,
    keep: Option<SessionId>,
) -> Result<()> {
    let hash = passwords::hash(new).await?;
    app.db
        .write("replace_password", move |connection| {
            let account = storage::accounts::find(connection, actor)?.ok_or(Error::NotFound)?;
            storage::accounts::set_password_hash(connection, actor, &hash)?;
            sign_out_everywhere(connection, &asker, actor, keep)?;
            let action = AuditAction::PasswordChanged;
            audit::note(connection, &asker, action, &account.actor.name, "")
        })
        .await
}

/// The account that name (or e-mail address) and password belong to; none without saying which of
/// them is wrong. Takes the same time for names that exist and names that do not.
pub async fn sign_in(app: &App, login: &str, password: String) -> Result<Option<Account>> {
    let login = login.to_owned();
    let (account, hash) = app
        .db
        .read("find_credentials", move |connection| {
            let account = find_by_login(connection, &login)?.filter(is_usable);
            let hash = match &account {
                Some(account) => {
                    storage::accounts::find_password_hash(connection, account.actor.id)?
                }
                None => None,
            };
            Ok((account, hash))
        })
        .await?;
    let right = passwords::verify(password, hash).await?;
    Ok(account.filter(|_| right))
}

/// Whether somebody may sign in: neither disabled nor suspended.
pub(super) fn is_usable(account: &Account) -> bool {
    !account.disabled && account.actor.state == ActorState::Active
}

/// The viewer that an account's owner is; nobody while the account is shut out.
pub fn viewer_of(account: &Account) -> Viewer {
    if is_usable(account) {
        Viewer::Member {
            actor: account.actor.id,
            role: account.role,
        }
    } else {
        Viewer::Anonymous
    }
}
