//! The tables of the rules, case by case, in their own words. A cell is an answer as
//! `docs/ACCESS.md` prints it: ✓ yes, ✗ no and told why, – hidden.

use super::cast::*;
use crate::domain::{
    Access, ActorId, Audience, Capabilities, Capability, GrantTerms, GroupId, JoinMode,
    MembershipState, OrgRole, PartnerState, PostState, Stage,
};
use crate::policy::{
    Action, Denial, Facts, House, OwnerFacts, PostFacts, Reason, Viewer, act, compares_books, decide, explain, invitation_outcome, join_outcome, permit, post_outcome, shows_text, stage_fits,
};

/// Who asks, what is known about them, and the answers in an open, a closed and a secret group.
type Line = (&'static str, Viewer, fn(Facts) -> Facts, [&'static str; 3]);

fn check(action: Action, stage: Stage, lines: &[Line]) {
    for (who, viewer, known, expected) in lines {
        let answer = |access: Access| mark(viewer, action, &known(group(access, stage)));
        let answers = [Access::Open, Access::Closed, Access::Secret].map(answer);
        assert_eq!(answers, *expected, "{action} at stage {stage}: {who}");
    }
}

fn guest() -> Viewer {
    account(OrgRole::Guest)
}

fn granted_member(facts: Facts) -> Facts {
    facts.granted(read_only()).with_members_there().member()
}

fn refusal(viewer: &Viewer, action: Action, facts: &Facts) -> Option<Reason> {
    explain(viewer, action, facts)
        .err()
        .map(|refusal| refusal.reason)
}

// Knowing ----------------------------------------------------------------------------------------

#[test]
fn knowing_that_a_group_exists() {
    let everywhere: &[Line] = &[
        ("colleague", ada(), |f| f, ["✓", "✓", "–"]),
        ("colleague, invited", ada(), |f| f.is(MembershipState::Invited), ["✓", "✓", "✓"]),
        ("colleague, member", ada(), Facts::member, ["✓", "✓", "✓"]),
        ("colleague, banned", ada(), Facts::banned, ["✓", "✓", "–"]),
        ("administrator", account(OrgRole::Admin), |f| f, ["✓", "✓", "–"]),
        ("guest, invited", guest(), |f| f.is(MembershipState::Invited), ["✓", "✓", "✓"]),
        ("guest, member", guest(), Facts::member, ["✓", "✓", "✓"]),
    ];
    for stage in Stage::ALL {
        check(Action::Know, *stage, everywhere);
    }
    check(Action::Know, Stage::Internal, &[
        ("guest", guest(), |f| f, ["–", "–", "–"]),
        ("anonymous", Viewer::Anonymous, |f| f, ["–", "–", "–"]),
        ("partner's member", bo(), granted_member, ["–", "–", "–"]),
        ("partner's server", birch_server(), |f| f.granted(all()).with_members_there(), ["–", "–", "–"]),
    ]);
    check(Action::Know, Stage::Partners, &[
        ("guest", guest(), |f| f, ["–", "–", "–"]),
        ("anonymous", Viewer::Anonymous, |f| f, ["–", "–", "–"]),
        ("stranger", stranger(), |f| f, ["–", "–", "–"]),
        ("partner without a grant", bo(), Facts::partner, ["–", "–", "–"]),
        ("partner's person", bo(), |f| f.granted(read_only()), ["✓", "✓", "–"]),
        ("… a colleague of a member", bo(), |f| f.granted(read_only()).with_members_there(), ["✓", "✓", "–"]),
        ("… asked to join", bo(), |f| f.granted(read_only()).is(MembershipState::Requested), ["✓", "✓", "–"]),
        ("… invited", bo(), |f| f.granted(read_only()).is(MembershipState::Invited), ["✓", "✓", "✓"]),
        ("… member", bo(), granted_member, ["✓", "✓", "✓"]),
        ("… whose grant ended", bo(), |f| f.granted(expired()).member(), ["–", "–", "–"]),
        ("… of a paused partner", bo(), |f| granted_member(f).partnership(PartnerState::Paused), ["–", "–", "–"]),
        ("partner's server", birch_server(), |f| f.granted(read_only()), ["✓", "✓", "–"]),
        ("… with members", birch_server(), |f| f.granted(read_only()).with_members_there(), ["✓", "✓", "✓"]),
    ]);
    check(Action::Know, Stage::Public, &[
        ("guest", guest(), |f| f, ["✓", "✓", "–"]),
        ("anonymous", Viewer::Anonymous, |f| f, ["✓", "✓", "–"]),
        ("stranger", stranger(), |f| f, ["✓", "✓", "–"]),
        ("stranger's server", stranger_server(), |f| f, ["✓", "✓", "–"]),
        ("partner without a grant", bo(), Facts::partner, ["✓", "✓", "–"]),
        ("blocked", bo(), |f| f.partnership(PartnerState::Blocked), ["–", "–", "–"]),
    ]);
}

#[test]
fn administrators_see_secret_groups_on_their_own_pages_only() {
    let secret = group(Access::Secret, Stage::Internal);
    for viewer in [account(OrgRole::Admin), Viewer::Operator] {
        assert_eq!(mark(&viewer, Action::ManageGroup, &secret), "✓");
        assert_ne!(mark(&viewer, Action::Read, &secret), "✓");
        assert_eq!(mark(&viewer, Action::Read, &secret.clone().post(POST)), "–");
    }
    assert_eq!(mark(&account(OrgRole::Compliance), Action::ManageGroup, &secret), "–");
    let elsewhere = group_of_birch(Access::Secret);
    assert_eq!(mark(&account(OrgRole::Admin), Action::ManageGroup, &elsewhere), "–");
}

#[test]
fn a_secret_group_cannot_be_public() {
    for access in Access::ALL {
        for stage in Stage::ALL {
            let refused = (*access, *stage) == (Access::Secret, Stage::Public);
            let expected = if refused { Err(Reason::SecretNotPublic) } else { Ok(()) };
            assert_eq!(stage_fits(*access, *stage), expected);
        }
    }
}

#[test]
fn a_grant_counts_inside_its_window_of_an_active_partnership() {
    let during = |from, until| GrantTerms { from, until, ..all() };
    let windows = [
        ("begins now", during(NOW, None), "✓"),
        ("begins tomorrow", during(TOMORROW, None), "–"),
        ("ends tomorrow", during(YESTERDAY, Some(TOMORROW)), "✓"),
        ("ends now", during(YESTERDAY, Some(NOW)), "–"),
    ];
    let facts = group(Access::Open, Stage::Partners);
    for (name, terms, expected) in windows {
        assert_eq!(mark(&bo(), Action::Read, &facts.clone().granted(terms)), expected, "{name}");
    }
    for state in PartnerState::ALL {
        let expected = if *state == PartnerState::Active { "✓" } else { "–" };
        let facts = facts.clone().granted(all()).partnership(*state);
        assert_eq!(mark(&bo(), Action::Read, &facts), expected, "{state}");
    }
}

