//! What the pages show: one struct a template, made of plain values.
//!
//! Handlers fill these; nothing here knows the database, a service or the policy. Whether a button
//! appears is a `can_…` that policy answered; a page never works out a right by itself.
//!
//! Text is escaped by the templates. The one exception is [`SafeHtml`], which only the sanitizer
//! makes. URLs are not checked here: pass paths of this house, or web addresses that `domain` has
//! parsed.
//!
//! Words that come as `String` (`access`, `stage`, `class`, `state`, `role`, …) are the words of
//! `docs/GLOSSARY.md` in lower case, as the forms send them back.

use askama::Template;

use crate::domain::markup::SafeHtml;

// ---------------------------------------------------------------- parts that many pages share

/// What the layout needs; embedded in every page. Its only form posts to `/sign-out`.
pub struct Page {
    pub title: String,
    /// The name of this house.
    pub organization: String,
    /// Goes into the hidden field `csrf` of every form. Signed-out pages need one too.
    pub csrf: String,
    pub viewer: Option<ViewerBar>,
    /// "Saved." One sentence after something went well.
    pub notice: Option<String>,
    /// One sentence about what went wrong and what to do; the form below keeps what was typed.
    pub problem: Option<String>,
    /// Path and query of this page: marks where one is, and is where signing in returns to.
    pub path: String,
}

/// The signed-in person, in the header.
pub struct ViewerBar {
    pub name: String,
    pub handle: String,
    pub is_admin: bool,
    /// Requests to join that wait for this person, over all their groups.
    pub pending: usize,
}

/// A moment: `iso` for machines, `text` for people.
pub struct When {
    pub iso: String,
    pub text: String,
}

/// Marks everything from another organization. `None` where one is optional means: of this house.
pub struct Badge {
    /// The name we know the organization by; its host where there is no partnership.
    pub organization: String,
    /// `partner`, `supplier`, `customer` or `outside`.
    pub class: String,
    pub host: String,
}

/// Somebody who wrote, joined or asked.
pub struct Author {
    pub name: String,
    /// `ada`, or `bo@birch.example` for somebody from outside.
    pub handle: String,
    pub url: Option<String>,
    pub badge: Option<Badge>,
    /// An outside person with an account of this house.
    pub guest: bool,
}

/// A group named in passing.
pub struct GroupLink {
    /// `/g/NAME` or `/g/NAME@HOST`; forms append to it.
    pub url: String,
    pub title: String,
    pub badge: Option<Badge>,
}

/// Links to the neighbouring pages of a list.
#[derive(Default)]
pub struct Pager {
    pub newer: Option<String>,
    pub older: Option<String>,
}

/// A topic in a list.
pub struct TopicSummary {
    pub url: String,
    pub title: String,
    /// `None` on the group's own page.
    pub group: Option<GroupLink>,
    pub author: Author,
    pub when: When,
    /// The first words, as plain text.
    pub excerpt: Option<String>,
    pub likes: usize,
    pub liked: bool,
    pub comments: usize,
    pub pinned: bool,
    pub locked: bool,
}

/// A group in the directory, or found by its handle.
pub struct GroupCard {
    pub url: String,
    pub handle: String,
    pub title: String,
    /// Plain text.
    pub summary: Option<String>,
    /// `open`, `closed` or `secret`.
    pub access: String,
    /// `internal`, `partners` or `public`.
    pub stage: String,
    pub badge: Option<Badge>,
    /// Unknown for some groups elsewhere.
    pub members: Option<usize>,
    /// `none`, `requested`, `invited`, `member`, `moderator`, `owner` or `banned`.
    pub membership: String,
    pub can_join: bool,
    /// Requests that wait for the viewer here.
    pub pending: usize,
}

/// The head of a group's own page; words as in [`GroupCard`].
pub struct GroupHead {
    pub url: String,
    pub handle: String,
    pub title: String,
    pub description: Option<SafeHtml>,
    pub access: String,
    pub stage: String,
    pub archived: bool,
    pub badge: Option<Badge>,
    pub members: Option<usize>,
    pub membership: String,
    pub can_join: bool,
    pub can_leave: bool,
    pub can_see_members: bool,
    /// Shows the way to the settings.
    pub can_manage: bool,
    pub pending: usize,
    /// A sentence about the state: why one cannot join, what one is waiting for.
    pub note: Option<String>,
}

/// One part of "who will read this": "41 colleagues", "12 people at Supplier AG", "Customer B cannot".
pub struct AudiencePart {
    pub text: String,
    /// People outside this house **will** read it; false for "… cannot".
    pub outside: bool,
}

/// A place to write. On a problem, `title` and `body` are what was typed.
pub struct Composer {
    pub title: String,
    pub body: String,
    pub audience: Vec<AudiencePart>,
}

