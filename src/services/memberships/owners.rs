//! Who owns a group: named by its owners, or by an administrator where they are gone.

use super::fresh;
use crate::app::App;
use crate::domain::{
    ActorId, AuditAction, GroupId, GroupRole, Membership, MembershipState, OrgRole,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::{access, accounts, audit};
use crate::storage;

/// Makes a colleague an owner of a group, a member first where they are none. Naming an owner again
/// changes nothing.
///
/// # Errors
/// [`Error::NotFound`] where nobody here is meant; [`Error::Conflict`] for a guest, for who is banned,
/// and for who would let themselves in: an administrator does not get to read a group by administering it.
pub async fn name_owner(app: &App, viewer: Viewer, group: GroupId, person: ActorId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("name_owner", move |connection| {
            let (_, group) = access::permit::<act::ManageGroup>(connection, &asker, group)?;
            let account = storage::accounts::find(connection, person)?;
            let account = account.filter(accounts::is_usable).ok_or(Error::NotFound)?;
            let known = storage::memberships::find(connection, group.id, person)?;
            let state = known.as_ref().map(|known| known.state);
            let name = &account.actor.name;
            if account.role == OrgRole::Guest {
                return Err(Error::Conflict(format!(
                    "{name} is a guest: guests own no groups"
                )));
            }
            if state == Some(MembershipState::Banned) {
                return Err(Error::Conflict(format!(
                    "{name} is banned: lift the ban first"
                )));
            }
            let is_member = state == Some(MembershipState::Member);
            if !is_member && asker.viewer.actor() == Some(person) {
                let sentence = "nobody lets themselves into a group: ask another administrator";
                return Err(Error::Conflict(sentence.into()));
            }
            let before =
                known.unwrap_or_else(|| fresh(&group, person, MembershipState::Member, &asker));
            if is_member && before.role == GroupRole::Owner {
                return Ok(());
            }
            let owner = Membership {
                state: MembershipState::Member,
                role: GroupRole::Owner,
                ..before
            };
            storage::memberships::save(connection, &owner)?;
            let action = match is_member {
                true => AuditAction::RoleChanged,
                false => AuditAction::MemberAdded,
            };
            let detail = format!("{name} to {}", GroupRole::Owner);
            audit::note(connection, &asker, action, &group.actor.name, &detail)
        })
        .await
}
