//! `Move`: a group lives in another house from now on, or somebody has another account. The object is the
//! actor itself, the target where it is now. It counts when the new one's own document says the same
//! (`alsoKnownAs`), of groups also the old one's (`movedTo`).

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection, audience, id_of};
use crate::domain::{Actor, Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    let object = envelope.object_id()?;
    let Some(target) = envelope.value.get("target") else {
        return Ok(Command::Ignored("target_missing"));
    };
    if object != claim.actor {
        // NodeBB moves topics so; of an actor only it itself can say so.
        return match envelope.value.get("origin") {
            Some(_) => Ok(Command::Ignored("moves_a_topic")),
            None => Err(Rejection::Forged("moves_another_actor")),
        };
    }
    Ok(Command::Move {
        target: id_of(target)?,
    })
}

pub(super) fn render(id: &Uri, group: &Group, target: &Uri) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Move",
        "actor": group.actor.uri,
        "to": to,
        "cc": cc,
        "object": group.actor.uri,
        "target": target,
    })
}

/// Said to who follows the person.
pub(super) fn render_of_person(id: &Uri, person: &Actor, target: &Uri) -> Value {
    let followers = person.followers.clone();
    let followers = followers.unwrap_or_else(|| person.uri.join("followers"));
    json!({
        "id": id,
        "type": "Move",
        "actor": person.uri,
        "to": [followers],
        "object": person.uri,
        "target": target,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::activities::into_command;
    use crate::federation::objects::tests::fixture;

    #[test]
    fn an_actor_moves_itself_and_topics_are_not_moved() {
        let target = "https://other.example/users/mara".parse().unwrap();
        let moved = into_command(&fixture("mastodon/move"));
        assert_eq!(moved, Ok(Command::Move { target }));
        let mut anothers = fixture("mastodon/move");
        anothers["object"] = json!("https://mastodon.example/users/otto");
        let read = into_command(&anothers);
        assert_eq!(read, Err(Rejection::Forged("moves_another_actor")));
        let topic = into_command(&fixture("nodebb/move_context"));
        assert_eq!(topic, Ok(Command::Ignored("moves_a_topic")));
    }
}
