//! Who is asking: cookies and sessions of browsers, tokens of clients, and what keeps others from
//! pretending to be them.
//!
//! Entrances take these as arguments of their handlers: [`SignedIn`] or [`MaybeSignedIn`] for
//! pages, [`Bearer`] or [`MaybeBearer`] for clients, [`Form`] or [`FormWithFiles`] for what a page of
//! ours sent; [`Parts`] reads what comes in parts.

mod caller;
mod cookies;
mod csrf;
mod extractors;
mod parts;
mod rate;
mod refused;
mod sign_in;

pub use caller::caller_address;
pub use cookies::{session_cookie, session_removal};
pub use csrf::{Csrf, Form, FormWithFiles, refuse_foreign_pages};
pub use extractors::{Bearer, MaybeBearer, MaybeSignedIn, SignedIn};
pub use parts::{Parts, SentFile};
pub use rate::Attempts;
pub use refused::Refused;
pub use sign_in::sign_in;
