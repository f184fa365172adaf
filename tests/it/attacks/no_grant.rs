//! In a closed house nobody changes anything to whom nothing was granted, whatever they say, in
//! whatever order, and however well they prove who they are.
//!
//! Seven kinds of servers without a grant that counts say everything that the inbox knows about
//! everything there is: a stranger's, one that was only invited, one whose partnership is paused, ended
//! or blocked, a partner without any grant, and one whose grant is over. All but the stranger and the
//! partner without a grant had people in *shared* before, so they know its groups, topics and people.

use std::time::Duration;

use guildhall::domain::{Capabilities, History};
use guildhall::policy::Viewer;
use guildhall::services::grants::{self, GrantRequest};
use guildhall::services::partners::{self, Change};
use serde_json::{Value, json};

use super::fixture::{Fixture, alone_on_both, handle};
use crate::support::dice::Dice;
use crate::support::dump::Dump;
use crate::support::forge::{Forged, Letter9421};
use crate::support::peer::{Actor, Peer, unique};
use crate::support::world::eventually;

const ACTIVITIES: usize = 500;
/// The paused one last: what waits for it waits.
const KINDS: [&str; 7] = [
    "stranger",
    "invited",
    "ended",
    "blocked",
    "ungranted",
    "expired",
    "paused",
];

/// A server without a grant, and who speaks from it.
struct Outside {
    kind: &'static str,
    peer: Peer,
    /// A person and a group; a server whose grant is over has also a person who was a member.
    senders: Vec<Actor>,
}

impl Outside {
    /// Whether it may knock at all.
    fn is_partner(&self) -> bool {
        matches!(self.kind, "ungranted" | "expired")
    }
}

/// A server whose person was let into *shared*, unless it is of a kind that never was.
async fn outside(fixture: &Fixture, kind: &'static str) -> Outside {
    let peer = Peer::start(kind);
    let (person, group) = (peer.person("wanda"), peer.group("club"));
    match kind {
        "stranger" => {}
        "ungranted" => {
            let other = fixture.new_group().await;
            fixture.open(&other, &peer).await;
            fixture.close(&other, &peer).await;
        }
        _ => {
            fixture.open(&fixture.shared, &peer).await;
            fixture.admit(&person, &fixture.shared).await;
        }
    }
    Outside {
        kind,
        senders: vec![person, group, peer.instance().clone()],
        peer,
    }
}

/// Puts it where it stands from now on.
async fn put_out(fixture: &Fixture, Outside { kind, peer, .. }: &Outside) {
    let change = async |change| {
        let host = peer.host().parse().expect("a host");
        let changed = partners::change(&fixture.app, Viewer::Operator, host, change).await;
        changed.expect("its standing changes");
    };
    match *kind {
        "invited" => fixture.instance.execute(&format!(
            "UPDATE partners SET state = 'invited' WHERE host = '{}'",
            peer.host()
        )),
        "paused" => change(Change::Pause).await,
        "ended" => change(Change::End).await,
        "blocked" => change(Change::Block).await,
        "expired" => expire(fixture, peer).await,
        _ => {}
    }
}

/// Lets the time of a grant run out.
async fn expire(fixture: &Fixture, peer: &Peer) {
    let counting = async || fixture.dump().await.count("grants", "\"ended_at\":null");
    let before = counting().await;
    let request = GrantRequest {
        capabilities: Some(Capabilities::all()),
        join: None,
        from: None,
        until: Some(guildhall::domain::GrantEnd::At(
            fixture.app.clock.now().plus(Duration::from_secs(1)),
        )),
        history: Some(History::All),
        apart: Some(false),
    };
    let group = handle(&fixture.shared.actor.name);
    let host = peer.host().parse().expect("a host");
    let granted = grants::add(&fixture.app, Viewer::Operator, group, host, request).await;
    granted.expect("a grant that is soon over");
    eventually("the grant is over", async || {
        (counting().await == before - 1).then_some(())
    })
    .await;
}

/// What is spoken of.
struct World {
    groups: Vec<String>,
    people: Vec<String>,
    /// Topics and comments here, hidden and shown, and what there never was.
    objects: Vec<String>,
    pam: Actor,
}

