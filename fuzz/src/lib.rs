//! What is fuzzed: a function for each place where a stranger's bytes are read, with what must be true
//! of whatever comes out. libFuzzer calls them (`fuzz_targets/`), and the integration suite with the
//! corpus (`tests/it/fuzz.rs`). None may panic for any bytes but by an assertion that fails.

use guildhall::app::Addresses;
use guildhall::domain::markup::{self, SafeHtml};
use guildhall::domain::{
    Actor, ActorId, ActorKind, ActorState, BODY_BYTES_MAX, Handle, Timestamp, Uri,
};
use guildhall::federation::activities::{self, Claim};
use guildhall::federation::fetch::read_answer;
use guildhall::federation::keys::ParsedKey;
use guildhall::federation::objects::question::parse_poll;
use guildhall::federation::partnership::wire;
use guildhall::federation::{json, proofs, rosters, signatures, sought};
use guildhall::services::books::{self, Books};
use guildhall::services::inbox::{Command, Vouching};
use guildhall::services::posts::ReceivedPost;

/// The corpus speaks to this house.
const ORIGIN: &str = "https://v.test";
/// The corpus was written then.
const NOW: &str = "2026-11-22T12:00:00Z";
/// A key whose other half nobody has any more.
const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n\
    -----END PUBLIC KEY-----\n";
/// Largest body of an inbox.
const ACTIVITY_BYTES_MAX: usize = 256 * 1_024;

/// A request, `POST /inbox`, header lines, an empty line and a body: the signature of either kind, and
/// what others ask for (`Accept-Signature`).
pub fn signature(input: &[u8]) {
    let (head, body) = match input.windows(2).position(|two| two == b"\n\n") {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (input, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let Ok(first) = std::str::from_utf8(first) else {
        return;
    };
    let (method, path_and_query) = first.split_once(' ').unwrap_or(("POST", "/inbox"));
    let headers: Vec<(&str, &[u8])> = lines.filter_map(header).collect();
    for (name, value) in &headers {
        if let (true, Ok(value)) = (*name == "accept-signature", std::str::from_utf8(value)) {
            signatures::asked(value);
        }
    }
    let Ok(claimed) = signatures::parse(&headers) else {
        return;
    };
    let count = |wanted: &str| headers.iter().filter(|(name, _)| *name == wanted).count();
    assert_eq!(count("signature"), 1);
    assert!(count("signature-input") <= 1 && count("digest") <= 1 && count("host") <= 1);
    let request = signatures::Request {
        method,
        path_and_query,
        headers: &headers,
        body,
    };
    let (origin, now) = (ORIGIN.parse().unwrap(), Timestamp::parse(NOW).unwrap());
    let Ok(checked) = signatures::check(claimed, &request, &origin, now) else {
        return;
    };
    let host = headers.iter().find(|(name, _)| *name == "host");
    assert_eq!(
        host.map(|(_, value)| value.trim_ascii()),
        Some(&b"v.test"[..])
    );
    assert!(count("date") + count("signature-input") > 0 || input_has(head, b"created"));
    let key = ParsedKey::from_pem(KEY).unwrap();
    assert!(checked.verify(&key).is_err(), "a guess was believed");
}

/// `name: value`; a name in lower case and without surprises, as the web framework hands it over.
fn header(line: &[u8]) -> Option<(&str, &[u8])> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let name = std::str::from_utf8(&line[..at]).ok()?;
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (!name.is_empty() && name.bytes().all(plain)).then_some((name, &line[at + 1..]))
}

fn input_has(head: &[u8], word: &[u8]) -> bool {
    head.windows(word.len()).any(|part| part == word)
}

/// The body of an activity.
pub fn inbox(input: &[u8]) {
    let Ok(document) = json::parse_bounded(&input[..input.len().min(ACTIVITY_BYTES_MAX)]) else {
        return;
    };
    let again = json::parse_bounded(document.to_string().as_bytes());
    assert_eq!(
        again.as_ref(),
        Ok(&document),
        "it reads otherwise as it is written"
    );
    let _ = proofs::read(&document, proofs::PROOF);
    let _ = guildhall::federation::objects::actor::parse_actor(&document);
    let Ok(command) = activities::into_command(&document) else {
        return;
    };
    let claim = activities::read_claim(&document).expect("it was read a moment ago");
    assert_eq!(claim.id.host(), claim.actor.host());
    check_command(&claim, &command);
}

fn check_command(claim: &Claim, command: &Command) {
    command.prepare();
    let _ = command.actors();
    match command {
        Command::CreatePost(post) | Command::UpdatePost(post) => check_post(claim, post),
        Command::Announced {
            actor,
            activity,
            command,
            vouching,
        } => {
            assert_eq!(actor.host(), activity.host());
            let own = actor.host() == claim.actor.host() || command.moderates();
            assert!(
                own || matches!(vouching, Vouching::Claimed { .. }),
                "{command:?}"
            );
            assert!(!matches!(**command, Command::Announced { .. }));
            let (id, actor) = (activity.clone(), actor.clone());
            let deletes_itself = false;
            check_command(
                &Claim {
                    id,
                    actor,
                    deletes_itself,
                },
                command,
            );
        }
        _ => {}
    }
}

fn check_post(claim: &Claim, post: &ReceivedPost) {
    assert_eq!(post.author, claim.actor);
    assert_eq!(post.uri.host(), claim.actor.host());
    assert!(post.html.as_received().len() <= BODY_BYTES_MAX);
    check_html(post.html.sanitized());
}

/// A line with what is looked for, and what another server answers to it.
pub fn webfinger(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n');
    let (line, answer) = input.split_at(at.unwrap_or(input.len()));
    let Ok(line) = std::str::from_utf8(line) else {
        return;
    };
    let origin: Uri = ORIGIN.parse().unwrap();
    let _ = sought(&Addresses::new(origin), line);
    let Ok(handle) = line.parse::<Handle>() else {
        return;
    };
    let again: Handle = handle
        .to_string()
        .parse()
        .expect("a handle is read as it is written");
    assert_eq!(again.to_string(), handle.to_string());
    if let Ok(actor) = read_answer(answer, &handle) {
        assert_eq!(Some(actor.host()), handle.host.as_ref(), "{actor}");
    }
}

/// HTML from afar.
pub fn html(input: &[u8]) {
    let text = text(input);
    let safe = markup::sanitize(&text);
    check_html(&safe);
    check_size(&text, &safe);
    let _ = markup::plain_text(&text, 200);
}

/// Text as people write it.
pub fn markdown(input: &[u8]) {
    let text = text(input);
    let safe = markup::render_markdown(&text);
    check_html(&safe);
    check_size(&text, &safe);
}

/// The longest text of a post that these bytes begin with.
fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(&input[..input.len().min(BODY_BYTES_MAX)]).into_owned()
}