#[test]
fn who_looks_into_a_hidden_thing_for_others_learns_the_reason() {
    let partners = group(Access::Closed, Stage::Partners);
    let reasons = [
        (partners.clone(), Reason::NoPartnership),
        (partners.clone().partner(), Reason::NoGrant),
        (partners.clone().granted(expired()), Reason::GrantEnded),
        (partners.clone().granted(all()).partnership(PartnerState::Paused), Reason::PartnershipPaused),
        (partners.granted(all()).partnership(PartnerState::Blocked), Reason::PartnerBlocked),
        (group(Access::Closed, Stage::Internal).granted(all()), Reason::GroupInternal),
        (group(Access::Secret, Stage::Partners).granted(all()), Reason::InvitationNeeded),
    ];
    for (facts, reason) in reasons {
        assert_eq!(refusal(&bo(), Action::Read, &facts), Some(reason));
        assert_eq!(decide(&bo(), Action::Read, &facts), Err(Denial::Hidden));
    }
}

// Reading ----------------------------------------------------------------------------------------

#[test]
fn reading_a_group() {
    check(Action::Read, Stage::Partners, &[
        ("colleague", ada(), |f| f, ["✓", "✗", "–"]),
        ("colleague, asked to join", ada(), |f| f.is(MembershipState::Requested), ["✓", "✗", "–"]),
        ("colleague, invited", ada(), |f| f.is(MembershipState::Invited), ["✓", "✗", "✗"]),
        ("colleague, member", ada(), Facts::member, ["✓", "✓", "✓"]),
        ("colleague, banned", ada(), Facts::banned, ["✓", "✗", "–"]),
        ("guest", guest(), |f| f, ["–", "–", "–"]),
        ("guest, member", guest(), Facts::member, ["✓", "✓", "✓"]),
        ("partner's server", birch_server(), |f| f.granted(read_only()), ["✓", "✗", "–"]),
        ("… with members", birch_server(), |f| f.granted(read_only()).with_members_there(), ["✓", "✓", "✓"]),
        ("… under a grant of nothing", birch_server(), |f| f.granted(terms(Capabilities::NONE)).with_members_there(), ["✗", "✗", "✗"]),
        ("partner's person", bo(), |f| f.granted(read_only()), ["✓", "✗", "–"]),
        ("… member", bo(), granted_member, ["✓", "✓", "✓"]),
        ("… banned", bo(), |f| f.granted(read_only()).banned(), ["✗", "✗", "–"]),
        ("anonymous", Viewer::Anonymous, |f| f, ["–", "–", "–"]),
        ("operator", Viewer::Operator, |f| f, ["✗", "✗", "✗"]),
    ]);
    check(Action::Read, Stage::Public, &[
        ("guest", guest(), |f| f, ["✓", "✗", "–"]),
        ("anonymous", Viewer::Anonymous, |f| f, ["✓", "✗", "–"]),
        ("stranger", stranger(), |f| f, ["✓", "✗", "–"]),
        ("stranger's server", stranger_server(), |f| f, ["✓", "✗", "–"]),
        ("anonymous, without public pages", Viewer::Anonymous, |f| f.with(|f| f.house.public_pages = false), ["✗", "✗", "–"]),
        ("stranger, in closed mode", stranger(), |f| f.with(|f| f.house = HOUSE), ["✗", "✗", "–"]),
    ]);
}

#[test]
fn who_is_a_member_is_not_for_the_public() {
    let public = group(Access::Open, Stage::Public);
    for viewer in [Viewer::Anonymous, stranger(), stranger_server(), guest()] {
        assert_eq!(mark(&viewer, Action::Read, &public), "✓");
        assert_eq!(mark(&viewer, Action::SeeMembers, &public), "✗");
    }
    assert_eq!(mark(&bo(), Action::SeeMembers, &public.granted(read_only())), "✓");
}

#[test]
fn the_age_of_its_topic_decides_how_far_back_a_partner_reads() {
    let aged = |topic_created_at| PostFacts { topic_created_at, ..POST };
    let history = |history_from| GrantTerms { history_from, ..read_only() };
    let of_last_year = aged(LAST_YEAR);
    let shared = PostFacts { shared_by_exception: true, ..of_last_year };
    let cases = [
        ("younger than the grant", aged(YESTERDAY), history(GRANTED), "✓"),
        ("as old as the grant", aged(GRANTED), history(GRANTED), "✓"),
        ("older than the grant", of_last_year, history(GRANTED), "–"),
        ("older, shared by exception", shared, history(GRANTED), "✓"),
        ("older, and all history granted", of_last_year, history(LAST_YEAR), "✓"),
    ];
    let closed = || group(Access::Closed, Stage::Partners);
    for (name, post, terms, expected) in cases {
        let facts = closed().granted(terms).with_members_there().post(post);
        let member = facts.clone().member();
        assert_eq!(mark(&bo(), Action::Read, &member), expected, "{name}");
        assert_eq!(mark(&birch_server(), Action::Read, &facts), expected, "{name}");
        assert_eq!(mark(&birch_server(), Action::Receive, &facts), expected, "{name}");
        assert_eq!(mark(&ada(), Action::Read, &closed().member().post(post)), "✓", "{name}");
    }
    let public = group(Access::Open, Stage::Public)
        .granted(history(GRANTED))
        .post(of_last_year);
    assert_eq!(mark(&bo(), Action::Read, &public), "✓", "what is public has no age");
}

#[test]
fn an_aside_is_for_colleagues_who_are_members() {
    let aside = PostFacts { audience: Audience::Aside, ..POST };
    let facts = || group(Access::Open, Stage::Public).post(aside);
    let full = || facts().granted(all()).with_members_there();
    let readers = [
        (ada(), facts().member(), "✓"),
        (ada(), facts(), "–"),
        (account(OrgRole::Admin), facts(), "–"),
        (guest(), facts().owner(), "–"),
        (bo(), full().owner(), "–"),
        (birch_server(), full(), "–"),
        (Viewer::Anonymous, facts(), "–"),
        (Viewer::Operator, facts(), "–"),
    ];
    for (viewer, facts, expected) in readers {
        assert_eq!(mark(&viewer, Action::Read, &facts), expected, "{viewer:?}");
        assert_ne!(mark(&viewer, Action::Receive, &facts), "✓", "{viewer:?}");
    }
}

