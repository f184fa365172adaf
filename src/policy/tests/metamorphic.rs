//! Laws that hold in every case, asked of random ones: how answers change when one thing changes.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, FileFailurePersistence};

use super::cast::{ADA, AUTHOR, BO, birch, cedar};
use crate::domain::{
    Access, ActorId, Audience, Capabilities, Capability, GrantTerms, GroupId, GroupRole, Host,
    JoinMode, MembershipState, OrgRole, PartnerState, PostId, PostState, Stage, Timestamp,
};
use crate::policy::{
    Action, Denial, Facts, FederationMode, GroupFacts, House, MembershipFacts, PostFacts,
    ProfileReach, Viewer, decide,
};

/// Of proptest's usual number, which `PROPTEST_CASES` raises for a long look.
const CASES_FACTOR: u32 = 3;
/// Some laws are about few of the random cases.
const REJECTS_PER_CASE_MAX: u32 = 100;

/// What is asked of the house as a whole.
const OF_NO_GROUP: [Action; 4] = [
    Action::CreateGroup,
    Action::ManagePartners,
    Action::ManageAccounts,
    Action::UseAdminApi,
];

/// What a house tells of the groups that live there.
const TOLD: [Action; 7] = [
    Action::StartTopic,
    Action::Comment,
    Action::Attach,
    Action::React,
    Action::EditPost,
    Action::DeletePost,
    Action::Moderate,
];

/// One question: who asks, in which case. The action is a law's own.
#[derive(Clone, Debug)]
struct Case {
    viewer: Viewer,
    facts: Facts,
}

impl Case {
    fn may(&self, action: Action) -> bool {
        decide(&self.viewer, action, &self.facts).is_ok()
    }

    fn is_hidden(&self, action: Action) -> bool {
        decide(&self.viewer, action, &self.facts) == Err(Denial::Hidden)
    }

    fn acts_unread(&self, action: Action) -> bool {
        let unread = matches!(
            action,
            Action::Moderate | Action::Review | Action::Classify | Action::Declassify
        );
        self.viewer == Viewer::Operator && unread
    }

    fn rights(&self) -> Vec<Action> {
        let may = |action: &Action| self.may(*action);
        Action::ALL.iter().copied().filter(may).collect()
    }

    fn with(&self, change: impl FnOnce(&mut Facts)) -> Self {
        let mut other = self.clone();
        change(&mut other.facts);
        other
    }

    fn seen_by(&self, viewer: Viewer) -> Self {
        Self {
            viewer,
            facts: self.facts.clone(),
        }
    }

    fn archived(&self) -> bool {
        self.facts
            .group
            .as_ref()
            .is_some_and(|group| group.archived)
    }

    fn lives_here(&self) -> bool {
        self.facts
            .group
            .as_ref()
            .is_some_and(|group| group.home.is_none())
    }

    fn is_outsider(&self) -> bool {
        self.viewer.host().is_some()
    }

    /// The server where the group lives asks.
    fn is_its_house(&self) -> bool {
        let home = self
            .facts
            .group
            .as_ref()
            .and_then(|group| group.home.as_ref());
        matches!(&self.viewer, Viewer::Server { host } if Some(host) == home)
    }

    /// It asks about what it may tell: its group, and what was written there for all of it.
    fn is_its_house_telling(&self) -> bool {
        let knows = self.with(|facts| facts.post = None).may(Action::Know);
        let audience = self.facts.post.map(|post| post.audience);
        self.is_its_house() && knows && audience.is_none_or(|audience| audience == Audience::Group)
    }

    fn is_own_post(&self) -> bool {
        let author = self.facts.post.map(|post| post.author);
        author.is_some() && author == self.viewer.actor()
    }
}

/// Every right of `before` is one of `after`.
fn nothing_lost(before: &Case, after: &Case) -> Result<(), TestCaseError> {
    for action in before.rights() {
        prop_assert!(
            after.may(action),
            "{action} was lost:\n{before:#?}\n{after:#?}"
        );
    }
    Ok(())
}

// Random cases -----------------------------------------------------------------------------------

/// Few moments, so that windows, bans and ages often meet exactly.
fn moment() -> impl Strategy<Value = Timestamp> + Clone {
    (0..6_i64).prop_map(Timestamp::from_micros)
}

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![Just(birch()), Just(cedar())]
}

