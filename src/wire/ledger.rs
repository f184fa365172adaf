//! What left the house, and whether partners' books say the same.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, GrantId, Host, LedgerOutcome, LedgerWay, Matter, Timestamp, Uri};
use crate::services::books::{self, Direction};

/// A line of the ledger, with the fields that it is exported and chained with.
#[derive(Serialize, ToSchema)]
pub struct LedgerLine {
    /// The how many-th of the chain it is.
    pub number: i64,
    /// Text, for it is larger than JavaScript's integers.
    pub id: String,
    pub at: Timestamp,
    pub way: LedgerWay,
    pub outcome: LedgerOutcome,
    /// Why it was withheld, or what the other side said.
    pub reason: Option<String>,
    /// The server it went to.
    pub host: Host,
    /// Who there read it, where a person signed the request.
    pub reader: Option<Uri>,
    /// The grant that allowed it, where one did.
    pub grant: Option<GrantId>,
    pub group: Option<Uri>,
    pub matter: Matter,
    /// The post; where there is none, the activity or the actor.
    pub object: Uri,
    /// Who is named by it.
    pub by: Option<Uri>,
    /// Of the text, or of the file.
    pub digest: Option<String>,
    /// When that text was written, by what it says itself.
    pub written: Option<Timestamp>,
    /// How much left, or would have left.
    pub bytes: i64,
    /// The digest of this line and of all before it.
    pub hash: String,
}

impl From<domain::LedgerLine> for LedgerLine {
    fn from(line: domain::LedgerLine) -> Self {
        let entry = line.entry;
        Self {
            number: line.number,
            id: line.id.to_string(),
            at: entry.at,
            way: entry.way,
            outcome: entry.outcome,
            reason: entry.reason,
            host: entry.host,
            reader: entry.reader,
            grant: entry.grant,
            group: entry.group,
            matter: entry.matter,
            object: entry.object,
            by: entry.by,
            digest: entry.digest,
            written: entry.written,
            bytes: entry.bytes,
            hash: line.hash,
        }
    }
}

/// What one server got of one group in the time that was asked for.
#[derive(Serialize, ToSchema)]
pub struct Disclosed {
    pub host: String,
    /// None: what concerns no group.
    pub group: Option<String>,
    /// Lines of what left, or may have.
    pub lines: i64,
    pub topics: i64,
    pub comments: i64,
    /// Different texts of topics and comments.
    pub revisions: i64,
    /// Different pictures and files.
    pub files: i64,
    /// Different people who are named.
    pub people: i64,
    pub bytes: i64,
    pub withheld: i64,
    /// Different posts that were asked back.
    pub asked_back: i64,
    /// Of these, the ones that are said to be gone there.
    pub confirmed: i64,
}

impl From<domain::Disclosed> for Disclosed {
    fn from(disclosed: domain::Disclosed) -> Self {
        Self {
            host: disclosed.host,
            group: disclosed.group,
            lines: disclosed.lines,
            topics: disclosed.topics,
            comments: disclosed.comments,
            revisions: disclosed.revisions,
            files: disclosed.files,
            people: disclosed.people,
            bytes: disclosed.bytes,
            withheld: disclosed.withheld,
            asked_back: disclosed.asked_back,
            confirmed: disclosed.confirmed,
        }
    }
}

/// How far a log goes: whoever keeps this elsewhere can tell later that nothing before it was changed.
#[derive(Serialize, ToSchema)]
pub struct Checkpoint {
    pub lines: i64,
    /// The digest of the last line; of no line, 64 zeros.
    pub hash: String,
}

impl From<domain::Checkpoint> for Checkpoint {
    fn from(checkpoint: domain::Checkpoint) -> Self {
        Self {
            lines: checkpoint.lines,
            hash: checkpoint.hash,
        }
    }
}

/// What comparing books with a partner came to.
#[derive(Serialize, ToSchema)]
pub struct Comparison {
    pub host: String,
    /// When it was made.
    pub at: Timestamp,
    pub from: String,
    /// The first moment that was not asked for.
    pub to: String,
    /// Texts by our books, in both directions.
    pub ours: usize,
    /// The same by theirs.
    pub theirs: usize,
    /// Days of a group on which the books differ.
    pub differences: Vec<Difference>,
}

/// A day of a group on which the books differ.
#[derive(Serialize, ToSchema)]
pub struct Difference {
    /// `sent`: from us to them. `received`: from them to us.
    pub direction: &'static str,
    pub group: String,
    /// `2026-10-31`
    pub day: String,
    pub ours: usize,
    pub theirs: usize,
    /// Texts that only we have; named on the first days that differ.
    pub only_ours: Vec<Text>,
    pub only_theirs: Vec<Text>,
}

/// A text, by its digest.
#[derive(Serialize, ToSchema)]
pub struct Text {
    /// The post.
    pub object: String,
    pub digest: String,
}

impl Comparison {
    pub fn new(at: Timestamp, compared: books::Comparison) -> Self {
        let differences = compared.differences.into_iter();
        Self {
            host: compared.host,
            at,
            from: compared.from,
            to: compared.to,
            ours: compared.ours,
            theirs: compared.theirs,
            differences: differences.map(Difference::from).collect(),
        }
    }
}

impl From<books::Difference> for Difference {
    fn from(difference: books::Difference) -> Self {
        let texts = |all: Vec<books::Named>| all.into_iter().map(Text::from).collect();
        Self {
            direction: match difference.direction {
                Direction::Sent => "sent",
                Direction::Received => "received",
            },
            group: difference.place.group,
            day: difference.place.day,
            ours: difference.ours,
            theirs: difference.theirs,
            only_ours: texts(difference.only_ours),
            only_theirs: texts(difference.only_theirs),
        }
    }
}

impl From<books::Named> for Text {
    fn from(text: books::Named) -> Self {
        Self {
            object: text.object,
            digest: text.digest,
        }
    }
}
