//! `Add` to one of a group's lists: a topic to its pinned ones (`featured`), a person to its
//! `moderators`. The shape is Lemmy's (FEP-1b12).

use serde_json::{Value, json};

use super::{Envelope, Reading, audience, id_of};
use crate::domain::{Group, GroupList, Uri};
use crate::federation::objects::group::list_of;
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    let Some(target) = target(envelope.value)? else {
        return Ok(Command::Ignored("target_missing"));
    };
    Ok(Command::AddToList {
        object: envelope.object_id()?,
        target,
    })
}

/// The address of the list.
pub(super) fn target(activity: &Value) -> Reading<Option<Uri>> {
    let target = activity.get("target").filter(|target| !target.is_null());
    target.map(id_of).transpose()
}

pub(super) fn render(id: &Uri, by: &Uri, object: &Uri, list: GroupList, group: &Group) -> Value {
    render_change("Add", id, by, object, list, group)
}

pub(super) fn render_change(
    kind: &'static str,
    id: &Uri,
    by: &Uri,
    object: &Uri,
    list: GroupList,
    group: &Group,
) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": kind,
        "actor": by,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": object,
        "target": list_of(group, list),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::activities::into_command;
    use crate::federation::objects::tests::fixture;

    #[test]
    fn what_lemmy_and_nodebb_put_into_lists_and_take_out_is_read() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let cycling = |list| uri(&format!("https://lemmy.example/c/cycling/{list}"));
        for (name, object, list) in [
            (
                "lemmy/add_featured",
                "https://lemmy.example/post/610",
                "featured",
            ),
            (
                "lemmy/add_moderator",
                "https://acme.example/u/ada",
                "moderators",
            ),
        ] {
            let expected = Command::AddToList {
                object: uri(object),
                target: cycling(list),
            };
            assert_eq!(into_command(&fixture(name)), Ok(expected), "{name}");
        }
        let removed = Command::RemoveFromList {
            object: uri("https://nodebb.example/topic/60"),
            target: uri("https://nodebb.example/category/5"),
        };
        assert_eq!(into_command(&fixture("nodebb/remove_context")), Ok(removed));
    }
}
