//! The nouns on the wire: how ours are written and how others' are read. One file a noun. Pure:
//! domain values in, JSON out, and back; what others wrote becomes one of our types or is refused.
//!
//! The `render_` functions give an object as it is embedded in an activity; [`document`] makes
//! it a document of its own.

pub mod actor;
pub mod attachment;
pub mod collection;
pub mod grant;
pub mod group;
pub mod instance;
pub mod interaction;
pub mod mirror;
pub mod person;
pub mod post;
pub mod question;
mod read;
pub mod tombstone;

use serde_json::{Map, Value, json};

use crate::domain::{Group, Uri};
pub use crate::federation::extension::NAMESPACE;
pub use read::{check_sizes, entries, kind_of, text, uri_of};

/// ActivityStreams' own context: enough for posts, collections and activities.
pub const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";
/// The collection that stands for everybody (ActivityPub, section 5.6).
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// An object as a document of its own.
pub fn document(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.entry("@context").or_insert_with(|| json!(CONTEXT));
    }
    object
}

/// The words of posts, and of what has posts in it: who may do what with them, what is attached to
/// them, and what they ask.
pub fn post_context() -> Value {
    let mut terms = Map::new();
    for words in [interaction::terms(), attachment::words(), question::words()] {
        if let Value::Object(words) = words {
            terms.extend(words);
        }
    }
    json!([CONTEXT, terms])
}

/// A post, or a list of posts, as a document of its own.
pub fn post_document(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert("@context".into(), post_context());
    }
    object
}

/// A list of posts with what people of third servers said, as a document of its own.
pub fn conversation_document(object: Value) -> Value {
    let mut document = post_document(object);
    if let Some(terms) = document.pointer_mut("/@context/1") {
        terms["guildhall"] = json!(NAMESPACE);
    }
    document
}

/// An actor as a document of its own. Terms that are not ActivityStreams' are defined in the
/// document, because readers would have to fetch a context of ours.
pub fn actor_document(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert("@context".into(), actor_context());
    }
    object
}

/// The words of actors' documents.
pub fn actor_context() -> Value {
    json!([
        CONTEXT,
        "https://w3id.org/security/v1",
        "https://www.w3.org/ns/did/v1",
        "https://w3id.org/security/multikey/v1",
        {
            "guildhall": NAMESPACE,
            "toot": "http://joinmastodon.org/ns#",
            "lemmy": "https://join-lemmy.org/ns#",
            "sm": "http://smithereen.software/ns#",
            "actorToken": "sm:actorToken",
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "discoverable": "toot:discoverable",
            "featured": { "@id": "toot:featured", "@type": "@id" },
            "movedTo": { "@id": "as:movedTo", "@type": "@id" },
            "alsoKnownAs": { "@id": "as:alsoKnownAs", "@type": "@id" },
            "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
            "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
            "implements": {
                "@id": "https://w3id.org/fep/844e#implements",
                "@type": "@id",
                "@container": "@set",
            },
        },
    ])
}

/// For whom something in a group is (`to`): the group and either everybody or its followers. Where
/// it is not for everybody, the word for everybody appears nowhere.
pub fn audience(group: &Group) -> Value {
    match group.is_public() {
        true => json!([group.actor.uri, PUBLIC]),
        false => json!([group.actor.uri, followers_of(group)]),
    }
}

/// The followers collection. Servers that do not name it are known to have it there.
pub fn followers_of(group: &Group) -> Uri {
    let own = group.actor.followers.clone();
    own.unwrap_or_else(|| group.actor.uri.join("followers"))
}

