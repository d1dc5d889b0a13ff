//! From rows to an index: each value brought into normal form, judged, and put into the table of its kind.

use crate::address::{self, Network};
use crate::index::{Figures, Index};
use crate::networks::Networks;
use crate::record::{Arena, Stored};
use crate::row::shown;
use crate::table::Table;
use crate::{Kind, Reason, Refused, Row, digest, hash, mail, name, never, plain, url};
use std::collections::HashMap;
use std::net::IpAddr;
use wardwatch_ident::Timestamp;
use wardwatch_limits::{
    INDICATOR_REFUSALS, INDICATOR_ROWS, INDICATOR_SOURCES, INDICATOR_SOURCES_PER_VALUE, INDICATOR_URL_BYTES,
};

/// Seed of the hashes: fixed, so that an index is the same whenever it is built.
pub(crate) const SEED: u64 = 0x5761_7264_7761_7463;

/// What a row becomes: its kind (a network of one address is an address), hash and key.
struct Taken {
    kind: Kind,
    hash: u64,
    key: Vec<u8>,
    network: Option<Network>,
}

/// Collects rows.
#[derive(Default)]
pub(crate) struct Builder {
    arena: Arena,
    entries: [Vec<(u64, Stored)>; Kind::ALL.len()],
    v4: Vec<(u128, u128, Stored)>,
    v6: Vec<(u128, u128, Stored)>,
    sources: Vec<Box<str>>,
    source_ids: HashMap<Box<str>, u16>,
    figures: Figures,
    refused: Vec<Refused>,
    rows: usize,
}

impl Builder {
    pub(crate) fn add(&mut self, row: &Row) {
        if let Err(reason) = self.take(row) {
            self.refuse(Refused { row: row.number, value: shown(&row.value), reason });
        }
    }

    pub(crate) fn refuse(&mut self, refused: Refused) {
        self.figures.refused += 1;
        if self.refused.len() < INDICATOR_REFUSALS {
            self.refused.push(refused);
        }
    }

    fn take(&mut self, row: &Row) -> Result<(), Reason> {
        self.rows += 1;
        if self.rows > INDICATOR_ROWS {
            return Err(Reason::TooManyRows(INDICATOR_ROWS));
        }
        if row.confidence > 100 {
            return Err(Reason::Confidence(row.confidence.to_string()));
        }
        let valid_from = row.valid_from.map_or(Ok(0), |t| seconds(t, "valid_from"))?;
        let expires = row.expires.map_or(Ok(u32::MAX), |t| seconds(t, "expires"))?;
        if expires <= valid_from {
            return Err(Reason::Never);
        }
        let taken = taken(row)?;
        let stored = Stored {
            value_at: self.arena.0.len() as u32,
            value_len: taken.key.len() as u16,
            source: self.source(row.source.trim())?,
            valid_from,
            expires,
            row: u32::try_from(row.number).unwrap_or(u32::MAX),
            kind: taken.kind,
            confidence: row.confidence,
        };
        self.arena.0.extend_from_slice(&taken.key);
        match taken.network {
            Some(network) => {
                let (from, to) = network.range();
                if network.address.is_ipv4() { &mut self.v4 } else { &mut self.v6 }.push((from, to, stored));
            }
            None => {
                if let Some(entries) = self.entries.get_mut(taken.kind as usize) {
                    entries.push((taken.hash, stored));
                }
            }
        }
        Ok(())
    }

    fn source(&mut self, name: &str) -> Result<u16, Reason> {
        if name.is_empty() {
            return Err(Reason::Empty("source"));
        }
        let name: Box<str> = shown(name).into();
        if let Some(id) = self.source_ids.get(&name) {
            return Ok(*id);
        }
        if self.sources.len() >= INDICATOR_SOURCES {
            return Err(Reason::TooManySources(INDICATOR_SOURCES));
        }
        let id = self.sources.len() as u16;
        self.sources.push(name.clone());
        self.source_ids.insert(name, id);
        Ok(id)
    }

