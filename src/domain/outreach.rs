//! How a group reaches servers that know no groups (microblog servers), as its owners choose.

use crate::domain::text_enum::text_enum;

text_enum! {
    /// Whether a group that is not public copies its posts, in its own name, for members on servers that
    /// know no groups.
    Mirror ("mirror") {
        Off = "off",
        /// What people write who let the group do so.
        On = "on",
    }
}

impl Mirror {
    /// What choosing it means, for who chooses.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Off => {
                "Members on servers that know no groups are shown nothing useful while the group is not public. Copies that \
                 were made are taken back: their servers are asked to delete them."
            }
            Self::On => {
                "While the group is not public, it posts copies of what its people write, with their name, to its \
                 followers on servers that know no groups (Mastodon and its like). Only servers that an administrator \
                 trusted get them, and only what people write who allow it in their own settings. Those servers keep the \
                 copies as they keep any post for followers: their administrators can read them, and nobody here can make \
                 sure that a copy is deleted there."
            }
        }
    }
}

text_enum! {
    /// What a public group boosts for followers on servers that know no groups.
    Boosts ("boosts") {
        Topics = "topics",
        /// Topics and comments.
        All = "all",
    }
}

impl Boosts {
    /// What choosing it means, for who chooses.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Topics => {
                "While the group is public, its followers on such servers are shown its topics."
            }
            Self::All => {
                "While the group is public, its followers on such servers are shown its topics and every comment, each as a \
                 boost of its own."
            }
        }
    }
}

/// Both choices of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outreach {
    pub mirror: Mirror,
    pub boosts: Boosts,
}

impl Default for Outreach {
    fn default() -> Self {
        Self {
            mirror: Mirror::Off,
            boosts: Boosts::Topics,
        }
    }
}
