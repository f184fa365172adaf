//! The words this server adds to ActivityStreams: partnerships, grants, and taking back. `FEDERATION.md`
//! documents them.

use serde_json::{Value, json};

const ACTIVITY_STREAMS: &str = "https://www.w3.org/ns/activitystreams";
/// Where our words live. It is a name, never fetched.
pub const NAMESPACE: &str = "https://ns.guildhall.dev/v1#";

/// Where a group passes on, with what somebody of a third server did, that server's signed document
/// of them: its text, for as JSON-LD its words would mix with those around it.
pub const INTRODUCES: &str = "guildhall:introduces";
/// Where a page of a group's list has, beside the addresses of what people of third servers wrote, what they said, as
/// the group passed it on.
pub const PASSED_ON: &str = "guildhall:passedOn";

/// The context of documents that use our words. It is embedded, so that nobody has to fetch it.
pub fn context() -> Value {
    json!([
        ACTIVITY_STREAMS,
        {
            "guildhall": NAMESPACE,
            "InvitationCode": "guildhall:InvitationCode",
            "code": "guildhall:code",
            "organization": "guildhall:organization",
            "class": "guildhall:class",
            "PartnershipTerms": "guildhall:PartnershipTerms",
            "terms": "guildhall:terms",
            "agreement": { "@id": "guildhall:agreement", "@type": "@id" },
            "purpose": "guildhall:purpose",
            "contact": "guildhall:contact",
            "Grant": "guildhall:Grant",
            "group": { "@id": "guildhall:group", "@type": "@id" },
            "partner": { "@id": "guildhall:partner", "@type": "@id" },
            "capabilities": { "@id": "guildhall:capabilities", "@container": "@set" },
            "joinMode": "guildhall:joinMode",
            "historyFrom": {
                "@id": "guildhall:historyFrom",
                "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
            },
            "Retraction": "guildhall:Retraction",
            "Purge": "guildhall:Purge",
            "digest": "guildhall:digest",
            "purged": "guildhall:purged",
            "kept": { "@id": "guildhall:kept", "@type": "@id", "@container": "@set" },
        },
    ])
}
