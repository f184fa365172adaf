//! What the tests stand on: databases, browsers and servers that they start themselves and that
//! never outlive them.

#![allow(
    dead_code,
    reason = "tests arrive room by room; not every tool has its first user yet"
)]

pub mod bridge;
pub mod browser;
pub mod database;
pub mod dice;
pub mod dump;
pub mod files;
pub mod forge;
pub mod house;
pub mod leash;
pub mod openapi;
pub mod peer;
pub mod person;
pub mod plain;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod random_world;
pub mod requirements;
pub mod stranger;
pub mod world;