#[test]
fn a_direct_message_is_for_the_people_it_names() {
    let direct = PostFacts { audience: Audience::Direct, names_viewer: true, ..POST };
    let others = PostFacts { names_viewer: false, ..direct };
    let closed = || group(Access::Closed, Stage::Partners);
    let reply = terms(Capabilities::of(&[Capability::Reply]));
    let readers = [
        ("named colleague", ada(), closed().post(direct), "✓"),
        ("another moderator", ada(), closed().moderator().post(others), "–"),
        ("its author", Viewer::Member { actor: AUTHOR, role: OrgRole::Member }, closed().post(others), "✓"),
        ("named partner, may reply", bo(), closed().granted(reply).post(direct), "✓"),
        ("named partner, may only read", bo(), closed().granted(read_only()).member().post(direct), "–"),
        ("named partner, banned", bo(), closed().granted(reply).banned().post(direct), "–"),
        ("server of a named person", birch_server(), closed().granted(reply).post(direct), "✓"),
        ("server of somebody else", birch_server(), closed().granted(reply).with_members_there().post(others), "–"),
        ("named partner, outside groups", bo(), Facts::new(NOW, HOUSE).partner().post(direct), "–"),
        ("named colleague, outside groups", ada(), Facts::new(NOW, HOUSE).post(direct), "✓"),
    ];
    for (name, viewer, facts, expected) in readers {
        assert_eq!(mark(&viewer, Action::Read, &facts), expected, "{name}");
    }
    let sent = closed().granted(reply).post(direct);
    assert_eq!(mark(&birch_server(), Action::Receive, &sent), "✓");
}

#[test]
fn a_post_on_a_profile_is_for_colleagues() {
    let profile = PostFacts { audience: Audience::Profile, ..POST };
    let owner = OwnerFacts { id: AUTHOR, home: None, followed: true };
    let facts = Facts::new(NOW, OPEN_HOUSE).partner().post(profile);
    let facts = facts.with(|facts| facts.owner = Some(owner));
    for (viewer, expected) in [
        (ada(), "✓"),
        (guest(), "–"),
        (bo(), "–"),
        (birch_server(), "–"),
        (Viewer::Anonymous, "–"),
    ] {
        assert_eq!(mark(&viewer, Action::Read, &facts), expected, "{viewer:?}");
    }
    assert_eq!(mark(&ada(), Action::Comment, &facts), "✓");
    assert_eq!(mark(&ada(), Action::React, &facts), "✓");
    assert_eq!(refusal(&ada(), Action::Report, &facts), Some(Reason::GroupsOnly));
    assert_eq!(refusal(&ada(), Action::EditPost, &facts), Some(Reason::NotAuthor));
}

#[test]
fn what_is_held_at_the_boundary_is_seen_inside_and_nowhere_else() {
    let held = PostFacts { held: true, ..POST };
    let open = || group(Access::Open, Stage::Partners);
    let public = || group(Access::Open, Stage::Public);
    let under = |terms| open().granted(terms).with_members_there();
    let readers = [
        ("colleague", ada(), open(), "✓"),
        ("guest, member", account(OrgRole::Guest), open().member(), "–"),
        ("guest, moderator", account(OrgRole::Guest), open().moderator(), "–"),
        ("partner's moderator", bo(), under(all()).moderator(), "–"),
        ("partner's server", birch_server(), under(all()), "–"),
        ("anonymous", Viewer::Anonymous, public(), "–"),
        ("stranger's server", stranger_server(), public(), "–"),
        ("a group elsewhere, colleague", ada(), group_of_birch(Access::Open).member(), "✓"),
        ("… its house", birch_server(), group_of_birch(Access::Open), "–"),
        ("… who reads it, by its word", bo(), group_of_birch(Access::Open).with(|f| f.vouched = true), "–"),
    ];
    for (name, viewer, facts, expected) in readers {
        let free = facts.clone().post(POST);
        assert_eq!(mark(&viewer, Action::Read, &free), "✓", "{name}");
        let facts = facts.post(held);
        assert_eq!(mark(&viewer, Action::Read, &facts), expected, "{name}");
    }
    let sent = under(all()).post(held);
    assert_eq!(refusal(&birch_server(), Action::Receive, &sent), Some(Reason::HeldAtBoundary));
    let own = PostFacts { author: ADA, ..held };
    let guest = account(OrgRole::Guest);
    assert_eq!(mark(&guest, Action::Read, &open().member().post(own)), "✓");
}

#[test]
fn somebody_with_a_duty_reviews_what_others_wrote() {
    let held = PostFacts { held: true, ..POST };
    let own = PostFacts { author: ADA, ..held };
    let open = || group(Access::Open, Stage::Partners);
    let closed = || group(Access::Closed, Stage::Partners);
    let admin = account(OrgRole::Admin);
    let compliance = account(OrgRole::Compliance);
    let cases = [
        ("member", ada(), open().member().post(held), "✗"),
        ("moderator", ada(), closed().moderator().post(held), "✓"),
        ("moderator, own post", ada(), closed().moderator().post(own), "✗"),
        ("administrator, own post", admin.clone(), open().post(own), "✗"),
        ("administrator", admin.clone(), open().post(held), "✓"),
        ("compliance officer", compliance.clone(), open().post(held), "✓"),
        ("compliance officer who may not read", compliance.clone(), closed().post(held), "–"),
        ("compliance officer, elsewhere", compliance, group_of_birch(Access::Open).post(held), "✓"),
        ("operator", Viewer::Operator, closed().post(held), "✓"),
        ("partner's moderator", bo(), open().granted(all()).moderator().post(POST), "✗"),
        ("guest, moderator", account(OrgRole::Guest), open().moderator().post(POST), "✗"),
        ("anonymous", Viewer::Anonymous, group(Access::Open, Stage::Public).post(POST), "✗"),
    ];
    for (name, viewer, facts, expected) in cases {
        assert_eq!(mark(&viewer, Action::Review, &facts), expected, "{name}");
    }
}

#[test]
fn authors_and_moderators_raise_a_label_and_only_moderators_lower_it() {
    let own = PostFacts { author: ADA, ..POST };
    let held = PostFacts { held: true, ..own };
    let open = || group(Access::Open, Stage::Partners).member();
    let closed = || group(Access::Closed, Stage::Partners);
    let guest = account(OrgRole::Guest);
    let admin = account(OrgRole::Admin);
    // Who, about what, higher, lower.
    let cases = [
        ("author", ada(), open().post(own), "✓", "✗"),
        ("colleague", ada(), open().post(POST), "✗", "✗"),
        ("moderator", ada(), closed().moderator().post(POST), "✓", "✓"),
        ("moderator, own post", ada(), closed().moderator().post(own), "✓", "✓"),
        ("moderator, own post that is held", ada(), closed().moderator().post(held), "✓", "✗"),
        ("author in a group elsewhere", ada(), group_of_birch(Access::Open).member().granted(all()).post(own), "✓", "✗"),
        ("guest, author", guest.clone(), open().post(own), "✗", "✗"),
        ("guest, moderator", guest, open().moderator().post(POST), "✗", "✗"),
        ("administrator", admin, open().post(POST), "✗", "✗"),
        ("operator", Viewer::Operator, closed().post(POST), "✓", "✓"),
        ("partner's moderator", bo(), open().granted(all()).moderator().post(POST), "✗", "✗"),
    ];
    for (name, viewer, facts, higher, lower) in cases {
        assert_eq!(mark(&viewer, Action::Classify, &facts), higher, "{name}");
        assert_eq!(mark(&viewer, Action::Declassify, &facts), lower, "{name}");
    }
}

