//! Names to addresses, with the rule applied to the answer.
//!
//! The client connects to exactly what is returned here, so the address that was checked is the
//! address that is used: a name that answers differently the second time gains nothing.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use crate::http::addresses::AddressPolicy;

/// Names asked for at once. The system's resolver blocks a thread for as long as a dead name
/// server lets it; without a bound, dead names would take every blocking thread of the process.
const LOOKUPS_IN_FLIGHT_MAX: usize = 32;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Asks for all addresses of a name, whatever records lead to them; may block.
pub(super) type Lookup = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// Somebody who knows names, behind an [`AddressPolicy`].
pub(super) struct Resolver {
    policy: AddressPolicy,
    lookup: Lookup,
    lookups: Arc<Semaphore>,
}

impl Resolver {
    pub(super) fn new(policy: AddressPolicy, lookup: Lookup) -> Self {
        Self {
            policy,
            lookup,
            lookups: Arc::new(Semaphore::new(LOOKUPS_IN_FLIGHT_MAX)),
        }
    }
}

/// The system's resolver. The port is not its business: the client fills it in.
pub(super) fn ask_the_system(name: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((name, 0).to_socket_addrs()?.collect())
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy.clone();
        let (lookup, lookups) = (self.lookup, Arc::clone(&self.lookups));
        Box::pin(async move {
            let found = if is_localhost(name.as_str()) {
                loopback()
            } else {
                ask(lookup, name.as_str().to_owned(), lookups).await?
            };
            let permitted = policy.retain(found)?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// `localhost` and everything below it is this machine (RFC 6761, section 6.3); the C library
/// does not know the names below.
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Both kinds of loopback: the policy keeps those the operator allows.
fn loopback() -> Vec<SocketAddr> {
    vec![
        (IpAddr::from(Ipv4Addr::LOCALHOST), 0).into(),
        (IpAddr::from(Ipv6Addr::LOCALHOST), 0).into(),
    ]
}

async fn ask(
    lookup: Lookup,
    name: String,
    lookups: Arc<Semaphore>,
) -> Result<Vec<SocketAddr>, BoxError> {
    let place = lookups.acquire_owned().await?;
    let found = tokio::task::spawn_blocking(move || {
        // Held until the resolver returns, also when nobody waits for the answer any more.
        let _place = place;
        lookup(&name)
    });
    Ok(found.await??)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(allowed: &[&str], name: &str) -> Result<Vec<SocketAddr>, BoxError> {
        let allowed: Vec<_> = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let resolver = Resolver::new(AddressPolicy::new(&allowed), ask_the_system);
        let found = resolver.resolve(name.parse().unwrap()).await?;
        Ok(found.collect())
    }

    #[tokio::test]
    async fn localhost_is_this_machine_where_the_operator_allows_it() {
        for name in ["localhost", "acme.localhost", "ACME.localhost."] {
            let found = resolve(&["127.0.0.0/8"], name).await.unwrap();
            assert_eq!(found, ["127.0.0.1:0".parse().unwrap()], "{name}");
            let found = resolve(&["::1/128"], name).await.unwrap();
            assert_eq!(found, ["[::1]:0".parse().unwrap()], "{name}");
            assert!(resolve(&[], name).await.is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn what_the_system_resolves_is_checked_too() {
        assert!(resolve(&[], "127.0.0.1").await.is_err());
        assert!(resolve(&["127.0.0.0/8"], "127.0.0.1").await.is_ok());
    }
}
