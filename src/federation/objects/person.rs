//! `Person`: somebody of this house as others see them. No more than is needed to recognize them
//! and to answer.

use serde_json::{Value, json};

use super::actor::{extend, render_actor};
use crate::app::Addresses;
use crate::domain::{Actor, ActorKey, Approval, PersonWays};

/// Writes a person of ours.
pub fn render_person(
    addresses: &Addresses,
    person: &Actor,
    keys: &[ActorKey],
    approval: Approval,
    ways: &PersonWays,
) -> Value {
    let mut object = render_actor("Person", person, keys, addresses);
    let more = json!({
        "outbox": person.outbox,
        "followers": person.followers,
        "following": person.uri.join("following"),
        "manuallyApprovesFollowers": approval != Approval::Anybody,
        "discoverable": false,
    });
    extend(&mut object, more);
    if !person.summary.is_empty() {
        extend(&mut object, json!({ "summary": person.summary }));
    }
    if !ways.also_known_as.is_empty() {
        extend(&mut object, json!({ "alsoKnownAs": ways.also_known_as }));
    }
    if let Some(target) = &ways.moved_to {
        extend(&mut object, json!({ "movedTo": target }));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ActorKind;
    use crate::federation::objects::actor::parse_actor;
    use crate::federation::objects::tests::{acme, ada, keys_of};

    #[test]
    fn a_person_is_read_as_it_was_written() {
        let ada = ada();
        let ways = PersonWays {
            also_known_as: vec!["https://old.example/users/ada".parse().unwrap()],
            moved_to: None,
        };
        let person = render_person(&acme(), &ada, &keys_of(&ada), Approval::Each, &ways);
        assert_eq!(person["alsoKnownAs"], json!(ways.also_known_as));
        assert!(person.get("movedTo").is_none());
        assert_eq!(person["webfinger"], "ada@acme.example");
        let read = parse_actor(&person).unwrap().new;
        assert_eq!(read.kind, ActorKind::Person);
        assert_eq!(
            (read.uri, read.inbox, read.outbox, read.display_name),
            (ada.uri, ada.inbox, ada.outbox, ada.display_name)
        );
        assert!(!person.to_string().contains("SECRET"));
    }
}