/// Whether one may write here, and if not, why.
pub enum Writing {
    Open(Composer),
    /// One sentence: the reason and what to do.
    Withheld(String),
}

/// What a topic and a comment have in common.
pub struct PostBody {
    pub author: Author,
    /// For colleagues who are members; never leaves the house.
    pub aside: bool,
    pub when: When,
    pub body: SafeHtml,
    /// Set when there is a history to look at.
    pub edited: Option<When>,
    pub likes: usize,
    pub liked: bool,
    pub can_like: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    /// Shows the way to `/p/ID/remove`, for moderators.
    pub can_remove: bool,
    /// Waits for a moderator; only the author and moderators get to see it.
    pub held: bool,
    /// Where it was written, if elsewhere.
    pub origin: Option<String>,
}

/// A comment in a thread. Threads are flat, in reading order, each with its depth.
pub struct CommentView {
    pub id: String,
    /// 0 answers the topic itself. Deeper than 6 is drawn like 6.
    pub depth: usize,
    /// The comment this one answers, when it is not the topic.
    pub reply_to: Option<ReplyTo>,
    pub content: CommentContent,
    /// Ignored while [`TopicPage::writing`] is withheld.
    pub can_reply: bool,
    /// An answer that was typed and could not be posted; unfolds the form.
    pub draft: Option<String>,
    pub draft_aside: bool,
}

/// The comment that is answered.
pub struct ReplyTo {
    pub id: String,
    pub name: String,
}

/// A comment, or the place where one was.
pub enum CommentContent {
    Visible(Box<PostBody>),
    /// Taken out of view by a moderator.
    Removed(RemovedPost),
    /// "Deleted by its author." Holds nothing of what was there.
    Tombstone(String),
}

/// What is left of a removed post, and for those with duties what it said.
pub struct RemovedPost {
    /// Why, in the moderator's words; not said for what was removed elsewhere.
    pub reason: Option<String>,
    pub shown: Option<Box<PostBody>>,
    pub can_restore: bool,
}

/// One of several things to tick or choose; the sentences come from whoever knows the consequences.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    pub chosen: bool,
}

/// A grant in a list, on the group's side and on the partner's.
pub struct GrantRow {
    pub id: String,
    pub group: GroupLink,
    pub partner: Badge,
    /// `read`, `reply`, …
    pub can: Vec<String>,
    /// `approve`, `auto` or `invite`.
    pub join: String,
    pub from: When,
    pub until: Option<When>,
    /// In words: "from the day of the grant", "everything", "since 1 March 2026".
    pub history: String,
    pub apart: bool,
    /// Why it does not count at the moment: "expired", "partner is paused".
    pub idle: Option<String>,
}

/// How sending to one host goes.
#[derive(Default)]
pub struct QueueHealth {
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

// ---------------------------------------------------------------- everybody's pages

/// `GET /sign-in`; posts `username`, `password`, `next` to `/sign-in`.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub page: Page,
    pub username: String,
    /// Where to go afterwards; the handler accepts only paths of this house.
    pub next: String,
}

/// An error with one sentence.
///
/// Shows nothing of `page` but the organization, and for 404 not even `sentence`: every address
/// that does not exist for the asker has to answer with the same bytes.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub page: Page,
    pub status: u16,
    pub sentence: String,
}

/// `GET /`: topics of my groups, newest first.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub page: Page,
    pub topics: Vec<TopicSummary>,
    pub pager: Pager,
    pub groups: Vec<GroupLink>,
}

/// `GET /groups`: the directory. Creating posts `name`, `title`, `description`, `access` to `/groups`.
#[derive(Template)]
#[template(path = "groups.html")]
pub struct GroupsPage {
    pub page: Page,
    pub mine: Vec<GroupCard>,
    /// Groups of this house that one may join or ask to.
    pub others: Vec<GroupCard>,
    pub partners: Vec<GroupCard>,
    /// `None` for who may not create groups.
    pub create: Option<GroupDraft>,
}

/// What was typed for a new group; `open` unfolds the form (after a problem).
pub struct GroupDraft {
    pub open: bool,
    pub name: String,
    pub title: String,
    pub description: String,
    pub access: String,
}

/// `GET /find?handle=`: looking for a group elsewhere.
#[derive(Template)]
#[template(path = "find.html")]
pub struct FindPage {
    pub page: Page,
    pub handle: String,
    pub outcome: FindOutcome,
}

/// What looking came to.
pub enum FindOutcome {
    /// Nothing asked yet.
    Ask,
    /// The other server has not answered yet; the page offers to look again.
    Looking,
    Found(Box<GroupCard>),
    /// The same for a group that does not exist and for one that is hidden from us.
    NotFound,
}

