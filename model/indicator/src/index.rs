//! The index: immutable, shared by `Arc`, exchanged whole.

use crate::build::{Builder, SEED};
use crate::hash::{self, NameBuffer, NameHash};
use crate::networks::Networks;
use crate::record::{Arena, Stored};
use crate::row::Rows;
use crate::table::Table;
use crate::{FileFault, Kind, Record, Refused, Row, address, digest, mail, name, never, url};
use std::net::IpAddr;
use wardwatch_ident::Timestamp;

/// Counts of what went into an index.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Records by kind, in the order of [`Kind::ALL`].
    pub records: [usize; Kind::ALL.len()],
    /// Rows that a later row of the same source and value replaced.
    pub replaced: usize,
    /// Rows that were refused, also beyond those that are listed.
    pub refused: usize,
    /// Bytes of memory the index takes.
    pub bytes: usize,
}

impl Figures {
    /// All records.
    pub fn total(&self) -> usize {
        self.records.iter().sum()
    }
}

/// Indicators in memory. Nothing in it changes after it is built; look-ups allocate for URLs and mail addresses only.
#[derive(Debug, Default)]
pub struct Index {
    arena: Arena,
    tables: [Table; Kind::ALL.len()],
    v4: Networks<u32>,
    v6: Networks<u128>,
    sources: Box<[Box<str>]>,
    figures: Figures,
    /// Numbers of labels that domains in the index have, as bits: other suffixes need no look.
    depths: u128,
    /// An address or network that is inside was let in by an override.
    inside: bool,
}

impl Index {
    /// Builds from rows. Rows that are no indicator come back with their reason (the first thousand of them).
    pub fn build(rows: impl IntoIterator<Item = Row>) -> (Self, Vec<Refused>) {
        let mut builder = Builder::default();
        rows.into_iter().for_each(|row| builder.add(&row));
        builder.finish()
    }

    /// Builds from several CSV files at once, see [`Rows`] for their form.
    pub fn read_csv(files: &[&[u8]]) -> Result<(Self, Vec<Refused>), FileFault> {
        let mut builder = Builder::default();
        for file in files {
            for row in Rows::read(file)? {
                match row {
                    Ok(row) => builder.add(&row),
                    Err(refused) => builder.refuse(refused),
                }
            }
        }
        Ok(builder.finish())
    }

    pub(crate) fn assembled(
        arena: Arena,
        tables: [Table; Kind::ALL.len()],
        v4: Networks<u32>,
        v6: Networks<u128>,
        sources: Box<[Box<str>]>,
        figures: Figures,
    ) -> Self {
        let mut index = Self { arena, tables, v4, v6, sources, figures, depths: 0, inside: false };
        for (count, table) in index.figures.records.iter_mut().zip(&index.tables) {
            *count = table.records().len();
        }
        if let Some(count) = index.figures.records.get_mut(Kind::Network as usize) {
            *count = index.v4.records().len() + index.v6.records().len();
        }
        let labels = |r: &Stored| 1 + index.arena.value(r).iter().filter(|b| **b == b'.').count();
        let depth = |depths, r| depths | 1 << labels(r).min(127);
        index.depths = index.table(Kind::Domain).records().iter().fold(0, depth);
        let address = |r: &Stored| index.arena.value(r).first_chunk::<4>().map(|o| u32::from_be_bytes(*o));
        let exact = index.table(Kind::Address).records().iter().filter(|r| r.value_len == 4);
        index.inside = exact.filter_map(address).any(never::is_inside)
            || index.v4.records().iter().any(|r| {
                // Only an override lets a network in that touches an inside range, whichever way round they nest.
                let value = index.arena.value(r);
                let prefix = value.get(4).copied().unwrap_or(0);
                address(r).is_none_or(|a| {
                    never::network(address::Network { address: IpAddr::V4(a.into()), prefix }).is_some()
                })
            });
        index.figures.bytes = index.arena.0.len()
            + index.tables.iter().map(Table::bytes).sum::<usize>()
            + index.v4.bytes()
            + index.v6.bytes();
        index
    }