#[tokio::test]
async fn no_sequence_of_activities_from_hosts_without_a_grant_changes_state() {
    alone_on_both(&[], async |fixture| {
        let mut outsides = Vec::new();
        for kind in KINDS {
            outsides.push(outside(fixture, kind).await);
        }
        // Something of everything: a topic, a comment and a like from elsewhere, somebody who asks.
        let pams = fixture.comment_by(&fixture.pam, "something to attack");
        assert_eq!(fixture.deliver(&fixture.pam, &pams).await.status, 202);
        let like = fixture
            .pete
            .activity("Like", json!(fixture.topic.uri.as_str()));
        assert_eq!(fixture.deliver(&fixture.pete, &like).await.status, 202);
        let asks = fixture.p.person("asks");
        let follow = asks.activity("Follow", fixture.shared_uri().into());
        assert_eq!(fixture.deliver(&asks, &follow).await.status, 202);
        fixture.settle().await;
        for outside in &outsides {
            put_out(fixture, outside).await;
            fixture.settle().await;
        }
        // The partners' people are known, so that meeting them is no change. Nobody does anything with this.
        for outside in outsides.iter().filter(|outside| outside.is_partner()) {
            for sender in &outside.senders {
                let nothing = sender.activity("Listen", json!(fixture.topic.uri.as_str()));
                let reply = fixture.deliver(sender, &nothing).await;
                assert_eq!(reply.status, 202, "{}: {}", outside.kind, reply.text());
            }
        }
        let world = World {
            groups: vec![
                fixture.shared_uri().to_owned(),
                fixture.secret.actor.uri.to_string(),
                fixture.quality.actor.uri.to_string(),
                fixture.url("/g/never"),
            ],
            people: vec![
                fixture.pam.id.clone(),
                fixture.ann.account.actor.uri.to_string(),
                asks.id.clone(),
                fixture.url("/actor"),
                fixture.p.url("/u/never"),
            ],
            objects: vec![
                fixture.topic.uri.to_string(),
                fixture.secret_topic.uri.to_string(),
                fixture.secret_comment.uri.to_string(),
                pams["object"]["id"].as_str().unwrap().to_owned(),
                like["id"].as_str().unwrap().to_owned(),
                follow["id"].as_str().unwrap().to_owned(),
                fixture.url("/p/1"),
                fixture.pam.new_id(),
                fixture.quin.new_id(),
            ],
            pam: fixture.pam.clone(),
        };
        let before = settled(fixture).await;
        let others = fixture.traffic();
        let quiet: Vec<_> = outsides
            .iter()
            .map(|outside| outside.peer.traffic())
            .collect();

        let seed = Dice::seed_or(1);
        let mut dice = Dice::new(seed);
        let mut seen = std::collections::BTreeMap::<(&str, String, u16), usize>::new();
        let mut said: Vec<(usize, Forged)> = Vec::new();
        for _ in 0..ACTIVITIES {
            let which = dice.below(outsides.len());
            let outside = &outsides[which];
            let sender = dice.pick(&outside.senders).clone();
            let activity = something(&mut dice, &world, &sender);
            let (which, forged) = if !said.is_empty() && dice.percent(10) {
                // Something again, to the byte.
                dice.pick(&said).clone()
            } else if dice.percent(30) {
                let host = fixture.host();
                (
                    which,
                    Letter9421::post_ed25519(&sender, &host, &activity).sign(),
                )
            } else {
                (which, fixture.letter(&sender, &activity).sign())
            };
            let reply = fixture.send(&forged).await;
            let outside = &outsides[which];
            let expected: &[u16] = match outside.kind {
                "paused" => &[503],
                _ if outside.is_partner() => &[202, 400, 403, 404],
                _ => &[401, 403],
            };
            let text = String::from_utf8_lossy(&forged.body);
            assert!(
                expected.contains(&reply.status),
                "{}: {text}: {reply:?}",
                outside.kind
            );
            let kind = activity["type"].as_str().unwrap().to_owned();
            *seen.entry((outside.kind, kind, reply.status)).or_default() += 1;
            said.push((which, forged));
        }

        let after = settled(fixture).await;
        let mut changes = after.since(&before);
        changes.retain(|change| !outsides.iter().any(|outside| is_its_own(outside, change)));
        assert_eq!(changes, Vec::<String>::new(), "seed {seed}: {seen:#?}");
        assert_eq!(fixture.traffic(), others, "somebody else was asked");
        for (outside, then) in outsides.iter().zip(quiet) {
            // A partner's own server is asked for who says to have changed, and for nothing else.
            let asked = outside.peer.seen_since(then);
            let own = |target: &str| outside.senders.iter().any(|one| one.id.ends_with(target));
            assert!(
                asked.is_empty() || outside.is_partner(),
                "{}: {asked:?}",
                outside.kind
            );
            assert!(
                asked
                    .iter()
                    .all(|seen| seen.method == "GET" && own(&seen.target)),
                "{}: {asked:?}",
                outside.kind
            );
        }
        let passed = seen.keys().any(|(_, _, status)| *status == 202);
        assert!(passed, "nothing passed the door: {seen:#?}");
    })
    .await;
}