#[test]
fn a_group_that_looks_first_lets_nobody_new_in_or_speak_at_once() {
    let auto = GrantTerms { join: JoinMode::Auto, ..all() };
    let new = |facts: Facts| facts.with(|facts| {
        facts.new_to_group = true;
        facts.unheard = true;
    });
    let asks = group(Access::Open, Stage::Partners).granted(auto);
    assert_eq!(join_outcome(&bo(), &asks), MembershipState::Member);
    assert_eq!(join_outcome(&bo(), &new(asks.clone())), MembershipState::Requested);
    let invited = asks.clone().is(MembershipState::Invited);
    assert_eq!(join_outcome(&bo(), &new(invited)), MembershipState::Member);
    let member = asks.clone().member();
    assert_eq!(join_outcome(&bo(), &new(member.clone())), MembershipState::Member);

    assert_eq!(post_outcome(&bo(), &member), PostState::Visible);
    assert_eq!(post_outcome(&bo(), &new(member)), PostState::Held);
    assert_eq!(post_outcome(&bo(), &new(asks.moderator())), PostState::Visible);
    let here = group(Access::Open, Stage::Partners).member();
    assert_eq!(post_outcome(&ada(), &new(here)), PostState::Visible);
}

#[test]
fn held_and_removed_posts_leave_nothing_or_a_tombstone() {
    let in_state = |state, author| PostFacts { state, author, ..POST };
    let open = || group(Access::Open, Stage::Partners);
    let under = |terms| open().granted(terms).with_members_there();
    let readers = [
        ("member", ada(), open().member(), ["–", "†", "†"]),
        ("moderator", ada(), open().moderator(), ["✓", "✓", "†"]),
        ("compliance officer", account(OrgRole::Compliance), open(), ["–", "✓", "†"]),
        ("partner's moderator", bo(), under(all()).moderator(), ["✓", "✓", "†"]),
        ("… who may not moderate", bo(), under(read_only()).moderator(), ["–", "†", "†"]),
        ("partner's server", birch_server(), under(all()), ["–", "†", "†"]),
        ("stranger", stranger(), open(), ["–", "–", "–"]),
    ];
    for (name, viewer, facts, expected) in readers {
        let answers = [PostState::Held, PostState::Removed, PostState::Deleted].map(|state| {
            let facts = facts.clone().post(in_state(state, AUTHOR));
            match mark(&viewer, Action::Read, &facts) {
                "✓" if !shows_text(&viewer, &facts) => "†",
                answer => answer,
            }
        });
        assert_eq!(answers, expected, "{name}");
    }
    let own = open().member().post(in_state(PostState::Held, ADA));
    assert_eq!(mark(&ada(), Action::Read, &own), "✓");
}

// Acting -----------------------------------------------------------------------------------------

#[test]
fn joining() {
    check(Action::Join, Stage::Partners, &[
        ("colleague", ada(), |f| f, ["✓", "✓", "–"]),
        ("colleague, invited", ada(), |f| f.is(MembershipState::Invited), ["✓", "✓", "✓"]),
        ("colleague, banned", ada(), Facts::banned, ["✗", "✗", "–"]),
        ("guest, invited", guest(), |f| f.is(MembershipState::Invited), ["✓", "✓", "✓"]),
        ("partner's person, approve", bo(), |f| f.granted(all()), ["✓", "✓", "–"]),
        ("… by invitation", bo(), |f| f.granted(GrantTerms { join: JoinMode::Invite, ..all() }), ["✗", "✗", "–"]),
        ("… invited", bo(), |f| f.granted(GrantTerms { join: JoinMode::Invite, ..all() }).is(MembershipState::Invited), ["✓", "✓", "✓"]),
        ("… banned", bo(), |f| f.granted(all()).banned(), ["✗", "✗", "–"]),
        ("partner's server", birch_server(), |f| f.granted(all()), ["✗", "✗", "–"]),
    ]);
    let outcome = |viewer: &Viewer, facts: Facts| join_outcome(viewer, &facts);
    let (member, asks) = (MembershipState::Member, MembershipState::Requested);
    let open = || group(Access::Open, Stage::Partners);
    let closed = || group(Access::Closed, Stage::Partners);
    let auto = GrantTerms {
        join: JoinMode::Auto,
        ..read_only()
    };
    assert_eq!(outcome(&ada(), open()), member);
    assert_eq!(outcome(&ada(), closed()), asks);
    assert_eq!(outcome(&ada(), closed().is(MembershipState::Invited)), member);
    assert_eq!(outcome(&bo(), open().granted(read_only())), asks);
    assert_eq!(outcome(&bo(), closed().granted(auto)), member);
    assert_eq!(outcome(&ada(), group_of_birch(Access::Open)), asks, "its house decides");
}

#[test]
fn a_ban_ends_by_itself() {
    let until = |moment| {
        group(Access::Closed, Stage::Internal)
            .banned()
            .with(|facts| { facts.membership.as_mut().unwrap().banned_until = Some(moment); })
    };
    assert_eq!(refusal(&ada(), Action::Join, &until(TOMORROW)), Some(Reason::Banned));
    assert_eq!(refusal(&ada(), Action::Join, &until(NOW)), None);
}

#[test]
fn each_capability_allows_one_thing() {
    let acts = [
        (Capability::React, Action::React),
        (Capability::Reply, Action::Comment),
        (Capability::Start, Action::StartTopic),
        (Capability::Attach, Action::Attach),
        (Capability::Invite, Action::Invite),
        (Capability::Moderate, Action::Moderate),
    ];
    for capability in Capability::ALL {
        let terms = terms(Capabilities::of(&[*capability]));
        let facts = group(Access::Closed, Stage::Partners)
            .granted(terms)
            .with_members_there()
            .moderator()
            .post(POST);
        for (needed, action) in acts {
            let expected = if needed == *capability { "✓" } else { "✗" };
            assert_eq!(mark(&bo(), action, &facts), expected, "{capability}: {action}");
        }
        for never in [Action::ManageGroup, Action::ChangeBoundary] {
            assert_eq!(mark(&bo(), never, &facts.clone().owner()), "✗");
        }
    }
}

