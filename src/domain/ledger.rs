//! The disclosure ledger: what crossed the boundary of this house, to whom, by which way, on what ground.
//!
//! A line is evidence. It is written with what it records and never changed; which texts it is about it says
//! by their digests, so that it can be kept and shown where the texts cannot.

use crate::domain::text_enum::text_enum;
use crate::domain::{EventKind, GrantId, Host, Timestamp, Uri};

text_enum! {
    /// How something crosses the boundary.
    LedgerWay ("way") {
        /// An activity, sent by us.
        Pushed = "pushed",
        /// A document, read here by another server.
        Fetched = "fetched",
        /// A picture or file, read here by another server.
        Media = "media",
        /// Nothing crosses it: what is over there is asked back.
        Retracted = "retracted",
    }
}

text_enum! {
    /// What became of it.
    LedgerOutcome ("outcome") {
        /// It was taken.
        Sent = "sent",
        /// It got there and was not taken: the bytes left all the same.
        Refused = "refused",
        /// It may have left: there was no answer, or one that means "later"; or the process ended before it
        /// could write down how the attempt went.
        Unclear = "unclear",
        /// Nothing left.
        Withheld = "withheld",
        /// The other side was asked to throw it away.
        Asked = "asked",
        /// The other side says that it is gone there.
        Confirmed = "confirmed",
    }
}

text_enum! {
    /// What it was about.
    Matter ("matter") {
        /// The text of a topic.
        Topic = "topic",
        /// The text of a comment.
        Comment = "comment",
        /// That a post is gone, or back.
        Removal = "removal",
        /// That a topic is locked, or not any more.
        Lock = "lock",
        /// That a topic stands first in its group, or not any more.
        Pin = "pin",
        /// The address of a post alone, for servers that read it themselves.
        Boost = "boost",
        Reaction = "reaction",
        Vote = "vote",
        /// A picture or another file.
        File = "file",
        /// Who asks to join, is let in, invited, made a moderator, or left.
        Membership = "membership",
        /// Who is shut out, or not any more.
        Ban = "ban",
        /// Who asks to follow whom, may, or does no more.
        Follow = "follow",
        Report = "report",
        /// That something was not taken.
        Refusal = "refusal",
        /// That what somebody has is to be thrown away, or was.
        Retraction = "retraction",
        Grant = "grant",
        Partnership = "partnership",
        /// That a group moves to another house.
        Move = "move",
        /// What a person or group says of itself.
        Profile = "profile",
        /// Of a delivery whose event is forgotten.
        Other = "other",
    }
}

impl Matter {
    /// The text of a post.
    pub const fn of_text(is_topic: bool) -> Self {
        match is_topic {
            true => Self::Topic,
            false => Self::Comment,
        }
    }

    /// What news of an event are about that carry no text.
    pub const fn of(kind: EventKind) -> Self {
        match kind {
            EventKind::PostCreated
            | EventKind::PostUpdated
            | EventKind::Boosted
            | EventKind::Unboosted => Self::Boost,
            EventKind::PostDeleted
            | EventKind::PostRemoved
            | EventKind::PostRestored
            | EventKind::MirrorTakenBack => Self::Removal,
            EventKind::TopicLocked | EventKind::TopicUnlocked => Self::Lock,
            EventKind::TopicPinned | EventKind::TopicUnpinned => Self::Pin,
            EventKind::Liked | EventKind::Unliked | EventKind::Disliked | EventKind::Undisliked => {
                Self::Reaction
            }
            EventKind::InteractionAnswered => Self::Reaction,
            EventKind::Voted | EventKind::PollCounted => Self::Vote,
            EventKind::Reported => Self::Report,
            EventKind::JoinRequested
            | EventKind::JoinAccepted
            | EventKind::JoinRejected
            | EventKind::Invited
            | EventKind::ColleagueInvited
            | EventKind::Left
            | EventKind::ModeratorAdded
            | EventKind::ModeratorRemoved => Self::Membership,
            EventKind::MemberBanned | EventKind::BanLifted => Self::Ban,
            EventKind::FollowRequested
            | EventKind::Unfollowed
            | EventKind::FollowAccepted
            | EventKind::FollowRejected => Self::Follow,
            EventKind::ActivityRefused => Self::Refusal,
            EventKind::PostAskedBack
            | EventKind::RetractionAsked
            | EventKind::RetractionAnswered => Self::Retraction,
            EventKind::GrantOffered | EventKind::GrantEnded => Self::Grant,
            EventKind::PartnershipEnded | EventKind::PartnershipChanged => Self::Partnership,
            EventKind::MoveOffered
            | EventKind::MoveAccepted
            | EventKind::MoveWithdrawn
            | EventKind::MoveDeclined
            | EventKind::GroupMoved
            | EventKind::PersonMoved => Self::Move,
            EventKind::GroupUpdated
            | EventKind::PersonUpdated
            | EventKind::PersonDeleted
            | EventKind::ActorUpdated => Self::Profile,
        }
    }
}

/// Which text of a post something carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedText {
    /// The post's address.
    pub object: Uri,
    /// What the text is known by, without being it: FEDERATION.md says how it is made.
    pub digest: String,
    /// When this text was written, by what it says itself.
    pub written: Option<Timestamp>,
}

/// What a line of the ledger says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
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
    /// The post, also of a file; where there is none, the activity or the actor.
    pub object: Uri,
    /// Who is named by it: who wrote or did what it tells of.
    pub by: Option<Uri>,
    /// Of the text, or of the file's bytes.
    pub digest: Option<String>,
    /// When that text was written, by what it says itself.
    pub written: Option<Timestamp>,
    /// How much left, or would have left.
    pub bytes: i64,
}

/// A line with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// The row; the newest have the largest.
    pub id: i64,
    pub number: i64,
    /// The digest of this line and of all before it.
    pub hash: String,
    pub entry: LedgerEntry,
    /// As it is exported: what is chained, and its digest.
    pub text: String,
}

/// Which lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerFilter {
    pub host: Option<Host>,
    pub group: Option<Uri>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
    pub way: Option<LedgerWay>,
}

/// What one server got of one group, as far as it was asked for. What was withheld is counted only as such.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The end of a day that is named (`2026-10-31` includes that day), or the moment itself.
///
/// # Errors
/// When it is neither a date nor a time.
pub fn parse_end(text: &str) -> Result<Timestamp, crate::domain::Invalid> {
    let begin = Timestamp::parse(text)?;
    let is_day = text.len() == "2026-10-31".len();
    Ok(match is_day {
        true => begin.plus(std::time::Duration::from_secs(86_400)),
        false => begin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_with_its_last_moment() {
        let end = parse_end("2026-10-31").unwrap();
        assert_eq!(end, Timestamp::parse("2026-11-01").unwrap());
        let moment = "2026-10-31T12:00:00Z";
        assert_eq!(
            parse_end(moment).unwrap(),
            Timestamp::parse(moment).unwrap()
        );
        assert!(parse_end("October").is_err());
    }

    #[test]
    fn what_carries_no_text_is_no_topic_and_no_comment() {
        for kind in EventKind::ALL {
            let matter = Matter::of(*kind);
            assert!(!matches!(matter, Matter::Topic | Matter::Comment), "{kind}");
        }
    }
}