fn viewer() -> impl Strategy<Value = Viewer> {
    let account = |role| Viewer::Member { actor: ADA, role };
    prop_oneof![
        1 => Just(Viewer::Anonymous),
        1 => Just(Viewer::Operator),
        4 => any_of(OrgRole::ALL).prop_map(account),
        4 => host().prop_map(|host| Viewer::Person { actor: BO, host }),
        2 => host().prop_map(|host| Viewer::Server { host }),
    ]
}

fn house() -> impl Strategy<Value = House> {
    let mode = select(&[FederationMode::Closed, FederationMode::Open][..]);
    let choices = (
        mode,
        any::<bool>(),
        any::<bool>(),
        any_of(ProfileReach::ALL),
    );
    choices.prop_map(|(federation, public_pages, owners, profiles)| House {
        federation,
        public_pages,
        owners_open_groups: owners,
        four_eyes: false,
        profiles,
    })
}

fn group() -> impl Strategy<Value = GroupFacts> {
    (
        any_of(Access::ALL),
        any_of(Stage::ALL),
        prop::bool::weighted(0.2),
        option::weighted(0.3, Just(birch())),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(access, stage, archived, home, withdrawn)| GroupFacts {
            id: GroupId(7),
            access,
            stage,
            archived,
            withdrawn: withdrawn && home.is_some(),
            home,
        })
}

fn membership() -> impl Strategy<Value = MembershipFacts> {
    (
        any_of(MembershipState::ALL),
        any_of(GroupRole::ALL),
        option::of(moment()),
    )
        .prop_map(|(state, role, banned_until)| MembershipFacts {
            state,
            role,
            banned_until,
        })
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    prop::sample::subsequence(Capability::ALL, 0..=Capability::ALL.len())
        .prop_map(|some| Capabilities::of(&some))
}

fn grant() -> impl Strategy<Value = GrantTerms> {
    (
        capabilities(),
        any_of(JoinMode::ALL),
        moment(),
        option::of(moment()),
        moment(),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(capabilities, join, from, until, history_from, apart)| GrantTerms {
                capabilities,
                join,
                from,
                until,
                history_from,
                apart,
            },
        )
}

fn partnership() -> impl Strategy<Value = PartnerState> {
    prop_oneof![3 => Just(PartnerState::Active), 2 => any_of(PartnerState::ALL)]
}

/// Asides are written by colleagues alone; so is everything `by_us`.
fn post() -> impl Strategy<Value = PostFacts> {
    (
        select(&[ADA, BO, AUTHOR, ActorId(5)][..]),
        prop_oneof![3 => Just(Audience::Group), 2 => any_of(Audience::ALL)],
        prop_oneof![3 => Just(PostState::Visible), 2 => any_of(PostState::ALL)],
        prop::bool::weighted(0.2),
        moment(),
        prop::bool::weighted(0.2),
        any::<bool>(),
        any::<(bool, bool, bool, bool)>(),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(author, audience, state, locked, created, shared, names_viewer, choices, held)| {
                let (by_them, mirrored, reserves_likes, reserves_replies) = choices;
                let by_us = author == ADA || author == AUTHOR;
                PostFacts {
                    id: PostId(9),
                    author: if audience == Audience::Aside && !by_us {
                        AUTHOR
                    } else {
                        author
                    },
                    by_us: by_us || audience == Audience::Aside,
                    by_them: by_them && !by_us && audience != Audience::Aside,
                    answers_others: reserves_likes && by_us,
                    mirrored: mirrored && by_us,
                    reserves_likes: reserves_likes && !by_us,
                    reserves_replies: reserves_replies && !by_us,
                    reserves_boosts: reserves_replies && !by_us,
                    audience,
                    state,
                    held: held && by_us,
                    locked,
                    topic_created_at: created,
                    shared_by_exception: shared,
                    names_viewer,
                }
            },
        )
}

prop_compose! {
    fn facts()(
        now in moment(),
        house in house(),
        group in option::weighted(0.9, group()),
        membership in option::weighted(0.7, membership()),
        partner in option::weighted(0.8, partnership()),
        grant in option::weighted(0.8, grant()),
        (members_on_host, known_on_host, discreet, by_mirror) in any::<(bool, bool, bool, bool)>(),
        stopped in prop::bool::weighted(0.1),
        post in option::of(post()),
    ) -> Facts {
        Facts { stopped, group, membership, partner, grant, members_on_host, known_on_host, discreet, by_mirror, post, ..Facts::new(now, house) }
    }
}

