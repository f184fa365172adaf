//! Signing in and out: the only pages that set a cookie.

use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::auth::{self, Csrf, Form, Refused};
use crate::error::Error;
use crate::services::sessions;
use crate::web::errors::{Answer, Problem, Told};
use crate::web::forms::{Nothing, local_path};
use crate::web::views::{Page, SignInPage};
use crate::web::visit::{Member, Visit};
use crate::web::{answer, see_other};

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct SignIn {
    username: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub async fn ask(visit: Visit, csrf: Csrf, asked: Query<Asked>) -> Answer {
    let next = local_path(&asked.next);
    if visit.signed_in.is_some() {
        return Ok(see_other(next));
    }
    page(&visit, &csrf, "", next, None).await
}

/// `POST /sign-in`
pub async fn enter(
    request: HttpRequest,
    visit: Visit,
    csrf: Csrf,
    Form(form): Form<SignIn>,
) -> Answer {
    let next = local_path(&form.next);
    let told = match auth::sign_in(&request, &form.username, form.password).await {
        Ok(Some(opened)) => {
            let mut answer = see_other(next);
            let cookie = auth::session_cookie(&visit.app.config, &opened.secret);
            answer.add_cookie(&cookie).map_err(Problem::fault)?;
            return Ok(answer);
        }
        Ok(None) => Told::unfit("That user name and password do not belong together."),
        Err(refused) => tell_refused(refused)?,
    };
    page(&visit, &csrf, &form.username, next, Some(told)).await
}

fn tell_refused(refused: Refused) -> Result<Told, Problem> {
    match refused {
        Refused::TooManyAttempts { .. } => Ok(Told {
            status: actix_web::ResponseError::status_code(&refused),
            sentence: refused.to_string(),
        }),
        Refused::Failed(error) => Err(error.into()),
        other => Err(Error::internal(other).into()),
    }
}

async fn page(
    visit: &Visit,
    csrf: &Csrf,
    username: &str,
    next: &str,
    told: Option<Told>,
) -> Answer {
    let page = Page {
        csrf: csrf.token().to_owned(),
        ..visit.page_told("Sign in", told.as_ref()).await?
    };
    let page = SignInPage {
        page,
        username: username.to_owned(),
        next: next.to_owned(),
    };
    let mut answer = answer(&page, told.as_ref())?;
    if let Some(cookie) = csrf.cookie() {
        answer.add_cookie(&cookie).map_err(Problem::fault)?;
    }
    Ok(answer)
}

/// `POST /sign-out`
pub async fn leave(member: Member, _: Form<Nothing>) -> Result<HttpResponse, Problem> {
    sessions::revoke(&member.app, &member.viewer(), member.session).await?;
    let mut answer = see_other("/sign-in");
    let cookie = auth::session_removal(&member.app.config);
    answer.add_cookie(&cookie).map_err(Problem::fault)?;
    Ok(answer)
}
