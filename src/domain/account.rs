//! Everybody and everything that can act: people, groups, servers; and the accounts of this house.

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, Handle, Host, Invalid, Timestamp, Uri};

text_enum! {
    /// What an actor is.
    ActorKind ("kind") {
        Person = "person",
        Group = "group",
        /// A server itself: its instance actor.
        Service = "service",
    }
}

text_enum! {
    /// Whether an actor may take part.
    ActorState ("state") {
        Active = "active",
        /// Shut out by an administrator here: treated as a stranger.
        Suspended = "suspended",
        /// Its documents contradict themselves (an inbox on a foreign host): nothing is sent, nothing accepted.
        Quarantined = "quarantined",
        Deleted = "deleted",
    }
}

text_enum! {
    /// What an account may do for the organization as a whole. Duties are separate: a compliance
    /// officer is not an administrator.
    OrgRole ("role") {
        Member = "member",
        /// Community manager.
        Manager = "manager",
        /// Compliance officer.
        Compliance = "compliance",
        /// Instance administrator.
        Admin = "admin",
        /// An outside person with a local account; may only be where invited.
        Guest = "guest",
    }
}

/// A person, group or server, here or elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub id: ActorId,
    pub kind: ActorKind,
    pub state: ActorState,
    /// The part of the handle before the host, in the spelling of its server.
    pub name: String,
    /// None: of this house.
    pub host: Option<Host>,
    pub uri: Uri,
    /// Page for people.
    pub url: String,
    pub display_name: String,
    /// Sanitized HTML.
    pub summary: String,
    pub inbox: Uri,
    pub shared_inbox: Option<Uri>,
    pub followers: Option<Uri>,
    pub outbox: Option<Uri>,
    pub created_at: Timestamp,
    /// When the document of a remote actor was last fetched.
    pub fetched_at: Option<Timestamp>,
}

impl Actor {
    pub const fn is_local(&self) -> bool {
        self.host.is_none()
    }

    pub fn handle(&self) -> Handle {
        Handle {
            name: self.name.clone(),
            host: self.host.clone(),
        }
    }

    /// The name people see: the display name, or the handle's name where there is none.
    pub fn title(&self) -> &str {
        if self.display_name.is_empty() {
            &self.name
        } else {
            &self.display_name
        }
    }

    /// Where deliveries to this actor's server go: one inbox for all where it has one.
    pub fn delivery_inbox(&self) -> &Uri {
        self.shared_inbox.as_ref().unwrap_or(&self.inbox)
    }
}

/// An account of this house, with what only its owner and administrators see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub actor: Actor,
    pub email: EmailAddress,
    pub role: OrgRole,
    pub disabled: bool,
}

/// An e-mail address with the little that can be checked by looking at it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let plausible = text.len() <= 254
            && !text.contains(|c: char| {
                c.is_whitespace() || c.is_control() || c == '<' || c == '>' || c == ','
            })
            && text.split_once('@').is_some_and(|(user, host)| {
                !user.is_empty() && !host.is_empty() && !host.contains('@')
            });
        if !plausible {
            return Err(Invalid::new(
                "email",
                format!("{text:?} is not an e-mail address like ada@acme.example"),
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password, in bytes: hashing must not be a way to keep the server busy.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// A password as typed. Never shown, logged or stored.
pub struct Password(String);

impl Password {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() < PASSWORD_CHARS_MIN {
            return Err(Invalid::new(
                "password",
                format!("is too short: use at least {PASSWORD_CHARS_MIN} characters"),
            ));
        }
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(Invalid::new(
                "password",
                format!("is longer than {PASSWORD_BYTES_MAX} bytes"),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}
