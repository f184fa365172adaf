//! A26 of what one does: whoever acts on something hidden, by whatever address, is answered as if it never
//! had been. The addresses are read off the router, so that nobody has to remember to add a new one here.

use guildhall::crypto;
use guildhall::domain::OrgRole;
use serde_json::{Map, Value, json};

use super::crawl::{Pair, pairs, telling};
use super::fixture::{Fixture, Person, on_both};
use crate::support::forge::{Forged, Letter, Reply};
use crate::support::peer::unique;

/// Not walked, because their answers must differ or they end what is needed for the next.
const LEFT_OUT: &[&str] = &[
    // Names of groups are taken once, and who makes one is told so.
    "/groups",
    "/sign-in",
    "/sign-out",
    // Too many wrong passwords are answered otherwise than one.
    "/settings/password",
    // Its answer says how many minutes ago one was last here: it has a test of its own.
    "/settings/move",
    // Servers send there, which is walked below.
    "/inbox",
    "/g/{name}/inbox",
    "/u/{name}/inbox",
    "/partnership",
];

/// What forms of pages ask for: everything that any of them does, so that each finds what it needs.
const FIELDS: &[(&str, &str)] = &[
    ("above", ""),
    ("access", "closed"),
    ("action", "retry"),
    ("again", "another battery horse"),
    ("answer", "accept"),
    ("approval", "each"),
    ("archived", "yes"),
    ("audience", "profile"),
    ("body", "Words."),
    ("boosts", "topics"),
    ("choice", "0"),
    ("class", "partner"),
    ("code", "none"),
    ("comment", "Look."),
    ("condition", "secret"),
    ("confirm", "no"),
    ("contact", ""),
    ("current", "wrong battery horse"),
    ("description", "A group."),
    ("dialect", "auto"),
    ("display_name", "Somebody"),
    ("email", "somebody@v.example"),
    ("every", ""),
    ("expires", ""),
    ("fingerprint", "none"),
    ("first_contact", "person"),
    ("kind", "pattern"),
    ("label", ""),
    ("meaning", ""),
    ("mirror", "off"),
    ("name", "not a name"),
    ("next", "/"),
    ("of", "house"),
    ("on", "ann"),
    ("outcome", "hold"),
    ("partner", "p.test"),
    ("password", "another battery horse"),
    ("poll_lasts", ""),
    ("poll_options", ""),
    ("private_groups", "trust"),
    ("purpose", ""),
    ("reason", "Because."),
    ("role", "member"),
    ("seen", ""),
    ("sentence", "No."),
    ("stage", "internal"),
    ("state", "disabled"),
    ("text", "Words."),
    ("title", "Words"),
    ("to", "p.test"),
    ("until", ""),
    ("username", "ann"),
    ("what", "all"),
    ("who", "ann"),
];

/// Fields of forms that name something: each takes part in a walk of its own.
const NAMED_IN_FORMS: &[&str] = &[
    "actor", "follower", "grant", "group", "handle", "host", "id", "member", "post", "report",
    "rule", "session", "token",
];

/// The same of what clients send.
const NAMED_BY_CLIENTS: &[&str] = &[
    "account_id",
    "group_id",
    "id",
    "in_reply_to_id",
    "media_ids",
    "status_ids",
];

/// Somebody with a browser and a client.
struct Walker {
    who: &'static str,
    cookie: String,
    token: Option<String>,
}

impl Walker {
    fn of(who: &'static str, person: &Person) -> Self {
        Self {
            who,
            cookie: person.cookie.clone(),
            token: Some(person.token.clone()),
        }
    }

    /// The token of this browser's forms.
    fn csrf(&self) -> String {
        let (_, secret) = self.cookie.split_once('=').expect("a cookie");
        crypto::hmac(secret, "guildhall form").expect("a token")
    }

    fn form(&self, host: &str, target: &str, naming: Option<(&str, &str)>) -> Forged {
        let csrf = self.csrf();
        let mut fields = url::form_urlencoded::Serializer::new(String::new());
        fields.append_pair("csrf", &csrf);
        for (name, value) in FIELDS {
            fields.append_pair(name, value);
        }
        for name in NAMED_IN_FORMS.iter().chain(&["target"]) {
            let named = naming.filter(|(this, _)| this == name);
            fields.append_pair(name, named.map_or("7", |(_, value)| value));
        }
        let mut forged = Forged::plain("POST", host, target);
        forged.add("Cookie", &self.cookie);
        forged.add("Content-Type", "application/x-www-form-urlencoded");
        forged.body = fields.finish().into_bytes();
        forged
    }

