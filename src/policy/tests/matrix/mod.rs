//! Prints the rules as tables for people: `docs/ACCESS.md`. A change of rules is a change of that
//! file, so that a community manager can read what it means.

mod table;
mod text;

use std::fmt::Write as _;

use self::table::{Asker, To, askers, header, line, names, on, table};
use self::text::*;
use crate::domain::{
    Access, Audience, Capabilities, Capability, GrantTerms, JoinMode, MembershipState, OrgRole,
    PartnerState, PostState, Stage,
};
use crate::policy::tests::cast::*;
use crate::policy::{
    Action, Facts, House, OwnerFacts, PostFacts, ProfileReach, Reason, Viewer, decide,
    join_outcome, shows_text, stage_fits,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ACCESS.md");

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "a wish of who runs the test, not a setting"
)]
fn access_matrix() {
    let now = document();
    if std::env::var_os("UPDATE_ACCESS").is_some() {
        std::fs::write(FILE, &now).unwrap();
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    let differs = kept
        .lines()
        .zip(now.lines())
        .find(|(kept, now)| kept != now);
    assert!(
        kept == now,
        "docs/ACCESS.md does not say what the rules do. First difference:\n{differs:#?}\n\
         If the new rules are meant, run `UPDATE_ACCESS=1 cargo test access_matrix`, read the \
         difference, and commit it."
    );
}

// Who asks ----------------------------------------------------------------------------------------

type Known = fn(Facts) -> Facts;

const NOT_A_MEMBER: (&str, Known) = ("not a member", |facts| facts);
const REQUESTED: (&str, Known) = ("asked to join", |facts| {
    facts.is(MembershipState::Requested)
});
const INVITED: (&str, Known) = ("invited", |facts| facts.is(MembershipState::Invited));
const MEMBER: (&str, Known) = ("member", Facts::member);
const MODERATOR: (&str, Known) = ("moderator", Facts::moderator);
const OWNER: (&str, Known) = ("owner", Facts::owner);
const BANNED: (&str, Known) = ("banned", Facts::banned);

/// A partner's people under a grant.
fn partner_people(kind: &'static str, terms: GrantTerms) -> Vec<Asker> {
    let standings = [NOT_A_MEMBER, REQUESTED, INVITED, MEMBER, MODERATOR, BANNED];
    let under = |(detail, known): (&'static str, Known)| {
        (detail, move |facts: Facts| {
            known(facts).granted(terms).with_members_there()
        })
    };
    askers(kind, &bo(), standings.map(under))
}

/// Everybody who can ask for something in a group of ours.
#[rustfmt::skip]
fn everybody() -> Vec<Asker> {
    let none: [(&str, Known); 1] = [("", |facts| facts)];
    let outsider: [(&str, Known); 1] = [("person", |facts| facts)];
    let without: [(&str, Known); 7] = [
        ("none given", |facts| facts.partner().member()),
        ("ended", |facts| facts.granted(expired()).member()),
        ("partnership paused", |facts| facts.granted(all()).partnership(PartnerState::Paused).member()),
        ("partnership ended", |facts| facts.granted(all()).partnership(PartnerState::Ended).member()),
        ("blocked", |facts| facts.granted(all()).partnership(PartnerState::Blocked).member()),
        ("software not known to keep what is not public", |facts| facts.granted(all()).member().with(|facts| facts.discreet = false)),
        ("emergency stop", |facts| facts.granted(all()).member().with(|facts| facts.stopped = true)),
    ];
    let servers: [(&str, Known); 7] = [
        ("no grant", Facts::partner),
        ("grant, nobody there is a member", |facts| facts.granted(read_only())),
        ("grant, members there", |facts| facts.granted(read_only()).with_members_there()),
        ("grant ended", |facts| facts.granted(expired()).with_members_there()),
        ("partnership paused", |facts| facts.granted(all()).with_members_there().partnership(PartnerState::Paused)),
        ("software not known to keep what is not public", |facts| facts.granted(all()).with_members_there().with(|facts| facts.discreet = false)),
        ("emergency stop", |facts| facts.granted(all()).with_members_there().with(|facts| facts.stopped = true)),
    ];
    let inside = [NOT_A_MEMBER, REQUESTED, INVITED, MEMBER, MODERATOR, OWNER, BANNED];
    [
        askers("Anonymous", &Viewer::Anonymous, none),
        askers("Stranger", &stranger(), outsider),
        askers("Stranger", &stranger_server(), [("server", none[0].1)]),
        askers("Partner's member, but the grant does not count", &bo(), without),
        partner_people("Partner's person, grant to read", read_only()),
        partner_people("Partner's person, grant for everything", all()),
        askers("Partner's server", &birch_server(), servers),
        askers("Guest", &account(OrgRole::Guest), [NOT_A_MEMBER, INVITED, MEMBER, MODERATOR, BANNED]),
        askers("Colleague", &ada(), inside),
        askers("Compliance officer, not a member", &account(OrgRole::Compliance), none),
        askers("Administrator, not a member", &account(OrgRole::Admin), none),
        askers("Operator (command line)", &Viewer::Operator, none),
    ]
    .into_iter()
    .flatten()
    .collect()
}

// The document -----------------------------------------------------------------------------------

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for stage in Stage::ALL {
        for access in Access::ALL {
            text += &our_group(*access, *stage);
        }
    }
    text + ABILITIES
        + &abilities()
        + JOINING
        + &joining()
        + HOUSE_SETTINGS
        + &settings()
        + CLOSED_UP
        + &locked_and_archived()
        + POSTS
        + &posts()
        + PROFILES
        + &profiles()
        + ELSEWHERE
        + &elsewhere()
        + &house_elsewhere()
        + REASONS
        + &reasons()
}

