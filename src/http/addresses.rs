//! Which network addresses we may talk to: those the whole Internet can reach, and what the
//! operator allows besides. Pure.
//!
//! A name in somebody's document decides where our server connects. Without this rule it could
//! name the database, the cloud's metadata service or the office printer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Ranges of IPv4 that are not for the public Internet (IANA's special-purpose registry,
/// RFC 6890 and later), and those that stand for many receivers or for none.
const NOT_GLOBAL_V4: &[Ipv4Net] = &[
    v4([0, 0, 0, 0], 8),       // this network
    v4([10, 0, 0, 0], 8),      // private
    v4([100, 64, 0, 0], 10),   // carriers' shared addresses
    v4([127, 0, 0, 0], 8),     // loopback
    v4([169, 254, 0, 0], 16),  // link-local, clouds' metadata
    v4([172, 16, 0, 0], 12),   // private
    v4([192, 0, 0, 0], 24),    // protocol assignments
    v4([192, 0, 2, 0], 24),    // documentation
    v4([192, 88, 99, 0], 24),  // 6to4 relays
    v4([192, 168, 0, 0], 16),  // private
    v4([198, 18, 0, 0], 15),   // benchmarking
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24),  // documentation
    v4([224, 0, 0, 0], 4),     // multicast
    v4([240, 0, 0, 0], 4),     // reserved, broadcast
];

/// The only part of IPv6 that is handed out for the public Internet. Loopback, mapped and
/// compatible IPv4, NAT64, unique local, link-local, site-local and multicast lie outside.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0], 3);

/// Ranges inside [`GLOBAL_V6`] that are not global, or that carry an IPv4 address to reach.
const NOT_GLOBAL_V6: &[Ipv6Net] = &[
    v6([0x2001, 0], 23),      // protocol assignments: Teredo, benchmarking, ORCHID
    v6([0x2001, 0x0db8], 32), // documentation
    v6([0x2002, 0], 16),      // 6to4
    v6([0x3fff, 0], 20),      // documentation
];

const fn v4(start: [u8; 4], bits: u8) -> Ipv4Net {
    let [a, b, c, d] = start;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(start: [u16; 2], bits: u8) -> Ipv6Net {
    let [a, b] = start;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits)
}

/// The rule with this server's exceptions (`federation.allow_addresses`).
#[derive(Clone, Debug)]
pub(super) struct AddressPolicy {
    allowed: Arc<[IpNet]>,
}

impl AddressPolicy {
    pub(super) fn new(allowed: &[IpNet]) -> Self {
        Self {
            allowed: allowed.into(),
        }
    }

    /// True when a connection may go to `address`.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        is_global(address) || self.allowed.iter().any(|range| range.contains(&address))
    }

    /// What remains of a name's addresses.
    ///
    /// # Errors
    /// [`AddressRefused`] when nothing remains of some.
    pub(super) fn retain(
        &self,
        found: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, AddressRefused> {
        let permitted: Vec<_> = found
            .into_iter()
            .filter(|address| self.permits(address.ip()))
            .collect();
        if permitted.is_empty() {
            return Err(AddressRefused);
        }
        Ok(permitted)
    }
}

/// A name or literal that leads only to addresses we may not talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not on the public Internet")]
pub(super) struct AddressRefused;

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_GLOBAL_V4.iter().any(|range| range.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address)
                && !NOT_GLOBAL_V6.iter().any(|range| range.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> AddressPolicy {
        AddressPolicy::new(&[])
    }

    #[test]
    fn a53_addresses_that_are_not_global_are_refused() {
        for text in [
            "127.0.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
        ] {
            assert!(!strict().permits(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_public_internet_are_permitted() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2a01:4f8::1",
            "2606:4700::1111",
        ] {
            assert!(strict().permits(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn the_operator_may_allow_ranges_and_nothing_besides() {
        let policy = AddressPolicy::new(&["127.0.0.0/8".parse().unwrap()]);
        assert!(policy.permits("127.0.0.1".parse().unwrap()));
        assert!(!policy.permits("10.0.0.1".parse().unwrap()));
        assert!(!policy.permits("::1".parse().unwrap()));
        assert!(!policy.permits("::ffff:127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a54_of_mixed_answers_only_the_global_ones_remain() {
        let found = ["10.0.0.1:0", "1.1.1.1:0", "[fd00::1]:0"].map(|text| text.parse().unwrap());
        assert_eq!(
            strict().retain(found).unwrap(),
            ["1.1.1.1:0".parse().unwrap()]
        );
        assert_eq!(
            strict().retain(["10.0.0.1:0".parse().unwrap()]),
            Err(AddressRefused)
        );
        assert_eq!(strict().retain([]), Err(AddressRefused));
    }
}
