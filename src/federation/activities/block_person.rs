//! `Block{Person}` with a group as `target`: a moderator shuts somebody out of it. The shape is Lemmy's:
//! `summary` is the reason, `endTime` (and, for older servers, `expires`) the end, `removeData` says that
//! what they wrote goes, too. Without a `target` it is one person's own matter (Mastodon), unless one
//! server says it of another.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection, audience, id_of, single_uri};
use crate::domain::{BanReason, BanTerms, Group, Timestamp, Uri};
use crate::services::inbox::Command;
use crate::services::memberships::ReceivedBan;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    let Some(ban) = read_ban(envelope.value, claim.id.clone())? else {
        let object = envelope.object_id()?;
        return Ok(Command::ShutOut { object });
    };
    Ok(Command::Ban(ban))
}

/// None: it names no target.
pub(super) fn read_ban(block: &Value, id: Uri) -> Reading<Option<ReceivedBan>> {
    let Some(target) = block.get("target").filter(|target| !target.is_null()) else {
        return Ok(None);
    };
    let end = ["endTime", "expires"]
        .into_iter()
        .find_map(|field| block.get(field)?.as_str());
    let problem = |_| Rejection::Malformed("endTime: is not a time".into());
    Ok(Some(ReceivedBan {
        block: id,
        person: id_of(block.get("object").unwrap_or(&Value::Null))?,
        group: id_of(target)?,
        terms: BanTerms {
            until: end.map(Timestamp::parse).transpose().map_err(problem)?,
            reason: block
                .get("summary")
                .and_then(Value::as_str)
                .map(BanReason::cut)
                .unwrap_or_default(),
            removes_posts: block.get("removeData") == Some(&Value::Bool(true)),
        },
    }))
}

/// The id of an embedded Block.
pub(super) fn id_of_block(block: &Value) -> Reading<Uri> {
    single_uri(block, "id")
}

pub(super) fn render(
    id: &Uri,
    moderator: &Uri,
    person: &Uri,
    group: &Group,
    terms: &BanTerms,
) -> Value {
    let (to, cc) = audience(group);
    let mut block = json!({
        "id": id,
        "type": "Block",
        "actor": moderator,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": person,
        "target": group.actor.uri,
        "removeData": terms.removes_posts,
    });
    if !terms.reason.as_str().is_empty() {
        block["summary"] = json!(terms.reason.as_str());
    }
    if let Some(until) = terms.until {
        block["endTime"] = json!(until);
        block["expires"] = json!(until);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::activities::into_command;
    use crate::federation::objects::tests::fixture;

    #[test]
    fn bans_of_lemmy_are_read_and_a_persons_own_blocks_are_none() {
        let lemmy = |path: &str| {
            format!("https://lemmy.example/{path}")
                .parse::<Uri>()
                .unwrap()
        };
        let ada: Uri = "https://acme.example/u/ada".parse().unwrap();
        let expected = ReceivedBan {
            block: lemmy("activities/block/66666666-0000-4000-8000-000000000002"),
            person: ada.clone(),
            group: lemmy("c/cycling"),
            terms: BanTerms {
                until: Some(Timestamp::parse("2026-01-01T00:00:00Z").unwrap()),
                reason: "spam".parse().unwrap(),
                removes_posts: true,
            },
        };
        let read = into_command(&fixture("lemmy/block"));
        assert_eq!(read, Ok(Command::Ban(expected.clone())));
        let read = into_command(&fixture("lemmy/undo_block"));
        let lifted = Command::LiftBan {
            person: ada,
            group: expected.group,
        };
        assert_eq!(read, Ok(lifted));
        let object = "https://acme.example/u/ada".parse().unwrap();
        assert_eq!(
            into_command(&fixture("mastodon/block")),
            Ok(Command::ShutOut { object })
        );
        let mut endless = fixture("lemmy/block");
        endless["endTime"] = json!("some day");
        let read = into_command(&endless);
        assert!(matches!(read, Err(Rejection::Malformed(_))), "{read:?}");
    }
}
