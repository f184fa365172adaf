//! Accounts of this house. An account is named by its name or e-mail address.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, List, Made, Sent};
use crate::app::App;
use crate::domain::{EmailAddress, Name, OrgRole, Password};
use crate::services::accounts::{self, Use};
use crate::wire::{Account, Erased};

/// Somebody who is going to have an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    name: Name,
    email: EmailAddress,
    password: Password,
    /// Without it: member.
    role: Option<OrgRole>,
    /// What people see; without it, the name serves.
    #[serde(default)]
    display_name: String,
}

/// A password in the place of the one there is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    password: Password,
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Account>> {
    let all = accounts::list(&app, admin.viewer()).await?;
    Ok(all.iter().map(|one| Account::new(&app, one)).collect())
}

pub async fn create(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewAccount>,
) -> Answer<Made<Account>> {
    let new = accounts::NewAccount {
        name: new.name,
        display_name: new.display_name,
        email: new.email,
        role: new.role.unwrap_or(OrgRole::Member),
        password: new.password,
    };
    let account = accounts::create(&app, admin.viewer(), new).await?;
    Ok(Made(Account::new(&app, &account)))
}

pub async fn show(
    app: Data<App>,
    admin: Administrator,
    At(user): At<String>,
) -> Answer<Json<Account>> {
    let account = accounts::find_known(&app, admin.viewer(), &user).await?;
    Ok(Json(Account::new(&app, &account)))
}

pub async fn disable(
    app: Data<App>,
    admin: Administrator,
    At(user): At<String>,
) -> Answer<Json<Account>> {
    set_use(&app, &admin, &user, Use::Disabled).await
}

pub async fn enable(
    app: Data<App>,
    admin: Administrator,
    At(user): At<String>,
) -> Answer<Json<Account>> {
    set_use(&app, &admin, &user, Use::Enabled).await
}

async fn set_use(
    app: &App,
    admin: &Administrator,
    user: &str,
    wanted: Use,
) -> Answer<Json<Account>> {
    let account = accounts::find_known(app, admin.viewer(), user).await?;
    let account = accounts::set_use(app, admin.viewer(), account.actor.id, wanted).await?;
    Ok(Json(Account::new(app, &account)))
}

pub async fn set_password(
    app: Data<App>,
    admin: Administrator,
    At(user): At<String>,
    Sent(new): Sent<NewPassword>,
) -> Answer<Json<Account>> {
    let account = accounts::find_known(&app, admin.viewer(), &user).await?;
    let viewer = admin.viewer();
    accounts::reset_password(&app, viewer, account.actor.id, new.password).await?;
    Ok(Json(Account::new(&app, &account)))
}

pub async fn erase(
    app: Data<App>,
    admin: Administrator,
    At(user): At<String>,
) -> Answer<Json<Erased>> {
    let account = accounts::find_known(&app, admin.viewer(), &user).await?;
    let erased = accounts::erase(&app, admin.viewer(), account.actor.id).await?;
    Ok(Json(erased.into()))
}
