//! How we speak with other servers.

use crate::domain::text_enum::text_enum;
use crate::domain::{Host, Timestamp};

text_enum! {
    /// How a request to a server is signed. Exactly one signature a request.
    SignatureChoice ("signature") {
        /// The draft that every server understands, with RSA.
        Cavage = "cavage",
        /// RFC 9421 with RSA.
        Rfc9421 = "rfc9421",
        /// RFC 9421 with Ed25519: a tenth of the work.
        Rfc9421Ed25519 = "rfc9421-ed25519",
    }
}

impl SignatureChoice {
    /// What is tried when this kind was refused: the kind that everybody of the other generation
    /// understands.
    pub const fn other(self) -> Self {
        match self {
            Self::Cavage => Self::Rfc9421,
            Self::Rfc9421 | Self::Rfc9421Ed25519 => Self::Cavage,
        }
    }
}

text_enum! {
    /// How we came to know what a server accepts.
    Learned ("learned") {
        /// A request of its own was signed so.
        Seen = "seen",
        /// Its actors say so (FEP-844e).
        Declared = "declared",
        /// It asked for it in an answer (`Accept-Signature`).
        Asked = "asked",
        /// It refused the other kind and took this one.
        Tried = "tried",
    }
}

/// What is known of how a server wants to be spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub host: Host,
    pub signature: SignatureChoice,
    pub learned: Learned,
    pub learned_at: Timestamp,
}
