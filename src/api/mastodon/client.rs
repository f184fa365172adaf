//! Who asks, by the token of the client. A handler gets the viewer only by naming the scope that
//! what it does needs.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use crate::api::mastodon::errors::Failure;
use crate::app::App;
use crate::auth::{Bearer, MaybeBearer, Refused};
use crate::domain::{Account, TokenId};
use crate::policy::Viewer;
use crate::services::attachments::Passes;

/// A client that acts for somebody.
pub struct Client(Bearer);

impl Client {
    /// The viewer, if the token is for `scope`.
    pub fn may(&self, scope: &'static str) -> Result<Viewer, Failure> {
        self.0.require(scope)?;
        Ok(self.0.viewer.clone())
    }

    /// The owner of the token, for clients that may know who that is: `profile` is for that alone.
    pub fn account(&self) -> Result<&Account, Failure> {
        if !self.0.scopes.allow("profile") {
            self.0.require("read:accounts")?;
        }
        Ok(&self.0.account)
    }

    pub fn token(&self) -> TokenId {
        self.0.token
    }

    /// Makes the links to files in answers to this client.
    pub async fn passes(&self, app: &App) -> Result<Passes, Failure> {
        Ok(Passes::of(app, Some(self.token())).await?)
    }
}

impl FromRequest for Client {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let found = AnyClient::from_request(request, payload);
        Box::pin(async move { found.await?.0.ok_or(Failure::Refused(Refused::BadToken)) })
    }
}

/// A client that acts for somebody, or for nobody in particular: then it sees what is public.
pub struct AnyClient(Option<Client>);

impl AnyClient {
    pub fn may(&self, scope: &'static str) -> Result<Viewer, Failure> {
        match &self.0 {
            Some(client) => client.may(scope),
            None => Ok(Viewer::Anonymous),
        }
    }

    /// Makes the links to files in answers to this client.
    pub async fn passes(&self, app: &App) -> Result<Passes, Failure> {
        let token = self.0.as_ref().map(Client::token);
        Ok(Passes::of(app, token).await?)
    }
}

impl FromRequest for AnyClient {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bearer = MaybeBearer::from_request(request, payload);
        Box::pin(async move { Ok(Self(bearer.await?.0.map(Client))) })
    }
}
