//! `Delete` of a `Grant`: a partner is told that a group is closed to it, and that what it keeps of
//! the group is to be thrown away.

use serde_json::{Value, json};

use crate::app::Addresses;
use crate::domain::{Actor, Grant, Group, Partner, Uri};
use crate::federation::activities::Reading;
use crate::federation::extension;
use crate::federation::objects::grant::{GrantDocument, read_uri};
use crate::services::inbox::Command;

pub use crate::federation::objects::grant::is_grant as is_about_a_grant;

/// The group is a hint for who never heard of the grant; most need only know which it was.
pub fn read(object: &Value) -> Reading<Command> {
    Ok(Command::EndGrant {
        grant: read_uri(object, "id")?,
        group: read_uri(object, "group").ok(),
    })
}

/// From our instance actor to the partner's.
pub fn render(
    id: &Uri,
    addresses: &Addresses,
    grant: &Grant,
    group: &Group,
    _: &Partner,
    instance: &Actor,
) -> Value {
    let grant = GrantDocument::of(addresses, grant, group, &instance.uri);
    json!({
        "@context": extension::context(),
        "id": id,
        "type": "Delete",
        "actor": addresses.instance(),
        "to": [instance.uri],
        "object": grant.render_reference(),
    })
}
