//! `Flag{Page, Note}`: a report. Mastodon and NodeBB name the author besides the posts, Lemmy one post.

use serde_json::{Value, json};

use super::{Envelope, Reading, Rejection};
use crate::domain::{Actor, Group, Post, ReportText, Uri};
use crate::services::inbox::Command;

/// Most things that one report may name.
const OBJECTS_MAX: usize = 100;

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    let named = match envelope.object {
        Value::Array(named) if named.len() > OBJECTS_MAX => {
            let problem = format!("object: is more than {OBJECTS_MAX}");
            return Err(Rejection::Malformed(problem));
        }
        Value::Array(named) => named.as_slice(),
        one => std::slice::from_ref(one),
    };
    // What cannot be an address of a post is none; the rest is still reported.
    let objects: Vec<Uri> = named
        .iter()
        .filter_map(|one| super::id_of(one).ok())
        .collect();
    if objects.is_empty() {
        return Err(Rejection::Malformed("object: names nothing".into()));
    }
    let said = ["content", "summary"]
        .into_iter()
        .find_map(|field| envelope.value.get(field)?.as_str());
    Ok(Command::Flag {
        objects,
        // Plain text in all software that we know of.
        text: ReportText::cut(said.unwrap_or_default()),
    })
}

/// From our instance actor, which names nobody who reported. To the house of a group elsewhere the post
/// alone, as Lemmy reads it; otherwise with its author, for whom Mastodon looks.
pub(super) fn render(
    id: &Uri,
    instance: &Uri,
    post: &Post,
    author: &Actor,
    group: &Group,
    text: &str,
) -> Value {
    let (to, object) = match group.is_local() {
        true => (&author.uri, json!([author.uri, post.uri])),
        false => (&group.actor.uri, json!(post.uri)),
    };
    json!({
        "id": id,
        "type": "Flag",
        "actor": instance,
        "to": [to],
        "audience": group.actor.uri,
        "object": object,
        "content": text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::activities::into_command;
    use crate::federation::objects::tests::fixture;

    #[test]
    fn reports_of_other_software_are_read() {
        for (name, objects, said) in [
            ("lemmy/flag", &["p/87"][..], "insults"),
            ("mastodon/flag", &["u/ada", "p/87"], "Please look at this"),
            ("nodebb/flag", &["p/41", "u/ada"], "Spam"),
        ] {
            let uri = |path: &&str| format!("https://acme.example/{path}").parse().unwrap();
            let expected = Command::Flag {
                objects: objects.iter().map(uri).collect(),
                text: said.parse().unwrap(),
            };
            assert_eq!(into_command(&fixture(name)), Ok(expected), "{name}");
        }
        let mut nothing = fixture("mastodon/flag");
        for object in [
            json!([]),
            json!(["acct:ada"]),
            json!(vec!["https://a.example/"; 101]),
        ] {
            nothing["object"] = object;
            let read = into_command(&nothing);
            assert!(matches!(read, Err(Rejection::Malformed(_))), "{read:?}");
        }
    }
}
