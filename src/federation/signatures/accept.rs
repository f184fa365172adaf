//! `Accept-Signature` (RFC 9421, section 5): what we ask for, and what others ask of us.

use crate::domain::SignatureChoice;

/// Longest header looked at, bytes.
const HEADER_BYTES_MAX: usize = 2_048;

/// What a request with a body must have signed to be believed here: told with every 401. No
/// algorithm is named, for both that we know are welcome.
pub const WANTED: &str = r#"sig1=("@method" "@target-uri" "content-digest");created"#;

/// The kind of signature that an answer asks for; none where it asks for one that we do not make.
pub fn asked(header: &str) -> Option<SignatureChoice> {
    let wanted = header.len() <= HEADER_BYTES_MAX && header.contains("=(");
    let algorithm = header
        .split_once(";alg=\"")
        .and_then(|(_, rest)| rest.split('"').next());
    match (wanted, algorithm) {
        (true, Some("ed25519")) => Some(SignatureChoice::Rfc9421Ed25519),
        (true, Some("rsa-v1_5-sha256") | None) => Some(SignatureChoice::Rfc9421),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_understood() {
        assert_eq!(asked(WANTED), Some(SignatureChoice::Rfc9421));
        for (header, kind) in [
            (
                r#"sig1=("@method" "@target-uri");created;alg="ed25519""#,
                Some(SignatureChoice::Rfc9421Ed25519),
            ),
            (
                r#"sig1=("@method");alg="rsa-v1_5-sha256";created"#,
                Some(SignatureChoice::Rfc9421),
            ),
            (r#"sig1=("@method");alg="hmac-sha256""#, None),
            (r#"sig1=("@method");alg="rsa-pss-sha512""#, None),
            ("", None),
            ("no", None),
        ] {
            assert_eq!(asked(header), kind, "{header}");
        }
        let long = format!("sig1=({})", "\"a\" ".repeat(1_000));
        assert_eq!(asked(&long), None);
    }
}
