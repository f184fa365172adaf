//! Names of people and groups, alone and with their server.

use std::fmt;
use std::str::FromStr;

use crate::domain::{Host, Invalid};

/// Longest name that can be chosen here, in characters.
pub const NAME_CHARS_MAX: usize = 50;

/// A name chosen on this server: lower-case letters, digits, `_`, and `-` inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names that would shadow an address or look like the house speaking.
const RESERVED: &[&str] = &[
    "actor",
    "admin",
    "administrator",
    "guildhall",
    "instance",
    "root",
    "system",
];

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = text.to_ascii_lowercase();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if name.is_empty()
            || name.len() > NAME_CHARS_MAX
            || !name.chars().all(plain)
            || name.starts_with('-')
            || name.ends_with('-')
        {
            return Err(Invalid::new(
                "name",
                format!(
                    "{text:?} cannot be a name: use up to {NAME_CHARS_MAX} letters a-z, digits and _ (and - inside), like road_works"
                ),
            ));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(Invalid::new(
                "name",
                format!("{name:?} is kept for the server itself; choose another name"),
            ));
        }
        Ok(Self(name))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A name with or without its server: `ada`, `@ada@acme.example`, `!roads@acme.example`,
/// `acct:ada@acme.example`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    /// As the other server spells it; ours are always [`Name`]s.
    pub name: String,
    pub host: Option<Host>,
}

impl Handle {
    /// The same name as this house keeps it: its own people and groups have no host.
    #[must_use]
    pub fn seen_from(self, ourselves: &Host) -> Self {
        Self {
            host: self.host.filter(|host| host != ourselves),
            ..self
        }
    }
}

impl FromStr for Handle {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let problem = || {
            Invalid::new(
                "handle",
                format!("{text:?} is not a handle like roads@community.example.org"),
            )
        };
        let text_only = text.trim();
        let text_only = text_only.strip_prefix("acct:").unwrap_or(text_only);
        let text_only = text_only.strip_prefix(['@', '!']).unwrap_or(text_only);
        let (name, host) = match text_only.split_once('@') {
            Some((name, host)) => (name, Some(host.parse().map_err(|_| problem())?)),
            None => (text_only, None),
        };
        let odd = |c: char| c.is_whitespace() || c.is_control() || "!:@/?#\\\"<>&'".contains(c);
        if name.is_empty() || name.len() > 128 || name.contains(odd) {
            return Err(problem());
        }
        Ok(Self {
            name: name.to_owned(),
            host,
        })
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{}@{host}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(
            "Engineering".parse::<Name>().unwrap().as_str(),
            "engineering"
        );
        for bad in [
            "",
            "a b",
            "a/b",
            "ä",
            "../x",
            "-a",
            "a-",
            "admin",
            "a@b",
            "\u{202e}a",
            &"a".repeat(51),
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn handles_come_in_several_spellings() {
        for text in [
            "ada@acme.example",
            "@ada@acme.example",
            "!ada@ACME.example",
            "acct:ada@acme.example",
        ] {
            let handle: Handle = text.parse().unwrap();
            assert_eq!(handle.to_string(), "ada@acme.example");
        }
        assert_eq!("@ada".parse::<Handle>().unwrap().host, None);
        for bad in ["", "@", "@@acme.example", "a@b@c", "ada@", "a<b@c.example"] {
            assert!(bad.parse::<Handle>().is_err(), "{bad}");
        }
    }
}
