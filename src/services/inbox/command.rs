//! What activities ask for, in the words of the house.

use crate::domain::{
    Actor, ActorKind, AskedInteraction, GrantTerms, Proof, ReportText, RetractionAnswer, Terms,
    Timestamp, Uri,
};
use crate::services::memberships::{Invitee, ReceivedBan};
use crate::services::polls::ReceivedVote;
use crate::services::posts::ReceivedPost;

/// What an activity asks for, in the words of the house. Made by federation, purely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A group is asked to be joined, or a person to be followed.
    Follow {
        follow: Uri,
        whom: Uri,
    },
    Unfollow {
        whom: Uri,
    },
    /// The group or person that was asked answers.
    AcceptFollow {
        follow: Uri,
    },
    RejectFollow {
        follow: Uri,
    },
    /// What somebody here said in a group elsewhere was let in there and then refused.
    RejectActivity {
        activity: Uri,
        /// Why, in a word.
        reason: String,
    },
    /// A group asks one of ours to come.
    Invite {
        group: Uri,
        invitee: Invitee,
    },
    /// Somebody elsewhere invites one of their own house into a group of ours.
    InviteColleague {
        group: Uri,
        invitee: Invitee,
    },
    CreatePost(ReceivedPost),
    UpdatePost(ReceivedPost),
    DeleteObject {
        object: Uri,
        /// A reason came with it: it is a moderator's removal, not an author's change of mind.
        removal: bool,
    },
    /// A removal is taken back.
    RestoreObject {
        object: Uri,
    },
    LockTopic {
        object: Uri,
    },
    UnlockTopic {
        object: Uri,
    },
    Like {
        like: Uri,
        object: Uri,
    },
    Unlike {
        object: Uri,
    },
    Vote(ReceivedVote),
    Dislike {
        dislike: Uri,
        object: Uri,
    },
    Undislike {
        object: Uri,
    },
    /// Somebody is shut out of a group.
    Ban(ReceivedBan),
    LiftBan {
        person: Uri,
        group: Uri,
    },
    /// Somebody wants nothing to do with somebody: it matters when one server says so of another.
    ShutOut {
        object: Uri,
    },
    /// A topic is pinned, or somebody moderates from now on: `target` is that list of a group.
    AddToList {
        object: Uri,
        target: Uri,
    },
    RemoveFromList {
        object: Uri,
        target: Uri,
    },
    /// Something that is known here by its id is undone by who did it.
    UndoById {
        activity: Uri,
    },
    /// The group or person that says so is another one now. The documents of a group's two addresses were
    /// read anew before it is applied; of a person, the other must say so too.
    Move {
        target: Uri,
    },
    /// Somebody asks whether they may like, answer or boost a post.
    AskInteraction(AskedInteraction),
    /// The house of a group asks us to take it.
    OfferMove {
        offer: Uri,
        group: Uri,
    },
    /// A partner's house takes a group of ours.
    AcceptMove {
        offer: Uri,
        target: Uri,
    },
    /// The house of a group takes back that it asked us to take it.
    WithdrawMove {
        offer: Uri,
    },
    /// A partner's house does not take a group of ours.
    DeclineMove {
        offer: Uri,
    },
    /// Somebody, or their server for them, asks to look at posts.
    Flag {
        objects: Vec<Uri>,
        text: ReportText,
    },
    /// A group passes on what somebody did in it (FEP-1b12).
    Announced {
        actor: Uri,
        activity: Uri,
        command: Box<Command>,
        vouching: Vouching,
    },
    /// A post is passed on by its address: by a group, as groups for microblogs do, whose author's server is
    /// asked before it is applied; or by a person.
    Shared {
        share: Uri,
        object: Uri,
    },
    /// Whoever passed a post on takes that back.
    Unshared {
        object: Uri,
    },
    OfferGrant {
        grant: Uri,
        group: Uri,
        terms: GrantTerms,
    },
    EndGrant {
        grant: Uri,
        group: Option<Uri>,
    },
    /// A partner's house asks us to throw away what came from it.
    Retract {
        retraction: Uri,
        posts: Vec<Uri>,
    },
    /// A partner's house says what it threw away because we asked.
    RetractionAnswered {
        retraction: Uri,
        answer: RetractionAnswer,
    },
    /// The server of a partner ends the partnership that was made by this offer.
    EndPartnership {
        agreement: Uri,
    },
    /// The server of a partner says what the partnership that was made by this offer is for.
    ChangePartnership {
        agreement: Uri,
        terms: Terms,
    },
    /// The actor's own document changed.
    UpdateActor,
    /// The actor is gone.
    DeleteActor,
    /// A message to single people.
    DirectMessage,
    /// Nothing we do anything with; the word says what it was.
    Ignored(&'static str),
}

