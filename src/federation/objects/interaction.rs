//! `interactionPolicy`: who may like, answer, boost and quote a post (GoToSocial; quoting by FEP-044f).

use serde_json::{Value, json};

use super::read::{entries, uri_of};
use super::{PUBLIC, followers_of, is_everybody};
use crate::domain::{
    Circle, Group, InteractionPolicy, Invalid, Promise, Uri, WELCOME_PEOPLE_MAX, Welcome,
};

/// The words of it, for the `@context` of what has one.
pub fn terms() -> Value {
    let address = |name: &str| json!({ "@id": format!("gts:{name}"), "@type": "@id" });
    json!({
        "gts": "https://gotosocial.org/ns#",
        "interactionPolicy": address("interactionPolicy"),
        "canLike": address("canLike"),
        "canReply": address("canReply"),
        "canAnnounce": address("canAnnounce"),
        "canQuote": address("canQuote"),
        "automaticApproval": address("automaticApproval"),
        "manualApproval": address("manualApproval"),
    })
}

// Writing -----------------------------------------------------------------------------------------

/// Writes what is promised of a post of `owner` in a group. Only what is public may be boosted, and nobody is
/// given the authorization that a quote needs.
pub fn render_policy(promise: &Promise, owner: &Uri, group: &Group) -> Value {
    let nobody = || approval(vec![json!(owner)], Vec::new());
    json!({
        "canLike": allowed(promise.like, &promise.members, owner, group),
        "canReply": allowed(promise.reply, &promise.members, owner, group),
        "canAnnounce": match group.is_public() {
            true => approval(vec![json!(PUBLIC)], Vec::new()),
            false => nobody(),
        },
        "canQuote": nobody(),
    })
}

fn allowed(circle: Circle, members: &[Uri], owner: &Uri, group: &Group) -> Value {
    let followers = || json!(followers_of(group));
    match circle {
        // By name, too: GoToSocial knows no followers but the author's.
        Circle::Members => {
            let names = members.iter().map(|member| json!(member));
            approval([followers()].into_iter().chain(names).collect(), Vec::new())
        }
        Circle::Asked => approval(vec![json!(owner)], vec![followers()]),
        Circle::Moderators => approval(vec![json!(group.actor.uri.join("moderators"))], Vec::new()),
        Circle::Nobody => approval(vec![json!(owner)], Vec::new()),
    }
}

fn approval(automatic: Vec<Value>, manual: Vec<Value>) -> Value {
    json!({ "automaticApproval": automatic, "manualApproval": manual })
}

// Reading -----------------------------------------------------------------------------------------

/// Reads what the author of a post in a group says; none where nothing is said. Who may ask is welcome: the
/// answer is the author's server's. Who is mentioned may always answer.
pub fn read_policy(
    object: &Value,
    group: Option<&Uri>,
) -> Result<Option<InteractionPolicy>, Invalid> {
    let Some(said) = object
        .get("interactionPolicy")
        .filter(|said| said.is_object())
    else {
        return Ok(None);
    };
    let mut policy = InteractionPolicy {
        like: welcome(said, "canLike", group)?,
        reply: welcome(said, "canReply", group)?,
        announce: welcome(said, "canAnnounce", group)?,
    };
    if let Some(reply) = &mut policy.reply {
        let tags = entries(object, "tag")?.into_iter();
        let mentions = tags.filter(|tag| super::read::kind_of(tag) == Some("Mention"));
        reply.people.extend(mentions.filter_map(uri_of));
        reply.people.truncate(WELCOME_PEOPLE_MAX);
    }
    Ok((!policy.is_open()).then_some(policy))
}

/// The names that are used now, and those of GoToSocial before 0.20.
const APPROVALS: [&str; 4] = [
    "automaticApproval",
    "manualApproval",
    "always",
    "approvalRequired",
];