    pub(crate) fn finish(mut self) -> (Index, Vec<Refused>) {
        let mut tables: [Table; Kind::ALL.len()] = Default::default();
        for (n, table) in tables.iter_mut().enumerate() {
            let entries = self.entries.get_mut(n).map(std::mem::take).unwrap_or_default();
            *table = Table::build(self.one_per_source(entries));
        }
        let v4 = self.networks_per_source(|b| std::mem::take(&mut b.v4));
        let v6 = self.networks_per_source(|b| std::mem::take(&mut b.v6));
        self.arena.0.shrink_to_fit();
        let index = Index::assembled(
            self.arena,
            tables,
            Networks::build(v4),
            Networks::build(v6),
            self.sources.into_boxed_slice(),
            self.figures,
        );
        (index, self.refused)
    }

    /// Of rows for one value from one source the last counts; a value has a bounded number of records.
    fn one_per_source(&mut self, mut entries: Vec<(u64, Stored)>) -> Vec<(u64, Stored)> {
        entries.sort_unstable_by_key(|(hash, r)| (*hash, std::cmp::Reverse(r.row)));
        let mut kept: Vec<(u64, Stored)> = Vec::with_capacity(entries.len());
        let mut run = 0;
        for (hash, record) in entries {
            run = if kept.get(run).is_some_and(|(h, _)| *h == hash) { run } else { kept.len() };
            let same = kept.get(run..).unwrap_or_default();
            let twin =
                |(_, r): &(u64, Stored)| r.source == record.source && self.arena.value(r) == self.arena.value(&record);
            if same.iter().any(twin) {
                self.figures.replaced += 1;
            } else if same.len() >= INDICATOR_SOURCES_PER_VALUE {
                self.too_many(&record);
            } else {
                kept.push((hash, record));
            }
        }
        kept
    }

    fn networks_per_source(
        &mut self,
        of: impl Fn(&mut Self) -> Vec<(u128, u128, Stored)>,
    ) -> Vec<(u128, u128, Stored)> {
        let mut networks = of(self);
        networks.sort_unstable_by_key(|(from, to, r)| (*from, *to, std::cmp::Reverse(r.row)));
        let mut kept: Vec<(u128, u128, Stored)> = Vec::with_capacity(networks.len());
        let mut run = 0;
        for (from, to, record) in networks {
            run = if kept.get(run).is_some_and(|(f, t, _)| (*f, *t) == (from, to)) { run } else { kept.len() };
            let same = kept.get(run..).unwrap_or_default();
            if same.iter().any(|(_, _, r)| r.source == record.source) {
                self.figures.replaced += 1;
            } else if same.len() >= INDICATOR_SOURCES_PER_VALUE {
                self.too_many(&record);
            } else {
                kept.push((from, to, record));
            }
        }
        kept
    }

    fn too_many(&mut self, record: &Stored) {
        let value = self.arena.value(record);
        let value = crate::Record { stored: record, value, source: "" }.value();
        let reason = Reason::TooManyRecords(INDICATOR_SOURCES_PER_VALUE);
        self.refuse(Refused { row: u64::from(record.row), value: shown(&value), reason });
    }
}

fn seconds(at: Timestamp, cell: &'static str) -> Result<u32, Reason> {
    u32::try_from(at.as_secs()).map_err(|_| Reason::Time { cell })
}

/// Normal form and judgement of one row.
fn taken(row: &Row) -> Result<Taken, Reason> {
    if row.value.len() > wardwatch_limits::INDICATOR_CELL_BYTES {
        return Err(Reason::TooLong { cell: "value", bytes: wardwatch_limits::INDICATOR_CELL_BYTES });
    }
    let value = plain::plain(row.value.trim());
    if value.is_empty() {
        return Err(Reason::Empty("value"));
    }
    match row.kind {
        Kind::Address => address_taken(&value, row.allowed),
        Kind::Network => network_taken(&value, row.allowed),
        Kind::Domain => name_taken(&value, row.allowed),
        Kind::Url => url_taken(&value, row.allowed),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 => digest_taken(row.kind, &value, row.allowed),
        Kind::Mail => {
            let key = mail::normal(&value).ok_or(Reason::Malformed(Kind::Mail))?.into_bytes();
            Ok(Taken { kind: Kind::Mail, hash: hash::of_bytes(SEED, &key), key, network: None })
        }
    }
}

