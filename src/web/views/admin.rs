//! For administrators: partners, the queue, the audit trail, accounts.

use askama::Template;

use super::{AdminPlace, Badge, Choice, GrantRow, GroupLink, Page, Pager, When};

/// `GET /admin`: where an organization is run from.
#[derive(Template)]
#[template(path = "administration.html")]
pub struct AdministrationPage {
    pub page: Page,
    pub places: Vec<AdminPlace>,
}

/// `GET /admin/partners`.
///
/// Posts `class`, `expires` to `…/invite`; `code`, `class` to `…/accept`; `host`, `class` to `…/add`; to each also
/// `purpose`, `contact`, `until` and `every`.
#[derive(Template)]
#[template(path = "partners.html")]
pub struct PartnersPage {
    pub page: Page,
    pub partners: Vec<PartnerRow>,
    /// Just made; this is the only time the code is shown.
    pub invitation: Option<Invitation>,
    /// What was typed, after a problem.
    pub code: String,
    pub host: String,
}

/// A partner in the list.
pub struct PartnerRow {
    pub host: String,
    pub organization: String,
    pub class: String,
    /// `invited`, `active`, `paused`, `ended` or `blocked`.
    pub state: String,
    /// By whom it was ended, and when.
    pub ending: Option<PartnershipEnd>,
    /// What is to be looked at.
    pub concern: Option<String>,
    /// Added by host name alone; the other side has not agreed to anything.
    pub one_sided: bool,
    /// Groups with a grant that counts.
    pub groups: usize,
}

/// How a partnership ended.
pub struct PartnershipEnd {
    /// `us` or `them`.
    pub by: String,
    pub at: When,
}

/// An invitation code for the administrator over there.
pub struct Invitation {
    pub code: String,
    pub class: String,
    pub expires: When,
    /// A second administrator has to agree first.
    pub waits: bool,
}

/// `GET /admin/partners/HOST`; posts `state` (`active`, `paused`, `ended`, `blocked`; with `leave_copies` where they keep what they got) to `…/state`,
/// `class` to `…/class`, `purpose`, `contact`, `until`, `every` to `…/terms`, `fingerprint` to `…/key`, nothing to
/// `…/confirm`, `…/view` and `…/probe`, `dialect` to `…/dialect`, and `private_groups` (`auto`, `trust`) to `…/private-groups`.
#[derive(Template)]
#[template(path = "partner.html")]
pub struct PartnerPage {
    pub page: Page,
    pub host: String,
    pub organization: String,
    pub class: String,
    pub state: String,
    pub ending: Option<PartnershipEnd>,
    pub one_sided: bool,
    pub since: When,
    /// What it can be to us.
    pub classes: Vec<Choice>,
    /// How its server takes part in groups, and why it is thought so.
    pub dialect: String,
    pub dialects: Vec<Choice>,
    /// Whether groups that are not public may be opened to it, and why.
    pub private_groups: String,
    pub trust: Vec<Choice>,
    /// What trusting it means.
    pub trust_means: &'static str,
    pub software: Option<String>,
    pub theirs: SaidOfPartnership,
    pub ours: SaidOfPartnership,
    /// How often it has to be confirmed.
    pub every: Vec<Choice>,
    pub confirm_before: Option<When>,
    /// What is to be looked at.
    pub concern: Option<String>,
    /// `administrator`, `key_changed`, `unconfirmed`, or empty.
    pub paused_for: &'static str,
    /// The beginning of the fingerprint of the pinned key.
    pub fingerprint: Option<String>,
    /// All of it, to compare by telephone.
    pub pinned: Option<String>,
    /// The key that its server shows instead.
    pub offered: Option<Offered>,
    pub grants: Vec<GrantRow>,
    /// What its server was last found to be like.
    pub probe: Option<ProbeRow>,
    /// Drawings: texts a day, and how long they took.
    pub traffic_plot: String,
    pub delay_plot: String,
    /// The same as a table: days on which something went either way.
    pub days: Vec<DayRow>,
    /// "3 of 4 (75 %)": topics of theirs that ours answered, and of ours that theirs did.
    pub theirs_answered: String,
    pub ours_answered: String,
    pub their_people: usize,
    pub our_people: usize,
    /// How their house sees us, as it last said.
    pub view: Option<ViewRow>,
    /// Groups of theirs that we are asked to take: their addresses.
    pub coming: Vec<String>,
    pub health: QueueHealth,
}

/// What a server was found to be like.
pub struct ProbeRow {
    pub at: When,
    /// `low`, `medium` or `high`.
    pub grade: String,
    pub meaning: &'static str,
    pub findings: Vec<FindingRow>,
}

pub struct FindingRow {
    pub question: &'static str,
    pub answer: String,
    pub evidence: String,
}

/// A day with a partner.
pub struct DayRow {
    pub day: String,
    pub sent: u64,
    pub received: u64,
    /// "40 s"; empty: nothing was sent.
    pub half: String,
    pub most: String,
}

