//! Which software shows what is not public only to whom it is for.
//!
//! A post that left the house is in the hands of the software that got it. What is known of it stands
//! in a table, each with its reason; what is not in it is not trusted.

use crate::domain::text_enum::text_enum;

text_enum! {
    /// What an administrator may choose about groups that are not public, for a partner's server.
    PrivateGroups ("private-groups") {
        /// They go there where its software is known to keep them.
        Auto = "auto",
        /// They go there, whatever its software does.
        Trust = "trust",
    }
}

impl PrivateGroups {
    /// What choosing it means, for who chooses.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Auto => {
                "Groups that are not public are open to this server only while its software is known to show \
                 posts to nobody but those they are for."
            }
            Self::Trust => {
                "Groups that are not public can be opened to this server, although its software may show \
                 their posts to everybody there, and to search engines, or turn them into something else. Nobody here \
                 can take back what it shows."
            }
        }
    }
}

/// Whether a server keeps what is not public to whom it is for, and why that is thought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discretion {
    pub kept: bool,
    /// A few words for administrators.
    pub why: String,
}

/// What is known of software of one name.
struct Known {
    name: &'static str,
    /// The first major version that keeps it; none: no version does.
    since: Option<u32>,
    why: &'static str,
}

const fn keeps(name: &'static str, since: u32, why: &'static str) -> Known {
    Known {
        name,
        since: Some(since),
        why,
    }
}

const fn leaks(name: &'static str, why: &'static str) -> Known {
    Known {
        name,
        since: None,
        why,
    }
}

const NO_PRIVATE_GROUPS: &str =
    "knows no groups but public ones and shows their posts to everybody";
const MICROBLOG: &str = "knows no groups: it takes what is for a group's followers for a message to single people, or drops it";

const KNOWN: &[Known] = &[
    keeps("guildhall", 0, "keeps the audience of a post"),
    keeps("lemmy", 1, "has private communities since version 1"),
    keeps("smithereen", 0, "has closed and private groups"),
    leaks("kbin", NO_PRIVATE_GROUPS),
    leaks("mbin", NO_PRIVATE_GROUPS),
    leaks("piefed", NO_PRIVATE_GROUPS),
    leaks(
        "nodebb",
        "turns a topic that is not public into a private chat",
    ),
    leaks("akkoma", MICROBLOG),
    leaks("firefish", MICROBLOG),
    leaks("gotosocial", MICROBLOG),
    leaks("hometown", MICROBLOG),
    leaks("honk", MICROBLOG),
    leaks("iceshrimp", MICROBLOG),
    leaks("mastodon", MICROBLOG),
    leaks("misskey", MICROBLOG),
    leaks("mitra", MICROBLOG),
    leaks("pixelfed", MICROBLOG),
    leaks("pleroma", MICROBLOG),
    leaks("sharkey", MICROBLOG),
    leaks("snac", MICROBLOG),
    leaks("takahe", MICROBLOG),
];

/// What is known of software by its name and version, as NodeInfo says them (`lemmy 0.19.3`).
pub fn discretion_of(software: &str) -> Discretion {
    let (name, version) = software.split_once(' ').unwrap_or((software, ""));
    let is = |known: &&Known| known.name.eq_ignore_ascii_case(name);
    let Some(known) = KNOWN.iter().find(is) else {
        return Discretion {
            kept: false,
            why: format!("it is not known whether {software} keeps them"),
        };
    };
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    let is_new_enough = |since| since == 0 || major.is_some_and(|major| major >= since);
    Discretion {
        kept: known.since.is_some_and(is_new_enough),
        why: format!("{software}: {name} {}", known.why),
    }
}

/// Whether software is known to delete what its author takes back: all that is in the table does; of
/// other software nobody here can say.
pub fn deletes_on_request(software: &str) -> bool {
    let name = software.split(' ').next().unwrap_or_default();
    KNOWN
        .iter()
        .any(|known| known.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_is_trusted_by_name_and_version_and_only_when_it_is_known() {
        for (software, kept) in [
            ("guildhall 0.1.0", true),
            ("Smithereen 0.8", true),
            ("smithereen", true),
            ("lemmy 1.0.0-alpha.5", true),
            ("lemmy 2.1", true),
            ("lemmy 0.19.12", false),
            ("lemmy", false),
            ("lemmy unstable", false),
            ("lemmy-like 1.0", false),
            ("mbin 1.8.4", false),
            ("mastodon 4.5.1", false),
            ("nodebb 4.2.0", false),
            ("somebodys 1.0", false),
            ("", false),
        ] {
            let found = discretion_of(software);
            assert_eq!(found.kept, kept, "{software}: {}", found.why);
        }
        let nodebb = discretion_of("nodebb 4.2.0").why;
        assert!(nodebb.contains("private chat"), "{nodebb}");
    }
}
