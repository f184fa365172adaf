//! Pages for people: server-rendered, working without JavaScript.
//!
//! A handler extracts, calls one service, and fills a struct of [`views`] or redirects; what one
//! may do is asked of policy by the services, never worked out here. [`visit`] says who looks,
//! [`parts`] turns nouns into what pages show, [`errors`] turns everything that goes wrong into a
//! page with one sentence.

mod assets;
mod attachments;
mod audit;
mod errors;
mod explain;
mod find;
mod forms;
mod grants;
mod group_admin;
mod groups;
mod home;
mod keys;
mod members;
mod moderation;
mod moves;
mod outlook;
mod paging;
mod partners;
mod parts;
mod people;
mod polls;
mod preview;
mod proposals;
mod queue;
mod reports;
mod review;
mod settings;
mod sign_in;
mod stops;
mod threads;
mod topics;
mod users;
mod views;
mod visit;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, Data, ServiceConfig, get, head, post, resource};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource};
use askama::Template;

use errors::{Answer, Problem, Told};
use visit::{House, Notice};

/// Adds the pages, and answers every address that nobody else knows. Comes last.
pub fn configure(config: &mut ServiceConfig) {
    let pages = web::scope("")
        .app_data(Data::new(House::default()))
        .wrap(from_fn(errors::into_pages))
        .wrap(headers())
        .configure(everybodys)
        .configure(groups_and_posts)
        .configure(administration)
        .default_service(web::to(errors::nothing_here));
    config.service(pages);
}

/// What one person sees is for nobody else's eyes: no cache keeps it. The same for every page, so
/// that nothing can be told from it; files set their own.
fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("Cache-Control", "private, no-store"))
        .add(("Vary", "Accept, Cookie"))
}

fn everybodys(config: &mut ServiceConfig) {
    config
        .route("/assets/{file}", get().to(assets::show))
        .service(reads("/media/{id}", attachments::whole))
        .service(reads("/media/{id}/preview", attachments::preview))
        .service(reads("/media/{id}/pass/{pass}", attachments::whole_by_pass))
        .service(reads(
            "/media/{id}/pass/{pass}/preview",
            attachments::preview_by_pass,
        ))
        .route("/", get().to(home::show))
        .service(resource("/sign-in").get(sign_in::ask).post(sign_in::enter))
        .route("/sign-out", post().to(sign_in::leave))
        .service(resource("/groups").get(groups::list).post(groups::create))
        .route("/find", get().to(find::show))
        .route("/u/{name}", get().to(people::show))
        .service(act("/u/{name}/follow").post(people::follow))
        .service(act("/u/{name}/unfollow").post(people::unfollow))
        .service(act("/u/{name}/posts").post(people::write))
        .route("/settings", get().to(settings::show))
        .service(act("/settings/mirror").post(settings::choose_mirror))
        .service(act("/settings/password").post(settings::change_password))
        .service(act("/settings/sessions").post(settings::end_session))
        .service(act("/settings/tokens").post(settings::revoke_token))
        .service(act("/settings/approval").post(settings::set_approval))
        .service(act("/settings/followers").post(settings::answer_follower));
}