fn welcome(
    policy: &Value,
    what: &'static str,
    group: Option<&Uri>,
) -> Result<Option<Welcome>, Invalid> {
    let Some(said) = policy.get(what).filter(|said| said.is_object()) else {
        return Ok(None);
    };
    let followers = group.map(|group| group.join("followers"));
    let mut welcome = Welcome::default();
    for approval in APPROVALS {
        for entry in entries(said, approval)? {
            let Some(uri) = uri_of(entry).filter(|_| !is_everybody(entry)) else {
                welcome.everybody |= is_everybody(entry);
                continue;
            };
            if Some(&uri) == group || Some(&uri) == followers.as_ref() {
                welcome.members = true;
            } else if welcome.people.len() < WELCOME_PEOPLE_MAX {
                welcome.people.push(uri);
            }
        }
    }
    // What is open to everybody is not reserved.
    Ok((!welcome.everybody).then_some(welcome))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Access, Interaction, Stage};
    use crate::federation::objects::tests::{ada, engineering};

    const GROUP: &str = "https://acme.example/g/engineering";

    #[test]
    fn what_is_promised_is_read_as_it_was_meant() {
        let group = engineering(Access::Open, Stage::Public);
        let mara: Uri = "https://micro.example/u/mara".parse().unwrap();
        let promise = Promise {
            like: Circle::Members,
            reply: Circle::Nobody,
            members: vec![mara.clone()],
        };
        let policy = render_policy(&promise, &ada().uri, &group);
        let followers = format!("{GROUP}/followers");
        assert_eq!(
            policy["canLike"]["automaticApproval"],
            json!([followers, mara])
        );
        assert_eq!(policy["canReply"]["automaticApproval"], json!([ada().uri]));
        assert_eq!(policy["canAnnounce"]["automaticApproval"], json!([PUBLIC]));
        assert_eq!(policy["canQuote"]["automaticApproval"], json!([ada().uri]));

        let read = read_policy(
            &json!({ "interactionPolicy": policy }),
            Some(&group.actor.uri),
        );
        let read = read.unwrap().unwrap();
        assert!(read.allows(Interaction::Like, &mara));
        assert!(!read.allows(Interaction::Reply, &mara));
        assert!(read.allows(Interaction::Announce, &mara));

        let private = engineering(Access::Closed, Stage::Partners);
        let asked = render_policy(&Promise::same(Circle::Asked), &ada().uri, &private);
        assert_eq!(asked["canReply"]["manualApproval"], json!([followers]));
        assert!(!asked.to_string().contains("Public"));
        let locked = render_policy(&Promise::same(Circle::Moderators), &ada().uri, &private);
        assert_eq!(
            locked["canReply"]["automaticApproval"],
            json!([format!("{GROUP}/moderators")])
        );
    }

    #[test]
    fn earlier_names_single_values_and_mentions_count() {
        let group: Uri = GROUP.parse().unwrap();
        let bob: Uri = "https://acme.example/u/bob".parse().unwrap();
        let eve: Uri = "https://acme.example/u/eve".parse().unwrap();
        let object = json!({
            "tag": { "type": "Mention", "href": bob },
            "interactionPolicy": {
                "canLike": { "always": "as:Public" },
                "canReply": { "always": "https://micro.example/u/mara/followers" },
                "canAnnounce": {},
            },
        });
        let read = read_policy(&object, Some(&group)).unwrap().unwrap();
        assert_eq!(read.like, None);
        assert!(read.allows(Interaction::Reply, &bob));
        assert!(!read.allows(Interaction::Reply, &eve));
        assert!(!read.allows(Interaction::Announce, &group));

        for silent in [json!({}), json!({ "interactionPolicy": "none" })] {
            assert_eq!(read_policy(&silent, Some(&group)), Ok(None));
        }
        let by_asking = json!({ "interactionPolicy": {
            "canReply": { "approvalRequired": [GROUP] },
        }});
        let read = read_policy(&by_asking, Some(&group)).unwrap().unwrap();
        assert!(read.allows(Interaction::Reply, &eve));
    }
}