#[test]
fn taking_part() {
    let in_the_conversation: &[Line] = &[
        ("colleague", ada(), |f| f.post(POST), ["✓", "–", "–"]),
        ("colleague, member", ada(), |f| f.member().post(POST), ["✓", "✓", "✓"]),
        ("colleague, banned", ada(), |f| f.banned().post(POST), ["✗", "–", "–"]),
        ("guest, member", guest(), |f| f.member().post(POST), ["✓", "✓", "✓"]),
        ("partner's person", bo(), |f| f.granted(all()).post(POST), ["✗", "–", "–"]),
        ("… member", bo(), |f| f.granted(all()).member().post(POST), ["✓", "✓", "✓"]),
        ("… member, may only read", bo(), |f| granted_member(f).post(POST), ["✗", "✗", "✗"]),
    ];
    check(Action::React, Stage::Partners, in_the_conversation);
    check(Action::Comment, Stage::Partners, in_the_conversation);
    check(Action::StartTopic, Stage::Partners, &[
        ("colleague", ada(), |f| f, ["✗", "✗", "–"]),
        ("colleague, member", ada(), Facts::member, ["✓", "✓", "✓"]),
        ("partner's person", bo(), |f| f.granted(all()), ["✗", "✗", "–"]),
        ("… member", bo(), |f| f.granted(all()).member(), ["✓", "✓", "✓"]),
    ]);
}

#[test]
fn authors_edit_while_members_and_delete_always() {
    let own = PostFacts { author: ADA, ..POST };
    let cases = [
        ("member", group(Access::Secret, Stage::Internal).member(), ["✓", "✓"]),
        ("left an open group", group(Access::Open, Stage::Internal), ["✓", "✓"]),
        ("left a closed group", group(Access::Closed, Stage::Internal), ["–", "✓"]),
        ("banned", group(Access::Open, Stage::Internal).banned(), ["✗", "✓"]),
        ("archived", group(Access::Open, Stage::Internal).member().in_group(|group| group.archived = true), ["✗", "✓"]),
        ("elsewhere, withdrawn", group_of_birch(Access::Open).member().in_group(|group| group.withdrawn = true), ["–", "✓"]),
    ];
    for (name, facts, expected) in cases {
        let facts = facts.post(own);
        let answers =
            [Action::EditPost, Action::DeletePost].map(|action| mark(&ada(), action, &facts));
        assert_eq!(answers, expected, "{name}");
    }
    let bos = PostFacts { author: BO, by_us: false, ..POST };
    let ended = group(Access::Closed, Stage::Partners)
        .granted(expired())
        .member()
        .post(bos);
    assert_eq!(mark(&bo(), Action::EditPost, &ended), "–");
    assert_eq!(mark(&bo(), Action::DeletePost, &ended), "✓");
    let others = group(Access::Open, Stage::Internal).moderator().post(POST);
    assert_eq!(refusal(&ada(), Action::DeletePost, &others), Some(Reason::NotAuthor));
}

#[test]
fn members_of_open_groups_suggest_and_moderators_invite() {
    check(Action::Invite, Stage::Partners, &[
        ("colleague", ada(), |f| f, ["✗", "✗", "–"]),
        ("member", ada(), Facts::member, ["✓", "✗", "✗"]),
        ("moderator", ada(), Facts::moderator, ["✓", "✓", "✓"]),
        ("partner's member", bo(), |f| f.granted(all()).member(), ["✓", "✓", "✓"]),
        ("… who may only read", bo(), granted_member, ["✗", "✗", "✗"]),
    ]);
    let open = || group(Access::Open, Stage::Partners);
    assert_eq!(invitation_outcome(&ada(), &open().member()), MembershipState::Requested);
    assert_eq!(invitation_outcome(&ada(), &open().moderator()), MembershipState::Invited);
    assert_eq!(invitation_outcome(&bo(), &open().granted(all()).member()), MembershipState::Invited);
}

#[test]
fn only_public_posts_are_passed_on() {
    let lines: &[Line] = &[
        ("member", ada(), |f| f.member().post(POST), ["✗", "✗", "✗"]),
        ("partner's member", bo(), |f| f.granted(all()).member().post(POST), ["✗", "✗", "✗"]),
    ];
    check(Action::Reshare, Stage::Partners, lines);
    check(Action::Reshare, Stage::Public, &[
        ("member", ada(), |f| f.member().post(POST), ["✓", "✗", "✗"]),
        ("partner's member", bo(), |f| f.granted(all()).member().post(POST), ["✓", "✗", "✗"]),
        ("aside", ada(), |f| f.member().post(PostFacts { audience: Audience::Aside, ..POST }), ["✗", "✗", "✗"]),
    ]);
}

#[test]
fn the_command_line_takes_away_posts_that_it_is_not_shown() {
    let of = |facts: &Facts| {
        [Action::Read, Action::Moderate].map(|action| mark(&Viewer::Operator, action, facts))
    };
    for access in Access::ALL {
        let with = |post| group(*access, Stage::Partners).post(post);
        assert_eq!(of(&with(POST)), ["–", "✓"], "{access}");
        for audience in [Audience::Aside, Audience::Direct] {
            let post = PostFacts { audience, ..POST };
            assert_eq!(of(&with(post)), ["–", "–"], "{access} {audience}");
        }
    }
}

#[test]
fn the_boundary_is_changed_by_administrators_and_where_delegated_by_owners() {
    let delegated = |facts: Facts| {
        facts.with(|facts| { facts.house = House { owners_open_groups: true, ..HOUSE }; })
    };
    let open = || group(Access::Open, Stage::Internal);
    let cases = [
        ("administrator", account(OrgRole::Admin), open(), "✓"),
        ("operator", Viewer::Operator, open(), "✓"),
        ("owner", ada(), open().owner(), "✗"),
        ("owner, delegated", ada(), delegated(open().owner()), "✓"),
        ("moderator, delegated", ada(), delegated(open().moderator()), "✗"),
        ("guest as owner, delegated", guest(), delegated(open().owner()), "✗"),
        ("community manager", account(OrgRole::Manager), open(), "✗"),
    ];
    for (name, viewer, facts, expected) in cases {
        assert_eq!(mark(&viewer, Action::ChangeBoundary, &facts), expected, "{name}");
    }
}

#[test]
fn a_locked_topic_is_for_moderators() {
    let locked = PostFacts { locked: true, author: ADA, ..POST };
    let open = || group(Access::Open, Stage::Partners).post(locked);
    for action in [
        Action::React,
        Action::Comment,
        Action::Attach,
        Action::EditPost,
    ] {
        assert_eq!(refusal(&ada(), action, &open().member()), Some(Reason::Locked));
        assert_eq!(refusal(&ada(), action, &open().moderator()), None);
    }
    let no_moderator = open()
        .granted(terms(Capabilities::of(&[Capability::Reply])))
        .moderator();
    assert_eq!(refusal(&bo(), Action::Comment, &no_moderator), Some(Reason::Locked));
}

