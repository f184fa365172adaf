//! The lists of groups that others add to and take from: pinned topics, moderators.

use crate::app::Asker;
use crate::domain::{Group, GroupList, Uri};
use crate::error::{Error, Result};
use crate::policy::act;
use crate::services::access;
use crate::services::memberships::{self, Moderates};
use crate::services::posts::{self, Pin};
use crate::storage::{self, Connection};

/// What happens to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Removed,
}

/// The group and the list that an address names: as our groups and Lemmy's have them, or as the group's
/// own document says.
fn find(connection: &mut Connection, target: &Uri) -> Result<(Group, GroupList)> {
    for (end, list) in [
        ("/featured", GroupList::Featured),
        ("/moderators", GroupList::Moderators),
    ] {
        let Some(group) = target.as_str().strip_suffix(end) else {
            continue;
        };
        if let Ok(group) = group.parse()
            && let Some(group) = storage::groups::find_by_uri(connection, &group)?
        {
            return Ok((group, list));
        }
    }
    storage::groups::find_by_list(connection, target)?.ok_or(Error::NotFound)
}

/// Who adds to a list must be one who may moderate its group; who moderates is for its owners to say.
pub(super) fn check(connection: &mut Connection, asker: &Asker, target: &Uri) -> Result<()> {
    let (group, list) = find(connection, target)?;
    match list {
        GroupList::Featured => {
            access::permit::<act::Moderate>(connection, asker, group.id).map(drop)
        }
        GroupList::Moderators => {
            access::permit::<act::ManageGroup>(connection, asker, group.id).map(drop)
        }
    }
}

/// Puts something into a list, or takes it out. `place`: the group elsewhere whose house tells it, of
/// its own lists alone.
pub(super) fn change(
    connection: &mut Connection,
    asker: &Asker,
    (target, object): (&Uri, &Uri),
    change: Change,
    place: Option<&Group>,
    activity: Option<&str>,
) -> Result<()> {
    let (group, list) = find(connection, target)?;
    if place.is_some_and(|place| place.id != group.id) {
        return Err(Error::NotFound);
    }
    match (list, change) {
        (GroupList::Featured, Change::Added) => {
            posts::receive_pin(connection, asker, &group, object, Pin::Pinned, activity)
        }
        (GroupList::Featured, Change::Removed) => {
            posts::receive_pin(connection, asker, &group, object, Pin::Loose, activity)
        }
        (GroupList::Moderators, Change::Added) => {
            memberships::receive_moderator(connection, asker, &group, object, Moderates::Yes)
        }
        (GroupList::Moderators, Change::Removed) => {
            memberships::receive_moderator(connection, asker, &group, object, Moderates::No)
        }
    }
}
