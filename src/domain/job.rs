//! Work that needs other servers and therefore never happens while somebody's request waits for a
//! database transaction: looking somebody up, fetching earlier topics, accepting an invitation.

use serde::{Deserialize, Serialize};

use crate::domain::text_enum::text_enum;
use crate::domain::{JobId, PartnerClass};

text_enum! {
    JobState ("state") {
        Pending = "pending",
        Done = "done",
        Failed = "failed",
    }
}

/// What is to be done. Stored as JSON, so variants and fields keep their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Work {
    /// Find a person or group by `name@host` or by address.
    Discover { what: String },
    /// Fetch the topics a group elsewhere shows us, with their comments.
    Backfill { group: i64 },
    /// Fetch one conversation of a group elsewhere: something in it answers what is not here.
    BackfillConversation { group: i64, conversation: String },
    /// Read the post at `object`, because somebody elsewhere (`by`) who is followed here boosts it; `announce` is the
    /// boost's id.
    FetchBoosted {
        by: i64,
        object: String,
        announce: String,
    },
    /// Fetch what a person elsewhere shows us who is followed here from now on.
    BackfillPerson { person: i64 },
    /// A person elsewhere says that they moved: their followers here follow `target`, if it says so too.
    FollowMove { person: i64, target: String },
    /// Somebody here is to be said to be at `target` now, if that account says that it is the same person.
    MoveAway {
        person: i64,
        target: String,
        /// Who says so; none: the operator.
        by: Option<i64>,
    },
    /// Read at `list` whom a group elsewhere counts as members here, if `digest` still stands for them.
    AgreeOnRoster {
        group: i64,
        list: String,
        digest: String,
    },
    /// Find out what software a server runs.
    AskSoftware { host: String },
    /// Fetch a picture or file of a post from its author's server, because somebody wants to see it.
    FetchAttachment { attachment: i64 },
    /// Compare books with a partner, of what was written from one moment (microseconds) to before another.
    CompareBooks {
        host: String,
        from: i64,
        to: i64,
        /// Who wants to know; none: the operator.
        by: Option<i64>,
    },
    /// Ask the webhooks of the rules at the boundary about a post, as it is since `text_of` (microseconds).
    AskWebhooks { post: i64, text_of: i64 },
    /// Use a partner's invitation code.
    AcceptPartnership {
        code: String,
        /// What the other organization is to us.
        class: PartnerClass,
        /// What it is for, as we say.
        #[serde(default)]
        purpose: String,
        #[serde(default)]
        contact: String,
        /// When it ends, microseconds; none: not by itself.
        #[serde(default)]
        until: Option<i64>,
        /// How often it is confirmed; none: as the house says, 0: never.
        #[serde(default)]
        confirm_months: Option<i32>,
        /// The administrator who pasted the code; none: the operator.
        by: Option<i64>,
    },
    /// Ask a partner's house how it sees deliveries between us.
    AskPartnerView {
        host: String,
        /// Who wants to know; none: the operator.
        by: Option<i64>,
    },
    /// Find out what a server is like, before something is shared with it.
    Probe {
        host: String,
        /// Who wants to know; none: the operator.
        by: Option<i64>,
    },
    /// See whether a partner's server still shows the keys that are pinned.
    LookAtKeys { host: String },
    /// New keys for everybody and everything of this house.
    RotateKeys {
        /// When it was asked for, microseconds: who has newer keys by then is done already.
        since: i64,
        /// The administrator who asked; none: the operator.
        by: Option<i64>,
    },
}

/// A job and, once it ended, what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub work: Work,
    pub state: JobState,
    pub attempts: u32,
    /// A sentence for the person who asked, when it failed.
    pub problem: Option<String>,
}