// The boundary -----------------------------------------------------------------------------------

#[test]
fn what_is_sent_to_a_server() {
    let closed = || { group(Access::Closed, Stage::Partners).granted(read_only()).with_members_there() };
    let state = |state| PostFacts { state, ..POST };
    let cases = [
        ("members there", closed().post(POST), None),
        ("paused: held", closed().post(POST).partnership(PartnerState::Paused), Some(Reason::PartnershipPaused)),
        ("ended: cancelled", closed().post(POST).partnership(PartnerState::Ended), Some(Reason::NoPartnership)),
        ("blocked: cancelled", closed().post(POST).partnership(PartnerState::Blocked), Some(Reason::PartnerBlocked)),
        ("grant ended", closed().granted(expired()).post(POST), Some(Reason::GrantEnded)),
        ("held post", closed().post(state(PostState::Held)), Some(Reason::NotVisible)),
        ("removed post", closed().post(state(PostState::Removed)), Some(Reason::NotVisible)),
        ("open group, nobody there", group(Access::Open, Stage::Partners).granted(all()).post(POST), Some(Reason::NobodyThere)),
        ("public group, paused", group(Access::Open, Stage::Public).partnership(PartnerState::Paused).post(POST), Some(Reason::PartnershipPaused)),
        ("public group, stranger", group(Access::Open, Stage::Public).post(POST), Some(Reason::NoPartnership)),
    ];
    for (name, facts, expected) in cases {
        assert_eq!(refusal(&birch_server(), Action::Receive, &facts), expected, "{name}");
    }
    assert_eq!(mark(&bo(), Action::Receive, &closed().member().post(POST)), "–", "people are not sent to");
}

#[test]
fn partners_kept_apart_see_what_this_house_wrote() {
    let apart = GrantTerms {
        apart: true,
        ..all()
    };
    let by = |author, by_us| PostFacts { author, by_us, ..POST };
    let cases = [
        ("by this house", by(AUTHOR, true), "✓"),
        ("by oneself", by(BO, false), "✓"),
        ("by another partner", by(ActorId(8), false), "–"),
        ("by this house, to another partner", PostFacts { answers_others: true, ..POST }, "–"),
    ];
    for (name, post, expected) in cases {
        let facts = group(Access::Closed, Stage::Partners)
            .granted(apart)
            .with_members_there()
            .member();
        assert_eq!(mark(&bo(), Action::Read, &facts.post(post)), expected, "{name}");
    }
}

#[test]
fn a_server_that_knows_no_groups_sees_what_may_be_copied_for_it() {
    let copied = || {
        let facts = group(Access::Closed, Stage::Partners).granted(all());
        let facts = facts.with_members_there().member();
        facts.with(|facts| facts.by_mirror = true)
    };
    let allowed = PostFacts { mirrored: true, ..POST };
    let own = PostFacts { by_us: false, by_them: true, author: BO, ..POST };
    let others = PostFacts { by_us: false, author: ActorId(8), ..POST };
    let cases = [
        ("of somebody who allows it", allowed, "✓"),
        ("of somebody who does not", POST, "–"),
        ("of its own people", own, "✓"),
        ("of another server's people", others, "–"),
    ];
    for (whose, post, expected) in cases {
        let facts = copied().post(post);
        for viewer in [bo(), birch_server()] {
            assert_eq!(mark(&viewer, Action::Read, &facts), expected, "{whose}");
        }
        assert_eq!(mark(&bo(), Action::Comment, &facts), expected, "{whose}");
        let server = facts.clone().with(|facts| facts.membership = None);
        assert_eq!(mark(&birch_server(), Action::Receive, &server), expected, "{whose}");
        let by_others = facts.with(|facts| facts.by_mirror = false);
        assert_eq!(mark(&bo(), Action::Read, &by_others), "✓", "{whose}, to other servers");
    }
}

#[test]
fn people_here_do_not_like_or_answer_what_its_author_reserves() {
    let reserved = PostFacts {
        by_us: false,
        reserves_likes: true,
        reserves_replies: true,
        reserves_boosts: true,
        ..POST
    };
    let public = group(Access::Open, Stage::Public).member().post(reserved);
    assert_eq!(refusal(&ada(), Action::Reshare, &public), Some(Reason::BoostsReserved));
    let facts = group(Access::Closed, Stage::Partners).moderator().post(reserved);
    let refused = |action| refusal(&ada(), action, &facts);
    assert_eq!(refused(Action::React), Some(Reason::LikesReserved));
    assert_eq!(refused(Action::Comment), Some(Reason::RepliesReserved));
    assert_eq!(refused(Action::Moderate), None);
    assert_eq!(refused(Action::Read), None);
}

#[test]
fn moderators_of_a_group_elsewhere_ask_its_house_and_change_nothing_here() {
    let there = || group_of_birch(Access::Closed).member().with(|facts| facts.moderates_there = true);
    let without = || {
        there().granted(terms(Capabilities::of(&[Capability::Read, Capability::Reply])))
    };
    let cases = [
        ("named and granted", ada(), there(), "✓"),
        ("no grant was told: its house decides", ada(), there().with(|facts| facts.grant = None), "✓"),
        ("not named", ada(), group_of_birch(Access::Closed).member(), "✗"),
        ("may not moderate", ada(), without(), "✗"),
        ("archived", ada(), there().in_group(|group| group.archived = true), "✗"),
        ("paused", ada(), there().partnership(PartnerState::Paused), "✗"),
        ("a group here", ada(), group(Access::Closed, Stage::Partners).moderator(), "✗"),
        ("the command line", Viewer::Operator, there(), "–"),
        ("another's people", bo(), there(), "–"),
    ];
    for (who, viewer, facts, expected) in cases {
        let facts = facts.post(POST);
        let asks = mark(&viewer, Action::AskModeration, &facts);
        assert_eq!(asks == "✓", expected == "✓", "{who}: {asks}");
        if expected == "✓" {
            assert_eq!(mark(&viewer, Action::Moderate, &facts), "✗", "{who}");
        }
    }
}

