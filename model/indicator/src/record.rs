//! What is kept of an indicator, and what a hit gives.

use crate::Kind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wardwatch_ident::Timestamp;

/// One record in memory, 24 bytes; the value itself stands in the arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) value_at: u32,
    pub(crate) value_len: u16,
    pub(crate) source: u16,
    /// Seconds since 1970; 0 is "always".
    pub(crate) valid_from: u32,
    /// Seconds since 1970; `u32::MAX` is "never".
    pub(crate) expires: u32,
    pub(crate) row: u32,
    pub(crate) kind: Kind,
    pub(crate) confidence: u8,
}

impl Stored {
    #[inline]
    pub(crate) fn is_valid(&self, at: u32) -> bool {
        self.valid_from <= at && at < self.expires
    }
}

/// All values one after the other.
#[derive(Debug, Default)]
pub(crate) struct Arena(pub(crate) Vec<u8>);

impl Arena {
    #[inline]
    pub(crate) fn value(&self, record: &Stored) -> &[u8] {
        let from = record.value_at as usize;
        self.0.get(from..from + usize::from(record.value_len)).unwrap_or_default()
    }
}

/// An indicator that was found.
#[derive(Clone, Copy)]
pub struct Record<'i> {
    pub(crate) stored: &'i Stored,
    pub(crate) value: &'i [u8],
    pub(crate) source: &'i str,
}

impl<'i> Record<'i> {
    /// What it is.
    pub fn kind(&self) -> Kind {
        self.stored.kind
    }

    /// Its value in normal form (hashes in lower-case hexadecimal).
    pub fn value(&self) -> String {
        match self.stored.kind {
            Kind::Address | Kind::Network => address_text(self.value),
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 => self.value.iter().map(|b| format!("{b:02x}")).collect(),
            Kind::Domain | Kind::Url | Kind::Mail => String::from_utf8_lossy(self.value).into_owned(),
        }
    }

    /// Who vouches for it.
    pub fn source(&self) -> &'i str {
        self.source
    }

    /// How sure the source is, 0-100.
    pub fn confidence(&self) -> u8 {
        self.stored.confidence
    }

    /// Not an indicator before.
    pub fn valid_from(&self) -> Option<Timestamp> {
        (self.stored.valid_from > 0).then(|| Timestamp::from_secs(i64::from(self.stored.valid_from)))
    }

    /// Not an indicator from then on.
    pub fn expires(&self) -> Option<Timestamp> {
        (self.stored.expires < u32::MAX).then(|| Timestamp::from_secs(i64::from(self.stored.expires)))
    }

    /// The row it came from.
    pub fn row(&self) -> u32 {
        self.stored.row
    }
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, value) = (self.kind().word(), self.value());
        write!(f, "{kind} {value} by {} ({} %, row {})", self.source, self.confidence(), self.row())
    }
}

/// Four or sixteen octets, and one more for the prefix of a network.
fn address_text(key: &[u8]) -> String {
    let (octets, prefix) = match key.len() {
        5 | 17 => (key.get(..key.len() - 1).unwrap_or_default(), key.last()),
        _ => (key, None),
    };
    let address = match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
        (Ok(four), _) => IpAddr::V4(Ipv4Addr::from(four)),
        (_, Ok(sixteen)) => IpAddr::V6(Ipv6Addr::from(sixteen)),
        _ => return String::new(),
    };
    prefix.map_or_else(|| address.to_string(), |prefix| format!("{address}/{prefix}"))
}
