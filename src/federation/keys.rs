//! Keys that sign requests: ours, and those other servers publish. OpenSSL only.
//!
//! Parsing a key costs as much as using it several times, so callers keep the parsed form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};

use crate::domain::{Invalid, Uri};
use crate::error::{Error, Result};
use crate::federation::multibase;
use crate::services::signing::{PrivateKey, Signing};

/// Size of the keys made here, bits.
const RSA_BITS: u32 = 2_048;
/// Smallest and largest foreign key accepted, bits: below is breakable, above is slow.
const RSA_BITS_MIN: u32 = 2_048;
const RSA_BITS_MAX: u32 = 8_192;
/// Largest public exponent, bits. Everybody uses 65537; a huge one makes each verification as
/// slow as signing.
const RSA_EXPONENT_BITS_MAX: i32 = 33;
/// Multicodec's names of keys, as variable-length integers: `ed25519-pub` and `rsa-pub`.
const MULTICODEC_ED25519: [u8; 2] = [0xed, 0x01];
const MULTICODEC_RSA: [u8; 2] = [0x85, 0x24];
/// What stands before the 32 bytes of a private Ed25519 key in PKCS#8 (RFC 8410, section 7).
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// Longest key text read, bytes; an RSA key of 8,192 bits has about 1,500.
const PEM_BYTES_MAX: usize = 4_096;

/// Which mathematics a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa,
    Ed25519,
}

/// Makes an RSA key: (private key as PKCS#8 PEM, public key as PEM).
///
/// Takes a third of a second: call it on a blocking thread, never while somebody waits.
///
/// # Errors
/// [`Error::Internal`] when OpenSSL cannot, for want of randomness or memory.
pub fn generate_rsa() -> Result<(String, String)> {
    let key = Rsa::generate(RSA_BITS)
        .and_then(PKey::from_rsa)
        .map_err(Error::internal)?;
    let private = key.private_key_to_pem_pkcs8().map_err(Error::internal)?;
    let public = key.public_key_to_pem().map_err(Error::internal)?;
    Ok((
        String::from_utf8(private).map_err(Error::internal)?,
        String::from_utf8(public).map_err(Error::internal)?,
    ))
}

/// One of our own private keys, ready to sign.
#[derive(Clone)]
pub struct SigningKey {
    key: PKey<Private>,
    kind: KeyKind,
}

impl SigningKey {
    /// Reads a private key from PKCS#8 PEM.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is neither an RSA nor an Ed25519 key: ours are stored by us.
    pub fn from_pem(pem: &str) -> Result<Self> {
        // Planning reads one for each activity; asking OpenSSL what kind it is takes ten times as long.
        if let Some(raw) = raw_ed25519(pem) {
            let key = PKey::private_key_from_raw_bytes(&raw, Id::ED25519);
            let key = key.map_err(Error::internal)?;
            let kind = KeyKind::Ed25519;
            return Ok(Self { key, kind });
        }
        let key = PKey::private_key_from_pem(pem.as_bytes()).map_err(Error::internal)?;
        let kind = kind_of(key.id()).ok_or_else(|| Error::internal("a key of unknown kind"))?;
        Ok(Self { key, kind })
    }

    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Signs: RSA with PKCS#1 v1.5 and SHA-256, Ed25519 as RFC 8032 says.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signer = match self.kind {
            KeyKind::Rsa => Signer::new(MessageDigest::sha256(), &self.key),
            KeyKind::Ed25519 => Signer::new_without_digest(&self.key),
        };
        signer
            .and_then(|mut signer| signer.sign_oneshot_to_vec(message))
            .map_err(Error::internal)
    }
}

/// Says nothing of the key.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({:?})", self.kind)
    }
}

/// A key of ours and the name of its public half.
#[derive(Clone, Debug)]
pub struct OwnKey {
    /// `keyId` in signatures, `verificationMethod` in proofs.
    pub id: Uri,
    pub key: SigningKey,
}

impl OwnKey {
    /// # Errors
    /// See [`SigningKey::from_pem`].
    pub fn read(stored: &PrivateKey) -> Result<Self> {
        Ok(Self {
            id: stored.id.clone(),
            key: SigningKey::from_pem(&stored.pem)?,
        })
    }
}

