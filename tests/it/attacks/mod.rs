//! The attacks that the server must withstand, with the real bytes, on both databases. What counts is
//! not the answer but what is afterwards in the database and what went over the wire.
//!
//! The numbers are those of the list of attacks that `docs/TESTING.md` describes.

mod acts;
mod boosts;
mod content;
mod crawl;
mod denial;
mod destinations;
mod fixture;
mod flood;
mod follows;
mod hidden;
mod insiders;
mod keys;
mod leaks;
mod media;
mod mirrors;
mod no_grant;
mod origin;
mod polls;
mod reach;
mod retractions;
mod sending;
mod signatures;
