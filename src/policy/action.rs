//! What can be asked for.

use crate::domain::text_enum::text_enum;

text_enum! {
    /// Everything one can want to do.
    Action ("action") {
        /// Learn that a group exists, and see its profile.
        Know = "know",
        /// Read a group's posts, or one post.
        Read = "read",
        /// See who is a member.
        SeeMembers = "see_members",
        Join = "join",
        Leave = "leave",
        React = "react",
        Comment = "reply",
        StartTopic = "start",
        /// Write something on one's own profile; see [`permit_profile_post`](crate::policy::permit_profile_post).
        PostOnProfile = "post_on_profile",
        Attach = "attach",
        EditPost = "edit",
        DeletePost = "delete",
        Invite = "invite",
        /// Let people in, put them out; remove, restore and lock posts.
        Moderate = "moderate",
        /// Ask the house of a group elsewhere for what moderators do.
        AskModeration = "ask_moderation",
        /// Ask the moderators of its group to look at a post.
        Report = "report",
        /// Read what was reported in a group, and say that it was dealt with.
        ReadReports = "read_reports",
        /// Read what of a group left the house, and to whom; without a group: all that did.
        ReadLedger = "read_ledger",
        /// Give a post a label, or a higher one.
        Classify = "classify",
        /// Give a post a lower label, or take its own away.
        Declassify = "declassify",
        /// Look at a post that is held at the boundary, and release it or keep it inside.
        Review = "review",
        /// Pass a post on, out of its group.
        Reshare = "reshare",
        /// Change a group's title, description, access and roles.
        ManageGroup = "manage_group",
        /// Change a group's stage and grants.
        ChangeBoundary = "change_boundary",
        /// Get a delivery of a post (asked for servers only).
        Receive = "receive",
        CreateGroup = "create_group",
        /// Invite, accept, pause, end and block partners; see the queue.
        ManagePartners = "manage_partners",
        /// Create, disable and enable accounts.
        ManageAccounts = "manage_accounts",
        /// Come in by the admin API at all.
        UseAdminApi = "use_admin_api",
    }
}

impl Action {
    /// Its permit names a post: the same list as the types that are [`OnPost`].
    pub(super) const fn is_on_post(self) -> bool {
        matches!(
            self,
            Self::React
                | Self::Comment
                | Self::EditPost
                | Self::DeletePost
                | Self::Report
                | Self::Classify
                | Self::Declassify
                | Self::Review
                | Self::Reshare
        )
    }
}

/// An [`Action`] as a type, so that a [`Permit`](crate::policy::Permit) says what it is for.
pub trait Act {
    const ACTION: Action;
}

/// An act that happens in a group: its permit knows which.
pub trait InGroup: Act {}

/// An act on a post: its permit knows which.
pub trait OnPost: Act {}

macro_rules! acts {
    ($($name:ident: $($mark:ident)*),+ $(,)?) => {
        /// The actions as types.
        pub mod act {
            use super::{Act, Action, InGroup, OnPost};
            $(
                #[derive(Clone, Copy, Debug)]
                pub enum $name {}
                impl Act for $name { const ACTION: Action = Action::$name; }
                $(impl $mark for $name {})*
            )+
        }
    };
}

acts! {
    Know: InGroup,
    Read: InGroup,
    SeeMembers: InGroup,
    Join: InGroup,
    Leave: InGroup,
    React: InGroup OnPost,
    Comment: InGroup OnPost,
    StartTopic: InGroup,
    PostOnProfile: ,
    Attach: InGroup,
    EditPost: InGroup OnPost,
    DeletePost: InGroup OnPost,
    Invite: InGroup,
    Moderate: InGroup,
    AskModeration: InGroup,
    Report: InGroup OnPost,
    ReadReports: InGroup,
    ReadLedger: InGroup,
    Classify: InGroup OnPost,
    Declassify: InGroup OnPost,
    Review: InGroup OnPost,
    Reshare: InGroup OnPost,
    ManageGroup: InGroup,
    ChangeBoundary: InGroup,
    Receive: InGroup,
    CreateGroup: ,
    ManagePartners: ,
    ManageAccounts: ,
    UseAdminApi: ,
}
