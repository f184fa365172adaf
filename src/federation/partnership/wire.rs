//! The two documents of the handshake, and the parts of them by which a partnership is ended.

use std::fmt;

use serde_json::{Value, json};

use crate::crypto;
use crate::domain::{Invalid, PartnerClass, Terms, Uri};
use crate::federation::extension::{self, NAMESPACE};
use crate::federation::partnership::terms;

/// What two instance actors are to each other.
const RELATIONSHIP: &str = "guildhall:partner";
/// Longest secret of a code read, bytes; ours have 43.
const SECRET_BYTES_MAX: usize = 256;

/// The taker's `Offer` of a `Relationship`.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    pub id: Uri,
    /// Its instance actor, who signs.
    pub taker: Uri,
    /// The instance actor of the server that made the invitation.
    pub giver: Uri,
    /// What the taker's organization is called.
    pub organization: String,
    /// The secret of the invitation.
    pub secret: String,
    /// What the partnership is for, as the taker says.
    pub terms: Terms,
}

impl Offer {
    pub fn render(&self) -> Value {
        let mut offer = json!({
            "@context": extension::context(),
            "organization": self.organization,
            "instrument": { "type": "InvitationCode", "code": self.secret },
            "terms": terms::render(&self.terms),
        });
        merge(&mut offer, self::offer(&self.id, &self.taker, &self.giver));
        offer
    }

    /// # Errors
    /// When it is not an offer of a partnership, or speaks for anybody but its own actor.
    pub fn parse(value: &Value) -> Result<Self, Invalid> {
        if !is_offer(value) {
            return Err(Invalid::new("type", "is not an Offer of a Relationship"));
        }
        let taker = uri(value, "/actor")?;
        if uri(value, "/object/subject")? != taker {
            return Err(Invalid::new("object.subject", "is not the actor"));
        }
        let id = uri(value, "/id")?;
        if id.host() != taker.host() {
            return Err(Invalid::new("id", "is on another server than the actor"));
        }
        let secret = text(value, "/instrument/code")?;
        if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
            return Err(Invalid::new(
                "instrument.code",
                "is not the secret of a code",
            ));
        }
        Ok(Self {
            id,
            taker,
            giver: uri(value, "/object/object")?,
            organization: text(value, "/organization").unwrap_or_default().to_owned(),
            secret: secret.to_owned(),
            terms: terms::read(value.get("terms")),
        })
    }
}

/// An offer without its secret: the part that may be shown again.
pub fn offer(id: &Uri, taker: &Uri, giver: &Uri) -> Value {
    json!({
        "id": id,
        "type": "Offer",
        "actor": taker,
        "to": [giver],
        "object": {
            "type": "Relationship",
            "subject": taker,
            "relationship": RELATIONSHIP,
            "object": giver,
        },
    })
}

/// Whether something is an offer of a partnership, with or without its secret.
pub fn is_offer(value: &Value) -> bool {
    let in_full = format!("{NAMESPACE}partner");
    expect(value, "/type", &["Offer"]).is_ok()
        && expect(value, "/object/type", &["Relationship"]).is_ok()
        && expect(value, "/object/relationship", &[RELATIONSHIP, &in_full]).is_ok()
}

/// Keeps the secret out of logs.
impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({} to {})", self.taker, self.giver)
    }
}

/// The giver's `Accept` of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    pub id: Uri,
    pub giver: Uri,
    /// The offer that is accepted.
    pub offer: Uri,
    pub taker: Uri,
    /// What the giver's organization is called.
    pub organization: String,
    /// What the taker is to the giver.
    pub class: PartnerClass,
    /// What the partnership is for, as the giver says.
    pub terms: Terms,
}

impl Accept {
    pub fn render(&self) -> Value {
        json!({
            "@context": extension::context(),
            "id": self.id,
            "type": "Accept",
            "actor": self.giver,
            "to": [self.taker],
            "object": { "id": self.offer, "type": "Offer", "actor": self.taker },
            "organization": self.organization,
            "class": self.class,
            "terms": terms::render(&self.terms),
        })
    }

