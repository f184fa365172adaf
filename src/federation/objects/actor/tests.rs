use super::*;
use crate::federation::keys::tests::RSA;
use crate::federation::objects::tests::fixture;

/// A fixture with a real key in it.
fn with_key(name: &str) -> Value {
    let text = fixture(name).to_string();
    let pem = serde_json::to_string(&RSA.1).unwrap();
    serde_json::from_str(&text.replace("\"PUBLIC_KEY_PEM\"", &pem)).unwrap()
}

fn parsed(name: &str) -> ReceivedActor {
    parse_actor(&with_key(name)).unwrap()
}

fn problem(document: &Value) -> &'static str {
    parse_actor(document).unwrap_err().field
}

#[test]
fn people_of_other_software_are_read() {
    let mara = parsed("mastodon/person");
    assert_eq!(mara.new.kind, ActorKind::Person);
    assert_eq!(mara.new.name, "mara");
    assert_eq!(mara.new.display_name, "Mara :bike:");
    assert_eq!(mara.new.url, "https://mastodon.example/@mara");
    assert_eq!(mara.new.summary, "<p>Rides to work.</p>");
    assert_eq!(
        mara.new.shared_inbox.unwrap().as_str(),
        "https://mastodon.example/inbox"
    );
    assert_eq!(
        mara.keys[0].uri.as_str(),
        "https://mastodon.example/users/mara#main-key"
    );

    let lena = parsed("lemmy/person");
    assert_eq!(lena.new.url, "https://lemmy.example/u/lena");
    assert_eq!(lena.new.followers, None);

    let nils = parsed("nodebb/person");
    assert_eq!(
        nils.keys[0].uri.as_str(),
        "https://nodebb.example/uid/7#key"
    );
}

#[test]
fn groups_of_other_software_are_read() {
    let cycling = parsed("lemmy/group");
    assert_eq!(cycling.new.kind, ActorKind::Group);
    assert_eq!((cycling.access, cycling.approves), (None, false));
    let board = parsed("lemmy/group_private");
    assert_eq!((board.access, board.approves), (None, true));
    let workshop = parsed("nodebb/group");
    assert_eq!(workshop.new.display_name, "Workshop");
    assert_eq!(workshop.keys.len(), 1);
}

#[test]
fn servers_themselves_are_read() {
    for name in ["lemmy/instance", "mastodon/instance", "nodebb/instance"] {
        let server = parsed(name);
        assert_eq!(server.new.kind, ActorKind::Service, "{name}");
        assert_eq!(server.keys.len(), 1, "{name}");
        assert_eq!(&server.new.name, server.new.uri.host().as_str());
    }
    let mut nameless = with_key("lemmy/instance");
    nameless["preferredUsername"] = Value::Null;
    assert_eq!(parse_actor(&nameless).unwrap().new.name, "lemmy.example");
}

#[test]
fn only_keys_of_the_actor_on_its_own_origin_count() {
    let whole = with_key("nodebb/person");
    let key = whole["publicKey"].clone();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = whole.clone();
        change(&mut document["publicKey"]);
        parse_actor(&document).unwrap().keys.len()
    };
    assert_eq!(with(&|_| {}), 1);
    assert_eq!(
        with(&|it| *it = json!([it.clone(), "https://x.example/k", null])),
        1
    );
    assert_eq!(
        with(&|it| it["owner"] = json!("https://nodebb.example/uid/8")),
        0
    );
    assert_eq!(with(&|it| it["owner"] = Value::Null), 0);
    assert_eq!(with(&|it| it["id"] = json!("https://e.example/k")), 0);
    assert_eq!(
        with(&|it| it["id"] = json!("http://nodebb.example/uid/7#key")),
        0
    );
    assert_eq!(with(&|it| it["publicKeyPem"] = json!("nonsense")), 0);
    assert_eq!(with(&|it| *it = Value::Null), 0);
    let mut many = whole.clone();
    many["publicKey"] = Value::Array(vec![key; 101]);
    assert_eq!(problem(&many), "publicKey");
}

#[test]
fn what_leaves_a_choice_or_leads_elsewhere_is_refused() {
    let whole = with_key("mastodon/person");
    for (field, value) in [
        ("type", json!(["Person", "Group"])),
        ("type", json!("Note")),
        ("id", json!(null)),
        ("id", json!("urn:uuid:1")),
        ("inbox", json!("file:///etc/passwd")),
        ("inbox", json!(["https://a.example/", "https://b.example/"])),
        ("preferredUsername", json!(null)),
        ("preferredUsername", json!("mara@elsewhere.example")),
        ("preferredUsername", json!("<b>")),
        ("preferredUsername", json!("@mara")),
    ] {
        let mut document = whole.clone();
        document[field] = value.clone();
        assert_eq!(problem(&document), field, "{value}");
    }
}

