//! The admin API: what administration pages and commands do, for scripts, as JSON.
//!
//! One table says which addresses there are. From the types of their handlers the document is made that
//! describes them ([`describe`]), so neither can be there without the other. Every address is behind one
//! [`door`]; what somebody may do beyond it is asked of policy by the services, as everywhere.

mod accounts;
mod audit;
mod describe;
mod door;
mod errors;
mod grants;
mod groups;
mod holds;
mod house;
mod keys;
mod labels;
mod ledger;
mod media;
mod members;
mod moves;
mod outbound_rules;
mod partners;
mod parts;
mod posts;
mod proposals;
mod queue;
mod reports;
mod retractions;
mod stops;
mod tokens;
mod untold;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{ServiceConfig, get, resource, to};

use crate::api::admin::describe::{Place, at, document};
use crate::api::admin::errors::Failure;
use crate::routes::Routes;

/// What a handler answers.
type Answer<T> = Result<T, Failure>;

/// Below which all addresses are.
pub(super) const BASE: &str = "/api/admin/v1";

pub fn configure(config: &mut ServiceConfig) {
    // What the addresses are is no secret, so the document needs no token: it is the same everywhere.
    config.service(resource("/api/admin/v1/openapi.json").route(get().to(describe_all)));
    config.service(
        routes()
            .below(BASE, || to(nothing_here))
            .wrap(from_fn(door::admit))
            .wrap(DefaultHeaders::new().add(("Cache-Control", "private, no-store"))),
    );
}

/// Every address there is.
pub(super) fn routes() -> Routes {
    places().into_iter().map(Place::undescribed).collect()
}