#[test]
fn a_group_elsewhere_is_seen_by_our_people_as_its_house_said() {
    let closed = || group_of_birch(Access::Closed);
    let cases = [
        ("colleague", ada(), closed(), "✗"),
        ("colleague, open group", ada(), group_of_birch(Access::Open), "✓"),
        ("member", ada(), closed().member(), "✓"),
        ("member, secret group", ada(), group_of_birch(Access::Secret).member(), "✓"),
        ("colleague, secret group", ada(), group_of_birch(Access::Secret), "–"),
        ("guest", guest(), group_of_birch(Access::Open), "–"),
        ("grant ended", ada(), closed().granted(expired()).member(), "–"),
        ("no grant told", ada(), closed().with(|facts| facts.grant = None).member(), "✓"),
        ("withdrawn", ada(), closed().member().in_group(|group| group.withdrawn = true), "–"),
        ("paused", ada(), closed().member().partnership(PartnerState::Paused), "✓"),
        ("ended", ada(), closed().member().partnership(PartnerState::Ended), "–"),
        ("anonymous", Viewer::Anonymous, group_of_birch(Access::Open), "–"),
        ("another server", stranger_server(), group_of_birch(Access::Open), "–"),
        ("its house's server", birch_server(), closed(), "✓"),
        ("its house's people", bo(), closed(), "–"),
    ];
    for (name, viewer, facts, expected) in cases {
        assert_eq!(mark(&viewer, Action::Read, &facts), expected, "{name}");
    }
}

#[test]
fn who_reads_a_group_elsewhere_as_its_house_says_reads_what_people_here_wrote_and_no_more() {
    let closed = || group_of_birch(Access::Closed).with(|facts| facts.vouched = true);
    let post = |change: fn(&mut PostFacts)| {
        let mut post = PostFacts { by_us: true, ..POST };
        change(&mut post);
        post
    };
    let cases = [
        ("its post", closed().post(post(|_| ())), "✓"),
        ("a secret group's", group_of_birch(Access::Secret).with(|facts| facts.vouched = true).post(post(|_| ())), "✓"),
        ("deleted", closed().post(post(|post| post.state = PostState::Deleted)), "✓"),
        ("held", closed().post(post(|post| post.state = PostState::Held)), "–"),
        ("an aside", closed().post(post(|post| post.audience = Audience::Aside)), "–"),
        ("a direct message", closed().post(post(|post| post.audience = Audience::Direct)), "–"),
        ("somebody else's", closed().post(post(|post| post.by_us = false)), "–"),
        ("no word", group_of_birch(Access::Closed).post(post(|_| ())), "–"),
        ("withdrawn", closed().in_group(|group| group.withdrawn = true).post(post(|_| ())), "–"),
        ("grant ended", closed().granted(expired()).post(post(|_| ())), "–"),
        ("paused", closed().partnership(PartnerState::Paused).post(post(|_| ())), "–"),
        ("ended", closed().partnership(PartnerState::Ended).post(post(|_| ())), "–"),
        ("a group here", group(Access::Closed, Stage::Partners).with(|facts| facts.vouched = true).post(post(|_| ())), "–"),
    ];
    for (name, facts, expected) in cases {
        for viewer in [stranger_server(), stranger()] {
            assert_eq!(mark(&viewer, Action::Read, &facts), expected, "{name}");
        }
    }
    let facts = closed().post(post(|_| ()));
    assert_eq!(mark(&Viewer::Anonymous, Action::Read, &facts), "–");
    for action in Action::ALL.iter().filter(|action| **action != Action::Read) {
        let word = facts.clone();
        let none = facts.clone().with(|facts| facts.vouched = false);
        let answer = |facts: &Facts| mark(&stranger_server(), *action, facts);
        assert_eq!(answer(&word), answer(&none), "{action}");
    }
    assert_eq!(mark(&stranger_server(), Action::Read, &closed()), "–");
}

#[test]
fn to_the_house_of_a_group_goes_what_our_people_wrote() {
    let facts = |post| group_of_birch(Access::Closed).post(post);
    let theirs = PostFacts { author: BO, by_us: false, ..POST };
    for action in [Action::Read, Action::Receive] {
        assert_eq!(mark(&birch_server(), action, &facts(POST)), "✓", "{action}");
        assert_eq!(mark(&birch_server(), action, &facts(theirs)), "–", "{action}");
        assert_eq!(mark(&stranger_server(), action, &facts(POST)), "–", "{action}");
    }
    let paused = facts(POST).partnership(PartnerState::Paused);
    assert_eq!(refusal(&birch_server(), Action::Receive, &paused), Some(Reason::PartnershipPaused));
}

#[test]
fn the_house_of_a_group_tells_what_happens_in_it() {
    let told = [Action::StartTopic, Action::Comment, Action::Attach, Action::React, Action::EditPost, Action::DeletePost, Action::Moderate];
    let theirs = PostFacts { author: BO, by_us: false, ..POST };
    let aside = PostFacts { audience: Audience::Aside, ..POST };
    let direct = PostFacts { audience: Audience::Direct, names_viewer: true, ..theirs };
    let of_birch = || group_of_birch(Access::Secret);
    let cases = [
        ("of its people's post", birch_server(), of_birch().post(theirs), "✓"),
        ("of ours", birch_server(), of_birch().post(POST), "✓"),
        ("of the group", birch_server(), of_birch(), "✓"),
        ("archived here", birch_server(), of_birch().in_group(|group| group.archived = true).post(theirs), "✓"),
        ("of an aside", birch_server(), of_birch().post(aside), "–"),
        ("of a direct message", birch_server(), of_birch().post(direct), "–"),
        ("withdrawn", birch_server(), of_birch().in_group(|group| group.withdrawn = true).post(theirs), "–"),
        ("paused", birch_server(), of_birch().partnership(PartnerState::Paused).post(theirs), "–"),
        ("ended", birch_server(), of_birch().partnership(PartnerState::Ended).post(theirs), "–"),
        ("blocked", birch_server(), of_birch().partnership(PartnerState::Blocked).post(theirs), "–"),
        ("its people themselves", bo(), of_birch().member().post(POST), "–"),
        ("another server", stranger_server(), of_birch().post(theirs), "–"),
        ("of a group here", birch_server(), group(Access::Open, Stage::Partners).granted(all()).with_members_there().post(theirs), "✗"),
    ];
    for (name, viewer, facts, expected) in cases {
        for action in told {
            assert_eq!(mark(&viewer, action, &facts), expected, "{action} {name}");
        }
    }
    for never in [Action::Join, Action::Leave, Action::Invite, Action::Reshare, Action::ManageGroup, Action::ChangeBoundary] {
        assert_ne!(mark(&birch_server(), never, &of_birch().post(POST)), "✓", "{never}");
    }
}

