//! `Offer` of a `Grant`: a partner is told what its people may do in a group.

use serde_json::{Value, json};

use crate::app::Addresses;
use crate::domain::{Actor, Grant, Group, Partner, Uri};
use crate::federation::activities::Reading;
use crate::federation::extension;
use crate::federation::objects::grant::GrantDocument;
use crate::services::inbox::Command;

pub use crate::federation::objects::grant::is_grant as is_about_a_grant;

pub fn read(object: &Value) -> Reading<Command> {
    let GrantDocument {
        id, group, terms, ..
    } = GrantDocument::parse(object)?;
    Ok(Command::OfferGrant {
        grant: id,
        group,
        terms,
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
        "type": "Offer",
        "actor": addresses.instance(),
        "to": [instance.uri],
        "object": grant.render(),
    })
}
