//! Groups as who administers them sees them: never what is said there.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, Access, Boosts, FirstContact, GroupId, Mirror, Stage};
use crate::services::groups::Administered;

/// A group.
#[derive(Serialize, ToSchema)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    /// `name`, or `name@host` for a group elsewhere.
    pub handle: String,
    pub title: String,
    pub uri: String,
    pub access: Access,
    pub stage: Stage,
    pub archived: bool,
    /// Whether posts are copied for members on servers that know no groups.
    pub mirror: Mirror,
    /// What is boosted to such servers.
    pub boosts: Boosts,
    /// Whether the joining and the first words of somebody new elsewhere wait for a moderator.
    pub first_contact: FirstContact,
    /// The least that is said in it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where it went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// Of a group elsewhere, as its house says: handles, or addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moderators: Vec<String>,
    /// Where it was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u64>,
    /// Handles, where it was looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owners: Option<Vec<String>>,
}

impl From<&domain::Group> for Group {
    fn from(group: &domain::Group) -> Self {
        Self {
            id: group.id,
            name: group.actor.name.clone(),
            handle: group.actor.handle().to_string(),
            title: group.title().to_owned(),
            uri: group.actor.uri.to_string(),
            access: group.access,
            stage: group.stage,
            archived: group.archived_at.is_some(),
            mirror: group.outreach.mirror,
            boosts: group.outreach.boosts,
            first_contact: group.first_contact,
            label: group.label.as_ref().map(ToString::to_string),
            moved_to: group.moved_to.as_ref().map(ToString::to_string),
            moderators: Vec::new(),
            members: None,
            owners: None,
        }
    }
}

impl From<&Administered> for Group {
    fn from(known: &Administered) -> Self {
        let owners = known.owners.iter();
        Self {
            members: Some(known.members),
            owners: Some(owners.map(|owner| owner.handle().to_string()).collect()),
            ..Self::from(&known.group)
        }
    }
}
