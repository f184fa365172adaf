//! How nouns of `domain` are spelled: for the API's document, and for reading them from JSON. Reading
//! goes through the noun's own parser, so nothing gets in here that would not get in elsewhere.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::openapi::schema::{Array, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::{
    Access, ActorId, AuditAction, AuditId, Boosts, Capabilities, Capability, ConfirmEvery,
    DeliveryId, DeliveryState, DestinationState, DialectChoice, EmailAddress, EventId, EventKind,
    Evidence, FirstContact, GrantEnd, GrantId, GroupDialect, GroupId, GroupRole, Handle, History,
    HoldState, Host, JobId, JobState, JoinMode, LabelMeaning, LabelName, LedgerOutcome, LedgerWay,
    Matter, MembershipState, Mirror, MoveEnd, Name, OrgRole, PartnerClass, PartnerState, Password,
    PauseReason, PostId, PostState, PrivateGroups, ProposalId, ProposalState, RemovalReason,
    ReportId, ReportState, RetractionCause, RetractionId, RuleId, RuleKind, RuleOutcome,
    RuleSentence, Scopes, Side, SignatureChoice, Stage, StopId, Timestamp, Title, TokenId, Uri,
    Way,
};
use crate::domain::{ProbeQuestion, ProbeSource, RiskGrade};
use crate::policy::{Action, FederationMode, Reason};
use crate::services::explain::Verdict;
use crate::wire::JobKind;

type Schemas = Vec<(String, RefOr<Schema>)>;

/// Enumerations: one of their words.
macro_rules! words {
    ($($name:ident),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = Self::ALL.iter().map(|word| word.as_str());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    Access, Action, AuditAction, Boosts, Capability, DeliveryState, DestinationState, DialectChoice, EventKind, Evidence,
    FederationMode, FirstContact, GroupDialect, GroupRole, HoldState, JobKind, JobState, JoinMode, LedgerOutcome, LedgerWay, Matter, MembershipState, Mirror, MoveEnd, OrgRole, PartnerClass, PartnerState, PauseReason, PostState, PrivateGroups, ProbeQuestion, ProbeSource, ProposalState, Reason, ReportState, RetractionCause, RiskGrade, RuleKind, RuleOutcome, Side, SignatureChoice, Stage, Verdict, Way,
}

/// Numbers of rows. Text, for they are larger than JavaScript's integers.
macro_rules! numbers {
    ($($name:ident),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some("^[1-9][0-9]*$"))
                    .into()
            }
        }

        impl ToSchema for $name {}
        read_by_parsing!($name);
    )+};
}

/// Texts with a meaning.
macro_rules! texts {
    ($($name:ident: $description:literal),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text($description)
            }
        }

        impl ToSchema for $name {}
    )+};
}

macro_rules! read_by_parsing {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

fn text(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .into()
}

numbers! {
    ActorId, AuditId, DeliveryId, EventId, GrantId, GroupId, JobId, PostId, ProposalId, ReportId, RetractionId, RuleId, StopId, TokenId,
}

texts! {
    ConfirmEvery: "`house` (as the house's settings say), `never`, or a number of months",
    EmailAddress: "An e-mail address, `ada@acme.example`",
    GrantEnd: "`never`, or a date like `2026-12-31` (UTC): the first moment when it counts no more",
    Handle: "A name of this house, `ada`, or one elsewhere, `bo@birch.example`",
    History: "`now`, `all`, or a date like `2026-12-31` (UTC)",
    Host: "The name of a server, with its port where it is not the usual one",
    LabelMeaning: "A line of at most 200 characters; may be empty",
    LabelName: "A line of at most 40 characters; upper and lower case are the same",
    Name: "Letters a-z, digits and `_` (and `-` inside), at most 50",
    Password: "At least 10 characters",
    RemovalReason: "A sentence that readers see in the place of the post",
    RuleSentence: "A line of at most 300 characters that the author reads",
    Scopes: "Words separated by spaces, `admin:read admin:write`",
    Title: "One line of at most 200 characters",
    Uri: "An address",
}

read_by_parsing! {
    ConfirmEvery, EmailAddress, GrantEnd, Handle, History, Host, LabelMeaning, LabelName, Name, RemovalReason, RuleSentence, Scopes, Title,
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC. A date alone is read as its beginning"))
            .into()
    }
}

impl ToSchema for Timestamp {}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for Capabilities {
    fn schema() -> RefOr<Schema> {
        let word = Ref::from_schema_name(Capability::name());
        Array::new(word).into()
    }
}

impl ToSchema for Capabilities {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Capabilities")
    }

    fn schemas(schemas: &mut Schemas) {
        schemas.push((Capability::name().into_owned(), Capability::schema()));
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = HashSet::<Capability>::deserialize(deserializer)?;
        let words: Vec<Capability> = words.into_iter().collect();
        Ok(Self::of(&words))
    }
}