/// The keys of one of our actors.
#[derive(Clone, Debug)]
pub struct OwnKeys {
    pub rsa: OwnKey,
    pub ed25519: Option<OwnKey>,
}

impl OwnKeys {
    /// # Errors
    /// See [`SigningKey::from_pem`].
    pub fn read(stored: &Signing) -> Result<Self> {
        Ok(Self {
            rsa: OwnKey::read(&stored.rsa)?,
            ed25519: stored.ed25519.as_ref().map(OwnKey::read).transpose()?,
        })
    }
}

/// Somebody's public key, ready to verify.
#[derive(Clone)]
pub struct ParsedKey {
    key: PKey<Public>,
    kind: KeyKind,
}

impl ParsedKey {
    /// Reads a public key as actors publish it (`publicKeyPem`).
    ///
    /// # Errors
    /// When it is not an RSA key of 2,048 to 8,192 bits with an ordinary exponent, nor Ed25519.
    pub fn from_pem(pem: &str) -> Result<Self, Invalid> {
        if pem.len() > PEM_BYTES_MAX {
            return Err(invalid(format!("is longer than {PEM_BYTES_MAX} bytes")));
        }
        // A hundred times faster than asking OpenSSL to find out what kind of key it is.
        let rsa = Rsa::public_key_from_pem(pem.as_bytes())
            .or_else(|_| Rsa::public_key_from_pem_pkcs1(pem.as_bytes()));
        match rsa {
            Ok(rsa) => Self::from_rsa(rsa),
            Err(_) => Self::from_other_pem(pem),
        }
    }

    /// Reads `publicKeyMultibase` of a Multikey (FEP-521a).
    ///
    /// # Errors
    /// When it is not base58btc, or neither an Ed25519 nor an acceptable RSA key.
    pub fn from_multibase(text: &str) -> Result<Self, Invalid> {
        let bytes = multibase::decode(text).ok_or_else(|| invalid("is not base58btc"))?;
        if let Some(raw) = bytes.strip_prefix(&MULTICODEC_ED25519) {
            return Self::from_ed25519(raw);
        }
        let der = bytes.strip_prefix(&MULTICODEC_RSA);
        let der = der.ok_or_else(|| invalid("is of a kind that is not used here"))?;
        let rsa = Rsa::public_key_from_der_pkcs1(der);
        Self::from_rsa(rsa.map_err(|_| invalid("is not an RSA key"))?)
    }

    /// Writes the key as `publicKeyMultibase` of a Multikey (FEP-521a).
    ///
    /// # Errors
    /// [`Error::Internal`] when OpenSSL cannot write it.
    pub fn to_multibase(&self) -> Result<String> {
        let (codec, bytes) = match self.kind {
            KeyKind::Ed25519 => (MULTICODEC_ED25519, self.key.raw_public_key()),
            KeyKind::Rsa => {
                let der = self.key.rsa().and_then(|rsa| rsa.public_key_to_der_pkcs1());
                (MULTICODEC_RSA, der)
            }
        };
        let bytes = bytes.map_err(Error::internal)?;
        Ok(multibase::encode(&[&codec[..], &bytes].concat()))
    }

    /// Writes the key as PEM.
    ///
    /// # Errors
    /// [`Error::Internal`] when OpenSSL cannot write it.
    pub fn to_pem(&self) -> Result<String> {
        let pem = self.key.public_key_to_pem().map_err(Error::internal)?;
        String::from_utf8(pem).map_err(Error::internal)
    }

