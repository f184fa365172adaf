//! What people with duties did: one line an act, written with the act.

use crate::domain::text_enum::text_enum;
use crate::domain::{AuditId, Timestamp};

text_enum! {
    AuditAction ("action") {
        /// The house began.
        HouseFounded = "house_founded",
        AccountCreated = "account_created",
        AccountDisabled = "account_disabled",
        AccountEnabled = "account_enabled",
        AccountErased = "account_erased",
        PasswordChanged = "password_changed",
        ProfileUpdated = "profile_updated",
        /// Somebody lets groups copy what they write, or no more.
        MirrorChosen = "mirror_chosen",
        TokenCreated = "token_created",
        TokenRevoked = "token_revoked",
        SignedIn = "signed_in",
        GroupCreated = "group_created",
        GroupUpdated = "group_updated",
        StageChanged = "stage_changed",
        GroupArchived = "group_archived",
        MoveOffered = "move_offered",
        MoveReceived = "move_received",
        MoveAccepted = "move_accepted",
        /// Here or by the other house, as with the next.
        MoveWithdrawn = "move_withdrawn",
        MoveDeclined = "move_declined",
        GroupMoved = "group_moved",
        /// How it reaches servers that know no groups.
        OutreachChosen = "outreach_chosen",
        /// Whether what people elsewhere say whom a group does not know waits for a moderator.
        FirstContactChosen = "first_contact_chosen",
        MemberJoined = "member_joined",
        MemberLeft = "member_left",
        MemberAdded = "member_added",
        MemberApproved = "member_approved",
        MemberRejected = "member_rejected",
        MemberRemoved = "member_removed",
        MemberBanned = "member_banned",
        BanLifted = "ban_lifted",
        RoleChanged = "role_changed",
        PersonFollowed = "person_followed",
        PersonUnfollowed = "person_unfollowed",
        FollowerAccepted = "follower_accepted",
        FollowerRemoved = "follower_removed",
        PostCreated = "post_created",
        PostUpdated = "post_updated",
        PostDeleted = "post_deleted",
        PostRemoved = "post_removed",
        PostRestored = "post_restored",
        TopicLocked = "topic_locked",
        TopicUnlocked = "topic_unlocked",
        TopicPinned = "topic_pinned",
        TopicUnpinned = "topic_unpinned",
        PostReported = "post_reported",
        ReportResolved = "report_resolved",
        /// A rule at the boundary.
        RuleMade = "rule_made",
        RuleRemoved = "rule_removed",
        /// A label of the house, and what has it.
        LabelMade = "label_made",
        LabelChanged = "label_changed",
        LabelRemoved = "label_removed",
        GroupLabelled = "group_labelled",
        PostLabelled = "post_labelled",
        /// A rule did not take what somebody wrote.
        RefusedByRule = "refused_by_rule",
        /// A post stays inside until somebody looked at it.
        PostHeld = "post_held",
        /// Somebody looked at it and let it out, or not.
        PostReleased = "post_released",
        PostKeptInside = "post_kept_inside",
        PartnerInvited = "partner_invited",
        PartnerAccepted = "partner_accepted",
        PartnerAdded = "partner_added",
        PartnerClassChanged = "partner_class_changed",
        /// What it is for, whom to call, how long it lasts: on our side.
        PartnerTermsChanged = "partner_terms_changed",
        /// What they say of the same.
        PartnerTermsReceived = "partner_terms_received",
        /// Somebody said that it is still needed.
        PartnerConfirmed = "partner_confirmed",
        /// Its server has new keys, which the old ones introduced.
        PartnerKeyRotated = "partner_key_rotated",
        /// Somebody compared the fingerprint of its server's new key, and accepted it.
        PartnerKeyTrusted = "partner_key_trusted",
        PartnerPaused = "partner_paused",
        PartnerResumed = "partner_resumed",
        PartnerEnded = "partner_ended",
        PartnerBlocked = "partner_blocked",
        DialectChosen = "dialect_chosen",
        PrivateGroupsChosen = "private_groups_chosen",
        GrantMade = "grant_made",
        GrantEnded = "grant_ended",
        /// Somebody said that it is still needed.
        GrantReviewed = "grant_reviewed",
        /// Nobody did.
        GrantLapsed = "grant_lapsed",
        TemplateSaved = "template_saved",
        TemplateRemoved = "template_removed",
        /// It waits for a second administrator.
        Proposed = "proposed",
        ProposalConfirmed = "proposal_confirmed",
        ProposalRejected = "proposal_rejected",
        ProposalExpired = "proposal_expired",
        /// An emergency stop.
        ExchangeStopped = "exchange_stopped",
        StopReleased = "stop_released",
        KeysRotated = "keys_rotated",
        /// A partner was asked to throw away what it got; it says that it did; and the same asked of us.
        RetractionAsked = "retraction_asked",
        RetractionAnswered = "retraction_answered",
        ThrownAway = "thrown_away",
        /// What a partner says it got was compared with what we say it was sent, and the other way round.
        BooksCompared = "books_compared",
        /// A partner's house was asked how it sees deliveries between us.
        PartnerViewAsked = "partner_view_asked",
        /// A server was asked what it is like.
        PartnerProbed = "partner_probed",
        DeliveriesCancelled = "deliveries_cancelled",
        DeliveryRetried = "delivery_retried",
        DeliveryDiscarded = "delivery_discarded",
        EventRetold = "event_retold",
    }
}

/// One audited act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    pub id: AuditId,
    pub at: Timestamp,
    /// Who: a handle, or `operator` for the command line.
    pub who: String,
    pub action: AuditAction,
    /// What it concerned: a name, host or number.
    pub subject: String,
    pub detail: String,
}