    fn call(
        &self,
        method: &'static str,
        host: &str,
        target: &str,
        naming: Option<(&str, &str)>,
    ) -> Forged {
        let mut body = Map::new();
        for (name, value) in [
            ("status", "Words."),
            ("comment", "Look."),
            ("title", "Words"),
        ] {
            body.insert(name.to_owned(), json!(value));
        }
        body.insert("choices".to_owned(), json!([0]));
        if let Some((name, value)) = naming {
            let value = match name.ends_with('s') {
                true => json!([value]),
                false => json!(value),
            };
            body.insert(name.to_owned(), value);
        }
        let mut forged = Forged::plain(method, host, target);
        if let Some(token) = &self.token {
            forged.add("Authorization", &format!("Bearer {token}"));
        }
        forged.add("Content-Type", "application/json");
        forged.body = Value::Object(body).to_string().into_bytes();
        if method != "POST" {
            forged.add("Content-Length", &forged.body.len().to_string());
        }
        forged
    }
}

async fn walkers(fixture: &Fixture) -> Vec<Walker> {
    let name = |kind: &str| format!("{kind}{}", unique());
    let colleague = fixture.somebody(&name("col"), OrgRole::Member).await;
    let guest = fixture.somebody(&name("guest"), OrgRole::Guest).await;
    let removed = fixture.somebody(&name("gone"), OrgRole::Member).await;
    fixture.add(&fixture.secret, removed.account.actor.id).await;
    let who = removed.account.actor.name.as_str();
    let out = ["member", "remove", "secret", who];
    fixture.instance.run_json(&out).await;
    fixture.settle().await;
    vec![
        Walker {
            who: "a visitor",
            cookie: format!("guildhall_visitor={}", "A".repeat(43)),
            token: None,
        },
        Walker::of("a colleague", &colleague),
        Walker::of("a guest", &guest),
        Walker::of("who was a member", &removed),
    ]
}

/// An address with its first place filled by something, others with what is of no interest.
fn fill(route: &str, with: &str) -> String {
    let mut parts = Vec::new();
    let mut first = Some(with);
    for part in route.split('/') {
        parts.push(match part.starts_with('{') {
            true => first.take().unwrap_or("ann"),
            false => part,
        });
    }
    parts.join("/")
}