fn our_group(access: Access, stage: Stage) -> String {
    let name = match stage {
        Stage::Internal => "internal",
        Stage::Partners => "open to partners",
        Stage::Public => "public",
    };
    let table = match stage_fits(access, stage) {
        Ok(()) => table(&everybody(), &group(access, stage), POST),
        Err(reason) => format!("This cannot be: {}\n", reason.sentence()),
    };
    format!("\n### {access} group, {name}\n\n{table}")
}

/// What each capability adds to reading.
fn abilities() -> String {
    let granting = |capability: &Capability| {
        let terms = terms(Capabilities::of(&[*capability]));
        let known = move |facts: Facts| facts.granted(terms).with_members_there().moderator();
        (capability.as_str(), known)
    };
    let askers = askers("Grant to", &bo(), Capability::ALL.iter().map(granting));
    table(&askers, &group(Access::Closed, Stage::Partners), POST)
}

/// Whether one is in at once.
#[rustfmt::skip]
fn joining() -> String {
    let join = |join| GrantTerms { join, ..all() };
    let by_mode = [
        ("asks (`approve`)", JoinMode::Approve),
        ("comes in at once (`auto`)", JoinMode::Auto),
        ("comes by invitation (`invite`)", JoinMode::Invite),
    ]
    .map(|(detail, mode)| (detail, move |facts: Facts| facts.granted(join(mode))));
    let askers = [
        askers("Colleague", &ada(), [NOT_A_MEMBER, INVITED]),
        askers("Guest", &account(OrgRole::Guest), [NOT_A_MEMBER, INVITED]),
        askers("Partner's person, grant says who", &bo(), by_mode),
        askers("Partner's person, `auto`, and the group looks first at whom it does not know", &bo(), [("", move |facts: Facts| {
            facts.granted(join(JoinMode::Auto)).with(|facts| facts.new_to_group = true)
        })]),
        askers("Partner's person, invited", &bo(), [("", move |facts: Facts| {
            facts.granted(join(JoinMode::Invite)).is(MembershipState::Invited)
        })]),
    ];
    let mut text = header(&Access::ALL.iter().map(|access| access.as_str()).collect::<Vec<_>>());
    for asker in askers.iter().flatten() {
        let cell = |access: &Access| {
            let facts = (asker.known)(group(*access, Stage::Partners));
            match decide(&asker.viewer, Action::Join, &facts) {
                Ok(()) => match join_outcome(&asker.viewer, &facts) {
                    MembershipState::Member => "member at once".to_owned(),
                    _ => "asks; a moderator decides".to_owned(),
                },
                Err(_) => mark(&asker.viewer, Action::Join, &facts).to_owned(),
            }
        };
        let cells: Vec<String> = Access::ALL.iter().map(cell).collect();
        line(&mut text, &names(&[asker], &[]), &cells);
    }
    text
}

/// What the settings of the house change, in an open, public group.
#[rustfmt::skip]
fn settings() -> String {
    let private = House { public_pages: false, ..HOUSE };
    let delegating = House { owners_open_groups: true, ..HOUSE };
    let houses = [
        ("closed federation, no public pages", private),
        ("closed federation, public pages", HOUSE),
        ("open federation, public pages", OPEN_HOUSE),
        ("owners may open their groups", delegating),
    ];
    let nothing = group(Access::Open, Stage::Public);
    let questions = [
        ("anonymous reads", Viewer::Anonymous, Action::Read, nothing.clone()),
        ("guest reads", account(OrgRole::Guest), Action::Read, nothing.clone()),
        ("stranger or stranger's server reads", stranger(), Action::Read, nothing.clone()),
        ("partner's person without grant reads", bo(), Action::Read, nothing.clone().partner()),
        ("owner changes the boundary", ada(), Action::ChangeBoundary, nothing.owner()),
    ];
    let mut text = header(&houses.map(|(title, _)| title));
    for (name, viewer, action, facts) in questions {
        let cells = houses.map(|(_, house)| {
            let facts = facts.clone().with(|facts| facts.house = house);
            mark(&viewer, action, &facts).to_owned()
        });
        line(&mut text, name, &cells);
    }
    text
}

