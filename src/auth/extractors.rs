//! Handlers' arguments that say who asks.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::future::LocalBoxFuture;

use crate::app::App;
use crate::auth::csrf::app;
use crate::auth::{Refused, cookies};
use crate::domain::{Account, Scopes, TokenId};
use crate::policy::Viewer;
use crate::services::sessions::Session;
use crate::services::{accounts, sessions, tokens};

type Answer<T> = LocalBoxFuture<'static, Result<T, Refused>>;

/// Somebody signed in with a browser. Anybody else is sent to the sign-in page.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub viewer: Viewer,
    pub account: Account,
    pub session: Session,
}

impl FromRequest for SignedIn {
    type Error = Refused;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            find_session(&request)
                .await?
                .ok_or_else(|| Refused::SignInNeeded {
                    next: request.uri().to_string(),
                })
        })
    }
}

/// Somebody signed in with a browser, or anybody.
#[derive(Clone, Debug)]
pub struct MaybeSignedIn(pub Option<SignedIn>);

impl MaybeSignedIn {
    pub fn viewer(&self) -> Viewer {
        self.0
            .as_ref()
            .map_or(Viewer::Anonymous, |signed_in| signed_in.viewer.clone())
    }
}

impl FromRequest for MaybeSignedIn {
    type Error = Refused;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { find_session(&request).await.map(Self) })
    }
}

impl FromRequest for Viewer {
    type Error = Refused;
    type Future = Answer<Self>;

    /// Who looks at a page. Clients with tokens are not meant: theirs have scopes to check.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let browser = MaybeSignedIn::from_request(request, payload);
        Box::pin(async move { Ok(browser.await?.viewer()) })
    }
}

/// What was found for this request, so that several arguments of one handler ask once.
#[derive(Clone)]
struct Found(Option<SignedIn>);

async fn find_session(request: &HttpRequest) -> Result<Option<SignedIn>, Refused> {
    if let Some(Found(known)) = request.extensions().get::<Found>() {
        return Ok(known.clone());
    }
    let found = match cookies::session_secret(request) {
        Some(secret) => find_signed_in(app(request)?, &secret).await?,
        None => None,
    };
    request.extensions_mut().insert(Found(found.clone()));
    Ok(found)
}

async fn find_signed_in(app: &App, secret: &str) -> Result<Option<SignedIn>, Refused> {
    let found = sessions::find(app, secret).await?;
    Ok(found.map(|(session, account)| SignedIn {
        viewer: accounts::viewer_of(&account),
        account,
        session,
    }))
}

/// A client that acts for somebody, by its token.
#[derive(Clone, Debug)]
pub struct Bearer {
    pub viewer: Viewer,
    pub account: Account,
    pub token: TokenId,
    pub scopes: Scopes,
}

impl Bearer {
    /// Refuses what the token is not for: `bearer.require("write:statuses")?`.
    pub fn require(&self, scope: &'static str) -> Result<(), Refused> {
        if self.scopes.allow(scope) {
            Ok(())
        } else {
            Err(Refused::ScopeMissing(scope))
        }
    }
}

impl FromRequest for Bearer {
    type Error = Refused;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bearer = MaybeBearer::from_request(request, payload);
        Box::pin(async move { bearer.await?.0.ok_or(Refused::BadToken) })
    }
}

/// A client that acts for somebody, or one without a token. A token that is not valid is refused
/// all the same: its owner would wonder why nothing is there.
#[derive(Clone, Debug)]
pub struct MaybeBearer(pub Option<Bearer>);

impl Deref for MaybeBearer {
    type Target = Option<Bearer>;

    fn deref(&self) -> &Option<Bearer> {
        &self.0
    }
}

impl FromRequest for MaybeBearer {
    type Error = Refused;
    type Future = Answer<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            match bearer_secret(&request)? {
                Some(secret) => find_bearer(app(&request)?, secret)
                    .await
                    .map(Some)
                    .map(Self),
                None => Ok(Self(None)),
            }
        })
    }
}

/// The token of `Authorization: Bearer TOKEN`. Not from the query: addresses end up in logs.
fn bearer_secret(request: &HttpRequest) -> Result<Option<&str>, Refused> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    let (scheme, secret) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(Refused::BadToken)?;
    if scheme.eq_ignore_ascii_case("Bearer") {
        Ok(Some(secret.trim()))
    } else {
        Err(Refused::BadToken)
    }
}

async fn find_bearer(app: &App, secret: &str) -> Result<Bearer, Refused> {
    let found = tokens::find(app, secret).await?.ok_or(Refused::BadToken)?;
    Ok(Bearer {
        viewer: accounts::viewer_of(&found.account),
        account: found.account,
        token: found.token,
        scopes: found.scopes,
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn tokens_are_read_from_one_header_only() {
        let of = |value: &'static str| {
            TestRequest::get()
                .insert_header((AUTHORIZATION, value))
                .to_http_request()
        };
        assert_eq!(bearer_secret(&of("Bearer abc")).unwrap(), Some("abc"));
        assert_eq!(bearer_secret(&of("bearer abc")).unwrap(), Some("abc"));
        for bad in ["Basic abc", "Bearer", "abc"] {
            assert!(bearer_secret(&of(bad)).is_err(), "{bad}");
        }
        let none = TestRequest::get()
            .uri("/?access_token=abc")
            .to_http_request();
        assert_eq!(bearer_secret(&none).unwrap(), None);
    }
}
