//! What carries which name: tenants, sources, events, alerts and positions in the journal.

use crate::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// First 16 bytes of SHA-256 over the parts, each preceded by its length so that `("a","bc")` and `("ab","c")` differ.
fn digest128(domain: &str, parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    hash.update(domain.as_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).fold(0, |acc, byte| (acc << 8) | u128::from(*byte))
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                u128::from_str_radix(text, 16).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_id! {
    /// A hospital. A group of hospitals is a grant over many tenants; a campus is a label.
    TenantId
}
hex_id! {
    /// A device or system that sends lines. Unique over all tenants.
    SourceId
}
hex_id! {
    /// One line, for ever: `receive_ms:48 | node:16 | journal_seq:64`. Ordered by reception; the same on every replay.
    EventId
}
hex_id! {
    /// One claim: hash of rule, rule version and event, so that a replay finds the same alert again.
    AlertId
}

impl TenantId {
    /// The id of the tenant with this short name (`renmin`); stable over restarts and machines.
    pub fn from_slug(slug: &str) -> Self {
        Self(digest128("tenant", &[slug.as_bytes()]))
    }
}

impl SourceId {
    /// The id of the source with this short name inside a tenant.
    pub fn from_slug(tenant: TenantId, slug: &str) -> Self {
        Self(digest128("source", &[&tenant.0.to_be_bytes(), slug.as_bytes()]))
    }
}

impl AlertId {
    /// The id of what `rule` in `version` says about `event`. `rule` is a rule id or, for a device's claim, `device`.
    pub fn of(rule: &str, version: &str, event: EventId) -> Self {
        Self(digest128("alert", &[rule.as_bytes(), version.as_bytes(), &event.0.to_be_bytes()]))
    }
}

/// The intake node that gave an event its id; 0 on a single machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct NodeId(pub u16);

/// A position in the journal: the sequence number of the last line that is covered. `Cursor(0)` covers nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Cursor(pub u64);

impl EventId {
    /// Puts an id together. Times before 1970 count as 0, after the year 10889 they are cut to 48 bits.
    pub fn new(received: Timestamp, node: NodeId, seq: u64) -> Self {
        let ms = (received.as_millis().max(0) as u128) & 0xFFFF_FFFF_FFFF;
        Self((ms << 80) | (u128::from(node.0) << 64) | u128::from(seq))
    }

    /// The journal sequence number of the line.
    pub fn seq(self) -> u64 {
        self.0 as u64
    }

    /// When the line was received, to the millisecond.
    pub fn received(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> 80) as i64)
    }

    /// The id of the line `n` lines further on in the same batch.
    pub fn plus(self, n: u32) -> Self {
        Self(self.0 + u128::from(n))
    }
}

/// What a sender calls a batch, so that sending it twice stores it once: `<epoch>/<n>`, unique per source.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct BatchKey {
    /// One run of the sender; any text of up to 64 visible ASCII characters without `/`.
    pub epoch: String,
    /// The number of the batch in that run.
    pub n: u64,
}

/// Why a batch key was not understood.
#[derive(thiserror::Error, Debug, PartialEq, Eq)]
#[error("batch key `{0}` is not `<epoch>/<n>`: epoch is 1 to 64 visible ASCII characters without `/`, n a whole number")]
pub struct BatchKeyFault(pub String);

impl FromStr for BatchKey {
    type Err = BatchKeyFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || BatchKeyFault(text.chars().take(100).collect());
        let (epoch, n) = text.split_once('/').ok_or_else(fault)?;
        let visible = epoch.bytes().all(|b| b.is_ascii_graphic());
        let digits = !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        if epoch.is_empty() || epoch.len() > 64 || !visible || !digits {
            return Err(fault());
        }
        Ok(Self { epoch: epoch.to_owned(), n: n.parse().map_err(|_| fault())? })
    }
}

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.epoch, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_order_by_reception_and_give_their_parts_back() {
        let early = EventId::new(Timestamp::from_millis(1_000), NodeId(3), 9);
        let late = EventId::new(Timestamp::from_millis(1_001), NodeId(0), 1);
        assert!(early < late);
        assert_eq!((early.seq(), early.received()), (9, Timestamp::from_millis(1_000)));
        assert_eq!(early.plus(2).seq(), 11);
        assert_eq!(early.to_string().parse::<EventId>(), Ok(early));
    }

    #[test]
    fn batch_keys_are_strict() {
        for (text, ok) in
            [("a/1", true), ("run-7/0", true), ("/1", false), ("a/", false), ("a", false), ("a/-1", false), ("a b/1", false), ("a/+1", false)]
        {
            assert_eq!(text.parse::<BatchKey>().is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn sources_of_two_tenants_with_one_name_differ() {
        let (a, b) = (TenantId::from_slug("a"), TenantId::from_slug("b"));
        assert_ne!(SourceId::from_slug(a, "fw"), SourceId::from_slug(b, "fw"));
        assert_eq!(TenantId::from_slug("a"), a);
    }
}
