//! Emergency stops.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Host, StopId, StopTarget, Timestamp};
use crate::services::stops::{Released, Standing};

/// Something that nothing goes in or out of until it is released.
#[derive(Serialize, ToSchema)]
pub struct Stop {
    pub id: StopId,
    /// The server that is stopped; none: not a server.
    pub partner: Option<Host>,
    /// The group that is stopped; without one, and without a server, everything is.
    pub group: Option<String>,
    /// Empty: nobody said why.
    pub reason: String,
    /// A handle, or `operator` for the command line.
    pub by: String,
    pub since: Timestamp,
}

impl Stop {
    /// `everything`, a host, or a group.
    pub fn what(&self) -> String {
        match (&self.partner, &self.group) {
            (Some(host), _) => host.to_string(),
            (None, Some(group)) => group.clone(),
            (None, None) => "everything".to_owned(),
        }
    }
}

impl From<&Standing> for Stop {
    fn from(standing: &Standing) -> Self {
        let stop = &standing.stop;
        Self {
            id: stop.id,
            partner: match &stop.target {
                StopTarget::Partner(host) => Some(host.clone()),
                StopTarget::All | StopTarget::Group(_) => None,
            },
            group: match stop.target {
                StopTarget::Group(_) => Some(standing.subject()),
                StopTarget::All | StopTarget::Partner(_) => None,
            },
            reason: stop.reason.clone(),
            by: stop.by.clone(),
            since: stop.since,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is stopped: nothing goes in or out.", self.what())
    }
}

/// A stop that was released.
#[derive(Serialize, ToSchema)]
pub struct StopReleased {
    #[serde(flatten)]
    pub stop: Stop,
    /// Deliveries that waited and are due now.
    pub deliveries: usize,
}

impl From<&Released> for StopReleased {
    fn from(released: &Released) -> Self {
        Self {
            stop: Stop::from(&released.standing),
            deliveries: released.deliveries,
        }
    }
}