    /// What the index holds.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Every record in it, in no order to rely on: for lists and exports.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let exact = self.tables.iter().flat_map(|t| t.records());
        exact.chain(self.v4.records()).chain(self.v6.records()).map(|stored| self.record(stored))
    }

    /// Looks one value up, as `kind` says what the value is. `at` is when the line was received: validity is judged by it.
    ///
    /// An address is looked up exactly, then in networks (either kind asks for both); a domain by each of its suffixes,
    /// the longest valid one answers; a URL whole, then without its query. Text that is no value of its kind finds nothing.
    #[inline]
    pub fn lookup(&self, kind: Kind, text: &str, at: Timestamp) -> Option<Record<'_>> {
        let at = seconds(at);
        match kind {
            Kind::Address | Kind::Network => self.address(text, at),
            Kind::Domain => self.domain(text, at),
            Kind::Url => url::normal(text).and_then(|found| self.url(&found, at)),
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 => {
                let found = digest::parse(text.as_bytes()).filter(|d| d.kind == kind)?;
                self.exact(kind, found.bytes(), at)
            }
            Kind::Mail => mail::normal(text).and_then(|found| self.exact(Kind::Mail, found.as_bytes(), at)),
        }
    }

    /// A URL of which the host and the path with its query are known apart.
    pub fn lookup_path(&self, host: &str, path: &str, at: Timestamp) -> Option<Record<'_>> {
        if self.table(Kind::Url).is_empty() || host.len() > wardwatch_limits::INDICATOR_NAME_BYTES + 8 {
            return None;
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let end = path.floor_char_boundary(wardwatch_limits::INDICATOR_EVENT_URL_BYTES);
        let found = url::normal(&format!("{host}{slash}{}", path.get(..end).unwrap_or_default()))?;
        self.url(&found, seconds(at))
    }

    #[inline]
    pub(crate) fn table(&self, kind: Kind) -> &Table {
        // The array has a table for each kind.
        let [address, network, domain, url, md5, sha1, sha256, mail] = &self.tables;
        match kind {
            Kind::Address => address,
            Kind::Network => network,
            Kind::Domain => domain,
            Kind::Url => url,
            Kind::Md5 => md5,
            Kind::Sha1 => sha1,
            Kind::Sha256 => sha256,
            Kind::Mail => mail,
        }
    }

    pub(crate) fn exact(&self, kind: Kind, key: &[u8], at: u32) -> Option<Record<'_>> {
        let found = self.table(kind).find(&self.arena, hash::of_bytes(SEED, key), key, at)?;
        Some(self.record(found))
    }

    #[inline]
    pub(crate) fn address(&self, text: &str, at: u32) -> Option<Record<'_>> {
        if let Some(found) = address::v4(text.as_bytes()) {
            return self.v4(found, at);
        }
        match address::address(text)? {
            IpAddr::V4(found) => self.v4(u32::from(found), at),
            IpAddr::V6(found) => self
                .exact(Kind::Address, &found.octets(), at)
                .or_else(|| self.v6.find(u128::from(found), at).map(|r| self.record(r))),
        }
    }

    #[inline]
    fn v4(&self, found: u32, at: u32) -> Option<Record<'_>> {
        if !self.inside && never::is_inside(found) {
            return None;
        }
        let hash = hash::of_v4(SEED, found);
        let exact = self.table(Kind::Address).find(&self.arena, hash, &found.to_be_bytes(), at);
        exact.or_else(|| self.v4.find(found, at)).map(|r| self.record(r))
    }

    #[inline]
    pub(crate) fn domain(&self, text: &str, at: u32) -> Option<Record<'_>> {
        if self.depths == 0 {
            return None;
        }
        match NameBuffer::lowered(text.as_bytes()) {
            Some(name) => self.suffixes(&name, at),
            None if text.is_ascii() || text.len() > wardwatch_limits::INDICATOR_NAME_BYTES * 4 => None,
            None => self.suffixes(&NameBuffer::lowered(name::to_ascii(text)?.as_bytes())?, at),
        }
    }

    /// One pass from the right; the longest suffix that is valid wins.
    #[inline]
    fn suffixes(&self, name: &NameBuffer, at: u32) -> Option<Record<'_>> {
        let (table, bytes) = (self.table(Kind::Domain), name.bytes());
        let mut hash = NameHash::new(SEED);
        let (mut to, mut depth) = (bytes.len(), 0u32);
        let mut best = None;
        let mut look = |hash: &mut NameHash, from: usize, to: usize| {
            hash.add(name, from, to);
            depth += 1;
            if self.depths >> depth.min(127) & 1 == 1 {
                let suffix = bytes.get(from..).unwrap_or_default();
                best = table.find(&self.arena, hash.value(), suffix, at).or(best);
            }
        };
        for (place, byte) in bytes.iter().enumerate().rev() {
            if *byte == b'.' {
                look(&mut hash, place + 1, to);
                to = place;
            }
        }
        look(&mut hash, 0, to);
        best.map(|r| self.record(r))
    }

    pub(crate) fn url(&self, found: &url::NormalUrl, at: u32) -> Option<Record<'_>> {
        let whole = found.whole.then(|| self.exact(Kind::Url, found.text.as_bytes(), at)).flatten();
        let without = || found.text.get(..found.query?).and_then(|t| self.exact(Kind::Url, t.as_bytes(), at));
        whole.or_else(without)
    }

    pub(crate) fn record<'i>(&'i self, stored: &'i Stored) -> Record<'i> {
        let source = self.sources.get(usize::from(stored.source)).map_or("", |s| s);
        Record { stored, value: self.arena.value(stored), source }
    }
}

/// Whole seconds since 1970 as records have them; times outside are the nearest end.
#[inline]
pub(crate) fn seconds(at: Timestamp) -> u32 {
    at.as_secs().clamp(0, i64::from(u32::MAX - 1)) as u32
}
