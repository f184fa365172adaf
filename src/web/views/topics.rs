//! Topics with their comments: in lists, to read, to write and change, to remove.

use askama::Template;

use super::{Author, Choice, GroupLink, Page, Pager, When};
use crate::domain::markup::SafeHtml;

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
    pub boosts: usize,
    /// Who passed it on, where it is in the list because of that.
    pub boosted_by: Option<GroupLink>,
    pub comments: usize,
    pub pinned: bool,
    pub locked: bool,
    /// The house of its group did not take it: it is seen here only.
    pub refused: bool,
    /// Nobody outside (or not everybody) sees it.
    pub held: bool,
    pub label: Option<LabelView>,
}

/// How something is classified.
pub struct LabelView {
    pub name: String,
    /// The list does not know it any more.
    pub lost: bool,
}

/// `GET /p/ID`. Posts to `/p/ID/like`, `/unlike`, `/boost`, `/unboost`, `/bookmark`, `/unbookmark`, `/delete`, `/restore` and `/comments` (`body`,
/// `aside`: `yes` keeps it inside; `label`: its own) and `/label` (`label`; empty: none of its own), for the topic and for each comment under its own id; to
/// `/p/ID/lock`, `/unlock`, `/pin` and `/unpin` for the topic.
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
    /// Also pin.
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
    pub draft_attached: Vec<KeptFile>,
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

/// What a topic and a comment have in common.
pub struct PostBody {
    pub author: Author,
    /// For colleagues who are members; never leaves the house.
    pub aside: bool,
    pub when: When,
    pub body: SafeHtml,
    pub pictures: Vec<PictureView>,
    pub files: Vec<FileView>,
    /// Set when there is a history to look at.
    pub edited: Option<When>,
    pub likes: usize,
    pub liked: bool,
    /// Of people elsewhere; shown where there are any.
    pub dislikes: usize,
    pub can_like: bool,
    pub boosts: usize,
    pub boosted: bool,
    pub can_boost: bool,
    pub bookmarked: bool,
    /// Somebody is signed in, who may mark it.
    pub can_bookmark: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    /// Shows the way to `/p/ID/remove`, for moderators.
    pub can_remove: bool,
    /// Shows the way to `/p/ID/shut-out`.
    pub can_ask_ban: bool,
    /// Shows the form for `/p/ID/report`.
    pub can_report: bool,
    /// What the house of a group elsewhere did not take of it, and of what the viewer did with it.
    pub refusals: Vec<NotTaken>,
    /// Waits for a moderator; only the author and moderators get to see it.
    pub held: bool,
    /// Nobody outside (or not everybody) sees it.
    pub at_boundary: Option<AtBoundary>,
    /// Where it was written, if elsewhere.
    pub origin: Option<String>,
    pub poll: Option<PollBox>,
    pub label: Option<LabelView>,
    /// The labels that the viewer may give it; empty hides the form.
    pub labels: Vec<Choice>,
}

/// A post that is held at the boundary.
pub struct AtBoundary {
    /// Why.
    pub why: String,
    /// "everybody outside", or the partners.
    pub from: String,
    /// Somebody decided that it stays inside.
    pub refused: bool,
}

/// A poll: the form for `/p/ID/vote` (`choice`, once or several times), and how the votes stand.
pub struct PollBox {
    pub options: Vec<PollLine>,
    pub multiple: bool,
    /// Shows the form.
    pub can_vote: bool,
    /// "12 people voted", or why there are no numbers.
    pub summary: String,
    pub end: Option<PollEnd>,
}

/// An option of a poll.
pub struct PollLine {
    pub position: usize,
    pub title: String,
    /// The viewer chose it.
    pub own: bool,
    /// None while it is not shown.
    pub tally: Option<PollTally>,
}

/// How often an option was chosen.
pub struct PollTally {
    pub votes: u32,
    /// Of those who voted.
    pub percent: u32,
}

/// When a poll ends or ended.
pub struct PollEnd {
    pub over: bool,
    pub when: When,
}

/// Something that the house of a group elsewhere did not take.
pub struct NotTaken {
    pub sentence: String,
    /// The text that was not taken, where it was an edit of the viewer's.
    pub text: Option<RefusedText>,
}

/// A text that does not stand.
pub struct RefusedText {
    pub title: Option<String>,
    pub body: SafeHtml,
}

