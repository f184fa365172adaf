//! What benchmarks share with the integration tests: throwaway databases and processes on a leash.

#![allow(dead_code, reason = "made for the tests; not all of it is used here")]

#[path = "../../tests/it/support/leash.rs"]
pub mod leash;
#[path = "../../tests/it/support/ports.rs"]
pub mod ports;
#[path = "../../tests/it/support/postgres.rs"]
pub mod postgres;
#[path = "../../tests/it/support/process.rs"]
pub mod process;
#[path = "../../tests/it/support/requirements.rs"]
pub mod requirements;
