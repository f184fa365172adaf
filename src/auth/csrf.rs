//! Forms come from our own pages: nobody else's page can make a signed-in browser do something.
//!
//! Two locks. Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`), and what comes
//! from elsewhere is refused before any handler runs. And every form carries a token that is
//! derived from the browser's secret cookie, which other sites can neither read nor guess; the
//! server stores nothing for it.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, ORIGIN};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes, Data, Query};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, ResponseError as _};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::{Parts, Refused, cookies};
use crate::crypto;
use crate::error::Result;

/// What a token is for: a session's secret must not double as anything else's.
const PURPOSE: &str = "guildhall form";

/// The token for the forms on a page.
#[derive(Debug)]
pub struct Csrf {
    token: String,
    fresh_cookie: Option<actix_web::cookie::Cookie<'static>>,
}

impl Csrf {
    /// Goes into the hidden field `csrf`.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// For a browser without any cookie of ours: send this one with the page, or its forms will be
    /// refused.
    pub fn cookie(&self) -> Option<actix_web::cookie::Cookie<'static>> {
        self.fresh_cookie.clone()
    }

    fn of(request: &HttpRequest) -> Result<Self, Refused> {
        if let Some(secret) = cookies::browser_secret(request) {
            return Ok(Self {
                token: crypto::hmac(&secret, PURPOSE)?,
                fresh_cookie: None,
            });
        }
        let secret = crypto::random_secret()?;
        Ok(Self {
            token: crypto::hmac(&secret, PURPOSE)?,
            fresh_cookie: Some(cookies::visitor_cookie(&app(request)?.config, &secret)),
        })
    }
}

impl FromRequest for Csrf {
    type Error = Refused;
    type Future = std::future::Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

/// A form that a page of ours showed to this very browser. Handlers that change something take
/// their fields from here, so none can forget the check.
#[derive(Debug)]
pub struct Form<T>(pub T);

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let secret = cookies::browser_secret(request);
        let is_form = request.content_type() == "application/x-www-form-urlencoded";
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let secret = secret.filter(|_| is_form).ok_or(Refused::ForeignForm)?;
            let body = body
                .await
                .map_err(|error| Refused::BadForm(error.to_string()))?;
            let text = std::str::from_utf8(&body).map_err(|_| Refused::ForeignForm)?;
            check_token(&secret, text)?;
            let fields = Query::<T>::from_query(text)
                .map_err(|error| Refused::BadForm(error.to_string()))?;
            Ok(Self(fields.into_inner()))
        })
    }
}

/// The same, of a form that may have files: sent in parts then. The token has to come before them.
pub struct FormWithFiles<T> {
    pub fields: T,
    /// Every field as it came, for lists, and the files.
    pub parts: Parts,
}

impl<T: DeserializeOwned + 'static> FromRequest for FormWithFiles<T> {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let secret = cookies::browser_secret(&request).ok_or(Refused::ForeignForm)?;
            let parts = match request.content_type() {
                "multipart/form-data" => {
                    let check = |parts: &Parts| check_token(&secret, &as_form(&parts.fields));
                    let payload = web::Payload::from_request(&request, &mut payload);
                    let payload = payload.await.map_err(|error| bad(&error))?;
                    Parts::read(app(&request)?, request.headers(), payload, check).await?
                }
                "application/x-www-form-urlencoded" => {
                    let body = Bytes::from_request(&request, &mut payload).await;
                    let body = body.map_err(|error| bad(&error))?;
                    let text = std::str::from_utf8(&body).map_err(|_| Refused::ForeignForm)?;
                    check_token(&secret, text)?;
                    let fields = url::form_urlencoded::parse(text.as_bytes());
                    Parts {
                        fields: fields.into_owned().collect(),
                        files: Vec::new(),
                    }
                }
                _ => return Err(Refused::ForeignForm),
            };
            let fields = Query::<T>::from_query(&as_form(&parts.fields));
            let fields = fields.map_err(|error| Refused::BadForm(error.to_string()))?;
            Ok(Self {
                fields: fields.into_inner(),
                parts,
            })
        })
    }
}

fn bad(error: &actix_web::Error) -> Refused {
    Refused::BadForm(error.to_string())
}