/// What is left of a removed post, and for those with duties what it said.
pub struct RemovedPost {
    /// Why, in the moderator's words; not said for what was removed elsewhere.
    pub reason: Option<String>,
    pub shown: Option<Box<PostBody>>,
    pub can_restore: bool,
}

/// Whether one may write here, and if not, why.
pub enum Writing {
    Open(Composer),
    /// One sentence: the reason and what to do.
    Withheld(String),
}

/// A picture below a post.
pub struct PictureView {
    /// The picture itself, and the small one that the page shows.
    pub url: String,
    pub preview: String,
    /// Empty where its owner did not describe it.
    pub description: String,
    /// Size of the picture, so that the page does not jump when it comes.
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// A file below a post, or the way to one.
pub struct FileView {
    pub url: String,
    pub name: String,
    pub description: String,
    /// "1.2 MB"; none where it is not known.
    pub size: Option<String>,
    /// It is on another server, and so is what one gets.
    pub elsewhere: Option<String>,
}

/// A file in a form that was uploaded before: it stays as long as its box is ticked.
pub struct KeptFile {
    pub id: String,
    pub name: String,
    pub description: String,
    /// For pictures.
    pub preview: Option<String>,
}

/// A place to write. On a problem, `title` and `body` are what was typed. Files are sent in the fields
/// `file-N`, each with `description-file-N`; those that were sent already are kept by `keep`, each with
/// `description-ID`.
pub struct Composer {
    pub title: String,
    pub body: String,
    pub attached: Vec<KeptFile>,
    /// Numbers of the places for files; none where one may not attach any.
    pub places: Vec<usize>,
    pub audience: Vec<AudiencePart>,
    /// How it may be classified, and what each label means for who reads; empty hides the choice.
    pub labels: Vec<Choice>,
    /// Unused where one comments.
    pub poll: PollDraftForm,
}

/// What was typed to make a topic a poll; unfolds when there is something.
#[derive(Default)]
pub struct PollDraftForm {
    /// One option a line.
    pub options: String,
    pub multiple: bool,
    pub hides_totals: bool,
    /// Of how long it may be open, what is chosen.
    pub lasts: Vec<Choice>,
}

/// One part of "who will read this": "41 colleagues", "12 people at Supplier AG", "Customer B cannot".
pub struct AudiencePart {
    pub text: String,
    /// People outside this house **will** read it; false for "… cannot".
    pub outside: bool,
}

/// `GET /p/ID/edit`; posts `title` (topics only), `body` and files (as [`Composer`]) to itself.
#[derive(Template)]
#[template(path = "edit.html")]
pub struct EditPage {
    pub page: Page,
    pub id: String,
    /// `None` for a comment.
    pub title: Option<String>,
    pub body: String,
    pub attached: Vec<KeptFile>,
    pub places: Vec<usize>,
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

/// `GET /p/ID/boosts`.
#[derive(Template)]
#[template(path = "boosters.html")]
pub struct BoostersPage {
    pub page: Page,
    /// "Bridge opens Monday", or "Comment by Bo".
    pub of: String,
    pub back: String,
    /// The latest first.
    pub people: Vec<GroupLink>,
}

/// `GET /bookmarks`: what one marked, the latest first.
#[derive(Template)]
#[template(path = "bookmarks.html")]
pub struct BookmarksPage {
    pub page: Page,
    pub topics: Vec<TopicSummary>,
    pub pager: Pager,
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

/// What would be posted, and who would read it; posts `fields` and what is attached to `action`, to be published,
/// or with `edit` to be changed.
#[derive(Template)]
#[template(path = "preview.html")]
pub struct PreviewPage {
    pub page: Page,
    pub group: GroupLink,
    /// Empty for a comment.
    pub title: String,
    pub body: SafeHtml,
    /// Members of this house by name; empty where the viewer may not know them.
    pub inside: Vec<String>,
    pub every_colleague: bool,
    pub public: bool,
    pub label: Option<LabelView>,
    /// What its label keeps inside, in a sentence.
    pub kept: Option<String>,
    /// For a group elsewhere its server, which decides who else reads.
    pub house: Option<String>,
    pub readers: Vec<ReadingOrganization>,
    /// Partners that get nothing, and why.
    pub excluded: Vec<(String, String)>,
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub attached: Vec<KeptFile>,
}

/// Another organization that gets the post.
pub struct ReadingOrganization {
    pub name: String,
    pub host: String,
    /// Its members of the group; empty where there are none, or the viewer may not know them.
    pub people: Vec<String>,
    /// What its software is not known to do.
    pub warnings: Vec<String>,
}