/// Everything that matters, when nothing is left to do. Left out is what only says that something
/// came: `arrivals` (bodies that partners sent, applied or refused).
async fn settled(fixture: &Fixture) -> Dump {
    eventually("no errand is left", async || {
        let dump = fixture.settle().await;
        (dump.count("jobs", r#""state":"pending""#) == 0).then_some(())
    })
    .await;
    fixture.settle().await.content().without(&["arrivals"])
}

/// What a partner may change without any grant is about itself alone: that things of its own server,
/// which never came here, are deleted is remembered, so that they cannot come later; and what its own
/// group says in itself, where nobody here is a member.
fn is_its_own(outside: &Outside, change: &str) -> bool {
    let host = outside.peer.host();
    let deleted = format!("+ tombstones {{\"uri\":\"http://{host}/");
    let by_its_group = || {
        let row = change.strip_prefix("+ posts ")?;
        let row: Value = serde_json::from_str(row).ok()?;
        let here = row["uri"].as_str()?.starts_with(&format!("http://{host}/"));
        Some(here && row["group_id"] == row["author_id"])
    };
    outside.is_partner() && (change.starts_with(&deleted) || by_its_group() == Some(true))
}

/// Any activity about anything, by somebody who has no business here.
fn something(dice: &mut Dice, world: &World, sender: &Actor) -> Value {
    let group = dice.pick(&world.groups).clone();
    let object = dice.pick(&world.objects).clone();
    let person = dice.pick(&world.people).clone();
    let unknown = sender.new_id();
    let page = sender.page(&group, "A topic", "forced in");
    let note = sender.note(&group, &object, "forced in");
    let mut stolen = note.clone();
    stolen["id"] = json!(object);
    let mut attributed = note.clone();
    attributed["attributedTo"] = json!(person);
    let of = |actor: &str, kind: &str, object: &str| json!({ "id": format!("{actor}/activities/{}", unique()), "type": kind, "actor": actor, "object": object });
    let own = |kind: &str, object: &str| of(&sender.id, kind, object);
    let hers = |kind: &str, object: &str| of(&world.pam.id, kind, object);
    let grant = json!({
        "id": format!("http://{}/grants/{}", sender.host, unique()),
        "type": "Grant",
        "group": group,
        "partner": person,
        "capabilities": ["read", "react", "reply", "start", "moderate"],
        "joinMode": "auto",
        "startTime": "2026-01-01T00:00:00Z",
    });
    let tombstone = json!({ "id": object, "type": "Tombstone" });
    let mut ban = own("Block", &person);
    ban["target"] = json!(group);
    let moving = json!({ "type": "Move", "actor": group, "object": group });
    let mut taking = of(&sender.id, "Offer", &group);
    taking["object"] = moving.clone();
    let plain: Vec<(&str, Value)> = vec![
        ("Follow", json!(group)),
        ("Join", json!(group)),
        ("Leave", json!(group)),
        ("Invite", json!(group)),
        ("Create", page.clone()),
        ("Create", note.clone()),
        ("Create", stolen.clone()),
        ("Create", attributed),
        ("Create", json!(object)),
        ("Update", stolen),
        ("Update", note),
        (
            "Update",
            json!({ "id": group, "type": "Group", "name": "Taken over" }),
        ),
        (
            "Update",
            json!({ "id": person, "type": "Person", "name": "Taken over" }),
        ),
        ("Update", sender.document()),
        ("Delete", json!(object)),
        ("Delete", json!(unknown)),
        ("Delete", tombstone),
        ("Delete", json!(person)),
        ("Delete", json!(group)),
        ("Delete", grant.clone()),
        ("Offer", grant),
        ("Offer", own("Follow", &group)),
        ("Like", json!(object)),
        ("Like", json!(unknown)),
        ("Dislike", json!(object)),
        ("Lock", json!(object)),
        ("Undo", own("Like", &object)),
        ("Undo", own("Dislike", &object)),
        ("Undo", ban),
        ("Undo", own("Follow", &group)),
        ("Undo", own("Join", &group)),
        ("Undo", own("Lock", &object)),
        ("Undo", own("Delete", &object)),
        ("Undo", own("Create", &object)),
        ("Undo", hers("Follow", &group)),
        ("Undo", hers("Like", &object)),
        ("Undo", json!(object)),
        ("Accept", own("Follow", &group)),
        ("Accept", hers("Follow", &group)),
        ("Accept", json!(object)),
        ("Reject", hers("Follow", &group)),
        ("Reject", json!(object)),
        ("Add", page),
        ("Add", json!(object)),
        ("Add", json!(person)),
        ("Remove", json!(object)),
        ("Remove", json!(person)),
        ("Block", json!(person)),
        ("Flag", json!(object)),
        ("Move", json!(group)),
        ("Move", json!(sender.id)),
        ("Offer", moving),
        ("Accept", taking),
        ("Relish", json!(object)),
    ];
    let (kind, what) = dice.pick(&plain).clone();
    let mut activity = sender.activity(kind, what);
    activity["audience"] = json!(group);
    activity["to"] = json!([group, person]);
    let lists = ["featured", "moderators"].map(|list| format!("{group}/{list}"));
    activity["target"] = json!(dice.pick(&[&group, &person, &object, &lists[0], &lists[1]]));
    activity["result"] = json!(unknown);
    if dice.percent(20) {
        activity["summary"] = json!("because I say so");
    }
    if dice.percent(20) {
        activity = sender.proven(&activity);
    }
    // A group that passes on: what it says itself, and what it says that pam said.
    match dice.below(10) {
        0 | 1 => sender.activity("Announce", activity),
        2 => {
            activity["actor"] = json!(world.pam.id);
            activity["id"] = json!(format!("{}/activities/{}", world.pam.id, unique()));
            sender.activity("Announce", activity)
        }
        _ => activity,
    }
}