/// How another house sees us, in its own words.
pub struct ViewRow {
    pub at: When,
    pub state: String,
    pub waiting: u64,
    pub oldest: Option<When>,
    pub last_success: Option<When>,
    pub last_error: Option<When>,
    /// From them to us, and from us to them, in so many days.
    pub sent: u64,
    pub received: u64,
    pub days: usize,
}

/// What one side says of a partnership.
pub struct SaidOfPartnership {
    pub purpose: String,
    pub contact: String,
    /// `2026-12-31`; empty: without end.
    pub day: String,
    pub until: Option<When>,
}

/// A key that nobody compared yet.
pub struct Offered {
    pub fingerprint: String,
    /// The same in pairs.
    pub shown: String,
    pub seen: When,
}

/// `GET /admin/queue`; posts `id` and `action` (`retry`, `discard`), or `host` and `action` (`ask`), to itself.
#[derive(Template)]
#[template(path = "queue.html")]
pub struct QueuePage {
    pub page: Page,
    pub destinations: Vec<DestinationRow>,
    pub dead: Vec<DeadLetter>,
    pub pager: Pager,
    /// Of what nobody was told at all.
    pub untold: Vec<UntoldRow>,
}

/// An event that could not be put into words.
pub struct UntoldRow {
    /// Of the event.
    pub id: String,
    /// "post created"
    pub what: String,
    pub at: When,
    pub problem: String,
    pub tried_again: bool,
}

/// One host and how sending to it goes.
pub struct DestinationRow {
    pub partner: Badge,
    pub health: QueueHealth,
}

/// A delivery nobody will try again by itself.
pub struct DeadLetter {
    pub id: String,
    pub host: String,
    /// "Create comment in Engineering"
    pub what: String,
    /// "Refused", or "Given up after 30 days".
    pub fate: String,
    pub attempts: usize,
    pub failure: Failure,
}

/// How sending to one host goes.
#[derive(Default)]
pub struct QueueHealth {
    /// "resting until 22 Nov 2026, 14:05, after 5 failures"; empty where nothing was sent yet.
    pub state: String,
    /// Nothing is sent just now.
    pub held: bool,
    /// "600 s behind ours"
    pub clock: Option<String>,
    pub signature: Option<&'static str>,
    pub pending: usize,
    pub oldest: Option<When>,
    pub last_success: Option<When>,
    pub last_error: Option<Failure>,
}

/// Something that went wrong on the way, in words without secrets.
pub struct Failure {
    pub when: When,
    pub text: String,
}

/// `GET /admin/explain`: asks itself `as`, `on` and `action`.
#[derive(Template)]
#[template(path = "explain.html")]
pub struct ExplainPage {
    pub page: Page,
    pub who: String,
    pub on: String,
    pub actions: Vec<Choice>,
    pub explained: Option<Explained>,
}

/// What the rules answer.
pub struct Explained {
    /// `allowed`, `hidden` or `forbidden`.
    pub verdict: String,
    pub reason: Option<String>,
    pub sentence: String,
}

/// `GET /admin/proposals`; posts `id` and `action` (`confirm`, `reject`) to itself.
#[derive(Template)]
#[template(path = "proposals.html")]
pub struct ProposalsPage {
    pub page: Page,
    pub waiting: Vec<ProposalRow>,
    pub decided: Vec<ProposalRow>,
    /// The house wants a second administrator.
    pub four_eyes: bool,
}

/// What waits for a second administrator, or did.
pub struct ProposalRow {
    pub id: String,
    pub sentence: String,
    /// `pending`, `confirmed`, `rejected` or `expired`.
    pub state: String,
    pub by: String,
    pub since: When,
    pub until: When,
    /// The viewer proposed it.
    pub own: bool,
    pub decided_by: Option<String>,
}

/// `GET /admin/review`; posts `group`, `partner` and `action` (`keep`, `end`) to itself.
#[derive(Template)]
#[template(path = "review.html")]
pub struct ReviewPage {
    pub page: Page,
    /// Days after which a grant is asked about; none: never.
    pub days: Option<u64>,
    pub grants: Vec<ReviewRow>,
}

