//! Tokens of the account that asks: nobody administers others' tokens, for that would be acting as them.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, List, Made, Sent};
use crate::app::App;
use crate::domain::{Scopes, TokenId};
use crate::error::Error;
use crate::services::tokens;
use crate::wire::{self, Revoked, Token};

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for; no more than the token that asks is for.
    scopes: Scopes,
    /// Name of the client, to tell tokens apart.
    client: String,
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Token>> {
    let owner = admin.bearer().account.actor.id;
    let tokens = tokens::list(&app, admin.viewer(), owner).await?;
    Ok(tokens.into_iter().map(Token::from).collect())
}

pub async fn create(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewToken>,
) -> Answer<Made<wire::NewToken>> {
    let bearer = admin.bearer();
    if !bearer.scopes.include(&new.scopes) {
        let problem = format!("the token that asks is for {} only", bearer.scopes);
        return Err(Error::invalid("scopes", problem).into());
    }
    let owner = &bearer.account.actor;
    let made = tokens::create(&app, admin.viewer(), owner.id, &new.client, new.scopes).await?;
    Ok(Made(wire::NewToken::new(made, &owner.name)))
}

pub async fn revoke(
    app: Data<App>,
    admin: Administrator,
    At(id): At<TokenId>,
) -> Answer<Json<Revoked>> {
    let owner = &admin.bearer().account.actor;
    tokens::revoke(&app, admin.viewer(), owner.id, id).await?;
    Ok(Json(Revoked {
        id,
        user: owner.name.clone(),
        revoked: true,
    }))
}
