//! Pages for people: server-rendered, working without JavaScript.
//!
//! A handler extracts, calls one service, and fills a struct of [`views`] or redirects; what one
//! may do is asked of policy by the services, never worked out here. [`visit`] says who looks,
//! [`parts`] turns nouns into what pages show, [`errors`] turns everything that goes wrong into a
//! page with one sentence.

mod administration;
mod asked;
mod assets;
mod attachments;
mod audit;
mod bookmarks;
mod boosts;
mod errors;
mod explain;
mod find;
mod forms;
mod grants;
mod group_admin;
mod groups;
mod holds;
mod home;
mod keys;
mod labels;
mod ledger;
mod members;
mod moderation;
mod moves;
mod outbound_rules;
mod outlook;
mod own_posts;
mod paging;
mod partners;
mod parts;
mod people;
mod plots;
mod polls;
mod preview;
mod proposals;
mod queue;
mod reports;
mod retractions;
mod review;
mod settings;
mod sign_in;
mod stops;
mod threads;
mod topics;
mod users;
mod views;
mod visit;
mod ways;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::routes::{Place, Routes, at};
use errors::{Answer, Problem, Told};
use visit::{House, Notice};

/// Adds the pages, and answers every address that nobody else knows. Comes last.
pub fn configure(config: &mut ServiceConfig) {
    let pages = routes()
        .below("", || web::to(errors::nothing_here))
        .app_data(Data::new(House::default()))
        .wrap(from_fn(errors::into_pages))
        .wrap(headers());
    config.service(pages);
}

/// Every page, and every address that forms go to.
pub(crate) fn routes() -> Routes {
    everybodys().and(groups_and_posts()).and(administration())
}

/// What one person sees is for nobody else's eyes: no cache keeps it. The same for every page, so
/// that nothing can be told from it; files set their own.
fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("Cache-Control", "private, no-store"))
        .add(("Vary", "Accept, Cookie"))
}

fn everybodys() -> Routes {
    Routes::default()
        .service(at("/assets/{file}").get(assets::show))
        .service(at("/media/{id}").reads(attachments::whole))
        .service(at("/media/{id}/preview").reads(attachments::preview))
        .service(at("/media/{id}/pass/{pass}").reads(attachments::whole_by_pass))
        .service(at("/media/{id}/pass/{pass}/preview").reads(attachments::preview_by_pass))
        .service(at("/").get(home::show))
        .service(at("/sign-in").get(sign_in::ask).post(sign_in::enter))
        .service(at("/sign-out").post(sign_in::leave))
        .service(at("/groups").get(groups::list).post(groups::create))
        .service(at("/find").get(find::show))
        .service(at("/u/{name}").get(people::show))
        .service(act("/u/{name}/follow").post(people::follow))
        .service(act("/u/{name}/unfollow").post(people::unfollow))
        .service(act("/u/{name}/posts").post(people::write))
        .service(at("/bookmarks").get(bookmarks::list))
        .service(at("/settings").get(settings::show))
        .service(
            at("/settings/posts")
                .get(own_posts::list)
                .post(own_posts::delete),
        )
        .service(act("/settings/mirror").post(settings::choose_mirror))
        .service(act("/settings/password").post(settings::change_password))
        .service(act("/settings/sessions").post(settings::end_session))
        .service(act("/settings/tokens").post(settings::revoke_token))
        .service(act("/settings/approval").post(settings::set_approval))
        .service(act("/settings/followers").post(settings::answer_follower))
        .service(act("/settings/known-as").post(ways::set_known_as))
        .service(act("/settings/move").post(ways::move_away))
        .service(act("/settings/stay").post(ways::stay))
}

