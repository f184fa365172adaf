//! In which dialect of ActivityPub a server takes part in groups.

use crate::domain::text_enum::text_enum;
use crate::domain::{Discretion, Host, Timestamp, discretion_of};

text_enum! {
    /// What of a group's news a server makes sense of.
    GroupDialect ("dialect") {
        /// What people did, passed on by the group: `Announce{activity}` (FEP-1b12).
        Activities = "activities",
        /// Topics, boosted by the group as any person boosts: `Announce{id}`. Microblog servers.
        Boosts = "boosts",
        Both = "both",
    }
}

impl GroupDialect {
    /// Whether the group's boosts are understood.
    pub const fn has_boosts(self) -> bool {
        matches!(self, Self::Boosts | Self::Both)
    }
}

text_enum! {
    /// What an administrator may choose for a partner's server.
    DialectChoice ("dialect") {
        /// As it was learned.
        Auto = "auto",
        Activities = "activities",
        Boosts = "boosts",
        Both = "both",
    }
}

impl DialectChoice {
    /// The dialect that was chosen; none: the one that was learned.
    pub const fn dialect(self) -> Option<GroupDialect> {
        match self {
            Self::Auto => None,
            Self::Activities => Some(GroupDialect::Activities),
            Self::Boosts => Some(GroupDialect::Boosts),
            Self::Both => Some(GroupDialect::Both),
        }
    }
}

text_enum! {
    /// How we came to know a server's dialect; what stands later weighs more.
    Evidence ("evidence") {
        /// By the name of its software (NodeInfo).
        Guessed = "guessed",
        /// It has groups that announce activities.
        Seen = "seen",
        /// Its actors say so (FEP-844e).
        Said = "said",
    }
}

/// What is known of how a server takes part in groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerDialect {
    pub host: Host,
    pub learned: Option<(GroupDialect, Evidence)>,
    /// The software it says it runs (NodeInfo), with its version.
    pub software: Option<String>,
    /// When it was last asked for its software.
    pub asked_at: Option<Timestamp>,
    /// What an administrator chose instead, and their handle (or `operator`).
    pub chosen: Option<(GroupDialect, String)>,
    /// Who said (a handle, or `operator`) that groups that are not public may go there, whatever its
    /// software does with them.
    pub trusted_by: Option<String>,
}

impl PeerDialect {
    /// A server of which nothing is known.
    pub const fn unknown(host: Host) -> Self {
        Self {
            host,
            learned: None,
            software: None,
            asked_at: None,
            chosen: None,
            trusted_by: None,
        }
    }

    /// The dialect it is spoken to in: as chosen, else as learned, else as groups speak with each other.
    pub fn dialect(&self) -> GroupDialect {
        let learned = self.learned.map(|(dialect, _)| dialect);
        let chosen = self.chosen.as_ref().map(|(dialect, _)| *dialect);
        chosen.or(learned).unwrap_or(GroupDialect::Activities)
    }

    /// Whether the server keeps what is not public to whom it is for. Who agreed to a partnership by
    /// both sides (`mutual`) runs Guildhall: nobody else speaks the handshake.
    pub fn discretion(&self, mutual: bool) -> Discretion {
        let kept = |why: String| Discretion { kept: true, why };
        match (&self.trusted_by, mutual, &self.software) {
            (Some(by), ..) => kept(format!("trusted by {by}")),
            (None, true, _) => kept("it is a Guildhall".into()),
            (None, false, Some(software)) => discretion_of(software),
            (None, false, None) => Discretion {
                kept: false,
                why: "nothing is known of its software".into(),
            },
        }
    }

    /// Why in that one, in a few words for administrators.
    pub fn why(&self) -> String {
        if let Some((_, by)) = &self.chosen {
            return format!("set by {by}");
        }
        match (self.learned, &self.software) {
            (Some((_, Evidence::Said)), _) => "said by its actors".into(),
            (Some((_, Evidence::Seen)), _) => "seen: its groups announce activities".into(),
            (Some((_, Evidence::Guessed)), Some(software)) => {
                format!("guessed from NodeInfo: {software}")
            }
            (Some((_, Evidence::Guessed)), None) => "guessed from NodeInfo".into(),
            (None, Some(software)) => format!("nothing is known of {software}"),
            (None, None) => "nothing is known of it".into(),
        }
    }
}

/// Servers of software that takes part in groups by activities.
const GROUP_SOFTWARE: &[&str] = &["guildhall", "kbin", "lemmy", "mbin", "nodebb", "piefed"];
/// Servers of software that knows boosts and no groups.
const MICROBLOG_SOFTWARE: &[&str] = &[
    "akkoma",
    "firefish",
    "gotosocial",
    "hometown",
    "honk",
    "iceshrimp",
    "mastodon",
    "misskey",
    "mitra",
    "pixelfed",
    "pleroma",
    "sharkey",
    "snac",
    "takahe",
];

/// The dialect of software of this name, where it is known to us.
pub fn dialect_of_software(name: &str) -> Option<GroupDialect> {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    if GROUP_SOFTWARE.iter().any(is) {
        Some(GroupDialect::Activities)
    } else if MICROBLOG_SOFTWARE.iter().any(is) {
        Some(GroupDialect::Boosts)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_administrator_chose_counts_more_than_what_was_learned() {
        let mut peer = PeerDialect::unknown("birch.example".parse().unwrap());
        assert_eq!(peer.dialect(), GroupDialect::Activities);
        assert_eq!(peer.why(), "nothing is known of it");

        peer.software = Some("mastodon 4.5.1".into());
        peer.learned = Some((GroupDialect::Boosts, Evidence::Guessed));
        assert_eq!(peer.dialect(), GroupDialect::Boosts);
        assert_eq!(peer.why(), "guessed from NodeInfo: mastodon 4.5.1");

        peer.chosen = Some((GroupDialect::Both, "ada@acme.example".into()));
        assert_eq!(peer.dialect(), GroupDialect::Both);
        assert_eq!(peer.why(), "set by ada@acme.example");
    }

    #[test]
    fn software_is_known_by_its_name() {
        assert_eq!(dialect_of_software("Mastodon"), Some(GroupDialect::Boosts));
        assert_eq!(dialect_of_software("snac"), Some(GroupDialect::Boosts));
        assert_eq!(dialect_of_software("lemmy"), Some(GroupDialect::Activities));
        assert_eq!(dialect_of_software("lemmy-like"), None);
    }
}
