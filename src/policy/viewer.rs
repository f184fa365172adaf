//! Who asks.

use crate::domain::{ActorId, Host, OrgRole};

/// Somebody or something that wants to see or do something.
///
/// What a viewer *is* here; whether its server is a partner, what it is a member of and so on are
/// [`Facts`](crate::policy::Facts). Suspended people arrive here as [`Viewer::Anonymous`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Nobody we know.
    Anonymous,
    /// Somebody with an account of this organization (or, with [`OrgRole::Guest`], an outside
    /// person with a local account).
    Member { actor: ActorId, role: OrgRole },
    /// A person on another server, by a verified signature.
    Person { actor: ActorId, host: Host },
    /// Another server itself, by a verified signature of its instance actor.
    Server { host: Host },
    /// Who sits at the machine: the command line.
    Operator,
}

impl Viewer {
    /// The person, where it is one.
    pub const fn actor(&self) -> Option<ActorId> {
        match self {
            Self::Member { actor, .. } | Self::Person { actor, .. } => Some(*actor),
            Self::Anonymous | Self::Server { .. } | Self::Operator => None,
        }
    }

    /// The other server, where the viewer comes from one.
    pub const fn host(&self) -> Option<&Host> {
        match self {
            Self::Person { host, .. } | Self::Server { host } => Some(host),
            Self::Anonymous | Self::Member { .. } | Self::Operator => None,
        }
    }

    /// Comes from outside the house: anybody without an account here. Guests have one.
    pub const fn is_outside(&self) -> bool {
        match self {
            Self::Anonymous | Self::Person { .. } | Self::Server { .. } => true,
            Self::Member { .. } | Self::Operator => false,
        }
    }

    /// An account of this organization that is not a guest's.
    pub const fn is_colleague(&self) -> bool {
        matches!(self, Self::Member { role, .. } if !matches!(role, OrgRole::Guest))
    }

    /// May administer: an administrator, or the operator at the machine.
    pub const fn is_administrator(&self) -> bool {
        matches!(
            self,
            Self::Operator
                | Self::Member {
                    role: OrgRole::Admin,
                    ..
                }
        )
    }

    /// Sees what moderators removed, in groups it may read.
    pub const fn is_compliance_officer(&self) -> bool {
        matches!(
            self,
            Self::Member {
                role: OrgRole::Compliance,
                ..
            }
        )
    }
}
