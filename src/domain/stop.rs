//! The emergency stop: nothing goes in or out, at once, until an administrator releases it.

use crate::domain::{GroupId, Host, Invalid, StopId, Timestamp};

/// Longest reason of a stop, characters.
pub const STOP_REASON_CHARS_MAX: usize = 500;

/// What an emergency stop holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopTarget {
    /// Everything between this house and the outside.
    All,
    /// Everything between this house and one server, partner or not.
    Partner(Host),
    /// Everything between one group of ours and the outside.
    Group(GroupId),
}

/// A stop that holds. What was queued waits and is lost by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub id: StopId,
    pub target: StopTarget,
    /// Empty: nobody said why.
    pub reason: String,
    /// A handle, or `operator` for the command line.
    pub by: String,
    pub since: Timestamp,
}

/// The stops that hold at one moment: hardly ever any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops(pub Vec<Stop>);

impl Stops {
    /// Whether something holds what goes between `host` (none: anybody on the web) and a group of ours (none:
    /// what is in no group).
    pub fn hold(&self, host: Option<&Host>, group: Option<GroupId>) -> bool {
        self.0.iter().any(|stop| match &stop.target {
            StopTarget::All => true,
            StopTarget::Partner(stopped) => host == Some(stopped),
            StopTarget::Group(stopped) => group == Some(*stopped),
        })
    }
}

/// Why somebody stops, as it is kept.
///
/// # Errors
/// [`Invalid`] for what is too long.
pub fn stop_reason(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    if text.chars().count() > STOP_REASON_CHARS_MAX {
        let problem = format!("is longer than {STOP_REASON_CHARS_MAX} characters");
        return Err(Invalid::new("reason", problem));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops(target: StopTarget) -> Stops {
        Stops(vec![Stop {
            id: StopId(1),
            target,
            reason: String::new(),
            by: "operator".to_owned(),
            since: Timestamp::MIN,
        }])
    }

    #[test]
    fn a_stop_holds_what_it_says_and_nothing_else() {
        let (birch, oak): (Host, Host) = (
            "birch.example".parse().unwrap(),
            "oak.example".parse().unwrap(),
        );
        let (ours, other) = (Some(GroupId(1)), Some(GroupId(2)));
        let all = stops(StopTarget::All);
        assert!(all.hold(None, None) && all.hold(Some(&birch), ours));
        let partner = stops(StopTarget::Partner(birch.clone()));
        assert!(partner.hold(Some(&birch), ours) && partner.hold(Some(&birch), None));
        assert!(!partner.hold(Some(&oak), ours) && !partner.hold(None, ours));
        let group = stops(StopTarget::Group(GroupId(1)));
        assert!(group.hold(None, ours) && group.hold(Some(&oak), ours));
        assert!(!group.hold(Some(&oak), other) && !group.hold(Some(&oak), None));
        assert!(!Stops::default().hold(Some(&birch), ours));
    }
}
