//! Use cases, on both databases, without a server.

mod accounts;
mod attachments;
mod chains;
mod deliveries;
mod prune;
mod stops;