/// Why it is believed what a group says that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vouching {
    /// The group's own server says it, of its own people or as its own act; or their server was asked.
    House,
    /// They are of a third server and are said to prove it themselves; with it may come their
    /// document as their own server signed it. Nothing of this is true yet.
    Claimed {
        proof: Box<Proof>,
        introduction: Option<String>,
    },
    /// Their own key was found to have made the proof.
    Proven,
    /// The same of what was read where a group keeps it: it may have been heard before, and counts as what stands there.
    Kept,
    /// They are of a third server and prove nothing: it is asked before anything of this is believed.
    Hearsay,
}

impl Command {
    /// Actors that must be known before the command can be applied.
    pub fn actors(&self) -> Vec<&Uri> {
        match self {
            // These are met when it is found out whether they said it.
            Self::Announced {
                vouching: Vouching::Claimed { .. } | Vouching::Hearsay,
                ..
            } => Vec::new(),
            Self::Announced { actor, command, .. } => {
                let mut actors = vec![actor];
                actors.extend(command.actors());
                actors
            }
            Self::OfferGrant { group, .. } | Self::Invite { group, .. } => vec![group],
            Self::CreatePost(post) | Self::UpdatePost(post) => vec![&post.author],
            _ => Vec::new(),
        }
    }
}

impl Command {
    /// Documents that must be read anew before the command can be applied: what they say decides.
    pub fn documents<'a>(&'a self, signer: &'a Actor) -> Vec<&'a Uri> {
        match self {
            Self::UpdateActor => vec![&signer.uri],
            Self::Move { target } if signer.kind == ActorKind::Group => {
                vec![&signer.uri, target]
            }
            Self::AcceptMove { target, .. } if target.host() == signer.uri.host() => vec![target],
            _ => Vec::new(),
        }
    }

    /// Does what takes long and needs no database, so that it is not done in a transaction.
    pub fn prepare(&self) {
        match self {
            Self::CreatePost(post) | Self::UpdatePost(post) => {
                post.html.sanitized();
            }
            Self::Announced { command, .. } => command.prepare(),
            _ => {}
        }
    }

    /// The command as of when it was proven: a text that does not say since when it stands stands since then.
    #[must_use]
    pub fn proven_at(self, at: Option<Timestamp>) -> Self {
        match self {
            Self::UpdatePost(post) => Self::UpdatePost(post.proven_at(at)),
            other => other,
        }
    }

    /// Something that somebody says or does in a group, and who sees it at home as if it were so.
    pub const fn is_own_word(&self) -> bool {
        matches!(
            self,
            Self::CreatePost(_)
                | Self::UpdatePost(_)
                | Self::DeleteObject { .. }
                | Self::Like { .. }
                | Self::Unlike { .. }
        )
    }

    /// What the house of a group may do in it, whoever its moderator is.
    pub const fn moderates(&self) -> bool {
        matches!(
            self,
            Self::DeleteObject { .. }
                | Self::RestoreObject { .. }
                | Self::LockTopic { .. }
                | Self::UnlockTopic { .. }
                | Self::Ban(_)
                | Self::LiftBan { .. }
                | Self::AddToList { .. }
                | Self::RemoveFromList { .. }
        )
    }
}
