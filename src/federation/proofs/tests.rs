use super::*;
use crate::federation::keys::tests::ed25519;

/// The key of FEP-8b32's test vectors.
const KEY: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T02:00:00Z").unwrap()
}

/// `fep-8b32.feature`, scenario *Verifying a signature*.
fn the_feps_document() -> Value {
    json!({
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            "https://w3id.org/security/data-integrity/v2"
        ],
        "id": "https://server.example/activities/1",
        "type": "Create",
        "actor": "https://server.example/users/alice",
        "object": {
            "id": "https://server.example/objects/1",
            "type": "Note",
            "attributedTo": "https://server.example/users/alice",
            "content": "Hello world",
            "location": { "type": "Place", "longitude": -71.184902, "latitude": 25.273962 }
        },
        "proof": {
            "@context": [
                "https://www.w3.org/ns/activitystreams",
                "https://w3id.org/security/data-integrity/v2"
            ],
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": "https://server.example/users/alice#ed25519-key",
            "proofPurpose": "assertionMethod",
            "proofValue": "z42ffGu6AUKPCFcFPiabmUvnGLPJzC7e4DGWC52NUasSSH37UMa9c58tdgVszUcZfytxa4fQ5TYHaJENCxUDe9SdL",
            "created": "2023-02-24T23:36:38Z"
        }
    })
}

fn verifies(document: &Value, key: &ParsedKey) -> bool {
    read(document, PROOF).is_some_and(|proof| holds(&proof, key, now()))
}

#[test]
fn the_feps_test_vector_is_verified() {
    let key = ParsedKey::from_multibase(KEY).unwrap();
    let document = the_feps_document();
    assert!(verifies(&document, &key));
    let proof = read(&document, PROOF).unwrap();
    assert_eq!(
        proof.key.as_str(),
        "https://server.example/users/alice#ed25519-key"
    );
    assert_eq!(
        proof.created_at,
        Timestamp::parse("2023-02-24T23:36:38Z").ok()
    );

    // However it is written down.
    let again: Value =
        serde_json::from_str(&serde_json::to_string_pretty(&document).unwrap()).unwrap();
    assert!(verifies(&again, &key));
    // A signature of the older kind is made afterwards.
    let mut signed_twice = document;
    signed_twice["signature"] = json!({ "type": "RsaSignature2017" });
    assert!(verifies(&signed_twice, &key));
}

#[test]
fn whatever_is_changed_breaks_the_proof() {
    let key = ParsedKey::from_multibase(KEY).unwrap();
    let changes: [fn(&mut Value); 14] = [
        |it| it["object"]["content"] = json!("Hello, world"),
        |it| it["actor"] = json!("https://server.example/users/bob"),
        |it| it["to"] = json!([]),
        |it| it["object"]["location"]["latitude"] = json!(25.273_963),
        |it| it["@context"] = json!("https://www.w3.org/ns/activitystreams"),
        |it| {
            it["@context"] =
                json!([{ "content": "as:summary" }, it["@context"][0], it["@context"][1]])
        },
        |it| it["proof"]["@context"] = json!([]),
        |it| it["proof"]["created"] = json!("2023-02-24T23:36:39Z"),
        |it| it["proof"]["verificationMethod"] = json!("https://server.example/users/bob#k"),
        |it| it["proof"]["proofPurpose"] = json!("authentication"),
        |it| it["proof"]["cryptosuite"] = json!("eddsa-rdfc-2022"),
        |it| it["proof"]["expires"] = json!("2099-01-01T00:00:00Z"),
        |it| it["proof"]["proofValue"] = json!("z11111111"),
        |it| it["proof"] = json!([it["proof"]]),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut document = the_feps_document();
        change(&mut document);
        assert!(!verifies(&document, &key), "{number}: {document}");
    }
    let (_, other) = ed25519();
    assert!(!verifies(&the_feps_document(), &other));
}

#[test]
fn what_we_prove_is_proven() {
    let (signing, public) = ed25519();
    let own = OwnKey {
        id: "https://acme.example/u/ada#ed25519-key".parse().unwrap(),
        key: signing,
    };
    let mut document = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://acme.example/activities/create/1",
        "type": "Create",
        "object": { "n": [1, 2.5, 1e30, "ü\n"] },
    });
    add(&mut document, &own, now()).unwrap();
    assert!(verifies(&document, &public));
    assert_eq!(
        document["@context"],
        json!(["https://www.w3.org/ns/activitystreams", CONTEXT])
    );
    // Words that a server on the way adds at the end do not matter.
    document["@context"]
        .as_array_mut()
        .unwrap()
        .push(json!("https://e.example/words"));
    assert!(verifies(&document, &public));

    let mut actor = json!({ "@context": [], "id": "https://acme.example/u/ada" });
    add_server_proof(&mut actor, &own, now()).unwrap();
    let proof = read(&actor, SERVER_PROOF).unwrap();
    assert!(holds(&proof, &public, now()) && read(&actor, PROOF).is_none());
}

#[test]
fn a_proof_ends_when_it_says() {
    let (signing, public) = ed25519();
    let message = b"what is signed".to_vec();
    let proof = |expires_at| Proof {
        key: "https://acme.example/u/ada#k".parse().unwrap(),
        signature: signing.sign(&message).unwrap(),
        signed: message.clone(),
        created_at: None,
        expires_at,
    };
    let second = std::time::Duration::from_secs(1);
    assert!(holds(&proof(None), &public, now()));
    assert!(holds(&proof(Some(now().plus(second))), &public, now()));
    assert!(!holds(&proof(Some(now())), &public, now()));
}