/// True for every spelling of "everybody" that is in use.
pub fn is_everybody(value: &Value) -> bool {
    matches!(value.as_str(), Some(PUBLIC | "as:Public" | "Public"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::app::Addresses;
    use crate::domain::{
        Access, Actor, ActorId, ActorKey, ActorKind, ActorState, Audience, GroupId, KeyList,
        Outreach, Post, PostId, PostState, Stage, Timestamp,
    };

    /// The addresses of the house in the fixtures.
    pub fn acme() -> Addresses {
        Addresses::new("https://acme.example".parse().unwrap())
    }

    pub fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// Somebody or something of acme.
    pub fn actor(kind: ActorKind, id: i64, name: &str, title: &str) -> Actor {
        let folder = if kind == ActorKind::Group { "g" } else { "u" };
        let uri: Uri = format!("https://acme.example/{folder}/{name}")
            .parse()
            .unwrap();
        Actor {
            id: ActorId(id),
            kind,
            state: ActorState::Active,
            name: name.into(),
            host: None,
            url: uri.to_string(),
            display_name: title.into(),
            summary: String::new(),
            inbox: uri.join("inbox"),
            shared_inbox: Some(acme().shared_inbox()),
            followers: Some(uri.join("followers")),
            outbox: Some(uri.join("outbox")),
            uri,
            created_at: at("2026-01-02"),
            fetched_at: None,
        }
    }

    pub fn ada() -> Actor {
        actor(ActorKind::Person, 7, "ada", "Ada")
    }

    pub fn engineering(access: Access, stage: Stage) -> Group {
        Group {
            id: GroupId(3),
            actor: actor(ActorKind::Group, 3, "engineering", "Engineering"),
            access,
            stage,
            description: "How things are *built*.".into(),
            archived_at: None,
            withdrawn_at: None,
            moved_to: None,
            also_known_as: Vec::new(),
            outreach: Outreach::default(),
            first_contact: crate::domain::FirstContact::Free,
            label: None,
        }
    }

    /// An RSA key, an Ed25519 key, and an RSA key that was replaced.
    pub fn keys_of(actor: &Actor) -> Vec<ActorKey> {
        let key = |name: &str, list, pem: &str, expires_at| ActorKey {
            actor: actor.id,
            uri: format!("{}#{name}", actor.uri).parse().unwrap(),
            list,
            public_pem: pem.into(),
            private_pem: Some("SECRET".into()),
            expires_at,
        };
        let (rsa, old) = (
            &crate::federation::keys::tests::RSA.1,
            &crate::federation::keys::tests::OTHER_RSA.1,
        );
        vec![
            key("main-key", KeyList::PublicKey, rsa, None),
            key("ed25519-key", KeyList::AssertionMethod, ED25519_PEM, None),
            key("old", KeyList::PublicKey, old, Some(at("2030-01-01"))),
        ]
    }

    const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n";

    pub fn topic() -> Post {
        Post {
            id: PostId(41),
            uri: acme().post(PostId(41)),
            group: Some(GroupId(3)),
            author: ActorId(7),
            topic: PostId(41),
            parent: None,
            title: Some("Bridge opens Monday".into()),
            source: Some("It *does*.".into()),
            html: "<p>It <em>does</em>.</p>\n".into(),
            audience: Audience::Group,
            state: PostState::Visible,
            locked: false,
            pinned: false,
            shared_by_exception: false,
            created_at: at("2026-03-01T08:00:00Z"),
            topic_created_at: at("2026-03-01T08:00:00Z"),
            edited_at: None,
            comments: 0,
            likes: 0,
            active_at: at("2026-03-01T08:00:00Z"),
            label: None,
        }
    }

    /// A document of another server, as its software writes it.
    pub fn fixture(name: &str) -> Value {
        let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn everybody_is_named_only_where_everybody_may_read() {
        for (access, stage) in [
            (Access::Open, Stage::Partners),
            (Access::Closed, Stage::Public),
            (Access::Secret, Stage::Partners),
        ] {
            let audience = audience(&engineering(access, stage));
            assert_eq!(
                audience,
                json!([
                    "https://acme.example/g/engineering",
                    "https://acme.example/g/engineering/followers"
                ])
            );
        }
        let public = audience(&engineering(Access::Open, Stage::Public));
        assert_eq!(
            public,
            json!(["https://acme.example/g/engineering", PUBLIC])
        );
    }
}