    /// Reads a raw Ed25519 key (the inside of a Multikey, FEP-521a).
    ///
    /// # Errors
    /// When it is not 32 bytes.
    pub fn from_ed25519(raw: &[u8]) -> Result<Self, Invalid> {
        let key = PKey::public_key_from_raw_bytes(raw, Id::ED25519)
            .map_err(|_| invalid("is not an Ed25519 key"))?;
        Ok(Self {
            key,
            kind: KeyKind::Ed25519,
        })
    }

    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    fn from_rsa(rsa: Rsa<Public>) -> Result<Self, Invalid> {
        let bits = rsa.n().num_bits().unsigned_abs();
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(invalid(format!(
                "has {bits} bits; {RSA_BITS_MIN} to {RSA_BITS_MAX} are accepted"
            )));
        }
        if rsa.e().num_bits() > RSA_EXPONENT_BITS_MAX {
            return Err(invalid("has an exponent nobody uses"));
        }
        let key = PKey::from_rsa(rsa).map_err(|_| invalid("cannot be used"))?;
        Ok(Self {
            key,
            kind: KeyKind::Rsa,
        })
    }

    fn from_other_pem(pem: &str) -> Result<Self, Invalid> {
        let unknown = || invalid("is neither an RSA nor an Ed25519 key in PEM");
        let key = PKey::public_key_from_pem(pem.as_bytes()).map_err(|_| unknown())?;
        match kind_of(key.id()) {
            Some(kind @ KeyKind::Ed25519) => Ok(Self { key, kind }),
            Some(KeyKind::Rsa) | None => Err(unknown()),
        }
    }

    /// True when the owner of this key made `signature` over `message`. A signature of odd
    /// length, or any fault on the way, is simply not valid.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verifier = match self.kind {
            KeyKind::Rsa => Verifier::new(MessageDigest::sha256(), &self.key),
            KeyKind::Ed25519 => Verifier::new_without_digest(&self.key),
        };
        verifier
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
            .unwrap_or(false)
    }
}

impl std::fmt::Debug for ParsedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParsedKey({:?})", self.kind)
    }
}

/// The 32 bytes of a private Ed25519 key in PEM.
fn raw_ed25519(pem: &str) -> Option<Vec<u8>> {
    let inside = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?;
    let inside = inside.strip_suffix("-----END PRIVATE KEY-----")?;
    let der = STANDARD.decode(inside.trim()).ok()?;
    let raw = der.strip_prefix(&ED25519_PKCS8)?;
    (raw.len() == 32).then(|| raw.to_vec())
}

fn kind_of(id: Id) -> Option<KeyKind> {
    match id {
        Id::RSA => Some(KeyKind::Rsa),
        Id::ED25519 => Some(KeyKind::Ed25519),
        _ => None,
    }
}