#[test]
fn odd_but_harmless_shapes_are_read() {
    let mut document = with_key("mastodon/person");
    document["url"] = json!([
        { "type": "Link", "href": "https://mastodon.example/mara.rss" },
        { "type": "Link", "mediaType": "text/html", "href": "https://mastodon.example/@mara" },
    ]);
    document["inbox"] = json!({ "id": "https://mastodon.example/users/mara/inbox" });
    document["endpoints"] = json!("https://mastodon.example/endpoints");
    document["name"] = Value::Null;
    document["summary"] = Value::Null;
    let mara = parse_actor(&document).unwrap();
    assert_eq!(mara.new.url, "https://mastodon.example/@mara");
    assert_eq!(mara.new.shared_inbox, None);
    assert_eq!(mara.new.display_name, "");

    document["url"] = json!("javascript:alert(1)");
    document["name"] = json!("<img src=x onerror=alert(1)>M\u{202e}ara");
    document["summary"] = json!("<script>alert(1)</script><p onclick=x>Rides.</p>");
    let mara = parse_actor(&document).unwrap();
    assert_eq!(mara.new.url, mara.new.uri.as_str());
    assert_eq!(mara.new.display_name, "Mara");
    assert_eq!(mara.new.summary, "<p>Rides.</p>");
}

#[test]
fn our_keys_are_read_as_they_were_written() {
    let ada = crate::federation::objects::tests::ada();
    let acme = crate::federation::objects::tests::acme();
    let keys = crate::federation::objects::tests::keys_of(&ada);
    let object = render_actor("Person", &ada, &keys, &acme);
    // Other software reads one key, and must find the one that signs.
    assert_eq!(object["publicKey"]["id"], keys[0].uri.as_str());
    assert_eq!(object["assertionMethod"][0]["type"], "Multikey");
    let read = parse_actor(&object).unwrap();
    assert_eq!(read.signature, Some(SignatureChoice::Rfc9421Ed25519));
    let told: Vec<_> = read
        .keys
        .iter()
        .map(|key| (&key.uri, key.list, key.public_pem.as_str(), key.expires_at))
        .collect();
    let ours: Vec<_> = keys
        .iter()
        .map(|key| {
            // What was replaced stands among the Multikeys until its end.
            let list = match key.expires_at {
                Some(_) => KeyList::AssertionMethod,
                None => key.list,
            };
            (&key.uri, list, key.public_pem.as_str(), key.expires_at)
        })
        .collect();
    assert_eq!(told, ours);
}

#[test]
fn how_a_server_takes_part_in_groups_is_read_from_its_actors() {
    let dialect = |document: &Value| parse_actor(document).unwrap().dialect;
    let activities = |evidence| Some((GroupDialect::Activities, evidence));
    assert_eq!(
        dialect(&with_key("lemmy/group")),
        activities(Evidence::Seen)
    );
    assert_eq!(dialect(&with_key("lemmy/person")), None);
    assert_eq!(dialect(&with_key("mastodon/person")), None);
    let ada = crate::federation::objects::tests::ada();
    let acme = crate::federation::objects::tests::acme();
    let ours = render_actor("Person", &ada, &[], &acme);
    assert_eq!(dialect(&ours), activities(Evidence::Said));
}

#[test]
fn only_multikeys_of_the_actor_on_its_own_origin_count() {
    let id = "https://nodebb.example/uid/7";
    let honest = json!({
        "id": format!("{id}#ed25519-key"),
        "type": "Multikey",
        "controller": id,
        "publicKeyMultibase": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
    });
    let mut whole = with_key("nodebb/person");
    whole["publicKey"] = Value::Null;
    let count = |methods: Value| {
        let mut document = whole.clone();
        document["assertionMethod"] = methods;
        parse_actor(&document).unwrap().keys.len()
    };
    assert_eq!(count(honest.clone()), 1);
    assert_eq!(count(json!([honest, honest])), 1, "one name, one key");
    for (field, value) in [
        ("id", json!("https://e.example/k")),
        ("id", json!("http://nodebb.example/uid/7#k")),
        ("controller", json!("https://nodebb.example/uid/8")),
        ("controller", json!([id])),
        ("controller", Value::Null),
        ("type", json!("Ed25519VerificationKey2020")),
        ("type", json!(["Multikey", "Key"])),
        ("publicKeyMultibase", json!("nonsense")),
        ("expires", json!("some day")),
        ("expires", json!(7)),
    ] {
        let mut odd = honest.clone();
        odd[field] = value.clone();
        assert_eq!(count(json!([odd])), 0, "{field}: {value}");
    }
    assert_eq!(count(json!([format!("{id}#ed25519-key")])), 0, "only named");
}

#[test]
fn what_a_server_accepts_is_read_from_its_generator() {
    let accepts = |implements: Value| {
        let mut document = with_key("mastodon/person");
        document["generator"] = json!({ "type": "Application", "implements": implements });
        parse_actor(&document).unwrap().signature
    };
    let rfc = json!({ "href": RFC_9421 });
    assert_eq!(accepts(json!([rfc])), Some(SignatureChoice::Rfc9421));
    assert_eq!(accepts(rfc.clone()), Some(SignatureChoice::Rfc9421));
    assert_eq!(
        accepts(json!([rfc, { "href": RFC_9421_ED25519 }])),
        Some(SignatureChoice::Rfc9421Ed25519)
    );
    for nothing in [
        json!([]),
        json!([{ "name": RFC_9421 }]),
        json!(RFC_9421),
        json!([7]),
    ] {
        assert_eq!(accepts(nothing), None);
    }
    assert_eq!(parsed("mastodon/person").signature, None);
}
