//! What partners were asked to throw away again.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Host, RetractionCause, RetractionId, Timestamp, Uri, counted_here};
use crate::services::retractions;

/// Some posts of one group that one partner was asked to throw away, and what it says.
#[derive(Serialize, ToSchema)]
pub struct Retraction {
    pub id: RetractionId,
    pub partner: Host,
    pub group: String,
    pub cause: RetractionCause,
    /// Its software answers; of other software nobody ever knows.
    pub can_confirm: bool,
    /// A handle, a host, or `operator` for the command line.
    pub asked_by: String,
    pub asked_at: Timestamp,
    /// When it was asked last.
    pub repeated_at: Timestamp,
    pub posts: u32,
    /// Posts that are said to be gone there.
    pub confirmed: u32,
    /// When it answered last; none: it has not.
    pub answered_at: Option<Timestamp>,
    /// How many posts it says are gone; what fits no address of ours is not confirmed by it.
    pub said: Option<u32>,
    /// The first of the posts that nobody said are gone.
    pub open: Vec<Uri>,
    /// The same in words.
    pub stands: String,
}

impl From<&retractions::Outstanding> for Retraction {
    fn from(outstanding: &retractions::Outstanding) -> Self {
        let retraction = &outstanding.retraction;
        Self {
            id: retraction.id,
            partner: retraction.host.clone(),
            group: outstanding.group.actor.handle().to_string(),
            cause: retraction.cause,
            can_confirm: retraction.can_confirm,
            asked_by: retraction.asked_by.clone(),
            asked_at: retraction.asked_at,
            repeated_at: retraction.repeated_at,
            posts: outstanding.count.asked,
            confirmed: outstanding.count.confirmed,
            answered_at: retraction.answer.map(|answer| answer.at),
            said: retraction.answer.map(|answer| answer.said),
            open: outstanding.open.clone(),
            stands: outstanding.in_words(),
        }
    }
}

/// What was asked back by one act.
#[derive(Serialize, ToSchema)]
pub struct AskedBack {
    pub group: String,
    pub partner: Host,
    /// Posts that the partner is asked to throw away. None: it got none, or was asked for all of them already.
    pub posts: usize,
}

impl fmt::Display for AskedBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (group, partner) = (&self.group, &self.partner);
        match self.posts {
            0 => write!(
                f,
                "{partner} has nothing of {group} that it was not asked for already."
            ),
            posts => write!(
                f,
                "{partner} is asked to throw away {} of {group}; `guildhall retract --outstanding` says what it answers.",
                counted_here(posts, "post", "posts")
            ),
        }
    }
}