fn groups_and_posts(config: &mut ServiceConfig) {
    config
        .route("/g/{handle}", get().to(groups::show))
        .service(act("/g/{handle}/join").post(groups::join))
        .service(act("/g/{handle}/leave").post(groups::leave))
        .service(act("/g/{handle}/topics").post(topics::create))
        .service(
            resource("/g/{handle}/members")
                .get(members::list)
                .post(members::decide),
        )
        .service(act("/g/{handle}/members/add").post(members::add))
        .service(
            resource("/g/{handle}/settings")
                .get(group_admin::show)
                .post(group_admin::update),
        )
        .service(
            resource("/g/{handle}/reports")
                .get(reports::list)
                .post(reports::resolve),
        )
        .service(settings_act("/g/{handle}/stage").post(group_admin::set_stage))
        .route("/g/{handle}/outlook", get().to(outlook::show))
        .service(settings_act("/g/{handle}/stop").post(stops::stop_group))
        .service(settings_act("/g/{handle}/outreach").post(group_admin::set_outreach))
        .service(settings_act("/g/{handle}/archive").post(group_admin::archive))
        .service(settings_act("/g/{handle}/move").post(moves::offer))
        .service(settings_act("/g/{handle}/grants").post(grants::add))
        .service(settings_act("/g/{handle}/grants/remove").post(grants::remove))
        .route("/p/{id}", get().to(topics::show))
        .service(
            resource("/p/{id}/edit")
                .get(topics::edit)
                .post(topics::update),
        )
        .route("/p/{id}/history", get().to(topics::history))
        .service(
            resource("/p/{id}/remove")
                .get(moderation::ask)
                .post(moderation::remove),
        )
        .service(act("/p/{id}/report").post(reports::report))
        .service(act("/p/{id}/restore").post(moderation::restore))
        .service(act("/p/{id}/lock").post(moderation::lock))
        .service(act("/p/{id}/unlock").post(moderation::unlock))
        .service(act("/p/{id}/pin").post(moderation::pin))
        .service(act("/p/{id}/unpin").post(moderation::unpin))
        .service(act("/p/{id}/comments").post(topics::comment))
        .service(act("/p/{id}/delete").post(topics::delete))
        .service(act("/p/{id}/vote").post(polls::vote))
        .service(act("/p/{id}/like").post(topics::like))
        .service(act("/p/{id}/unlike").post(topics::unlike));
}

fn administration(config: &mut ServiceConfig) {
    config
        .route("/admin/partners", get().to(partners::list))
        .service(act("/admin/partners/invite").post(partners::invite))
        .service(act("/admin/partners/accept").post(partners::accept))
        .service(act("/admin/partners/add").post(partners::add))
        .route("/admin/partners/{host}", get().to(partners::show))
        .service(act("/admin/partners/{host}/state").post(partners::set_state))
        .service(act("/admin/partners/{host}/class").post(partners::set_class))
        .service(act("/admin/partners/{host}/dialect").post(partners::set_dialect))
        .service(act("/admin/partners/{host}/private-groups").post(partners::set_private_groups))
        .service(act("/admin/partners/{host}/moves").post(moves::accept))
        .service(
            resource("/admin/proposals")
                .get(proposals::show)
                .post(proposals::decide),
        )
        .service(
            resource("/admin/review")
                .get(review::show)
                .post(review::decide),
        )
        .service(
            resource("/admin/stops")
                .get(stops::show)
                .post(stops::decide),
        )
        .route("/admin/explain", get().to(explain::show))
        .route("/admin/audit", get().to(audit::show))
        .service(resource("/admin/keys").get(keys::show).post(keys::rotate))
        .service(
            resource("/admin/queue")
                .get(queue::show)
                .post(queue::decide),
        )
        .service(
            resource("/admin/users")
                .get(users::list)
                .post(users::create),
        )
        .route("/admin/users/{name}/state", post().to(users::set_state))
        .route("/admin/users/{name}/erase", post().to(users::erase));
}

/// An address of bytes, which are asked for with `HEAD`, too.
fn reads<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output = Answer>,
    Args: FromRequest + 'static,
{
    resource(path)
        .route(get().to(handler.clone()))
        .route(head().to(handler))
}

/// An address that only forms go to. Who reloads it is led up, to the page the form is on.
fn act(path: &str) -> Resource {
    resource(path).get(up)
}

/// The same for the forms on a group's settings page.
fn settings_act(path: &str) -> Resource {
    resource(path).get(group_admin::lead_here)
}

async fn up(request: HttpRequest) -> HttpResponse {
    let path = request.path();
    let parent = path.rsplit_once('/').map_or("/", |(parent, _)| parent);
    see_other(parent)
}

/// Leads the browser to a page of ours. Always another request, so that "reload" repeats nothing.
fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}

/// Leads the browser to a page that says what was done.
fn done(path: &str, notice: Notice) -> HttpResponse {
    let mark = if path.contains('?') { '&' } else { '?' };
    see_other(&format!("{path}{mark}done={notice}"))
}

/// A page; with the status of what went wrong, where something did.
fn answer(template: &impl Template, told: Option<&Told>) -> Answer {
    let html = template.render().map_err(Problem::fault)?;
    let status = told.map_or(StatusCode::OK, |told| told.status);
    Ok(HttpResponse::build(status)
        .content_type(ContentType::html())
        .body(html))
}
