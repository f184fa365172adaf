//! What a client may do in somebody's name: OAuth scopes as Mastodon's clients ask for them.

use std::fmt;
use std::str::FromStr;

use crate::domain::Invalid;

/// The scopes there are. One without a colon covers all that begin with it: `read` covers
/// `read:statuses`.
const KNOWN: &[&str] = &[
    "read",
    "read:accounts",
    "read:blocks",
    "read:bookmarks",
    "read:favourites",
    "read:filters",
    "read:follows",
    "read:lists",
    "read:mutes",
    "read:notifications",
    "read:search",
    "read:statuses",
    "write",
    "write:accounts",
    "write:blocks",
    "write:bookmarks",
    "write:conversations",
    "write:favourites",
    "write:filters",
    "write:follows",
    "write:lists",
    "write:media",
    "write:mutes",
    "write:notifications",
    "write:reports",
    "write:statuses",
    "follow",
    "push",
    "profile",
    "admin:read",
    "admin:write",
];

/// What `follow`, which is older than the fine-grained scopes, covers.
const FOLLOW_COVERS: &[&str] = &[
    "read:blocks",
    "read:follows",
    "read:mutes",
    "write:blocks",
    "write:follows",
    "write:mutes",
];

/// At least one scope, each known, none twice, in the order they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<&'static str>);

impl Scopes {
    /// Whether whoever holds these may do all that `others` allow.
    pub fn include(&self, others: &Self) -> bool {
        others.0.iter().all(|scope| self.allow(scope))
    }

    /// Whether a client with these may do what needs `scope`.
    pub fn allow(&self, scope: &str) -> bool {
        self.0.iter().any(|held| covers(held, scope))
    }
}

fn covers(held: &str, scope: &str) -> bool {
    held == scope
        || scope
            .split_once(':')
            .is_some_and(|(family, _)| family == held)
        || (held == "follow" && FOLLOW_COVERS.contains(&scope))
}

impl FromStr for Scopes {
    type Err = Invalid;

    /// Reads words separated by spaces, as OAuth writes them, or by commas.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut scopes = Vec::new();
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            let known = KNOWN.iter().find(|known| **known == word).ok_or_else(|| {
                Invalid::new(
                    "scopes",
                    format!("there is no scope {word:?}; scopes are {}", KNOWN.join(" ")),
                )
            })?;
            if !scopes.contains(known) {
                scopes.push(*known);
            }
        }
        if scopes.is_empty() {
            return Err(Invalid::new(
                "scopes",
                "name at least one, like \"read write\"",
            ));
        }
        Ok(Self(scopes))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_its_family_and_nothing_above_it() {
        let scopes: Scopes = "read write:statuses follow".parse().unwrap();
        for held in ["read", "read:search", "write:statuses", "write:follows"] {
            assert!(scopes.allow(held), "{held}");
        }
        for missing in ["write", "write:media", "push", "readable", "follow:x"] {
            let scopes: Scopes = "read write:statuses".parse().unwrap();
            assert!(!scopes.allow(missing), "{missing}");
        }
    }

    #[test]
    fn administration_comes_with_no_other_scope_and_brings_none() {
        let all: Scopes = "read write follow push".parse().unwrap();
        let admin: Scopes = "admin:read admin:write".parse().unwrap();
        assert!(!all.allow("admin:read") && !admin.allow("read"));
        assert!(admin.include(&"admin:write".parse().unwrap()));
        assert!(!admin.include(&"admin:read read:statuses".parse().unwrap()));
        assert!(all.include(&"read:statuses write".parse().unwrap()));
    }

    #[test]
    fn unknown_scopes_and_none_are_refused() {
        for bad in ["", "  ", "read admin", "READ", "read:everything"] {
            assert!(bad.parse::<Scopes>().is_err(), "{bad}");
        }
        assert_eq!(
            "write, read write".parse::<Scopes>().unwrap().to_string(),
            "write read"
        );
    }
}