#[test]
fn who_reads_a_post_reports_it_and_moderators_read_what_was_reported() {
    let post = |facts: Facts| facts.post(POST);
    let closed = || group(Access::Closed, Stage::Partners);
    let removed = PostFacts { state: PostState::Removed, ..POST };
    let archived = closed().member().in_group(|group| group.archived = true);
    for (who, viewer, facts, expected) in [
        ("member", ada(), post(closed().member()), "✓"),
        ("of an archived group", ada(), post(archived), "✓"),
        ("not a member", ada(), post(closed()), "–"),
        ("of what is gone", ada(), closed().member().post(removed), "✗"),
        ("partner's member", bo(), post(granted_member(closed())), "✓"),
        ("their server", birch_server(), post(closed().granted(read_only()).with_members_there()), "✓"),
        ("their server, nobody in it", birch_server(), post(closed().granted(read_only())), "–"),
        ("its house, of ours", birch_server(), post(group_of_birch(Access::Closed)), "✓"),
        ("stranger", stranger_server(), post(closed()), "–"),
        ("stranger, of a public post", stranger_server(), post(group(Access::Open, Stage::Public)), "✗"),
        ("operator", Viewer::Operator, post(closed()), "–"),
    ] {
        assert_eq!(mark(&viewer, Action::Report, &facts), expected, "{who}");
    }
    for (who, viewer, facts, expected) in [
        ("member", ada(), closed().member(), "✗"),
        ("moderator", ada(), closed().moderator(), "✓"),
        ("moderator elsewhere", bo(), closed().granted(all()).with_members_there().moderator(), "✓"),
        ("administrator", account(OrgRole::Admin), group(Access::Secret, Stage::Internal), "✓"),
        ("operator", Viewer::Operator, closed(), "✓"),
        ("not a member of a secret group", ada(), group(Access::Secret, Stage::Internal), "–"),
        ("partner's server", birch_server(), closed().granted(all()).with_members_there(), "✗"),
    ] {
        assert_eq!(mark(&viewer, Action::ReadReports, &facts), expected, "{who}");
    }
}

#[test]
fn the_ledger_is_read_by_who_answers_for_the_house_and_of_a_group_by_its_owners() {
    let whole = Facts::new(NOW, HOUSE);
    let secret = || group(Access::Secret, Stage::Internal);
    let elsewhere = || group_of_birch(Access::Closed);
    #[rustfmt::skip]
    let cases = [
        (account(OrgRole::Admin), "✓", "✓", "✓"),
        (account(OrgRole::Compliance), "✓", "✓", "✓"),
        (Viewer::Operator, "✓", "✓", "✓"),
        (ada(), "–", "✓", "–"),
        (account(OrgRole::Manager), "–", "✓", "–"),
        (bo(), "–", "–", "–"),
        (Viewer::Anonymous, "–", "–", "–"),
    ];
    for (viewer, of_all, as_owner, of_a_secret_group) in cases {
        let read = |facts: &Facts| mark(&viewer, Action::ReadLedger, facts);
        assert_eq!(read(&whole), of_all, "{viewer:?}");
        let owned = match &viewer {
            Viewer::Member { .. } => group(Access::Closed, Stage::Partners).owner(),
            _ => secret(),
        };
        assert_eq!(read(&owned), as_owner, "{viewer:?}");
        assert_eq!(read(&secret()), of_a_secret_group, "{viewer:?}");
    }
    let moderator = group(Access::Closed, Stage::Partners).moderator();
    assert_eq!(mark(&ada(), Action::ReadLedger, &moderator), "✗");
    assert_eq!(mark(&ada(), Action::ReadLedger, &elsewhere().owner()), "✗");
}

#[test]
fn books_are_compared_with_servers_of_partners_that_agreed() {
    use PartnerState::{Active, Blocked, Ended, Paused};
    let may = |viewer: &Viewer, state, mutual| compares_books(viewer, state, mutual).is_ok();
    assert!(may(&birch_server(), Some(Active), true));
    assert!(!may(&birch_server(), Some(Active), false));
    for state in [None, Some(Paused), Some(Ended), Some(Blocked)] {
        assert!(!may(&birch_server(), state, true), "{state:?}");
    }
    for viewer in [bo(), ada(), Viewer::Anonymous, Viewer::Operator] {
        assert!(!may(&viewer, Some(Active), true), "{viewer:?}");
    }
}

#[test]
fn taking_part_in_a_group_elsewhere_follows_the_grant_we_were_told() {
    let member = || group_of_birch(Access::Closed).member().post(POST);
    let paused = member().partnership(PartnerState::Paused);
    let cases = [
        ("granted", member(), None),
        ("may only read", member().granted(read_only()), Some(Reason::CannotReply)),
        ("no grant told", member().with(|facts| facts.grant = None), None),
        ("paused", paused, Some(Reason::PartnershipPaused)),
    ];
    for (name, facts, expected) in cases {
        assert_eq!(refusal(&ada(), Action::Comment, &facts), expected, "{name}");
    }
    assert_eq!(refusal(&ada(), Action::Moderate, &member().moderator()), Some(Reason::NotForRemote));
}

// Proof ------------------------------------------------------------------------------------------

#[test]
fn a_permit_says_where_and_on_what() {
    let facts = group(Access::Open, Stage::Internal).member();
    let on_post = permit::<act::Comment>(&ada(), &facts.clone().post(POST)).unwrap();
    assert_eq!((on_post.group(), on_post.post()), (GroupId(7), POST.id));
    assert_eq!(permit::<act::StartTopic>(&ada(), &facts).unwrap().group(), GroupId(7));
    assert_eq!(permit::<act::Comment>(&ada(), &facts).unwrap_err(), Denial::Hidden);
    assert!(permit::<act::CreateGroup>(&ada(), &Facts::new(NOW, HOUSE)).is_ok());
    assert!(permit::<act::CreateGroup>(&guest(), &Facts::new(NOW, HOUSE)).is_err());
}

#[test]
fn the_house_is_administered_by_administrators() {
    let facts = Facts::new(NOW, HOUSE);
    for action in [Action::ManagePartners, Action::ManageAccounts] {
        for (viewer, expected) in [
            (account(OrgRole::Admin), "✓"),
            (Viewer::Operator, "✓"),
            (account(OrgRole::Manager), "–"),
            (account(OrgRole::Compliance), "–"),
            (bo(), "–"),
            (Viewer::Anonymous, "✗"),
        ] {
            assert_eq!(mark(&viewer, action, &facts), expected, "{viewer:?}");
        }
    }
}

#[test]
fn the_admin_api_is_for_administrators_and_says_so() {
    let facts = Facts::new(NOW, HOUSE);
    for (viewer, expected) in [
        (account(OrgRole::Admin), None),
        (Viewer::Operator, None),
        (account(OrgRole::Manager), Some(Reason::NotAdministrator)),
        (guest(), Some(Reason::NotAdministrator)),
        (bo(), Some(Reason::NotAdministrator)),
        (Viewer::Anonymous, Some(Reason::SignInNeeded)),
    ] {
        assert_eq!(refusal(&viewer, Action::UseAdminApi, &facts), expected, "{viewer:?}");
    }
}