/// A grant and what was done under it.
pub struct ReviewRow {
    pub grant: GrantRow,
    /// The group's name.
    pub name: String,
    /// "wrote", and when.
    pub last_use: Option<(&'static str, When)>,
    pub due: bool,
    pub asked: Option<When>,
    pub lapses: Option<When>,
}

/// `GET /admin/stops`; posts `what` (`all`, `partner`, `group`), `name`, `reason` and `action` (`stop`,
/// `release`) to itself.
#[derive(Template)]
#[template(path = "stops.html")]
pub struct StopsPage {
    pub page: Page,
    pub stops: Vec<StopRow>,
    pub draft: StopDraft,
}

/// Something that is stopped.
pub struct StopRow {
    /// `all`, `partner` or `group`.
    pub what: &'static str,
    /// The partner's host or the group's name; empty for everything.
    pub name: String,
    pub reason: String,
    pub by: String,
    pub since: When,
}

/// What was typed, after a problem.
pub struct StopDraft {
    pub all: bool,
    pub partner: bool,
    pub group: bool,
    pub name: String,
    pub reason: String,
}

/// `GET /admin/partners/HOST/outstanding`; posts `action` (`again` with `retraction`, `retract` with `group` and `topic`) to
/// itself.
#[derive(Template)]
#[template(path = "outstanding.html")]
pub struct OutstandingPage {
    pub page: Page,
    pub host: String,
    pub organization: String,
    /// Confirmed ones, too.
    pub all: bool,
    pub retractions: Vec<RetractionRow>,
    pub draft: RetractionDraft,
    pub url: String,
    pub pager: Pager,
}

/// Some posts that were asked back.
pub struct RetractionRow {
    pub id: String,
    pub group: GroupLink,
    pub cause: String,
    pub by: String,
    pub asked: When,
    pub answered: Option<When>,
    /// How it stands, in words.
    pub stands: String,
    /// Not all of it is confirmed.
    pub open: bool,
}

/// What was typed, after a problem.
pub struct RetractionDraft {
    pub group: String,
    pub topic: String,
}

/// `GET /admin/keys`; posts `name` with `action` (`one`), or `action` (`all`), to itself.
#[derive(Template)]
#[template(path = "keys.html")]
pub struct KeysPage {
    pub page: Page,
    /// Of the server's own key, to compare by telephone.
    pub fingerprint: String,
    /// What was typed, after a problem.
    pub name: String,
    /// How long replaced keys are published.
    pub days: u64,
}

/// `GET /admin/audit`: newest first.
#[derive(Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    pub page: Page,
    pub lines: Vec<AuditRow>,
    pub pager: Pager,
}

/// Who did what.
pub struct AuditRow {
    pub when: When,
    /// A handle, or `operator` for the command line.
    pub who: String,
    /// "member approved"
    pub what: String,
    pub subject: String,
    /// Where the subject is, when it is a post of this house.
    pub url: Option<String>,
    pub detail: String,
}

/// `GET /admin/users`; posts `display_name`, `name`, `email`, `password`, `role` to itself, `state` (`active`,
/// `disabled`) to `/admin/users/NAME/state`, and `confirm` (the name) to `/admin/users/NAME/erase`.
#[derive(Template)]
#[template(path = "users.html")]
pub struct UsersPage {
    pub page: Page,
    pub users: Vec<UserRow>,
    pub draft: UserDraft,
    pub pager: Pager,
}

/// An account of this house.
pub struct UserRow {
    pub name: String,
    pub display_name: String,
    pub email: String,
    pub role: String,
    pub disabled: bool,
    pub last_seen: Option<When>,
    /// Nobody disables or erases the account they are using.
    pub is_viewer: bool,
}

/// What was typed for a new account (never the password).
pub struct UserDraft {
    pub display_name: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<Choice>,
}

/// What comparing books with a server came to.
pub struct ComparedRow {
    pub at: When,
    pub ours: usize,
    pub theirs: usize,
    pub differences: Vec<DifferenceRow>,
}

/// A day of a group on which the books differ.
pub struct DifferenceRow {
    pub day: String,
    pub group: String,
    /// From us to them; otherwise from them to us.
    pub sent: bool,
    pub ours: usize,
    pub theirs: usize,
    /// Addresses of posts.
    pub only_ours: Vec<String>,
    pub only_theirs: Vec<String>,
}

/// `GET /admin/ledger?host=&group=&from=&to=&way=`: newest first, for the time that is asked for. Posts `host`, `from`, `to` to `…/compare`.
#[derive(Template)]
#[template(path = "ledger.html")]
pub struct LedgerPage {
    pub page: Page,
    pub host: String,
    pub group: String,
    pub from: String,
    pub to: String,
    pub ways: Vec<Choice>,
    /// What the last comparison with this server's books came to.
    pub compared: Option<ComparedRow>,
    pub disclosed: Vec<DisclosedRow>,
    pub lines: Vec<LedgerRow>,
    pub pager: Pager,
}

/// A group, for who may not read it: by the name in its address.
pub struct DisclosedGroup {
    pub name: String,
    pub url: String,
}

/// What one server got of one group.
pub struct DisclosedRow {
    pub host: String,
    /// None: what concerns no group.
    pub group: Option<DisclosedGroup>,
    pub topics: i64,
    pub comments: i64,
    pub revisions: i64,
    pub files: i64,
    pub people: i64,
    pub kibibytes: i64,
    pub withheld: i64,
    /// Of the posts that were asked back, how many are said to be gone; empty: none was.
    pub taken_back: String,
}

/// One time that something left, may have left, or was withheld.
pub struct LedgerRow {
    pub number: i64,
    pub when: When,
    pub way: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub host: String,
    /// Who there read it, by address.
    pub reader: Option<String>,
    pub matter: String,
    pub object: String,
}