fn groups_and_posts() -> Routes {
    Routes::default()
        .service(at("/g/{handle}").get(groups::show))
        .service(act("/g/{handle}/join").post(groups::join))
        .service(act("/g/{handle}/leave").post(groups::leave))
        .service(act("/g/{handle}/topics").post(topics::create))
        .service(
            at("/g/{handle}/members")
                .get(members::list)
                .post(members::decide),
        )
        .service(act("/g/{handle}/members/add").post(members::add))
        .service(
            at("/g/{handle}/settings")
                .get(group_admin::show)
                .post(group_admin::update),
        )
        .service(
            at("/g/{handle}/reports")
                .get(reports::list)
                .post(reports::resolve),
        )
        .service(
            at("/g/{handle}/held")
                .get(holds::of_group)
                .post(holds::decide_in_group),
        )
        .service(at("/g/{handle}/asked").get(asked::list))
        .service(at("/g/{handle}/rules").get(outbound_rules::of_group))
        .service(act("/g/{handle}/rules/add").post(outbound_rules::add_to_group))
        .service(act("/g/{handle}/rules/remove").post(outbound_rules::remove_of_group))
        .service(act("/g/{handle}/rules/try").post(outbound_rules::try_in_group))
        .service(settings_act("/g/{handle}/stage").post(group_admin::set_stage))
        .service(at("/g/{handle}/outlook").get(outlook::show))
        .service(settings_act("/g/{handle}/stop").post(stops::stop_group))
        .service(settings_act("/g/{handle}/outreach").post(group_admin::set_outreach))
        .service(settings_act("/g/{handle}/first-contact").post(group_admin::set_first_contact))
        .service(settings_act("/g/{handle}/label").post(group_admin::set_label))
        .service(settings_act("/g/{handle}/archive").post(group_admin::archive))
        .service(settings_act("/g/{handle}/move").post(moves::offer))
        .service(settings_act("/g/{handle}/move/withdraw").post(moves::withdraw))
        .service(settings_act("/g/{handle}/grants").post(grants::add))
        .service(settings_act("/g/{handle}/grants/remove").post(grants::remove))
        .service(at("/p/{id}").get(topics::show))
        .service(at("/p/{id}/edit").get(topics::edit).post(topics::update))
        .service(at("/p/{id}/history").get(topics::history))
        .service(
            at("/p/{id}/remove")
                .get(moderation::ask)
                .post(moderation::remove),
        )
        .service(act("/p/{id}/label").post(topics::set_label))
        .service(act("/p/{id}/report").post(reports::report))
        .service(act("/p/{id}/restore").post(moderation::restore))
        .service(at("/p/{id}/shut-out").get(asked::ask).post(asked::shut_out))
        .service(act("/p/{id}/let-be").post(asked::let_be))
        .service(act("/p/{id}/lock").post(moderation::lock))
        .service(act("/p/{id}/unlock").post(moderation::unlock))
        .service(act("/p/{id}/pin").post(moderation::pin))
        .service(act("/p/{id}/unpin").post(moderation::unpin))
        .service(act("/p/{id}/comments").post(topics::comment))
        .service(act("/p/{id}/delete").post(topics::delete))
        .service(act("/p/{id}/vote").post(polls::vote))
        .service(act("/p/{id}/like").post(topics::like))
        .service(act("/p/{id}/unlike").post(topics::unlike))
        .service(act("/p/{id}/boost").post(boosts::boost))
        .service(act("/p/{id}/unboost").post(boosts::unboost))
        .service(at("/p/{id}/boosts").get(boosts::list))
        .service(act("/p/{id}/bookmark").post(bookmarks::add))
        .service(act("/p/{id}/unbookmark").post(bookmarks::remove))
}

fn administration() -> Routes {
    Routes::default()
        .service(at("/admin").get(administration::show))
        .service(at("/admin/partners").get(partners::list))
        .service(act("/admin/partners/invite").post(partners::invite))
        .service(act("/admin/partners/accept").post(partners::accept))
        .service(act("/admin/partners/add").post(partners::add))
        .service(at("/admin/partners/{host}").get(partners::show))
        .service(act("/admin/partners/{host}/state").post(partners::set_state))
        .service(act("/admin/partners/{host}/class").post(partners::set_class))
        .service(act("/admin/partners/{host}/terms").post(partners::set_terms))
        .service(act("/admin/partners/{host}/confirm").post(partners::confirm))
        .service(act("/admin/partners/{host}/probe").post(partners::probe))
        .service(act("/admin/partners/{host}/view").post(partners::ask_view))
        .service(act("/admin/partners/{host}/key").post(partners::trust_key))
        .service(act("/admin/partners/{host}/dialect").post(partners::set_dialect))
        .service(act("/admin/partners/{host}/private-groups").post(partners::set_private_groups))
        .service(act("/admin/partners/{host}/moves").post(moves::accept))
        .service(
            at("/admin/partners/{host}/outstanding")
                .get(retractions::show)
                .post(retractions::decide),
        )
        .service(act("/admin/partners/{host}/decline").post(moves::decline))
        .service(at("/admin/audit").get(audit::show))
        .service(at("/admin/keys").get(keys::show).post(keys::rotate))
        .service(at("/admin/ledger").get(ledger::show))
        .service(act("/admin/ledger/compare").post(ledger::compare))
        .service(at("/admin/queue").get(queue::show).post(queue::decide))
        .service(at("/admin/users").get(users::list).post(users::create))
        .service(at("/admin/users/{name}/state").post(users::set_state))
        .service(at("/admin/users/{name}/erase").post(users::erase))
        .service(
            at("/admin/proposals")
                .get(proposals::show)
                .post(proposals::decide),
        )
        .service(at("/admin/review").get(review::show).post(review::decide))
        .service(at("/admin/stops").get(stops::show).post(stops::decide))
        .service(at("/admin/explain").get(explain::show))
        .service(
            at("/admin/held")
                .get(holds::of_house)
                .post(holds::decide_in_house),
        )
        .service(at("/admin/labels").get(labels::show))
        .service(act("/admin/labels/add").post(labels::add))
        .service(act("/admin/labels/change").post(labels::change))
        .service(act("/admin/labels/remove").post(labels::remove))
        .service(at("/admin/rules").get(outbound_rules::of_house))
        .service(act("/admin/rules/add").post(outbound_rules::add_to_house))
        .service(act("/admin/rules/remove").post(outbound_rules::remove_of_house))
        .service(act("/admin/rules/try").post(outbound_rules::try_in_house))
}

/// An address that only forms go to. Who reloads it is led up, to the page the form is on.
fn act(path: &str) -> Place {
    at(path).get(up)
}

/// The same for the forms on a group's settings page.
fn settings_act(path: &str) -> Place {
    at(path).get(group_admin::lead_here)
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
