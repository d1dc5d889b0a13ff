//! What is never an indicator unless its row says so: addresses that mean somebody else in every hospital, names that
//! half the world uses, hashes of nothing.
//!
//! Addresses for documentation (192.0.2.0/24 and its kin, 2001:db8::/32) are allowed: no real line carries them, and
//! examples do.

use crate::address::Network;
use crate::never_names::{PUBLIC_SUFFIXES, TOP_DOMAINS};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ranges by first address, prefix and why. IANA special-purpose registries (RFC 6890 and its updates).
const RANGES_V4: [(Ipv4Addr, u8, &str); 13] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private (RFC 1918)"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "behind a carrier (RFC 6598)"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private (RFC 1918)"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private (RFC 1918)"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarks"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "broadcast"),
];

const RANGES_V6: [(Ipv6Addr, u8, &str); 6] = [
    (Ipv6Addr::UNSPECIFIED, 128, "no address"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique local (RFC 4193)"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// The shortest prefixes of a network: an eighth of the internet is nobody's indicator.
pub(crate) const PREFIX_V4_MIN: u8 = 8;
/// See [`PREFIX_V4_MIN`]; registries hand out /12 to /23.
pub(crate) const PREFIX_V6_MIN: u8 = 20;

/// Why this network, or one inside or around it, is never an indicator.
pub(crate) fn network(network: Network) -> Option<&'static str> {
    let (first, last) = network.range();
    let overlaps = |other: Network| {
        let (from, to) = other.range();
        first <= to && from <= last
    };
    match network.address {
        IpAddr::V4(_) => {
            { RANGES_V4.iter().find(|(a, prefix, _)| overlaps(Network { address: (*a).into(), prefix: *prefix })) }
                .map(|(_, _, why)| *why)
        }
        IpAddr::V6(_) => {
            { RANGES_V6.iter().find(|(a, prefix, _)| overlaps(Network { address: (*a).into(), prefix: *prefix })) }
                .map(|(_, _, why)| *why)
        }
    }
}

/// Why this address is never an indicator.
pub(crate) fn address(address: IpAddr) -> Option<&'static str> {
    network(Network { address, prefix: if address.is_ipv4() { 32 } else { 128 } })
}

/// True for addresses that cannot be in an index without an override: most of what a hospital's lines carry.
#[inline]
pub(crate) fn is_inside(address: u32) -> bool {
    matches!(address >> 24, 0 | 10 | 127 | 224..)
        || address >> 16 == 0xc0a8
        || address >> 20 == 0xac1
        || address >> 16 == 0xa9fe
}

/// Why a name is never an indicator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NameRefusal {
    /// Everybody registers below it.
    PublicSuffix,
    /// Half the world uses it.
    Top,
    /// It means something else in every network.
    Local,
}

/// Ends of names that are resolved inside (RFC 6761, RFC 6762, RFC 8375, ICANN on `internal`, and common habit).
const LOCAL_ENDS: [&str; 9] =
    ["localhost", "local", "localdomain", "lan", "internal", "intranet", "home", "corp", "arpa"];

/// Looks at a name in normal form.
pub(crate) fn name(name: &str) -> Option<NameRefusal> {
    let last = name.rsplit('.').next().unwrap_or_default();
    if LOCAL_ENDS.contains(&last) {
        return Some(NameRefusal::Local);
    }
    if !name.contains('.') || PUBLIC_SUFFIXES.binary_search(&name).is_ok() {
        return Some(NameRefusal::PublicSuffix);
    }
    let bare = name.strip_prefix("www.").unwrap_or(name);
    TOP_DOMAINS.binary_search(&bare).is_ok().then_some(NameRefusal::Top)
}

/// Hashes of no bytes, and of nothing at all.
pub(crate) fn digest(bytes: &[u8]) -> bool {
    const EMPTY: [&[u8]; 3] = [
        &[0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e],
        &[
            0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b, 0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60, 0x18, 0x90, 0xaf, 0xd8,
            0x07, 0x09,
        ],
        &[
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
            0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
        ],
    ];
    EMPTY.contains(&bytes) || bytes.iter().all(|b| *b == 0) || bytes.iter().all(|b| *b == 0xff)
}