fn address_taken(value: &str, allowed: bool) -> Result<Taken, Reason> {
    if address::is_padded(value) {
        return Err(Reason::ZeroPadded);
    }
    let found = address::address(value).ok_or(Reason::Malformed(Kind::Address))?;
    if let Some(why) = never::address(found).filter(|_| !allowed) {
        return Err(Reason::InsideAddress(why));
    }
    Ok(exact_address(found))
}

fn exact_address(found: IpAddr) -> Taken {
    let key = address::octets(found);
    Taken { kind: Kind::Address, hash: hash::of_bytes(SEED, &key), key, network: None }
}

fn network_taken(value: &str, allowed: bool) -> Result<Taken, Reason> {
    if address::is_padded(value.split_once('/').map_or(value, |(head, _)| head)) {
        return Err(Reason::ZeroPadded);
    }
    let network = Network::parse(value).ok_or(Reason::Malformed(Kind::Network))?;
    if network.has_host_bits() {
        return Err(Reason::HostBits);
    }
    let least = if network.address.is_ipv4() { never::PREFIX_V4_MIN } else { never::PREFIX_V6_MIN };
    if !allowed {
        if network.prefix < least {
            return Err(Reason::TooWide(least));
        }
        if let Some(why) = never::network(network) {
            return Err(Reason::InsideAddress(why));
        }
    }
    let mut key = address::octets(network.address);
    key.push(network.prefix);
    Ok(Taken { kind: Kind::Network, hash: 0, key, network: Some(network) })
}

fn name_taken(value: &str, allowed: bool) -> Result<Taken, Reason> {
    // `*.name` and `.name` say what a name says here anyway: it and everything below.
    let value = value.strip_prefix("*.").or_else(|| value.strip_prefix('.')).unwrap_or(value);
    let name = name::normal(value).ok_or(Reason::Malformed(Kind::Domain))?;
    match never::name(&name).filter(|_| !allowed) {
        Some(never::NameRefusal::PublicSuffix) => return Err(Reason::PublicSuffix),
        Some(never::NameRefusal::Top) => return Err(Reason::TopDomain),
        Some(never::NameRefusal::Local) => return Err(Reason::LocalName),
        None => {}
    }
    let hash = hash::of_name(SEED, name.as_bytes()).ok_or(Reason::Malformed(Kind::Domain))?;
    Ok(Taken { kind: Kind::Domain, hash, key: name.into_bytes(), network: None })
}

fn url_taken(value: &str, allowed: bool) -> Result<Taken, Reason> {
    let found = url::normal(value).ok_or(Reason::Malformed(Kind::Url))?;
    if found.text.len() > INDICATOR_URL_BYTES || !found.whole {
        return Err(Reason::TooLong { cell: "value", bytes: INDICATOR_URL_BYTES });
    }
    if !allowed {
        let host = found.host().trim_matches(['[', ']']);
        match (address::address(host), never::name(host)) {
            (Some(address), _) => never::address(address).map_or(Ok(()), |why| Err(Reason::InsideAddress(why)))?,
            (None, Some(never::NameRefusal::Local)) => return Err(Reason::LocalName),
            (None, Some(never::NameRefusal::PublicSuffix)) if found.is_bare() => return Err(Reason::PublicSuffix),
            (None, Some(never::NameRefusal::Top)) if found.is_bare() => return Err(Reason::TopDomain),
            _ => {}
        }
    }
    let key = found.text.into_bytes();
    Ok(Taken { kind: Kind::Url, hash: hash::of_bytes(SEED, &key), key, network: None })
}

fn digest_taken(kind: Kind, value: &str, allowed: bool) -> Result<Taken, Reason> {
    let found = digest::parse(value.as_bytes()).filter(|d| d.kind == kind).ok_or(Reason::Malformed(kind))?;
    if never::digest(found.bytes()) && !allowed {
        return Err(Reason::EmptyFile);
    }
    let key = found.bytes().to_vec();
    Ok(Taken { kind, hash: hash::of_bytes(SEED, &key), key, network: None })
}
