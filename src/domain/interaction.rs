//! Who may like, answer or boost a post: as its author's server says (`interactionPolicy`), and as we
//! say it of posts in our groups.

use std::fmt;
use std::str::FromStr;

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, Invalid, PostId, Uri};

/// Addresses of single people that are kept of what an author says.
pub const WELCOME_PEOPLE_MAX: usize = 100;

text_enum! {
    /// What an author may reserve.
    Interaction ("interaction") {
        Like = "like",
        Reply = "reply",
        Announce = "announce",
    }
}

/// Somebody elsewhere asks whether they may do something with a post before they do it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AskedInteraction {
    pub interaction: Interaction,
    /// The id of the question.
    pub request: Uri,
    /// The id of what they would do: the Like, the Announce, or the answer.
    pub interacting: Uri,
    /// The post.
    pub target: Uri,
}

/// It was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    pub id: i64,
    pub interaction: Interaction,
    pub post: PostId,
    pub by: ActorId,
    pub interacting: Uri,
    pub request: Uri,
}

/// To whom something is open, as far as it can concern people and groups of this house.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    pub everybody: bool,
    /// Who is in the group that the post is in.
    pub members: bool,
    /// Single actors.
    pub people: Vec<Uri>,
}

impl Welcome {
    /// Whether a member of the post's group is welcome. Readers of a post in a group are its members, or
    /// everybody where it is public.
    fn covers(&self, actor: &Uri) -> bool {
        self.everybody || self.members || self.people.contains(actor)
    }
}

/// What an author elsewhere says of a post. What they do not mention is open to everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InteractionPolicy {
    pub like: Option<Welcome>,
    pub reply: Option<Welcome>,
    pub announce: Option<Welcome>,
}

impl InteractionPolicy {
    /// Whether `actor`, who is in the group of the post, may do this with it.
    pub fn allows(&self, what: Interaction, actor: &Uri) -> bool {
        let welcome = self.of(what);
        welcome.is_none_or(|welcome| welcome.covers(actor))
    }

    const fn of(&self, what: Interaction) -> Option<&Welcome> {
        match what {
            Interaction::Like => self.like.as_ref(),
            Interaction::Reply => self.reply.as_ref(),
            Interaction::Announce => self.announce.as_ref(),
        }
    }

    /// It reserves nothing.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// One line for each thing that is reserved, with who may do it: `reply * members https://…`.
impl fmt::Display for InteractionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reserved = Interaction::ALL
            .iter()
            .filter_map(|what| Some((what, self.of(*what)?)));
        for (at, (what, welcome)) in reserved.enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{what}")?;
            if welcome.everybody {
                write!(f, " {EVERYBODY}")?;
            }
            if welcome.members {
                write!(f, " {MEMBERS}")?;
            }
            for person in &welcome.people {
                write!(f, " {person}")?;
            }
        }
        Ok(())
    }
}

const EVERYBODY: &str = "*";
const MEMBERS: &str = "members";

impl FromStr for InteractionPolicy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut policy = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            let what: Interaction = words.next().unwrap_or_default().parse()?;
            let mut welcome = Welcome::default();
            for word in words {
                match word {
                    EVERYBODY => welcome.everybody = true,
                    MEMBERS => welcome.members = true,
                    address => welcome.people.push(address.parse()?),
                }
            }
            let place = match what {
                Interaction::Like => &mut policy.like,
                Interaction::Reply => &mut policy.reply,
                Interaction::Announce => &mut policy.announce,
            };
            *place = Some(welcome);
        }
        Ok(policy)
    }
}

/// Of whom we say that they may do something with a post in a group of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circle {
    /// Members of the server that it is told to.
    Members,
    /// It depends on what a member's server was granted, and is decided when they do it: what is told to
    /// many servers at once promises none of them what only some may, nor what the others may.
    Asked,
    /// A locked topic.
    Moderators,
    Nobody,
}

/// What we say of a post to those who read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    pub like: Circle,
    pub reply: Circle,
    /// The members on the reader's server, where it is one: some software knows no group's followers.
    pub members: Vec<Uri>,
}

impl Promise {
    pub const fn same(circle: Circle) -> Self {
        Self {
            like: circle,
            reply: circle,
            members: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_author_reserves_is_kept_as_text() {
        let ada: Uri = "https://acme.example/u/ada".parse().unwrap();
        let bob: Uri = "https://acme.example/u/bob".parse().unwrap();
        let policy = InteractionPolicy {
            like: None,
            reply: Some(Welcome {
                people: vec![ada.clone()],
                ..Welcome::default()
            }),
            announce: Some(Welcome::default()),
        };
        let text = policy.to_string();
        assert_eq!(text, "reply https://acme.example/u/ada\nannounce");
        assert_eq!(text.parse(), Ok(policy.clone()));
        assert!(policy.allows(Interaction::Like, &bob));
        assert!(policy.allows(Interaction::Reply, &ada));
        assert!(!policy.allows(Interaction::Reply, &bob));
        assert!(!policy.allows(Interaction::Announce, &ada));

        let members = Welcome {
            members: true,
            ..Welcome::default()
        };
        let everybody = Welcome {
            everybody: true,
            ..Welcome::default()
        };
        let policy = InteractionPolicy {
            like: Some(everybody),
            reply: Some(members),
            announce: None,
        };
        assert_eq!(policy.to_string(), "like *\nreply members");
        assert_eq!(policy.to_string().parse(), Ok(policy.clone()));
        assert!(policy.allows(Interaction::Reply, &bob));
        assert!(InteractionPolicy::default().is_open() && !policy.is_open());
        assert!("shout *".parse::<InteractionPolicy>().is_err());
    }
}
