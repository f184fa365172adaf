//! Reading `Content-Type` (RFC 9110, section 8.3.1), strictly.
//!
//! The label is what tells a document its server stands by from a file somebody uploaded there.

use activitypub_federation::FEDERATION_CONTENT_TYPE;

/// The profile that makes JSON-LD ActivityStreams.
const PROFILE: &str = "https://www.w3.org/ns/activitystreams";

/// True for `application/activity+json`, and for `application/ld+json` with the ActivityStreams
/// profile; other parameters do not matter.
pub fn is_activity_json(content_type: &str) -> bool {
    match MediaType::parse(content_type) {
        Some(media) if media.essence == FEDERATION_CONTENT_TYPE => true,
        Some(media) if media.essence == "application/ld+json" => media
            .parameter("profile")
            .is_some_and(|profiles| profiles.split(' ').any(|profile| profile == PROFILE)),
        Some(_) | None => false,
    }
}

/// True for what WebFinger answers with (RFC 7033, section 4.2), and for plain JSON, which many
/// servers say instead.
pub(super) fn is_resource_descriptor(content_type: &str) -> bool {
    MediaType::parse(content_type).is_some_and(|media| {
        matches!(
            media.essence.as_str(),
            "application/jrd+json" | "application/json"
        )
    })
}

struct MediaType {
    /// `type/subtype` in lower case.
    essence: String,
    /// Names in lower case, values without quotes.
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// None when it is malformed, or names a parameter twice.
    fn parse(text: &str) -> Option<Self> {
        let (essence, mut rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        let essence = essence.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        while !rest.is_empty() {
            let (name, value, after) = parameter(rest.strip_prefix(';')?)?;
            if parameters.iter().any(|(other, _)| *other == name) {
                return None;
            }
            parameters.push((name, value));
            rest = after;
        }
        Some(Self {
            essence,
            parameters,
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// `name=token` or `name="quoted"` at the beginning of `text`, and what follows.
fn parameter(text: &str) -> Option<(String, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let name = name.trim().to_ascii_lowercase();
    if !is_token(&name) {
        return None;
    }
    let (value, after) = match rest.strip_prefix('"') {
        // An escape would be legal; nothing we look for has one.
        Some(quoted) => quoted.split_once('"').filter(|(v, _)| !v.contains('\\'))?,
        None => {
            let (value, after) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
            let value = value.trim_end();
            is_token(value).then_some((value, after))?
        }
    };
    Some((name, value.to_owned(), after.trim_start()))
}

fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activity_streams_has_two_labels() {
        for label in [
            "application/activity+json",
            "Application/Activity+JSON ; charset=utf-8",
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json;charset="utf-8" ; Profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; profile="https://w3id.org/x https://www.w3.org/ns/activitystreams""#,
        ] {
            assert!(is_activity_json(label), "{label}");
        }
    }

    #[test]
    fn a19_other_labels_are_refused() {
        for label in [
            "",
            "text/html",
            "application/json",
            "image/png",
            "application/ld+json",
            "application/ld+json; charset=utf-8",
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams2""#,
            r#"application/ld+json; profile="x;https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; charset="; profile=https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; profile="a"; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams"#,
            "application/activity+json, text/html",
            "application/activity+json;",
            "application/activity+json; charset",
            "text/html; x=application/activity+json",
            "application/activity+jsonx",
            "activity+json",
        ] {
            assert!(!is_activity_json(label), "{label}");
        }
    }
}
