//! Keys by which actors prove what they say.

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, Timestamp, Uri};

text_enum! {
    /// The list of an actor's document in which a key stands, which says what it is for.
    KeyList ("list") {
        /// `publicKey`: signs requests, as every server of the fediverse knows it.
        PublicKey = "public_key",
        /// `assertionMethod` (FEP-521a): signs what its actor says (FEP-8b32), and requests.
        AssertionMethod = "assertion_method",
    }
}

/// A public key of an actor and, for ours, its private half.
#[derive(Clone)]
pub struct ActorKey {
    pub actor: ActorId,
    /// `keyId` in signatures.
    pub uri: Uri,
    pub list: KeyList,
    pub public_pem: String,
    /// PKCS#8; only for actors of this house, as long as the key signs.
    pub private_pem: Option<String>,
    /// From then on it proves nothing. One of ours that has an end was replaced.
    pub expires_at: Option<Timestamp>,
}

impl ActorKey {
    /// Whether it still proves anything.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl std::fmt::Debug for ActorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActorKey")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

/// What a document says proves who wrote it (FEP-8b32). The key is still to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key that is said to have made it.
    pub key: Uri,
    /// What that key must have signed.
    pub signed: Vec<u8>,
    pub signature: Vec<u8>,
    pub created_at: Option<Timestamp>,
    /// From then on it proves nothing.
    pub expires_at: Option<Timestamp>,
}