/// `GET /g/NAME` or `/g/NAME@HOST`.
///
/// Posts to `…/join`, `…/leave` (also takes back a request) and `…/topics` (`title`, `body`).
#[derive(Template)]
#[template(path = "group.html")]
pub struct GroupPage {
    pub page: Page,
    pub group: GroupHead,
    /// False: the head is all one sees, and `writing` says why.
    pub can_read: bool,
    pub topics: Vec<TopicSummary>,
    pub pager: Pager,
    pub writing: Writing,
    /// Unfolds the composer (after a problem).
    pub composing: bool,
}

/// `GET …/members`; posts `actor`, `action` (`approve`, `reject`, `remove`, `role`, `ban`, `lift`), `role`
/// and `until` to it, and `who`, `role` to `…/members/add`.
#[derive(Template)]
#[template(path = "members.html")]
pub struct MembersPage {
    pub page: Page,
    pub group: GroupLink,
    pub members: Vec<MemberRow>,
    /// Empty for who may not decide.
    pub requests: Vec<RequestRow>,
    /// Invited and not yet there; empty for who may not decide.
    pub invited: Vec<RequestRow>,
    /// Shut out; empty for who may not decide.
    pub banned: Vec<BannedRow>,
    /// `None` for who may not name anybody.
    pub naming: Option<Naming>,
    pub pager: Pager,
    /// "This is what acme tells us; there may be more."
    pub note: Option<String>,
}

/// A member, and what the viewer may do about it.
pub struct MemberRow {
    pub author: Author,
    /// Sent back as `actor`.
    pub actor: String,
    /// `member`, `moderator` or `owner`.
    pub role: String,
    pub since: When,
    /// The roles the viewer may give this person; empty when none.
    pub roles: Vec<Choice>,
    /// Also ban.
    pub can_remove: bool,
}

/// The form to name somebody for the group.
pub struct Naming {
    /// What was typed, after a problem.
    pub who: String,
    /// Empty: they become members, and only owners say otherwise.
    pub roles: Vec<Choice>,
    /// A moderator decides about whom one names.
    pub suggests: bool,
    /// The group is open to partners, whose people can be invited.
    pub shared: bool,
    /// How people elsewhere find the group.
    pub handle: String,
}

/// Somebody who is shut out.
pub struct BannedRow {
    pub author: Author,
    pub actor: String,
    pub until: Option<When>,
}

/// Somebody who asks to join, or was asked.
pub struct RequestRow {
    pub author: Author,
    pub actor: String,
    pub when: When,
}

/// `GET /p/ID`. Posts to `/p/ID/like`, `/unlike`, `/delete`, `/restore` and `/comments` (`body`,
/// `aside`: `yes` keeps it inside), for the topic and for each comment under its own id; to `/p/ID/lock` and `/unlock` for the topic.
#[derive(Template)]
#[template(path = "topic.html")]
pub struct TopicPage {
    pub page: Page,
    pub id: String,
    pub group: GroupLink,
    pub title: String,
    pub content: CommentContent,
    pub pinned: bool,
    pub locked: bool,
    pub can_lock: bool,
    /// All comments, not only those on this page.
    pub comment_count: usize,
    /// What colleagues said among themselves; not among those counted.
    pub aside_count: usize,
    /// Offers to keep a comment inside.
    pub can_aside: bool,
    /// The comment that was typed and could not be posted was to stay inside.
    pub aside: bool,
    pub comments: Vec<CommentView>,
    pub pager: Pager,
    pub writing: Writing,
}

/// `GET /p/ID/edit`; posts `title` (topics only) and `body` to itself.
#[derive(Template)]
#[template(path = "edit.html")]
pub struct EditPage {
    pub page: Page,
    pub id: String,
    /// `None` for a comment.
    pub title: Option<String>,
    pub body: String,
    pub audience: Vec<AudiencePart>,
    /// Where "Cancel" goes.
    pub back: String,
}

/// `GET /p/ID/remove`, for moderators; posts `reason` to itself.
#[derive(Template)]
#[template(path = "remove.html")]
pub struct RemovePage {
    pub page: Page,
    pub id: String,
    pub group: GroupLink,
    /// `None` for a comment.
    pub title: Option<String>,
    pub post: PostBody,
    /// What was typed, after a problem.
    pub reason: String,
    /// Organizations of other houses may have got it.
    pub shared: bool,
    /// Where "Cancel" goes.
    pub back: String,
}

/// `GET /p/ID/history`: newest first.
#[derive(Template)]
#[template(path = "history.html")]
pub struct HistoryPage {
    pub page: Page,
    /// "Bridge opens Monday", or "Comment by Bo".
    pub of: String,
    pub back: String,
    pub revisions: Vec<Revision>,
}

