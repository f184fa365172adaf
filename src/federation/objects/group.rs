//! `Group`: a group of this house as others see it (FEP-1b12).

use serde_json::{Value, json};

use super::actor::{ACCESS, ARCHIVED, extend, render_actor};
use super::followers_of;
use crate::app::Addresses;
use crate::domain::{ActorKey, Group, GroupList, Uri, markup};

/// The address of one of the lists of a group of ours.
pub fn list_of(group: &Group, list: GroupList) -> Uri {
    group.actor.uri.join(match list {
        GroupList::Featured => "featured",
        GroupList::Moderators => "moderators",
    })
}

/// Writes a group of ours.
pub fn render_group(addresses: &Addresses, group: &Group, keys: &[ActorKey]) -> Value {
    let actor = &group.actor;
    let mut object = render_actor("Group", actor, keys, addresses);
    let more = json!({
        "outbox": actor.outbox,
        "followers": followers_of(group),
        "attributedTo": list_of(group, GroupList::Moderators),
        "featured": list_of(group, GroupList::Featured),
        // Elsewhere people wait for an answer, unless everybody may come in.
        "manuallyApprovesFollowers": !group.is_public(),
        // Nobody writes in an archived group; this is the nearest word that others have.
        "postingRestrictedToMods": group.archived_at.is_some(),
        "discoverable": group.is_public(),
        ACCESS: group.access.as_str(),
        "published": actor.created_at,
    });
    extend(&mut object, more);
    if group.archived_at.is_some() {
        extend(&mut object, json!({ ARCHIVED: true }));
    }
    if let Some(target) = &group.moved_to {
        extend(&mut object, json!({ "movedTo": target }));
    }
    if !group.also_known_as.is_empty() {
        extend(&mut object, json!({ "alsoKnownAs": group.also_known_as }));
    }
    if !group.is_public() {
        object["endpoints"]["actorToken"] = json!(actor.uri.join("actorToken"));
    }
    if !group.description.is_empty() {
        let more = json!({
            "summary": markup::render_markdown(&group.description).as_str(),
            "source": { "content": group.description, "mediaType": "text/markdown" },
        });
        extend(&mut object, more);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Access, Stage};
    use crate::federation::objects::actor::parse_actor;
    use crate::federation::objects::actor_document;
    use crate::federation::objects::tests::{acme, engineering, keys_of};

    fn rendered(access: Access, stage: Stage) -> Value {
        let group = engineering(access, stage);
        actor_document(render_group(&acme(), &group, &keys_of(&group.actor)))
    }

    #[test]
    fn a_group_says_where_everything_is_and_keeps_its_secrets() {
        let group = rendered(Access::Closed, Stage::Partners);
        let uri = "https://acme.example/g/engineering";
        for (field, value) in [
            ("id", uri.to_owned()),
            ("inbox", format!("{uri}/inbox")),
            ("outbox", format!("{uri}/outbox")),
            ("followers", format!("{uri}/followers")),
            ("attributedTo", format!("{uri}/moderators")),
            ("featured", format!("{uri}/featured")),
            ("webfinger", "engineering@acme.example".to_owned()),
            ("guildhall:access", "closed".to_owned()),
            (
                "summary",
                "<p>How things are <em>built</em>.</p>\n".to_owned(),
            ),
        ] {
            assert_eq!(group[field], value, "{field}");
        }
        assert_eq!(
            group["endpoints"]["actorToken"],
            format!("{uri}/actorToken")
        );
        let public = rendered(Access::Open, Stage::Public);
        assert_eq!(public["endpoints"].get("actorToken"), None);
        let text = group.to_string();
        assert!(!text.contains("SECRET") && !text.contains("#Public"));
    }

    #[test]
    fn whether_joining_needs_an_answer_is_read_as_it_was_written() {
        for (access, stage, approves) in [
            (Access::Open, Stage::Public, false),
            (Access::Open, Stage::Partners, true),
            (Access::Closed, Stage::Public, true),
            (Access::Secret, Stage::Partners, true),
        ] {
            let read = parse_actor(&rendered(access, stage)).unwrap();
            assert_eq!((read.access, read.approves), (Some(access), approves));
            assert_eq!(read.new.name, "engineering");
            assert_eq!(read.token_source.is_some(), approves);
        }
    }
}