fn invalid(problem: impl Into<String>) -> Invalid {
    Invalid::new("public_key", problem)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use openssl::bn::BigNum;
    use std::sync::LazyLock;

    /// One RSA key for all tests of this room: making one takes long.
    pub(crate) static RSA: LazyLock<(String, String)> = LazyLock::new(|| generate_rsa().unwrap());
    /// Another person's.
    pub(crate) static OTHER_RSA: LazyLock<(String, String)> =
        LazyLock::new(|| generate_rsa().unwrap());

    /// Keys of somebody as the server has its own: RSA, and perhaps Ed25519.
    pub(crate) fn own_keys(rsa_pem: &str, id: &str, ed25519: Option<SigningKey>) -> OwnKeys {
        let own = |id: String, key| OwnKey {
            id: id.parse().unwrap(),
            key,
        };
        OwnKeys {
            rsa: own(id.to_owned(), SigningKey::from_pem(rsa_pem).unwrap()),
            ed25519: ed25519.map(|key| own(format!("{id}-ed25519"), key)),
        }
    }

    pub(crate) fn ed25519() -> (SigningKey, ParsedKey) {
        let key = PKey::generate_ed25519().unwrap();
        let private = String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        let public = String::from_utf8(key.public_key_to_pem().unwrap()).unwrap();
        (
            SigningKey::from_pem(&private).unwrap(),
            ParsedKey::from_pem(&public).unwrap(),
        )
    }

    fn public_pem(bits: u32, exponent: &str) -> String {
        let exponent = BigNum::from_dec_str(exponent).unwrap();
        let key = Rsa::generate_with_e(bits, &exponent).unwrap();
        String::from_utf8(key.public_key_to_pem().unwrap()).unwrap()
    }

    #[test]
    fn a_made_key_signs_and_verifies() {
        let signing = SigningKey::from_pem(&RSA.0).unwrap();
        let public = ParsedKey::from_pem(&RSA.1).unwrap();
        let other = ParsedKey::from_pem(&OTHER_RSA.1).unwrap();
        assert!(RSA.0.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(RSA.1.starts_with("-----BEGIN PUBLIC KEY-----"));
        let signature = signing.sign(b"message").unwrap();
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature));
        assert!(!other.verifies(b"message", &signature));
        assert!(!public.verifies(b"message", &signature[1..]));
        assert!(!public.verifies(b"message", b""));
        assert!(!format!("{signing:?}").contains("BEGIN"));
    }

    #[test]
    fn ed25519_keys_come_as_pem_and_raw() {
        let (signing, public) = ed25519();
        let raw = ParsedKey::from_ed25519(&public.key.raw_public_key().unwrap()).unwrap();
        let signature = signing.sign(b"message").unwrap();
        for key in [public, raw] {
            assert_eq!(key.kind(), KeyKind::Ed25519);
            assert!(key.verifies(b"message", &signature));
            assert!(!key.verifies(b"message", &signature[..63]));
        }
        assert!(ParsedKey::from_ed25519(&[0; 31]).is_err());
    }

    /// The key of FEP-521a's and FEP-8b32's test vectors.
    #[test]
    fn a_multikey_is_read_and_written() {
        let text = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
        let key = ParsedKey::from_multibase(text).unwrap();
        assert_eq!(key.kind(), KeyKind::Ed25519);
        assert_eq!(key.to_multibase().unwrap(), text);

        let rsa = ParsedKey::from_pem(&RSA.1).unwrap();
        let again = ParsedKey::from_multibase(&rsa.to_multibase().unwrap()).unwrap();
        assert_eq!(again.kind(), KeyKind::Rsa);
        assert_eq!(again.to_pem().unwrap(), RSA.1);

        for text in [
            "z",
            "z6Mk",
            "u7QEB",
            "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        ] {
            assert!(ParsedKey::from_multibase(text).is_err(), "{text}");
        }
        let weak = ParsedKey {
            key: PKey::from_rsa(
                Rsa::public_key_from_pem(public_pem(1_024, "65537").as_bytes()).unwrap(),
            )
            .unwrap(),
            kind: KeyKind::Rsa,
        };
        assert!(ParsedKey::from_multibase(&weak.to_multibase().unwrap()).is_err());
    }

    #[test]
    fn our_own_ed25519_keys_are_read_quickly_and_rightly() {
        let (private, public) = crate::crypto::generate_ed25519().unwrap();
        assert!(raw_ed25519(&private).is_some());
        assert!(raw_ed25519(&RSA.0).is_none());
        let signature = SigningKey::from_pem(&private)
            .unwrap()
            .sign(b"message")
            .unwrap();
        let public = ParsedKey::from_pem(&public).unwrap();
        assert!(public.verifies(b"message", &signature));
    }

    #[test]
    fn keys_of_the_older_spelling_are_read() {
        let rsa = Rsa::public_key_from_pem(RSA.1.as_bytes()).unwrap();
        let pem = String::from_utf8(rsa.public_key_to_pem_pkcs1().unwrap()).unwrap();
        assert!(pem.starts_with("-----BEGIN RSA PUBLIC KEY-----"));
        assert_eq!(ParsedKey::from_pem(&pem).unwrap().kind(), KeyKind::Rsa);
    }

    #[test]
    fn weak_odd_and_broken_keys_are_refused() {
        let elliptic = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1)
            .and_then(|group| openssl::ec::EcKey::generate(&group))
            .and_then(|key| key.public_key_to_pem())
            .unwrap();
        for pem in [
            "",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            &public_pem(1_024, "65537"),
            &public_pem(2_048, "36893488147419103233"),
            &String::from_utf8(elliptic).unwrap(),
            &RSA.0,
            &"x".repeat(PEM_BYTES_MAX + 1),
        ] {
            assert!(ParsedKey::from_pem(pem).is_err(), "{pem}");
        }
    }
}