    /// # Errors
    /// When it does not accept an offer of a partnership.
    pub fn parse(value: &Value) -> Result<Self, Invalid> {
        expect(value, "/type", &["Accept"])?;
        expect(value, "/object/type", &["Offer"])?;
        Ok(Self {
            id: uri(value, "/id")?,
            giver: uri(value, "/actor")?,
            offer: uri(value, "/object/id")?,
            taker: uri(value, "/object/actor")?,
            organization: text(value, "/organization").unwrap_or_default().to_owned(),
            class: text(value, "/class")?.parse()?,
            terms: terms::read(value.get("terms")),
        })
    }
}

/// The same without what only the taker is told: how the giver calls it when it takes it back.
pub fn accept(offer: &Uri, giver: &Uri, taker: &Uri) -> Value {
    json!({
        "id": accept_id(offer, giver),
        "type": "Accept",
        "actor": giver,
        "to": [taker],
        "object": self::offer(offer, taker, giver),
    })
}

/// The id of the giver's answer to an offer: always the same.
pub fn accept_id(offer: &Uri, giver: &Uri) -> String {
    let number = crypto::fingerprint(offer.as_str());
    format!("{giver}#accept-{number}")
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn expect(value: &Value, pointer: &'static str, words: &[&str]) -> Result<(), Invalid> {
    let word = text(value, pointer)?;
    if words.contains(&word) {
        return Ok(());
    }
    Err(Invalid::new(name(pointer), format!("is not {}", words[0])))
}

fn text<'v>(value: &'v Value, pointer: &'static str) -> Result<&'v str, Invalid> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .ok_or_else(|| Invalid::new(name(pointer), "is missing or is not one word"))
}

fn uri(value: &Value, pointer: &'static str) -> Result<Uri, Invalid> {
    text(value, pointer)?
        .parse()
        .map_err(|invalid: Invalid| Invalid::new(name(pointer), invalid.problem))
}

/// A pointer as a person reads it.
fn name(pointer: &'static str) -> &'static str {
    pointer.trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        Offer {
            id: "https://birch.example/actor#partnership-1".parse().unwrap(),
            taker: "https://birch.example/actor".parse().unwrap(),
            giver: "https://acme.example/actor".parse().unwrap(),
            organization: "Birch".into(),
            secret: "s3cret".into(),
            terms: Terms::new("Bridges", "Bo, +1 555 0100", None).unwrap(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(Offer::parse(&offer().render()).unwrap(), offer());
        let accept = Accept {
            id: "https://acme.example/actor#partnership-1".parse().unwrap(),
            giver: offer().giver,
            offer: offer().id,
            taker: offer().taker,
            organization: "Acme".into(),
            class: PartnerClass::Supplier,
            terms: Terms::new(
                "",
                "",
                "2027-01-31"
                    .parse::<crate::domain::GrantEnd>()
                    .unwrap()
                    .time(),
            )
            .unwrap(),
        };
        assert_eq!(Accept::parse(&accept.render()).unwrap(), accept);
        assert!(!format!("{:?}", offer()).contains("s3cret"));
    }

    #[test]
    fn an_offer_speaks_only_for_its_own_actor() {
        for (pointer, value) in [
            ("/object/subject", json!("https://e.example/actor")),
            ("/id", json!("https://e.example/1")),
            ("/type", json!("Follow")),
            ("/object/type", json!("Person")),
            ("/object/relationship", json!("enemy")),
            ("/actor", json!(["https://birch.example/actor"])),
            ("/instrument/code", json!("x".repeat(257))),
            ("/instrument/code", json!("")),
            ("/object/object", json!(null)),
        ] {
            let mut odd = offer().render();
            *odd.pointer_mut(pointer).unwrap() = value;
            assert!(Offer::parse(&odd).is_err(), "{pointer}");
        }
    }
}
