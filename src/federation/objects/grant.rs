//! `Grant`: what the house of a group lets a partner's people do in it (our extension).

use serde_json::{Value, json};

use crate::app::Addresses;
use crate::domain::{
    Capabilities, Capability, Grant, GrantTerms, Group, Invalid, JoinMode, Timestamp, Uri,
};

const TYPE: &str = "Grant";
/// The same word as it is written where only the prefix is defined.
const PREFIXED: &str = "guildhall:Grant";

/// A grant as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantDocument {
    pub id: Uri,
    pub group: Uri,
    /// The partner's instance actor.
    pub partner: Uri,
    pub terms: GrantTerms,
}

/// True for an embedded grant, whatever else it says.
pub fn is_grant(value: &Value) -> bool {
    let kind = value.get("type").and_then(Value::as_str);
    kind == Some(TYPE) || kind == Some(PREFIXED)
}

impl GrantDocument {
    /// A grant of ours for the partner with this instance actor.
    pub fn of(addresses: &Addresses, grant: &Grant, group: &Group, partner: &Uri) -> Self {
        Self {
            id: addresses.grant(grant.id),
            group: group.actor.uri.clone(),
            partner: partner.clone(),
            terms: grant.terms,
        }
    }

    /// Whether partners are kept apart is not told: none of them is to know that there are others.
    pub fn render(&self) -> Value {
        let mut grant = self.render_reference();
        grant["capabilities"] = json!(self.terms.capabilities);
        grant["joinMode"] = json!(self.terms.join);
        grant["startTime"] = json!(self.terms.from);
        if let Some(until) = self.terms.until {
            grant["endTime"] = json!(until);
        }
        if self.terms.history_from != Timestamp::MIN {
            grant["historyFrom"] = json!(self.terms.history_from);
        }
        grant
    }

    /// Which grant it is, without its terms: what an ended one still says.
    pub fn render_reference(&self) -> Value {
        json!({
            "id": self.id,
            "type": TYPE,
            "group": self.group,
            "partner": self.partner,
        })
    }

    /// Reads a grant. Capabilities this version does not know are left out: they allow nothing here.
    ///
    /// # Errors
    /// When a part is missing or makes no sense, or the grant is for a group on another server.
    pub fn parse(value: &Value) -> Result<Self, Invalid> {
        let id = read_uri(value, "id")?;
        let group = read_uri(value, "group")?;
        if id.host() != group.host() {
            return Err(Invalid::new("group", "is on another server than its grant"));
        }
        Ok(Self {
            partner: read_uri(value, "partner")?,
            terms: GrantTerms {
                capabilities: read_capabilities(value)?,
                join: read_join(value)?,
                from: read_time(value, "startTime")?.unwrap_or(Timestamp::MIN),
                until: read_time(value, "endTime")?,
                history_from: read_time(value, "historyFrom")?.unwrap_or(Timestamp::MIN),
                apart: false,
            },
            id,
            group,
        })
    }
}

/// The address in one member.
pub fn read_uri(value: &Value, member: &'static str) -> Result<Uri, Invalid> {
    let text = value.get(member).and_then(Value::as_str);
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Invalid::new(member, "is not one address"))
}

fn read_capabilities(value: &Value) -> Result<Capabilities, Invalid> {
    let words = value.get("capabilities").and_then(Value::as_array);
    let known: Vec<Capability> = words
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str()?.parse().ok())
        .collect();
    match known.is_empty() {
        true => Err(Invalid::new("capabilities", "has none that are known here")),
        false => Ok(Capabilities::of(&known)),
    }
}

fn read_join(value: &Value) -> Result<JoinMode, Invalid> {
    match value.get("joinMode").and_then(Value::as_str) {
        Some(word) => word.parse(),
        None => Ok(JoinMode::Approve),
    }
}

fn read_time(value: &Value, member: &'static str) -> Result<Option<Timestamp>, Invalid> {
    let wrong = || Invalid::new(member, "is not a time");
    match value.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Timestamp::parse(text).map(Some).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> GrantDocument {
        let time = |text| Timestamp::parse(text).unwrap();
        GrantDocument {
            id: "https://acme.example/grants/7".parse().unwrap(),
            group: "https://acme.example/g/roads".parse().unwrap(),
            partner: "https://birch.example/actor".parse().unwrap(),
            terms: GrantTerms {
                capabilities: "read,react,reply".parse().unwrap(),
                join: JoinMode::Auto,
                from: time("2026-11-21T21:52:00.123Z"),
                until: Some(time("2027-01-01")),
                history_from: time("2026-01-01"),
                apart: false,
            },
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(GrantDocument::parse(&grant().render()).unwrap(), grant());
        let mut forever = grant();
        forever.terms.until = None;
        forever.terms.history_from = Timestamp::MIN;
        let written = forever.render();
        assert!(written.get("endTime").is_none() && written.get("historyFrom").is_none());
        assert_eq!(GrantDocument::parse(&written).unwrap(), forever);
        assert!(is_grant(&written));
    }

    #[test]
    fn partners_are_not_told_that_they_are_kept_apart() {
        let mut apart = grant();
        apart.terms.apart = true;
        assert_eq!(apart.render(), grant().render());
    }

    #[test]
    fn odd_grants_are_refused_and_unknown_capabilities_allow_nothing() {
        let with = |member: &str, value: Value| {
            let mut odd = grant().render();
            odd[member] = value;
            GrantDocument::parse(&odd)
        };
        for (member, value) in [
            ("id", json!("https://e.example/grants/7")),
            ("group", json!(null)),
            ("partner", json!(["https://birch.example/actor"])),
            ("capabilities", json!([])),
            ("capabilities", json!("read")),
            ("capabilities", json!(["fly"])),
            ("joinMode", json!("anyhow")),
            ("endTime", json!("soon")),
            ("endTime", json!(7)),
        ] {
            assert!(with(member, value.clone()).is_err(), "{member} {value}");
        }
        let read = with("capabilities", json!(["fly", "read"])).unwrap();
        assert_eq!(
            read.terms.capabilities,
            Capabilities::of(&[Capability::Read])
        );
    }
}
