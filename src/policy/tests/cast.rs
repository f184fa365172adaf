//! Acme is this house, birch its partner, cedar a stranger. Ada works at acme, Bo at birch.

use crate::domain::{
    Access, ActorId, Audience, Capabilities, Capability, GrantTerms, GroupId, GroupRole, Host,
    JoinMode, MembershipState, OrgRole, PartnerState, PostId, PostState, Stage, Timestamp,
};
use crate::policy::{
    Action, Denial, Facts, FederationMode, GroupFacts, House, MembershipFacts, PostFacts,
    ProfileReach, Viewer, decide,
};

pub const LAST_YEAR: Timestamp = Timestamp::from_micros(1_000_000);
/// When grants begin, and how far back their history goes.
pub const GRANTED: Timestamp = Timestamp::from_micros(2_000_000);
pub const YESTERDAY: Timestamp = Timestamp::from_micros(3_000_000);
pub const NOW: Timestamp = Timestamp::from_micros(4_000_000);
pub const TOMORROW: Timestamp = Timestamp::from_micros(5_000_000);

pub const ADA: ActorId = ActorId(1);
pub const BO: ActorId = ActorId(2);
/// Somebody of acme who wrote what is read.
pub const AUTHOR: ActorId = ActorId(3);

/// Speaks with partners only, shows public groups in the browser.
pub const HOUSE: House = House {
    federation: FederationMode::Closed,
    public_pages: true,
    owners_open_groups: false,
    four_eyes: false,
    profiles: ProfileReach::Colleagues,
};

/// The same, and anybody may come by federation.
pub const OPEN_HOUSE: House = House {
    federation: FederationMode::Open,
    ..HOUSE
};

pub fn birch() -> Host {
    "birch.example".parse().unwrap()
}

pub fn cedar() -> Host {
    "cedar.example".parse().unwrap()
}

pub fn account(role: OrgRole) -> Viewer {
    Viewer::Member { actor: ADA, role }
}

pub fn ada() -> Viewer {
    account(OrgRole::Member)
}

pub fn bo() -> Viewer {
    Viewer::Person {
        actor: BO,
        host: birch(),
    }
}

pub fn birch_server() -> Viewer {
    Viewer::Server { host: birch() }
}

pub fn stranger() -> Viewer {
    Viewer::Person {
        actor: ActorId(4),
        host: cedar(),
    }
}

pub fn stranger_server() -> Viewer {
    Viewer::Server { host: cedar() }
}

/// A group of acme, and nothing known about who asks.
pub fn group(access: Access, stage: Stage) -> Facts {
    Facts {
        group: Some(GroupFacts {
            id: GroupId(7),
            access,
            stage,
            archived: false,
            home: None,
            withdrawn: false,
        }),
        ..Facts::new(NOW, OPEN_HOUSE)
    }
}

/// A group of birch that acme's people take part in; birch told of a grant with everything.
pub fn group_of_birch(access: Access) -> Facts {
    let mut facts = group(access, Stage::Partners).granted(all());
    facts.house = HOUSE;
    facts.in_group(|group| group.home = Some(birch()))
}

pub fn terms(capabilities: Capabilities) -> GrantTerms {
    GrantTerms {
        capabilities,
        join: JoinMode::Approve,
        from: GRANTED,
        until: Some(TOMORROW),
        history_from: GRANTED,
        apart: false,
    }
}

pub fn read_only() -> GrantTerms {
    terms(Capabilities::of(&[Capability::Read]))
}

pub fn all() -> GrantTerms {
    terms(Capabilities::all())
}

pub fn expired() -> GrantTerms {
    GrantTerms {
        until: Some(YESTERDAY),
        ..all()
    }
}

/// A young, visible post of somebody at acme, for the group.
pub const POST: PostFacts = PostFacts {
    id: PostId(9),
    author: AUTHOR,
    by_us: true,
    by_them: false,
    answers_others: false,
    mirrored: false,
    reserves_likes: false,
    reserves_replies: false,
    reserves_boosts: false,
    audience: Audience::Group,
    state: PostState::Visible,
    held: false,
    locked: false,
    topic_created_at: YESTERDAY,
    shared_by_exception: false,
    names_viewer: false,
};

impl Facts {
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn in_group(self, change: impl FnOnce(&mut GroupFacts)) -> Self {
        self.with(|facts| change(facts.group.as_mut().unwrap()))
    }

    pub fn is(self, state: MembershipState) -> Self {
        self.joined(state, GroupRole::Member)
    }

    pub fn member(self) -> Self {
        self.is(MembershipState::Member)
    }

    pub fn moderator(self) -> Self {
        self.joined(MembershipState::Member, GroupRole::Moderator)
    }

    pub fn owner(self) -> Self {
        self.joined(MembershipState::Member, GroupRole::Owner)
    }

    pub fn banned(self) -> Self {
        self.is(MembershipState::Banned)
    }

    fn joined(self, state: MembershipState, role: GroupRole) -> Self {
        self.with(|facts| {
            facts.membership = Some(MembershipFacts {
                state,
                role,
                banned_until: None,
            });
        })
    }

    /// An active partnership, no grant.
    pub fn partner(self) -> Self {
        self.partnership(PartnerState::Active)
    }

    pub fn partnership(self, state: PartnerState) -> Self {
        self.with(|facts| {
            facts.partner = Some(state);
            facts.discreet = true;
        })
    }

    /// An active partnership and this grant.
    pub fn granted(self, terms: GrantTerms) -> Self {
        self.partner().with(|facts| facts.grant = Some(terms))
    }

    /// Somebody of the viewer's server is a member.
    pub fn with_members_there(self) -> Self {
        self.with(|facts| {
            facts.members_on_host = true;
            facts.known_on_host = true;
        })
    }

    pub fn post(self, post: PostFacts) -> Self {
        self.with(|facts| facts.post = Some(post))
    }
}

/// An answer as `docs/ACCESS.md` prints it: yes, told why not, hidden.
pub fn mark(viewer: &Viewer, action: Action, facts: &Facts) -> &'static str {
    match decide(viewer, action, facts) {
        Ok(()) => "✓",
        Err(Denial::Forbidden(_)) => "✗",
        Err(Denial::Hidden) => "–",
    }
}