prop_compose! {
    /// A case that can be: only people are members, and a member is somebody on its own server.
    fn case()(viewer in viewer(), facts in facts()) -> Case {
        let mut case = Case { viewer, facts };
        if case.viewer.actor().is_none() {
            case.facts.membership = None;
            if let Some(post) = &mut case.facts.post {
                post.names_viewer &= matches!(case.viewer, Viewer::Server { .. });
            }
        }
        if case.is_outsider() {
            case.facts.members_on_host |= case.facts.is_member();
            case.facts.known_on_host |= case.facts.members_on_host || case.facts.is_invited();
        } else if case.lives_here() {
            case.facts.partner = None;
            case.facts.grant = None;
        }
        case
    }
}

fn config() -> Config {
    let usual = Config::default();
    let cases = usual.cases * CASES_FACTOR;
    Config {
        cases,
        max_global_rejects: cases * REJECTS_PER_CASE_MAX,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..usual
    }
}

// Laws -------------------------------------------------------------------------------------------

proptest! {
    #![proptest_config(config())]

    /// An emergency stop shows nobody more, leaves nothing to anybody outside, and takes nothing from
    /// people here in their own groups.
    #[test]
    fn a_stop_only_takes_away(case in case()) {
        let free = case.with(|facts| facts.stopped = false);
        let stopped = case.with(|facts| facts.stopped = true);
        nothing_lost(&stopped, &free)?;
        if stopped.viewer.is_outside() {
            prop_assert_eq!(stopped.rights(), vec![]);
        } else if stopped.lives_here() {
            nothing_lost(&free, &stopped)?;
        }
        // Who was not told why before is told nothing now.
        for action in Action::ALL {
            if free.is_hidden(*action) {
                prop_assert!(stopped.is_hidden(*action));
            }
        }
    }

    /// Except banned people and blocked servers, and but for the door: what pages show a browser,
    /// federation shows a server only in open mode. The operator reads no posts at all.
    #[test]
    fn saying_who_one_is_never_shows_less(case in case()) {
        let by_open_door = !case.is_outsider()
            || case.facts.house.federation == FederationMode::Open;
        let shut_out = case.is_outsider()
            && (case.facts.is_banned() || case.facts.partner == Some(PartnerState::Blocked));
        prop_assume!(by_open_door && !shut_out && case.viewer != Viewer::Operator);
        nothing_lost(&case.seen_by(Viewer::Anonymous), &case)?;
    }

    #[test]
    fn a_higher_role_in_the_group_never_removes_a_right(
        case in case(),
        mut roles in prop::array::uniform2(any_of(GroupRole::ALL)),
    ) {
        prop_assume!(case.viewer.actor().is_some());
        roles.sort_unstable();
        let [lower, higher] = roles.map(|role| case.with(|facts| {
            facts.membership = Some(MembershipFacts {
                state: MembershipState::Member,
                role,
                banned_until: None,
            });
            facts.members_on_host = true;
            facts.known_on_host = true;
        }));
        nothing_lost(&lower, &higher)?;
    }

    #[test]
    fn coming_closer_never_removes_a_right(case in case()) {
        prop_assume!(case.viewer.actor().is_some());
        let standing = |state| case.with(|facts| {
            facts.membership = Some(MembershipFacts {
                state,
                role: GroupRole::Member,
                banned_until: None,
            });
            facts.members_on_host = true;
            facts.known_on_host = true;
        });
        let outside = case.with(|facts| facts.membership = None);
        let member = standing(MembershipState::Member);
        for between in [MembershipState::Requested, MembershipState::Invited].map(standing) {
            nothing_lost(&outside, &between)?;
            nothing_lost(&between, &member)?;
        }
    }

    #[test]
    fn a_higher_role_in_the_house_never_removes_a_right(case in case()) {
        let as_role = |role| case.seen_by(Viewer::Member { actor: ADA, role });
        let member = as_role(OrgRole::Member);
        nothing_lost(&as_role(OrgRole::Guest), &member)?;
        for role in [OrgRole::Manager, OrgRole::Compliance, OrgRole::Admin] {
            nothing_lost(&member, &as_role(role))?;
        }
    }

    /// More capabilities, a longer window, older history, joining at once, not kept apart.
    #[test]
    fn a_larger_grant_never_removes_a_right(case in case(), one in grant(), two in grant()) {
        let larger = GrantTerms {
            capabilities: one.capabilities.iter().chain(two.capabilities.iter())
                .fold(Capabilities::NONE, Capabilities::with),
            join: if one.join == JoinMode::Invite { two.join } else { JoinMode::Auto },
            from: one.from.min(two.from),
            until: one.until.and_then(|until| two.until.map(|other| until.max(other))),
            history_from: one.history_from.min(two.history_from),
            apart: one.apart && two.apart,
        };
        let with = |terms| case.with(|facts| facts.grant = Some(terms));
        nothing_lost(&with(one), &with(larger))?;
        if case.lives_here() {
            nothing_lost(&case.with(|facts| facts.grant = None), &with(one))?;
        }
    }

    #[test]
    fn a_server_that_keeps_what_is_not_public_never_loses_a_right(case in case()) {
        let with = |discreet| case.with(|facts| facts.discreet = discreet);
        nothing_lost(&with(false), &with(true))?;
    }

    /// What is left is what strangers have, taking back what one wrote, and leaving.
    #[test]
    fn when_the_boundary_closes_outsiders_lose_everything_at_once(
        case in case(),
        state in select(&[PartnerState::Invited, PartnerState::Paused, PartnerState::Ended, PartnerState::Blocked][..]),
    ) {
        prop_assume!(case.is_outsider() && case.lives_here());
        let stranger = case.with(|facts| {
            facts.partner = None;
            facts.grant = None;
            facts.membership = None;
            facts.members_on_host = false;
            facts.known_on_host = false;
            if let Some(post) = &mut facts.post {
                post.names_viewer = false;
            }
        });
        let closings = [
            case.with(|facts| facts.grant = None),
            case.with(|facts| facts.now = facts.grant.and_then(|terms| terms.until).unwrap_or(facts.now)),
            case.with(|facts| facts.partner = Some(state)),
            case.with(|facts| facts.group.as_mut().unwrap().stage = Stage::Internal),
        ];
        for closed in closings.iter().filter(|closed| !closed.facts.grant_counts()) {
            for action in closed.rights() {
                let own = action == Action::DeletePost && closed.is_own_post();
                let left = own || action == Action::Leave || stranger.may(action);
                prop_assert!(left, "{action} is left: {closed:#?}");
            }
        }
        let internal = &closings[3];
        for action in internal.rights() {
            prop_assert!(action == Action::DeletePost && internal.is_own_post(), "{action}: {internal:#?}");
        }
    }

    /// Out of a group elsewhere, when its house takes it back or the partnership ends.
    #[test]
    fn a_group_taken_back_is_gone(case in case(), ended in any::<bool>()) {
        prop_assume!(!case.lives_here() && case.facts.group.is_some());
        let gone = case.with(|facts| {
            if ended {
                facts.partner = Some(PartnerState::Ended);
                facts.house.federation = FederationMode::Closed;
            } else {
                facts.group.as_mut().unwrap().withdrawn = true;
            }
        });
        for action in gone.rights() {
            prop_assert!(OF_NO_GROUP.contains(&action) || action == Action::DeletePost, "{action}: {gone:#?}");
        }
    }

    /// Except one's own delete, administration pages, what has nothing to do with the group, what
    /// the house of a group tells of posts there that it may not read here, and what the command
    /// line takes away without reading it. A stop hides what one knows: see
    /// `a_stop_only_takes_away`.
    #[test]
    fn what_one_cannot_know_is_hidden_in_every_way(case in case()) {
        let case = case.with(|facts| facts.stopped = false);
        prop_assume!(case.is_hidden(Action::Know));
        for action in Action::ALL {
            let administrator = case.viewer.is_administrator();
            let administers = match action {
                Action::ManageGroup | Action::ChangeBoundary | Action::ReadReports => {
                    administrator && case.lives_here()
                }
                // Of a group here, or of all.
                Action::ReadLedger => administrator || case.viewer.is_compliance_officer(),
                _ => false,
            };
            let on_profile = |post: PostFacts| post.audience.is_on_profile();
            let changes_elsewhere = *action == Action::EditPost
                && case.is_outsider()
                && case.facts.post.is_some_and(on_profile);
            let own = (*action == Action::DeletePost || changes_elsewhere) && case.is_own_post();
            let told = case.is_its_house_telling() && TOLD.contains(action);
            let excepted = OF_NO_GROUP.contains(action)
                || administers
                || own
                || told
                || case.acts_unread(*action);
            prop_assert!(excepted || case.is_hidden(*action), "{action}: {case:#?}");
        }
    }

    #[test]
    fn only_who_knows_is_told_why_not(case in case()) {
        for action in Action::ALL {
            let answer = decide(&case.viewer, *action, &case.facts);
            let excepted = OF_NO_GROUP.contains(action) || case.acts_unread(*action);
            if let (false, Err(Denial::Forbidden(reason))) = (excepted, answer) {
                // Who knew it before a stop is told that it is stopped, or the no there was; so are
                // authors who would take back what they wrote there.
                let free = case.with(|facts| facts.stopped = false);
                let knew = free.may(Action::Know) || case.facts.stopped && free.may(*action);
                prop_assert!(knew, "{action}, {reason}: {case:#?}");
            }
        }
    }

    #[test]
    fn only_servers_are_sent_anything_and_only_what_they_may_read(case in case()) {
        let is_server = case.is_outsider() && case.viewer.actor().is_none();
        prop_assert!(is_server || !case.may(Action::Receive));
        let server = case.seen_by(Viewer::Server { host: birch() }).with(|facts| {
            facts.membership = None;
            facts.partner = Some(PartnerState::Active);
            facts.known_on_host |= facts.members_on_host;
        });
        prop_assume!(server.may(Action::Receive));
        prop_assert!(server.may(Action::Read), "{server:#?}");
    }

    #[test]
    fn an_aside_never_leaves_the_house(case in case()) {
        prop_assume!(!case.viewer.is_colleague());
        let aside = case.with(|facts| {
            if let Some(post) = &mut facts.post {
                post.audience = Audience::Aside;
                post.author = AUTHOR;
                post.by_us = true;
            }
        });
        prop_assume!(aside.facts.post.is_some());
        for action in Action::ALL {
            let administers = matches!(
                action,
                Action::ManageGroup
                    | Action::ChangeBoundary
                    | Action::ReadReports
                    | Action::ReadLedger
            );
            prop_assert!(OF_NO_GROUP.contains(action) || administers || aside.is_hidden(*action), "{action}: {aside:#?}");
        }
    }

    /// Servers look; what happens in a group is said by people, and of a group elsewhere by its
    /// house. Never by that what colleagues here say among themselves.
    #[test]
    fn a_server_speaks_for_the_groups_that_live_there_alone(case in case()) {
        prop_assume!(matches!(case.viewer, Viewer::Server { .. }));
        for action in Action::ALL {
            let looks = matches!(
                action,
                Action::Know
                    | Action::Read
                    | Action::SeeMembers
                    | Action::Receive
                    | Action::Report
            );
            let told = case.is_its_house_telling() && TOLD.contains(action);
            prop_assert!(looks || case.may(*action) == told, "{action}: {case:#?}");
        }
    }

    /// But for what the house of a group elsewhere tells: it archives its groups, not we.
    #[test]
    fn an_archived_group_is_read_only(case in case()) {
        prop_assume!(case.archived() && !case.is_its_house());
        for action in case.rights() {
            let reads = matches!(
                action,
                Action::Know | Action::Read | Action::SeeMembers | Action::Receive
            );
            let tidies = matches!(
                action,
                Action::Leave
                    | Action::ManageGroup
                    | Action::ChangeBoundary
                    | Action::Report
                    | Action::ReadReports
                    | Action::ReadLedger
                    | Action::Review
            );
            let own = action == Action::DeletePost && case.is_own_post();
            prop_assert!(reads || tidies || own || OF_NO_GROUP.contains(&action), "{action}: {case:#?}");
        }
    }

    /// A ban takes away what membership gave, and acting; never more than that gave.
    #[test]
    fn a_ban_gives_nothing(case in case()) {
        prop_assume!(case.viewer.actor().is_some());
        let banned = case.with(|facts| facts.membership = Some(MembershipFacts {
            state: MembershipState::Banned,
            role: GroupRole::Owner,
            banned_until: None,
        }));
        let nobody = case.with(|facts| facts.membership = None);
        nothing_lost(&banned, &nobody)?;
        let over = banned.with(|facts| {
            facts.membership.as_mut().unwrap().banned_until = Some(facts.now);
        });
        prop_assert_eq!(over.rights(), nobody.rights());
    }

    #[test]
    fn authors_take_back_what_they_wrote(case in case()) {
        prop_assume!(case.is_own_post());
        // What authors elsewhere take back waits for the end of a stop.
        prop_assume!(!case.facts.stopped || !case.viewer.is_outside());
        let there = case.facts.post.is_some_and(|post| post.state != PostState::Deleted);
        prop_assert_eq!(case.may(Action::DeletePost), there, "{:#?}", case);
    }
}
