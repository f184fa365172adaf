//! The address of whoever asks, for counting attempts and for the security log.
//!
//! It is the other end of the connection, unless that is a proxy of ours (`trusted_proxies`): then it is
//! the last address in `X-Forwarded-For` or `Forwarded` (RFC 7239) that no proxy of ours has. What stands
//! before it was written by whoever asks and counts for nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use ipnet::IpNet;

use crate::config::Config;

/// Who asks, as far as our proxies say it.
pub fn caller_address(request: &HttpRequest, config: &Config) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    caller_behind(peer, request.headers(), &config.trusted_proxies)
}

fn caller_behind(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    if !is_ours(peer, proxies) {
        return peer;
    }
    let named =
        [X_FORWARDED_FOR, FORWARDED].map(|header| last_stranger(peer, headers, &header, proxies));
    match named {
        [Some(one), Some(other)] if one == other => one,
        // A proxy writes one of them and passes the other on as it came: which is which we do not know.
        [Some(_), Some(_)] => peer,
        [one, other] => one.or(other).unwrap_or(peer),
    }
}

/// Walks back from proxy to proxy, as long as they are ours; none: the header is not there.
fn last_stranger(
    peer: IpAddr,
    headers: &HeaderMap,
    header: &HeaderName,
    proxies: &[IpNet],
) -> Option<IpAddr> {
    let lines: Vec<&str> = headers
        .get_all(header)
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut last = peer;
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        // Who cannot be named is not known further than the proxy that says so.
        let Some(address) = read_hop(hop, *header == FORWARDED) else {
            break;
        };
        last = address;
        if !is_ours(address, proxies) {
            break;
        }
    }
    Some(last)
}

/// One step: `192.0.2.7`, `[2001:db8::1]:4711`, or with `for=` and quotes.
fn read_hop(hop: &str, forwarded: bool) -> Option<IpAddr> {
    let node = match forwarded {
        true => hop.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            name.eq_ignore_ascii_case("for").then_some(value)
        })?,
        false => hop,
    };
    let node = node.trim().trim_matches('"');
    let address = node.parse::<SocketAddr>().map(|address| address.ip());
    let bare = node.trim_start_matches('[').trim_end_matches(']');
    address.or_else(|_| bare.parse()).ok()
}

fn is_ours(address: IpAddr, proxies: &[IpNet]) -> bool {
    let address = address.to_canonical();
    proxies.iter().any(|range| range.contains(&address))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn caller(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies = ["10.0.0.0/8", "::1/128"].map(|range| range.parse().unwrap());
        let request = headers
            .iter()
            .fold(TestRequest::default(), |request, header| {
                request.append_header(*header)
            });
        let request = request.to_http_request();
        caller_behind(peer.parse().unwrap(), request.headers(), &proxies).to_string()
    }

    #[test]
    fn strangers_cannot_say_who_they_are() {
        for header in [
            ("X-Forwarded-For", "203.0.113.9"),
            ("Forwarded", "for=203.0.113.9"),
        ] {
            assert_eq!(caller("192.0.2.7", &[header]), "192.0.2.7");
        }
    }

    #[test]
    fn behind_our_proxies_counts_who_came_to_the_first_of_them() {
        for header in [
            ("X-Forwarded-For", "203.0.113.9"),
            // What stands further left was written by the caller.
            ("X-Forwarded-For", "198.51.100.1, 203.0.113.9"),
            (
                "X-Forwarded-For",
                "198.51.100.1, 10.9.9.9, 203.0.113.9,10.0.0.2",
            ),
            ("X-Forwarded-For", "203.0.113.9:5678"),
            (
                "Forwarded",
                "for=198.51.100.1, For=\"203.0.113.9:80\";proto=https, for=10.0.0.2",
            ),
        ] {
            assert_eq!(caller("10.0.0.1", &[header]), "203.0.113.9", "{header:?}");
        }
        let lines = [
            ("X-Forwarded-For", "198.51.100.1"),
            ("X-Forwarded-For", "203.0.113.9"),
        ];
        assert_eq!(caller("10.0.0.1", &lines), "203.0.113.9");
        let six = ("Forwarded", "for=\"[2001:db8::1]:4711\"");
        assert_eq!(caller("::1", &[six]), "2001:db8::1");
        assert_eq!(caller("::ffff:10.0.0.1", &[six]), "2001:db8::1");
    }

    #[test]
    fn what_cannot_be_read_is_the_proxys() {
        for headers in [
            &[][..],
            &[("X-Forwarded-For", "")],
            &[("X-Forwarded-For", "203.0.113.9, unknown")],
            &[("Forwarded", "for=_hidden;by=203.0.113.9")],
            // The proxy writes one of them; the other one is the caller's.
            &[
                ("X-Forwarded-For", "203.0.113.9"),
                ("Forwarded", "for=198.51.100.1"),
            ],
        ] {
            assert_eq!(caller("10.0.0.1", headers), "10.0.0.1", "{headers:?}");
        }
        let only_ours = ("X-Forwarded-For", "10.0.0.3, 10.0.0.2");
        assert_eq!(caller("10.0.0.1", &[only_ours]), "10.0.0.3");
    }
}
