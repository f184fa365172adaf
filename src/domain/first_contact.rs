//! Whether a group looks first at what people elsewhere say whom it does not know.

use crate::domain::text_enum::text_enum;

text_enum! {
    /// What happens when somebody new from elsewhere joins or says something in a group.
    FirstContact ("first_contact") {
        /// Nothing in particular: the grant decides.
        Free = "free",
        /// It waits for a moderator until the person is known.
        Person = "person",
        /// It waits for a moderator until somebody of their server is known.
        Host = "host",
    }
}

impl FirstContact {
    /// What choosing it means, for who chooses.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Free => "People at partners join and write as their grant says.",
            Self::Person => {
                "The joining of each new person at a partner, and the first that they write, wait for a moderator."
            }
            Self::Host => {
                "The joining of the first person of each server, and the first that somebody there writes, wait for a moderator."
            }
        }
    }
}
