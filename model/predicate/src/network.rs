//! Address ranges: IPv4 and IPv6, textual addresses only. Never resolves a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range in CIDR notation. IPv4-mapped IPv6 (`::ffff:a.b.c.d`) counts as IPv4, in ranges and in values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or a single address. Bits behind the prefix are taken as zero.
    #[must_use]
    pub fn read(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) if !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit()) => {
                (address, Some(prefix.parse::<u8>().ok()?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        let written: IpAddr = address.parse().ok()?;
        let bits = if written.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits {
            return None;
        }
        match written {
            IpAddr::V6(v6) if prefix >= 96 && v6.to_ipv4_mapped().is_some() => {
                Some(Network::masked(v6.to_canonical(), prefix - 96))
            }
            _ => Some(Network::masked(written, prefix)),
        }
    }

    fn masked(address: IpAddr, prefix: u8) -> Network {
        let first = match address {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask4(prefix))),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask6(prefix))),
        };
        Network { first, prefix }
    }

    /// Whether `text` is an address inside the range; false for anything that is not an address.
    #[must_use]
    pub fn contains_text(&self, text: &str) -> bool {
        // The longest address has 45 characters: nothing longer is parsed.
        text.len() <= 45 && text.parse().is_ok_and(|address| self.contains(address))
    }

    /// Whether the address lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(v4)) => v4.to_bits() & mask4(self.prefix) == first.to_bits(),
            (IpAddr::V6(first), IpAddr::V6(v6)) => v6.to_bits() & mask6(self.prefix) == first.to_bits(),
            _ => false,
        }
    }

    /// The first address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The number of fixed bits.
    #[must_use]
    pub fn prefix(&self) -> u8 {
        self.prefix
    }
}

fn mask4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn mask6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}
