//! Addresses and networks: strict reading, and the form they are compared in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads dotted decimal, four numbers without padding (`010.0.0.1` is octal to some systems and decimal to others).
#[inline]
pub(crate) fn v4(text: &[u8]) -> Option<u32> {
    if text.len() < 7 || text.len() > 15 {
        return None;
    }
    let (mut address, mut octet, mut digits, mut dots) = (0u32, 0u32, 0u32, 0u32);
    for byte in text {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if digit < 10 {
            if digits > 0 && octet == 0 {
                return None;
            }
            octet = octet * 10 + digit;
            digits += 1;
            if octet > 255 {
                return None;
            }
        } else if *byte == b'.' && digits > 0 && dots < 3 {
            address = address << 8 | octet;
            (octet, digits, dots) = (0, 0, dots + 1);
        } else {
            return None;
        }
    }
    (digits > 0 && dots == 3).then_some(address << 8 | octet)
}

/// Reads an address; an IPv4 address inside an IPv6 one (`::ffff:192.0.2.1`) is the IPv4 address, a zone (`%eth0`) is dropped.
#[inline]
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    if let Some(found) = v4(text.as_bytes()) {
        return Some(IpAddr::V4(Ipv4Addr::from(found)));
    }
    // The longest text has 45 characters, a zone some more.
    if text.len() < 2 || text.len() > 64 || !text.as_bytes().contains(&b':') {
        return None;
    }
    let bare = text.split_once('%').map_or(text, |(bare, _)| bare);
    bare.parse::<Ipv6Addr>().ok().map(|found| IpAddr::V6(found).to_canonical())
}

/// True for four groups of digits of which one is padded with zeros.
pub(crate) fn is_padded(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').take(5).collect();
    let digits = |p: &&str| !p.is_empty() && p.len() < 12 && p.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 4 && parts.iter().all(digits) && parts.iter().any(|p| p.len() > 1 && p.starts_with('0'))
}

/// An address and the number of its leading bits that count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl Network {
    /// Reads `address/prefix`; an address alone is no network.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (head, tail) = text.split_once('/')?;
        if tail.is_empty() || tail.len() > 3 || !tail.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if tail.len() > 1 && tail.starts_with('0') {
            return None;
        }
        let prefix: u8 = tail.parse().ok()?;
        if let Some(found) = v4(head.as_bytes()) {
            return (prefix <= 32).then_some(Self { address: IpAddr::V4(found.into()), prefix });
        }
        let found: Ipv6Addr = head.parse().ok().filter(|_| head.len() <= 45)?;
        match found.to_ipv4_mapped() {
            Some(inner) => (96..=128).contains(&prefix).then(|| Self { address: inner.into(), prefix: prefix - 96 }),
            None => (prefix <= 128).then_some(Self { address: found.into(), prefix }),
        }
    }

    /// First and last address, as numbers of their own family.
    pub(crate) fn range(self) -> (u128, u128) {
        let (number, width) = match self.address {
            IpAddr::V4(a) => (u128::from(u32::from(a)), 32u32),
            IpAddr::V6(a) => (u128::from(a), 128),
        };
        let host_bits = width.saturating_sub(u32::from(self.prefix));
        let mask = if host_bits == 128 { u128::MAX } else { (1u128 << host_bits) - 1 };
        (number & !mask, number | mask)
    }

    /// True if bits beyond the prefix are set: a slip of the pen, or a host meant.
    pub(crate) fn has_host_bits(self) -> bool {
        match self.address {
            IpAddr::V4(a) => self.range().0 != u128::from(u32::from(a)),
            IpAddr::V6(a) => self.range().0 != u128::from(a),
        }
    }
}

/// The octets of an address.
pub(crate) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}