fn as_form(fields: &[(String, String)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish()
}

fn check_token(secret: &str, form: &str) -> Result<(), Refused> {
    let sent = Query::<Token>::from_query(form).map_err(|_| Refused::ForeignForm)?;
    match crypto::equal(&sent.csrf, &crypto::hmac(secret, PURPOSE)?) {
        true => Ok(()),
        false => Err(Refused::ForeignForm),
    }
}

/// Refuses requests that would change something, carry a cookie of ours, and were started by
/// another site's page.
pub async fn refuse_foreign_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    if cookies::browser_secret(request.request()).is_some() && changes(request.method()) {
        let origin = app(request.request())?.config.public_url.clone();
        if is_foreign(request.headers(), origin.as_str()) {
            let answer = Refused::ForeignForm.error_response();
            return Ok(request.into_response(answer).map_into_right_body());
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// What the browser says about where the request comes from. Programs that are no browsers say
/// nothing; they have to have the token.
fn is_foreign(headers: &HeaderMap, origin: &str) -> bool {
    // `none`: the person did it, from the address bar say.
    match (headers.get("Sec-Fetch-Site"), headers.get(ORIGIN)) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, Some(from)) => from != origin,
        (None, None) => false,
    }
}

pub(super) fn app(request: &HttpRequest) -> Result<&Data<App>, Refused> {
    request.app_data::<Data<App>>().ok_or_else(|| {
        Refused::Failed(crate::error::Error::internal(
            "the server was built without its App",
        ))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const OURS: &str = "https://acme.example";
    const SECRET: &str = "0123456789012345678901234567890123456789abc";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut request = TestRequest::post();
        for pair in pairs {
            request = request.insert_header(*pair);
        }
        request.to_http_request().headers().clone()
    }

    #[test]
    fn a68_what_another_sites_page_starts_is_foreign() {
        for foreign in [
            &[("Sec-Fetch-Site", "cross-site")][..],
            &[("Sec-Fetch-Site", "same-site"), ("Origin", OURS)],
            &[("Origin", "https://evil.example")],
            &[("Origin", "null")],
            &[("Origin", "https://acme.example.evil.example")],
        ] {
            assert!(is_foreign(&headers(foreign), OURS), "{foreign:?}");
        }
        for own in [
            &[("Sec-Fetch-Site", "same-origin"), ("Origin", OURS)][..],
            &[("Sec-Fetch-Site", "none")],
            &[("Origin", OURS)],
            &[],
        ] {
            assert!(!is_foreign(&headers(own), OURS), "{own:?}");
        }
    }

    async fn send(cookie: Option<&str>, kind: &str, body: String) -> Result<(), Refused> {
        #[derive(Debug, Deserialize)]
        struct Fields {
            title: String,
        }
        let mut request = TestRequest::post()
            .insert_header(("Content-Type", kind))
            .set_payload(body);
        if let Some(secret) = cookie {
            request = request.insert_header(("Cookie", format!("guildhall_session={secret}")));
        }
        let (request, mut payload) = request.to_http_parts();
        let form = Form::<Fields>::from_request(&request, &mut payload).await?;
        assert_eq!(form.0.title, "Bridge opens");
        Ok(())
    }

    #[actix_web::test]
    async fn a_form_needs_the_token_of_its_browser() {
        const FORM: &str = "application/x-www-form-urlencoded";
        let token = crypto::hmac(SECRET, PURPOSE).unwrap();
        let body = |token: &str| format!("csrf={token}&title=Bridge+opens");

        assert!(send(Some(SECRET), FORM, body(&token)).await.is_ok());
        let others = SECRET.replace('0', "1");
        for (cookie, kind, body) in [
            (None, FORM, body(&token)),
            (Some(SECRET), FORM, body("")),
            (Some(SECRET), FORM, "title=Bridge+opens".to_owned()),
            (Some(others.as_str()), FORM, body(&token)),
            (Some("short"), FORM, body(&token)),
            (Some(SECRET), "text/plain", body(&token)),
            (Some(SECRET), "application/json", body(&token)),
        ] {
            let refused = send(cookie, kind, body).await.unwrap_err();
            assert!(matches!(refused, Refused::ForeignForm), "{refused:?}");
        }
    }
}
