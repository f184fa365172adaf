//! Grants that other houses gave us for their groups. Only the house of a group may say what we may
//! do in it.

use crate::domain::{GrantTerms, GroupId, Host, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::storage::{self, Connection};

/// Records what `house` lets us do in a group of its own, instead of what it said before.
///
/// # Errors
/// [`Error::NotFound`] when the group is not one of that house, or the grant is not.
pub fn receive_offer(
    connection: &mut Connection,
    house: &Host,
    group: GroupId,
    uri: &Uri,
    terms: GrantTerms,
) -> Result<()> {
    check_home(connection, house, group, uri)?;
    storage::grants::save_received(connection, group, uri, terms)?;
    storage::groups::set_withdrawn(connection, group, None)
}

/// Records that `house` took a grant back: nobody here sees the group any more, and who was a
/// member has to ask again, for over there they are none. The group that is answered is the one
/// that was withdrawn.
///
/// News may arrive late: a grant that was replaced by another one ends nothing. `group` is what the
/// house says it opened; it counts where we never heard of a grant.
///
/// # Errors
/// [`Error::NotFound`] when the group is not one of that house, or the grant is not.
pub fn receive_end(
    connection: &mut Connection,
    house: &Host,
    uri: &Uri,
    group: Option<GroupId>,
    now: Timestamp,
) -> Result<Option<GroupId>> {
    let Some(group) = find_opened(connection, uri, group)? else {
        return Ok(None);
    };
    check_home(connection, house, group, uri)?;
    close(connection, group, now)?;
    Ok(Some(group))
}

/// Ends every grant that `house` gave us: the partnership is over.
pub fn end_all(connection: &mut Connection, house: &Host, now: Timestamp) -> Result<()> {
    for group in storage::grants::list_received(connection, house)? {
        close(connection, group, now)?;
    }
    Ok(())
}

fn close(connection: &mut Connection, group: GroupId, now: Timestamp) -> Result<()> {
    storage::grants::remove_received(connection, group)?;
    storage::memberships::remove_all(connection, group)?;
    storage::groups::set_withdrawn(connection, group, Some(now))
}

/// The group that the grant opens to us now.
fn find_opened(
    connection: &mut Connection,
    uri: &Uri,
    claimed: Option<GroupId>,
) -> Result<Option<GroupId>> {
    if let Some(group) = storage::grants::find_received_by_uri(connection, uri)? {
        return Ok(Some(group));
    }
    match claimed {
        Some(group) if storage::grants::find_received(connection, group)?.is_none() => {
            Ok(Some(group))
        }
        _ => Ok(None),
    }
}

fn check_home(connection: &mut Connection, house: &Host, group: GroupId, uri: &Uri) -> Result<()> {
    let group = storage::groups::find(connection, group)?.ok_or(Error::NotFound)?;
    if group.home() == Some(house) && uri.host() == house {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