/// The addresses below `base` at which one acts, with the methods by which one does.
fn acts(base: &str) -> Vec<(String, Vec<&'static str>)> {
    let mut acts = Vec::new();
    for (path, methods) in guildhall::cli::addresses() {
        let does = |known: &&str| methods.iter().any(|method| method.as_str() == *known);
        let doing: Vec<_> = ["POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .filter(does)
            .collect();
        let is_walked = path.starts_with(base) && !LEFT_OUT.contains(&path.as_str());
        if is_walked && !doing.is_empty() {
            acts.push((path, doing));
        }
    }
    acts
}

/// Those of pages: forms send with `POST`.
fn forms() -> Vec<String> {
    let pages = acts("/").into_iter().map(|(path, _)| path);
    pages.filter(|path| !path.starts_with("/api/")).collect()
}

/// What can be told from two answers to the same about something hidden, and about what never was.
fn differ(pair: &Pair, one: Reply, other: Reply) -> Option<String> {
    // What was done is of the one who did it: it has a name of its own.
    if one.status < 400 && one.status == other.status {
        return None;
    }
    let (one, other) = (telling(one, &pair.hidden), telling(other, &pair.never));
    let shown = |reply: &Reply| format!("{} {:?} {}", reply.status, reply.headers, reply.text());
    (one != other).then(|| format!("{} or {}", shown(&one), shown(&other)))
}

#[tokio::test]
async fn a26_whoever_acts_on_what_is_hidden_is_answered_as_if_it_never_had_been() {
    let (pages, calls) = (forms(), acts("/api/"));
    assert!(pages.iter().any(|path| path.ends_with("/like")));
    assert!(calls.iter().any(|(path, _)| path.ends_with("/favourite")));
    on_both(async |fixture| {
        let host = fixture.host();
        let (walkers, pairs) = (walkers(fixture).await, pairs(fixture));
        let mut leaks = Vec::new();
        let mut walk = async |what: String, pair: &Pair, make: &dyn Fn(&str) -> Forged| {
            let one = fixture.send(&make(&pair.hidden)).await;
            let other = fixture.send(&make(&pair.never)).await;
            if one.text().contains(&fixture.canary) {
                leaks.push(format!("{what} {}: the canary", pair.hidden));
            }
            if one.status >= 500 {
                leaks.push(format!("{what} {}: {}", pair.hidden, one.text()));
            }
            if let Some(difference) = differ(pair, one, other) {
                leaks.push(format!("{what} {}: {difference}", pair.hidden));
            }
        };
        for walker in &walkers {
            for pair in &pairs {
                for route in &pages {
                    let what = format!("{} {route}", walker.who);
                    match route.contains('{') {
                        true => {
                            let make = |with: &str| walker.form(&host, &fill(route, with), None);
                            walk(what, pair, &make).await;
                        }
                        false => {
                            for name in NAMED_IN_FORMS {
                                let what = format!("{what} {name}");
                                let make =
                                    |with: &str| walker.form(&host, route, Some((name, with)));
                                walk(what, pair, &make).await;
                            }
                        }
                    }
                }
                for (route, methods) in &calls {
                    let named = match (route.contains('{'), route.starts_with("/api/v1/")) {
                        (true, _) => &["id"],
                        (false, true) => NAMED_BY_CLIENTS,
                        (false, false) => &[],
                    };
                    for (name, method) in named
                        .iter()
                        .flat_map(|name| methods.iter().map(move |method| (*name, method)))
                    {
                        let make = |with: &str| {
                            walker.call(method, &host, &fill(route, with), Some((name, with)))
                        };
                        let what = format!("{} {method} {route} {name}", walker.who);
                        walk(what, pair, &make).await;
                    }
                }
            }
        }
        // Servers act by their inboxes: those of what is hidden are not there.
        for by in [&fixture.pam, &fixture.quin, &fixture.eve] {
            for pair in &pairs {
                for route in ["/g/{handle}/inbox", "/u/{handle}/inbox"] {
                    // Of nothing, so that the other tests find everything as it was.
                    let like = by.activity("Like", json!(format!("http://{host}/p/7")));
                    let make = |with: &str| {
                        let mut letter = Letter::post(by, &host, &like);
                        letter.target = fill(route, with);
                        letter.sign()
                    };
                    walk(format!("{} {route}", by.name), pair, &make).await;
                }
            }
        }
        fixture.settle().await;
        let some = &leaks[..leaks.len().min(20)];
        assert!(
            leaks.is_empty(),
            "{} leaks, the first: {some:#?}",
            leaks.len()
        );
    })
    .await;
}

/// The answer shows sessions, too, with times that are none of what was asked.
fn without_times(mut reply: Reply) -> Reply {
    let text = reply.text();
    let mut pieces = text.split("<time ");
    let mut body = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        body.push_str(piece.split_once("</time>").map_or("", |(_, rest)| rest));
    }
    reply.body = body.into_bytes();
    reply
}

#[tokio::test]
async fn a26_who_moves_to_what_is_hidden_is_answered_as_if_it_never_had_been() {
    on_both(async |fixture| {
        let host = fixture.host();
        for walker in walkers(fixture).await.iter().skip(1) {
            for pair in pairs(fixture) {
                let reply = async |with: &str| {
                    let mut told = Vec::new();
                    for kind in ["g", "u", "p"] {
                        let target = format!("http://{host}/{kind}/{with}");
                        let form = walker.form(&host, "/settings/move", Some(("target", &target)));
                        told.push(without_times(fixture.send(&form).await));
                    }
                    told
                };
                let (one, other) = (reply(&pair.hidden).await, reply(&pair.never).await);
                for (one, other) in one.into_iter().zip(other) {
                    assert!(one.status >= 400, "{}: {}", walker.who, one.text());
                    assert_eq!(differ(&pair, one, other), None, "{}", walker.who);
                }
            }
        }
    })
    .await;
}

/// A form that lacks a field is refused before anybody asks what it is about: then the walk above would
/// prove nothing.
#[tokio::test]
async fn a26_forms_are_filled_in_as_pages_want_them() {
    on_both(async |fixture| {
        let bob = Walker::of("bob", &fixture.bob);
        let mut lacking = Vec::new();
        for route in forms() {
            if !route.contains('{') {
                continue;
            }
            let with = if route.starts_with("/p/") {
                "7"
            } else {
                "absent"
            };
            let reply = fixture
                .send(&bob.form(&fixture.host(), &fill(&route, with), None))
                .await;
            if reply.status == 400 {
                lacking.push(route);
            }
        }
        assert!(
            lacking.is_empty(),
            "fields are missing above for {lacking:?}"
        );
    })
    .await;
}
