//! Templates of grants: what a supplier, a customer, a reader usually may, under a name.

use std::time::Duration;

use crate::domain::{Capabilities, Capability, History, JoinMode, Name, Timestamp};

/// Longest title of a template, characters.
pub const TEMPLATE_TITLE_CHARS_MAX: usize = 100;
/// Longest life of a grant by a template, days.
pub const TEMPLATE_DAYS_MAX: u32 = 3_660;

/// What a grant begins with. Whoever gives it may change any of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantTemplate {
    pub name: Name,
    /// "Supplier: read and reply"
    pub title: String,
    pub capabilities: Capabilities,
    /// None: by approval, or by invitation where the group is secret.
    pub join: Option<JoinMode>,
    /// After how many days the grant ends; none: never.
    pub days: Option<u32>,
    pub history: History,
    /// Partners with a grant for the same group do not learn of each other.
    pub apart: bool,
    /// There in every house, and not to be changed.
    pub built_in: bool,
}

impl GrantTemplate {
    /// Those of every house, from the narrowest to the widest.
    pub fn built_in() -> Vec<Self> {
        use Capability::{Attach, React, Read, Reply, Start};
        let template = |name: &str, title: &str, can: &[Capability], apart| {
            Some(Self {
                name: name.parse().ok()?,
                title: title.to_owned(),
                capabilities: Capabilities::of(can),
                join: None,
                days: None,
                history: History::Now,
                apart,
                built_in: true,
            })
        };
        let all = [
            template("reader", "Reader: read only", &[Read], false),
            template(
                "customer",
                "Customer: read and reply, apart from others",
                &[Read, React, Reply],
                true,
            ),
            template(
                "supplier",
                "Supplier: read and reply",
                &[Read, React, Reply],
                false,
            ),
            template(
                "partner",
                "Partner: take part in everything",
                &[Read, React, Reply, Start, Attach],
                false,
            ),
        ];
        all.into_iter().flatten().collect()
    }

    /// When a grant ends that begins at `from`; none: never.
    pub fn ends(&self, from: Timestamp) -> Option<Timestamp> {
        let lasts = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
        self.days.map(|days| from.plus(lasts(days)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_every_house_are_there_and_lead_nowhere_but_on() {
        let all = GrantTemplate::built_in();
        let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["reader", "customer", "supplier", "partner"]);
        for template in &all {
            assert_eq!(template.history, History::Now, "{template:?}");
            assert!(!template.capabilities.contains(Capability::Moderate));
        }
    }
}