/// The same, with what each does.
#[rustfmt::skip]
fn places() -> Vec<Place> {
    vec![
        at("/health")
            .get("How the house is, in a few numbers", house::health),
        at("/check")
            .get("Whether everything is in order, as `guildhall check` says", house::check),
        at("/jobs/{job}")
            .get("Work that takes long, and what came of it", house::job),
        at("/policy/explain")
            .get("Whether somebody may do something, and why not", house::explain),
        at("/audit")
            .get("Who did what, newest first", audit::list),
        at("/audit/checkpoint")
            .get("How far the audit log goes, to be kept elsewhere", ledger::audit_checkpoint),
        at("/ledger")
            .get("What left the house, may have, or was withheld, newest first", ledger::list),
        at("/ledger/summary")
            .get("What each server got of each group", ledger::summarize),
        at("/ledger/checkpoint")
            .get("How far the ledger goes, to be kept elsewhere", ledger::ledger_checkpoint),

        at("/accounts")
            .get("All accounts, by name", accounts::list)
            .post("Make an account", accounts::create),
        at("/accounts/{user}")
            .get("One account", accounts::show)
            .delete("Erase somebody for good, with all they wrote, here and elsewhere", accounts::erase),
        at("/accounts/{user}/disable")
            .post("Shut somebody out: sessions and tokens end at once", accounts::disable),
        at("/accounts/{user}/enable")
            .post("Let somebody in again", accounts::enable),
        at("/accounts/{user}/password")
            .put("Give somebody a new password: sessions and tokens end at once", accounts::set_password),
        at("/tokens")
            .get("The tokens of the account that asks", tokens::list)
            .post("Make a token for the account that asks, for no more than its own may do", tokens::create),
        at("/tokens/{token}")
            .delete("Revoke a token of the account that asks", tokens::revoke),

        at("/groups")
            .get("All groups known here, secret ones too: name, owners and size, never content", groups::list)
            .post("Make a group; it begins internal", groups::create),
        at("/groups/{group}")
            .get("One group", groups::show)
            .patch("Change title, description or access, or how it reaches servers that know no groups", groups::update),
        at("/groups/{group}/stage")
            .put("Open or close a group to the outside", groups::set_stage),
        at("/groups/{group}/stage/{stage}/outlook")
            .get("What would become visible to whom at another stage", groups::look_at_stage),
        at("/groups/{group}/archived")
            .put("Make a group read only, or take that back", groups::set_archived),
        at("/groups/{group}/owners/{user}")
            .put("Make a colleague an owner", groups::name_owner)
            .delete("Make an owner a plain member", groups::dismiss_owner),
        at("/groups/{group}/move")
            .post("Ask a partner to take a group; nothing changes until they agree", moves::offer)
            .delete("Take that back, while nobody took the group", moves::withdraw),
        at("/moves")
            .get("What was offered, here and by partners, newest first", moves::list),
        at("/moves/accept")
            .post("Take a group that a partner offered", moves::accept),
        at("/moves/decline")
            .post("Do not take a group that a partner offered", moves::decline),

        at("/groups/{group}/members")
            .get("Members, requests, invitations and bans", members::list),
        at("/groups/{group}/members/{who}")
            .put("Put a colleague in, let in who asked, or invite somebody elsewhere", members::add)
            .delete("Put somebody out, or take an invitation back", members::remove),
        at("/groups/{group}/members/{who}/role")
            .put("Change a member's role", members::set_role),
        at("/groups/{group}/members/{who}/approve")
            .post("Let in who asked", members::approve),
        at("/groups/{group}/members/{who}/reject")
            .post("Refuse who asked", members::reject),
        at("/groups/{group}/members/{who}/ban")
            .put("Shut somebody out of a group", members::ban)
            .delete("Lift a ban", members::lift_ban),

        at("/grant-templates")
            .get("What grants can begin with: those of every house, and our own", grants::list_templates),
        at("/grant-templates/{template}")
            .put("Make a template of our own, or write it anew", grants::save_template)
            .delete("Remove a template of our own", grants::remove_template),
        at("/grants")
            .get("What is open to whom", grants::list),
        at("/groups/{group}/grants/{partner}")
            .put("Open a group to a partner, instead of the grant it may have", grants::add)
            .delete("Close a group to a partner", grants::remove),
        at("/grants/review")
            .get("What is open, when it was last used and when it is to be reviewed", grants::list_reviews),
        at("/groups/{group}/grants/{partner}/keep")
            .post("Say that a grant is still needed", grants::keep),
        at("/groups/{group}/grants/{partner}/outlook")
            .get("What a grant would make visible, and what its people might do", grants::look),

        at("/partners")
            .get("All partners", partners::list)
            .post("Speak with a server that knows nothing of invitations", partners::add),
        at("/partners/invitations")
            .post("Make a one-time code for another organization's administrator", partners::invite),
        at("/partners/accept")
            .post("Use the code that another organization sent", partners::accept),
        at("/partners/{partner}")
            .get("One partner, and what is open to it", partners::show)
            .patch("Say what a partner is to us, or choose how its server takes part in groups", partners::update),
        at("/partners/{partner}/confirm")
            .post("Say that a partnership is still needed", partners::confirm),
        at("/partners/{partner}/key")
            .put("Pin the key that a partner's server shows, once its fingerprint was compared", partners::trust_key),
        at("/partners/{partner}/pause")
            .post("Let nothing out and nothing in; what is queued waits", partners::pause),
        at("/partners/{partner}/resume")
            .post("End a pause and send what waited", partners::resume),
        at("/partners/{partner}/end")
            .post("End the partnership (or a block) with all its grants", partners::end),
        at("/partners/{partner}/block")
            .post("Refuse a server altogether", partners::block),
        at("/partners/{partner}/probe")
            .get("What a server was last found to be like", partners::last_probe)
            .post("Find out what a server is like, and how much is risked by sharing with it", partners::probe),
        at("/partners/{partner}/traffic")
            .get("What went both ways lately, how long it took, and what was answered", partners::traffic),
        at("/partners/{partner}/view")
            .get("What a partner's house last said of deliveries to and from us", partners::last_view)
            .post("Ask a partner's house how it sees deliveries to and from us", partners::ask_view),
        at("/partners/{partner}/comparison")
            .get("What comparing books with a partner last came to", ledger::last_comparison)
            .post("Compare books with a partner: what was sent and what was received", ledger::compare),

        at("/retractions")
            .get("What partners were asked to throw away and did not confirm, newest first", retractions::list)
            .post("Ask a partner to throw away what it got of a group, or of one topic", retractions::retract),
        at("/retractions/{retraction}/repeat")
            .post("Ask once more for what is not confirmed", retractions::repeat),

        at("/proposals")
            .get("What waits for a second administrator, the oldest first", proposals::list),
        at("/proposals/{proposal}/confirm")
            .post("Do what another administrator proposed", proposals::confirm),
        at("/proposals/{proposal}/reject")
            .post("Refuse what was proposed, or take back what one proposed", proposals::reject),

        at("/stops")
            .get("Everything that is stopped now", stops::list),
        at("/stops/all")
            .put("Stop at once everything that goes between us and the outside; what is queued waits", stops::stop_all)
            .delete("Let everything go again", stops::release_all),
        at("/stops/partners/{partner}")
            .put("Stop at once what goes between us and a server", stops::stop_partner)
            .delete("Let it go again", stops::release_partner),
        at("/stops/groups/{group}")
            .put("Stop at once what goes between a group and the outside", stops::stop_group)
            .delete("Let it go again", stops::release_group),

        at("/queue")
            .get("Every server we deliver to: what waits, how sending goes, whose clock differs", queue::list),
        at("/queue/retry")
            .post("Try all waiting and given-up deliveries now", queue::retry_all),
        at("/queue/{host}")
            .get("One of these servers", queue::show),
        at("/queue/{host}/deliveries")
            .get("What has not gone out to a server, newest first", queue::deliveries),
        at("/queue/{host}/retry")
            .post("Try what waits for a server, or was given up, now", queue::retry_host),
        at("/queue/{host}/ask")
            .post("Ask a server that rests at once", queue::ask),
        at("/deliveries/{delivery}")
            .delete("Give a delivery up for good", queue::discard),
        at("/deliveries/{delivery}/retry")
            .post("Try one delivery now", queue::retry_one),
        at("/untold")
            .get("What could not be put into words, so that nobody was told of it, newest first", untold::list),
        at("/untold/retell")
            .post("Try again to tell all of it", untold::retell_all),
        at("/untold/{event}/retell")
            .post("Try again to tell one thing", untold::retell_one),

        at("/labels")
            .get("The labels of the house, the lowest first", labels::list)
            .post("Add a label to the list", labels::add),
        at("/labels/{label}")
            .patch("Say anew what a label means, or put it elsewhere in the list", labels::change)
            .delete("Remove a label; posts that have it are held at the boundary", labels::remove),
        at("/rules")
            .get("What of people here does not leave the house, or not before somebody looked at it", outbound_rules::list)
            .post("Make a rule at the boundary", outbound_rules::add),
        at("/rules/try")
            .get("Whether a text would leave; nothing is written", outbound_rules::attempt),
        at("/rules/{rule}")
            .delete("Remove a rule; what it holds waits until somebody looked at it", outbound_rules::remove),
        at("/held")
            .get("Posts that the rules hold, newest first, as far as the account that asks may look at them", holds::list),
        at("/held/{post}/release")
            .post("Let a held post out, as if it had been written now", holds::release),
        at("/held/{post}/refuse")
            .post("Keep a held post inside; its author reads why", holds::refuse),

        at("/reports")
            .get("Posts that somebody asked the moderators to look at, newest first", reports::list),
        at("/reports/{report}/resolve")
            .post("Say that a report was dealt with", reports::resolve),
        at("/posts/{post}/label")
            .put("Give a post a label of its own, or take it away", posts::set_label),
        at("/posts/{post}/remove")
            .post("Take a post out of view; readers see the reason in its place", posts::remove),
        at("/posts/{post}/restore")
            .post("Bring a removed post back", posts::restore),
        at("/posts/{post}/lock")
            .post("Close a topic to everybody but moderators", posts::lock),
        at("/posts/{post}/unlock")
            .post("Open a locked topic again", posts::unlock),
        at("/posts/{post}/pin")
            .post("Let a topic stand first in its group", posts::pin),
        at("/posts/{post}/unpin")
            .post("Take the pin off a topic", posts::unpin),

        at("/media/usage")
            .get("How many pictures and files there are, and the room they take", media::usage),

        at("/keys/own")
            .get("The fingerprint of the server's own key, which partners pin", keys::show),
        at("/keys/rotate")
            .post("Give everybody and everything of this house new keys", keys::rotate_all),
        at("/keys/{name}/rotate")
            .post("Give a person, a group, or the server itself (`actor`) new keys", keys::rotate),
    ]
}

async fn describe_all() -> HttpResponse {
    static DOCUMENT: LazyLock<Option<String>> =
        LazyLock::new(|| document(&places()).to_json().ok());
    match &*DOCUMENT {
        Some(text) => HttpResponse::Ok()
            .content_type("application/json")
            .body(text.as_str()),
        None => HttpResponse::InternalServerError().finish(),
    }
}

async fn nothing_here() -> Answer<HttpResponse> {
    Err(Failure::NoSuchAddress)
}
