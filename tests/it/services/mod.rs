//! Use cases, on both databases, without a server.

mod accounts;
mod deliveries;
mod prune;
