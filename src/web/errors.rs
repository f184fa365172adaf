//! What goes wrong becomes a page with one sentence, here and nowhere else.
//!
//! The page for what does not exist is the same for everybody and every address, byte for byte:
//! something hidden is answered by it too.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::ContentType;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use askama::Template as _;

use crate::app::App;
use crate::auth::Refused;
use crate::domain::{Invalid, Unfit};
use crate::error::Error;
use crate::policy::Reason;
use crate::web::views::{ErrorPage, Page};
use crate::web::visit::House;

/// What handlers answer with.
pub type Answer = Result<HttpResponse, Problem>;

/// Something that went wrong, on its way to become a page.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Problem(#[from] Error);

impl Problem {
    pub fn fault(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Error::internal(source))
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self(invalid.into())
    }
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self(Error::Denied(reason))
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    /// Without a body: [`into_pages`] knows the house and adds the page.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// What a person is told, with the status for programs.
#[derive(Clone, Debug)]
pub struct Told {
    pub status: StatusCode,
    pub sentence: String,
}

impl Told {
    fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
        }
    }

    /// A sentence above a form that has to be filled in differently.
    pub fn unfit(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence)
    }
}

/// What to write above a form that is shown again because of this.
///
/// # Errors
/// What no change of the form would help against.
pub fn tell(problem: impl Into<Problem>) -> Result<Told, Problem> {
    let problem = problem.into();
    match &problem.0 {
        Error::NotFound | Error::Internal(_) => Err(problem),
        Error::Denied(_)
        | Error::Invalid { .. }
        | Error::Refused(_)
        | Error::Unfit(_)
        | Error::Conflict(_)
        | Error::Unavailable(_) => Ok(Told::new(status(&problem.0), sentence(&problem.0))),
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Denied(Reason::SignInNeeded) => StatusCode::UNAUTHORIZED,
        Error::Denied(_) => StatusCode::FORBIDDEN,
        Error::Unfit(Unfit::Kind(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::Unfit(Unfit::Bytes { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Invalid { .. } | Error::Refused(_) | Error::Unfit(Unfit::Picture(_)) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn sentence(error: &Error) -> String {
    match error {
        Error::NotFound => String::new(),
        Error::Denied(reason) => reason.sentence().to_owned(),
        Error::Invalid { field, problem } => as_sentence(&quoted(&about(field, problem))),
        Error::Refused(_) => as_sentence(&error.to_string()),
        Error::Unfit(unfit) => as_sentence(&unfit.to_string()),
        Error::Conflict(text) | Error::Unavailable(text) => as_sentence(&quoted(text)),
        Error::Internal(_) => "We have written down what happened. Try again in a moment.".into(),
    }
}

/// What is to be typed stands between backticks in a terminal, between quotation marks on a page.
fn quoted(text: &str) -> String {
    let mut parts = text.split('`');
    let mut quoted = parts.next().unwrap_or_default().to_owned();
    for (part, mark) in parts.zip(['“', '”'].into_iter().cycle()) {
        quoted.push(mark);
        quoted.push_str(part);
    }
    quoted
}

/// "is missing" needs to say what; "\"x y\" cannot be a name" says it already.
fn about(field: &str, problem: &str) -> String {
    const PREDICATES: &[&str] = &["belongs", "contains", "is", "must", "of", "was"];
    let first = problem.split(' ').next().unwrap_or_default();
    if PREDICATES.contains(&first) {
        format!("the {} {problem}", called(field))
    } else {
        problem.to_owned()
    }
}

/// What a field is called on the pages, where that is not its name.
fn called(field: &str) -> &str {
    match field {
        "as" => "person or server",
        "can" => "list of what its people may do",
        "from" => "first day",
        "history" | "history_from" => "day from which topics are shown",
        "on" => "group or post",
        "to" => "last day",
        "until" => "day on which it ends",
        other => other,
    }
}

fn as_sentence(text: &str) -> String {
    let first_word = text.split_whitespace().next().unwrap_or_default();
    // The name of a server or person stays as it is.
    if first_word.contains(['.', ':', '@']) {
        return ended(text.trim().to_owned());
    }
    let mut letters = text.trim().chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    ended(first.to_uppercase().chain(letters).collect())
}

fn ended(sentence: String) -> String {
    if sentence.ends_with(['.', '!', '?']) {
        sentence
    } else {
        sentence + "."
    }
}

/// Answers every address that no page is at.
pub async fn nothing_here() -> Answer {
    Err(Error::NotFound.into())
}

/// Gives every error answer its page.
pub async fn into_pages(
    app: Data<App>,
    house: Data<House>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let method = request.method().clone();
    let response = next.call(request).await?;
    let Some(told) = find_problem(response.response(), &method) else {
        return Ok(response.map_into_boxed_body());
    };
    let organization = house.organization(&app).await.map_err(Problem::from)?;
    let page = error_page(organization, told)?;
    Ok(response.into_response(page))
}

fn find_problem<B>(response: &HttpResponse<B>, method: &Method) -> Option<Told> {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        return Some(Told::new(StatusCode::NOT_FOUND, ""));
    }
    let error = response.error()?;
    if let Some(Problem(error)) = error.as_error::<Problem>() {
        log(error);
        return Some(Told::new(status(error), sentence(error)));
    }
    match error.as_error::<Refused>() {
        // The address they wanted stays in `next`; but a form cannot be sent again by going there.
        Some(Refused::SignInNeeded { .. }) if method == Method::GET => None,
        Some(Refused::SignInNeeded { .. }) => Some(Told::new(
            StatusCode::UNAUTHORIZED,
            "You are not signed in any more. Sign in, then go back to what you wrote and send it again.",
        )),
        Some(Refused::Failed(error)) => Some(Told::new(status(error), sentence(error))),
        Some(refused) => Some(Told::new(response.status(), refused.to_string())),
        None => Some(Told::new(
            response.status(),
            "The address or the form cannot be read.",
        )),
    }
}

fn log(error: &Error) {
    match error {
        Error::Internal(source) => tracing::error!(%source, "a page could not be made"),
        Error::Unavailable(what) => tracing::warn!(what, "a page could not be made"),
        Error::NotFound
        | Error::Denied(_)
        | Error::Invalid { .. }
        | Error::Refused(_)
        | Error::Unfit(_)
        | Error::Conflict(_) => {}
    }
}

fn error_page(organization: &str, told: Told) -> Result<HttpResponse, Problem> {
    let status = told.status;
    let page = ErrorPage {
        page: Page {
            title: String::new(),
            organization: organization.to_owned(),
            csrf: String::new(),
            viewer: None,
            notice: None,
            problem: None,
            path: String::new(),
        },
        status: status.as_u16(),
        sentence: told.sentence,
    };
    let html = page.render().map_err(Problem::fault)?;
    Ok(HttpResponse::build(status)
        .content_type(ContentType::html())
        .body(html))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Title;

    #[test]
    fn problems_become_sentences() {
        let missing: Error = "".parse::<Title>().unwrap_err().into();
        assert_eq!(
            sentence(&missing),
            "The title is missing: say in one line what it is about."
        );
        let odd: Error = "a b".parse::<crate::domain::Name>().unwrap_err().into();
        assert!(sentence(&odd).starts_with("\"a b\" cannot be a name"));
        let taken = Error::Conflict("the name ada is taken".into());
        assert_eq!(sentence(&taken), "The name ada is taken.");
        let command = Error::Conflict("use `guildhall user list` or `user show`".into());
        assert_eq!(
            sentence(&command),
            "Use “guildhall user list” or “user show”."
        );
        let there = Error::Unavailable("birch.example does not answer".into());
        assert_eq!(sentence(&there), "birch.example does not answer.");
    }

    #[test]
    fn what_is_not_there_says_the_same_whoever_asks() {
        let html = |told| error_page("Acme", told).unwrap();
        let one = html(Told::new(StatusCode::NOT_FOUND, ""));
        let other = html(Told::new(StatusCode::NOT_FOUND, "secret"));
        let bytes = |answer: HttpResponse| answer.into_body().try_into_bytes().unwrap();
        assert_eq!(bytes(one), bytes(other));
    }
}