/// Few bytes do not become very many.
fn check_size(text: &str, safe: &SafeHtml) {
    const MORE_BYTES: usize = 2 * 1_024 * 1_024;
    assert!(safe.as_str().len() <= 16 * text.len() + MORE_BYTES);
}

/// Nothing but the markup that is allowed, written in one way; and whoever cleans it again, as the
/// servers do that it is sent to, finds nothing to clean.
fn check_html(safe: &SafeHtml) {
    let mut rest = safe.as_str();
    while let Some(at) = rest.find('<') {
        rest = check_tag(&rest[at + 1..]);
    }
    assert_eq!(&markup::sanitize(safe.as_str()), safe);
}

/// Checks a tag, and answers what follows it.
fn check_tag(text: &str) -> &str {
    const ALLOWED: &[&str] = &[
        "a",
        "b",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    let name_end = text.find([' ', '>']).expect("a tag ends");
    let name = text[..name_end].trim_start_matches('/');
    assert!(ALLOWED.contains(&name), "<{name}> was let through");
    let mut rest = &text[name_end..];
    while let Some(attribute) = rest.strip_prefix(' ') {
        let (attribute, value) = attribute.split_once("=\"").expect("a value in quotes");
        let (value, after) = value.split_once('"').expect("the quotes are closed");
        match (name, attribute) {
            ("a", "href") => {
                let schemes = ["http:", "https:", "mailto:"];
                let value = value.to_ascii_lowercase();
                assert!(
                    schemes.iter().any(|scheme| value.starts_with(scheme)),
                    "{value}"
                );
            }
            ("a", "rel") => assert_eq!(value, "nofollow noopener noreferrer ugc"),
            ("ol", "start") => {}
            other => panic!("{other:?} was let through"),
        }
        rest = after;
    }
    rest.strip_prefix('>').expect("a tag ends with >")
}

/// A question with its options and counts.
pub fn poll(input: &[u8]) {
    let Ok(document) = json::parse_bounded(&input[..input.len().min(ACTIVITY_BYTES_MAX)]) else {
        return;
    };
    let Some(poll) = parse_poll(&document) else {
        return;
    };
    let titles: Vec<&str> = poll.titles().collect();
    assert!((2..=20).contains(&titles.len()), "{titles:?}");
    for (at, title) in titles.iter().enumerate() {
        assert!(!title.trim().is_empty());
        assert_eq!(
            poll.position(title),
            Some(at),
            "two options are one: {titles:?}"
        );
    }
    assert!(poll.asks_the_same(&poll));
    let now = Timestamp::parse(NOW).unwrap();
    let over = poll.is_over(now);
    let view = poll.clone().shown(now).view(Vec::new(), now);
    assert_eq!(view.is_over, over);
}

/// What a partner's house says of its books, and what we make of it beside ours.
pub fn books(input: &[u8]) {
    let Ok(document) = json::parse_bounded(&input[..input.len().min(ACTIVITY_BYTES_MAX)]) else {
        return;
    };
    let Ok(theirs) = serde_json::from_value::<Books>(document) else {
        return;
    };
    let mirrored = Books {
        sent: theirs.received.clone(),
        received: theirs.sent.clone(),
        sent_texts: theirs.received_texts.clone(),
        received_texts: theirs.sent_texts.clone(),
    };
    assert!(
        books::differences(&mirrored, &theirs).is_empty(),
        "the same books differ"
    );
    for mut difference in books::differences(&Books::default(), &theirs) {
        if let Ok(question) = books::question_of(&difference.place) {
            assert!(question.check().is_ok(), "a day is asked for");
        }
        books::name(&mut difference, &Books::default(), &theirs);
        assert!(difference.only_ours.is_empty());
    }
}

/// A header that says whom a group counts as members (FEP-8fcf), of a group at P.
pub fn roster(input: &[u8]) {
    let uri = |text: &str| text.parse::<Uri>().unwrap();
    let group = Actor {
        id: ActorId(1),
        kind: ActorKind::Group,
        state: ActorState::Active,
        name: "bridges".into(),
        host: Some("p.test".parse().unwrap()),
        uri: uri("https://p.test/g/bridges"),
        url: "https://p.test/g/bridges".into(),
        display_name: String::new(),
        summary: String::new(),
        inbox: uri("https://p.test/g/bridges/inbox"),
        shared_inbox: None,
        followers: None,
        outbox: None,
        created_at: Timestamp::MIN,
        fetched_at: None,
    };
    let Some(told) = rosters::told(&[("collection-synchronization", input)], &group) else {
        return;
    };
    assert_eq!(told.list().host(), group.uri.host());
    let twice = [
        ("collection-synchronization", input),
        ("collection-synchronization", input),
    ];
    assert!(
        rosters::told(&twice, &group).is_none(),
        "said twice is not said"
    );
}

/// A document with a proof, and the parts of a handshake.
pub fn proof(input: &[u8]) {
    let Ok(document) = json::parse_bounded(&input[..input.len().min(ACTIVITY_BYTES_MAX)]) else {
        return;
    };
    let (key, now) = (
        ParsedKey::from_pem(KEY).unwrap(),
        Timestamp::parse(NOW).unwrap(),
    );
    for member in [proofs::PROOF, "guildhall:serverProof"] {
        if let Some(proof) = proofs::read(&document, member) {
            assert!(!proofs::holds(&proof, &key, now), "a guess was believed");
        }
    }
    if let Ok(offer) = wire::Offer::parse(&document) {
        assert_eq!(offer.id.host(), offer.taker.host());
        assert!(!offer.secret.is_empty());
        let again = wire::Offer::parse(&offer.render());
        assert!(again.is_ok_and(|again| again == offer));
    }
    if let Ok(accept) = wire::Accept::parse(&document) {
        assert_eq!(wire::Accept::parse(&accept.render()), Ok(accept));
    }
}
