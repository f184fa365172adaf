//! `Application`: the server itself. The only document that everybody may read, because it proves
//! who asks when we ask.

use serde_json::{Value, json};

use super::actor::{extend, render_actor};
use crate::app::Addresses;
use crate::domain::{Actor, ActorKey};

/// Writes the server's own actor.
pub fn render_instance(addresses: &Addresses, instance: &Actor, keys: &[ActorKey]) -> Value {
    let mut object = render_actor("Application", instance, keys, addresses);
    let more = json!({
        "outbox": instance.uri.join("outbox"),
        "manuallyApprovesFollowers": true,
        "discoverable": false,
    });
    extend(&mut object, more);
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ActorKind;
    use crate::federation::objects::actor::parse_actor;
    use crate::federation::objects::tests::{acme, actor, keys_of};

    #[test]
    fn the_server_is_an_application() {
        let mut instance = actor(ActorKind::Service, 1, "actor", "Acme Works");
        instance.uri = acme().instance();
        instance.inbox = acme().shared_inbox();
        let document = render_instance(&acme(), &instance, &keys_of(&instance));
        assert_eq!(document["id"], "https://acme.example/actor");
        assert_eq!(document["name"], "Acme Works");
        let read = parse_actor(&document).unwrap().new;
        assert_eq!(
            (read.kind, read.name.as_str()),
            (ActorKind::Service, "actor")
        );
    }
}
