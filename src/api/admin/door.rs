//! The one door: a token that is for administration, held by somebody whom policy lets in. It is asked
//! before anything else of the request is looked at, so nobody else learns what is behind it.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, ResponseError as _};
use futures_util::future::{Ready, ready};

use crate::api::admin::errors::Failure;
use crate::app::App;
use crate::auth::{Bearer, Refused};
use crate::error::Error;
use crate::policy::Viewer;
use crate::services::house;

/// What a token must be for to look, and to change anything.
pub const READ: &str = "admin:read";
pub const WRITE: &str = "admin:write";

/// Somebody who was let in.
#[derive(Clone)]
pub struct Administrator(Bearer);

impl Administrator {
    pub fn viewer(&self) -> Viewer {
        self.0.viewer.clone()
    }

    pub fn bearer(&self) -> &Bearer {
        &self.0
    }
}

/// The scope that a request needs. Cookies do not count here, so no page of anybody's can send one.
pub fn scope_for(method: &Method) -> &'static str {
    match *method {
        Method::GET | Method::HEAD => READ,
        _ => WRITE,
    }
}

/// Lets a request in, or answers why not.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    match find(request.request()).await {
        Ok(administrator) => {
            request.extensions_mut().insert(administrator);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(failure) => {
            let answer = failure.error_response();
            Ok(request.into_response(answer).map_into_right_body())
        }
    }
}

async fn find(request: &HttpRequest) -> Result<Administrator, Failure> {
    let app = request.app_data::<Data<App>>();
    let app = app.ok_or_else(|| Error::internal("the server was built without its App"))?;
    let bearer = Bearer::from_request(request, &mut Payload::None).await?;
    bearer.require(scope_for(request.method()))?;
    house::admit_to_admin_api(app, bearer.viewer.clone())?;
    Ok(Administrator(bearer))
}

impl FromRequest for Administrator {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        ready(known.ok_or(Failure::Refused(Refused::BadToken)))
    }
}
