//! ActivityPub between servers. Nothing from outside is believed before this room has checked
//! who says it ([`signatures`], [`keys`]), how large it is ([`json`]) and where it comes from
//! ([`fetch`]).

pub mod fetch;
pub mod json;
pub mod keys;
pub mod signatures;
