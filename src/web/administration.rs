//! Where an organization is run from: the pages below `/admin`, each for who may use it.
//!
//! One table says what there is; the bar of every page and the page `/admin` are drawn from it.

use crate::app::App;
use crate::config::GovernanceConfig;
use crate::error::Error;
use crate::policy::Viewer;
use crate::services::duties::Waiting;
use crate::services::holds;
use crate::web::answer;
use crate::web::errors::Answer;
use crate::web::views::{AdminPlace, AdministrationPage};
use crate::web::visit::Member;

/// Places that stand in the bar itself; who has more of them finds them one step further.
const IN_BAR_MAX: usize = 2;

/// Who looks, and what decides whether a place has anything to say to them.
struct Sight<'a> {
    viewer: &'a Viewer,
    governance: &'a GovernanceConfig,
    waiting: &'a Waiting,
}

struct Place {
    path: &'static str,
    name: &'static str,
    /// What it is for, for somebody who opens it for the first time.
    says: &'static str,
    shown: fn(&Sight<'_>) -> bool,
    /// How much waits there, and what that is.
    waits: fn(&Waiting) -> usize,
    what_waits: &'static str,
}

const PLACES: &[Place] = &[
    Place {
        path: "/admin/partners",
        name: "Partners",
        says: "The organizations you work with: invite one, pause or end it, see what is open to it and how well it is reached.",
        shown: administers,
        waits: |waiting| waiting.partners,
        what_waits: "to look at",
    },
    Place {
        path: "/admin/review",
        name: "Review",
        says: "Grants that somebody has to say are still needed.",
        shown: |sight| {
            let asked = administers(sight) && sight.governance.review_days.is_some();
            asked || sight.waiting.reviews > 0
        },
        waits: |waiting| waiting.reviews,
        what_waits: "to review",
    },
    Place {
        path: "/admin/proposals",
        name: "Proposals",
        says: "What reaches further out and waits for a second administrator.",
        shown: |sight| {
            let some = sight.governance.four_eyes || sight.waiting.proposals > 0;
            administers(sight) && some
        },
        waits: |waiting| waiting.proposals,
        what_waits: "waiting for a second administrator",
    },
    Place {
        path: "/admin/held",
        name: "Held",
        says: "Posts that a rule keeps inside until somebody has looked at them.",
        shown: |sight| holds::may_review_house(sight.viewer),
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/stops",
        name: "Stop",
        says: "The emergency stop: within a second nothing goes in or out of a group, to a partner, or at all.",
        shown: administers,
        waits: |waiting| waiting.stops,
        what_waits: "held by an emergency stop",
    },
    Place {
        path: "/admin/queue",
        name: "Queue",
        says: "What is on its way to other servers, and what they would not take.",
        shown: administers,
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/rules",
        name: "Rules",
        says: "What may not leave this house, or only after somebody has looked at it.",
        shown: administers,
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/labels",
        name: "Labels",
        says: "The words by which this house classifies what is said, from what may go furthest upwards.",
        shown: administers,
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/ledger",
        name: "Ledger",
        says: "What left this house, to which server, and what was withheld.",
        shown: |sight| administers(sight) || sight.viewer.is_compliance_officer(),
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/audit",
        name: "Audit",
        says: "Who changed what, when and why.",
        shown: administers,
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/users",
        name: "People",
        says: "The accounts of this house.",
        shown: administers,
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/keys",
        name: "Keys",
        says: "The keys this house signs with, and new ones.",
        shown: administers,
        waits: nothing,
        what_waits: "",
    },
    Place {
        path: "/admin/explain",
        name: "What if",
        says: "What a person or a server sees of a group or a post, and why.",
        shown: administers,
        waits: nothing,
        what_waits: "",
    },
];

fn administers(sight: &Sight<'_>) -> bool {
    sight.viewer.is_administrator()
}

fn nothing(_: &Waiting) -> usize {
    0
}

/// Where the viewer runs this house from, and how much waits for them there.
pub(super) fn places(app: &App, viewer: &Viewer, waiting: &Waiting) -> Vec<AdminPlace> {
    let sight = Sight {
        viewer,
        governance: &app.config.governance,
        waiting,
    };
    let shown = PLACES.iter().filter(|place| (place.shown)(&sight));
    shown
        .map(|place| AdminPlace {
            path: place.path,
            name: place.name,
            says: place.says,
            waits: (place.waits)(waiting),
            what_waits: place.what_waits,
        })
        .collect()
}

/// Whether these few stand in the bar of every page.
pub(super) const fn fit_in_bar(places: &[AdminPlace]) -> bool {
    places.len() <= IN_BAR_MAX
}

/// `GET /admin`: where one may go from here. For who runs nothing there is nothing here.
pub async fn show(member: Member) -> Answer {
    let page = member.page("Administration").await?;
    let places = page.viewer.as_ref().map(|viewer| viewer.places.clone());
    let places = places.filter(|places| !places.is_empty());
    let places = places.ok_or(Error::NotFound)?;
    answer(&AdministrationPage { page, places }, None)
}