/// One text that a post had.
pub struct Revision {
    pub when: When,
    pub author: Author,
    pub title: Option<String>,
    pub body: SafeHtml,
    pub current: bool,
}

/// `GET /settings`. Posts `current`, `password`, `again` to `/settings/password`; `session` (an id,
/// or `others`) to `/settings/sessions`; `token` to `/settings/tokens`.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    pub page: Page,
    pub handle: String,
    /// What one signs in with, for password managers.
    pub name: String,
    pub email: String,
    pub role: String,
    pub sessions: Vec<SessionRow>,
    pub tokens: Vec<TokenRow>,
}

/// A browser that is signed in. `id` names the session; it is never the secret in the cookie.
pub struct SessionRow {
    pub id: String,
    pub device: String,
    pub since: When,
    pub last_used: When,
    pub current: bool,
}

/// A client that holds a token. `id` names it; the token itself is never shown again.
pub struct TokenRow {
    pub id: String,
    pub client: String,
    pub scopes: String,
    pub since: When,
}

/// `GET /u/NAME`: a colleague.
#[derive(Template)]
#[template(path = "person.html")]
pub struct PersonPage {
    pub page: Page,
    pub name: String,
    pub handle: String,
    pub guest: bool,
    pub since: When,
    pub is_viewer: bool,
}

// ---------------------------------------------------------------- for managers and administrators

/// `GET /g/NAME/settings`.
///
/// Posts `title`, `description`, `access` to itself; `stage` to `…/stage`; `archived` (`yes`, `no`) to
/// `…/archive`; a grant (`partner`, `can`
/// once for each capability, `join`, `until`, `history`, `history_from`, `apart`) to `…/grants`;
/// `grant` (the host it is for) to `…/grants/remove`.
#[derive(Template)]
#[template(path = "group_admin.html")]
pub struct GroupAdminPage {
    pub page: Page,
    pub group: GroupLink,
    pub title: String,
    /// Markdown, as typed.
    pub description: String,
    pub access: String,
    pub stages: Vec<StageChoice>,
    pub archived: bool,
    pub can_archive: bool,
    pub grants: Vec<GrantRow>,
    /// Partners that may be given a grant; empty hides the form.
    pub partners: Vec<Choice>,
    /// `None` for who may see grants but not change them.
    pub draft: Option<GrantDraft>,
}

/// A stage one can go to, and exactly what becomes (or stops being) visible to whom.
pub struct StageChoice {
    /// `internal`, `partners` or `public`.
    pub value: String,
    pub label: String,
    pub current: bool,
    pub consequences: Vec<String>,
    /// Why this stage is not possible.
    pub refused: Option<String>,
}

/// The form for a grant: defaults, or what was typed.
pub struct GrantDraft {
    pub capabilities: Vec<Choice>,
    /// `approve`, `auto`, `invite`.
    pub join: Vec<Choice>,
    /// `YYYY-MM-DD` or empty.
    pub until: String,
    /// `now`, `all` or `date`.
    pub history: String,
    /// `YYYY-MM-DD`, counts with `date`.
    pub history_from: String,
    pub apart: bool,
}

/// `GET /admin/partners`.
///
/// Posts `class`, `expires` to `…/invite`; `code` to `…/accept`; `host`, `class` to `…/add`.
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
    /// Added by host name alone; the other side has not agreed to anything.
    pub one_sided: bool,
    /// Groups with a grant that counts.
    pub groups: usize,
}

/// An invitation code for the administrator over there.
pub struct Invitation {
    pub code: String,
    pub class: String,
    pub expires: When,
}

/// `GET /admin/partners/HOST`; posts `state` (`active`, `paused`, `ended`, `blocked`) to `…/state`.
#[derive(Template)]
#[template(path = "partner.html")]
pub struct PartnerPage {
    pub page: Page,
    pub host: String,
    pub organization: String,
    pub class: String,
    pub state: String,
    pub one_sided: bool,
    pub since: When,
    pub software: Option<String>,
    pub contact: Option<String>,
    pub purpose: Option<String>,
    /// Fingerprint of the pinned key, to compare by telephone.
    pub fingerprint: Option<String>,
    pub grants: Vec<GrantRow>,
    pub health: QueueHealth,
}

/// `GET /admin/queue`; posts `id` and `action` (`retry`, `discard`) to itself.
#[derive(Template)]
#[template(path = "queue.html")]
pub struct QueuePage {
    pub page: Page,
    pub destinations: Vec<DestinationRow>,
    pub dead: Vec<DeadLetter>,
    pub pager: Pager,
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
    pub attempts: usize,
    pub failure: Failure,
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
