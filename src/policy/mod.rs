//! Who may see and do what. Pure: plain values in, a verdict out; time is a fact like any other.
//!
//! Every way into the house asks here and nowhere else. [`decide`] answers one question,
//! [`permit`] turns a yes into a proof that storage demands before it writes, and [`scope`]
//! describes everything a viewer may read, for lists.
//!
//! # Cases the rules leave open, and how they are decided
//! Deny is the default; these are written down so that somebody can object:
//! - People from servers without a partnership may look at public groups (in open mode) but not
//!   join or write in them.
//! - A partner's person who is banned from an open group reads nothing of it.
//! - A post one may not read is answered like an unknown one even when its group is known.
//! - A group elsewhere whose grant to us has expired, was taken back, or whose house is no longer
//!   a partner, is hidden from everybody here; while the partnership is paused it is read only.
//! - A group elsewhere can be read by the server where it lives only as far as people here wrote it.
//! - The command line (operator) administers but reads no posts.

mod action;
mod facts;
mod rules;
mod scope;
mod verdict;
mod viewer;

pub use action::*;
pub use facts::*;
pub use rules::{decide, explain, grant_effect, join_outcome, permit};
pub use scope::*;
pub use verdict::*;
pub use viewer::*;
