//! Randomness, hashes and keys: the one place that asks OpenSSL and argon2 for them.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Password, hex};
use crate::error::{Error, Result};

/// Bytes of randomness in sessions, tokens and codes.
const SECRET_BYTES: usize = 32;
/// Size of RSA keys, bits: what every server of the fediverse accepts.
const RSA_BITS: u32 = 2_048;

/// `N` bytes nobody can guess.
///
/// # Errors
/// When the machine has no randomness to give.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks for randomness"
)]
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    openssl::rand::rand_bytes(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

/// A secret to hand out once; keep only its [`fingerprint`].
pub fn random_secret() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<SECRET_BYTES>()?))
}

/// What is stored of a secret: SHA-256, hexadecimal. Secrets of ours are random, so no salt is needed.
pub fn fingerprint(secret: &str) -> String {
    hex(&openssl::sha::sha256(secret.as_bytes()))
}

/// SHA-256 of a public key itself, however its PEM was wrapped: what people compare.
///
/// # Errors
/// When it is not a public key.
pub fn key_fingerprint(public_pem: &str) -> Result<String> {
    let key = openssl::pkey::PKey::public_key_from_pem(public_pem.as_bytes());
    let der = key.and_then(|key| key.public_key_to_der());
    Ok(hex(&openssl::sha::sha256(&der.map_err(Error::internal)?)))
}

/// SHA-256 of something that comes in pieces.
#[derive(Clone, Default)]
pub struct Sha256(openssl::sha::Sha256);

impl Sha256 {
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> [u8; 32] {
        self.0.finish()
    }
}

/// HMAC-SHA256 of `message` under `key`, hexadecimal.
pub fn hmac(key: &str, message: &str) -> Result<String> {
    let sign = || -> Result<Vec<u8>, openssl::error::ErrorStack> {
        let key = openssl::pkey::PKey::hmac(key.as_bytes())?;
        let digest = openssl::hash::MessageDigest::sha256();
        openssl::sign::Signer::new(digest, &key)?.sign_oneshot_to_vec(message.as_bytes())
    };
    Ok(hex(&sign().map_err(Error::internal)?))
}

/// Whether two secrets are equal, in a time that says nothing about where they differ.
pub fn equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && openssl::memcmp::eq(one.as_bytes(), other.as_bytes())
}

/// Makes an RSA key pair `(private, public)`, PKCS#8 and SubjectPublicKeyInfo in PEM. Takes a third
/// of a second: call it on a blocking thread, and not while somebody waits.
pub fn generate_rsa() -> Result<(String, String)> {
    let make = || -> Result<(Vec<u8>, Vec<u8>), openssl::error::ErrorStack> {
        let key = openssl::pkey::PKey::from_rsa(openssl::rsa::Rsa::generate(RSA_BITS)?)?;
        Ok((key.private_key_to_pem_pkcs8()?, key.public_key_to_pem()?))
    };
    let (private, public) = make().map_err(Error::internal)?;
    Ok((
        String::from_utf8(private).map_err(Error::internal)?,
        String::from_utf8(public).map_err(Error::internal)?,
    ))
}

/// Makes an Ed25519 key pair `(private, public)`, PKCS#8 and SubjectPublicKeyInfo in PEM. Takes
/// microseconds.
pub fn generate_ed25519() -> Result<(String, String)> {
    let make = || -> Result<(Vec<u8>, Vec<u8>), openssl::error::ErrorStack> {
        let key = openssl::pkey::PKey::generate_ed25519()?;
        Ok((key.private_key_to_pem_pkcs8()?, key.public_key_to_pem()?))
    };
    let (private, public) = make().map_err(Error::internal)?;
    Ok((
        String::from_utf8(private).map_err(Error::internal)?,
        String::from_utf8(public).map_err(Error::internal)?,
    ))
}

/// Hashes a password (argon2id). Takes tens of milliseconds and 19 MiB: on a blocking thread.
pub fn hash_password(password: &Password) -> Result<String> {
    let salt = SaltString::encode_b64(&random_bytes::<16>()?)
        .map_err(|error| Error::internal(error.to_string()))?;
    let hash = argon2::Argon2::default().hash_password(password.reveal().as_bytes(), &salt);
    Ok(hash
        .map_err(|error| Error::internal(error.to_string()))?
        .to_string())
}

/// The hash of no password, as costly to compare with as a real one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Z3VpbGRoYWxsLW5vYm9keQ$7Yh3c9Qm7m3bYdX3eIhBfiqQz0Y0lOsKQ1xJ7Vn2o9c";

/// Whether a password is the one that was hashed. Takes as long as hashing, also when there is no
/// hash: an unknown account must not be quicker to refuse than a wrong password.
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    argon2::Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok()
        && known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(equal("abc", "abc"));
        assert!(!equal("abc", "abd") && !equal("abc", "ab") && !equal("", "a"));
    }

    #[test]
    fn hmac_is_rfc_4231s() {
        assert_eq!(
            hmac("Jefe", "what do ya want for nothing?").unwrap(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn passwords_are_verified_and_nobody_has_none() {
        let password = Password::parse("correct horse battery").unwrap();
        let hash = hash_password(&password).unwrap();
        assert!(verify_password("correct horse battery", Some(&hash)));
        assert!(!verify_password("correct horse", Some(&hash)));
        assert!(!verify_password("anything", None));
        let parameters = |hash: &str| hash.split('$').nth(3).map(str::to_owned);
        assert!(PasswordHash::new(NOBODY).is_ok_and(|nobody| nobody.hash.is_some()));
        assert_eq!(parameters(NOBODY), parameters(&hash));
    }
}
