//! Parts of long lists: `limit`, `max_id`, `since_id`, `min_id`, and the `Link` header that leads on.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse};

use crate::api::mastodon::entities::Status;
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::app::App;
use crate::domain::{Page, PostId, Uri};

/// Statuses when nobody says how many.
const STATUSES_DEFAULT: u32 = 20;
/// Most statuses in one answer, as in Mastodon.
const STATUSES_MAX: u32 = 40;

/// Reads which part is wanted. `min_id` asks for what directly follows, `since_id` for the newest.
pub fn page(params: &Params) -> Result<Page, Failure> {
    let id = |name| Ok::<_, Failure>(params.parsed::<PostId>(name)?.map(|id| id.0));
    let (since, min) = (id("since_id")?, id("min_id")?);
    let limit = match params.text("limit") {
        Some(text) => text
            .parse()
            .map_err(|_| Failure::unprocessable("limit is not a number"))?,
        None => STATUSES_DEFAULT,
    };
    let mut page = Page::first(limit.min(STATUSES_MAX))
        .before(id("max_id")?)
        .after(min.or(since));
    page.from_oldest = min.is_some();
    Ok(page)
}

/// A page of statuses, with the addresses of the next (older) and the previous (newer) one. The
/// next one comes first: there are clients that read only that far.
pub fn answer(app: &App, request: &HttpRequest, page: Page, statuses: &[Status]) -> HttpResponse {
    let numbers: Vec<i64> = statuses.iter().map(|status| status.id.0).collect();
    answer_numbered(app, request, page, &numbers, statuses)
}

/// The same for a list that is walked by other numbers than its statuses'.
pub fn answer_numbered(
    app: &App,
    request: &HttpRequest,
    page: Page,
    numbers: &[i64],
    statuses: &[Status],
) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    let links = links(app.addresses().origin(), request, page, numbers);
    if !links.is_empty() {
        answer.insert_header((LINK, links.join(", ")));
    }
    answer.json(statuses)
}

fn links(origin: &Uri, request: &HttpRequest, page: Page, numbers: &[i64]) -> Vec<String> {
    let (Some(newest), Some(oldest)) = (numbers.first(), numbers.last()) else {
        return Vec::new();
    };
    let address = origin.join(request.path());
    let link = |name: &str, id: &i64, relation: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let sent = url::form_urlencoded::parse(request.query_string().as_bytes());
        query.extend_pairs(sent.filter(|(name, _)| !is_place(name)));
        let query = query.append_pair(name, &id.to_string()).finish();
        format!("<{address}?{query}>; rel=\"{relation}\"")
    };
    let mut links = Vec::new();
    // A page that is not full is the last one.
    if numbers.len() >= page.items() as usize {
        links.push(link("max_id", oldest, "next"));
    }
    links.push(link("min_id", newest, "prev"));
    links
}

fn is_place(name: &str) -> bool {
    matches!(name, "max_id" | "since_id" | "min_id")
}