#[rustfmt::skip]
fn locked_and_archived() -> String {
    let people = || {
        [
            askers("Colleague", &ada(), [MEMBER, MODERATOR, OWNER]),
            partner_people("Partner's person, grant for everything", all())
                .into_iter()
                .filter(|asker| ["member", "moderator"].contains(&asker.detail))
                .collect(),
            askers("Administrator, not a member", &account(OrgRole::Admin), [("", NOT_A_MEMBER.1)]),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
    };
    let open = group(Access::Open, Stage::Public);
    let locked = PostFacts { locked: true, ..POST };
    format!(
        "Locked topic:\n\n{}\nArchived group:\n\n{}",
        table(&people(), &open, locked),
        table(&people(), &open.clone().in_group(|group| group.archived = true), POST),
    )
}

#[rustfmt::skip]
fn posts() -> String {
    let old = PostFacts { topic_created_at: LAST_YEAR, ..POST };
    let state = |state| PostFacts { state, ..POST };
    let to = |audience| PostFacts { audience, ..POST };
    let named = PostFacts { names_viewer: true, ..to(Audience::Direct) };
    let posts = [
        ("for the group", POST),
        ("… topic older than the grant's history", old),
        ("… older, shared by exception", PostFacts { shared_by_exception: true, ..old }),
        ("… held for a moderator", state(PostState::Held)),
        ("… held at the boundary", PostFacts { held: true, ..POST }),
        ("… removed by a moderator", state(PostState::Removed)),
        ("… deleted by its author", state(PostState::Deleted)),
        ("aside", to(Audience::Aside)),
        ("direct, naming the reader", named),
        ("direct, naming others", to(Audience::Direct)),
    ];
    let open = || group(Access::Open, Stage::Partners);
    let apart = GrantTerms { apart: true, ..all() };
    let there = |terms| open().granted(terms).with_members_there();
    let readers: [(&str, Viewer, Facts, To, Option<bool>); 10] = [
        ("colleague, not a member", ada(), open(), To::SomebodysPost, None),
        ("member", ada(), open().member(), To::SomebodysPost, None),
        ("its author, a member", ada(), open().member(), To::OwnPost, None),
        ("moderator", ada(), open().moderator(), To::SomebodysPost, None),
        ("compliance officer", account(OrgRole::Compliance), open(), To::SomebodysPost, None),
        ("guest, member", account(OrgRole::Guest), open().member(), To::SomebodysPost, None),
        ("partner's member", bo(), there(all()).member(), To::SomebodysPost, None),
        ("… moderator", bo(), there(all()).moderator(), To::SomebodysPost, None),
        ("… server", birch_server(), there(all()), To::SomebodysPost, None),
        ("… kept *apart*, post by another partner", bo(), there(apart).member(), To::SomebodysPost, Some(false)),
    ];
    let mut text = header(&readers.clone().map(|(title, ..)| title));
    for (name, post) in posts {
        let cells = readers.clone().map(|(_, viewer, facts, to, by_us)| {
            let post = PostFacts { by_us: by_us.unwrap_or(post.by_us), ..post };
            let facts = on(facts, &viewer, to, post);
            let read = mark(&viewer, Action::Read, &facts);
            match read == "✓" && !shows_text(&viewer, &facts) {
                true => "†".to_owned(),
                false => read.to_owned(),
            }
        });
        line(&mut text, name, &cells);
    }
    text
}

/// Who reads what on profiles here, for each setting, and on profiles elsewhere.
#[rustfmt::skip]
fn profiles() -> String {
    let owner = |home: Option<crate::domain::Host>, followed| {
        let id = if home.is_some() { BO } else { AUTHOR };
        move |facts: Facts| facts.with(|facts| facts.owner = Some(OwnerFacts { id, home: home.clone(), followed }))
    };
    let reader = |name, viewer: Viewer, followed, partner: Option<PartnerState>| (name, viewer, followed, partner);
    let active = Some(PartnerState::Active);
    let readers = [
        reader("colleague", ada(), false, None),
        reader("guest", account(OrgRole::Guest), false, None),
        reader("anonymous", Viewer::Anonymous, false, None),
        reader("partner's person or server", bo(), false, active),
        reader("… follower, or server with one", bo(), true, active),
        reader("… partnership paused", bo(), true, Some(PartnerState::Paused)),
        reader("stranger, also as follower", stranger(), true, None),
        reader("blocked", stranger(), true, Some(PartnerState::Blocked)),
    ];
    let audiences = [Audience::Profile, Audience::Followers, Audience::Public];
    let mut text = String::new();
    for reach in ProfileReach::ALL {
        let house = House { profiles: *reach, ..OPEN_HOUSE };
        writeln!(text, "Profiles here, `profiles.audience = \"{reach}\"`, open federation:\n").unwrap();
        text += &header(&readers.clone().map(|(name, ..)| name));
        for audience in audiences {
            let cells = readers.clone().map(|(_, viewer, followed, partner)| {
                let facts = Facts { partner, ..Facts::new(NOW, house) };
                let facts = owner(None, followed)(facts).post(PostFacts { audience, ..POST });
                mark(&viewer, Action::Read, &facts).to_owned()
            });
            line(&mut text, &format!("for {audience}"), &cells);
        }
        text.push('\n');
    }
    text += "Profiles at a partner:\n\n";
    let readers = [
        ("colleague", ada(), false),
        ("colleague who follows", ada(), true),
        ("guest", account(OrgRole::Guest), false),
        ("its server, or who owns it", birch_server(), false),
        ("another server", stranger_server(), false),
    ];
    text += &header(&readers.clone().map(|(name, ..)| name));
    for (name, audience, by_us) in [
        ("for followers", Audience::Followers, false),
        ("for everybody", Audience::Public, false),
        ("an answer of ours there, for followers", Audience::Followers, true),
        ("an answer of ours there, for everybody", Audience::Public, true),
    ] {
        let cells = readers.clone().map(|(_, viewer, followed)| {
            let facts = Facts::new(NOW, HOUSE).partner();
            let facts = owner(Some(birch()), followed)(facts).post(PostFacts { audience, by_us, ..POST });
            mark(&viewer, Action::Read, &facts).to_owned()
        });
        line(&mut text, name, &cells);
    }
    text
}

#[rustfmt::skip]
fn elsewhere() -> String {
    let none: [(&str, Known); 1] = [("", |facts| facts)];
    let askers: Vec<Asker> = [
        askers("Anonymous", &Viewer::Anonymous, none),
        askers("Server or person of another house", &stranger_server(), none),
        askers("Its house's server", &birch_server(), none),
        askers("Its house's people", &bo(), none),
        askers("Guest", &account(OrgRole::Guest), [NOT_A_MEMBER, INVITED, MEMBER]),
        askers("Colleague", &ada(), [NOT_A_MEMBER, REQUESTED, INVITED, MEMBER, MODERATOR, BANNED]),
        askers("Administrator, not a member", &account(OrgRole::Admin), none),
        askers("Operator (command line)", &Viewer::Operator, none),
    ]
    .into_iter()
    .flatten()
    .collect();
    let of = |access| table(&askers, &group_of_birch(access), POST);
    format!(
        "Closed group, grant for everything:\n\n{}\nOpen group, the same:\n\n{}\nSecret group, the same:\n\n{}",
        of(Access::Closed),
        of(Access::Open),
        of(Access::Secret)
    )
}

/// What changes for a member when its house or the partnership changes.
#[rustfmt::skip]
fn house_elsewhere() -> String {
    let situations: [(&str, Known); 8] = [
        ("grant for everything", |facts| facts),
        ("grant to read", |facts| facts.granted(read_only())),
        ("told of no grant (other software)", |facts| facts.with(|facts| facts.grant = None)),
        ("grant ended", |facts| facts.granted(expired())),
        ("withdrawn by its house", |facts| facts.in_group(|group| group.withdrawn = true)),
        ("partnership paused", |facts| facts.partnership(PartnerState::Paused)),
        ("partnership ended", |facts| facts.partnership(PartnerState::Ended)),
        ("partnership ended, open federation", |facts| facts.partnership(PartnerState::Ended).with(|facts| facts.house = OPEN_HOUSE)),
    ];
    let askers = askers("Colleague, member", &ada(), situations);
    let group = group_of_birch(Access::Closed).member();
    format!("\nA member here of that closed group, when things change:\n\n{}", table(&askers, &group, POST))
}

fn reasons() -> String {
    let mut text = "| reason | what is said |\n|---|---|\n".to_owned();
    for reason in Reason::ALL {
        writeln!(text, "| `{reason}` | {} |", reason.sentence()).unwrap();
    }
    text
}
